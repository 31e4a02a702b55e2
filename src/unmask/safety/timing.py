"""When immune-related events begin and how long they last, beside published medians (``published.toml``).

A published median is of events of one kind, organ or any, from a grade on: of the first of each patient or of all
events, and for resolution of all events or of those that were given a steroid, as its source counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pandas as pd

from unmask.safety.adverse_events import IMMUNE_RELATED
from unmask.safety.event_kinds import safety_data
from unmask.safety.incidence import DAYS_PER_WEEK, FollowUp, resolution
from unmask.survival.proportions import median_with_interval

IN_AN_ORGAN = "immune-related in an organ"
GENERAL = "general"
GROUPS: Mapping[str, tuple[str, ...]] = {"endocrine": ("thyroid", "pituitary")}
"""Organs that sources take together."""


@dataclass(frozen=True)
class PublishedTime:
    """A published median time, weeks; ``low`` and ``high`` its 95 % interval where the source has one.

    ``regimens`` are the sets of drugs it stands for; ``of`` is a kind of event, an organ, a group of organs or
    :data:`IN_AN_ORGAN`; ``by_event``: over all events, not the first of each patient; ``treated``: of the events that
    were given a steroid.
    """

    regimens: frozenset[frozenset[str]]
    of: str
    least_grade: int
    metric: Literal["onset", "resolution"]
    weeks: float
    low: float | None
    high: float | None
    by_event: bool
    treated: bool
    source: str
    confirmed: bool


@cache
def published_times() -> tuple[PublishedTime, ...]:
    """Return every published median time to onset and to resolution."""
    data = safety_data("published")
    return tuple(_times(data["timing"], data["sources"], data["class"]))


def _times(
    blocks: Collection[Mapping[str, Any]], sources: Mapping[str, str], classes: Mapping[str, list[str]]
) -> Iterator[PublishedTime]:
    for block in blocks:
        drugs = block["trial"].partition(", ")[0]
        for row in block["figures"]:
            names = classes[row["class"]] if "class" in row else [drugs]
            yield PublishedTime(
                regimens=frozenset(frozenset(name.split(" + ")) for name in names),
                of=row["of"],
                least_grade=int(row["grade"][0]),
                metric=row["metric"],
                weeks=row["weeks"],
                low=row.get("low"),
                high=row.get("high"),
                by_event=row.get("by") == "event",
                treated=row.get("treated", False),
                source=sources[row["source"]],
                confirmed=row["read"],
            )


def select(events: pd.DataFrame, of: str, least_grade: int = 1) -> pd.DataFrame:
    """Return the immune-related events of a kind, an organ or a group (see :class:`PublishedTime`)."""
    chosen = events[(events["class"] == IMMUNE_RELATED) & (events["grade"] >= least_grade)]
    if of == IN_AN_ORGAN:
        return chosen[chosen["organ"] != GENERAL]
    organs = GROUPS.get(of, (of,))
    return chosen[chosen["organ"].isin(organs) | (chosen["event"] == of)]


def times_beside(events: pd.DataFrame, follow: FollowUp, drugs: Collection[str]) -> list[dict[str, Any]]:
    """Return published median times beside those of an arm: the entry ``times`` of its safety.

    Parameters
    ----------
    events
        Related events of the arm, rows of the table of adverse events.
    follow
        How long its patients were followed.
    drugs
        Names of the drugs of its study treatment.

    Returns
    -------
    list
        One entry per published median: ``of``, ``grade``, ``metric``, ``treated``, ``virtual`` and ``published``
        (weeks, None where more than half go on) with ``virtual_ci`` and ``published_ci``, ``n`` events or patients
        behind the virtual one, ``inside`` and ``direction`` ("below", "above", "") of the virtual one, ``judged_by``,
        ``source`` and ``confirmed``. Where the source has an interval, the virtual median has to lie in it
        ("published"); where it has none, the published median has to lie in the interval of the virtual one
        ("virtual").
    """
    mine = frozenset(drugs)
    return [_beside(events, follow, time) for time in published_times() if mine in time.regimens]


def _beside(events: pd.DataFrame, follow: FollowUp, time: PublishedTime) -> dict[str, Any]:
    rows = select(events, time.of, time.least_grade)
    if time.treated:
        rows = rows[rows["action"].astype(str).str.contains("steroid")]
    if time.metric == "onset":
        days = (
            rows["onset_day"] if time.by_event else rows.groupby("patient", observed=True)["onset_day"].min()
        )
        median = median_with_interval(days / DAYS_PER_WEEK)
        size, value, interval = len(days), median.value, list(median.ci)
    else:
        ended = resolution(rows, follow)
        size, value, interval = len(rows), ended["weeks"], ended["ci"]
    given = time.low is not None and time.high is not None
    return {
        "of": time.of,
        "grade": time.least_grade,
        "metric": time.metric,
        "treated": time.treated,
        "virtual": value,
        "virtual_ci": interval,
        "n": size,
        "published": time.weeks,
        "published_ci": [time.low, time.high],
        "judged_by": "published" if given else "virtual",
        **_verdict(size, value, interval, time),
        "source": time.source,
        "confirmed": time.confirmed,
    }


def _verdict(
    size: int, value: float | None, interval: list[float | None], time: PublishedTime
) -> dict[str, Any]:
    if not size:
        return {"inside": None, "direction": ""}
    if time.low is not None and time.high is not None:
        side = "above" if value is None else direction(value, time.low, time.high)
    else:
        low, high = interval
        # An end that was not reached is open: whatever is published does not contradict it.
        above = low is not None and low > time.weeks
        side = "above" if above else "below" if high is not None and high < time.weeks else ""
    return {"inside": not side, "direction": side}


def direction(value: float, low: float, high: float) -> str:
    """Return on which side of an interval a value lies, "below" or "above"; "" inside."""
    return "below" if value < low else "above" if value > high else ""
