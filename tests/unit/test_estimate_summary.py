"""The summary has the shape of summary.json, and degenerate trials give nulls, not warnings or tracebacks."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from unmask.errors import DataError
from unmask.survival.endpoints import time_to_event
from unmask.survival.estimate import summarise

ARMS = ("new", "old")
SCHEDULE = np.array([42.0, 84, 126, 168, 210, 252, 315, 378, 441, 504, 567, 630, 693, 756, 819])


def trial(size: int, seed: int = 3, hazard_ratio: float = 0.7) -> dict[str, pd.DataFrame]:
    """Exponential deaths and progressions, the same patients in both arms; responses in a fifth."""
    rng = np.random.default_rng(seed)
    frailty, turn = rng.exponential(1.0, size), rng.exponential(1.0, size)
    responder, pseudo = rng.random(size) < 0.2, rng.random(size) < 0.04
    patients, assessments = [], []
    for arm, ratio in zip(ARMS, (hazard_ratio, 1.0), strict=True):
        death, progression = 420 / ratio * frailty, np.where(responder, 500, 100) * turn + 10
        seen = np.searchsorted(SCHEDULE, np.minimum(progression, 819.0))
        response_day = np.where(responder & (progression > 130) & (death > 130), 84.0, np.nan)
        best = np.where(np.isfinite(response_day), "PR", np.where(progression < 42, "PD", "SD"))
        alive = SCHEDULE[None, :] < np.minimum(death, 819.0)[:, None]
        person, visit = np.nonzero(alive)
        overall = np.where(visit >= seen[person], "PD", "SD")
        assessments.append(
            pd.DataFrame({"patient": person, "arm": arm, "day": SCHEDULE[visit], "overall_response": overall})
        )
        patients.append(
            pd.DataFrame(
                {
                    "patient": np.arange(size),
                    "arm": arm,
                    "baseline_sld_mm": 40 + 60 * rng.random(size),
                    "best_response": best,
                    "irecist_best_response": np.char.add("i", best.astype(str)),
                    "response_day": response_day,
                    "ipfs_day": np.nan,
                    "pseudoprogression": pseudo,
                    "death_day": death,
                    "censor_day": 819.0,
                    "status": "ok",
                }
            )
        )
    tables = {"patients": pd.concat(patients), "assessments": pd.concat(assessments)}
    tables["time_to_event"] = time_to_event(tables["assessments"], tables["patients"])
    return tables


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return trial(300)


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_the_shape_of_summary_json(tables: dict) -> None:
    summary = summarise(tables, ARMS, {"arms": {}}, trial="oak", seed=7)
    assert (summary["trial"], summary["seed"], summary["patients"]) == ("oak", 7, 300)
    assert set(summary) == {
        "trial",
        "seed",
        "patients",
        "failures",
        "arms",
        "comparisons",
        "published",
        "sensitivity",
    }
    assert summary["failures"] == {"count": 0, "reasons": {}} and summary["published"] == {"arms": {}}
    assert list(summary["arms"]) == list(ARMS)
    for arm in summary["arms"].values():
        assert set(arm["best_response"]) == {"CR", "PR", "SD", "PD", "NE"}
        assert sum(arm["best_response"].values()) == pytest.approx(1)
        assert sum(arm["irecist_best_response"].values()) == pytest.approx(1)
        assert arm["orr_ci"][0] < arm["orr"] < arm["orr_ci"][1]
        assert {"median", "after_week_13", "after_week_16", "after_week_20", "after_week_26"} <= set(
            arm["time_to_response_weeks"]
        )
        for key in ("duration_of_response_months", "pfs_months", "os_months"):
            assert {"median", "ci"} <= set(arm[key])
        assert {"6", "12", "18", "24", "36"} <= set(arm["os_rate"]) == set(arm["os_rate_ci"])
        assert {"2", "3.5", "5", "6.5", "9.5", "12", "24"} <= set(arm["pfs_rate"])
        assert arm["os_rate"]["36"] is None, "beyond the follow-up of 27 months"
        assert arm["n"] == 300 and arm["os_at_risk"]["n"][0] == 300
        assert arm["grade3plus_related"] is None, "no table of adverse events"
    for key in ("os", "pfs"):
        assert {"hr", "ci", "p", "logrank_p", "reason"} <= set(summary["comparisons"][key])
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_numbers_are_those_of_the_patients(tables: dict) -> None:
    summary = summarise(tables, ARMS)
    patients, new = tables["patients"], summary["arms"]["new"]
    chosen = patients[patients["arm"] == "new"]
    assert new["orr"] == (chosen["best_response"] == "PR").mean()
    assert new["pseudoprogression"] == chosen["pseudoprogression"].mean()
    assert new["time_to_response_weeks"]["median"] == 12.0
    # No censoring before the cut-off: Kaplan-Meier is the plain share of survivors.
    for months in (6, 12, 18, 24):
        plain = (np.ceil(chosen["death_day"]) > months * 30.4375).mean()
        assert new["os_rate"][str(months)] == pytest.approx(plain, abs=1e-9)
    assert summary["comparisons"]["os"]["hr"] == pytest.approx(0.7, abs=0.15)


def test_adverse_events_count_patients_once_and_only_related_ones(tables: dict) -> None:
    events = pd.DataFrame(
        {
            "patient": [1, 1, 2, 3, 4, 5, 6],
            "arm": ["new", "new", "new", "new", "new", "old", "old"],
            # What only a blood count finds is no event that a trial reports.
            "event": [*["colitis"] * 6, "neutrophil count decreased"],
            "grade": [3, 4, 2, 3, 5, 3, 4],
            "related": [True, True, True, False, True, True, True],
        }
    )
    summary = summarise(tables | {"adverse_events": events}, ARMS)
    assert summary["arms"]["new"]["grade3plus_related"] == 2 / 300
    assert summary["arms"]["old"]["grade3plus_related"] == 1 / 300


def test_failures_are_counted_by_reason(tables: dict) -> None:
    failed = pd.DataFrame({"patient": [1, 2, 2], "arm": "new", "day": 5.0, "reason": ["a", "b", "b"]})
    assert summarise(tables, ARMS, failures=failed)["failures"] == {"count": 3, "reasons": {"b": 2, "a": 1}}
    assert summarise(tables | {"failures": failed}, ARMS)["failures"]["count"] == 3


def test_the_order_of_rows_changes_nothing(tables: dict) -> None:
    shuffled = {name: table.sample(frac=1, random_state=1) for name, table in tables.items()}
    one, other = summarise(tables, ARMS), summarise(shuffled, ARMS)
    assert json.dumps(one["arms"]) == json.dumps(other["arms"])
    assert one["comparisons"]["os"]["hr"] == pytest.approx(other["comparisons"]["os"]["hr"], rel=1e-9)


def test_paired_benefit_of_the_same_patients(tables: dict) -> None:
    paired = summarise(tables, ARMS)["comparisons"]["paired"]
    # Each patient's death under "new" comes 1/0.7 times later: nobody loses.
    assert paired["pairs"] == 300 and paired["shorter"] == 0
    both_alive = paired["no_difference_within_follow_up"]
    assert paired["longer"] == pytest.approx(1 - both_alive) and 0 < both_alive < 1
    assert 0 < paired["longer_by_one_month"] <= paired["longer"]
    assert paired["difference_months"]["q75"] > paired["difference_months"]["median"] > 0
    assert "No real trial can observe this" in paired["label"]


def test_paired_benefit_by_hand() -> None:
    # In patients 4 and 6 one arm ends without a death before the other: unknown, so no difference.
    rows = [
        *(("new", 1, 300, True), ("old", 1, 100, True)),
        *(("new", 2, 100, True), ("old", 2, 300, True)),
        *(("new", 3, 500, False), ("old", 3, 470, True)),
        *(("new", 4, 200, False), ("old", 4, 400, True)),
        *(("new", 5, 100, True), ("old", 5, 90, True)),
        *(("new", 6, 500, True), ("old", 6, 200, False)),
        ("new", 7, 10, True),
    ]
    times = pd.DataFrame(rows, columns=["arm", "patient", "time_days", "event"]).assign(endpoint="OS")
    patients = times[["patient", "arm"]].assign(best_response="SD")
    paired = summarise({"patients": patients, "time_to_event": times}, ARMS)["comparisons"]["paired"]
    assert paired["pairs"] == 6
    assert (paired["longer"], paired["shorter"]) == (3 / 6, 1 / 6)
    # Patient 3 gains 30 days (less than a month), patient 5 ten.
    assert (paired["longer_by_one_month"], paired["shorter_by_one_month"]) == (1 / 6, 1 / 6)
    assert paired["no_difference_within_follow_up"] == 2 / 6
    assert paired["difference_months"]["median"] == pytest.approx(5 / 30.4375)


def test_different_patients_in_the_arms_have_no_paired_benefit(tables: dict) -> None:
    apart = {name: table.copy() for name, table in tables.items()}
    for table in apart.values():
        table["patient"] += 1000 * (table["arm"] == "old")
    summary = summarise(apart, ARMS)
    assert summary["comparisons"]["paired"] is None and summary["patients"] == 600


def edit(tables: dict, **columns: object) -> dict[str, pd.DataFrame]:
    patients = tables["patients"].assign(**columns)
    return {"patients": patients, "time_to_event": time_to_event(tables["assessments"], patients)}


def first_patients(tables: dict, count: int) -> dict[str, pd.DataFrame]:
    return {name: table[table["patient"] < count] for name, table in tables.items()}


def only(tables: dict, arm: str) -> dict[str, pd.DataFrame]:
    return {name: table[table["arm"] == arm] for name, table in tables.items()}


DEGENERATE = {
    "no deaths, no progression": lambda t: edit(
        t | {"assessments": t["assessments"].iloc[:0]},
        death_day=np.nan,
        response_day=np.nan,
        best_response="NE",
    ),
    "all censored at day 0": lambda t: edit(
        t | {"assessments": t["assessments"].iloc[:0]},
        death_day=np.nan,
        censor_day=0.0,
        response_day=np.nan,
        best_response="NE",
    ),
    "all dead on the first day": lambda t: edit(t, death_day=0.0, response_day=np.nan, best_response="NE"),
    "zero responders": lambda t: edit(t, response_day=np.nan, best_response="SD"),
    "everybody responds": lambda t: edit(t, response_day=42.0, best_response="CR", death_day=np.nan),
    "a single patient": lambda t: first_patients(t, 1),
    "two patients": lambda t: first_patients(t, 2),
    "no patients": lambda t: first_patients(t, 0),
    "an arm without patients": lambda t: only(t, "new"),
    "identical arms": lambda t: {
        n: pd.concat([only(t, "old")[n], only(t, "old")[n].assign(arm="new")]) for n in t
    },
    "everybody lives in one arm": lambda t: edit(
        t, death_day=t["patients"]["death_day"].where(t["patients"]["arm"] == "old")
    ),
    "one arm dies before the other": lambda t: edit(
        t,
        death_day=np.where(t["patients"]["arm"] == "old", 10.0, 700.0),
        response_day=np.nan,
        best_response="SD",
    ),
    "one event only": lambda t: edit(t, death_day=np.where(np.arange(600) == 5, 50.0, np.nan)),
    "missing responses": lambda t: edit(t, best_response=None, response_day=np.nan),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_a_degenerate_trial_gives_nulls_and_a_reason(tables: dict, name: str) -> None:
    changed = DEGENERATE[name]({key: tables[key] for key in ("patients", "assessments", "time_to_event")})
    summary = summarise(changed, ARMS)
    json.dumps(summary, allow_nan=False)
    for key in ("os", "pfs", "ipfs"):
        found = summary["comparisons"][key]
        assert (found["hr"] is None) <= bool(found["reason"]), (key, found)
        assert (found["hr"] is None) == (found["ci"] == [None, None])
    result = summary["comparisons"]["os"]
    if name == "identical arms":
        assert result["hr"] == pytest.approx(1) and result["p"] == pytest.approx(1)
    if name in ("no deaths, no progression", "all censored at day 0"):
        assert result["reason"] == "no event in the experimental arm"
        assert summary["arms"]["new"]["os_months"] == {"median": None, "ci": [None, None], "events": 0}
        assert summary["arms"]["new"]["time_to_response_weeks"]["median"] is None
    if name == "an arm without patients":
        assert result["reason"] == "no patient in the control arm"
        assert summary["arms"]["old"]["n"] == 0 and summary["arms"]["old"]["orr"] is None
    if name == "one arm dies before the other":
        assert result["hr"] is None and "no finite solution" in result["reason"]
        assert result["logrank_p"] < 1e-10


def test_one_arm_has_no_comparison(tables: dict) -> None:
    summary = summarise(only(tables, "new"), ["new"])
    assert summary["comparisons"] == {} and summary["arms"]["new"]["os_months"]["median"] > 0


def test_every_further_arm_is_compared_with_the_control(tables: dict) -> None:
    three = {n: pd.concat([t, t[t["arm"] == "old"].assign(arm="third")]) for n, t in tables.items()}
    comparisons = summarise(three, ["new", "third", "old"])["comparisons"]
    assert comparisons["os"]["hr"] < 0.9
    assert comparisons["further"]["third"]["os"]["hr"] == pytest.approx(1)
    assert (comparisons["further"]["third"]["control"], comparisons["control"]) == ("old", "old")


def test_missing_tables_columns_and_unknown_arms_are_named(tables: dict) -> None:
    cases = [
        ({"patients": tables["patients"]}, ARMS, "missing_table", "time_to_event"),
        (tables | {"patients": tables["patients"].drop(columns="arm")}, ARMS, "missing_column", "arm"),
        (tables, ("new",), "unknown_arm", "old"),
        (tables, (), "unknown_arm", "old"),
    ]
    for given, arms, code, word in cases:
        with pytest.raises(DataError) as caught:
            summarise(given, arms)
        assert caught.value.code == f"survival.{code}" and word in str(caught.value)
