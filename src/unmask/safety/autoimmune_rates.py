"""Flares and other events of patients with autoimmune disease, beside published series (``published.toml``).

Published series are of antibodies against PD-(L)1 and hold what was treated: of the virtual events those of grade 2 or
more count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import pandas as pd

from unmask.safety.adverse_events import AUTOIMMUNE_FLARE
from unmask.safety.event_kinds import safety_data
from unmask.safety.incidence import DAYS_PER_WEEK, onset_weeks
from unmask.safety.timing import IN_AN_ORGAN, direction, select
from unmask.survival.proportions import proportion

LEAST_GRADE = 2
SEVERE, FATAL = 3, 5
NONE = "none"
ANY_DISEASE = "all three"
MEDIAN_DAYS = "median days to gut event"
Select = Callable[[pd.DataFrame], pd.DataFrame]


def by_disease(
    events: pd.DataFrame, patients: pd.DataFrame, drugs: Collection[str]
) -> list[dict[str, Any]] | None:
    """Return rates by autoimmune disease: the entry ``autoimmune`` of the safety of an arm.

    Parameters
    ----------
    events
        Related events of the arm.
    patients
        Its rows of the table of patients (``autoimmune_disease``, ``immunosuppressed_at_baseline``).
    drugs
        Names of the drugs of its study treatment.

    Returns
    -------
    list or None
        None where no patient has a disease. One entry per disease (or :data:`ANY_DISEASE`, or "none") and measure:
        ``disease``, ``what``, ``n`` patients (flares, for how many a steroid sufficed), ``virtual`` (share or days)
        with ``virtual_ci``; ``published`` with ``published_ci``, ``inside``, ``direction``, ``source``, ``confirmed``
        and ``calibrated``, all None where nothing is published, as for flares by immunosuppression before treatment
        or other drugs than one antibody against PD-(L)1.
    """
    if "autoimmune_disease" not in patients.columns:
        return None
    disease = patients["autoimmune_disease"].astype(str)
    if not (disease != NONE).any():
        return None
    comparable = len(drugs) == 1 and set(drugs) <= set(safety_data("published")["class"]["anti-PD-(L)1"])
    rows: list[dict[str, Any]] = []
    for block in safety_data("published")["autoimmune"]:
        name = block["disease"]
        mine = patients[disease != NONE] if name == ANY_DISEASE else patients[disease == name]
        if not len(mine):
            continue
        theirs = events[(events["grade"] >= LEAST_GRADE) & events["patient"].isin(mine["patient"])]
        if comparable:
            rows += [_beside(name, row, theirs, mine) for row in block["figures"]]
        if name not in (NONE, ANY_DISEASE):
            rows += _by_immunosuppression(name, theirs, mine, with_all=not comparable)
    return rows


def _flares(events: pd.DataFrame) -> pd.DataFrame:
    chosen: pd.DataFrame = events[events["class"] == AUTOIMMUNE_FLARE]
    return chosen


def _other(events: pd.DataFrame) -> pd.DataFrame:
    return select(events, IN_AN_ORGAN)


def _either(events: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([_flares(events), _other(events)])


def _gut(events: pd.DataFrame) -> pd.DataFrame:
    either = _either(events)
    chosen: pd.DataFrame = either[either["organ"] == "gut"]
    return chosen


def _severe(chosen: Select, least_grade: int = SEVERE) -> Select:
    def select_severe(events: pd.DataFrame) -> pd.DataFrame:
        rows = chosen(events)
        severe: pd.DataFrame = rows[rows["grade"] >= least_grade]
        return severe

    return select_severe


def _action(chosen: Select, word: str) -> Select:
    def select_treated(events: pd.DataFrame) -> pd.DataFrame:
        rows = chosen(events)
        treated: pd.DataFrame = rows[rows["action"].astype(str).str.contains(word, regex=False)]
        return treated

    return select_treated


MEASURES: Mapping[str, Select] = {
    "flare": _flares,
    "other event": _other,
    "other event, grade 3 or more": _severe(_other),
    "flare or other event": _either,
    "gut event": _gut,
    "gut event, grade 3 or more": _severe(_gut),
    "immunotherapy held": _action(_either, "hold"),
    "immunotherapy stopped for good": _action(_either, "stop"),
    "immunotherapy stopped for a flare": _action(_flares, "stop"),
    "immunotherapy stopped for another event": _action(_other, "stop"),
    "second-line biologic": _action(_either, "biologic"),
    "fatal event": _severe(_either, FATAL),
}
"""What is counted in patients; the words of ``published.toml``."""
STEROID_SUFFICED = "flares that a steroid controlled"


def _beside(
    disease: str, published: Mapping[str, Any], events: pd.DataFrame, patients: pd.DataFrame
) -> dict[str, Any]:
    what = published["what"]
    about = {
        "source": safety_data("published")["sources"][published["source"]],
        "confirmed": published["read"],
        "calibrated": published.get("calibrated", False),
    }
    if what == MEDIAN_DAYS:
        weeks = onset_weeks(_gut(events).groupby("patient", observed=True)["onset_day"].min())
        days = {key: None if week is None else DAYS_PER_WEEK * week for key, week in weeks.items()}
        given, own = [published["low"], published["high"]], [days["q25"], days["q75"]]
        return _row(disease, what, len(_gut(events)), days["median"], own, published["value"], given, **about)
    if what == STEROID_SUFFICED:
        treated = _action(_flares, "steroid")(events)
        count, size = int((~treated["action"].astype(str).str.contains("biologic")).sum()), len(treated)
    else:
        count, size = int(MEASURES[what](events)["patient"].nunique()), len(patients)
    virtual = proportion(count, size)
    value = published["value"] / 100.0
    interval: list[float | None] = (
        list(proportion(*published["count"]).ci) if "count" in published else [None, None]
    )
    return _row(disease, what, size, virtual.value, list(virtual.ci), value, interval, **about)


def _row(
    disease: str,
    what: str,
    size: int,
    virtual: float | None,
    virtual_ci: list[float | None],
    published: float | None = None,
    published_ci: list[float | None] | None = None,
    **about: Any,
) -> dict[str, Any]:
    low, high = published_ci or (None, None)
    inside, side = None, ""
    if virtual is not None and low is not None and high is not None:
        side = direction(virtual, low, high)
        inside = not side
    return {
        "disease": disease,
        "what": what,
        "n": size,
        "virtual": virtual,
        "virtual_ci": virtual_ci,
        "published": published,
        "published_ci": [low, high],
        "inside": inside,
        "direction": side,
        "source": about.get("source"),
        "confirmed": about.get("confirmed"),
        "calibrated": about.get("calibrated"),
    }


def _by_immunosuppression(
    disease: str, events: pd.DataFrame, patients: pd.DataFrame, *, with_all: bool
) -> list[dict[str, Any]]:
    """Return the share with a flare among those who take a steroid for their disease before treatment, and others."""
    taking = patients["immunosuppressed_at_baseline"].astype(bool)
    groups = {
        "flare, without immunosuppression before": patients[~taking],
        "flare, on immunosuppression before": patients[taking],
    }
    if with_all:
        groups = {"flare": patients, **groups}
    rows = []
    for what, group in groups.items():
        if len(group):
            had = _flares(events)["patient"].isin(group["patient"])
            found = proportion(int(_flares(events)[had]["patient"].nunique()), len(group))
            rows.append(_row(disease, what, len(group), found.value, list(found.ci)))
    return rows
