"""What a radiologist writes down of non-target and new lesions, scan by scan, all patients at once.

A lesion file must give the verdicts that the trial gave (``unmask.response``), so the trial judges from what is
written, not from what it knows. New lesions of 10 mm or more when first seen are measured at every scan, up to five
(new targets, Seymour 2017); everything else is judged by eye: its written size goes up when it has visibly grown and
at no other time. Lengths are tenths of a millimetre.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.response.lesion_rows import MAX_DIAMETER_MM, MOST_TARGETS, SMALLEST_TARGET

NOT_SEEN = -1
"""No such lesion so far."""
LONGEST_MM = float(MAX_DIAMETER_MM)  # a runaway number stays a length that a lesion file may hold

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Tenths = NDArray[np.int32]


def tenths(millimetres: Array) -> Tenths:
    """Return lengths in tenths of a millimetre."""
    return np.rint(np.minimum(millimetres, LONGEST_MM) * 10.0).astype(np.int32)


class NonTargetDisease:
    """Non-target disease of N patients, judged by eye.

    Parameters
    ----------
    baseline_mm
        Its size at baseline, shape ``(N,)``.
    visible_increase
        Ratio of two scans from which growth is seen.
    """

    def __init__(self, baseline_mm: Array, visible_increase: float) -> None:
        self._visible_increase = visible_increase
        self._last_mm = baseline_mm
        self.size = tenths(baseline_mm)

    def read(self, diameter_mm: Array, gone: Flags) -> Flags:
        """Write down the size at a scan and return who shows an increase since the scan before."""
        grew = (diameter_mm >= self._visible_increase * self._last_mm) | (self.size == 0)
        size = tenths(diameter_mm)
        written = np.where(grew, size, np.minimum(size, self.size))
        written = np.where(gone, 0, written).astype(np.int32)
        increased = written > self.size
        self._last_mm, self.size = diameter_mm, written
        return increased


class NewLesions:
    """New lesions of N patients, up to K each.

    Attributes
    ----------
    size
        As written down at the latest scan, shape ``(N, K)``: :data:`NOT_SEEN`, 0 = gone, else the size.
    newest
        Number of the scan at which the newest of those that are there was first seen, -1 where none is, shape ``(N,)``.
    increase
        A new lesion that is not measured has visibly grown, shape ``(N,)``.
    """

    def __init__(self, patients: int, places: int, visible_increase: float) -> None:
        self._visible_increase = visible_increase
        self._followed = np.zeros((patients, places), dtype=np.bool_)
        self._last_mm = np.zeros((patients, places))
        self.size = np.full((patients, places), NOT_SEEN, dtype=np.int32)
        self._first_scan = np.full((patients, places), -1, dtype=np.int64)
        self._scans = 0
        self.newest = np.full(patients, -1, dtype=np.int64)
        self.increase = np.zeros(patients, dtype=np.bool_)

    def read(self, visible: Flags, true_mm: Array, measured_mm: Array) -> None:
        """Write down the sizes at a scan; the arrays are ``(N, K)``, and what is not ``visible`` is not there."""
        measured = np.where(visible, np.maximum(tenths(np.where(visible, measured_mm, 0.0)), 1), 0)
        first = visible & (self.size == NOT_SEEN)
        self._first_scan[first] = self._scans
        self._scans += 1
        self.newest = np.where(visible, self._first_scan, -1).max(axis=1)
        candidate = first & (measured >= SMALLEST_TARGET)
        largest_first = np.argsort(
            np.argsort(np.where(candidate, -measured, 1), axis=1, kind="stable"), axis=1
        )
        room = MOST_TARGETS - self._followed.sum(axis=1)
        self._followed |= candidate & (largest_first < room[:, None])

        true = np.where(visible, true_mm, 0.0)
        changed = first | (self.size <= 0) | (true >= self._visible_increase * self._last_mm)
        changed |= true * self._visible_increase <= self._last_mm
        by_eye = np.where(first, measured, np.where(changed, np.maximum(tenths(true), 1), self.size))
        written = np.where(self._followed, measured, by_eye)
        written = np.where(visible, written, np.minimum(self.size, 0)).astype(np.int32)
        grew = (self.size != NOT_SEEN) & (written > self.size) & ~self._followed
        self.increase = np.asarray(grew.any(axis=1), dtype=np.bool_)
        self._last_mm = np.where(changed, true, self._last_mm)
        self.size = written

    @property
    def target_sum(self) -> Tenths:
        """Sum of the lesions that are measured, -1 where none is, shape ``(N,)``."""
        total = np.where(self._followed, self.size, 0).sum(axis=1)
        return np.where(self._followed.any(axis=1), total, -1).astype(np.int32)
