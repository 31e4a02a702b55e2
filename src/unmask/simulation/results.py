"""Simulations as files and as a table for the terminal."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from unmask import __version__
from unmask.model.system import Model
from unmask.simulation.dosing import Dosing, content_of
from unmask.simulation.trajectories import Trajectories
from unmask.store import claim, replace_file, write_json, write_table

NOTICE = "Simulated patients, for research and teaching, never for treatment decisions."
OUTPUTS = (
    "trajectories.parquet",
    "trajectories.csv",
    "patients.parquet",
    "trajectories.png",
    "manifest.json",
)


@dataclass(frozen=True)
class Row:
    """An observable over the population: medians over patients, except for the range."""

    name: str
    unit: str
    start: float
    end: float
    smallest: float
    largest: float


def overview(result: Trajectories) -> list[Row]:
    """Return a row for each observable: median at start and end, smallest and largest value of any patient.

    Of patients who came to the end; all NaN where none did.
    """
    kept = result.observed[~result.failed]
    rows = []
    for index, (name, unit) in enumerate(zip(result.names, result.units, strict=True)):
        values = kept[:, :, index]
        if values.size == 0:
            rows.append(Row(name, unit, *[float("nan")] * 4))
            continue
        first, last = np.median(values[:, 0]), np.median(values[:, -1])
        rows.append(Row(name, unit, float(first), float(last), float(values.min()), float(values.max())))
    return rows


def as_data(result: Trajectories, notes: Sequence[str]) -> dict[str, Any]:
    """Return the overview as plain data, NaN as None."""
    return {
        "notice": NOTICE,
        "model": result.model.name,
        "model_hash": result.model.hash,
        "patients": len(result.patients),
        "time_unit": result.model.time_unit,
        "until": float(result.times[-1]),
        "failures": {"count": int(result.failed.sum()), "reasons": result.failures()},
        "steps": int(result.steps.sum()),
        "observables": [
            {key: None if value != value else value for key, value in asdict(row).items()}
            for row in overview(result)
        ],
        "notes": list(notes),
    }


def doses_in_words(model: Model, doses: Sequence[Dosing]) -> list[str]:
    """Return a line for each dose with the unit of what it is added to."""
    lines = []
    for dose in doses:
        unit = model.units[content_of(model, dose.species).state]
        count = f"{len(dose.times)} times" if len(dose.times) != 1 else "once"
        start = min(dose.times, default=0.0)
        lines.append(f"Dose: {f'{dose.amount:g} {unit}'.rstrip()} of {dose.species}, {count} from {start:g}")
    return lines


def write(
    folder: Path,
    result: Trajectories,
    patients: pd.DataFrame | None,
    *,
    doses: Sequence[Dosing] = (),
    notes: Sequence[str] = (),
    command: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    csv: bool = True,
    force: bool = False,
) -> None:
    """Write trajectories, patients, a picture and the manifest to a folder; each file is whole or absent.

    Raises
    ------
    ConfigurationError
        Results are there and ``force`` is not given, or the folder cannot be written.
    """
    from unmask.report.trajectory_plot import draw

    claim(folder, OUTPUTS, force=force, resume=False)
    table = result.table()
    write_table(folder / "trajectories.parquet", table)
    for name in ("trajectories.csv", "patients.parquet"):  # of an earlier run, which this one replaces
        (folder / name).unlink(missing_ok=True)
    if csv:
        replace_file(folder / "trajectories.csv", lambda path: table.to_csv(path, index=False))
    if patients is not None:
        varied = patients.rename_axis("patient").reset_index()
        varied["patient"] = varied["patient"].astype(str)
        write_table(folder / "patients.parquet", varied)
    replace_file(
        folder / "trajectories.png",
        lambda path: draw(
            path,
            result.times,
            result.names,
            result.units,
            result.observed[~result.failed],
            time_unit=result.model.time_unit,
            title=result.model.name,
        ),
    )
    # The manifest comes last: where it stands, the folder is complete.
    manifest = {
        "unmask": __version__,
        "command": list(command),
        **as_data(result, notes),
        "doses": [asdict(dose) for dose in doses],
        "settings": dict(settings or {}),
        "absolute_tolerances": {item.name: item.absolute_tolerance for item in result.model.species},
        "platform": platform.platform(),
        "failed": [
            {"patient": label, "time": float(time), "status": int(status)}
            for label, time, status in zip(result.patients, result.reached, result.status, strict=True)
            if status
        ],
    }
    write_json(folder / "manifest.json", manifest)
