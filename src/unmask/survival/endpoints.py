"""Time-to-event endpoints as named data, and the one function that derives them all.

Each :class:`Endpoint` says in words and in names of days (:mod:`unmask.survival.key_days`) when the clock
starts, what ends it, and where it is censored; :func:`time_to_event` applies any of them in the same way. The
idea of endpoints as data with one deriver is that of admiralonco (``R/tte_sources.R``); the conventions are
those of FDA, Clinical Trial Endpoints for the Approval of Cancer Drugs, appendix table A, and of
response-rules "Time to event".

Progression is dated at the visit at which it was seen: it happened at some time since the visit before, so
times move in steps of the scan interval (model-spec 6b). No day is added: an event on day 42 has the time 42
(CDISC would say 43).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unmask.survival.key_days import FloatArray, Rules, key_days

__all__ = ["ENDPOINTS", "EarlyCensor", "Endpoint", "Rules", "Source", "time_to_event"]

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

    ``starts_known_only`` endpoints have a row only for patients whose start day exists (duration of
    response), and ``events_only`` ones only for patients with the event (time to response).
    """

    name: str
    meaning: str
    start: str
    events: tuple[Source, ...]
    censors: tuple[Source, ...]
    early: tuple[EarlyCensor, ...] = ()
    starts_known_only: bool = False
    events_only: bool = False


DEATH = Source("death", "death")


def _progression_free(name: str, meaning: str, start: str, suffix: str, criteria: str) -> Endpoint:
    progression = "irecist_progression" if suffix else "progression"
    return Endpoint(
        name,
        meaning,
        start,
        events=(Source(progression, f"progression by {criteria}"), DEATH),
        censors=(
            Source(f"last_adequate{suffix}", "no progression at the last adequate assessment"),
            Source("randomisation", "no adequate assessment after baseline"),
        ),
        early=(
            EarlyCensor(f"left_unassessed{suffix}", "randomisation", "left before the first scan"),
            EarlyCensor(
                f"visits_missed{suffix}", f"last_evidence{suffix}", "event after too many missed assessments"
            ),
            EarlyCensor(
                "new_therapy",
                f"last_adequate_before_new_therapy{suffix}",
                "new anticancer therapy was started",
            ),
        ),
        starts_known_only=start != "randomisation",
    )


ENDPOINTS: Mapping[str, Endpoint] = {
    endpoint.name: endpoint
    for endpoint in (
        Endpoint(
            "OS",
            "overall survival: randomisation to death from any cause",
            "randomisation",
            events=(DEATH,),
            censors=(Source("end_of_follow_up", "alive at the end of follow-up"),),
        ),
        _progression_free(
            "PFS",
            "progression-free survival: randomisation to RECIST 1.1 progression or death",
            "randomisation",
            "",
            "RECIST 1.1",
        ),
        _progression_free(
            "iPFS",
            "progression-free survival by iRECIST: randomisation to the progression that counts, or death",
            "randomisation",
            "_irecist",
            "iRECIST",
        ),
        _progression_free(
            "DoR",
            "duration of response: first visit of the confirmed response to RECIST 1.1 progression or death",
            "response",
            "",
            "RECIST 1.1",
        ),
        Endpoint(
            "TTR",
            "time to response: randomisation to the first visit of the confirmed response",
            "randomisation",
            events=(Source("response", "first visit of the confirmed response"),),
            censors=(),
            events_only=True,
        ),
    )
}


def time_to_event(
    assessments: pd.DataFrame,
    patients: pd.DataFrame,
    rules: Rules | None = None,
    endpoints: Sequence[Endpoint] = tuple(ENDPOINTS.values()),
) -> pd.DataFrame:
    """Derive the ``time_to_event`` table: one row per patient, arm and endpoint.

    Parameters
    ----------
    assessments, patients
        See :func:`unmask.survival.key_days.key_days`. Without a column ``ipfs_day`` there is no iPFS.
    rules
        Options; default :class:`Rules`.
    endpoints
        Which endpoints; default all of :data:`ENDPOINTS`.

    Returns
    -------
    DataFrame
        ``patient``, ``arm``, ``endpoint``, ``time_days`` (float, >= 0), ``event`` (bool), ``reason`` (what
        decided). Duration of response and time to response have rows for confirmed responders only.

    Raises
    ------
    DataError
        As :func:`unmask.survival.key_days.key_days`.
    """
    days = key_days(assessments, patients, rules or Rules())
    possible = [item for item in endpoints if all(source.day in days for source in item.events)]
    parts = [_derive(endpoint, days, patients) for endpoint in possible]
    if not parts:
        return pd.DataFrame({name: [] for name in COLUMNS})
    return pd.concat(parts, ignore_index=True)


def _derive(endpoint: Endpoint, days: Mapping[str, FloatArray], patients: pd.DataFrame) -> pd.DataFrame:
    start = days[endpoint.start]
    event_day = _stack(endpoint.events, days, missing=np.inf)
    end, which = (
        event_day.min(axis=0),
        event_day.argmin(axis=0),
    )  # of equal days the source named first decides
    event = np.isfinite(end)
    reason = np.array([source.reason for source in endpoint.events], dtype=object)[which]
    if endpoint.censors:
        censor_day = _stack(endpoint.censors, days, missing=-np.inf)
        words = np.array([source.reason for source in endpoint.censors], dtype=object)
        reason = np.where(event, reason, words[censor_day.argmax(axis=0)])
        latest = censor_day.max(axis=0)
        for early in endpoint.early:
            at = days[early.at]
            moved = (end > days[early.after]) & (event | (at < latest))
            event, latest = event & ~moved, np.where(moved, at, latest)
            reason = np.where(moved, early.reason, reason)
            end = np.where(moved, np.inf, end)
        end = np.where(event, end, latest)
    keep = np.ones(len(start), dtype=bool)
    if endpoint.starts_known_only:
        keep = start <= end  # also leaves out a response that came after the censoring day
    if endpoint.events_only:
        keep &= event
    columns = {
        "patient": patients["patient"].to_numpy()[keep],
        "arm": patients["arm"].to_numpy()[keep],
        "endpoint": np.full(int(keep.sum()), endpoint.name, dtype=object),
        "time_days": (end[keep] - start[keep]).astype(float),
        "event": event[keep],
        "reason": reason[keep],
    }
    return pd.DataFrame(columns)


def _stack(sources: Sequence[Source], days: Mapping[str, FloatArray], *, missing: float) -> FloatArray:
    stacked = np.stack([days[source.day] for source in sources])
    return np.where(np.isnan(stacked), missing, stacked)
