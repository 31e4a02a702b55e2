"""Small SBML models in a few lines, their trajectories by Unmask and by libRoadRunner."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unmask.model.sbml.document import open_model
from unmask.model.sbml.reader import read_model
from unmask.model.sbml.symbols import quantities
from unmask.simulation.population import population
from unmask.simulation.trajectories import simulate

libsbml = pytest.importorskip("libsbml", reason="needs the extra sbml")
Floats = NDArray[np.float64]
_TERM = re.compile(r"\s*(?:(?P<count>[0-9.]+)\s+|(?P<name>\w+)\s*:\s*)?(?P<species>\w+)\s*")


class Draft:
    """A model under way; every method returns it."""

    def __init__(self, level: int = 3, version: int = 2, name: str = "draft") -> None:
        self.level = level
        self.document = libsbml.SBMLDocument(level, version)
        self.model = self.document.createModel()
        self.model.setId(name)
        self._settings = libsbml.L3ParserSettings()
        self._settings.setComparisonCaseSensitivity(libsbml.L3P_COMPARE_BUILTINS_CASE_SENSITIVE)
        self._settings.setParseUnits(True)

    def math(self, formula: str) -> Any:
        tree = libsbml.parseL3FormulaWithSettings(formula, self._settings)
        assert tree is not None, libsbml.getLastParseL3Error()
        return tree

    def unit(self, name: str, *parts: tuple[str, float, int, float]) -> Draft:
        """Parts are (kind, exponent, scale, multiplier)."""
        definition = self.model.createUnitDefinition()
        definition.setId(name)
        for kind, exponent, scale, multiplier in parts:
            unit = definition.createUnit()
            unit.setKind(libsbml.UnitKind_forName(kind))
            unit.setExponent(exponent)
            unit.setScale(scale)
            unit.setMultiplier(multiplier)
        return self

    def compartment(
        self,
        name: str,
        size: float | None = 1.0,
        constant: bool = True,
        dimensions: float = 3,
        unit: str = "",
    ) -> Draft:
        item = self.model.createCompartment()
        item.setId(name)
        item.setConstant(constant)
        item.setSpatialDimensions(dimensions)
        if size is not None:
            item.setSize(size)
        if unit:
            item.setUnits(unit)
        return self

    def species(
        self,
        name: str,
        compartment: str,
        amount: float | None = None,
        concentration: float | None = None,
        only_amount: bool = False,
        boundary: bool = False,
        constant: bool = False,
        factor: str = "",
        unit: str = "",
    ) -> Draft:
        item = self.model.createSpecies()
        item.setId(name)
        item.setCompartment(compartment)
        item.setHasOnlySubstanceUnits(only_amount)
        item.setBoundaryCondition(boundary)
        item.setConstant(constant)
        if amount is not None:
            item.setInitialAmount(amount)
        if concentration is not None:
            item.setInitialConcentration(concentration)
        if factor:
            item.setConversionFactor(factor)
        if unit:
            item.setSubstanceUnits(unit)
        return self

    def parameter(
        self, name: str, value: float | None = None, constant: bool = True, unit: str = ""
    ) -> Draft:
        item = self.model.createParameter()
        item.setId(name)
        item.setConstant(constant)
        if value is not None:
            item.setValue(value)
        if unit:
            item.setUnits(unit)
        return self

    def function(self, name: str, arguments: str, body: str) -> Draft:
        item = self.model.createFunctionDefinition()
        item.setId(name)
        item.setMath(self.math(f"lambda({arguments}, {body})" if arguments else f"lambda({body})"))
        return self

    def assign(self, name: str, formula: str) -> Draft:
        return self._rule(self.model.createAssignmentRule(), name, formula)

    def rate(self, name: str, formula: str) -> Draft:
        return self._rule(self.model.createRateRule(), name, formula)

    def _rule(self, rule: Any, name: str, formula: str) -> Draft:
        rule.setVariable(name)
        rule.setMath(self.math(formula))
        return self

    def start(self, name: str, formula: str) -> Draft:
        item = self.model.createInitialAssignment()
        item.setSymbol(name)
        item.setMath(self.math(formula))
        return self

    def reaction(self, name: str, equation: str, law: str, **local: float) -> Draft:
        """``2 A + n:B -> C``: a number, or the identifier of a stoichiometry, before a species."""
        item = self.model.createReaction()
        item.setId(name)
        item.setReversible(False)
        if self.document.getVersion() == 1 or self.level < 3:
            item.setFast(False)
        left, right = equation.split("->")
        for side, create in ((left, item.createReactant), (right, item.createProduct)):
            for term in filter(str.strip, side.split("+")):
                self._term(create(), term)
        kinetics = item.createKineticLaw()
        for parameter, value in local.items():
            own = kinetics.createLocalParameter() if self.level >= 3 else kinetics.createParameter()
            own.setId(parameter)
            own.setValue(value)
        kinetics.setMath(self.math(law))
        used = {term["species"] for side in (left, right) for term in _TERM.finditer(side)}
        for species in self.model.getListOfSpecies():
            if species.getId() not in used and re.search(rf"\b{species.getId()}\b", law):
                item.createModifier().setSpecies(species.getId())
        return self

    def _term(self, reference: Any, term: str) -> None:
        match = _TERM.fullmatch(term)
        assert match is not None, term
        reference.setSpecies(match["species"])
        if self.level >= 3:
            reference.setConstant(match["name"] is None)
        if match["name"]:
            reference.setId(match["name"])
        else:
            reference.setStoichiometry(float(match["count"] or 1.0))

    def stoichiometry(self, name: str, value: float) -> Draft:
        """Give the reference of that identifier a number to start from."""
        for reaction in self.model.getListOfReactions():
            for side in (reaction.getListOfReactants(), reaction.getListOfProducts()):
                for reference in side:
                    if reference.getId() == name:
                        reference.setStoichiometry(value)
        return self

    def event(
        self,
        trigger: str,
        assignments: Mapping[str, str],
        *,
        name: str = "",
        delay: str = "",
        priority: str = "",
        persistent: bool = True,
        initially: bool = True,
        at_trigger: bool = True,
    ) -> Draft:
        item = self.model.createEvent()
        if name:
            item.setId(name)
        item.setUseValuesFromTriggerTime(at_trigger)
        cause = item.createTrigger()
        if self.level >= 3:
            cause.setPersistent(persistent)
            cause.setInitialValue(initially)
        cause.setMath(self.math(trigger))
        if delay:
            item.createDelay().setMath(self.math(delay))
        if priority:
            item.createPriority().setMath(self.math(priority))
        for variable, formula in assignments.items():
            assignment = item.createEventAssignment()
            assignment.setVariable(variable)
            assignment.setMath(self.math(formula))
        return self

    @property
    def text(self) -> str:
        return str(libsbml.writeSBMLToString(self.document))

    def save(self, folder: Path, name: str = "draft.xml") -> Path:
        file = folder / name
        file.write_text(self.text, encoding="utf-8")
        return file


def by_unmask(
    file: Path, times: Floats, names: Sequence[str] = (), units: str = "as-written"
) -> dict[str, Floats]:
    """Trajectories of one patient; of everything with an identifier where no names are given."""
    model = read_model(file, units=units, still=True).model  # type: ignore[arg-type]
    known = {*model.species_names, *model.parameter_names, *(rule.name for rule in model.rules)}
    wanted = tuple(names) or tuple(
        name
        for name, item in quantities(open_model(file)[1], str(file)).items()
        if name in known and item.kind != "stoichiometry"
    )
    model = replace(model, observables=wanted)
    tolerances = np.full(len(model.species), 1e-13)
    result = simulate(model, population(model, time=times[0]), times, rtol=1e-10, tolerances=tolerances)
    assert not result.failed.any(), result.failures()
    return dict(zip(wanted, result.observed[0].T, strict=True))


def by_roadrunner(file: Path, times: Floats, names: Sequence[str]) -> dict[str, Floats]:
    """The same by libRoadRunner; a species by what its identifier means in equations. Times evenly spaced."""
    roadrunner = pytest.importorskip("roadrunner", reason="needs libroadrunner")
    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    items = quantities(open_model(file)[1], str(file))
    runner = roadrunner.RoadRunner(file.read_text(encoding="utf-8"))
    runner.integrator.relative_tolerance = 1e-12
    runner.integrator.absolute_tolerance = 1e-15
    runner.integrator.maximum_num_steps = 100_000

    def selection(name: str) -> str:
        item = items.get(name)
        return f"[{name}]" if item is not None and not item.symbol_is_amount else name

    chosen = ["time", *(selection(name) for name in names)]
    table = np.array(runner.simulate(float(times[0]), float(times[-1]), len(times), chosen))
    return dict(zip(names, table[:, 1:].T, strict=True))


def difference(found: Floats, expected: Floats) -> float:
    """Largest difference, relative to the largest expected value; infinite where only one is NaN."""
    with np.errstate(invalid="ignore"):
        gap = np.where(found == expected, 0.0, np.abs(found - expected))
    gap = np.where(np.isnan(found) & np.isnan(expected), 0.0, gap)
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(float(finite.max(initial=0.0)), 1e-12)
    return float(np.where(np.isnan(gap), np.inf, gap).max() / scale)
