"""Kaplan-Meier, log-rank, Cox, restricted mean and exact intervals against numbers that stand in print."""

from __future__ import annotations

import numpy as np
import pytest

from unmask.survival.comparison import hazard_ratio, logrank_p, restricted_mean_difference
from unmask.survival.kaplan_meier import Follow
from unmask.survival.proportions import median_with_interval, proportion, response_timing

# Freireich et al. 1963 (Blood 21:699), remission in weeks; the standard example of survival texts
# (Gehan 1965; Cox 1972; Klein & Moeschberger 2003, table 1.1). A plus sign is a censored time.
MP6 = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def follow(text: str) -> Follow:
    words = text.split()
    times = np.array([float(word.rstrip("+")) for word in words])
    return Follow(times, np.array([not word.endswith("+") for word in words]))


def test_a_curve_small_enough_to_do_by_hand() -> None:
    # At risk 5, 4, 2, 1: S = 1 - 1/5 = 0.8; censored at 3; then 0.8 (1 - 1/3) = 8/15 at 4; censored 5; 0 at
    # 6.
    curve = follow("2 3+ 4 5+ 6").curve
    for month, expected in ((0, 1), (1.99, 1), (2, 0.8), (3.9, 0.8), (4, 8 / 15), (5.5, 8 / 15), (6, 0)):
        assert curve.at(month).value == pytest.approx(expected, abs=1e-15)
    assert curve.quantile(0.5).value == 6
    assert curve.quantile(0.8).value == 2
    assert curve.at(6.01).value is None, "the last death says nothing about the censored patients"
    assert follow("2 3+ 4 5+ 6").at_risk([0, 2, 2.5, 3, 4, 5, 6, 7]) == [5, 5, 4, 4, 3, 2, 1, 0]


def test_the_log_log_interval_by_hand() -> None:
    # Greenwood at one death among five: the variance of ln S is 1/(5*4) = 0.05; the limits are
    # S to the power exp(+-theta) with theta = 1.96 sqrt(0.05)/|ln 0.8|.
    theta = 1.959964 * np.sqrt(0.05) / abs(np.log(0.8))
    low, high = follow("2 3+ 4 5+ 6").curve.at(2).ci
    assert low == pytest.approx(0.8 ** np.exp(theta), rel=1e-6)
    assert high == pytest.approx(0.8 ** np.exp(-theta), rel=1e-6)


def test_six_mercaptopurine_curve_and_medians() -> None:
    # Kaplan-Meier column of Klein & Moeschberger 2003, table 4.1A.
    curve = follow(MP6).curve
    printed = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448, 34: 0.448}
    for week, expected in printed.items():
        assert curve.at(week).value == pytest.approx(expected, abs=5.1e-4)
    assert curve.quantile(0.5).value == 23
    assert follow(PLACEBO).curve.quantile(0.5).value == 8
    # Limits of the medians with log-log limits, as SAS PROC LIFETEST prints them for these data.
    assert curve.quantile(0.5).ci == (13, None)
    assert follow(PLACEBO).curve.quantile(0.5).ci == (4, 11)


def test_six_mercaptopurine_log_rank_and_cox() -> None:
    # Log-rank chi-square 16.79 on 1 df (R survdiff 16.8; p = 4e-5).
    # Cox, Efron ties, placebo against 6-MP: coefficient 1.5721, se 0.4124, hazard ratio 4.817 (2.147-10.81),
    # R coxph.
    from scipy.stats import chi2

    placebo, drug = follow(PLACEBO), follow(MP6)
    p = logrank_p(placebo, drug)
    assert p is not None and chi2.isf(p, 1) == pytest.approx(16.79, abs=0.005)
    cox = hazard_ratio(placebo, drug)
    assert cox.reason is None
    assert cox.hr.value == pytest.approx(4.817, abs=0.001)
    assert cox.hr.ci[0] == pytest.approx(2.147, abs=0.001)
    assert cox.hr.ci[1] == pytest.approx(10.81, abs=0.01)
    assert np.log(cox.hr.value) == pytest.approx(1.5721, abs=5e-5)
    assert cox.p == pytest.approx(0.000138, rel=0.01)
    reverse = hazard_ratio(drug, placebo).hr.value
    assert reverse is not None and reverse * cox.hr.value == pytest.approx(1, rel=1e-6)


