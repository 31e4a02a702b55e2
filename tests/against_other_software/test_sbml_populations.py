"""Events of many patients at once: their moments on paper, and the same whoever else is simulated beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sbml_draft import Draft

from unmask.engine import compile_model
from unmask.engine.events import run_course, triggers_before
from unmask.model.sbml.reader import read_model
from unmask.simulation.population import population
from unmask.simulation.trajectories import simulate

PATIENTS = 200
NUMBERS = np.random.default_rng(7)
TIMES = np.linspace(0.0, 40.0, 41)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Cells die off exponentially; below one cell the clone is gone, and the moment is kept."""
    draft = (
        Draft().compartment("c", 1.0).species("cells", "c", amount=1e6, only_amount=True).parameter("k", 1.0)
    )
    draft.parameter("gone_at", -1.0, constant=False).reaction("death", "cells ->", "k*cells")
    draft.event("cells < 1", {"cells": "0", "gone_at": "time"})
    return read_model(draft.save(tmp_path_factory.mktemp("clone"))).model


@pytest.fixture(scope="module")
def crowd():
    columns = {"k": NUMBERS.uniform(0.4, 3.0, PATIENTS), "cells": 10.0 ** NUMBERS.uniform(2, 9, PATIENTS)}
    return pd.DataFrame(columns)


def test_a_clone_below_one_cell_is_gone_at_the_root_of_each_patient(clone, crowd):
    model = replace(clone, observables=("cells", "gone_at"))
    result = simulate(model, population(model, crowd), TIMES, rtol=1e-11)
    assert not result.failed.any()
    expected = np.log(crowd["cells"].to_numpy()) / crowd["k"].to_numpy()
    cured = expected < TIMES[-1]
    assert 100 < cured.sum() < PATIENTS
    assert_allclose(result.observed[cured, -1, 1], expected[cured], rtol=1e-8)
    assert_array_equal(result.observed[cured, -1, 0], 0.0)
    assert_array_equal(result.observed[~cured, -1, 1], -1.0)
    assert (result.observed[~cured, -1, 0] > 1).all()


@pytest.mark.parametrize(("chunk", "threads"), [(1, 1), (7, 1), (64, 3), (1000, 2)])
def test_moments_do_not_depend_on_chunks_and_threads(clone, crowd, chunk, threads):
    compiled, start = compile_model(clone), population(clone, crowd)

    def states(**options: int) -> np.ndarray:
        course = compiled.course(
            start.states, start.parameters, 0.0, grid=TIMES, was=triggers_before(clone, PATIENTS)
        )
        run_course(compiled, course, 40.0, rtol=1e-6, **options)
        assert not course.failed.any()
        return course.output

    assert_array_equal(states(chunk=chunk, threads=threads), states())


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """Delays of either kind, priorities, events that are withdrawn and events that cause each other."""
    draft = Draft().parameter("w", 1.0).parameter("d", 1.0).parameter("x", 0, False).rate("x", "cos(w*time)")
    for name in ("y", "z", "n", "m"):
        draft.parameter(name, 1.0, False)
    draft.event("x > 0.2", {"y": "y + x"}, delay="d", persistent=False, priority="w")
    draft.event("x > 0.2", {"z": "z*1.1 + y"}, delay="0.5*d + 0.1*abs(x)", at_trigger=False)
    draft.event("x < -0.1", {"n": "n + 1", "m": "n*0.5"}, priority="2*w")
    draft.event("x < -0.1", {"n": "n*2"}, priority="w")
    draft.event("n > 3*m", {"m": "m + 1"}, initially=False, delay="0.3*d")
    return read_model(draft.save(tmp_path_factory.mktemp("busy"))).model


def test_a_crowd_gives_what_each_patient_alone_gives(busy):
    model = replace(busy, observables=("x", "y", "z", "n", "m"))
    table = pd.DataFrame({"w": NUMBERS.uniform(0.5, 2.0, 40), "d": NUMBERS.uniform(0.1, 4.0, 40)})
    tolerances = np.full(len(model.species), 1e-9)
    together = simulate(model, population(model, table), TIMES, tolerances=tolerances)
    assert not together.failed.any()
    for row in range(len(table)):
        alone = simulate(model, population(model, table.iloc[[row]]), TIMES, tolerances=tolerances)
        assert_array_equal(alone.observed[0], together.observed[row])


def test_ties_are_decided_the_same_in_any_block(tmp_path, monkeypatch):
    """Two events of one moment and no priority: by chance for each patient, whatever block the patient is in."""
    draft = Draft().parameter("x", 0, False).rate("x", "1").parameter("y", 1, False)
    draft.event("x > 2.5", {"y": "y*2"}, at_trigger=False).event("x > 2.5", {"y": "y + 3"}, at_trigger=False)
    model = replace(read_model(draft.save(tmp_path)).model, observables=("y",))
    start = population(model, pd.DataFrame({"x": np.zeros(60)}))
    whole = simulate(model, start, TIMES[:5]).observed
    assert set(whole[:, -1, 0]) == {5.0, 8.0}
    monkeypatch.setattr("unmask.simulation.trajectories._BLOCK_VALUES", 5 * 2 * 7)
    assert_array_equal(simulate(model, start, TIMES[:5]).observed, whole)
