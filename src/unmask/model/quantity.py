"""Units of the equations: parsed with pint, inferred through every expression, never converted in silence.

A :class:`Unit` is a dimension and a factor to pint's base units. Two units are *the same* only when both
agree; millilitres added to litres are convertible and still refused, because the numbers in an equation are
meant in the declared units and nothing here rescales them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import pint
import sympy as sp

from unmask.errors import ModelError

_DIMENSIONLESS_FUNCTIONS = (sp.exp, sp.log, sp.tanh)
_SAME_UNIT_FUNCTIONS = (sp.Max, sp.Min)


@dataclass(frozen=True)
class Unit:
    """A dimension (exponent of each base dimension) and the factor to base units.

    ``text`` is what a message shows; it does not enter comparison.
    """

    factor: float
    dimension: tuple[tuple[str, Fraction], ...]

    def __mul__(self, other: Unit) -> Unit:
        exponents = dict(self.dimension)
        for name, power in other.dimension:
            exponents[name] = exponents.get(name, Fraction(0)) + power
        return Unit(self.factor * other.factor, _sorted(exponents))

    def __truediv__(self, other: Unit) -> Unit:
        return self * other.power(Fraction(-1))

    def power(self, exponent: Fraction) -> Unit:
        """Return the unit raised to a rational power."""
        return Unit(
            self.factor ** float(exponent), _sorted({name: p * exponent for name, p in self.dimension})
        )

    def same(self, other: Unit) -> bool:
        """Whether numbers in the two units may be added as they stand."""
        return self.convertible(other) and math.isclose(self.factor, other.factor, rel_tol=1e-9)

    def convertible(self, other: Unit) -> bool:
        """Whether the two units measure the same thing, if perhaps on another scale."""
        return self.dimension == other.dimension

    def __str__(self) -> str:
        quantity = registry().Quantity(1.0, "dimensionless")
        for name, power in self.dimension:
            quantity = quantity * _base_unit(name) ** float(power)
        text = f"{quantity.units:~}" or "1"
        return text if math.isclose(self.factor, 1.0) else f"{self.factor:g} {text}"


ONE = Unit(1.0, ())


def _sorted(exponents: Mapping[str, Fraction]) -> tuple[tuple[str, Fraction], ...]:
    return tuple(sorted((name, power) for name, power in exponents.items() if power != 0))


@cache
def registry() -> pint.UnitRegistry[float]:
    """Return the unit registry: pint's own units, cells as a dimension, and ``Mc`` = 1e6 cells.

    Pint's molecule is an amount of substance, 1/Avogadro of a mole: numbers of molecules and moles are convertible
    and, like all such, never mixed without a parameter that converts.
    """
    units: pint.UnitRegistry[float] = pint.UnitRegistry()
    units.define("cell = [cell_number]")
    units.define("Mc = 1e6 * cell")
    return units


@cache
def _base_unit(dimension: str) -> pint.Unit:
    units = registry()
    for name in ("cell", "kilogram", "meter", "second", "mole", "kelvin", "ampere", "candela"):
        if dict(units.get_dimensionality(name)) == {dimension: 1}:
            return units.Unit(name)
    return units.Unit("dimensionless")


@cache
def parse(text: str) -> Unit:
    """Return the unit that ``text`` names, for example ``"mg/L"``, ``"1e9/L"`` or ``"1"``.

    Raises
    ------
    ModelError
        ``model.unknown_unit`` when pint does not know it.
    """
    units = registry()
    try:
        quantity: Any = units.Quantity(units.parse_expression(text)).to_base_units()
    except Exception as problem:  # pint raises many kinds (undefined unit, tokenizer, attribute, offset)
        raise ModelError("model.unknown_unit", unit=text, reason=problem) from problem
    exponents = {
        name: Fraction(str(power)).limit_denominator(1000) for name, power in quantity.dimensionality.items()
    }
    return Unit(float(quantity.magnitude), _sorted(exponents))


def require(found: Unit | None, expected: Unit, *, module: str, symbol: str, part: sp.Expr) -> None:
    """Refuse ``found`` unless it is ``expected``; ``None`` (the number zero) fits any unit.

    Raises
    ------
    ModelError
        ``model.unit_mismatch`` for another dimension, ``model.unit_scale`` for another scale of the same.
    """
    if found is None or found.same(expected):
        return
    code = "model.unit_scale" if found.convertible(expected) else "model.unit_mismatch"
    raise ModelError(code, module=module, symbol=symbol, part=part, found=found, expected=expected)


def infer(expression: sp.Expr, units: Mapping[str, Unit], *, module: str, symbol: str) -> Unit | None:
    """Return the unit of an expression, or ``None`` for the number zero, which has any unit.

    Parameters
    ----------
    expression
        SymPy expression; every free symbol must be a key of ``units``.
    units
        Unit of each symbol.
    module, symbol
        Where the expression stands, for the message.

    Raises
    ------
    ModelError
        Unlike units added, a function of something with a unit, a power that is not a plain number.
    """

    def walk(part: sp.Expr) -> Unit | None:
        if part.is_Number or part.is_NumberSymbol:
            return None if part == 0 else ONE
        if part.is_Symbol:
            return units[part.name]
        if part.is_Add or isinstance(part, _SAME_UNIT_FUNCTIONS):
            return agree(part)
        if part.is_Mul:
            product = ONE
            for factor in part.args:
                unit = walk(factor)
                product = product * (ONE if unit is None else unit)
            return product
        if part.is_Pow:
            return raised(part)
        if isinstance(part, _DIMENSIONLESS_FUNCTIONS):
            require(walk(part.args[0]), ONE, module=module, symbol=symbol, part=part)
            return ONE
        raise ModelError("model.unsupported_expression", module=module, symbol=symbol, part=part)

    def agree(part: sp.Expr) -> Unit | None:
        # Numbers last: in "1 + clearance" it is the clearance that sets what was meant, but the message is
        # the same sentence either way, and symbols make it the more readable one.
        terms = sorted(part.args, key=lambda term: bool(term.is_Number))
        expected: Unit | None = None
        for term in terms:
            unit = walk(term)
            if expected is None:
                expected = unit
            else:
                require(unit, expected, module=module, symbol=symbol, part=part)
        return expected

    def raised(part: sp.Expr) -> Unit | None:
        base, exponent = part.args
        unit = walk(base)
        if exponent.is_Rational:
            return None if unit is None else unit.power(Fraction(int(exponent.p), int(exponent.q)))
        require(walk(exponent), ONE, module=module, symbol=symbol, part=part)
        require(unit, ONE, module=module, symbol=symbol, part=part)
        return ONE

    return walk(expression)


def check_condition(condition: sp.Basic, units: Mapping[str, Unit], *, module: str, symbol: str) -> None:
    """Refuse a condition that compares unlike quantities.

    Raises
    ------
    ModelError
        As :func:`infer`, for each side of a comparison and between the two.
    """
    if not isinstance(condition, sp.core.relational.Relational):
        for part in condition.args:
            check_condition(part, units, module=module, symbol=symbol)
        return
    left, right = (infer(side, units, module=module, symbol=symbol) for side in condition.args)
    if left is not None:
        require(right, left, module=module, symbol=symbol, part=condition)
