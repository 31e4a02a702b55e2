"""From the tables of a trial to its summary: the dictionary that becomes ``summary.json``.

Rates are fractions, times months (days / 30.4375) except time to response (weeks). What cannot be estimated,
was not reached or lies beyond follow-up is None, never a NaN and never an extrapolation.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.errors import DataError
from unmask.safety.summary import severe_share
from unmask.survival import comparison, proportions
from unmask.survival.endpoints import ENDPOINTS, SHARES, VARIANTS
from unmask.survival.kaplan_meier import DAYS_PER_MONTH, Follow, Value
from unmask.survival.published import in_summary_shape

OS_MONTHS = (6.0, 6.5, 12.0, 18.0, 24.0, 36.0, 60.0, 84.0, 120.0)
PFS_MONTHS = (2.0, 3.5, 5.0, 6.0, 6.5, 9.5, 12.0, 18.0, 24.0)
AT_RISK_EVERY_MONTHS = 3.0
# What the first progression of a pseudoprogression rested on, as the criterion column names it.
PSEUDOPROGRESSION_KINDS = ("target_growth", "new_lesion", "non_target_growth")
SURVIVAL_ENDPOINTS = {"os": "OS", "pfs": "PFS", "ipfs": "iPFS"}


def follow_up(time_to_event: pd.DataFrame, endpoint: str, arm: str) -> Follow:
    """Times (months) and events of one arm for one endpoint of the ``time_to_event`` table."""
    rows = _rows(time_to_event, endpoint, arm)
    months = rows["time_days"].to_numpy(dtype=float) / DAYS_PER_MONTH
    return Follow(months, rows["event"].to_numpy(dtype=bool))


def summarise(
    tables: Mapping[str, pd.DataFrame],
    arms: Sequence[str],
    published: Mapping[str, Any] | None = None,
    failures: pd.DataFrame | None = None,
    *,
    trial: str = "",
    seed: int | None = None,
    horizon_months: float | None = None,
    unmodelled_toxicity: Collection[str] = (),
) -> dict[str, Any]:
    """Summarise a trial in the shape of ``summary.json`` (design.md section 6); extra keys stand inside it.

    Parameters
    ----------
    tables
        ``patients`` and ``time_to_event`` are needed, ``adverse_events`` and ``failures`` are used where
        present.
    arms
        Names in order: experimental first, control last. Every further arm is compared with the control, too.
    published
        What the real trial published, shape of ``arms`` and ``comparisons`` with leaves ``{value, ci, source,
        confirmed}``; in the summary as :func:`unmask.survival.published.in_summary_shape` has it.
    failures
        One row per failed integration (``reason``); default ``tables["failures"]``.
    trial, seed
        Copied into the summary.
    horizon_months
        Restriction time of the restricted means; default: the longest time that all arms reach.
    unmodelled_toxicity
        Arms whose drugs have side effects that the model does not know: their share of severe events is null.

    Raises
    ------
    DataError
        A needed table or column is missing, or a patient belongs to an arm that is not named.
    """
    for name, columns in (
        ("patients", ("patient", "arm", "best_response")),
        ("time_to_event", ("patient", "arm", "endpoint", "time_days", "event")),
    ):
        _check(tables, name, columns, arms)
    patients, times = tables["patients"], tables["time_to_event"]
    failed = tables.get("failures") if failures is None else failures
    horizons = {
        key: horizon_months or comparison.common_horizon(*(follow_up(times, endpoint, arm) for arm in arms))
        for key, endpoint in SURVIVAL_ENDPOINTS.items()
    }
    first = compare(times, arms[0], arms[-1], horizons) if len(arms) > 1 else {}
    if len(arms) > 2:
        first["further"] = {arm: compare(times, arm, arms[-1], horizons) for arm in arms[1:-1]}
    summary = {
        "trial": trial,
        "seed": seed,
        "patients": int(patients["patient"].nunique()),
        "failures": _failures(failed),
        "arms": {arm: arm_summary(tables, arm, horizons, unmodelled_toxicity) for arm in arms},
        "comparisons": first,
        "published": in_summary_shape(published or {}),
    }
    summary["sensitivity"] = sensitivity(times, arms)
    cleaned: dict[str, Any] = without_nan(summary)
    return cleaned


def arm_summary(
    tables: Mapping[str, pd.DataFrame],
    arm: str,
    horizons: Mapping[str, float],
    unmodelled_toxicity: Collection[str] = (),
) -> dict[str, Any]:
    """Everything that is estimated within one arm."""
    patients = tables["patients"]
    patients = patients[patients["arm"] == arm]
    times, size = tables["time_to_event"], len(patients)
    best = proportions.category_counts(patients["best_response"], proportions.BEST_RESPONSES)
    response = proportions.proportion(best["CR"] + best["PR"], size)
    follow = {key: follow_up(times, name, arm) for key, name in SURVIVAL_ENDPOINTS.items()}
    duration = follow_up(times, "DoR", arm)
    weeks = _rows(times, "TTR", arm)["time_days"].to_numpy(dtype=float) / 7.0
    counted = shares(patients)
    result: dict[str, Any] = {
        "n": size,
        "orr": response.value,
        "orr_ci": list(response.ci),
        "best_response": proportions.shares(best, size),
        "best_response_n": best,
        "disease_control": counted["DCR"]["value"],
        "disease_control_ci": counted["DCR"]["ci"],
        "shares": counted,
        "irecist_best_response": None,
        "pseudoprogression": _share(patients, "pseudoprogression"),
        "pseudoprogression_kinds": _kinds(patients),
        "pseudoprogression_within_response": _share(patients, "pseudoprogression_within_response"),
        "time_to_response_weeks": proportions.response_timing(weeks),
        "first_shrinkage_weeks": proportions.response_timing(
            _first_shrinkage(tables.get("assessments"), arm)
        ),
        "duration_of_response_months": {"n": duration.size, **median_of(duration)},
        "grade3plus_related": None
        if arm in unmodelled_toxicity
        else _severe(tables.get("adverse_events"), arm, size),
    }
    if "irecist_best_response" in patients.columns:
        immune = proportions.category_counts(
            patients["irecist_best_response"], proportions.IRECIST_BEST_RESPONSES
        )
        result["irecist_best_response"] = proportions.shares(immune, size)
    if "baseline_sld_mm" in patients.columns:
        result["baseline_sld_mm"] = _median_of(proportions.median_with_interval(patients["baseline_sld_mm"]))
    for key, landmarks in (("os", OS_MONTHS), ("pfs", PFS_MONTHS), ("ipfs", PFS_MONTHS)):
        result[f"{key}_months"] = {**median_of(follow[key]), "events": int(follow[key].event.sum())}
        rates = {_month(month): follow[key].curve.at(month) for month in landmarks}
        result[f"{key}_rate"] = {month: rate.value for month, rate in rates.items()}
        result[f"{key}_rate_ci"] = {month: list(rate.ci) for month, rate in rates.items()}
        result[f"{key}_rmst_months"] = _restricted(follow[key], horizons[key])
        result[f"{key}_at_risk"] = _at_risk(follow[key])
    return result


def shares(patients: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Every share of ``endpoints.toml`` whose column the table has: value, exact interval, count and denominator."""
    found: dict[str, dict[str, Any]] = {}
    for name, share in SHARES.items():
        if share.column in patients.columns:
            count = int(patients[share.column].isin(share.categories).sum())
            value = proportions.proportion(count, len(patients))
            found[name] = {
                "value": value.value,
                "ci": list(value.ci),
                "count": count,
                "n": len(patients),
                "meaning": share.meaning,
            }
    return found


