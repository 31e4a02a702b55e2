"""Rates of change along the solution, by the chain rule.

SymPy's own derivative takes every symbol for a complex number, so that the derivative of an absolute value, a maximum
or a whole part is nothing that could be computed; and it writes that of a power so that it is undefined at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

_ZERO, _ONE = sp.Integer(0), sp.Integer(1)


def rate_of_change(expression: sp.Expr, rate: Callable[[str], sp.Expr]) -> sp.Expr:
    """Return the derivative of an expression with respect to time.

    Parameters
    ----------
    expression
        In symbols, with the functions that :mod:`unmask.model.sbml.mathematics` makes.
    rate
        The rate of change of a symbol by its name; 0 for what does not change.

    Where the expression bends or jumps (an absolute value at 0, a whole part, the border of a piece), the value is
    that of the piece that holds there.
    """
    if expression.is_Symbol:
        return rate(expression.name)
    if not expression.free_symbols or isinstance(expression, (sp.floor, sp.ceiling)):
        return _ZERO
    if isinstance(expression, sp.Piecewise):
        pieces = [(rate_of_change(value, rate), condition) for value, condition in expression.args]
        if all(value == 0 for value, _ in pieces):
            return _ZERO
        return sp.Piecewise(*pieces, evaluate=False)
    inner = [rate_of_change(argument, rate) for argument in expression.args]
    if all(item == 0 for item in inner):
        return _ZERO
    if expression.is_Add:
        return sp.Add(*inner)
    if expression.is_Mul:
        return sp.Add(*(_product(expression.args, inner, index) for index in range(len(inner))))
    if expression.is_Pow:
        return _power(*expression.args, *inner)
    if isinstance(expression, sp.Abs):
        argument = expression.args[0]
        return sp.Piecewise((inner[0], sp.Ge(argument, 0, evaluate=False)), (-inner[0], True), evaluate=False)
    if isinstance(expression, (sp.Max, sp.Min)):
        return _extreme(expression, inner)
    return sp.Add(*(expression.fdiff(index) * item for index, item in enumerate(inner, 1)))


def _product(factors: Sequence[sp.Expr], rates: Sequence[sp.Expr], index: int) -> sp.Expr:
    return sp.Mul(*(rates[index] if place == index else factor for place, factor in enumerate(factors)))


def _power(base: sp.Expr, exponent: sp.Expr, base_rate: sp.Expr, exponent_rate: sp.Expr) -> sp.Expr:
    total = _ZERO
    if base_rate != 0:
        total += exponent * base ** (exponent - _ONE) * base_rate
    if exponent_rate != 0:
        total += sp.log(base) * base**exponent * exponent_rate
    return total


def _extreme(expression: Any, rates: Sequence[sp.Expr]) -> sp.Expr:
    """The rate of the first of the arguments that is as large, or as small, as the whole."""
    pieces = [
        (rate, sp.Eq(argument, expression, evaluate=False))
        for argument, rate in zip(expression.args, rates, strict=True)
    ]
    return sp.Piecewise(*pieces[:-1], (rates[-1], True), evaluate=False)
