"""Files that mix units against their twins converted by hand, and what is said about it."""

from __future__ import annotations

import numpy as np
import pytest
from sbml_draft import Draft, by_unmask, difference

from unmask.errors import DataError
from unmask.model.sbml.reader import read_model

TIMES = np.linspace(0.0, 10.0, 51)
MINUTES_A_DAY = 1440.0


def _units(level: int = 3, version: int = 2) -> Draft:
    draft = Draft(level, version)
    draft.unit("day", ("second", 1, 0, 86400.0)).unit("minute", ("second", 1, 0, 60.0))
    draft.unit("per_day", ("second", -1, 0, 86400.0)).unit("per_minute", ("second", -1, 0, 60.0))
    draft.unit("nanomole", ("mole", 1, -9, 1.0)).unit("ml", ("litre", 1, -3, 1.0))
    draft.unit("nM", ("mole", 1, -9, 1.0), ("litre", -1, 0, 1.0))
    draft.unit("nmol_per_ml", ("mole", 1, -9, 1.0), ("litre", -1, -3, 1.0))
    draft.unit("mole_per_day", ("mole", 1, 0, 1.0), ("second", -1, 0, 86400.0))
    draft.unit("nmol_per_day", ("mole", 1, -9, 1.0), ("second", -1, 0, 86400.0))
    draft.unit("mg", ("gram", 1, -3, 1.0))
    if level >= 3:
        draft.model.setTimeUnits("day")
        draft.model.setExtentUnits("nanomole")
    return draft


def _model(mixed: bool) -> Draft:
    """Days with minutes, moles with nanomoles, litres with millilitres; in reactions, rules, events, delays, starts."""

    def pick(name: str, value: float, unit: str, converted: float, consistent: str) -> None:
        draft.parameter(name, value if mixed else converted, True, unit if mixed else consistent)

    draft = _units().compartment("c", 5, True, 3, "ml").species("A", "c", amount=3, unit="nanomole")
    draft.species(
        "B", "c", amount=1e-9 if mixed else 1.0, only_amount=True, unit="mole" if mixed else "nanomole"
    )
    draft.species("D", "c", unit="nanomole")
    pick("k", 0.0002, "per_minute", 0.0002 * MINUTES_A_DAY, "per_day")
    pick("limit", 180, "nM", 0.18, "nmol_per_ml")
    pick("wait", 1000, "minute", 1000 / MINUTES_A_DAY, "day")
    pick("supply", 2e-9, "mole_per_day", 2.0, "nmol_per_day")
    pick("moment", 4.01 * MINUTES_A_DAY, "minute", 4.01, "day")
    draft.parameter("q", 0.3, True, "per_day").parameter("total", 0, False, "nanomole")
    draft.reaction("J", "A -> D", "(k + q)*A*c").reaction("K", "D ->", "k*D*c")
    draft.rate("B", "supply").assign("total", "B + A*c").start("D", "max(limit, A)")
    draft.event("A < limit", {"A": "limit*1.3"}, delay="wait")
    return draft.event("time >= moment", {"A": "A + limit"}, initially=False)


@pytest.mark.parametrize("reading", ["auto", "convert"])
def test_mixed_units_give_what_their_twin_gives(reading, tmp_path):
    file, twin = _model(True).save(tmp_path, "mixed.xml"), _model(False).save(tmp_path, "twin.xml")
    names = ["A", "D", "B", "total"]
    found, expected = by_unmask(file, TIMES, names, units=reading), by_unmask(twin, TIMES, names)
    found["B"] = found["B"] * 1e9  # the state keeps the unit that the file gives it
    for name in names:
        assert difference(found[name], expected[name]) <= 1e-9, name
    assert difference(by_unmask(file, TIMES, names)["A"], expected["A"]) > 0.01


def test_every_factor_has_its_note_and_consistent_files_have_none(tmp_path):
    notes = read_model(_model(True).save(tmp_path), units="auto").notes
    for part in (
        "of A_amount",
        "rule of total",
        "trigger of",
        "delay of",
        "assignment of A",
        "start of D_amount",
    ):
        assert any(part in note and "a factor" in note for note in notes), part
    twin = _model(False).save(tmp_path)
    assert read_model(twin, units="auto").notes == ()
    assert read_model(twin, units="auto").model.hash == read_model(twin, units="as-written").model.hash


def test_as_written_numbers_stay_as_they_are_and_nothing_is_said(tmp_path):
    imported = read_model(_model(True).save(tmp_path), units="as-written")
    assert imported.notes == ()


