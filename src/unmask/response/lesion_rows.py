"""Reading a lesion CSV row by row: every cell is checked, and a bad row is kept as a finding.

Nothing here judges a response; :mod:`unmask.response.lesions` arranges the rows into visits.
"""

from __future__ import annotations

import csv
import errno
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from unmask.errors import DataError
from unmask.response.problems import Problem

Kind = Literal["target", "non-target", "new"]
State = Literal["", "present", "absent", "too small", "progression", "not evaluated"]

MAX_DIAMETER_MM = 500
MAX_DAYS = 36525
"""A century: a larger number is a date or a mistake."""
# Eisenhauer 2009, 3.1.1, 4.2 and 4.3.2; Seymour 2017 asks the same of new lesions.
MOST_TARGETS = 5
MOST_PER_ORGAN = 2
SMALLEST_TARGET = 100
"""Longest diameter, tenths of a millimetre."""
SMALLEST_NODE = 150
"""Short axis of a lymph node, tenths of a millimetre."""
PATH_SHOWN = 60
"""Characters quoted of a path that is too long for the file system."""

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "patient": ("patient", "patient_id", "subject", "usubjid"),
    "day": ("day",),
    "diameter": ("diameter_mm", "diameter"),
    "lesion": ("lesion", "lesion_id"),
    "organ": ("organ",),
    "nodal": ("nodal", "node"),
    "kind": ("kind",),
    "state": ("state",),
}
_REQUIRED = ("patient", "day", "diameter")
_NOT_MEASURED = frozenset(
    {"", ".", "na", "n/a", "nan", "ne", "nd", "none", "null", "missing", "not evaluated"}
)
_YES = frozenset({"1", "1.0", "yes", "y", "true", "t"})
_NO = frozenset({"", "0", "0.0", "no", "n", "false", "f"})
_KINDS: Mapping[str, Kind] = {"": "target", "target": "target", "nontarget": "non-target", "new": "new"}
_STATES: Mapping[str, State] = {
    "": "",
    "present": "present",
    "absent": "absent",
    "toosmall": "too small",
    "toosmalltomeasure": "too small",
    "progression": "progression",
    "notevaluated": "not evaluated",
}


@dataclass(frozen=True)
class LesionRow:
    """One measurement of one lesion."""

    row: int
    patient: str
    day: float
    lesion: str
    tenths: int
    """Diameter in tenths of a millimetre, -1 = not measured."""
    kind: Kind
    nodal: bool
    organ: str
    state: State
    original: str

    @property
    def smallest_measurable(self) -> int:
        """Size from which a lesion of this kind is measurable, in tenths of a millimetre."""
        return SMALLEST_NODE if self.nodal else SMALLEST_TARGET

    @property
    def measurable(self) -> bool:
        """Whether it is large enough for a target, or for a new target of iRECIST."""
        return self.tenths >= self.smallest_measurable


@dataclass(frozen=True)
class LesionRows:
    """A lesion file as read: usable rows, findings, and the extra columns of each patient."""

    rows: tuple[LesionRow, ...]
    problems: tuple[Problem, ...]
    patients: tuple[str, ...]
    """Every patient named in the file, in order of appearance, usable or not."""
    extra: Mapping[str, Mapping[str, str]]
    """Column -> patient -> value, for columns that do not change within a patient."""
    rows_read: int
    rounded: int
    """Measurements with more than one decimal, rounded half up to 0.1 mm."""


def read_rows(path: Path) -> LesionRows:
    """Read a lesion CSV.

    Raises
    ------
    DataError
        When the file as a whole cannot be used: missing, a directory, unreadable, empty, not UTF-8 text, not
        a table, a missing column. A bad row raises nothing: it becomes a :class:`Problem`.
    """
    text = _text(path)
    header, records, delimiter = _records(path, text)
    columns = _columns(path, header)
    known = set(columns.values())
    others = [i for i, name in enumerate(header) if i not in known and name]
    rows: list[LesionRow] = []
    problems: list[Problem] = []
    patients: dict[str, None] = {}
    extra: dict[str, dict[str, str]] = {header[i]: {} for i in others}
    varying: set[str] = set()
    rounded = read = 0
    for line, cells in records:
        if not any(cell.strip() for cell in cells):
            continue
        read += 1
        original = ",".join(cells)
        patient = cells[columns["patient"]].strip() if len(cells) > columns["patient"] else ""
        found = _Finding(line, patient, original)
        if patient:
            patients.setdefault(patient)
        if len(cells) != len(header):
            problems.append(found("row_wrong_length", "", len(cells), expected=len(header)))
            continue
        for i in others:
            if extra[header[i]].setdefault(patient, cells[i].strip()) != cells[i].strip():
                varying.add(header[i])
        values = {name: cells[i].strip() for name, i in columns.items()}
        if delimiter != ",":  # between semicolons or tabs a comma can only be the decimal one
            values["diameter"] = values["diameter"].replace(",", ".")
        parsed = _row(values, found)
        if isinstance(parsed, Problem):
            problems.append(parsed)
            continue
        row, inexact = parsed
        rounded += inexact
        rows.append(row)
    if not read:
        raise DataError("response.no_rows", file=path)
    constant = {name: values for name, values in extra.items() if name not in varying}
    return LesionRows(tuple(rows), tuple(problems), tuple(patients), constant, read, rounded)


