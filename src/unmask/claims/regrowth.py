"""Shrinkage and regrowth of a sum of diameters without measurement error, as C9 and C10 count them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

GROWTH, GROWTH_MM, SHRINKAGE = 1.2, 5.0, 0.7


def regrown(sld: Array) -> Flags:
    """Return at which looks the sum is at least 20 % and 5 mm above the smallest before, ``(N, T)`` like ``sld``."""
    smallest = np.minimum.accumulate(sld, axis=1)
    before = np.concatenate([sld[:, :1], smallest[:, :-1]], axis=1)
    return (sld >= GROWTH * before) & (sld >= before + GROWTH_MM)


def first(flags: Flags) -> NDArray[np.int64]:
    """Return the first look at which each patient's flag is true, or the number of looks where it never is."""
    return np.asarray(np.where(flags.any(axis=1), flags.argmax(axis=1), flags.shape[1]), dtype=np.int64)


def confirmed_shrinkage(sld: Array) -> Flags:
    """Return at which looks the sum is 30 % below the first and is again at the next one; the last look is never."""
    small = sld <= SHRINKAGE * sld[:, :1]
    return np.concatenate([small[:, :-1] & small[:, 1:], np.zeros((len(sld), 1), dtype=bool)], axis=1)
