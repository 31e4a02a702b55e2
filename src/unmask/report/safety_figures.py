"""The section of side effects: sentences in natural frequencies and figures; its tables are ``safety_tables``.

Everything comes from ``summary["arms"][ARM]["safety"]`` (:mod:`unmask.safety.summary`); without it the section is the
table of events alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unmask.report import safety_panels, safety_tables, words
from unmask.report.figures import Figure
from unmask.report.inputs import Arm, ReportInput
from unmask.report.safety_panels import Curve, Rate, Typical
from unmask.report.safety_tables import Arms, ComparedTable, MeasureRow, at, label
from unmask.report.words import Words

MOST_EVENTS = 14
MOST_CURVES = 9
LEAST_SHARE = 0.005
"""Groups that fewer than 1 in 200 patients of every arm had are not drawn."""
IMMUNE_RELATED = "immune-related"


@dataclass(frozen=True)
class SafetySection:
    """What the page shows of side effects besides the table of events."""

    sentences: tuple[str, ...] = ()
    people: tuple[Figure, ...] = ()
    figures: tuple[Figure, ...] = ()
    measures: tuple[MeasureRow, ...] = ()
    comparisons: tuple[ComparedTable, ...] = ()


def section(report: ReportInput, text: Words) -> SafetySection:
    """Return the section; parts whose data are absent are empty."""
    arms = [(arm, found) for arm in report.arms if (found := of_arm(report, arm)) is not None]
    if not arms:
        return SafetySection()
    return SafetySection(
        sentences=_sentences(arms, text),
        people=tuple(_people(report, arms, text)),
        figures=(*_rates(report, arms, text), *_onset(report, arms, text), *_course(report, arms, text)),
        measures=safety_tables.measures(arms, text),
        comparisons=safety_tables.comparisons(arms, text),
    )


def of_arm(report: ReportInput, arm: Arm) -> Mapping[str, Any] | None:
    """Return the safety figures of one arm, or None where the run has none."""
    arms = report.summary.get("arms")
    mine = arms.get(arm.name) if isinstance(arms, Mapping) else None
    found = mine.get("safety") if isinstance(mine, Mapping) else None
    return found if isinstance(found, Mapping) and found.get("n") else None


def _sentences(arms: Arms, text: Words) -> tuple[str, ...]:
    def told(path: tuple[str, ...], key: str) -> str | None:
        parts = [
            text("finding.with_arm", number=words.out_of_hundred(value), arm=arm.prose)
            for arm, found in arms
            if (value := at(found, path)) is not None
        ]
        return text(key, parts=text.join(parts)) if parts else None

    sentences = (
        told(("any", "any"), "safety.any"),
        told(("any", "grade3plus"), "safety.severe"),
        told(("immune_related_in_an_organ", "any"), "safety.immune"),
        told(("immune_related_in_an_organ", "grade3plus"), "safety.immune_severe"),
        told(("fatal", "value"), "safety.fatal"),
        told(("events", "neutrophil count decreased", "grade3plus"), "safety.by_count"),
    )
    return tuple(sentence for sentence in sentences if sentence)


def _people(report: ReportInput, arms: Arms, text: Words) -> list[Figure]:
    panels = []
    for arm, found in arms:
        grades = found["any"]["grades"]
        counts = safety_panels.hundred(grades)
        names = text.get("worst_grade")
        parts = text.join([f"{n} {names[grade]}" for grade, n in counts.items() if n])
        alt = text("figure.safety_people.alt", arm=arm.title, parts=parts)
        panels.append(safety_panels.people(arm.title, report.colours()[arm.name], grades, alt, text))
    return [_figure("safety_people", panels, text)]


def _events(arms: Arms) -> list[str]:
    """Return the events to draw, most frequent first over the arms, findings of the laboratory last."""
    highest: dict[str, float] = {}
    laboratory = set()
    for _, found in arms:
        for name, figures in found["events"].items():
            highest[name] = max(highest.get(name, 0.0), words.finite(figures["any"]) or 0.0)
            if figures["laboratory"]:
                laboratory.add(name)
    drawn = [name for name, share in highest.items() if share >= LEAST_SHARE]
    drawn.sort(key=lambda name: (name in laboratory, -highest[name], name))
    clinical = [name for name in drawn if name not in laboratory][:MOST_EVENTS]
    return [*clinical, *(name for name in drawn if name in laboratory)]


def _rates(report: ReportInput, arms: Arms, text: Words) -> list[Figure]:
    names = _events(arms)
    if not names:
        return []
    shares = [at(found, ("events", name, "any")) or 0.0 for _, found in arms for name in names]
    x_max = min(1.0, max(0.1, 1.05 * max(shares)))
    panels = []
    for arm, found in arms:
        rows = []
        for name in names:
            figures = found["events"].get(name)
            grades = figures["grades"] if figures else {}
            rows.append(Rate(label(name, text), at(figures, ("any",)) or 0.0, grades))
        told = ", ".join(f"{row.label} {words.out_of_hundred(row.share)}" for row in rows[:6])
        alt = text("figure.safety_rates.alt", arm=arm.title, parts=told)
        panels.append(safety_panels.rates(arm.title, report.colours()[arm.name], rows, x_max, alt, text))
    return [_figure("safety_rates", panels, text)]


def _groups(found: Mapping[str, Any], text: Words) -> list[tuple[str, Mapping[str, Any]]]:
    """Return what onset curves are drawn of: organs of immune-related events, and events of other classes."""
    immune = found["organs"].get(IMMUNE_RELATED, {})
    groups = [(label(str(organ), text), figures) for organ, figures in immune.items()]
    groups += [
        (str(name), figures)
        for name, figures in found["events"].items()
        if IMMUNE_RELATED not in figures["classes"] and not figures["laboratory"]
    ]
    kept = [(name, mine) for name, mine in groups if (words.finite(mine["any"]) or 0.0) >= LEAST_SHARE]
    return sorted(kept, key=lambda item: (-item[1]["any"], item[0]))[:MOST_CURVES]


def _until(curves: Sequence[Curve]) -> float:
    """Return the week by which nearly all of what begins has begun, rounded up to a quarter of a year."""
    weeks = [
        next(
            week
            for week, share in zip(curve.weeks, curve.share, strict=True)
            if share >= 0.95 * curve.share[-1]
        )
        for curve in curves
    ]
    return float(13 * math.ceil(max([26.0, *weeks]) / 13))


def _onset(report: ReportInput, arms: Arms, text: Words) -> list[Figure]:
    drawn = [(arm, _groups(found, text)) for arm, found in arms]
    if not any(groups for _, groups in drawn):
        return []
    curves = {
        arm.name: [
            Curve(name, mine["onset_curve"]["weeks"], mine["onset_curve"]["share"]) for name, mine in groups
        ]
        for arm, groups in drawn
    }
    every = [curve for mine in curves.values() for curve in mine]
    x_max = _until(every)
    panels = []
    for arm, groups in drawn:
        if groups:
            y_max = min(1.0, max(0.05, 1.12 * max(float(c.share[-1]) for c in curves[arm.name])))
            told = ", ".join(
                f"{name} {words.fixed(mine['onset_weeks']['median'], 0)}" for name, mine in groups
            )
            alt = text("figure.safety_onset.alt", arm=arm.title, parts=told)
            panels.append(
                safety_panels.onset(
                    arm.title, report.colours()[arm.name], curves[arm.name], x_max, y_max, alt, text
                )
            )
    return [_figure("safety_onset", panels, text)]


def _course(report: ReportInput, arms: Arms, text: Words) -> list[Figure]:
    panels = []
    for arm, found in arms:
        rows = [
            Typical(label(name, text), onset, words.finite(figures["resolution_weeks"]["median"]))
            for name in _events([(arm, found)])
            if (figures := found["events"][name]) and not figures["laboratory"]
            and (onset := words.finite(figures["onset_weeks"]["median"])) is not None
        ]  # fmt: skip
        rows.sort(key=lambda row: row.onset)
        if rows:
            told = "; ".join(
                text("figure.safety_course.row", event=row.label, onset=words.fixed(row.onset),
                     lasts=text("safety.goes_on") if row.lasts is None else words.fixed(row.lasts))
                for row in rows
            )  # fmt: skip
            alt = text("figure.safety_course.alt", arm=arm.title, parts=told)
            panels.append(safety_panels.course(arm.title, report.colours()[arm.name], rows, alt, text))
    return [_figure("safety_course", panels, text)] if panels else []


def _figure(key: str, panels: Sequence[str], text: Words) -> Figure:
    about = text.get(f"figure.{key}")
    return Figure(key, str(about["title"]), str(about["caption"]), tuple(panels))
