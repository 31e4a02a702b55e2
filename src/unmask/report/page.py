"""Render the page: one HTML file with its style and pictures inside, that asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from unmask.report import endpoints, figures, findings, safety_figures, tables, words
from unmask.report.figures import Figure
from unmask.report.inputs import ReportInput
from unmask.report.sensitivity import sensitivity_rows
from unmask.report.words import Words


@dataclass(frozen=True)
class Section:
    """A titled group of figures."""

    key: str
    figures: tuple[Figure, ...]


def render(report: ReportInput) -> str:
    """Return the report as HTML text; the same input gives the same bytes.

    The page carries its own content-security policy: no script, no request, only the style whose hash it
    names. Text from the input (arm names, titles, reasons) is escaped.
    """
    text = Words(report.language)
    style_sheet = _template("report.css") + _arm_classes(report)
    digest = base64.b64encode(hashlib.sha256(style_sheet.encode()).digest()).decode()
    sources = tables.Sources()
    arm_rows = endpoints.arm_rows(report.summary, report.published, report.arms, text)
    comparisons = endpoints.comparison_rows(report.summary, report.published, text)
    observed = tables.observed_rows(report, text)
    sections = [
        Section("survival", tuple(figures.survival(report, text))),
        Section("response", tuple(figures.response(report, text))),
        Section("course", tuple(figures.course(report, text))),
    ]
    page = _environment().get_template("report.html.j2")
    return page.render(
        report=report,
        text=text,
        words=words,
        style_sheet=Markup(style_sheet),
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        colours=report.colours(),
        facts=_facts(report, text),
        findings=findings.gather(report, arm_rows, comparisons, text),
        people=figures.people(report, text),
        endpoint_rows=tables.written_rows(arm_rows, sources, text),
        comparison_rows=tables.written_rows(comparisons, sources, text),
        sensitivity_rows=sensitivity_rows(report.summary, report.arms, text),
        p_line=_p_line(report, text),
        sources=sources.listed(),
        observed_groups=[list(group) for _, group in groupby(observed, key=lambda row: row.arm)],
        observed_tally=_observed_tally(report, observed, text),
        sections=[section for section in sections if section.figures],
        pseudoprogression=_pseudoprogression(report, text),
        safety=safety_figures.section(report, text),
        adverse_rows=tables.adverse_rows(report, report.arms),
        grades=tables.GRADES,
        failure_reasons=tables.failure_reasons(report),
        courses=len(report.tables.patients),
        methods=report.methods or tuple(text.get("methods").values()),
        provenance=list(tables.provenance_rows(report.provenance)),
        glossary=text.get("glossary"),
    )


def _template(name: str) -> str:
    return files("unmask.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    def svg(drawing: str) -> Markup:
        # Safe: drawing.py escapes every text and attribute that it writes.
        return Markup(drawing)

    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["svg"] = svg
    return environment


def _arm_classes(report: ReportInput) -> str:
    """Return one class per arm: a ``style`` attribute would be dropped by the page's own policy."""
    return "".join(
        f".chip-{i}{{background:{colour}}}\n" for i, colour in enumerate(report.colours().values())
    )


def _facts(report: ReportInput, text: Words) -> list[tuple[str, str]]:
    sizes = [len(figures.of_arm(report.tables.patients, arm)) for arm in report.arms]
    per_arm = " + ".join(words.count(n) for n in (sizes if len(set(sizes)) > 1 else sizes[:1]))
    failed = len(report.tables.failures)
    facts = [
        (per_arm or words.ABSENT, str(text.get("text.patients_per_arm"))),
        (str(len(report.arms)), str(text.get("text.arms"))),
        (words.count(failed) if failed else str(text.get("text.failed_none")), str(text.get("text.failed"))),
    ]
    for key, name in (("seed", "seed"), ("unmask", "version")):
        if report.provenance.get(key) is not None:
            facts.append((str(report.provenance[key]), str(text.get(f"text.{name}"))))
    return facts


def _p_line(report: ReportInput, text: Words) -> str:
    parts = [
        text("text.p_part", endpoint={"ipfs": "iPFS"}.get(name, name.upper()), p=words.p_value(p))
        for name, p in endpoints.p_values(report.summary).items()
        if p is not None
    ]
    return text("text.p_logrank", parts=", ".join(parts)) if parts else ""


def _observed_tally(report: ReportInput, rows: list[tables.ObservedRow], text: Words) -> str:
    judged = [row.inside for row in rows if row.inside is not None]
    if report.observed is None or not judged:
        return ""
    inside = sum(judged)
    return text(
        "finding.observed_tally", total=len(judged), inside=inside, outside=len(judged) - inside,
        label=report.observed.label,
    )  # fmt: skip


def _pseudoprogression(report: ReportInput, text: Words) -> str:
    if "pseudoprogression" not in report.tables.patients.columns:
        return ""
    parts = []
    for arm in report.arms:
        flags = figures.of_arm(report.tables.patients, arm)["pseudoprogression"].astype(bool)
        if len(flags):
            share = words.share(float(flags.mean()))
            parts.append(
                text(
                    "pseudoprogression.part",
                    number=int(flags.sum()),
                    total=words.count(len(flags)),
                    share=share,
                    arm=arm.prose,
                )
            )
    return text("pseudoprogression.text", parts=text.join(parts)) if parts else ""
