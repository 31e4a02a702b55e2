"""Shares of patients: exact confidence intervals, best responses, timing of responses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from unmask.survival.kaplan_meier import NOTHING, Value

BEST_RESPONSES = ("CR", "PR", "SD", "PD", "NE")
IRECIST_BEST_RESPONSES = ("iCR", "iPR", "iSD", "iUPD", "iCPD", "NE")
RESPONSE_WEEKS = (13, 16, 20, 26)


def proportion(count: int, size: int) -> Value:
    """Share ``count / size`` with the exact 95 % interval of Clopper & Pearson 1934 (Biometrika 26:404)."""
    if size <= 0:
        return NOTHING
    low, high = stats.binomtest(count, size).proportion_ci(confidence_level=0.95, method="exact")
    return Value(count / size, (float(low), float(high)))


def category_counts(found: pd.Series, categories: Sequence[str]) -> dict[str, int]:
    """Patients per category; a missing one counts as not evaluable, an unexpected one gets its own entry."""
    named = found.astype(object).fillna("NE").astype(str)
    counts = named.value_counts()
    others = sorted(set(counts.index) - set(categories))
    return {name: int(counts.get(name, 0)) for name in (*categories, *others)}


def shares(counts: dict[str, int], size: int) -> dict[str, float | None]:
    """Counts as fractions of ``size``; None without patients."""
    return {name: count / size if size else None for name, count in counts.items()}


def median_with_interval(values: ArrayLike) -> Value:
    """Sample median with the distribution-free interval of order statistics that covers at least 95 %.

    Ranks from the binomial(n, 1/2) distribution (Conover 1999, section 3.2); open below six values.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    ordered = ordered[~np.isnan(ordered)]
    size = len(ordered)
    if not size:
        return NOTHING
    rank = int(stats.binom.ppf(0.025, size, 0.5))  # the r-th smallest and r-th largest, P(X < r) <= 0.025
    interval = (float(ordered[rank - 1]), float(ordered[size - rank])) if rank >= 1 else (None, None)
    return Value(float(np.median(ordered)), interval)


def response_timing(weeks: ArrayLike) -> dict[str, Any]:
    """Quartiles of the time to response (weeks) and the share of responses first seen after some weeks."""
    seen = np.asarray(weeks, dtype=float)
    late: dict[str, Any] = {
        f"after_week_{week}": float(np.mean(seen > week)) if len(seen) else None for week in RESPONSE_WEEKS
    }
    quartiles = np.quantile(seen, [0.25, 0.5, 0.75]).tolist() if len(seen) else [None] * 3
    q25, median, q75 = quartiles
    return {"n": len(seen), "median": median, "q25": q25, "q75": q75, **late}
