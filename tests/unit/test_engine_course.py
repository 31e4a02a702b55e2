"""Whole courses in machine code: the same as calls of ``integrate`` with doses between them, plus outputs."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose, assert_array_equal

from unmask.engine import Status, compile_model
from unmask.engine.tableaus import METHODS
from unmask.errors import ConfigurationError
from unmask.model.system import Model, Parameter, Rule, Species


def tumour() -> Model:
    """Growth, a drug of two compartments, a stiff mediator and a clock."""
    c, d, q, m, t = sp.symbols("c d q m t")
    grow, kill, clear, fast = sp.symbols("grow kill clear fast")
    rates = (
        grow * c * (1 - c / 1000) - kill * m * c,
        -clear * d - 0.3 * d + 0.1 * q,
        0.3 * d - 0.1 * q,
        fast * (d / (d + 1) * (1 + sp.sin(t) / 2) - m),
    )
    species = (
        Species("c", "Mc", "", 10.0, extinct_below=1e-3, absolute_tolerance=1e-9),
        Species("d", "1", ""),
        Species("q", "1", ""),
        Species("m", "1", ""),
    )
    values = {"grow": 0.1, "kill": 0.6, "clear": 0.2, "fast": 1e4}
    parameters = tuple(Parameter(k, v, "1", "", 0, 1e9, "made up", "definition") for k, v in values.items())
    return Model("dosed tumour", species, parameters, (Rule("size", "1", c ** (1 / 3)),), rates, ("size",))


COMPILED = compile_model(tumour())
STOPS = np.array([0.0, 14.0, 28.0, 30.5, 42.0])


def cohort(patients: int, seed: int = 1):
    random = np.random.default_rng(seed)
    parameters = COMPILED.default_parameters(patients) * random.lognormal(0.0, 0.6, (patients, 4))
    amounts = random.lognormal(0.0, 1.0, (patients, len(STOPS), 1)) * random.integers(
        0, 2, (patients, len(STOPS), 1)
    )
    return COMPILED.initial_states(patients), parameters, amounts


def run(states, parameters, amounts, **options):
    course = COMPILED.course(
        states,
        parameters,
        stops=STOPS,
        dosed=("d",),
        amounts=amounts,
        grid=np.arange(0.0, 61.0),
        saved=("c", 3),
    )
    waiting = COMPILED.advance(course, 60.0, **options)
    assert waiting.size == 0
    return course


def test_a_course_equals_intervals_with_doses_between_to_the_bit():
    states, parameters, amounts = cohort(50)
    course = run(states, parameters, amounts, rtol=1e-5)
    now, step = states.copy(), np.zeros(50)
    steps = np.zeros(50, dtype=int)
    for stop, (start, end) in enumerate(zip(STOPS, [*STOPS[1:], 60.0], strict=True)):
        now[:, 1] += amounts[:, stop, 0]
        hint = np.where(amounts[:, stop, 0] != 0.0, 0.01 * step, step)
        done = COMPILED.integrate(now, parameters, start, end, rtol=1e-5, step_size=hint)
        written = course.output[:, int(start)] if start != 30.5 else np.array([])
        if written.size:  # the state after the dose, as it is
            assert_array_equal(written, now[:, [0, 3]])
        now, step = done.states, done.step_size
        steps += done.steps
    assert_array_equal(course.states, now)
    assert_array_equal(course.step_size, step)
    assert_array_equal(course.steps, steps)
    assert_array_equal(course.time, 60.0)
    assert_array_equal(course.output[:, 60], now[:, [0, 3]])
    assert (course.status == Status.OK).all() and not course.failed.any() and set(course.reasons()) == {"ok"}
    assert (course.states[:, 0] == 0.0).any()  # some are extinct at a stop, and stay so


@pytest.mark.parametrize("chunk", [1, 7, 64])
@pytest.mark.parametrize("threads", [1, 2])
def test_chunk_threads_and_order_do_not_change_a_bit(chunk, threads):
    states, parameters, amounts = cohort(60)
    expected = run(states, parameters, amounts)
    order = np.random.default_rng(5).permutation(60)
    result = run(states[order], parameters[order], amounts[order], threads=threads, chunk=chunk)
    for name in ("states", "output", "steps", "rejected", "step_size", "time", "next_output", "next_stop"):
        assert_array_equal(getattr(result, name), getattr(expected, name)[order])


def test_a_course_in_parts_passes_every_time_of_the_grid_once():
    states, parameters, amounts = cohort(20)
    whole = run(states, parameters, amounts, rtol=1e-8)
    course = COMPILED.course(
        states,
        parameters,
        stops=STOPS,
        dosed=[1],
        amounts=amounts,
        grid=np.arange(0.0, 61.0),
        saved=("c", "m"),
    )
    for end in (7.0, 14.0, 20.25, 60.0):
        COMPILED.advance(course, end, rows=np.arange(0, 20, 2), rtol=1e-8)
        assert_array_equal(course.next_output[::2], int(end) + 1)
    assert np.isfinite(course.output[::2]).all() and np.isnan(course.output[1::2]).all()
    assert_array_equal(course.time[1::2], 0.0)
    assert_allclose(course.output[::2, :, 0], whole.output[::2, :, 0], rtol=3e-6, atol=1e-9)
    # The mediator follows the clock at once: between long steps it is only as good as the extension.
    assert_allclose(course.output[::2, :, 1], whole.output[::2, :, 1], rtol=1e-3)
    assert_array_equal(COMPILED.advance(course, 60.0), [])
    assert_array_equal(course.output[1::2], run(states, parameters, amounts).output[1::2])


def test_times_before_the_start_are_left_alone():
    states, parameters, _ = cohort(3)
    course = COMPILED.course(states, parameters, [5.0, 5.5, 9.0], grid=np.arange(0.0, 11.0), saved=("c",))
    COMPILED.advance(course, 10.0)
    assert_array_equal(np.isnan(course.output[:, :, 0]).sum(axis=1), [5, 6, 9])


def test_lanes_that_leave_without_a_step_do_not_take_a_neighbours_first_step_from_it():
    states, parameters, _ = cohort(200)
    ends = np.where(np.random.default_rng(8).uniform(size=200) < 0.5, 0.0, np.linspace(0.1, 9.0, 200))
    course = COMPILED.course(states, parameters, grid=[0.0])
    COMPILED.advance(course, ends)
    assert (course.status == Status.OK).all() and np.isfinite(course.output).all()
    assert_array_equal(course.time, ends)
    expected = COMPILED.integrate(states, parameters, 0.0, ends)
    assert_array_equal(course.states, expected.states)


def test_a_patient_who_fails_keeps_what_was_written():
    states, parameters, amounts = cohort(17)
    healthy = run(states, parameters, amounts)
    amounts[4, 2, 0] = np.nan
    course = run(states, parameters, amounts)
    others = np.arange(17) != 4
    assert_array_equal(course.output[others], healthy.output[others])
    assert_array_equal(course.output[4, :28], healthy.output[4, :28])
    assert np.isnan(course.output[4, 29:]).all()
    assert course.status[4] == Status.NOT_FINITE and course.failed[4] and course.time[4] == 28.0
    assert_array_equal(COMPILED.advance(course, 70.0), [])  # the failed one is not tried again
    assert course.time[4] == 28.0 and (course.time[others] == 70.0).all()


@pytest.mark.parametrize("name", METHODS)
def test_the_continuous_extension_has_the_order_it_claims(name):
    """One step of x' = y, y' = -x and a clock, read off inside: the local error falls as h^(order of extension + 1)."""
    x, y, t = sp.symbols("x y t")
    rates = (-y + x * (1 - x**2 - y**2), x + (sp.sin(t) - y) * sp.exp(x * y))
    species = tuple(Species(n, "1", "", v, nonnegative=False) for n, v in (("x", 1.0), ("y", 0.0)))
    compiled = compile_model(Model("circle", species, (), (), rates), name)
    errors = []
    for length in (0.2, 0.1):
        inside = length * np.linspace(0.1, 0.9, 9)
        course = compiled.course(compiled.initial_states(1), np.empty((1, 0)), grid=inside)
        course.step_size[:] = 1.0
        compiled.advance(course, length, rtol=1.0)
        assert course.steps[0] == 1
        errors.append(np.abs(course.output[0] - np.column_stack([np.cos(inside), np.sin(inside)])).max())
    order = {"rodas4": 3, "rodas5p": 4}[name]
    assert np.log2(errors[0] / errors[1]) > order + 0.6


def test_a_state_that_should_not_be_negative_is_named():
    x, k = sp.symbols("x k")
    species = (Species("x", "1", "", 1.0), Species("y", "1", "", 1.0, nonnegative=False))
    parameter = (Parameter("k", 0.0, "1", "", 0, 9, "", "definition"),)
    compiled = compile_model(Model("drain", species, parameter, (), (-k - x, -k)))
    values = np.array([[0.0], [1e-6], [0.1]])
    course = compiled.course(compiled.initial_states(3), values)
    compiled.advance(course, 40.0)
    assert_array_equal(course.status, [Status.OK, Status.OK, Status.NEGATIVE])
    assert_array_equal(course.states[:2, 0] >= 0.0, True)
    assert_allclose(course.states[2], [-0.1, -3.0], rtol=1e-3)


x, y = sp.symbols("x y")


@pytest.mark.parametrize(
    ("rates", "options", "expected"),
    [
        ((-x, -y), {}, Status.OK),
        ((-x, -y), {"max_steps": 2}, Status.OUT_OF_STEPS),
        ((x**3, -y), {}, Status.STEP_TOO_SMALL),
        ((sp.log(-x), -y), {}, Status.NOT_FINITE),
        ((2.0**200 * (x + y), 2.0**200 * (x + y)), {}, Status.SINGULAR),
        ((-sp.Float(3.0), -y), {}, Status.NEGATIVE),
    ],
)
def test_every_status_occurs_and_leaves_the_last_good_state(rates, options, expected):
    species = tuple(Species(name, "1", "", 1.0) for name in "xy")
    compiled = compile_model(Model("ends", species, (), (), rates))
    course = compiled.course(compiled.initial_states(2), np.empty((2, 0)), stops=[1.0])
    course.step_size[:] = 0.5
    compiled.advance(course, 2.0, **options)
    assert_array_equal(course.status, expected)
    assert course.reasons() == (expected.reason,) * 2
    assert np.isfinite(course.states).all()
    assert_array_equal(course.failed, expected != Status.OK)
    assert (course.step_size > 0.0).all() == (expected == Status.OK)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"stops": [2.0, 1.0]}, "engine.ascending"),
        ({"stops": [[1.0], [2.0]]}, "engine.shape"),
        ({"grid": [1.0, np.nan]}, "engine.ascending"),
        ({"grid": [[1.0]]}, "engine.shape"),
        ({"saved": ["nothing"]}, "engine.unknown_state"),
        ({"dosed": [4]}, "engine.unknown_state"),
        ({"stops": [1.0], "dosed": ["d"], "amounts": np.ones((5, 1, 1))}, "engine.shape"),
        ({"stops": 1.0}, "engine.shape"),
    ],
)
def test_a_course_that_cannot_be_is_refused_by_name(arguments, code):
    states, parameters, _ = cohort(3)
    with pytest.raises(ConfigurationError) as caught:
        COMPILED.course(states, parameters, **arguments)
    assert caught.value.code == code


@pytest.mark.parametrize("rows", [[3], [-1], [[0]], [1, 1]])
def test_rows_that_do_not_exist_are_refused(rows):
    states, parameters, _ = cohort(3)
    course = COMPILED.course(states, parameters)
    with pytest.raises(ConfigurationError, match="below 3"):
        COMPILED.advance(course, 1.0, rows=np.array(rows))
