"""Numbers with 95 % intervals: shares exactly, everything else by resampling patients with a stated seed.

The intervals say how far another set of virtual patients from the same model could differ. They say nothing about how
wrong the model is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from unmask.claims.claim import Estimate
from unmask.patients.random_streams import RandomStreams
from unmask.survival.kaplan_meier import Value
from unmask.survival.proportions import proportion

RESAMPLES = 1000
NOTHING = Estimate(math.nan)

Array = NDArray[np.float64]


def share(flags: ArrayLike) -> Estimate:
    """Return the share of true values with the exact interval of Clopper and Pearson."""
    given = np.asarray(flags, dtype=bool)
    return from_value(proportion(int(given.sum()), given.size), given.size)


def from_value(value: Value, n: int) -> Estimate:
    """Return an estimate of ``n`` patients; NaN where it, or an end of its interval, was not reached."""
    return from_interval(value.value, value.ci, n)


def from_interval(value: float | None, ci: Sequence[float | None] | None, n: int) -> Estimate:
    """Return a number of ``summary.json`` and its interval as an estimate, with NaN for what is null there."""
    if value is None:
        return NOTHING
    low, high = (math.nan if end is None else float(end) for end in ci or (None, None))
    return Estimate(float(value), low, high, n)


def resampled(
    statistic: Callable[[NDArray[np.int64]], float], size: int, streams: RandomStreams, process: str
) -> Estimate:
    """Return a statistic of patients (given as row numbers) with its percentile bootstrap interval.

    Parameters
    ----------
    statistic
        Takes rows, shape ``(size,)``, with repetition; returns a number.
    process
        Name of the random process; the same patients are drawn for the same name.
    """
    if size == 0:
        return NOTHING
    rows = np.arange(size)
    drawn = np.array(
        [
            statistic(np.floor(streams.uniform(f"resample {process}", rows, visit) * size).astype(np.int64))
            for visit in range(RESAMPLES)
        ]
    )
    low, high = np.quantile(drawn[np.isfinite(drawn)], [0.025, 0.975]) if np.isfinite(drawn).any() else (
        math.nan,
        math.nan,
    )  # fmt: skip
    return Estimate(float(statistic(rows)), float(low), float(high), size)


def difference(after: ArrayLike, before: ArrayLike, streams: RandomStreams, process: str) -> Estimate:
    """Return the mean of ``after - before`` of the same patients."""
    change = np.asarray(after, dtype=float) - np.asarray(before, dtype=float)
    return mean(change[np.isfinite(change)], streams, process)


def mean(values: ArrayLike, streams: RandomStreams, process: str) -> Estimate:
    """Return the mean over patients."""
    given = np.asarray(values, dtype=float)
    return resampled(lambda rows: float(given[rows].mean()), given.size, streams, process)


def median(values: ArrayLike, streams: RandomStreams, process: str) -> Estimate:
    """Return the median over patients."""
    given = np.asarray(values, dtype=float)
    return resampled(lambda rows: float(np.median(given[rows])), given.size, streams, process)


def events_per_year(events: int, years: float) -> Estimate:
    """Return a rate per person-year with the exact Poisson interval (Garwood 1936)."""
    if years <= 0:
        return NOTHING
    low = stats.chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    high = stats.chi2.ppf(0.975, 2 * events + 2) / 2
    return Estimate(events / years, float(low / years), float(high / years), events)


def exactly(value: float, size: int = 0) -> Estimate:
    """Return a number that has no sampling error."""
    return Estimate(float(value), float(value), float(value), size)
