"""A course of corticosteroid: full dose as long as an event needs it, then a taper in equal weekly steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
STEP_DAYS = 7.0


class SteroidCourse:
    """Courses of the patients of an arm, arrays ``(N,)``.

    With a full dose D and a taper of n weeks the dose is D as long as it is needed, then D (n - k) / (n + 1) in week
    k = 0, 1, ... n - 1 of the taper, then none.

    Attributes
    ----------
    dose
        mg/kg/day of prednisone equivalent since the last visit.
    """

    def __init__(self, patients: int) -> None:
        self.dose = np.zeros(patients)
        self._full = np.zeros(patients)
        self._weeks = np.zeros(patients)
        self._taper_since = np.full(patients, np.nan)

    def advance(self, day: float, seen: Flags, needed: Array, weeks: Array) -> None:
        """Set the dose of the patients ``seen`` from ``day`` on.

        Parameters
        ----------
        needed
            Dose that present events need, mg/kg/day, 0 for none.
        weeks
            Length of the taper they ask for.
        """
        in_need = seen & (needed > 0)
        self._full = np.where(in_need, np.maximum(needed, self.dose), self._full)
        self._weeks = np.where(in_need, np.maximum(weeks, self._weeks), self._weeks)
        self._taper_since[in_need] = np.nan
        begins = seen & ~in_need & (self._full > 0) & np.isnan(self._taper_since)
        self._taper_since[begins] = day
        tapering = seen & ~np.isnan(self._taper_since)
        step = np.floor((day - np.where(tapering, self._taper_since, day)) / STEP_DAYS)
        left = np.maximum(self._weeks - step, 0.0) / (self._weeks + 1.0)
        self.dose = np.where(tapering, self._full * left, np.where(in_need, self._full, self.dose))
        over = tapering & (self.dose <= 0)
        self._full[over] = self._weeks[over] = 0.0
        self._taper_since[over] = np.nan

    def next_step(self, day: float) -> Array:
        """Return the day on which the dose is to be looked at again, ``inf`` without a course."""
        since = np.where(np.isnan(self._taper_since), day, self._taper_since)
        step = since + STEP_DAYS * (np.floor((day - since) / STEP_DAYS) + 1.0)
        return np.where(self._full > 0, step, np.inf)
