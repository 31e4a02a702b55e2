"""Panels of side effects: worst grade in 100 people, rates by event and grade, onset curves, typical courses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unmask.report import drawing, style
from unmask.report.drawing import Frame
from unmask.report.words import Words, out_of_hundred

GRADES = ("1", "2", "3", "4", "5")
GRADE_COLOURS: Mapping[str, str] = {
    "0": "#e9edf0", "1": "#f9d5dd", "2": "#ef8fae", "3": "#c2327a", "4": "#74105c", "5": style.INK,
}  # fmt: skip
"""Pink to plum: neither the colours of the arms nor those of the responses; the grade stands beside it as a number."""
LINE_COLOURS = (
    "#0067a8",
    "#b94a00",
    "#00765a",
    "#8a4a9e",
    "#6f5a00",
    "#1d2730",
    "#a3195b",
    "#56646f",
    "#7b4a2d",
)
DASHES = (None, "7 3", "2 2", "9 2 2 2")
ROW = 25.0
LABELS = 182.0  # room for "low neutrophils, counted"
COURSE_WEEKS = 52.0


@dataclass(frozen=True)
class Rate:
    """Shares of one arm's patients with an event: of any grade, and by worst grade."""

    label: str
    share: float
    grades: Mapping[str, float]


@dataclass(frozen=True)
class Curve:
    """Share of patients that has had an event by each week."""

    label: str
    weeks: Sequence[float]
    share: Sequence[float]


@dataclass(frozen=True)
class Typical:
    """When an event typically begins and how long it lasts, weeks; ``lasts`` None: more than half go on."""

    label: str
    onset: float
    lasts: float | None


def hundred(grades: Mapping[str, float]) -> dict[str, int]:
    """Round shares by worst grade, and of nobody's event, to 100 people (largest remainder)."""
    shares = np.array([max(float(grades.get(g) or 0.0), 0.0) for g in GRADES])
    whole = drawing.largest_remainder(100.0 * np.r_[max(1.0 - shares.sum(), 0.0), shares], 100)
    return dict(zip(("0", *GRADES), whole, strict=True))


def people(title: str, colour: str, grades: Mapping[str, float], alt: str, words: Words) -> str:
    """Draw 100 people by the worst grade of any side effect, the count of each grade beside them."""
    counts = hundred(grades)
    frame = Frame(x=(0, 1), y=(0, 1), height=222.0)
    top = 32.0
    worst_first = [grade for grade in reversed(("0", *GRADES)) for _ in range(counts[grade])]
    looks = {grade: {"fill": GRADE_COLOURS[grade]} for grade in ("0", *GRADES)}
    parts = [
        drawing.text(2, 16, title, size=14.0, weight=650, colour=colour),
        *drawing.crowd(worst_first, looks, top, size=14.0, pitch=18.0),
    ]
    for row, grade in enumerate(("0", *GRADES)):
        y = top + 14 + row * 29
        key = drawing.swatch(GRADE_COLOURS[grade])
        parts.append(f'<g transform="translate(212 {drawing.number(y - 4)})">{key}</g>')
        parts.append(drawing.text(262, y, str(counts[grade]), anchor="end", size=16.0, weight=650))
        parts.append(drawing.text(272, y, str(words.get("worst_grade")[grade])))
    return frame.svg(parts, alt)


def rates(title: str, colour: str, rows: Sequence[Rate], x_max: float, alt: str, words: Words) -> str:
    """Draw one bar per event, divided by worst grade, with the number out of 100 at its end."""
    left = LABELS
    frame = Frame(
        x=(0.0, x_max), y=(0.0, 1.0), left=left, right=40.0, top=34.0, bottom=76.0,
        height=110.0 + ROW * len(rows),
    )  # fmt: skip
    x0, y0, _, _ = frame.inner
    marks = drawing.ticks(0.0, x_max, 5)
    parts = [
        drawing.text(2, 16, title, size=14.0, weight=650, colour=colour),
        frame.axes(marks, [], x_label=words("figure.out_of_100"), y_label="", x_format=_hundred),
    ]
    for k, row in enumerate(rows):
        y, x = y0 + ROW * k + 4, x0
        parts.append(drawing.text(x0 - 8, y + 13, drawing.shorten(row.label, left - 12, 12.0), anchor="end"))
        for grade in GRADES:
            width = float(frame.px(row.grades.get(grade) or 0.0)) - x0
            if width > 0:
                parts.append(drawing.rect(x, y, width, ROW - 8, GRADE_COLOURS[grade]))
                x += width
        if row.share > 0:
            edge = {"stroke": style.MUTED, "stroke_width": 0.6}
            parts.append(drawing.rect(x0, y, float(frame.px(row.share)) - x0, ROW - 8, "none", **edge))
        told = out_of_hundred(row.share, "<1")
        parts.append(drawing.text(float(frame.px(row.share)) + 6, y + 13, told, weight=650))
    keys = [(drawing.swatch(GRADE_COLOURS[g]), words("text.grade", grade=g)) for g in GRADES]
    parts.append(drawing.legend(keys, 2, frame.inner[3] + 56, frame.width)[0])
    return frame.svg(parts, alt)


