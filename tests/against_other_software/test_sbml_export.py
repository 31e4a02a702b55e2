"""Exported models: without error for libsbml, the same trajectories by libRoadRunner, the same rates when read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sbml_draft import Draft, difference, libsbml

from unmask.errors import ModelError
from unmask.model import catalogue
from unmask.model.assemble import assemble
from unmask.model.evaluate import Evaluator
from unmask.model.module import Module, Need, Rate
from unmask.model.quantity import parse
from unmask.model.sbml.document import open_model
from unmask.model.sbml.reader import read_model
from unmask.model.sbml.units import DeclaredUnits
from unmask.model.sbml.writer import Dose, write_model
from unmask.model.system import Model, Parameter, Species
from unmask.simulation.dosing import Dosing
from unmask.simulation.population import population
from unmask.simulation.trajectories import simulate

TIMES = np.linspace(0.0, 200.0, 101)
AGREEMENT = 1e-6
DOSES = (7.0, 28.0, 49.0, 50.5)


def _foreign(folder: Path) -> Model:
    """A model from a file: concentrations in a volume that grows, events with everything, computed starts."""
    draft = Draft().compartment("c", 2, False).rate("c", "0.01").species("A", "c", concentration=5)
    draft.species("B", "c", amount=1, only_amount=True).parameter("k", 0.05).parameter("z", 0, False)
    draft.start("z", "max(k, A)*2").reaction("J", "A -> 2 B", "k*A").reaction("K", "B ->", "0.02*B")
    draft.event("A < 1.5", {"A": "A + 2", "z": "time"}, delay="3.5", priority="A", at_trigger=False)
    draft.event("time >= 30.47", {"c": "1.5*c"}, initially=False, persistent=False, name="swelling")
    return read_model(draft.save(folder), units="as-written").model


def _assembled(_: Path) -> Model:
    """A tank with a tap."""
    tank = Module(
        name="tank",
        description="water that runs in and out",
        species=(Species("water", "L", "water", 3.0), Species("salt", "mg", "salt", 50.0)),
        parameters=(
            Parameter("leak", 0.05, "1/day", "leak", 0, 1, "test", "assumed"),
            Parameter("full", 8.0, "L", "full", 0, 10, "test", "assumed"),
        ),
        rates=(
            Rate("water", "inflow * Max(0.2, 1 - water / full) - leak * water"),
            Rate("salt", "-leak * salt * Min(1, sqrt(water / full)) * exp(-water / full)"),
        ),
        needs=(Need("inflow", "L/day"),),
        provides=("water", "salt"),
    )
    inflow = Parameter("inflow", 0.7, "L/day", "inflow", 0, 1, "test", "assumed")
    tap = Module(name="tap", description="gives water", parameters=(inflow,), provides=("inflow",))
    return assemble("tub", [tank, tap], ["water", "salt"])


MAKERS = {
    "assembled": _assembled,
    "core": lambda _: catalogue.load("core"),
    "core with two lesions": lambda _: catalogue.load("core", lesions=2),
    "a file": _foreign,
}


@pytest.fixture(params=MAKERS)
def model(request, tmp_path) -> Model:
    return MAKERS[request.param](tmp_path)


def _dosed(model: Model) -> str:
    return next((name for name in model.species_names if "anti" in name), model.species_names[-1])


def _expected(model: Model, doses: list[Dosing]) -> dict[str, np.ndarray]:
    names = model.species_names
    model = replace(model, observables=names)
    scale = np.array([max(abs(item.initial), 1.0) for item in model.species])
    result = simulate(model, population(model), TIMES, doses, rtol=1e-10, tolerances=1e-13 * scale)
    assert not result.failed.any()
    return dict(zip(names, result.observed[0].T, strict=True))


def _by_roadrunner(text: str, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    roadrunner = pytest.importorskip("roadrunner", reason="needs libroadrunner")
    runner = roadrunner.RoadRunner(text)
    runner.integrator.relative_tolerance = 1e-12
    runner.integrator.absolute_tolerance = 1e-14
    runner.integrator.maximum_num_steps = 1_000_000
    table = np.array(runner.simulate(TIMES[0], TIMES[-1], len(TIMES), ["time", *names]))
    return dict(zip(names, table[:, 1:].T, strict=True))


@pytest.mark.parametrize("dosed", [False, True], ids=["untreated", "dosed"])
def test_libroadrunner_gives_the_same_trajectories(model, dosed):
    species = _dosed(model)
    doses = [Dosing(species, 10.0, DOSES)] if dosed else []
    text = write_model(model, [Dose(item.species, item.amount, item.times) for item in doses])
    expected, found = _expected(model, doses), _by_roadrunner(text, model.species_names)
    for name in model.species_names:
        assert difference(found[name], expected[name]) <= AGREEMENT, name
    if dosed:
        assert difference(_expected(model, [])[species], expected[species]) > 0.01


def test_libsbml_finds_nothing_but_units_that_a_file_never_declared(model):
    document = libsbml.readSBMLFromString(write_model(model, [Dose(_dosed(model), 10.0, DOSES)]))
    document.checkConsistency()
    log = document.getErrorLog()
    findings = [log.getError(index) for index in range(log.getNumErrors())]
    assert [item.getMessage() for item in findings if item.getSeverity() >= libsbml.LIBSBML_SEV_ERROR] == []
    undeclared = {20702, 80701, 99505, 99508}
    assert {item.getErrorId() for item in findings} <= (set() if model.origin else undeclared)


def test_what_is_read_back_has_the_same_rates_everywhere(model, tmp_path):
    file = tmp_path / "out.xml"
    file.write_text(write_model(model), encoding="utf-8")
    back = read_model(file, units="as-written").model
    numbers = np.random.default_rng(3)
    points = 25
    states = {
        item.name: numbers.uniform(0.2, 3.0, points) * (abs(item.initial) or 1.0) for item in model.species
    }
    values = {item.name: np.full(points, item.value) for item in model.parameters}
    times = numbers.uniform(0.0, 100.0, points)

    def rates(which: Model) -> dict[str, np.ndarray]:
        known = {item.name: states.get(item.name, np.zeros(points)) for item in which.species}
        fixed = {item.name: values.get(item.name, np.full(points, item.value)) for item in which.parameters}
        found = Evaluator(which).rates(times, np.stack([*known.values()]), np.stack([*fixed.values()]))
        return dict(zip(which.species_names, found, strict=True))

    own, other = rates(model), rates(back)
    for name in model.species_names:
        assert_allclose(other[name], own[name], rtol=1e-12, atol=1e-300)
    assert len(back.events) == len(model.events)
    for before, after in zip(model.events, back.events, strict=True):
        for attribute in ("persistent", "initially", "values_at_trigger"):
            assert getattr(before, attribute) == getattr(after, attribute)


def test_a_late_concentration_in_a_volume_that_changes_is_refused(tmp_path):
    """Its value is that of the trigger and its amount that of the assignment, which rules for amounts cannot say."""
    draft = Draft().compartment("c", 2, False).rate("c", "0.1").species("A", "c", concentration=5)
    draft.event("time >= 3.5", {"A": "A + 1"}, delay="2", name="late")
    with pytest.raises(ModelError, match="event late assigns a concentration of A after a delay"):
        write_model(read_model(draft.save(tmp_path)).model)


def test_unit_definitions_mean_what_the_units_say(tmp_path):
    model = catalogue.load("core")
    file = tmp_path / "core.xml"
    file.write_text(write_model(model), encoding="utf-8")
    document, source = open_model(file)
    declared = DeclaredUnits(source, "core.xml")
    checked = 0
    for item in (*model.species, *model.parameters, *model.rules):
        element = source.getElementBySId(item.name)
        identifier = (
            element.getSubstanceUnits() if hasattr(element, "getSubstanceUnits") else element.getUnits()
        )
        unit, meant = declared.named(identifier), parse(item.unit)
        # SBML counts cells as items, which Unmask reads as parts of a mole.
        dimension = {
            ("[substance]" if name == "[cell_number]" else name): power for name, power in meant.dimension
        }
        if len(dimension) < len(meant.dimension):
            continue
        cells = dict(meant.dimension).get("[cell_number]", 0)
        assert unit is not None, item.name
        assert {name: power for name, power in unit.dimension if power} == {
            name: power for name, power in dimension.items() if power
        }, item.name
        assert unit.factor * declared_item() ** -float(cells) == pytest.approx(meant.factor, rel=1e-9), (
            item.name
        )
        checked += 1
    assert checked > 100
    assert document is not None


def declared_item() -> float:
    from unmask.model.sbml.units import base_kind

    return base_kind("item").factor
