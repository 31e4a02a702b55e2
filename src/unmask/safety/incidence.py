"""How adverse events come and go in a group of patients of whom some die and some leave first.

References
----------
Aalen OO & Johansen S 1978, Scand J Stat 5:141 (cumulative incidence with competing risks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from unmask.survival.kaplan_meier import DAYS_PER_MONTH, Follow

Array = NDArray[np.float64]
DAYS_PER_WEEK = 7.0
CURVE_STEP_WEEKS = 2.0
LONGEST_CURVE_WEEKS = 104.0


@dataclass(frozen=True)
class FollowUp:
    """Until when each patient of an arm was followed, and whether death was the end.

    Indexed by patient number: ``end_day`` (death or end of follow-up) and ``died``.
    """

    end_day: pd.Series
    died: pd.Series

    @classmethod
    def of(cls, patients: pd.DataFrame) -> FollowUp:
        """Read it from the rows of one arm of the ``patients`` table (``death_day``, ``censor_day``)."""
        index = pd.Index(patients["patient"].to_numpy())
        death = patients["death_day"].to_numpy(dtype=float)
        end = np.fmin(death, patients["censor_day"].to_numpy(dtype=float))
        return cls(pd.Series(end, index), pd.Series(death <= end, index))

    @property
    def size(self) -> int:
        """Number of patients."""
        return len(self.end_day)


def cumulative_incidence(time: ArrayLike, cause: ArrayLike, at: ArrayLike) -> Array:
    """Return the Aalen-Johansen estimate of the share that has had cause 1 by each of the times ``at``.

    Parameters
    ----------
    time
        End of each patient's time without the event, shape ``(N,)``.
    cause
        What ended it: 0 nothing seen yet (censored), 1 the event, 2 a competing event (death). On a tie the event
        comes before death and death before censoring.
    at
        Times, ascending; beyond the last time under observation the estimate stays where it is.
    """
    when, why, grid = np.asarray(time, float), np.asarray(cause, int), np.asarray(at, float)
    steps = np.unique(when[why > 0])
    risk = when.size - np.searchsorted(np.sort(when), steps, side="left")
    events = np.array([np.bincount(why[when == step], minlength=3) for step in steps]).reshape(-1, 3)
    free = np.cumprod(1.0 - (events[:, 1] + events[:, 2]) / np.maximum(risk, 1))
    before = np.r_[1.0, free[:-1]] if steps.size else free
    total = np.r_[0.0, np.cumsum(before * events[:, 1] / np.maximum(risk, 1))]
    return np.asarray(total[np.searchsorted(steps, grid, side="right")])


def onset_curve(first_onset: pd.Series, follow: FollowUp) -> dict[str, list[float]]:
    """Return the share of patients that has had an event by each week, death as competing risk.

    ``first_onset`` holds the day of the first event of those who had one, by patient number.
    """
    if not follow.size:
        return {"weeks": [], "share": []}
    onset = first_onset.reindex(follow.end_day.index).to_numpy(dtype=float)
    end = follow.end_day.to_numpy(dtype=float)
    had = ~np.isnan(onset)
    cause = np.where(had, 1, np.where(follow.died.to_numpy(dtype=bool), 2, 0))
    longest = min(float(end.max()) / DAYS_PER_WEEK, LONGEST_CURVE_WEEKS)
    weeks = np.arange(0.0, longest + CURVE_STEP_WEEKS, CURVE_STEP_WEEKS)
    share = cumulative_incidence(np.where(had, onset, end), cause, weeks * DAYS_PER_WEEK)
    return {"weeks": weeks.tolist(), "share": np.round(share, 5).tolist()}


def onset_weeks(first_onset: pd.Series) -> dict[str, Any]:
    """Return quartiles of the onset (weeks) among patients seen to have the event, as trials report it."""
    weeks = first_onset.to_numpy(dtype=float) / DAYS_PER_WEEK
    q25, median, q75 = np.quantile(weeks, [0.25, 0.5, 0.75]).tolist() if weeks.size else [None] * 3
    return {"median": median, "q25": q25, "q75": q75}


def resolution(events: pd.DataFrame, follow: FollowUp) -> dict[str, Any]:
    """Return how the events of a table ended.

    ``weeks``: Kaplan-Meier median from onset to resolution, events not seen to resolve censored at the end of the
    patient's follow-up (death included, as in published series); None where fewer than half resolve. ``resolved``:
    share of events seen to resolve.
    """
    if not len(events):
        return {"weeks": None, "ci": [None, None], "resolved": None}
    onset = events["onset_day"].to_numpy(dtype=float)
    resolved = events["resolution_day"].to_numpy(dtype=float)
    end = follow.end_day.reindex(events["patient"].to_numpy()).to_numpy(dtype=float)
    seen = ~np.isnan(resolved)
    lasted = np.maximum(np.where(seen, resolved, end) - onset, 0.0)
    median = Follow(lasted / DAYS_PER_MONTH, seen).curve.quantile(0.5)
    in_weeks = DAYS_PER_MONTH / DAYS_PER_WEEK
    return {
        "weeks": None if median.value is None else median.value * in_weeks,
        "ci": [None if limit is None else limit * in_weeks for limit in median.ci],
        "resolved": float(seen.mean()),
    }
