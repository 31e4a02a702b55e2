"""The table of adverse events: one row per event, the same columns whatever the mechanism behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "patient",
    "arm",
    "event",
    "organ",
    "class",
    "grade",
    "onset_day",
    "resolution_day",
    "action",
    "related",
)
IMMUNE_RELATED = "immune-related"
CHEMOTHERAPY = "chemotherapy"
AUTOIMMUNE_FLARE = "autoimmune flare"
PROCEDURE = "procedure"
CLASSES = (IMMUNE_RELATED, CHEMOTHERAPY, AUTOIMMUNE_FLARE, PROCEDURE)
NO_ACTION = "none"
ACTIONS = (
    NO_ACTION,
    "topical",
    "replacement",
    "steroid",
    "hold",
    "hold, steroid",
    "hold, steroid, biologic",
    "hold, stop anti-CTLA-4, steroid",
    "hold, stop anti-CTLA-4, steroid, biologic",
    "stop, steroid",
    "stop, steroid, biologic",
    "delay",
    "dose reduction",
    "delay, dose reduction",
    "antibiotics",
    "stop",
    "supportive",
)
"""Everything the column ``action`` may say: the strongest measure taken because of the event."""
REPORTING_DAYS = 30.0


@dataclass(frozen=True)
class Events:
    """Events found at one time, arrays of equal length ``(n,)``; :meth:`of` makes them.

    ``row`` points to the patient within the arm, ``grade`` is the worst of CTCAE v5 (1-5), days count from the first
    dose; ``resolution_day`` is NaN while the event lasts. ``klass`` is one of :data:`CLASSES`, ``action`` one of
    :data:`ACTIONS`.
    """

    row: NDArray[np.int64]
    event: NDArray[np.object_]
    organ: NDArray[np.object_]
    klass: NDArray[np.object_]
    grade: NDArray[np.int64]
    onset_day: NDArray[np.float64]
    resolution_day: NDArray[np.float64]
    action: NDArray[np.object_]

    @classmethod
    def of(
        cls,
        row: NDArray[np.int64],
        *,
        event: str | ArrayLike,
        organ: str | ArrayLike,
        klass: str | ArrayLike,
        grade: ArrayLike,
        onset_day: ArrayLike,
        resolution_day: ArrayLike = np.nan,
        action: str | ArrayLike = NO_ACTION,
    ) -> Events:
        """Return events of the patients ``row``; what is given once holds for all of them."""

        def words(value: str | ArrayLike) -> NDArray[np.object_]:
            return np.broadcast_to(np.asarray(value, dtype=object), row.shape).copy()

        def numbers(value: ArrayLike) -> NDArray[np.float64]:
            return np.broadcast_to(np.asarray(value, dtype=np.float64), row.shape).copy()

        return cls(
            row=row,
            event=words(event),
            organ=words(organ),
            klass=words(klass),
            grade=numbers(grade).astype(np.int64),
            onset_day=numbers(onset_day),
            resolution_day=numbers(resolution_day),
            action=words(action),
        )


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
    import pandas as pd  # heavy, and protocols are read without any table

    row = np.concatenate([item.row for item in events] or [np.empty(0, dtype=np.int64)])
    onset = np.concatenate([item.onset_day for item in events] or [np.empty(0)])
    resolution = np.concatenate([item.resolution_day for item in events] or [np.empty(0)])
    end = end_day[row]

    def words(name: str) -> NDArray[np.object_]:
        return np.concatenate([getattr(item, name) for item in events] or [np.empty(0, dtype=object)])

    frame = pd.DataFrame(
        {
            "patient": patients[row],
            "arm": arm,
            "event": words("event"),
            "organ": words("organ"),
            "class": words("klass"),
            "grade": np.concatenate([item.grade for item in events] or [np.empty(0, dtype=np.int64)]),
            "onset_day": onset,
            "resolution_day": np.where(resolution <= end, resolution, np.nan),
            "action": words("action"),
            "related": onset <= reporting_end[row],
        },
        columns=list(COLUMNS),
    )
    happened: pd.DataFrame = frame[onset <= end].sort_values(["patient", "onset_day", "event"], kind="stable")
    return happened.reset_index(drop=True)
