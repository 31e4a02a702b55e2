"""Events of chemotherapy by latent severity: those of each cycle, and those of the dose so far.

Both kinds are advanced by one call per visit with the cycles given since the last one. The severity of a patient is
drawn once per susceptibility, that of a cycle once per susceptibility and visit, so that neither depends on who else
is in the arm. Method: :mod:`unmask.safety.chemotherapy_rates`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from unmask.safety.adverse_events import CHEMOTHERAPY, NO_ACTION, Events
from unmask.safety.chemotherapy_rates import lognormal, thresholds, toxicity
from unmask.safety.draws import Draw

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Grades = NDArray[np.int64]


@dataclass(frozen=True)
class Cycles:
    """Chemotherapy given since each patient was last seen.

    Attributes
    ----------
    day
        When, shape ``(N,)``; NaN for patients without a cycle.
    dose
        Drug -> dose of this cycle, in standard doses; 0 for patients without it. Shape ``(N,)``.
    cumulative
        Drug -> dose so far, in standard doses.
    """

    day: Array
    dose: Mapping[str, Array]
    cumulative: Mapping[str, Array]

    @property
    def given(self) -> Flags:
        """Who had a cycle."""
        return ~np.isnan(self.day)


class _Episodes:
    """The latest episode of one event per patient: grade (0: none), onset, end, and what was done about it."""

    def __init__(self, name: str, uniform: Draw, patients: int) -> None:
        self.name = name
        self._pattern = toxicity().pattern[name]
        self._uniform = uniform
        self._patient = np.asarray(
            ndtri(uniform(f"chemotherapy susceptibility {self._pattern.susceptibility}"))
        )
        self._grade: Grades = np.zeros(patients, dtype=np.int64)
        self._onset = np.full(patients, np.nan)
        self._until = np.full(patients, -np.inf)
        self.actions = np.full(patients, NO_ACTION, dtype=object)

    def grade_on(self, day: float) -> Grades:
        """Return the grade on a day, 0 before onset and after recovery; shape ``(N,)``."""
        return np.where((self._onset <= day) & (day < self._until), self._grade, 0)

    def episodes(self) -> list[Events]:
        """Return the latest episode of every patient that has one."""
        return self._described(self._grade > 0)

    def _close(self, who: Flags) -> list[Events]:
        """Return the episodes of ``who`` and forget them."""
        found = self._described(who & (self._grade > 0))
        self._grade[who], self._onset[who], self._until[who] = 0, np.nan, -np.inf
        self.actions[who] = NO_ACTION
        return found

    def _described(self, who: Flags) -> list[Events]:
        row = np.flatnonzero(who)
        if not row.size:
            return []
        return [
            Events.of(
                row,
                event=self.name,
                organ=self._pattern.organ,
                klass=CHEMOTHERAPY,
                grade=self._grade[row],
                onset_day=self._onset[row],
                resolution_day=np.where(np.isinf(self._until[row]), np.nan, self._until[row]),
                action=self.actions[row],
            )
        ]

    def _reached(self, severity: Array, doses: Mapping[str, Array]) -> Grades:
        """Return the grade that a severity at the standard dose has at the doses given: the worst over drugs."""
        grade = np.zeros(self._grade.size, dtype=np.int64)
        for drug, dose in doses.items():
            if self.name in toxicity().drugs[drug].events:
                # ln(0) of patients without the drug stays far below any threshold.
                more = np.log(dose, out=np.full(dose.shape, -np.inf), where=dose > 0)
                level = severity + self._pattern.dose_slope * more
                limits = np.array(thresholds(drug, self.name))
                grade = np.maximum(grade, (level[:, None] > limits).sum(axis=1))
        return grade

    def _onset_after(self, visit: int, day: Array) -> Array:
        spread = self._pattern.onset_spread_days * self._uniform(f"chemotherapy onset {self.name}", visit)
        return np.asarray(day + self._pattern.onset_days + spread)


class CycleEvent(_Episodes):
    """An event that may return in every cycle."""

    def advance(self, visit: int, cycles: Cycles) -> tuple[Grades, list[Events]]:
        """Return the grade in each patient's new cycle (0: no event) and the episodes of the cycles before."""
        pattern = self._pattern
        before = self._close(cycles.given)
        own = ndtri(self._uniform(f"chemotherapy cycle {pattern.susceptibility}", visit))
        severity = np.sqrt(pattern.persistence) * self._patient + np.sqrt(1.0 - pattern.persistence) * own
        grade = self._reached(severity, cycles.dose)
        hit = grade > 0
        onset = self._onset_after(visit, cycles.day)
        lasting = self._uniform(f"chemotherapy duration {self.name}", visit)
        until = onset + lognormal(pattern.duration_days, pattern.duration_sigma, lasting)
        self._grade[hit], self._onset[hit], self._until[hit] = grade[hit], onset[hit], until[hit]
        return grade, before


class CumulativeEvent(_Episodes):
    """An event of the dose so far: it gets worse with every cycle and may fade after the last one."""

    def __init__(self, name: str, uniform: Draw, patients: int) -> None:
        super().__init__(name, uniform, patients)
        pattern = self._pattern
        recovery = lognormal(
            pattern.duration_days, pattern.duration_sigma, uniform(f"chemotherapy recovery {name}")
        )
        lasting = uniform(f"chemotherapy lasting {name}") < pattern.never_resolves
        self._recovery = np.where(lasting, np.inf, recovery)

    def advance(self, visit: int, cycles: Cycles) -> tuple[Grades, list[Events]]:
        """Return the grade that each patient has reached with a new cycle, and episodes that were over before."""
        given = cycles.given
        before = self._close(given & (self._until <= np.where(given, cycles.day, np.inf)))
        grade = np.where(given, self._reached(self._patient, cycles.cumulative), 0)
        begun = (grade > 0) & (self._grade == 0)
        onset = self._onset_after(visit, cycles.day)
        self._onset[begun] = onset[begun]
        self._grade = np.maximum(self._grade, grade)
        again = given & (self._grade > 0)
        # Never over before it began: a recovery counts from the onset where that comes after the last cycle.
        self._until[again] = (np.maximum(cycles.day, self._onset) + self._recovery)[again]
        return grade, before
