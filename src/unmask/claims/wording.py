"""Estimates and published figures as text."""

from __future__ import annotations

import math

from unmask.claims.claim import Claim, Estimate, Finding, Published, Unit
from unmask.report.words import ABSENT, EN_DASH, MINUS, NO_BREAK

_SUFFIX: dict[Unit, str] = {
    "share": " %",
    "difference": " points",
    "ratio": "",
    "weeks": " weeks",
    "months": " months",
    "days": " days",
    "count": "",
    "per year": " per year",
}
NOT_PUBLISHED = "not published"
UNCONFIRMED = "from memory"


def number(value: float | None, unit: Unit) -> str:
    """Write a number without its unit: a share in percent, a difference in percentage points with its sign."""
    if value is None or not math.isfinite(value):
        return ABSENT
    if unit in ("share", "difference"):
        text = f"{100 * value:+.1f}" if unit == "difference" else f"{100 * value:.1f}"
    elif unit == "count":
        text = f"{value:,.0f}"
    elif value and not 0.01 <= abs(value) < 1000:
        text = f"{value:.1e}"
    else:
        text = f"{value:.1f}" if unit in ("weeks", "months", "days") else f"{value:.2f}"
    return text.replace("-", MINUS)


def value(estimate: Estimate, unit: Unit) -> str:
    """Write the number of an estimate with its unit."""
    return f"{number(estimate.value, unit)}{_suffix(unit)}"


def interval(low: float | None, high: float | None, unit: Unit) -> str:
    """Write an interval, or nothing where there is none or it has no width."""
    if low is None or high is None or not (math.isfinite(low) or math.isfinite(high)) or low == high:
        return ""
    join = EN_DASH if unit not in ("difference",) and low >= 0 else " to "
    return f"{number(low, unit)}{join}{number(high, unit)}"


def estimate(found: Estimate, unit: Unit) -> str:
    """Write an estimate with its interval in brackets."""
    written = interval(found.low, found.high, unit)
    return f"{value(found, unit)} ({written})" if written else value(found, unit)


def published(figure: Published | None, unit: Unit) -> str:
    """Write a published figure with its interval; one from memory says so."""
    if figure is None:
        return NOT_PUBLISHED
    written = f"{number(figure.value, unit)}{_suffix(unit)}"
    if figure.ci is not None:
        written += f" ({interval(*figure.ci, unit)})"
    return written if figure.confirmed else f"{written}, {UNCONFIRMED}"


def sentences(claim: Claim, estimates: dict[str, Estimate]) -> tuple[str, ...]:
    """Return the text of a finding: the stated sentences with the measured numbers in their places.

    Intervals stand in the table of all numbers; sentences would drown in them.
    """
    filled = {name: value(found, claim.quantities[name].unit) for name, found in estimates.items()}
    return tuple(text.format(**filled) for text in claim.finding)


def line(finding: Finding) -> str:
    """Return a finding as one line: id, verdict, number, interval, published figure."""
    claim = finding.claim
    quantity = claim.quantities[claim.headline]
    ours = estimate(finding.number, quantity.unit)
    return (
        f"{claim.id:<4} {finding.verdict:<18} {quantity.words}: {ours}; "
        f"published: {published(finding.published, quantity.unit)}"
    ).replace(NO_BREAK, " ")


def _suffix(unit: Unit) -> str:
    return _SUFFIX[unit].replace(" ", NO_BREAK)
