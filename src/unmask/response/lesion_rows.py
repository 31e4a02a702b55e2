"""Reading a lesion file row by row: every cell is checked, and a bad row is kept as a finding.

Nothing here judges a response; :mod:`unmask.response.lesions` arranges the rows into visits.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Literal

from unmask.response.dates import PartialDates
from unmask.response.lesion_days import DateColumn, DayColumn
from unmask.response.problems import Finding, Problem
from unmask.response.table_file import read_table

Kind = Literal["target", "non-target", "new"]
State = Literal[
    "", "present", "absent", "too small", "progression", "increased", "equivocal", "not evaluated"
]

MAX_DIAMETER_MM = 500
# Eisenhauer 2009, 3.1.1, 4.2 and 4.3.2; Seymour 2017 asks the same of new lesions.
MOST_TARGETS = 5
MOST_PER_ORGAN = 2
SMALLEST_TARGET = 100
"""Longest diameter, tenths of a millimetre."""
SMALLEST_NODE = 150
"""Short axis of a lymph node, tenths of a millimetre."""
TENTH = 100
"""Micrometres of a tenth of a millimetre."""

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "patient": ("patient", "patient_id", "subject", "usubjid"),
    "day": ("day",),
    "date": ("date", "visit_date", "adt", "trdtc"),
    "start_date": ("start_date", "randomisation_date", "randdt", "rfstdtc", "trtsdt"),
    "diameter": ("diameter_mm", "diameter"),
    "lesion": ("lesion", "lesion_id"),
    "organ": ("organ",),
    "nodal": ("nodal", "node"),
    "kind": ("kind",),
    "state": ("state",),
    "part_of": ("part_of", "split_from", "fragment_of"),
    "merged_into": ("merged_into",),
    "new_symptoms": ("new_symptoms",),
}
_REQUIRED = (("patient",), ("day", "date"), ("diameter",))
_NOT_MEASURED = frozenset(
    {"", ".", "na", "n/a", "nan", "ne", "nd", "none", "null", "missing", "not evaluated"}
)
_FLAGS: Mapping[str, bool] = {
    **dict.fromkeys(("1", "1.0", "yes", "y", "true", "t"), True),
    **dict.fromkeys(("", "0", "0.0", "no", "n", "false", "f"), False),
}
_KINDS: Mapping[str, Kind] = {"": "target", "target": "target", "nontarget": "non-target", "new": "new"}
_STATES: Mapping[str, State] = {
    "": "",
    "present": "present",
    "absent": "absent",
    "toosmall": "too small",
    "toosmalltomeasure": "too small",
    "progression": "progression",
    "increased": "increased",
    "equivocal": "equivocal",
    "notevaluated": "not evaluated",
}
# A state says something about one kind of lesion only where another rule would otherwise decide, or nothing would.
_STATE_OF_KIND: Mapping[State, frozenset[Kind]] = {
    "progression": frozenset({"non-target", "new"}),
    "increased": frozenset({"non-target"}),
    "equivocal": frozenset({"new"}),
}


@dataclass(frozen=True, slots=True)
class LesionRow:
    """One measurement of one lesion."""

    row: int
    patient: str
    day: float
    lesion: str
    micrometres: int
    """Diameter as written, in thousandths of a millimetre, -1 = not measured."""
    kind: Kind
    nodal: bool
    organ: str
    state: State
    original: str
    part_of: str = ""
    """The lesion of which this one is a fragment."""
    merged_into: str = ""
    """The lesion within which this one is measured from this visit on."""
    new_symptoms: bool = False
    """The scan was done for new symptoms."""
    source: str = ""
    """Dataset in which ``row`` is counted, "" for a lesion file."""

    @property
    def tenths(self) -> int:
        """Diameter in tenths of a millimetre, rounded half up, -1 = not measured."""
        return -1 if self.micrometres < 0 else (self.micrometres + TENTH // 2) // TENTH

    @property
    def smallest_measurable(self) -> int:
        """Size from which a lesion of this kind is measurable, in tenths of a millimetre."""
        return SMALLEST_NODE if self.nodal else SMALLEST_TARGET

    @property
    def measurable(self) -> bool:
        """Whether it is large enough for a target, or for a new target of iRECIST."""
        return self.tenths >= self.smallest_measurable

    @property
    def gone(self) -> bool:
        """Whether it was looked for and not found."""
        return self.micrometres == 0 or self.state == "absent"

    @property
    def millimetres(self) -> str:
        """The diameter as text, "" when not measured."""
        return "" if self.tenths < 0 else f"{self.tenths / 10:g}"

    def finding(self, code: str, column: str, value: object, **details: object) -> Problem:
        """Return an error about this row."""
        found = Finding(self.row, self.patient, self.original, self.source)
        return found(code, column, value, **{"lesion": self.lesion, **details})

    def warning(self, code: str, column: str, value: object, **details: object) -> Problem:
        """Return a warning about this row."""
        return replace(self.finding(code, column, value, **details), severity="warning")


@dataclass(frozen=True)
class LesionRows:
    """Lesion measurements as read: usable rows, findings, and the extra columns of each patient."""

    rows: tuple[LesionRow, ...]
    problems: tuple[Problem, ...]
    patients: tuple[str, ...]
    """Every patient named in the file, in order of appearance, usable or not."""
    extra: Mapping[str, Mapping[str, str]]
    """Column -> patient -> value, for columns that do not change within a patient."""
    rows_read: int
    finer: int
    """Measurements with more than one decimal; they are judged as written."""
    start_date: Mapping[str, datetime.date] = field(default_factory=dict)
    """Date of day 0 of each patient, where the file has dates."""
    visit_names: Mapping[tuple[str, float], tuple[str, str]] = field(default_factory=dict)
    """(patient, day) -> number and name of the visit, where the data name visits."""
    records: Mapping[str, int] = field(default_factory=dict)
    """Records of datasets that became no row of their own: why -> how many."""

    @property
    def dated(self) -> bool:
        """Whether days were counted from dates, so that day 0 is the reference date itself."""
        return bool(self.start_date)


def read_rows(
    path: Path,
    *,
    partial_dates: PartialDates = "refuse",
    start_dates: Mapping[str, datetime.date] | None = None,
) -> LesionRows:
    """Read a lesion CSV or Parquet file.

    Parameters
    ----------
    path
        The file.
    partial_dates
        What an incomplete date in the file becomes.
    start_dates
        Patient -> date of day 0, for files with dates; it goes before a column of the file.

    Raises
    ------
    DataError
        When the file as a whole cannot be used: missing, a directory, unreadable, empty, not UTF-8 text, not
        a table, a missing column. A bad row raises nothing: it becomes a :class:`Problem`.
    """
    table = read_table(path)
    columns = table.columns(_ALIASES, _REQUIRED)
    days: DayColumn | DateColumn
    if "day" in columns:
        columns = {name: at for name, at in columns.items() if name not in ("date", "start_date")}
        days = DayColumn(columns["day"])
    else:
        days = DateColumn.of(table, columns, partial_dates, start_dates or {})
    known = set(columns.values())
    others = [(i, name) for i, name in enumerate(table.header) if i not in known and name]
    cell_reader = _CellReader(columns, table.decimal_comma)
    rows: list[LesionRow] = []
    problems: list[Problem] = []
    patients: dict[str, None] = {}
    extra: dict[str, dict[str, str]] = {name: {} for _, name in others}
    varying: set[str] = set()
    width = len(table.header)
    for line, cells in table.records:
        patient = cells[columns["patient"]].strip() if len(cells) > columns["patient"] else ""
        found = Finding(line, patient, ",".join(cells))
        if patient:
            patients.setdefault(patient)
        if len(cells) != width:
            problems.append(found("row_wrong_length", "", len(cells), expected=width))
            continue
        for i, name in others:
            value = cells[i].strip()
            if extra[name].setdefault(patient, value) != value:
                varying.add(name)
        if not patient:
            problems.append(found("row_no_patient", "patient", ""))
            continue
        day = days.day(cells, found)
        row = day if isinstance(day, Problem) else cell_reader.row(day, cells, found)
        if isinstance(row, Problem):
            problems.append(row)
        else:
            rows.append(row)
    return LesionRows(
        tuple(rows),
        (*problems, *days.problems),
        tuple(patients),
        {name: values for name, values in extra.items() if name not in varying},
        len(table.records),
        cell_reader.finer,
        start_date={patient: days.start[patient] for patient in patients if patient in days.start},
    )


def to_tenths(millimetres: Decimal | float | int | str) -> int:
    """Return a length in whole tenths of a millimetre, rounded half up as written (``"13.95"`` -> 140)."""
    exact = Decimal(str(millimetres)) * 10
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


class _CellReader:
    """Reads the cells of a row; counts the lengths with more than one decimal."""

    def __init__(self, columns: Mapping[str, int], decimal_comma: bool) -> None:
        self._columns = columns
        self._decimal_comma = decimal_comma
        self.finer = 0

    def row(self, day: float, cells: Sequence[str], found: Finding) -> LesionRow | Problem:
        def cell(name: str) -> str:
            at = self._columns.get(name)
            return "" if at is None else cells[at].strip()

        written = cell("diameter")
        length = written.replace(",", ".") if self._decimal_comma else written
        size, exact, wrong = read_diameter(length)
        if wrong:
            return found(wrong, "diameter", length, limit=MAX_DIAMETER_MM)
        kind = _KINDS.get(_plain(cell("kind")))
        if kind is None:
            return found("row_bad_kind", "kind", cell("kind"))
        state = _STATES.get(_plain(cell("state")))
        if state is None:
            return found("row_bad_state", "state", cell("state"))
        nodal, new_symptoms = _FLAGS.get(cell("nodal").lower()), _FLAGS.get(cell("new_symptoms").lower())
        if nodal is None:
            return found("row_bad_nodal", "nodal", cell("nodal"))
        if new_symptoms is None:
            return found("row_bad_new_symptoms", "new_symptoms", cell("new_symptoms"))
        row = LesionRow(
            row=found.row,
            patient=found.patient,
            day=day,
            lesion=cell("lesion") or "1",
            micrometres=0 if kind == "target" and state == "absent" and size < 0 else size,
            kind=kind,
            nodal=nodal,
            organ=cell("organ"),
            state=state,
            original=found.original,
            part_of=cell("part_of"),
            merged_into=cell("merged_into"),
            new_symptoms=new_symptoms,
        )
        wrong = contradiction(row)
        if wrong:
            return found(wrong, "state", cell("state"), kind=kind, lesion=row.lesion, diameter=length)
        self.finer += not exact
        return row


def contradiction(row: LesionRow) -> str:
    """Return the code of what in a row's state does not fit its kind or its diameter, or nothing."""
    if row.kind not in _STATE_OF_KIND.get(row.state, {row.kind}):
        return "row_state_of_other_kind"
    if (row.state == "absent" and row.micrometres > 0) or (
        row.state == "not evaluated" and row.micrometres >= 0
    ):
        return "row_state_contradicts"
    return ""


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalpha())


@lru_cache(maxsize=65536)
def read_diameter(text: str) -> tuple[int, bool, str]:
    """Read a length in millimetres.

    Returns
    -------
    tuple
        Micrometres (-1 when not measured), whether they are whole tenths of a millimetre, and the code of what is
        wrong.
    """
    if text.lower() in _NOT_MEASURED:
        return -1, True, ""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return -1, True, "row_decimal_comma" if "," in text else "row_bad_diameter"
    if not value.is_finite() or "_" in text:
        return -1, True, "row_bad_diameter"
    if value < 0:
        return -1, True, "row_negative_diameter"
    if value > MAX_DIAMETER_MM:
        return -1, True, "row_absurd_diameter"
    exact = int((value * 1000).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return exact, exact % TENTH == 0, ""
