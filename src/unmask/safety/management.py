"""Management of immune-related events by guideline: hold, steroid with taper, second-line drug, resume, stop for good.

The rules are data (``management.toml``), one per toxicity and grade. What is done in what order:

- An event of grade 2 or more is treated by the rule of its grade on the day it is seen.
- Steroid: the highest dose any present event asks for, unchanged until all are at grade 1, then a taper to none over
  the longest of their taper times, in equal weekly steps. A new event in between raises the dose again.
- A steroid that does not help, where no other drug is left, is tapered after ``futile_steroid_weeks``.
- Second-line drug: when an event does not respond after ``refractory_days`` of steroid; the next one in the list
  ``second_refractory_days`` after the first.
- Immunotherapy is held until every event that asked for it is at grade 1 and the steroid has come down to
  ``resume_steroid_mg_per_kg``; a hold longer than ``longest_hold_weeks`` ends it for good.
- A rule may stop immunotherapy, or its anti-CTLA-4 part, for good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.safety.adverse_events import NO_ACTION
from unmask.safety.episodes import Episodes
from unmask.safety.event_kinds import Kinds, safety_data
from unmask.safety.exposure import Exposure, ImmunotherapyClass
from unmask.safety.orders import Orders
from unmask.safety.steroid_course import SteroidCourse

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]

GRADES = 5  # 0 (no event) to 4; grade 5 is past management
SECOND_LINE = ("infliximab", "vedolizumab", "mycophenolate")
HOLD, STOP, STEROID, BIOLOGIC, STOP_ANTI_CTLA4 = 1, 2, 4, 8, 16  # measures taken, as bits


@dataclass(frozen=True)
class Rule:
    """What the guideline says for a toxicity of one grade; meaning and source of the fields: ``management.toml``."""

    guideline: str
    source: str
    confidence: str
    immunotherapy: str = "continue"
    stop_anti_ctla4: bool = False
    steroid_mg_per_kg: float = 0.0
    taper_weeks: int = 0
    second_line: tuple[str, ...] = ()
    local: str = NO_ACTION


@cache
def rules() -> dict[tuple[str, int], Rule]:
    """Return all rules by toxicity and grade (1 to 4)."""
    data: dict[str, Any] = safety_data("management")
    return {
        (toxicity, grade): Rule(**{**row, "second_line": tuple(row.get("second_line", ()))})
        for toxicity, rows in data["toxicity"].items()
        for grade in range(1, GRADES)
        for row in [rows[f"grade_{grade}"]]
    }


@dataclass(frozen=True)
class _Severe:
    """Where events of grade 2 or more are open: nearly nowhere, so that rules are looked up there alone."""

    grade: Codes
    at: tuple[NDArray[np.intp], ...]

    @classmethod
    def of(cls, grade: Codes) -> _Severe:
        """Return the events of grades ``(E, N)``, 0 where there is none."""
        return cls(grade, np.nonzero(grade))

    def look_up(self, table: Array) -> Array:
        """Return the number of a table ``(E, 6)`` for each event, 0 where there is none, ``(E, N)``."""
        found = np.zeros(self.grade.shape)
        found[self.at] = table[self.at[0], self.grade[self.at]]
        return found


class Management:
    """The treatment of the events of one arm.

    Attributes
    ----------
    controlled
        Where an event is under control by what was ordered at the last visit, ``(E, N)``.
    """

    def __init__(self, kinds: Kinds, patients: int) -> None:
        data = safety_data("management")
        self._resume_at = float(data["resume_steroid_mg_per_kg"])
        self._checks = (float(data["refractory_days"]), float(data["second_refractory_days"]))
        self._futile = 7.0 * float(data["futile_steroid_weeks"])
        self._longest_hold = 7.0 * float(data["longest_hold_weeks"])
        self._rules = tuple(
            tuple(rules()[toxicity, grade] for grade in range(1, GRADES)) for toxicity in kinds.toxicity
        )
        self._steroid_dose = self._by_grade(lambda rule: rule.steroid_mg_per_kg)
        self._taper_weeks = self._by_grade(lambda rule: rule.taper_weeks)
        self._says_stop = self._by_grade(lambda rule: rule.immunotherapy == "stop")
        self._says_hold = self._by_grade(lambda rule: rule.immunotherapy != "continue")
        self._says_stop_ctla4 = self._by_grade(lambda rule: rule.stop_anti_ctla4)
        self._drug_at = tuple(self._by_grade(_drug_at(place)) for place in range(len(SECOND_LINE)))
        self._steroid = SteroidCourse(patients)
        shape = (kinds.count, patients)
        self.controlled = np.zeros(shape, dtype=bool)
        self._asks_hold = np.zeros(shape, dtype=bool)
        self._steroid_since = np.full(shape, np.nan)
        self._drugs_given = np.zeros(shape, dtype=np.int64)
        self._last_drug = np.full(shape, np.nan)
        self._measures = np.zeros(shape, dtype=np.int64)
        self._hold_since = np.full(patients, np.nan)
        self._stopped = np.zeros(patients, dtype=bool)
        self._stopped_ctla4 = np.zeros(patients, dtype=bool)

    def _by_grade(self, value: Callable[[Rule], float]) -> Array:
        """Return a number of the rules, kinds by grades from 0 (no event, no rule) to 5 (past management)."""
        return np.array([[0.0, *(value(rule) for rule in row), 0.0] for row in self._rules])

    def act(self, day: float, seen: Flags, episodes: Episodes, exposure: Exposure) -> Orders:
        """Treat the events of the patients ``seen`` at ``day``; return the orders for all patients."""
        patients = seen.size
        severe = episodes.open & (episodes.grade >= 2) & seen
        events = _Severe.of(np.where(severe, episodes.grade, 0))
        hold, stop, stop_ctla4 = self._stops(day, seen, events, exposure)
        steroid = events.look_up(self._steroid_dose)
        needed = np.where(self._in_vain(day, events, episodes), 0.0, steroid)
        taper_weeks = events.look_up(self._taper_weeks)
        self._steroid.advance(day, seen, needed.max(axis=0), taper_weeks.max(axis=0))
        self._steroid_since[(steroid > 0) & np.isnan(self._steroid_since)] = day
        given = self._second_line(day, events, episodes)
        self._hold(day, seen)
        self._note(hold, stop, stop_ctla4, steroid > 0, given)

        suffices = np.where(steroid > 0, episodes.resistance <= self._drugs_given, True)
        self.controlled = np.where(seen, severe & suffices, self.controlled)
        holding = ~np.isnan(self._hold_since)
        return replace(
            Orders.nothing(patients),
            hold_immunotherapy=holding | self._stopped,
            stop_immunotherapy=self._stopped.copy(),
            stop_anti_ctla4=self._stopped_ctla4.copy(),
            steroid_mg_per_kg=self._steroid.dose.copy(),
            infliximab=(given == SECOND_LINE.index("infliximab")).any(axis=0),
            vedolizumab=(given == SECOND_LINE.index("vedolizumab")).any(axis=0),
            next_visit=self._next_visit(day, seen, events, holding),
        )

    def _stops(
        self, day: float, seen: Flags, events: _Severe, exposure: Exposure
    ) -> tuple[Flags, Flags, Flags]:
        """Take what the rules say about immunotherapy.

        Return which events ask for a hold, which for a stop, and which end the antibody against CTLA-4 alone before
        its doses are complete.
        """
        on = exposure.on_immunotherapy & ~self._stopped
        stop = (events.look_up(self._says_stop) > 0) & on
        stop_ctla4 = (events.look_up(self._says_stop_ctla4) > 0) & on
        alone = exposure.immunotherapy_class == ImmunotherapyClass.ANTI_CTLA4
        stop |= stop_ctla4 & alone
        wanted = (events.look_up(self._says_hold) > 0) & (on | ~np.isnan(self._hold_since))
        self._asks_hold = np.where(seen, wanted, self._asks_hold)
        blocks_ctla4 = alone | (exposure.immunotherapy_class == ImmunotherapyClass.COMBINATION)
        self._stopped |= stop.any(axis=0)
        self._stopped_ctla4 |= stop_ctla4.any(axis=0) & blocks_ctla4
        too_long = seen & (day - self._hold_since > self._longest_hold)
        self._stopped |= too_long
        cut_short = stop_ctla4 & blocks_ctla4 & exposure.anti_ctla4_planned & ~alone
        return wanted, stop | (too_long & wanted), cut_short

    def _hold(self, day: float, seen: Flags) -> None:
        """Begin and end holds, by what events ask for and by the dose of the steroid."""
        asked = self._asks_hold.any(axis=0)
        begins = seen & asked & np.isnan(self._hold_since)
        self._hold_since[begins] = day
        ends = seen & ~asked & (self._steroid.dose <= self._resume_at)
        self._hold_since[ends] = np.nan

    def _second_line(self, day: float, events: _Severe, episodes: Episodes) -> Codes:
        """Give drugs beyond the steroid where it does not help; return their numbers, ``(E, N)``, -1 for none."""
        given = np.full(events.grade.shape, -1, dtype=np.int64)
        resisting = (events.grade > 0) & (episodes.resistance > self._drugs_given)
        for number, (since, wait) in enumerate(
            ((self._steroid_since, self._checks[0]), (self._last_drug, self._checks[1]))
        ):
            due = resisting & (self._drugs_given == number) & (day - since >= wait)
            drug = events.look_up(self._drug_at[number]).astype(np.int64) - 1
            given = np.where(due & (drug >= 0) & (given < 0), drug, given)
        self._drugs_given += given >= 0
        self._last_drug[given >= 0] = day
        return given

    def _in_vain(self, day: float, events: _Severe, episodes: Episodes) -> Flags:
        """Return where a steroid has not helped for long and no other drug is left to try, ``(E, N)``."""
        resisting = (events.grade > 0) & (episodes.resistance > self._drugs_given)
        for number in range(len(SECOND_LINE)):
            left = events.look_up(self._drug_at[number]) > 0
            resisting &= ~(left & (self._drugs_given == number))
        return np.asarray(resisting & (day - self._steroid_since >= self._futile), dtype=bool)

    def _note(self, hold: Flags, stop: Flags, stop_ctla4: Flags, steroid: Flags, given: Codes) -> None:
        """Remember what was done because of each event."""
        biologic = (given >= 0) & (given < SECOND_LINE.index("mycophenolate"))
        for flag, done in (
            (HOLD, hold), (STOP, stop), (STEROID, steroid), (BIOLOGIC, biologic), (STOP_ANTI_CTLA4, stop_ctla4)
        ):  # fmt: skip
            self._measures |= np.where(done, flag, 0)

    def _next_visit(self, day: float, seen: Flags, events: _Severe, holding: Flags) -> Array:
        """Return when each patient seen must be seen again: a check, a step of the taper, the course of an event."""
        pending = np.full(events.grade.shape, np.inf)
        waits = ((self._steroid_since, self._checks[0]), (self._last_drug, self._checks[1]))
        for number, (since, wait) in enumerate(waits):
            has_next = events.look_up(self._drug_at[number]) > 0
            check = has_next & (self._drugs_given == number) & (since + wait > day)
            pending = np.where(check, np.minimum(pending, since + wait), pending)
        followed = np.where((events.grade > 0).any(axis=0) | holding, day + 7.0, np.inf)
        earliest = np.minimum(np.minimum(pending.min(axis=0), self._steroid.next_step(day)), followed)
        return np.where(seen, earliest, np.inf)

    def action(self, kind: int, row: int, worst: int) -> str:
        """Return the strongest measure taken because of the present episode, one of ``adverse_events.ACTIONS``."""
        measures = int(self._measures[kind, row])
        # Where only the antibody against CTLA-4 ends, the other one is held.
        partly = "hold, stop anti-CTLA-4" if measures & STOP_ANTI_CTLA4 else "hold" if measures & HOLD else ""
        word = "stop" if measures & STOP else partly
        if measures & BIOLOGIC:
            # A biologic goes with a hold; after the end of treatment there is nothing left to hold.
            return f"{word or 'hold'}, steroid, biologic"
        if measures & STEROID:
            return f"{word}, steroid" if word else "steroid"
        return word or self._rules[kind][min(worst, GRADES - 1) - 1].local

    def forget(self, ended: Flags) -> None:
        """Clear the records of episodes that are over, ``(E, N)``."""
        self._asks_hold[ended] = False
        self.controlled[ended] = False
        self._steroid_since[ended] = np.nan
        self._last_drug[ended] = np.nan
        self._drugs_given[ended] = 0
        self._measures[ended] = 0


def _drug_at(place: int) -> Callable[[Rule], float]:
    """Return what gives the number (from 1) in :data:`SECOND_LINE` of a rule's drug at ``place``, 0 for none."""
    return lambda rule: SECOND_LINE.index(rule.second_line[place]) + 1 if place < len(rule.second_line) else 0
