"""The day of each row of a lesion file: as written, or counted from dates."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

from unmask.response.dates import PartialDates, is_partial, read_date
from unmask.response.problems import Finding, Problem
from unmask.response.table_file import TableFile

MAX_DAYS = 36525
"""A century: a larger number is a date or a mistake."""


class DayColumn:
    """A column of days."""

    def __init__(self, at: int) -> None:
        self._at = at
        self.problems: list[Problem] = []
        self.start: Mapping[str, datetime.date] = {}

    def day(self, cells: Sequence[str], found: Finding) -> float | Problem:
        """Return the day of a row, or what is wrong with it."""
        text = cells[self._at].strip()
        day = read_day(text)
        return found("row_bad_day", "day", text, limit=MAX_DAYS) if day is None else day


class DateColumn:
    """A column of dates, counted from each patient's reference date (day 0)."""

    def __init__(
        self,
        columns: Mapping[str, int],
        partial_dates: PartialDates,
        start: Mapping[str, datetime.date],
        assumed: Sequence[Problem],
    ) -> None:
        self._date = columns["date"]
        self._start = columns.get("start_date")
        self._partial_dates = partial_dates
        self.start = start
        self.problems = list(assumed)

    @classmethod
    def of(
        cls,
        table: TableFile,
        columns: Mapping[str, int],
        partial_dates: PartialDates,
        given: Mapping[str, datetime.date],
    ) -> DateColumn:
        """Find the reference date of every patient.

        It is what ``given`` says, else the first one in the file's own column, else the patient's earliest date, which
        is a finding: one for the file where no reference date is known at all, one for the patient otherwise.
        """
        start: dict[str, datetime.date] = {}
        earliest: dict[str, datetime.date] = {}
        for _, cells in table.records:
            if len(cells) != len(table.header):
                continue
            patient = cells[columns["patient"]].strip()
            if patient in given:
                start[patient] = given[patient]
            elif "start_date" in columns and patient not in start:
                stated = read_date(cells[columns["start_date"]].strip(), partial_dates)
                if stated is not None:
                    start[patient] = stated.date
            found = read_date(cells[columns["date"]].strip(), partial_dates)
            if found is not None:
                earliest[patient] = min(earliest.get(patient, found.date), found.date)
        without = [patient for patient in earliest if patient and patient not in start]
        assumed = []
        if without and not start:
            assumed = [Problem("file_start_assumed", "warning", None, "", "start_date", "")]
        elif without:
            assumed = [
                Problem("patient_start_assumed", "warning", None, p, "start_date", earliest[p].isoformat())
                for p in without
            ]
        return cls(columns, partial_dates, {**earliest, **start}, assumed)

    def day(self, cells: Sequence[str], found: Finding) -> float | Problem:
        """Return the day of a row, or what is wrong with it."""
        text = cells[self._date].strip()
        read = read_date(text, self._partial_dates)
        if read is None:
            return found("row_partial_date" if is_partial(text) else "row_bad_date", "date", text)
        start = self.start[found.patient]
        wrong = self._wrong_start(cells, start)
        if wrong:
            return found("row_start_differs", "start_date", wrong, expected=start.isoformat())
        day = float((read.date - start).days)
        if abs(day) > MAX_DAYS:
            return found("row_bad_date", "date", text)
        if read.imputed:
            self.problems.append(found.warning("row_date_imputed", "date", text, date=read.date.isoformat()))
        return day

    def _wrong_start(self, cells: Sequence[str], start: datetime.date) -> str:
        """Return a reference date that is none or differs from the patient's; an empty cell repeats it."""
        text = "" if self._start is None else cells[self._start].strip()
        if not text:
            return ""
        read = read_date(text, self._partial_dates)
        return "" if read is not None and read.date == start else text


@lru_cache(maxsize=65536)
def read_day(text: str) -> float | None:
    """Read a number of days, None when it is none."""
    try:
        day = float(text)
    except ValueError:
        return None
    return day if math.isfinite(day) and abs(day) <= MAX_DAYS and "_" not in text else None
