"""Checks of the tables that plots are drawn from: columns by name, numbers that are numbers, patients once."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
import pandas as pd

from unmask.errors import ConfigurationError, DataError

MISSING_WORDS = frozenset({"", ".", "na", "n/a", "nan", "<na>", "not known"})
"""Texts that mean a missing value, in lower case: columns of a lesion file arrive as text."""
RESPONSE_COLUMNS = ("best_response", "irecist_best_response")
NOT_KNOWN = "not known"
LARGEST = 1e6
"""Days and changes beyond this (2,700 years; a millionfold sum) are mistakes, and axes cannot hold any number."""


def known(values: pd.Series) -> pd.Series:
    """Return which values are there: not missing, not a text that says so."""
    missing_word = values.astype(object).map(lambda value: plain(value).lower() in MISSING_WORDS)
    return values.notna() & ~missing_word.astype(bool)


def plain(value: object) -> str:
    """Return text that any file may hold: one line, printable characters only."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())


def check_column(name: str, patients: pd.DataFrame, option: str) -> None:
    """Refuse a column that the table of patients does not have.

    Raises
    ------
    ConfigurationError
        ``plots.unknown_column``, with the nearest column and all that exist.
    """
    columns = [str(column) for column in patients.columns]
    if name in columns:
        return
    near = get_close_matches(name.lower(), {c.lower(): c for c in columns}, n=1, cutoff=0.0)
    nearest = {c.lower(): c for c in columns}[near[0]] if near else "none"
    raise ConfigurationError(
        "plots.unknown_column", option=option, name=name, nearest=nearest, found=", ".join(columns)
    )


def require(table: pd.DataFrame, columns: Sequence[str], name: str) -> None:
    """Refuse a table without the columns that a plot is made of (``plots.missing_column``)."""
    missing = [column for column in columns if column not in table]
    if missing:
        found = ", ".join(map(str, table.columns)) or "no columns"
        raise DataError("plots.missing_column", table=name, columns=", ".join(missing), found=found)


def response_column(patients: pd.DataFrame) -> str:
    """Return the column of best responses, RECIST 1.1 before iRECIST."""
    for column in RESPONSE_COLUMNS:
        if column in patients:
            return column
    found = ", ".join(map(str, patients.columns)) or "no columns"
    raise DataError(
        "plots.missing_column", table="patients", columns=" or ".join(RESPONSE_COLUMNS), found=found
    )


def numbers(table: pd.DataFrame, column: str, name: str) -> pd.Series:
    """Return a column as numbers, NaN where missing or where there is no such column.

    Raises
    ------
    DataError
        ``plots.not_a_number``: a value is there and is no number within :data:`LARGEST`.
    """
    if column not in table:
        return pd.Series(np.nan, index=table.index, dtype=float)
    there = known(table[column])
    read = pd.to_numeric(table[column].where(there), errors="coerce").astype(float)
    wrong = (there & ~(read.abs() <= LARGEST)).to_numpy()
    if wrong.any():
        first = table[wrong].iloc[0]
        raise DataError(
            "plots.not_a_number",
            table=name,
            column=column,
            patient=plain(first.get("patient", "?")),
            value=plain(first[column]),
            limit=f"{LARGEST:,.0f}",
        )
    return read


def flags(table: pd.DataFrame, column: str) -> pd.Series:
    """Return a yes/no column as booleans, false where missing or where there is no such column."""
    if column not in table:
        return pd.Series(np.zeros(len(table), dtype=bool), index=table.index)
    words = (
        table[column].astype(object).map(lambda value: plain(value).lower() in ("true", "1", "1.0", "yes"))
    )
    return words.astype(bool)


def assessed_patients(patients: pd.DataFrame) -> pd.DataFrame:
    """Return the patients a plot counts: all but those whose ``status`` says that they were not assessed.

    Raises
    ------
    DataError
        ``plots.no_patients``: nobody is left.
    """
    kept = patients
    if "status" in patients:
        kept = patients[~patients["status"].astype(str).str.startswith("not assessed")]
    if not len(kept):
        raise DataError("plots.no_patients", rows=len(patients))
    return kept.reset_index(drop=True)


def keys(patients: pd.DataFrame, visits: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return what names a patient in both tables: the patient, and the group where both tables have it.

    The arms of a trial with paired patients use the same numbers, so that the number alone is not enough.

    Raises
    ------
    DataError
        ``plots.repeated_patient``: two rows of ``patients`` have the same name.
    """
    parts = ["patient", *(["group"] if "group" in patients and "group" in visits else [])]
    of_patients, of_visits = (_joined(table, parts) for table in (patients, visits))
    twice = of_patients.duplicated()
    if twice.any():
        row = patients[twice].iloc[0]
        raise DataError(
            "plots.repeated_patient", patient=plain(row["patient"]), group=plain(row.get("group"))
        )
    return of_patients, of_visits


def _joined(table: pd.DataFrame, parts: Sequence[str]) -> pd.Series:
    joined = table[parts[0]].astype(str)
    for part in parts[1:]:
        joined = joined + "\x1f" + table[part].astype(str)
    return joined.astype(object)