def to_tenths(millimetres: Decimal | float | int | str) -> int:
    """Return a length in whole tenths of a millimetre, rounded half up as written (``"13.95"`` -> 140)."""
    exact = Decimal(str(millimetres)) * 10
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass(frozen=True)
class _Finding:
    row: int
    patient: str
    original: str

    def __call__(self, code: str, column: str, value: object, **details: object) -> Problem:
        return Problem(code, "error", self.row, self.patient, column, str(value), self.original, details)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except IsADirectoryError:
        raise DataError("response.is_directory", file=path) from None
    except (FileNotFoundError, NotADirectoryError):
        raise DataError("response.missing_file", file=path) from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise DataError(
                "response.path_too_long", start=str(path)[:PATH_SHOWN], length=len(str(path))
            ) from None
        raise DataError("response.unreadable", file=path, reason=error.strerror or error) from None
    except ValueError as error:  # a zero character, which no file system accepts in a path
        raise DataError("response.unreadable", file=repr(str(path)), reason=error) from None
    if not raw.strip():
        raise DataError("response.empty_file", file=path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError("response.not_utf8", file=path, row=line, byte=f"0x{raw[error.start]:02x}") from None
    if "\x00" in text:
        raise DataError("response.not_text", file=path, row=text.count("\n", 0, text.index("\x00")) + 1)
    return text


def _records(path: Path, text: str) -> tuple[list[str], list[tuple[int, list[str]]], str]:
    first = next((line for line in text.splitlines() if line.strip()), None)
    if first is None:  # nothing but separators that only text, not bytes, knows as blank
        raise DataError("response.empty_file", file=path)
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    records: list[tuple[int, list[str]]] = []
    try:
        before = 0
        for cells in reader:
            records.append((before + 1, cells))
            before = reader.line_num
    except csv.Error as error:
        raise DataError("response.not_a_table", file=path, row=reader.line_num, reason=error) from None
    start = next((i for i, (_, cells) in enumerate(records) if any(c.strip() for c in cells)), None)
    if start is None:
        raise DataError("response.empty_file", file=path)
    return [name.strip() for name in records[start][1]], records[start + 1 :], delimiter


def _columns(path: Path, header: Sequence[str]) -> dict[str, int]:
    lowered = [name.lower() for name in header]
    columns: dict[str, int] = {}
    for name, aliases in _ALIASES.items():
        place = next((lowered.index(alias) for alias in aliases if alias in lowered), None)
        if place is not None:
            columns[name] = place
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        wanted = _ALIASES[missing[0]][0]
        near = get_close_matches(wanted, lowered, n=1)
        raise DataError(
            "response.missing_column",
            file=path,
            columns=", ".join(_ALIASES[name][0] for name in missing),
            found=", ".join(header)[:300],
            hint=_column_hint(wanted, header[lowered.index(near[0])] if near else ""),
        )
    repeated = [name for name in columns.values() if lowered.count(lowered[name]) > 1]
    if repeated:
        raise DataError("response.repeated_column", file=path, column=header[repeated[0]])
    return columns


def _column_hint(wanted: str, near: str) -> str:
    if not near:
        return "Add it, or rename the column that holds it."
    if near.lower().endswith("cm"):  # renaming alone would make every length ten times too small
        return f"Column '{near}' seems to be in centimetres: multiply it by 10 and call it '{wanted}'."
    return f"Rename column '{near}' to '{wanted}'."


def _row(cells: Mapping[str, str], found: _Finding) -> Problem | tuple[LesionRow, bool]:
    patient = cells["patient"]
    if not patient:
        return found("row_no_patient", "patient", "")
    day = _day(cells["day"])
    if day is None:
        return found("row_bad_day", "day", cells["day"], limit=MAX_DAYS)
    tenths = _diameter(cells["diameter"])
    if isinstance(tenths, str):
        return found(tenths, "diameter", cells["diameter"], limit=MAX_DIAMETER_MM)
    kind = _KINDS.get(_plain(cells.get("kind", "")))
    if kind is None:
        return found("row_bad_kind", "kind", cells["kind"])
    state = _STATES.get(_plain(cells.get("state", "")))
    if state is None:
        return found("row_bad_state", "state", cells["state"])
    nodal = cells.get("nodal", "").lower()
    if nodal not in _YES | _NO:
        return found("row_bad_nodal", "nodal", cells["nodal"])
    if kind == "target" and state == "absent" and tenths < 0:
        tenths = 0
    row = LesionRow(
        row=found.row,
        patient=patient,
        day=day,
        lesion=cells.get("lesion", "") or "1",
        tenths=tenths,
        kind=kind,
        nodal=nodal in _YES,
        organ=cells.get("organ", ""),
        state=state,
        original=found.original,
    )
    digits = cells["diameter"].partition(".")[2]
    return row, tenths >= 0 and len(digits.rstrip("0")) > 1


def _plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalpha())


def _day(text: str) -> float | None:
    try:
        day = float(text)
    except ValueError:
        return None
    return day if math.isfinite(day) and abs(day) <= MAX_DAYS and "_" not in text else None


def _diameter(text: str) -> int | str:
    """Tenths of a millimetre, -1 when not measured, or the code of what is wrong."""
    if text.lower() in _NOT_MEASURED:
        return -1
    try:
        value = Decimal(text)
    except InvalidOperation:
        return "row_decimal_comma" if "," in text else "row_bad_diameter"
    if not value.is_finite() or "_" in text:
        return "row_bad_diameter"
    if value < 0:
        return "row_negative_diameter"
    if value > MAX_DIAMETER_MM:
        return "row_absurd_diameter"
    return to_tenths(value)
