"""Patients in chemotherapy without the rest of the model: Friberg's neutrophils, a calendar, side effects.

The equations are those of ``biology/neutrophils.py``, written anew and integrated by Heun's method, so that a change
of the model does not move the known answers of the safety code.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from unmask.patients.random_streams import RandomStreams
from unmask.safety.adverse_events import Events, table
from unmask.safety.chemotherapy import ChemotherapyToxicity
from unmask.safety.exposure import Exposure

STEP = 0.125  # day


@dataclass(frozen=True)
class Neutrophils:
    """Friberg 2002 with the docetaxel values of the model: effect with a half-life of one day, slope of one's own.

    ``slope_sigma`` is the spread of the slope (0.4) and of the clearance (0.432) together.
    """

    slope: float = 2.3
    slope_sigma: float = 0.59
    baseline: float = 5.0
    transit_days: float = 3.5
    feedback: float = 0.161
    effect_decay: float = 0.7

    def derivative(self, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        k = 4.0 / self.transit_days
        regulation = (self.baseline / (y[4] + 0.01)) ** self.feedback
        precursors = k * y[0] * ((1.0 - slope * y[5]) * regulation - 1.0)
        return np.stack([precursors, *(k * (y[i] - y[i + 1]) for i in range(4)), -self.effect_decay * y[5]])

    def advance(self, y: np.ndarray, slope: np.ndarray, days: float) -> np.ndarray:
        for _ in range(round(days / STEP)):
            one = self.derivative(y, slope)
            two = self.derivative(y + STEP * one, slope)
            y = np.maximum(y + 0.5 * STEP * (one + two), 0.0)
        return y


@dataclass(frozen=True)
class Course:
    """What happened to the patients of the clinic."""

    toxicity: ChemotherapyToxicity
    events: list[Events]
    cycles: np.ndarray
    dose: np.ndarray
    death_day: np.ndarray
    end_day: np.ndarray
    day_of_cycle: list[list[float]] = field(default_factory=list)

    def worst(self, event: str) -> np.ndarray:
        """Worst grade per patient of the events that happened before the patient's end, 0 for none."""
        grade = np.zeros(self.cycles.size, dtype=int)
        for item in self.events:
            chosen = (item.event == event) & (item.onset_day <= self.end_day[item.row])
            np.maximum.at(grade, item.row[chosen], item.grade[chosen])
        return grade

    def table(self, arm: str = "chemotherapy"):
        """The table of adverse events, everything related."""
        patients = np.arange(self.cycles.size)
        return table(self.events, patients, arm, self.end_day, np.full(patients.size, np.inf))


def treat(
    drug: str,
    dose: float,
    planned: np.ndarray,
    *,
    seed: int = 11,
    management: bool = True,
    neutrophils: Neutrophils | None = None,
    after_days: int = 42,
) -> Course:
    """Give every patient the planned number of three-weekly cycles, seen weekly, and obey all orders but G-CSF."""
    blood = neutrophils or Neutrophils()
    streams, patients = RandomStreams(seed), np.arange(planned.size)
    toxicity = ChemotherapyToxicity(
        lambda process, visit=0: streams.uniform(process, patients, visit),
        lambda process, visit=0: streams.exponential(process, patients, visit),
        patients.size,
        management,
    )
    slope = blood.slope * np.exp(blood.slope_sigma * streams.normal("slope", patients))
    y = np.concatenate([np.full((5, patients.size), blood.baseline), np.zeros((1, patients.size))])
    given = np.zeros(patients.size, dtype=int)
    total, due = np.zeros(patients.size), np.zeros(patients.size)
    death, last = np.full(patients.size, np.inf), np.zeros(patients.size)
    factor, hold = np.ones(patients.size), np.zeros(patients.size, dtype=bool)
    stopped = np.zeros(patients.size, dtype=bool)
    for day in range(0, int(planned.max()) * 42 + after_days, 7):
        alive = np.isinf(death)
        if day:
            y = blood.advance(y, slope, 7.0)
            followed = alive & (day <= last + after_days)
            exposure = Exposure.untreated(patients.size)
            orders = toxicity.visit(
                float(day),
                followed,
                {"neutrophils": np.where(followed, y[4], np.nan)},
                Exposure(**{**vars(exposure), "cumulative_dose": {drug: total.copy()}}),
            )
            death[orders.death & alive] = day
            factor, hold = orders.chemotherapy_dose_factor, orders.hold_chemotherapy
            stopped |= orders.stop_chemotherapy
        now = alive & np.isinf(death) & ~stopped & ~hold & (given < planned) & (due <= day)
        y[5, now] += blood.effect_decay * factor[now]
        total[now] += dose * factor[now]
        given[now] += 1
        due[now], last[now] = day + 21, day
    return Course(toxicity, toxicity.events(), given, total, death, np.minimum(death, last + after_days))
