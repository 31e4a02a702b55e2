"""Waterfall plot: the best change of the target sum of every patient, largest growth first."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from unmask.report import style
from unmask.report.response_plots import inputs
from unmask.report.response_plots.colouring import colour_patients
from unmask.report.response_plots.sheet import (
    Block,
    Key,
    Sheet,
    check_suffix,
    colour_block,
    columns_for,
    panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PR_THRESHOLD = -30.0
PD_THRESHOLD = 20.0
CUT_PERCENT = 100.0
"""Larger growth is cut here, so that the range in which responses are decided stays readable."""
SMALLEST_BAR = 1.4
"""A change smaller than this (percent) is drawn as a bar of this height around zero, so that its colour is seen."""
FEWEST_PLACES = 12
"""A panel has room for so many bars at least: three patients are three bars, not three blocks."""


def save_waterfall(
    path: Path,
    patients: pd.DataFrame,
    *,
    colour_by: str | None = None,
    panel_by: str | None = "group",
    simulated: bool = False,
) -> tuple[Path, Path]:
    """Save the best change of the target sum of every patient, largest growth first.

    Parameters
    ----------
    path
        Name that ends in ``.png`` or ``.svg``; both are written.
    patients
        Columns ``patient``, ``best_change`` (fraction of baseline; NaN = not measured after baseline) and
        ``best_response`` or ``irecist_best_response``; patients whose ``status`` starts with "not assessed" are
        left out.
    colour_by
        Column of ``patients`` that gives the colours; None: the best response.
    panel_by
        Column of ``patients`` with a panel for each of its values; None: one panel.
    simulated
        The patients are virtual: the foot says so.

    Raises
    ------
    ConfigurationError
        ``plots.unknown_column``, ``plots.bad_suffix``.
    DataError
        ``plots.missing_column``, ``plots.not_a_number``, ``plots.no_patients``.
    """
    check_suffix(path)
    inputs.require(patients, ["patient", "best_change"], "patients")
    column = colour_by or inputs.response_column(patients)
    inputs.check_column(column, patients, "colour_by")
    shown = inputs.assessed_patients(patients)
    change = 100 * inputs.numbers(shown, "best_change", "patients").to_numpy()
    colouring = colour_patients(shown, column)
    parts = panels(shown, panel_by)
    sheet = Sheet(
        [name for name, _ in parts],
        panel_heights(len(parts)),
        [colour_block(colouring, lines=False), threshold_block()],
        [f"Growth above {CUT_PERCENT:.0f} % is cut there."] if np.any(change > CUT_PERCENT) else [],
        simulated=simulated,
        x_label="Patients, by best change",
        y_label="Best change of target sum (%)",
        ticks=False,
    )
    for place, (name, members) in enumerate(parts):
        where = members.index.to_numpy()
        measured = where[np.isfinite(change[where])]
        order = measured[np.argsort(-change[measured], kind="stable")]
        axis = sheet.axes[place]
        heights = np.minimum(change[order], CUT_PERCENT)
        flat = np.abs(heights) < SMALLEST_BAR
        bars = axis.bar(
            np.arange(len(order)),
            np.where(flat, SMALLEST_BAR, heights),
            bottom=np.where(flat, -SMALLEST_BAR / 2, 0.0),
            width=1.0 if len(order) > 60 else 0.85,
            color=[colouring.fills[i] for i in order],
            edgecolor=[colouring.edge(i) for i in order],
            linewidth=0.5,
            zorder=2.5,
        )
        for number, bar in enumerate(bars, start=1):
            bar.set_gid(f"panel-{place + 1}-bar-{number}")
        spare = max(FEWEST_PLACES - len(order), 0) / 2
        margin = 0.5 + spare + max(0.1, 0.01 * len(order))
        axis.set_xlim(-margin, max(len(order) - 1, 0) + margin)
        axis.set_xticks([])
        percent_axis(axis)
        if not len(order):
            sheet.empty(place, "nobody measured after baseline")
        sheet.title(place, name, counted(len(members), len(order), "not measured after baseline"))
    return sheet.save(path)


def panel_heights(count: int) -> list[float]:
    """Return the height of each row of panels, inches: lower where several rows share a page."""
    rows = math.ceil(count / columns_for(count))
    return [3.7 if count == 1 else 2.9 if rows == 1 else 2.3] * rows


def threshold_block() -> Block:
    """Return the key of the two lines that decide about responses of target lesions."""
    return Block(
        "Thresholds of RECIST 1.1",
        (
            Key("+20 %: progression (against the smallest sum)", "dots"),
            Key("−30 %: partial response", "dash"),
        ),
    )


def counted(patients: int, shown: int, missing: str) -> str:
    """Return how many patients a panel stands for and how many of them it cannot show."""
    left = f", {patients - shown:,} {missing}" if patients > shown else ""
    return f"n = {patients:,}{left}"


def percent_axis(axis: Axes) -> None:
    """Give a panel the axis of change in percent with the two thresholds."""
    for level, dash in ((PR_THRESHOLD, (0, (4, 2))), (PD_THRESHOLD, (0, (1, 1.5)))):
        axis.axhline(level, color=style.INK, linewidth=0.8, linestyle=dash, zorder=3)
    axis.axhline(0, color=style.RULE, linewidth=0.8, zorder=2)
    axis.set_ylim(-105, CUT_PERCENT)
    axis.set_yticks([-100, -75, -50, PR_THRESHOLD, 0, PD_THRESHOLD, 50, 75, 100])
    axis.set_yticklabels(["−100", "−75", "−50", "−30", "0", "+20", "+50", "+75", "+100"])
    axis.grid(axis="y", color=style.GRID, linewidth=0.6)
