"""The safety of one arm in figures: how many patients had what, when it began and ended, and what was done.

Rates are shares of the arm's patients, each counted once at the worst grade, of events related to study treatment
(until 30 days after its last dose or the next therapy), with exact intervals. Low neutrophils by blood count are a
laboratory finding: a row of their own, no part of "any event", as trials report them far more rarely
(:mod:`unmask.safety.chemotherapy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from unmask.errors import DataError
from unmask.safety.adverse_events import AUTOIMMUNE_FLARE, CLASSES, COLUMNS, IMMUNE_RELATED
from unmask.safety.incidence import FollowUp, onset_curve, onset_weeks, resolution
from unmask.safety.neutropenia import COUNTED
from unmask.safety.timing import IN_AN_ORGAN, select
from unmask.survival.proportions import proportion

LABORATORY = (COUNTED,)
"""Events found by measuring only; in the table, not in the rates of "any event"."""
SEVERE = 3
MANAGEMENT, SUBSEQUENT = "management", "subsequent"
"""Phases of the table of doses that are no study treatment."""
MEASURES: Mapping[str, tuple[str, ...]] = {
    "topical": ("topical",),
    "replacement": ("replacement",),
    "supportive": ("supportive",),
    "antibiotics": ("antibiotics",),
    "steroid": ("steroid",),
    "biologic": ("biologic",),
    "held": ("hold",),
    "stopped_anti_ctla4": ("stop anti-CTLA-4",),
    "stopped": ("stop",),
    "delayed": ("delay",),
    "reduced": ("dose reduction",),
}
"""What an action may hold, in the order of a report; the words of ``adverse_events.ACTIONS``, split at commas."""


def summarise_safety(tables: Mapping[str, pd.DataFrame], arm: str) -> dict[str, Any]:
    """Return the safety of one arm, the entry ``arms.ARM.safety`` of ``summary.json``.

    Parameters
    ----------
    tables
        ``patients`` (patient, arm, death_day, censor_day) and ``adverse_events``
        (:data:`unmask.safety.adverse_events.COLUMNS`); ``doses`` (patient, arm, day, drug, phase) where known.

    Returns
    -------
    dict
        ``n``; ``any`` (every class, laboratory findings left out); ``immune_related_in_an_organ`` (without fatigue
        and the unnamed rest, which trials call treatment-related); ``classes``, ``organs`` (class -> organ) and
        ``events``, each name -> figures; ``management`` (measure -> share of patients) with ``resumed`` of those
        held; ``doses``; ``fatal``. Figures of a group: ``n``, ``any``, ``grade3plus`` (shares with ``any_ci`` and
        ``grade3plus_ci``), ``grades`` (worst grade -> share), ``onset_weeks``, ``resolution_weeks``, ``resolved``;
        all but organs of other classes have an ``onset_curve`` besides. An event of several classes (diarrhoea) is
        one event, as in the tables of trials.

    Raises
    ------
    DataError
        ``safety.missing_table`` or ``safety.missing_column``.
    """
    _check(tables)
    patients = tables["patients"]
    patients = patients[patients["arm"] == arm]
    follow = FollowUp.of(patients)
    events = tables["adverse_events"]
    events = events[(events["arm"] == arm) & events["related"].astype(bool)]
    clinical = clinical_events(events)

    def figures(rows: pd.DataFrame, *, curves: bool = False) -> dict[str, Any]:
        return _figures(rows, follow, curves=curves)

    classes = {name: clinical[clinical["class"] == name] for name in CLASSES}
    return {
        "n": follow.size,
        "any": figures(clinical, curves=True),
        "immune_related_in_an_organ": figures(select(clinical, IN_AN_ORGAN), curves=True),
        "classes": {name: figures(rows, curves=True) for name, rows in classes.items() if len(rows)},
        "organs": {
            name: {
                str(organ): figures(mine, curves=name == IMMUNE_RELATED)
                for organ, mine in rows.groupby("organ", observed=True, sort=True)
            }
            for name, rows in classes.items()
            if len(rows)
        },
        "events": {
            str(event): {
                "classes": sorted({str(name) for name in rows["class"]}),
                "laboratory": str(event) in LABORATORY,
                **figures(rows, curves=True),
            }
            for event, rows in events.groupby("event", observed=True, sort=True)
        },
        "grade3plus_with_laboratory": _share(events[events["grade"] >= SEVERE], follow.size),
        "fatal": _share(events[events["grade"] == 5], follow.size),
        "flares": figures(classes[AUTOIMMUNE_FLARE]) if len(classes[AUTOIMMUNE_FLARE]) else None,
        "management": _management(events, tables.get("doses"), arm, follow.size),
        "doses": _doses(tables.get("doses"), arm, follow.size),
    }


def severe_share(events: pd.DataFrame, arm: str, size: int) -> dict[str, Any]:
    """Return the share of an arm with a related event of grade 3 or more, laboratory findings left out."""
    _check_columns("adverse_events", events, ("patient", "arm", "event", "grade", "related"))
    chosen = clinical_events(events[events["arm"] == arm])
    return _share(chosen[chosen["grade"] >= SEVERE], size)


def clinical_events(events: pd.DataFrame) -> pd.DataFrame:
    """Return the events related to study treatment that trials count: all but laboratory findings."""
    counted: pd.DataFrame = events[events["related"].astype(bool) & ~events["event"].isin(LABORATORY)]
    return counted


def _figures(rows: pd.DataFrame, follow: FollowUp, *, curves: bool) -> dict[str, Any]:
    severe = rows[rows["grade"] >= SEVERE]
    worst = rows.groupby("patient", observed=True)["grade"].max()
    onset = rows.groupby("patient", observed=True)["onset_day"].min()
    ended = resolution(rows, follow)
    size = follow.size
    any_grade, grade_3 = _share(rows, size), _share(severe, size)
    found: dict[str, Any] = {
        "n": len(worst),
        "any": any_grade["value"],
        "any_ci": any_grade["ci"],
        "grade3plus": grade_3["value"],
        "grade3plus_ci": grade_3["ci"],
        "grades": {str(g): float((worst == g).sum()) / size if size else None for g in range(1, 6)},
        "onset_weeks": onset_weeks(onset),
        "resolution_weeks": {"median": ended["weeks"], "ci": ended["ci"]},
        "resolved": ended["resolved"],
    }
    if curves:
        found["onset_curve"] = onset_curve(onset, follow)
    return found


def _share(rows: pd.DataFrame, size: int) -> dict[str, Any]:
    share = proportion(int(rows["patient"].nunique()), size)
    return {"value": share.value, "ci": list(share.ci)}


def _management(events: pd.DataFrame, doses: pd.DataFrame | None, arm: str, size: int) -> dict[str, Any]:
    """Return the share of patients with each measure.

    Besides ``given_up`` (any drug of the treatment ended for good, as trials count discontinuation), and ``resumed``,
    of those held the share that had a dose afterwards.
    """
    parts = {
        str(action): tuple(word.strip() for word in str(action).split(","))
        for action in events["action"].unique()
    }
    found: dict[str, Any] = {}
    for measure, words in MEASURES.items():
        actions = [action for action, had in parts.items() if set(words) & set(had)]
        found[measure] = _share(events[events["action"].isin(actions)], size)["value"]
    held = events[(events["class"] == IMMUNE_RELATED) & events["action"].astype(str).str.startswith("hold")]
    since = held.groupby("patient", observed=True)["onset_day"].min()
    ended = [action for action, had in parts.items() if {"stop", "stop anti-CTLA-4"} & set(had)]
    found["given_up"] = _share(events[events["action"].isin(ended)], size)["value"]
    found["resumed"] = None
    if doses is not None and len(since):
        given = _study_doses(doses, arm)
        last = given.groupby("patient", observed=True)["day"].max().reindex(since.index)
        found["resumed"] = float((last.to_numpy(float) > since.to_numpy(float)).mean())
    return found


def _doses(doses: pd.DataFrame | None, arm: str, size: int) -> dict[str, Any] | None:
    """Return doses of study treatment per patient, by drug: mean number and mean amount."""
    if doses is None or "drug" not in doses.columns or not size:
        return None
    given = _study_doses(doses, arm)
    return {
        str(drug): {
            "per_patient": len(rows) / size,
            "mean_amount": float(rows["amount"].mean()) if "amount" in rows.columns else None,
        }
        for drug, rows in given.groupby("drug", observed=True, sort=True)
    }


def _study_doses(doses: pd.DataFrame, arm: str) -> pd.DataFrame:
    given: pd.DataFrame = doses[(doses["arm"] == arm) & ~doses["phase"].isin((SUBSEQUENT, MANAGEMENT))]
    return given


def _check(tables: Mapping[str, pd.DataFrame]) -> None:
    for name, columns in (
        ("patients", ("patient", "arm", "death_day", "censor_day")),
        ("adverse_events", COLUMNS),
    ):
        if name not in tables:
            raise DataError("safety.missing_table", table=name, found=", ".join(tables))
        _check_columns(name, tables[name], columns)


def _check_columns(name: str, table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise DataError(
            "safety.missing_column",
            table=name,
            columns=", ".join(missing),
            found=", ".join(map(str, table.columns)),
        )


def without_management(managed: Mapping[str, Any], unmanaged: Mapping[str, Any]) -> dict[str, Any]:
    """Return the safety of an arm with, under ``unmanaged``, that of the same arm without management.

    Both are results of :func:`summarise_safety`; the report shows them side by side.
    """
    return {**managed, "unmanaged": {key: unmanaged[key] for key in ("any", "fatal", "management", "doses")}}
