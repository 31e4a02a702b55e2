"""Against lifelines' own functions where ours differ in method, and against simulated known answers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_gbsg2, load_lung, load_waltons
from lifelines.utils import median_survival_times, restricted_mean_survival_time

from unmask.survival.comparison import hazard_ratio, logrank_p, restricted_mean_difference
from unmask.survival.kaplan_meier import Follow


def lung() -> tuple[Follow, Follow]:
    data = load_lung()
    men, women = (data[data["sex"] == sex] for sex in (1, 2))
    first, second = (
        Follow(part["time"].to_numpy(float), part["status"].to_numpy() == 1) for part in (women, men)
    )
    return first, second


def test_lung_cancer_data_of_the_ncctg_by_sex() -> None:
    # R survival: survfit(Surv(time, status) ~ sex, lung): medians 270 (men), 426 (women);
    # coxph: hazard ratio of women 0.5880 (0.4237-0.816), p 0.00149; survdiff chi-square 10.3, p 0.0013.
    women, men = lung()
    assert men.curve.quantile(0.5).value == 270 and women.curve.quantile(0.5).value == 426
    cox = hazard_ratio(women, men)
    assert cox.hr.value == pytest.approx(0.5880, abs=5e-5)
    assert cox.hr.ci == (pytest.approx(0.4237, abs=5e-5), pytest.approx(0.816, abs=5e-4))
    assert cox.p == pytest.approx(0.00149, abs=5e-6)
    assert logrank_p(women, men) == pytest.approx(0.0013, abs=5e-5)


def test_landmarks_and_medians_are_those_of_lifelines() -> None:
    data = load_gbsg2()
    months, event = data["time"].to_numpy(float), data["cens"].to_numpy() == 1
    fitter = KaplanMeierFitter().fit(months, event)
    curve = Follow(months, event).curve
    for time in (0, 72, 100.5, 500, 1000, 2000, months.max()):
        assert curve.at(time).value == pytest.approx(float(fitter.predict(time)), abs=1e-14)
    assert curve.quantile(0.5).value == fitter.median_survival_time_
    limits = median_survival_times(fitter.confidence_interval_survival_function_).to_numpy()[0]
    assert curve.quantile(0.5).ci[0] == limits[0]
    assert curve.quantile(0.5).ci[1] == (limits[1] if np.isfinite(limits[1]) else None)


def test_restricted_mean_agrees_with_lifelines_quadrature() -> None:
    data = load_waltons()
    months, event = data["T"].to_numpy(float), data["E"].to_numpy() == 1
    fitter = KaplanMeierFitter().fit(months, event)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lifelines integrates steps by quadrature, which complains
        theirs = restricted_mean_survival_time(fitter, t=50)
    ours, _ = Follow(months, event).curve.restricted_mean(50)
    assert ours == pytest.approx(theirs, rel=1e-3)


def test_standard_error_of_the_restricted_mean_agrees_with_the_bootstrap() -> None:
    follow, _ = lung()
    rng = np.random.default_rng(7)
    draws = []
    for _ in range(400):
        chosen = rng.integers(0, follow.size, follow.size)
        mean = Follow(follow.months[chosen], follow.event[chosen]).curve.restricted_mean(600.0)
        draws.append(mean[0] if mean else np.nan)
    _, error = follow.curve.restricted_mean(600.0)
    assert np.isfinite(draws).all()
    assert error == pytest.approx(np.std(draws), rel=0.12)  # 400 draws: standard error of a SD 3.5 %


def test_cox_finds_the_hazard_ratio_of_exponential_times() -> None:
    rng, truth, size = np.random.default_rng(11), 0.7, 10_000
    death = np.concatenate([rng.exponential(400 / truth, size), rng.exponential(400, size)])
    time, event = np.ceil(np.minimum(death, 800.0)), death <= 800
    arms = [Follow(time[part], event[part]) for part in (slice(0, size), slice(size, None))]
    cox = hazard_ratio(*arms)
    error = 1 / np.sqrt(event.sum() / 4)  # standard error of the log ratio with two equal arms
    assert abs(np.log(cox.hr.value / truth)) < 3 * error
    width = np.log(cox.hr.ci[1] / cox.hr.ci[0]) / (2 * 1.96)
    assert width == pytest.approx(error, rel=0.05)
    difference, p = restricted_mean_difference(*arms, 800.0)
    exact = 400 / truth * (1 - np.exp(-2 * truth)) - 400 * (1 - np.exp(-2))
    assert difference.value == pytest.approx(exact, abs=3 * (difference.ci[1] - difference.value) / 1.96)
    assert p < 1e-10


def test_confidence_intervals_cover_at_their_rate() -> None:
    # 200 trials of 2 x 100: hazard ratio, median and restricted mean each cover the truth in about 95 %.
    rng, truth, scale = np.random.default_rng(5), 0.6, 10.0
    covered = np.zeros(3)
    for _ in range(200):
        arms = []
        for mean in (scale / truth, scale):
            death, end = rng.exponential(mean, 100), rng.uniform(12, 30, 100)
            arms.append(Follow(np.minimum(death, end), death <= end))
        ratio, median = hazard_ratio(*arms).hr.ci, arms[1].curve.quantile(0.5).ci
        mean, error = arms[1].curve.restricted_mean(12)
        expected = scale * (1 - np.exp(-1.2))
        covered += [
            ratio[0] <= truth <= ratio[1],
            median[0] <= scale * np.log(2) <= (median[1] or np.inf),
            abs(mean - expected) <= 1.96 * error,
        ]
    # Binomial(200, 0.95): 181 to 198 has probability 0.997.
    assert np.all((covered >= 181) & (covered <= 198)), covered
