"""Trials with a model of one's own: a protocol with a table [model]."""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import Command, complained, runner

from unmask.model.sbml.reader import read_model
from unmask.model.sbml.writer import Dose, write_model
from unmask.simulation.dosing import Dosing, with_infusions
from unmask.simulation.population import population
from unmask.simulation.trajectories import simulate
from unmask.trial.model_protocol import ModelProtocol, load_model_protocol
from unmask.trial.model_trial import OUTPUTS, ModelTrialResult, run_model_trial

pytest.importorskip("libsbml", reason="python-libsbml (extra sbml) is not installed")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "own_model"


@pytest.fixture(name="unmask")
def fixture_unmask(capfd: pytest.CaptureFixture[str]) -> Command:
    return runner(capfd, "trial")


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "own"))


def protocol(*settings: str, patients: int = 60) -> ModelProtocol:
    return load_model_protocol(EXAMPLE / "trial.toml", settings, patients)


@pytest.fixture(name="result", scope="module")
def fixture_result() -> ModelTrialResult:
    return run_model_trial(protocol())


def alike(folder: Path) -> None:
    """Every patient as the model itself has it, measured without error."""
    (folder / "vary.toml").write_text(
        '[parameters.k_growth]\ndistribution = "fixed"\nvalue = 0.012\n'
        '[parameters.capacity]\ndistribution = "fixed"\nvalue = 1e30\n',
        encoding="utf-8",
    )


