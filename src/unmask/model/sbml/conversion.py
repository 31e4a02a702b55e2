"""Putting conversion factors where a file mixes units.

SBML takes numbers as they are written and leaves units to the author; SimBiology and its kind convert while they
simulate, so that their exports mix days with minutes and moles with nanomoles. Here every expression whose units are
declared is followed term by term. Where two terms, or an expression and what it is assigned to, are the same kind of
quantity on different scales, the factor between them is put in; where they are different kinds, the file is refused.
Symbols keep their declared units, and an expression that needs no factor stays exactly as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy as sp

from unmask.errors import DataError
from unmask.model.quantity import ONE, Unit, parse
from unmask.model.sbml.mathematics import INFINITE, NOT_A_NUMBER
from unmask.model.sbml.units import time_name
from unmask.model.system import Event

if TYPE_CHECKING:
    from unmask.model.sbml.builder import Builder


class UnitConverter:
    """Puts factors into the equations of one file before they become a model.

    Every factor becomes a parameter with the unit that it has, the ratio of two scales: written to a file again, the
    equations are consistent and are not converted a second time.

    Attributes
    ----------
    notes
        One for every factor, and for a unit of time that was found rather than declared.
    time
        Unit of time, ``None`` where nothing tells it.
    """

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.file = builder.file
        self.notes: list[str] = []
        self.factors: dict[float, str] = {}
        self.units = self._declared()
        self.time = builder.units.time()
        self.time_label = ""

    def _declared(self) -> dict[str, Unit | None]:
        builder, reading = self.builder, self.builder.reading
        units: dict[str, Unit | None] = {}
        for name, item in reading.quantities.items():
            units[name] = builder.units.of(item)
            if name in builder.contents:
                units[builder.contents[name].state] = units[name]
        for name, content in builder.contents.items():
            if content.volume:
                amount, size = units.get(content.state), units.get(content.volume)
                units[name] = None if amount is None or size is None else amount / size
        for name, (_, identifier) in reading.local.items():
            units[name] = builder.units.named(identifier)
        return units

    def apply(self, events: tuple[Event, ...], order: Sequence[str]) -> tuple[Event, ...]:
        """Convert the builder's rules, rates and starts, and return the events converted.

        Parameters
        ----------
        order
            Names of the rules in order of evaluation.

        Raises
        ------
        DataError
            ``sbml.unknown_unit``; ``sbml.units_do_not_reduce`` where quantities of different kinds are added,
            compared or assigned to each other.
        """
        builder = self.builder
        if self.time is None:
            self._time_of_rates(order)
        self.units[builder.time.name] = self.time
        builder.rules |= {name: self._rule(name) for name in order}
        for name, rate in builder.states.items():
            amount = self.units.get(name)
            target = None if amount is None or self.time is None else amount / self.time
            builder.states[name] = self.assigned(rate, target, f"the rate of change of {name}")
        for name, start in builder.starts.items():
            # A concentration that the file gives is in the unit of its amount over that of its volume as it stands.
            if start.free_symbols and name not in builder.given_concentrations:
                builder.starts[name] = self.assigned(start, self.units.get(name), f"the start of {name}")
        converted = tuple(self._event(event) for event in events)
        builder.parameters |= {name: factor for factor, name in self.factors.items()}
        return converted

    def _rule(self, name: str) -> sp.Expr:
        expression, where = self.builder.rules[name], f"the rule of {name}"
        if name in self.units:
            return self.assigned(expression, self.units[name], where)
        value, self.units[name] = self.walk(expression, where)
        return value

    def _time_of_rates(self, order: Sequence[str]) -> None:
        """The unit of time that most rates are written in, for files that do not say (SimBiology's Level 2)."""
        amounts = {content.state for content in self.builder.contents.values()}
        # Amounts without a unit are in moles at Level 2; what their rates are per does not depend on it.
        known = {name: parse("mole") for name, unit in self.units.items() if unit is None and name in amounts}
        taken = set(self.builder.reading.taken)
        trial = UnitConverter(self.builder)
        trial.units |= known
        for name in order:
            trial._rule(name)
        found: Counter[float] = Counter()
        for name, rate in self.builder.states.items():
            amount = trial.units.get(name)
            _, unit = trial.walk(rate, f"the rate of {name}")
            if amount is None or unit is None:
                continue
            time = amount / unit
            if dict(time.dimension) == {"[time]": Fraction(1)}:
                found[float(f"{time.factor:.9g}")] += 1
        self.builder.reading.taken = taken  # names of factors that were only tried
        if found:
            self.time = Unit(found.most_common(1)[0][0], (("[time]", Fraction(1)),))
            self.time_label = time_name(self.time)
            if self.time_label:
                self.notes.append(
                    f"the file does not say its unit of time; its rates are per {self.time_label}"
                )

    def _event(self, event: Event) -> Event:
        where = f"event {event.name}"
        return replace(
            event,
            trigger=self._condition(event.trigger, f"the trigger of {where}"),
            assignments=tuple(
                (name, self.assigned(value, self.units.get(name), f"{where}, assignment of {name}"))
                for name, value in event.assignments
            ),
            delay=None
            if event.delay is None
            else self.assigned(event.delay, self.time, f"the delay of {where}"),
        )

    def assigned(self, expression: sp.Expr, target: Unit | None, where: str) -> sp.Expr:
        """Return an expression in the unit of what it is assigned to."""
        value, unit = self.walk(expression, where)
        if value.is_number:
            return value
        return self._to(value, unit, target, where)

    def _to(self, value: sp.Expr, unit: Unit | None, target: Unit | None, where: str) -> sp.Expr:
        if unit is None or target is None or unit.same(target):
            return value
        if not unit.convertible(target):
            raise DataError(
                "sbml.units_do_not_reduce", file=self.file, where=where, found=unit, expected=target
            )
        factor = float(f"{unit.factor / target.factor:.15g}")  # the same ratio by another way is the same
        if factor not in self.factors:
            self.factors[factor] = self.builder.reading.unique(f"unit_factor_{len(self.factors) + 1}")
        name = self.factors[factor]
        self.units[name] = Unit(1.0 / factor, ())
        self.notes.append(f"{where}: a factor {factor:.6g} ({name}), for {unit} where {target} is meant")
        return value * sp.Symbol(name)

    def walk(self, part: sp.Expr, where: str) -> tuple[sp.Expr, Unit | None]:
        """Return an expression with its inner factors, and its unit (``None``: not known)."""
        if part.is_number:
            return part, ONE
        if part.is_Symbol:
            if part.name in (NOT_A_NUMBER, INFINITE):
                return part, None
            return part, self.units.get(part.name)
        if part.is_Mul:
            return self._product(part, where)
        if part.is_Pow:
            return self._power(part, where)
        if part.is_Add or isinstance(part, (sp.Max, sp.Min)):
            terms, unit = self._alike(part.args, where)
            return part.func(*terms), unit
        if isinstance(part, sp.Piecewise):
            values, unit = self._alike([value for value, _ in part.args], where)
            conditions = [self._condition(condition, where) for _, condition in part.args]
            return sp.Piecewise(*zip(values, conditions, strict=True), evaluate=False), unit
        if isinstance(part, (sp.Abs, sp.floor, sp.ceiling)):
            inner, unit = self.walk(part.args[0], where)
            return part.func(inner), unit
        inner_values = []
        for argument in part.args:
            inner, unit = self.walk(argument, where)
            inner_values.append(self._to(inner, unit, ONE, where))
        return part.func(*inner_values), ONE

    def _product(self, part: sp.Expr, where: str) -> tuple[sp.Expr, Unit | None]:
        values, unit = [], ONE
        known = True
        for argument in part.args:
            value, factor = self.walk(argument, where)
            values.append(value)
            if factor is None:
                known = False
            else:
                unit = unit * factor
        return sp.Mul(*values), unit if known else None

    def _power(self, part: sp.Expr, where: str) -> tuple[sp.Expr, Unit | None]:
        base, unit = self.walk(part.args[0], where)
        exponent, exponent_unit = self.walk(part.args[1], where)
        exponent = self._to(exponent, exponent_unit, ONE, where)
        if exponent.is_number and unit is not None:
            power = Fraction(float(exponent)).limit_denominator(1000)
            return base**exponent, unit.power(power)
        if unit is not None and unit.dimension:
            return base**exponent, None  # a unit to a power that may change has no name
        return self._to(base, unit, ONE, where) ** exponent, ONE

    def _alike(self, parts: Any, where: str) -> tuple[list[sp.Expr], Unit | None]:
        """Terms in the unit of the first whose unit is known; bare numbers are in whatever unit the others are."""
        walked = [(part, *self.walk(part, where)) for part in parts]
        known = [unit for part, _, unit in walked if unit is not None and not part.is_number]
        if not known:
            return [value for _, value, _ in walked], ONE if all(part.is_number for part in parts) else None
        target = known[0]
        return [
            value if part.is_number else self._to(value, unit, target, where) for part, value, unit in walked
        ], target

    def _condition(self, condition: sp.Basic, where: str) -> sp.Basic:
        if isinstance(condition, sp.core.relational.Relational):
            sides, _ = self._alike(condition.args, where)
            if any(side.is_number for side in sides) and all(side.is_number for side in sides):
                return condition
            return condition.func(*sides, evaluate=False)
        if not condition.args:
            return condition
        return condition.func(*(self._condition(argument, where) for argument in condition.args))
