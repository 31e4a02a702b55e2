"""Procedures on random patients: no cell is made or lost from the books, none is negative, more dose kills more."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from unmask.engine import CompiledModel, compile_model
from unmask.model.catalogue import load
from unmask.therapy.adaptive import adaptive_switch
from unmask.therapy.procedure import Body
from unmask.therapy.radiotherapy import deliver_fraction
from unmask.therapy.surgery import resect

PATIENTS = 5
BLOOD = ("naive_pool", "effector_t_cells", "memory_t_cells", "activated_t_cells", "antigen")
doses = st.floats(0.01, 30.0)
seeds = st.integers(0, 2**32 - 1)
lesion_counts = st.sampled_from([None, 1, 3])


@cache
def core(lesions: int | None) -> CompiledModel:
    return compile_model(load("core", lesions))


def random_body(lesions: int | None, seed: int) -> Body:
    """States over eight decades, some of them empty; radiosensitivity and margins anywhere in their range."""
    rng = np.random.default_rng(seed)
    compiled = core(lesions)
    states = 10 ** rng.uniform(-7, 4, size=(PATIENTS, len(compiled.states)))
    states[rng.random(states.shape) < 0.1] = 0.0
    for name in ("naive_pool", "removed_nodes"):
        states[:, compiled.state_index[name]] = rng.random(PATIENTS)
    parameters = compiled.default_parameters(PATIENTS)
    for item in compiled.model.parameters:
        if item.name.startswith(("radi", "residual_share", "seed")):
            column = compiled.parameter_index[item.name]
            parameters[:, column] = rng.uniform(item.low, item.high, size=PATIENTS)
    return Body(states, parameters, compiled.state_index, compiled.parameter_index)


def everyone(body: Body) -> np.ndarray:
    return np.arange(len(body.states))


@given(seeds, lesion_counts, doses, st.floats(0.01, 1.0))
@settings(max_examples=60, deadline=None)
def test_a_fraction_turns_living_cells_into_dead_ones_and_leaves_nothing_negative(seed, lesions, dose, field):
    body = random_body(lesions, seed)
    rows = everyone(body)
    before, alive = body.states.copy(), body.cancer_cells(rows)
    killed = deliver_fraction(body, rows, dose, field)
    dead = body.columns("dead_cells")
    assert_allclose(body.cancer_cells(rows) + killed, alive, rtol=1e-12)
    assert_allclose(body.states[:, dead], before[:, dead] + killed, rtol=1e-12)
    released = body.states[:, body.state_index["antigen"]] - before[:, body.state_index["antigen"]]
    most = body.parameter("radiation_death_immunogenicity", rows) * killed.sum(axis=1)
    assert (released <= most * (1 + 1e-9) + 1e-8).all()
    assert (body.states >= 0).all()
    gains = [*dead, body.state_index["antigen"]]
    others = np.setdiff1d(np.arange(before.shape[1]), gains)
    assert (body.states[:, others] <= before[:, others]).all()


@given(seeds, lesion_counts, doses, doses, st.floats(0.01, 1.0), st.floats(0.01, 1.0))
@settings(max_examples=60, deadline=None)
def test_more_dose_or_a_larger_field_kills_more_and_costs_more_lymphocytes(
    seed, lesions, one_dose, other_dose, one_field, other_field
):
    less, more = random_body(lesions, seed), random_body(lesions, seed)
    rows = everyone(less)
    small = deliver_fraction(less, rows, min(one_dose, other_dose), min(one_field, other_field))
    large = deliver_fraction(more, rows, max(one_dose, other_dose), max(one_field, other_field))
    assert (large >= small * (1 - 1e-12)).all()
    lymphocytes = [less.state_index[name] for name in BLOOD[:3]]
    in_tumour = [*less.columns("tumour_t_cells"), *less.columns("regulatory_t_cells")]
    for columns in (lymphocytes, in_tumour):
        assert (more.states[:, columns] <= less.states[:, columns] * (1 + 1e-12)).all()


@given(seeds, lesion_counts, doses, st.integers(0, PATIENTS - 1))
@settings(max_examples=30, deadline=None)
def test_nobody_else_is_treated(seed, lesions, dose, row):
    body = random_body(lesions, seed)
    before = body.states.copy()
    deliver_fraction(body, np.array([row]), dose)
    resect(body, np.array([row]), "R1", nodes_removed=0.5, seeding=np.zeros(1))
    others = np.delete(np.arange(PATIENTS), row)
    assert (body.states[others] == before[others]).all()


@given(seeds, lesion_counts, st.sampled_from(["R0", "R1", "R2"]), st.floats(0.0, 1.0), seeds)
@settings(max_examples=60, deadline=None)
def test_an_operation_balances_and_leaves_nothing_negative(seed, lesions, margin, nodes, chance):
    body = random_body(lesions, seed)
    rows = everyone(body)
    before, alive = body.states.copy(), body.cancer_cells(rows)
    seeding = np.random.default_rng(chance).random(PATIENTS)
    done = resect(body, rows, margin, nodes_removed=nodes, seeding=seeding)
    left = body.cancer_cells(rows).sum(axis=1)
    assert_allclose(left + done.removed.sum(axis=1), alive.sum(axis=1) + done.seeded, rtol=1e-9, atol=1e-9)
    assert (body.states >= 0).all()
    assert (body.states[:, body.state_index["removed_nodes"]] <= 1).all()
    for name in ("dead_cells", "stroma", "tumour_t_cells"):
        columns = body.columns(name)
        assert (body.states[:, columns] <= before[:, columns]).all()


@given(seeds, st.floats(0.01, 0.98), st.floats(0.01, 1.0))
@settings(max_examples=60, deadline=None)
def test_a_switch_that_was_made_is_not_undone_by_the_same_marker(seed, off_below, gap):
    rng = np.random.default_rng(seed)
    on, baseline = rng.random(20) < 0.5, rng.uniform(0.1, 100, 20)
    marker = baseline * rng.uniform(0, 2.5, 20)
    once = adaptive_switch(on, marker, baseline, off_below, off_below + gap)
    assert (adaptive_switch(once, marker, baseline, off_below, off_below + gap) == once).all()
