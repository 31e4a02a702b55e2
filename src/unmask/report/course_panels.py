"""Panels of the course over time: quantiles of tumour size, clones and T cells, baseline size, swimmer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unmask.report import drawing, style
from unmask.report.drawing import Frame
from unmask.report.response_panels import thresholds
from unmask.report.words import Words
from unmask.survival.kaplan_meier import DAYS_PER_MONTH

SWIMMERS = 40
ROW = 9.5


def usable(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the days on which enough patients (20, or 5 % of the first day) were still followed."""
    rows = rows.sort_values("day")
    if "n" not in rows.columns or not len(rows):
        return rows
    followed = rows["n"].to_numpy(float)
    kept: pd.DataFrame = rows[followed >= min(max(20.0, 0.05 * followed.max()), followed.max())]
    return kept


def size_over_time(title: str, colour: str, rows: pd.DataFrame, x_max: float, alt: str, words: Words) -> str:
    """Draw the median change of tumour size with the middle half and the middle 80 % of patients."""
    frame = Frame(x=(0.0, x_max), y=(-1.0, 1.0), left=52.0, top=54.0, bottom=66.0, height=350.0)
    rows = usable(rows)
    months = rows["day"].to_numpy(float) / DAYS_PER_MONTH
    columns = {name: rows[name].to_numpy(float) for name in ("q10", "q25", "q50", "q75", "q90")}
    zero = float(frame.py(0.0))
    parts = [
        drawing.text(2, 16, title, size=14.0, weight=650, colour=colour),
        frame.axes(drawing.month_ticks(x_max), [-1, -0.5, 0, 0.5, 1.0], x_label=words("figure.months"),
                   y_label=words("figure.spider_y"), y_format=drawing.percent),
        drawing.segment(frame.inner[0], zero, frame.inner[2], zero, style.RULE),
        frame.clipped(
            [
                frame.band(months, columns["q10"], columns["q90"], colour, opacity=0.14),
                frame.band(months, columns["q25"], columns["q75"], colour, opacity=0.28),
                frame.line(months, columns["q50"], colour, 2.4),
            ]
        ),
        *thresholds(frame, words),
    ]  # fmt: skip
    keys = [
        (drawing.stroke_key(colour), words("figure.median")),
        (drawing.rect(-7, -5, 14, 10, colour, fill_opacity="0.38"), words("figure.middle_half")),
        (drawing.rect(-7, -5, 14, 10, colour, fill_opacity="0.14"), words("figure.middle_80")),
    ]
    parts.append(drawing.legend(keys, 2, frame.height - 8, frame.width)[0])
    return frame.svg(parts, alt)


def quantity_over_time(
    title: str,
    y_label: str,
    arms: Sequence[tuple[str, str, pd.DataFrame]],
    *,
    as_share: bool,
    alt: str,
    words: Words,
) -> str:
    """Draw medians and middle halves of one quantity, all arms in one panel: (label, colour, rows)."""
    series = [(label, colour, usable(rows)) for label, colour, rows in arms]
    top = max(float(np.nanmax(rows["q75"].to_numpy(float), initial=0.0)) for *_, rows in series)
    top = min(1.0, max(top * 1.1, 0.05)) if as_share else max(top * 1.1, 1e-9)
    end = max(float(rows["day"].max()) for *_, rows in series) / DAYS_PER_MONTH
    frame = Frame(x=(0.0, max(end, 1.0)), y=(0.0, top), left=52.0, top=54.0, bottom=66.0, height=320.0)
    parts = [
        drawing.text(2, 16, title, size=14.0, weight=650),
        frame.axes(drawing.month_ticks(frame.x[1]), drawing.ticks(0, top, 4), x_label=words("figure.months"),
                   y_label=y_label, y_format=drawing.percent if as_share else drawing.plain),
    ]  # fmt: skip
    drawn = []
    for index, (_, colour, rows) in enumerate(series):
        months = rows["day"].to_numpy(float) / DAYS_PER_MONTH
        drawn.append(frame.band(months, rows["q25"].to_numpy(float), rows["q75"].to_numpy(float), colour))
        dash = None if index == 0 else "7 2 1.5 2"
        drawn.append(frame.line(months, rows["q50"].to_numpy(float), colour, 2.4, stroke_dasharray=dash))
    parts.append(frame.clipped(drawn))
    keys = [
        (drawing.stroke_key(colour, dash=None if k == 0 else "7 2 1.5 2"), label)
        for k, (label, colour, _) in enumerate(series)
    ]
    parts.append(drawing.legend(keys, 2, frame.height - 8, frame.width)[0])
    return frame.svg(parts, alt)


