"""Trajectories of one patient or many as one picture: a panel for each observable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unmask.report import style

MOST_PANELS = 24
NOTICE = "Simulated patients, for research and teaching, never for treatment decisions."
_COLUMNS, _WIDTH, _HEIGHT, _DPI = 4, 3.4, 2.3, 130


def draw(
    path: Path,
    times: NDArray[np.float64],
    names: Sequence[str],
    units: Sequence[str],
    values: NDArray[np.float64],
    *,
    time_unit: str,
    title: str,
) -> None:
    """Write a PNG: median and the middle 90 % of patients, or the one patient's line.

    Parameters
    ----------
    times
        (G,).
    values
        (N, G, O) of patients who came to the end. The first 24 observables are drawn.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = list(range(min(len(names), MOST_PANELS)))
    columns = min(_COLUMNS, max(1, len(shown)))
    rows = max(1, math.ceil(len(shown) / columns))
    figure = Figure(
        figsize=(max(columns * _WIDTH, 6.8), rows * _HEIGHT + 0.9), dpi=_DPI, layout="constrained"
    )
    FigureCanvasAgg(figure)
    patients = len(values)
    summary = f"{patients:,} patients: median and middle 90 %" if patients != 1 else "one patient"
    more = f"; {len(names) - len(shown)} more observables in the table" if len(names) > len(shown) else ""
    figure.suptitle(f"{title}, {summary}{more}", fontsize=11, color=style.INK)
    for index in shown:
        axes = figure.add_subplot(rows, columns, index + 1)
        if patients:
            own = values[:, :, index]
            if patients > 1:
                low, high = np.quantile(own, [0.05, 0.95], axis=0)
                axes.fill_between(times, low, high, color=style.ARM_COLOURS[0], alpha=0.2, linewidth=0)
            axes.plot(times, np.median(own, axis=0), color=style.ARM_COLOURS[0], linewidth=1.4)
        unit = f" [{units[index]}]" if units[index] not in ("", "1") else ""
        axes.set_title(f"{names[index]}{unit}", fontsize=8.5, color=style.INK)
        axes.tick_params(labelsize=7.5, colors=style.MUTED)
        axes.grid(color=style.GRID, linewidth=0.6)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        if index >= len(shown) - columns:
            label = "time" if time_unit in ("", "1") else f"time [{time_unit}]"
            axes.set_xlabel(label, fontsize=8, color=style.MUTED)
    figure.supxlabel(NOTICE, fontsize=8, color=style.MUTED)
    figure.savefig(path, format="png", metadata={"Software": None})
