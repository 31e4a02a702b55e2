"""Writing the results of an assessment: everything or nothing, and never over existing files unasked."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from unmask.errors import ConfigurationError
from unmask.response.problems import Problem, as_table


def save(
    out: Path,
    visits: pd.DataFrame,
    patients: pd.DataFrame,
    problems: Sequence[Problem],
    summary: Mapping[str, Any],
    *,
    force: bool,
    tables: Mapping[str, pd.DataFrame] | None = None,
    colour_by: str | None = None,
) -> tuple[Path, ...]:
    """Write all files of an assessment into ``out`` and return their paths; ``tables`` are further CSV files by name.

    The files are made in a temporary folder beside ``out`` and moved when all are complete, so a full disk or
    an interruption leaves no half of a result.

    Raises
    ------
    ConfigurationError
        ``response.output_exists`` (without ``force``), ``response.output_is_file`` or
        ``response.cannot_write``.
    """
    if out.exists() and not out.is_dir():
        raise ConfigurationError("response.output_is_file", path=out)
    try:
        if out.is_dir() and any(out.iterdir()) and not force:
            raise ConfigurationError("response.output_exists", path=out)
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise _cannot_write(out, error) from None
    try:
        _write(draft, visits, patients, problems, summary, colour_by)
        for name, table in (tables or {}).items():
            table.to_csv(draft / name, index=False)
        out.mkdir(exist_ok=True)
        names = sorted(file.name for file in draft.iterdir())
        for name in names:
            (draft / name).replace(out / name)
    except OSError as error:
        raise _cannot_write(out, error) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return tuple(out / name for name in names)


def _cannot_write(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError("response.cannot_write", path=path, reason=error.strerror or error)


def _write(
    folder: Path,
    visits: pd.DataFrame,
    patients: pd.DataFrame,
    problems: Sequence[Problem],
    summary: Mapping[str, Any],
    colour_by: str | None,
) -> None:
    from unmask.report.response_plots import save_spider, save_swimmer, save_waterfall

    visits.to_csv(folder / "assessments.csv", index=False)
    visits.to_parquet(folder / "assessments.parquet", index=False)
    patients.to_csv(folder / "patients.csv", index=False)
    patients.to_parquet(folder / "patients.parquet", index=False)
    for name, severity in (("bad_rows.csv", "error"), ("warnings.csv", "warning")):
        as_table(p for p in problems if p.severity == severity).to_csv(folder / name, index=False)
    text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
    (folder / "summary.json").write_text(text, encoding="utf-8")
    save_waterfall(folder / "waterfall.png", patients, colour_by=colour_by)
    save_spider(folder / "spider.png", visits, patients, colour_by=colour_by)
    save_swimmer(folder / "swimmer.png", visits, patients, colour_by=colour_by)
