"""The course of adverse events that have begun: grade, worsening, resolution, death.

Each episode has a duration drawn at onset, the one it has when it is treated properly (lognormal). A clock runs to
that duration: at speed 1 while the event is controlled, more slowly while it is not. At a fixed share of the duration
the event has fallen to grade 1, at the end it is over; a permanent one (a lost gland) then stays at grade 1. While not
controlled, an event of a grade worsens by one with a constant hazard; grade 5 is death. A few severe events are
fulminant: fatal whatever is done.

Whether an event is controlled is for its treatment to say (``management``); what it takes is drawn at onset and not
known to the physician: the steroid of the guideline, a second drug, or a third.

Parameters with sources: ``[course]`` of ``immune_related.toml``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from unmask.safety.draws import Draw, remembered
from unmask.safety.event_kinds import Kinds, safety_data

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Episodes:
    """Present episode of every kind and patient of an arm, arrays ``(E, N)``.

    Attributes
    ----------
    open
        An event lasts.
    grade, worst
        Its present and its worst grade so far, 0 where none is open.
    onset
        Day it began.
    resistance
        What it takes: 0 a steroid controls it, 1 a second drug does, 2 only a third.
    permanent
        It falls to grade 1, but never ends.
    fatal_day
        Day of death of a fulminant event, ``inf`` for others.
    """

    def __init__(self, kinds: Kinds, patients: int, uniform: Draw, exponential: Draw) -> None:
        shape = (kinds.count, patients)
        self._kinds = kinds
        # Every event of a kind asks for the numbers of its process again.
        self._uniform, self._exponential = remembered(uniform), remembered(exponential)
        course = safety_data("immune_related")["course"]
        self._log_sd = float(course["log_sd_of_duration"])
        self._longest = float(course["longest_duration_sd"])
        self._improvement = float(course["improvement"])
        self._natural_speed = float(course["natural_speed"])
        self._fulminant_days = float(course["fulminant_median_days"]) / np.log(2.0)
        self._second_refractory = float(course["second_refractory_share"])
        self._worsening = np.array([0.0, *course["worsening_per_day"], 0.0])
        self.open = np.zeros(shape, dtype=bool)
        self.grade = np.zeros(shape, dtype=np.int64)
        self.worst = np.zeros(shape, dtype=np.int64)
        self.resistance = np.zeros(shape, dtype=np.int64)
        self.permanent = np.zeros(shape, dtype=bool)
        self.onset = np.full(shape, np.nan)
        self.resolution = np.full(shape, np.nan)
        self.fatal_day = np.full(shape, np.inf)
        self._clock = np.zeros(shape)
        self._duration = np.zeros(shape)
        self._danger = np.zeros(shape)
        self._danger_threshold = np.zeros(shape)
        self._number = np.zeros(shape, dtype=np.int64)

    def begin(self, onset: Array, severity: Array) -> Flags:
        """Begin an episode wherever ``onset`` ``(E, N)`` has a day; return where.

        ``severity`` ``(E, N)`` makes a severe event more likely.
        """
        begins = ~np.isnan(onset)
        for kind in np.flatnonzero(begins.any(axis=1)):
            rows = np.flatnonzero(begins[kind])
            self._begin(int(kind), rows, onset[kind, rows], severity[kind, rows])
        return begins

    def _begin(self, kind: int, rows: Rows, onset: Array, severity: Array) -> None:
        kinds = self._kinds

        def uniform(what: str) -> Array:
            return self._drawn(self._uniform, what, kind, rows)

        at = (kind, rows)
        severe_logit = kinds.severe_logit[kind] + kinds.severe_slope[kind] * (severity - 1.0)
        severe = uniform("severity") < expit(severe_logit)
        within = uniform("grade")
        mild_grade = np.where(within < kinds.grade_2_share[kind], 2, 1)
        grade = np.where(severe, np.where(within < kinds.grade_4_share[kind], 4, 3), mild_grade)
        grade = np.minimum(grade, kinds.highest_grade[kind])
        fulminant = (grade >= 3) & (uniform("fulminant") < kinds.fulminant_share[kind])
        dies_after = self._fulminant_days * self._drawn(self._exponential, "fatal after", kind, rows)
        refractory = uniform("resistance") / max(kinds.refractory_share[kind], 1e-12)
        # The tail of a lognormal has events of grade 3 that last for years under treatment; no chart has.
        deviation = np.exp(self._log_sd * np.minimum(ndtri(uniform("duration")), self._longest))
        self.open[at] = True
        self.onset[at] = onset
        self.resolution[at] = np.nan
        self.grade[at] = self.worst[at] = grade
        self.fatal_day[at] = np.where(fulminant, np.ceil(onset + dies_after), np.inf)
        self.resistance[at] = (refractory < 1.0).astype(np.int64) + (refractory < self._second_refractory)
        self.permanent[at] = uniform("permanence") < kinds.permanent_share[kind]
        # A fulminant event does not end before it kills.
        duration = 7.0 * kinds.resolution_weeks[kind] * deviation
        self._duration[at] = np.where(fulminant, np.inf, duration)
        self._clock[at] = 0.0
        self._number[at] += 1
        self._expect_worsening(kind, rows)

    def _expect_worsening(self, kind: int, rows: Rows) -> None:
        """Draw how much danger each event stands before its grade rises; one number for each grade."""
        self._danger[kind, rows] = 0.0
        for grade in np.unique(self.grade[kind, rows]):
            of_grade = rows[self.grade[kind, rows] == grade]
            drawn = self._drawn(self._exponential, f"worsening from grade {grade}", kind, of_grade)
            self._danger_threshold[kind, of_grade] = drawn

    def _drawn(self, source: Draw, what: str, kind: int, rows: Rows) -> Array:
        """Return one number per patient in ``rows``, another one for every episode of a patient."""
        numbers = np.empty(rows.size)
        episode = self._number[kind, rows]
        for visit in np.unique(episode):
            of_visit = episode == visit
            numbers[of_visit] = source(f"{self._kinds.event[kind]}: {what}", int(visit))[rows[of_visit]]
        return numbers

    def advance(self, running: Flags, start: Array, end: float, controlled: Flags) -> tuple[Flags, Flags]:
        """Advance episodes from ``start`` to ``end``; return where they ended and where they killed, ``(E, N)``.

        Parameters
        ----------
        running
            Which episodes to advance.
        start
            Day from which, ``(E, N)`` or ``(N,)``.
        controlled
            Where treatment has had the event under control since ``start``.
        """
        running = running & self.open
        days = np.where(running, end - start, 0.0)
        self._worsen(running, days, controlled)
        speed = np.where(controlled | (self.grade <= 1), 1.0, self._natural_speed)
        left = self._duration - self._clock
        self._clock += speed * days
        improved = running & (self._clock >= self._improvement * self._duration)
        dead = running & ((self.grade >= 5) | (self.fatal_day <= end))
        self.worst = np.where(dead, 5, np.maximum(self.worst, self.grade))
        self.grade[improved] = np.minimum(self.grade[improved], 1)
        ended = running & ~dead & ~self.permanent & (self._clock >= self._duration)
        self.resolution[ended] = (start + left / speed)[ended]
        return ended, dead

    def _worsen(self, running: Flags, days: Array, controlled: Flags) -> None:
        """Raise the grade of what was not controlled, by one at most between two visits."""
        at_risk = running & ~controlled & (self._clock < self._improvement * self._duration)
        hazard = self._worsening[self.grade] * self._kinds.worsening[:, None]
        self._danger += np.where(at_risk, hazard * days, 0.0)
        worse = at_risk & (self._danger >= self._danger_threshold)
        highest = np.broadcast_to(self._kinds.highest_grade[:, None], worse.shape)
        ceiling = np.where(highest >= 4, 5, highest)  # only what can reach grade 4 can kill
        worse &= self.grade < ceiling
        self.grade[worse] += 1
        for kind in np.flatnonzero(worse.any(axis=1)):
            self._expect_worsening(int(kind), np.flatnonzero(worse[kind]))

    def close(self, ended: Flags) -> None:
        """Forget episodes that are over, after they were reported."""
        self.open[ended] = False
        self.grade[ended] = 0
        self.worst[ended] = 0
        self.fatal_day[ended] = np.inf
