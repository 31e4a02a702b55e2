"""A second RECIST 1.1 and iRECIST, patient by patient in plain Python, to compare with ``unmask.response``.

Written from the published rules alone (E = Eisenhauer 2009, S = Seymour 2017, Q = EORTC Q&A, A = admiralonco,
F = FDA Table A), not from the code it checks. Slow, exact (integers) and short on purpose: a loop over visits.
Only the values of :class:`unmask.response.Rules` are shared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from unmask.response import Rules

RANK = {"CR": 0, "PR": 1, "SD": 2, "NON_CR_NON_PD": 2, "PD": 3}
IMMUNE = {
    "CR": "ICR",
    "PR": "IPR",
    "SD": "ISD",
    "NON_CR_NON_PD": "NON_ICR_NON_IUPD",
    "PD": "IUPD",
    "NE": "NE",
}


@dataclass(frozen=True)
class Readings:
    """Points on which the rules can be read in two ways; the values are those of Unmask."""

    normal_node_grows: bool = False
    """Nodes that all stay under 10 mm may be PD by their sum (Q, "abnormal lymph node": they are benign)."""
    node_reappears: bool = True
    """After an overall CR a node of 10 mm or more is disease that is back (Q, "abnormal lymph node")."""
    dated_back_ends: bool = True
    """Visits since the first sight of a new lesion that was equivocal are after progression (E 4.3.5)."""
    ongoing_interrupts: bool = True
    """A visit that is PR only because a response goes on counts as SD between a response and its confirmation."""
    new_lesion_returns: bool = True
    """A new lesion after a visit without any is new again, even after a reset (S Table 2)."""
    partial_without_targets: bool = False
    """Non-targets gone beside a new lesion that is still there are iPR (S Table 3, note: never without targets)."""
    replaced_lesion_counts: bool = True
    """A new lesion that replaces another at the same scan is one more (Q: "or another lesion appears")."""
    kept_lesion_confirms: bool = True
    """Growth of a new lesion that an earlier response tolerated confirms an iUPD of another category (S Table 2)."""
    partial_sum_confirms: bool = False
    """Targets measured in part may confirm even without ``partial_sum_can_progress``."""
    regrowth_dates_progression: bool = True
    """With ``complete_then_partial = "PD"`` that visit is the day of progression, not only the end of assessment."""
    regrowth_must_be_seen: bool = True
    """A PR after a CR that rests on non-targets not evaluated alone shows no disease: it is no assessment."""
    restart_forgets: bool = False
    """A late scan that starts again drops new lesions that are no more than were seen before."""
    partial_reference: bool = True
    """The complete sum at the first iUPD was no smaller than what was measured of it, whatever comes later."""
    late_reference: bool = False
    """Improvement beside a new lesion may count from the first category that is known, not only from the first sum."""
    window_from_last: bool = True
    """The eight weeks run from the last iUPD, not the first (S Table 3, example 7: iUPD, iUPD, iCPD)."""
    immune_ongoing_confirms: bool = False
    """An iPR that only goes on confirms iPR, whatever ``ongoing_response_confirms`` says."""
    persisting_is_iupd: bool = True
    """A new lesion still there is iUPD although the rest cannot be evaluated (S Table 2, "any, any, yes")."""


@dataclass(frozen=True)
class Visit:
    """What was seen at one visit; lengths in tenths of a millimetre, -1 = not measured."""

    day: float
    sizes: Sequence[int]
    non_target: str = "NON_CR_NON_PD"
    non_target_increase: bool = False
    new_count: int = 0
    new_names: frozenset[int] | None = None
    """Which new lesions they are, None = only their number is known."""
    new_sum: int = -1
    new_increase: bool = False
    new_since: float = math.nan
    new_symptoms: bool = False


@dataclass(frozen=True)
class Patient:
    """Baseline and visits after it, in order."""

    baseline: Sequence[int]
    nodal: Sequence[bool]
    has_non_target: bool
    visits: Sequence[Visit]


@dataclass(frozen=True)
class Seen:
    """The verdict on one visit by RECIST 1.1."""

    day: float
    target: str
    non_target: str
    overall: str
    total: int
    """Sum of all targets, -1 when one was not measured."""
    measured: int
    nadir: int
    ongoing: bool
    """PR only because a response goes on."""
    dated: float


def overall(target: str, non_target: str, new: bool) -> str:
    """Tables 1 and 2 of E."""
    if new or "PD" in (target, non_target):
        return "PD"
    if target == "NA":
        return {"NA": "NE"}.get(non_target, non_target)
    if target == "CR" and non_target in ("CR", "NA"):
        return "CR"
    return "PR" if target == "CR" else target


def grew(total: int, reference: int, rules: Rules) -> bool:
    """At least 20 % and 5 mm above the reference."""
    by_percent = 100 * total >= (100 + rules.progression_percent) * reference
    return by_percent and total - reference >= rules.progression_tenths


def shrank(total: int, baseline: int, rules: Rules) -> bool:
    """At least 30 % below baseline."""
    return 100 * total <= (100 - rules.partial_response_percent) * baseline


def recist(patient: Patient, rules: Rules, how: Readings) -> list[Seen]:
    """Every visit by RECIST 1.1."""
    baseline = nadir = sum(patient.baseline)
    responding = overall_cr = target_cr = False
    out: list[Seen] = []
    for visit in patient.visits:
        known = [(s, n) for s, n in zip(visit.sizes, patient.nodal, strict=True) if s >= 0]
        measured = sum(s for s, _ in known) if known else -1
        complete = len(known) == len(patient.baseline)
        diseased = any(s >= rules.normal_node_tenths if node else s > 0 for s, node in known)
        was_gone = {
            "after overall CR": overall_cr,
            "after target CR": target_cr,
            "after zero sum": nadir == 0,
        }
        zero = nadir == 0 and rules.reappearance == "after zero sum"
        if zero or how.node_reappears:
            there = measured > 0 if zero else diseased
        else:
            there = any(s > 0 and not node for s, node in known)
        back = there and was_gone.get(rules.reappearance, False)
        larger = grew(measured, nadir, rules) and (diseased or how.normal_node_grows)
        ongoing = False
        if not patient.baseline:
            target = "NA"
        elif not known:
            target = "NE"
        elif complete and not diseased and not (zero and measured) and not larger:
            target = "CR"
        elif back or (larger and (complete or rules.partial_sum_can_progress)):
            target = "PD"
        elif not complete:
            target = "NE"
        elif shrank(measured, baseline, rules):
            target = "PR"
        else:
            ongoing = responding and rules.ongoing_partial_response
            target = "PR" if ongoing else "SD"
        if target in ("CR", "PR"):
            responding = True
        elif target == "PD":
            responding = False
        non_target = visit.non_target if patient.has_non_target else "NA"
        returns = overall_cr and rules.reappearance in ("after overall CR", "after target CR")
        if non_target == "NON_CR_NON_PD" and returns:
            non_target = "PD"
        verdict = overall(target, non_target, visit.new_count > 0)
        dated = visit.day
        if visit.new_count > 0 and rules.equivocal_dated_back and not math.isnan(visit.new_since):
            dated = min(dated, visit.new_since)
        total = measured if complete and known else -1
        out.append(Seen(visit.day, target, non_target, verdict, total, measured, nadir, ongoing, dated))
        if total >= 0:
            nadir = min(nadir, total)
        overall_cr |= verdict == "CR"
        target_cr |= target == "CR"
    return out


@dataclass
class Block:
    """Consecutive iUPD (and NE) visits: one progression waiting for confirmation."""

    first: int
    opened: int
    """First iUPD of its window: the first, unless a late scan started again."""
    last: int
    """Last iUPD that was not too early to count."""
    growing: set[str]
    """Categories that have progressed in it."""
    target_sum: int
    new_count: int
    new_sum: int
    rest: tuple[str, ...]
    """Targets and non-targets at its start."""
    least: int
    """What was measured of the targets at its start, the least that their sum was; -1 = nothing."""
    members: list[int] = field(default_factory=list)
    ended: str = "open"


Kept = tuple[int, int]
"""New lesions that did not stop a response: their number, and the nadir of their sum."""


def irecist(
    patient: Patient, seen: Sequence[Seen], rules: Rules, how: Readings
) -> tuple[list[str], list[Block]]:
    """Every visit by iRECIST up to the first iCPD, and the blocks of iUPD."""
    out: list[str] = []
    blocks: list[Block] = []
    block: Block | None = None
    kept: Kept | None = None
    for i, (visit, s) in enumerate(zip(patient.visits, seen, strict=True)):
        if visit.new_count == 0 and how.new_lesion_returns:
            kept = None
        fresh = visit.new_count > 0
        if kept is not None and not (block and "new" in block.growing):
            early_growth = block is not None and visit.new_count > 0 and _new_grew_since(block, patient, i)
            fresh = _kept_grew(kept, patient, i, rules, how) or early_growth
            fresh = fresh and (block is None or how.kept_lesion_confirms)
            kept = _lowest(kept, visit)
        categories = {"target": s.target == "PD", "non-target": s.non_target == "PD", "new": fresh}
        now = {name for name, progressed in categories.items() if progressed}
        if block is None:
            if now:
                block = _start(i, visit, s, now, how)
                blocks.append(block)
                out.append("IUPD")
            else:
                out.append(_immune(overall(s.target, s.non_target, False), s, visit, how))
            continue
        gap = visit.day - patient.visits[block.opened].day
        early = gap < rules.immune_window_min_days - rules.immune_window_tolerance_days
        since = patient.visits[block.last if how.window_from_last else block.opened].day
        late = visit.day - since > rules.immune_window_max_days + rules.immune_window_tolerance_days
        further = bool(now - block.growing) or _grown(block, patient, i, seen, rules, how)
        more = _another(patient, i, block.opened, block.new_count, how)
        if block.target_sum < 0 <= s.total:
            block.target_sum = max(s.total, block.least)
        block.new_sum = visit.new_sum if block.new_sum < 0 else block.new_sum
        if further and late and rules.immune_late_scan == "starts again":
            block, kept = _restart(block, kept, patient, i, s, now, rules, how)
            blocks[-1] = block
            out.append("IUPD")
            continue
        if further and (not early or (visit.new_symptoms and more)):
            block.ended = "confirmed"
            return [*out, "ICPD"], blocks
        rest = overall(_against(s, sum(patient.baseline), rules), s.non_target, False)
        unseen = rest == "NE" or (rest != "PD" and "non-target" in block.growing and s.non_target == "NE")
        persists = how.persisting_is_iupd and visit.new_count > 0 and "new" in block.growing
        if not further and unseen and not persists:
            out.append("NE")
        elif not further and not unseen and rest != "PD" and _improved(block, visit, s, rules):
            block.ended = "closed"
            block = None
            gone = visit.new_count == 0 and how.new_lesion_returns
            kept = None if gone else _kept(patient.visits[: i + 1], how)
            out.append(_immune(rest, s, visit, how))
        else:
            out.append("IUPD")
            block.members.append(i)
            if not further and how.late_reference:
                pairs = zip(block.rest, (s.target, s.non_target), strict=True)
                block.rest = tuple(later if was == "NE" else was for was, later in pairs)
            if not early:
                block.last = i
    return out, blocks


def _against(s: Seen, baseline: int, rules: Rules) -> str:
    """Target response that may end a block."""
    if rules.immune_reset == "nadir" or s.target != "PD" or s.total < 0:
        return s.target
    if shrank(s.total, baseline, rules):
        return "PR"
    return "PD" if grew(s.total, baseline, rules) else "SD"


def _improved(block: Block, visit: Visit, s: Seen, rules: Rules) -> bool:
    """The disease of baseline is better than at the start, or no new lesion asks for that (Q, scenarios B and F)."""
    if visit.new_count == 0 or "new" not in block.growing:
        return True
    pairs = zip((s.target, s.non_target), block.rest, strict=True)
    category = any(was in RANK and now in RANK and RANK[now] < RANK[was] for now, was in pairs)
    before = block.target_sum if block.target_sum >= 0 else block.least
    return category or (s.total >= 0 and before - s.total >= rules.immune_improvement_tenths)


def _kept(visits: Sequence[Visit], how: Readings) -> Kept:
    since = max((i for i, v in enumerate(visits) if v.new_count == 0), default=-1) + 1
    counted = visits[since:] if how.new_lesion_returns else visits
    count = max((v.new_count for v in counted), default=0)
    return count, min((v.new_sum for v in counted if v.new_sum >= 0), default=-1)


def _another(patient: Patient, i: int, since: int, most: int, how: Readings) -> bool:
    """A new lesion is there that no visit up to ``since`` showed: by name, else if there are more than ``most``."""
    visit = patient.visits[i]
    if visit.new_names is None or not how.replaced_lesion_counts:
        return visit.new_count > most
    return bool(visit.new_names.difference(*(v.new_names or () for v in patient.visits[: since + 1])))


def _kept_grew(kept: Kept, patient: Patient, i: int, rules: Rules, how: Readings) -> bool:
    """New lesions progress anew: one more of them, their sum 20 % and 5 mm above its nadir, or others grew (Q)."""
    visit, (count, lowest) = patient.visits[i], kept
    bigger = lowest >= 0 and grew(visit.new_sum, lowest, rules)
    return _another(patient, i, i - 1, count, how) or bigger or (visit.new_increase and visit.new_count > 0)


def _new_grew_since(block: Block, patient: Patient, i: int) -> bool:
    """Unmeasured new lesions grew since the block opened, perhaps at a scan too early to confirm (Q: additive)."""
    return any(v.new_increase for v in patient.visits[block.opened + 1 : i])


def _lowest(kept: Kept, visit: Visit) -> Kept:
    sizes = [size for size in (kept[1], visit.new_sum) if size >= 0]
    return kept[0], min(sizes, default=-1)


def _restart(
    block: Block,
    kept: Kept | None,
    patient: Patient,
    i: int,
    s: Seen,
    now: set[str],
    rules: Rules,
    how: Readings,
) -> tuple[Block, Kept | None]:
    """A late scan opens a new window in the same block; the day of progression stays."""
    visit = patient.visits[i]
    before = (max(v.new_count for v in patient.visits[:i]), _kept(patient.visits[:i], how)[1])
    if _kept_grew(before, patient, i, rules, how):
        now = now | {"new"}
    elif how.restart_forgets:
        now, kept = now - {"new"}, before
    again = _start(i, visit, s, now, how)
    again.first, again.members = block.first, [*block.members, i]
    return again, kept


def _immune(response: str, s: Seen, visit: Visit, how: Readings) -> str:
    """A response beside a new lesion that is still there is no iCR."""
    if response == "CR" and visit.new_count > 0:
        response = "PR" if s.target != "NA" or how.partial_without_targets else "NON_CR_NON_PD"
    return IMMUNE[response]


def _start(i: int, visit: Visit, s: Seen, now: set[str], how: Readings) -> Block:
    least = s.measured if how.partial_reference else s.total
    rest = (s.target, s.non_target)
    return Block(i, i, i, set(now), s.total, visit.new_count, visit.new_sum, rest, least, [i])


def _grown(block: Block, patient: Patient, i: int, seen: Sequence[Seen], rules: Rules, how: Readings) -> bool:
    """Further growth, since the first iUPD, of what had progressed."""
    visit, s = patient.visits[i], seen[i]
    if _another(patient, i, block.opened, block.new_count, how):
        return True
    limit = rules.immune_growth_tenths
    if "target" in block.growing and block.target_sum >= 0 and s.target != "CR":
        usable = s.total >= 0 or rules.partial_sum_can_progress or how.partial_sum_confirms
        more = s.measured - block.target_sum if usable else -1
        both = block.growing == {"target", "non-target"}
        if more > limit or (more == limit and not (both and rules.immune_growth_must_exceed)):
            return True
    since = patient.visits[block.opened + 1 : i + 1]
    visible = "non-target" in block.growing and s.non_target not in ("NE", "CR")
    if visible and any(v.non_target_increase for v in since):
        return True
    if "new" in block.growing and visit.new_count > 0:
        return (block.new_sum >= 0 and visit.new_sum - block.new_sum >= limit) or any(
            v.new_increase for v in since
        )
    return False
