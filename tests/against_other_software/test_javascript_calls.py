"""Calls of a generated JavaScript module in Node: arithmetic, doses, statuses, and what it refuses."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
import sympy as sp
from javascript_in_node import call, needs_node, run_script, write
from numpy.testing import assert_allclose, assert_array_equal

from unmask.engine import Status, compile_model
from unmask.engine.targets.javascript import listing
from unmask.model.system import Model, Parameter, Rule, Species

pytestmark = needs_node

x, y, p, t = sp.symbols("x y p t", real=True)
EXPRESSIONS = {
    "sums": x - 3 * y + p / x - (y - x) * -2,
    "powers": x**2 + y**3 - x**-1 + x**-3 * y,
    "roots": sp.sqrt(x) + sp.Abs(y) ** sp.Rational(3, 2) + x ** sp.Rational(-1, 2),
    "power": x**p,
    "power_of_one_third": y ** sp.Rational(1, 3),
    "elementary": sp.exp(-y) + sp.log(x) + sp.sin(x) * sp.cos(y) + sp.tanh(x * y),
    "floor": sp.floor(x) - sp.floor(-y),
    "extrema": sp.Max(x, y, 0.5) - 2 * sp.Min(x, sp.log(y)),
    "branches": sp.Piecewise((x, x < y), (2 * x, sp.And(x >= 1, sp.Ne(y, 0))), (sp.log(y), sp.Or(y > 2, sp.Eq(x, y)))),
    "negation": sp.Piecewise((1, sp.Not(sp.And(x < 1, y < 1), evaluate=False)), (x * y, True)),
    "clock": t * x,
}  # fmt: skip
VALUES = [-2.5, -2.0, -1.0, 0.0, 1e-3, 0.5, 1.0, 2.0, 3.7, 1e5]
SPECIES = tuple(Species(name, "1", "", 1.0, nonnegative=False) for name in "xy")
PARAMETER = Parameter("p", 1.0, "1", "", -5.0, 5.0, "", "definition")


def expressions() -> Model:
    rules = tuple(Rule(name, "1", expression) for name, expression in EXPRESSIONS.items())
    return Model("expressions", SPECIES, (PARAMETER,), rules, (sp.S.Zero, sp.S.Zero), tuple(EXPRESSIONS))


def decline(**more) -> Model:
    """x falls exponentially; y grows with it and stays."""
    k, q = sp.symbols("k q")
    species = (Species("x", "mg", "", 8.0, extinct_below=0.1), Species("y", "mg", ""))
    parameters = (
        Parameter("k", 0.5, "1/day", "", 0.0, 9.0, "", "definition"),
        Parameter("q", 0.0, "mg/day", "", -1.0, 1.0, "", "definition"),
    )
    return Model(
        "decline", species, parameters, (), (-k * sp.Symbol("x"), k * sp.Symbol("x") + q), ("x",), **more
    )


@pytest.fixture(scope="module")
def falling(tmp_path_factory):
    return write(decline(), tmp_path_factory.mktemp("javascript"))


def test_arithmetic_is_that_of_the_engine_where_it_is_undefined_too(tmp_path):
    model = expressions()
    compiled = compile_model(model)
    cases = [(a, b, c) for a in VALUES for b in VALUES for c in (-2.0, 0.0, 0.5, 3.0)]
    calls = [
        ("simulate", [{"from": 1.5, "times": [1.5], "initial": {"x": a, "y": b}, "parameters": {"p": c}}])
        for a, b, c in cases
    ]
    answers = call(write(model, tmp_path), calls)
    found = np.array([[a["observables"][name][0] for name in EXPRESSIONS] for a in answers], dtype=float)
    states = np.array([[a, b] for a, b, _ in cases])
    expected = compiled.observe(states, np.array([[c] for *_, c in cases]), 1.5)
    for column, name in enumerate(EXPRESSIONS):
        assert_array_equal(np.isfinite(found[:, column]), np.isfinite(expected[:, column]), err_msg=name)
        assert_allclose(found[:, column], expected[:, column], rtol=1e-13, atol=1e-15, err_msg=name)
    assert 0 < np.isfinite(expected).mean() < 1  # the undefined is among them


def moving() -> Model:
    """Not autonomous, stiff, with a condition, a power of a parameter and a state that others only read."""
    a, b = sp.symbols("a b")
    rates = (
        b * sp.cos(t) - 0.1 * a**2 + sp.Piecewise((1, sp.And(b < 99, t > 3)), (0, True)),
        -50 * (b - sp.sqrt(sp.Abs(a) + 1) ** p) + sp.sin(3 * t),
    )
    species = tuple(Species(name, "1", "", 1.0) for name in "ab")
    return Model("moving", species, (PARAMETER,), (Rule("sum", "1", a + b),), rates, ("sum", "a"))


def test_equations_that_depend_on_time(tmp_path):
    model = moving()
    compiled = compile_model(model)
    (answer,) = call(
        write(model, tmp_path),
        [("simulate", [{"from": 1.0, "until": 9.0, "outputEvery": 2.0, "rtol": 1e-8}])],
    )
    state, parameters, step = compiled.initial_states(1), compiled.default_parameters(1), None
    expected = [compiled.observe(state, parameters, 1.0)[0]]
    for begin in (1.0, 3.0, 5.0, 7.0):
        done = compiled.integrate(state, parameters, begin, begin + 2.0, rtol=1e-8, step_size=step)
        assert not done.failed.any()
        state, step = done.states, done.step_size
        expected.append(compiled.observe(state, parameters, begin + 2.0)[0])
    assert answer["times"] == [1.0, 3.0, 5.0, 7.0, 9.0]
    found = np.array([answer["observables"]["sum"], answer["observables"]["a"]]).T
    assert_allclose(found, expected, rtol=1e-9)


def test_a_model_cut_into_many_functions_gives_the_same_bits(tmp_path, monkeypatch):
    asked = [("simulate", [{"until": 9.0, "outputEvery": 1.0}])]
    whole = call(write(moving(), tmp_path), asked)
    monkeypatch.setattr(listing, "LONGEST", 6)
    path = write(moving(), tmp_path)
    assert "function linearise3()" in path.read_text(encoding="utf-8")
    assert call(path, asked) == whole


def test_doses_changes_and_extinction_happen_at_the_ends_of_intervals(falling):
    asked = {
        "parameters": {"k": 1.0},
        "initial": {"x": 0.0, "y": 1.0},
        "doses": [
            {"species": "x", "amount": 3.0, "times": [0.0, 2.0, 99.0]},
            {"species": "x", "amount": 1.0, "multiplyBy": "k", "divideBy": "q", "times": [2.0]},
        ],
        "changes": [{"parameter": "k", "value": 2.0, "time": 2.0}, {"parameter": "q", "value": 0.5, "time": 1.0}],
        "until": 6.0,
        "outputEvery": 1.0,
        "rtol": 1e-9,
        "observables": ["x", "y"],
    }  # fmt: skip
    (answer,) = call(falling, [("simulate", [asked])])
    first = 3.0 * math.exp(-2.0) + 3.0 + 4.0
    expected = [
        0.0,  # before the dose of the same moment
        *(3.0 * math.exp(-time) for time in (1.0, 2.0)),
        *(first * math.exp(-2.0 * time) for time in (1.0, 2.0)),
        0.0,  # first * exp(-6) is below 0.1
        0.0,
    ]
    assert answer["status"] == "OK" and answer["reason"] == "ok" and answer["reached"] == 6.0
    assert_allclose(answer["observables"]["x"], expected, rtol=1e-7)
    assert_allclose(answer["observables"]["y"][2], 1.0 + 3.0 * (1.0 - math.exp(-2.0)) + 0.5, rtol=1e-7)
    assert answer["state"]["x"] == 0.0


def test_a_run_goes_on_from_the_state_of_another_and_leaves_nothing_behind(falling):
    first, other, again = call(
        falling,
        [
            ("simulate", [{"until": 4.0, "rtol": 1e-10}]),
            ("simulate", [{"until": 1.0, "parameters": {"k": 7.0}, "initial": {"x": 1.0}}]),
            ("simulate", [{"until": 4.0, "rtol": 1e-10}]),
        ],
    )
    assert first == again != other
    (onward,) = call(
        falling, [("simulate", [{"from": 4.0, "until": 6.0, "initial": first["state"], "rtol": 1e-10}])]
    )
    assert onward["observables"]["x"][-1] == pytest.approx(8.0 * math.exp(-3.0), rel=1e-8)


POLE = Model("pole", (Species("x", "1", "", 1.0),), (), (), (sp.Symbol("x") ** 2,), ("x",))
UNDEFINED = Model(
    "undefined", (Species("x", "1", "", 1.0),), (), (), (0.001 * sp.log(sp.Symbol("x") - 0.5) - 2,), ("x",)
)
HUGE = Model("huge", (Species("x", "1", "", 1.0),), (), (), (sp.Float("1e300") * sp.Symbol("x"),), ("x",))
ENDLESS = Model("endless", (Species("x", "1", "", 1.0),), (), (), (sp.cos(1e4 * sp.Symbol("t")),), ("x",))


STEEP = Model(  # two equal rows so large that 1/(h gamma) is lost in them at every step size
    "steep", tuple(Species(name, "1", "", 1.0) for name in "xy"), (), (), (2.0**200 * (x - y),) * 2, ("x",)
)


@pytest.mark.parametrize("model", [POLE, UNDEFINED, HUGE, ENDLESS, STEEP], ids=lambda model: model.name)
def test_a_patient_fails_as_in_python_with_a_sentence_and_nothing_beyond(model, tmp_path):
    compiled = compile_model(model)
    (answer,) = call(write(model, tmp_path), [("simulate", [{"times": [0.0, 20.0], "maxSteps": 500}])])
    done = compiled.integrate(
        compiled.initial_states(1), compiled.default_parameters(1), 0.0, 20.0, max_steps=500
    )
    assert answer["status"] == Status(int(done.status[0])).name != "OK"
    assert answer["reason"] == done.reasons()[0]
    assert answer["reached"] == pytest.approx(done.time[0], rel=1e-9)
    # At a pole the last steps hang on rounding.
    assert answer["steps"] == pytest.approx(done.steps[0], abs=5)
    assert answer["rejected"] == pytest.approx(done.rejected[0], abs=5)
    assert answer["state"]["x"] == pytest.approx(done.states[0, 0], rel=1e-6)
    assert answer["outputs"] == 1 and answer["observables"]["x"] == [1.0, "NaN"]


def test_the_statuses_seen_are_different(tmp_path):
    answers = [
        call(write(model, tmp_path), [("simulate", [{"until": 20.0, "maxSteps": 500}])])[0]["status"]
        for model in (POLE, UNDEFINED, ENDLESS, STEEP)
    ]
    assert answers == ["STEP_TOO_SMALL", "NOT_FINITE", "OUT_OF_STEPS", "SINGULAR"]


@pytest.mark.parametrize(("speed", "end"), [(1.0, 20.0), (1.0, 1.0), (1e-3, 1000.0001), (1.0, 1.02)])
def test_a_species_far_below_zero_fails_as_in_a_course(speed, end, tmp_path):
    model = Model("below", (Species("x", "1", "", 1.0),), (), (), (sp.Float(-speed),), ("x",))
    compiled = compile_model(model)
    course = compiled.course(compiled.initial_states(1), compiled.default_parameters(1))
    compiled.advance(course, end)
    (answer,) = call(write(model, tmp_path), [("simulate", [{"until": end}])])
    assert (
        answer["status"]
        == Status(int(course.status[0])).name
        == ("NEGATIVE" if end in (20.0, 1.02) else "OK")
    )
    assert answer["reached"] == end
    assert answer["state"]["x"] == pytest.approx(course.states[0, 0], rel=1e-9)


def dose(**changed):
    return {"until": 1.0, "doses": [{"species": "x", "amount": 1.0, "times": [0.0]} | changed]}


PARAMETER_K = " is not a parameter of model 'decline'. The nearest name is 'k'."
SPECIES_ = " is not a species of model 'decline'. The nearest name is '"
EITHER = " is not an observable or species of model 'decline'. The nearest name is 'x'."
REFUSED = [
    ({"until": 1.0, "parameters": {"kk": 1.0}}, f"parameters: 'kk'{PARAMETER_K}"),
    ({"until": 1.0, "parameters": {"k": -1.0}}, "parameters.k is -1; expected a number not below 0."),
    ({"until": 1.0, "parameters": {"k": "2"}}, "parameters.k is the text '2'; expected a finite number."),
    ({"until": 1.0, "parameters": {"k": None}}, "parameters.k is null; expected a finite number."),
    ({"until": 1.0, "parameters": [1.0]}, "parameters is a list; expected an object {name: value}."),
    ({"until": 1.0, "initial": {"yy": 1.0}}, f"initial: 'yy'{SPECIES_}y'."),
    ({"until": 1.0, "initial": {"x": -0.1}}, "initial.x is -0.1; expected a number not below 0."),
    (dose(species="xx"), f"doses[0].species: 'xx'{SPECIES_}x'."),
    (dose(amount=-3), "doses[0].amount is -3; expected a number not below 0."),
    (dose(amount=[3]), "doses[0].amount is a list; expected a finite number."),
    (dose(times=[0, -1]), "doses[0].times[1] is -1; expected a number not below 0."),
    (dose(times=3), "doses[0].times is 3; expected a list."),
    (dose(divideBy="kq"), f"doses[0].divideBy: 'kq'{PARAMETER_K}"),
    (dose(divideBy="q"),
     "doses[0]: the amount becomes Infinity by multiplyBy or divideBy; expected a finite number not below 0."),
    (dose(ammount=2), "doses[0]: 'ammount' is not an option. The nearest name is 'amount'."),
    ({"until": 1.0, "doses": {}}, "doses is [object Object]; expected a list."),
    ({"until": 1.0, "changes": [{"parameter": "k", "value": -1, "time": 0}]},
     "changes[0].value is -1; expected a number not below 0."),
    ({"until": 1.0, "changes": [{"parameter": "k", "value": 1}]},
     "changes[0].time is undefined; expected a finite number."),
    ({"until": 1.0, "observables": ["sum"]}, f"observables[0]: 'sum'{EITHER}"),
    ({"until": -1.0}, "until is -1; expected a number not below 0."),
    ({}, "until is undefined; expected a finite number."),
    ({"until": 1.0, "outputEvery": 0}, "outputEvery is 0; expected a number above 0."),
    ({"until": 1e9, "outputEvery": 1e-3}, "outputEvery is 0.001: more than 1000000 outputs until 1000000000."),
    ({"times": [1.0, 1.0]}, "times[1] is 1; expected times that increase."),
    ({"times": []}, "times is empty; expected at least one time."),
    ({"times": [2.0], "until": 1.0}, "until is 1, before the last of times (2)."),
    ({"times": [2.0], "outputEvery": 1.0}, "times and outputEvery exclude each other: give one."),
    ({"until": 1.0, "rtol": 2}, "rtol is 2; expected a number from 1e-13 to 1."),
    ({"until": 1.0, "maxSteps": 0}, "maxSteps is 0; expected a number not below 1."),
    ({"until": 1.0, "dose": []}, "simulate: 'dose' is not an option. The nearest name is 'doses'."),
]  # fmt: skip


def test_wrong_input_is_refused_with_a_sentence_that_names_the_field(falling):
    answers = call(falling, [("simulate", [options]) for options, _ in REFUSED])
    for (options, sentence), answer in zip(REFUSED, answers, strict=True):
        assert answer == {"error": sentence}, options
    for value in ("NaN", "Infinity"):
        script = (
            f"import {{ simulate }} from {json.dumps(falling.as_uri())};"
            f"try {{ simulate({{ until: 1, parameters: {{ k: {value} }} }}) }} catch (e) {{ console.log(e.message) }}"
        )
        assert run_script(script).strip() == f"parameters.k is {value}; expected a finite number."


def test_the_list_of_refusals_can_fail(falling):
    assert "error" not in call(falling, [("simulate", [{"until": 1.0}])])[0]


def test_node_runs_it_without_leave_to_make_code_and_would_say_so(falling):
    start = f"import {{ simulate }} from {json.dumps(falling.as_uri())}; simulate({{ until: 1 }});"
    assert run_script(f"{start} console.log('done')").strip() == "done"
    with pytest.raises(AssertionError, match="Code generation from strings"):
        run_script(f"{start} new Function('return 1')()")


def test_the_module_imports_nothing_and_makes_no_code(falling):
    code = falling.read_text(encoding="utf-8")
    statements = "\n".join(line for line in code.splitlines() if not line.startswith("//"))
    for word in (
        "eval",
        "Function",
        "import",
        "require",
        "setTimeout",
        "document",
        "fetch",
        "WebAssembly",
        "async",
    ):
        assert re.search(rf"\b{word}\b", statements) is None, word
