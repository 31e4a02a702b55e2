"""The subject table that every analysis dataset takes its subject variables from: ADSL, or the part of it at hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from unmask.errors import DataError

CARRIED = ("STUDYID", "SUBJID", "ARMCD", "TRT01P", "RANDDT", "TRTSDT")
"""Subject variables that stand in every analysis dataset, where the subject table has them."""


def require(table: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    """Refuse a table that lacks a column.

    Raises
    ------
    DataError
        ``cdisc.missing_column``.
    """
    for column in columns:
        if column not in table.columns:
            found = ", ".join(map(str, table.columns))[:300]
            raise DataError("cdisc.missing_column", table=name, column=column, found=found)


def with_subjects(table: pd.DataFrame, subjects: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a table with the subject variables (:data:`CARRIED`) of its ``USUBJID``.

    Raises
    ------
    DataError
        ``cdisc.missing_column``, ``cdisc.repeated_subject``, ``cdisc.unknown_subject``.
    """
    require(subjects, ("STUDYID", "USUBJID"), "Subjects")
    require(table, ("USUBJID",), name)
    again = subjects["USUBJID"].duplicated().to_numpy(dtype=bool)
    if again.any():
        at = int(np.argmax(again))
        raise DataError("cdisc.repeated_subject", record=at + 1, value=subjects["USUBJID"].iloc[at])
    place = pd.Index(subjects["USUBJID"]).get_indexer(table["USUBJID"])
    if (place < 0).any():
        at = int(np.argmax(place < 0))
        raise DataError("cdisc.unknown_subject", table=name, record=at + 1, value=table["USUBJID"].iloc[at])
    columns: dict[str, Any] = {
        column: subjects[column].iloc[place].to_numpy() for column in CARRIED if column in subjects
    }
    return table.reset_index(drop=True).assign(**columns)


def study_day(date: pd.Series[Any], reference: pd.Series[Any]) -> pd.Series[Any]:
    """Return the day of a date as clinical tables count it: the reference is day 1, the day before it day -1."""
    days = (pd.to_datetime(date) - pd.to_datetime(reference)).dt.days
    return days.where(days < 0, days + 1)


def sequence(table: pd.DataFrame, order: list[str]) -> pd.Series[Any]:
    """Return a number within each subject, from 1, in the order of the columns ``order``."""
    present = [column for column in order if column in table]
    ordered = table.sort_values(["USUBJID", *present], kind="stable")
    return (ordered.groupby("USUBJID", sort=False).cumcount() + 1).reindex(table.index)