def test_it_writes_what_a_trial_writes(unmask: Command, tmp_path: Path) -> None:
    done = unmask(EXAMPLE / "trial.toml", "--patients", 40, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert "Response rate" in done.out and "Failed: 0" in done.out
    assert {file.name for file in (tmp_path / "run").iterdir()} == set(OUTPUTS)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    assert list(summary["arms"]) == ["drug", "observation"]
    assert summary["patients"] == 40 and summary["failures"]["count"] == 0
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "never for treatment decisions" in page and "<script src" not in page
    complained(unmask(EXAMPLE / "trial.toml", "--out", tmp_path / "run"), 2, "--force")


def test_same_patients_whatever_the_workers_and_the_number(result: ModelTrialResult) -> None:
    threads = run_model_trial(protocol(), workers=2)
    for name, table in result.tables.items():
        pd.testing.assert_frame_equal(table, threads.tables[name])
    more = run_model_trial(protocol(patients=90)).tables["lesions"]
    first = more[more["patient"] < 60].reset_index(drop=True)
    own = result.tables["lesions"].reset_index(drop=True)
    key = ["arm", "patient", "day"]
    # The pilot run for tolerances is that of the first patient, the same in both.
    pd.testing.assert_frame_equal(
        own.sort_values(key, ignore_index=True), first.sort_values(key, ignore_index=True)
    )


def test_progression_ends_the_doses_and_death_everything(result: ModelTrialResult) -> None:
    patients = result.tables["patients"].set_index(["arm", "patient"])
    doses, lesions = result.tables["doses"], result.tables["lesions"]
    last_dose = doses.groupby(["arm", "patient"])["day"].max()
    last_scan = lesions.groupby(["arm", "patient"])["day"].max()
    treated = patients.loc["drug"]
    progressed = treated["progression_day"].dropna()
    assert len(progressed)
    for patient, day in progressed.items():
        assert last_dose["drug", patient] < day
    assert not len(doses[doses["arm"] == "observation"])
    dead = patients["death_day"].dropna()
    assert len(dead)
    for key, day in dead.items():
        assert last_scan[key] < day


def test_untreated_tumours_progress_when_arithmetic_says(folder: Path) -> None:
    """Volume grows as exp(0.012 t): the diameter passes 20 % on day 45.6, first seen on day 84."""
    alike(folder)
    settings = ("measurement.sum_error=0.0", "death.per_month=1e-9")
    own = run_model_trial(load_model_protocol(folder / "trial.toml", settings, 3))
    patients = own.tables["patients"].set_index(["arm", "patient"]).loc["observation"]
    assert (patients["progression_day"] == 84).all()
    lesions = (
        own.tables["lesions"].query("arm == 'observation' and patient == 0").set_index("day")["diameter_mm"]
    )
    expected = np.cbrt(6 / np.pi * 14_000 * np.exp(0.012 * np.array([0.0, 42.0, 84.0])))
    np.testing.assert_allclose(lesions.loc[[0, 42, 84]], np.round(expected, 1), rtol=0, atol=1e-9)


def test_deaths_follow_the_stated_hazard(folder: Path) -> None:
    """With a power of 0 the hazard is constant: 1 - exp(-0.1 x months) are dead at the end."""
    settings = ("death.per_month=0.1", "death.size_exponent=0", "follow_up.days=304")
    own = run_model_trial(load_model_protocol(folder / "trial.toml", settings, 2000))
    dead = own.tables["patients"].groupby("arm")["death_day"].apply(lambda days: days.notna().mean())
    last_scan = 168 + 63 * 2
    expected = 1 - math.exp(-0.1 * last_scan / 30.4375)
    assert abs(dead["drug"] - expected) < 3 * math.sqrt(expected * (1 - expected) / 2000)
    assert dead["drug"] == dead["observation"]  # the same luck in both arms


def test_an_infusion_that_progression_meets_is_finished(folder: Path) -> None:
    """The scan of day 84 shows progression: the infusion of day 83 goes on for its four days, the next is not begun."""
    alike(folder)
    given = '[{ species = "drug", amount = 4000.0, first_day = 83, every_days = 21, infusion_days = 4 }]'
    settings = (f"arms.drug.doses={given}", "measurement.sum_error=0.0", "death.per_month=1e-9")
    own = run_model_trial(load_model_protocol(folder / "trial.toml", settings, 2)).tables
    assert own["doses"].groupby("patient")["day"].apply(list).tolist() == [[83.0], [83.0]]
    seen = own["lesions"].query("arm == 'drug' and patient == 0").set_index("day")["diameter_mm"]
    model, doses = with_infusions(
        read_model(folder / "tumour.xml").model, [Dosing("drug", 4000.0, (83.0,), 4.0)]
    )
    start = population(model, pd.DataFrame({"capacity": [1e30], "k_growth": [0.012]}))
    alone = simulate(
        replace(model, observables=("tumour_volume",)), start, np.array([0.0, 84.0, 126.0, 168.0]), doses
    )
    expected = np.cbrt(6 / np.pi * 1000 * alone.observed[0, :, 0])
    np.testing.assert_allclose(seen.loc[[0, 84, 126, 168]], expected, atol=0.051)
    assert expected[2] < 0.9 * expected[1]


def test_an_arm_may_set_parameters(folder: Path) -> None:
    settings = ('arms.observation.parameters={ "k_growth" = -0.05 }', "measurement.sum_error=0.0")
    own = run_model_trial(load_model_protocol(folder / "trial.toml", settings, 5))
    best = own.tables["patients"].query("arm == 'observation'")["best_response"]
    assert (best.astype(str) == "CR").all()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'tumour_volume = "tumour_volume"',
            'tumour_volume = "tumor_volume"',
            ("tumor_volume", "tumour_volume"),
        ),
        ('tumour_volume = "tumour_volume"', 'tumour_volume = "drug"', ("mg/litre", "cubic_millimetres")),
        ('species = "drug"', 'species = "drugg"', ("drugg", "did you mean 'drug'")),
        ('file = "tumour.xml"', 'file = "none.xml"', ("none.xml", "cannot be read")),
        ('vary = "vary.toml"', "", ("vary", "cohort")),
        (
            "cubic_millimetres = 1000.0",
            "cubic_milimetres = 1000.0",
            ("cubic_milimetres", "cubic_millimetres"),
        ),
        ('experimental = "drug"', 'experimental = "drag"', ("drag", "drug")),
        ("amount = 300.0", "amount = -300.0", ("amount", "-300")),
        ("scan_weeks = [6,", "scan_weeks = [600,", ("scan",)),
        ('control = "observation"', 'control = "drug"', ("two arms",)),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    unmask: Command, folder: Path, old: str, new: str, words: tuple[str, ...]
) -> None:
    file = folder / "trial.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = unmask(file, "--patients", 5, "--out", folder / "run")
    assert done.code in (2, 3), done
    complained(done, done.code, *words)


