"""Non-target and new lesions of a lesion file, visit by visit (Eisenhauer 2009 section 4.3; Seymour 2017)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from unmask.response.codes import Codes, Response
from unmask.response.lesion_checks import organ_key
from unmask.response.lesion_rows import MOST_PER_ORGAN, MOST_TARGETS, TENTH, LesionRow
from unmask.response.measurements import Bools, Days, Tenths
from unmask.response.rules import Rules


@dataclass(frozen=True)
class NonTargets:
    """Non-target response of N patients at V visits; filled patient by patient while reading."""

    code: Codes
    """(N, V) :class:`Response`; NE where there is no visit."""
    increase: Bools
    """(N, V) a measured non-target lesion is larger than when it was last measured."""

    @classmethod
    def empty(cls, patients: int, visits: int) -> Self:
        """Return arrays in which nothing was evaluated."""
        return cls(
            np.full((patients, visits), Response.NE, dtype=np.int8), np.zeros((patients, visits), dtype=bool)
        )

    def fill(
        self,
        patient: int,
        baseline: Mapping[str, LesionRow],
        visits: Sequence[Sequence[LesionRow]],
        rules: Rules,
    ) -> None:
        """Enter one patient: ``baseline`` rows by lesion, and the rows of each visit."""
        last = {lesion: row.micrometres for lesion, row in baseline.items()}
        for v, rows in enumerate(visits):
            seen = {row.lesion: row for row in rows if row.kind == "non-target"}
            states = [_state(seen.get(lesion), rules) for lesion in baseline]
            self.code[patient, v] = _combine(states)
            for lesion, row in seen.items():
                self.increase[patient, v] |= row.state == "increased"
                if row.micrometres >= 0:
                    self.increase[patient, v] |= 0 <= last[lesion] < row.micrometres
                    last[lesion] = row.micrometres


def _state(row: LesionRow | None, rules: Rules) -> Response:
    if row is None or row.state == "not evaluated":
        return Response.NE
    if row.state == "progression":
        return Response.PD
    normal_node = row.nodal and 0 <= row.micrometres < rules.normal_node_tenths * TENTH
    if row.state == "absent" or row.micrometres == 0 or normal_node:
        return Response.CR
    seen = row.micrometres > 0 or row.state in ("present", "increased", "too small")
    return Response.NON_CR_NON_PD if seen else Response.NE


def _combine(states: Sequence[Response]) -> Response:
    if Response.PD in states:
        return Response.PD
    if not states or Response.NE in states:
        return Response.NE
    return Response.NON_CR_NON_PD if Response.NON_CR_NON_PD in states else Response.CR


@dataclass(frozen=True)
class NewLesions:
    """New lesions of N patients at V visits; the arrays are filled patient by patient while reading."""

    count: Tenths
    """(N, V) new lesions seen and not gone; without a row at a visit one is taken to be still there."""
    newest: Days
    """(N, V) day on which the newest of them was first seen, NaN where there is none."""
    target_sum: Tenths
    """(N, V) sum of the new targets (up to 5, 2 per organ, 10 mm or more) in micrometres, -1 = not all measured."""
    rest_increase: Bools
    """(N, V) a new non-target lesion is larger than when it was last measured."""
    since: Days
    """(N, V) day of the first equivocal sighting of the new lesions of this visit, NaN where there was none."""

    @classmethod
    def empty(cls, patients: int, visits: int) -> Self:
        """Return arrays without new lesions."""
        shape = (patients, visits)
        return cls(
            np.zeros(shape, dtype=np.int64),
            np.full(shape, np.nan),
            np.full(shape, -1, dtype=np.int64),
            np.zeros(shape, dtype=bool),
            np.full(shape, np.nan),
        )

    def fill(self, patient: int, visits: Sequence[Sequence[LesionRow]]) -> None:
        """Enter one patient: the rows of each visit after baseline."""
        there: dict[str, bool] = {}
        first: dict[str, float] = {}
        last: dict[str, int] = {}
        suspected: dict[str, float] = {}
        followed: list[str] = []
        organs: Counter[str] = Counter()
        for v, rows in enumerate(visits):
            new = [row for row in rows if row.kind == "new" and row.state != "not evaluated"]
            for row in sorted(new, key=lambda row: -row.micrometres):
                if row.state == "equivocal":
                    suspected.setdefault(row.lesion, row.day)
                    continue
                if (
                    row.lesion not in there
                    and not row.gone
                    and len(followed) < MOST_TARGETS
                    and row.measurable
                ):
                    organ = organ_key(row)
                    if not organ or organs[organ] < MOST_PER_ORGAN:
                        followed.append(row.lesion)
                        organs[organ] += 1
                if row.lesion in there or not row.gone:
                    there[row.lesion] = not row.gone
                    first.setdefault(row.lesion, row.day)
                if row.micrometres >= 0:
                    grew = row.lesion in last and row.micrometres > last[row.lesion]
                    self.rest_increase[patient, v] |= grew and row.lesion not in followed
                    last[row.lesion] = row.micrometres
            self.count[patient, v] = sum(there.values())
            self.newest[patient, v] = max((first[x] for x in there if there[x]), default=np.nan)
            doubts = [suspected[lesion] for lesion in there if there[lesion] and lesion in suspected]
            self.since[patient, v] = min(doubts, default=np.nan)
            size = {row.lesion: 0 if row.gone or row.merged_into else row.micrometres for row in new}
            if followed and all(size.get(lesion, -1) >= 0 for lesion in followed):
                self.target_sum[patient, v] = sum(size[lesion] for lesion in followed)
