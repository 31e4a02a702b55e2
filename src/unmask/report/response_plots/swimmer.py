"""Swimmer plot: one bar a patient over time, with what happened on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.errors import ConfigurationError
from unmask.report import style
from unmask.report.response_plots import inputs, swim_lanes
from unmask.report.response_plots.colouring import Colouring, colour_patients
from unmask.report.response_plots.sheet import (
    Block,
    Key,
    Sheet,
    check_suffix,
    colour_block,
    columns_for,
    panels,
    time_axis,
)
from unmask.report.response_plots.swim_lanes import Days, Lanes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 60
LIMIT = 1000
"""More lanes in a panel make a figure that no program opens."""
SMALLEST_NAMED = 0.15
"""Lanes at least so far apart (inches) carry the names of their patients."""
LONGEST_NAME = 14


@dataclass(frozen=True)
class _Mark:
    label: str
    marker: str
    fill: str
    size: float
    lift: float = 0.0
    """Distance above the middle of the lane, lanes: marks that often share a day do not hide each other."""


_MARKS = {
    swim_lanes.NEW_LESION: _Mark("first new lesion", "v", style.INK, 0.75, -0.46),
    swim_lanes.RESPONSE: _Mark("first response (PR or CR)", "^", style.PAPER, 0.95),
    swim_lanes.COMPLETE: _Mark("complete response (CR)", "*", style.PAPER, 1.3),
    swim_lanes.PROGRESSION: _Mark("progression (RECIST 1.1)", "D", style.INK, 0.7),
    swim_lanes.CONFIRMED: _Mark("progression confirmed (iCPD)", "s", style.INK, 0.8),
    swim_lanes.NOT_BORNE_OUT: _Mark("iUPD not borne out", "o", "none", 1.25),
    swim_lanes.NEW_THERAPY: _Mark("start of another anticancer therapy", "P", style.PAPER, 0.9),
    swim_lanes.DEATH: _Mark("death", "x", style.INK, 0.85),
    swim_lanes.ON_TREATMENT: _Mark("study treatment ongoing", ">", style.INK, 0.95),
    swim_lanes.ALIVE: _Mark("alive when last seen", ">", style.PAPER, 0.95),
}
"""In the order of drawing, the last on top. White and black with an outline are seen on every colour of a bar."""
_ENDS = (swim_lanes.DEATH, swim_lanes.ON_TREATMENT, swim_lanes.ALIVE)


def save_swimmer(
    path: Path,
    visits: pd.DataFrame,
    patients: pd.DataFrame,
    *,
    colour_by: str | None = None,
    panel_by: str | None = "group",
    simulated: bool = False,
    most: int = MOST,
) -> tuple[Path, Path]:
    """Save the course of patients over time: treatment, response, progression, death.

    Parameters
    ----------
    path
        Name that ends in ``.png`` or ``.svg``; both are written.
    visits
        Columns ``patient``, ``day``; ``overall_response``, ``irecist_response``, ``new_lesion`` as far as known.
    patients
        Columns ``patient``, ``best_response``, ``first_response_day``, ``progression_day`` and ``last_day`` (or
        ``irecist_best_response``, ``irecist_first_response_day`` and ``irecist_progression_day``). Optional:
        ``death_day`` (NaN = alive when last seen), ``last_known_day``, ``treatment_end_day`` (NaN = ongoing) and
        ``new_therapy_day``. All in days from the reference day, NaN = never.
    colour_by, panel_by, simulated
        As in :func:`unmask.report.response_plots.save_waterfall`, which also states the errors.
    most
        At most so many patients in a panel, chosen evenly along the order; the panel says so.
    """
    check_suffix(path)
    if not 1 <= most <= LIMIT:
        raise ConfigurationError("plots.bad_most", value=most, limit=LIMIT)
    inputs.require(patients, ["patient"], "patients")
    inputs.require(visits, ["patient", "day"], "visits")
    response = inputs.response_column(patients)
    prefix = response.removesuffix("best_response")
    inputs.require(
        patients, [f"{prefix}first_response_day", f"{prefix}progression_day", "last_day"], "patients"
    )
    column = colour_by or response
    inputs.check_column(column, patients, "colour_by")
    shown = inputs.assessed_patients(patients)
    found = swim_lanes.lanes(shown, visits)
    parts = panels(shown, panel_by)
    orders = [_order(members.index.to_numpy(), found, most) for _, members in parts]
    colouring = colour_patients(shown, column)
    names = [name for name, _ in parts]
    sheet, pitch, unit = _sheet(shown, names, orders, found, colouring, simulated=simulated)
    columns = columns_for(len(parts))
    for place, ((name, members), order) in enumerate(zip(parts, orders, strict=True)):
        row = place // columns * columns
        lanes = max(len(drawn) for drawn in orders[row : row + columns])
        axis = sheet.axes[place]
        _draw(axis, place, order, found, colouring, pitch, unit)
        axis.set_ylim(max(lanes, 1) - 0.35, -0.65)
        axis.set_yticks(range(len(order)))
        named = pitch >= SMALLEST_NAMED
        axis.set_yticklabels([_name(shown["patient"][i]) if named else "" for i in order], parse_math=False)
        axis.tick_params(axis="y", length=0)
        if not len(order):
            sheet.empty(place, "nobody followed after day 0")
        sheet.title(place, name, _counted(len(members), members.index.to_numpy(), order, found))
    return sheet.save(path)


def _order(members: NDArray[np.int64], found: Lanes, most: int) -> list[int]:
    """Return the patients of a panel that are drawn, the longest first."""
    followed = members[np.isfinite(found.end[members])]
    order = followed[np.argsort(-found.end[followed], kind="stable")]
    if len(order) > most:
        order = order[np.round(np.linspace(0, len(order) - 1, most)).astype(int)]
    return [int(i) for i in order]


def _counted(patients: int, members: NDArray[np.int64], order: Sequence[int], found: Lanes) -> str:
    followed = int(np.isfinite(found.end[members]).sum())
    missing = f", {patients - followed:,} without follow-up" if followed < patients else ""
    if len(order) < followed:
        return f"{len(order):,} of {followed:,} shown, evenly along the order{missing}"
    return f"n = {patients:,}{missing}"


def _sheet(
    patients: pd.DataFrame,
    names: Sequence[str],
    orders: Sequence[Sequence[int]],
    found: Lanes,
    colouring: Colouring,
    *,
    simulated: bool,
) -> tuple[Sheet, float, float]:
    """Return the sheet, the distance of two lanes (inches) and the days of one unit of time."""
    most = max(map(len, orders))
    pitch = 0.28 if most <= 10 else 0.2 if most <= 25 else 0.16 if most <= 40 else 0.14
    columns = columns_for(len(orders))
    heights = [
        max(1.2, pitch * max(map(len, orders[row : row + columns]))) for row in range(0, len(orders), columns)
    ]
    everyone = np.array([i for order in orders for i in order], dtype=int)
    happened = [kind for kind, days in found.events.items() if np.isfinite(days[everyone]).any()]
    keys = [_event_key(kind, found) for kind in _MARKS if kind in happened]
    if np.isfinite(found.response_from[everyone]).any():
        keys.insert(0, Key("in response", "line"))
    longest = float(found.end[everyone].max()) if len(everyone) else 7.0
    unit, unit_name, _ = time_axis(max(longest, 7.0))
    named = pitch >= SMALLEST_NAMED
    sheet = Sheet(
        names,
        heights,
        [colour_block(colouring, lines=False), *([Block("On the bars", tuple(keys))] if keys else [])],
        _notes(patients, orders, found),
        simulated=simulated,
        x_label=f"{unit_name} since {'randomisation' if simulated else 'the reference day'}",
        y_label="Patients, by duration",
        room=0.12,
        labels=[_name(patients["patient"][i]) for i in everyone] if named else [],
    )
    for axis in sheet.axes:
        axis.set_xlim(0, max(longest, 7.0) / unit * (1 + 0.3 / sheet.panel_width))
        axis.set_xticks(time_axis(max(longest, 7.0))[2])
        axis.grid(axis="x", color=style.GRID, linewidth=0.6)
    return sheet, pitch, unit


def _event_key(kind: str, found: Lanes) -> Key:
    mark = _MARKS[kind]
    label = mark.label.replace("RECIST 1.1", "iRECIST") if found.immune else mark.label
    return Key(label, mark.marker, mark.fill, _edge(mark), 7.5 * min(mark.size, 1.3))


def _edge(mark: _Mark) -> str:
    return style.INK if mark.fill != style.INK or mark.marker == "x" else style.PAPER


def _notes(patients: pd.DataFrame, orders: Sequence[Sequence[int]], found: Lanes) -> list[str]:
    notes = []
    if np.isfinite(found.treated_until).any():
        notes.append("Broad bar: on study treatment; narrow: followed after it.")
    if not found.deaths_known:
        notes.append("Bars end at the last visit: the table has no deaths and no later follow-up.")
    if sum(map(len, orders)) < int(np.isfinite(found.end).sum()):
        notes.append(f"Numbers in the key of colours count all {len(patients):,} patients.")
    return notes


def _draw(
    axis: Axes,
    place: int,
    order: Sequence[int],
    found: Lanes,
    colouring: Colouring,
    pitch: float,
    unit: float,
) -> None:
    from matplotlib.transforms import ScaledTranslation

    figure = axis.figure
    panel = f"panel-{place + 1}"
    lane = np.arange(len(order), dtype=float)
    rows = np.array(order, dtype=int)
    end = found.end[rows]
    treated = np.where(np.isnan(found.treated_until[rows]), end, np.clip(found.treated_until[rows], 0, end))
    fills = [colouring.fills[i] for i in order]
    edges = [colouring.edge(i) for i in order]
    paint: dict[str, Any] = {"color": fills, "edgecolor": edges, "linewidth": 0.5, "zorder": 2.5}
    for number, bar in enumerate(axis.barh(lane, treated / unit, height=0.76, **paint), start=1):
        bar.set_gid(f"{panel}-bar-{number}")
    later = axis.barh(lane, (end - treated) / unit, left=treated / unit, height=0.36, **paint)
    for number, bar in enumerate(later, start=1):
        bar.set_gid(f"{panel}-followed-{number}")
    response, until = found.response_from[rows], found.response_until[rows]
    in_response = np.isfinite(response)
    spans = axis.barh(
        lane[in_response], (until - response)[in_response] / unit, left=response[in_response] / unit, height=0.24,
        color=style.INK, edgecolor=style.PAPER, linewidth=0.6, zorder=2.8,
    )  # fmt: skip
    for bar in spans:
        bar.set_gid(f"{panel}-in-response-{bar.get_y() + 0.12 + 1:.0f}")
    size = 72 * pitch * 0.62
    beyond = axis.transData + ScaledTranslation(0.1, 0, figure.dpi_scale_trans)
    for layer, (kind, mark) in enumerate(_MARKS.items()):
        days = found.events[kind][rows]
        there = np.isfinite(days)
        if not there.any():
            continue
        if kind == swim_lanes.NEW_THERAPY:
            days = _beside(days, found, rows, _days_per_inch(axis, unit) * size / 72)
        at_end = kind in _ENDS
        x, y = (end if at_end else days)[there] / unit, lane[there] + mark.lift
        outline = 0.7 if pitch < 0.2 else 0.9
        look: dict[str, Any] = {
            "linestyle": "none", "marker": mark.marker, "markersize": size * mark.size,
            "markerfacecolor": mark.fill, "zorder": 3 + 0.1 * layer, "clip_on": False,
            "transform": beyond if at_end else axis.transData,
        }  # fmt: skip
        if mark.fill == "none":
            # A dark ring is not seen on a dark bar: a pale one lies under it.
            axis.plot(x, y, markeredgecolor=style.PAPER, markeredgewidth=outline + 1.9, **look)
        axis.plot(x, y, markeredgecolor=_edge(mark), markeredgewidth=outline, gid=f"{panel}-{kind}", **look)


def _days_per_inch(axis: Axes, unit: float) -> float:
    low, high = axis.get_xlim()
    return (high - low) * unit / float(axis.get_window_extent().width / axis.figure.dpi)


def _beside(days: Days, found: Lanes, rows: NDArray[np.int64], width: float) -> Days:
    """Return days moved to the right of a mark that they would hide (``width``: a mark's, in days).

    Another therapy often starts at the very visit that found the progression.
    """
    moved = days.copy()
    for kind in (swim_lanes.RESPONSE, swim_lanes.COMPLETE, swim_lanes.NOT_BORNE_OUT,
                 swim_lanes.PROGRESSION, swim_lanes.CONFIRMED):  # fmt: skip
        other = found.events[kind][rows]
        hidden = np.abs(moved - other) < 1.1 * width
        moved[hidden] = other[hidden] + 1.1 * width
    return moved


def _name(patient: object) -> str:
    """Return a patient's name, its middle left out where it is long: beginnings and ends tell patients apart."""
    name = inputs.plain(patient)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 6]}…{name[-5:]}"