def test_a_time_without_a_unit_is_asked_for(unmask: Command, folder: Path) -> None:
    model = folder / "tumour.xml"
    model.write_text(re.sub(r' timeUnits="[^"]*"', "", model.read_text(encoding="utf-8")), encoding="utf-8")
    # From the units of its rates the time is known to be in days; numbers as written say nothing of units.
    assert unmask(folder / "trial.toml", "--patients", 5, "--out", folder / "a").code == 0
    plain = (folder / "trial.toml", "--patients", 5, "--set", "model.units=as-written")
    complained(unmask(*plain, "--out", folder / "b"), 2, "days_per_time_unit")
    assert unmask(*plain, "--out", folder / "c", "--set", "model.days_per_time_unit=1.0").code == 0


def test_a_cohort_file_gives_the_patients(unmask: Command, folder: Path) -> None:
    pd.DataFrame({"patient": [7, 8], "k_growth": [0.01, 0.02]}).to_csv(folder / "people.csv", index=False)
    settings = ("--set", "model.cohort=people.csv", "--out", folder / "run")
    file = folder / "trial.toml"
    file.write_text(
        file.read_text(encoding="utf-8").replace('vary = "vary.toml"', 'cohort = "people.csv"'),
        encoding="utf-8",
    )
    complained(unmask(file, "--patients", 3, *settings), 2, "people.csv", "2")
    assert unmask(file, "--patients", 2, *settings).code == 0


@pytest.mark.parametrize("option", [("--resume",), ("--cdisc", "x"), ("--observed", "x.csv")])
def test_options_of_other_trials_are_refused(
    unmask: Command, option: tuple[str, ...], tmp_path: Path
) -> None:
    complained(unmask(EXAMPLE / "trial.toml", "--out", tmp_path / "x", *option), 2, option[0], "no use")


def test_events_by_the_clock_are_named_and_can_be_left_out(folder: Path) -> None:
    """A dose that the file brings with it would be given in the arm without treatment, too."""
    model = read_model(folder / "tumour.xml").model
    text = write_model(model, [Dose("drug_amount", 3000.0, (0.0, 21.0))])
    (folder / "tumour.xml").write_text(text, encoding="utf-8")
    settings = ("measurement.sum_error=0.0", "death.per_month=1e-9", "arms.drug.doses=[]")
    both = run_model_trial(load_model_protocol(folder / "trial.toml", settings, 3))
    assert any("clock" in note and "dose_1_drug_amount_1" in note for note in both.notes)
    alone = run_model_trial(load_model_protocol(folder / "trial.toml", (*settings, "model.events=state"), 3))
    assert alone.notes == ()
    size = [own.tables["lesions"].query("day == 42")["diameter_mm"].mean() for own in (both, alone)]
    assert size[0] < size[1]


def test_the_unit_of_the_size_is_the_models(folder: Path, unmask: Command) -> None:
    own = run_model_trial(load_model_protocol(folder / "trial.toml", (), 3)).tables["lesions"]
    file = folder / "trial.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"cubic_millimetres.*\n", "", text), encoding="utf-8")
    derived = run_model_trial(load_model_protocol(file, (), 3)).tables["lesions"]
    pd.testing.assert_frame_equal(own, derived)
    wrong = ("--set", "model.cubic_millimetres=1e6", "--patients", 3, "--out", folder / "run")
    complained(unmask(file, *wrong), 2, "mL", "cubic_millimetres")


def test_without_a_hazard_there_is_no_survival_and_growth_has_no_bounds(folder: Path) -> None:
    file = folder / "trial.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"\[death\].*?\n\n", "", text, flags=re.DOTALL), encoding="utf-8")
    settings = ('arms.observation.parameters={ "k_growth" = 0.5, "capacity" = 1e300 }',)
    own = run_model_trial(load_model_protocol(file, settings, 3))
    assert own.tables["lesions"]["diameter_mm"].max() == 10_000.0
    assert "OS" not in set(own.tables["time_to_event"]["endpoint"])
    assert own.summary["arms"]["drug"]["os_months"]["median"] is None
