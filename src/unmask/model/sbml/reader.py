"""An SBML file as a :class:`~unmask.model.system.Model`.

What the standard says becomes ordinary differential equations with rules and events (SBML Level 3 version 2 core,
sections 4.6 to 4.11): states are amounts of species, sizes of compartments that change, and everything else that a
rate rule or an event changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import sympy as sp

from unmask.errors import DataError
from unmask.messages import sentence
from unmask.model.ordering import evaluation_order
from unmask.model.sbml.document import open_model
from unmask.model.sbml.mathematics import INFINITE, NOT_A_NUMBER, Mathematics, literal
from unmask.model.sbml.symbols import Quantity, quantities
from unmask.model.system import Content, Event, Model, Parameter, Rule, Species

_ZERO = sp.Integer(0)
# Of a state whose typical size the file does not tell; simulations replace it by what they see.
_RELATIVE_TOLERANCE, _SMALLEST_TOLERANCE = 1e-9, 1e-12


@dataclass
class _Reading:
    """What has been read of one file."""

    file: str
    model: Any
    quantities: dict[str, Quantity]
    mathematics: Mathematics
    taken: set[str]
    assigned: dict[str, sp.Expr] = field(default_factory=dict)
    rated: dict[str, sp.Expr] = field(default_factory=dict)
    initial: dict[str, sp.Expr] = field(default_factory=dict)
    reactions: dict[str, sp.Expr] = field(default_factory=dict)
    changes: dict[str, list[tuple[sp.Expr, str]]] = field(default_factory=dict)
    local: dict[str, tuple[float, str]] = field(default_factory=dict)
    event_targets: set[str] = field(default_factory=set)

    @cached_property
    def amount_names(self) -> dict[str, str]:
        """Species -> name of what holds its amount."""
        return {
            name: name if item.symbol_is_amount else self.unique(f"{name}_amount")
            for name, item in self.quantities.items()
            if item.kind == "species"
        }

    def unique(self, name: str) -> str:
        """Return a name that nothing else has, and take it."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def moves(self, name: str) -> bool:
        """Whether a quantity is a state."""
        item = self.quantities[name]
        return name not in self.assigned and (
            name in self.rated
            or name in self.event_targets
            or (item.kind == "species" and item.changing and not item.boundary and name in self.changes)
        )

    def fixed(self, name: str) -> bool:
        """Whether a quantity is a number for all time."""
        return name not in self.assigned and not self.moves(name)


Units = Literal["auto", "convert", "as-written"]


@dataclass(frozen=True)
class Imported:
    """A model from a file, and what was done to read it that its author should know."""

    model: Model
    notes: tuple[str, ...] = ()


def read_model(path: Path, *, units: Units = "auto", still: bool = False) -> Imported:
    """Return the model of an SBML file, Level 2 version 4 to Level 3 version 2 core.

    Parameters
    ----------
    path
        The file.
    units
        ``"as-written"``: numbers mean what SBML says they mean, whatever units are declared. ``"convert"``: where
        quantities of one kind are mixed on different scales, factors are put in, as SimBiology does when it
        simulates, each with a note; different kinds are refused. ``"auto"``: the same, but a file whose units
        cannot be reconciled is read as written, with a note that says where they fail.
    still
        Whether a model in which nothing can change is accepted.

    Raises
    ------
    ConfigurationError
        python-libsbml is not installed.
    DataError
        Anything that cannot be read or is not supported, by name: algebraic rules, delay equations, fast
        reactions, packages that change the mathematics, libsbml's own errors with their line; units that do not
        reduce to each other.
    """
    document, source = open_model(path)
    reading = _read(str(path), source)
    if not still and not any(
        item.kind == "species" or not reading.fixed(name) for name, item in reading.quantities.items()
    ):
        raise DataError("sbml.nothing_changes", file=path)
    model = _Builder(reading).build(document)
    if units == "as-written":
        return Imported(model)
    from unmask.model.sbml.conversion import convert

    try:
        conversion = convert(model, source, str(path))
    except DataError as error:
        if units == "convert" or error.code != "sbml.units_do_not_reduce":
            raise
        return Imported(model, (sentence("sbml.units_as_written", error.values),))
    return Imported(conversion.model, conversion.notes)


