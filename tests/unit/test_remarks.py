"""What was asked for and had no effect is said: drugs in the wrong tumour, operations after death."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from typer.testing import CliRunner

from unmask.cli import app
from unmask.errors import ConfigurationError
from unmask.therapy.regimen import load_drug
from unmask.therapy.targeted import no_effect
from unmask.trial.items import Surgery
from unmask.trial.protocol import available
from unmask.trial.remarks import how_to_read, not_operated, unusual_doses
from unmask.trial.run import plan_trial

PROTOCOL = """
name = "remarks"
title = "Remarks"
tumour_type = "{tumour}"
patients = 12
experimental = "treated"
control = "nothing"
[schedule]
scan_weeks = [8]
then_every_weeks = 8
[follow_up]
days = 240
[arms.treated]
label = "Treated"
treatment = [{treatment}]
[arms.nothing]
label = "Nothing"
observation = true
"""
TABLETS = '{ drug = "erlotinib", dose = 150, unit = "mg/day", every_days = 28 }'
HORMONE = '{ drug = "leuprolide", dose = 22.5, unit = "mg", every_days = 28 }'
LATE_SURGERY = '{ procedure = "surgery", first_day = 200 }'


def written(tmp_path: Path, tumour: str, treatment: str) -> str:
    path = tmp_path / "protocol.toml"
    path.write_text(PROTOCOL.format(tumour=tumour, treatment=treatment), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("tumour", "treatment", "words"),
    [
        ("nsclc", TABLETS, "erlotinib has no effect in Non-small-cell lung cancer"),
        ("melanoma", f"{TABLETS}, {HORMONE}", "leuprolide has no effect in"),
        ("renal", HORMONE, "does not depend on hormone"),
    ],
)
def test_a_drug_in_the_wrong_tumour_is_said_before_the_trial(
    tmp_path: Path, tumour: str, treatment: str, words: str
) -> None:
    told = plan_trial(written(tmp_path, tumour, treatment)).warnings
    assert len(told) == treatment.count("drug")
    assert any(words in text for text in told)


@pytest.mark.parametrize(("tumour", "treatment"), [("egfr", TABLETS), ("prostate", HORMONE)])
def test_nothing_is_said_where_the_drug_works(tmp_path: Path, tumour: str, treatment: str) -> None:
    assert plan_trial(written(tmp_path, tumour, treatment)).warnings == ()


@pytest.mark.parametrize(
    ("treatment", "words"),
    [
        (
            '{ drug = "prednisone", dose = 10, unit = "mg/kg/day", every_days = 7 }',
            "10 times the standard dose",
        ),
        (
            '{ drug = "nivolumab", dose = 40, unit = "mg/kg", every_days = 14 }',
            "12.5 times the standard dose",
        ),
        ('{ drug = "docetaxel", dose = 0.7, unit = "mg/m2", every_days = 21 }', "0.00933 times"),
    ],
)
def test_a_dose_far_from_any_known_one_is_said(tmp_path: Path, treatment: str, words: str) -> None:
    (told,) = plan_trial(written(tmp_path, "nsclc", treatment)).warnings
    assert words in told


@pytest.mark.parametrize("trial", available())
def test_ready_made_trials_are_not_remarked_on(trial: str) -> None:
    assert plan_trial(trial).warnings == ()


def test_a_drug_against_another_hormone_is_refused(tmp_path: Path) -> None:
    letrozole = '{ drug = "letrozole", dose = 2.5, unit = "mg/day", every_days = 28 }'
    with pytest.raises(ConfigurationError, match=r"letrozole lowers oestrogen.*lives by androgen"):
        plan_trial(written(tmp_path, "prostate", letrozole))


def test_the_warning_of_a_tablet_without_its_kinase() -> None:
    assert no_effect(load_drug("everolimus"), "any tumour", 0.0) is None
    assert no_effect(load_drug("erlotinib"), "any tumour", [0.0, 1.0]) is None
    assert "no mutated kinase drives" in str(no_effect(load_drug("erlotinib"), "any tumour", [0.0, 0.0]))


def test_operations_that_came_after_death_are_counted_on_the_terminal_and_in_the_files(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    command = ["trial", written(tmp_path, "nsclc", LATE_SURGERY), "--seed", "1", "--out", str(out)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    said = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["warnings"]
    assert len(said) == 2
    assert "Treated: after an operation" in said[0]
    assert "Treated: the operation on day 200 was not done in" in said[1]
    for text in said:
        assert f"Note: {text}" in done.output.replace("\n", " ")
    assert said[1].split(" of ")[0].split()[-1] in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ('{ procedure = "surgery", lesions = "largest" }', "needs lesions to choose from"),
        ('{ procedure = "surgery", first_day = 2000 }', "comes after the end of follow-up"),
    ],
)
def test_a_therapy_that_no_patient_can_have_is_refused_in_words(
    tmp_path: Path, operation: str, words: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'label = "Mine"\ntreatment = [{operation}]\n', encoding="utf-8")
    done = CliRunner().invoke(
        app, ["patient", "nsclc", "--therapy", str(path), "--out", str(tmp_path / "out")]
    )
    assert isinstance(done.exception, ConfigurationError)
    assert words in str(done.exception)


@pytest.mark.parametrize(
    ("dose", "said"), [(12000, True), (11999, False), (1200, False), (12.01, False), (12, True)]
)
def test_ten_standard_doses_and_a_hundredth_of_one_are_remarked_on(dose: float, said: bool) -> None:
    given = SimpleNamespace(drug="atezolizumab", substance=load_drug("atezolizumab"), dose=dose, unit="mg")
    protocol = SimpleNamespace(drugs=(given, given))
    assert len(unusual_doses(protocol)) == int(said)  # type: ignore[arg-type]


def test_who_died_on_the_day_of_the_operation_was_not_operated() -> None:
    operation = Surgery.model_validate({"procedure": "surgery", "first_day": 200})
    arms = {name: SimpleNamespace(label=name.upper(), treatment=(operation,)) for name in ("a", "b")}
    patients = pd.DataFrame(
        {"arm": ["a"] * 4 + ["b"], "death_day": [199.0, 200.0, 201.0, float("nan"), float("nan")]}
    )
    said = not_operated(SimpleNamespace(arms=arms), {"patients": patients})  # type: ignore[arg-type]
    assert len(said) == 1
    assert "2 of 4" in said[0]


def test_operations_and_planned_regrowth_are_said_to_change_what_a_response_means(tmp_path: Path) -> None:
    adaptive = HORMONE.replace(" }", ", adaptive = { off_below = 0.5, on_above = 1.0 } }")
    for tumour, treatment, words in (
        ("nsclc", LATE_SURGERY, "no response is counted"),
        ("prostate", adaptive, "grow back on purpose"),
        ("nsclc", TABLETS, None),
    ):
        said = how_to_read(plan_trial(written(tmp_path, tumour, treatment)).protocol)
        assert len(said) == (words is not None)
        assert all(words in text for text in said)
