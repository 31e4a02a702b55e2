"""Kaplan-Meier panels: steps with bands, censoring ticks, real patients dashed, numbers at risk below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unmask.report import drawing, style
from unmask.report.drawing import Frame
from unmask.report.inputs import ReportInput
from unmask.report.words import Words, fixed
from unmask.survival.estimate import follow_up
from unmask.survival.kaplan_meier import Follow

LABEL_ROOM = 104.0
ROW_HEIGHT = 15.0


@dataclass(frozen=True)
class Line:
    """One curve of a panel; ``real`` ones are dashed, have no band and a short name in the table below."""

    label: str
    colour: str
    follow: Follow
    real: bool = False


def lines(report: ReportInput, endpoint: str, words: Words) -> list[Line]:
    """Return the curves of an endpoint, virtual first, in months; arms without rows are left out."""
    colours = report.colours()
    out = []
    sources = [(report.tables.time_to_event, False)]
    if report.observed is not None:
        sources.append((report.observed.time_to_event, True))
    for table, real in sources:
        for arm in report.arms:
            follow = follow_up(table, endpoint, arm.name)
            if follow.size and np.isfinite(follow.months).all():
                label = words("figure.real_arm", arm=arm.title) if real else arm.title
                out.append(Line(label, colours[arm.name], follow, real))
    return out


def panel(curves: Sequence[Line], *, title: str, y_label: str, alt: str, words: Words) -> str:
    """Draw one endpoint; ``alt`` is the alternative text."""
    end = max(float(np.max(line.follow.months)) for line in curves)
    # A few days past a tick do not deserve three more months of axis.
    x_max = max(np.ceil((end - 0.5) / 3.0) * 3.0, 3.0)
    real = any(line.real for line in curves)
    plot_height = style.PANEL_HEIGHT + 10
    table_top = plot_height + 4
    frame = Frame(
        x=(0.0, x_max),
        y=(0.0, 1.0),
        left=LABEL_ROOM,
        top=54.0,
        height=table_top + ROW_HEIGHT * (len(curves) + 1) + 4,
        bottom=table_top - plot_height + ROW_HEIGHT * (len(curves) + 1) + 48,
    )
    x0, _, x1, _ = frame.inner
    marks = drawing.month_ticks(x_max)
    parts = [
        drawing.text(2, 16, title, size=14.0, weight=650),
        frame.axes(
            marks,
            [0, 0.25, 0.5, 0.75, 1.0],
            x_label=words("figure.months"),
            y_label=y_label,
            y_format=drawing.percent,
        ),
        drawing.segment(
            x0, float(frame.py(0.5)), x1, float(frame.py(0.5)), style.RULE, stroke_dasharray="1 3"
        ),
    ]
    virtual = [line for line in curves if not line.real]
    order = [line.colour for line in curves]
    drawn = [
        frame.band(
            c.follow.curve.months,
            c.follow.curve.low,
            c.follow.curve.high,
            c.colour,
            stepped=True,
            opacity=0.15,
        )
        for c in virtual
    ]
    drawn += [
        frame.steps(
            c.follow.curve.months,
            c.follow.curve.survival,
            c.colour,
            1.5,
            stroke_dasharray=style.DASH_OBSERVED,
        )
        if c.real
        else frame.steps(c.follow.curve.months, c.follow.curve.survival, c.colour, 2.1)
        for c in curves
    ]
    drawn += [_censoring(frame, line) for line in virtual]
    parts.append(frame.clipped(drawn))
    parts.extend(_names(frame, curves))
    if real:
        keys = [
            (drawing.stroke_key(style.INK), words("figure.virtual")),
            (drawing.stroke_key(style.INK, 1.5, style.DASH_OBSERVED), words("figure.real")),
        ]
        parts.append(drawing.legend(keys, x1 - 230, 42, frame.width)[0])
    rows = sorted(curves, key=lambda line: (order.index(line.colour), line.real))
    parts.append(_at_risk(frame, rows, marks, table_top, words))
    return frame.svg(parts, alt)


def _censoring(frame: Frame, line: Line) -> str:
    """Draw a tick at most every three units of width: thousands of censored patients stay legible."""
    times = line.follow.months[~line.follow.event]
    if not times.size:
        return ""
    curve = line.follow.curve
    px, first = np.unique(np.round(frame.px(times) / 3) * 3, return_index=True)
    heights = frame.py(curve.survival[np.searchsorted(curve.months, times[first], side="right") - 1])
    d = "".join(
        f"M{drawing.number(x)} {drawing.number(y - 3)}v6"
        for x, y in zip(px.tolist(), heights.tolist(), strict=True)
    )
    return drawing.path(d, stroke=line.colour, stroke_width=1.0, stroke_opacity="0.7")


def _names(frame: Frame, curves: Sequence[Line]) -> list[str]:
    """Write each arm's name by its curve where the arms lie furthest apart: colour is not the only code.

    Curves fall to the right, so that a name fits above the highest curve to the right of a point, and below
    the lowest to its left.
    """
    virtual = [line for line in curves if not line.real]
    grid = np.linspace(frame.x[1] * 0.2, frame.x[1] * 0.6, 40)
    values = np.array([[line.follow.curve.at(t).value or 0.0 for t in grid] for line in virtual])
    everything = np.array([[line.follow.curve.at(t).value or 0.0 for t in grid] for line in curves])
    room = everything.min(axis=0) > 0.15
    gap = np.where(room, values.max(axis=0) - values.min(axis=0), -1.0)
    best = int(np.argmax(gap))
    x = float(frame.px(grid[best]))
    ranked = [virtual[k] for k in np.argsort(-values[:, best], kind="stable")]
    top = float(frame.py(everything[:, best].max())) - 8
    bottom = min(float(frame.py(everything[:, best].min())) + 18, frame.inner[3] - 6)
    out = [drawing.text(x + 5, top, ranked[0].label, colour=ranked[0].colour, weight=650, halo=True)]
    for row, line in enumerate(ranked[1:]):
        y = bottom + 15 * row
        out.append(
            drawing.text(x - 5, y, line.label, colour=line.colour, weight=650, halo=True, anchor="end")
        )
    return out


def _at_risk(frame: Frame, curves: Sequence[Line], marks: Sequence[float], top: float, words: Words) -> str:
    """Write the number still followed under each tick of the time axis."""
    out = [drawing.text(2, top, words("figure.at_risk"), size=style.SMALL_SIZE, colour=style.MUTED)]
    px = frame.px(list(marks)).tolist()
    for row, line in enumerate(curves, start=1):
        y = top + row * ROW_HEIGHT
        name = words("figure.real_row") if line.real else line.label
        label = drawing.shorten(name, LABEL_ROOM - 20, style.SMALL_SIZE)
        out.append(drawing.text(2, y, label, size=style.SMALL_SIZE, colour=line.colour))
        out += [
            drawing.text(x, y, str(n), anchor="middle", size=style.SMALL_SIZE)
            for x, n in zip(px, line.follow.at_risk(marks), strict=True)
        ]
    return "".join(out)


def describe(curves: Sequence[Line], words: Words) -> str:
    """Say the medians in words, for the alternative text."""
    parts = []
    for line in curves:
        median = line.follow.curve.quantile(0.5).value
        key = "figure.median_none" if median is None else "figure.median_at"
        parts.append(words(key, arm=line.label, median=fixed(median)))
    return words.join(parts)
