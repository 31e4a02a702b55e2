"""Estimates and published figures as text."""

from __future__ import annotations

import math

from unmask.claims.claim import Claim, Estimate, Finding, Published, Unit
from unmask.report.words import ABSENT, EN_DASH, MINUS, NO_BREAK

_SUFFIX: dict[Unit, str] = {
    "share": " %",
    "of 100": " of 100",
    "difference": " points",
    "ratio": "",
    "weeks": " weeks",
    "months": " months",
    "days": " days",
    "per year": " per year",
}
UNCONFIRMED = "from memory"
TOO_WIDE = "not refuted either: the intervals are too wide, more patients are needed"


def number(value: float | None, unit: Unit) -> str:
    """Write a number without its unit.

    A share in percent or as patients of a hundred, a difference in percentage points with its sign.
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    if unit in ("share", "difference"):
        text = f"{100 * value:+.1f}" if unit == "difference" else f"{100 * value:.1f}"
    elif unit == "of 100":
        text = f"{100 * value:.0f}"
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
    if math.isinf(high):
        return f"{number(low, unit)} or more"
    join = EN_DASH if unit not in ("difference",) and low >= 0 else " to "
    return f"{number(low, unit)}{join}{number(high, unit)}"


def estimate(found: Estimate, unit: Unit) -> str:
    """Write an estimate with its interval in brackets."""
    written = interval(found.low, found.high, unit)
    return f"{value(found, unit)} ({written})" if written else value(found, unit)


def published(figure: Published, unit: Unit) -> str:
    """Write a published figure with its interval; one from memory says so."""
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
    """Return a finding as one line: id, verdict, number with interval, published figure."""
    parts = []
    for name in finding.shown:
        quantity, figure = finding.claim.quantities[name], finding.claim.published.get(name)
        ours = f"{quantity.words}: {estimate(finding.estimates[name], quantity.unit)}"
        parts.append(ours if figure is None else f"{ours} [published {published(figure, quantity.unit)}]")
    if finding.undecided:
        parts.append(TOO_WIDE)
    return f"{finding.claim.id:<4} {finding.verdict:<18} {'; '.join(parts)}".replace(NO_BREAK, " ")


def _suffix(unit: Unit) -> str:
    return _SUFFIX[unit].replace(" ", NO_BREAK)