def baseline_size(virtual: np.ndarray, real: np.ndarray | None, alt: str, words: Words) -> str:
    """Draw how large tumours were at the start: virtual filled, real dashed, as shares of patients."""
    pooled = virtual if real is None or not real.size else np.r_[virtual, real]
    end = max(float(np.ceil(np.quantile(pooled, 0.99) / 20.0) * 20.0), 20.0)
    edges = np.linspace(0.0, end, 25)
    filled = np.histogram(np.minimum(virtual, end), edges)[0] / max(virtual.size, 1)
    outline = (
        None if real is None or not real.size else np.histogram(np.minimum(real, end), edges)[0] / real.size
    )
    tallest = max(float(filled.max()), float(outline.max()) if outline is not None else 0.0)
    frame = Frame(x=(0.0, end), y=(0.0, max(tallest * 1.15, 0.05)), top=30.0, bottom=66.0, height=290.0)
    left, top = frame.px(edges[:-1]), frame.py(filled)
    width = float(left[1] - left[0])
    parts = [
        frame.axes(drawing.ticks(0, end, 7), drawing.ticks(0, frame.y[1], 4),
                   x_label=words("figure.baseline_x"),
                   y_label=words("figure.share"), y_format=drawing.percent),
        drawing.bars(left, top, width, frame.inner[3] - top, fill=style.MUTED, fill_opacity="0.35"),
    ]  # fmt: skip
    keys = [(drawing.rect(-7, -5, 14, 10, style.MUTED, fill_opacity="0.35"), words("figure.virtual"))]
    if outline is not None:
        heights = np.r_[0.0, outline, 0.0]
        px, py = np.repeat(frame.px(edges), 2), np.repeat(frame.py(heights), 2)[1:-1]
        parts.append(
            drawing.path(
                drawing.polyline(px, py),
                fill="none",
                stroke=style.INK,
                stroke_width=1.6,
                stroke_dasharray=style.DASH_OBSERVED,
            )
        )
        keys.append((drawing.stroke_key(style.INK, 1.6, style.DASH_OBSERVED), words("figure.real")))
    parts.append(drawing.legend(keys, 2, frame.height - 8, frame.width)[0])
    return frame.svg(parts, alt)


@dataclass(frozen=True)
class Swimmer:
    """One lane: all times in months, None where it did not happen. ``died`` tells how follow-up ended."""

    patient: int
    end: float
    died: bool
    treated: float
    response: float | None
    progression: float | None
    confirmed: float | None


def swimmer(
    title: str, colour: str, lanes: Sequence[Swimmer], x_max: float, rows: int, alt: str, words: Words
) -> str:
    """Draw one lane per patient: treatment dark, follow-up light, events as marks told apart by shape."""
    frame = Frame(
        x=(0.0, x_max), y=(0.0, 1.0), left=12.0, right=18.0, top=30.0, bottom=98.0, height=128.0 + ROW * rows
    )
    parts = [
        drawing.text(2, 16, title, size=14.0, weight=650, colour=colour),
        frame.axes(drawing.month_ticks(x_max), [], x_label=words("figure.months"), y_label=""),
    ]
    x0 = frame.inner[0]
    for month in drawing.month_ticks(x_max)[1:]:
        x = float(frame.px(month))
        parts.append(drawing.segment(x, frame.inner[1], x, frame.inner[3], style.GRID))
    ordered = sorted(lanes, key=lambda lane: (-lane.end, lane.patient))
    y = frame.inner[1] + ROW * (np.arange(len(ordered)) + 0.5)
    ends = np.maximum(frame.px([lane.end for lane in ordered]), x0 + 1.5)
    treated = np.clip(frame.px([lane.treated for lane in ordered]), x0 + 1.5, ends)
    parts.append(drawing.bars(x0, y - 1.6, ends - x0, 3.2, fill=style.RULE, fill_opacity="0.55"))
    parts.append(drawing.bars(x0, y - 3.1, treated - x0, 6.2, fill=colour, fill_opacity="0.55"))
    for lane, height, end in zip(ordered, y.tolist(), ends.tolist(), strict=True):
        marks = (
            ("diamond", lane.progression, PD),
            ("square", lane.confirmed, style.INK),
            ("triangle", lane.response, CR),
        )
        parts += [
            drawing.mark(kind, float(frame.px(when)), height, ink)
            for kind, when, ink in marks
            if when is not None and when <= lane.end + 1e-6
        ]
        parts.append(
            drawing.mark("cross", end, height, style.INK)
            if lane.died
            else drawing.mark("arrow", end, height, colour)
        )
    keys = [
        (drawing.rect(-7, -3, 14, 6.2, colour, fill_opacity="0.55"), words("figure.on_treatment")),
        (drawing.rect(-7, -1.6, 14, 3.2, style.RULE, fill_opacity="0.55"), words("figure.followed")),
        (drawing.mark("triangle", 0, 0, CR), words("figure.response_start")),
        (drawing.mark("diamond", 0, 0, PD), words("figure.progression")),
        (drawing.mark("square", 0, 0, style.INK), words("figure.icpd")),
        (drawing.mark("cross", 0, 0, style.INK), words("figure.death")),
        (drawing.mark("arrow", -3, 0, colour), words("figure.ongoing")),
    ]
    parts.append(drawing.legend(keys, 2, frame.inner[3] + 52, frame.width)[0])
    return frame.svg(parts, alt)


CR = style.CATEGORY_COLOURS["CR"]
PD = style.CATEGORY_COLOURS["PD"]