def sensitivity(time_to_event: pd.DataFrame, arms: Sequence[str]) -> dict[str, Any]:
    """The endpoints and the same under other rules: median and events by arm, hazard ratio of first v last."""
    found: dict[str, Any] = {}
    present = set(time_to_event["endpoint"].astype(str))
    varied = dict.fromkeys(item.of for item in VARIANTS.values() if item.name in present)
    for name, variant in {**{base: ENDPOINTS[base] for base in varied}, **VARIANTS}.items():
        if name not in present:
            continue
        follow = {arm: follow_up(time_to_event, name, arm) for arm in arms}
        entry: dict[str, Any] = {
            "of": variant.of or name,
            "meaning": variant.meaning,
            "arms": {
                arm: {"n": item.size, "events": int(item.event.sum()), **median_of(item)}
                for arm, item in follow.items()
            },
        }
        if len(arms) > 1 and variant.rows == "all":
            ratio = comparison.hazard_ratio(follow[arms[0]], follow[arms[-1]])
            entry |= {"hr": ratio.hr.value, "hr_ci": list(ratio.hr.ci), "reason": ratio.reason}
        found[name] = entry
    return found


def compare(
    time_to_event: pd.DataFrame, experimental: str, control: str, horizons: Mapping[str, float]
) -> dict[str, Any]:
    """Hazard ratios, log-rank, restricted mean differences and the paired benefit of two arms."""
    result: dict[str, Any] = {"experimental": experimental, "control": control}
    for key, endpoint in SURVIVAL_ENDPOINTS.items():
        one, other = (
            follow_up(time_to_event, endpoint, experimental),
            follow_up(time_to_event, endpoint, control),
        )
        cox = comparison.hazard_ratio(one, other)
        difference, p = comparison.restricted_mean_difference(one, other, horizons[key])
        result[key] = {
            "hr": cox.hr.value,
            "ci": list(cox.hr.ci),
            "p": cox.p,
            "reason": cox.reason,
            "logrank_p": comparison.logrank_p(one, other),
            "rmst_difference_months": {
                "value": difference.value,
                "ci": list(difference.ci),
                "p": p,
                "horizon_months": horizons[key] or None,
            },
        }
    one_os, other_os = (_rows(time_to_event, "OS", arm) for arm in (experimental, control))
    result["paired"] = comparison.paired_benefit(one_os, other_os)
    return result


