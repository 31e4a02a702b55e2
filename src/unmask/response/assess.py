"""Assessing a lesion file: verdicts per visit and per patient, RECIST 1.1 beside iRECIST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from unmask.errors import ConfigurationError
from unmask.response.lesions import LesionTable, read_lesions
from unmask.response.output import save
from unmask.response.problems import Problem
from unmask.response.rules import Rules
from unmask.response.summary import summarise
from unmask.response.tables import patient_table, visit_table

CRITERIA = ("recist1.1", "irecist")
GROUP_COLUMNS = (("trial",), ("arm", "treatment", "group"))
"""Columns that name a patient's group, when the file has them: the trial and the first of the others."""


@dataclass(frozen=True)
class AssessResult:
    """A lesion file, assessed."""

    path: Path
    criteria: tuple[str, ...]
    rules: Rules
    visits: pd.DataFrame
    """One row per patient and visit after baseline (the table ``assessments.csv``)."""
    patients: pd.DataFrame
    """One row per patient of the file, assessed or not (``patients.csv``)."""
    problems: tuple[Problem, ...]
    summary: Mapping[str, Any]
    """Counts by category and group, RECIST 1.1 beside iRECIST (``summary.json``)."""
    written: tuple[Path, ...] = ()
    """Files written, when an output folder was given."""


def assess(
    path: str | Path,
    criteria: Sequence[str] = CRITERIA,
    out: str | Path | None = None,
    *,
    rules: Rules | None = None,
    group: str | None = None,
    baseline_until: int | None = None,
    force: bool = False,
) -> AssessResult:
    """Assess a lesion CSV by RECIST 1.1 and iRECIST.

    Parameters
    ----------
    path
        Lesion file; :func:`unmask.response.lesions.read_lesions` states its columns and what is baseline.
    criteria
        Any of ``"recist1.1"`` and ``"irecist"``: which verdicts the tables show.
    out
        Folder for ``assessments`` and ``patients`` (CSV and Parquet), ``bad_rows.csv``, ``warnings.csv``,
        ``waterfall`` and ``spider`` (PNG and SVG) and ``summary.json``. None: nothing is written.
    rules
        Options; default :class:`Rules`.
    group
        Column by which patients are counted (default: ``trial`` with ``arm`` or ``treatment``, if present).
    baseline_until
        Last day that may hold a baseline.
    force
        Overwrite files in an existing folder.

    Raises
    ------
    DataError
        When the file or every patient in it is unusable.
    ConfigurationError
        For unknown criteria or group, and when ``out`` exists (without ``force``) or cannot be written.
    """
    chosen = _criteria(criteria)
    rules = rules or Rules()
    table = read_lesions(path, rules=rules, baseline_until=baseline_until)
    groups = _groups(Path(path), table, group)
    verdicts = table.judged(rules)
    visits = visit_table(table, verdicts, groups, chosen)
    patients = patient_table(table, verdicts, groups, rules, chosen)
    summary = summarise(Path(path), table, patients, rules, chosen)
    result = AssessResult(Path(path), chosen, rules, visits, patients, table.problems, summary)
    if out is None:
        return result
    files = save(Path(out), visits, patients, table.problems, summary, force=force)
    return AssessResult(Path(path), chosen, rules, visits, patients, table.problems, summary, files)


def _criteria(names: Sequence[str]) -> tuple[str, ...]:
    wanted = [name.strip().lower() for name in names]
    for name in wanted:
        if name not in CRITERIA:
            begun = [known for known in CRITERIA if name and known.startswith(name)]
            near = (begun or get_close_matches(name, CRITERIA, n=1, cutoff=0.0))[0]
            raise ConfigurationError(
                "response.unknown_criteria", name=name, known=" and ".join(CRITERIA), nearest=near
            )
    return tuple(name for name in CRITERIA if name in wanted) or CRITERIA


def _groups(path: Path, table: LesionTable, group: str | None) -> dict[str, str]:
    if group is not None:
        if group not in table.extra:
            found = ", ".join(table.extra) or "no other columns"
            raise ConfigurationError("response.unknown_group", file=path, name=group, found=found)
        parts = [group]
    else:
        lowered = {name.lower(): name for name in table.extra}
        found_parts = (next((lowered[n] for n in names if n in lowered), None) for names in GROUP_COLUMNS)
        parts = [name for name in found_parts if name is not None]
    everyone = (*table.patients, *table.unusable)
    return {p: ": ".join(table.extra[part].get(p, "") for part in parts) or "all" for p in everyone}
