"""Events: their moments, their triggers, and when the clock makes the equations jump."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose, assert_array_equal

from unmask.engine import Status, compile_model
from unmask.engine.breakpoints import breakpoints
from unmask.engine.tableaus import METHODS
from unmask.engine.translate import translate
from unmask.model.system import Event, Model, Parameter, Rule, Species

x, v, p, t = sp.symbols("x v p t")
P = Parameter("p", 1.0, "1", "", 0, 9, "", "definition")


def model(*triggers, rates=(v, -x), start=(0.0, 1.0), rules=()) -> Model:
    """x = sin t, v = cos t unless said otherwise."""
    species = tuple(Species(n, "1", "", s, nonnegative=False) for n, s in zip("xv", start, strict=True))
    events = tuple(Event(f"event_{i}", trigger, ()) for i, trigger in enumerate(triggers))
    return Model("watched", species, (P,), rules, rates, events=events)


def moments(compiled, end: float, patients: int = 1, rtol: float = 1e-8, values=None, **options):
    """Times at which anything changes, with nothing done about it, up to ``end``; of the first patient."""
    parameters = compiled.default_parameters(patients) if values is None else values
    course = compiled.course(compiled.initial_states(patients), parameters, **options)
    found: list[list[float]] = [[] for _ in range(len(parameters))]
    rows = None
    while True:
        rows = compiled.advance(course, end, rows=rows, rtol=rtol)
        assert not course.failed.any()
        if not rows.size:
            return found, course
        now = compiled.triggers(course.states, course.parameters, course.time)
        assert (now[rows] != course.was[rows]).any(axis=1).all()
        for row in rows:
            found[row].append(course.time[row])
        course.was[rows] = now[rows]


@pytest.mark.parametrize("method", METHODS)
def test_crossings_are_found_to_rounding_in_both_directions(method):
    compiled = compile_model(model(x > 0.5), method)
    found, course = moments(compiled, 14.0, rtol=1e-11)
    first = np.arcsin(0.5)
    expected = [first, np.pi - first, first + 2 * np.pi, 3 * np.pi - first, first + 4 * np.pi]
    assert_allclose(found[0], expected, rtol=1e-9)
    assert course.status[0] == Status.OK and course.time[0] == 14.0


def test_the_moment_is_the_first_at_which_the_trigger_holds():
    """x' = 1: the root is at t = 0.3 of the numbers that the engine makes of it, and the bracket ends there."""
    compiled = compile_model(model(x >= 0.3, rates=(sp.S.One, sp.S.Zero)))
    course = compiled.course(compiled.initial_states(1), compiled.default_parameters(1))
    assert_array_equal(compiled.advance(course, 1.0), [0])
    assert course.status[0] == Status.EVENT and not course.failed[0]
    assert course.states[0, 0] >= 0.3
    assert abs(course.time[0] - 0.3) <= 8 * np.spacing(0.3)
    assert_array_equal(course.was, [[0]])


def test_what_a_caller_does_at_an_event_is_gone_on_from():
    """A bouncing ball: at the floor the speed turns, half of it lost."""
    compiled = compile_model(model(x < 0, rates=(v, sp.Float(-10)), start=(5.0, 0.0)))
    course = compiled.course(
        compiled.initial_states(3), compiled.default_parameters(3), grid=[0.5, 1.0, 1.5, 2.0], saved=("x",)
    )
    rows, bounces = None, []
    while (rows := compiled.advance(course, 2.4, rows=rows, rtol=1e-9)).size:
        assert_allclose(course.states[rows, 0], 0.0, atol=1e-13)
        course.states[rows, 0] = 0.0
        course.states[rows, 1] *= -0.5
        course.was[rows] = compiled.triggers(course.states[rows], course.parameters[rows], course.time[rows])
        bounces.append(course.time[0])
    assert_allclose(bounces, [1.0, 2.0], rtol=1e-9)
    # 5 - 5 t^2, then from 1 on 5 (t - 1) - 5 (t - 1)^2; at 1.0 the ball is on the floor.
    assert_allclose(course.output[:, :, 0], [[3.75, 0.0, 1.25, 0.0]] * 3, atol=1e-6)


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (t >= 2, [2.0]),
        (t > p, [1.0]),
        (sp.And(t > 1, t < 2.5), [1.0, 2.5]),
        (sp.Or(t < 1, t > 2.5), [1.0, 2.5]),
        (sp.Xor(t < 1, t > 2), [1.0, 2.0]),
        (sp.Not(sp.And(t > 1, x > -5)), [1.0]),
        (sp.ITE(x > -5, t > 1, t > 2), [1.0]),
        (sp.Piecewise((t > 2, x > -5), (t > 1, True)), [2.0]),
        (sp.Ne(sp.floor(t), 1), [1.0, 2.0]),
        (sp.Piecewise((1.0, t < 1.5), (2.0, True)) > 1.2, [1.5]),
        (sp.true, []),
        (sp.Symbol("p"), []),
    ],
)
def test_every_kind_of_condition(trigger, expected):
    compiled = compile_model(model(trigger))
    found, _ = moments(compiled, 3.0, stops=[0.7, 2.0])
    assert_allclose(found[0], expected, rtol=4e-15)


def test_of_several_events_the_first_comes_first_and_all_of_a_moment_together():
    compiled = compile_model(model(x > 0.5, v < 0.2, sp.Gt(x, 0.5)))
    found, _ = moments(compiled, 2.0)
    assert_allclose(found[0], [np.arcsin(0.5), np.arccos(0.2)], rtol=1e-6)
    assert_array_equal(compiled.triggers([[0.6, 0.3], [0.1, 0.1]], [[1.0], [1.0]]), [[1, 0, 1], [0, 1, 0]])


