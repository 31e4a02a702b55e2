"""The engine's arithmetic against NumPy and SymPy: elementary functions, powers, conditions, derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose, assert_array_equal

from unmask.engine import Status, compile_model
from unmask.engine.elimination import factorise, negated, plan
from unmask.engine.graph import Graph
from unmask.engine.translate import translate
from unmask.model.system import Model, Parameter, Rule, Species

x, y, p, t = sp.symbols("x y p t", real=True)


def observing(**expressions: sp.Expr):
    """A model whose observables are expressions of x, y, p and t."""
    rules = tuple(Rule(name, "1", sp.sympify(expression)) for name, expression in expressions.items())
    species = tuple(Species(name, "1", "", nonnegative=False) for name in "xy")
    parameter = (Parameter("p", 1.0, "1", "", 0, 1, "", "definition"),)
    model = Model("expressions", species, parameter, rules, (sp.S.Zero, sp.S.Zero), tuple(expressions))
    return compile_model(model)


def evaluate(expression: sp.Expr, x_values, p_values=0.0, y_values=0.0, times=0.0):
    count = len(x_values)
    states = np.column_stack([x_values, np.broadcast_to(y_values, count)])
    parameters = np.broadcast_to(p_values, count)[:, None]
    return observing(value=expression).observe(states, parameters, times)[:, 0]


def test_exp_and_log_are_right_to_the_last_place():
    random = np.random.default_rng(0)
    values = np.concatenate([random.uniform(-745, 709.7, 20000), random.uniform(-1, 1, 20000), [0.0, -0.0]])
    normal = values > -708.0
    assert_allclose(evaluate(sp.exp(x), values)[normal], np.exp(values)[normal], rtol=4.5e-16)
    assert_allclose(evaluate(sp.exp(x), values)[~normal], np.exp(values)[~normal], rtol=0.0, atol=1e-323)
    values = np.concatenate([10.0 ** random.uniform(-320, 308, 20000), random.uniform(0.5, 2.0, 20000)])
    assert_allclose(evaluate(sp.log(x), values), np.log(values), rtol=4.5e-16, atol=1e-300)


def test_exp_and_log_at_the_edges():
    edges = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, -1.0, 1000.0, -1000.0, 1.0])
    with np.errstate(all="ignore"):
        assert_array_equal(evaluate(sp.exp(x), edges), np.exp(edges))
        assert_array_equal(evaluate(sp.log(x), edges), np.log(edges))


def test_power_with_an_exponent_per_patient():
    base = np.array([0.0, 0.0, 0.0, 2.0, -2.0, -2.0, -2.0, 1e-3, 7.0, np.nan, 3.0, 1e5, -3.0])
    exponent = np.array([2.0, 0.0, -1.0, 0.5, 2.0, 3.0, 0.5, 0.161, -2.5, 1.0, np.nan, 4.0, -1.0])
    with np.errstate(all="ignore"):
        expected = base**exponent
    assert_allclose(evaluate(x**p, base, exponent), expected, rtol=1e-14)


@pytest.mark.parametrize(
    "exponent", [2, 2.0, 3.0, -1, -2.0, 0.5, -0.5, 1.5, -1.5, 7, sp.Rational(1, 3), 0.25]
)
def test_power_with_a_fixed_exponent(exponent):
    values = np.array([0.5, 1.0, 2.0, 1e-8, 123.0])
    if float(exponent) == int(exponent):
        values = np.append(values, [-1.0, -3.5])
    assert_allclose(evaluate(x ** sp.sympify(exponent), values), values ** float(exponent), rtol=1e-14)


def test_whole_exponents_written_as_floats_are_products():
    """x**2.0 as exp(2 log x) would be NaN below and at zero."""
    assert_array_equal(evaluate(x ** sp.Float(2.0), np.array([0.0, -3.0])), [0.0, 9.0])


def test_conditions_extrema_and_other_functions():
    values = np.array([-2.0, -0.5, 0.0, 0.5, 3.0])
    piecewise = sp.Piecewise((x, x < 0), (x**2, (x >= 0) & (x < 1)), (sp.log(x), True))
    assert_allclose(evaluate(piecewise, values), [-2.0, -0.5, 0.0, 0.25, np.log(3.0)], rtol=1e-15)
    undefined = sp.Piecewise((x, x > 0))
    assert_array_equal(evaluate(undefined, values), [np.nan, np.nan, np.nan, 0.5, 3.0])
    assert_array_equal(evaluate(sp.Max(x, y, 0.25), values, y_values=1.0), [1.0, 1.0, 1.0, 1.0, 3.0])
    assert_array_equal(evaluate(sp.Min(x, y), np.array([np.nan, 1.0]), y_values=2.0), [np.nan, 1.0])
    assert_array_equal(evaluate(sp.Abs(x) + sp.floor(x), values), np.abs(values) + np.floor(values))
    assert_allclose(evaluate(sp.tanh(x), values * 400), np.tanh(values * 400), rtol=1e-15)
    assert_allclose(evaluate(sp.sin(x) * sp.cos(x), values), np.sin(values) * np.cos(values), rtol=1e-14)
    either = sp.Piecewise((1.0, (x > 2) | sp.Not(x > -1) | sp.Eq(x, 0)), (0.0, sp.Ne(x, 9)), (5.0, True))
    assert_array_equal(evaluate(either, values), [1.0, 0.0, 1.0, 0.0, 1.0])


def test_trigonometric_and_hyperbolic_functions_and_whole_numbers():
    values = np.array([-0.9, -0.3, 0.0, 0.5, 0.99])
    for symbolic, numeric in (
        (sp.tan, np.tan),
        (sp.asin, np.arcsin),
        (sp.acos, np.arccos),
        (sp.atan, np.arctan),
        (sp.sinh, np.sinh),
        (sp.cosh, np.cosh),
        (sp.sign, np.sign),
    ):
        assert_allclose(evaluate(symbolic(x), values), numeric(values), rtol=1e-15)
    far = np.array([-7.5, -1.0, 0.0, 2.0, 7.3, np.nan])
    assert_array_equal(evaluate(sp.ceiling(x), far), np.ceil(far))
    assert_array_equal(evaluate(sp.sign(x), far), np.sign(far))
    assert_allclose(evaluate(sp.Mod(x, p), far, 3.0), np.mod(far, 3.0), rtol=1e-15, atol=1e-15)
    assert_array_equal(evaluate(sp.factorial(5) + x, far[:1]), 112.5)
    with np.errstate(all="ignore"):
        outside = np.array([1.5, np.inf, np.nan])
        assert_array_equal(evaluate(sp.asin(x), outside), np.arcsin(outside))
        assert_array_equal(evaluate(sp.cosh(x), outside), np.cosh(outside))


EXPRESSIONS = (
    x**p * sp.exp(-y) / (1 + x**p),
    sp.sqrt(x**2 + y) - p * x / (y + x),
    sp.Piecewise((x * y, x < y), (x**3 - y, True)) + sp.Max(x, y**2) + sp.Min(x * y, p),
    sp.log(x + y) * sp.sin(x * t) / (x - 3 * y) ** 2 + sp.cos(y),
    (x + p) ** y + sp.tanh(x - y) + sp.Abs(x - 5) * y**2.5 + x ** sp.Rational(-1, 2),
    sp.tan(x / 4) * sp.atan(x * y) + sp.sinh(y) * sp.cosh(x - y),
    sp.asin(y / 2) * x - sp.acos(y * x / 3) + sp.ceiling(p) * x,
    x * y**2 * p / (x * y + 2) / (x + 1) + sp.Abs(x * y) * sp.floor(3.5),
)


def test_jacobian_equals_symbolic_differentiation():
    """Compiled as the rates of x and y, so that what is compared went through the graph's own rules."""
    values = {x: 1.7, y: 0.6, p: 2.3, t: 0.4}
    for first, second in zip(EXPRESSIONS, EXPRESSIONS[1:] + EXPRESSIONS[:1], strict=True):
        species = tuple(Species(name, "1", "") for name in "xy")
        model = Model(
            "j", species, (Parameter("p", 1, "1", "", 0, 9, "", "definition"),), (), (first, second)
        )
        equations = translate(model)
        places = {("state", 0): 1.7, ("state", 1): 0.6, ("parameter", 0): 2.3, ("time", 0): 0.4}
        for row, rate in enumerate((first, second)):
            for column, state in enumerate((x, y)):
                node = equations.jacobian.get((row, column), equations.graph.zero)
                expected = float(sp.diff(rate, state).subs(values).doit())
                assert_allclose(interpret(equations.graph, node, places), expected, rtol=1e-12, atol=1e-14)
            if equations.time_derivatives:
                moved = interpret(equations.graph, equations.time_derivatives[row], places)
                assert_allclose(moved, float(sp.diff(rate, t).subs(values).doit()), rtol=1e-12, atol=1e-14)


