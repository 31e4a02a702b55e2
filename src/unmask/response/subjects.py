"""The subject file of an assessment: arm, reference date, death, last contact and further therapy of each patient."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unmask.errors import DataError
from unmask.response.dates import PartialDates, checked, is_partial, read_date
from unmask.response.lesion_days import MAX_DAYS, read_day
from unmask.response.lesion_rows import LesionRows
from unmask.response.problems import Finding, Problem
from unmask.response.table_file import read_table

SOURCE = "patients"
"""What findings about this file have as their dataset."""

_EVENTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "death": (("death_day",), ("death_date", "dthdt", "dthdtc")),
    "last_known": (("last_known_day", "censor_day"), ("last_known_date", "lstalvdt", "eosdt")),
    "new_therapy": (("new_therapy_day", "subsequent_therapy_day"), ("new_therapy_date",)),
}
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "patient": ("patient", "patient_id", "subject", "usubjid"),
    "arm": ("arm", "treatment", "trt01p", "actarm"),
    "start_date": ("start_date", "randomisation_date", "randdt", "rfstdtc", "trtsdt"),
    **{f"{name}_day": days for name, (days, _) in _EVENTS.items()},
    **{f"{name}_date": dates for name, (_, dates) in _EVENTS.items()},
}


@dataclass(frozen=True)
class Subjects:
    """The patients of a subject file; days are counted from the reference date (day 0), NaN = did not happen."""

    patients: tuple[str, ...]
    start_date: Mapping[str, datetime.date | None]
    arm: Mapping[str, str]
    death_day: Mapping[str, float]
    last_known_day: Mapping[str, float]
    new_therapy_day: Mapping[str, float]
    extra: Mapping[str, Mapping[str, str]]
    """Other columns: name -> patient -> value."""
    problems: tuple[Problem, ...]

    @property
    def columns(self) -> dict[str, Mapping[str, str]]:
        """The arm and the other columns, by name."""
        return {**self.extra, **({"arm": self.arm} if self.arm else {})}

    @property
    def known_start_dates(self) -> dict[str, datetime.date]:
        """Patient -> reference date, of those who have one."""
        return {patient: date for patient, date in self.start_date.items() if date is not None}


@dataclass(frozen=True)
class _Subject:
    start: datetime.date | None
    days: Mapping[str, float]


def read_subjects(
    path: str | Path, *, partial_dates: PartialDates = "refuse", strict: bool = False
) -> Subjects:
    """Read a subject file: CSV, Parquet, XPT or Dataset-JSON, one row per patient; SDTM DM and ADSL are such files.

    Parameters
    ----------
    path
        The file; ``docs/response-input.md`` lists its columns.
    partial_dates
        What a date without day or month becomes.
    strict
        Take warnings as errors.

    Raises
    ------
    DataError
        When the file cannot be used at all or no row of it can. Single bad rows are findings in ``problems``; the
        patient then is as if the file did not name him.
    """
    file = Path(path)
    table = read_table(file)
    columns = table.columns(_ALIASES, (("patient",),))
    known = set(columns.values())
    others = [(i, name) for i, name in enumerate(table.header) if i not in known and name]
    imputation = checked(partial_dates)
    subjects: dict[str, _Subject] = {}
    first_row: dict[str, int] = {}
    arms: dict[str, str] = {}
    extra: dict[str, dict[str, str]] = {name: {} for _, name in others}
    problems: list[Problem] = []
    for row, cells in table.records:
        patient = cells[columns["patient"]].strip() if len(cells) > columns["patient"] else ""
        found = Finding(row, patient, ",".join(cells), SOURCE)
        if len(cells) != len(table.header):
            problems.append(found("row_wrong_length", "", len(cells), expected=len(table.header)))
            continue
        if not patient:
            problems.append(found("row_no_patient", "patient", ""))
            continue
        if patient in subjects:
            problems.append(found("row_patient_twice", "patient", patient, other=first_row[patient]))
            continue
        written = {name: cells[at].strip() for name, at in columns.items()}
        subject, findings = _subject(written, found, imputation)
        if strict:
            findings = [replace(finding, severity="error") for finding in findings]
        problems += findings
        if any(finding.severity == "error" for finding in findings):
            continue
        subjects[patient] = subject
        first_row[patient] = row
        arms[patient] = written.get("arm", "")
        for i, name in others:
            extra[name][patient] = cells[i].strip()
    if not subjects:
        raise DataError("response.no_subject_usable", file=file, count=len(problems), first=problems[0])
    return Subjects(
        patients=tuple(subjects),
        start_date={patient: subject.start for patient, subject in subjects.items()},
        arm=arms if "arm" in columns else {},
        **{
            f"{name}_day": {patient: subject.days[name] for patient, subject in subjects.items()}
            for name in _EVENTS
        },
        extra=extra,
        problems=tuple(problems),
    )


def _subject(
    written: Mapping[str, str], found: Finding, partial_dates: PartialDates
) -> tuple[_Subject, list[Problem]]:
    findings: list[Problem] = []
    text = written.get("start_date", "")
    start = _date("start_date", text, found, partial_dates, findings)
    days = {}
    for name in _EVENTS:
        day = math.nan
        text = written.get(f"{name}_day", "")
        dated = written.get(f"{name}_date", "")
        if text:
            read = read_day(text)
            if read is None:
                findings.append(found("row_bad_day", f"{name}_day", text, limit=MAX_DAYS))
            else:
                day = read
        elif dated:
            date = _date(f"{name}_date", dated, found, partial_dates, findings)
            if date is not None and start is None:
                findings.append(found("row_no_start", f"{name}_date", dated))
            elif date is not None and start is not None:
                day = float((date - start).days)
        if day < 0:
            findings.append(found("row_before_start", f"{name}_day", text or dated, day=f"{day:g}"))
        days[name] = day
    if days["last_known"] > days["death"]:
        findings.append(
            found.warning(
                "row_known_after_death",
                "last_known_day",
                f"{days['last_known']:g}",
                death=f"{days['death']:g}",
            )
        )
    return _Subject(start, days), findings


def _date(
    column: str, text: str, found: Finding, partial_dates: PartialDates, findings: list[Problem]
) -> datetime.date | None:
    if not text:
        return None
    read = read_date(text, partial_dates)
    if read is None:
        findings.append(found("row_partial_date" if is_partial(text) else "row_bad_date", column, text))
        return None
    if read.imputed:
        findings.append(found.warning("row_date_imputed", column, text, date=read.date.isoformat()))
    return read.date


def without_rows_after_death(read: LesionRows, subjects: Subjects) -> LesionRows:
    """Leave out measurements dated after the patient's death: no such scan was made, so one of the dates is wrong."""
    late = {
        (row.source, row.row): row.finding("row_after_death", "day", f"{row.day:g}", death=f"{death:g}")
        for row in read.rows
        if row.day > (death := subjects.death_day.get(row.patient, math.nan))
    }
    rows = tuple(row for row in read.rows if (row.source, row.row) not in late)
    return replace(read, rows=rows, problems=(*read.problems, *late.values()))


