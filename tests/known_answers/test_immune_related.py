"""Immune-related events on synthetic autoreactivity: closed forms of onset, severity, course."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from safety_clinic import blocked, draws, only, treated
from unmask.safety.autoimmune import Background
from unmask.safety.desk import SafetyDesk
from unmask.safety.episodes import Episodes
from unmask.safety.event_kinds import Kinds, kinds, safety_data
from unmask.safety.exposure import Exposure, ImmunotherapyClass
from unmask.safety.immune_related import Onsets, ctla4_share, onset_rates
from unmask.safety.timing import IN_AN_ORGAN

TOLERATED = safety_data("immune_related")["tolerated_autoreactivity"]
NO_FRAILTY = 1e9
"""Shape of a gamma distribution with mean 1 and next to no spread."""


def plain(rate: float, **changes: float) -> Kinds:
    """Rash without delay, adaptation and susceptibility: a constant hazard."""
    steady = {"delay_days": 0.0, "adaptation_share": 0.0, "frailty_shape": NO_FRAILTY} | changes
    return only("rash", rates=[rate, rate, rate], **steady)


def first_onsets(
    kind: Kinds,
    patients: int,
    days: np.ndarray,
    autoreactivity: float = TOLERATED + 1.0,
    exposure: Exposure | None = None,
    **occupancy: float,
) -> np.ndarray:
    """Day of the first event of each patient, inf for none, with visits on ``days``."""
    numbers = np.arange(patients)
    onsets = Onsets(kind, Background.none(patients), *draws(numbers), {})
    found = np.full(patients, np.inf)
    everyone = np.ones(patients, dtype=bool)
    last = 0.0
    for day in days:
        began = onsets.advance(
            np.full(patients, last),
            day,
            everyone,
            blocked(patients, autoreactivity, **occupancy),
            exposure or treated(patients),
            np.isinf(found)[None, :],
        )[0]
        found = np.fmin(found, np.where(np.isnan(began), np.inf, began))
        last = day
    return found


@pytest.mark.parametrize("step", [1.0, 7.0, 21.0])
def test_constant_inflammation_gives_exponential_onsets(step: float) -> None:
    rate, patients = 0.02, 2000
    found = first_onsets(plain(rate), patients, np.arange(step, 601.0, step))
    # The hazard rises from none on day 0 over the first interval, which counts half.
    threshold = draws(np.arange(patients))[1]("onset of rash")
    late = (threshold > 0.5 * rate * step) & (threshold / rate + step / 2 < 590)
    spread_left = 3e-4  # of the susceptibility, ten standard deviations
    np.testing.assert_allclose(found[late], (threshold / rate + step / 2)[late], rtol=spread_left)
    assert np.median(found) == pytest.approx(np.log(2) / rate + step / 2, rel=0.08)


@pytest.mark.parametrize("shape", [0.3, 2.0])
def test_susceptibility_is_gamma_distributed(shape: float) -> None:
    rate, patients, until = 0.02, 20_000, 140.0
    found = first_onsets(plain(rate, frailty_shape=shape), patients, np.arange(7.0, until + 1, 7.0))
    hazard = rate * (until - 3.5)
    expected = 1 - (1 + hazard / shape) ** -shape
    assert np.mean(found <= until) == pytest.approx(expected, abs=4 * np.sqrt(0.25 / patients))


def test_inflammation_and_adaptation_follow_their_equations() -> None:
    delay, adapts, share = 20.0, 60.0, 0.8
    kind = plain(0.0, delay_days=delay, adaptation_share=share, adaptation_days=adapts)
    onsets = Onsets(kind, Background.none(1), *draws(np.arange(1)), {})
    one = np.ones(1, dtype=bool)
    # Reach the constant target in a millisecond, then step coarsely: exact for constant targets.
    days = [1e-6, 7.0, 14.0, 35.0]
    last = 0.0
    for day in days:
        onsets.advance(np.array([last]), day, one, blocked(1, TOLERATED + 2.0), treated(1), one[None, :])
        last = day
        assert onsets.severity[0, 0] == pytest.approx(2.0 * (1 - np.exp(-day / delay)), rel=1e-4, abs=1e-6)


def test_adaptation_takes_its_share_of_a_constant_hazard_away() -> None:
    patients, rate, share = 20_000, 0.02, 0.8
    kind = plain(rate, adaptation_share=share, adaptation_days=1e-6)
    found = first_onsets(kind, patients, np.arange(1.0, 101.0))
    expected = 1 - np.exp(-rate * (1 - share) * 99.5)
    assert np.mean(found <= 100.0) == pytest.approx(expected, abs=4 * np.sqrt(0.25 / patients))


def test_rates_lie_between_those_of_the_classes() -> None:
    rates = np.array([[0.01, 0.04, 0.02]])
    share = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    expected = [0.01, 0.02, 0.04, np.sqrt(0.04 * 0.02), 0.02]
    np.testing.assert_allclose(onset_rates(rates, share)[0], expected)


def test_share_of_ctla4_falls_back_on_the_class_when_nothing_is_blocked() -> None:
    code = np.array([int(c) for c in ImmunotherapyClass])
    np.testing.assert_allclose(ctla4_share(np.zeros(5), np.zeros(5), code), [0.0, 0.0, 0.0, 1.0, 0.5])
    pd, ctla4 = np.array([0.9, 0.0, 0.6]), np.array([0.0, 0.8, 0.2])
    np.testing.assert_allclose(ctla4_share(pd, ctla4, np.full(3, 4)), [0.0, 1.0, 0.25])


def test_no_events_without_antibodies_or_below_what_is_tolerated() -> None:
    days = np.arange(7.0, 400.0, 7.0)
    kind = plain(5.0)
    assert np.isinf(first_onsets(kind, 50, days, exposure=Exposure.untreated(50))).all()
    assert np.isinf(first_onsets(kind, 50, days, autoreactivity=TOLERATED)).all()
    assert np.isfinite(first_onsets(kind, 50, days)).all()


@pytest.mark.parametrize("lasts", [0.0, 1.0])
def test_an_event_comes_back_at_the_stated_share_of_its_rate(lasts: float) -> None:
    """Rate r, recurrence 0.3: the second wait is the second threshold over 0.3 r, from the day the first was over."""
    rate, patients, until = 0.02, 400, 1500.0
    numbers = np.arange(patients)
    exponential = draws(numbers)[1]
    onsets = Onsets(plain(rate, recurrence=0.3), Background.none(patients), *draws(numbers), {})
    everyone = np.ones(patients, dtype=bool)
    free_from, second = np.full(patients, np.nan), np.full(patients, np.nan)
    for day in np.arange(1.0, until + 1.0):
        ready = np.isnan(free_from) | ((free_from < day) & np.isnan(second))
        observed = blocked(patients, TOLERATED + 1.0)
        start = np.full(patients, day - 1.0)
        began = onsets.advance(start, day, everyone, observed, treated(patients), ready[None, :])[0]
        second = np.where(np.isnan(free_from), second, np.fmin(second, began))
        # An event found at a visit is over at once, or at the next one.
        free_from = np.where(np.isnan(free_from) & ~np.isnan(began), day + lasts, free_from)
    expected = free_from + exponential("onset of rash", 1) / (0.3 * rate)
    seen = expected < until - 1.0
    assert seen.sum() > 300
    np.testing.assert_allclose(second[seen], expected[seen], rtol=3e-4)
    assert np.isnan(second[expected > until + 1.0]).all()


def test_general_events_follow_the_occupancy_of_whichever_checkpoint_is_blocked_more() -> None:
    rate, patients = 0.02, 300
    steady = {"delay_days": 0.0, "adaptation_share": 0.0, "frailty_shape": NO_FRAILTY}
    kind = only("fatigue", rates=[rate, rate, rate], **steady)
    threshold = draws(np.arange(patients))[1]("onset of fatigue")
    for pd, ctla4, larger in ((0.9, 0.0, 0.9), (0.2, 0.8, 0.8), (0.6, 0.3, 0.6)):
        found = first_onsets(kind, patients, np.arange(1.0, 400.0), 0.0, pd=pd, ctla4=ctla4)
        expected = threshold / (rate * larger) + 0.5
        late = (expected > 1.0) & (expected < 398.0)
        np.testing.assert_allclose(found[late], expected[late], rtol=3e-4)


def test_an_antibody_against_pdl1_has_its_factor() -> None:
    rate, factor = 0.01, safety_data("immune_related")["pdl1_factor"]
    days = np.arange(7.0, 3000.0, 7.0)
    pd1 = first_onsets(plain(rate), 300, days)
    pdl1 = first_onsets(plain(rate), 300, days, exposure=treated(300, ImmunotherapyClass.ANTI_PDL1))
    early = np.isfinite(pd1) & np.isfinite(pdl1) & (pd1 > 7)
    assert early.sum() > 250
    np.testing.assert_allclose((pdl1[early] - 3.5) * factor, pd1[early] - 3.5, rtol=1e-9)


def test_vedolizumab_protects_the_gut_only() -> None:
    patients = 400
    gut, skin = only("colitis", rates=[0.1, 0.1, 0.1]), plain(0.1)
    numbers = np.arange(patients)
    everyone = np.ones(patients, dtype=bool)
    for kind, hit in ((gut, 0), (skin, patients)):
        onsets = Onsets(kind, Background.none(patients), *draws(numbers), {})
        observed = blocked(patients, TOLERATED + 3.0) | {"gut_protection": np.ones(patients)}
        found = np.zeros(patients, dtype=bool)
        for day in np.arange(7.0, 700.0, 7.0):
            start = np.full(patients, day - 7.0)
            began = onsets.advance(start, day, everyone, observed, treated(patients), ~found[None, :])
            found |= ~np.isnan(began[0])
        assert found.sum() == hit


def test_the_grade_at_onset_has_its_probabilities() -> None:
    patients = 40_000
    kind = only("hepatitis", severe_logit=-0.5, severe_slope=0.7, grade_4_share=0.2, grade_2_share=0.4)
    episodes = Episodes(kind, patients, *draws(np.arange(patients)))
    episodes.begin(np.zeros((1, patients)), np.full((1, patients), 2.0))
    severe = expit(-0.5 + 0.7)
    expected = [(1 - severe) * 0.6, (1 - severe) * 0.4, severe * 0.8, severe * 0.2]
    found = [np.mean(episodes.grade == grade) for grade in (1, 2, 3, 4)]
    np.testing.assert_allclose(found, expected, atol=4 * np.sqrt(0.25 / patients))


def course(kind: Kinds, patients: int, *, controlled: bool) -> Episodes:
    episodes = Episodes(kind, patients, *draws(np.arange(patients)))
    episodes.begin(np.full((1, patients), 3.0), np.full((1, patients), 1.0))
    shape = (1, patients)
    over = np.zeros(shape, dtype=bool)
    for start, end in ((3.0, 10.0), *((10.0 + 7 * n, 17.0 + 7 * n) for n in range(300))):
        ended, dead = episodes.advance(~over, np.full(shape, start), end, np.full(shape, controlled))
        over |= ended | dead
    return episodes


def test_a_controlled_event_lasts_its_median_and_is_never_worse() -> None:
    kind = only("diarrhoea", severe_logit=30.0, grade_4_share=0.0, resolution_weeks=6.0, fulminant_share=0.0)
    episodes = course(kind, 4000, controlled=True)
    lasted = episodes.resolution - episodes.onset
    assert np.median(lasted) / 7.0 == pytest.approx(6.0, rel=0.05)
    assert (episodes.worst == 3).all()


def test_without_control_events_last_longer_get_worse_and_kill() -> None:
    kind = only("colitis", severe_logit=30.0, grade_4_share=0.0, resolution_weeks=6.0, fulminant_share=0.0)
    episodes = course(kind, 4000, controlled=False)
    lasted = episodes.resolution - episodes.onset
    assert np.nanmedian(lasted) / 7.0 > 6.0
    assert {int(grade) for grade in np.unique(episodes.worst)} == {3, 4, 5}
    # From grade 3 the hazard of grade 4 is stated; the first eighth of a typical course sees about this share.
    assert 0.1 < np.mean(episodes.worst >= 4) < 0.5


def test_a_fulminant_event_kills_on_its_day_whatever_is_done() -> None:
    kind = only("colitis", severe_logit=30.0, fulminant_share=1.0)
    patients = 2000
    episodes = Episodes(kind, patients, *draws(np.arange(patients)))
    episodes.begin(np.zeros((1, patients)), np.ones((1, patients)))
    expected = safety_data("immune_related")["course"]["fulminant_median_days"]
    assert np.median(episodes.fatal_day) == pytest.approx(expected, abs=1.0)
    ended, dead = episodes.advance(
        np.ones((1, patients), dtype=bool), np.zeros((1, patients)), 1e4, np.ones((1, patients), dtype=bool)
    )
    assert dead.all()
    assert not ended.any()
    assert (episodes.worst == 5).all()


def test_the_desk_is_there_when_a_fulminant_event_kills() -> None:
    desk = SafetyDesk(Background.none(2), *draws(np.arange(2)), 2)
    everyone, calm = np.ones(2, dtype=bool), blocked(2, 0.0, pd=0.0)
    colitis = kinds().event.index("colitis")
    onset = np.full((kinds().count, 2), np.nan)
    onset[colitis, 0] = 3.0
    desk._episodes.begin(onset, np.ones(onset.shape))
    desk._episodes.grade[colitis, 0] = desk._episodes.worst[colitis, 0] = 3
    desk._episodes.fatal_day[colitis, 0], desk._episodes._duration[colitis, 0] = 9.0, np.inf
    orders = desk.visit(7.0, everyone, calm, treated(2))
    assert orders.next_visit.tolist() == [9.0, np.inf]
    assert not orders.death.any()
    assert desk.visit(9.0, everyone, calm, treated(2)).death.tolist() == [True, False]
    (fatal,) = desk.events()
    assert (fatal.row.tolist(), fatal.grade.tolist(), fatal.event.tolist()) == ([0], [5], ["colitis"])
    assert np.isnan(fatal.resolution_day).all()
    # Nobody is asked about the dead again.
    assert not desk.visit(16.0, everyone, calm, treated(2)).death.any()


def test_a_lost_gland_falls_to_grade_1_and_never_recovers() -> None:
    kind = only("hypophysitis", permanent_share=1.0, severe_logit=30.0, fulminant_share=0.0)
    episodes = course(kind, 100, controlled=True)
    assert episodes.open.all()
    assert (episodes.grade == 1).all()
    assert np.isnan(episodes.resolution).all()


def test_every_kind_is_sound() -> None:
    every = kinds()
    assert len(set(every.event)) == every.count
    assert (every.rates >= 0).all()
    for share in (
        every.grade_2_share, every.grade_4_share, every.fulminant_share, every.permanent_share,
        every.refractory_share, every.recurrence, every.adaptation_share,
    ):  # fmt: skip
        assert ((share >= 0) & (share <= 1)).all()
    assert set(every.organ) == {organ["name"] for organ in safety_data("immune_related")["organ"]}
    assert set(safety_data("immune_related")["outside_melanoma"]) <= set(every.event)


def test_published_figures_are_of_known_kinds() -> None:
    data = safety_data("published")
    known = {
        *kinds().event,
        *kinds().organ,
        "any",
        "discontinuation",
        "diarrhoea or colitis",
        "fatal",
        IN_AN_ORGAN,
    }
    for trial in data["trial"]:
        for key in ("read", "unconfirmed"):
            assert trial["source"] in data["sources"]
            for what, (any_grade, severe) in trial[key].items():
                assert what in known
                numbers = [figure for figure in (severe, any_grade) if not np.isnan(figure)]  # nan: no figure
                assert numbers and numbers == sorted(numbers)
                assert numbers[0] >= 0 and numbers[-1] <= 100
        assert set(trial["calibrated"]) <= {*trial["read"], *trial["unconfirmed"]}
    for block in data["timing"]:
        assert block["trial"] in {trial["name"] for trial in data["trial"]}
        assert all(row["source"] in data["sources"] for row in block["figures"])
