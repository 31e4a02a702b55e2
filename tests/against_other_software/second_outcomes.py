"""Best responses and endpoints from the visits of :mod:`second_recist`: the second implementation, part two."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from second_recist import IMMUNE, Block, Readings, Seen

from unmask.response import Rules


@dataclass(frozen=True)
class Best:
    """Best overall response, its day, and the day on which CR or PR began."""

    response: str
    day: float = math.nan
    began: float = math.nan


def immune_progression_day(seen: Sequence[Seen], blocks: Sequence[Block], rules: Rules) -> float:
    """Day of the progression that counts: of the block confirmed or never answered by anything better."""
    for block in blocks:
        if block.ended in ("confirmed", "open"):
            last = rules.repeated_iupd == "last" and block.ended == "open"
            return seen[block.members[-1] if last else block.first].dated
    return math.nan


def fate(immune: Sequence[str], blocks: Sequence[Block]) -> str:
    """What came of the progressions: the name of :class:`unmask.response.Progression`."""
    if not blocks:
        return "NONE"
    responses = [i for i, r in enumerate(immune) if r in ("ICR", "IPR")]
    stable = [i for i, r in enumerate(immune) if r in ("ISD", "NON_ICR_NON_IUPD")]
    first = blocks[0].first
    if responses and max(responses) > first:
        return "PSEUDOPROGRESSION" if min(responses) > first else "WITHIN_RESPONSE"
    if stable and max(stable) > first:
        return "STABLE_AFTER"
    if blocks[-1].ended == "confirmed":
        return "CONFIRMED"
    scanned = any(r != "NE" for r in immune[blocks[-1].first + 1 :])
    return "UNCONFIRMED" if scanned else "NOT_SCANNED_AGAIN"


Record = tuple[float, str, bool]
"""Day, response (RECIST names), PR only because it goes on."""


def progression_day(seen: Sequence[Seen], rules: Rules, how: Readings) -> float:
    """Day of the first RECIST 1.1 progression."""
    after_cr = False
    for s in seen:
        if s.overall == "PD":
            return s.dated
        if how.regrowth_dates_progression and _regrown(s, after_cr, rules, how):
            return s.day
        after_cr |= s.overall == "CR"
    return math.nan


def _regrown(s: Seen, after_cr: bool, rules: Rules, how: Readings) -> bool:
    disease = s.overall in ("PR", "SD", "NON_CR_NON_PD") and not _unseen(s, after_cr, rules, how)
    return rules.complete_then_partial == "PD" and after_cr and disease


def _unseen(s: Seen, after_cr: bool, rules: Rules, how: Readings) -> bool:
    """PR after a CR although no disease was seen: the targets are gone, non-targets were not evaluated."""
    empty = how.regrowth_must_be_seen and s.target == "CR" and s.non_target == "NE" and s.overall == "PR"
    return rules.complete_then_partial == "PD" and after_cr and empty


def records(seen: Sequence[Seen], rules: Rules, how: Readings) -> list[Record]:
    """The visits a best response rests on, those after the first progression left out."""
    end = progression_day(seen, rules, how)
    out: list[Record] = []
    after_cr = False
    for s in seen:
        progressed = s.overall == "PD" or _regrown(s, after_cr, rules, how)
        response = "PD" if progressed else "NE" if _unseen(s, after_cr, rules, how) else s.overall
        after_cr |= s.overall == "CR"
        if how.dated_back_ends and s.day >= end and rules.progression_ends_assessment:
            return [*out, (end, "PD", False)]
        day = s.dated if progressed and how.dated_back_ends else s.day
        out.append((day, response, s.ongoing))
        if progressed and rules.progression_ends_assessment:
            break
    return out


def immune_records(seen: Sequence[Seen], immune: Sequence[str], how: Readings) -> list[Record]:
    """As :func:`records`, by iRECIST, with RECIST names and "ICPD"."""
    names = {v: k for k, v in IMMUNE.items()}
    pairs = zip(seen, immune, strict=False)
    return [(s.day, names.get(r, r), s.ongoing and not how.immune_ongoing_confirms) for s, r in pairs]


def best(visits: Sequence[Record], rules: Rules, how: Readings, *, confirm: bool) -> Best:
    """Best overall response."""
    if not visits:
        return Best("NE" if rules.no_record_as_not_evaluable else "MISSING")
    if confirm and how.ongoing_interrupts and not rules.ongoing_response_confirms:
        visits = [(d, "SD" if on and r == "PR" else r, on) for d, r, on in visits]
    found = [
        (wanted, day)
        for i, (day, response, _) in enumerate(visits)
        for wanted in ("CR", "PR")
        if (response == wanted and not confirm) or (confirm and _confirms(visits, i, wanted, rules))
    ]
    if found:
        wanted, day = min(found)
        return Best(wanted, day, found[0][1])
    late = [(d, r) for d, r, _ in visits if d >= rules.stable_min_day]
    stable = [(d, r) for d, r in late if r == "SD" or (r in ("CR", "PR") and rules.response_counts_as_stable)]
    response_day = min((d for d, r, _ in visits if r in ("CR", "PR")), default=math.nan)
    issue = confirm and rules.fallback_day == "first response" and not math.isnan(response_day)
    if stable:
        return Best("SD", response_day if issue else stable[0][0])
    for d, r in late:
        if r == "NON_CR_NON_PD":
            return Best(r, d)
    for bad in ("ICPD", "PD"):
        for d, r, _ in visits:
            early = rules.early_progression == "NE" and d < rules.stable_min_day
            if r == bad and not early:
                return Best(bad, response_day if issue else d)
    return Best("NE", visits[0][0])


def _confirms(visits: Sequence[Record], i: int, wanted: str, rules: Rules) -> bool:
    """Whether visit ``i`` and a later one make a confirmed response."""
    day, response, _ = visits[i]
    corrects = rules.complete_then_partial == "PR"
    if response != wanted and not (wanted == "PR" and response == "CR" and corrects):
        return False
    missing = stable = 0
    complete = response == "CR"
    for later, response, goes_on in visits[i + 1 :]:
        if response == "CR" or (response == "PR" and wanted == "PR" and (corrects or not complete)):
            counts = rules.ongoing_response_confirms or not goes_on or response == "CR"
            if later - day >= rules.confirmation_days and counts:
                return True
            complete |= response == "CR"
        elif response == "NE":
            missing += 1
        elif response == "SD" and wanted == "PR":
            stable += 1
        else:
            return False
        if missing > rules.max_not_evaluable_between or stable > rules.max_stable_between:
            return False
    return False


@dataclass(frozen=True)
class Followed:
    """What is known of a patient besides the scans; days, NaN = did not happen."""

    death: float
    censor: float
    new_therapy: float = math.nan
    has_baseline: bool = True


def progression_free(
    followed: Followed,
    assessed: Sequence[tuple[float, bool]],
    progression: float,
    rules: Rules,
    schedule: Sequence[float],
    start: float = 0.0,
) -> tuple[float, bool]:
    """Time and event of PFS, or of DoR from ``start``; ``assessed`` holds day and adequacy of each visit."""
    end = followed.censor
    visits = [(d, ok) for d, ok in assessed if 0 < d <= end]
    event = min((d for d in (progression, followed.death) if d <= end), default=math.inf)
    usable = [d for d, ok in visits if ok or not rules.adequate_assessments_only]

    def last(until: float) -> float:
        return max((d for d in usable if d <= until), default=0.0)

    if rules.censor_without_baseline and not followed.has_baseline:
        return -start, False
    due = schedule[0] + rules.missed_visit_window_days if schedule else math.inf
    if rules.censor_unassessed and not any(ok for _, ok in visits) and not followed.death <= min(due, end):
        return -start, False
    censored = []
    if rules.missed_visits and event < math.inf:
        before = max((d for d in usable if d < event), default=0.0)
        window = rules.missed_visit_window_days
        missed = [s for s in schedule if s > before + (window if before else 0) and s + window < event]
        if len(missed) >= rules.missed_visits:
            censored.append(before)
    if rules.censor_at_new_therapy and event > followed.new_therapy:
        censored.append(last(followed.new_therapy))
    if censored:
        return min(censored) - start, False
    if event < math.inf:
        return event - start, True
    return last(end) - start, False