def without_subject(file: Path | None, subjects: Subjects, patients: Sequence[str]) -> list[Problem]:
    """Return the finding that some patients with lesions are not in the subject file, or nothing.

    Raises
    ------
    DataError
        ``response.no_subject_matches`` when no patient is in both files.
    """
    known = set(subjects.patients)
    missing = [patient for patient in patients if patient not in known]
    if len(missing) == len(patients):
        raise DataError(
            "response.no_subject_matches", file=file, lesions=patients[0], subject=subjects.patients[0]
        )
    if not missing:
        return []
    details: dict[str, object] = {"examples": ", ".join(missing[:5])}
    number = str(len(missing))
    code = "file_patients_without_subject"
    return [Problem(code, "warning", None, "", "patient", number, details=details, source=SOURCE)]


def contradictions(subjects: Subjects, columns: Mapping[str, Mapping[str, str]]) -> list[Problem]:
    """Return a finding for each patient whom the two files put into different arms."""
    arms = next((values for name, values in columns.items() if name.lower() == "arm"), {})
    return [
        Problem(
            "patient_arm_differs",
            "warning",
            None,
            patient,
            "arm",
            arms[patient],
            details={"other": arm},
            source=SOURCE,
        )
        for patient, arm in subjects.arm.items()
        if arm and arms.get(patient, arm) not in ("", arm)
    ]


def without_lesions(subjects: Subjects, patients: Sequence[str]) -> list[Problem]:
    """Return the finding that some patients of the subject file have no lesions, or nothing."""
    measured = set(patients)
    missing = [patient for patient in subjects.patients if patient not in measured]
    if not missing:
        return []
    details: dict[str, object] = {"examples": ", ".join(missing[:5])}
    return [
        Problem(
            "file_patients_without_lesions",
            "warning",
            None,
            "",
            "patient",
            str(len(missing)),
            details=details,
            source=SOURCE,
        )
    ]
