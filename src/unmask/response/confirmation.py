"""Which responses later visits confirm, and what a complete response that does not last is.

Tables are (N, V) :class:`Response` codes and days, one row a patient, visits in order of time. Sources: Eisenhauer
2009, 4.6 and Table 3; options in doubt follow admiralonco (``derive_param_confirmed_bor``).
"""

from __future__ import annotations

import numpy as np

from unmask.response.codes import Codes, Criterion, Response
from unmask.response.measurements import Bools, Days
from unmask.response.rules import Rules


def until(codes: Codes, last: int, missing: int) -> Codes:
    """Keep visits up to and including the first ``last``; later ones become ``missing``."""
    found = codes == last
    if not found.any():
        return codes
    after = np.zeros_like(found)
    np.logical_or.accumulate(found[:, :-1], axis=1, out=after[:, 1:])
    return np.where(after, missing, codes).astype(np.int8)


def relapses_as_progression(codes: Codes, criterion: Codes | None = None) -> Codes:
    """Read any disease seen after a CR as progression (Eisenhauer 2009, Table 3, footnote a).

    The first PR, SD or non-CR/non-PD after a CR becomes PD, as do those that follow it. With the ``criterion`` of the
    visits, one that is PR only because non-target disease was not evaluated becomes NE: no disease was seen there.
    """
    complete = codes == Response.CR
    if not complete.any():
        return codes
    disease = (codes == Response.PR) | (codes == Response.SD) | (codes == Response.NON_CR_NON_PD)
    after = np.logical_or.accumulate(complete, axis=1)
    read = np.where(disease & after, Response.PD, codes)
    if criterion is not None:
        nothing_seen = criterion == Criterion.TARGETS_GONE_NON_TARGET_NOT_EVALUATED
        read = np.where(disease & after & nothing_seen, Response.NE, read)
    return read.astype(np.int8)


def confirmed_pairs(codes: Codes, days: Days, rules: Rules) -> tuple[Bools, Bools]:
    """Return which visits (N, V) are a CR confirmed by a later CR, and a PR confirmed by a later CR or PR.

    The second is at least ``rules.confirmation_days`` after the first, with nothing but responses, at most
    ``rules.max_not_evaluable_between`` NE and (PR only) ``rules.max_stable_between`` SD between. A PR after a CR
    blocks the pair, unless ``rules.complete_then_partial`` corrects that CR to PR.
    """
    visits = codes.shape[1]
    complete = np.zeros(codes.shape, dtype=bool)
    partial = np.zeros(codes.shape, dtype=bool)
    lenient = rules.complete_then_partial == "PR"
    by_visit = np.ascontiguousarray(codes.T)
    for first in range(visits - 1):
        code = by_visit[first]
        rows = np.flatnonzero((code == Response.CR) | (code == Response.PR))
        is_complete = code[rows] == Response.CR
        since = days[rows, first] + rules.confirmation_days
        after_complete = is_complete.copy()
        blocked = np.zeros(len(rows), dtype=bool)
        gaps = np.zeros(len(rows), dtype=np.int16)
        stable = np.zeros(len(rows), dtype=np.int16)
        for later in range(first + 1, visits):
            code = by_visit[later, rows]
            is_partial = code == Response.PR
            respond = is_partial | (code == Response.CR)
            blocked |= after_complete & is_partial
            after_complete |= respond & ~is_partial
            enough = respond & (days[rows, later] >= since)
            whole = enough & is_complete & ~is_partial & ~blocked & (stable == 0)
            half = enough & (lenient | ~(is_complete | blocked))
            complete[rows[whole], first] = True
            partial[rows[half], first] = True
            missed = code == Response.NE
            held = code == Response.SD
            gaps += missed
            stable += held
            going = (
                (respond | missed | held | (code == Response.MISSING))
                & (gaps <= rules.max_not_evaluable_between)
                & (stable <= rules.max_stable_between)
                # What is decided needs no further look: a CR can still be found, a PR that is confirmed cannot.
                & ~whole
                & ~(half & ~is_complete)
            )
            if not going.all():
                rows, is_complete, since = rows[going], is_complete[going], since[going]
                after_complete, blocked = after_complete[going], blocked[going]
                gaps, stable = gaps[going], stable[going]
            if not len(rows):
                break
    return complete, partial & ~complete
