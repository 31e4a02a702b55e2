"""What an SBML file says, element by element, with its mathematics as SymPy expressions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sympy as sp

from unmask.errors import DataError
from unmask.model.sbml.mathematics import Mathematics
from unmask.model.sbml.symbols import Quantity, quantities

_ZERO = sp.Integer(0)


@dataclass
class Reading:
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


def read(file: str, model: Any) -> Reading:
    """Return what a libsbml model says.

    Raises
    ------
    DataError
        Algebraic rules, delay equations, fast reactions; a number that is missing; a function nobody defined.
    """
    _refuse_unsupported(model, file)
    items = quantities(model, file)
    reactions = [reaction.getId() for reaction in model.getListOfReactions()]
    functions = {}
    for definition in model.getListOfFunctionDefinitions():
        arguments = tuple(definition.getArgument(i).getName() for i in range(definition.getNumArguments()))
        functions[definition.getId()] = (arguments, definition.getBody())
    taken = {*items, *reactions, *functions}
    time = next(name for name in ("t", "time", "time_", "time__") if name not in taken)
    taken.add(time)
    prefix = "rate_of_"
    while any(name.startswith(prefix) for name in taken):
        prefix += "_"
    reading = Reading(file, model, items, Mathematics(file, sp.Symbol(time), functions, prefix), taken)
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


def _read_reaction(reading: Reading, reaction: Any) -> None:
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


def _stoichiometry(reading: Reading, reference: Any, reaction: str) -> sp.Expr:
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
