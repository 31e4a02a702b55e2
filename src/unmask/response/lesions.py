"""From lesion measurements to dense arrays: patients x visits x lesions.

Conventions, also stated in ``docs/response-input.md``:

* Baseline of a lesion is its last measurement at day 0 or before. A file that has a day 1 but no day 0
  counts days as clinical tables do (day 1 = first dose, the day before is -1): there the baseline may also be
  on day 1. Days that were counted from dates have a day 0.
* A visit is one patient on one day after baseline. A target without a row at a visit was not measured.
* Earlier measurements before treatment are kept out and counted as superseded.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unmask.errors import DataError
from unmask.response.dates import PartialDates, checked
from unmask.response.history import History
from unmask.response.lesion_rows import TENTH, LesionRow, LesionRows, read_rows, to_tenths
from unmask.response.measurements import MICROMETRES, TENTHS, Measurements
from unmask.response.other_lesions import NewLesions, NonTargets
from unmask.response.problems import Problem
from unmask.response.rules import Rules
from unmask.response.strict import read_strictly, strict_history
from unmask.response.verdicts import Verdicts, judge

__all__ = ["LesionTable", "arrange", "read_lesions", "to_tenths"]


@dataclass(frozen=True)
class LesionTable:
    """Lesion measurements, arranged: those of the patients who can be assessed, and what was wrong."""

    patients: tuple[str, ...]
    """Identifiers of the N patients who can be assessed, in order of appearance."""
    unusable: tuple[str, ...]
    """Patients without a usable baseline."""
    measurements: Measurements
    """The N patients at up to V visits after baseline with up to L targets; days as the file counts them."""
    targets: tuple[Mapping[str, LesionRow], ...]
    """Baseline row of every target lesion of each of the N patients, by name, in the order of the arrays."""
    baseline_day: NDArray[np.float64]
    """(N,) day of the latest baseline measurement."""
    extra: Mapping[str, Mapping[str, str]]
    """Other columns of the file that do not change within a patient: name -> patient -> value."""
    problems: tuple[Problem, ...]
    baseline_until: int
    """Last day that may hold a baseline."""
    rows_read: int
    rows_used: int
    rows_superseded: int
    """Measurements before treatment that a later baseline replaced."""
    rows_finer: int
    """Measurements with more than one decimal; one of them, and lengths are held in micrometres."""
    strict: bool = False
    """Whether warnings were taken as errors."""
    start_date: Mapping[str, datetime.date] = field(default_factory=dict)
    """Date of day 0 of each patient, where there are dates."""
    visit_names: Mapping[tuple[str, float], tuple[str, str]] = field(default_factory=dict)
    """(patient, day) -> number and name of the visit, where the data name visits."""
    records: Mapping[str, int] = field(default_factory=dict)
    """Records of datasets that became no row of their own: why -> how many."""

    @property
    def since_start(self) -> Measurements:
        """The measurements with days since the reference day, whichever way the file counts them."""
        m, shift = self.measurements, self.baseline_until
        return replace(m, day=m.day - shift, new_since=m.new_since - shift, newest_day=m.newest_day - shift)

    def judged(self, rules: Rules) -> Verdicts:
        """Return the verdicts on the lengths as written.

        Rounding first would move what stands beside a threshold (4.95 mm of growth are not 5).
        """
        return judge(self.since_start, rules)

    @property
    def rows_left_out(self) -> int:
        """Rows that an error took out; rows read = used + superseded + these."""
        return len({p.bad_row for p in self.problems} - {None})


def read_lesions(
    path: str | Path,
    *,
    rules: Rules | None = None,
    baseline_until: int | None = None,
    strict: bool = False,
    partial_dates: PartialDates = "refuse",
    start_dates: Mapping[str, datetime.date] | None = None,
) -> LesionTable:
    """Read a lesion CSV or Parquet file into visits.

    Parameters
    ----------
    path
        Table with the columns ``patient``, ``day`` or ``date``, ``diameter_mm`` and those that
        ``docs/response-input.md`` lists; other columns are kept as they are.
    rules
        Options; the size below which a node is normal and the one of a lesion too small to measure are used here.
    baseline_until
        Last day that may hold a baseline (default: 0, or 1 in files without a day 0; see the module).
    strict
        Take every warning as an error: its row is left out, or its patient.
    partial_dates
        What becomes of a date without day or month: its ``"first"`` day, its ``"last"``, or a bad row.
    start_dates
        Patient -> date of day 0, for files with dates.

    Raises
    ------
    DataError
        When the file or every patient in it is unusable (exit code 3). Single bad rows are findings in
        ``problems`` instead.
    """
    file = Path(path)
    read = read_rows(file, partial_dates=checked(partial_dates), start_dates=start_dates)
    return arrange(file, read, rules=rules, baseline_until=baseline_until, strict=strict)


def arrange(
    file: Path,
    read: LesionRows,
    *,
    rules: Rules | None = None,
    baseline_until: int | None = None,
    strict: bool = False,
) -> LesionTable:
    """Arrange rows, wherever they were read, into visits; parameters and errors as of :func:`read_lesions`."""
    usual = 0 if read.dated else _baseline_until(read.rows)
    until = usual if baseline_until is None else baseline_until
    rules = rules or Rules()
    refused: frozenset[str] = frozenset()
    if strict:
        read, refused = read_strictly(read)
    by_patient: dict[str, list[LesionRow]] = defaultdict(list)
    for row in read.rows:
        by_patient[row.patient].append(_with_size(row, rules))
    histories = [
        strict_history(name, rows, until, name in refused) if strict else History.of(name, rows, until)
        for name, rows in by_patient.items()
    ]
    problems = [*read.problems, *(p for history in histories for p in history.problems)]
    usable = [history for history in histories if history.usable]
    if not usable:
        errors = [p for p in problems if p.severity == "error"]
        raise DataError(
            "response.nothing_usable", file=file, count=len(errors), first=errors[0] if errors else ""
        )
    assessed = {history.patient for history in usable}
    unusable = tuple(p for p in read.patients if p not in assessed)
    table = _arrange(usable, unusable, read, problems, until, rules)
    return replace(table, strict=strict)


def _with_size(row: LesionRow, rules: Rules) -> LesionRow:
    """Give a lesion that is seen but too small to measure the size the rules set (Eisenhauer 2009, 4.3.2)."""
    if row.state == "too small" and row.micrometres < 0:
        return replace(row, micrometres=rules.too_small_tenths * TENTH)
    return row


def _baseline_until(rows: Iterable[LesionRow]) -> int:
    days = {row.day for row in rows if 0 <= row.day <= 1}
    return 1 if 1 in days and 0 not in days else 0


def _arrange(
    histories: Sequence[History],
    unusable: tuple[str, ...],
    read: LesionRows,
    problems: Sequence[Problem],
    until: int,
    rules: Rules,
) -> LesionTable:
    patients = len(histories)
    days = [sorted({row.day for row in history.later}) for history in histories]
    visits = max(map(len, days))
    lesions = max(len(history.targets) for history in histories)
    day = np.full((patients, visits), np.nan)
    baseline = np.full((patients, lesions), -1, dtype=np.int64)
    nodal = np.zeros((patients, lesions), dtype=bool)
    target = np.full((patients, visits, lesions), -1, dtype=np.int64)
    per_millimetre = MICROMETRES if read.finer else TENTHS
    unit = MICROMETRES // per_millimetre
    non_targets = NonTargets.empty(patients, visits)
    new = NewLesions.empty(patients, visits)
    new_symptoms = np.zeros((patients, visits), dtype=bool)
    for n, history in enumerate(histories):
        day[n, : len(days[n])] = days[n]
        place = {d: v for v, d in enumerate(days[n])}
        slot = {lesion: i for i, lesion in enumerate(history.targets)}
        for lesion, row in history.targets.items():
            baseline[n, slot[lesion]] = row.micrometres // unit
            nodal[n, slot[lesion]] = row.nodal
        for row in history.later:
            if row.kind == "target":
                target[n, place[row.day], slot[row.lesion]] = row.micrometres // unit
            new_symptoms[n, place[row.day]] |= row.new_symptoms
        by_visit: list[list[LesionRow]] = [[] for _ in days[n]]
        for row in history.later:
            by_visit[place[row.day]].append(row)
        non_targets.fill(n, history.others, by_visit, rules)
        new.fill(n, by_visit)
    measurements = Measurements.of(
        baseline,
        target,
        day,
        nodal=nodal,
        non_target_present=np.array([bool(history.others) for history in histories]),
        non_target=non_targets.code,
        non_target_increase=non_targets.increase,
        new_count=new.count,
        newest_day=new.newest,
        new_target_sum=new.target_sum // unit,  # -1 stays -1
        new_non_target_increase=new.rest_increase,
        new_since=new.since,
        new_symptoms=new_symptoms,
        per_millimetre=per_millimetre,
    )
    return LesionTable(
        patients=tuple(history.patient for history in histories),
        unusable=unusable,
        measurements=measurements,
        targets=tuple(history.targets for history in histories),
        baseline_day=np.array(
            [max(row.day for row in [*h.targets.values(), *h.others.values()]) for h in histories]
        ),
        extra=read.extra,
        problems=tuple(problems),
        baseline_until=until,
        rows_read=read.rows_read,
        rows_used=sum(history.used for history in histories),
        rows_superseded=sum(history.superseded for history in histories),
        rows_finer=read.finer,
        start_date=read.start_date,
        visit_names=read.visit_names,
        records=read.records,
    )
