"""Who gets which dose when: first line, beyond progression, after progression.

The course of an arm is decided visit by visit for all patients at once. Doses change the states of the model
(an antibody is added to the blood, a chemotherapy cycle to its effect compartment) or switch parameters (a tablet is
on or off). A dose of a later line that falls due between two visits is given at the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.engine import CompiledModel
from unmask.patients.random_streams import RandomStreams
from unmask.trial.protocol import Arm, Treatment

FIRST_LINE = "first line"
BEYOND_PROGRESSION = "beyond progression"
SUBSEQUENT = "subsequent"
CYCLE_DAYS = 21.0  # a patient is in chemotherapy for this long after a cycle

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class DoseRecord:
    """One drug given to several patients on one day; ``rows`` point into the arm."""

    rows: Rows
    day: float
    drug: str
    amount: float
    unit: str
    phase: str


class TreatmentCourse:
    """The treatment of one arm.

    Parameters
    ----------
    arm
        Its treatments and rules.
    compiled
        The model whose states and parameters doses change.
    streams, patients
        Source of the decisions that are left to chance; the same patient decides alike in every arm.

    Attributes
    ----------
    on_first_line, had_subsequent
        Per patient, shape ``(N,)``.
    records
        Every dose given so far.
    """

    def __init__(
        self, arm: Arm, compiled: CompiledModel, streams: RandomStreams, patients: NDArray[np.int64]
    ) -> None:
        self._arm, self._compiled = arm, compiled
        count = patients.size
        self.on_first_line = np.ones(count, dtype=bool)
        self.had_subsequent = np.zeros(count, dtype=bool)
        self.records: list[DoseRecord] = []
        self._given = np.zeros((len(arm.treatment), count), dtype=np.int64)
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
        self._last_counted_cycle = np.full(count, -np.inf)
        self._last_first_line_cycle = np.full(count, -np.inf)

    def _draw_last_dose(self, streams: RandomStreams, patients: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return after how many doses toxicity stops the first treatment: geometric, at least one."""
        risk = self._arm.stop_per_dose
        if risk == 0:
            return np.full(patients.size, np.iinfo(np.int64).max)
        drawn = streams.exponential("toxicity stop", patients) / -np.log1p(-risk)
        return np.asarray(1 + np.floor(drawn), dtype=np.int64)

    def _draw_subsequent(self, streams: RandomStreams, patients: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the therapy each patient would get after progression, -1 for none."""
        edges = np.cumsum([item.share for item in self._arm.subsequent])
        chosen = np.searchsorted(edges, streams.uniform("subsequent therapy", patients), side="right")
        return np.where(chosen < len(self._arm.subsequent), chosen, -1)

    def under_blood_counts(self, day: float) -> Flags:
        """Return who had a cycle of chemotherapy, of any line, within a cycle length before ``day``."""
        return (day > self._last_counted_cycle) & (day - self._last_counted_cycle <= CYCLE_DAYS)

    def in_first_line_chemotherapy(self, day: float) -> Flags:
        """Return who had a first-line chemotherapy cycle within the last cycle length before ``day``."""
        since = day - self._last_first_line_cycle
        return (since > 0) & (since <= CYCLE_DAYS)

    def progress(self, progressed: Flags, day: float, parameters: Array) -> None:
        """Stop the first line of those who progress today, and plan what follows."""
        stopping = progressed & self.on_first_line
        goes_on = stopping & self._goes_beyond
        if self._arm.beyond_progression:
            self._beyond_left[goes_on] = self._arm.beyond_progression.doses
            self._beyond |= goes_on
        self._stop_first_line(stopping & ~goes_on, parameters)
        self.on_first_line &= ~stopping
        for number, therapy in enumerate(self._arm.subsequent):
            starting = progressed & (self._next_therapy == number)
            self._subsequent_due[starting] = day
            self._subsequent_left[starting] = therapy.doses or np.iinfo(np.int64).max

    def _stop_first_line(self, stopping: Flags, parameters: Array) -> None:
        rows = np.flatnonzero(stopping)
        for treatment in self._arm.treatment:
            self._set(treatment.substance.stopped, rows, parameters)

    def _set(self, values: Mapping[str, float], rows: Rows, parameters: Array) -> None:
        for name, value in values.items():
            parameters[rows, self._compiled.parameter_index[name]] = value

    def give(self, day: float, present: Flags, states: Array, parameters: Array) -> None:
        """Give all doses due at ``day`` to patients who are ``present``; changes the arrays in place."""
        beyond_today = np.zeros_like(present)
        due_today = False
        for number, treatment in enumerate(self._arm.treatment):
            since = day - treatment.first_day
            if since < 0 or since % treatment.every_days:
                continue
            allowed = self._given[number] < (treatment.doses or np.iinfo(np.int64).max)
            if number == 0:
                toxic = present & self.on_first_line & (self._given[0] >= self._last_day)
                self._stop_first_line(toxic, parameters)
                self.on_first_line &= ~toxic
            due_today = True
            first = present & self.on_first_line & allowed
            beyond = present & ~self.on_first_line & allowed & (self._beyond_left > 0)
            for phase, who in ((FIRST_LINE, first), (BEYOND_PROGRESSION, beyond)):
                self._give(treatment, phase, who, day, states, parameters)
            self._given[number][first | beyond] += 1
            exhausted = present & ~allowed & ~self.had_subsequent
            self._set(treatment.substance.stopped, np.flatnonzero(exhausted), parameters)
            beyond_today |= beyond
        if due_today:
            # A tablet stops when the next prescription would be due, not on the day of the last one.
            self._stop_first_line(self._beyond & (self._beyond_left == 0), parameters)
            self._beyond &= self._beyond_left > 0
            self._beyond_left[beyond_today] -= 1
        for number, therapy in enumerate(self._arm.subsequent):
            due = (
                present
                & (self._next_therapy == number)
                & (self._subsequent_left > 0)
                & (day >= self._subsequent_due)
            )
            starting = np.flatnonzero(due & ~self.had_subsequent)
            if therapy.potency < 1.0:
                kill = self._compiled.parameter_index["chemo_log_kill"]
                parameters[starting, kill] *= therapy.potency
            finished = (
                (self._next_therapy == number) & (self._subsequent_left == 0) & (day >= self._subsequent_due)
            )
            self._set(therapy.substance.stopped, np.flatnonzero(finished), parameters)
            self._subsequent_due[finished] = np.inf
            self._give(therapy, SUBSEQUENT, due, day, states, parameters)
            self.had_subsequent |= due
            self._subsequent_left[due] -= 1
            self._subsequent_due[due] = day + therapy.every_days

    def _give(
        self, treatment: Treatment, phase: str, who: Flags, day: float, states: Array, parameters: Array
    ) -> None:
        rows = np.flatnonzero(who)
        if not rows.size:
            return
        drug = treatment.substance
        self._set(drug.in_use, rows, parameters)
        dose = drug.dose(treatment.dose, treatment.unit)
        if dose.state is not None:
            own = {name: parameters[rows, self._compiled.parameter_index[name]] for name in dose.parameters}
            states[rows, self._compiled.state_index[dose.state]] += dose.addition(own)
        if treatment.counts_neutrophils:
            self._last_counted_cycle[rows] = day
        if drug.kind == "chemotherapy" and phase == FIRST_LINE:
            self._last_first_line_cycle[rows] = day
        self.records.append(DoseRecord(rows, day, drug.name, treatment.dose, treatment.unit, phase))