def interpret(graph: Graph, node: int, inputs: dict[tuple[str, int], float]) -> float:
    """Evaluate a node number by number, in plain Python."""
    value: dict[int, float] = {}
    for current in graph.reachable([node]):
        v = [value[operand] for operand in graph.operands[current]]
        payload = graph.payload[current]
        value[current] = {
            "constant": lambda payload=payload: payload,
            "input": lambda payload=payload: inputs[payload],
            "add": lambda v=v: v[0] + v[1],
            "sub": lambda v=v: v[0] - v[1],
            "mul": lambda v=v: v[0] * v[1],
            "neg": lambda v=v: -v[0],
            "recip": lambda v=v: 1.0 / v[0],
            "sqrt": lambda v=v: np.sqrt(v[0]),
            "power": lambda v=v: v[0] ** v[1],
            "exp": lambda v=v: np.exp(v[0]),
            "log": lambda v=v: np.log(v[0]),
            "sin": lambda v=v: np.sin(v[0]),
            "cos": lambda v=v: np.cos(v[0]),
            "tan": lambda v=v: np.tan(v[0]),
            "asin": lambda v=v: np.arcsin(v[0]),
            "acos": lambda v=v: np.arccos(v[0]),
            "atan": lambda v=v: np.arctan(v[0]),
            "sinh": lambda v=v: np.sinh(v[0]),
            "cosh": lambda v=v: np.cosh(v[0]),
            "floor": lambda v=v: np.floor(v[0]),
            "abs": lambda v=v: abs(v[0]),
            "min": lambda v=v: min(v),
            "max": lambda v=v: max(v),
            "lt": lambda v=v: v[0] < v[1],
            "le": lambda v=v: v[0] <= v[1],
            "eq": lambda v=v: v[0] == v[1],
            "select": lambda v=v: v[1] if v[0] else v[2],
        }[graph.operation[current]]()
    return value[node]


