"""Putting conversion factors where a file mixes units.

SBML takes numbers as they are written and leaves units to the author; SimBiology and its kind convert while they
simulate, so that their exports mix days with minutes and moles with nanomoles. Here every expression whose units are
declared is followed term by term. Where two terms, or an expression and what it is assigned to, are the same kind of
quantity on different scales, the factor between them is put in; where they are different kinds, the file is refused.
Symbols keep their declared units, and an expression that needs no factor stays exactly as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import sympy as sp

from unmask.errors import DataError
from unmask.model.quantity import ONE, Unit, parse
from unmask.model.sbml.mathematics import INFINITE, NOT_A_NUMBER
from unmask.model.sbml.symbols import quantities
from unmask.model.sbml.units import DeclaredUnits, time_name
from unmask.model.system import Event, Model, Rule


@dataclass(frozen=True)
class Conversion:
    """A model whose expressions are consistent, and a note for every factor that was put in."""

    model: Model
    notes: tuple[str, ...]


def convert(model: Model, source: Any, file: str) -> Conversion:
    """Return the model with conversion factors where declared units need them.

    Parameters
    ----------
    model
        As read from the file, numbers as written.
    source
        libsbml's model of the same file.

    Raises
    ------
    DataError
        ``sbml.unknown_unit``; ``sbml.units_do_not_reduce`` where quantities of different kinds are added, compared
        or assigned to each other.
    """
    declared = DeclaredUnits(source, file)
    units: dict[str, Unit | None] = {}
    for name, item in quantities(source, file).items():
        unit = declared.of(item)
        units[name] = unit
        if name in model.contents:
            content = model.contents[name]
            units[content.state] = unit
    for name, content in model.contents.items():
        amount, size = units.get(content.state), units.get(content.volume)
        if content.volume:
            units[name] = None if amount is None or size is None else amount / size
    for parameter in model.parameters:
        units.setdefault(parameter.name, declared.named(parameter.unit))
    time = declared.time()
    if time is None:
        time = _time_of_rates(model, units, file)
    return _Converter(file, units, time).run(model)


def _time_of_rates(model: Model, units: Mapping[str, Unit | None], file: str) -> Unit | None:
    """The unit of time that most rates are written in, for files that do not say (SimBiology's Level 2)."""
    amounts = {content.state for content in model.contents.values()}
    # Amounts without a unit are in moles at Level 2; what their rates are per does not depend on it.
    known = {name: parse("mole") if unit is None else unit for name, unit in units.items() if name in amounts}
    converter = _Converter(file, {**units, **known}, None)
    converter.rules(model)
    found: Counter[float] = Counter()
    for species, rate in zip(model.species, model.rates, strict=True):
        amount = converter.units.get(species.name)
        _, unit = converter.walk(rate, f"the rate of {species.name}")
        if amount is None or unit is None:
            continue
        time = amount / unit
        if dict(time.dimension) == {"[time]": Fraction(1)}:
            found[float(f"{time.factor:.9g}")] += 1
    if not found:
        return None
    factor = found.most_common(1)[0][0]
    return Unit(factor, (("[time]", Fraction(1)),))


@dataclass
class _Converter:
    file: str
    units: dict[str, Unit | None]
    time: Unit | None
    notes: list[str] = field(default_factory=list)

    def run(self, model: Model) -> Conversion:
        self.units[model.time_symbol] = self.time
        rules = self.rules(model)
        rates = []
        for species, rate in zip(model.species, model.rates, strict=True):
            amount = self.units.get(species.name)
            target = None if amount is None or self.time is None else amount / self.time
            rates.append(self.assigned(rate, target, f"the rate of change of {species.name}"))
        initial = tuple(
            replace(
                rule,
                expression=self.assigned(
                    rule.expression, self.units.get(rule.name), f"the start of {rule.name}"
                ),
            )
            for rule in model.initial
        )
        events = tuple(self._event(event) for event in model.events)
        label = time_name(self.time) or model.time_unit
        if label != model.time_unit:
            self.notes.insert(0, f"the file does not say its unit of time; its rates are per {label}")
        converted = replace(
            model, rules=rules, rates=tuple(rates), initial=initial, events=events, time_unit=label
        )
        return Conversion(converted, tuple(self.notes))

    def rules(self, model: Model) -> tuple[Rule, ...]:
        found = []
        for rule in model.rules:
            where = f"the rule of {rule.name}"
            if rule.name in self.units:
                expression = self.assigned(rule.expression, self.units[rule.name], where)
            else:
                expression, self.units[rule.name] = self.walk(rule.expression, where)
            found.append(replace(rule, expression=expression))
        return tuple(found)

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
        factor = unit.factor / target.factor
        self.notes.append(f"{where}: a factor {factor:.6g} from {unit} to {target}")
        return value * sp.Float(factor)

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
