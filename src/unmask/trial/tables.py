"""From the record of an arm to the long tables that are written to disk.

Here a patient ends: what was read, given or happened after death, cut-off or a failed integration is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.patients.parameter_set import TumourType
from unmask.patients.pdl1 import CLASSES, pdl1_class
from unmask.response import best_response
from unmask.response.codes import Criterion, ImmuneCriterion, ImmuneResponse, Response, labels
from unmask.response.confirmation import relapses_as_progression
from unmask.response.rules import Rules
from unmask.safety import adverse_events
from unmask.safety.autoimmune import diseases
from unmask.safety.summary import MANAGEMENT, SUBSEQUENT
from unmask.trial.conduct import ArmRecord, Readings
from unmask.trial.lesion_table import lesion_table
from unmask.trial.protocol import Protocol

TABLES = ("patients", "assessments", "lesions", "doses", "adverse_events", "course", "failures")
CATEGORIES = {
    "assessments": (
        "arm",
        "target_response",
        "non_target_response",
        "overall_response",
        "criterion",
        "irecist_response",
        "irecist_criterion",
    ),
    "lesions": ("patient", "arm", "lesion", "organ", "kind", "state"),
    "doses": ("arm", "drug", "unit", "phase"),
    "adverse_events": ("arm", "event", "organ", "class", "action"),
    "patients": (
        "arm",
        "pdl1_class",
        "autoimmune_disease",
        "best_response",
        "best_response_unconfirmed",
        "irecist_best_response",
        "pseudoprogression_kind",
        "status",
    ),
    "course": ("arm",),
    "failures": ("arm", "reason"),
}
"""Text columns of each table, stored as categories: they repeat a few words a hundred thousand times."""
BEST_RESPONSES = {
    "best_response": [
        code.label for code in (Response.CR, Response.PR, Response.SD, Response.PD, Response.NE)
    ],
    "best_response_unconfirmed": [
        code.label for code in (Response.CR, Response.PR, Response.SD, Response.PD, Response.NE)
    ],
    "irecist_best_response": [code.label for code in ImmuneResponse if code != ImmuneResponse.MISSING],
}
"""Words of a best response that are categories even where no patient has it: "none" is a finding, too."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Ends:
    """Per patient: the day everything ends, and why."""

    death_day: Array
    censor_day: Array
    end: Array
    failed: NDArray[np.bool_]


def _ends(record: ArmRecord) -> _Ends:
    failed = ~np.isnan(record.failure_day)
    censor = np.where(failed, np.fmin(record.failure_day, record.censor_day), record.censor_day)
    death = np.where(record.death_day <= censor, record.death_day, np.nan)
    return _Ends(death, censor, np.fmin(death, censor), failed)


def arm_tables(record: ArmRecord, protocol: Protocol, tumour_type: TumourType) -> dict[str, pd.DataFrame]:
    """Return the tables of one arm by name (:data:`TABLES`)."""
    ends = _ends(record)
    readings = record.readings
    valid = readings.scanned & (readings.day <= ends.end[:, None]) & record.assessed[:, None]
    tables = {
        "patients": _patients(record, protocol, tumour_type, ends, valid),
        "assessments": _assessments(record, valid),
        "lesions": lesion_table(record, valid),
        "doses": _doses(record, ends),
        "adverse_events": adverse_events.table(
            record.events, record.cohort.patients, record.arm, ends.end, _reporting_end(record)
        ),
        "course": _course(record, ends),
        "failures": pd.DataFrame(
            {
                "patient": record.cohort.patients[ends.failed],
                "arm": record.arm,
                "day": record.failure_day[ends.failed],
                "reason": record.failure_reason[ends.failed],
            }
        ),
    }
    return {name: as_categories(name, table) for name, table in tables.items()}


def as_categories(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with its text columns as categories."""
    present = [column for column in CATEGORIES.get(name, ()) if column in table]
    return table.astype(dict.fromkeys(present, "category"))


def join(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put parts of one table together, keeping categories."""
    for column in CATEGORIES.get(name, ()):
        if not all(column in part for part in parts):
            continue
        found = {str(word) for part in parts for word in part[column].cat.categories}
        words = sorted(found.union(BEST_RESPONSES.get(column, ()) if name == "patients" else ()))
        parts = [part.assign(**{column: part[column].cat.set_categories(words)}) for part in parts]
    # Parts without rows carry no information and would only blur the column types.
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True)


