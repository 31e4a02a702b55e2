"""One patient's rows of a lesion file, sorted out: baseline, later visits, and what is wrong with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from unmask.response.lesion_rows import MOST_PER_ORGAN, MOST_TARGETS, LesionRow
from unmask.response.problems import Problem

OLDEST_BASELINE_DAYS = 28


@dataclass(frozen=True)
class History:
    """One patient's rows, sorted out: what can be used and what is wrong."""

    patient: str
    targets: Mapping[str, LesionRow]
    """Lesion -> its baseline row."""
    others: Mapping[str, LesionRow]
    """Non-target lesion -> its baseline row."""
    later: Sequence[LesionRow]
    """Rows after baseline, in order of day."""
    superseded: int
    problems: Sequence[Problem]

    @property
    def usable(self) -> bool:
        """Whether the patient has a baseline to follow."""
        return bool(self.targets or self.others)

    @classmethod
    def of(cls, patient: str, rows: Sequence[LesionRow], until: int) -> History:
        """Sort out the rows of one patient; ``until`` is the last day that may hold a baseline."""
        problems: list[Problem] = []
        if any(a.day > b.day for a, b in pairwise(rows)):
            problems.append(Problem("patient_days_disordered", "warning", None, patient, "day", ""))
        kept = _without_repeats(_of_one_kind(rows, problems), problems)
        targets: dict[str, LesionRow] = {}
        others: dict[str, LesionRow] = {}
        later: list[LesionRow] = []
        superseded = 0
        by_lesion: dict[str, list[LesionRow]] = defaultdict(list)
        for row in kept:
            by_lesion[row.lesion].append(row)
        without: list[LesionRow] = []
        for lesion, its in by_lesion.items():
            before = [row for row in its if row.day <= until]
            after = [row for row in its if row.day > until]
            if its[0].kind == "new":
                problems += [
                    _error("row_new_at_baseline", row, "kind", "new", day=f"{row.day:g}") for row in before
                ]
                later += after
                continue
            if its[0].kind == "target":
                measured = [row for row in before if row.tenths >= 0]
                if not measured:
                    without += its
                    continue
                if measured[-1].tenths == 0:
                    problems += [_error("row_zero_baseline", row, "diameter", _mm(row)) for row in its]
                    continue
                targets[lesion] = measured[-1]
            else:
                if not before:
                    without += its
                    continue
                others[lesion] = before[-1]
            superseded += len(before) - 1
            later += after
        for row in without:
            code = "row_no_baseline_lesion" if targets or others else "row_no_baseline_patient"
            problems.append(_error(code, row, "day", f"{row.day:g}", until=until))
        if not (targets or others):
            problems += [
                _error("row_no_baseline_patient", r, "day", f"{r.day:g}", until=until) for r in later
            ]
            later = []
        later.sort(key=lambda row: row.day)
        problems += _warnings(patient, targets, bool(later), bool(targets or others))
        return cls(patient, targets, others, later, superseded, problems)


def _error(code: str, row: LesionRow, column: str, value: object, **details: object) -> Problem:
    return Problem(
        code,
        "error",
        row.row,
        row.patient,
        column,
        str(value),
        row.original,
        {"lesion": row.lesion, **details},
    )


def _mm(row: LesionRow) -> str:
    return "" if row.tenths < 0 else f"{row.tenths / 10:g}"


def _of_one_kind(rows: Sequence[LesionRow], problems: list[Problem]) -> list[LesionRow]:
    first: dict[str, LesionRow] = {}
    kept = []
    for row in rows:
        known = first.setdefault(row.lesion, row)
        if row.kind == known.kind:
            kept.append(row)
        else:
            problems.append(
                _error("row_kind_changes", row, "kind", row.kind, expected=known.kind, other=known.row)
            )
    return kept


def _without_repeats(rows: Sequence[LesionRow], problems: list[Problem]) -> list[LesionRow]:
    """Sort by day; leave out copies of a measurement, and all of those that contradict each other."""
    same: dict[tuple[float, str], list[LesionRow]] = defaultdict(list)
    for row in rows:
        same[row.day, row.lesion].append(row)
    kept = []
    for (day, _), copies in same.items():
        values = {(row.tenths, row.state) for row in copies}
        if len(values) == 1:
            kept.append(copies[0])
            problems += [
                _error("row_duplicate", row, "day", f"{day:g}", day=f"{day:g}", other=copies[0].row)
                for row in copies[1:]
            ]
        else:
            where = ", ".join(str(row.row) for row in copies)
            problems += [
                _error(
                    "row_conflict", row, "diameter", _mm(row), day=f"{day:g}", rows=where, count=len(values)
                )
                for row in copies
            ]
    return sorted(kept, key=lambda row: row.day)


def _warnings(
    patient: str, targets: Mapping[str, LesionRow], followed: bool, usable: bool
) -> Iterable[Problem]:
    for lesion, row in targets.items():
        if not row.measurable:
            details = {"lesion": lesion, "expected": f"{row.smallest_measurable / 10:g}"}
            yield replace(
                _error("row_small_target", row, "diameter", _mm(row), **details), severity="warning"
            )
        if -row.day > OLDEST_BASELINE_DAYS:
            age = f"{-row.day:g}"
            yield replace(_error("row_old_baseline", row, "day", f"{row.day:g}", age=age), severity="warning")
    if len(targets) > MOST_TARGETS:
        yield Problem("patient_many_targets", "warning", None, patient, "lesion", str(len(targets)))
    organs = [row.organ for row in targets.values() if row.organ]
    for organ in dict.fromkeys(organs):
        if organs.count(organ) > MOST_PER_ORGAN:
            yield Problem(
                "patient_many_targets_organ",
                "warning",
                None,
                patient,
                "organ",
                str(organs.count(organ)),
                details={"organ": organ},
            )
    if usable and not followed:
        yield Problem("patient_no_follow_up", "warning", None, patient, "day", "")
