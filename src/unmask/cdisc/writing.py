"""Writing datasets: Parquet, CSV, SAS XPORT version 5 and Dataset-JSON 1.1.

Every file is whole or absent, and nothing is written over unasked (``unmask.store``). XPORT needs pyreadstat, the
extra ``unmask[adam]``; where formats were not asked for by name its absence is a note, not an error.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import pandas as pd

from unmask.cdisc.dataset import Dataset, Violation, violated
from unmask.cdisc.dataset_json import document
from unmask.errors import ConfigurationError
from unmask.messages import sentence
from unmask.store import replace_file, write_text, writing

FORMATS = ("parquet", "csv", "xpt", "json")
XPORT_VERSION: Final = 5


@dataclass(frozen=True)
class Written:
    """Files that were written, and what could not be written without having been asked for by name."""

    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def chosen_formats(formats: Sequence[str] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the formats that will be written, and notes on those that cannot be.

    Raises
    ------
    ConfigurationError
        ``cdisc.unknown_format``; ``cdisc.needs_pyreadstat``, where XPT is asked for by name.
    """
    if formats is None:
        if _has_pyreadstat():
            return FORMATS, ()
        note = sentence("cdisc.without_xpt", {})
        return tuple(name for name in FORMATS if name != "xpt"), (note,)
    wanted = tuple(name.strip().lower() for name in formats if name.strip())
    for name in wanted:
        if name not in FORMATS:
            near = get_close_matches(name, FORMATS, n=1, cutoff=0.0)[0]
            raise ConfigurationError(
                "cdisc.unknown_format", name=name, known=", ".join(FORMATS), nearest=near
            )
    if not wanted:
        raise ConfigurationError(
            "cdisc.unknown_format", name="", known=", ".join(FORMATS), nearest=FORMATS[0]
        )
    if "xpt" in wanted and not _has_pyreadstat():
        raise ConfigurationError("cdisc.needs_pyreadstat")
    return tuple(dict.fromkeys(wanted)), ()


def refuse_existing(folder: Path, names: Sequence[str], formats: Sequence[str], *, force: bool) -> None:
    """Make sure that datasets ``names`` can be written, before anything is computed.

    Raises
    ------
    ConfigurationError
        ``cdisc.exists`` without ``force``, and what :func:`unmask.store.writing` says of a folder.
    """
    with writing(folder):
        if folder.exists() and not folder.is_dir():
            raise ConfigurationError("store.not_a_directory", path=folder, reason="it is a file")
        there = [path.name for path in _paths(folder, names, formats) if path.exists()]
        if there and not force:
            raise ConfigurationError("cdisc.exists", path=folder, files=", ".join(there))
        folder.mkdir(parents=True, exist_ok=True)


def write(
    dataset: Dataset,
    folder: Path | str,
    formats: Sequence[str] | None = None,
    *,
    force: bool = False,
    created: datetime | None = None,
) -> Written:
    """Write one dataset as ``NAME.FORMAT``, names in small letters as SAS has them.

    Parameters
    ----------
    formats
        Of :data:`FORMATS`; default all that can be written here.
    force
        Replace files that are there.
    created
        Time that stands in the Dataset-JSON file; default now.

    Raises
    ------
    ConfigurationError
        As :func:`chosen_formats` and :func:`refuse_existing`.
    DataError
        ``cdisc.violations``: a text that is not ASCII, for XPT.
    """
    return write_all([dataset], folder, formats, force=force, created=created)


def write_all(
    datasets: Sequence[Dataset],
    folder: Path | str,
    formats: Sequence[str] | None = None,
    *,
    force: bool = False,
    created: datetime | None = None,
    readme: str = "",
) -> Written:
    """Write several datasets, and ``README.txt`` where a text for it is given; see :func:`write`."""
    out = Path(folder)
    wanted, notes = chosen_formats(formats)
    names = [dataset.name for dataset in datasets]
    refuse_existing(out, names, wanted, force=force)
    writers: Mapping[str, Callable[[Dataset, Path], object]] = {
        "parquet": _parquet,
        "csv": _csv,
        "xpt": _xpt,
        "json": lambda dataset, path: _json(dataset, path, created),
    }
    for dataset in datasets:
        for form in wanted:
            writer = writers[form]
            replace_file(
                out / f"{dataset.name.lower()}.{form}",
                lambda path, w=writer, d=dataset: w(d, path),  # type: ignore[misc]
            )
    if readme:
        write_text(out / "README.txt", readme)
    files = _paths(out, names, wanted)
    return Written((*files, out / "README.txt") if readme else tuple(files), notes)


def _paths(folder: Path, names: Sequence[str], formats: Sequence[str]) -> list[Path]:
    return [folder / f"{name.lower()}.{form}" for name in names for form in formats]


def _has_pyreadstat() -> bool:
    return importlib.util.find_spec("pyreadstat") is not None


def _parquet(dataset: Dataset, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"integer": pa.int64(), "float": pa.float64(), "date": pa.date32()}
    fields = [
        pa.field(
            variable.name,
            kinds.get(variable.type, pa.string()),
            metadata={"label": variable.label, "format": variable.format},
        )
        for variable in dataset.metadata.variables
    ]
    about = {"name": dataset.name, "label": dataset.label, "keys": " ".join(dataset.metadata.keys)}
    schema = pa.schema(fields, metadata=about)
    pq.write_table(pa.Table.from_pandas(dataset.frame, schema=schema, preserve_index=False), path)


def _csv(dataset: Dataset, path: Path) -> None:
    dataset.frame.to_csv(path, index=False, date_format="%Y-%m-%d", lineterminator="\n", encoding="utf-8")


def _json(dataset: Dataset, path: Path, created: datetime | None) -> None:
    content = document(dataset, created=created)
    rows = content.pop("rows")
    head = json.dumps(content, ensure_ascii=False, allow_nan=False).removesuffix("}")
    with path.open("w", encoding="utf-8", newline="\n") as file:
        # One record a line: large files stay readable, and two versions can be compared.
        file.write(head + ', "rows": [\n')
        file.write(",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows))
        file.write("\n]}\n")


def _xpt(dataset: Dataset, path: Path) -> None:
    import pyreadstat

    # Most readers take the bytes of an XPORT file for ASCII, and what is none comes out as something else.
    found = [
        Violation(dataset.name, variable.name, row + 1, str(value), "ASCII characters in an XPORT file")
        for variable in dataset.metadata.variables
        if variable.type in ("text", "iso date")
        for row, value in enumerate(dataset.frame[variable.name])
        if value is not None and not value.isascii()
    ]
    if found:
        raise violated(dataset.name, found)
    table = pd.DataFrame({v.name: _xpt_values(dataset, v.name, v.type) for v in dataset.metadata.variables})
    pyreadstat.write_xport(
        table,
        str(path),
        file_label=dataset.label,
        table_name=dataset.name,
        column_labels={variable.name: variable.label for variable in dataset.metadata.variables},
        variable_format={v.name: v.format for v in dataset.metadata.variables if v.format},
        file_format_version=XPORT_VERSION,
    )


def _xpt_values(dataset: Dataset, name: str, kind: str) -> Any:
    values = dataset.frame[name]
    if kind == "date":
        return values.dt.date
    return values.fillna("") if kind in ("text", "iso date") else values.astype("float64")