def test_restricted_mean_without_censoring_is_the_mean_of_the_shortened_times() -> None:
    times = np.array([1.0, 2.0, 2.0, 5.0, 7.0, 11.0])
    curve = Follow(times, np.ones(6, bool)).curve
    for horizon in (0.5, 2.0, 6.0, 11.0, 50.0):
        short = np.minimum(times, horizon)
        mean, error = curve.restricted_mean(horizon)
        assert mean == pytest.approx(short.mean(), rel=1e-12)
        assert error == pytest.approx(short.std() / np.sqrt(6), rel=1e-9, abs=1e-12)


def test_restricted_mean_of_a_censored_curve_by_hand() -> None:
    # S: 1 until 2, 0.8 until 4, 8/15 until 6. Area to 5 = 2 + 1.6 + 8/15.
    # Variance: A(2)^2/(5*4) + A(4)^2/(3*2), areas from the death on to the horizon: 1.6 + 8/15 and 8/15.
    mean, error = follow("2 3+ 4 5+ 6").curve.restricted_mean(5)
    assert mean == pytest.approx(2 + 1.6 + 8 / 15)
    assert error**2 == pytest.approx((1.6 + 8 / 15) ** 2 / 20 + (8 / 15) ** 2 / 6)
    assert follow("2 3+ 4 5+ 6+").curve.restricted_mean(6.5) is None, "beyond follow-up"
    assert follow("2 3").curve.restricted_mean(0) is None


def test_restricted_mean_difference_sign_and_width() -> None:
    drug, placebo = follow(MP6), follow(PLACEBO)
    difference, p = restricted_mean_difference(drug, placebo, 20)
    (one, one_error), (other, other_error) = drug.curve.restricted_mean(20), placebo.curve.restricted_mean(20)
    assert difference.value == pytest.approx(one - other) and difference.value > 0
    half = (difference.ci[1] - difference.ci[0]) / 2
    assert half == pytest.approx(1.959964 * np.hypot(one_error, other_error), rel=1e-6)
    assert p is not None and p < 0.001


@pytest.mark.parametrize(
    ("count", "size", "low", "high"),
    [
        # Closed form: 1 - (alpha/2)^(1/n) and its mirror image.
        (0, 10, 0.0, 1 - 0.025**0.1),
        (10, 10, 0.025**0.1, 1.0),
        (1, 1, 0.025, 1.0),
        # Tables of exact limits (Geigy; Clopper & Pearson 1934): 1/10, 5/20; R binom.test(58, 425).
        (1, 10, 0.00253, 0.44502),
        (5, 20, 0.08657, 0.49105),
        (58, 425, 0.10529, 0.17283),
    ],
)
def test_exact_interval_of_a_proportion(count: int, size: int, low: float, high: float) -> None:
    found = proportion(count, size)
    assert found.value == count / size
    assert found.ci == (pytest.approx(low, abs=1.1e-5), pytest.approx(high, abs=1.1e-5))


def test_a_proportion_of_nobody_is_nothing() -> None:
    assert proportion(0, 0).value is None


@pytest.mark.parametrize(
    ("size", "ranks"),
    # Ranks of the distribution-free 95 % interval of a median (Conover 1999, table A3; Geigy tables).
    [(5, None), (6, (1, 6)), (10, (2, 9)), (20, (6, 15)), (100, (40, 61))],
)
def test_interval_of_a_median_by_order_statistics(size: int, ranks: tuple[int, int] | None) -> None:
    values = np.random.default_rng(1).permutation(np.arange(1.0, size + 1))
    found = median_with_interval(np.append(values, np.nan))
    assert found.value == (size + 1) / 2
    assert found.ci == (ranks if ranks else (None, None))


def test_share_of_late_responses_counts_only_responses_after_the_week() -> None:
    weeks = [6, 6, 12, 16, 18, 24, 27, 40]
    timing = response_timing(weeks)
    assert timing["median"] == 17 and timing["n"] == 8
    assert [timing[f"after_week_{week}"] for week in (13, 16, 20, 26)] == [5 / 8, 4 / 8, 3 / 8, 2 / 8]


def test_times_and_events_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="one row each"):
        Follow(np.zeros(3), np.zeros(2, bool))
