"""Events of chemotherapy one by one: how often, when, how long, against the distributions that are stated for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from safety_clinic import draws
from unmask.safety.adverse_events import Events
from unmask.safety.chemotherapy import ChemotherapyToxicity
from unmask.safety.chemotherapy_events import CumulativeEvent, CycleEvent, Cycles
from unmask.safety.chemotherapy_rates import thresholds
from unmask.safety.exposure import Exposure

PATIENTS = 40_000
IDS = np.arange(PATIENTS)
SURE = 4 * np.sqrt(0.25 / PATIENTS)


def cycle(day: float, dose: float = 1.0, so_far: float = 1.0) -> Cycles:
    """The same for everybody, in standard doses of docetaxel."""
    full = np.ones(PATIENTS)
    return Cycles(day * full, {"docetaxel": dose * full}, {"docetaxel": so_far * full})


@pytest.mark.parametrize("dose", [1.0, 0.5])
def test_fatigue_of_a_cycle_has_its_grades_onset_and_duration(dose: float) -> None:
    """Dose slope 1 per ln(dose); begins 1 to 7 days after the dose, lasts 12 days (median) with ln sd 0.6."""
    event = CycleEvent("fatigue", draws(IDS)[0], PATIENTS)
    grade, before = event.advance(7, cycle(10.0, dose))
    assert before == []
    limits = np.array(thresholds("docetaxel", "fatigue"))
    reached = [np.mean(grade >= number) for number in (1, 2, 3, 4)]
    np.testing.assert_allclose(reached, stats.norm.sf(limits - np.log(dose)), atol=SURE)
    (found,) = event.episodes()
    assert np.array_equal(found.row, np.flatnonzero(grade))
    assert np.array_equal(found.grade, grade[grade > 0])
    after = found.onset_day - 11.0
    assert 0.0 <= after.min() < 0.05 and 5.95 < after.max() <= 6.0
    assert after.mean() == pytest.approx(3.0, abs=4 * 6 / np.sqrt(12 * after.size))
    lasted = np.log(found.resolution_day - found.onset_day)
    assert lasted.mean() == pytest.approx(np.log(12.0), abs=4 * 0.6 / np.sqrt(lasted.size))
    assert lasted.std() == pytest.approx(0.6, abs=4 * 0.6 / np.sqrt(2 * lasted.size))
    one = found.row[0]
    days = np.array(
        [
            found.onset_day[0] - 0.01,
            found.onset_day[0],
            found.resolution_day[0] - 0.01,
            found.resolution_day[0],
        ]
    )
    seen = [int(event.grade_on(float(day))[one]) for day in days]
    assert seen == [0, found.grade[0], found.grade[0], 0]


def test_cycles_of_a_patient_are_as_alike_as_stated() -> None:
    """Of the variance of fatigue 0.7 is the patient's: two cycles are correlated by it."""
    event = CycleEvent("fatigue", draws(IDS)[0], PATIENTS)
    first, _ = event.advance(7, cycle(0.0))
    again, before = event.advance(28, cycle(21.0))
    limit = thresholds("docetaxel", "fatigue")[0]
    both = stats.multivariate_normal(cov=[[1.0, 0.7], [0.7, 1.0]]).cdf([-limit, -limit])
    assert np.mean((first > 0) & (again > 0)) == pytest.approx(float(both), abs=SURE)
    assert np.array_equal(before[0].row, np.flatnonzero(first))


def test_neuropathy_follows_the_dose_so_far_and_recovers_from_the_last_cycle() -> None:
    """Slope 1.3 per ln(dose so far); 7 to 28 days after a cycle; 30 % never recover, the others in 90 days (median)."""
    event = CumulativeEvent("peripheral neuropathy", draws(IDS)[0], PATIENTS)
    limit = thresholds("docetaxel", "peripheral neuropathy")[0]
    grade, _ = event.advance(70, cycle(63.0, so_far=4.0))
    assert np.mean(grade > 0) == pytest.approx(stats.norm.sf(limit - 1.3 * np.log(4.0)), abs=SURE)
    (found,) = event.episodes()
    size = found.row.size
    assert 70.0 <= found.onset_day.min() < 70.5 and 90.5 < found.onset_day.max() <= 91.0
    ends = ~np.isnan(found.resolution_day)
    assert np.mean(~ends) == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / size))
    # The recovery counts from the onset, which is after the cycle.
    recovery = found.resolution_day - found.onset_day
    assert np.log(recovery[ends]).mean() == pytest.approx(np.log(90.0), abs=4 * 0.8 / np.sqrt(ends.sum()))
    # Another cycle much later: the onset stays, the recovery counts anew from the cycle.
    event.advance(112, cycle(105.0, so_far=5.0))
    (later,) = event.episodes()
    same = np.isin(later.row, found.row) & (later.onset_day < 105.0)
    still = np.isin(found.row, later.row[same])
    assert np.array_equal(later.onset_day[same], found.onset_day[still])
    np.testing.assert_allclose(later.resolution_day[same] - 105.0, recovery[still], rtol=1e-12)
    over = ends & (found.resolution_day <= 105.0)
    assert over.any() and not np.isin(found.row[over], later.row[same]).any()


def seen_twice(count: float, last: float) -> tuple[np.ndarray, list[Events]]:
    """Docetaxel on day 0, seen on days 7 and ``last`` at a constant count: who was ill on day 7, and all infections."""
    care = ChemotherapyToxicity(*draws(IDS), PATIENTS)
    exposure = replace(Exposure.untreated(PATIENTS), cumulative_dose={"docetaxel": np.full(PATIENTS, 75.0)})
    everyone, counts = np.ones(PATIENTS, dtype=bool), {"neutrophils": np.full(PATIENTS, count)}
    care.visit(7.0, everyone, counts, exposure)
    ill = np.zeros(PATIENTS, dtype=bool)
    for item in care.events():
        ill[item.row[(item.event == "infection") & (item.resolution_day > 7.0)]] = True
    care.visit(last, everyone, counts, exposure)
    return ill, [item for item in care.events() if (item.event == "infection").all()]


@pytest.mark.parametrize(("count", "per_day"), [(5.0, 0.001), (1.2, 0.001 + 0.014 * 0.8)])
def test_infections_come_at_the_hazard_of_the_count_within_a_cycle(count: float, per_day: float) -> None:
    ill, found = seen_twice(count, 21.0)
    onset = np.concatenate([item.onset_day for item in found])
    expected = (1.0 - ill.mean()) * (1.0 - np.exp(-14.0 * per_day))
    assert np.mean(onset > 7.0) * onset.size / PATIENTS == pytest.approx(
        expected, abs=4 * np.sqrt(expected / PATIENTS)
    )
    _, later = seen_twice(count, 21.5)
    assert not any((item.onset_day > 7.0).any() for item in later)  # the cycle is over
    severe = np.mean(np.concatenate([item.grade for item in found]) == 3)
    assert severe == pytest.approx(0.23, abs=4 * np.sqrt(0.18 / onset.size))
    lasted = np.log(np.concatenate([item.resolution_day - item.onset_day for item in found]))
    assert lasted.mean() == pytest.approx(np.log(10.0), abs=4 * 0.5 / np.sqrt(onset.size))
