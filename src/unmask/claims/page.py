"""Render the findings as one self-contained HTML page with the style of the trial report."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from unmask import __version__
from unmask.claims import wording
from unmask.claims.claim import Finding, Outcome, Verdict
from unmask.claims.drawn import svg
from unmask.report.words import MINUS

NOTICE = "Simulated patients, for research and teaching, never for treatment decisions."
VERDICTS: tuple[Verdict, ...] = ("holds", "holds with limits", "does not hold")


def render(findings: tuple[Finding, ...]) -> str:
    """Return the page as HTML text; the same findings give the same bytes. It makes no request and has no script."""
    style_sheet = _file("unmask.report", "report.css") + _file("unmask.claims", "claims.css")
    digest = base64.b64encode(hashlib.sha256(style_sheet.encode()).digest()).decode()
    tally = Counter(finding.verdict for finding in findings)
    return (
        _environment()
        .get_template("claims.html.j2")
        .render(
            findings=findings,
            notice=NOTICE,
            version=__version__,
            tally=[(verdict, tally[verdict]) for verdict in VERDICTS],
            style_sheet=Markup(style_sheet),
            policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
            wording=wording,
            condition=condition,
        )
    )


def condition(outcome: Outcome, finding: Finding) -> str:
    """Write a criterion as it was stated, with what was found."""
    item = outcome.criterion
    unit = finding.claim.quantities[item.measure].unit
    found = wording.estimate(finding.estimates[item.measure], unit)
    if item.relation == "agrees":
        figure = wording.published(finding.claim.published[item.measure], unit)
        return f"found {found}, published {figure}"
    side = "above" if item.relation == "above" else "below"
    assert item.bound is not None
    bound = {"share": f"{100 * item.bound:g} %", "difference": f"{100 * item.bound:g} points"}.get(
        unit, f"{item.bound:g}"
    )
    return f"whole interval {side} {bound.replace('-', MINUS)}: found {found}"


def _file(package: str, name: str) -> str:
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: _file("unmask.claims", name)),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    # Safe: the drawing tools escape every text and attribute that they write.
    environment.filters["svg"] = lambda plot: Markup(svg(plot))
    return environment
