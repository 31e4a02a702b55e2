"""The conduct of one arm: visit by visit, all patients at once.

At each day of the timeline all patients still followed are integrated to that day; then hazards are advanced,
scans read, responses judged, treatment decided and doses given (model-spec section 6b gives this order).

Patients are followed in the model a little beyond death and cut-off, because a death is only known one hazard
interval later; what was recorded for a patient after the end is removed by ``trial.tables``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unmask.engine import Status
from unmask.patients.cohort import Cohort
from unmask.patients.lesions import ONE_CELL_MC, AnyModel
from unmask.patients.parameter_set import TumourType
from unmask.patients.random_streams import RandomStreams
from unmask.response import Rules, irecist, recist
from unmask.response.codes import Response
from unmask.safety.adverse_events import Events
from unmask.safety.autoimmune import Background, draw_background
from unmask.trial.administration import Administration, DoseRecord
from unmask.trial.disease import Lesions, Lumped, disease_of
from unmask.trial.hazards import GRID_DAYS, Hazards
from unmask.trial.protocol import Protocol
from unmask.trial.surveillance import Surveillance
from unmask.trial.timeline import timeline
from unmask.trial.treatment import TreatmentCourse

COURSE_QUANTITIES = (
    "sld_change",
    "resistant_share",
    "antigen_loss_share",
    "tumour_t_cells",
    "pd_occupancy",
    "mask",
)
DAYS_PER_YEAR = 365.25
# Of the sum at baseline: beyond it regrowth is progression also for an adaptive treatment.
PLANNED_REGROWTH = 1.2

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Readings:
    """Verdicts of all scans of one arm; arrays ``(N, scans)``, lengths in tenths of a millimetre.

    ``lesions`` holds the target lesions as measured, ``(N, scans, 5)``, -1 where there is none; ``non_target_size`` and
    ``new_sizes`` ``(N, scans, K)`` are what was written down of the others (``trial.written_lesions``).
    """

    day: Array
    scanned: Flags
    lesions: NDArray[np.int32]
    non_target_size: NDArray[np.int32]
    new_sizes: NDArray[np.int32]
    sum: NDArray[np.int64]
    nadir: NDArray[np.int64]
    target: NDArray[np.int8]
    non_target: NDArray[np.int8]
    new_lesion: Flags
    overall: NDArray[np.int8]
    criterion: NDArray[np.int8]
    immune: NDArray[np.int8]
    immune_criterion: NDArray[np.int8]
    ongoing: Flags
    on_treatment: Flags
    after_subsequent: Flags
    after_surgery: Flags


@dataclass(frozen=True)
class ArmRecord:
    """Everything that happened in one arm, before it is cut at death and end of follow-up.

    Attributes
    ----------
    baseline_lesions, baseline_non_target
        Target lesions at baseline in tenths of a millimetre, ``(N, 5)``, -1 where there is none; and non-target
        disease, ``(N,)``.
    death_day, censor_day
        Per patient; death ``inf`` where none happened.
    failure_day, failure_reason
        Per patient; NaN and "" where the integration went well.
    course
        Quantity -> ``(N, grid days)`` array, NaN where the patient was not followed.
    """

    arm: str
    cohort: Cohort
    lesion_count: NDArray[np.int64]
    has_non_target: Flags
    baseline_lesions: NDArray[np.int32]
    baseline_non_target: NDArray[np.int32]
    assessed: Flags
    readings: Readings
    death_day: Array
    censor_day: Array
    failure_day: Array
    failure_reason: NDArray[np.object_]
    doses: tuple[DoseRecord, ...]
    events: tuple[Events, ...]
    background: Background
    grid: tuple[int, ...]
    course: Mapping[str, NDArray[np.float32]]
    steps: int

    @property
    def baseline_sum(self) -> NDArray[np.int64]:
        """Sum of the target lesions at baseline in tenths of a millimetre, ``(N,)``."""
        return np.asarray(np.maximum(self.baseline_lesions, 0).sum(axis=1, dtype=np.int64))


def recruited_on(protocol: Protocol, streams: RandomStreams, patients: NDArray[np.int64]) -> Array:
    """Return the day of the trial on which each patient is randomised, counted from the first one; shape ``(N,)``."""
    return np.asarray(protocol.follow_up.accrual_days * streams.uniform("accrual", patients))


def end_of_follow_up(protocol: Protocol, streams: RandomStreams, patients: NDArray[np.int64]) -> Array:
    """Return the day on which each patient is last known, unless dead: data cut-off or drop-out."""
    follow_up = protocol.follow_up
    end = follow_up.days - recruited_on(protocol, streams, patients)
    if follow_up.dropout_per_year > 0:
        left = streams.exponential("drop-out", patients) * DAYS_PER_YEAR / follow_up.dropout_per_year
        end = np.minimum(end, left)
    return np.floor(end)


@dataclass
class _Course:
    """Quantities over time, filled grid day by grid day."""

    patients: int
    grid: tuple[int, ...]
    values: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in COURSE_QUANTITIES:
            self.values[name] = np.full((self.patients, len(self.grid) + 1), np.nan, dtype=np.float32)

    def record(self, column: int, observed: Mapping[str, Array], baseline_sld: Array) -> None:
        alive_tumour = observed["cancer_cells"] >= ONE_CELL_MC
        for name, stored in self.values.items():
            if name == "sld_change":
                stored[:, column] = observed["sld"] / baseline_sld - 1.0
            elif name.endswith("_share"):
                stored[:, column] = np.where(alive_tumour, observed[name], np.nan)
            else:
                stored[:, column] = observed[name]


class _Patients:
    """States, parameters and clocks of the patients of one arm while they are integrated."""

    def __init__(self, cohort: Cohort, compiled: AnyModel, rtol: float, threads: int) -> None:
        self.compiled, self.rtol, self.threads = compiled, rtol, threads
        self.states, self.parameters = cohort.states.copy(), cohort.parameters.copy()
        self.now = np.zeros(cohort.size)
        self.step_size = np.zeros(cohort.size)
        self.failure_day = np.full(cohort.size, np.nan)
        self.failure_reason = np.full(cohort.size, "", dtype=object)
        self.steps = 0

    def advance(self, rows: NDArray[np.int64], day: float) -> None:
        """Integrate the patients ``rows`` from their own time to ``day``; failures are noted."""
        if not rows.size:
            return
        result = self.compiled.integrate(
            self.states[rows],
            self.parameters[rows],
            self.now[rows],
            day,
            rtol=self.rtol,
            step_size=self.step_size[rows],
            threads=self.threads,
        )
        self.states[rows] = result.states
        self.step_size[rows] = result.step_size
        self.now[rows] = day
        self.steps += int(result.steps.sum())
        for row in np.flatnonzero(result.status != Status.OK):
            patient = rows[row]
            self.failure_day[patient] = result.time[row]
            self.failure_reason[patient] = Status(result.status[row]).reason

    def observe(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """Return every observable for all patients, NaN for those not in ``rows``."""
        values = np.full((self.now.size, len(self.compiled.observables)), np.nan)
        values[rows] = self.compiled.observe(self.states[rows], self.parameters[rows])
        return dict(zip(self.compiled.observables, values.T, strict=True))


class _Reader:
    """Collects the readings of all scans."""

    def __init__(
        self,
        protocol: Protocol,
        radiology: Lumped | Lesions,
        streams: RandomStreams,
        patients: NDArray[np.int64],
        rules: Rules,
    ) -> None:
        schedule = protocol.schedule
        early = streams.uniform("early first scan", patients) < schedule.first_scan_early_share
        self._first_scan_shift = np.where(early, schedule.first_scan_early_days, 0)
        self._state = recist.start(
            radiology.baseline, non_target_present=radiology.has_non_target, rules=rules
        )
        self._immune = irecist.start(patients.size, rules=rules)
        self._radiology = radiology
        self._dated: list[Array] = []
        self._columns: list[dict[str, NDArray[np.generic]]] = []
        self.progressed = np.zeros(patients.size, dtype=bool)

    def read(
        self,
        number: int,
        day: float,
        scanned: Flags,
        observed: Mapping[str, Array],
        course: TreatmentCourse,
        resected: Flags,
    ) -> Flags:
        """Read one scan; return for whom progression ends the first line: RECIST 1.1, the first time.

        Under an adaptive treatment regrowth up to the size at the start is part of the plan and ends nothing.
        """
        scan = self._radiology.scan(number, day, observed, scanned)
        self._state, verdict = recist.step(
            self._state, scan.target, scan.non_target, scan.new_lesion, scanned
        )
        dated = np.broadcast_to(day - (self._first_scan_shift if number == 0 else 0.0), scanned.shape)
        self._dated.append(np.asarray(dated, dtype=np.float64))
        newest = np.array(self._dated)[scan.newest_lesion_scan, np.arange(scanned.size)]
        self._immune, immune = irecist.step(
            self._immune,
            dated,
            verdict,
            new_lesion_count=scan.new_lesion_count,
            newest_day=np.where(scan.newest_lesion_scan < 0, np.nan, newest),
            new_target_sum=scan.new_lesion_sum,
            new_non_target_increase=scan.new_lesion_increase,
            non_target_increase=scan.non_target_increase,
        )
        regrown = verdict.sum <= PLANNED_REGROWTH * self._radiology.baseline.clip(min=0).sum(axis=1)
        planned = course.adaptive & regrown & ~scan.new_lesion
        first_progression: Flags = scanned & (verdict.overall == Response.PD) & ~self.progressed & ~planned
        self._columns.append(
            {
                "day": self._dated[-1],
                "scanned": scanned,
                "lesions": scan.target,
                "non_target_size": scan.non_target_size,
                "new_sizes": scan.new_sizes,
                "sum": verdict.sum,
                "nadir": verdict.nadir,
                "target": verdict.target,
                "non_target": verdict.non_target,
                "new_lesion": verdict.new_lesion,
                "overall": verdict.overall,
                "criterion": verdict.criterion,
                "immune": immune.response,
                "immune_criterion": immune.criterion,
                "ongoing": verdict.ongoing,
                "on_treatment": course.on_first_line.copy(),
                "after_subsequent": course.had_subsequent.copy(),
                "after_surgery": resected.copy(),
            }
        )
        self.progressed |= first_progression
        return first_progression

    def readings(self) -> Readings:
        """Return all scans as arrays ``(N, scans)``."""
        names = self._columns[0]
        return Readings(**{name: np.stack([c[name] for c in self._columns], axis=1) for name in names})


def conduct_arm(
    protocol: Protocol,
    arm_name: str,
    tumour_type: TumourType,
    compiled: AnyModel,
    cohort: Cohort,
    streams: RandomStreams,
    *,
    rtol: float = 1e-4,
    threads: int = 1,
) -> ArmRecord:
    """Take a cohort through one arm of a trial.

    Parameters
    ----------
    cohort
        Patients before treatment; their arrays are not changed.
    rtol, threads
        Of the integration; threads do not change the result.
    """
    arm = protocol.arms[arm_name]
    plan = timeline(protocol)
    people = _Patients(cohort, compiled, rtol, threads)
    background = draw_background(
        protocol.population.autoimmune,
        protocol.population.immunosuppressed_share,
        lambda process, visit=0: streams.uniform(process, cohort.patients, visit),
        cohort.size,
    )
    administration = Administration(
        compiled,
        people.states,
        people.parameters,
        streams,
        cohort.patients,
        cohort.baseline["body_weight_kg"],
    )
    course = TreatmentCourse(arm, administration, streams)
    surveillance = Surveillance(
        arm,
        administration,
        course,
        streams,
        background,
        management=protocol.management != "none",
        tumour_type=tumour_type.name,
    )
    everyone = np.arange(cohort.size)
    observed = people.observe(everyone)
    censor_day = end_of_follow_up(protocol, streams, cohort.patients)

    rules = protocol.assessment.rules()
    radiology = disease_of(protocol, tumour_type, compiled, cohort, people.states, people.parameters, streams)
    baseline_non_target = radiology.non_target_baseline
    reader = _Reader(protocol, radiology, streams, cohort.patients, rules)
    hazards = Hazards(
        tumour_type,
        streams,
        cohort.patients,
        observed["cancer_cells"],
        radiology.burden(observed),
        new_lesion_diameter_mm=protocol.disease.new_lesion_diameter_mm,
    )
    over_time = _Course(cohort.size, plan.grid)
    over_time.record(0, observed, cohort.baseline["sld_mm"])

    surveillance.visit(0.0, np.ones(cohort.size, dtype=bool), observed)
    course.give(0.0, np.ones(cohort.size, dtype=bool), observed.get("tumour_marker"))
    last_grid_day, day = 0, 0
    while True:
        followed = (
            np.isinf(hazards.death_day)
            & np.isnan(people.failure_day)
            & (last_grid_day < censor_day + 2 * GRID_DAYS)
        )
        own_day = np.maximum(np.minimum(course.next_day(day), surveillance.next_day()), day + 1.0)
        day = plan.next_day(day, own_day[followed])
        if day > plan.end:
            break
        if day not in plan.visits:
            followed = followed & (own_day <= day)
        people.advance(np.flatnonzero(followed), day)
        followed = followed & np.isnan(people.failure_day)
        observed = people.observe(np.flatnonzero(followed))
        if day in plan.grid:
            hazards.advance(
                day,
                observed["cancer_cells"],
                radiology.burden(observed),
                course.in_first_line_chemotherapy(day),
            )
            radiology.take_new_lesions(day, hazards)
            over_time.record(plan.grid.index(day) + 1, observed, cohort.baseline["sld_mm"])
            last_grid_day = day
        hazards.die(surveillance.visit(day, followed, observed), day)
        if day in plan.scans:
            scanned = followed & (day <= censor_day)
            progressed = reader.read(
                plan.scans.index(day),
                day,
                scanned,
                observed,
                course,
                administration.resected,
            )
            course.progress(progressed, day)
        course.give(day, followed & np.isinf(hazards.death_day), observed.get("tumour_marker"))
        hazards.resected |= administration.resected
    hazards.finish()

    never_assessed = streams.uniform("never assessed", cohort.patients) < arm.never_assessed_share
    return ArmRecord(
        arm=arm_name,
        cohort=cohort,
        lesion_count=radiology.lesion_count,
        has_non_target=radiology.has_non_target,
        baseline_lesions=radiology.baseline,
        baseline_non_target=baseline_non_target,
        assessed=~never_assessed,
        readings=reader.readings(),
        death_day=hazards.death_day,
        censor_day=censor_day,
        failure_day=people.failure_day,
        failure_reason=people.failure_reason,
        doses=tuple(administration.records),
        events=tuple(surveillance.events()),
        background=background,
        grid=(0, *plan.grid),
        course=over_time.values,
        steps=people.steps,
    )