def by_arm(table: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Return the rows arm by arm, otherwise in the order they have, so that batches leave no trace in it."""
    known = {arm: number for number, arm in enumerate(arms)}
    words = table["arm"].cat
    place = np.array([known.get(str(word), len(arms)) for word in words.categories], dtype=np.int64)
    order = np.argsort(place[words.codes.to_numpy()], kind="stable")
    ordered: pd.DataFrame = table.iloc[order].reset_index(drop=True)
    return ordered


def _patients(
    record: ArmRecord,
    protocol: Protocol,
    tumour_type: TumourType,
    ends: _Ends,
    valid: NDArray[np.bool_],
) -> pd.DataFrame:
    readings = record.readings
    rules = protocol.assessment.rules()
    # What was cut out has not responded to anything; a relapse after it still counts as progression.
    before_surgery = valid & ~readings.after_surgery
    best = best_response.confirmed(
        readings.overall, readings.day, rules, valid=before_surgery, criterion=readings.criterion
    )
    before_subsequent = before_surgery & ~readings.after_subsequent
    loose = best_response.unconfirmed(readings.overall, readings.day, rules, valid=before_surgery)
    immune = best_response.ibor(
        readings.immune, readings.day, rules, valid=before_subsequent, ongoing=readings.ongoing
    )
    pseudo = best_response.pseudoprogression(readings.immune, readings.day, valid=before_subsequent)
    response = np.where(best.response == Response.MISSING, Response.NE, best.response)
    loose_response = np.where(loose.response == Response.MISSING, Response.NE, loose.response)
    immune_response = np.where(immune.response == ImmuneResponse.MISSING, ImmuneResponse.NE, immune.response)
    cohort = record.cohort
    p = {name: cohort.parameters[:, column] for name, column in _varying(record, tumour_type).items()}
    return pd.DataFrame(
        {
            "patient": cohort.patients,
            "arm": record.arm,
            "target_lesions": record.lesion_count,
            "non_target_disease": record.has_non_target,
            "baseline_sld_mm": record.baseline_sum / 10.0,
            **{f"baseline_{name}": values for name, values in cohort.baseline.items() if name != "sld_mm"},
            **p,
            "pdl1_class": np.array(CLASSES, dtype=object)[pdl1_class(cohort.baseline["pdl1"])],
            "autoimmune_disease": np.array(("none", *diseases()), dtype=object)[record.background.disease],
            "immunosuppressed_at_baseline": record.background.on_immunosuppression,
            "best_response": labels(response, Response),
            "response_day": best.first_response_day,
            "progression_day": _progression_day(readings, rules, valid),
            "best_response_unconfirmed": labels(loose_response, Response),
            "irecist_best_response": labels(immune_response, ImmuneResponse),
            "irecist_response_day": immune.first_response_day,
            "ipfs_day": best_response.ipfs_day(
                readings.immune, readings.day, rules, valid=valid & ~readings.after_subsequent
            ),
            "pseudoprogression": pseudo.first_response,
            "pseudoprogression_kind": _kind_of_first_progression(
                readings, before_subsequent, pseudo.first_response
            ),
            "pseudoprogression_within_response": pseudo.response & ~pseudo.first_response,
            "pseudoprogression_or_stable": pseudo.response_or_stable,
            "subsequent_therapy_day": _subsequent_day(record, ends),
            "death_day": ends.death_day,
            "censor_day": ends.censor_day,
            "status": np.where(ends.failed, record.failure_reason, "ok"),
        }
    )


def _progression_day(readings: Readings, rules: Rules, valid: NDArray[np.bool_]) -> Array:
    """Return the day of the first progression by RECIST 1.1 as the rules count it, NaN without."""
    overall = np.where(valid, readings.overall, Response.MISSING).astype(np.int8)
    if rules.complete_then_partial == "PD":
        overall = relapses_as_progression(overall, readings.criterion)
    return best_response.first_day(overall == Response.PD, readings.day)


def _kind_of_first_progression(
    readings: Readings, valid: NDArray[np.bool_], wanted: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Return what the first iUPD rested on (target growth, new lesion, ...) for the patients ``wanted``, else ""."""
    progressed = valid & (readings.immune == ImmuneResponse.IUPD)
    first = progressed.argmax(axis=1)
    criterion = readings.criterion[np.arange(first.size), first]
    return np.where(wanted, labels(criterion, Criterion), "")


def _varying(record: ArmRecord, tumour_type: TumourType) -> Mapping[str, int]:
    """Return the columns of the parameters that differ between patients."""
    return {
        name: column
        for name, column in record.cohort.parameter_index.items()
        if name in tumour_type.parameters and tumour_type.parameters[name].sigma > 0
    }


def _assessments(record: ArmRecord, valid: NDArray[np.bool_]) -> pd.DataFrame:
    readings = record.readings
    row, visit = np.nonzero(valid)
    at = (row, visit)
    total = np.where(readings.sum[at] >= 0, readings.sum[at] / 10.0, np.nan)
    baseline = record.baseline_sum[row] / 10.0
    return pd.DataFrame(
        {
            "patient": record.cohort.patients[row],
            "arm": record.arm,
            "visit": (visit + 1).astype(np.int16),
            "day": readings.day[at],
            "sld_mm": total,
            "baseline_sld_mm": baseline,
            "nadir_mm": readings.nadir[at] / 10.0,
            "change_from_baseline": total / baseline - 1.0,
            "target_response": labels(readings.target[at], Response),
            "non_target_response": labels(readings.non_target[at], Response),
            "new_lesion": readings.new_lesion[at],
            "overall_response": labels(readings.overall[at], Response),
            "criterion": labels(readings.criterion[at], Criterion),
            "irecist_response": labels(readings.immune[at], ImmuneResponse),
            "irecist_criterion": labels(readings.immune_criterion[at], ImmuneCriterion),
            "response_ongoing": readings.ongoing[at],
            "on_treatment": readings.on_treatment[at],
            "subsequent_therapy": readings.after_subsequent[at],
        }
    )


def _doses(record: ArmRecord, ends: _Ends) -> pd.DataFrame:
    doses = record.doses
    row = np.concatenate([dose.rows for dose in doses] or [np.empty(0, dtype=np.int64)])
    counts = [dose.rows.size for dose in doses]

    def column(values: list[object], kind: type | np.dtype[np.generic]) -> NDArray[np.generic]:
        return np.repeat(np.array(values, dtype=kind), counts)

    table = pd.DataFrame(
        {
            "patient": record.cohort.patients[row],
            "arm": record.arm,
            "day": column([dose.day for dose in doses], np.float64),
            "drug": column([dose.drug for dose in doses], object),
            "amount": np.concatenate([dose.amount for dose in doses] or [np.empty(0)]),
            "unit": column([dose.unit for dose in doses], object),
            "phase": column([dose.phase for dose in doses], object),
        }
    )
    kept: pd.DataFrame = table[table["day"].to_numpy() <= ends.end[row]]
    return kept.sort_values(["patient", "day"], kind="stable").reset_index(drop=True)


def _reporting_end(record: ArmRecord) -> Array:
    """Return the day until which adverse events are ascribed to study treatment."""
    last = np.zeros(record.cohort.size)
    next_therapy = np.full(record.cohort.size, np.inf)
    for dose in record.doses:
        if dose.phase == SUBSEQUENT:
            next_therapy[dose.rows] = np.minimum(next_therapy[dose.rows], dose.day)
        elif dose.phase != MANAGEMENT:
            last[dose.rows] = dose.day
    return np.asarray(np.minimum(last + adverse_events.REPORTING_DAYS, next_therapy))


def _subsequent_day(record: ArmRecord, ends: _Ends) -> Array:
    """Return the day of the first dose of another line of therapy, NaN without."""
    first = np.full(record.cohort.size, np.inf)
    for dose in record.doses:
        if dose.phase == SUBSEQUENT:
            first[dose.rows] = np.minimum(first[dose.rows], dose.day)
    return np.where(first <= ends.end, first, np.nan)


def _course(record: ArmRecord, ends: _Ends) -> pd.DataFrame:
    """Return the true course of every patient on the hazard grid, while alive and followed."""
    grid = np.array(record.grid, dtype=np.float64)
    row, column = np.nonzero(grid[None, :] <= ends.end[:, None])
    return pd.DataFrame(
        {
            "arm": record.arm,
            "patient": record.cohort.patients[row],
            "day": grid[column].astype(np.float32),
            **{name: values[row, column] for name, values in record.course.items()},
        }
    )


def course_quantiles(course: pd.DataFrame) -> pd.DataFrame:
    """Return quantiles over patients per arm, day and quantity: the ``trajectories`` table."""
    quantities = [column for column in course.columns if column not in ("arm", "patient", "day")]
    levels = {"q10": 0.10, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q90": 0.90}
    rows = []
    for (arm, day), group in course.groupby(["arm", "day"], observed=True, sort=True):
        when = float(np.float32(day))  # type: ignore[arg-type]  # a key of a float32 column
        for quantity in quantities:
            values = group[quantity].to_numpy()
            values = values[~np.isnan(values)]
            if values.size:
                rows.append(
                    {
                        "arm": str(arm),
                        "day": when,
                        "quantity": quantity,
                        "n": int(values.size),
                        **dict(zip(levels, np.quantile(values, list(levels.values())), strict=True)),
                    }
                )
    return pd.DataFrame(rows, columns=["arm", "day", "quantity", "n", *levels])