def test_sparse_factors_multiply_back():
    """L U of the symbolic elimination is pivot I - J, for a matrix with fill-in."""
    graph = Graph()
    random = np.random.default_rng(3)
    size = 9
    dense = np.where(random.uniform(size=(size, size)) < 0.35, random.normal(size=(size, size)), 0.0)
    nodes = {(i, j): graph.constant(dense[i, j]) for i, j in zip(*np.nonzero(dense), strict=True)}
    steps = plan(nodes, size)
    factors = factorise(graph, negated(graph, nodes, graph.constant(7.0), size), steps)
    lower, upper = np.eye(size), np.zeros((size, size))
    for place, node in factors.lower.items():
        lower[place] = graph.value(node)
    for place, node in factors.upper.items():
        upper[place] = graph.value(node)
    for state in range(size):
        upper[state, state] = graph.value(factors.pivots[state])
    assert sorted(steps.order) == list(range(size))
    order = np.ix_(steps.order, steps.order)
    assert np.allclose(np.triu(lower[order], 1), 0.0) and np.allclose(np.tril(upper[order], -1), 0.0)
    assert_allclose(lower[order] @ upper[order], (7.0 * np.eye(size) - dense)[order], atol=1e-12)


def test_end_of_interval_clears_extinct_and_negative_states():
    species = (
        Species("gone", "Mc", "", 1.0, extinct_below=1e-6, absolute_tolerance=1e-14),
        Species("left", "Mc", "", 1.0, absolute_tolerance=1e-14),
        Species("below", "Mc", "", 1.0),
        Species("free", "1", "", 1.0, nonnegative=False),
    )
    k = sp.Symbol("k")
    rates = (-k * sp.Symbol("gone"), -k * sp.Symbol("left"), -k, -k)
    parameters = (Parameter("k", 15.0, "1/day", "", 0, 99, "", "definition"),)
    compiled = compile_model(Model("decay", species, parameters, (), rates))
    result = compiled.integrate(
        compiled.initial_states(1), compiled.default_parameters(1), 0.0, 1.0, rtol=1e-8
    )
    assert result.status[0] == Status.OK
    assert_allclose(result.states[0], [0.0, np.exp(-15.0), 0.0, -14.0], rtol=1e-6)


