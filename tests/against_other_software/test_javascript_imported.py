"""Imported SBML models in JavaScript: the example file beside Python, and cases of the SBML semantic test suite."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from javascript_beside_python import AGREE, Experiment, changed, difference
from javascript_in_node import call, needs_node

from unmask.cli import app
from unmask.engine.targets.javascript import javascript_module
from unmask.simulation import semantic_suite
from unmask.simulation.dosing import Dosing
from unmask.simulation.models import find_model

pytestmark = needs_node
pytest.importorskip("libsbml")

TUMOUR = Path(__file__).parents[2] / "examples" / "own_model" / "tumour.xml"
SUITE = Path(__file__).parents[2].parent / "shared" / "vectors" / "sbml-semantic"
# Triggers on state and time, delays, priorities, persistence, values at trigger, compartments, chains of events.
CASES = (
    "00071", "00349", "00351", "00353", "00369", "00377", "00401", "00405", "00409", "00413", "00645", "00651",
    "00671", "00757", "00775", "00931", "00935", "00951", "00963", "00971", "00979", "00995",
)  # fmt: skip


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    model = find_model(str(TUMOUR)).model
    table = pd.DataFrame(
        {
            "k_growth": [0.012, 0.003, 0.02, 0.0],
            "clearance": [0.25, 0.05, 0.3, 0.02],
            "k_kill": [0.00045, 0.003, 0.00045, 0.01],
            "drug": [0.0, 2.0, 0.5, 0.0],  # mg/L
            "tumour": [14.0, 3.0, 60.0, 30.0],
        }
    )
    doses = (Dosing("drug", 210.0, tuple(14.0 * i for i in range(20))),)
    times = tuple(np.arange(0.0, 400.0, 9.0) + 0.5 * (np.arange(45) > 0))
    path = tmp_path_factory.mktemp("imported") / "tumour.mjs"
    path.write_text(javascript_module(model, find_tolerances=True).code, encoding="utf-8")
    return Experiment(model, table, times, doses, find_tolerances=True), path


def test_the_example_is_the_same_as_in_python_and_some_are_cured(imported):
    experiment, module = imported
    # Python finds the tolerances by the first patient of a table, JavaScript by each.
    each = [replace(experiment, table=experiment.table.iloc[[row]]) for row in range(len(experiment.table))]
    assert max(difference(one, module) for one in each) < AGREE
    tumour = experiment.by_python().observed[:, -1, experiment.model.observables.index("tumour")]
    assert list(tumour == 0.0) == [False, True, False, True]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("const EVENTS = [\n  { targets: [1]", "const EVENTS = [\n  { targets: [2]"),
        ("volume: volume0", "volume: null"),
        ('["drug", { index: 0', '["drug", { index: 2'),
        ("NEGLIGIBLE_SHARE = 1e-9", "NEGLIGIBLE_SHARE = 1e3"),
    ],
)
def test_a_fault_makes_the_comparison_fail(imported, right, wrong):
    experiment, module = imported
    assert difference(experiment, changed(module, right, wrong)) > AGREE


def test_the_command_takes_a_file(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        app(["model", "compile", str(TUMOUR), "--units", "convert", "-o", str(tmp_path)])
    assert not ended.value.code
    module = tmp_path / "tumour_and_drug.js"
    assert str(module) in capsys.readouterr().out
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (answer,) = call(
        module,
        [("simulate", [{"until": 10.0, "doses": [{"species": "drug", "amount": 7.0, "times": [0.0]}]}])],
    )
    assert answer["status"] == "OK" and answer["observables"]["drug"][1] > 0.9


def case(name: str, folder: Path, fault: tuple[str, str] | None = None) -> str:
    """What differs from the suite's result, "" for nothing."""
    place = SUITE / name
    if not place.is_dir():
        pytest.skip(f"{place} is not at hand")
    settings, expected = semantic_suite._read_settings(place), semantic_suite._read_results(place)
    model, meanings = semantic_suite._with_outputs(semantic_suite._model_file(place), settings)
    species = tuple(
        replace(item, absolute_tolerance=min(item.absolute_tolerance, 1e-5 * settings.absolute))
        for item in model.species
    )
    path = folder / "case.mjs"
    path.write_text(javascript_module(replace(model, species=species)).code, encoding="utf-8")
    if fault:
        path = changed(path, *fault)
    times = [float(time) for time in settings.times]
    (answer,) = call(path, [("simulate", [{"from": times[0], "times": times, "rtol": 1e-8}])])
    assert answer.get("status") == "OK", answer
    for variable in settings.variables:
        found = np.array(answer["observables"][meanings[variable]], float)
        wanted = expected[variable].to_numpy(dtype=float)
        detail = semantic_suite._difference(found, wanted, settings, variable)
        if detail:
            return detail
    return ""


@pytest.mark.parametrize("name", CASES)
def test_cases_of_the_semantic_suite(name, tmp_path):
    assert case(name, tmp_path) == ""


def test_a_case_can_fail(tmp_path):
    assert case("00349", tmp_path, ("values[k] * sizes[k]", "values[k] * sizes[k] + 1")) != ""