def test_a_dose_that_pulls_a_trigger_stops_the_patient_before_the_output_of_that_time():
    compiled = compile_model(model(x > 0.5, rates=(-x / 10, sp.S.Zero)))
    course = compiled.course(
        compiled.initial_states(2),
        compiled.default_parameters(2),
        stops=[0.0, 3.0],
        dosed=["x"],
        amounts=np.array([[[0.0], [1.0]], [[0.2], [0.2]]]),
        grid=[0.0, 3.0, 4.0],
        saved=["x"],
    )
    assert_array_equal(compiled.advance(course, 4.0), [0])
    assert course.time[0] == 3.0 and course.states[0, 0] == 1.0
    assert_array_equal(course.next_output, [1, 3])
    course.states[0, 0] = 0.25
    compiled.advance(course, 4.0, rows=np.array([0]))
    assert_allclose(course.output[0, :, 0], [0.0, 0.25, 0.25 * np.exp(-0.1)], rtol=1e-6)


def test_an_event_that_holds_at_the_start_stops_there_if_it_was_false_before():
    compiled = compile_model(model(x < 0.5))
    course = compiled.course(compiled.initial_states(1), compiled.default_parameters(1), was=[[0]])
    assert_array_equal(compiled.advance(course, 1.0), [0])
    assert course.time[0] == 0.0 and course.steps[0] == 0


def test_neighbours_chunks_and_threads_do_not_change_a_bit():
    compiled = compile_model(model(x > p, sp.And(v < 0, t > 1)))
    values = np.random.default_rng(2).uniform(0.1, 0.99, (40, 1))
    expected, whole = moments(compiled, 20.0, 40, values=values, grid=np.arange(21.0))
    assert min(map(len, expected)) > 10
    order = np.random.default_rng(3).permutation(40)
    course = compiled.course(compiled.initial_states(40), values[order], grid=np.arange(21.0))
    rows = None
    while (rows := compiled.advance(course, 20.0, rows=rows, rtol=1e-8, chunk=3, threads=2)).size:
        course.was[:] = compiled.triggers(course.states, course.parameters, course.time)
    assert_array_equal(course.states, whole.states[order])
    assert_array_equal(course.output, whole.output[order])
    assert_array_equal(course.steps, whole.steps[order])


def test_without_steps_left_the_search_ends_with_a_status():
    compiled = compile_model(model(x > 0.5))
    course = compiled.course(compiled.initial_states(1), compiled.default_parameters(1))
    compiled.advance(course, 1.0, max_steps=4)
    assert course.status[0] == Status.OUT_OF_STEPS and course.time[0] < np.arcsin(0.5)


def test_a_model_without_events_has_no_triggers():
    compiled = compile_model(model())
    assert compiled.triggers(np.zeros((3, 2)), np.ones((3, 1))).shape == (3, 0)


def test_breakpoints_are_what_the_clock_is_compared_with():
    begin, length, late = sp.symbols("begin length late")
    parameters = tuple(Parameter(n, 1.0, "1", "", 0, 9, "", "definition") for n in ("begin", "length"))
    rules = (
        Rule("late", "1", t - begin),
        Rule("pulse", "1", sp.Piecewise((1, sp.And(late > 0, late < length)), (0, True))),
        Rule("size", "1", sp.Piecewise((x, x > t), (t, True))),
    )
    rate = sp.Piecewise((1, 2 * t <= 7 * length), (x, t**2 > 2), (2, True))
    watched = Model(
        "timed",
        (Species("x", "1", ""),),
        parameters,
        rules,
        (rate,),
        events=(Event("e", sp.And(t >= begin, sp.Or(x > 2, t < 11)), ()),),
    )
    assert set(breakpoints(watched)) == {begin, begin + length, 7 * length / 2, sp.Integer(11)}
    assert breakpoints(model()) == []


def test_margins_change_sign_where_their_triggers_change():
    """The search believes the trigger; the margin only makes it fast."""
    triggers = (
        sp.Xor(x > 0, v > 0.1),
        sp.Eq(x, v),
        sp.ITE(x > v, v > 0.5, x < 0.1),
        sp.Ne(x, 0.3) & ~(v < x),
    )
    watched = model(*triggers)
    equations = translate(watched)
    compiled = compile_model(watched)
    random = np.random.default_rng(4).choice([-0.2, 0.1, 0.3, 0.5, 0.7], (200, 2))
    for state, held in zip(random, compiled.triggers(random, np.ones((200, 1))), strict=True):
        inputs = {("state", 0): state[0], ("state", 1): state[1], ("parameter", 0): 1.0, ("time", 0): 0.0}
        for margin, holds in zip(equations.margins, held, strict=True):
            value = evaluate(equations.graph, margin, inputs)
            assert value >= 0.0 if holds else value <= 0.0


def evaluate(graph, node, inputs):
    """A margin's value in plain Python."""
    x = [evaluate(graph, operand, inputs) for operand in graph.operands[node]]
    match graph.operation[node]:
        case "constant":
            return graph.payload[node]
        case "input":
            return inputs[graph.payload[node]]
        case "select":
            return x[1] if x[0] else x[2]
    return {
        "sub": lambda: x[0] - x[1],
        "add": lambda: x[0] + x[1],
        "neg": lambda: -x[0],
        "abs": lambda: abs(x[0]),
        "min": lambda: min(x),
        "max": lambda: max(x),
        "lt": lambda: x[0] < x[1],
        "or": lambda: x[0] or x[1],
        "and": lambda: x[0] and x[1],
        "not": lambda: not x[0],
    }[graph.operation[node]]()
