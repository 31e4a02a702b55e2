"""From the long tables of a trial to the dense form in which endpoints are derived."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.errors import DataError
from unmask.survival.key_days import BoolArray, FloatArray, Followed

PATIENT_COLUMNS = ("patient", "arm", "best_response", "response_day", "death_day", "censor_day")
ASSESSMENT_COLUMNS = ("patient", "arm", "day", "overall_response")
# Not evaluable, not done: such a visit is no evidence that the patient was free of progression.
INADEQUATE = ("NE", "iNE", "NA", "ND", "MISSING", "")
RESPONSES = ("CR", "PR")
IRECIST_RESPONSES = ("iCR", "iPR")


def followed(assessments: pd.DataFrame, patients: pd.DataFrame) -> Followed:
    """Return the patients of a trial as dense arrays, in the order of the table ``patients``.

    Parameters
    ----------
    assessments
        One row per visit: ``patient``, ``arm``, ``day``, ``overall_response``; optional ``irecist_response``
        and ``subsequent_therapy``. Visits up to day 0 (baseline) do not count.
    patients
        One row per patient and arm: ``best_response``, ``response_day`` (first visit of the confirmed
        response, NaN without), ``death_day`` (NaN if alive), ``censor_day`` (data cut-off or drop-out);
        optional ``ipfs_day``, ``irecist_response_day``, ``progression_day`` (default: first visit with PD),
        ``subsequent_therapy_day`` and ``has_baseline``.

    Raises
    ------
    DataError
        A missing column, two rows for one patient of an arm, an assessment of an unknown patient, a day that
        is negative, a responder without the day of the response.
    """
    _require(patients, PATIENT_COLUMNS, "patients")
    _require(assessments, ASSESSMENT_COLUMNS, "assessments")
    row, scan_day = _rows(assessments, patients), _days(assessments, "day", "assessments", signed=True)
    responder = patients["best_response"].isin(RESPONSES).to_numpy(dtype=bool)
    responded = _days(patients, "response_day", "patients")
    _check_responders(patients, responder & np.isnan(responded))

    grid = _Grid.of(row, scan_day, len(patients))
    overall = grid.words(assessments["overall_response"])
    name = "irecist_response" if "irecist_response" in assessments.columns else "overall_response"
    immune = grid.words(assessments[name])
    after_baseline = grid.day > 0
    progression = (
        _days(patients, "progression_day", "patients")
        if "progression_day" in patients.columns
        else _first(grid.day, (overall == "PD") & after_baseline)
    )
    return Followed(
        day=grid.day,
        adequate=~np.isin(overall, INADEQUATE),
        irecist_adequate=~np.isin(immune, INADEQUATE),
        progression=progression,
        irecist_progression=_optional(patients, "ipfs_day"),
        response=np.where(responder, responded, np.nan),
        irecist_response=_irecist_response(patients),
        death=_days(patients, "death_day", "patients"),
        censor=_days(patients, "censor_day", "patients"),
        new_therapy=_new_therapy(assessments, patients, grid),
        has_baseline=patients["has_baseline"].to_numpy(dtype=bool)
        if "has_baseline" in patients.columns
        else np.ones(len(patients), dtype=bool),
    )


class _Grid:
    """Where each row of the assessments stands among the visits of its patient."""

    def __init__(
        self, at: tuple[NDArray[np.intp], NDArray[np.intp]], order: NDArray[np.intp], day: FloatArray
    ):
        self._at, self._order, self.day = at, order, day

    @classmethod
    def of(cls, row: NDArray[np.intp], scan_day: FloatArray, size: int) -> _Grid:
        order = np.lexsort((scan_day, row))
        sorted_row = row[order]
        counts = np.bincount(row, minlength=size)
        place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        day = np.full((size, int(counts.max(initial=0))), np.nan)
        day[sorted_row, place] = scan_day[order]
        return cls((sorted_row, place), order, day)

    def words(self, column: pd.Series) -> NDArray[np.str_]:
        categories = pd.Categorical(column)
        names = np.array([*(str(word) for word in categories.categories), ""])
        grid = np.full(self.day.shape, len(names) - 1, dtype=np.int64)
        grid[self._at] = np.where(categories.codes < 0, len(names) - 1, categories.codes)[self._order]
        return np.asarray(names[grid])

    def flags(self, column: pd.Series) -> BoolArray:
        grid = np.zeros(self.day.shape, dtype=bool)
        grid[self._at] = column.to_numpy(dtype=bool)[self._order]
        return grid


def _first(day: FloatArray, where: BoolArray) -> FloatArray:
    found = np.where(where, day, np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isinf(found), np.nan, found)


def _irecist_response(patients: pd.DataFrame) -> FloatArray | None:
    days = _optional(patients, "irecist_response_day")
    if days is None or "irecist_best_response" not in patients.columns:
        return None
    responder = patients["irecist_best_response"].isin(IRECIST_RESPONSES).to_numpy(dtype=bool)
    return np.where(responder, days, np.nan)


def _new_therapy(assessments: pd.DataFrame, patients: pd.DataFrame, grid: _Grid) -> FloatArray | None:
    if "subsequent_therapy_day" in patients.columns:
        return _days(patients, "subsequent_therapy_day", "patients")
    if "subsequent_therapy" not in assessments.columns:
        return None
    # The first visit under the new drug is the latest day on which it can have begun; its scan is already
    # under it, so the day before is taken.
    return _first(grid.day, grid.flags(assessments["subsequent_therapy"])) - 1.0


def _require(table: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    for column in columns:
        if column not in table.columns:
            found = ", ".join(map(str, table.columns))
            raise DataError("survival.missing_column", table=name, column=column, found=found)


def _optional(patients: pd.DataFrame, column: str) -> FloatArray | None:
    return _days(patients, column, "patients") if column in patients.columns else None


def _days(table: pd.DataFrame, column: str, name: str, *, signed: bool = False) -> FloatArray:
    try:
        days = table[column].to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError("survival.not_a_day", table=name, column=column, problem=str(error)) from None
    bad = np.isinf(days) if signed else np.isinf(days) | (days < 0)
    if bad.any():
        at = int(np.argmax(bad))
        patient = table["patient"].iloc[at]
        raise DataError("survival.bad_day", table=name, column=column, patient=patient, value=days[at])
    return days


def _rows(assessments: pd.DataFrame, patients: pd.DataFrame) -> NDArray[np.intp]:
    """Row of the patients table to which each assessment belongs."""
    arms = pd.Index(patients["arm"].unique())
    keys = pd.MultiIndex.from_arrays([arms.get_indexer(patients["arm"]), patients["patient"]])
    if not keys.is_unique:
        at = int(np.argmax(keys.duplicated()))
        patient, arm = patients["patient"].iloc[at], patients["arm"].iloc[at]
        raise DataError("survival.duplicate_patient", patient=patient, arm=arm)
    wanted = pd.MultiIndex.from_arrays([arms.get_indexer(assessments["arm"]), assessments["patient"]])
    row = keys.get_indexer(wanted)
    if (row < 0).any():
        at = int(np.argmax(row < 0))
        patient, arm = assessments["patient"].iloc[at], assessments["arm"].iloc[at]
        raise DataError("survival.unknown_patient", patient=patient, arm=arm)
    return row


def _check_responders(patients: pd.DataFrame, bad: BoolArray) -> None:
    if bad.any():
        at = int(np.argmax(bad))
        patient, arm = patients["patient"].iloc[at], patients["arm"].iloc[at]
        response = patients["best_response"].iloc[at]
        raise DataError("survival.response_without_day", patient=patient, arm=arm, response=response)
