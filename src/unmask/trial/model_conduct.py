"""The conduct of one arm of a trial with a model of one's own: from scan to scan, all patients at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.configuration import nearest
from unmask.engine import CompiledModel
from unmask.engine.course import Course
from unmask.engine.events import run_course
from unmask.errors import ConfigurationError
from unmask.patients.random_streams import RandomStreams
from unmask.response.codes import Response
from unmask.response.measurements import Measurements
from unmask.response.verdicts import judge
from unmask.simulation.dosing import Dosing, content_of, infusion_state, with_infusions
from unmask.simulation.population import Population
from unmask.simulation.trajectories import start_course
from unmask.survival.kaplan_meier import DAYS_PER_MONTH
from unmask.trial.disease import LONGEST_MM
from unmask.trial.model_protocol import ModelArm, ModelProtocol

RELATIVE_TOLERANCE = 1e-5
MEASURABLE_MM = 10.0  # RECIST 1.1, by CT
_ALIVE = np.inf

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ArmCourse:
    """One arm as it went: true and measured diameter (N, scans + 1) in mm, baseline first; deaths; doses."""

    name: str
    measured: Floats
    stopped_day: Floats
    death_day: Floats
    doses: pd.DataFrame
    failures: pd.DataFrame


def planned_doses(arm: ModelArm, protocol: ModelProtocol, days: float) -> list[Dosing]:
    """Return the doses of an arm, at times in the model's unit."""
    return [
        Dosing(
            item.species,
            item.amount,
            tuple(day / days for day in item.days(protocol.follow_up.days)),
            item.infusion_days / days,
        )
        for item in arm.doses
    ]