def onset(
    title: str, colour: str, curves: Sequence[Curve], x_max: float, y_max: float, alt: str, words: Words
) -> str:
    """Draw how many have had an event by each week, one line per group, its name at the end of the line."""
    frame = Frame(x=(0.0, x_max), y=(0.0, y_max), left=48.0, right=150.0, top=54.0, height=330.0)
    parts = [
        drawing.text(2, 16, title, size=14.0, weight=650, colour=colour),
        frame.axes(drawing.ticks(0.0, x_max, 6), drawing.ticks(0.0, y_max, 5),
                   x_label=words("figure.weeks"), y_label=words("figure.had_event"), y_format=_hundred),
    ]  # fmt: skip
    lines, ends = [], []
    for k, curve in enumerate(curves):
        ink, dash = LINE_COLOURS[k % len(LINE_COLOURS)], DASHES[k % len(DASHES)]
        lines.append(frame.line(curve.weeks, curve.share, ink, 2.0, stroke_dasharray=dash))
        inside = [s for w, s in zip(curve.weeks, curve.share, strict=True) if w <= x_max]
        ends.append(float(frame.py(inside[-1])) if inside else frame.inner[3])
    parts.append(frame.clipped(lines))
    x1 = frame.inner[2]
    for k, (curve, end, y) in enumerate(zip(curves, ends, spread(ends, 14.0, frame.inner[3]), strict=True)):
        ink = LINE_COLOURS[k % len(LINE_COLOURS)]
        parts.append(drawing.segment(x1 + 2, end, x1 + 12, y, ink, 0.8))
        label = drawing.shorten(curve.label, frame.right - 18, style.SMALL_SIZE)
        parts.append(drawing.text(x1 + 15, y + 4, label, colour=ink, size=style.SMALL_SIZE))
    return frame.svg(parts, alt)


def course(title: str, colour: str, rows: Sequence[Typical], alt: str, words: Words) -> str:
    """Draw each event's typical course: from the median onset, for the median time until it resolves."""
    left = LABELS
    frame = Frame(
        x=(0.0, COURSE_WEEKS), y=(0.0, 1.0), left=left, right=26.0, top=34.0, bottom=46.0,
        height=82.0 + ROW * len(rows),
    )  # fmt: skip
    x0, y0, x1, y1 = frame.inner
    parts = [
        drawing.text(2, 16, title, size=14.0, weight=650, colour=colour),
        frame.axes(drawing.ticks(0.0, COURSE_WEEKS, 6), [], x_label=words("figure.weeks"), y_label=""),
    ]
    for week in drawing.ticks(0.0, COURSE_WEEKS, 6)[1:]:
        x = float(frame.px(week))
        parts.append(drawing.segment(x, y0, x, y1, style.GRID))
    for k, row in enumerate(rows):
        y = y0 + ROW * k + ROW / 2
        parts.append(drawing.text(x0 - 8, y + 4, drawing.shorten(row.label, left - 12, 12.0), anchor="end"))
        begin = float(frame.px(min(row.onset, COURSE_WEEKS)))
        end = COURSE_WEEKS if row.lasts is None else min(row.onset + row.lasts, COURSE_WEEKS)
        beyond = row.lasts is None or row.onset + row.lasts > COURSE_WEEKS
        width = max(float(frame.px(end)) - begin, 1.5)
        parts.append(drawing.rect(begin, y - 4, width, 8.0, colour, fill_opacity="0.55"))
        parts.append(drawing.mark("circle", begin, y, colour))
        if beyond:
            parts.append(drawing.mark("arrow", x1 + 3, y, colour))
    return frame.svg(parts, alt)


def spread(places: Sequence[float], gap: float, lowest: float) -> list[float]:
    """Move label positions apart until neighbours are ``gap`` units away, none below ``lowest``; order is kept."""
    order = sorted(range(len(places)), key=lambda k: (places[k], k))
    out = [0.0] * len(places)
    after = np.inf
    for step, k in enumerate(reversed(order)):
        room = lowest if step == 0 else after - gap
        out[k] = after = min(places[k], room)
    return out


def _hundred(value: float) -> str:
    return drawing.plain(round(100.0 * value, 6))
