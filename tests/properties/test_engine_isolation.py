"""A patient's result depends on nothing but that patient: not on chunk, threads, lane or neighbours."""

from __future__ import annotations

import time

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from unmask.engine import Status, compile_model
from unmask.engine.threads import in_threads
from unmask.model.system import Model, Parameter, Rule, Species


def tumour() -> Model:
    """Growth, killing with a Hill exponent per patient, a stiff mediator and a clock."""
    c, e, m, t = sp.symbols("c e m t")
    k, n, kill, fast, mask = sp.symbols("k n kill fast mask")
    rate = kill * e**n / (1 + e**n) * mask
    rates = (
        k * c * (1 - c / 1000) - rate * c,
        0.1 * m - 0.2 * e,
        fast * (c / (c + 10) * (1 + sp.sin(t)) - m),
    )
    species = (
        Species("c", "Mc", "", 1.0, extinct_below=1e-6, absolute_tolerance=1e-9),
        Species("e", "Mc", "", 0.1),
        Species("m", "1", "", 0.0),
    )
    values = {"k": 0.1, "n": 2.0, "kill": 0.5, "fast": 1e4}
    parameters = tuple(
        Parameter(key, v, "1", "", 0, 1e9, "made up", "definition") for key, v in values.items()
    )
    rules = (Rule("mask", "1", 1 / (1 + m)), Rule("size", "1", c ** sp.Rational(1, 3)))
    return Model("toy tumour", species, parameters, rules, rates, ("size", "mask", "c"))


COMPILED = compile_model(tumour())


def cohort(patients: int, seed: int = 1):
    random = np.random.default_rng(seed)
    parameters = COMPILED.default_parameters(patients) * random.lognormal(0.0, 0.7, (patients, 4))
    states = COMPILED.initial_states(patients) + random.lognormal(0.0, 1.0, (patients, 3))
    return states, parameters


def fields(result):
    return result.states, result.step_size, result.status, result.steps, result.rejected, result.time


def assert_identical(first, second):
    for one, other in zip(fields(first), fields(second), strict=True):
        assert_array_equal(one, other)


@pytest.mark.parametrize("chunk", [1, 7, 64, 4096])
@pytest.mark.parametrize("threads", [1, 2])
def test_chunk_size_and_threads_do_not_change_a_bit(chunk, threads):
    states, parameters = cohort(300)
    end = np.linspace(1.0, 60.0, 300)
    expected = COMPILED.integrate(states, parameters, 0.0, end, threads=1, chunk=300)
    assert (expected.status == Status.OK).all() and len(set(expected.steps)) > 5
    result = COMPILED.integrate(states, parameters, 0.0, end, threads=threads, chunk=chunk)
    assert_identical(result, expected)
    observed = COMPILED.observe(result.states, parameters, end)
    one_by_one = [
        COMPILED.observe(result.states[i : i + 1], parameters[i : i + 1], end[i])[0] for i in range(300)
    ]
    assert_array_equal(observed, one_by_one)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(21)), st.integers(1, 25))
def test_order_of_patients_does_not_change_a_bit(order, chunk):
    states, parameters = cohort(21)
    expected = COMPILED.integrate(states, parameters, 0.0, 30.0)
    result = COMPILED.integrate(states[order], parameters[order], 0.0, 30.0, chunk=chunk)
    for one, other in zip(fields(result), fields(expected), strict=True):
        assert_array_equal(one, other[order])


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 40),
    st.sampled_from(["nan state", "infinite state", "nan parameter", "out of steps", "stuck"]),
    st.integers(1, 50),
)
def test_a_patient_who_fails_leaves_the_neighbours_alone(victim, trouble, chunk):
    states, parameters = cohort(41)
    end = np.full(41, 30.0)
    limit = 400
    healthy = COMPILED.integrate(states, parameters, 0.0, end, max_steps=limit)
    assert (healthy.status == Status.OK).all()
    expected = Status.NOT_FINITE
    if trouble == "nan state":
        states[victim, 1] = np.nan
    elif trouble == "infinite state":
        states[victim, 0] = np.inf
    elif trouble == "nan parameter":
        parameters[victim, 0] = np.nan
    elif trouble == "stuck":
        parameters[victim, 0] = 1e300
    else:
        end[victim], expected = 1e5, Status.OUT_OF_STEPS
    result = COMPILED.integrate(states, parameters, 0.0, end, max_steps=limit, chunk=chunk)
    others = np.arange(41) != victim
    for one, other in zip(fields(result), fields(healthy), strict=True):
        assert_array_equal(one[others], other[others])
    assert result.status[victim] == expected
    assert result.time[victim] < end[victim]
    assert result.step_size[victim] == 0.0
    assert result.reasons()[victim] == expected.reason != "ok"
    if expected == Status.OUT_OF_STEPS:
        assert result.steps[victim] == limit
        assert np.isfinite(result.states[victim]).all() and result.time[victim] > 0.0
    else:
        assert_array_equal(result.states[victim], states[victim])


