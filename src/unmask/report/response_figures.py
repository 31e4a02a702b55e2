"""Waterfall and spider plots of tumour size, coloured by best response, saved as PNG and SVG.

One panel per group. The colours are those of :mod:`unmask.report.style` (safe for colour-blind readers) and
the two RECIST thresholds are drawn and named.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from unmask.report import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PR_THRESHOLD = -30.0
PD_THRESHOLD = 20.0
CUT_PERCENT = 100.0
"""Larger growth is cut here, so that the range in which responses are decided stays readable."""
WEEK_DAYS = 7.0
MOST_PANELS = 12
_EDGES = {"NE": style.RULE}
_DRAWN_LAST_ON_TOP = ("NE", "SD", "PD", "PR", "CR")
_LINE_COLOURS = {**style.CATEGORY_COLOURS, "SD": "#9aa4ac", "NE": "#d9b13b"}
"""As the bars; the light ones are darkened, because a thin line needs more contrast than an area."""


def save_waterfall(path: Path, patients: pd.DataFrame) -> None:
    """Save the best change of the target sum of every patient, largest growth first.

    Parameters
    ----------
    path
        Name of the PNG; an SVG of the same name stands beside it.
    patients
        Columns ``group``, ``best_change`` (fraction of baseline; NaN = not measured after baseline) and
        ``best_response`` or ``irecist_best_response``.
    """
    column = _response_column(patients)
    figure, axes, groups = _panels(patients)
    for axis, (name, rows) in zip(axes, groups, strict=True):
        shown = rows[rows["best_change"].notna()].sort_values("best_change", ascending=False, kind="stable")
        percent = 100 * shown["best_change"].to_numpy(dtype=float)
        codes = [style.category(code) for code in shown[column]]
        axis.bar(
            np.arange(len(shown)),
            np.minimum(percent, CUT_PERCENT),
            width=1.0 if len(shown) > 60 else 0.85,
            color=[style.CATEGORY_COLOURS[code] for code in codes],
            edgecolor=[_EDGES.get(code, "none") for code in codes],
            linewidth=0.5,
        )
        margin = max(0.6, 0.01 * len(shown))
        axis.set_xlim(-margin, max(len(shown) - 1, 0) + margin)
        axis.set_xticks([])
        _finish(axis, _title(name, len(rows), len(shown), "not measured after baseline"))
    _label(figure, axes, "Patients, by best change", "Best change of the target sum from baseline (%)")
    note = f"Bars that reach +{CUT_PERCENT:.0f} % are cut there."
    _legend(figure, patients, column, lines=False, note=note)
    _save(figure, path)


def save_spider(path: Path, visits: pd.DataFrame, patients: pd.DataFrame) -> None:
    """Save the course of the target sum of every patient.

    Parameters
    ----------
    path
        Name of the PNG; an SVG of the same name stands beside it.
    visits
        Columns ``patient``, ``day``, ``change_from_baseline`` (fraction; NaN = not every target measured).
    patients
        Columns ``patient``, ``group`` and ``best_response`` or ``irecist_best_response``.
    """
    from matplotlib.collections import LineCollection

    column = _response_column(patients)
    figure, axes, groups = _panels(patients)
    measured = visits[visits["change_from_baseline"].notna()]
    courses = {
        name: np.column_stack([rows["day"] / WEEK_DAYS, 100 * rows["change_from_baseline"]])
        for name, rows in measured.groupby("patient", sort=False)
    }
    longest = float(measured["day"].max()) / WEEK_DAYS if len(measured) else 1.0
    for axis, (name, rows) in zip(axes, groups, strict=True):
        faint = float(np.clip(12 / math.sqrt(max(len(rows), 1)), 0.45, 0.95))
        codes = np.array([style.category(code) for code in rows[column]])
        drawn = 0
        for code in _DRAWN_LAST_ON_TOP:
            lines = [
                np.vstack([[0.0, 0.0], courses[patient]])
                for patient in rows["patient"][codes == code]
                if patient in courses
            ]
            drawn += len(lines)
            colour = _LINE_COLOURS[code]
            axis.add_collection(LineCollection(lines, colors=colour, linewidths=0.9, alpha=faint))
            ends = np.array([line[-1] for line in lines]).reshape(-1, 2)
            axis.scatter(ends[:, 0], ends[:, 1], s=4, color=colour, alpha=faint, linewidths=0, zorder=2)
        axis.set_xlim(0, longest * 1.02)
        _finish(axis, _title(name, len(rows), drawn, "not measured after baseline"))
    _label(figure, axes, "Weeks since the first dose", "Change of the target sum from baseline (%)")
    note = f"Growth beyond +{CUT_PERCENT:.0f} % leaves the panel."
    _legend(figure, patients, column, lines=True, note=note)
    _save(figure, path)


def _response_column(patients: pd.DataFrame) -> str:
    return "best_response" if "best_response" in patients else "irecist_best_response"


def _panels(patients: pd.DataFrame) -> tuple[Figure, list[Axes], list[tuple[str, pd.DataFrame]]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    assessed = patients[~patients["status"].str.startswith("not assessed")]
    groups = [(str(name), rows) for name, rows in assessed.groupby("group", sort=False)]
    if len(groups) > MOST_PANELS:
        groups = [(f"{len(groups)} groups together", assessed)]
    columns = 1 if len(groups) == 1 else 2 if len(groups) in (2, 4) else 3
    rows = math.ceil(len(groups) / columns)
    width, height = (9.0, 5.0) if len(groups) == 1 else (4.4 * columns, max(4.6, 2.75 * rows + 1.2))
    figure = Figure(figsize=(width, height), dpi=150, facecolor=style.PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel().tolist()
    for axis in grid[len(groups) :]:
        axis.set_visible(False)
    return figure, grid[: len(groups)], groups


def _title(name: str, patients: int, shown: int, missing: str) -> str:
    title = "" if name == "all" else f"{name}\n"
    left = f", {patients - shown} {missing}" if patients > shown else ""
    return f"{title}n = {patients:,}{left}"


def _finish(axis: Axes, title: str) -> None:
    for level, dash in ((PR_THRESHOLD, (0, (4, 2))), (PD_THRESHOLD, (0, (1, 1.5)))):
        axis.axhline(level, color=style.INK, linewidth=0.8, linestyle=dash, zorder=3)
    axis.axhline(0, color=style.RULE, linewidth=0.8, zorder=2)
    axis.set_ylim(-105, CUT_PERCENT)
    axis.set_yticks([-100, -75, -50, PR_THRESHOLD, 0, PD_THRESHOLD, 50, 75, 100])
    axis.set_yticklabels(["−100", "−75", "−50", "−30", "0", "+20", "+50", "+75", "+100"])
    axis.grid(axis="y", color=style.GRID, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.tick_params(labelsize=8, colors=style.MUTED, length=2.5)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axis.spines[side].set_color(style.RULE)
    first, _, rest = title.partition("\n")
    axis.set_title(first, fontsize=9, color=style.INK, loc="left", fontweight="bold" if rest else "normal")
    if rest:
        axis.text(
            1.0, 1.02, rest, transform=axis.transAxes, fontsize=8, color=style.MUTED, ha="right", va="bottom"
        )


def _label(figure: Figure, axes: list[Axes], x: str, y: str) -> None:
    figure.supxlabel(x, fontsize=10, color=style.INK)
    figure.supylabel(y, fontsize=10, color=style.INK)


def _legend(figure: Figure, patients: pd.DataFrame, column: str, *, lines: bool, note: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    counts = patients[column].dropna().map(style.category).value_counts()
    handles: list[Line2D | Patch] = []
    for code in style.CATEGORIES:
        if not counts.get(code):
            continue
        name = f"{style.CATEGORY_NAMES[code]} ({int(counts[code]):,})"
        if lines:
            handles.append(Line2D([], [], color=_LINE_COLOURS[code], linewidth=2, label=name))
        else:
            edge = _EDGES.get(code, "none")
            handles.append(Patch(facecolor=style.CATEGORY_COLOURS[code], edgecolor=edge, label=name))
    handles.append(
        Line2D(
            [], [], color=style.INK, linewidth=0.9, linestyle=(0, (1, 1.5)), label="+20 % (PD, from nadir)"
        )
    )
    handles.append(Line2D([], [], color=style.INK, linewidth=0.9, linestyle=(0, (4, 2)), label="−30 % (PR)"))
    criteria = "iRECIST" if column.startswith("irecist") else "RECIST 1.1, confirmed"
    figure.legend(
        handles=handles,
        loc="outside upper center",
        ncols=min(len(handles), 4),
        fontsize=8,
        frameon=False,
        title=f"Best response ({criteria}). {note}",
        title_fontsize=8,
    )


def _save(figure: Figure, path: Path) -> None:
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": "unmask", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Software": "Unmask"})
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
