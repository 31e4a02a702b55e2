"""Lesions that fall apart and lesions that grow together (Eisenhauer 2009, 4.3.2).

Of a lesion that splits, the diameters of the fragments are added. Of lesions that coalesce, the diameter of the
coalesced lesion is taken, once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from unmask.response.lesion_rows import LesionRow, State
from unmask.response.problems import Problem

_WORST_FIRST: tuple[State, ...] = ("progression", "increased", "present", "too small", "equivocal", "")


@dataclass(frozen=True)
class Whole:
    """Rows of one patient with every lesion in one piece."""

    rows: Sequence[LesionRow]
    pieces: Mapping[int, Sequence[LesionRow]]
    """Row number of a joined row -> the other rows that went into it."""
    problems: Sequence[Problem]


def join_fragments(rows: Sequence[LesionRow]) -> Whole:
    """Put fragments together; ``rows`` are one patient's, in order of day, without copies.

    A fragment that was seen and is not gone must be measured whenever another one of its lesion is; otherwise the
    lesion is not measured at that visit.
    """
    if not any(row.part_of for row in rows):
        return Whole(rows, {}, ())
    whole = {row.lesion: row for row in reversed(rows) if not row.part_of}
    fragments: dict[tuple[float, str], list[LesionRow]] = defaultdict(list)
    problems = []
    for row in rows:
        if row.part_of in whole:
            fragments[row.day, row.part_of].append(row)
        elif row.part_of:
            problems.append(row.finding("row_bad_part", "part_of", row.part_of))
    own = {(row.day, row.lesion): row for row in rows if not row.part_of}
    there: dict[str, set[str]] = defaultdict(set)
    joined, pieces = [], {}
    for key in sorted(dict.fromkeys([*own, *fragments]), key=lambda key: key[0]):
        parts = fragments.get(key, [])
        if not parts:
            joined.append(own[key])
            continue
        if key in own and (own[key].micrometres >= 0 or own[key].state == "not evaluated"):
            parts = [own[key], *parts]
        known = there[key[1]]
        unseen = known - {part.lesion for part in parts}
        known.update(part.lesion for part in parts if part.part_of and not part.gone)
        known.difference_update(part.lesion for part in parts if part.gone)
        first, *others = parts if key not in own or own[key] in parts else [own[key], *parts]
        pattern = whole[key[1]]
        joined.append(
            replace(
                first,
                lesion=key[1],
                micrometres=-1 if unseen else _total(parts),
                state=_state(parts),
                kind=pattern.kind,
                nodal=pattern.nodal,
                organ=pattern.organ,
                part_of="",
            )
        )
        pieces[first.row] = others
    return Whole(joined, pieces, problems)


def _total(parts: Iterable[LesionRow]) -> int:
    sizes = [0 if part.gone else part.micrometres for part in parts]
    return -1 if min(sizes) < 0 else sum(sizes)


def _state(parts: Sequence[LesionRow]) -> State:
    if all(part.gone for part in parts):
        return "absent"
    states = {part.state for part in parts}
    if "progression" not in states and "not evaluated" in states:
        return "not evaluated"
    return next((state for state in _WORST_FIRST if state in states), "")


@dataclass(frozen=True)
class Coalesced:
    """Rows of one patient after baseline in which merged lesions have a row at each visit of their host."""

    kept: Sequence[LesionRow]
    """The rows given, less the refused ones."""
    visits: Sequence[LesionRow]
    """The same with a row of each merged lesion at each visit, instead of those that state the merging."""
    refused: Sequence[LesionRow]
    """Rows that state a merging that cannot be."""


def join_merged(later: Sequence[LesionRow], baseline: Mapping[str, LesionRow]) -> Coalesced:
    """Let lesions that are measured within another one follow it.

    A merged target counts 0 where its host is measured, so that the sum holds the coalesced lesion once, and is not
    measured where the host is not. It is gone when its host is.
    """
    if not any(row.merged_into for row in later):
        return Coalesced(later, later, ())
    kinds = {row.lesion: row.kind for row in [*baseline.values(), *later]}
    host: dict[str, LesionRow] = {}
    kept: list[LesionRow] = []
    visits: list[LesionRow] = []
    refused: list[LesionRow] = []
    by_day: dict[float, list[LesionRow]] = defaultdict(list)
    for row in later:
        by_day[row.day].append(row)
    for day in sorted(by_day):
        rows = {}
        for row in by_day[day]:
            if row.merged_into:
                fits = kinds.get(row.merged_into) == row.kind and row.micrometres <= 0
                if not fits or _root(row.merged_into, host) == row.lesion:
                    refused.append(row)
                    continue
                host[row.lesion] = row
            else:
                host.pop(row.lesion, None)
                rows[row.lesion] = row
            kept.append(row)
        visits += rows.values()
        visits += [
            _within(rows.get(_root(lesion, host)), replace(stated, day=day))
            for lesion, stated in host.items()
        ]
    return Coalesced(kept, visits, refused)


def _root(lesion: str, host: Mapping[str, LesionRow]) -> str:
    while lesion in host:
        lesion = host[lesion].merged_into
    return lesion


def _within(root: LesionRow | None, merged: LesionRow) -> LesionRow:
    if root is None or root.state == "not evaluated" or (root.kind == "target" and root.micrometres < 0):
        return replace(merged, micrometres=-1, state="not evaluated")
    if merged.kind == "target":
        return replace(merged, micrometres=0, state="")
    return replace(merged, micrometres=-1, state="absent" if root.gone else "present")
