"""The tables of an assessment: one row per visit, one row per patient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.response import best_response
from unmask.response.best_response import Best, Pseudoprogression
from unmask.response.codes import Criterion, ImmuneCriterion, ImmuneResponse, Response, labels
from unmask.response.lesions import LesionTable
from unmask.response.rules import Rules
from unmask.response.verdicts import Verdicts


def visit_table(
    table: LesionTable, verdicts: Verdicts, groups: Mapping[str, str], criteria: tuple[str, ...]
) -> pd.DataFrame:
    """Return one row per patient and visit: sums in mm, responses, and the rule that decided each."""
    rows, columns = np.nonzero(verdicts.exists)
    names = np.array(table.patients, dtype=object)[rows]
    baseline = verdicts.baseline[rows]
    total = verdicts.sum[rows, columns]
    sld = np.where(total >= 0, total / 10, np.nan)
    usable = (total >= 0) & (baseline > 0)
    change = np.where(usable, (total - baseline) / np.where(baseline > 0, baseline, 1), np.nan)
    data: dict[str, Any] = {
        "patient": names,
        "group": [groups[name] for name in names],
        "visit": columns + 1,
        "day": table.measurements.day[rows, columns],
        "sld_mm": sld,
        "baseline_sld_mm": baseline / 10,
        "nadir_mm": verdicts.nadir[rows, columns] / 10,
        "change_from_baseline": change,
        "new_lesion": table.measurements.new_count[rows, columns] > 0,
    }
    if "recist1.1" in criteria:
        criterion = verdicts.criterion[rows, columns]
        data |= {
            "target_response": labels(verdicts.target[rows, columns], Response),
            "non_target_response": labels(verdicts.non_target[rows, columns], Response),
            "overall_response": labels(verdicts.overall[rows, columns], Response),
            "criterion": labels(criterion, Criterion),
            "because": [_SENTENCES[Criterion(code)] for code in criterion],
        }
    if "irecist" in criteria:
        criterion = verdicts.immune_criterion[rows, columns]
        data |= {
            "irecist_response": labels(verdicts.response[rows, columns], ImmuneResponse),
            "irecist_criterion": labels(criterion, ImmuneCriterion),
            "irecist_because": [_IMMUNE_SENTENCES[ImmuneCriterion(code)] for code in criterion],
        }
    return pd.DataFrame(data)


_SENTENCES = {member: member.sentence for member in Criterion}
_IMMUNE_SENTENCES = {member: member.sentence for member in ImmuneCriterion}


def patient_table(
    table: LesionTable,
    verdicts: Verdicts,
    groups: Mapping[str, str],
    rules: Rules,
    criteria: tuple[str, ...],
) -> pd.DataFrame:
    """Return one row per patient of the file; those without a baseline have a status that says so."""
    since = table.days_since_start
    follow_up = verdicts.exists.sum(axis=1)
    sums = np.where((verdicts.sum >= 0) & verdicts.exists, verdicts.sum, np.inf)
    smallest = sums.min(axis=1, initial=np.inf)
    measured = np.isfinite(smallest) & (verdicts.baseline > 0)
    base = np.where(measured, verdicts.baseline, 1)
    last = np.where(verdicts.exists, table.measurements.day, -np.inf).max(axis=1, initial=-np.inf)
    data: dict[str, Any] = {
        "patient": list(table.patients),
        "group": [groups[name] for name in table.patients],
        "status": np.where(follow_up > 0, "ok", "no visit after baseline"),
        "target_lesions": (table.measurements.baseline >= 0).sum(axis=1),
        "baseline_day": table.baseline_day,
        "baseline_sld_mm": verdicts.baseline / 10,
        "visits": follow_up,
        "last_day": np.where(follow_up > 0, last, np.nan),
        "best_change": np.where(measured, (np.where(measured, smallest, 0) - base) / base, np.nan),
    }
    # Windows are counted from the reference day; the tables show days as the file counts them.
    shift = float(table.baseline_until)
    if "recist1.1" in criteria:
        data |= _recist_columns(verdicts, since, shift, rules)
    if "irecist" in criteria:
        data |= _irecist_columns(verdicts, since, shift, rules)
    patients = _with_unusable(pd.DataFrame(data), table.unusable, groups)
    for column, values in table.extra.items():
        name = f"{column}_in_file" if column in patients else column
        patients[name] = [values.get(patient, "") for patient in patients["patient"]]
    return patients


def _with_unusable(
    assessed: pd.DataFrame, unusable: tuple[str, ...], groups: Mapping[str, str]
) -> pd.DataFrame:
    if not unusable:
        return assessed
    left = pd.DataFrame(
        {
            "patient": list(unusable),
            "group": [groups[name] for name in unusable],
            "status": "not assessed: no usable baseline",
        }
    )
    wide = assessed.astype(
        {
            column: "Int64" if kind.kind == "i" else "boolean"
            for column, kind in assessed.dtypes.items()
            if kind.kind in "ib"
        }
    )
    return pd.concat([wide, left.reindex(columns=wide.columns).astype(wide.dtypes)], ignore_index=True)


def _recist_columns(
    verdicts: Verdicts, since: NDArray[np.float64], shift: float, rules: Rules
) -> dict[str, Any]:
    best = best_response.confirmed(verdicts.overall, since, rules, criterion=verdicts.criterion)
    loose = best_response.unconfirmed(verdicts.overall, since, rules)
    progressed = verdicts.overall == Response.PD
    return {
        "best_response": labels(best.response, Response),
        "best_response_unconfirmed": labels(loose.response, Response),
        "first_response_day": best.first_response_day + shift,
        "progression_day": best_response.first_day(progressed, since) + shift,
    }


def _irecist_columns(
    verdicts: Verdicts, since: NDArray[np.float64], shift: float, rules: Rules
) -> dict[str, Any]:
    best: Best = best_response.ibor(verdicts.response, since, rules)
    pseudo: Pseudoprogression = best_response.pseudoprogression(verdicts.response, since)
    return {
        "irecist_best_response": labels(best.response, ImmuneResponse),
        "irecist_first_response_day": best.first_response_day + shift,
        "irecist_progression_day": best_response.ipfs_day(verdicts.response, since) + shift,
        "pseudoprogression": pseudo.first_response,
        "pseudoprogression_or_stable": pseudo.response_or_stable,
    }
