"""From the SymPy expressions of a model to one graph of everything a Rosenbrock step needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import sympy as sp

from unmask.engine.elimination import WRITTEN_OUT, Factors, Plan, factorise, negated, plan
from unmask.engine.graph import Graph
from unmask.errors import ModelError
from unmask.model.system import Model

_FUNCTIONS = {
    sp.exp: "exp",
    sp.log: "log",
    sp.sin: "sin",
    sp.cos: "cos",
    sp.tan: "tan",
    sp.asin: "asin",
    sp.acos: "acos",
    sp.atan: "atan",
    sp.sinh: "sinh",
    sp.cosh: "cosh",
    sp.floor: "floor",
    sp.Abs: "abs",
}
_RELATIONS = {
    sp.StrictLessThan: ("lt", False),
    sp.LessThan: ("le", False),
    sp.StrictGreaterThan: ("lt", True),
    sp.GreaterThan: ("le", True),
    sp.Equality: ("eq", False),
    sp.Unequality: ("ne", False),
}
_LOGICAL = {sp.And: "and", sp.Or: "or", sp.Xor: "xor"}


@dataclass(frozen=True)
class Equations:
    """A model as nodes of one graph.

    Attributes
    ----------
    rates, time_derivatives, observables
        One node per state, per state (empty when no rate depends on time) and per observable.
    jacobian
        Non-zero entries (row, column) -> node of d rate[row] / d state[column].
    matrix, plan
        Entries of ``pivot I - jacobian``, whose pivot is an input of its own, and how it is eliminated.
    factors
        Its LU factors written out; None where that would be too much code.
    triggers, margins
        One condition per event, and for each a number that changes sign where the condition changes: at or
        above 0 where it holds, at or below 0 where it does not.
    further
        One node for each further expression that was asked for, by its name.
    """

    graph: Graph
    rates: tuple[int, ...]
    time_derivatives: tuple[int, ...]
    observables: tuple[int, ...]
    jacobian: Mapping[tuple[int, int], int]
    matrix: Mapping[tuple[int, int], int]
    plan: Plan
    factors: Factors | None
    triggers: tuple[int, ...]
    margins: tuple[int, ...]
    further: Mapping[str, int]


def translate(model: Model, further: Mapping[str, sp.Expr] | None = None) -> Equations:
    """Return the graph of a model: rates, Jacobian, factors, observables, triggers.

    Parameters
    ----------
    further
        Other expressions in the model's symbols, by a name that says in an error what they are.

    Raises
    ------
    ModelError
        A symbol that is neither species, parameter, time nor an earlier rule; a function the engine cannot
        compute; a species name used twice; a number that is not real; no species at all.
    """
    if not model.species:
        raise ModelError("engine.no_species", model=model.name)
    graph = Graph()
    translator = _Translator(graph, model)
    states = [graph.input("state", index) for index in range(len(model.species))]
    rates = [translator.convert(rate, f"d({name})/dt") for name, rate in _named_rates(model)]
    observables = [translator.symbol(name, "observables") for name in model.observables]
    triggers = [translator.condition(event.trigger, event.name) for event in model.events]
    margins = [translator.margin(event.trigger, event.name) for event in model.events]

    time = graph.input("time")
    moving = [graph.derivative(rate, time) for rate in rates]
    jacobian = {
        (row, column): node
        for row, rate in enumerate(rates)
        for column, state in enumerate(states)
        if (node := graph.derivative(rate, state)) != graph.zero
    }
    asked = {name: translator.convert(expression, name) for name, expression in (further or {}).items()}
    parts = (rates, observables, triggers, margins, list(jacobian.values()), moving, list(asked.values()))
    lowered = iter(graph.lower([node for part in parts for node in part]))
    rates, observables, triggers, margins, entries, moving, others = (
        [next(lowered) for _ in part] for part in parts
    )
    jacobian = dict(zip(jacobian, entries, strict=True))
    matrix = negated(graph, jacobian, graph.input("pivot"), len(rates))
    steps = plan(jacobian, len(rates))
    return Equations(
        graph=graph,
        rates=tuple(rates),
        time_derivatives=tuple(moving) if any(node != graph.zero for node in moving) else (),
        observables=tuple(observables),
        jacobian=jacobian,
        matrix=matrix,
        plan=steps,
        factors=factorise(graph, matrix, steps) if steps.products <= WRITTEN_OUT else None,
        triggers=tuple(triggers),
        margins=tuple(margins),
        further=dict(zip(asked, others, strict=True)),
    )


def _named_rates(model: Model) -> list[tuple[str, sp.Expr]]:
    if len(model.rates) != len(model.species):
        raise ModelError(
            "engine.rate_count", model=model.name, species=len(model.species), rates=len(model.rates)
        )
    return list(zip(model.species_names, model.rates, strict=True))


class _Translator:
    """Converts SymPy expressions, remembering every subexpression."""

    def __init__(self, graph: Graph, model: Model) -> None:
        self.graph = graph
        self.model = model.name
        self.symbols: dict[str, int] = {model.time_symbol: graph.input("time")}
        self.seen: dict[Any, int] = {}
        for kind, names in (("state", model.species_names), ("parameter", model.parameter_names)):
            for index, name in enumerate(names):
                if name in self.symbols:
                    raise ModelError("engine.duplicate_symbol", model=model.name, symbol=name)
                self.symbols[name] = graph.input(kind, index)
        for rule in model.rules:
            if rule.name in self.symbols:
                raise ModelError("engine.duplicate_symbol", model=model.name, symbol=rule.name)
            self.symbols[rule.name] = self.convert(rule.expression, rule.name)

    def symbol(self, name: str, where: str) -> int:
        if name not in self.symbols:
            raise ModelError("engine.unknown_symbol", model=self.model, where=where, symbol=name)
        return self.symbols[name]

    def convert(self, expression: Any, where: str) -> int:
        """Return the node of an expression; ``where`` names it in an error."""
        expression = sp.sympify(expression)
        if expression not in self.seen:
            self.seen[expression] = self._convert(expression, where)
        return self.seen[expression]

    def _convert(self, expression: Any, where: str) -> int:
        graph = self.graph
        if expression.is_Symbol:
            return self.symbol(expression.name, where)
        if expression.is_number and not expression.has(sp.zoo, sp.nan):
            try:
                return graph.constant(float(expression))
            except TypeError as error:
                raise ModelError(
                    "engine.not_real", model=self.model, where=where, value=expression
                ) from error
        if expression.is_Add:
            return graph.total([self.convert(argument, where) for argument in expression.args])
        if expression.is_Mul:
            return graph.product([self.convert(argument, where) for argument in expression.args])
        if expression.is_Pow or isinstance(expression, sp.Pow):
            base, exponent = expression.args
            if base == sp.E:
                return graph.function("exp", self.convert(exponent, where))
            return graph.power(self.convert(base, where), self.convert(exponent, where))
        if isinstance(expression, (sp.Max, sp.Min)):
            name = "max" if isinstance(expression, sp.Max) else "min"
            return reduce(
                partial(graph.extremum, name), [self.convert(argument, where) for argument in expression.args]
            )
        if isinstance(expression, sp.Piecewise):
            return self._piecewise(expression, where)
        if isinstance(expression, sp.tanh):
            return self._tanh(self.convert(expression.args[0], where))
        if isinstance(expression, sp.Mod):
            value, modulus = (self.convert(argument, where) for argument in expression.args)
            whole = graph.function("floor", graph.multiply(value, graph.reciprocal(modulus)))
            return graph.subtract(value, graph.multiply(modulus, whole))
        if isinstance(expression, sp.ceiling):
            below = graph.function("floor", graph.negate(self.convert(expression.args[0], where)))
            return graph.negate(below)
        if isinstance(expression, sp.sign):
            return self._sign(self.convert(expression.args[0], where))
        name = _FUNCTIONS.get(type(expression), "")
        if not name:
            function = getattr(expression.func, "__name__", str(expression.func))
            raise ModelError("engine.unsupported_function", model=self.model, where=where, function=function)
        return graph.function(name, self.convert(expression.args[0], where))

    def _sign(self, argument: int) -> int:
        graph = self.graph
        below = graph.select(graph.compare("lt", argument, graph.zero), graph.constant(-1.0), argument)
        return graph.select(graph.compare("lt", graph.zero, argument), graph.one, below)

    def _tanh(self, argument: int) -> int:
        """1 - 2/(exp(2x) + 1), with x held within 20: it is 1 to the last place there.

        Where exp(2x) overflows the value would still be right, but its derivative infinity times zero.
        """
        graph = self.graph
        held = graph.extremum("max", graph.constant(-20.0), argument)
        held = graph.extremum("min", graph.constant(20.0), held)
        denominator = graph.add(graph.function("exp", graph.multiply(graph.constant(2.0), held)), graph.one)
        return graph.subtract(graph.one, graph.multiply(graph.constant(2.0), graph.reciprocal(denominator)))

    def _piecewise(self, expression: Any, where: str) -> int:
        *branches, (last, condition) = expression.args
        if condition == True:  # noqa: E712 - SymPy's true is not Python's
            result = self.convert(last, where)
        else:
            # Outside every branch the value is undefined: NaN, which ends the patient with a status.
            result = self.graph.constant(float("nan"))
            branches = list(expression.args)
        for value, condition in reversed(branches):
            result = self.graph.select(self.condition(condition, where), self.convert(value, where), result)
        return result

    def condition(self, condition: Any, where: str) -> int:
        """Return the node of a condition; a symbol that stands for one holds where it is not 0."""
        graph = self.graph
        if condition in (sp.true, sp.false):
            return graph.truth(bool(condition))
        if isinstance(condition, (sp.And, sp.Or, sp.Xor)):
            name = _LOGICAL[type(condition)]
            return reduce(
                partial(graph.logical, name), [self.condition(argument, where) for argument in condition.args]
            )
        if isinstance(condition, sp.Not):
            return graph.logical("not", self.condition(condition.args[0], where))
        if isinstance(condition, (sp.ITE, sp.Piecewise)):
            result = graph.truth(False)
            for value, case in reversed(_branches(condition)):
                holds, inside = self.condition(case, where), self.condition(value, where)
                outside = graph.logical("and", graph.logical("not", holds), result)
                result = graph.logical("or", graph.logical("and", holds, inside), outside)
            return result
        if condition.is_Symbol:
            return graph.compare("ne", self.convert(condition, where), graph.zero)
        name, left, right = self._relation(condition, where)
        return graph.compare(name, left, right)

    def margin(self, condition: Any, where: str) -> int:
        """Return a number that is at or above 0 where a condition holds, at or below 0 where it does not.

        It is continuous where the two sides of the relations are, so that its root is where the condition
        changes.
        """
        graph = self.graph
        if condition in (sp.true, sp.false):
            return graph.constant(1.0 if condition else -1.0)
        if isinstance(condition, (sp.And, sp.Or)):
            name = "min" if isinstance(condition, sp.And) else "max"
            return reduce(
                partial(graph.extremum, name), [self.margin(argument, where) for argument in condition.args]
            )
        if isinstance(condition, sp.Xor):
            first, *others = (self.margin(argument, where) for argument in condition.args)
            for other in others:
                one = graph.extremum("min", first, graph.negate(other))
                first = graph.extremum("max", one, graph.extremum("min", graph.negate(first), other))
            return first
        if isinstance(condition, sp.Not):
            return graph.negate(self.margin(condition.args[0], where))
        if isinstance(condition, (sp.ITE, sp.Piecewise)):
            result = graph.constant(-1.0)
            for value, case in reversed(_branches(condition)):
                result = graph.select(self.condition(case, where), self.margin(value, where), result)
            return result
        if condition.is_Symbol:
            return graph.function("abs", self.convert(condition, where))
        name, left, right = self._relation(condition, where)
        difference = graph.subtract(right, left)
        if name in ("lt", "le"):
            return difference
        apart = graph.function("abs", difference)
        return apart if name == "ne" else graph.negate(apart)

    def _relation(self, condition: Any, where: str) -> tuple[str, int, int]:
        """Return a comparison of the graph and its two operands."""
        relation = _RELATIONS.get(type(condition))
        if relation is None:
            raise ModelError(
                "engine.unsupported_function", model=self.model, where=where, function=str(condition.func)
            )
        name, swapped = relation
        left, right = (self.convert(argument, where) for argument in condition.args)
        return (name, right, left) if swapped else (name, left, right)


def _branches(condition: Any) -> list[tuple[Any, Any]]:
    """Return (value, condition) of a case distinction between conditions."""
    if isinstance(condition, sp.ITE):
        case, inside, outside = condition.args
        return [(inside, case), (outside, sp.true)]
    return [(value, case) for value, case in condition.args]
