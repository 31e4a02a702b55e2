"""Plain evaluation of a model in NumPy: slow, obvious, and the yardstick for compiled kernels."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from unmask.model.system import Model

Array = npt.NDArray[np.float64]


class _Printer(NumPyPrinter):  # type: ignore[misc]
    """Prints what broadcasts: SymPy's own lists of conditions and of maxima need arguments of one shape.

    What SymPy worked out to be no real number (a division of numbers by 0, the root of a negative number) is NaN.
    """

    def _pairwise(self, function: str, arguments: Sequence[Any]) -> str:
        first, *others = (str(self._print(argument)) for argument in arguments)
        for other in others:
            first = f"numpy.{function}({first}, {other})"
        return first

    def _print_And(self, expression: Any) -> str:  # noqa: N802  (SymPy finds it by its name)
        return self._pairwise("logical_and", expression.args)

    def _print_Or(self, expression: Any) -> str:  # noqa: N802  (SymPy finds it by its name)
        return self._pairwise("logical_or", expression.args)

    def _print_Max(self, expression: Any) -> str:  # noqa: N802  (SymPy finds it by its name)
        return self._pairwise("maximum", expression.args)

    def _print_Min(self, expression: Any) -> str:  # noqa: N802  (SymPy finds it by its name)
        return self._pairwise("minimum", expression.args)

    def _print_ComplexInfinity(self, expression: Any) -> str:  # noqa: N802  (SymPy finds it by its name)
        return "numpy.nan"

    _print_ImaginaryUnit = _print_ComplexInfinity  # noqa: N815


class Expressions:
    """Named expressions as one NumPy function, evaluated in order: each may use the names and those before it.

    Parameters
    ----------
    names
        Arguments of the function.
    steps
        Name -> SymPy expression or condition.
    results
        Names to return; all steps if not given.
    """

    def __init__(
        self, names: Sequence[str], steps: Mapping[str, Any], results: Sequence[str] | None = None
    ) -> None:
        self.results = tuple(steps if results is None else results)
        # Any identifier may be the name of a symbol, Python's keywords included: in the code they are numbered.
        known = {sp.Symbol(name): sp.Symbol(f"x{index}") for index, name in enumerate((*names, *steps))}
        printer = _Printer()
        lines = [f"def function({', '.join(f'x{index}' for index in range(len(names)))}):"]
        for name, expression in steps.items():
            code = printer.doprint(sp.sympify(expression).xreplace(known))
            lines.append(f"    {known[sp.Symbol(name)]} = {code}")
        returned = ", ".join(str(known[sp.Symbol(name)]) for name in self.results)
        lines.append(f"    return ({returned}{',' if returned else ''})")
        # Generated from symbols numbered here and SymPy's own printer: nothing a user wrote is run as it stands.
        # The printer writes Max and Min with functools.reduce.
        scope: dict[str, Any] = {"numpy": np, "functools": functools}
        exec("\n".join(lines), scope)
        self._function: Callable[..., tuple[Any, ...]] = scope["function"]

    def __call__(self, *arguments: Any) -> dict[str, Any]:
        """Return name -> value; arguments broadcast, undefined is NaN."""
        arrays = [np.asarray(argument, dtype=np.float64) for argument in arguments]
        with np.errstate(all="ignore"):
            return dict(zip(self.results, self._function(*arrays), strict=True))


class Evaluator:
    """Right-hand side and rules of a model at given states and parameters.

    Arrays may have any shape that broadcasts, patients last: ``states`` is (species, ...), ``parameters``
    (parameters, ...), in the order of the model.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._names = (model.time_symbol, *model.species_names, *model.parameter_names)

    @cached_property
    def _rules(self) -> Expressions:
        return Expressions(self._names, {rule.name: rule.expression for rule in self.model.rules})

    @cached_property
    def _rates(self) -> Expressions:
        named = zip(self.model.species_names, self.model.rates, strict=True)
        return self.also({f"rate of {name}": rate for name, rate in named})

    def also(self, expressions: Mapping[str, Any]) -> Expressions:
        """Return a function of time, states and parameters for further expressions in the model's symbols."""
        return Expressions(
            self._names, {**self._needed(expressions.values()), **expressions}, tuple(expressions)
        )

    def _needed(self, expressions: Iterable[Any]) -> dict[str, Any]:
        """Return the rules that expressions rest on, in order of evaluation."""
        wanted = {symbol.name for item in expressions for symbol in sp.sympify(item).free_symbols}
        found: dict[str, Any] = {}
        for rule in reversed(self.model.rules):
            if rule.name in wanted:
                found[rule.name] = rule.expression
                wanted |= {symbol.name for symbol in rule.expression.free_symbols}
        return dict(reversed(found.items()))

    def values(self, t: Any, states: Array, parameters: Array) -> Mapping[str, Array]:
        """Return every symbol's value by name: time, species, parameters and rules."""
        known: dict[str, Array] = dict(
            zip(self._names, (np.asarray(t, dtype=float), *states, *parameters), strict=True)
        )
        return known | self._rules(t, *states, *parameters)

    def rates(self, t: Any, states: Array, parameters: Array) -> Array:
        """Return dy/dt, of the shape of ``states``."""
        rates = self._rates(t, *states, *parameters)
        return np.stack([np.broadcast_to(rate, states.shape[1:]) for rate in rates.values()])
