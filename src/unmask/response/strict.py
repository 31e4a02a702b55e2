"""Strict reading: every warning is an error, and what it concerns is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from unmask.response.history import History
from unmask.response.lesion_rows import LesionRow, LesionRows
from unmask.response.problems import Problem

OUTCOMES = ("patient_no_follow_up",)
"""Warnings that stay warnings: an early death is no mistake of the data, and to leave it out would be a bias."""


@dataclass(frozen=True)
class Refused:
    """What a file's own warnings take out before its patients are looked at."""

    rows: frozenset[tuple[str, int]]
    patients: frozenset[str]
    everyone: bool

    @classmethod
    def by(cls, problems: Iterable[Problem]) -> Refused:
        """Sort errors by what they concern: a row of measurements, a patient, or the file."""
        errors = [p for p in problems if p.severity == "error"]
        beyond = [p for p in errors if p.bad_row is None]
        return cls(
            frozenset(p.bad_row for p in errors if p.bad_row is not None),
            frozenset(p.patient for p in beyond if p.patient),
            any(not p.patient and p.code.startswith("file_start") for p in beyond),
        )


def as_error(problem: Problem) -> Problem:
    """Return a warning as the error that strict reading makes of it."""
    return replace(problem, severity="error")


def read_strictly(read: LesionRows) -> tuple[LesionRows, frozenset[str]]:
    """Turn the warnings of reading into errors and leave out their rows; also return the patients they refuse."""
    problems = tuple(map(as_error, read.problems))
    refused = Refused.by(problems)
    rows = tuple(row for row in read.rows if (row.source, row.row) not in refused.rows)
    patients = frozenset(read.patients) if refused.everyone else refused.patients
    return replace(read, rows=rows, problems=problems), patients


def strict_history(patient: str, rows: Sequence[LesionRow], until: int, refused: bool) -> History:
    """Sort out a patient's rows until nothing is left to warn of.

    A row that is warned of goes; when it is the baseline of a lesion, so do the lesion's other rows, since an older
    measurement would otherwise silently become its baseline. A warning about the patient takes all rows.
    """
    found: list[Problem] = []
    while not refused:
        history = History.of(patient, rows, until)
        warnings = [p for p in history.problems if p.severity == "warning" and p.code not in OUTCOMES]
        if not warnings:
            return replace(history, problems=[*found, *history.problems])
        found += map(as_error, warnings)
        left_out = {p.row for p in warnings if p.row is not None}
        if not left_out:
            break
        baselines = [*history.targets.values(), *history.others.values()]
        lesions = {row.lesion for row in baselines if row.row in left_out}
        found += [
            row.finding("row_lesion_refused", "lesion", row.lesion)
            for row in rows
            if row.lesion in lesions and row.row not in left_out
        ]
        rows = [row for row in rows if row.row not in left_out and row.lesion not in lesions]
    found += [row.finding("row_patient_refused", "patient", patient) for row in rows]
    return History(patient, {}, {}, (), 0, 0, found)
