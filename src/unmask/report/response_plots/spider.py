"""Spider plot: the course of the target sum of every patient."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.report.response_plots import inputs
from unmask.report.response_plots.colouring import colour_patients
from unmask.report.response_plots.sheet import (
    Sheet,
    check_suffix,
    colour_block,
    panels,
    time_axis,
)
from unmask.report.response_plots.waterfall import (
    CUT_PERCENT,
    counted,
    panel_heights,
    percent_axis,
    threshold_block,
)


def save_spider(
    path: Path,
    visits: pd.DataFrame,
    patients: pd.DataFrame,
    *,
    colour_by: str | None = None,
    panel_by: str | None = "group",
    simulated: bool = False,
) -> tuple[Path, Path]:
    """Save the course of the target sum of every patient.

    Parameters
    ----------
    path
        Name that ends in ``.png`` or ``.svg``; both are written.
    visits
        Columns ``patient``, ``day``, ``change_from_baseline`` (fraction; NaN = not every target measured), and
        ``group`` where a patient's name is used in several groups. Visits whose ``subsequent_therapy`` is true
        are left out.
    patients
        Columns ``patient`` and ``best_response`` or ``irecist_best_response``.
    colour_by, panel_by, simulated
        As in :func:`unmask.report.response_plots.save_waterfall`, which also states the errors.
    """
    from matplotlib.collections import LineCollection

    check_suffix(path)
    inputs.require(patients, ["patient"], "patients")
    inputs.require(visits, ["patient", "day", "change_from_baseline"], "visits")
    column = colour_by or inputs.response_column(patients)
    inputs.check_column(column, patients, "colour_by")
    shown = inputs.assessed_patients(patients)
    courses, another = _courses(shown, visits)
    colouring = colour_patients(shown, column)
    parts = panels(shown, panel_by)
    longest = max((float(course[-1, 0]) for course in courses.values()), default=0.0) or 7.0
    unit, unit_name, ticks = time_axis(longest)
    notes = []
    if any(np.any(course[:, 1] > CUT_PERCENT) for course in courses.values()):
        notes.append(f"Growth beyond {CUT_PERCENT:.0f} % leaves the panel.")
    if another:
        notes.append("Courses end where another anticancer therapy starts.")
    sheet = Sheet(
        [name for name, _ in parts],
        panel_heights(len(parts)),
        [colour_block(colouring, lines=True), threshold_block()],
        notes,
        simulated=simulated,
        x_label=f"{unit_name} since {'randomisation' if simulated else 'the reference day'}",
        y_label="Change of target sum (%)",
    )
    for place, (name, members) in enumerate(parts):
        axis = sheet.axes[place]
        # Sorted by rank only: within a category, patients stay in the order of the table.
        drawn = sorted((i for i in members.index if i in courses), key=lambda i: colouring.order[i])
        faint = float(np.clip(12 / math.sqrt(max(len(drawn), 1)), 0.45, 0.95))
        colours = [colouring.lines[i] for i in drawn]
        lines = [np.column_stack([courses[i][:, 0] / unit, courses[i][:, 1]]) for i in drawn]
        axis.add_collection(
            LineCollection(
                lines,
                colors=colours,
                linewidths=1.1,
                alpha=faint,
                gid=f"panel-{place + 1}-courses",
                zorder=2.5,
            )
        )
        ends = np.array([line[-1] for line in lines]).reshape(-1, 2)
        axis.scatter(ends[:, 0], ends[:, 1], s=6, color=colours, alpha=faint, linewidths=0, zorder=2.6)
        start = min([0.0, *(float(line[0, 0]) for line in lines)])
        axis.set_xlim(start, longest / unit * 1.02)
        axis.set_xticks(ticks)
        percent_axis(axis)
        if not drawn:
            sheet.empty(place, "nobody measured after baseline")
        sheet.title(place, name, counted(len(members), len(drawn), "not measured after baseline"))
    return sheet.save(path)


def _courses(patients: pd.DataFrame, visits: pd.DataFrame) -> tuple[dict[int, NDArray[np.float64]], bool]:
    """Return days and percent of each patient by place in the table, and whether another therapy cut any short."""
    key_of_patient, key_of_visit = inputs.keys(patients, visits)
    table = pd.DataFrame(
        {
            "key": key_of_visit,
            "day": inputs.numbers(visits, "day", "visits"),
            "change": 100 * inputs.numbers(visits, "change_from_baseline", "visits"),
        }
    )
    after = inputs.flags(visits, "subsequent_therapy")
    another = bool(after.any())
    table = table[~after].dropna().sort_values("day", kind="stable")
    place = {key: i for i, key in enumerate(key_of_patient)}
    return {
        place[key]: np.vstack([[0.0, 0.0], rows[["day", "change"]].to_numpy(dtype=float)])
        for key, rows in table.groupby("key", sort=False)
        if key in place
    }, another
