"""Figures beside published ones: counts by disease and verdicts on medians, worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from unmask.claims.readout import median_months, responded, response_rate, survival
from unmask.safety.autoimmune_rates import by_disease
from unmask.safety.incidence import FollowUp
from unmask.safety.timing import PublishedTime, _beside, _verdict

RA, CROHN = "rheumatoid arthritis", "Crohn's disease"
PATIENTS = pd.DataFrame(
    {
        "patient": range(8),
        "autoimmune_disease": [RA, RA, RA, RA, CROHN, CROHN, "none", "none"],
        "immunosuppressed_at_baseline": [True, True, False, False, False, False, False, False],
    }
)
FLARE, IMMUNE = "autoimmune flare", "immune-related"
EVENTS = pd.DataFrame(
    [
        (0, FLARE, "joints", "rheumatoid arthritis flare", 2, 21.0, "steroid"),
        (1, FLARE, "joints", "rheumatoid arthritis flare", 1, 21.0, "none"),  # mild ones do not count
        (2, FLARE, "joints", "rheumatoid arthritis flare", 3, 21.0, "hold, steroid, biologic"),
        (2, FLARE, "joints", "rheumatoid arthritis flare", 2, 90.0, "steroid"),
        (3, IMMUNE, "liver", "hepatitis", 3, 30.0, "stop, steroid"),
        (4, IMMUNE, "gut", "colitis", 2, 40.0, "hold, steroid"),
        (5, FLARE, "gut", "Crohn's disease flare", 3, 60.0, "stop, steroid"),
        (6, IMMUNE, "gut", "colitis", 5, 70.0, "stop, steroid"),
        (7, IMMUNE, "general", "fatigue", 3, 20.0, "hold"),  # of no organ
    ],
    columns=["patient", "class", "organ", "event", "grade", "onset_day", "action"],
)


def counted(disease: str) -> dict[str, tuple[float, int]]:
    rows = by_disease(EVENTS, PATIENTS, ["nivolumab"])
    assert rows is not None
    return {row["what"]: (row["virtual"], row["n"]) for row in rows if row["disease"] == disease}


def test_patients_with_a_disease_are_counted_among_those_who_have_it() -> None:
    arthritis = counted(RA)
    assert arthritis["flare"] == (0.5, 4)  # patients 0 and 2
    assert arthritis["other event"] == arthritis["other event, grade 3 or more"] == (0.25, 4)
    assert arthritis["immunotherapy held"] == (0.25, 4)
    assert arthritis["immunotherapy stopped for good"] == (0.25, 4)
    assert arthritis["flare, on immunosuppression before"] == (0.5, 2)
    assert arthritis["flare, without immunosuppression before"] == (0.5, 2)
    crohn = counted(CROHN)
    assert crohn["gut event"] == (1.0, 2)
    assert crohn["gut event, grade 3 or more"] == (0.5, 2)
    assert crohn["median days to gut event"] == (50.0, 2)
    every = counted("all three")
    assert every["flare"] == (0.5, 6)
    assert every["immunotherapy stopped for a flare"] == (pytest.approx(1 / 6), 6)
    assert every["immunotherapy stopped for another event"] == (pytest.approx(1 / 6), 6)
    assert every["second-line biologic"] == (pytest.approx(1 / 6), 6)
    assert every["fatal event"] == (0.0, 6)
    assert counted("none")["gut event"] == (0.5, 2)


def test_other_drugs_than_one_antibody_against_pd1_stand_beside_nothing() -> None:
    rows = by_disease(EVENTS, PATIENTS, ["nivolumab", "ipilimumab"])
    assert rows is not None
    assert {row["what"] for row in rows} == {
        "flare", "flare, on immunosuppression before", "flare, without immunosuppression before"
    }  # fmt: skip
    assert all(row["published"] is None for row in rows)
    assert by_disease(EVENTS, PATIENTS.assign(autoimmune_disease="none"), ["nivolumab"]) is None


@pytest.mark.parametrize(
    ("interval", "own", "value", "direction"),
    [
        # The source has an interval: the virtual median lies in it, or on one side.
        ((8.0, 12.0), (1.0, 99.0), 8.0, ""),
        ((8.0, 12.0), (1.0, 99.0), 12.0, ""),
        ((8.0, 12.0), (1.0, 99.0), 7.9, "below"),
        ((8.0, 12.0), (1.0, 99.0), 12.1, "above"),
        ((8.0, 12.0), (1.0, 99.0), None, "above"),  # more than half go on
        # It has none: the published 10 weeks lie in the interval of the virtual one, or on one side.
        ((None, None), (10.0, 12.0), 11.0, ""),
        ((None, None), (10.1, 12.0), 11.0, "above"),
        ((None, None), (7.0, 9.9), 8.0, "below"),
        ((None, None), (7.0, None), 8.0, ""),
        ((None, None), (None, None), 8.0, ""),
    ],
)
def test_a_median_is_inside_above_or_below(
    interval: tuple[float | None, float | None],
    own: tuple[float | None, float | None],
    value: float | None,
    direction: str,
) -> None:
    time = PublishedTime(
        frozenset(),
        "colitis",
        1,
        "onset",
        10.0,
        *interval,
        by_event=False,
        treated=False,
        source="",
        confirmed=True,
    )
    assert _verdict(5, value, list(own), time) == {"inside": not direction, "direction": direction}
    assert _verdict(0, value, list(own), time) == {"inside": None, "direction": ""}


@pytest.mark.parametrize(("treated", "by_event", "metric", "weeks", "size"), [
    (False, False, "onset", 8.0, 3),  # first events on days 14, 56 and 200
    (False, True, "onset", 9.0, 5),  # and more on days 63 and 100
    (True, False, "onset", 8.5, 2),  # days 56 and 63
    (False, False, "resolution", 3.0, 5),  # 7, 7, 21, 28 and 35 days
    (True, False, "resolution", 4.0, 3),  # 21, 28 and 35 days
])  # fmt: skip
def test_a_median_is_of_the_events_its_source_counts(
    treated: bool, by_event: bool, metric: str, weeks: float, size: int
) -> None:
    events = pd.DataFrame(
        [
            (0, IMMUNE, "gut", "colitis", 1, 14.0, 21.0, "supportive"),
            (0, IMMUNE, "gut", "colitis", 2, 63.0, 91.0, "hold, steroid"),
            (1, IMMUNE, "gut", "colitis", 3, 56.0, 77.0, "stop, steroid"),
            (1, IMMUNE, "gut", "colitis", 2, 100.0, 135.0, "steroid"),
            (2, IMMUNE, "gut", "colitis", 1, 200.0, 207.0, "none"),
            (1, IMMUNE, "skin", "rash", 3, 1.0, 2.0, "steroid"),
            (2, FLARE, "gut", "Crohn's disease flare", 3, 1.0, 2.0, "steroid"),
        ],
        columns=["patient", "class", "organ", "event", "grade", "onset_day", "resolution_day", "action"],
    )
    people = pd.DataFrame({"patient": range(3), "death_day": float("nan"), "censor_day": 400.0})
    time = PublishedTime(
        frozenset(), "gut", 1, metric, 99.0, None, None,  # type: ignore[arg-type]
        by_event=by_event, treated=treated, source="", confirmed=True,
    )  # fmt: skip
    found = _beside(events, FollowUp.of(people), time)
    assert (found["virtual"], found["n"]) == (pytest.approx(weeks), size)


def test_a_trial_is_read_as_it_says() -> None:
    arm = {
        "orr": 0.3, "orr_ci": (0.1, 0.6), "n": 10,
        "os_months": {"median": 9.0, "ci": (4.0, None)}, "pfs_months": {"median": None, "ci": None},
    }  # fmt: skip
    patients = pd.DataFrame(
        {
            "arm": ["a"] * 4 + ["b"],
            "patient": [3, 1, 2, 0, 9],
            "best_response": ["CR", "SD", "PR", "PD", "PR"],
        }
    )
    times = pd.DataFrame(
        {
            "arm": "a",
            "endpoint": "OS",
            "patient": range(4),
            "time_days": [182.625, 365.25, 365.25, 730.5],
            "event": [1, 1, 0, 0],
        }
    )
    result = SimpleNamespace(
        summary={"arms": {"a": arm}}, tables={"patients": patients, "time_to_event": times}
    )
    rate = response_rate(result, "a")  # type: ignore[arg-type]
    assert (rate.value, rate.low, rate.high, rate.n) == (0.3, 0.1, 0.6, 10)
    median = median_months(result, "a", "os_months")  # type: ignore[arg-type]
    assert (median.value, median.low, median.n) == (9.0, 4.0, 10)
    assert pd.isna(median.high)
    assert pd.isna(median_months(result, "a", "pfs_months").value)  # type: ignore[arg-type]
    assert responded(result, "a").tolist() == [False, False, True, True]  # in the order of their numbers
    curve = survival(result, "a", "OS", "A", per=12.0)  # type: ignore[arg-type]
    alive = dict(zip(curve.x, curve.y, strict=True))
    assert (alive[0.5], alive[1.0], max(alive)) == pytest.approx((0.75, 0.5, 2.0))  # years
