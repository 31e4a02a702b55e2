"""RECIST 1.1, one visit at a time, all patients at once (Eisenhauer 2009, Eur J Cancer 45:228).

Lengths are whole tenths of a millimetre and every threshold is compared with integers, because floating point
misses exact ones: 27 mm to 32.4 mm is a growth of 19.999999999999996 %. The state is immutable and a verdict
depends only on the visits before it, so a later visit can never change an earlier verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmask.errors import ConfigurationError
from unmask.response.codes import Codes, Criterion, Response
from unmask.response.rules import Rules

Bools = NDArray[np.bool_]
Tenths = NDArray[np.int64]


@dataclass(frozen=True)
class State:
    """What RECIST 1.1 remembers between visits; arrays are (N,) or (N, L) and must not be written to."""

    rules: Rules
    exists: Bools
    """(N, L) the lesion is a target of this patient."""
    nodal: Bools
    """(N, L) the lesion is a lymph node, measured by its short axis."""
    non_target_present: Bools
    baseline_sum: Tenths
    nadir: Tenths
    """Smallest complete sum so far, baseline included."""
    responding: Bools
    """Target CR or PR was reached and no target progression came after it."""
    had_target_complete: Bools
    had_overall_complete: Bools


@dataclass(frozen=True)
class Verdict:
    """RECIST 1.1 verdict of one visit; all arrays (N,)."""

    target: Codes
    non_target: Codes
    new_lesion: Bools
    overall: Codes
    criterion: Codes
    """:class:`unmask.response.codes.Criterion`"""
    sum: Tenths
    """Sum of all targets, -1 when any of them was not measured."""
    measured_sum: Tenths
    """Sum of the targets that were measured, -1 when none was."""
    nadir: Tenths
    """The nadir this visit was compared with (the smallest complete sum *before* it)."""
    baseline_sum: Tenths
    ongoing: Bools
    """The targets are PR only because a response goes on: regrowth above the threshold, short of PD."""
    scanned: Bools


def start(
    baseline: ArrayLike,
    nodal: ArrayLike | None = None,
    non_target_present: ArrayLike | None = None,
    rules: Rules | None = None,
) -> State:
    """Begin the assessment of N patients with at most L target lesions.

    Parameters
    ----------
    baseline
        (N, L) integer tenths of a millimetre; -1 = the patient has no such lesion.
    nodal
        (N, L) the lesion is a lymph node (default: none is).
    non_target_present
        (N,) the patient has non-target disease at baseline (default: nobody has).
    rules
        Options; default :class:`Rules`.

    Raises
    ------
    ConfigurationError
        ``response.bad_shape`` or ``response.not_integer`` for arrays that do not fit.
    """
    size = _tenths(baseline, "baseline", 2)
    exists = size >= 0
    total = np.where(exists, size, 0).sum(axis=1, dtype=np.int64)
    patients = len(size)
    nothing = np.zeros(patients, dtype=bool)
    return State(
        rules=rules or Rules(),
        exists=exists,
        nodal=np.zeros(size.shape, dtype=bool) if nodal is None else _flags(nodal, "nodal", size.shape),
        non_target_present=nothing
        if non_target_present is None
        else _flags(non_target_present, "non_target_present", (patients,)),
        baseline_sum=total,
        nadir=total,
        responding=nothing,
        had_target_complete=nothing,
        had_overall_complete=nothing,
    )


def step(
    state: State,
    target: ArrayLike,
    non_target: ArrayLike | None = None,
    new_lesion: ArrayLike | None = None,
    scanned: ArrayLike | None = None,
) -> tuple[State, Verdict]:
    """Assess one visit.

    Parameters
    ----------
    state
        From :func:`start` or the visit before.
    target
        (N, L) integer tenths of a millimetre; 0 = gone, -1 = not measured.
    non_target
        (N,) :class:`Response` codes CR, NON_CR_NON_PD, PD or NE (default NON_CR_NON_PD); ignored for patients
        without non-target disease.
    new_lesion
        (N,) an unequivocal new lesion is present (default: none).
    scanned
        (N,) imaging was done (default: for all). An unscanned patient is NE and the state stays as it was.

    Returns
    -------
    The state after the visit and the verdict.
    """
    rules = state.rules
    patients = len(state.exists)
    size = _tenths(target, "target", 2)
    if size.shape != state.exists.shape:
        raise ConfigurationError(
            "response.bad_shape", name="target", shape=size.shape, expected=state.exists.shape
        )
    imaged = np.ones(patients, dtype=bool) if scanned is None else _flags(scanned, "scanned", (patients,))
    new = (
        np.zeros(patients, dtype=bool)
        if new_lesion is None
        else _flags(new_lesion, "new_lesion", (patients,))
    )
    new = new & imaged
    other = _non_target(state, non_target, imaged)

    measured = state.exists & (size >= 0) & imaged[:, None]
    any_measured = measured.any(axis=1)
    has_target = state.exists.any(axis=1)
    complete = has_target & (measured | ~state.exists).all(axis=1)
    total = np.where(measured, size, 0).sum(axis=1, dtype=np.int64)

    absent = np.where(state.nodal, size < rules.normal_node_tenths, size == 0)
    diseased = np.asarray((measured & ~absent).any(axis=1))
    grown_percent = 100 * total >= (100 + rules.progression_percent) * state.nadir
    # A node under 10 mm is benign, so where nothing else is left growth is not of disease (EORTC answers).
    grown = diseased & grown_percent & (total - state.nadir >= rules.progression_tenths)
    if not rules.partial_sum_can_progress:
        grown &= complete
    back = _reappeared(state, diseased, total)
    other_back = (
        state.had_overall_complete
        & (other == Response.NON_CR_NON_PD)
        & (rules.reappearance in ("after overall CR", "after target CR"))
    )
    other = np.where(other_back, Response.PD, other).astype(np.int8)
    gone = complete & (absent | ~state.exists).all(axis=1)
    shrunk = complete & (100 * total <= (100 - rules.partial_response_percent) * state.baseline_sum)
    ongoing = complete & state.responding & rules.ongoing_partial_response

    progressed = grown | back
    verdict_target = np.select(
        [~has_target, progressed, gone, shrunk | ongoing, complete],
        [Response.NA, Response.PD, Response.CR, Response.PR, Response.SD],
        default=Response.NE,
    ).astype(np.int8)
    overall = np.where(imaged, rules.overall(verdict_target, other, new), Response.NE).astype(np.int8)

    criterion = np.select(
        [
            ~imaged,
            grown & complete,
            grown,
            back | other_back,
            other == Response.PD,
            new,
            ~has_target & ~state.non_target_present,
            ~has_target & (other == Response.NE),
            ~has_target,
            gone & ((other == Response.CR) | (other == Response.NA)),
            gone & (other == Response.NE),
            gone,
            shrunk,
            ongoing,
            complete & grown_percent,
            complete,
        ],
        [
            Criterion.NOT_SCANNED,
            Criterion.TARGET_GROWTH,
            Criterion.TARGET_GROWTH_PARTIAL_SUM,
            Criterion.REAPPEARANCE,
            Criterion.NON_TARGET_GROWTH,
            Criterion.NEW_LESION,
            Criterion.NO_DISEASE_FOLLOWED,
            Criterion.NON_TARGET_NOT_EVALUATED,
            Criterion.NON_TARGET_ONLY,
            Criterion.ALL_GONE,
            Criterion.TARGETS_GONE_NON_TARGET_NOT_EVALUATED,
            Criterion.TARGETS_GONE_NON_TARGET_LEFT,
            Criterion.TARGET_SHRINKAGE,
            Criterion.RESPONSE_ONGOING,
            Criterion.GROWTH_UNDER_ABSOLUTE_LIMIT,
            Criterion.NEITHER,
        ],
        default=Criterion.TARGET_NOT_MEASURED,
    ).astype(np.int8)

    verdict = Verdict(
        target=verdict_target,
        non_target=other,
        new_lesion=new,
        overall=overall,
        criterion=criterion,
        sum=np.where(complete, total, -1),
        measured_sum=np.where(any_measured, total, -1),
        nadir=state.nadir,
        baseline_sum=state.baseline_sum,
        ongoing=(verdict_target == Response.PR) & ~shrunk,
        scanned=imaged,
    )
    after = replace(
        state,
        nadir=np.where(complete, np.minimum(state.nadir, total), state.nadir),
        responding=(state.responding | (complete & (gone | shrunk))) & ~progressed,
        had_target_complete=state.had_target_complete | (verdict_target == Response.CR),
        had_overall_complete=state.had_overall_complete | (overall == Response.CR),
    )
    return after, verdict


def _reappeared(state: State, diseased: Bools, total: Tenths) -> Bools:
    """Whether a target that was gone is back, by the option ``reappearance``: a node from 10 mm on."""
    match state.rules.reappearance:
        case "after overall CR":
            return np.asarray(diseased & state.had_overall_complete)
        case "after target CR":
            return np.asarray(diseased & state.had_target_complete)
        case "after zero sum":
            return np.asarray((state.nadir == 0) & (total > 0) & state.exists.any(axis=1))
        case _:
            return np.zeros(len(state.nadir), dtype=bool)


def _non_target(state: State, non_target: ArrayLike | None, imaged: Bools) -> Codes:
    patients = len(imaged)
    if non_target is None:
        codes = np.full(patients, Response.NON_CR_NON_PD, dtype=np.int8)
    else:
        codes = np.asarray(non_target).astype(np.int8)
        if codes.shape != (patients,):
            raise ConfigurationError(
                "response.bad_shape", name="non_target", shape=codes.shape, expected=(patients,)
            )
        allowed = (Response.CR, Response.NON_CR_NON_PD, Response.PD, Response.NE)
        wrong = state.non_target_present & imaged & ~np.isin(codes, allowed)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ConfigurationError("response.bad_non_target", patient=row, value=int(codes[row]))
    codes = np.where(imaged, codes, Response.NE)
    return np.where(state.non_target_present, codes, Response.NA).astype(np.int8)


def _tenths(values: ArrayLike, name: str, dimensions: int) -> Tenths:
    array = np.asarray(values)
    if array.ndim != dimensions:
        raise ConfigurationError(
            "response.bad_shape", name=name, shape=array.shape, expected=f"{dimensions} dimensions"
        )
    if not np.issubdtype(array.dtype, np.integer):
        raise ConfigurationError("response.not_integer", name=name, dtype=str(array.dtype))
    return array.astype(np.int64)


def _flags(values: ArrayLike, name: str, shape: tuple[Any, ...]) -> Bools:
    array = np.asarray(values, dtype=bool)
    if array.shape != shape:
        raise ConfigurationError("response.bad_shape", name=name, shape=array.shape, expected=shape)
    return array
