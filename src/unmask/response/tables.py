"""The tables of an assessment: one row per visit, one row per patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from unmask.response.codes import Criterion, ImmuneCriterion, ImmuneResponse, Response, labels
from unmask.response.lesions import LesionTable
from unmask.response.measurements import Bools
from unmask.response.outcomes import Difference, Outcomes, Progression
from unmask.response.verdicts import Verdicts


def visit_table(
    table: LesionTable,
    verdicts: Verdicts,
    groups: Mapping[str, str],
    criteria: tuple[str, ...],
    counts: Bools | None = None,
) -> pd.DataFrame:
    """Return one row per patient and visit: sums in mm, responses, and the rule that decided each.

    ``counts`` (N, V) are the visits before another anticancer therapy; where they are known a column marks the others.
    """
    rows, columns = np.nonzero(verdicts.exists)
    names = np.array(table.patients, dtype=object)[rows]
    baseline = verdicts.baseline[rows]
    total = verdicts.sum[rows, columns]
    sld = np.where(total >= 0, total / verdicts.per_millimetre, np.nan)
    usable = (total >= 0) & (baseline > 0)
    change = np.where(usable, (total - baseline) / np.where(baseline > 0, baseline, 1), np.nan)
    data: dict[str, Any] = {
        "patient": names,
        "group": [groups[name] for name in names],
        "visit": columns + 1,
        "day": verdicts.day[rows, columns] + table.baseline_until,
        "sld_mm": sld,
        "baseline_sld_mm": baseline / verdicts.per_millimetre,
        "nadir_mm": verdicts.nadir[rows, columns] / verdicts.per_millimetre,
        "change_from_baseline": change,
        "new_lesion": verdicts.new_lesion[rows, columns],
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
    if counts is not None:
        data["after_new_therapy"] = ~counts[rows, columns]
    return pd.DataFrame(data)


_SENTENCES = {member: member.sentence for member in Criterion}
_IMMUNE_SENTENCES = {member: member.sentence for member in ImmuneCriterion}


def patient_table(
    table: LesionTable,
    verdicts: Verdicts,
    found: Outcomes,
    groups: Mapping[str, str],
    criteria: tuple[str, ...],
    without_lesions: Sequence[str] = (),
    counts: Bools | None = None,
) -> pd.DataFrame:
    """Return one row per patient; those without a baseline, or without any lesion, have a status that says so."""
    # Windows are counted from the reference day; the tables show days as the file counts them.
    shift = float(table.baseline_until)
    follow_up = verdicts.exists.sum(axis=1)
    counted = verdicts.exists if counts is None else verdicts.exists & counts
    sums = np.where((verdicts.sum >= 0) & counted, verdicts.sum, np.inf)
    smallest = sums.min(axis=1, initial=np.inf)
    measured = np.isfinite(smallest) & (verdicts.baseline > 0)
    base = np.where(measured, verdicts.baseline, 1)
    last = np.where(verdicts.exists, verdicts.day, -np.inf).max(axis=1, initial=-np.inf)
    data: dict[str, Any] = {
        "patient": list(table.patients),
        "group": [groups[name] for name in table.patients],
        "status": np.where(follow_up > 0, "ok", "no visit after baseline"),
        "target_lesions": (table.measurements.baseline >= 0).sum(axis=1),
        "baseline_day": table.baseline_day,
        "baseline_sld_mm": verdicts.baseline / verdicts.per_millimetre,
        "visits": follow_up,
        "last_day": np.where(follow_up > 0, last + shift, np.nan),
        "best_change": np.where(measured, (np.where(measured, smallest, 0) - base) / base, np.nan),
    }
    if "recist1.1" in criteria:
        data |= {
            "best_response": labels(found.confirmed.response, Response),
            "best_response_unconfirmed": labels(found.unconfirmed.response, Response),
            "first_response_day": found.confirmed.first_response_day + shift,
            "progression_day": found.progression_day + shift,
        }
    if "irecist" in criteria:
        data |= {
            "irecist_best_response": labels(found.irecist.response, ImmuneResponse),
            "irecist_first_response_day": found.irecist.first_response_day + shift,
            "irecist_progression_day": found.irecist_progression_day + shift,
            "progression_outcome": [_PROGRESSIONS[code] for code in found.progression],
            "pseudoprogression": found.pseudoprogression.first_response,
            "pseudoprogression_or_stable": found.pseudoprogression.response_or_stable,
        }
    if len(criteria) == 2:
        data |= {
            "category_changes": found.category_changes,
            "difference": [_DIFFERENCES[code] for code in found.difference],
        }
    patients = _with_unusable(
        pd.DataFrame(data),
        {
            **dict.fromkeys(table.unusable, "not assessed: no usable baseline"),
            **dict.fromkeys(without_lesions, "not assessed: no lesion in the file"),
        },
        groups,
    )
    for column, values in table.extra.items():
        name = f"{column}_in_file" if column in patients else column
        patients[name] = [values.get(patient, "") for patient in patients["patient"]]
    return patients


def difference_table(patients: pd.DataFrame) -> pd.DataFrame:
    """Return the patients who stand elsewhere by iRECIST than by RECIST 1.1, with the reason as a sentence."""
    told = patients[patients["difference"].notna() & (patients["difference"] != Difference.NONE.label)]
    columns = [
        "patient",
        "group",
        "best_response_unconfirmed",
        "irecist_best_response",
        "category_changes",
        "progression_day",
        "irecist_progression_day",
        "progression_outcome",
        "difference",
    ]
    table = told[columns].reset_index(drop=True)
    sentences = {member.label: member.sentence for member in Difference if member}
    return table.assign(because=[sentences[name] for name in table["difference"]])


_PROGRESSIONS = {member.value: member.label for member in Progression}
_DIFFERENCES = {member.value: member.label for member in Difference}


def _with_unusable(
    assessed: pd.DataFrame, unusable: Mapping[str, str], groups: Mapping[str, str]
) -> pd.DataFrame:
    if not unusable:
        return assessed
    left = pd.DataFrame(
        {
            "patient": list(unusable),
            "group": [groups[name] for name in unusable],
            "status": list(unusable.values()),
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
