"""Side effects from the conduct of a trial to its summary and page: nothing is lost on the way, nothing impossible."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from unmask.engine import compile_model
from unmask.model.catalogue import load
from unmask.patients.random_streams import RandomStreams
from unmask.safety.adverse_events import ACTIONS, CLASSES, COLUMNS
from unmask.safety.autoimmune import Background
from unmask.safety.neutropenia import COUNTED
from unmask.trial import run as trial_run
from unmask.trial.administration import Administration
from unmask.trial.protocol import load_protocol
from unmask.trial.result import TrialResult
from unmask.trial.run import run_trial
from unmask.trial.surveillance import Surveillance
from unmask.trial.treatment import TreatmentCourse

SHORT = ("follow_up.days=500", "follow_up.accrual_days=60")


@pytest.fixture(scope="module")
def oak() -> TrialResult:
    return run_trial("oak", patients=60, settings=(*SHORT, "management=both"))


@pytest.fixture(scope="module")
def melanoma() -> TrialResult:
    return run_trial("checkmate-067", patients=60, settings=SHORT)


def test_the_table_of_events_is_possible(oak: TrialResult, melanoma: TrialResult) -> None:
    for result in (oak, melanoma):
        events = result.tables["adverse_events"]
        assert tuple(events.columns) == COLUMNS
        assert len(events) > 100
        assert events["grade"].between(1, 5).all()
        assert set(events["action"].astype(str)) <= set(ACTIONS)
        assert set(events["class"].astype(str)) <= set(CLASSES)
        ended = events["resolution_day"].notna()
        assert (events["resolution_day"][ended] >= events["onset_day"][ended]).all()
        people = events.merge(result.tables["patients"], on=["patient", "arm"], how="left")
        end = people[["death_day", "censor_day"]].min(axis=1)
        assert (people["onset_day"] <= end).all()
        assert (people["resolution_day"].fillna(0.0) <= end).all()
        fatal = people[people["grade"] == 5]
        assert fatal["death_day"].notna().all(), "grade 5 is death"
        assert fatal["resolution_day"].isna().all()
        assert not fatal.duplicated(["patient", "arm"]).any()


def test_rates_of_the_summary_are_those_of_the_table(oak: TrialResult) -> None:
    for arm in oak.arms:
        safety = oak.summary["arms"][arm]["safety"]
        events = oak.tables["adverse_events"]
        mine = events[(events["arm"] == arm) & events["related"] & (events["event"] != COUNTED)]
        assert safety["any"]["any"] == mine["patient"].nunique() / 60
        severe = mine[mine["grade"] >= 3]["patient"].nunique() / 60
        assert safety["any"]["grade3plus"] == severe
        assert oak.summary["arms"][arm]["grade3plus_related"] == severe
    published = oak.summary["arms"]["atezolizumab"]["safety"]["published"]
    assert {(row["event"], row["grade"]) for row in published} == {("any", "any"), ("any", "severe")}
    times = oak.summary["arms"]["atezolizumab"]["safety"]["times"]
    assert [row["published"] for row in times] == [8.4, 27.5, 40.6, 6.9]
    assert oak.summary["arms"]["docetaxel"]["safety"]["times"] == []


def test_lung_cancer_has_the_rates_of_lung_cancer(oak: TrialResult, melanoma: TrialResult) -> None:
    # There is no vitiligo outside melanoma; a trial that forgot its tumour type had it in 7 %.
    assert "vitiligo" not in set(oak.tables["adverse_events"]["event"])
    assert "vitiligo" in set(melanoma.tables["adverse_events"]["event"])


def test_the_same_patients_without_management_stand_beside(oak: TrialResult) -> None:
    alone = run_trial("oak", patients=60, settings=(*SHORT, "management=none"))
    managed = run_trial("oak", patients=60, settings=SHORT)
    for arm in oak.arms:
        safety = oak.summary["arms"][arm]["safety"]
        assert safety["unmanaged"]["fatal"] == alone.summary["arms"][arm]["safety"]["fatal"]
        assert safety["any"] == managed.summary["arms"][arm]["safety"]["any"]
        assert "unmanaged" not in managed.summary["arms"][arm]["safety"]
        measures = alone.summary["arms"][arm]["safety"]["management"]
        assert not any(measures.values())
    # Management costs doses of the antibody and milligrams of docetaxel; what else it changes depends on who dies.
    doses = {arm: oak.summary["arms"][arm]["safety"] for arm in oak.arms}
    antibody, cytotoxic = doses["atezolizumab"], doses["docetaxel"]
    assert (
        antibody["doses"]["atezolizumab"]["per_patient"]
        < (antibody["unmanaged"]["doses"]["atezolizumab"]["per_patient"])
    )
    assert cytotoxic["doses"]["docetaxel"]["mean_amount"] < 75.0
    assert cytotoxic["unmanaged"]["doses"]["docetaxel"]["mean_amount"] == 75.0
    assert "without management" in oak.report()
    assert (oak.changes, alone.changes) == (SHORT, (*SHORT, "management=none"))


def test_an_arm_whose_side_effects_are_unknown_has_no_rates() -> None:
    result = run_trial(
        "checkmate-025", patients=20, settings=("follow_up.days=300", "follow_up.accrual_days=30")
    )
    assert result.summary["arms"]["everolimus"]["safety"] is None
    assert result.summary["arms"]["nivolumab"]["safety"]["any"]["any"] > 0
    assert "Nivolumab, published by" in result.report()


def test_diseases_stand_beside_published_series() -> None:
    share = 'population.autoimmune={"rheumatoid arthritis" = 0.5, psoriasis = 0.3}'
    settings = (*SHORT, share, "population.immunosuppressed_share=0.4")
    result = run_trial("checkmate-066", patients=60, settings=settings)
    rows = result.summary["arms"]["nivolumab"]["safety"]["autoimmune"]
    by = {(row["disease"], row["what"], row["published"]): row for row in rows}
    patients = result.tables["patients"]
    mine = patients[(patients["arm"] == "nivolumab")].set_index("patient")["autoimmune_disease"].astype(str)
    ill = mine.index[mine == "rheumatoid arthritis"]
    events = result.tables["adverse_events"]
    flares = events[
        (events["arm"] == "nivolumab") & events["related"] & (events["grade"] >= 2)
        & (events["class"] == "autoimmune flare") & events["patient"].isin(ill)
    ]  # fmt: skip
    row = by["rheumatoid arthritis", "flare", 0.54]
    assert (row["n"], row["virtual"]) == (len(ill), pytest.approx(flares["patient"].nunique() / len(ill)))
    low, high = row["published_ci"]
    assert (low, high) == pytest.approx((0.2513, 0.8078), abs=1e-4)  # 7 of 13, Clopper-Pearson
    assert row["inside"] == (low <= row["virtual"] <= high)
    assert ("rheumatoid arthritis", "flare, on immunosuppression before", None) in by
    assert {disease for disease, _, _ in by} == {"rheumatoid arthritis", "psoriasis", "all three", "none"}
    assert np.isfinite([item["virtual"] for item in rows if item["what"] == "flare"]).all()
    # Series of anti-PD-1 say nothing about dacarbazine.
    chemotherapy = result.summary["arms"]["dacarbazine"]["safety"]["autoimmune"]
    assert all(item["published"] is None for item in chemotherapy)


def test_a_high_dose_of_steroid_costs_tumour_control(tmp_path: Path) -> None:
    library = files("unmask.trial").joinpath("library", "oak.toml").read_text(encoding="utf-8")
    head, arm = library[: library.index("[arms.docetaxel]")].split("[arms.atezolizumab]")
    drugs = '{ drug = "atezolizumab", dose = 1200, unit = "mg", every_days = 21 }'
    both = f'{drugs}, {{ drug = "prednisone", dose = 1, unit = "mg/kg/day", every_days = 21 }}'
    protocol = (
        head.replace('control = "docetaxel"', 'control = "steroid"')
        + "[arms.atezolizumab]"
        + arm
        + "[arms.steroid]"
        + arm.replace(drugs, both).replace("arms.atezolizumab", "arms.steroid")
    )
    assert protocol.count("prednisone") == 1
    file = tmp_path / "steroid.toml"
    file.write_text(protocol, encoding="utf-8")
    result = run_trial(str(file), patients=120, settings=SHORT)
    alone, steroid = (result.summary["arms"][arm] for arm in ("atezolizumab", "steroid"))
    assert steroid["orr"] < 0.6 * alone["orr"]
    early = result.trajectories.query("quantity == 'tumour_t_cells' and day == 84.0").set_index("arm")["q90"]
    assert early["steroid"] < 0.9 * early["atezolizumab"]
    immune = [item["safety"]["immune_related_in_an_organ"]["any"] for item in (alone, steroid)]
    assert immune[1] < 0.5 * immune[0]


def test_a_course_of_steroid_that_ends_leaves_what_the_patient_takes_anyway() -> None:
    compiled = compile_model(load("core"))
    patients = np.arange(3)
    administration = Administration(
        compiled,
        compiled.initial_states(3),
        compiled.default_parameters(3),
        RandomStreams(1),
        patients,
        np.full(3, 70.0),
    )
    arm = load_protocol("oak")[0].arms["atezolizumab"]
    background = replace(Background.none(3), baseline_steroid_mg_per_kg=np.array([0.0, 0.13, 0.0]))
    watch = Surveillance(
        arm,
        administration,
        TreatmentCourse(arm, administration, RandomStreams(1)),
        RandomStreams(1),
        background,
        management=True,
        tumour_type="nsclc",
    )
    # The third has prednisone as a treatment of the arm; a course of 1 mg/kg for all, then none.
    administration.give_drug("prednisone", 0.2, "mg/kg/day", np.array([2]), 0.0, "first line")
    everyone = np.ones(3, dtype=bool)
    for ordered, taken in ((1.0, [1.0, 1.0, 1.0]), (0.15, [0.15, 0.15, 0.2]), (0.0, [0.0, 0.13, 0.2])):
        watch._give_steroid(7.0, everyone, np.full(3, ordered))
        assert administration.read("steroid_dose", patients).tolist() == taken
    administration.end_drug("prednisone", np.array([2]))
    watch._give_steroid(14.0, everyone, np.zeros(3))
    assert administration.read("steroid_dose", patients).tolist() == [0.0, 0.13, 0.0]


def test_who_else_is_in_the_block_changes_no_bit(oak: TrialResult, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long enough for held doses, second courses and the end of the watch: each once moved with the others' visits."""
    monkeypatch.setattr(trial_run, "LARGEST_BLOCK", 7)
    small = run_trial("oak", patients=60, settings=SHORT)
    for name in ("adverse_events", "doses", "patients", "assessments"):
        pd.testing.assert_frame_equal(small.tables[name], oak.tables[name], check_exact=True, obj=name)
