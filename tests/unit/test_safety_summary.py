"""Safety of an arm in figures: rates, onset and resolution of patients who die or leave, what was done, comparators."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter
from scipy import stats

from unmask.errors import DataError
from unmask.safety.adverse_events import COLUMNS
from unmask.safety.comparators import beside, published_rates
from unmask.safety.incidence import FollowUp, cumulative_incidence, onset_curve, resolution
from unmask.safety.summary import severe_share, summarise_safety

ROWS = [
    # patient, event, organ, class, grade, onset, resolution, action, related
    (0, "rash", "skin", "immune-related", 1, 21.0, 91.0, "topical", True),
    (0, "rash", "skin", "immune-related", 3, 120.0, np.nan, "hold, steroid", True),
    (1, "colitis", "gut", "immune-related", 4, 35.0, 63.0, "stop, steroid, biologic", True),
    (1, "rash", "skin", "immune-related", 2, 49.0, np.nan, "topical", True),
    (2, "febrile neutropenia", "infection", "chemotherapy", 5, 14.0, np.nan, "antibiotics", True),
    (3, "neutrophil count decreased", "blood", "chemotherapy", 4, 7.0, 14.0, "delay, dose reduction", True),
    (4, "nausea", "gut", "chemotherapy", 3, 2.0, 5.0, "dose reduction", False),
    (5, "rheumatoid arthritis flare", "joints", "autoimmune flare", 2, 28.0, np.nan, "steroid", True),
]


def tables() -> dict[str, pd.DataFrame]:
    """Ten patients of arm "a" (death on day 14, 100 or never, cut-off on day 400) and one of arm "b"."""
    death = np.full(10, np.nan)
    death[2], death[9] = 14.0, 100.0
    events = pd.DataFrame(
        [(p, "a", e, o, k, g, on, off, act, rel) for p, e, o, k, g, on, off, act, rel in ROWS],
        columns=list(COLUMNS),
    )
    other = events.iloc[:1].assign(patient=0, arm="b", grade=4)
    return {
        "patients": pd.DataFrame(
            {
                "patient": [*range(10), 0], "arm": ["a"] * 10 + ["b"],
                "death_day": [*death, np.nan], "censor_day": 400.0,
            }
        ),
        "adverse_events": pd.concat([events, other], ignore_index=True),
        "doses": pd.DataFrame(
            {
                "patient": [0, 0, 1, 1, 0], "arm": "a", "day": [0.0, 140.0, 0.0, 70.0, 120.0],
                "drug": ["nivolumab", "nivolumab", "nivolumab", "docetaxel", "prednisone"], "amount": 240.0,
                "phase": ["first line", "first line", "first line", "subsequent", "management"],
            }
        ),
    }  # fmt: skip


def test_rates_count_each_patient_once_at_the_worst_grade_with_exact_intervals() -> None:
    safety = summarise_safety(tables(), "a")
    assert safety["n"] == 10
    assert safety["any"]["any"] == 0.4  # patients 0, 1, 2, 5: not the unrelated, not the blood count
    assert safety["any"]["grades"] == {"1": 0.0, "2": 0.1, "3": 0.1, "4": 0.1, "5": 0.1}
    assert safety["any"]["grade3plus"] == 0.3
    low, high = stats.binomtest(3, 10).proportion_ci()
    assert safety["any"]["grade3plus_ci"] == pytest.approx([low, high])
    assert safety["grade3plus_with_laboratory"]["value"] == 0.4
    assert safety["fatal"]["value"] == 0.1
    assert safety["classes"]["immune-related"]["any"] == 0.2
    assert safety["organs"]["immune-related"]["skin"]["grades"]["3"] == 0.1
    assert safety["flares"]["any"] == 0.1
    assert "nausea" not in safety["events"]
    counted = safety["events"]["neutrophil count decreased"]
    assert (counted["laboratory"], counted["any"], counted["classes"]) == (True, 0.1, ["chemotherapy"])
    # Fatigue and the unnamed rest are no events of an organ.
    assert safety["immune_related_in_an_organ"]["any"] == 0.2
    assert severe_share(tables()["adverse_events"], "a", 10)["value"] == 0.3


def test_what_was_done() -> None:
    done = summarise_safety(tables(), "a")["management"]
    expected = {
        "topical": 0.2, "replacement": 0.0, "supportive": 0.0, "antibiotics": 0.1, "steroid": 0.3, "biologic": 0.1,
        "held": 0.1, "stopped": 0.1, "stopped_anti_ctla4": 0.0, "given_up": 0.1, "delayed": 0.1, "reduced": 0.1,
        "resumed": 1.0,
    }  # fmt: skip
    assert done == expected
    assert summarise_safety(tables(), "a")["doses"] == {
        "nivolumab": {"per_patient": 0.3, "mean_amount": 240.0}
    }


def test_who_is_resumed_and_who_gave_up_a_part_of_the_treatment() -> None:
    """Doses on days 0 and 140: a hold that begins on the day of the last dose is not resumed."""
    held = tables()
    events = held["adverse_events"]
    of_rash = (events["patient"] == 0) & (events["grade"] == 3)
    for onset, resumed in ((139.0, 1.0), (140.0, 0.0)):
        events.loc[of_rash, "onset_day"] = onset
        assert summarise_safety(held, "a")["management"]["resumed"] == resumed
    events.loc[of_rash, "action"] = "hold, stop anti-CTLA-4, steroid"
    done = summarise_safety(held, "a")["management"]
    assert (done["given_up"], done["stopped"], done["stopped_anti_ctla4"], done["held"]) == (
        0.2,
        0.1,
        0.1,
        0.1,
    )


def test_an_arm_without_events_or_patients_has_figures_without_numbers() -> None:
    empty = tables() | {"adverse_events": tables()["adverse_events"].iloc[:0]}
    calm = summarise_safety(empty, "a")
    assert calm["any"]["any"] == 0.0
    assert calm["any"]["any_ci"] == pytest.approx([0.0, 0.3085], abs=1e-4)  # 1 - 0.025^(1/10)
    assert calm["any"]["onset_weeks"]["median"] is None
    assert calm["any"]["resolution_weeks"]["median"] is None
    assert (calm["events"], calm["classes"], calm["flares"]) == ({}, {}, None)
    assert max(calm["any"]["onset_curve"]["share"]) == 0.0
    nobody = summarise_safety(tables(), "nobody")
    assert (nobody["n"], nobody["any"]["any"]) == (0, None)


@pytest.mark.parametrize("arm", ["a", "b", "nobody"])
def test_it_can_be_written_as_json(arm: str) -> None:
    safety = summarise_safety(tables(), arm)
    json.dumps({**safety, "published": beside(safety, ["docetaxel"]) if safety["n"] else []}, allow_nan=False)


def test_a_table_that_lacks_something_is_refused_by_name() -> None:
    with pytest.raises(DataError) as refused:
        summarise_safety({"patients": tables()["patients"]}, "a")
    assert refused.value.code == "safety.missing_table"
    short = tables() | {"adverse_events": tables()["adverse_events"].drop(columns="class")}
    with pytest.raises(DataError, match="class") as refused:
        summarise_safety(short, "a")
    assert refused.value.code == "safety.missing_column"


def test_onset_and_resolution_by_hand() -> None:
    events = tables()["adverse_events"].query("arm == 'a' and event == 'rash'")
    follow = FollowUp.of(tables()["patients"].query("arm == 'a'"))
    # 70 days seen, and two of 280 and 351 days that had not ended: more than half go on.
    found = resolution(events, follow)
    assert found["weeks"] is None
    assert found["resolved"] == pytest.approx(1 / 3)
    assert resolution(events.iloc[:1], follow)["weeks"] == pytest.approx(10.0)
    safety = summarise_safety(tables(), "a")["events"]["rash"]
    assert safety["onset_weeks"]["median"] == pytest.approx(5.0)  # first onsets on days 21 and 49


def test_incidence_without_competition_is_kaplan_meier_by_hand() -> None:
    # Event at 2 of five, one lost at 3, event at 4 of three: 1/5, then 4/5 * 1/3 more.
    found = cumulative_incidence([2, 3, 4, 6, 6], [1, 0, 1, 0, 0], [1, 2, 3, 4, 9])
    assert found == pytest.approx([0.0, 0.2, 0.2, 0.2 + 0.8 / 3, 0.2 + 0.8 / 3])


def test_the_dead_have_no_events_later() -> None:
    # Everybody dies on day 1 but one, who has the event: one in ten, not everybody left.
    found = cumulative_incidence([1.0] * 9 + [5.0], [2] * 9 + [1], [10.0])
    assert found == pytest.approx([0.1])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 10_000), st.integers(0, 2)),
        min_size=2,
        max_size=40,
        unique_by=lambda x: x[0],
    )
)
def test_incidence_agrees_with_lifelines_and_adds_up(people: list[tuple[int, int]]) -> None:
    time = np.array([t for t, _ in people], float)
    cause = np.array([c for _, c in people])
    at = np.sort(time)
    mine = cumulative_incidence(time, cause, at)
    if (cause == 1).any():
        fitted = AalenJohansenFitter(calculate_variance=False).fit(time, cause, event_of_interest=1)
        theirs = fitted.cumulative_density_.iloc[:, 0]
        assert mine == pytest.approx(theirs.reindex(at, method="ffill").to_numpy(), abs=1e-9)
    other = cumulative_incidence(time, np.array([0, 2, 1])[cause], at)
    assert (np.diff(mine) >= 0).all()
    assert (mine + other <= 1.0 + 1e-12).all()
    if (cause > 0).all():
        assert mine[-1] + other[-1] == pytest.approx(1.0)
        assert mine[-1] == pytest.approx((cause == 1).mean())  # nobody lost: what is counted


def test_the_curve_ends_at_the_share_where_follow_up_is_complete() -> None:
    random = np.random.default_rng(2)
    death = random.exponential(300.0, 400)
    patients = pd.DataFrame({"patient": np.arange(400), "death_day": death, "censor_day": 1e6})
    onset = random.exponential(200.0, 400)
    had = pd.Series(onset[onset < death], np.flatnonzero(onset < death))
    curve = onset_curve(had[had < 700], FollowUp.of(patients))
    assert curve["weeks"][-1] >= 100.0
    assert curve["share"][-1] == pytest.approx(len(had[had < 700]) / 400, abs=1e-5)


def test_published_rates_are_well_formed() -> None:
    rates = published_rates()
    assert {"docetaxel", "dacarbazine", "nivolumab"} <= {drug for rate in rates for drug in rate.drugs}
    assert all(0 <= rate.share <= 1 and rate.size > 20 and rate.source for rate in rates)
    of_docetaxel = [r for r in rates if r.drugs == {"docetaxel"} and r.event == "nausea" and not r.severe]
    assert [(r.trial, r.share, r.confirmed) for r in of_docetaxel] == [
        ("OAK", 0.23, False), ("CheckMate 057", 0.26, False),
    ]  # fmt: skip


def test_misses_are_marked() -> None:
    safety = summarise_safety(tables(), "a")
    rows = beside(safety, ["docetaxel"], "oak")
    assert {row["trial"] for row in rows} == {"OAK", "US label"}
    by = {(row["event"], row["grade"]): row for row in rows}
    nausea = by["nausea", "any"]
    low, high = stats.binomtest(round(0.23 * 578), 578).proportion_ci()
    assert nausea["published_ci"] == pytest.approx([low, high])
    assert (nausea["virtual"], nausea["inside"], nausea["direction"]) == (0.0, False, "below")
    assert by["febrile neutropenia", "any"]["inside"]  # 10 % against 11 % of 578
    assert by["any", "severe"]["virtual"] == 0.3
    assert by["any", "severe"]["confirmed"] and not nausea["confirmed"]
    elsewhere = beside(safety, ["docetaxel"], "another trial")
    assert {row["trial"] for row in elsewhere} == {"OAK", "CheckMate 017", "CheckMate 057", "US label"}
    assert beside(safety, ["water"]) == []
