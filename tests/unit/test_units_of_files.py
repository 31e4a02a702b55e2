"""Units of files as their authors write them: concentrations at the start, names of any kind, out and in again."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from unmask.model.sbml.reader import Imported, read_model
from unmask.model.sbml.writer import write_model
from unmask.simulation.population import population
from unmask.simulation.trajectories import simulate

pytest.importorskip("libsbml", reason="python-libsbml (extra sbml) is not installed")


def unit(name: str, label: str, *parts: str) -> str:
    inside = "".join(f"<unit {part}/>" for part in parts)
    return f'<unitDefinition id="{name}" name="{label}"><listOfUnits>{inside}</listOfUnits></unitDefinition>'


SECOND = 'kind="second" exponent="{}" scale="0" multiplier="{}"'
FILE = f"""<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4"><model id="m">
<listOfUnitDefinitions>
{unit("nM", "nanomole per litre", 'kind="mole" scale="-9"', 'kind="litre" exponent="-1"')}
{unit("nmol", "number of molecules", 'kind="mole" scale="-9"')}
{unit("day", "unit_0", SECOND.format(1, 86400))}
{unit("per_hour", "min", SECOND.format(-1, 3600))}
{unit("per_day", "per day", SECOND.format(-1, 86400))}
</listOfUnitDefinitions>
<listOfCompartments><compartment id="V" size="2" units="litre"/></listOfCompartments>
<listOfSpecies>
<species id="D" compartment="V" initialConcentration="100" substanceUnits="nmol"/>
<species id="E" compartment="V" initialConcentration="0" substanceUnits="nmol"/>
</listOfSpecies>
<listOfParameters><parameter id="out" value="0.3" units="per_day"/></listOfParameters>
<listOfReactions>
<reaction id="J" reversible="false">
<listOfReactants><speciesReference species="D"/></listOfReactants>
<listOfProducts><speciesReference species="E"/></listOfProducts>
<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML">
<apply><times/><ci>k</ci><ci>D</ci><ci>V</ci></apply></math>
<listOfParameters><parameter id="k" value="0.02" units="per_hour"/></listOfParameters></kineticLaw></reaction>
<reaction id="K" reversible="false">
<listOfReactants><speciesReference species="E"/></listOfReactants>
<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML">
<apply><times/><ci>out</ci><ci>E</ci><ci>V</ci></apply></math></kineticLaw></reaction>
</listOfReactions></model></sbml>"""


def concentration(imported: Imported, name: str, times: np.ndarray) -> np.ndarray:
    model = imported.model
    found = simulate(model, population(model), times, rtol=1e-9)
    return found.observed[0, :, found.names.index(name)]


def scale(imported: Imported) -> float:
    """Days in a unit of the model's time: either of the two that the file mixes may be it."""
    return {"day": 1.0, "hour": 1 / 24}[imported.model.time_unit]


def test_a_concentration_at_the_start_does_not_switch_conversion_off(tmp_path: Path) -> None:
    """0.02 per hour is 0.48 per day; what flows in at that rate flows out at 0.3 per day."""
    (tmp_path / "m.xml").write_text(FILE, encoding="utf-8")
    imported = read_model(tmp_path / "m.xml")
    days = np.array([0.0, 1.0, 5.0])
    times = days / scale(imported)
    np.testing.assert_allclose(concentration(imported, "D", times), 100 * np.exp(-0.48 * days), rtol=1e-7)
    expected = 100 * 0.48 / (0.3 - 0.48) * (np.exp(-0.48 * days) - np.exp(-0.3 * days))
    np.testing.assert_allclose(concentration(imported, "E", times), expected, rtol=1e-6, atol=1e-9)
    assert any("24" in note or "0.0416667" in note for note in imported.notes)


def test_what_was_converted_is_not_converted_again(tmp_path: Path) -> None:
    (tmp_path / "m.xml").write_text(FILE, encoding="utf-8")
    imported = read_model(tmp_path / "m.xml")
    (tmp_path / "back.xml").write_text(write_model(imported.model), encoding="utf-8")
    back = read_model(tmp_path / "back.xml", units="convert")
    assert not [note for note in back.notes if "factor" in note]
    assert back.model.time_unit == imported.model.time_unit
    times = np.array([0.0, 1.0, 5.0]) / scale(imported)
    for name in ("D", "E"):
        np.testing.assert_allclose(
            concentration(back, name, times), concentration(imported, name, times), rtol=1e-7, atol=1e-9
        )


def test_a_level_2_file_without_units_says_nothing_of_time(tmp_path: Path) -> None:
    plain = FILE
    for word in ('units="per_hour"', 'units="per_day"', 'substanceUnits="nmol"', 'units="litre"'):
        plain = plain.replace(word, "")
    (tmp_path / "m.xml").write_text(plain, encoding="utf-8")
    imported = read_model(tmp_path / "m.xml")
    assert imported.model.time_unit == "1"
    assert concentration(imported, "D", np.array([0.0, 10.0]))[1] == pytest.approx(100 * math.exp(-0.2))
