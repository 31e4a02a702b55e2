"""A hundred virtual patients of QSP-IO, ten parameters varied as in its paper, against CVODE at rtol 1e-12.

Every patient has a start of the own (the tumour grown from one cell to its diameter) and 400 days of 210 mg nivolumab
every 14 days. CVODE integrated the exported model; the reference is its tumour diameter, right to 1e-8. The files lie
outside the repository.
"""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from qspio_export import AMOUNTS_OF_OURS, PARAMETERS, STATES, file, in_our_unit, unit_of_state

from unmask.engine import compile_model
from unmask.engine.events import run_course, triggers_before
from unmask.model.catalogue import load
from unmask.model.evaluate import Evaluator

DOSES, EVERY, DAYS = 29, 14, 400
DOSE_NM = 210e6 / (143_600.0 * 5.0)  # 143.6 kg/mol, 5 L of blood


@pytest.fixture(scope="module")
def compiled():
    return compile_model(load("qspio"))


@pytest.fixture(scope="module")
def patients(compiled):
    """States and parameters of the patients, in our units."""
    export = json.loads(file("example1.json").read_text(encoding="utf-8"))
    with file("patients.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    states, parameters = compiled.initial_states(len(rows)), compiled.default_parameters(len(rows))

    def column(name):
        return np.array([float(row[name]) for row in rows])

    for symbol, name in PARAMETERS.items():
        if f"param:{symbol}" in rows[0]:
            share = column(f"param:{symbol}") / export["parameters"][symbol]["value"]
            parameters[:, compiled.parameter_index[name]] *= share
    for state in export["states"]:
        name = STATES[state["id"]]
        unit = compiled.model.species[compiled.state_index[name]].unit
        states[:, compiled.state_index[name]] = column(f"state:{state['id']}") * in_our_unit(
            unit, unit_of_state(state)
        )
    volume = Evaluator(compiled.model).values(0.0, states.T, parameters.T)["tumour_volume"]
    for symbol in AMOUNTS_OF_OURS:
        states[:, compiled.state_index[STATES[symbol]]] *= volume * in_our_unit("um**3", "mL")
    return states, parameters


@pytest.mark.parametrize(("rtol", "allowed"), [(1e-4, 2e-5), (1e-6, 1e-7)])
def test_diameters_of_a_hundred_patients(compiled, patients, rtol, allowed):
    with file("patients_diameter_cm.csv").open(encoding="utf-8") as lines:
        expected = np.array([[float(value) for value in row[1:]] for row in list(csv.reader(lines))[1:]])
    states, parameters = patients
    days = np.arange(DAYS + 1.0)
    course = compiled.course(
        states,
        parameters,
        0.0,
        stops=days[: DOSES * EVERY : EVERY],
        dosed=["nivolumab_central"],
        amounts=DOSE_NM,
        grid=days,
        was=triggers_before(compiled.model, len(states)),
    )
    run_course(compiled, course, DAYS, rtol=rtol)
    assert not course.failed.any()
    flat = course.output.reshape(-1, course.output.shape[-1])
    column = compiled.observable_index["tumour_diameter"]
    found = compiled.observe(flat, np.repeat(parameters, len(days), axis=0))[:, column]
    np.testing.assert_allclose(found.reshape(len(states), -1), expected, rtol=allowed)
