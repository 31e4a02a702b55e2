"""What the engine refuses, and what its sentences say."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from unmask.engine import Status, compile_model
from unmask.errors import ConfigurationError, ModelError
from unmask.model.system import Model, Parameter, Rule, Species

x, k = sp.symbols("x k")
RATE = Parameter("k", 1.0, "1/day", "", 0, 9, "", "definition")


def model(
    rate: sp.Expr, rules: tuple[Rule, ...] = (), observables: tuple[str, ...] = (), name: str = "x"
) -> Model:
    return Model("broken", (Species(name, "1", "", 1.0),), (RATE,), rules, (rate,), observables)


@pytest.mark.parametrize(
    ("broken", "code", "word"),
    [
        (model(-k * sp.Symbol("typo")), "engine.unknown_symbol", "typo"),
        (model(-k * x, observables=("nowhere",)), "engine.unknown_symbol", "nowhere"),
        (
            model(sp.Symbol("b"), (Rule("a", "1", sp.Symbol("b")), Rule("b", "1", x))),
            "engine.unknown_symbol",
            "in a",
        ),
        (model(sp.gamma(x)), "engine.unsupported_function", "gamma"),
        (model(-k, name="k"), "engine.duplicate_symbol", "k"),
        (model(-k * x, (Rule("x", "1", k),)), "engine.duplicate_symbol", "x"),
        (Model("short", (Species("x", "1", ""),), (RATE,), (), ()), "engine.rate_count", "0 rates"),
        (Model("void", (), (RATE,), (), ()), "engine.no_species", "void"),
        (model(sp.I * k * x), "engine.not_real", "d(x)/dt"),
    ],
)
def test_a_model_that_cannot_be_compiled_is_refused_by_name(broken, code, word):
    with pytest.raises(ModelError) as caught:
        compile_model(broken)
    assert caught.value.code == code
    assert word in str(caught.value)
    assert "{" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "code", "word"),
    [
        ({"states": np.ones((3, 2))}, "engine.shape", "'states'"),
        ({"states": np.ones(3)}, "engine.shape", "(N, 1)"),
        ({"states": [["a"], ["b"], ["c"]]}, "engine.not_numbers", "'states'"),
        ({"states": [[1.0], [2.0], [3.0, 4.0]]}, "engine.not_numbers", "'states'"),
        ({"parameters": np.full((3, 1), 1j)}, "engine.not_numbers", "complex"),
        ({"step_size": [None, "x", 1.0]}, "engine.not_numbers", "step_size"),
        ({"parameters": np.ones((2, 1))}, "engine.shape", "(3, 1)"),
        ({"t1": [1.0, 2.0]}, "engine.shape", "'t1'"),
        ({"t1": [1.0, np.nan, 2.0]}, "engine.time", "number 1 has nan"),
        ({"t0": -np.inf}, "engine.time", "t0"),
        ({"step_size": [1.0]}, "engine.shape", "step_size"),
        ({"rtol": 0.0}, "engine.tolerance", "0.0"),
        ({"rtol": float("nan")}, "engine.tolerance", "nan"),
        ({"max_steps": 0}, "engine.steps", "0"),
        ({"max_steps": float("nan")}, "engine.steps", "nan"),
        ({"threads": 0}, "engine.workers", "threads"),
        ({"chunk": -5}, "engine.workers", "chunk is -5"),
    ],
)
def test_arguments_out_of_range_are_refused_by_name(changes, code, word):
    compiled = compile_model(model(-k * x))
    arguments = {"states": np.ones((3, 1)), "parameters": np.ones((3, 1)), "t0": 0.0, "t1": 1.0}
    with pytest.raises(ConfigurationError) as caught:
        compiled.integrate(**(arguments | changes))
    assert caught.value.code == code
    assert word in str(caught.value)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_an_absolute_tolerance_that_cannot_work_is_refused_by_name(value):
    """0 would make 0/0 of every state at rest at zero: the patient would end as "not finite"."""
    species = (Species("x", "1", "", 1.0), Species("y", "1", "", 0.0, absolute_tolerance=value))
    with pytest.raises(ModelError, match=r"'y'") as caught:
        compile_model(Model("tolerances", species, (RATE,), (), (-k * x, sp.S.Zero)))
    assert caught.value.code == "engine.absolute_tolerance"


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(ConfigurationError, match=r"euler.*rodas4"):
        compile_model(model(-k * x), "euler")


def test_every_status_has_a_sentence():
    sentences = {status.reason for status in Status}
    assert len(sentences) == len(Status)
    assert not any("engine." in sentence for sentence in sentences)
