"""A treatment of a small cohort, day by day, and figures of it; stored figures are written by running this file.

No scans, hazards and side effects: what is compared is biology and therapy alone, so that a change of a guideline or
of a hazard does not ask for new numbers. `python tests/reference_runs/therapy_course.py` stores the figures anew, which
is right only after a change that was meant to change them.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from unmask.patients.cohort import Cohort, screen
from unmask.patients.lesions import AnyModel
from unmask.patients.parameter_set import load_tumour_type
from unmask.patients.random_streams import RandomStreams
from unmask.trial.administration import Administration
from unmask.trial.arms import Arm
from unmask.trial.disease import model_of
from unmask.trial.treatment import TreatmentCourse

THERAPIES: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("therapies.toml").read_text(encoding="utf-8")
)
STORED = Path(__file__).with_name("therapies.json")
STREAMS = RandomStreams(2026)
PATIENTS, LOOK_EVERY, FIGURE_DAYS = 40, 7, (42, 168)
CELL = 1e-6  # Mc: added before a logarithm
# Observable or state -> whether its logarithm to base 10 is averaged.
QUANTITIES = {
    "cancer_cells": True,
    "tumour_volume": True,
    "resistant_share": False,
    "antigen_loss_share": False,
    "tumour_t_cells": True,
    "mask": False,
    "pd_occupancy": False,
    "ctla4_occupancy_lymph_node": False,
    "naive_pool": False,
    "effector_t_cells": True,
    "memory_t_cells": True,
    "autoreactivity": False,
    "removed_nodes": False,
    "hormone": False,
    "tumour_marker": True,
    "gut_protection": False,
}


@cache
def _model(form: str) -> AnyModel:
    return model_of(form, "core")


@cache
def _cohort(tumour_type: str, form: str) -> Cohort:
    tumour = load_tumour_type(tumour_type)
    return screen(tumour, _model(form), STREAMS, np.arange(2 * PATIENTS)).first(PATIENTS)


def figures(therapy: Mapping[str, Any], treatment: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Means over the patients on the days of figures, what was given, and the mean of the lowest neutrophil counts."""
    form = therapy.get("form", "lumped")
    model, cohort = _model(form), _cohort(therapy["tumour_type"], form)
    states, parameters = cohort.states.copy(), cohort.parameters.copy()
    administration = Administration(
        model, states, parameters, STREAMS, cohort.patients, cohort.baseline["body_weight_kg"]
    )
    arm = Arm.model_validate({"label": "reference", "treatment": list(treatment)})
    course = TreatmentCourse(arm, administration, STREAMS)
    everyone = np.ones(cohort.size, dtype=bool)

    def seen(name: str) -> np.ndarray:
        if name in model.state_index:
            return states[:, model.state_index[name]].copy()
        return model.observe(states, parameters)[:, list(model.observables).index(name)]

    course.give(0.0, everyone, seen("tumour_marker"))
    day, found, lowest = 0.0, {}, np.full(cohort.size, np.inf)
    while day < FIGURE_DAYS[-1]:
        regular = (day // LOOK_EVERY + 1) * LOOK_EVERY
        following = min(regular, float(course.next_day(day).min()))
        result = model.integrate(states, parameters, day, following, rtol=1e-4)
        assert not result.failed.any()
        states[:], day = result.states, following
        lowest = np.minimum(lowest, seen("neutrophils"))
        if day in FIGURE_DAYS:
            for name, logarithm in QUANTITIES.items():
                values = seen(name)
                mean = np.mean(np.log10(values + CELL) if logarithm else values)
                found[f"{name} day {day:.0f}"] = float(mean)
        course.give(day, everyone, seen("tumour_marker"))
    found["lowest neutrophils"] = float(np.mean(lowest))
    for name in sorted({item.name for item in arm.treatment}):
        records = [record for record in administration.records if record.drug == name]
        found[f"{name} given"] = float(sum(record.rows.size for record in records))
    return found


def differences(found: Mapping[str, float], stored: Mapping[str, float]) -> list[str]:
    """What lies further apart than 0.005 plus half a per cent, in words.

    Errors of integration are some hundred times smaller; another processor may round one patient of forty across the
    last cell, which moves a mean logarithm by less than 0.01 at the worst and mostly by nothing.
    """
    outside = [f"{name} is missing" for name in sorted(set(stored) ^ set(found))]
    for name in sorted(set(stored) & set(found)):
        if not abs(found[name] - stored[name]) <= 0.005 + 0.005 * abs(stored[name]):
            outside.append(f"{name}: {found[name]:.4f}, stored {stored[name]:.4f}")
    return outside


def stored() -> dict[str, dict[str, float]]:
    """The figures as they were stored."""
    content: dict[str, dict[str, float]] = json.loads(STORED.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    everything = {
        name: {key: round(value, 5) for key, value in figures(item, item["treatment"]).items()}
        for name, item in THERAPIES.items()
    }
    lines = [f' "{name}": {json.dumps(values)}' for name, values in everything.items()]
    STORED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
