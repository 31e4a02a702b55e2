"""Adverse events: CTCAE grades, episodes of neutropenia, hazards of immune-related events, what is reported."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask.safety.adverse_events import COLUMNS, REPORTING_DAYS, Events, table
from unmask.safety.neutropenia import Neutropenia, grade


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


def test_grade_4_lasts_from_the_first_such_count_to_the_first_better_one() -> None:
    blood, everyone = Neutropenia(2), np.arange(2)
    blood.count(7.0, everyone, np.array([0.3, 0.3]))
    assert blood.grade_4_for(13.0, 7.0).tolist() == [False, False]
    blood.count(14.0, everyone, np.array([0.4, 0.6]))
    assert blood.grade_4_for(14.0, 7.0).tolist() == [True, False]
    blood.count(21.0, everyone, np.array([0.6, 0.3]))
    assert blood.grade_4_for(27.9, 7.0).tolist() == [False, False]
    assert blood.grade_4_for(28.0, 7.0).tolist() == [False, True]


def test_what_an_episode_did_to_the_next_cycle_is_written_to_it_and_to_no_later_one() -> None:
    blood, everyone = Neutropenia(4), np.arange(4)
    delayed, reduced = np.array([True, False, True, False]), np.array([False, True, True, False])
    blood.count(7.0, everyone, np.full(4, 0.9))
    blood.note(delayed=delayed, reduced=reduced)
    (first,) = blood.count(14.0, everyone, np.full(4, 3.0))
    assert first.action.tolist() == ["delay", "dose reduction", "delay, dose reduction", "none"]
    blood.note(delayed=delayed, reduced=reduced)  # nothing is under way
    blood.count(28.0, everyone, np.full(4, 0.9))
    (second,) = blood.under_way()
    assert second.action.tolist() == ["none"] * 4


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