def _read(file: str, model: Any) -> _Reading:
    _refuse_unsupported(model, file)
    items = quantities(model, file)
    reactions = [reaction.getId() for reaction in model.getListOfReactions()]
    functions = {}
    for definition in model.getListOfFunctionDefinitions():
        arguments = tuple(definition.getArgument(i).getName() for i in range(definition.getNumArguments()))
        functions[definition.getId()] = (arguments, definition.getBody())
    taken = {*items, *reactions, *functions}
    time = next(name for name in ("t", "time", "time_", "time__") if name not in taken)
    taken |= {time, NOT_A_NUMBER, INFINITE}
    reading = _Reading(file, model, items, Mathematics(file, sp.Symbol(time), functions), taken)
    for rule in model.getListOfRules():
        if rule.isSetMath():
            target = reading.assigned if rule.isAssignment() else reading.rated
            kind = "the rule of" if rule.isAssignment() else "the rate rule of"
            target[rule.getVariable()] = reading.mathematics.number(
                rule.getMath(), f"{kind} {rule.getVariable()}"
            )
    for assignment in model.getListOfInitialAssignments():
        if assignment.isSetMath():
            name = assignment.getSymbol()
            reading.initial[name] = reading.mathematics.number(
                assignment.getMath(), f"the initial assignment of {name}"
            )
    for event in model.getListOfEvents():
        reading.event_targets |= {
            item.getVariable() for item in event.getListOfEventAssignments() if item.isSetMath()
        }
    for reaction in model.getListOfReactions():
        _read_reaction(reading, reaction)
    return reading


def _refuse_unsupported(model: Any, file: str) -> None:
    def refuse(feature: str, where: str) -> None:
        raise DataError("sbml.unsupported", file=file, feature=feature, where=where)

    for rule in model.getListOfRules():
        if rule.isAlgebraic():
            refuse("algebraic rules", "the list of rules")
    for reaction in model.getListOfReactions():
        if reaction.isSetFast() and reaction.getFast():
            refuse("fast reactions", f"reaction {reaction.getId()}")


def _read_reaction(reading: _Reading, reaction: Any) -> None:
    name = reaction.getId()
    law = reaction.getKineticLaw()
    rate: sp.Expr = _ZERO
    if law is not None and law.isSetMath():
        own: dict[str, sp.Basic] = {}
        locals_ = law.getListOfLocalParameters() if law.getLevel() >= 3 else law.getListOfParameters()
        for parameter in locals_:
            if not parameter.isSetValue():
                raise DataError(
                    "sbml.no_value", file=reading.file, name=parameter.getId(), where=f"reaction {name}"
                )
            qualified = reading.unique(f"{name}_{parameter.getId()}")
            own[parameter.getId()] = sp.Symbol(qualified)
            reading.local[qualified] = (parameter.getValue(), parameter.getUnits())
        rate = reading.mathematics.number(law.getMath(), f"the kinetic law of reaction {name}", own)
    reading.reactions[name] = rate
    for sign, references in ((-1, reaction.getListOfReactants()), (1, reaction.getListOfProducts())):
        for reference in references:
            count = sign * _stoichiometry(reading, reference, name)
            reading.changes.setdefault(reference.getSpecies(), []).append((count, name))


