"""One patient's rows of a lesion file, sorted out: baseline, later visits, and what is wrong with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unmask.response import lesion_checks
from unmask.response.lesion_rows import LesionRow
from unmask.response.problems import Problem
from unmask.response.split_lesions import join_fragments, join_merged


@dataclass(frozen=True)
class History:
    """One patient's rows, sorted out: what can be used and what is wrong."""

    patient: str
    targets: Mapping[str, LesionRow]
    """Lesion -> its baseline row."""
    others: Mapping[str, LesionRow]
    """Non-target lesion -> its baseline row."""
    later: Sequence[LesionRow]
    """Rows after baseline, in order of day; every lesion in one piece, merged ones with a row wherever their host
    has one."""
    used: int
    """Rows of the file that are in it."""
    superseded: int
    problems: Sequence[Problem]

    @property
    def usable(self) -> bool:
        """Whether the patient has a baseline to follow."""
        return bool(self.targets or self.others)

    @classmethod
    def of(cls, patient: str, rows: Sequence[LesionRow], until: int) -> History:
        """Sort out the rows of one patient; ``until`` is the last day that may hold a baseline."""
        problems = list(lesion_checks.in_file_order(rows))
        whole = join_fragments(_without_repeats(_of_one_kind(rows, problems), problems))
        problems += whole.problems

        def refuse(code: str, refused: Sequence[LesionRow], column: str = "day", **details: object) -> None:
            for joined in refused:
                for row in (joined, *whole.pieces.get(joined.row, ())):
                    value = {
                        "day": f"{row.day:g}",
                        "diameter": row.millimetres,
                        "kind": row.kind,
                        "merged_into": joined.merged_into,
                    }[column]
                    problems.append(row.finding(code, column, value, **{"day": f"{row.day:g}", **details}))

        def numbers(rows: Sequence[LesionRow]) -> set[int]:
            return {r.row for row in rows for r in (row, *whole.pieces.get(row.row, ()))}

        targets: dict[str, LesionRow] = {}
        others: dict[str, LesionRow] = {}
        later: list[LesionRow] = []
        without: list[LesionRow] = []
        superseded: list[LesionRow] = []
        by_lesion: dict[str, list[LesionRow]] = defaultdict(list)
        for row in whole.rows:
            by_lesion[row.lesion].append(row)
        for lesion, its in by_lesion.items():
            early = [row for row in its if row.day <= until]
            after = its[len(early) :]
            before = [row for row in early if not row.merged_into]
            refuse("row_bad_merge", [row for row in early if row.merged_into], "merged_into")
            if its[0].kind == "new":
                refuse("row_new_at_baseline", before, "kind")
                later += after
                continue
            followed = targets if its[0].kind == "target" else others
            eligible = [row for row in before if row.micrometres >= 0] if followed is targets else before
            if not eligible:
                without += its
                continue
            if followed is targets and eligible[-1].micrometres == 0:
                refuse("row_zero_baseline", its, "diameter")
                continue
            followed[lesion] = eligible[-1]
            superseded += [row for row in before if row is not eligible[-1]]
            later += after
        refuse(
            "row_no_baseline_lesion" if targets or others else "row_no_baseline_patient", without, until=until
        )
        if not (targets or others):
            refuse("row_no_baseline_patient", later, until=until)
            return cls(patient, {}, {}, (), 0, 0, problems)
        coalesced = join_merged(sorted(later, key=lambda row: row.day), {**targets, **others})
        refuse("row_bad_merge", coalesced.refused, "merged_into")
        problems += lesion_checks.at_baseline(targets)
        problems += lesion_checks.over_time(targets, coalesced.kept)
        if not coalesced.kept:
            problems.append(Problem("patient_no_follow_up", "warning", None, patient, "day", ""))
        # A record of lesions that grew together is one row of several lesions: bad if it is bad for any of them.
        bad = {p.row for p in problems if p.severity == "error"}
        used = numbers([*targets.values(), *others.values(), *coalesced.kept]) - bad
        old = numbers(superseded) - used - bad
        return cls(patient, targets, others, coalesced.visits, len(used), len(old), problems)


def _of_one_kind(rows: Sequence[LesionRow], problems: list[Problem]) -> list[LesionRow]:
    first: dict[str, LesionRow] = {}
    kept = []
    for row in rows:
        known = first.setdefault(row.lesion, row)
        if row.kind == known.kind:
            kept.append(row)
        else:
            problems.append(
                row.finding("row_kind_changes", "kind", row.kind, expected=known.kind, other=known.row)
            )
    return kept


def _without_repeats(rows: Sequence[LesionRow], problems: list[Problem]) -> list[LesionRow]:
    """Sort by day; leave out copies of a measurement, and all of those that contradict each other."""
    same: dict[tuple[float, str], list[LesionRow]] = defaultdict(list)
    for row in rows:
        same[row.day, row.lesion].append(row)
    kept = []
    for (day, _), copies in same.items():
        first = copies[0]
        if len(copies) == 1:
            kept.append(first)
            continue
        values = {(row.micrometres, row.state, row.part_of, row.merged_into) for row in copies}
        if len(values) == 1:
            kept.append(first)
            problems += [
                row.finding("row_duplicate", "day", f"{day:g}", day=f"{day:g}", other=first.row)
                for row in copies[1:]
            ]
        else:
            where = ", ".join(str(row.row) for row in copies)
            details = {"day": f"{day:g}", "rows": where, "count": len(values)}
            problems += [
                row.finding("row_conflict", "diameter", row.millimetres, **details) for row in copies
            ]
    return sorted(kept, key=lambda row: row.day)
