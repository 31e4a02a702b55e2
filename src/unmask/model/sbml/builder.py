"""From what a file says to a :class:`~unmask.model.system.Model`.

What the standard says becomes ordinary differential equations with rules and events (SBML Level 3 version 2 core,
sections 4.6 to 4.11): states are amounts of species, sizes of compartments that change, and everything else that a
rate rule or an event changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sympy as sp

from unmask.errors import DataError
from unmask.model.ordering import evaluation_order
from unmask.model.sbml.conversion import UnitConverter
from unmask.model.sbml.derivative import rate_of_change
from unmask.model.sbml.mathematics import INFINITE, NOT_A_NUMBER, literal
from unmask.model.sbml.reading import Reading
from unmask.model.sbml.symbols import Quantity
from unmask.model.sbml.units import DeclaredUnits
from unmask.model.system import Content, Event, Model, Parameter, Rule, Species

_ZERO = sp.Integer(0)
# Of a state whose typical size the file does not tell; simulations replace it by what they see.
_RELATIVE_TOLERANCE, _SMALLEST_TOLERANCE = 1e-9, 1e-12


class Builder:
    """Puts a model together from what was read."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.file = reading.file
        self.time = reading.mathematics.time
        self.units = DeclaredUnits(reading.model, reading.file)
        self.states: dict[str, sp.Expr] = {}
        self.parameters: dict[str, float] = {}
        self.rules: dict[str, sp.Expr] = {}
        self.starts: dict[str, sp.Expr] = {}
        self.contents: dict[str, Content] = {}
        self.given_concentrations: set[str] = set()
        self.notes: tuple[str, ...] = ()
        self._factors: dict[str, str] = {}

    def build(self, document: Any, *, convert: bool = False) -> Model:
        """Return the model, checked for symbols that are not there, circles and values that are missing.

        With ``convert`` factors are put in where units are mixed; ``notes`` then says which.
        """
        reading = self.reading
        for item in reading.quantities.values():
            self._place(item)
        for name, (value, _) in reading.local.items():
            self.parameters[name] = value
        self.rules |= reading.reactions
        events = self._events()
        self._rates_of()
        self._literals(events)
        rules = self._ordered(self.rules, "sbml.circular_rules")
        self._refuse_unknown(events)
        time_unit = self._time_unit()
        if convert:
            converter = UnitConverter(self)
            events = converter.apply(events, rules)
            time_unit = converter.time_label or time_unit
            self.notes = tuple(converter.notes)
            self._factors = {name: f"{1.0 / factor!r}" for factor, name in converter.factors.items()}
        initial = self._initial(rules)
        if not self.states:
            # The engine integrates something: a state that stands still carries models made of rules alone.
            name = reading.unique("stillness")
            self.states[name] = _ZERO
        values = self._values(initial, rules)
        self._refuse_missing(values)
        source = document.getModel()
        return Model(
            name=source.getId() or Path(self.file).stem,
            species=tuple(self._species(name, values) for name in self.states),
            parameters=tuple(self._parameter(name, values) for name in self.parameters),
            rules=tuple(Rule(name, self._unit(name), self.rules[name], self._label(name)) for name in rules),
            rates=tuple(self.states.values()),
            observables=self._observables(),
            time_unit=time_unit,
            time_symbol=self.time.name,
            events=events,
            initial=tuple(Rule(name, self._unit(name), expression) for name, expression in initial.items()),
            contents=self.contents,
        )

    # -- quantities ----------------------------------------------------------------------------------------

    def _place(self, item: Quantity) -> None:
        if item.kind == "species":
            self._place_species(item)
        elif item.name in self.reading.assigned:
            self.rules[item.name] = self.reading.assigned[item.name]
        else:
            if self.reading.moves(item.name):
                self.states[item.name] = self.reading.rated.get(item.name, _ZERO)
            else:
                self.parameters[item.name] = float("nan") if item.value is None else item.value
            self._start(item.name, item)

    def _place_species(self, item: Quantity) -> None:
        reading, name = self.reading, item.name
        amount = reading.amount_names[name]
        volume = "" if item.symbol_is_amount else item.volume
        if name in reading.assigned:
            self.rules[name] = reading.assigned[name]
            if volume:
                self.rules[amount] = sp.Symbol(name) * sp.Symbol(volume)
        elif reading.moves(name):
            self.states[amount] = self._amount_rate(item)
            self.contents[name] = Content(amount, volume)
        else:
            self.parameters[amount] = float("nan") if item.value is None else item.value
            self.contents[name] = Content(amount, volume)
        if name not in reading.assigned:
            self._start(amount, item)
            if volume:
                self.rules[name] = sp.Symbol(amount) / sp.Symbol(volume)

    def _amount_rate(self, item: Quantity) -> sp.Expr:
        reading, name = self.reading, item.name
        if name in reading.rated:
            rate = reading.rated[name]
            if item.symbol_is_amount:
                return rate
            # The rule is of the concentration; the amount changes with the size of the compartment as well.
            volume = sp.Symbol(item.volume)
            return rate * volume + sp.Symbol(name) * self._rate_of(item.volume)
        if not item.changing or item.boundary:
            return _ZERO
        total: sp.Expr = _ZERO
        for count, reaction in reading.changes.get(name, ()):
            total = total + count * sp.Symbol(reaction)
        return total * sp.Symbol(item.conversion_factor) if item.conversion_factor else total

    def _rate_of(self, name: str) -> sp.Expr:
        if self.reading.fixed(name):
            return _ZERO
        return self.reading.mathematics.rate_symbol(name)

    def _start(self, target: str, item: Quantity) -> None:
        """The value at the start, of the amount of a species and of anything else as it stands."""
        reading = self.reading
        if item.kind != "species":
            if item.name in reading.initial:
                self.starts[target] = reading.initial[item.name]
            elif item.value is not None:
                self.starts[target] = literal(item.value)
            return
        volume = sp.Symbol(item.volume)
        if item.name in reading.initial:
            value = reading.initial[item.name]
            self.starts[target] = value if item.symbol_is_amount else value * volume
        elif item.value is not None:
            value = literal(item.value)
            self.starts[target] = value if item.value_is_amount else value * volume
            if not item.value_is_amount:
                self.given_concentrations.add(target)

    # -- what depends on the whole -------------------------------------------------------------------------

    def _rates_of(self) -> None:
        """Rules for the rates of change that the mathematics asks for, by the chain rule."""
        mathematics = self.reading.mathematics
        if not mathematics.rates_asked:
            return
        self._ordered(self.rules, "sbml.circular_rules")
        pending = sorted(mathematics.rates_asked)
        done: set[str] = set()
        while pending:
            name = pending.pop()
            if name in done:
                continue
            done.add(name)
            symbol = mathematics.rate_symbol(name).name
            self.rules[symbol] = self._rate_of_symbol(name)
            pending += [item for item in mathematics.rates_asked if item not in done]

    def _rate_of_symbol(self, name: str) -> sp.Expr:
        """Return the rate of change of anything by its name, along the solution."""
        if name in self.states:
            return self.states[name]
        if name in self.rules:
            return rate_of_change(self.rules[name], self._rate_of_symbol)
        return sp.Integer(1) if name == self.time.name else _ZERO

    def _literals(self, events: tuple[Event, ...]) -> None:
        used = {symbol.name for expression in self._everything(events) for symbol in expression.free_symbols}
        for name, value in ((NOT_A_NUMBER, float("nan")), (INFINITE, float("inf"))):
            if name in used:
                self.parameters[name] = value

    def _everything(self, events: tuple[Event, ...]) -> list[sp.Basic]:
        found: list[sp.Basic] = [*self.states.values(), *self.rules.values(), *self.starts.values()]
        for event in events:
            found += [event.trigger, *(value for _, value in event.assignments)]
            found += [item for item in (event.delay, event.priority) if item is not None]
        return found

    def _ordered(self, expressions: Mapping[str, sp.Expr], code: str) -> list[str]:
        uses = {
            name: frozenset(item.name for item in expression.free_symbols)
            for name, expression in expressions.items()
        }
        order, circle = evaluation_order(uses)
        if circle:
            raise DataError("sbml.circular_rules", file=self.file, name=circle[0], cycle=" -> ".join(circle))
        return order

    def _initial(self, rules: list[str]) -> dict[str, sp.Expr]:
        """Computed values at the start, in order, in terms of states and parameters."""
        inlined: dict[sp.Symbol, sp.Expr] = {}
        for name in rules:
            inlined[sp.Symbol(name)] = self.rules[name].xreplace(inlined)
        computed = {
            name: expression.xreplace(inlined)
            for name, expression in self.starts.items()
            if expression.free_symbols
        }
        # A species by its concentration starts from its own start, not from a state that is still to be set.
        return {name: computed[name] for name in self._ordered(computed, "sbml.circular_rules")}

    def _values(self, initial: Mapping[str, sp.Expr], rules: list[str]) -> dict[str, float]:
        """Numbers at the start, for the default values of states and parameters."""
        from unmask.model.evaluate import Expressions

        values = {name: float(x) for name, x in self.starts.items() if not x.free_symbols}
        values |= {name: value for name, value in self.parameters.items() if name not in values}
        values[self.time.name] = 0.0
        for name in self.states:
            values.setdefault(name, 0.0 if name not in self.reading.quantities else float("nan"))
        known = {name: value for name, value in values.items() if name not in initial}
        found = Expressions(tuple(known), initial)(*known.values())
        return {**known, **{name: float(value) for name, value in found.items()}}

    def _refuse_unknown(self, events: tuple[Event, ...]) -> None:
        known = {*self.states, *self.parameters, *self.rules, self.time.name}
        for expression in self._everything(events):
            for symbol in sorted(expression.free_symbols, key=str):
                if symbol.name not in known:
                    raise DataError("sbml.unknown_symbol", file=self.file, name=symbol.name)

    def _refuse_missing(self, values: Mapping[str, float]) -> None:
        """Refuse a number that is used and not given, and a compartment of no size that divides amounts."""
        used = {
            symbol.name
            for expression in (*self.states.values(), *self.rules.values())
            for symbol in expression.free_symbols
        }
        for name, item in self.reading.quantities.items():
            given = item.value is not None or name in self.reading.initial or name in self.reading.assigned
            if not given and name in used and not (item.value is None and name in self.reading.event_targets):
                raise DataError("sbml.no_value", file=self.file, name=name, where="the model")
            if item.kind == "species" and item.value is not None and item.value < 0:
                raise DataError("sbml.negative_amount", file=self.file, name=name, value=item.value)
            if item.kind == "compartment" and item.value is not None and item.value < 0:
                raise DataError("sbml.negative_size", file=self.file, name=name, value=item.value)
        for content in self.contents.values():
            size = values.get(content.volume, 1.0)
            if content.volume and size <= 0.0 and content.volume in (*self.parameters, *self.states):
                code = "sbml.negative_size" if size < 0 else "sbml.empty_compartment"
                raise DataError(code, file=self.file, name=content.volume, value=size)

    # -- events --------------------------------------------------------------------------------------------

    def _events(self) -> tuple[Event, ...]:
        found = []
        for number, event in enumerate(self.reading.model.getListOfEvents(), 1):
            name = event.getId() or self.reading.unique(f"event{number}")
            trigger = event.getTrigger()
            if trigger is None or not trigger.isSetMath():
                continue
            found.append(self._event(name, event, trigger))
        return tuple(found)

    def _event(self, name: str, event: Any, trigger: Any) -> Event:
        mathematics, where = self.reading.mathematics, f"event {name}"
        level = event.getLevel()

        def optional(element: Any) -> sp.Expr | None:
            return (
                mathematics.number(element.getMath(), where)
                if element is not None and element.isSetMath()
                else None
            )

        values = {
            item.getVariable(): mathematics.number(
                item.getMath(), f"{where}, assignment of {item.getVariable()}"
            )
            for item in event.getListOfEventAssignments()
            if item.isSetMath()
        }
        return Event(
            name=name,
            trigger=mathematics.condition(trigger.getMath(), f"the trigger of {where}"),
            assignments=tuple(values.items()),
            delay=optional(event.getDelay()),
            priority=optional(event.getPriority()) if level >= 3 else None,
            persistent=trigger.getPersistent() if level >= 3 else True,
            initially=trigger.getInitialValue() if level >= 3 else True,
            values_at_trigger=event.getUseValuesFromTriggerTime(),
        )

    # -- labels --------------------------------------------------------------------------------------------

    def _species(self, name: str, values: Mapping[str, float]) -> Species:
        value = values[name]
        scale = abs(value) if value == value else 0.0
        tolerance = max(_RELATIVE_TOLERANCE * scale, _SMALLEST_TOLERANCE) if scale else _SMALLEST_TOLERANCE
        return Species(
            name,
            self._unit(name),
            self._label(name),
            initial=value,
            nonnegative=False,
            absolute_tolerance=tolerance if tolerance < float("inf") else 1.0,
        )

    def _parameter(self, name: str, values: Mapping[str, float]) -> Parameter:
        value = values[name]
        if name in self._factors:
            factor = (
                value,
                self._factors[name],
                "factor between two scales",
                value,
                value,
                "units of the file",
            )
            return Parameter(name, *factor, "definition")
        return Parameter(
            name,
            value,
            self._unit(name),
            self._label(name),
            float("-inf"),
            float("inf"),
            f"{Path(self.file).name}, as it stands there",
            "assumed",
        )

    def _unit(self, name: str) -> str:
        reading = self.reading
        item = reading.quantities.get(name)
        if item is None:
            state = next((key for key, amount in reading.amount_names.items() if amount == name), "")
            if state:
                return self.units.label(reading.quantities[state].unit)
            return self.units.label(reading.local.get(name, (0.0, ""))[1])
        unit = self.units.label(item.unit)
        if item.kind != "species" or item.symbol_is_amount or not unit:
            return unit
        size = self.units.label(reading.quantities[item.volume].unit)
        return f"{unit}/{size}" if size else unit

    def _label(self, name: str) -> str:
        item = self.reading.quantities.get(name)
        return item.label if item is not None else ""

    def _observables(self) -> tuple[str, ...]:
        """Every species, and whatever else changes."""
        reading = self.reading
        return tuple(
            name
            for name, item in reading.quantities.items()
            if item.kind == "species" or not reading.fixed(name)
        )

    def _time_unit(self) -> str:
        model = self.reading.model
        identifier = "time" if model.getLevel() < 3 else model.getTimeUnits()
        if not identifier:
            return "1"
        # Level 2 has a default, the second, which few authors mean: it does not count as said.
        declared = identifier in self.units.definitions or model.getLevel() >= 3
        return self.units.label(identifier) if declared else "1"