def test_masses_convert_into_masses_only(tmp_path):
    draft = (
        _units().compartment("c", 1, True, 3, "ml").species("A", "c", amount=3, only_amount=True, unit="mg")
    )
    draft.species("B", "c", amount=0, only_amount=True, unit="kilogram").parameter("k", 0.1, True, "per_day")
    file = draft.reaction("J", "A -> B", "k*A").save(tmp_path)
    found = by_unmask(file, TIMES, ["B"], units="convert")
    assert difference(found["B"], 3e-6 * (1 - np.exp(-0.1 * TIMES))) <= 1e-9


def _mass_and_moles() -> Draft:
    draft = (
        _units().compartment("c", 1, True, 3, "ml").species("A", "c", amount=3, only_amount=True, unit="mg")
    )
    draft.species("B", "c", amount=1, only_amount=True, unit="nanomole").parameter("k", 0.1, True, "per_day")
    return draft.reaction("J", "A -> B", "k*A")


def test_what_does_not_reduce_is_refused_or_read_as_written_with_a_note(tmp_path):
    file = _mass_and_moles().save(tmp_path)
    with pytest.raises(
        DataError, match=r"rate of change of B, a quantity in .* kg / s stands where .* mol / s"
    ):
        read_model(file, units="convert")
    imported = read_model(file, units="auto")
    (note,) = imported.notes
    assert "Declared units were not used" in note
    assert imported.model.hash == read_model(file, units="as-written").model.hash


@pytest.mark.parametrize(
    "amount", ["", "MWDERIVEDUNIT_nanomole__liter", "MWBUILTINPREFIX_nano_MWBUILTINUNIT_molarity"]
)
@pytest.mark.parametrize(("rate", "name"), [("per_minute", "minute"), ("per_day", "day")])
def test_level_2_without_a_unit_of_time_is_in_that_of_its_rates(amount, rate, name, tmp_path):
    draft = _units(2, 4).compartment("c", 1).species("A", "c", amount=3, only_amount=True, unit=amount)
    file = draft.parameter("k", 0.1, True, rate).reaction("J", "A ->", "k*A").save(tmp_path)
    imported = read_model(file, units="auto")
    assert imported.model.time_unit == name
    assert imported.notes == (f"the file does not say its unit of time; its rates are per {name}",)
    assert difference(by_unmask(file, TIMES, ["A"], units="auto")["A"], 3 * np.exp(-0.1 * TIMES)) <= 1e-9


def test_rates_per_minute_among_rates_per_day(tmp_path):
    """SimBiology's Level 2: most rates are per day, so that the model's time is days, and one is per minute."""
    draft = _units(2, 4).compartment("c", 1)
    for name, rate, value in (("A", "per_day", 0.2), ("B", "per_day", 0.3), ("D", "per_minute", 1e-4)):
        draft.species(name, "c", amount=3, only_amount=True, unit="nanomole")
        draft.parameter(f"k{name}", value, True, rate).reaction(f"J{name}", f"{name} ->", f"k{name}*{name}")
    file = draft.save(tmp_path)
    assert read_model(file).model.time_unit == "day"
    found = by_unmask(file, TIMES, ["A", "D"], units="auto")
    assert difference(found["A"], 3 * np.exp(-0.2 * TIMES)) <= 1e-9
    assert difference(found["D"], 3 * np.exp(-1e-4 * MINUTES_A_DAY * TIMES)) <= 1e-9


@pytest.mark.parametrize("unit", ["frobs", "MWDERIVEDUNIT_frob__liter", "MWBUILTINUNIT_frob"])
def test_a_unit_that_nobody_defines_is_refused_by_name(unit, tmp_path):
    draft = _units(2, 4).compartment("c", 1).species("A", "c", amount=3, only_amount=True)
    file = draft.parameter("k", 0.1, True, unit).reaction("J", "A ->", "k*A").save(tmp_path)
    for reading in ("auto", "convert"):
        with pytest.raises(DataError, match=f"the unit {unit} cannot be reduced"):
            read_model(file, units=reading)
    assert difference(by_unmask(file, TIMES, ["A"])["A"], 3 * np.exp(-0.1 * TIMES)) <= 1e-9


def test_numbers_with_a_unit_of_their_own_are_not_silently_taken(tmp_path):
    draft = _units().parameter("x", 0, False, "nanomole").rate("x", "2 mole_per_day")
    (note,) = read_model(draft.save(tmp_path), units="auto").notes
    assert "(mole_per_day)" in note
