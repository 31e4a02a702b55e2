"""When SDTM tumour results were measured: days from the reference date, and dates that belong to one visit."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unmask.cdisc.domains import Domain
from unmask.response.dates import FoundDate, PartialDates, read_date
from unmask.response.lesion_days import MAX_DAYS, read_day
from unmask.response.problems import Problem

LONGEST_VISIT_DAYS = 14
"""Dates of one VISITNUM further apart than this are visits of their own; a limit of ours."""
_BASELINE_NAMES = ("BASELINE", "SCREENING")


@dataclass(frozen=True)
class Timing:
    """The day of each record, and of each patient's reference date."""

    start: Mapping[str, datetime.date]
    """Patient -> date of day 0."""
    day: Sequence[float | None]
    """Day of each record, None where it has no usable date."""
    imputed: Sequence[str]
    """ISO date taken for an incomplete one, "" elsewhere."""
    problems: Sequence[Problem]

    @classmethod
    def of(
        cls,
        results: Domain,
        chosen: Sequence[bool],
        partial_dates: PartialDates,
        start_dates: Mapping[str, datetime.date],
    ) -> Timing:
        """Date the records; baseline is what a flag or the name of the visit says where no reference date is given."""
        subjects, texts = results["USUBJID"], results["TRDTC"]
        flags, visits = results["TRBLFL"], results["VISIT"]
        study_days = results["TRDY"]
        known: dict[str, FoundDate | None] = {text: read_date(text, partial_dates) for text in set(texts)}
        at_baseline = [f.upper() == "Y" or is_baseline(v) for f, v in zip(flags, visits, strict=True)]
        start = dict(start_dates)
        baseline: dict[str, datetime.date] = {}
        earliest: dict[str, datetime.date] = {}
        for subject, text, early, mine in zip(subjects, texts, at_baseline, chosen, strict=True):
            found = known[text]
            if not mine or found is None or subject in start:
                continue
            earliest[subject] = min(earliest.get(subject, found.date), found.date)
            if early:
                baseline[subject] = max(baseline.get(subject, found.date), found.date)
        assumed = [subject for subject in earliest if subject not in baseline]
        if assumed and len(assumed) == len(earliest) and not start:
            problems = [Problem("file_start_assumed", "warning", None, "", "TRDTC", "", source="TR")]
        else:
            problems = [
                Problem(
                    "patient_start_assumed",
                    "warning",
                    None,
                    p,
                    "TRDTC",
                    earliest[p].isoformat(),
                    source="TR",
                )
                for p in assumed
            ]
        start |= earliest | baseline
        day: list[float | None] = []
        imputed: list[str] = []
        for subject, text, study_day, early in zip(subjects, texts, study_days, at_baseline, strict=True):
            found = known[text]
            if found is None:
                day.append(None if text else _from_study_day(study_day))
                imputed.append("")
                continue
            date = found.date
            if found.imputed and early and subject in start:
                date = min(date, start[subject])  # baseline is not made a visit by not knowing its day
            days = (date - start[subject]).days if subject in start else 0
            day.append(float(days) if abs(days) <= MAX_DAYS else None)
            imputed.append(date.isoformat() if found.imputed else "")
        return cls(start, day, imputed, problems)


def is_baseline(visit: str) -> bool:
    """Whether a visit is one before treatment by its name."""
    return any(name in visit.upper() for name in _BASELINE_NAMES)


def _from_study_day(text: str) -> float | None:
    """Return --DY as days since the reference: it has no day 0."""
    day = read_day(text)
    return day - 1 if day is not None and day > 0 else day


def one_day_each(days: Mapping[tuple[str, str], set[float]]) -> dict[tuple[str, str, float], float]:
    """Return the day that stands for each (patient, visit, day) after the reference, where it is another one.

    A visit is dated at its last examination, unless its dates are too far apart to be of one visit.
    """
    moved = {}
    for (patient, visit), of_visit in days.items():
        later = {day for day in of_visit if day > 0}
        if visit and later and max(later) - min(later) <= LONGEST_VISIT_DAYS:
            moved.update({(patient, visit, day): max(later) for day in later if day != max(later)})
    return moved
