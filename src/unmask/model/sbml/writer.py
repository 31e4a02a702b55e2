"""A model as SBML Level 3 version 2 core.

States become species where SBML lets a species have their unit (amounts, masses, items, plain numbers) and parameters
where it does not (volumes, concentrations); all change by rate rules, since a model is equations and not reactions.
Rules become assignment rules, events events, computed starts initial assignments, doses events at their times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from typing import Any

import sympy as sp

from unmask.errors import ModelError
from unmask.model.quantity import ONE, Unit, parse
from unmask.model.sbml.document import library
from unmask.model.sbml.mathematics import INFINITE, NOT_A_NUMBER
from unmask.model.sbml.syntax_tree import Trees
from unmask.model.sbml.units import base_kind
from unmask.model.system import Content, Model, Parameter

_SPACE = "body"  # the compartment every species is in; of size 1, so that amounts are what they are
_KINDS = {
    "[length]": "metre",
    "[mass]": "kilogram",
    "[time]": "second",
    "[substance]": "mole",
    "[cell_number]": "item",
    "[temperature]": "kelvin",
    "[current]": "ampere",
    "[luminosity]": "candela",
}
_OF_SPECIES: tuple[dict[str, int], ...] = ({"[substance]": 1}, {"[mass]": 1}, {"[cell_number]": 1}, {})
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
DISCLAIMER = "Simulated patients, for research and teaching, never for treatment decisions."


@dataclass(frozen=True)
class Dose:
    """An amount, in the unit of the species, that is added to it at each of the times."""

    species: str
    amount: float
    times: tuple[float, ...]


def write_model(model: Model, doses: Sequence[Dose] = ()) -> str:
    """Return the SBML text of a model.

    Parameters
    ----------
    model
        Any assembled or imported model.
    doses
        Written as events; each names a species of the model.

    Raises
    ------
    ConfigurationError
        python-libsbml is not installed.
    ModelError
        ``sbml.not_expressible``, ``sbml.late_concentration``, ``sbml.bad_identifier``, or an error that libsbml
        finds in what was written.
    """
    lib = library()
    document = lib.SBMLDocument(3, 2)
    writer = _Writer(model, document, lib)
    writer.write(doses)
    text = str(lib.writeSBMLToString(document))
    _check(lib, text, model.name)
    return text


def _check(lib: Any, text: str, name: str) -> None:
    document = lib.readSBMLFromString(text)
    document.checkConsistency()
    log = document.getErrorLog()
    for index in range(log.getNumErrors()):
        finding = log.getError(index)
        if finding.getSeverity() >= lib.LIBSBML_SEV_ERROR:
            raise ModelError("sbml.written_wrong", model=name, reason=" ".join(finding.getMessage().split()))


class _Writer:
    def __init__(self, model: Model, document: Any, lib: Any) -> None:
        self.model = model
        self.lib = lib
        self.target = document.createModel()
        # Numbers in the equations of Unmask's own modules were checked to be without unit.
        self.trees = Trees(model.name, model.time_symbol, dimensionless=bool(model.origin))
        self.units: dict[str, str] = {}
        taken = {*model.species_names, *model.parameter_names, *(rule.name for rule in model.rules)}
        self.space = _SPACE
        while self.space in taken:
            self.space += "_"

    def write(self, doses: Sequence[Dose]) -> None:
        model, target = self.model, self.target
        target.setId(
            re.sub(r"\W", "_", model.name) if not model.name[:1].isdigit() else f"model_{model.name}"
        )
        target.setName(model.name)
        target.setTimeUnits(self.unit(model.time_unit) or "second")
        target.setNotes(
            _notes(
                f"Model {model.name}, written by Unmask. {DISCLAIMER}",
                *(reference.text for reference in model.references),
            )
        )
        space = target.createCompartment()
        space.setId(self.space)
        space.setConstant(True)
        space.setSize(1.0)
        space.setSpatialDimensions(3)
        space.setUnits("dimensionless")
        starts = {rule.name for rule in model.initial}
        for parameter in model.parameters:
            if parameter.name in (NOT_A_NUMBER, INFINITE):
                continue  # written as the number wherever it stands
            self._parameter(parameter, parameter.name in starts)
        for species, rate in zip(model.species, model.rates, strict=True):
            self._state(
                species.name, species.unit, species.initial, species.description, species.name in starts
            )
            rule = target.createRateRule()
            rule.setVariable(species.name)
            rule.setMath(self.trees.tree(rate))
        for item in model.rules:
            self._variable(item.name, item.unit, item.description)
            rule = target.createAssignmentRule()
            rule.setVariable(item.name)
            rule.setMath(self.trees.tree(item.expression))
        for item in model.initial:
            assignment = target.createInitialAssignment()
            assignment.setSymbol(item.name)
            assignment.setMath(self.trees.tree(item.expression))
        for event in model.events:
            self._event(event)
        for number, dose in enumerate(doses, 1):
            self._dose(number, dose)

    # -- elements ------------------------------------------------------------------------------------------

    def _identifier(self, name: str) -> str:
        if not _IDENTIFIER.fullmatch(name):
            raise ModelError("sbml.bad_identifier", model=self.model.name, name=name)
        return name

    def _parameter(self, parameter: Parameter, computed: bool) -> None:
        item = self._variable(parameter.name, parameter.unit, parameter.description, constant=True)
        if not computed and parameter.value == parameter.value:
            item.setValue(float(parameter.value))
        if parameter.source:
            item.setNotes(_notes(f"Source: {parameter.source} ({parameter.confidence})"))

    def _variable(self, name: str, unit: str, description: str, constant: bool = False) -> Any:
        item = self.target.createParameter()
        item.setId(self._identifier(name))
        if description:
            item.setName(description)
        item.setConstant(constant)
        known = self.unit(unit)
        if known:
            item.setUnits(known)
        return item

    def _state(self, name: str, unit: str, initial: float, description: str, computed: bool) -> None:
        reduced = _parsed(unit)
        plain = reduced is not None and dict(reduced.dimension) in _OF_SPECIES
        if not plain:
            item = self._variable(name, unit, description)
            if not computed:
                item.setValue(float(initial))
            return
        item = self.target.createSpecies()
        item.setId(self._identifier(name))
        if description:
            item.setName(description)
        item.setCompartment(self.space)
        item.setSubstanceUnits(self.unit(unit) or "dimensionless")
        item.setHasOnlySubstanceUnits(True)
        item.setBoundaryCondition(False)
        item.setConstant(False)
        if not computed:
            item.setInitialAmount(float(initial))

    def _event(self, event: Any) -> None:
        item = self.target.createEvent()
        item.setId(self._identifier(event.name))
        item.setUseValuesFromTriggerTime(event.values_at_trigger)
        trigger = item.createTrigger()
        trigger.setInitialValue(event.initially)
        trigger.setPersistent(event.persistent)
        trigger.setMath(self.trees.tree(event.trigger))
        if event.delay is not None:
            item.createDelay().setMath(self.trees.tree(event.delay))
        if event.priority is not None:
            item.createPriority().setMath(self.trees.tree(event.priority))
        for name, value in event.assignments:
            content = self.model.contents.get(name, Content(name))
            late = event.delay is not None and event.values_at_trigger
            if late and content.volume and content.volume not in self.model.parameter_names:
                # The value is that of the trigger, the size that of the assignment: one formula cannot say both.
                raise ModelError(
                    "sbml.late_concentration", model=self.model.name, event=event.name, species=name
                )
            assignment = item.createEventAssignment()
            assignment.setVariable(content.state)
            assignment.setMath(
                self.trees.tree(value * sp.Symbol(content.volume) if content.volume else value)
            )

    def _dose(self, number: int, dose: Dose) -> None:
        if dose.species not in self.model.species_names:
            raise ModelError("sbml.unknown_dose", model=self.model.name, species=dose.species)
        unit = next(item.unit for item in self.model.species if item.name == dose.species)
        amount = self.target.createParameter()
        amount.setId(f"dose_{number}_{dose.species}")
        amount.setConstant(True)
        amount.setValue(dose.amount)
        if known := self.unit(unit):
            amount.setUnits(known)
        for count, time in enumerate(dose.times, 1):
            item = self.target.createEvent()
            item.setId(f"dose_{number}_{dose.species}_{count}")
            item.setUseValuesFromTriggerTime(True)
            trigger = item.createTrigger()
            trigger.setInitialValue(False)
            trigger.setPersistent(True)
            tree = self.trees.tree(sp.Ge(sp.Symbol(self.model.time_symbol), sp.Float(time), evaluate=False))
            tree.getChild(1).setUnits(self.target.getTimeUnits())
            trigger.setMath(tree)
            assignment = item.createEventAssignment()
            assignment.setVariable(dose.species)
            assignment.setMath(self.trees.tree(sp.Symbol(dose.species) + sp.Symbol(amount.getId())))

    # -- units ---------------------------------------------------------------------------------------------

    def unit(self, text: str) -> str:
        """Return the identifier of a unit, defined in the file; "" for one that pint does not know."""
        if text not in self.units:
            reduced = _parsed(text)
            self.units[text] = "" if reduced is None else self._define(reduced, text)
        return self.units[text]

    def _define(self, unit: Unit, text: str) -> str:
        if unit.same(ONE):
            return "dimensionless"
        definition = self.target.createUnitDefinition()
        definition.setId(f"unit_{self.target.getNumUnitDefinitions()}")
        definition.setName(text)
        factor = unit.factor
        parts = []
        for name, power in unit.dimension:
            kind = _KINDS[name]
            parts.append((kind, power))
            # pint counts in kilograms and metres as SBML does, and in cells where SBML has items.
            own = 1.0 if kind == "item" else base_kind(kind).factor
            factor /= own ** float(power)
        for index, (kind, power) in enumerate(parts or [("dimensionless", Fraction(1))]):
            part = definition.createUnit()
            part.setKind(self.lib.UnitKind_forName(kind))
            part.setExponent(float(power))
            part.setScale(0)
            part.setMultiplier(factor ** (1.0 / float(power)) if index == 0 else 1.0)
        return str(definition.getId())


def _parsed(text: str) -> Unit | None:
    """Return what pint makes of a unit, ``None`` for text that it does not know (that of a foreign file)."""
    try:
        return parse(text) if text else None
    except ModelError:
        return None


def _notes(*paragraphs: str) -> str:
    inside = "".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    return f'<body xmlns="http://www.w3.org/1999/xhtml">{inside}</body>'
