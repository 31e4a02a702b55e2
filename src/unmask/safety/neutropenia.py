"""Neutropenia from blood counts, graded by CTCAE version 5.

Counts are what a weekly blood test of a patient in chemotherapy would show; an episode begins with the first
count below the lower limit of normal and ends with the first one that is normal again, its grade is the worst.

References
----------
CTCAE v5.0, "neutrophil count decreased": grade 1 < LLN-1.5, 2 < 1.5-1.0, 3 < 1.0-0.5, 4 < 0.5 (1e9/L).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.safety.adverse_events import CHEMOTHERAPY, NO_ACTION, Events

LOWER_LIMIT_OF_NORMAL = 2.0  # 1e9/L, the usual adult limit
GRADE_LIMITS = (LOWER_LIMIT_OF_NORMAL, 1.5, 1.0, 0.5)  # below the n-th limit is grade n
COUNTED = "neutrophil count decreased"
"""The event by weekly blood count."""
REPORTED = "neutropenia"
"""The same where a trial would report it as an adverse event."""

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]


def grade(neutrophils: Array) -> NDArray[np.int64]:
    """Return the CTCAE grade, 0 for a normal count; ``neutrophils`` in 1e9/L, NaN gives 0."""
    return np.asarray(np.sum(neutrophils[..., None] < np.array(GRADE_LIMITS), axis=-1), dtype=np.int64)


class Neutropenia:
    """Episodes of one arm, built count by count."""

    def __init__(self, patients: int) -> None:
        self._onset = np.full(patients, np.nan)
        self._worst = np.zeros(patients, dtype=np.int64)
        self._grade_4_since = np.full(patients, np.nan)
        self._delayed = np.zeros(patients, dtype=bool)
        self._reduced = np.zeros(patients, dtype=bool)

    @property
    def open(self) -> Flags:
        """Whether the last count was low, shape ``(N,)``."""
        return np.asarray(~np.isnan(self._onset))

    def count(self, day: float, rows: Rows, neutrophils: Array) -> list[Events]:
        """Take the counts (1e9/L) of the patients ``rows`` at ``day``; return the episodes that ended."""
        now = np.zeros(self._worst.size, dtype=np.int64)
        now[rows] = grade(neutrophils)
        counted = np.zeros(self._worst.size, dtype=bool)
        counted[rows] = True
        self._onset[counted & (now > 0) & np.isnan(self._onset)] = day
        self._worst = np.maximum(self._worst, now)
        self._grade_4_since[counted & (now < 4)] = np.nan
        self._grade_4_since[counted & (now == 4) & np.isnan(self._grade_4_since)] = day
        return self._close(counted & (now == 0) & self.open, day)

    def grade_4_for(self, day: float, days: float) -> Flags:
        """Whether every count of at least the last ``days`` was of grade 4, shape ``(N,)``."""
        return np.asarray(day - self._grade_4_since >= days)

    def note(self, *, delayed: Flags, reduced: Flags) -> None:
        """Write down for the episodes under way that they delayed a cycle or lowered the dose."""
        self._delayed |= delayed & self.open
        self._reduced |= reduced & self.open

    def under_way(self) -> list[Events]:
        """Return the episodes that have not ended."""
        row = np.flatnonzero(self.open)
        return [self._describe(row, np.nan)] if row.size else []

    def _close(self, ended: Flags, day: float) -> list[Events]:
        row = np.flatnonzero(ended)
        if not row.size:
            return []
        events = self._describe(row, day)
        self._onset[row] = np.nan
        self._worst[row] = 0
        self._delayed[row] = self._reduced[row] = False
        return [events]

    def _describe(self, row: Rows, resolution_day: float) -> Events:
        delayed, reduced = self._delayed[row], self._reduced[row]
        action = np.select(
            [delayed & reduced, delayed, reduced],
            ["delay, dose reduction", "delay", "dose reduction"],
            NO_ACTION,
        )
        return Events.of(
            row,
            event=COUNTED,
            organ="blood",
            klass=CHEMOTHERAPY,
            grade=self._worst[row],
            onset_day=self._onset[row],
            resolution_day=resolution_day,
            action=action.astype(object),
        )
