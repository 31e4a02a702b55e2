"""A trial is a function of its plan: threads, blocks and interruptions change no bit of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from unmask.patients.parameter_set import load_tumour_type
from unmask.store import UNFINISHED
from unmask.trial import run as trial_run
from unmask.trial.result import TrialResult
from unmask.trial.run import TrialPlan, plan_trial, run_trial

PATIENTS = 60
PAIRED = plan_trial("oak", patients=PATIENTS, seed=5)
RANDOMISED = plan_trial("oak", patients=PATIENTS, seed=5, settings=("allocation=randomised",))


@pytest.fixture(scope="module")
def paired() -> TrialResult:
    return run_trial(PAIRED, workers=1)


@pytest.fixture(scope="module")
def randomised() -> TrialResult:
    return run_trial(RANDOMISED, workers=1)


def same(one: TrialResult, other: TrialResult) -> bool:
    """Whether two results agree in every bit of every table and in the summary."""
    assert one.tables.keys() == other.tables.keys()
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(table, other.tables[name], check_exact=True, obj=name)
    pd.testing.assert_frame_equal(one.trajectories, other.trajectories, check_exact=True)
    return json.dumps(one.summary) == json.dumps(other.summary)


def test_the_same_plan_gives_the_same_result_with_any_number_of_workers(paired: TrialResult) -> None:
    assert same(run_trial(PAIRED, workers=2), paired)


@pytest.mark.parametrize("block", [1, 17, 64])
@pytest.mark.parametrize("kind", ["paired", "randomised"])
def test_blocks_change_nothing(
    kind: str, block: int, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = request.getfixturevalue(kind)
    monkeypatch.setattr(trial_run, "LARGEST_BLOCK", block)
    plan = PAIRED if kind == "paired" else RANDOMISED
    if block == 1:  # one candidate at a time takes a while: a smaller trial
        plan = plan_trial("oak", patients=8, seed=5, settings=(f"allocation={kind}",))
        with monkeypatch.context() as usual:
            usual.setattr(trial_run, "LARGEST_BLOCK", 2048)
            expected = run_trial(plan, workers=1)
    assert same(run_trial(plan, workers=1), expected)


RICH = (
    "follow_up.days=420",
    "follow_up.accrual_days=60",
    """population.autoimmune={"rheumatoid arthritis"=0.4,"Crohn's disease"=0.3}""",
    "population.immunosuppressed_share=0.5",
    "management=both",
)
LESIONS = (
    *RICH,
    "disease.form=lesions",
    "allocation=randomised",
    """arms.atezolizumab.treatment=[{drug="atezolizumab",dose=1200,unit="mg",every_days=21},
    {procedure="radiotherapy",gray=3,fractions=7,first_day=10,lesions="largest",fixed_field=true},
    {procedure="surgery",margin="R1",first_day=90,lesions="targets"}]""",
    """arms.docetaxel.treatment=[{drug="docetaxel",dose=100,unit="mg/m2",every_days=21},
    {drug="cisplatin",dose=75,unit="mg/m2",every_days=21},
    {drug="prednisone",dose=0.2,unit="mg/kg/day",every_days=14,doses=5}]""",
)
HORMONE = (
    *RICH,
    "tumour_type=prostate",
    "arms.atezolizumab.subsequent=[]",
    """arms.atezolizumab.treatment=[{drug="atezolizumab",dose=1200,unit="mg",every_days=21},
    {drug="docetaxel",dose=75,unit="mg/m2",every_days=21,doses=6},{procedure="surgery",first_day=50}]""",
    """arms.docetaxel.treatment=[{drug="abiraterone",dose=1000,unit="mg/day",every_days=28,adaptive={}},
    {drug="leuprolide",dose=22.5,unit="mg",every_days=84}]""",
)


@pytest.mark.parametrize("changes", [LESIONS, HORMONE], ids=["lesions", "hormone"])
def test_blocks_change_nothing_whatever_is_done_to_patients(
    changes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Lesions of a patient who alone had a new one on a day were once added up in another order than those of several.
    plan = plan_trial("oak", patients=16, seed=3, settings=changes)
    expected = run_trial(plan, workers=1)
    assert len(expected.tables["adverse_events"]) > 60
    assert expected.tables["doses"]["drug"].nunique() >= 4
    monkeypatch.setattr(trial_run, "LARGEST_BLOCK", 5)
    assert same(run_trial(plan, workers=1), expected)


def test_an_interrupted_trial_goes_on_where_it_stopped(
    paired: TrialResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_run, "LARGEST_BLOCK", 20)
    seen: list[int] = []

    def interrupt(done: int, wanted: int, text: str) -> None:
        seen.append(done)
        if done > PATIENTS / 3:  # more than one block of 20 holds
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_trial(PAIRED, workers=1, out=tmp_path, progress=interrupt)
    kept = sorted((tmp_path / UNFINISHED).rglob("notes.json"))
    assert len(kept) == 2
    assert 0 < seen[-1] < PATIENTS

    treated: list[int] = []
    original = trial_run._run_batch

    def counting(*arguments: object) -> object:
        treated.append(1)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(trial_run, "_run_batch", counting)
    resumed = run_trial(PAIRED, workers=1, out=tmp_path, resume=True)
    assert same(resumed, paired)
    assert 0 < len(treated) <= 3  # the first two batches were not treated again
    resumed.write(tmp_path)
    assert not (tmp_path / UNFINISHED).exists()
    assert (tmp_path / "manifest.json").is_file()


def test_another_seed_gives_other_patients(paired: TrialResult) -> None:
    other = run_trial(plan_trial("oak", patients=PATIENTS, seed=6), workers=1)
    mine, theirs = paired.tables["patients"], other.tables["patients"]
    assert not np.intersect1d(mine["baseline_sld_mm"], theirs["baseline_sld_mm"]).size > PATIENTS / 4
    assert not np.intersect1d(mine["net_growth_rate"], theirs["net_growth_rate"]).size


def test_a_smaller_trial_is_the_beginning_of_a_larger_one(paired: TrialResult) -> None:
    smaller = run_trial(plan_trial("oak", patients=25, seed=5), workers=1)
    for name in ("patients", "assessments", "doses", "time_to_event"):
        large = paired.tables[name]
        first = large[large["patient"].isin(smaller.tables["patients"]["patient"])].reset_index(drop=True)
        small = smaller.tables[name]
        for column in small.columns:
            values, expected = small[column].to_numpy(), first[column].to_numpy()
            assert np.array_equal(values.astype(str), expected.astype(str)), (name, column)


def test_paired_arms_treat_the_same_patients(paired: TrialResult) -> None:
    patients = paired.tables["patients"]
    one, two = (patients[patients["arm"] == arm].reset_index(drop=True) for arm in paired.arms)
    assert len(one) == len(two) == PATIENTS
    same_columns = ["patient", "target_lesions", "non_target_disease", "baseline_sld_mm", "censor_day"]
    same_columns += [name for name in one if name in load_tumour_type("nsclc").parameters]
    same_columns += [name for name in one if str(name).startswith("baseline_")]
    assert len(same_columns) > 15
    pd.testing.assert_frame_equal(one[same_columns], two[same_columns], check_exact=True)
    assert not one["death_day"].equals(two["death_day"])


def test_randomised_arms_hold_each_patient_once(randomised: TrialResult) -> None:
    patients = randomised.tables["patients"]
    assert patients["arm"].value_counts().tolist() == [PATIENTS, PATIENTS]
    assert patients["patient"].is_unique
    arms = patients.sort_values("patient")["arm"].astype(str).to_numpy().reshape(-1, 2)
    assert (arms[:, 0] != arms[:, 1]).all()  # balanced after every block


@pytest.mark.parametrize("kind", ["paired", "randomised"])
def test_nothing_happens_to_anybody_after_the_end(kind: str, request: pytest.FixtureRequest) -> None:
    tables = request.getfixturevalue(kind).tables
    patients = tables["patients"].astype({"arm": str}).set_index(["patient", "arm"])
    end = np.fmin(patients["death_day"], patients["censor_day"])
    assert patients["death_day"].notna().any()
    assert (patients["death_day"].dropna() <= patients["censor_day"][patients["death_day"].notna()]).all()
    for name, column in (("assessments", "day"), ("doses", "day"), ("adverse_events", "onset_day")):
        rows = tables[name].astype({"arm": str})
        last = end.loc[list(zip(rows["patient"], rows["arm"], strict=True))].to_numpy()
        assert (rows[column].to_numpy() <= last).all(), name
        assert len(rows) > PATIENTS / 4
    resolved = tables["adverse_events"].dropna(subset=["resolution_day"]).astype({"arm": str})
    last = end.loc[list(zip(resolved["patient"], resolved["arm"], strict=True))].to_numpy()
    assert (resolved["resolution_day"].to_numpy() <= last).all()
    survival = tables["time_to_event"].astype({"arm": str})
    last = end.loc[list(zip(survival["patient"], survival["arm"], strict=True))].to_numpy()
    assert (survival["time_days"].to_numpy() <= np.ceil(last)).all()  # a death is dated by its day


def gaps_of_first_line(result: TrialResult) -> pd.Series:
    """Days between the doses of the first line, patient by patient."""
    doses = result.tables["doses"].astype({"arm": str, "phase": str})
    first = doses[doses["phase"] == "first line"].sort_values(["patient", "arm", "day"])
    return first.groupby(["patient", "arm"])["day"].diff().dropna()


def test_doses_keep_the_interval_unless_a_side_effect_delays_them(paired: TrialResult) -> None:
    unmanaged = run_trial(
        plan_trial("oak", patients=PATIENTS, seed=5, settings=("management=none",)), workers=1
    )
    assert set(gaps_of_first_line(unmanaged)) == {21.0}
    gaps = gaps_of_first_line(paired)
    assert gaps.min() == 21.0
    assert 0.0 < (gaps > 21.0).mean() < 0.2


def test_doses_stop_with_progression(paired: TrialResult) -> None:
    doses = paired.tables["doses"].astype({"arm": str, "phase": str})
    first = doses[doses["phase"] == "first line"]
    assert (first.groupby(["patient", "arm"])["day"].min() == 0).all()
    readings = paired.tables["assessments"].astype({"arm": str, "overall_response": str})
    progression = readings[readings["overall_response"] == "PD"].groupby(["patient", "arm"])["day"].min()
    last = first.groupby(["patient", "arm"])["day"].max()
    both = last.index.intersection(progression.index)
    assert len(both) > PATIENTS / 2
    # The first scan of some is dated two days before the visit it belongs to.
    assert (last[both] < progression[both] + 2.5).all()
    beyond = doses[doses["phase"] == "beyond progression"]
    assert set(beyond["arm"]) == {"atezolizumab"}
    assert beyond.groupby("patient").size().max() == 3


def test_one_patient_is_a_trial() -> None:
    for kind in ("paired", "randomised"):
        result = run_trial(plan_trial("oak", patients=1, settings=(f"allocation={kind}",)), workers=1)
        assert [arm["n"] for arm in result.summary["arms"].values()] == [1, 1]
        assert "<html" in result.report()
        json.dumps(result.summary, allow_nan=False)


def poisoned(plan: TrialPlan, value: float) -> TrialPlan:
    """Return the plan with a log-kill that no number can hold once chemotherapy starts."""
    kill = plan.tumour_type.parameters["chemo_log_kill"].model_copy(
        update={"value": value, "range": (0.0, value), "sigma": 0.1}
    )
    parameters = {**plan.tumour_type.parameters, "chemo_log_kill": kill}
    return TrialPlan(plan.protocol, plan.tumour_type.model_copy(update={"parameters": parameters}))


def test_a_patient_who_cannot_be_integrated_is_a_row_with_a_reason() -> None:
    plan = plan_trial("oak", patients=20, seed=5, settings=("arms.atezolizumab.subsequent=[]",))
    healthy, hurt = run_trial(plan, workers=1), run_trial(poisoned(plan, 1e200), workers=1)
    failures = hurt.failures.astype({"arm": str, "reason": str})
    assert set(failures["arm"]) == {"docetaxel"}
    assert len(failures) == 20
    assert hurt.failed_share == 0.5
    assert hurt.summary["failures"]["count"] == 20
    assert sum(hurt.summary["failures"]["reasons"].values()) == 20
    assert (failures["reason"].str.len() > 20).all()
    patients = hurt.tables["patients"].astype({"arm": str, "status": str})
    assert len(patients) == 40  # nobody is dropped
    assert (patients.loc[patients["arm"] == "docetaxel", "status"] != "ok").all()
    assert (patients.loc[patients["arm"] == "atezolizumab", "status"] == "ok").all()
    assert failures["reason"].iloc[0] in hurt.report()

    # The other arm does not notice: its patients die and respond as if nothing had happened elsewhere.
    def untouched(result: TrialResult) -> pd.DataFrame:
        table = result.tables["patients"].astype({"arm": str})
        return table[table["arm"] == "atezolizumab"][["patient", "death_day", "response_day"]].reset_index(
            drop=True
        )

    pd.testing.assert_frame_equal(untouched(hurt), untouched(healthy), check_exact=True)


def test_the_tables_hold_what_the_contract_says(paired: TrialResult) -> None:
    columns = {
        "patients": "patient arm target_lesions baseline_sld_mm best_response irecist_best_response "
        "pseudoprogression status death_day censor_day",
        "assessments": "patient arm visit day sld_mm baseline_sld_mm nadir_mm change_from_baseline target_response "
        "non_target_response new_lesion overall_response criterion irecist_response irecist_criterion on_treatment "
        "subsequent_therapy",
        "doses": "patient arm day drug amount unit phase",
        "adverse_events": "patient arm event organ grade onset_day resolution_day action related",
        "time_to_event": "patient arm endpoint time_days event reason",
        "failures": "patient arm day reason",
    }
    for name, expected in columns.items():
        assert set(expected.split()) <= set(paired.tables[name].columns), name
    assert list(paired.trajectories.columns) == [
        "arm",
        "day",
        "quantity",
        "n",
        "q10",
        "q25",
        "q50",
        "q75",
        "q90",
    ]
    quantiles = paired.trajectories[["q10", "q25", "q50", "q75", "q90"]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    readings = paired.tables["assessments"]
    np.testing.assert_allclose(
        readings["change_from_baseline"], readings["sld_mm"] / readings["baseline_sld_mm"] - 1, atol=1e-12
    )
    assert (readings["nadir_mm"] <= readings["baseline_sld_mm"] + 1e-9).all()
