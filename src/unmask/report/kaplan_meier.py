"""Kaplan-Meier curves for drawing: survival, its confidence band, censoring times and numbers at risk.

The estimates in tables come from ``unmask.survival``; this is the same estimator as vectorised array code,
because a page draws a dozen curves of up to ten thousand patients. A test compares it with lifelines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A product-limit curve. ``time`` starts at 0 and ends at the last observation; NaN band = not defined."""

    time: Floats
    survival: Floats
    low: Floats
    high: Floats
    censored: Floats
    durations: Floats

    def at(self, time: float) -> float:
        """Return the survival at a time (the last value holds on to the right)."""
        return float(self.survival[np.searchsorted(self.time, time, side="right") - 1])

    def at_risk(self, times: ArrayLike) -> list[int]:
        """Return how many were still observed just before each time."""
        ordered = np.sort(self.durations)
        return [
            int(ordered.size - k) for k in np.searchsorted(ordered, np.asarray(times, float), side="left")
        ]

    def median(self) -> float:
        """Return the first time at which survival is at most one half; NaN when it never is."""
        below = np.flatnonzero(self.survival <= 0.5 + 1e-12)
        return float(self.time[below[0]]) if below.size else float("nan")


def kaplan_meier(durations: ArrayLike, events: ArrayLike, level: float = 0.95) -> Curve:
    """Estimate survival with a log-log Greenwood band (Kalbfleisch and Prentice 1980, as lifelines does).

    Parameters
    ----------
    durations, events
        (N,) times in any unit, and whether the event happened then. Rows that are not finite are left out.
    level
        Coverage of the pointwise band.
    """
    t = np.asarray(durations, float)
    e = np.asarray(events, bool)
    keep = np.isfinite(t)
    t, e = t[keep], e[keep]
    times, where = np.unique(t, return_inverse=True)
    died = np.bincount(where, weights=e, minlength=times.size)
    left = np.bincount(where, minlength=times.size)
    risk = t.size - np.r_[0, np.cumsum(left)[:-1]] if times.size else np.empty(0)
    survival = np.cumprod(1.0 - died / risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(died / (risk * (risk - died)))
        spread = ndtri(0.5 + level / 2) * np.sqrt(variance) / np.log(survival)
        low, high = survival ** np.exp(-spread), survival ** np.exp(spread)
    certain = survival >= 1.0
    low[certain], high[certain] = 1.0, 1.0
    one = np.ones(1)
    return Curve(
        time=np.r_[0.0, times],
        survival=np.r_[one, survival],
        low=np.r_[one, low],
        high=np.r_[one, high],
        censored=np.sort(t[~e]),
        durations=t,
    )
