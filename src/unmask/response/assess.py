"""Assessing a lesion file: verdicts per visit and per patient, RECIST 1.1 beside iRECIST."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from unmask.errors import ConfigurationError
from unmask.response.dates import PartialDates
from unmask.response.disagreements import Comparison, compare
from unmask.response.lesions import LesionTable
from unmask.response.outcomes import Outcomes, outcomes
from unmask.response.output import save
from unmask.response.problems import Problem
from unmask.response.rules import Rules
from unmask.response.sources import find_sources, read_sources
from unmask.response.subjects import Subjects
from unmask.response.summary import summarise
from unmask.response.tables import difference_table, patient_table, visit_table
from unmask.response.verdicts import Verdicts
from unmask.survival import assessed

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
    times: pd.DataFrame
    """One row per patient and endpoint (``time_to_event.csv``); see :mod:`unmask.survival.assessed`."""
    table: LesionTable
    verdicts: Verdicts
    outcomes: Outcomes
    subjects: Subjects | None = None
    """The subject file, where there was one."""
    comparison: Comparison | None = None
    """Recorded overall responses against the derived ones, where there were some (``disagreements.csv``)."""
    written: tuple[Path, ...] = ()
    """Files written, when an output folder was given."""


def assess(
    path: str | Path | Sequence[str | Path],
    criteria: Sequence[str] = CRITERIA,
    out: str | Path | None = None,
    *,
    rules: Rules | None = None,
    group: str | None = None,
    baseline_until: int | None = None,
    force: bool = False,
    strict: bool = False,
    patients: str | Path | None = None,
    evaluator: str = "INVESTIGATOR",
    partial_dates: PartialDates | None = None,
    scan_days: Sequence[float] = (),
    colour_by: str | None = None,
) -> AssessResult:
    """Assess lesions by RECIST 1.1 and iRECIST.

    Parameters
    ----------
    path
        Lesion file (CSV or Parquet), the SDTM datasets TU and TR (RS, DM) one by one, or a folder that holds them;
        ``docs/response-input.md`` states columns, formats and what is baseline.
    criteria
        Any of ``"recist1.1"`` and ``"irecist"``: which verdicts the tables show.
    out
        Folder for ``assessments`` and ``patients`` (CSV and Parquet), ``bad_rows.csv``, ``warnings.csv``,
        ``waterfall``, ``spider`` and ``swimmer`` (PNG and SVG), ``time_to_event.csv``, ``differences.csv`` and
        ``summary.json``. None: nothing is written.
    rules
        Options; default :class:`Rules`.
    group
        Column by which patients are counted (default: ``trial`` with ``arm`` or ``treatment``, if present).
    baseline_until
        Last day that may hold a baseline.
    force
        Overwrite files in an existing folder.
    strict
        Take every warning as an error: its row is left out, or its patient.
    patients
        Subject file: arm, reference date, death, ... (:func:`unmask.response.subjects.read_subjects`).
    evaluator
        Whose records of SDTM data: a value of --EVAL or --EVALID, or ``"accepted"``.
    partial_dates
        What a date without day or month becomes: its ``"first"`` day, its ``"last"``, or a bad row (``"refuse"``).
        Default: refuse in a lesion file, first in SDTM data.
    scan_days
        Scheduled scan days since the reference day, for rules about missed visits.
    colour_by
        Column of the patient table that colours the plots (default: the best response).

    Raises
    ------
    DataError
        When the file or every patient in it is unusable.
    ConfigurationError
        For unknown criteria or group, and when ``out`` exists (without ``force``) or cannot be written.
    """
    chosen = _criteria(criteria)
    rules = rules or Rules()
    given = [path] if isinstance(path, str | Path) else list(path)
    sources = find_sources([Path(file) for file in given])
    table, subjects = read_sources(
        sources,
        rules=rules,
        baseline_until=baseline_until,
        strict=strict,
        patients=None if patients is None else Path(patients),
        evaluator=evaluator,
        partial_dates=partial_dates,
    )
    known = {*table.patients, *table.unusable}
    unseen = (
        () if patients is None or subjects is None else tuple(p for p in subjects.patients if p not in known)
    )
    groups = _groups(sources.named, table, group, unseen)
    verdicts = table.judged(rules)
    counts = assessed.visits_that_count(table, verdicts, subjects)
    found = outcomes(verdicts, valid=counts)
    visits = visit_table(table, verdicts, groups, chosen, counts)
    by_patient = patient_table(table, verdicts, found, groups, chosen, unseen, counts)
    if subjects is not None:
        for name in ("death_day", "last_known_day", "new_therapy_day"):
            by_patient[name] = by_patient["patient"].map(getattr(subjects, name)).astype(float)
    everybody = patients is not None
    times = assessed.time_to_event(
        table, verdicts, found, by_patient, subjects, rules, scan_days, criteria=chosen
    )
    summary = summarise(sources.named, table, by_patient, rules, chosen, everybody=everybody)
    summary["endpoints"] = assessed.estimates(times, by_patient, intention_to_treat=everybody)
    summary["deaths_known"] = subjects is not None
    summary["last_contact_unknown"] = _last_contact_unknown(by_patient["patient"].tolist(), subjects)
    summary["visits_after_new_therapy"] = 0 if counts is None else int((~counts & verdicts.exists).sum())
    comparison = None
    tables = {"time_to_event.csv": times}
    if len(chosen) == len(CRITERIA):
        tables["differences.csv"] = difference_table(by_patient)
    if sources.rs is not None:
        comparison = compare(sources.rs, table, visits, chosen, evaluator)
        summary["recorded_responses"] = {"compared": comparison.compared, "agreeing": comparison.agreeing}
        tables["disagreements.csv"] = comparison.disagreements
    result = AssessResult(
        sources.named,
        chosen,
        rules,
        visits,
        by_patient,
        table.problems,
        summary,
        times,
        table,
        verdicts,
        found,
        subjects,
        comparison,
    )
    if out is None:
        return result
    files = save(
        Path(out),
        visits,
        by_patient,
        table.problems,
        summary,
        force=force,
        tables=tables,
        colour_by=colour_by,
    )
    return replace(result, written=files)


def _last_contact_unknown(patients: Sequence[str], subjects: Subjects | None) -> int:
    """Return how many patients have neither a death nor a last contact in the subject file."""
    if subjects is None:
        return 0
    known = {
        name
        for days in (subjects.death_day, subjects.last_known_day)
        for name, day in days.items()
        if not math.isnan(day)
    }
    return sum(name not in known for name in patients)


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


def _groups(path: Path, table: LesionTable, group: str | None, unseen: Sequence[str] = ()) -> dict[str, str]:
    if group is not None:
        if group not in table.extra:
            found = ", ".join(table.extra) or "no other columns"
            raise ConfigurationError("response.unknown_group", file=path, name=group, found=found)
        parts = [group]
    else:
        lowered = {name.lower(): name for name in table.extra}
        found_parts = (next((lowered[n] for n in names if n in lowered), None) for names in GROUP_COLUMNS)
        parts = [name for name in found_parts if name is not None]
    everyone = (*table.patients, *table.unusable, *unseen)
    return {p: ": ".join(table.extra[part].get(p, "") for part in parts) or "all" for p in everyone}
