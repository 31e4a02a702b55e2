"""Adverse events: CTCAE grades, episodes of neutropenia, hazards of immune-related events, what is reported."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask.patients.random_streams import RandomStreams
from unmask.safety.adverse_events import COLUMNS, REPORTING_DAYS, Events, table
from unmask.safety.immune_related import ImmuneRelatedEvents, hazards
from unmask.safety.neutropenia import Neutropenia, grade

STREAMS = RandomStreams(9)
LAG_WEEKS = {  # Weber 2017 medians, model-spec section 6
    "skin": 0.0,
    "gastrointestinal": 2.0,
    "endocrine": 5.0,
    "hepatic": 2.5,
    "pulmonary": 3.5,
    "renal": 10.0,
    "joints and other": 3.0,
}
SHARES = [0.35, 0.20, 0.20, 0.08, 0.05, 0.02, 0.10]


@pytest.mark.parametrize(
    ("count", "expected"),
    [  # CTCAE v5.0: grade 1 < LLN to 1.5, 2 < 1.5 to 1.0, 3 < 1.0 to 0.5, 4 < 0.5 (1e9/L); LLN 2.0
        (7.0, 0), (2.0, 0), (1.999, 1), (1.5, 1), (1.499, 2), (1.0, 2), (0.999, 3), (0.5, 3), (0.499, 4),
        (0.0, 4), (np.nan, 0), (np.inf, 0),
    ],
)  # fmt: skip
def test_grades_change_exactly_at_the_limits(count: float, expected: int) -> None:
    assert grade(np.array([count])).tolist() == [expected]


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 20), st.floats(0, 20))
def test_fewer_neutrophils_are_never_a_lower_grade(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert grade(np.array([low]))[0] >= grade(np.array([high]))[0]


def test_an_episode_runs_from_the_first_low_to_the_first_normal_count() -> None:
    blood = Neutropenia(3)
    rows = np.arange(3)
    assert blood.count(7, rows, np.array([1.7, 5.0, 0.4])) == []
    assert blood.count(14, rows, np.array([0.9, 5.0, 0.3])) == []
    (ended,) = blood.count(21, rows, np.array([2.5, 1.2, 1.9]))
    assert (ended.row.tolist(), ended.grade.tolist()) == ([0], [3])
    assert (ended.onset_day.tolist(), ended.resolution_day.tolist()) == ([7.0], [21.0])
    # Nobody looks at patient 2 on day 28; a count that was not made changes nothing.
    assert blood.count(28, np.array([0]), np.array([1.9])) == []
    (last,) = blood.under_way()
    assert last.row.tolist() == [0, 1, 2]
    assert last.grade.tolist() == [1, 2, 4]
    assert last.onset_day.tolist() == [28.0, 21.0, 7.0]
    assert np.isnan(last.resolution_day).all()


def test_hazards_are_the_power_laws_of_the_specification() -> None:
    level = np.array([0.0, 1.6, 1.7, 2.5, 4.0, 8.0])
    excess = np.maximum(level - 1.6, 0.0)
    mild, severe = hazards(level)
    np.testing.assert_allclose(severe, 0.00168 * excess**1.74, rtol=1e-12)
    np.testing.assert_allclose(mild + severe, 0.00964 * excess**1.22, rtol=1e-12)
    assert (mild >= 0).all()
    extreme = hazards(np.array([100.0]))  # severe alone exceeds the law of any grade: mild is never negative
    assert extreme[0][0] == 0.0


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 30), st.floats(0, 30))
def test_more_autoreactivity_is_never_a_lower_hazard(one: float, other: float) -> None:
    mild, severe = hazards(np.array(sorted((one, other))))
    assert severe[0] <= severe[1]
    assert (mild + severe)[0] <= (mild + severe)[1] + 1e-15


def events_at(level: float, patients: np.ndarray, days: np.ndarray) -> list[Events]:
    autoreactivity = np.full(patients.size, level)
    course = ImmuneRelatedEvents(lambda process: STREAMS.uniform(process, patients), autoreactivity)
    return [
        event
        for start, end in itertools.pairwise(days)
        for event in course.advance(start, end, autoreactivity)
    ]


@pytest.mark.parametrize("step", [7, 21, 400])
def test_a_constant_hazard_is_reached_at_threshold_over_hazard_plus_the_lag(step: int) -> None:
    patients, level = np.arange(3000), 3.0
    found = events_at(level, patients, np.arange(0, 2001, step))
    severe = hazards(np.array([level]))[1][0]
    onset = np.full(patients.size, np.inf)
    for event in found:
        chosen = event.grade >= 3
        lag = np.array([7.0 * LAG_WEEKS[organ] for organ in event.organ])
        onset[event.row[chosen]] = (event.onset_day - lag)[chosen]
        assert (event.resolution_day > event.onset_day).all()
    expected = -np.log(STREAMS.uniform("immune-related severe", patients)) / severe
    expected[expected > 2000] = np.inf
    np.testing.assert_allclose(onset, expected, rtol=1e-9)
    assert np.isfinite(expected).mean() > 0.5


def test_organs_and_grades_have_their_shares() -> None:
    patients = np.arange(20_000)
    found = events_at(6.0, patients, np.array([0.0, 1e5]))
    for event in found:
        share = [np.mean(event.organ == organ) for organ in LAG_WEEKS]
        np.testing.assert_allclose(share, SHARES, atol=5 * np.sqrt(0.25 / event.row.size))
    grades = np.concatenate([event.grade for event in found])
    assert set(grades) == {1, 2, 3, 4}
    assert abs(np.mean(grades[grades < 3] == 2) - 0.4) < 0.02
    assert abs(np.mean(grades[grades > 2] == 4) - 0.15) < 0.02


def test_nobody_has_an_event_twice_or_below_the_tolerated_level() -> None:
    patients = np.arange(500)
    rows = np.concatenate(
        [event.row[event.grade >= 3] for event in events_at(5.0, patients, np.arange(0, 5000, 21))]
    )
    assert rows.size > 400
    assert np.unique(rows).size == rows.size
    assert events_at(1.6, patients, np.arange(0, 5000, 21)) == []
    assert events_at(np.nan, patients, np.arange(0, 100, 21)) == []


def test_what_is_reported() -> None:
    events = Events.of(
        np.array([0, 0, 1, 1, 1]),
        event="rash",
        organ="skin",
        klass="immune-related",
        grade=[1, 2, 3, 3, 4],
        onset_day=[30.0, 101.0, 50.0, 50.1, 10.0],
        resolution_day=[100.0, 120.0, 60.0, 201.0, np.nan],
        action=["none", "topical", "hold, steroid", "hold, steroid", "stop, steroid"],
    )
    reported = table([events], np.array([7, 8]), "a", np.array([100.0, 200.0]), np.array([500.0, 50.0]))
    assert list(reported.columns) == list(COLUMNS)
    expected = pd.DataFrame(
        {
            "patient": [7, 8, 8, 8],
            "grade": [1, 4, 3, 3],
            "onset_day": [30.0, 10.0, 50.0, 50.1],
            "resolution_day": [100.0, np.nan, 60.0, np.nan],  # not seen after the patient's end
            "action": ["none", "stop, steroid", "hold, steroid", "hold, steroid"],
            "related": [True, True, True, False],
        }
    )
    pd.testing.assert_frame_equal(reported[expected.columns], expected)
    assert (reported["class"] == "immune-related").all()
    assert REPORTING_DAYS == 30.0


def test_no_events_are_an_empty_table() -> None:
    empty = table([], np.array([1]), "a", np.array([1.0]), np.array([1.0]))
    assert empty.empty
    assert list(empty.columns) == list(COLUMNS)