def _stoichiometry(reading: _Reading, reference: Any, reaction: str) -> sp.Expr:
    if reference.getLevel() < 3:
        if reference.isSetStoichiometryMath():
            return reading.mathematics.number(
                reference.getStoichiometryMath().getMath(), f"a stoichiometry of reaction {reaction}"
            )
        return _exact(reference.getStoichiometry() / reference.getDenominator())
    identifier = reference.getId()
    if identifier:
        fixed = identifier not in reading.assigned and identifier not in reading.initial
        plain = fixed and identifier not in reading.rated and identifier not in reading.event_targets
        if not plain or not reference.isSetStoichiometry():
            return sp.Symbol(identifier)
    if not reference.isSetStoichiometry():
        where = f"reaction {reaction}"
        raise DataError(
            "sbml.no_value",
            file=reading.file,
            name=f"the stoichiometry of {reference.getSpecies()}",
            where=where,
        )
    return _exact(reference.getStoichiometry())


def _exact(value: float) -> sp.Expr:
    return sp.Integer(int(value)) if float(value).is_integer() else sp.Float(value)


class _Builder:
    """Puts a model together from what was read."""

    def __init__(self, reading: _Reading) -> None:
        self.reading = reading
        self.file = reading.file
        self.time = reading.mathematics.time
        self.states: dict[str, sp.Expr] = {}
        self.parameters: dict[str, float] = {}
        self.rules: dict[str, sp.Expr] = {}
        self.starts: dict[str, sp.Expr] = {}
        self.contents: dict[str, Content] = {}

    def build(self, document: Any) -> Model:
        """Return the model, checked for symbols that are not there, circles and values that are missing."""
        reading = self.reading
        for item in reading.quantities.values():
            self._place(item)
        for name, (value, _) in reading.local.items():
            self.parameters[name] = value
        self.rules |= reading.reactions
        events = self._events()
        self._rates_of(events)
        self._literals(events)
        rules = self._ordered(self.rules, "sbml.circular_rules")
        initial = self._initial(rules)
        self._refuse_unknown(events)
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
            time_unit=_time_unit(source),
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

    # -- what depends on the whole -------------------------------------------------------------------------

    def _rates_of(self, events: tuple[Event, ...]) -> None:
        """Rules for the rates of change that the mathematics asks for, by the chain rule."""
        mathematics = self.reading.mathematics
        pending = sorted(mathematics.rates_asked)
        done: set[str] = set()
        while pending:
            name = pending.pop()
            if name in done:
                continue
            done.add(name)
            symbol = mathematics.rate_symbol(name).name
            if symbol in self.reading.taken:
                raise DataError("sbml.name_clash", file=self.file, name=symbol)
            self.rules[symbol] = self._derivative(sp.Symbol(name))
            pending += [item for item in mathematics.rates_asked if item not in done]

    def _derivative(self, expression: sp.Expr) -> sp.Expr:
        """Return the derivative with respect to time along the solution."""
        total: sp.Expr = _ZERO
        for symbol in sorted(expression.free_symbols, key=str):
            if symbol.name in self.states:
                inner = self.states[symbol.name]
            elif symbol.name in self.rules:
                inner = self._derivative(self.rules[symbol.name])
            elif symbol == self.time:
                inner = sp.Integer(1)
            else:
                continue
            total = total + sp.diff(expression, symbol) * inner
        return total

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
        from unmask.model.evaluate import evaluate

        values = {name: float(x) for name, x in self.starts.items() if not x.free_symbols}
        values |= {name: value for name, value in self.parameters.items() if name not in values}
        values[self.time.name] = 0.0
        for name in self.states:
            values.setdefault(name, 0.0 if name not in self.reading.quantities else float("nan"))
        for name, expression in initial.items():
            values[name] = evaluate(expression, values)
        return values

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
        for content in self.contents.values():
            if content.volume and values.get(content.volume) == 0.0 and content.volume in self.parameters:
                raise DataError("sbml.empty_compartment", file=self.file, name=content.volume)

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
        item = self.reading.quantities.get(name)
        if item is not None:
            return item.unit
        return self.reading.local.get(name, (0.0, ""))[1]

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


def _time_unit(model: Any) -> str:
    if model.getLevel() >= 3:
        return model.getTimeUnits() or "1"
    return "time" if model.getUnitDefinition("time") is not None else "second"
