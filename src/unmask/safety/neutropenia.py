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

from unmask.safety.adverse_events import CHEMOTHERAPY, Events

LOWER_LIMIT_OF_NORMAL = 2.0  # 1e9/L, the usual adult limit
GRADE_LIMITS = (LOWER_LIMIT_OF_NORMAL, 1.5, 1.0, 0.5)  # below the n-th limit is grade n

Array = NDArray[np.float64]


def grade(neutrophils: Array) -> NDArray[np.int64]:
    """Return the CTCAE grade, 0 for a normal count; ``neutrophils`` in 1e9/L, NaN gives 0."""
    return np.asarray(np.sum(neutrophils[..., None] < np.array(GRADE_LIMITS), axis=-1), dtype=np.int64)


class Neutropenia:
    """Episodes of one arm, built count by count."""

    def __init__(self, patients: int) -> None:
        self._onset = np.full(patients, np.nan)
        self._worst = np.zeros(patients, dtype=np.int64)

    def count(self, day: float, rows: NDArray[np.int64], neutrophils: Array) -> list[Events]:
        """Take the counts (1e9/L) of the patients ``rows`` at ``day``; return the episodes that ended."""
        now = np.zeros(self._worst.size, dtype=np.int64)
        now[rows] = grade(neutrophils)
        counted = np.zeros(self._worst.size, dtype=bool)
        counted[rows] = True
        self._onset[counted & (now > 0) & np.isnan(self._onset)] = day
        self._worst = np.maximum(self._worst, now)
        return self._close(counted & (now == 0) & ~np.isnan(self._onset), day)

    def finish(self) -> list[Events]:
        """Return the episodes that never ended."""
        return self._close(~np.isnan(self._onset), np.nan)

    def _close(self, ended: NDArray[np.bool_], day: float) -> list[Events]:
        row = np.flatnonzero(ended)
        if not row.size:
            return []
        events = Events.of(
            row,
            event="neutrophil count decreased",
            organ="blood",
            klass=CHEMOTHERAPY,
            grade=self._worst[row],
            onset_day=self._onset[row],
            resolution_day=day,
        )
        self._onset[row] = np.nan
        self._worst[row] = 0
        return [events]
