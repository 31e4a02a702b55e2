"""Reading a table from a file as text, cell by cell, with the row numbers that findings name.

CSV (also gzipped), Parquet, and the CDISC formats that :mod:`unmask.cdisc.reading` reads come out the same, so that
the checks behind it are the same, too.
"""

from __future__ import annotations

import csv
import datetime
import errno
import gzip
import io
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from unmask.errors import DataError

PATH_SHOWN = 60
"""Characters quoted of a path that is too long for the file system."""
HEADER_SHOWN = 300
"""Characters quoted of a header in which a column is missing."""
PARQUET_MARK = b"PAR1"
GZIP_MARK = b"\x1f\x8b"
CDISC_SUFFIXES = (".xpt", ".json")


@dataclass(frozen=True)
class TableFile:
    """A table as text."""

    path: Path
    header: Sequence[str]
    records: Sequence[tuple[int, Sequence[str]]]
    """Row number and cells of each row that is not blank; the header is row 1."""
    decimal_comma: bool
    """A comma in a number can only be the decimal one, since it does not separate columns."""

    def columns(
        self, aliases: Mapping[str, Sequence[str]], required: Sequence[Sequence[str]]
    ) -> dict[str, int]:
        """Return where each known column stands.

        Parameters
        ----------
        aliases
            Name -> the headings it may have, in lower case, the first found counting.
        required
            Names that must be there; of each group one is enough.

        Raises
        ------
        DataError
            ``response.missing_column`` or ``response.repeated_column``.
        """
        lowered = [name.lower() for name in self.header]
        found = {
            name: lowered.index(alias)
            for name, known in aliases.items()
            if (alias := next((a for a in known if a in lowered), None)) is not None
        }
        missing = [group for group in required if not any(name in found for name in group)]
        if missing:
            wanted = aliases[missing[0][0]][0]
            near = get_close_matches(wanted, lowered, n=1)
            raise DataError(
                "response.missing_column",
                file=self.path,
                columns=", ".join(" or ".join(aliases[name][0] for name in group) for group in missing),
                found=", ".join(self.header)[:HEADER_SHOWN],
                hint=_column_hint(wanted, self.header[lowered.index(near[0])] if near else ""),
            )
        repeated = [place for place in found.values() if lowered.count(lowered[place]) > 1]
        if repeated:
            raise DataError("response.repeated_column", file=self.path, column=self.header[repeated[0]])
        return found


def read_table(path: Path) -> TableFile:
    """Read a CSV, a Parquet file, an XPT or a Dataset-JSON as text.

    Raises
    ------
    DataError
        When the file as a whole cannot be used: missing, a directory, unreadable, empty, not UTF-8 text, not a table,
        no rows.
    """
    if path.suffix.lower() in CDISC_SUFFIXES:
        from unmask.cdisc.reading import read_dataset

        table = _of_frame(path, read_dataset(path))
    else:
        raw = read_bytes(path)
        table = _parquet(path, raw) if raw.startswith(PARQUET_MARK) else _csv(path, decoded(path, raw))
    if not table.records:
        raise DataError("response.no_rows", file=path)
    return table


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, unzipped if it is gzipped.

    Raises
    ------
    DataError
        When there is no such file, it cannot be read, or nothing is in it.
    """
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
    if raw.startswith(GZIP_MARK):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError("response.unreadable", file=path, reason=error) from None
    if not raw.strip():
        raise DataError("response.empty_file", file=path)
    return raw


def decoded(path: Path, raw: bytes) -> str:
    """Return UTF-8 text.

    Raises
    ------
    DataError
        ``response.not_utf8`` or ``response.not_text`` with the line.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError("response.not_utf8", file=path, row=line, byte=f"0x{raw[error.start]:02x}") from None
    if "\x00" in text:
        raise DataError("response.not_text", file=path, row=text.count("\n", 0, text.index("\x00")) + 1)
    return text


def _csv(path: Path, text: str) -> TableFile:
    first = next((line for line in text.splitlines() if line.strip()), None)
    if first is None:  # nothing but separators that only text, not bytes, knows as blank
        raise DataError("response.empty_file", file=path)
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    records: list[tuple[int, list[str]]] = []
    try:
        before = 0
        for cells in reader:
            if any(cells) and any(cell.strip() for cell in cells):
                records.append((before + 1, cells))
            before = reader.line_num
    except csv.Error as error:
        raise DataError("response.not_a_table", file=path, row=reader.line_num, reason=error) from None
    if not records:
        raise DataError("response.empty_file", file=path)
    return TableFile(path, [name.strip() for name in records[0][1]], records[1:], delimiter != ",")


def _parquet(path: Path, raw: bytes) -> TableFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(raw))
        columns = [_texts(column.to_pylist()) for column in table.columns]
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError("response.not_parquet", file=path, reason=reason) from None
    return _of_columns(path, table.column_names, columns)


def _of_frame(path: Path, frame: Any) -> TableFile:
    return _of_columns(path, list(frame.columns), [_texts(frame[name].tolist()) for name in frame.columns])


def _of_columns(path: Path, names: Iterable[str], columns: Sequence[Sequence[str]]) -> TableFile:
    """Number rows as a CSV of the same content would, the header being row 1."""
    rows = enumerate(zip(*columns, strict=True), start=2)
    records = [(row, cells) for row, cells in rows if any(cell.strip() for cell in cells)]
    return TableFile(path, [str(name).strip() for name in names], records, decimal_comma=False)


def _texts(values: Iterable[Any]) -> list[str]:
    return [value if type(value) is str else as_text(value) for value in values]


def as_text(value: Any) -> str:
    """Return a value of a typed table as a CSV would have it: dates as ISO text, nothing for a missing one."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(float(value))
    return str(value)


def _column_hint(wanted: str, near: str) -> str:
    if not near:
        return "Add it, or rename the column that holds it."
    if near.lower().endswith("cm"):  # renaming alone would make every length ten times too small
        return f"Column '{near}' seems to be in centimetres: multiply it by 10 and call it '{wanted}'."
    return f"Rename column '{near}' to '{wanted}'."