def test_a_patient_without_time_to_go_is_unchanged():
    states, parameters = cohort(5)
    states[2, 0] = -1.0
    end = np.array([1.0, 2.0, 0.0, 3.0, -1.0])
    result = COMPILED.integrate(states, parameters, 0.0, end, step_size=np.full(5, 0.25))
    assert_array_equal(result.states[[2, 4]], states[[2, 4]])
    assert_array_equal(result.step_size[[2, 4]], 0.25)
    assert_array_equal(result.steps[[2, 4]], 0)
    assert (result.status == Status.OK).all()
    assert (result.steps[[0, 1, 3]] > 0).all()


def test_an_empty_cohort_is_no_error():
    result = COMPILED.integrate(np.empty((0, 3)), np.empty((0, 4)), 0.0, 1.0)
    assert result.states.shape == (0, 3)
    assert COMPILED.observe(np.empty((0, 3)), np.empty((0, 4))).shape == (0, 3)


def test_layout_and_type_of_the_arrays_do_not_change_a_bit():
    states, parameters = cohort(9)
    states = np.round(states, 1).astype(np.float32).astype(np.float64)
    expected = COMPILED.integrate(states, parameters, 0.0, 5.0)
    memory = np.zeros(1 + states.nbytes, dtype=np.uint8)[1:].view(np.float64).reshape(states.shape)
    memory[:] = states
    assert not memory.flags.aligned
    wide = np.zeros((18, 6))
    wide[::2, ::2] = states
    for same in (memory, wide[::2, ::2], np.asfortranarray(states), states.astype(np.float32),
                 states.astype(">f8"), states.tolist()):  # fmt: skip
        assert_identical(COMPILED.integrate(same, np.asfortranarray(parameters), 0, 5), expected)
        assert_array_equal(COMPILED.observe(same, parameters), COMPILED.observe(states, parameters))


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interruption_does_not_wait_for_chunks_not_yet_begun(threads):
    """Ctrl-C in a long integration: what is running ends, the rest is not begun."""
    begun = []

    def interrupted(first: int) -> None:
        begun.append(first)
        time.sleep(0.01)
        if first == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_threads(interrupted, range(200), threads)
    assert len(begun) < 20


def test_inputs_are_not_changed():
    states, parameters = cohort(9)
    hint = np.full(9, 0.1)
    copies = states.copy(), parameters.copy(), hint.copy()
    COMPILED.integrate(states, parameters, 0.0, 5.0, step_size=hint)
    for now, before in zip((states, parameters, hint), copies, strict=True):
        assert_array_equal(now, before)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.integers(0, 10**6))
def test_a_closed_system_keeps_its_mass(size, seed):
    """Linear exchange between compartments: Rosenbrock methods keep linear invariants exactly."""
    random = np.random.default_rng(seed)
    names = [f"x{i}" for i in range(size)]
    symbols = sp.symbols(names)
    flow = {(i, j): sp.Symbol(f"k{i}{j}") for i in range(size) for j in range(size) if i != j}
    rates = tuple(
        sum((flow[j, i] * symbols[j] - flow[i, j] * symbols[i] for j in range(size) if j != i), sp.S.Zero)
        for i in range(size)
    )
    parameters = tuple(Parameter(s.name, 1.0, "1", "", 0, 1e9, "", "definition") for s in flow.values())
    model = Model("exchange", tuple(Species(name, "1", "") for name in names), parameters, (), rates)
    compiled = compile_model(model)
    states = random.uniform(0.0, 1.0, (10, size))
    values = random.lognormal(0.0, 3.0, (10, len(parameters)))
    result = compiled.integrate(states, values, 0.0, random.uniform(0.1, 10.0, 10))
    assert (result.status == Status.OK).all()
    assert_allclose(result.states.sum(axis=1), states.sum(axis=1), rtol=1e-9)
