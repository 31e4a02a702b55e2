"""Large eliminations run as loops over tables; they compute what the written-out ones do."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose, assert_array_equal

from unmask.engine import Status, elimination, translate
from unmask.engine.compiled import CompiledModel
from unmask.engine.tableaus import METHODS
from unmask.engine.targets.cpu import machine
from unmask.model.system import Model, Parameter, Species

x = sp.symbols("x0:24")


def network() -> Model:
    """A stiff network of mass action and Michaelis-Menten reactions with a clock, and enough fill-in."""
    random = np.random.default_rng(6)
    rates: list[sp.Expr] = [sp.sin(sp.Symbol("t")) ** 2 if i == 3 else sp.S.Zero for i in range(24)]
    for index in range(60):
        first, second, product = (int(i) for i in random.choice(24, 3, replace=False))
        flow = sp.Symbol("k") * float(random.lognormal(0.0, 3.0)) * x[first]
        flow = flow * x[second] if index % 2 else flow / (1 + x[first])
        rates[first] -= flow
        rates[product] += flow
    species = tuple(Species(symbol.name, "1", "", random.lognormal(0.0, 1.0)) for symbol in x)
    parameter = (Parameter("k", 1.0, "1", "", 0, 9, "", "definition"),)
    return Model("network", species, parameter, (), tuple(rates))


@pytest.fixture
def looped(tmp_path, monkeypatch):
    """Compile with every elimination as a loop."""
    monkeypatch.setenv("UNMASK_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(translate, "WRITTEN_OUT", -1)
    return lambda model: CompiledModel(model, "rodas4", machine.kernels(model, METHODS["rodas4"]))


def test_loops_and_written_out_elimination_agree(looped, tmp_path, monkeypatch):
    first = looped(network())
    assert translate.translate(network()).factors is None
    monkeypatch.setattr(translate, "WRITTEN_OUT", elimination.WRITTEN_OUT)
    monkeypatch.setenv("UNMASK_CACHE_DIR", str(tmp_path / "other"))
    second = CompiledModel(network(), "rodas4", machine.kernels(network(), METHODS["rodas4"]))
    states = first.initial_states(11) * np.random.default_rng(1).uniform(0.5, 2.0, (11, 1))
    values = np.random.default_rng(2).lognormal(0.0, 1.0, (11, 1))
    one, other = (c.integrate(states, values, 0.0, 20.0, rtol=1e-7) for c in (first, second))
    assert (one.status == Status.OK).all()
    assert_allclose(one.states, other.states, rtol=1e-6, atol=1e-8)
    assert_allclose(one.steps, other.steps, atol=3)
    single = [
        first.integrate(states[i, None], values[i, None], 0.0, 20.0, rtol=1e-7).states[0] for i in range(11)
    ]
    assert_array_equal(one.states, single)


def test_a_singular_or_infinite_pivot_is_seen_in_a_loop_too(looped):
    a, b = sp.symbols("a b")
    species = tuple(Species(name, "1", "", 1.0) for name in "ab")
    steep = looped(Model("steep", species, (), (), (2.0**200 * (a + b), 2.0**200 * (a + b))))
    done = steep.integrate(steep.initial_states(1), np.empty((1, 0)), 0.0, 1.0, step_size=1.0)
    assert done.status[0] == Status.SINGULAR
    root = looped(Model("root", (Species("a", "1", "", 0.0),), (), (), (1 + sp.sqrt(a),)))
    done = root.integrate(root.initial_states(1), np.empty((1, 0)), 0.0, 1.0)
    assert done.status[0] == Status.NOT_FINITE


def test_a_plan_covers_every_entry_and_its_fill_in():
    random = np.random.default_rng(9)
    entries = {(int(i), int(j)) for i, j in random.integers(0, 30, (90, 2))}
    steps = elimination.plan(entries, 30)
    position = {state: index for index, state in enumerate(steps.order)}
    assert sorted(steps.order) == list(range(30))
    known = set(steps.lower) | set(steps.upper)
    assert {(i, j) for i, j in entries if i != j} <= known
    assert all(position[i] > position[j] for i, j in steps.lower)
    assert all(position[i] < position[j] for i, j in steps.upper)
    filled = {(i, j) for s in steps.order for i, _ in steps.below[s] for _, j in steps.right[s] if i != j}
    assert filled <= known
    assert steps.products == sum(len(steps.below[s]) * len(steps.right[s]) for s in steps.order)
