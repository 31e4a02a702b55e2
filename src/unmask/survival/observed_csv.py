"""Read the patient-level results of a real trial: the file behind ``--observed``.

Every refusal names the file, the line, the column, the value and what was expected.
"""

from __future__ import annotations

import csv
import difflib
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.errors import DataError
from unmask.survival.kaplan_meier import DAYS_PER_MONTH, BoolArray, FloatArray
from unmask.survival.proportions import BEST_RESPONSES

COLUMNS = (
    "arm",
    "os_months",
    "os_censored",
    "pfs_months",
    "pfs_censored",
    "best_confirmed_response",
    "baseline_sld_mm",
)
MISSING = ("", ".", "NA", "N/A", "NaN", "nan")
# Beyond these a column is in another unit: no trial follows patients for 50 years, no sum of five lesions is
# 5 m.
LIMITS = {
    "os_months": (600.0, "months"),
    "pfs_months": (600.0, "months"),
    "baseline_sld_mm": (5000.0, "mm"),
}
LINES_SHOWN = 5


@dataclass(frozen=True)
class ObservedTrial:
    """A real trial, patient by patient, in the form of a virtual one.

    Attributes
    ----------
    source
        Name of the file, without its folder.
    arms
        The protocol's arm names, in its order.
    patients
        ``patient`` (row number, from 1), ``arm``, ``best_response`` (``NE`` where missing),
        ``baseline_sld_mm``.
    time_to_event
        ``patient``, ``arm``, ``endpoint`` (``OS``, ``PFS``), ``time_days``, ``event``, ``reason``; a patient
        without a time has no row.
    missing
        Patients without a value, per column.
    """

    source: str
    arms: tuple[str, ...]
    patients: pd.DataFrame
    time_to_event: pd.DataFrame
    missing: Mapping[str, int]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables under the names that a virtual trial gives them."""
        return {"patients": self.patients, "time_to_event": self.time_to_event}


@dataclass(frozen=True)
class _Rows:
    """The raw text of the file: its columns, and the line on which each row stands."""

    file: str
    lines: list[int]
    columns: Mapping[str, list[str]]

    def refuse(self, code: str, bad: Sequence[int], column: str, **values: object) -> DataError:
        shown = ", ".join(str(self.lines[row]) for row in bad[:LINES_SHOWN])
        return DataError(
            f"survival.{code}",
            file=self.file,
            line=self.lines[bad[0]],
            lines=shown + (", ..." if len(bad) > LINES_SHOWN else ""),
            count=len(bad),
            column=column,
            value=self.columns[column][bad[0]],
            **values,
        )


def read_observed(
    path: str | Path, arms: Sequence[str], arm_names: Mapping[str, str] | None = None
) -> ObservedTrial:
    """Read a CSV file with one row per patient.

    Parameters
    ----------
    path
        Columns ``arm``, ``os_months``, ``os_censored`` (1 = censored, 0 = event), ``pfs_months``,
        ``pfs_censored``, ``best_confirmed_response`` (CR, PR, SD, PD, NE), ``baseline_sld_mm``; others are
        ignored; ``.`` or nothing = missing. UTF-8, comma-separated.
    arms
        The protocol's arm names, experimental first, control last.
    arm_names
        Name in the file -> the protocol's name; the protocol's own names are always understood. Letter case
        does not matter.

    Raises
    ------
    DataError
        The file cannot be read, lacks a column, or holds a value that cannot be used; the sentence says
        where.
    """
    rows = _parse(Path(path))
    arm = _arms(rows, arms, arm_names or {})
    response = _responses(rows)
    patient = np.arange(1, len(rows.lines) + 1)
    parts, missing = [], {"best_confirmed_response": rows.columns["best_confirmed_response"]}
    for endpoint in ("OS", "PFS"):
        months = _numbers(rows, f"{endpoint.lower()}_months")
        known = ~np.isnan(months)
        event = ~_flags(rows, f"{endpoint.lower()}_censored", known)
        reason = np.where(event, "event in the observed trial", "censored in the observed trial")
        columns = {
            "patient": patient[known],
            "arm": arm[known],
            "endpoint": endpoint,
            "time_days": months[known] * DAYS_PER_MONTH,
            "event": event[known],
            "reason": reason[known],
        }
        parts.append(pd.DataFrame(columns))
        missing[f"{endpoint.lower()}_months"] = rows.columns[f"{endpoint.lower()}_months"]
    missing["baseline_sld_mm"] = rows.columns["baseline_sld_mm"]
    patients = pd.DataFrame(
        {
            "patient": patient,
            "arm": arm,
            "best_response": response,
            "baseline_sld_mm": _numbers(rows, "baseline_sld_mm"),
        }
    )
    counts = {column: sum(text in MISSING for text in texts) for column, texts in missing.items()}
    return ObservedTrial(
        Path(path).name, tuple(arms), patients, pd.concat(parts, ignore_index=True), missing=counts
    )


def _text(path: Path) -> str:
    file = str(path)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except IsADirectoryError:
        raise DataError("survival.observed_is_directory", file=file) from None
    except FileNotFoundError:
        raise DataError("survival.observed_not_found", file=file) from None
    except UnicodeDecodeError as error:
        raise DataError("survival.observed_not_text", file=file, position=error.start) from None
    except (OSError, ValueError) as error:  # ValueError: a path that no file system accepts
        raise DataError("survival.observed_unreadable", file=file, problem=str(error)) from None


def _parse(path: Path) -> _Rows:
    file, expected = str(path), ", ".join(COLUMNS)
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    lines: list[int] = []
    records: list[list[str]] = []
    try:
        for record in reader:
            if any(field.strip() for field in record):
                lines.append(reader.line_num)
                records.append([field.strip() for field in record])
    except csv.Error as error:
        line = reader.line_num
        raise DataError("survival.observed_broken_csv", file=file, line=line, problem=str(error)) from None
    if not records:
        raise DataError("survival.observed_empty", file=file, expected=expected)
    header = records[0]
    _check_header(file, header, expected)
    if len(records) == 1:
        raise DataError("survival.observed_no_patients", file=file)
    for line, record in zip(lines[1:], records[1:], strict=True):
        if len(record) != len(header):
            found = len(record)
            raise DataError(
                "survival.observed_row_length", file=file, line=line, found=found, expected=len(header)
            )
    columns = {name: [record[header.index(name)] for record in records[1:]] for name in COLUMNS}
    return _Rows(file, lines[1:], columns)


def _check_header(file: str, header: list[str], expected: str) -> None:
    missing = [name for name in COLUMNS if name not in header]
    if missing and len(header) == 1:
        raise DataError("survival.observed_separator", file=file, header=header[0][:80])
    if missing:
        guesses = [(name, difflib.get_close_matches(name, header, n=1, cutoff=0.6)) for name in missing]
        nearest = "".join(f"Is '{found[0]}' meant for '{name}'? " for name, found in guesses if found)
        names = ", ".join(f"'{name}'" for name in missing)
        raise DataError(
            "survival.observed_missing_columns", file=file, missing=names, nearest=nearest, expected=expected
        )
    for name in COLUMNS:
        if header.count(name) > 1:
            raise DataError("survival.observed_duplicate_column", file=file, column=name)


def _where(texts: Sequence[str], bad: Callable[[str], bool]) -> list[int]:
    return [row for row, text in enumerate(texts) if bad(text)]


def _number(text: str) -> float:
    """Return the number, NaN where missing; ValueError for all else, ``inf`` and ``1_000`` included."""
    if text in MISSING:
        return math.nan
    value = float(text)
    if not math.isfinite(value) or "_" in text:
        raise ValueError(text)
    return value


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except ValueError:
        return False
    return True


def _numbers(rows: _Rows, column: str) -> FloatArray:
    texts = rows.columns[column]
    if bad := _where(texts, lambda text: not _is_number(text)):
        raise rows.refuse("observed_not_a_number", bad, column)
    values = np.array([_number(text) for text in texts])
    limit, unit = LIMITS[column]
    if (negative := np.nonzero(values < 0)[0]).size:
        raise rows.refuse("observed_negative", negative.tolist(), column)
    if (absurd := np.nonzero(values > limit)[0]).size:
        raise rows.refuse("observed_absurd", absurd.tolist(), column, limit=f"{limit:g}", unit=unit)
    return values


def _flags(rows: _Rows, column: str, needed: BoolArray) -> BoolArray:
    """Censoring flags; a patient without the time may lack the flag as well."""
    texts = rows.columns[column]
    numbers = [_number(text) if _is_number(text) else -1.0 for text in texts]
    bad = [row for row, value in enumerate(numbers) if value not in (0.0, 1.0) and needed[row]]
    if bad:
        raise rows.refuse("observed_flag", bad, column)
    flags: BoolArray = np.array(numbers) == 1.0
    return flags


def _arms(rows: _Rows, arms: Sequence[str], arm_names: Mapping[str, str]) -> NDArray[np.object_]:
    known = {name.casefold(): name for name in arms}
    known |= {theirs.casefold(): ours for theirs, ours in arm_names.items() if ours in arms}
    texts = rows.columns["arm"]
    if bad := _where(texts, lambda text: text.casefold() not in known):
        close = difflib.get_close_matches(texts[bad[0]].casefold(), known, n=1, cutoff=0.6)
        nearest = f"Is '{close[0]}' meant? " if close else ""
        names = ", ".join(dict.fromkeys([*arms, *arm_names]))
        raise rows.refuse("observed_unknown_arm", bad, "arm", expected=names, nearest=nearest)
    return np.array([known[text.casefold()] for text in texts], dtype=object)


def _responses(rows: _Rows) -> list[str]:
    texts = ["NE" if text in MISSING else text.upper() for text in rows.columns["best_confirmed_response"]]
    if bad := _where(texts, lambda text: text not in BEST_RESPONSES):
        raise rows.refuse("observed_unknown_response", bad, "best_confirmed_response")
    return texts