def without_nan(value: Any) -> Any:
    """Copy nested dictionaries and lists with NaN and infinity as None and NumPy scalars as Python's own."""
    if isinstance(value, Mapping):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    if isinstance(value, np.generic):
        return without_nan(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _rows(time_to_event: pd.DataFrame, endpoint: str, arm: str) -> pd.DataFrame:
    return time_to_event[(time_to_event["endpoint"] == endpoint) & (time_to_event["arm"] == arm)]


def _median_of(median: Value) -> dict[str, Any]:
    return {"median": median.value, "ci": list(median.ci)}


def median_of(follow: Follow) -> dict[str, Any]:
    """Median in months with its 95 % interval (``median``, ``ci``); None where it was not reached."""
    return _median_of(follow.curve.quantile(0.5))


def _month(month: float) -> str:
    return f"{month:g}"


def _restricted(follow: Follow, horizon: float) -> dict[str, Any]:
    mean = follow.curve.restricted_mean(horizon)
    value, spread = mean if mean else (None, None)
    return {"value": value, "standard_error": spread, "horizon_months": horizon or None}


def _at_risk(follow: Follow) -> dict[str, list[float]]:
    months = np.arange(0.0, follow.longest + AT_RISK_EVERY_MONTHS, AT_RISK_EVERY_MONTHS).tolist()
    return {
        "months": months,
        "n": [float(count) for count in follow.at_risk(months)],
    }


def _share(patients: pd.DataFrame, column: str) -> float | None:
    if column not in patients.columns or patients.empty:
        return None
    return float(patients[column].astype(bool).mean())


def _kinds(patients: pd.DataFrame) -> dict[str, float] | None:
    """Share of the arm with a pseudoprogression of each kind: what the first progression rested on."""
    column = "pseudoprogression_kind"
    if column not in patients.columns or patients.empty:
        return None
    counts = patients[column].astype(str).value_counts()
    named = {kind: counts.get(kind, 0) / len(patients) for kind in PSEUDOPROGRESSION_KINDS}
    others = [int(n) for kind, n in counts.items() if kind not in ("", *PSEUDOPROGRESSION_KINDS)]
    named["other"] = sum(others) / len(patients)
    return named


def _first_shrinkage(assessments: pd.DataFrame | None, arm: str) -> NDArray[np.float64]:
    """Weeks to the first scan 30 % below baseline, of all who have one, whatever came before (model-spec 6b)."""
    if assessments is None or "change_from_baseline" not in assessments.columns:
        return np.empty(0)
    shrunk = assessments[(assessments["arm"] == arm) & (assessments["change_from_baseline"] <= -0.3 + 1e-12)]
    days: NDArray[np.float64] = shrunk.groupby("patient", observed=True)["day"].min().to_numpy(dtype=float)
    return days / 7.0


def _severe(events: pd.DataFrame | None, arm: str, size: int) -> float | None:
    """Share of the arm's patients with a related adverse event of grade 3 or more, as trials report it."""
    if events is None or not size:
        return None
    share: float | None = severe_share(events, arm, size)["value"]
    return share


def _failures(failed: pd.DataFrame | None) -> dict[str, Any]:
    if failed is None or failed.empty:
        return {"count": 0, "reasons": {}}
    reasons = failed["reason"].astype(str).value_counts()
    return {"count": len(failed), "reasons": {str(name): int(count) for name, count in reasons.items()}}


def _check(
    tables: Mapping[str, pd.DataFrame], name: str, columns: Sequence[str], arms: Sequence[str]
) -> None:
    if name not in tables:
        raise DataError("survival.missing_table", table=name, found=", ".join(tables))
    table = tables[name]
    for column in columns:
        if column not in table.columns:
            found = ", ".join(map(str, table.columns))
            raise DataError("survival.missing_column", table=name, column=column, found=found)
    unknown = sorted(set(table["arm"].astype(str)) - set(arms))
    if unknown or not arms:
        raise DataError(
            "survival.unknown_arm", table=name, value=", ".join(unknown), expected=", ".join(arms)
        )
