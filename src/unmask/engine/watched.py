"""Which states the triggers of events look at, and what they compare them with."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy.core.relational import Relational

from unmask.model.system import Model


@dataclass(frozen=True)
class Watched:
    """One comparison in a trigger: its two sides, in terms of states, parameters and time, and the states of each."""

    sides: tuple[sp.Expr, sp.Expr]
    states: tuple[tuple[int, ...], tuple[int, ...]]


def watched(model: Model) -> list[Watched]:
    """Return every comparison that a trigger makes, rules replaced by what they stand for."""
    columns = {sp.Symbol(name): column for column, name in enumerate(model.species_names)}
    meaning: dict[sp.Symbol, sp.Expr] = {}
    for rule in model.rules:
        meaning[sp.Symbol(rule.name)] = sp.sympify(rule.expression).xreplace(meaning)
    found = []
    for event in model.events:
        for relation in sorted(sp.sympify(event.trigger).atoms(Relational), key=str):
            left, right = (side.xreplace(meaning) for side in relation.args)
            states = tuple(
                tuple(sorted(columns[symbol] for symbol in side.free_symbols if symbol in columns))
                for side in (left, right)
            )
            if states[0] or states[1]:
                found.append(Watched((left, right), (states[0], states[1])))
    return found
