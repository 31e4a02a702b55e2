"""One dataset: a table with its description, checked so that every format can hold it.

The limits are those of SAS XPORT version 5, which regulators ask for: names of 8 characters, labels of 40 and texts
of 200 bytes. What violates them is never cut; it is an error that lists every violation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.cdisc.metadata import Metadata, Variable, codelists, load
from unmask.errors import DataError

LONGEST_NAME = 8
LONGEST_LABEL = 40
LONGEST_TEXT = 200
SIMULATED = "Virtual: "
"""Stands before the label of a dataset of virtual patients, so that no format loses it."""
SHOWN = 20
"""Violations that the sentence of an error spells out; its ``violations`` hold all."""
LARGEST_EXACT = 2**53

_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_ISO_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


@dataclass(frozen=True)
class Violation:
    """What is wrong with one value, or (``record`` 0) with the description of a variable."""

    dataset: str
    variable: str
    record: int
    value: str
    limit: str

    def __str__(self) -> str:
        """Return the violation as a reader needs it."""
        where = f"{self.dataset}.{self.variable}" if self.variable else self.dataset
        record = f", record {self.record}" if self.record else ""
        return f"{where}{record}: '{self.value}', expected {self.limit}"


@dataclass(frozen=True)
class Dataset:
    """A table and its description; made by :meth:`of`, which checks both."""

    metadata: Metadata
    """Holds the variables that the table has, in its order."""
    frame: pd.DataFrame
    """Texts are ``str`` or None, integers ``Int64``, floats ``float64``, dates ``datetime64[ns]``."""
    study: str
    simulated: bool = False

    @property
    def name(self) -> str:
        """Name of the dataset."""
        return self.metadata.name

    @property
    def label(self) -> str:
        """Label of the dataset; it says so where the patients are virtual."""
        return SIMULATED + self.metadata.label if self.simulated else self.metadata.label

    @classmethod
    def of(cls, metadata: Metadata | str, table: pd.DataFrame, *, simulated: bool = False) -> Self:
        """Check a table against its description and put variables and records in order.

        Parameters
        ----------
        metadata
            A description, or the name of one that Unmask has (``unmask.cdisc.metadata.available``).
        table
            One column a variable; those that are not required may be absent.
        simulated
            The patients are virtual: the label says so.

        Raises
        ------
        DataError
            ``cdisc.violations``; the values ``violations`` hold every :class:`Violation`.
        """
        described = load(metadata) if isinstance(metadata, str) else metadata
        found = [*_description(described, simulated), *_columns(described, table)]
        present = tuple(variable for variable in described.variables if variable.name in table.columns)
        columns: dict[str, Any] = {}
        for variable in present:
            values = _typed(variable, table[variable.name], described.name, found)
            if values is not None:
                columns[variable.name] = values
                found += _values(described.name, variable, values)
        frame = pd.DataFrame(columns, index=range(len(table)))
        keys = [key for key in described.keys if key in frame]
        if not found:
            found += _repeated(described.name, frame, keys)
        if found:
            raise violated(described.name, found)
        ordered = frame.sort_values(keys, kind="stable", ignore_index=True) if keys else frame
        study = str(ordered["STUDYID"].iloc[0]) if "STUDYID" in ordered and len(ordered) else ""
        kept = Metadata(
            described.name, described.label, described.structure, described.source, tuple(keys), present
        )
        return cls(kept, ordered, study, simulated)


def violated(dataset: str, found: Iterable[Violation]) -> DataError:
    """Return the error that lists violations."""
    every = tuple(found)
    listing = "; ".join(map(str, every[:SHOWN]))
    more = f"; and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return DataError(
        "cdisc.violations", dataset=dataset, count=len(every), listing=listing + more, violations=every
    )


def _description(described: Metadata, simulated: bool) -> Iterator[Violation]:
    if len(described.name) > LONGEST_NAME or not _NAME.fullmatch(described.name):
        yield Violation(described.name, "", 0, described.name, _NAME_LIMIT)
    label = (SIMULATED if simulated else "") + described.label
    if not label or len(label.encode()) > LONGEST_LABEL:
        yield Violation(described.name, "", 0, label, f"a label of 1 to {LONGEST_LABEL} bytes")
    for variable in described.variables:
        if len(variable.name) > LONGEST_NAME or not _NAME.fullmatch(variable.name):
            yield Violation(described.name, variable.name, 0, variable.name, _NAME_LIMIT)
        if not variable.label or len(variable.label.encode()) > LONGEST_LABEL:
            limit = f"a label of 1 to {LONGEST_LABEL} bytes"
            yield Violation(described.name, variable.name, 0, variable.label, limit)
        if not 1 <= variable.length <= LONGEST_TEXT:
            limit = f"a length of 1 to {LONGEST_TEXT} bytes"
            yield Violation(described.name, variable.name, 0, str(variable.length), limit)


_NAME_LIMIT = f"a name of at most {LONGEST_NAME} capital letters, digits and underscores, no digit first"


def _columns(described: Metadata, table: pd.DataFrame) -> Iterator[Violation]:
    for name in table.columns:
        if name not in described.names:
            yield Violation(described.name, str(name), 0, str(name), "a variable of this dataset")
    for name in table.columns[table.columns.duplicated()]:
        yield Violation(described.name, str(name), 0, str(name), "each variable once")
    for variable in described.variables:
        if variable.name not in table.columns and (variable.required or variable.name in described.keys):
            yield Violation(described.name, variable.name, 0, "", "this variable to be there")


def _typed(variable: Variable, column: Any, dataset: str, found: list[Violation]) -> Any:
    """Return the values in the type of the variable, or None after noting those that are not of it."""
    if not isinstance(column, pd.Series):  # a repeated column, which is a violation already
        return None
    column = column.reset_index(drop=True)
    if variable.type in ("text", "iso date"):
        return _texts(variable, column, dataset, found)
    if variable.type == "date":
        # A column of dates that pandas does not hold as such must not be guessed at: 7 is no date.
        dates = column if pd.api.types.is_datetime64_any_dtype(column) else column.map(_as_date)
        values = pd.to_datetime(dates, errors="coerce").astype("datetime64[ns]")
        bad = (values.isna() & column.notna()) | (values.notna() & (values != values.dt.normalize()))
        limit = "a date"
    else:
        values = pd.to_numeric(column, errors="coerce").astype("float64")
        bad = (values.isna() & column.notna()) | np.isinf(values)
        limit = "a finite number"
        if variable.type == "integer":
            bad |= values.notna() & ((values != values.round()) | (values.abs() > LARGEST_EXACT))
            limit = "a whole number"
    if bad.any():
        found += _at(dataset, variable, bad.to_numpy(dtype=bool), column, limit)
        return None
    return values.astype("Int64") if variable.type == "integer" else values


def _as_date(value: object) -> object:
    return value if isinstance(value, (str, np.datetime64)) or hasattr(value, "isoformat") else None


def _texts(variable: Variable, column: pd.Series[Any], dataset: str, found: list[Violation]) -> Any:
    plain = column.astype(object)
    missing = plain.isna() | (plain == "")
    bad = ~missing & ~plain.map(lambda value: isinstance(value, str)).astype(bool)
    if bad.any():
        found += _at(dataset, variable, bad.to_numpy(dtype=bool), column, "a text")
        return None
    return plain.where(~missing, None)


def _values(dataset: str, variable: Variable, values: pd.Series[Any]) -> Iterator[Violation]:
    missing = values.isna()
    if variable.required:
        yield from _at(dataset, variable, missing.to_numpy(dtype=bool), values, "a value: it is required")
    if variable.type not in ("text", "iso date"):
        return
    checks: list[tuple[Callable[[str], bool], str]] = [
        (lambda text: len(text.encode()) <= variable.length, f"at most {variable.length} bytes"),
        (lambda text: text.isprintable() and text == text.rstrip(), "printable text, no space at the end"),
    ]
    if variable.type == "iso date":
        checks.append((lambda text: bool(_ISO_DATE.fullmatch(text)), "a date as in ISO 8601, 2020-01-31"))
    if variable.codelist:
        known = codelists()[variable.codelist]
        name = f"{known.name} ({known.code})" if known.code else known.name
        checks.append((lambda text: text in known.words, f"a value of {name}: {', '.join(known.words)}"))
    # Texts repeat a few words many times, so each is looked at once.
    texts = [text for text in values.unique() if isinstance(text, str)]
    for fits, limit in checks:
        bad = [text for text in texts if not fits(text)]
        if bad:
            yield from _at(dataset, variable, values.isin(bad).to_numpy(dtype=bool), values, limit)


def _repeated(dataset: str, frame: pd.DataFrame, keys: list[str]) -> Iterator[Violation]:
    if not keys:
        return
    again = frame.duplicated(keys).to_numpy(dtype=bool)
    for row in np.flatnonzero(again):
        values = ", ".join(f"{key} {frame[key].iloc[row]}" for key in keys)
        yield Violation(dataset, "+".join(keys), int(row) + 1, values, "one record for each key")


def _at(
    dataset: str, variable: Variable, bad: NDArray[np.bool_], values: pd.Series[Any], limit: str
) -> Iterator[Violation]:
    for row in np.flatnonzero(bad):
        value = values.iloc[row]
        shown = "" if pd.isna(value) else str(value)
        yield Violation(dataset, variable.name, int(row) + 1, shown, limit)
