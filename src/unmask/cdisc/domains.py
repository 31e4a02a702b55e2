"""A CDISC dataset as columns of text, and which of its records one evaluator made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from unmask.errors import ConfigurationError, DataError
from unmask.response.table_file import as_text

if TYPE_CHECKING:
    import pandas as pd

ACCEPTED = "accepted"
"""The evaluator that stands for the records whose acceptance flag (--ACPTFL) is Y."""


@dataclass(frozen=True)
class Domain:
    """A dataset whose variables are looked up by name, all as text."""

    name: str
    """Two letters, the prefix of its variables (``TR``)."""
    path: Path
    table: pd.DataFrame

    @classmethod
    def of(cls, name: str, path: Path, table: pd.DataFrame, needed: Sequence[str]) -> Domain:
        """Check that the variables ``needed`` are there.

        Raises
        ------
        DataError
            ``sdtm.missing_variable``, ``response.no_rows``.
        """
        upper = table.rename(columns=lambda column: str(column).upper())
        missing = [variable for variable in needed if variable not in upper]
        if missing:
            raise DataError(
                "sdtm.missing_variable",
                file=path,
                domain=name,
                variables=", ".join(missing),
                found=", ".join(map(str, upper.columns)),
            )
        if upper.empty:
            raise DataError("response.no_rows", file=path)
        return cls(name, path, upper)

    def __contains__(self, variable: str) -> bool:
        return variable in self.table

    def __getitem__(self, variable: str) -> list[str]:
        """Return a variable as text without blanks around it; "" for all records where there is no such variable."""
        if variable not in self.table:
            return [""] * len(self.table)
        return [
            value.strip() if type(value) is str else as_text(value).strip()
            for value in self.table[variable].tolist()
        ]

    def original(self, record: int) -> str:
        """Return a record (counted from 1) as ``VARIABLE=value`` of all that is not missing."""
        cells = self.table.iloc[record - 1]
        texts = ((name, as_text(value).strip()) for name, value in cells.items())
        return "; ".join(f"{name}={text}" for name, text in texts if text)

    def made_by(self, evaluator: str) -> list[bool]:
        """Return which records an evaluator made: by --EVAL, --EVALID, or, for ``accepted``, by --ACPTFL.

        Where nothing says who evaluated, all records are those of the one asked for.

        Raises
        ------
        ConfigurationError
            ``sdtm.unknown_evaluator``, and ``sdtm.several_readers`` where one --EVAL stands for several readers.
        """
        role, reader = self[f"{self.name}EVAL"], self[f"{self.name}EVALID"]
        wanted = evaluator.strip().upper()
        if wanted == ACCEPTED.upper():
            flags = [flag.upper() == "Y" for flag in self[f"{self.name}ACPTFL"]]
            if any(flags):
                return flags
        elif not any(role) and not any(reader):
            return [True] * len(role)
        else:
            flags = [wanted in (r.upper(), i.upper()) for r, i in zip(role, reader, strict=True)]
            readers = sorted({i for i, chosen in zip(reader, flags, strict=True) if chosen and i})
            if len(readers) > 1:
                raise ConfigurationError(
                    "sdtm.several_readers", file=self.path, evaluator=evaluator, readers=", ".join(readers)
                )
            if any(flags):
                return flags
        known = sorted({*role, *reader} - {""}) + ([ACCEPTED] if "Y" in self[f"{self.name}ACPTFL"] else [])
        near = get_close_matches(wanted, known, n=1, cutoff=0.0) or [ACCEPTED]
        raise ConfigurationError(
            "sdtm.unknown_evaluator",
            file=self.path,
            evaluator=evaluator,
            known=", ".join(known) or "none",
            nearest=near[0],
        )