@pytest.mark.parametrize("root", [sp.sqrt(x), x ** sp.Rational(1, 3), x**p])
def test_an_infinite_jacobian_is_a_failure_and_not_a_state_that_stands_still(root):
    """x' = 1 + sqrt(x) leaves 0 at once, but d sqrt(x)/dx is infinite there."""
    parameter = (Parameter("p", 0.5, "1", "", 0, 1, "", "definition"),)
    compiled = compile_model(Model("root", (Species("x", "1", "", 0.0),), parameter, (), (1 + root,)))
    result = compiled.integrate(compiled.initial_states(1), compiled.default_parameters(1), 0.0, 1.0)
    assert result.status[0] == Status.NOT_FINITE
    assert result.time[0] == 0.0


@pytest.mark.parametrize("root", [sp.sqrt(x), sp.sqrt(sp.Max(x, 0)), sp.sqrt(sp.Abs(x))])
def test_a_root_that_starts_near_zero_is_solved_or_fails_but_is_never_silently_wrong(root):
    compiled = compile_model(Model("roots", (Species("x", "1", "", 0.0),), (), (), (1 + root,)))
    starts = np.array([0.0, 1e-300, 1e-100, 1e-60, 1e-40, 1e-30, 1e-20, 1e-12])
    result = compiled.integrate(starts[:, None], np.empty((8, 0)), 0.0, 1.0, rtol=1e-6)
    # With s = sqrt(x): 2 s - 2 log(1 + s) = t, solved for t = 1.
    assert_allclose(result.states[~result.failed, 0], 1.8432859509, rtol=1e-5)
    assert (result.status[result.failed] == Status.NOT_FINITE).all()
    assert not result.failed[-2:].any()


def test_tanh_far_from_its_step_can_be_differentiated():
    """A smooth switch, 0 before day 5 and 1 after it, and a second one, 1 while x is below 99."""
    rate = (1 + sp.tanh(500 * (t - 5))) / 2 * (1 - sp.tanh(1000 * (x - 99))) / 2
    compiled = compile_model(Model("switch", (Species("x", "1", "", 0.0),), (), (), (rate,)))
    result = compiled.integrate(compiled.initial_states(1), np.empty((1, 0)), [0.0], [10.0], step_size=0.3)
    assert result.status[0] == Status.OK
    assert_allclose(result.states[0, 0], 5.0, rtol=1e-3)


@pytest.mark.parametrize("hint", [0.0, -1.0, np.nan, np.inf, 1e-300, 1e300])
def test_any_first_step_leads_to_the_same_end(hint):
    compiled = compile_model(Model("decay", (Species("x", "1", "", 1.0),), (), (), (-x,)))
    result = compiled.integrate([[1.0]], np.empty((1, 0)), 0.0, 10.0, rtol=1e-6, step_size=hint)
    assert result.status[0] == Status.OK
    assert_allclose(result.states[0, 0], np.exp(-10.0), rtol=1e-4)


def test_a_singular_matrix_is_named():
    """Two equal rows so large that 1/(h gamma) is lost in them at every step size."""
    species = tuple(Species(name, "1", "", 1.0) for name in "xy")
    compiled = compile_model(Model("steep", species, (), (), (2.0**200 * (x + y), 2.0**200 * (x + y))))
    result = compiled.integrate(compiled.initial_states(1), np.empty((1, 0)), 0.0, 1.0, step_size=1.0)
    assert result.status[0] == Status.SINGULAR
    assert_array_equal(result.states[0], [1.0, 1.0])


def test_a_solution_that_ends_before_the_interval_is_named():
    """x' = x**2 from 1 has a pole at t = 1."""
    compiled = compile_model(Model("pole", (Species("x", "1", "", 1.0),), (), (), (x**2,)))
    result = compiled.integrate(compiled.initial_states(1), np.empty((1, 0)), 0.0, 2.0)
    assert result.status[0] in (Status.STEP_TOO_SMALL, Status.NOT_FINITE)
    assert_allclose(result.time[0], 1.0, atol=1e-3)
    assert result.states[0, 0] > 1e3
