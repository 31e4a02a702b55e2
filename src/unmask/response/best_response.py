"""Best overall response from the verdicts of all visits, for RECIST 1.1 and iRECIST.

Tables are rectangular: (N, V) codes and days, one row a patient, padded with ``MISSING``. ``valid`` (N, V)
leaves visits out, for instance those after the start of another anticancer therapy. Sources: Eisenhauer 2009
section 4.6 and Table 3; Seymour 2017 Table 3; the options in doubt follow admiralonco (see ``rules.toml``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmask.errors import ConfigurationError
from unmask.response.codes import AS_IMMUNE, AS_RECIST, Codes, Criterion, ImmuneResponse, Response
from unmask.response.confirmation import confirmed_pairs, relapses_as_progression, until
from unmask.response.measurements import Bools, Days
from unmask.response.rules import Rules

Visits = NDArray[np.int64]


@dataclass(frozen=True)
class Best:
    """Best overall response; all arrays (N,)."""

    response: Codes
    """:class:`Response` (or :class:`ImmuneResponse` from :func:`ibor`)."""
    visit: Visits
    """Number of the visit at which it is dated, from 0: the first that qualifies for this category; -1: none."""
    day: Days
    """Day of that visit (NaN: no visit)."""
    first_response_visit: Visits
    """Number of the visit of the first CR or PR that counts, for responders; -1 otherwise."""
    first_response_day: Days
    """Day of the first CR or PR that counts, for responders; NaN otherwise."""
    confirmed: Bools
    """A CR or PR was confirmed (in :func:`unconfirmed`: would have been)."""


def confirmed(
    overall: ArrayLike,
    day: ArrayLike,
    rules: Rules | None = None,
    *,
    valid: ArrayLike | None = None,
    sd_min_day: float | None = None,
    criterion: ArrayLike | None = None,
) -> Best:
    """Best overall response when CR and PR must be confirmed.

    Parameters
    ----------
    overall
        (N, V) overall RECIST 1.1 :class:`Response` codes, visits in order of time; ``MISSING`` = no visit.
    day
        (N, V) or (V,) days since the reference day.
    valid
        (N, V) visits that count (default: all).
    sd_min_day
        Shortest day from which a visit supports stable disease (default: ``rules.stable_min_day``).
    criterion
        (N, V) :class:`Criterion` codes of the visits. With them a visit that is PR only because a response goes on
        (regrowth above the threshold, short of PD) confirms nothing, unless ``rules.ongoing_response_confirms``; and
        with ``complete_then_partial = "PD"`` a visit that showed no disease ends nothing.

    Notes
    -----
    Only visits up to the first PD count (``rules.progression_ends_assessment``). CR needs a later CR, PR a
    later CR or PR, at least ``rules.confirmation_days`` after it, with nothing but responses and at most
    ``rules.max_not_evaluable_between`` NE and ``rules.max_stable_between`` SD in between; an unconfirmed one counts as
    stable disease (``rules.response_counts_as_stable``). What a CR is worth that disease follows is
    ``rules.complete_then_partial`` (Eisenhauer 2009, Table 3, footnote a).
    """
    rules = rules or Rules()
    codes, days = counted(overall, day, rules, valid=valid, criterion=criterion)
    complete, partial = confirmed_pairs(codes, days, rules)
    return _rank(codes, days, rules, sd_min_day, complete, partial, partial | complete)


def unconfirmed(
    overall: ArrayLike,
    day: ArrayLike,
    rules: Rules | None = None,
    *,
    valid: ArrayLike | None = None,
    sd_min_day: float | None = None,
) -> Best:
    """Best overall response when no confirmation is required; arguments as :func:`confirmed`."""
    rules = rules or Rules()
    codes, days = counted(overall, day, rules, valid=valid)
    complete, partial = confirmed_pairs(codes, days, rules)
    return _rank(
        codes, days, rules, sd_min_day, codes == Response.CR, codes == Response.PR, complete | partial
    )


def ibor(
    response: ArrayLike,
    day: ArrayLike,
    rules: Rules | None = None,
    *,
    valid: ArrayLike | None = None,
    sd_min_day: float | None = None,
    ongoing: ArrayLike | None = None,
) -> Best:
    """Best overall iRECIST response (Seymour 2017 Table 3).

    The first that occurred of iCR, iPR, iSD, non-iCR/non-iUPD; else iCPD, else iUPD, else NE.
    ``response`` holds (N, V) :class:`ImmuneResponse` codes; the other arguments are as in :func:`confirmed`.
    Visits after the first iCPD do not count. With ``rules.immune_confirmed_response`` iCR and iPR need a
    second one as in :func:`confirmed`, which a visit that is iPR only because a response goes on is not (``ongoing``,
    (N, V), default none; ``rules.ongoing_response_confirms``).
    """
    rules = rules or Rules()
    codes, days = immune_counted(response, day, rules, valid=valid, ongoing=ongoing)
    plain = AS_RECIST[codes]
    complete, partial = confirmed_pairs(plain, days, rules)
    if rules.immune_confirmed_response:
        used_complete, used_partial = complete, partial
    else:
        used_complete, used_partial = plain == Response.CR, plain == Response.PR
    # An iUPD is no progression yet, so none is too early to be told.
    ranking = rules.changed(early_progression="PD")
    best = _rank(plain, days, ranking, sd_min_day, used_complete, used_partial, complete | partial)
    category = AS_IMMUNE[best.response]
    progressed = best.response == Response.PD
    proven = codes == ImmuneResponse.ICPD
    category = np.where(progressed & proven.any(axis=1), ImmuneResponse.ICPD, category).astype(np.int8)
    visit = np.where(category == ImmuneResponse.ICPD, first_visit(proven), best.visit)
    return Best(
        category,
        visit,
        day_of(visit, days),
        best.first_response_visit,
        best.first_response_day,
        best.confirmed,
    )


def counted(
    overall: ArrayLike,
    day: ArrayLike,
    rules: Rules,
    *,
    valid: ArrayLike | None = None,
    criterion: ArrayLike | None = None,
) -> tuple[Codes, Days]:
    """Return the (N, V) responses as the rules count them towards the best response, and their days.

    Visits that do not count are ``MISSING``; a response that merely goes on is SD; with
    ``complete_then_partial = "PD"`` disease after a CR is PD. Arguments as in :func:`confirmed`.
    """
    codes, days = _table(overall, day, valid, Response.MISSING)
    reasons = None if criterion is None else np.asarray(criterion)
    if reasons is not None and not rules.ongoing_response_confirms:
        merely_ongoing = (codes == Response.PR) & (reasons == Criterion.RESPONSE_ONGOING)
        codes = np.where(merely_ongoing, Response.SD, codes).astype(np.int8)
    if rules.complete_then_partial == "PD":
        codes = relapses_as_progression(codes, reasons)
    if rules.progression_ends_assessment:
        codes = until(codes, Response.PD, Response.MISSING)
    return codes, days


def immune_counted(
    response: ArrayLike,
    day: ArrayLike,
    rules: Rules,
    *,
    valid: ArrayLike | None = None,
    ongoing: ArrayLike | None = None,
) -> tuple[Codes, Days]:
    """Return the (N, V) iRECIST responses up to the first iCPD, later ones ``MISSING``, and their days.

    Where responses must be confirmed, one that merely goes on is iSD. Arguments as in :func:`ibor`.
    """
    codes, days = _table(response, day, valid, ImmuneResponse.MISSING)
    if ongoing is not None and rules.immune_confirmed_response and not rules.ongoing_response_confirms:
        merely_ongoing = (codes == ImmuneResponse.IPR) & np.asarray(ongoing, dtype=bool)
        codes = np.where(merely_ongoing, ImmuneResponse.ISD, codes).astype(np.int8)
    return until(codes, ImmuneResponse.ICPD, ImmuneResponse.MISSING), days


def ipfs_visit(
    response: ArrayLike, day: ArrayLike, rules: Rules | None = None, *, valid: ArrayLike | None = None
) -> Visits:
    """Number of the visit of iRECIST progression (N,), -1 without one.

    It is the first iUPD of the block that is confirmed or still open at the last visit; a block that iSD,
    iPR, iCR or non-iCR/non-iUPD followed is ignored (Seymour 2017). With ``rules.repeated_iupd = "last"`` a block that
    was never confirmed is dated at its last iUPD instead (admiralonco's vignette).
    """
    rules = rules or Rules()
    codes, _ = _table(response, day, valid, ImmuneResponse.MISSING)
    found = np.full(len(codes), -1, dtype=np.int64)
    last = found
    done = np.zeros(len(codes), dtype=bool)
    for visit in range(codes.shape[1]):
        code = codes[:, visit]
        worse = ~done & ((code == ImmuneResponse.IUPD) | (code == ImmuneResponse.ICPD))
        found = np.where(worse & (found < 0), visit, found)
        last = np.where(worse, visit, last)
        done |= code == ImmuneResponse.ICPD
        closed = ~done & _is_benefit(code)
        found, last = np.where(closed, -1, found), np.where(closed, -1, last)
    return np.asarray(np.where(done | (rules.repeated_iupd == "first"), found, last))


def ipfs_day(
    response: ArrayLike, day: ArrayLike, rules: Rules | None = None, *, valid: ArrayLike | None = None
) -> Days:
    """Day of iRECIST progression (N,), NaN without one: that of :func:`ipfs_visit`."""
    _, days = _table(response, day, valid, ImmuneResponse.MISSING)
    return day_of(ipfs_visit(response, day, rules, valid=valid), days)


@dataclass(frozen=True)
class Pseudoprogression:
    """Progression that later visits did not bear out; all arrays (N,)."""

    response: Bools
    """iUPD followed by iPR or iCR: the headline."""
    response_or_stable: Bools
    """iUPD followed by iPR, iCR, iSD or non-iCR/non-iUPD: the wider count."""
    first_response: Bools
    """As ``response``, and no iPR or iCR came before that iUPD (no wobble within a long response)."""
    day: Days
    """Day of the first iUPD that was followed so (wider count), NaN without one."""


def pseudoprogression(
    response: ArrayLike, day: ArrayLike, *, valid: ArrayLike | None = None
) -> Pseudoprogression:
    """Find unconfirmed progressions that response or stability followed.

    ``response`` (N, V) holds :class:`ImmuneResponse` codes; ``valid`` must leave out the visits after the
    start of another anticancer therapy, because shrinkage under the next drug is not pseudoprogression.
    """
    codes, days = _table(response, day, valid, ImmuneResponse.MISSING)
    codes = until(codes, ImmuneResponse.ICPD, ImmuneResponse.MISSING)
    patients = len(codes)
    seen = np.zeros(patients, dtype=bool)
    fresh = np.zeros(patients, dtype=bool)
    responded = np.zeros(patients, dtype=bool)
    headline = np.zeros(patients, dtype=bool)
    wider = np.zeros(patients, dtype=bool)
    first = np.zeros(patients, dtype=bool)
    since = np.full(patients, np.nan)
    found = np.full(patients, np.nan)
    for visit in range(codes.shape[1]):
        code = codes[:, visit]
        worse = code == ImmuneResponse.IUPD
        since = np.where(worse & np.isnan(since), days[:, visit], since)
        fresh |= worse & ~responded
        seen |= worse
        shrunk = (code == ImmuneResponse.ICR) | (code == ImmuneResponse.IPR)
        benefit = _is_benefit(code)
        headline |= seen & shrunk
        first |= fresh & shrunk
        found = np.where(seen & benefit & ~wider, since, found)
        wider |= seen & benefit
        responded |= shrunk
        since = np.where(benefit, np.nan, since)
    return Pseudoprogression(headline, wider, first, found)


def _is_benefit(code: Codes) -> Bools:
    return (code >= ImmuneResponse.ICR) & (code <= ImmuneResponse.NON_ICR_NON_IUPD)


def _table(
    codes: ArrayLike, day: ArrayLike, valid: ArrayLike | None, missing: Response | ImmuneResponse
) -> tuple[Codes, Days]:
    table = np.asarray(codes).astype(np.int8)
    if table.ndim != 2:
        raise ConfigurationError(
            "response.bad_shape", name="responses", shape=table.shape, expected="2 dimensions"
        )
    try:
        days = np.broadcast_to(np.asarray(day, dtype=np.float64), table.shape)
        used = np.broadcast_to(
            np.ones((), dtype=bool) if valid is None else np.asarray(valid, dtype=bool), table.shape
        )
    except ValueError:
        raise ConfigurationError(
            "response.bad_shape", name="day or valid", shape=np.shape(day), expected=table.shape
        ) from None
    return np.where(used & ~np.isnan(days), table, missing).astype(np.int8), days


def _rank(
    codes: Codes,
    days: Days,
    rules: Rules,
    sd_min_day: float | None,
    complete: Bools,
    partial: Bools,
    pairs: Bools,
) -> Best:
    shortest = rules.stable_min_day if sd_min_day is None else sd_min_day
    late = days >= shortest
    response = (codes == Response.CR) | (codes == Response.PR)
    stable = (codes == Response.SD) | (response & rules.response_counts_as_stable)
    progressed = codes == Response.PD
    recorded = (codes != Response.MISSING) & (codes != Response.NA) & (codes != Response.ND)
    qualifying = [
        complete,
        partial,
        late & stable,
        late & (codes == Response.NON_CR_NON_PD),
        progressed & late if rules.early_progression == "NE" else progressed,
        recorded,
        codes == Response.ND,
    ]
    order = [
        Response.CR,
        Response.PR,
        Response.SD,
        Response.NON_CR_NON_PD,
        Response.PD,
        Response.NE,
        Response.ND,
    ]
    nothing = Response.NE if rules.no_record_as_not_evaluable else Response.MISSING
    category = np.select([q.any(axis=1) for q in qualifying], order, default=nothing).astype(np.int8)
    visit = np.full(len(codes), -1, dtype=np.int64)
    for visits, kind in zip(qualifying, order, strict=True):
        visit = np.where(category == kind, first_visit(visits), visit)
    if rules.fallback_day == "first response":
        fell = ((category == Response.SD) | (category == Response.PD)) & response.any(axis=1)
        visit = np.where(fell, first_visit(response), visit)
    counted = first_visit(complete | partial)
    return Best(
        category,
        visit,
        day_of(visit, days),
        counted,
        day_of(counted, days),
        np.asarray(pairs.any(axis=1)),
    )


def first_visit(chosen: Bools) -> Visits:
    """Number of the first visit that is ``chosen`` (N, V) per patient, -1 when none is."""
    if chosen.shape[1] == 0:
        return np.full(len(chosen), -1, dtype=np.int64)
    index = chosen.argmax(axis=1)
    return np.where(chosen[np.arange(len(chosen)), index], index, -1)


def day_of(visit: Visits, days: Days) -> Days:
    """Day of a visit per patient (``days`` is (N, V)), NaN where ``visit`` is -1."""
    if days.shape[1] == 0:
        return np.full(len(visit), np.nan)
    return np.where(visit >= 0, days[np.arange(len(visit)), visit], np.nan)


def first_day(chosen: Bools, days: Days) -> Days:
    """Day of the first visit that is ``chosen`` (both (N, V)) per patient, NaN when none is."""
    return day_of(first_visit(chosen), days)
