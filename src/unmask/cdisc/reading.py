"""Reading a CDISC dataset: CSV, SAS XPORT (v5 and v8) or Dataset-JSON 1.1."""

from __future__ import annotations

import datetime
import io
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unmask.errors import ConfigurationError, DataError
from unmask.response.table_file import as_text, decoded, read_bytes

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".csv.gz", ".xpt", ".json")
_NUMBERS = frozenset({"integer", "float", "double", "decimal"})


def read_dataset(path: str | Path) -> pd.DataFrame:
    """Read a dataset into a table of texts and numbers.

    Texts are ``str`` with ``""`` for a missing one, numbers ``float`` with NaN; a CSV holds texts only. Dates, also
    those that SAS and Dataset-JSON hold as numbers, are ISO 8601 text. Column names are as in the file.

    Raises
    ------
    DataError
        When the file is missing, unreadable, empty or not what its name says (exit code 3).
    ConfigurationError
        ``sdtm.needs_pyreadstat``, for XPT without that library.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    raw = read_bytes(file)
    if suffix == ".xpt":
        table = _xpt(file, raw)
    elif suffix == ".json":
        table = _json(file, raw)
    else:
        table = _csv(file, raw)
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise DataError("response.repeated_column", file=file, column=repeated[0])
    return table


def _csv(path: Path, raw: bytes) -> pd.DataFrame:
    import pandas as pd

    text = decoded(path, raw)
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, skipinitialspace=True)
    except (ValueError, pd.errors.ParserError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError("sdtm.not_a_dataset", file=path, kind="CSV", reason=reason) from None
    if not isinstance(
        table.index, pd.RangeIndex
    ):  # more cells than the header: pandas takes the first as an index
        raise DataError(
            "sdtm.not_a_dataset", file=path, kind="CSV", reason="rows have more cells than the header"
        )
    table.columns = pd.Index([str(name).strip() for name in table.columns])
    return table.fillna("")


def _xpt(path: Path, raw: bytes) -> pd.DataFrame:
    try:
        import pyreadstat
    except ImportError:
        raise ConfigurationError("sdtm.needs_pyreadstat", file=path) from None
    # The library wants a file by name, and this one may have been gzipped or have a name it cannot open.
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "dataset.xpt"
        copy.write_bytes(raw)
        try:
            table, _ = pyreadstat.read_xport(str(copy))
        except (pyreadstat.ReadstatError, ValueError, OverflowError, UnicodeError) as error:
            raise DataError("sdtm.not_a_dataset", file=path, kind="SAS XPORT", reason=error) from None
    return _plain(table)


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Turn dates into text, so that every format gives the same."""
    import pandas as pd

    columns: dict[str, pd.Series[Any]] = {}
    for name in table.columns:
        column = table[name]
        if column.dtype.kind in "iuf":
            columns[str(name)] = column.astype(float)
        else:
            columns[str(name)] = pd.Series([_text(value) for value in column], dtype=object)
    return pd.DataFrame(columns)


def _text(value: Any) -> str:
    import pandas as pd

    return "" if value is None or value is pd.NaT else as_text(value).rstrip(" ")


def _json(path: Path, raw: bytes) -> pd.DataFrame:
    import pandas as pd

    try:
        content = json.loads(decoded(path, raw))
        fields = [(str(column["name"]), column) for column in content["columns"]]
        rows = content["rows"]
        if not isinstance(rows, list) or any(
            not isinstance(row, list) or len(row) != len(fields) for row in rows
        ):
            raise TypeError(f"not every row has {len(fields)} cells")
        columns = {
            name: _column([row[at] for row in rows], column) for at, (name, column) in enumerate(fields)
        }
        if len(columns) != len(fields):
            raise TypeError("a column occurs twice")
    except KeyError as error:
        raise DataError(
            "sdtm.not_a_dataset", file=path, kind="Dataset-JSON 1.1", reason=f"no {error}"
        ) from None
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError("sdtm.not_a_dataset", file=path, kind="Dataset-JSON 1.1", reason=error) from None
    return pd.DataFrame(columns)


SAS_EPOCH = datetime.date(1960, 1, 1)


def _column(values: Iterable[Any], column: Any) -> pd.Series[Any]:
    import pandas as pd

    kind = str(column.get("dataType", "string")).lower()
    if kind in _NUMBERS:
        return pd.Series([float("nan") if v is None or v == "" else float(v) for v in values], dtype=float)
    if kind == "date":  # as text, or as days since 1960 where SAS wrote it
        values = [
            (SAS_EPOCH + datetime.timedelta(days=v)).isoformat() if isinstance(v, int | float) else v
            for v in values
        ]
    return pd.Series([as_text(value) for value in values], dtype=object)
