"""Numbers of a virtual trial as estimates, and its survival curves as series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.claims.claim import Estimate, Published
from unmask.claims.estimates import from_interval
from unmask.claims.plots import Row, Series
from unmask.survival.estimate import follow_up

if TYPE_CHECKING:
    from unmask.trial.result import TrialResult

MEASUREMENTS = 3  # of a lesion, baseline included, in the published data


def row(words: str, found: Estimate, published: Published | None = None) -> Row:
    """Return an estimate as a row of a plot, beside a published figure where there is one."""
    figure, interval = (None, None) if published is None else (published.value, published.ci)
    return Row(words, found.value, found.low, found.high, figure, interval)


def response_rate(result: TrialResult, arm: str) -> Estimate:
    """Return the confirmed response rate of an arm."""
    summary = result.summary["arms"][arm]
    return from_interval(summary["orr"], summary["orr_ci"], summary["n"])


def median_months(result: TrialResult, arm: str, endpoint: str) -> Estimate:
    """Return a median time (``os_months``, ``pfs_months``, ``duration_of_response_months``)."""
    summary = result.summary["arms"][arm]
    return from_interval(summary[endpoint]["median"], summary[endpoint].get("ci"), summary["n"])


def hazard_ratio(result: TrialResult, endpoint: str) -> Estimate:
    """Return the hazard ratio of the experimental against the control arm (``os``, ``pfs``)."""
    found = result.summary["comparisons"][endpoint]
    return from_interval(found["hr"], found["ci"], len(result.tables["patients"]))


def of_arm(result: TrialResult, arm: str) -> pd.DataFrame:
    """Return the patients of an arm, in the order of their numbers."""
    table = result.tables["patients"]
    chosen: pd.DataFrame = table[table["arm"] == arm].sort_values("patient")
    return chosen


def responded(result: TrialResult, arm: str) -> NDArray[np.bool_]:
    """Return who has a confirmed response, ``(N,)``."""
    return np.asarray(of_arm(result, arm)["best_response"].isin(["CR", "PR"]), dtype=bool)


def first_shrinkage_weeks(result: TrialResult, arm: str) -> NDArray[np.float64]:
    """Return the week of the first scan 30 % below baseline of every patient who has one.

    Counted as the lesion diameters of OAK were (Laleh 2022): patients with at least three measurements, baseline
    included, up to the scan after the first progression. Most lesions of these data have one reading or none after
    progression; counting every later scan adds late shrinkages that the data cannot show.
    """
    scans = result.tables["assessments"]
    scans = scans[scans["arm"] == arm].sort_values(["patient", "day"])
    progressed = (scans["overall_response"] == "PD").astype(int)
    # Progressions strictly before the previous scan: the scan after the first one still counts.
    earlier = progressed.groupby(scans["patient"]).cumsum().groupby(scans["patient"]).shift(2, fill_value=0)
    shown = scans[earlier == 0]
    shown = shown[shown.groupby("patient")["day"].transform("size") >= MEASUREMENTS - 1]
    small = shown[shown["change_from_baseline"] <= -0.3 + 1e-12]
    return np.asarray(small.groupby("patient", observed=True)["day"].min(), dtype=float) / 7.0


def survival(result: TrialResult, arm: str, endpoint: str, name: str, per: float = 1.0) -> Series:
    """Return the Kaplan-Meier curve of an arm (``OS`` or ``PFS``) over months, or other units of ``per`` months."""
    curve = follow_up(result.tables["time_to_event"], endpoint, arm).curve
    return Series(
        name,
        tuple((curve.months / per).tolist()),
        tuple(curve.survival.tolist()),
        low=tuple(curve.low.tolist()),
        high=tuple(curve.high.tolist()),
        steps=True,
    )


def difference_of_rates(one: Estimate, other: Estimate) -> Estimate:
    """Return the difference of two independent shares; its interval squares and adds theirs (Newcombe 1998)."""
    gap = one.value - other.value
    below = np.hypot(one.value - one.low, other.high - other.value)
    above = np.hypot(one.high - one.value, other.value - other.low)
    return Estimate(gap, float(gap - below), float(gap + above), one.n + other.n)
