"""What became of each patient by RECIST 1.1 and by iRECIST: best responses, progression, pseudoprogression, and why
the two differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmask.messages import sentence
from unmask.response import best_response
from unmask.response.best_response import Best, Pseudoprogression
from unmask.response.codes import AS_IMMUNE, Codes, ImmuneResponse, Response
from unmask.response.confirmation import relapses_as_progression
from unmask.response.measurements import Bools, Days
from unmask.response.verdicts import Verdicts


class Progression(IntEnum):
    """What came of the progressions of a patient by iRECIST; the first that fits."""

    NONE = 0
    """No iUPD."""
    PSEUDOPROGRESSION = 1
    """A first iUPD, without response before it, that iPR or iCR followed."""
    WITHIN_RESPONSE = 2
    """An iUPD within a response that iPR or iCR followed."""
    STABLE_AFTER = 3
    """An iUPD that iSD or non-iCR/non-iUPD followed, but no response."""
    CONFIRMED = 4
    """iCPD, with nothing better after any iUPD before it."""
    NOT_SCANNED_AGAIN = 5
    """No evaluable scan after the iUPD."""
    UNCONFIRMED = 6
    """Scanned again without confirmation or improvement."""

    @property
    def label(self) -> str:
        """Lower-case name for tables."""
        return self.name.lower().replace("_", " ")


class Difference(IntEnum):
    """Why a patient stands elsewhere by iRECIST than by RECIST 1.1 (both without confirmation of response)."""

    NONE = 0
    RESPONSE_AFTER_PROGRESSION = 1
    STABLE_AFTER_PROGRESSION = 2
    DEEPER_RESPONSE_AFTER_PROGRESSION = 3
    PROGRESSION_NOT_CONFIRMED = 4
    PROGRESSION_WITHDRAWN = 5
    PROGRESSION_LATER = 6

    @property
    def label(self) -> str:
        """Lower-case name for tables."""
        return self.name.lower().replace("_", " ")

    @property
    def sentence(self) -> str:
        """What happened, for a reader."""
        return sentence(f"response.difference_{self.name.lower()}", {})


@dataclass(frozen=True)
class Outcomes:
    """Outcomes of N patients; days as the verdicts count them, NaN = did not happen."""

    confirmed: Best
    """RECIST 1.1 with confirmation of CR and PR."""
    unconfirmed: Best
    """RECIST 1.1 without confirmation."""
    irecist: Best
    """iBOR; confirmed only if the rules say so."""
    progression_day: Days
    irecist_progression_day: Days
    """The progression that counts (iPFS)."""
    pseudoprogression: Pseudoprogression
    progression: NDArray[np.int8]
    """(N,) :class:`Progression`"""
    difference: NDArray[np.int8]
    """(N,) :class:`Difference`"""

    @property
    def category_changes(self) -> Bools:
        """(N,) the best response is of another category by iRECIST than by RECIST 1.1 (neither confirmed)."""
        return np.asarray(
            _as_recist(self.irecist.response) != _as_recist(AS_IMMUNE[self.unconfirmed.response])
        )


def outcomes(
    verdicts: Verdicts, *, valid: ArrayLike | None = None, sd_min_day: float | None = None
) -> Outcomes:
    """Find the outcomes of every patient.

    Parameters
    ----------
    verdicts
        Of :func:`unmask.response.judge`.
    valid
        (N, V) visits that count towards responses; those after the start of another anticancer therapy must be left
        out. A progression at one of those is a progression all the same (an endpoint may censor it), and nothing seen
        there undoes an earlier one. A visit after death is none at all: give it no day (NaN) in the measurements.
    sd_min_day
        As in :func:`unmask.response.best_response.confirmed`.
    """
    v, rules = verdicts, verdicts.rules
    usable = np.ones(v.overall.shape, dtype=bool) if valid is None else np.asarray(valid, dtype=bool)
    progressed = as_progression(v) == Response.PD
    progression_day = best_response.first_day(progressed, v.dated_day)
    # A progression that is dated back leaves no room for a response between its date and the visit that showed it.
    seen_day = best_response.first_day(progressed, v.day)
    between = (v.day >= progression_day[:, None]) & (v.day < seen_day[:, None])
    valid = usable & ~between if rules.progression_ends_assessment else usable
    dated = np.where(v.overall == Response.PD, v.dated_day, v.day)
    confirmed = best_response.confirmed(
        v.overall, dated, rules, valid=valid, sd_min_day=sd_min_day, criterion=v.criterion
    )
    unconfirmed = best_response.unconfirmed(v.overall, dated, rules, valid=valid, sd_min_day=sd_min_day)
    immune = best_response.ibor(
        v.response, v.day, rules, valid=usable, sd_min_day=sd_min_day, ongoing=v.ongoing
    )
    pseudo = best_response.pseudoprogression(v.response, v.day, valid=usable)
    worse = (v.response == ImmuneResponse.IUPD) | (v.response == ImmuneResponse.ICPD)
    immune_day = best_response.ipfs_day(v.response, v.dated_day, v.rules, valid=usable | worse)
    kinds = _progression(v.response, usable, pseudo)
    return Outcomes(
        confirmed=confirmed,
        unconfirmed=unconfirmed,
        irecist=immune,
        progression_day=progression_day,
        irecist_progression_day=immune_day,
        pseudoprogression=pseudo,
        progression=kinds,
        difference=_difference(unconfirmed, immune, progression_day, immune_day),
    )


def as_progression(verdicts: Verdicts) -> Codes:
    """Return the overall responses (N, V) with what the rules call progression as PD.

    That is PD itself, and with ``complete_then_partial = "PD"`` also disease that is seen after a CR.
    """
    if verdicts.rules.complete_then_partial != "PD":
        return verdicts.overall
    return relapses_as_progression(verdicts.overall, verdicts.criterion)


def _progression(response: Codes, usable: Bools, pseudo: Pseudoprogression) -> NDArray[np.int8]:
    codes = np.where(usable, response, ImmuneResponse.MISSING)
    worse = codes == ImmuneResponse.IUPD
    proven = codes == ImmuneResponse.ICPD
    seen = (codes != ImmuneResponse.MISSING) & (codes != ImmuneResponse.NE)
    any_worse = worse.any(axis=1)
    after_first = np.cumsum(worse, axis=1) - worse > 0
    rescanned = (seen & after_first).any(axis=1)
    return np.select(
        [
            ~any_worse,
            pseudo.first_response,
            pseudo.response,
            pseudo.response_or_stable,
            proven.any(axis=1),
            ~rescanned,
        ],
        [
            Progression.NONE,
            Progression.PSEUDOPROGRESSION,
            Progression.WITHIN_RESPONSE,
            Progression.STABLE_AFTER,
            Progression.CONFIRMED,
            Progression.NOT_SCANNED_AGAIN,
        ],
        default=Progression.UNCONFIRMED,
    ).astype(np.int8)


def _as_recist(immune: Codes) -> Codes:
    """Return the category with iUPD and iCPD as one, as RECIST 1.1 has them."""
    return np.where(immune == ImmuneResponse.ICPD, ImmuneResponse.IUPD, immune).astype(np.int8)


def _difference(unconfirmed: Best, immune: Best, day: Days, immune_day: Days) -> NDArray[np.int8]:
    before, after = _as_recist(AS_IMMUNE[unconfirmed.response]), _as_recist(immune.response)
    changed = before != after
    responds = (after == ImmuneResponse.ICR) | (after == ImmuneResponse.IPR)
    responded = (before == ImmuneResponse.ICR) | (before == ImmuneResponse.IPR)
    progressed, progressed_immune = ~np.isnan(day), ~np.isnan(immune_day)
    return np.select(
        [
            changed & responds & responded,
            changed & responds,
            changed,
            (before == ImmuneResponse.IUPD) & (immune.response == ImmuneResponse.IUPD),
            progressed & ~progressed_immune,
            progressed & (immune_day > day),
        ],
        [
            Difference.DEEPER_RESPONSE_AFTER_PROGRESSION,
            Difference.RESPONSE_AFTER_PROGRESSION,
            Difference.STABLE_AFTER_PROGRESSION,
            Difference.PROGRESSION_NOT_CONFIRMED,
            Difference.PROGRESSION_WITHDRAWN,
            Difference.PROGRESSION_LATER,
        ],
        default=Difference.NONE,
    ).astype(np.int8)
