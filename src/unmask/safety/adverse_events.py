"""The table of adverse events: one row per event, the same columns whatever the mechanism behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

COLUMNS = ("patient", "arm", "event", "organ", "grade", "onset_day", "resolution_day", "action", "related")
NO_ACTION = "none"
REPORTING_DAYS = 30.0


@dataclass(frozen=True)
class Events:
    """Events of one kind found at one time, arrays of equal length.

    ``row`` points to the patient within the arm, ``grade`` is CTCAE v5 (1-5), days count from the first dose;
    ``resolution_day`` is NaN while the event lasts.
    """

    row: NDArray[np.int64]
    event: NDArray[np.object_]
    organ: NDArray[np.object_]
    grade: NDArray[np.int64]
    onset_day: NDArray[np.float64]
    resolution_day: NDArray[np.float64]


def table(
    events: Sequence[Events],
    patients: NDArray[np.int64],
    arm: str,
    end_day: NDArray[np.float64],
    reporting_end: NDArray[np.float64],
) -> pd.DataFrame:
    """Return the events of one arm as a table, sorted by patient and day.

    Parameters
    ----------
    patients
        Patient numbers of the arm, shape ``(N,)``.
    end_day
        Day of death or end of follow-up per patient: later events did not happen, later resolutions were not seen.
    reporting_end
        Day until which an event counts as related to study treatment: :data:`REPORTING_DAYS` after its last dose or
        the start of the next therapy, whichever is first, as in trials.
    """
    row = np.concatenate([item.row for item in events] or [np.empty(0, dtype=np.int64)])
    onset = np.concatenate([item.onset_day for item in events] or [np.empty(0)])
    resolution = np.concatenate([item.resolution_day for item in events] or [np.empty(0)])
    end = end_day[row]
    frame = pd.DataFrame(
        {
            "patient": patients[row],
            "arm": arm,
            "event": np.concatenate([item.event for item in events] or [np.empty(0, dtype=object)]),
            "organ": np.concatenate([item.organ for item in events] or [np.empty(0, dtype=object)]),
            "grade": np.concatenate([item.grade for item in events] or [np.empty(0, dtype=np.int64)]),
            "onset_day": onset,
            "resolution_day": np.where(resolution <= end, resolution, np.nan),
            "action": NO_ACTION,
            "related": onset <= reporting_end[row],
        },
        columns=list(COLUMNS),
    )
    happened: pd.DataFrame = frame[onset <= end].sort_values(["patient", "onset_day", "event"], kind="stable")
    return happened.reset_index(drop=True)
