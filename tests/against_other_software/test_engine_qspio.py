"""QSP-IO example 1 (Sove et al. 2020) through ``advance``, against CVODE at 1e-12 and its days of extinction."""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from unmask.engine import Status, compile_model

SOURCE = Path(__file__).parents[2] / "benchmarks" / "qspio_example.py"
CELLS = ("V_T_C_x", "V_T_T_exh", "V_T_C1", "V_T_T1", "V_T_T0")


def load_example():
    specification = importlib.util.spec_from_file_location("qspio_example", SOURCE)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["qspio_example"] = module  # its dataclasses look themselves up
    specification.loader.exec_module(module)
    return module


EXAMPLE = load_example()
pytestmark = pytest.mark.skipif(
    not EXAMPLE.FOLDER.is_dir(), reason=f"the reference data are not at hand: {EXAMPLE.FOLDER}"
)


@pytest.fixture(scope="module")
def problem():
    model = EXAMPLE.build()
    return model, compile_model(model), EXAMPLE.patients(model)


@pytest.mark.parametrize(("rtol", "allowed"), [(1e-4, 3e-5), (1e-6, 3e-7)])
def test_diameters_and_extinctions_of_a_hundred_patients(problem, rtol, allowed):
    model, compiled, who = problem
    course = compiled.course(
        who.states,
        who.parameters,
        stops=EXAMPLE.DOSES,
        dosed=["n_V_C_nivolumab"],
        amounts=who.dose,
        grid=EXAMPLE.DAYS,
        saved=CELLS,
    )
    died = np.full(len(who.states), -1.0)
    rows = compiled.advance(course, 400.0, rtol=rtol)
    while rows.size:
        assert (course.was[rows, 0] == 0).all()
        died[rows] = course.time[rows]
        course.states[rows, compiled.state_index["V_T_C1"]] = 0.0
        course.was[rows] = compiled.triggers(course.states[rows], course.parameters[rows], course.time[rows])
        assert (course.was[rows, 0] == 1).all()
        rows = compiled.advance(course, 400.0, rows=rows, rtol=rtol)
    assert (course.status == Status.OK).all()
    value = {name: who.parameters[:, i, None] for i, name in enumerate(model.parameter_names)}
    dead, exhausted, alive, effector, regulatory = np.moveaxis(course.output, 2, 0)
    volume = value["V_Tmin"] + value["vol_cell"] * (dead + alive)
    volume = volume + value["vol_Tcell"] * (exhausted + effector + regulatory)
    diameters = np.cbrt(6 * volume / np.pi) / 1e4
    assert (np.abs(diameters - who.diameters) / who.diameters).max() < allowed
    with (EXAMPLE.FOLDER / "patients.csv").open() as file:
        expected = np.array([float(row["extinction_day"]) for row in csv.DictReader(file)])
    assert ((died > 0) == (expected > 0)).all()
    assert np.abs(died - expected).max() < 1.0
