"""iRECIST, one visit at a time, all patients at once (Seymour 2017, Lancet Oncol 18:e143; EORTC Q&A).

RECIST 1.1 progression opens a *block*: it is unconfirmed (iUPD) until a later scan shows further growth
(iCPD) or response or stability against baseline, which closes the block and ignores it. All growth is
measured from the first iUPD of the block, so small increases add up. A visit that cannot be evaluated leaves
a block open. The nadir stays the study nadir throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmask.errors import ConfigurationError
from unmask.response import recist
from unmask.response.codes import AS_IMMUNE, AS_RECIST, Codes, ImmuneCriterion, ImmuneResponse, Response
from unmask.response.recist import Bools, Tenths
from unmask.response.rules import Rules

Days = NDArray[np.float64]


@dataclass(frozen=True)
class State:
    """What iRECIST remembers between visits; arrays are (N,) and must not be written to."""

    rules: Rules
    open: Bools
    """A progression awaits confirmation."""
    confirmed: Bools
    first_day: Days
    """Day of the first iUPD of the block that is open or confirmed (NaN: none): the iPFS day so far."""
    window_day: Days
    """Day from which the window for confirmation counts (later than ``first_day`` only after a late scan)."""
    last_iupd: Days
    """Day of the last iUPD that was not too early to confirm: from it on a scan can be late."""
    by_target: Bools
    by_non_target: Bools
    by_new: Bools
    """Which categories had progressed at the first iUPD of the block."""
    block_target: Codes
    block_non_target: Codes
    block_sum: Tenths
    """Target response, non-target response and first complete target sum (-1: none yet) of the block."""
    block_least: Tenths
    """Sum of the targets measured at the first iUPD: its complete sum was no smaller (-1: none measured)."""
    block_new_sum: Tenths
    block_new_count: Tenths
    block_without_new: Bools
    """A scan of the block, its first included, was without any new lesion: one that is there later is new."""
    last_day: Days
    """Day of the scan before (-inf: none)."""
    most_new: Tenths
    """Most new lesions at any scan since the last one without any: after that a new lesion is new again."""
    new_nadir: Tenths
    """Smallest sum of new target lesions since the last scan without any new lesion (-1: none yet)."""
    pending_other: Bools
    pending_new: Bools
    """Growth of non-target and of unmeasured new lesions in the block, seen too early to confirm: it still counts
    at the next scan, because increases add up."""


@dataclass(frozen=True)
class Verdict:
    """iRECIST verdict of one visit; all arrays (N,)."""

    response: Codes
    """:class:`unmask.response.codes.ImmuneResponse`"""
    criterion: Codes
    """:class:`unmask.response.codes.ImmuneCriterion`"""


def start(patients: int, rules: Rules | None = None) -> State:
    """Begin the iRECIST assessment of ``patients`` patients (without any progression yet)."""
    no = np.zeros(patients, dtype=bool)
    nan = np.full(patients, np.nan)
    none = np.full(patients, -1, dtype=np.int64)
    zero = np.zeros(patients, dtype=np.int64)
    code = np.full(patients, Response.NE, dtype=np.int8)
    return State(
        rules=rules or Rules(),
        open=no,
        confirmed=no,
        first_day=nan,
        window_day=nan,
        last_iupd=nan,
        by_target=no,
        by_non_target=no,
        by_new=no,
        block_target=code,
        block_non_target=code,
        block_sum=none,
        block_least=none,
        block_new_sum=none,
        block_new_count=zero,
        block_without_new=no,
        last_day=np.full(patients, -np.inf),
        most_new=zero,
        new_nadir=none,
        pending_other=no,
        pending_new=no,
    )


def step(
    state: State,
    day: ArrayLike,
    verdict: recist.Verdict,
    *,
    new_lesion_count: ArrayLike | None = None,
    newest_day: ArrayLike | None = None,
    new_target_sum: ArrayLike | None = None,
    new_non_target_increase: ArrayLike | None = None,
    non_target_increase: ArrayLike | None = None,
    new_symptoms: ArrayLike | None = None,
) -> tuple[State, Verdict]:
    """Assess one visit, after :func:`unmask.response.recist.step` of the same visit.

    Parameters
    ----------
    state
        From :func:`start` or the visit before.
    day
        (N,) or scalar, days since the reference day.
    verdict
        RECIST 1.1 verdict of this visit; its target and non-target responses, sums and ``scanned`` are used.
        They must come from a RECIST assessment that goes on after progression.
    new_lesion_count
        (N,) number of new lesions present at this visit, all that appeared since baseline and are still there
        (default: 1 where the verdict has a new lesion).
    newest_day
        (N,) day on which the newest of them was first seen, so that one that replaces another is told from the old
        one; NaN = not known (default): then only a larger number than ever before shows one more.
    new_target_sum
        (N,) sum of the measured new lesions in tenths of a millimetre, -1 = not measured (default).
    new_non_target_increase
        (N,) the new lesions too small or unfit to measure grew (any increase; default: no).
    non_target_increase
        (N,) non-target disease of baseline grew since the visit before, unequivocally or not (default: no).
    new_symptoms
        (N,) the scan was done for new symptoms: with one more new lesion it confirms even before the window.

    Returns
    -------
    The state after the visit and the verdict. Patients not scanned are NE and keep their state.
    """
    rules = state.rules
    patients = len(state.open)
    when = np.broadcast_to(np.asarray(day, dtype=np.float64), (patients,))
    imaged = verdict.scanned
    count = _counts(new_lesion_count, "new_lesion_count", verdict.new_lesion.astype(np.int64))
    new_sum = _counts(new_target_sum, "new_target_sum", np.full(patients, -1, dtype=np.int64))
    newest = _days(newest_day, "newest_day", patients)
    new_grew = _flags(new_non_target_increase, "new_non_target_increase", patients)
    rest_grew = _flags(non_target_increase, "non_target_increase", patients)
    symptoms = _flags(new_symptoms, "new_symptoms", patients)

    # Sizes of new lesions mean nothing before there is one; all of them gone is a sum of 0.
    new_grew = new_grew & (count > 0)
    measured_gone = (state.most_new > 0) & (new_sum >= 0)
    new_sum = np.where(count > 0, new_sum, np.where(measured_gone, 0, -1))

    target_worse = verdict.target == Response.PD
    other_worse = verdict.non_target == Response.PD
    told = (count > 0) & ~np.isnan(newest)
    # A lesion that had gone is back, not new, unless a scan without any new lesion lies between.
    appeared = np.where(told, (newest > state.last_day) | (state.most_new == 0), count > state.most_new)
    another = np.where(told, newest > state.window_day, count > state.block_new_count)
    new_worse = appeared | _new_progressed(state, new_sum, rules) | new_grew

    # Growth since the first iUPD of the block, per category (Seymour 2017 Table 2).
    limit = rules.immune_growth_tenths
    # Where nothing but normal nodes is left, a larger sum is not growth of disease.
    comparable = (state.block_sum >= 0) & (verdict.target != Response.CR)
    usable = verdict.measured_sum if rules.partial_sum_can_progress else verdict.sum
    growth = np.where(comparable, usable - state.block_sum, -1)
    enough = growth >= limit
    if rules.immune_growth_must_exceed:
        enough &= (growth > limit) | ~(state.by_non_target & (count == 0))
    grew_target = state.by_target & enough
    other_left = (verdict.non_target == Response.NON_CR_NON_PD) | other_worse
    grew_other = state.by_non_target & (rest_grew | (state.pending_other & other_left))
    new_left = new_grew | (state.pending_new & (count > 0))
    returned = state.block_without_new & (count > 0)
    grew_new = state.by_new & (
        new_left | ((state.block_new_sum >= 0) & (new_sum - state.block_new_sum >= limit))
    )
    more_new = state.by_new & another
    # New lesions that an earlier response tolerated are a category that has not progressed in this block.
    elsewhere = (
        (target_worse & ~state.by_target)
        | (other_worse & ~state.by_non_target)
        | (~state.by_new & (new_worse | new_left | another | returned))
    )
    further = grew_target | grew_other | grew_new | more_new | elsewhere

    live = imaged & ~state.confirmed
    within = live & state.open
    since = when - state.window_day
    tolerance = rules.immune_window_tolerance_days
    early = within & (since < rules.immune_window_min_days - tolerance)
    early &= ~(symptoms & another)
    late = (
        within
        & (when - state.last_iupd > rules.immune_window_max_days + tolerance)
        & (rules.immune_late_scan == "starts again")
    )
    confirm = within & further & ~early & ~late

    target = verdict.target
    if rules.immune_reset == "baseline":
        target = np.where(within & ~further, _against_baseline(verdict, rules), target)
        target_worse = target == Response.PD
    plain = rules.overall(target, verdict.non_target, np.zeros(patients, dtype=bool))
    # Beside a new lesion that is still there nothing is iCR, and without targets nothing is iPR.
    short_of_complete = np.where(target == Response.NA, Response.NON_CR_NON_PD, Response.PR)
    plain = np.where((plain == Response.CR) & (count > 0), short_of_complete, plain).astype(np.int8)
    unknown = (plain == Response.NE) | (state.by_non_target & (verdict.non_target == Response.NE))
    # With that lesion still there the visit is iUPD (Table 2, "any, any, yes"), unless the rest is known to be better.
    held = state.by_new & (count > 0) & (unknown | ~_improved(state, verdict, rules))
    worse = target_worse | other_worse | (live & ~state.open & new_worse)
    closes = within & ~further & ~worse & ~unknown & ~held
    opens = live & ~state.open & worse
    restarts = late & further

    response = np.select(
        [
            ~imaged,
            state.confirmed,
            confirm,
            opens,
            within & (further | worse),
            within & held,
            within & unknown,
        ],
        [
            ImmuneResponse.NE,
            ImmuneResponse.ICPD,
            ImmuneResponse.ICPD,
            ImmuneResponse.IUPD,
            ImmuneResponse.IUPD,
            ImmuneResponse.IUPD,
            ImmuneResponse.NE,
        ],
        default=AS_IMMUNE[plain],
    ).astype(np.int8)
    criterion = np.select(
        [
            ~imaged,
            state.confirmed,
            confirm & grew_target,
            confirm & grew_other,
            confirm & grew_new,
            confirm & more_new,
            confirm,
            opens,
            early & further,
            restarts,
            within & worse,
            within & held,
            within & unknown,
            closes,
        ],
        [
            ImmuneCriterion.NOT_SCANNED,
            ImmuneCriterion.ALREADY_CONFIRMED,
            ImmuneCriterion.CONFIRMED_TARGET_GROWTH,
            ImmuneCriterion.CONFIRMED_NON_TARGET_GROWTH,
            ImmuneCriterion.CONFIRMED_NEW_LESION_GROWTH,
            ImmuneCriterion.CONFIRMED_MORE_NEW_LESIONS,
            ImmuneCriterion.CONFIRMED_OTHER_CATEGORY,
            ImmuneCriterion.FIRST_PROGRESSION,
            ImmuneCriterion.TOO_EARLY_TO_CONFIRM,
            ImmuneCriterion.LATE_SCAN_STARTS_AGAIN,
            ImmuneCriterion.UNCONFIRMED_STILL,
            ImmuneCriterion.NEW_LESION_UNCHANGED,
            ImmuneCriterion.NOT_EVALUABLE_IN_BLOCK,
            ImmuneCriterion.PROGRESSION_NOT_BORNE_OUT,
        ],
        default=ImmuneCriterion.AS_RECIST,
    ).astype(np.int8)

    begins = opens | restarts
    # A window that starts again is of the same progression: a new lesion that is still there belongs to it.
    still_there = restarts & ((state.by_new & (count > 0)) | another | new_left | returned)
    counts = begins | (within & ~early & (response == ImmuneResponse.IUPD))
    ended = begins | closes | confirm
    complete_later = within & (state.block_sum < 0) & (verdict.sum >= 0)
    first_complete = np.where(complete_later, np.maximum(verdict.sum, state.block_least), state.block_sum)
    smallest_new = np.where(state.new_nadir < 0, new_sum, np.minimum(state.new_nadir, new_sum))
    after = replace(
        state,
        open=(state.open & ~closes & ~confirm) | begins,
        confirmed=state.confirmed | confirm,
        first_day=np.where(opens, when, np.where(closes, np.nan, state.first_day)),
        window_day=np.where(begins, when, np.where(closes, np.nan, state.window_day)),
        last_iupd=np.where(counts, when, np.where(closes, np.nan, state.last_iupd)),
        by_target=np.where(begins, target_worse, state.by_target & ~closes),
        by_non_target=np.where(begins, other_worse, state.by_non_target & ~closes),
        by_new=np.where(begins, new_worse | still_there, state.by_new & ~closes),
        block_target=np.where(begins, verdict.target, state.block_target),
        block_non_target=np.where(begins, verdict.non_target, state.block_non_target),
        block_sum=np.where(begins, verdict.sum, first_complete),
        block_least=np.where(begins, verdict.measured_sum, state.block_least),
        block_new_sum=np.where(begins | (within & (state.block_new_sum < 0)), new_sum, state.block_new_sum),
        block_new_count=np.where(begins, count, state.block_new_count),
        block_without_new=(state.block_without_new & ~begins) | (imaged & (count == 0)),
        last_day=np.where(imaged, when, state.last_day),
        most_new=np.where(imaged, np.where(count == 0, 0, np.maximum(state.most_new, count)), state.most_new),
        new_nadir=np.where(
            imaged & (count == 0), -1, np.where(imaged & (new_sum >= 0), smallest_new, state.new_nadir)
        ),
        pending_other=(state.pending_other | (early & rest_grew)) & ~ended,
        pending_new=(state.pending_new | (early & new_grew)) & ~ended,
    )
    return after, Verdict(response=response, criterion=criterion)


def combine(target: Codes, non_target: Codes, new_lesion: Bools, rules: Rules | None = None) -> Codes:
    """Overall iRECIST response of verdicts that are already given (Seymour 2017, Table 2); all (N,).

    Codes are :class:`ImmuneResponse`; ``MISSING`` is no such disease at baseline. iCPD of a category is iCPD overall; a
    new lesion or an iUPD of either category is iUPD; for the rest Eisenhauer's table holds.
    """
    target_code, other_code = (
        np.where(codes == ImmuneResponse.MISSING, Response.NA, AS_RECIST[codes])
        for codes in (target, non_target)
    )
    plain = (rules or Rules()).overall(target_code, other_code, np.asarray(new_lesion, dtype=bool))
    proven = (target == ImmuneResponse.ICPD) | (non_target == ImmuneResponse.ICPD)
    return np.where(proven, ImmuneResponse.ICPD, AS_IMMUNE[plain]).astype(np.int8)


def _against_baseline(verdict: recist.Verdict, rules: Rules) -> Codes:
    """Target response with a progression judged again, against the baseline sum in place of the nadir."""
    total, base = verdict.sum, verdict.baseline_sum
    grown = (100 * total >= (100 + rules.progression_percent) * base) & (
        total - base >= rules.progression_tenths
    )
    shrunk = 100 * total <= (100 - rules.partial_response_percent) * base
    again = np.select([grown, shrunk], [Response.PD, Response.PR], Response.SD)
    judged = (verdict.target == Response.PD) & (total >= 0)
    return np.where(judged, again, verdict.target).astype(np.int8)


def _new_progressed(state: State, new_sum: Tenths, rules: Rules) -> Bools:
    """Outside a block, new lesions progress by RECIST 1.1 thresholds against their own nadir (EORTC Q&A)."""
    nadir = state.new_nadir
    return (
        (nadir >= 0)
        & (100 * new_sum >= (100 + rules.progression_percent) * nadir)
        & (new_sum - nadir >= rules.progression_tenths)
    )


def _improved(state: State, verdict: recist.Verdict, rules: Rules) -> Bools:
    """Whether the disease of baseline is better than at the first iUPD (EORTC Q&A, scenarios B and F)."""
    order = np.array([9, 0, 1, 2, 2, 3, 9, 9])
    target = order[verdict.target] < np.where(state.block_target == Response.NE, 0, order[state.block_target])
    other = order[verdict.non_target] < np.where(
        state.block_non_target == Response.NE, 0, order[state.block_non_target]
    )
    reference = np.where(state.block_sum >= 0, state.block_sum, state.block_least)
    less = (verdict.sum >= 0) & (reference - verdict.sum >= rules.immune_improvement_tenths)
    comparable = (verdict.target != Response.NA) & (state.block_target != Response.NA)
    comparable_other = (verdict.non_target != Response.NA) & (state.block_non_target != Response.NA)
    return np.asarray((target & comparable) | (other & comparable_other) | less)


def _counts(values: ArrayLike | None, name: str, default: Tenths) -> Tenths:
    if values is None:
        return default
    array = np.asarray(values)
    if not np.issubdtype(array.dtype, np.integer):
        raise ConfigurationError("response.not_integer", name=name, dtype=str(array.dtype))
    if array.shape != default.shape:
        raise ConfigurationError("response.bad_shape", name=name, shape=array.shape, expected=default.shape)
    return array.astype(np.int64)


def _days(values: ArrayLike | None, name: str, patients: int) -> Days:
    if values is None:
        return np.full(patients, np.nan)
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (patients,):
        raise ConfigurationError("response.bad_shape", name=name, shape=array.shape, expected=(patients,))
    return array


def _flags(values: ArrayLike | None, name: str, patients: int) -> Bools:
    if values is None:
        return np.zeros(patients, dtype=bool)
    array = np.asarray(values, dtype=bool)
    if array.shape != (patients,):
        raise ConfigurationError("response.bad_shape", name=name, shape=array.shape, expected=(patients,))
    return array
