"""Files: written whole or not at all, never over something without leave, resumable.

While a trial runs, each finished batch of patients is a folder of Parquet files under ``OUT/.unfinished``; the folder
appears under its final name only when it is complete. When all batches are there the outputs are written and the
folder goes.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from unmask.errors import ConfigurationError

UNFINISHED = ".unfinished"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the operating system's complaints about ``path`` into named errors."""
    try:
        yield
    except OSError as error:
        code = {
            errno.ENOSPC: "store.disk_full",
            errno.EDQUOT: "store.disk_full",
            errno.ENOTDIR: "store.not_a_directory",
            errno.EEXIST: "store.not_a_directory",
        }.get(error.errno or 0, "store.unwritable")
        raise ConfigurationError(code, path=path, reason=error.strerror or error) from None


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file through a temporary neighbour, so that ``path`` is the old or the new file, never a half."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        temporary = Path(name)
        try:
            write(temporary)
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    replace_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: object) -> None:
    """Write JSON atomically; NaN is refused, because it is not JSON."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a Parquet file atomically."""
    replace_file(path, lambda temporary: table.to_parquet(temporary, index=False))


def claim(out: Path, outputs: tuple[str, ...], *, force: bool, resume: bool) -> None:
    """Make sure that results can be written to ``out`` before anything is computed.

    Raises
    ------
    ConfigurationError
        ``store.exists`` (results are there and ``force`` is not given), ``store.unfinished`` (an interrupted run is
        there and neither ``force`` nor ``resume`` is given), ``store.not_a_directory``, ``store.unwritable`` or
        ``store.disk_full``.
    """
    with writing(out):
        if out.exists() and not out.is_dir():
            raise ConfigurationError("store.not_a_directory", path=out, reason="it is a file")
        if not force:
            # Outputs beside batches are those of a run that ended while it wrote them; --resume writes them again.
            if (out / UNFINISHED).exists():
                if not resume:
                    raise ConfigurationError("store.unfinished", path=out)
            elif present := [name for name in outputs if (out / name).exists()]:
                raise ConfigurationError("store.exists", path=out, files=", ".join(present))
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=out, prefix=".try") as probe:
            probe.write(b"\0" * 4096)
            probe.flush()


class Batches:
    """Finished batches of an unfinished run.

    Parameters
    ----------
    out
        Output folder of the run.
    key
        Hash of everything that determines the results.
    resume
        Keep batches of an earlier run with the same key; otherwise they are removed.

    Raises
    ------
    ConfigurationError
        ``store.other_run``: ``resume`` is asked for and the batches are those of another run. They are kept.
    """

    def __init__(self, out: Path, key: str, *, resume: bool) -> None:
        self._root = out / UNFINISHED
        self._folder = self._root / key
        with writing(self._root):
            if self._root.exists() and not self._folder.exists() and resume:
                raise ConfigurationError("store.other_run", path=out)
            if self._root.exists() and not resume:
                shutil.rmtree(self._root)
            self._folder.mkdir(parents=True, exist_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"batch-{number:05d}"

    def load(self, number: int) -> tuple[dict[str, pd.DataFrame], dict[str, Any]] | None:
        """Return the tables and notes of a finished batch, or None; a damaged batch counts as not finished."""
        path = self._path(number)
        if not path.is_dir():
            return None
        try:
            notes = json.loads((path / "notes.json").read_text(encoding="utf-8"))
            tables = {file.stem: pd.read_parquet(file) for file in sorted(path.glob("*.parquet"))}
        except (OSError, ValueError):  # a machine that lost power leaves files without their content
            shutil.rmtree(path, ignore_errors=True)
            return None
        return tables, notes

    def save(self, number: int, tables: Mapping[str, pd.DataFrame], notes: Mapping[str, Any]) -> None:
        """Keep a finished batch; it exists only once it is complete."""
        path = self._path(number)
        with writing(path):
            temporary = Path(tempfile.mkdtemp(dir=self._folder, prefix=".batch-"))
            for name, table in tables.items():
                table.to_parquet(temporary / f"{name}.parquet", index=False)
            (temporary / "notes.json").write_text(json.dumps(notes), encoding="utf-8")
            temporary.rename(path)


def discard_batches(out: Path) -> None:
    """Remove the batches of a run whose outputs are written."""
    shutil.rmtree(out / UNFINISHED, ignore_errors=True)
