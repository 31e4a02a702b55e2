"""The course of an event that has begun, against numbers worked out by hand from its stated rules."""

from __future__ import annotations

import numpy as np
import pytest

from safety_clinic import draws, only
from unmask.safety.episodes import Episodes
from unmask.safety.event_kinds import Kinds

PATIENTS = 20_000
SURE = 4 * np.sqrt(0.25 / PATIENTS)  # four standard errors of a share


def begun(kind: Kinds, patients: int = PATIENTS) -> Episodes:
    """Everybody has an event since day 0."""
    episodes = Episodes(kind, patients, *draws(np.arange(patients)))
    episodes.begin(np.zeros((1, patients)), np.ones((1, patients)))
    return episodes


def severe(**changes: float) -> Kinds:
    """Colitis of grade 3 in everybody, nobody fulminant."""
    return only("colitis", **({"severe_logit": 30.0, "grade_4_share": 0.0, "fulminant_share": 0.0} | changes))


def step(episodes: Episodes, start: float, end: float, *, controlled: bool) -> tuple[np.ndarray, np.ndarray]:
    shape = episodes.open.shape
    return episodes.advance(episodes.open.copy(), np.full(shape, start), end, np.full(shape, controlled))


def test_what_an_event_takes_has_its_shares() -> None:
    """A fifth resists a steroid; a quarter of these, 5 in 100, resist a second drug, too."""
    resistance = begun(severe(refractory_share=0.2)).resistance
    found = [np.mean(resistance == needed) for needed in (0, 1, 2)]
    np.testing.assert_allclose(found, [0.80, 0.15, 0.05], atol=SURE)
    assert not begun(severe(refractory_share=0.0)).resistance.any()


def test_an_uncontrolled_event_runs_at_two_fifths_of_its_speed_until_it_falls_to_grade_1() -> None:
    """Duration D under control: D/2 at speed 1 and D/2 at speed 1. Without it D/2 takes 1.25 D: 1.75 D in all."""
    kind = severe(worsening=0.0, resolution_weeks=6.0)
    lasted = []
    for controlled in (True, False):
        episodes = begun(kind, 300)
        for day in np.arange(0.0, 2000.0, 0.25):
            step(episodes, float(day), float(day) + 0.25, controlled=controlled)
        lasted.append(episodes.resolution[0])
    assert np.median(lasted[0]) == pytest.approx(42.0, rel=0.15)
    # Looked at every quarter of a day, the fall to grade 1 is noticed that much later at most.
    np.testing.assert_allclose(lasted[1], 1.75 * lasted[0], rtol=0.0, atol=0.25)


def test_grade_falls_to_1_at_half_of_the_duration() -> None:
    episodes = begun(severe(worsening=0.0, resolution_weeks=6.0))
    step(episodes, 0.0, 21.0, controlled=True)  # half of the median duration: half of the patients
    assert np.mean(episodes.grade == 1) == pytest.approx(0.5, abs=SURE)
    assert set(np.unique(episodes.grade).tolist()) == {1, 3}
    assert (episodes.worst == 3).all()


@pytest.mark.parametrize(("grade", "per_day"), [(1, 0.002), (2, 0.006), (3, 0.008), (4, 0.02)])
def test_grades_rise_at_the_stated_rates_while_not_controlled(grade: int, per_day: float) -> None:
    for factor, controlled in ((1.0, False), (0.5, False), (1.0, True)):
        episodes = begun(severe(worsening=factor, resolution_weeks=1000.0))
        episodes.grade[:] = episodes.worst[:] = grade
        episodes._expect_worsening(0, np.arange(PATIENTS))
        _, dead = step(episodes, 0.0, 20.0, controlled=controlled)
        expected = 0.0 if controlled else 1.0 - np.exp(-20.0 * factor * per_day)
        assert np.mean(episodes.grade == grade + 1) == pytest.approx(expected, abs=SURE)
        assert np.array_equal(dead, episodes.grade == 5)


def test_only_what_can_reach_grade_4_can_kill() -> None:
    for highest, reached in ((3, 3), (4, 5)):
        episodes = begun(severe(worsening=1e6, highest_grade=highest, resolution_weeks=1000.0), 50)
        dead = np.zeros(episodes.open.shape, dtype=bool)
        for day in range(5):
            dead |= step(episodes, float(day), day + 1.0, controlled=False)[1]
        assert (episodes.grade == reached).all()
        assert dead.all() == (reached == 5)


def test_no_duration_is_longer_than_two_and_a_half_standard_deviations() -> None:
    """Median 1 week, log standard deviation 0.9: at most 7 exp(2.25) = 66.4 days, in 6 of 1000 patients."""
    episodes = begun(severe(worsening=0.0, resolution_weeks=1.0))
    step(episodes, 0.0, 1e4, controlled=True)
    longest = 7.0 * np.exp(2.25)
    assert episodes.resolution.max() == pytest.approx(longest, rel=1e-12)
    at_most = np.mean(episodes.resolution > longest - 1e-9)
    assert at_most == pytest.approx(0.0062, abs=4 * np.sqrt(0.0062 / PATIENTS))
