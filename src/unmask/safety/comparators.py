"""Published rates of adverse events beside those of an arm (``published.toml``, ``published_chemotherapy.toml``)."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from unmask.safety.event_kinds import safety_data
from unmask.safety.timing import IN_AN_ORGAN, direction
from unmask.survival.proportions import proportion

FILES = ("published", "published_chemotherapy")
ANY = "any"
DISCONTINUATION = "discontinuation"
FATAL = "fatal"


@dataclass(frozen=True)
class PublishedRate:
    """Share of a trial's patients with an event, of any grade or of grade 3 or more.

    ``event`` "any" stands for every event related to treatment, "discontinuation" for events that ended treatment,
    "fatal" for those that ended fatally, :data:`~unmask.safety.timing.IN_AN_ORGAN` for immune-related ones without
    fatigue and the unnamed rest.
    """

    trial: str
    drugs: frozenset[str]
    event: str
    severe: bool
    share: float
    size: int
    source: str
    confirmed: bool
    calibrated: bool
    always: bool


@cache
def published_rates() -> tuple[PublishedRate, ...]:
    """Return every published rate."""
    found: list[PublishedRate] = []
    for name in FILES:
        data = safety_data(name)
        for trial in data["trial"]:
            found += _rates(trial, data["sources"])
    return tuple(found)


def _rates(trial: Mapping[str, Any], sources: Mapping[str, str]) -> Iterator[PublishedRate]:
    drugs, _, title = trial["name"].partition(", ")
    for table, source, confirmed in (
        ("read", trial["source"], True),
        ("unconfirmed", trial.get("unconfirmed_source", trial["source"]), False),
    ):
        for event, pair in trial.get(table, {}).items():
            for severe, percent in enumerate(pair):
                if math.isnan(percent):
                    continue
                yield PublishedRate(
                    trial=title or drugs,
                    drugs=frozenset(drugs.split(" + ")),
                    event=event,
                    severe=bool(severe),
                    share=percent / 100.0,
                    size=trial["n"],
                    source=sources[source],
                    confirmed=confirmed,
                    calibrated=event in trial.get("calibrated", ()),
                    always=trial.get("always", False),
                )


def beside(safety: Mapping[str, Any], drugs: Collection[str], trial: str = "") -> list[dict[str, Any]]:
    """Return published rates beside those of an arm: the entry ``published`` of its safety.

    Parameters
    ----------
    safety
        Result of :func:`unmask.safety.summary.summarise_safety`.
    drugs
        Names of the drugs of the arm's study treatment.
    trial
        Name of the virtual trial ("oak"). Where the trial of this name published rates of these drugs, at whatever
        time, no other trial's are shown, except those that are meant for all.

    Returns
    -------
    list
        One entry per event and grade ("any", "severe"): ``virtual``, ``published`` with exact intervals ``virtual_ci``
        and ``published_ci``, ``inside`` and ``direction`` ("below", "above", "") of the virtual share with respect to
        the published interval, ``trial``, ``source``, ``confirmed``, ``calibrated``.
    """
    mine = [rate for rate in published_rates() if rate.drugs == frozenset(drugs)]
    same = [rate for rate in mine if trial and _plain(rate.trial).startswith(_plain(trial))]
    rates = [rate for rate in mine if rate in same or rate.always] if same else mine
    return [row for rate in rates if (row := _beside(safety, rate)) is not None]


def _beside(safety: Mapping[str, Any], rate: PublishedRate) -> dict[str, Any] | None:
    virtual, interval = _virtual(safety, rate)
    if virtual is None:
        return None
    low, high = proportion(round(rate.share * rate.size), rate.size).ci
    assert low is not None and high is not None  # a trial has patients
    side = direction(virtual, low, high)
    return {
        "event": rate.event,
        "grade": "severe" if rate.severe else "any",
        "virtual": virtual,
        "virtual_ci": interval,
        "published": rate.share,
        "published_ci": [low, high],
        "inside": not side,
        "direction": side,
        "trial": rate.trial,
        "source": rate.source,
        "confirmed": rate.confirmed,
        "calibrated": rate.calibrated,
    }


def _virtual(safety: Mapping[str, Any], rate: PublishedRate) -> tuple[float | None, list[float | None]]:
    size = safety["n"]
    if rate.event == DISCONTINUATION:
        given_up = None if rate.severe else safety["management"]["given_up"]
        if given_up is None:
            return None, [None, None]
        return given_up, list(proportion(round(given_up * size), size).ci)
    if rate.event == FATAL:
        return safety["fatal"]["value"], safety["fatal"]["ci"]
    whole = {ANY: safety["any"], IN_AN_ORGAN: safety["immune_related_in_an_organ"]}
    figures = whole.get(rate.event) or safety["events"].get(rate.event)
    if figures is None:  # nobody had it
        none = proportion(0, size)
        return none.value, list(none.ci)
    key = "grade3plus" if rate.severe else "any"
    return figures[key], figures[f"{key}_ci"]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
