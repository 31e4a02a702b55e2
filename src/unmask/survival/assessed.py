"""Endpoints of lesions that were assessed, with what a subject file says of deaths, last contacts and new therapies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd

from unmask.errors import ConfigurationError
from unmask.response.lesions import LesionTable
from unmask.response.outcomes import Outcomes
from unmask.response.rules import Rules
from unmask.response.subjects import Subjects
from unmask.response.verdicts import Verdicts
from unmask.survival.endpoints import ENDPOINTS, VARIANTS, Endpoint, table_of
from unmask.survival.estimate import follow_up, median_of, shares, without_nan
from unmask.survival.key_days import BoolArray, FloatArray, Followed

WITHOUT_DEATHS = (VARIANTS["TTP"], ENDPOINTS["TTR"])
"""Endpoints that need no deaths: what can be told of a lesion file alone."""


def days_of(patients: Sequence[str], known: Mapping[str, float] | None, table: LesionTable) -> FloatArray:
    """Return a day per patient since the reference day, NaN where it did not happen or is not known."""
    days = known or {}
    return np.array([days.get(name, np.nan) for name in patients], dtype=np.float64) - table.baseline_until


def visits_that_count(table: LesionTable, verdicts: Verdicts, subjects: Subjects | None) -> BoolArray | None:
    """Return (N, V) visits up to the start of another anticancer therapy, None where none is known."""
    if subjects is None:
        return None
    started = days_of(table.patients, subjects.new_therapy_day, table)
    return np.asarray(~(verdicts.day > started[:, None]))


def time_to_event(
    table: LesionTable,
    verdicts: Verdicts,
    found: Outcomes,
    patients: pd.DataFrame,
    subjects: Subjects | None,
    rules: Rules,
    scan_days: Sequence[float] = (),
    criteria: Sequence[str] = ("recist1.1", "irecist"),
) -> pd.DataFrame:
    """Return the ``time_to_event`` table of an assessment; ``arm`` is the group.

    Without a subject file nothing is known of deaths: then only time to progression and time to response are given, of
    those who were assessed. Endpoints of criteria that were not asked for are left out.
    ``patients`` is the patient table; those who could not be assessed have no visits and no baseline. Rules that need
    the schedule are applied only where ``scan_days`` gives it.

    Raises
    ------
    ConfigurationError
        ``survival.schedule_needed`` when the rules count missed visits and no schedule is given;
        ``survival.therapy_needed`` when they censor at a new therapy and there is no subject file.
    """
    if subjects is None:
        patients = patients.iloc[: len(table.patients)]
    names = patients["patient"].tolist()
    more = len(names) - len(table.patients)
    people = _padded(Followed.of(verdicts, found), more)
    if subjects is not None:
        therapy = days_of(names, subjects.new_therapy_day, table)
        people = replace(
            people,
            death=days_of(names, subjects.death_day, table),
            censor=days_of(names, subjects.last_known_day, table),
            new_therapy=therapy if np.isfinite(therapy).any() else None,
        )
    if rules.censor_at_new_therapy and people.new_therapy is None:
        if subjects is None:
            raise ConfigurationError("survival.therapy_needed")
        people = replace(people, new_therapy=np.full(len(names), np.nan))  # the file says nobody had one
    endpoints = WITHOUT_DEATHS if subjects is None else (*ENDPOINTS.values(), *VARIANTS.values())
    if not scan_days:
        # Without a schedule nobody can say what was due when, or which visits were missed.
        if rules.missed_visits:
            raise ConfigurationError("survival.schedule_needed", visits=rules.missed_visits)
        rules = rules.changed(censor_unassessed=False)
        endpoints = tuple(item for item in endpoints if not _needs_schedule(item))
    endpoints = tuple(item for item in endpoints if _criteria_of(item) in (*criteria, ""))
    named = patients[["patient"]].assign(arm=patients["group"])
    return table_of(people, named, rules, endpoints, scan_days)


def _criteria_of(endpoint: Endpoint) -> str:
    """Return the criteria that an endpoint rests on, "" for none."""
    if (endpoint.of or endpoint.name).startswith("i"):
        return "irecist"
    return "" if endpoint.name == "OS" else "recist1.1"


def _needs_schedule(endpoint: Endpoint) -> bool:
    scheduled = any(source.day == "progression_scheduled" for source in endpoint.events)
    return scheduled or bool(dict(endpoint.rules).get("missed_visits"))


def _padded(people: Followed, more: int) -> Followed:
    """Add ``more`` patients of whom no visit is known, and who have no baseline."""

    def longer(array: Any) -> Any:
        if array is None or not more:
            return array
        fill: Any = False if array.dtype == bool else np.nan
        return np.concatenate([array, np.full((more, *array.shape[1:]), fill)])

    return Followed(**{f.name: longer(getattr(people, f.name)) for f in fields(people)})


def estimates(times: pd.DataFrame, patients: pd.DataFrame, intention_to_treat: bool) -> dict[str, Any]:
    """Return medians and shares by group, ready for JSON.

    ``intention_to_treat``: the denominator of shares is every patient of the group, assessed or not; otherwise those
    who were assessed.
    """
    counted = patients
    if not intention_to_treat:
        counted = patients[~patients["status"].str.startswith("not assessed")]
    found: dict[str, Any] = {}
    for group, rows in counted.groupby("group", sort=False):
        name = str(group)
        entry: dict[str, Any] = {"n": len(rows), "shares": shares(rows), "endpoints": {}}
        for endpoint in pd.unique(times["endpoint"]):
            follow = follow_up(times, endpoint, name)
            if follow.size:
                entry["endpoints"][str(endpoint)] = {
                    "n": follow.size,
                    "events": int(follow.event.sum()),
                    "months": median_of(follow),
                }
        found[name] = entry
    cleaned: dict[str, Any] = without_nan(found)
    return cleaned
