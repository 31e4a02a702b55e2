"""Reading vectors: CSV files as text, empty = missing, with named errors."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from unmask.errors import DataError


def published(table: str) -> list[dict[str, Any]]:
    """Return the rows of a table of ``published.toml``."""
    return _table("published.toml", table)


@cache
def _table(file: str, name: str) -> list[dict[str, Any]]:
    text = files("unmask.conformance").joinpath(file).read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)[name]
    return rows


def reason(comparison: str, record: str, expected: str, found: str) -> str:
    """Return why a vector is known to be wrong (``known_defects.toml``), or "" where nothing is known."""
    for defect in _table("known_defects.toml", "defect"):
        if (
            defect["comparison"] == comparison
            and fnmatchcase(record, defect["record"])
            and defect.get("expected", expected) == expected
            and defect.get("found", found) == found
        ):
            return str(defect["why"])
    return ""


def read(folder: Path, name: str, columns: Sequence[str]) -> list[dict[str, str]] | None:
    """Return the rows of a CSV file of a folder of vectors, or None when the folder has no such file.

    Raises
    ------
    DataError
        ``conformance.unreadable`` or ``conformance.missing_column``.
    """
    path = folder / name
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = [{key: value or "" for key, value in row.items() if key is not None} for row in reader]
            found = reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError("conformance.unreadable", file=path, reason=error) from None
    for column in columns:
        if column not in found:
            raise DataError(
                "conformance.missing_column", file=path, column=column, found=", ".join(map(str, found))
            )
    return rows
