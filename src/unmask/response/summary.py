"""Counts of an assessment: categories by group, RECIST 1.1 beside iRECIST, rows read and left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from unmask.response.codes import ImmuneResponse, Response
from unmask.response.lesions import LesionTable
from unmask.response.outcomes import Difference, Progression
from unmask.response.rules import Rules


def summarise(
    path: Path,
    table: LesionTable,
    patients: pd.DataFrame,
    rules: Rules,
    criteria: tuple[str, ...],
    *,
    everybody: bool = False,
) -> dict[str, Any]:
    """Return the counts as plain numbers and texts, ready for JSON; ``patients`` is the patient table.

    ``everybody``: who could not be assessed counts, too, as not evaluable.
    """
    assessed = patients[~patients["status"].str.startswith("not assessed")]
    counted = patients if everybody else assessed
    codes = pd.Series([p.code for p in table.problems], dtype=object).value_counts()
    summary: dict[str, Any] = {
        "file": path.name,
        "criteria": list(criteria),
        "patients": len(patients),
        "patients_assessed": len(assessed),
        "visits": int((table.measurements.exists).sum()),
        "rows": {
            "read": table.rows_read,
            "used": table.rows_used,
            "superseded_baselines": table.rows_superseded,
            "left_out": table.rows_left_out,
            "finer_than_tenths": table.rows_finer,
        },
        "problems": {str(code).removeprefix("row_"): int(count) for code, count in codes.items()},
        "records_not_rows": dict(table.records),
        "strict": table.strict,
        "baseline_until_day": table.baseline_until,
        "groups": {name: _counts(rows, criteria) for name, rows in counted.groupby("group", sort=False)},
        "all": _counts(counted, criteria),
        "rules": rules.as_dict(),
    }
    if len(criteria) == 2:
        summary["side_by_side"] = _side_by_side(assessed)
    return summary


def _counts(rows: pd.DataFrame, criteria: tuple[str, ...]) -> dict[str, Any]:
    counts: dict[str, Any] = {"n": len(rows)}
    if "recist1.1" in criteria:
        counts["best_response"] = _categories(rows["best_response"], Response)
        counts["best_response_unconfirmed"] = _categories(rows["best_response_unconfirmed"], Response)
        counts["responders"] = int(rows["best_response"].isin(["CR", "PR"]).sum())
        counts["progressed"] = int(rows["progression_day"].notna().sum())
    if "irecist" in criteria:
        counts["irecist_best_response"] = _categories(rows["irecist_best_response"], ImmuneResponse)
        counts["irecist_progressed"] = int(rows["irecist_progression_day"].notna().sum())
        kinds = rows["progression_outcome"].value_counts()
        counts["progression_outcome"] = {
            member.label: int(kinds.get(member.label, 0)) for member in Progression
        }
        for name in ("pseudoprogression", "pseudoprogression_or_stable"):
            counts[name] = int(rows[name].fillna(False).astype(bool).sum())
    return counts


def _categories(column: pd.Series, names: type[Response] | type[ImmuneResponse]) -> dict[str, int]:
    found = column.fillna("NE").value_counts()
    shown = [
        m.label
        for m in names
        if m.label in found or m.label.removeprefix("i") in ("CR", "PR", "SD", "PD", "UPD", "CPD", "NE")
    ]
    return {label: int(found.get(label, 0)) for label in shown}


def _side_by_side(rows: pd.DataFrame) -> dict[str, Any]:
    """Best responses without confirmation, like with like, and why patients stand elsewhere by iRECIST."""
    table = pd.crosstab(rows["best_response_unconfirmed"], rows["irecist_best_response"])
    reasons = rows["difference"].value_counts()
    return {
        "best_response": {
            str(index): {
                str(column): int(table.loc[index, column])
                for column in table.columns
                if table.loc[index, column]
            }
            for index in table.index
        },
        "category_changes": int(rows["category_changes"].astype(bool).sum()),
        "differences": {
            member.label: int(reasons[member.label]) for member in Difference if member.label in reasons
        },
    }
