"""Two arms against each other: Cox hazard ratio, log-rank, restricted mean difference, paired benefit.

Convention: experimental against control, a hazard ratio below 1 favours the experimental arm. Where the same
virtual patients are in both arms the two arms are positively correlated and these intervals, made for
independent arms, are on the wide side.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from lifelines.exceptions import ConvergenceError, ConvergenceWarning
from lifelines.statistics import logrank_test
from scipy import stats

from unmask.survival.kaplan_meier import DAYS_PER_MONTH, NOTHING, FloatArray, Follow, Value

PAIRED_LABEL = (
    "The same virtual patients under both therapies: each patient's own difference in survival. "
    "No real trial can observe this; it is computed because a virtual patient can be treated twice, and assumes "
    "that chance (the threshold of death) is the same under both; other assumptions give other shares."
)


@dataclass(frozen=True)
class HazardRatio:
    """A Cox estimate, or the reason why there is none."""

    hr: Value
    p: float | None
    reason: str | None


def hazard_ratio(experimental: Follow, control: Follow) -> HazardRatio:
    """Cox proportional-hazards ratio (Efron ties), its Wald 95 % interval and p value, by lifelines.

    Without an event in one of the arms the likelihood has no maximum: the result is empty and says so.
    lifelines' convergence warnings become the reason; they are never silenced without a trace.
    """
    for name, arm in (("experimental", experimental), ("control", control)):
        if not arm.event.any():
            what = "event" if arm.size else "patient"
            return HazardRatio(NOTHING, None, f"no {what} in the {name} arm")
    frame = pd.DataFrame(
        {
            "months": np.concatenate([experimental.months, control.months]),
            "event": np.concatenate([experimental.event, control.event]),
            "experimental": np.repeat([1.0, 0.0], [experimental.size, control.size]),
        }
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fitted = CoxPHFitter().fit(frame, "months", "event")
        except (ConvergenceError, np.linalg.LinAlgError, ValueError) as error:
            return HazardRatio(NOTHING, None, f"the Cox model has no solution: {_first_line(error)}")
    row = fitted.summary.iloc[0]
    log_ratio, spread = float(row["coef"]), float(row["se(coef)"])
    doubts = [_first_line(item.message) for item in caught if issubclass(item.category, ConvergenceWarning)]
    # A log ratio whose standard error is this large has run away along a flat likelihood (one arm's events
    # all precede the other's patients): the number is where the iteration stopped, not an estimate.
    if not (np.isfinite(log_ratio) and np.isfinite(spread)) or spread > 10:
        return HazardRatio(NOTHING, None, "; ".join(["the Cox model has no finite solution", *doubts]))
    z = stats.norm.ppf(0.975)
    interval = (float(np.exp(log_ratio - z * spread)), float(np.exp(log_ratio + z * spread)))
    return HazardRatio(Value(float(np.exp(log_ratio)), interval), float(row["p"]), "; ".join(doubts) or None)


def logrank_p(experimental: Follow, control: Follow) -> float | None:
    """Two-sided log-rank p value; None without patients in both arms and one event in any."""
    both = experimental.size and control.size
    if not both or not (experimental.event.any() or control.event.any()):
        return None
    result = logrank_test(
        experimental.months,
        control.months,
        event_observed_A=experimental.event,
        event_observed_B=control.event,
    )
    p = float(result.p_value)
    return p if np.isfinite(p) else None


def restricted_mean_difference(
    experimental: Follow, control: Follow, horizon: float
) -> tuple[Value, float | None]:
    """Difference of restricted mean times (months, experimental minus control), its 95 % interval and p."""
    one, other = experimental.curve.restricted_mean(horizon), control.curve.restricted_mean(horizon)
    if one is None or other is None:
        return NOTHING, None
    difference, spread = one[0] - other[0], float(np.hypot(one[1], other[1]))
    z = stats.norm.ppf(0.975)
    p = float(2 * stats.norm.sf(abs(difference) / spread)) if spread > 0 else None
    return Value(difference, (difference - z * spread, difference + z * spread)), p


def common_horizon(*arms: Follow) -> float:
    """Longest time (months) to which every arm's curve is known: the smallest of the arms' longest times."""
    return min((arm.longest for arm in arms), default=0.0)


def paired_benefit(experimental: pd.DataFrame, control: pd.DataFrame) -> dict[str, Any] | None:
    """Each patient's own difference in survival between two arms that hold the same patients.

    Parameters
    ----------
    experimental, control
        Overall survival rows of the ``time_to_event`` table: ``patient``, ``time_days``, ``event``.

    Returns
    -------
    dict or None
        None unless at least one patient is in both arms. Times are compared up to the pair's own end of
        follow-up (the earlier censoring of the two), so a patient alive in both arms at that time has no
        difference within follow-up. Shares are of all pairs; ``difference_months`` gives the quartiles of the
        restricted difference.
    """
    columns = ["patient", "time_days", "event"]
    pairs = experimental[columns].merge(control[columns], on="patient", suffixes=("_a", "_b"))
    if pairs.empty:
        return None
    end = np.fmin(_censored_at(pairs, "a"), _censored_at(pairs, "b"))
    first = np.fmin(pairs["time_days_a"].to_numpy(dtype=float), end)
    second = np.fmin(pairs["time_days_b"].to_numpy(dtype=float), end)
    months = (first - second) / DAYS_PER_MONTH
    quartiles = np.quantile(months, [0.25, 0.5, 0.75])
    return {
        "label": PAIRED_LABEL,
        "pairs": len(pairs),
        "longer": float(np.mean(months > 0)),
        "longer_by_one_month": float(np.mean(months > 1)),
        "shorter": float(np.mean(months < 0)),
        "shorter_by_one_month": float(np.mean(months < -1)),
        "no_difference_within_follow_up": float(np.mean(months == 0)),
        "difference_months": dict(zip(("q25", "median", "q75"), quartiles.tolist(), strict=True)),
        "mean_difference_months": float(months.mean()),
    }


def _censored_at(pairs: pd.DataFrame, arm: str) -> FloatArray:
    time = pairs[f"time_days_{arm}"].to_numpy(dtype=float)
    return np.where(pairs[f"event_{arm}"].to_numpy(dtype=bool), np.nan, time)


def _first_line(message: object) -> str:
    return str(message).strip().split("\n", maxsplit=1)[0]
