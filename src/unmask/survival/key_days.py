"""The days on which something happened to a patient, read from the trial's tables.

One array per named day, aligned with the rows of the ``patients`` table, NaN where it did not happen. The
endpoint rules of :mod:`unmask.survival.endpoints` refer to these days by name and never look into a table
themselves. Unit: day; day 0 = randomisation (= first dose).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.errors import ConfigurationError, DataError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

PATIENT_COLUMNS = ("patient", "arm", "best_response", "response_day", "death_day", "censor_day")
ASSESSMENT_COLUMNS = ("patient", "arm", "day", "overall_response")
# Not evaluable, not done: such a visit is no evidence that the patient was free of progression.
INADEQUATE = ("NE", "iNE", "NA", "ND", "MISSING", "")
RESPONSES = ("CR", "PR")


@dataclass(frozen=True)
class Rules:
    """Options of the time-to-event endpoints; the defaults are an intention-to-treat analysis in OAK's style.

    Attributes
    ----------
    scan_days
        Scheduled scan days (day, ascending). Empty: the distinct days of the ``assessments`` table, which in
        a virtual trial are the schedule.
    scan_window_days
        A scan may be this late (days).
    censor_unassessed
        A patient without any adequate assessment who is alive after the first scheduled scan and its window
        has left tumour follow-up before that scan: progression-free survival is censored at day 0 even if
        death follows (model-spec 6b: outside the denominator). False: such a death is an event, as OAK's own
        data set has it.
    missed_visits
        Progression or death after this many missed scheduled scans is censored at the last adequate
        assessment before it (FDA, Clinical Trial Endpoints guidance, table A: two). None (default): it is an
        event whatever the gap.
    censor_at_new_therapy
        Censor progression-free survival at the last adequate assessment before a subsequent anticancer
        therapy (FDA). False (default, as OAK): subsequent therapy is ignored.
    whole_days
        Dates are whole days, as a trial records them: something at day 41.3 is recorded on day 42.

    Raises
    ------
    ConfigurationError
        Scan days not ascending and positive, a negative window, a number of missed visits below one.
    """

    scan_days: tuple[float, ...] = ()
    scan_window_days: float = 7.0
    censor_unassessed: bool = True
    missed_visits: int | None = None
    censor_at_new_therapy: bool = False
    whole_days: bool = True

    def __post_init__(self) -> None:
        days = np.asarray(self.scan_days, dtype=float)
        if days.size and not (np.all(days > 0) and np.all(np.diff(days) > 0) and np.all(np.isfinite(days))):
            raise ConfigurationError("survival.bad_schedule", value=self.scan_days)
        if not self.scan_window_days >= 0:
            raise ConfigurationError("survival.bad_window", value=self.scan_window_days)
        if self.missed_visits is not None and self.missed_visits < 1:
            raise ConfigurationError("survival.bad_missed_visits", value=self.missed_visits)


@dataclass(frozen=True)
class _Scans:
    """Assessments that count: after day 0 and within follow-up; ``row`` points into the patients table."""

    row: NDArray[np.intp]
    day: FloatArray
    size: int

    def first(self, where: BoolArray) -> FloatArray:
        found = np.full(self.size, np.inf)
        np.minimum.at(found, self.row[where], self.day[where])
        return np.where(np.isinf(found), np.nan, found)

    def last(self, where: BoolArray) -> FloatArray:
        found = np.full(self.size, -np.inf)
        np.maximum.at(found, self.row[where], self.day[where])
        return np.where(np.isinf(found), np.nan, found)


def key_days(assessments: pd.DataFrame, patients: pd.DataFrame, rules: Rules) -> dict[str, FloatArray]:
    """Return the named days of every patient.

    Parameters
    ----------
    assessments
        One row per visit: ``patient``, ``arm``, ``day``, ``overall_response``; optional ``irecist_response``
        and ``subsequent_therapy``. Visits up to day 0 (baseline) and after the end of follow-up do not count.
    patients
        One row per patient and arm: ``best_response``, ``response_day`` (first visit of the confirmed
        response, NaN without), ``death_day`` (NaN if alive), ``censor_day`` (data cut-off or drop-out);
        optional ``ipfs_day`` and ``subsequent_therapy_day``.

    Raises
    ------
    DataError
        A missing column, two rows for one patient of an arm, an assessment of an unknown patient, a day that
        is negative, a responder without the day of the response.
    """
    _require(patients, PATIENT_COLUMNS, "patients")
    _require(assessments, ASSESSMENT_COLUMNS, "assessments")
    size = len(patients)
    row, scan_day = _rows(assessments, patients), _days(assessments, "day", "assessments", rules, signed=True)
    died, censored = (
        _days(patients, "death_day", "patients", rules),
        _days(patients, "censor_day", "patients", rules),
    )
    responded = _days(patients, "response_day", "patients", rules)
    responder = patients["best_response"].isin(RESPONSES).to_numpy(dtype=bool)
    _check_responders(patients, responder & np.isnan(responded))

    every = _Scans(row, scan_day, size)
    death = np.where(died > censored, np.nan, died)  # a death after the cut-off is not known
    no_cut_off = np.fmax(
        every.last(np.ones(len(row), bool)), 0.0
    )  # no cut-off recorded: followed to the last visit
    end = np.where(np.isnan(death), np.where(np.isnan(censored), no_cut_off, censored), death)
    counts = (scan_day > 0) & (scan_day <= end[row])
    scans = _Scans(row[counts], scan_day[counts], size)

    schedule = np.asarray(rules.scan_days, dtype=float) if rules.scan_days else np.unique(scans.day)
    new_therapy = _new_therapy(assessments, patients, every, rules)
    days = {
        "randomisation": np.zeros(size),
        "death": death,
        "end_of_follow_up": end,
        "response": np.where(responder & (responded <= end), responded, np.nan),
        "new_therapy": new_therapy,
    }
    overall = assessments["overall_response"].to_numpy(dtype=object)[counts]
    progression = scans.first(overall == "PD")
    days |= {"progression": progression}
    days |= _adequacy(scans, overall, progression, death, schedule, new_therapy, rules, suffix="")
    if "ipfs_day" in patients.columns:
        ipfs = _days(patients, "ipfs_day", "patients", rules)
        immune = np.where(ipfs > end, np.nan, ipfs)
        name = "irecist_response" if "irecist_response" in assessments.columns else "overall_response"
        verdicts = assessments[name].to_numpy(dtype=object)[counts]
        days |= {"irecist_progression": immune}
        days |= _adequacy(scans, verdicts, immune, death, schedule, new_therapy, rules, suffix="_irecist")
    return days


def _adequacy(
    scans: _Scans,
    verdicts: NDArray[np.object_],
    progression: FloatArray,
    death: FloatArray,
    schedule: FloatArray,
    new_therapy: FloatArray,
    rules: Rules,
    suffix: str,
) -> dict[str, FloatArray]:
    """Last adequate assessments before the event, and the days after which an event no longer counts."""
    event = np.fmin(progression, death)
    adequate = ~(np.isin(verdicts.astype(str), INADEQUATE) | pd.isna(verdicts))
    before_event = adequate & ~(scans.day >= event[scans.row])
    last = scans.last(before_event)
    days = {f"last_adequate{suffix}": last}
    days[f"last_adequate_before_new_therapy{suffix}"] = np.fmax(
        scans.last(before_event & (scans.day <= new_therapy[scans.row])), 0.0
    )
    seen = ~np.isnan(scans.last(adequate))
    unassessed_limit = (
        schedule[0] + rules.scan_window_days if len(schedule) and rules.censor_unassessed else np.nan
    )
    days[f"left_unassessed{suffix}"] = np.where(seen, np.nan, unassessed_limit)
    known = np.fmax(last, 0.0)
    days[f"last_evidence{suffix}"] = known
    days[f"visits_missed{suffix}"] = _gap_closed(known, schedule, rules)
    return days


def _gap_closed(last: FloatArray, schedule: FloatArray, rules: Rules) -> FloatArray:
    """Day on which the window of the last tolerated missed scan closed; NaN if off or never reached."""
    if rules.missed_visits is None or not len(schedule):
        return np.full(last.shape, np.nan)
    index = np.searchsorted(schedule, last + rules.scan_window_days, side="right") + rules.missed_visits - 1
    padded = np.append(schedule, np.nan)
    gap: FloatArray = padded[np.minimum(index, len(schedule))] + rules.scan_window_days
    return gap


def _new_therapy(
    assessments: pd.DataFrame, patients: pd.DataFrame, every: _Scans, rules: Rules
) -> FloatArray:
    if not rules.censor_at_new_therapy:
        return np.full(every.size, np.nan)
    if "subsequent_therapy_day" in patients.columns:
        return _days(patients, "subsequent_therapy_day", "patients", rules)
    _require(assessments, ("subsequent_therapy",), "assessments")
    # The first visit under the new drug is the latest day on which it can have begun; its scan is already
    # under it.
    first = every.first(assessments["subsequent_therapy"].to_numpy(dtype=bool))
    return np.nextafter(first, 0.0)


def _require(table: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    for column in columns:
        if column not in table.columns:
            found = ", ".join(map(str, table.columns))
            raise DataError("survival.missing_column", table=name, column=column, found=found)


def _days(table: pd.DataFrame, column: str, name: str, rules: Rules, *, signed: bool = False) -> FloatArray:
    try:
        days = table[column].to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError("survival.not_a_day", table=name, column=column, problem=str(error)) from None
    bad = np.isinf(days) if signed else np.isinf(days) | (days < 0)
    if bad.any():
        at = int(np.argmax(bad))
        patient = table["patient"].iloc[at]
        raise DataError("survival.bad_day", table=name, column=column, patient=patient, value=days[at])
    # The small allowance keeps 42.000000001, the sum of many steps, on day 42.
    return np.ceil(days - 1e-6) if rules.whole_days else days


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
