"""Times at which a model's equations or triggers jump by the clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from unmask.model.system import Model

_BENT = (sp.Piecewise, sp.floor, sp.ceiling, sp.Max, sp.Min, sp.Abs)


def breakpoints(model: Model) -> list[sp.Expr]:
    """Return the times, as expressions of parameters, at which a condition on the time alone changes.

    They come from every relation in a trigger, or in a ``Piecewise`` of a rule or rate, that compares
    something linear in the time with parameters and numbers. Rules are replaced by what they stand for. Put the
    times (evaluated for each patient; leave out what is not finite) into a course's ``stops``, and no pulse is
    stepped over. Repeating schedules (``Mod``, ``floor`` of the time) and delays are not found.
    """
    time = sp.Symbol(model.time_symbol)
    parameters = set(model.parameter_names)
    meaning: dict[sp.Symbol, sp.Expr] = {}
    found: dict[sp.Expr, None] = {}
    expressions: list[Any] = [*(rule.expression for rule in model.rules), *model.rates]
    for index, expression in enumerate([*expressions, *(event.trigger for event in model.events)]):
        trigger = index >= len(expressions)
        for relation in _relations(sp.sympify(expression), trigger):
            difference = (relation.lhs - relation.rhs).xreplace(meaning)
            names = {symbol.name for symbol in difference.free_symbols}
            if time in difference.free_symbols and names <= parameters | {time.name}:
                slope = sp.diff(difference, time)
                # Of a choice between pieces, or a whole part, the derivative says nothing about where it changes.
                if slope != 0 and time not in slope.free_symbols and not difference.has(*_BENT):
                    found[sp.simplify(-difference.xreplace({time: sp.S.Zero}) / slope)] = None
        if index < len(model.rules):
            replaced = sp.sympify(expression).xreplace(meaning)
            if {symbol.name for symbol in replaced.free_symbols} <= parameters | {time.name}:
                meaning[sp.Symbol(model.rules[index].name)] = replaced
    return list(found)


def _relations(expression: Any, everywhere: bool) -> Iterator[Relational]:
    """Relations within the conditions of ``Piecewise``, or ``everywhere`` in a trigger."""
    if everywhere:
        yield from expression.atoms(Relational)
        return
    for choice in expression.atoms(sp.Piecewise):
        for _, condition in choice.args:
            yield from condition.atoms(Relational)
