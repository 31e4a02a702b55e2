"""The same patients in JavaScript and in the Python engine, and how far apart they are.

Both integrate at rtol 1e-9. Two numbers agree if they differ by less than 1e-6 of the larger, or by less than
:data:`NOTHING` of the largest value that the observable takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from javascript_in_node import call

from unmask.model.system import Model
from unmask.simulation.dosing import Dosing
from unmask.simulation.population import population
from unmask.simulation.trajectories import Trajectories, simulate

RTOL, AGREE, NOTHING = 1e-9, 1e-6, 1e-16


@dataclass(frozen=True)
class Experiment:
    """Patients, what they are given, and when they are looked at."""

    model: Model
    table: pd.DataFrame
    times: tuple[float, ...]
    doses: tuple[Dosing, ...] = ()
    find_tolerances: bool = False

    def by_python(self) -> Trajectories:
        """The engine's answer."""
        declared = np.array([item.absolute_tolerance for item in self.model.species])
        return simulate(
            self.model,
            population(self.model, self.table, self.times[0]),
            np.array(self.times),
            self.doses,
            rtol=RTOL,
            tolerances=None if self.find_tolerances else declared,
        )

    def options(self) -> list[dict[str, Any]]:
        """Options of each patient in JavaScript."""
        doses = [{"species": d.species, "amount": d.amount, "times": list(d.times)} for d in self.doses]
        parameters = [name for name in self.table if name in self.model.parameter_names]
        return [
            {
                "patient": number,
                "parameters": {name: float(row[name]) for name in parameters},
                "initial": {str(name): float(row[name]) for name in self.table if name not in parameters},
                "from": self.times[0],
                "times": list(self.times),
                "doses": doses,
                "rtol": RTOL,
            }
            for number, (_, row) in enumerate(self.table.iterrows())
        ]

    def values(self, answers: list[dict[str, Any]]) -> np.ndarray:
        """(patient, observable, time)."""
        return np.array([[a["observables"][n] for n in self.model.observables] for a in answers], float)

    def compared(self) -> np.ndarray:
        """Mask of the times at which nothing is given: JavaScript writes an output before the dose, Python after."""
        return ~np.isin(self.times, [time for dose in self.doses for time in dose.times])


def apart(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Difference as a share of the larger; arrays (patient, observable, time)."""
    assert np.isfinite(found).all() and np.isfinite(expected).all()
    floor = NOTHING * np.abs(expected).max(axis=(0, 2), keepdims=True) + 1e-300
    return np.asarray(
        np.abs(found - expected) / np.maximum(np.maximum(np.abs(found), np.abs(expected)), floor)
    )


def difference(experiment: Experiment, module: Path) -> float:
    """The largest difference between JavaScript and Python."""
    answers = call(module, [("simulate", [item]) for item in experiment.options()])
    assert [answer.get("status") for answer in answers] == ["OK"] * len(answers), answers[0]
    python = experiment.by_python()
    assert not python.failed.any()
    mask = experiment.compared()
    expected = python.observed.transpose(0, 2, 1)
    return float(apart(experiment.values(answers)[:, :, mask], expected[:, :, mask]).max())


def changed(module: Path, old: str, new: str) -> Path:
    """A copy of a module with a fault."""
    text = module.read_text(encoding="utf-8")
    assert old in text
    path = module.with_name("wrong.mjs")
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path
