"""Panels of one patient under one therapy: size, what is inside the tumour, T cells, occupancy, and 100 people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.report import drawing, style
from unmask.report.drawing import Frame
from unmask.report.options_inputs import ShownOption
from unmask.report.words import Words
from unmask.survival.kaplan_meier import DAYS_PER_MONTH

WIDTH, HEIGHT = 350.0, 262.0
FATES = ("alive_well", "alive_severe", "dead")
FATE_COLOURS: Mapping[str, str] = {"alive_well": "#4f9a63", "alive_severe": "#e0a030", "dead": "#aab2b9"}
INSIDE = ("cancer_ml", "dead_ml", "infiltrate_ml", "immune_ml", "stroma_ml")
INSIDE_COLOURS: Mapping[str, str] = {
    "cancer_ml": "#7b3f8c",
    "dead_ml": "#b3a5bd",
    "infiltrate_ml": "#eeb34a",
    "immune_ml": "#2f8f83",
    "stroma_ml": "#d8cab3",
}
T_CELLS = (("tumour_t_cells", "#2f8f83", None), ("exhausted_t_cells", "#8a5a2b", "5 3"))
OCCUPANCY = (("pd_occupancy", "#0067a8", None), ("ctla4_occupancy_lymph_node", "#b94a00", "5 3"))
LEAST_T_CELLS = 0.01
"""Millions of T cells at the foot of the logarithmic axis."""
LARGEST_GROWTH = 2.0
"""A tumour that outgrows its first diameter, or volume, by more does not flatten the pictures of the others."""

Floats = NDArray[np.float64]


def whole_people(alive: float, severe: float) -> dict[str, int]:
    """Return whole people out of 100 by fate, from the shares alive and alive after a severe side effect.

    Rounded as the table of frequencies rounds, so that picture and table agree.
    """
    living = round(100 * alive)
    hurt = min(round(100 * severe), living)
    return {"alive_well": living - hurt, "alive_severe": hurt, "dead": 100 - living}


def _title(option: ShownOption, colour: str) -> str:
    return drawing.text(
        2, 16, drawing.shorten(option.label, WIDTH - 4, 13.0), size=13.0, weight=650, colour=colour
    )


def hundred(option: ShownOption, colour: str, text: Words) -> str:
    """Draw 100 people two years on: alive, alive after a severe side effect, dead."""
    counts = whole_people(option.frequencies["alive_2y"].share or 0.0, option.two_years["alive_severe"])
    top = 30.0
    codes = [fate for fate in FATES for _ in range(counts[fate])]
    looks = {fate: {"fill": FATE_COLOURS[fate], "stroke": "none"} for fate in FATES}
    parts = [_title(option, colour), *drawing.crowd(codes, looks, top, size=13.0, pitch=16.5)]
    told = dict(text.get("fate"))
    if option.frequencies["severe"].count is None:  # alive is all that can be said
        alive = told["alive" if option.treated else "alive_untreated"]
        told = {"alive_well": alive, "dead": told["dead"]}
    for row, fate in enumerate(fate for fate in FATES if fate in told):
        y = top + 22 + row * 50
        parts.append(drawing.text(214, y, str(counts[fate]), anchor="end", size=19.0, weight=650))
        for line, words in enumerate(str(told[fate]).split("|")):
            parts.append(drawing.text(222, y - 5 + 14 * line, words, size=11.5))
    lines = "; ".join(f"{counts[fate]} {str(told[fate]).replace('|', ' ')}" for fate in FATES if fate in told)
    alt = text("figure.hundred_alt", label=option.label, fates=lines)
    return Frame(x=(0, 1), y=(0, 1), width=WIDTH, height=202.0).svg(parts, alt)


def _frame(end_day: float, low: float, high: float) -> Frame:
    return Frame(
        x=(0.0, end_day / DAYS_PER_MONTH),
        y=(low, high),
        width=WIDTH,
        height=HEIGHT,
        left=52.0,
        top=46.0,
        right=12.0,
    )


def _axes(frame: Frame, text: Words, y_label: str, ticks: Sequence[float], **options: object) -> str:
    x_ticks = [month for month in drawing.month_ticks(frame.x[1]) if month % 6 == 0]
    return frame.axes(
        x_ticks,
        ticks,
        x_label=str(text.get("figure.months")),
        y_label=y_label,
        **options,  # type: ignore[arg-type]
    )


def _months(rows: pd.DataFrame) -> Floats:
    return np.asarray(rows["day"].to_numpy(float) / DAYS_PER_MONTH)


def _end(option: ShownOption, frame: Frame) -> list[str]:
    """Draw the cross at the day of death, on the time axis."""
    if option.death_day is None:
        return []
    x = float(frame.px(option.death_day / DAYS_PER_MONTH))
    return [drawing.mark("cross", x, frame.inner[3], style.INK)]


def size_top(options: Sequence[ShownOption]) -> float:
    """Return the top of the axis of sizes that all options share; what runs away beyond it is cut off."""
    baseline = float(options[0].course["sld_mm"].iloc[0])
    seen = [1.2]
    for option in options:
        seen += [1 + float(np.nanmax(option.size["q90"])), float(option.course["sld_mm"].max()) / baseline]
    return baseline * min(1.05 * max(seen), LARGEST_GROWTH)


def volume_top(options: Sequence[ShownOption]) -> float:
    """Return the top of the axis of volumes that all options share; what runs away beyond it is cut off."""
    volumes = [option.course[list(INSIDE)].sum(axis=1) for option in options]
    return 1.05 * min(max(float(v.max()) for v in volumes), LARGEST_GROWTH * float(volumes[0].iloc[0]))


def size(option: ShownOption, colour: str, end_day: float, top: float, text: Words) -> str:
    """Draw the sum of diameters: this patient's line and scans over the middle 80 % of patients alike."""
    frame = _frame(end_day, 0.0, top)
    baseline = float(option.course["sld_mm"].iloc[0])
    alike = option.size[option.size["n"] >= 0.05 * option.size["n"].max()]
    band = frame.band(
        _months(alike), baseline * (1 + alike["q10"]), baseline * (1 + alike["q90"]), colour, opacity=0.15
    )
    line = frame.line(_months(option.course), option.course["sld_mm"], colour, 2.2)
    scans = option.scans[np.isfinite(option.scans["sld_mm"].to_numpy(float))]
    marks = [
        drawing.mark("circle", float(x), float(y), colour)
        for x, y in zip(frame.px(_months(scans)), frame.py(np.minimum(scans["sld_mm"], top)), strict=True)
    ]
    parts = [
        _title(option, colour),
        _axes(frame, text, str(text.get("figure.size_y")), drawing.ticks(0, top, 4)),
        frame.clipped([band, line]),
        *marks,
        *_end(option, frame),
    ]
    last = option.course["sld_mm"].iloc[-1]
    alt = text("figure.size_alt", label=option.label, first=f"{baseline:.0f}", last=f"{last:.0f}")
    return frame.svg(parts, alt)


