"""Response and clinical benefit (disease control) as yes or no with a date, for RECIST 1.1 and iRECIST.

Clinical benefit is a response, or no progression at a visit that is late enough: CR, PR, SD or non-CR/non-PD from a
given day on, before progression (admiralonco ``derive_param_response``, ``derive_param_confirmed_resp``,
``derive_param_clinbenefit`` and the events of its iRECIST vignette). With ``from_day`` it is the disease control of a
disease control rate, for instance of 168 days.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from unmask.response import best_response
from unmask.response.best_response import Best, Visits, day_of, first_visit
from unmask.response.codes import Codes, ImmuneResponse, Response
from unmask.response.measurements import Bools, Days
from unmask.response.rules import Rules

CONTROLLED = (Response.CR, Response.PR, Response.SD, Response.NON_CR_NON_PD)
"""Responses without progression."""
IMMUNE_CONTROLLED = (
    ImmuneResponse.ICR,
    ImmuneResponse.IPR,
    ImmuneResponse.ISD,
    ImmuneResponse.NON_ICR_NON_IUPD,
)
"""iRECIST responses without progression."""


@dataclass(frozen=True)
class Reached:
    """Whether and when a patient reached something; all arrays (N,)."""

    yes: Bools
    day: Days
    """Day of the first visit that shows it, NaN without one."""
    visit: Visits
    """Column of that visit, -1 without one (or where only its day was given)."""

    @classmethod
    def at(cls, visit: Visits, days: Days) -> Reached:
        """Make it from columns (N,) of a table of days (N, V)."""
        return cls(visit >= 0, day_of(visit, days), visit)


def response(best: Best) -> Reached:
    """Response (CR or PR): confirmed or not as in ``best``, of any of the three functions that give one.

    The day is also the start of the duration of response; in iRECIST it is the first iCR or iPR before any iCPD.
    """
    visit = best.first_response_visit
    return Reached(visit >= 0, best.first_response_day, visit)


def clinical_benefit(
    overall: ArrayLike,
    day: ArrayLike,
    rules: Rules | None = None,
    *,
    valid: ArrayLike | None = None,
    from_day: float | None = None,
    confirmed: bool = False,
    criterion: ArrayLike | None = None,
    controlled: Collection[Response] = CONTROLLED,
    response_day: ArrayLike | None = None,
) -> Reached:
    """Clinical benefit by RECIST 1.1.

    Parameters
    ----------
    overall, day, valid, criterion
        As in :func:`unmask.response.best_response.confirmed`.
    from_day
        First day on which no progression is a benefit (default: ``rules.stable_min_day``). A response is one on
        any day.
    confirmed
        Whether that response must be confirmed. From ``from_day`` on CR and PR need no confirmation, unless
        ``rules.response_counts_as_stable`` is false.
    controlled
        Responses that show it from ``from_day`` on.
    response_day
        (N,) days of response that are known already (NaN: none), instead of those derived here.
    """
    rules = rules or Rules()
    codes, days = best_response.counted(overall, day, rules, valid=valid, criterion=criterion)
    values = set(controlled)
    if confirmed and not rules.response_counts_as_stable:
        values -= {Response.CR, Response.PR}
    kept = first_visit(_late(codes, days, sorted(values), from_day, rules))
    if response_day is None:
        if confirmed:
            best = best_response.confirmed(overall, day, rules, valid=valid, criterion=criterion)
        else:
            best = best_response.unconfirmed(overall, day, rules, valid=valid)
        return Reached.at(_earlier(kept, best.first_response_visit), days)
    known = np.broadcast_to(np.asarray(response_day, dtype=np.float64), kept.shape)
    kept_day = day_of(kept, days)
    given = ~np.isnan(known) & ~(kept_day <= known)
    return Reached((kept >= 0) | given, np.where(given, known, kept_day), np.where(given, -1, kept))


def immune_clinical_benefit(
    immune: ArrayLike,
    day: ArrayLike,
    rules: Rules | None = None,
    *,
    valid: ArrayLike | None = None,
    from_day: float | None = None,
    confirmed: bool = False,
    ongoing: ArrayLike | None = None,
) -> Reached:
    """Clinical benefit by iRECIST: iCR or iPR, or iSD or non-iCR/non-iUPD late enough, before the first iCPD.

    ``immune`` holds (N, V) :class:`ImmuneResponse` codes; the other arguments are as in :func:`clinical_benefit` and
    :func:`unmask.response.best_response.ibor`.
    """
    rules = (rules or Rules()).changed(immune_confirmed_response=confirmed)
    codes, days = best_response.immune_counted(immune, day, rules, valid=valid, ongoing=ongoing)
    values = set(IMMUNE_CONTROLLED)
    if confirmed and not rules.response_counts_as_stable:
        values -= {ImmuneResponse.ICR, ImmuneResponse.IPR}
    kept = first_visit(_late(codes, days, sorted(values), from_day, rules))
    best = best_response.ibor(immune, day, rules, valid=valid, ongoing=ongoing)
    return Reached.at(_earlier(kept, best.first_response_visit), days)


def _late(codes: Codes, days: Days, values: list[int], from_day: float | None, rules: Rules) -> Bools:
    first = rules.stable_min_day if from_day is None else from_day
    return np.asarray(np.isin(codes, values) & (days >= first))


def _earlier(one: Visits, other: Visits) -> Visits:
    """Return the smaller column of two, where -1 is none."""
    both = np.minimum(one, other)
    return np.where(both >= 0, both, np.maximum(one, other))
