"""What is unusual about one patient's rows, though they can be used: the warnings of a lesion file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from unmask.response.lesion_rows import MOST_PER_ORGAN, MOST_TARGETS, LesionRow
from unmask.response.problems import Problem

OLDEST_BASELINE_DAYS = 28
# Limits of ours: no lesion of these sizes changes so fast between two scans that a slip of the pen (a lost decimal
# point, centimetres) is not likelier.
JUMP_FACTOR = 10
JUMP_TENTHS = 1000
DIP_RETURN = 2
"""A dip to less than a tenth that comes back to at least 1/2 of what was there."""
SIDES = frozenset({"left", "right", "bilateral", "both", "lt", "rt", "l", "r"})
NODES = "lymph nodes"


def organ_key(row: LesionRow) -> str:
    """Return the organ as RECIST counts it: all lymph nodes are one organ, and so are paired organs (EORTC Q&A)."""
    if row.nodal:
        return NODES
    words = "".join(c if c.isalnum() else " " for c in row.organ.lower()).split()
    return " ".join(word.removesuffix("s") for word in words if word not in SIDES)


def in_file_order(rows: Sequence[LesionRow]) -> Iterable[Problem]:
    """Find rows that are earlier than the row of the same lesion before them, and lesions that move."""
    latest: dict[str, LesionRow] = {}
    located: dict[str, LesionRow] = {}
    moved: set[str] = set()
    for row in rows:
        before = latest.get(row.lesion)
        if before is not None and row.day < before.day:
            yield row.warning(
                "row_days_disordered",
                "day",
                f"{row.day:g}",
                other=before.row,
                day=f"{before.day:g}",
            )
        else:
            latest[row.lesion] = row
        if not row.organ and not row.nodal:
            continue
        first = located.setdefault(row.lesion, row)
        if organ_of(row) != organ_of(first) and row.lesion not in moved:
            moved.add(row.lesion)
            details = {"expected": _place(first), "other": first.row}
            yield row.warning("row_location_changes", "organ", _place(row), **details)


def organ_of(row: LesionRow) -> tuple[str, bool]:
    """Return what must not change from visit to visit."""
    return row.organ.lower(), row.nodal


def _place(row: LesionRow) -> str:
    return f"{row.organ or 'no organ'}{' (node)' if row.nodal else ''}"


def at_baseline(targets: Mapping[str, LesionRow]) -> Iterable[Problem]:
    """Check the target lesions at baseline: size, age, number, number in an organ, nodes not marked as such."""
    organs: dict[str, int] = defaultdict(int)
    ordered = sorted(targets.values(), key=lambda row: row.row)
    for count, row in enumerate(ordered, start=1):
        if not row.measurable:
            expected = f"{row.smallest_measurable / 10:g}"
            yield row.warning("row_small_target", "diameter", row.millimetres, expected=expected)
        if -row.day > OLDEST_BASELINE_DAYS:
            age = f"{-row.day:g}"
            yield row.warning("row_old_baseline", "day", f"{row.day:g}", age=age)
        if not row.nodal and {"lymph", "node"} <= set(organ_key(row).split()):
            yield row.warning("row_node_not_marked", "nodal", row.organ)
        if count > MOST_TARGETS:
            yield row.warning("row_many_targets", "lesion", count)
        organ = organ_key(row)
        organs[organ] += 1
        if organ and organs[organ] > MOST_PER_ORGAN:
            shown = NODES if row.nodal else row.organ
            yield row.warning("row_many_targets_organ", "organ", organs[organ], organ=shown)


def over_time(targets: Mapping[str, LesionRow], later: Sequence[LesionRow]) -> Iterable[Problem]:
    """Find target diameters that a slip explains better than the disease."""
    course: dict[str, list[LesionRow]] = {lesion: [row] for lesion, row in targets.items()}
    for row in later:
        if row.kind == "target" and row.tenths >= 0 and row.lesion in course:
            course[row.lesion].append(row)
    for rows in course.values():
        dips = set()
        for before, row, after in zip(rows, rows[1:], rows[2:], strict=False):
            small = 0 < row.tenths * JUMP_FACTOR < before.tenths and row.state != "too small"
            if small and after.tenths * DIP_RETURN >= before.tenths:
                dips.add(row.row)
                details = {"before": before.millimetres, "after": after.millimetres}
                yield row.warning("row_dip", "diameter", row.millimetres, **details)
        for before, row in pairwise(rows):
            leap = 0 < before.tenths * JUMP_FACTOR < row.tenths and before.row not in dips
            if (leap and before.state != "too small") or row.tenths - before.tenths > JUMP_TENTHS:
                yield row.warning(
                    "row_jump",
                    "diameter",
                    row.millimetres,
                    before=before.millimetres,
                    other=before.row,
                )
