"""Draw the pictures of a finding as SVG, with the tools and the look of the trial report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from unmask.claims.plots import Curves, Dots, Plot, Row, Series, Stacks
from unmask.report import style
from unmask.report.drawing import (
    Format,
    Frame,
    legend,
    mark,
    plain,
    rect,
    segment,
    shorten,
    stroke_key,
    swatch,
    text,
    text_width,
    ticks,
)
from unmask.report.words import MINUS

WIDTH, ROW_HEIGHT = style.PANEL_WIDTH, 24.0
PART_COLOURS = ("#1b6b33", "#c3c9ce", "#8c5aa3", "#e0a33a", "#0067a8", "#b94a00")


def svg(plot: Plot) -> str:
    """Return a picture as SVG text; its title and caption are its alternative text."""
    if isinstance(plot, Curves):
        return _curves(plot)
    return _dots(plot) if isinstance(plot, Dots) else _stacks(plot)


def _percent(value: float) -> str:
    """Write a fraction as a percentage tick label, with a decimal only where it has one."""
    return f"{round(100 * value, 6):g}%".replace("-", MINUS)


def _alt(plot: Plot) -> str:
    return f"{plot.title}. {plot.caption}".strip()


def _power(value: float) -> str:
    """Write a power of ten as a tick label."""
    exponent = str(round(value)).replace("-", MINUS)
    superscript = str.maketrans(f"{MINUS}0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    return "1" if round(value) == 0 else f"10{exponent.translate(superscript)}"


def _logarithm(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(math.log10(v) if v > 0 else math.nan for v in values)


def _axis(low: float, high: float, log: bool) -> tuple[list[float], Format]:
    if not log:
        return ticks(low, high), plain
    step = max(1, round((high - low) / 8))
    return [float(v) for v in range(math.ceil(low), math.floor(high) + 1, step)], _power


def _curves(plot: Curves) -> str:
    series = [_on_axes(item, plot) for item in plot.series]
    colours = [style.arm_colour(number) for number in range(len(series))]
    keys = [
        (stroke_key(colour, dash=style.DASH_OBSERVED if item.published else None), item.name)
        for item, colour in zip(series, colours, strict=True)
    ]
    written, height = legend(keys, 6.0, style.PANEL_HEIGHT + 14.0, WIDTH - 10.0)
    x = _range([v for item in series for v in item.x])
    y = _range([v for item in series for v in (*item.y, *item.low, *item.high)])
    if plot.percent:
        y = (0.0, 1.0 if y[1] > 0.5 else max(y[1] * 1.05, 0.05))
    elif not plot.log_y:
        y = (min(0.0, y[0]), y[1] * 1.05)
    frame = Frame(x=x, y=y, height=style.PANEL_HEIGHT + height + 6.0, bottom=44.0 + height + 6.0)
    x_ticks, x_format = _axis(*x, plot.log_x)
    y_ticks, y_format = (ticks(*y), _percent) if plot.percent else _axis(*y, plot.log_y)
    inside = []
    for item, colour in zip(series, colours, strict=True):
        if item.low:
            inside.append(frame.band(item.x, item.low, item.high, colour, stepped=item.steps))
    for item, colour in zip(series, colours, strict=True):
        dash = style.DASH_OBSERVED if item.published else None
        draw = frame.steps if item.steps else frame.line
        inside.append(draw(item.x, item.y, colour, stroke_dasharray=dash))
    axes = frame.axes(
        x_ticks, y_ticks, x_label=plot.x_label, y_label=plot.y_label, x_format=x_format, y_format=y_format
    )
    return frame.svg([axes, frame.clipped(inside), written], _alt(plot))


def _on_axes(item: Series, plot: Curves) -> Series:
    if plot.log_x:
        item = replace(item, x=_logarithm(item.x))
    if plot.log_y:
        item = replace(item, y=_logarithm(item.y), low=_logarithm(item.low), high=_logarithm(item.high))
    return item


def _range(values: Sequence[float]) -> tuple[float, float]:
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        return 0.0, 1.0
    low, high = min(finite), max(finite)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _dots(plot: Dots) -> str:
    place = (lambda v: math.log10(v) if v > 0 else math.nan) if plot.log_x else float
    everything = [v for row in plot.rows for v in _numbers(row)]
    low, high = _range([place(v) for v in everything])
    if plot.log_x:
        low, high = math.floor(low), math.ceil(high)
    elif plot.percent:
        low, high = min(low * 1.05, 0.0), 1.0 if high > 0.5 else max(high * 1.08, 0.05)
    else:
        low, high = min(low * 1.05, 0.0), high * 1.08
    names = max((text_width(row.name) for row in plot.rows), default=60.0)
    left = min(names + 16.0, WIDTH * 0.5)
    published = any(row.published is not None for row in plot.rows)
    keys = [(mark("circle", 0, 0, style.ARM_COLOURS[0]), "virtual patients, 95 % interval")]
    if published:
        keys.append((mark("diamond", 0, 0, style.ARM_COLOURS[1]), "published"))
    body = ROW_HEIGHT * len(plot.rows)
    written, height = legend(keys, 6.0, 26.0 + body + 54.0, WIDTH - 10.0)
    frame = Frame(
        x=(low, high), y=(0.0, float(len(plot.rows))), height=26.0 + body + 46.0 + height + 6.0,
        left=left, right=22.0, bottom=46.0 + height + 6.0,
    )  # fmt: skip
    x_ticks, x_format = _axis(low, high, plot.log_x)
    if plot.percent:
        x_ticks, x_format = ticks(low, high, 5), _percent
    out = [frame.axes(x_ticks, [], x_label="", y_label="", x_format=x_format), _below(frame, plot.x_label)]
    for number, row in enumerate(plot.rows):
        y = float(frame.py(len(plot.rows) - number - 0.5))
        x0, _, x1, _ = frame.inner
        out.append(segment(x0, y, x1, y, style.GRID))
        out.append(text(left - 8, y + 4, shorten(row.name, left - 12), anchor="end"))
        offset = 4.0 if row.published is not None else 0.0
        out.append(
            _whisker(frame, place(row.value), place(row.low), place(row.high), y - offset, 0, "circle")
        )
        if row.published is not None:
            ends = row.published_ci or (row.published, row.published)
            out.append(
                _whisker(
                    frame, place(row.published), place(ends[0]), place(ends[1]), y + offset, 1, "diamond"
                )
            )
    return frame.svg([*out, written], _alt(plot))


def _below(frame: Frame, words: str) -> str:
    """Write the title of the axis so that it ends where the axis ends: the names leave little room to centre it."""
    _, _, right, bottom = frame.inner
    return text(right, bottom + 33, words, anchor="end")


def _numbers(row: Row) -> list[float]:
    extra = [row.published] if row.published is not None else []
    return [row.value, row.low, row.high, *extra, *(row.published_ci or ())]


def _whisker(frame: Frame, value: float, low: float, high: float, y: float, colour: int, kind: str) -> str:
    if not math.isfinite(value):
        return ""
    paint = style.ARM_COLOURS[colour]
    x = float(frame.px(value))
    # An interval that is open on one side ends at the edge.
    ends = [float(v) for v in frame.px(np.clip([low, high], *frame.x))]
    bar = segment(ends[0], y, ends[1], y, paint, 1.8) if np.isfinite(ends).all() else ""
    return bar + mark(kind, x, y, paint)


def _stacks(plot: Stacks) -> str:
    names = max((text_width(bar.name) for bar in plot.bars), default=60.0)
    left = min(names + 16.0, WIDTH * 0.5)
    keys = [(swatch(colour), name) for name, colour in zip(plot.parts, PART_COLOURS, strict=False)]
    body = ROW_HEIGHT * len(plot.bars)
    written, height = legend(keys, 6.0, 26.0 + body + 54.0, WIDTH - 10.0)
    frame = Frame(
        x=(0.0, 1.0), y=(0.0, float(len(plot.bars))), height=26.0 + body + 46.0 + height + 6.0,
        left=left, right=22.0, bottom=46.0 + height + 6.0,
    )  # fmt: skip
    out = [
        frame.axes(ticks(0.0, 1.0, 5), [], x_label="", y_label="", x_format=_percent),
        _below(frame, plot.x_label),
    ]
    for number, bar in enumerate(plot.bars):
        y = float(frame.py(len(plot.bars) - number - 0.5))
        out.append(text(left - 8, y + 4, shorten(bar.name, left - 12), anchor="end"))
        start = 0.0
        for share, colour in zip(bar.shares, PART_COLOURS, strict=False):
            if share > 0:
                x0, x1 = (float(v) for v in frame.px([start, start + share]))
                out.append(rect(x0, y - 8.0, x1 - x0, 16.0, colour))
            start += max(share, 0.0)
    return frame.svg([*out, written], _alt(plot))