class Conduct:
    """The patients of one arm, from scan to scan."""

    def __init__(
        self,
        protocol: ModelProtocol,
        compiled: CompiledModel,
        start: Population,
        streams: RandomStreams,
        scans: Floats,
        days: float,
        workers: int,
    ) -> None:
        self.protocol, self.compiled, self.start = protocol, compiled, start
        self.streams, self.scans, self.days, self.workers = streams, scans, days, workers
        self.patients = np.arange(start.size, dtype=np.int64)
        (observed,) = compiled.model.observables
        self.unit = protocol.model.size(compiled.model.units[observed])

    def run(self, name: str) -> ArmCourse:
        """Return the arm's course: every patient from scan to scan, to the end of follow-up."""
        arm = self.protocol.arms[name]
        course = self._course(arm)
        size = len(self.patients)
        true = np.full((size, len(self.scans)), np.nan)
        measured = np.full((size, len(self.scans)), np.nan)
        stopped, death = np.full(size, np.inf), np.full(size, _ALIVE)
        threshold = self.streams.exponential("death", self.patients)
        hazard = np.zeros(size)
        queue = None
        for scan, day in enumerate(self.scans):
            queue = run_course(
                self.compiled,
                course,
                day / self.days,
                rtol=RELATIVE_TOLERANCE,
                max_steps=100_000,
                threads=self.workers,
                queue=queue,
                horizon=self.scans[-1] / self.days,
            )
            true[:, scan] = np.where(course.failed, np.nan, self._diameter(course))
            if scan == 0:
                self._refuse_no_tumour(true[:, 0])
            measured[:, scan] = self._measured(true[:, scan], scan)
            if scan:
                before = hazard.copy()
                hazard += self._hazard(true, scan)
                died = (hazard >= threshold) & np.isinf(death)
                share = (threshold - before) / np.where(hazard > before, hazard - before, 1.0)
                date = self.scans[scan - 1] + share * (day - self.scans[scan - 1])
                death[died] = np.ceil(date[died])
                # Who died before this scan was not scanned.
                measured[death <= day, scan] = np.nan
                if arm.stop_at_progression:
                    self._stop(course, arm, measured[:, : scan + 1], stopped, day)
        given = self._given(arm, stopped, death)
        reasons = np.array(course.reasons(), dtype=object)
        failed = np.flatnonzero(course.failed)
        failures = pd.DataFrame(
            {
                "patient": failed,
                "arm": name,
                "day": course.time[failed] * self.days,
                "reason": reasons[failed],
            }
        )
        return ArmCourse(name, measured, stopped, death, given, failures)

    def _course(self, arm: ModelArm) -> Course:
        model, start = self.compiled.model, self.start
        parameters = start.parameters.copy()
        for key, value in arm.parameters.items():
            if key not in model.parameter_names:
                raise ConfigurationError(
                    "simulation.unknown_parameter",
                    file=self.protocol.name,
                    name=key,
                    model=model.name,
                    hint=nearest(key, model.parameter_names),
                )
            parameters[:, model.parameter_names.index(key)] = value
        _, doses = with_infusions(model, planned_doses(arm, self.protocol, self.days))
        own = replace(start, parameters=parameters)
        return start_course(self.compiled, own, slice(None), self.scans / self.days, doses)

    def _diameter(self, course: Course) -> Floats:
        own = self.protocol.model
        size = self.compiled.observe(course.states, course.parameters, course.time)[:, 0]
        if own.tumour_diameter is not None:
            return np.maximum(size * self.unit, 0.0)
        return np.cbrt(6.0 / np.pi * np.maximum(size * self.unit, 0.0))

    def _refuse_no_tumour(self, diameter: Floats) -> None:
        small = np.flatnonzero(~(diameter >= MEASURABLE_MM))
        if len(small) > 0.5 * len(diameter):
            raise ConfigurationError(
                "trial.no_measurable_tumour",
                patients=len(small),
                of=len(diameter),
                median=float(np.nanmedian(diameter)),
            )

    def _measured(self, true: Floats, scan: int) -> Floats:
        error = self.protocol.measurement.sum_error if scan else 0.0
        noise = self.streams.normal("scan error", self.patients, scan)
        # A tumour without bounds in an untreated arm stays a length.
        seen = np.round(np.minimum(true * np.exp(error * noise), LONGEST_MM), 1)
        return np.where(true < self.protocol.measurement.invisible_below_mm, 0.0, seen)

    def _hazard(self, true: Floats, scan: int) -> Floats:
        death = self.protocol.death
        if death is None:
            return np.zeros(len(true))
        months = (self.scans[scan] - self.scans[scan - 1]) / DAYS_PER_MONTH
        relative = 0.5 * (true[:, scan] + true[:, scan - 1]) / true[:, 0]
        rate = death.per_month * np.nan_to_num(relative, nan=0.0) ** death.size_exponent
        return np.asarray(rate * months)

    def _stop(self, course: Course, arm: ModelArm, measured: Floats, stopped: Floats, day: float) -> None:
        days = np.broadcast_to(self.scans[1 : measured.shape[1]], measured[:, 1:].shape)
        seen = Measurements.from_millimetres(measured[:, :1], measured[:, 1:, None], days)
        verdicts = judge(seen, self.protocol.assessment.rules())
        progressed = (verdicts.overall[:, -1] == Response.PD) & np.isinf(stopped)
        stopped[progressed] = day
        for column, lasts in enumerate(self._durations(course, arm)):
            # What flows today flows to its end: the rate is turned down by who was turned up before.
            turned_up = (course.amounts[:, :, column] > 0) & (course.stops >= day / self.days)
            turned_down = (course.amounts[:, :, column] < 0) & (course.stops >= (day + lasts) / self.days)
            course.amounts[:, :, column][progressed[:, None] & (turned_up | turned_down)] = 0.0

    def _durations(self, course: Course, arm: ModelArm) -> list[float]:
        """How many days an infusion into each dosed state lasts, 0 for doses that are given at once."""
        model = self.compiled.model
        lasting = {
            infusion_state(content_of(model, item.species).state): item.infusion_days
            for item in arm.doses
            if item.infusion_days
        }
        return [lasting.get(model.species_names[column], 0.0) for column in course.dosed]

    def _given(self, arm: ModelArm, stopped: Floats, death: Floats) -> pd.DataFrame:
        last = np.minimum(stopped, death)
        parts = []
        for item in arm.doses:
            for day in item.days(self.protocol.follow_up.days):
                who = self.patients[day < last]
                parts.append(
                    pd.DataFrame(
                        {
                            "patient": who,
                            "day": day,
                            "drug": item.species,
                            "amount": item.amount,
                            "phase": "first line",
                        }
                    )
                )
        columns = ["patient", "day", "drug", "amount", "phase"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
