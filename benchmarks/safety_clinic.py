"""A clinic without a tumour in it: treat a cohort, watch its adverse events, count them as trials do.

Patients come from the core model and keep their autoreactivity, antibodies and steroids in it; how long they stay on
treatment is not taken from their tumours but drawn from the published progression-free survival of each trial, so that
exposure is that of the trial whatever the present calibration of the tumour. Used by safety_calibration.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from unmask.engine import CompiledModel, compile_model
from unmask.model.catalogue import load
from unmask.patients.cohort import Cohort, screen
from unmask.patients.parameter_set import load_tumour_type
from unmask.patients.random_streams import RandomStreams
from unmask.safety.adverse_events import REPORTING_DAYS, table
from unmask.safety.autoimmune import Background
from unmask.safety.desk import SafetyDesk
from unmask.safety.exposure import Exposure, ImmunotherapyClass
from unmask.therapy.regimen import load_drug

MONTH = 30.4375
WEEK = 7
STREAMS = RandomStreams(2026)
CLASSES = {
    "nivolumab": ImmunotherapyClass.ANTI_PD1,
    "pembrolizumab": ImmunotherapyClass.ANTI_PD1,
    "atezolizumab": ImmunotherapyClass.ANTI_PDL1,
    "ipilimumab": ImmunotherapyClass.ANTI_CTLA4,
}


@dataclass(frozen=True)
class Part:
    """Doses of one drug: ``doses`` times every ``every`` days; ``then`` begins after the doses of the part before."""

    drug: str
    amount: float
    unit: str
    every: int
    doses: int = 10_000
    then: bool = False
    first_day: int = 0


@dataclass(frozen=True)
class Regimen:
    """Treatment of an arm, its tumour type, and for how long patients are on it and followed."""

    parts: tuple[Part, ...]
    tumour: str
    median_months: float
    """Of treatment, unless toxicity ends it; ``inf`` for a fixed course."""
    days: int = 365
    """Day of the last dose at the latest; events are counted until then."""


@dataclass(frozen=True)
class Seen:
    """What the clinic saw: the table of events and, per patient, why and when treatment ended."""

    events: pd.DataFrame
    patients: int
    stopped_by_toxicity: np.ndarray
    died: np.ndarray
    steroid_days: np.ndarray


@cache
def model() -> CompiledModel:
    return compile_model(load("core"))


@cache
def cohort(tumour: str, patients: int) -> Cohort:
    candidates = np.arange(2 * patients)
    return screen(load_tumour_type(tumour), model(), STREAMS, candidates, rtol=1e-3).first(patients)


def treat(
    regimen: Regimen,
    patients: int,
    *,
    management: bool = True,
    background: Background | None = None,
    follow_days: int = 540,
    ignore_stops: bool = False,
) -> Seen:
    """Take a cohort through a regimen and return what was seen.

    Patients are seen weekly and when the desk asks for it; doses fall on weekly visits and wait while held. With
    ``ignore_stops`` treatment goes on after a stop for good, as when another drug is tried.
    """
    compiled, people = model(), cohort(regimen.tumour, patients)
    count, ids = people.size, people.patients
    background = background or Background.none(count)
    states, parameters = people.states.copy(), people.parameters.copy()
    p, s = compiled.parameter_index, compiled.state_index
    parameters[:, p["autoreactivity_set_point"]] *= background.set_point_factor
    states[:, s["autoreactivity"]] *= background.set_point_factor
    parameters[:, p["steroid_dose"]] = background.baseline_steroid_mg_per_kg
    weight = people.baseline["body_weight_kg"]
    desk = SafetyDesk(
        background,
        lambda process, visit=0: STREAMS.uniform(process, ids, visit),
        lambda process, visit=0: STREAMS.exponential(process, ids, visit),
        count,
        management=management,
        tumour_type=regimen.tumour,
    )
    if np.isfinite(regimen.median_months):
        scale = regimen.median_months * MONTH / np.log(2.0)
        off_day = np.minimum(scale * STREAMS.exponential("end of treatment", ids), regimen.days)
    else:
        off_day = np.full(count, float(regimen.days))
    next_dose = np.zeros((len(regimen.parts), count))
    left = np.array([[float(part.doses)] * count for part in regimen.parts])
    for number, part in enumerate(regimen.parts):
        next_dose[number] = np.inf if part.then else float(part.first_day)
    last_pd, last_ctla4 = np.full(count, -np.inf), np.full(count, -np.inf)
    latest = np.zeros(count, dtype=np.int64)
    now, due = np.zeros(count), np.full(count, float(WEEK))
    held, stopped, stopped_ctla4, dead = (np.zeros(count, dtype=bool) for _ in range(4))
    stop_day = np.full(count, np.inf)
    steroid_days = np.zeros(count)

    def give(name: str, dose, rows: np.ndarray) -> None:
        own = ids[rows]
        drug = load_drug(name)
        begun = drug.begin(dose, lambda process: STREAMS.normal(process, own), weight[rows])
        for parameter, value in begun.items():
            parameters[rows, p[parameter]] = value
        if dose.state is not None:
            values = {parameter: parameters[rows, p[parameter]] for parameter in dose.parameters}
            states[rows, s[dose.state]] += dose.addition(values, weight[rows])

    def doses(day: float) -> None:
        for number, part in enumerate(regimen.parts):
            blocked = (
                (held & ~(stopped & ignore_stops)) | (stopped & (not ignore_stops)) | dead | (day > off_day)
            )
            if part.drug == "ipilimumab":
                blocked = blocked | stopped_ctla4
                ended = stopped_ctla4
            else:
                ended = np.zeros(count, dtype=bool)
            rows = np.flatnonzero((next_dose[number] <= day) & ~blocked & (left[number] > 0))
            if rows.size:
                dose = load_drug(part.drug).dose(part.amount, part.unit)
                give(part.drug, dose, rows)
                next_dose[number, rows] = day + part.every
                left[number, rows] -= 1
                (last_ctla4 if part.drug == "ipilimumab" else last_pd)[rows] = day
                latest[rows] = int(CLASSES[part.drug])
            after = number + 1
            if after < len(regimen.parts) and regimen.parts[after].then:
                begins = ((left[number] == 0) | ended) & np.isinf(next_dose[after])
                next_dose[after, begins] = np.maximum(day, next_dose[number, begins])

    def anti_ctla4_left() -> np.ndarray:
        ahead = np.zeros(count, dtype=bool)
        for number, part in enumerate(regimen.parts):
            if part.drug == "ipilimumab":
                ahead |= left[number] > 0
        return ahead

    doses(0.0)
    while due.min() <= follow_days:
        day = float(due.min())
        rows = np.flatnonzero(due <= day)
        step = compiled.integrate(states[rows], parameters[rows], now[rows], day, rtol=1e-3)
        states[rows] = step.states
        steroid_days[rows] += (parameters[rows, p["steroid_dose"]] > 0) * (day - now[rows])
        now[rows] = day
        values = np.full((count, len(compiled.observables)), np.nan)
        values[rows] = compiled.observe(states[rows], parameters[rows])
        observed = dict(zip(compiled.observables, values.T, strict=True))
        seen = np.zeros(count, dtype=bool)
        seen[rows] = True
        both = np.abs(last_pd - last_ctla4) < 84
        exposure = Exposure(
            on_immunotherapy=(day <= off_day) & ~stopped,
            immunotherapy_class=np.where(both, int(ImmunotherapyClass.COMBINATION), latest),
            anti_ctla4_planned=anti_ctla4_left() & (day <= off_day),
        )
        orders = desk.visit(day, seen, observed, exposure)
        held, stopped_ctla4 = orders.hold_immunotherapy, orders.stop_anti_ctla4
        stopped = orders.stop_immunotherapy
        # As trials count it: any drug of the regimen given up for toxicity before its course was over.
        given_up = stopped.copy()
        given_up |= stopped_ctla4 & anti_ctla4_left()
        stop_day[given_up & np.isinf(stop_day) & (day <= off_day)] = day
        dead |= orders.death
        steroid = np.maximum(orders.steroid_mg_per_kg, background.baseline_steroid_mg_per_kg)
        parameters[rows, p["steroid_dose"]] = steroid[rows]
        for name, wanted in (("infliximab", orders.infliximab), ("vedolizumab", orders.vedolizumab)):
            given = np.flatnonzero(wanted & seen)
            if given.size:
                give(name, load_drug(name).dose(), given)
        due[rows] = np.minimum(day + WEEK - day % WEEK, np.ceil(np.maximum(orders.next_visit[rows], day + 1)))
        due[dead] = np.inf
        if day % WEEK == 0:
            doses(day)
    end = np.where(dead, now, float(follow_days))
    ended = np.where(stopped, stop_day, np.inf)
    counted_to = np.minimum(np.minimum(off_day, ended), regimen.days) + REPORTING_DAYS
    return Seen(
        events=table(desk.events(), ids, "arm", end, counted_to),
        patients=count,
        stopped_by_toxicity=np.isfinite(stop_day),
        died=dead,
        steroid_days=steroid_days,
    )
