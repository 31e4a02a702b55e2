"""Kaplan-Meier estimates of one arm: median, landmark rates, restricted mean, number at risk.

The curve and its log-log ("exponential Greenwood") pointwise 95 % interval are those of lifelines. What
lifelines answers with a guess is answered here with None: a median that was not reached, a rate beyond the
follow-up. Times are months throughout (days / 30.4375).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from lifelines import KaplanMeierFitter
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DAYS_PER_MONTH = 30.4375

Interval = tuple[float | None, float | None]


@dataclass(frozen=True)
class Value:
    """A number with its 95 % confidence interval; None where it is not defined or was not reached."""

    value: float | None
    ci: Interval


NOTHING = Value(None, (None, None))


@dataclass(frozen=True)
class Follow:
    """Times (months, >= 0) and events of one arm's patients for one endpoint; the two never travel apart."""

    months: FloatArray
    event: BoolArray

    def __post_init__(self) -> None:
        if self.months.shape != self.event.shape or self.months.ndim != 1:
            raise ValueError(f"times {self.months.shape} and events {self.event.shape} must be one row each")

    @property
    def size(self) -> int:
        """Number of patients."""
        return len(self.months)

    @property
    def longest(self) -> float:
        """Longest time observed (months); 0 without patients."""
        return float(self.months.max()) if self.size else 0.0

    def at_risk(self, months: Sequence[float]) -> list[int]:
        """Patients still followed and free of the event just before each time."""
        ordered = np.sort(self.months)
        return [int(self.size - np.searchsorted(ordered, time, side="left")) for time in months]

    @cached_property
    def curve(self) -> Curve:
        """The Kaplan-Meier estimate."""
        return _fit(self)


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve as a step function: each value holds from its month until the next one."""

    months: FloatArray
    survival: FloatArray
    low: FloatArray
    high: FloatArray
    at_risk: FloatArray
    deaths: FloatArray
    longest: float
    censored: bool

    def knows(self, months: float) -> bool:
        """Whether the curve reaches that far: within the longest follow-up, or everybody had the event.

        A curve that falls to zero because the last patient under observation died says nothing about
        the patients censored before.
        """
        return len(self.months) > 0 and (months <= self.longest or not self.censored)

    def at(self, months: float) -> Value:
        """Return the share free of the event at a time; nothing where the curve does not reach."""
        if not self.knows(months):
            return NOTHING
        step = int(np.searchsorted(self.months, months, side="right")) - 1
        return Value(float(self.survival[step]), (finite(self.low[step]), finite(self.high[step])))

    def quantile(self, share: float = 0.5) -> Value:
        """Time at which the curve first falls to ``share``; its interval inverts the pointwise one.

        Brookmeyer & Crowley 1982 (Biometrics 38:29) with log-log limits, as R's
        ``survfit(conf.type="log-log")``, except on a flat stretch exactly at ``share``: its first day is
        taken, not its middle.
        """
        times = [_first_at_most(self.months, curve, share) for curve in (self.survival, self.low, self.high)]
        return Value(times[0], (times[1], times[2]))

    def restricted_mean(self, horizon: float) -> tuple[float, float] | None:
        """Return the mean time free of the event up to ``horizon`` (months) and its standard error.

        Area under the curve; variance by Greenwood's formula (Klein & Moeschberger 2003, eq. 4.5.2).
        lifelines integrates the steps by adaptive quadrature, which is slow and inexact, and its variance is
        that of min(T, horizon), not of the estimate. None when the horizon is not positive or beyond
        follow-up.
        """
        if not (horizon > 0 and self.knows(horizon)):
            return None
        inside = self.months < horizon
        edges = np.append(self.months[inside], horizon)
        areas = self.survival[inside] * np.diff(edges)
        remaining = np.cumsum(areas[::-1])[::-1]  # area under the curve from each step to the horizon
        died, risk = self.deaths[inside], self.at_risk[inside]
        left = risk - died
        with_area = (died > 0) & (left > 0)
        greenwood = died[with_area] / (risk[with_area] * left[with_area])
        variance = float(np.sum(remaining[with_area] ** 2 * greenwood))
        return float(areas.sum()), float(np.sqrt(variance))


def finite(value: float) -> float | None:
    """Return the number, or None where it is not one."""
    return float(value) if np.isfinite(value) else None


def _first_at_most(months: FloatArray, curve: FloatArray, share: float) -> float | None:
    # Sums of many small steps leave 0.5 at 0.5000000000000001.
    reached = np.nonzero(curve <= share + 1e-12)[0]
    return float(months[reached[0]]) if len(reached) else None


def _fit(follow: Follow) -> Curve:
    if not follow.size:
        empty = np.empty(0)
        return Curve(empty, empty, empty, empty, empty, empty, 0.0, False)
    fitter = KaplanMeierFitter().fit(follow.months, follow.event)
    table = fitter.event_table
    months = table.index.to_numpy(dtype=float)
    survival = fitter.survival_function_.iloc[:, 0].to_numpy(dtype=float)
    band = fitter.confidence_interval_survival_function_.to_numpy(dtype=float)
    # The log-log interval has no width at 1 and none at 0: log(-log S) is infinite there.
    low = np.where(survival >= 1, 1.0, np.where(survival <= 0, 0.0, band[:, 0]))
    high = np.where(survival >= 1, 1.0, np.where(survival <= 0, np.nan, band[:, 1]))
    return Curve(
        months,
        survival,
        low,
        high,
        at_risk=table["at_risk"].to_numpy(dtype=float),
        deaths=table["observed"].to_numpy(dtype=float),
        longest=follow.longest,
        censored=not bool(follow.event.all()),
    )
