"""Time-to-event endpoints as data (``endpoints.toml``), and the one function that derives them all.

Each :class:`Endpoint` says in words and in names of days (:mod:`unmask.survival.key_days`) when the clock
starts, what ends it, and where it is censored; :func:`derive` applies any of them in the same way. The
idea of endpoints as data with one deriver is that of admiralonco (``R/tte_sources.R``); the conventions are
those of FDA, Clinical Trial Endpoints for the Approval of Cancer Drugs, appendix table A, and of
response-rules "Time to event".

Progression is dated at the visit at which it was seen: it happened at some time since the visit before, so
times move in steps of the scan interval (model-spec 6b). No day is added: an event on day 42 has the time 42
(CDISC would say 43).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.response.rules import Rules
from unmask.survival.followed_tables import followed
from unmask.survival.key_days import BoolArray, FloatArray, Followed, key_days

__all__ = ["ENDPOINTS", "SHARES", "VARIANTS", "Endpoint", "Share", "derive", "time_to_event", "variants"]

COLUMNS = ("patient", "arm", "endpoint", "time_days", "event", "reason")


@dataclass(frozen=True)
class Source:
    """A named day and the words that stand in the table when it decides."""

    day: str
    reason: str


@dataclass(frozen=True)
class EarlyCensor:
    """An event after day ``after`` does not count: the patient is censored at day ``at`` instead."""

    after: str
    at: str
    reason: str


@dataclass(frozen=True)
class Endpoint:
    """What is measured: from ``start`` to the earliest event, else to the latest censoring day that is known.

    ``rows`` says who has a row: all, those whose start day exists (duration of response), or those with the
    event (time to response). A sensitivity variant names the endpoint it is ``of`` and the ``rules`` it changes.
    """

    name: str
    title: str
    meaning: str
    source: str
    start: str
    events: tuple[Source, ...]
    censors: tuple[Source, ...]
    early: tuple[EarlyCensor, ...] = ()
    rows: Literal["all", "start known", "event only"] = "all"
    of: str = ""
    rules: tuple[tuple[str, Any], ...] = ()

    def rules_from(self, rules: Rules) -> Rules:
        """Return the rules of an analysis with the changes of this variant."""
        return rules.changed(**dict(self.rules)) if self.rules else rules


@dataclass(frozen=True)
class Share:
    """A share of patients: those whose ``column`` holds one of ``categories``, of all."""

    name: str
    meaning: str
    source: str
    column: str
    categories: tuple[str, ...]


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads(files("unmask.survival").joinpath("endpoints.toml").read_text(encoding="utf-8"))


def _endpoint(name: str) -> Endpoint:
    entry = dict(_data()["endpoint"][name])
    like = _data()["endpoint"][entry.pop("like")] if "like" in entry else {}
    full = {key: like[key] for key in ("events", "censors", "early") if key in like} | entry
    return Endpoint(
        name,
        **{
            **full,
            "events": tuple(Source(**item) for item in full["events"]),
            "censors": tuple(Source(**item) for item in full["censors"]),
            "early": tuple(EarlyCensor(**item) for item in full.get("early", ())),
        },
    )


def _variant(name: str) -> Endpoint:
    entry = _data()["variant"][name]
    base = ENDPOINTS[entry["of"]]
    events = tuple(Source(**item) for item in entry["events"]) if "events" in entry else base.events
    other = entry.get("replace", {})
    return replace(
        base,
        name=name,
        meaning=entry["meaning"],
        source=entry["source"],
        of=base.name,
        events=(
            *(replace(item, day=other.get(item.day, item.day)) for item in events),
            *(Source(**item) for item in entry.get("more_events", ())),
        ),
        rules=tuple(entry.get("rules", {}).items()),
    )


ENDPOINTS: Mapping[str, Endpoint] = {name: _endpoint(name) for name in _data()["endpoint"]}
"""The endpoints of a trial."""
VARIANTS: Mapping[str, Endpoint] = {name: _variant(name) for name in _data()["variant"]}
"""The same endpoints under other rules, for sensitivity analyses."""
SHARES: Mapping[str, Share] = {
    name: Share(name, **{**entry, "categories": tuple(entry["categories"])})
    for name, entry in _data()["share"].items()
}


@dataclass(frozen=True)
class Times:
    """One endpoint of N patients; arrays (N,), meaningless where ``has_row`` is False."""

    has_row: BoolArray
    days: FloatArray
    event: BoolArray
    reason: NDArray[np.int64]
    """Index into ``reasons``."""
    reasons: tuple[str, ...]


def derive(endpoint: Endpoint, days: Mapping[str, FloatArray]) -> Times:
    """Derive one endpoint from the named days of :func:`unmask.survival.key_days.key_days`."""
    start = days[endpoint.start]
    reasons: list[Source | EarlyCensor] = [*endpoint.events, *endpoint.censors, *endpoint.early]
    event_day = _stack(endpoint.events, days, missing=np.inf)
    end = event_day.min(axis=0)
    reason = event_day.argmin(axis=0)  # of equal days the source named first decides
    event = np.isfinite(end)
    if endpoint.censors:
        censor_day = _stack(endpoint.censors, days, missing=-np.inf)
        reason = np.where(event, reason, len(endpoint.events) + censor_day.argmax(axis=0))
        latest = censor_day.max(axis=0)
        for number, early in enumerate(endpoint.early, start=len(endpoint.events) + len(endpoint.censors)):
            at = days[early.at]
            moved = (end > days[early.after]) & (event | (at < latest))
            event, latest = event & ~moved, np.where(moved, at, latest)
            reason = np.where(moved, number, reason)
            end = np.where(moved, np.inf, end)
        end = np.where(event, end, latest)
    has_row = np.ones(len(start), dtype=bool)
    if endpoint.rows == "start known":
        has_row = start <= end  # also leaves out a response that came after the censoring day
    elif endpoint.rows == "event only":
        has_row = event
    return Times(has_row, end - start, event, reason, tuple(item.reason for item in reasons))


def possible(endpoint: Endpoint, days: Mapping[str, FloatArray]) -> bool:
    """Whether everything the endpoint needs is known at all."""
    return endpoint.start in days and all(source.day in days for source in endpoint.events)


def time_to_event(
    assessments: pd.DataFrame,
    patients: pd.DataFrame,
    rules: Rules | None = None,
    endpoints: Sequence[Endpoint] = tuple(ENDPOINTS.values()),
    *,
    scan_days: Sequence[float] = (),
) -> pd.DataFrame:
    """Derive the ``time_to_event`` table: one row per patient, arm and endpoint.

    Parameters
    ----------
    assessments, patients
        See :func:`unmask.survival.followed_tables.followed`. Without a column ``ipfs_day`` there is no iPFS.
    rules
        Options; default :class:`unmask.response.Rules`. A variant changes them for itself.
    endpoints
        Which endpoints; default all of :data:`ENDPOINTS`. Those whose days are not recorded are left out.
    scan_days
        Scheduled scan days; default: the distinct days of the assessments.

    Returns
    -------
    DataFrame
        ``patient``, ``arm``, ``endpoint``, ``time_days`` (float, >= 0), ``event`` (bool), ``reason`` (what
        decided). Duration of response and time to response have rows for responders only.

    Raises
    ------
    DataError, ConfigurationError
        As :func:`unmask.survival.followed_tables.followed` and :func:`unmask.survival.key_days.key_days`.
    """
    return table_of(followed(assessments, patients), patients, rules or Rules(), endpoints, scan_days)


def table_of(
    people: Followed,
    patients: pd.DataFrame,
    rules: Rules,
    endpoints: Sequence[Endpoint],
    scan_days: Sequence[float] = (),
) -> pd.DataFrame:
    """Return the table of :func:`time_to_event` for patients in dense form; ``patients`` names them and their arms."""
    found: dict[Rules, dict[str, FloatArray]] = {}
    parts = []
    for endpoint in endpoints:
        own = endpoint.rules_from(rules)
        if own.censor_at_new_therapy and people.new_therapy is None and endpoint.of:
            continue  # a variant that nothing is known for; asked for by the rules themselves it is an error
        if own not in found:
            found[own] = key_days(people, own, scan_days)
        if possible(endpoint, found[own]):
            parts.append(_rows_of(endpoint, derive(endpoint, found[own]), patients))
    if not parts:
        return pd.DataFrame({name: [] for name in COLUMNS})
    return pd.concat(parts, ignore_index=True)


def variants(*names: str) -> tuple[Endpoint, ...]:
    """Return the sensitivity variants of the endpoints ``names`` (default: all)."""
    return tuple(item for item in VARIANTS.values() if not names or item.of in names)


def _rows_of(endpoint: Endpoint, times: Times, patients: pd.DataFrame) -> pd.DataFrame:
    keep = times.has_row
    words = np.array(times.reasons, dtype=object)
    columns = {
        "patient": patients["patient"].to_numpy()[keep],
        "arm": patients["arm"].to_numpy()[keep],
        "endpoint": np.full(int(keep.sum()), endpoint.name, dtype=object),
        "time_days": times.days[keep].astype(float),
        "event": times.event[keep],
        "reason": words[times.reason[keep]],
    }
    return pd.DataFrame(columns)


def _stack(sources: Sequence[Source], days: Mapping[str, FloatArray], *, missing: float) -> FloatArray:
    stacked = np.stack([days[source.day] for source in sources])
    return np.where(np.isnan(stacked), missing, stacked)
