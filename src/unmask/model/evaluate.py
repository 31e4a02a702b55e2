"""Plain evaluation of a model in NumPy: slow, obvious, and the yardstick for compiled kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import sympy as sp

from unmask.model.system import Model

Array = npt.NDArray[np.float64]
_Step = tuple[str, Callable[..., Array]]


class Evaluator:
    """Right-hand side and rules of a model at given states and parameters.

    Arrays may have any shape that broadcasts, patients last: ``states`` is (species, ...), ``parameters``
    (parameters, ...), in the order of the model.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        names = [model.time_symbol, *model.species_names, *model.parameter_names]
        self._rules: list[_Step] = []
        for rule in model.rules:
            self._rules.append((rule.name, sp.lambdify(names, rule.expression, modules="numpy")))
            names.append(rule.name)
        self._rates: list[_Step] = [
            (name, sp.lambdify(names, rate, modules="numpy"))
            for name, rate in zip(model.species_names, model.rates, strict=True)
        ]

    def values(self, t: float, states: Array, parameters: Array) -> Mapping[str, Array]:
        """Return every symbol's value by name: time, species, parameters and rules."""
        known = {self.model.time_symbol: np.asarray(t, dtype=np.float64)}
        known |= dict(zip(self.model.species_names, states, strict=True))
        known |= dict(zip(self.model.parameter_names, parameters, strict=True))
        for name, function in self._rules:
            known[name] = function(*known.values())
        return known

    def rates(self, t: float, states: Array, parameters: Array) -> Array:
        """Return dy/dt, of the shape of ``states``."""
        known = tuple(self.values(t, states, parameters).values())
        rates = [np.broadcast_to(function(*known), states.shape[1:]) for _, function in self._rates]
        return np.stack(rates)
