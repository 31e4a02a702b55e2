"""Who is treated when: first line, beyond progression, after progression, and what side effects forbid.

The course of an arm is decided day by day for all patients at once. Each treatment of each patient has a day on which
it is due. What is due on a day on which a side effect forbids it stays due, and its schedule moves with it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.patients.random_streams import RandomStreams
from unmask.safety.summary import MANAGEMENT, SUBSEQUENT
from unmask.therapy.adaptive import adaptive_switch
from unmask.therapy.regimen import load_drug
from unmask.trial.administration import Administration
from unmask.trial.arms import Arm, Subsequent, target
from unmask.trial.items import Item, Surgery, Treatment

FIRST_LINE = "first line"
BEYOND_PROGRESSION = "beyond progression"
GROWTH_FACTOR = "pegfilgrastim"
CYCLE_DAYS = 21.0  # a patient is in chemotherapy for this long after a cycle
RECHECK_DAYS = 7.0  # a treatment that may not be given is looked at again after this long
UNLIMITED = np.iinfo(np.int64).max

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


class TreatmentCourse:
    """The treatment of one arm.

    Parameters
    ----------
    arm
        Its treatments and rules.
    administration
        What carries treatment out.
    streams
        Source of the decisions that are left to chance; the same patient decides alike in every arm.

    Attributes
    ----------
    on_first_line, had_subsequent
        Per patient, shape ``(N,)``.
    held, stopped
        Kind of drug ("antibody", "chemotherapy") or its name -> patients who may not have it now, or ever again.
    chemotherapy_share
        Share of the planned chemotherapy dose that each patient gets.
    growth_factor
        Who has a growth factor for neutrophils with each cycle of chemotherapy.
    """

    def __init__(self, arm: Arm, administration: Administration, streams: RandomStreams) -> None:
        self._arm, self._administration = arm, administration
        patients = administration.patients
        count = patients.size
        self.on_first_line = np.full(count, bool(arm.treatment))
        self.had_subsequent = np.zeros(count, dtype=bool)
        self.held: dict[str, Flags] = {}
        self.stopped: dict[str, Flags] = {}
        self.chemotherapy_share = np.ones(count)
        self.growth_factor = np.zeros(count, dtype=bool)
        self._given = np.zeros((len(arm.treatment), count), dtype=np.int64)
        self._due = np.array([np.full(count, float(item.first_day)) for item in arm.treatment]).reshape(
            len(arm.treatment), count
        )
        self._last_day = self._draw_last_dose(streams, patients)
        self._beyond_left = np.zeros(count, dtype=np.int64)
        self._beyond = np.zeros(count, dtype=bool)
        self._goes_beyond = (
            streams.uniform("treatment beyond progression", patients) < arm.beyond_progression.share
            if arm.beyond_progression
            else np.zeros(count, dtype=bool)
        )
        self._next_therapy = self._draw_subsequent(streams, patients)
        self._subsequent_due = np.full(count, np.inf)
        self._subsequent_left = np.zeros(count, dtype=np.int64)
        self._last_first_line_cycle = np.full(count, -np.inf)
        self._looked_at = np.zeros(count)  # each patient's own last visit
        self._off = np.zeros((len(arm.treatment), count), dtype=bool)  # adaptive treatments that pause
        self._marker_at_start: Array = np.full(count, np.nan)

    def _draw_last_dose(self, streams: RandomStreams, patients: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return after how many doses toxicity stops the first treatment: geometric, at least one."""
        risk = self._arm.stop_per_dose
        if risk == 0:
            return np.full(patients.size, UNLIMITED)
        drawn = streams.exponential("toxicity stop", patients) / -np.log1p(-risk)
        return np.asarray(1 + np.floor(drawn), dtype=np.int64)

    def _draw_subsequent(self, streams: RandomStreams, patients: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the therapy each patient would get after progression, -1 for none."""
        edges = np.cumsum([item.share for item in self._arm.subsequent])
        chosen = np.searchsorted(edges, streams.uniform("subsequent therapy", patients), side="right")
        return np.where(chosen < len(self._arm.subsequent), chosen, -1)

    def in_first_line_chemotherapy(self, day: float) -> Flags:
        """Return who had a first-line chemotherapy cycle within the last cycle length before ``day``."""
        since = day - self._last_first_line_cycle
        return (since > 0) & (since <= CYCLE_DAYS)

    def next_day(self, day: float) -> Array:
        """Return the next day after ``day`` on which a treatment of each patient is due, ``inf`` if none is.

        What was due and not given is looked at again :data:`RECHECK_DAYS` after the patient was last here, not after
        ``day``: that is the day of somebody, and who else is in the block must not put a patient's dose off.
        """
        waiting = [
            np.where(self._in_plan(item) | (self._beyond_left > 0), due, np.inf)
            for item, due in zip(self._arm.treatment, self._due, strict=True)
        ]
        due = np.min([*waiting, self._subsequent_due], axis=0)
        return np.where(due <= day, self._looked_at + RECHECK_DAYS, due)

    def progress(self, progressed: Flags, day: float) -> None:
        """Stop the first line of those who progress today, and plan what follows."""
        stopping = progressed & self.on_first_line
        goes_on = stopping & self._goes_beyond
        if self._arm.beyond_progression:
            self._beyond_left[goes_on] = self._arm.beyond_progression.doses
            self._beyond |= goes_on
        self._end_first_line(stopping & ~goes_on)
        self.on_first_line &= ~stopping
        for number, therapy in enumerate(self._arm.subsequent):
            starting = progressed & (self._next_therapy == number)
            self._subsequent_due[starting] = day
            self._subsequent_left[starting] = therapy.most or UNLIMITED

    @property
    def adaptive(self) -> Flags:
        """Who is on a treatment that goes off and on by the marker: regrowth in a pause is part of the plan."""
        planned = any(isinstance(item, Treatment) and item.adaptive for item in self._arm.treatment)
        return self.on_first_line & planned

    def _in_plan(self, item: Item) -> Flags:
        """Return for whom a treatment of the first line still stands."""
        if isinstance(item, Surgery) and item.despite_progression:
            return np.ones_like(self.on_first_line)
        return self.on_first_line

    def hold(self, what: str, seen: Flags, held: Flags) -> None:
        """Say for the patients ``seen`` whether treatment of a kind, or with a drug of that name, may not be given."""
        self.held[what] = np.where(seen, held, self.held.get(what, np.zeros_like(seen)))

    def stop(self, what: str, who: Flags) -> None:
        """End for good all treatment of a kind ("antibody", "chemotherapy") or with a drug of that name."""
        if not who.any():
            return
        self.stopped[what] = self.stopped.get(what, np.zeros_like(who)) | who
        left = np.zeros_like(who)
        for number, item in enumerate(self._arm.treatment):
            if what in _names(item):
                self._administration.end_drug(item.name, np.flatnonzero(who))
                self._due[number][who] = np.inf
            left |= np.isfinite(self._due[number])
        self.on_first_line &= left | ~who

    def drugs_against(self, state: str) -> tuple[str, ...]:
        """Return the drugs of the arm whose doses go to a state."""
        return tuple(dict.fromkeys(item.drug for item in self._arm.drugs if target(item) == state))

    def planned(self, drugs: tuple[str, ...]) -> Flags:
        """Return who has more first-line doses of one of the drugs ahead."""
        ahead = np.zeros_like(self.on_first_line)
        for item, due in zip(self._arm.treatment, self._due, strict=True):
            if item.name in drugs:
                ahead |= np.isfinite(due)
        ahead &= self.on_first_line
        return ahead

    def _end_first_line(self, stopping: Flags) -> None:
        rows = np.flatnonzero(stopping)
        for item in self._arm.treatment:
            if isinstance(item, Treatment):
                self._administration.end_drug(item.drug, rows)

    def _forbidden(self, item: Item) -> Flags:
        """Return who may not have a treatment today."""
        forbidden = np.zeros_like(self.on_first_line)
        for what in _names(item):
            for flags in (self.held.get(what), self.stopped.get(what)):
                if flags is not None:
                    forbidden |= flags
        return forbidden

    def give(self, day: float, present: Flags, marker: Array | None = None) -> None:
        """Give everything due at ``day`` to patients who are ``present``.

        ``marker`` is the tumour marker (NaN where not measured), by which adaptive treatments go on and off.
        """
        self._looked_at[present] = day
        beyond_today = np.zeros_like(present)
        due_today = np.zeros_like(present)
        for number, item in enumerate(self._arm.treatment):
            due = present & (self._due[number] <= day)
            if not due.any():
                continue
            due_today |= due
            if number == 0:
                toxic = due & self.on_first_line & (self._given[0] >= self._last_day)
                self._end_first_line(toxic)
                self.on_first_line &= ~toxic
            allowed = (self._given[number] < (item.most or UNLIMITED)) & (day <= item.last_day)
            replaced = self._replaced(number, due, day)
            waits = due & allowed & ~replaced & self._forbidden(item)
            first = due & self._in_plan(item) & allowed & ~waits & ~replaced
            beyond = due & ~self._in_plan(item) & allowed & (self._beyond_left > 0) & ~waits & ~replaced
            treated = first | beyond
            if isinstance(item, Treatment) and item.adaptive is not None and marker is not None:
                self._adapt(number, item, np.flatnonzero(treated), marker)
            for phase, who in ((FIRST_LINE, first), (BEYOND_PROGRESSION, beyond)):
                self._give(item, phase, np.flatnonzero(who & ~self._off[number]), day)
            self._given[number][treated] += 1
            self._schedule(number, item, np.flatnonzero(treated), day)
            over = due & ~treated & ~waits
            self._due[number][over] = np.inf
            if isinstance(item, Treatment):
                exhausted = over & (~allowed | replaced) & ~self.had_subsequent & ~replaced
                self._administration.end_drug(item.drug, np.flatnonzero(exhausted))
            beyond_today |= beyond
        if due_today.any():
            # A tablet stops when the next prescription would be due, not on the day of the last one.
            last = self._beyond & (self._beyond_left == 0) & due_today
            self._end_first_line(last)
            self._beyond &= ~last
            self._beyond_left[beyond_today] -= 1
        self._give_subsequent(day, present)

    def _adapt(self, number: int, item: Treatment, rows: Rows, marker: Array) -> None:
        """Switch an adaptive treatment of the patients ``rows`` on or off by their marker."""
        if item.adaptive is None:
            return
        start = self._marker_at_start
        start[rows] = np.where(np.isnan(start[rows]), marker[rows], start[rows])
        on = adaptive_switch(
            ~self._off[number][rows],
            marker[rows],
            start[rows],
            off_below=item.adaptive.off_below,
            on_above=item.adaptive.on_above,
        )
        self._off[number][rows] = ~on
        self._administration.end_drug(item.drug, rows[~on])

    def _schedule(self, number: int, item: Item, rows: Rows, day: float) -> None:
        """Set when the patients ``rows``, treated on ``day``, are due again."""
        given = self._given[number][rows]
        # What is taken all the time ends when the next prescription would be due; nothing else has an end to see to.
        ends = isinstance(item, Treatment) and bool(item.substance.end())
        for count in np.unique(given):
            over = count >= (item.most or UNLIMITED) and not ends
            self._due[number][rows[given == count]] = np.inf if over else day + item.gap(int(count))

    def _replaced(self, number: int, due: Flags, day: float) -> Flags:
        """Return for whom a later schedule of the same drug has begun: doses made up for do not run beside it."""
        item = self._arm.treatment[number]
        replaced = np.zeros_like(due)
        for other, later in enumerate(self._arm.treatment):
            if other != number and later.name == item.name and later.first_day > item.first_day:
                replaced |= due & ((self._given[other] > 0) | (later.first_day <= day))
        return replaced

    def _give_subsequent(self, day: float, present: Flags) -> None:
        for number, therapy in enumerate(self._arm.subsequent):
            mine = (self._next_therapy == number) & (day >= self._subsequent_due)
            due = present & mine & (self._subsequent_left > 0) & ~self._forbidden(therapy)
            finished = mine & (self._subsequent_left == 0)
            if isinstance(therapy, Subsequent):
                starting = np.flatnonzero(due & ~self.had_subsequent)
                self._administration.scale_chemotherapy(therapy.potency, starting)
                self._administration.end_drug(therapy.drug, np.flatnonzero(finished))
            self._subsequent_due[finished] = np.inf
            self._give(therapy, SUBSEQUENT, np.flatnonzero(due), day)
            self.had_subsequent |= due
            self._subsequent_left[due] -= 1
            for left in np.unique(self._subsequent_left[due]):
                given = (therapy.most or UNLIMITED) - int(left)
                self._subsequent_due[due & (self._subsequent_left == left)] = day + therapy.gap(given)

    def _give(self, item: Item, phase: str, rows: Rows, day: float) -> None:
        if not rows.size:
            return
        if not isinstance(item, Treatment):
            self._administration.perform(item, rows, day, phase)
            return
        chemotherapy = item.substance.kind == "chemotherapy"
        self._administration.give_drug(
            item.drug,
            item.dose,
            item.unit,
            rows,
            day,
            phase,
            share=self.chemotherapy_share[rows] if chemotherapy else 1.0,
            adherence=item.adherence,
        )
        supported = rows[self.growth_factor[rows]] if chemotherapy else rows[:0]
        if supported.size:
            drug = load_drug(GROWTH_FACTOR)
            self._administration.give_drug(
                drug.name, drug.standard_dose, drug.unit, supported, day, MANAGEMENT
            )
        if chemotherapy and phase == FIRST_LINE:
            self._last_first_line_cycle[rows] = day


def _names(item: Item) -> tuple[str, ...]:
    """Return the names under which a treatment can be held or stopped: its own and its kind's."""
    return (item.name, item.substance.kind) if isinstance(item, Treatment) else (item.name,)