def inside(option: ShownOption, colour: str, end_day: float, top: float, text: Words) -> str:
    """Draw what the scanned volume is made of, stacked, in mL."""
    frame = _frame(end_day, 0.0, top)
    months = _months(option.course)
    floor = np.zeros(months.size)
    layers = []
    for name in INSIDE:
        ceiling = floor + option.course[name].to_numpy(float)
        layers.append(frame.band(months, floor, ceiling, INSIDE_COLOURS[name], opacity=1.0))
        floor = ceiling
    parts = [
        _title(option, colour),
        frame.clipped(layers),
        _axes(frame, text, str(text.get("figure.inside_y")), drawing.ticks(0, top, 4), grid=False),
        *_end(option, frame),
    ]
    ends = {name.removesuffix("_ml"): f"{option.course[name].iloc[-1]:.1f}" for name in INSIDE}
    return frame.svg(parts, text("figure.inside_alt", label=option.label, **ends))


def t_cells(option: ShownOption, colour: str, end_day: float, top: float, text: Words) -> str:
    """Draw T cells in the tumour, active and exhausted, on a logarithmic axis up to ``top`` million."""
    low, high = np.log10(LEAST_T_CELLS), np.ceil(np.log10(max(top, 1.0)))
    frame = _frame(end_day, float(low), float(high))
    lines = [
        frame.line(
            _months(option.course),
            np.log10(np.maximum(option.course[name].to_numpy(float), LEAST_T_CELLS)),
            stroke,
            2.0,
            stroke_dasharray=dash,
        )
        for name, stroke, dash in T_CELLS
    ]
    step = 1 if high - low <= 5 else 2
    ticks = [float(power) for power in range(int(low), int(high) + 1, step)]
    parts = [
        _title(option, colour),
        _axes(
            frame, text, str(text.get("figure.t_cells_y")), ticks, y_format=lambda power: f"{10.0**power:,g}"
        ),
        frame.clipped(lines),
        *_end(option, frame),
    ]
    most = float(option.course["tumour_t_cells"].max())
    return frame.svg(parts, text("figure.t_cells_alt", label=option.label, most=f"{most:,.3g}"))


def occupancy(option: ShownOption, colour: str, end_day: float, text: Words) -> str:
    """Draw the share of the targets under antibody."""
    frame = _frame(end_day, 0.0, 1.0)
    lines = [
        frame.line(_months(option.course), option.course[name], stroke, 2.0, stroke_dasharray=dash)
        for name, stroke, dash in OCCUPANCY
    ]
    parts = [
        _title(option, colour),
        _axes(
            frame,
            text,
            str(text.get("figure.occupancy_y")),
            [0, 0.25, 0.5, 0.75, 1.0],
            y_format=drawing.percent,
        ),
        frame.clipped(lines),
        *_end(option, frame),
    ]
    most = {name: f"{100 * float(option.course[name].max()):.0f}" for name, *_ in OCCUPANCY}
    return frame.svg(
        parts,
        text(
            "figure.occupancy_alt",
            label=option.label,
            pd=most["pd_occupancy"],
            ctla4=most["ctla4_occupancy_lymph_node"],
        ),
    )


def key_line(items: Sequence[tuple[str, str]]) -> str:
    """Return a legend of its own: (key drawn around the origin, words), as one picture."""
    fragment, height = drawing.legend(items, 2, 14, WIDTH)
    words = ", ".join(words for _, words in items)
    return Frame(x=(0, 1), y=(0, 1), width=WIDTH, height=height + 4).svg([fragment], words)
