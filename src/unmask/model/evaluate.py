"""Plain evaluation of a model in NumPy: slow, obvious, and the yardstick for compiled kernels."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from sympy.printing.numpy import NumPyPrinter

from unmask.model.system import Model

Array = npt.NDArray[np.float64]


class Evaluator:
    """Right-hand side and rules of a model at given states and parameters.

    Arrays may have any shape that broadcasts, patients last: ``states`` is (species, ...), ``parameters``
    (parameters, ...), in the order of the model.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        rules = [(rule.name, rule.expression) for rule in model.rules]
        self._rules = _function(model, rules, [rule.name for rule in model.rules])
        rates = [
            (f"rate_of__{name}", rate) for name, rate in zip(model.species_names, model.rates, strict=True)
        ]
        self._rates = _function(model, [*rules, *rates], [name for name, _ in rates])

    def values(self, t: float, states: Array, parameters: Array) -> Mapping[str, Array]:
        """Return every symbol's value by name: time, species, parameters and rules."""
        model = self.model
        known: dict[str, Array] = {model.time_symbol: np.asarray(t, dtype=np.float64)}
        known |= dict(zip(model.species_names, states, strict=True))
        known |= dict(zip(model.parameter_names, parameters, strict=True))
        known |= dict(
            zip((rule.name for rule in model.rules), self._rules(t, *states, *parameters), strict=True)
        )
        return known

    def rates(self, t: float, states: Array, parameters: Array) -> Array:
        """Return dy/dt, of the shape of ``states``."""
        rates = self._rates(t, *states, *parameters)
        return np.stack([np.broadcast_to(rate, states.shape[1:]) for rate in rates])


def _function(model: Model, steps: list[tuple[str, Any]], results: list[str]) -> Callable[..., list[Array]]:
    """Return a function of time, species and parameters that runs ``steps`` in order and gives ``results``."""
    printer = NumPyPrinter()
    names = ", ".join((model.time_symbol, *model.species_names, *model.parameter_names))
    lines = [f"def function({names}):"]
    lines += [f"    {name} = {printer.doprint(expression)}" for name, expression in steps]
    lines.append(f"    return [{', '.join(results)}]")
    # Generated from checked symbols and SymPy's own printer: nothing a user wrote is run as it stands. The printer
    # writes Max and Min with functools.reduce.
    scope: dict[str, Any] = {"numpy": np, "functools": functools}
    exec("\n".join(lines), scope)
    function: Callable[..., list[Array]] = scope["function"]
    return function
