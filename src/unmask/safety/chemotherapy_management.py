"""What is done about adverse events of chemotherapy: delay, lower doses, G-CSF, the end.

Data: ``management_chemotherapy.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from unmask.safety.chemotherapy_rates import Confidence, Stated
from unmask.safety.event_kinds import safety_data
from unmask.safety.orders import Orders

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Grades = NDArray[np.int64]
DAYS_A_WEEK = 7.0


class NextCycle(Stated):
    """What must hold for the next cycle to be given."""

    cycle_days: float = Field(gt=0)
    neutrophils: float
    grade: int
    waits_for: tuple[str, ...]
    longest_delay_days: float = Field(ge=0)
    source: str
    confidence: Confidence


class Reduction(Stated):
    """What lowers the dose of later cycles."""

    factor: float = Field(gt=0, le=1)
    most: int = Field(ge=0)
    grade: int
    events: tuple[str, ...]
    grade_4_neutropenia_days: float
    source: str
    confidence: Confidence


class GrowthFactor(Stated):
    """What makes G-CSF part of later cycles."""

    after_febrile_neutropenia: bool
    after_long_grade_4_neutropenia: bool
    source: str
    confidence: Confidence


class Supportive(Stated):
    """The grade from which events are treated without a change of chemotherapy."""

    grade: int
    events: tuple[str, ...]
    source: str
    confidence: Confidence


class Rules(Stated):
    """Everything in ``management_chemotherapy.toml``."""

    next_cycle: NextCycle
    reduction: Reduction
    growth_factor: GrowthFactor
    stop: Mapping[str, int]
    supportive: Supportive


@cache
def rules() -> Rules:
    """Return the data of ``management_chemotherapy.toml``."""
    return Rules.model_validate(safety_data("management_chemotherapy"))


class ChemotherapyManagement:
    """Orders for one arm, visit by visit; what is ordered for good stays ordered.

    Attributes
    ----------
    delayed, reduced
        Whose next cycle was put off, and whose dose was lowered, at the last visit.
    """

    def __init__(self, patients: int) -> None:
        self._factor: Array = np.ones(patients)
        self._reductions = np.zeros(patients, dtype=np.int64)
        self._held = np.zeros(patients, dtype=bool)
        self._stopped = np.zeros(patients, dtype=bool)
        self._gcsf = np.zeros(patients, dtype=bool)
        self._reduced_for = np.full(patients, -np.inf)
        self.delayed = np.zeros(patients, dtype=bool)
        self.reduced = np.zeros(patients, dtype=bool)

    def decide(
        self,
        day: float,
        seen: Flags,
        *,
        last_cycle: Array,
        neutrophils: Array,
        ongoing: Mapping[str, Grades],
        severe_now: Flags,
        febrile_now: Flags,
        long_grade_4: Flags,
    ) -> Orders:
        """Return the orders of a visit.

        Parameters
        ----------
        last_cycle
            Day of the last cycle, ``-inf`` before the first.
        neutrophils
            Count of today (1e9/L), NaN where none was made.
        ongoing
            Event -> grade today, 0 where there is none.
        severe_now
            Who had, since the last visit, an event that lowers the dose.
        febrile_now, long_grade_4
            Who had febrile neutropenia since the last visit, or too many days of grade 4 neutropenia.
        """
        data = rules()
        since = day - last_cycle
        latest = data.next_cycle.cycle_days + data.next_cycle.longest_delay_days
        awaiting = seen & (since <= latest + DAYS_A_WEEK)  # afterwards no cycle is planned
        low = neutrophils < data.next_cycle.neutrophils
        unwell = np.zeros_like(seen)
        for event in data.next_cycle.waits_for:
            if event in ongoing:
                unwell |= ongoing[event] > data.next_cycle.grade
        held = awaiting & (low | unwell)
        self._held = np.where(seen, held, self._held)
        due = since >= data.next_cycle.cycle_days
        self.delayed = self._held & due & seen
        self._stopped |= self.delayed & (since >= latest)
        for event, grade in data.stop.items():
            if event in ongoing:
                self._stopped |= seen & (ongoing[event] >= grade)

        # One step down per cycle, however many reasons it gave.
        reasons = seen & awaiting & (severe_now | long_grade_4) & (self._reduced_for != last_cycle)
        exhausted = reasons & (self._reductions >= data.reduction.most)
        self.reduced = reasons & ~exhausted
        self._stopped |= exhausted
        self._reductions += self.reduced
        self._reduced_for = np.where(reasons, last_cycle, self._reduced_for)
        self._factor = np.power(data.reduction.factor, self._reductions, dtype=np.float64)
        if data.growth_factor.after_febrile_neutropenia:
            self._gcsf |= seen & febrile_now
        if data.growth_factor.after_long_grade_4_neutropenia:
            self._gcsf |= seen & long_grade_4
        return replace(
            Orders.nothing(seen.size),
            hold_chemotherapy=self._held.copy(),
            stop_chemotherapy=self._stopped.copy(),
            chemotherapy_dose_factor=self._factor.copy(),
            gcsf=self._gcsf.copy(),
            next_visit=np.where(self._held & ~self._stopped, day + DAYS_A_WEEK, np.inf),
        )
