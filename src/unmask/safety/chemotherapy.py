"""Adverse events of chemotherapy for the patients of one arm, and what is done about them.

Neutropenia comes from the neutrophils of the model; febrile neutropenia and infections are hazards of how deep and
how long it is; nausea, vomiting, diarrhoea, fatigue and thrombocytopenia may come with every cycle; anaemia, hair
loss and neuropathy come with the dose so far. Grades are those of CTCAE version 5. Data: ``chemotherapy.toml`` and
``management_chemotherapy.toml``.

A trial that counts neutrophils weekly finds several times as many patients with neutropenia as one that waits for
investigators to report it (docetaxel: 84 v 16 %). Both are in the table: every episode found by weekly counts as
"neutrophil count decreased", and those that would be reported as "neutropenia" besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unmask.safety.adverse_events import CHEMOTHERAPY, Events
from unmask.safety.chemotherapy_events import CumulativeEvent, CycleEvent, Cycles
from unmask.safety.chemotherapy_management import DAYS_A_WEEK, ChemotherapyManagement, rules
from unmask.safety.chemotherapy_rates import lognormal, toxicity
from unmask.safety.draws import Draw
from unmask.safety.exposure import Exposure
from unmask.safety.neutropenia import REPORTED, Neutropenia
from unmask.safety.orders import Orders

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Grades = NDArray[np.int64]

FEBRILE = "febrile neutropenia"
INFECTION = "infection"


class ChemotherapyToxicity:
    """Adverse events of chemotherapy in one arm.

    Parameters
    ----------
    uniform, exponential
        One number per patient of the arm by process and visit.
    patients
        Number of patients N.
    management
        False: no antibiotics, delays, lower doses or G-CSF. Antiemetics are part of the rates and stay.
    """

    def __init__(self, uniform: Draw, exponential: Draw, patients: int, management: bool = True) -> None:
        self._uniform, self._exponential = uniform, exponential
        self._patients = patients
        self._managed = management
        patterns = toxicity().pattern
        self._drug_events = [
            (CycleEvent if pattern.course == "cycle" else CumulativeEvent)(name, uniform, patients)
            for name, pattern in patterns.items()
        ]
        self._blood = Neutropenia(patients)
        self._reported_share = np.zeros(patients)
        self._reports = uniform("neutropenia reported")
        self._management = ChemotherapyManagement(patients)
        self._last_seen = np.zeros(patients)
        self._last_cycle = np.full(patients, -np.inf)
        self._last_count = np.full(patients, np.nan)
        self._dose: dict[str, Array] = {}
        self._until = {FEBRILE: np.full(patients, -np.inf), INFECTION: np.full(patients, -np.inf)}
        self._grade = {name: np.zeros(patients, dtype=np.int64) for name in self._until}
        self._events: list[Events] = []

    def visit(self, day: float, seen: Flags, observed: Mapping[str, Array], exposure: Exposure) -> Orders:
        """See the patients ``seen`` at ``day`` (before the doses of that day) and return the orders for all.

        Parameters
        ----------
        observed
            ``neutrophils`` (1e9/L), NaN where not seen.
        exposure
            Chemotherapy given since the last visit is the growth of ``cumulative_dose``; it is taken to have been
            given on the day of the last visit.
        """
        cycles = self._cycles_since(seen, exposure)
        severe = self._events_of_drugs(day, cycles)
        neutrophils = np.where(seen, observed["neutrophils"], np.nan)
        in_reach = seen & (day - self._last_cycle <= _watched_days())
        neutrophils = np.where(in_reach | self._blood.open, neutrophils, np.nan)
        counted = np.flatnonzero(~np.isnan(neutrophils))
        ended = self._blood.count(day, counted, neutrophils[counted]) if counted.size else []
        febrile, death = self._infections(day, in_reach, neutrophils)
        orders = Orders.nothing(self._patients)
        if self._managed:
            long_grade_4 = self._blood.grade_4_for(day, rules().reduction.grade_4_neutropenia_days)
            orders = self._management.decide(
                day,
                seen,
                last_cycle=self._last_cycle,
                neutrophils=neutrophils,
                ongoing=self._ongoing(day),
                severe_now=severe | febrile,
                febrile_now=febrile,
                long_grade_4=long_grade_4,
            )
            self._blood.note(
                delayed=self._management.delayed & (neutrophils < rules().next_cycle.neutrophils),
                reduced=self._management.reduced & (febrile | long_grade_4),
            )
            self._note_delays(day)
            weekly = np.where(self._blood.open & seen, day + DAYS_A_WEEK, np.inf)
            orders = replace(orders, next_visit=np.minimum(orders.next_visit, weekly))
        for item in ended:
            self._events += [item, *self._reported(item)]
        self._last_count = np.where(seen, neutrophils, self._last_count)
        self._last_seen = np.where(seen, day, self._last_seen)
        return replace(orders, death=death)

    def events(self) -> list[Events]:
        """Return every event so far; of those that go on, ``resolution_day`` is NaN or lies ahead."""
        found = list(self._events)
        for item in self._blood.under_way():
            found += [item, *self._reported(item)]
        for event in self._drug_events:
            found += event.episodes()
        return found

    def _cycles_since(self, seen: Flags, exposure: Exposure) -> Cycles:
        dose, cumulative = {}, {}
        given = np.zeros(self._patients, dtype=bool)
        for drug, total in exposure.cumulative_dose.items():
            before = self._dose.setdefault(drug, np.zeros(self._patients))
            added = np.where(seen, total - before, 0.0)
            self._dose[drug] = np.where(seen, total, before)
            given |= added > 0
            if drug in toxicity().drugs:
                of_drug = toxicity().drugs[drug]
                dose[drug] = added / of_drug.standard_dose
                cumulative[drug] = self._dose[drug] / of_drug.standard_dose
                self._reported_share[added > 0] = of_drug.neutropenia_reported
        self._last_cycle = np.where(given, self._last_seen, self._last_cycle)
        return Cycles(np.where(given, self._last_seen, np.nan), dose, cumulative)

    def _events_of_drugs(self, day: float, cycles: Cycles) -> Flags:
        """Find the events of new cycles; return who had one that lowers the dose."""
        severe = np.zeros(self._patients, dtype=bool)
        if not cycles.given.any():
            return severe
        reduction, supportive, stop = rules().reduction, rules().supportive, rules().stop
        for event in self._drug_events:
            grade, before = event.advance(int(day), cycles)
            self._events += before
            if self._managed:
                lowers = (grade >= reduction.grade) & (event.name in reduction.events)
                severe |= lowers
                event.actions[(grade >= supportive.grade) & (event.name in supportive.events)] = "supportive"
                event.actions[lowers] = "dose reduction"
                event.actions[grade >= stop.get(event.name, np.inf)] = "stop"
        return severe

    def _note_delays(self, day: float) -> None:
        """Write down for the events under way that they delayed a cycle."""
        data = rules().next_cycle
        for event in self._drug_events:
            if event.name in data.waits_for:
                rows = np.flatnonzero(self._management.delayed & (event.grade_on(day) > data.grade))
                reduced = np.array(["dose reduction" in action for action in event.actions[rows]], dtype=bool)
                event.actions[rows] = np.where(reduced, "delay, dose reduction", "delay")

    def _infections(self, day: float, at_risk: Flags, neutrophils: Array) -> tuple[Flags, Flags]:
        """Find infections since the last visit; return who had febrile neutropenia and whom it killed."""
        fever, infection = toxicity().febrile_neutropenia, toxicity().infection
        outcome = self._uniform("febrile neutropenia outcome", int(day))
        fatal_share = fever.fatal if self._managed else fever.fatal_without_antibiotics
        grade = np.where(
            outcome < fatal_share, 5, np.where(outcome < fatal_share + fever.grade_4, 4, 3)
        ).astype(np.int64)
        febrile = self._infect(
            FEBRILE,
            day,
            at_risk,
            (fever.hazard(self._last_count), fever.hazard(neutrophils)),
            grade,
            (fever.duration_days, fever.duration_sigma),
        )
        severe = self._uniform("infection grade", int(day)) < infection.severe
        in_cycle = day - self._last_cycle <= rules().next_cycle.cycle_days
        self._infect(
            INFECTION,
            day,
            at_risk & in_cycle & ~febrile & (self._until[FEBRILE] <= day),
            (infection.hazard(self._last_count), infection.hazard(neutrophils)),
            np.where(severe, 3, 2).astype(np.int64),
            (infection.duration_days, infection.duration_sigma),
        )
        return febrile, febrile & (grade == 5)

    def _infect(
        self,
        name: str,
        day: float,
        at_risk: Flags,
        hazard: tuple[Array, Array],
        grade: Grades,
        duration: tuple[float, float],
    ) -> Flags:
        """Find one kind of infection between the last visit and ``day`` by the mean hazard of both counts."""
        interval = np.where(at_risk, day - self._last_seen, 0.0)
        cumulative = 0.5 * (hazard[0] + hazard[1]) * interval
        threshold = self._exponential(name, int(day))
        hit = at_risk & (threshold < cumulative) & (self._until[name] <= self._last_seen)
        row = np.flatnonzero(hit)
        if row.size:
            onset = self._last_seen[row] + interval[row] * threshold[row] / cumulative[row]
            until = onset + lognormal(*duration, self._uniform(f"{name} duration", int(day))[row])
            until = np.where(grade[row] == 5, np.nan, until)
            self._grade[name][row], self._until[name][row] = grade[row], until
            found = Events.of(
                row,
                event=name,
                organ="infection",
                klass=CHEMOTHERAPY,
                grade=grade[row],
                onset_day=onset,
                resolution_day=until,
                action="antibiotics" if self._managed else "none",
            )
            self._events.append(found)
        return hit

    def _ongoing(self, day: float) -> dict[str, Grades]:
        return {
            **{event.name: event.grade_on(day) for event in self._drug_events},
            **{name: np.where(day < self._until[name], self._grade[name], 0) for name in self._until},
        }

    def _reported(self, item: Events) -> list[Events]:
        """Return the episodes that investigators would report, as an event of its own name."""
        row = np.flatnonzero(self._reports[item.row] < self._reported_share[item.row])
        if not row.size:
            return []
        return [
            Events.of(
                item.row[row],
                event=REPORTED,
                organ="blood",
                klass=CHEMOTHERAPY,
                grade=item.grade[row],
                onset_day=item.onset_day[row],
                resolution_day=item.resolution_day[row],
                action=item.action[row],
            )
        ]


def _watched_days() -> float:
    """Return for how long after a cycle blood is counted: until the next one can be delayed no more."""
    data = rules().next_cycle
    return data.cycle_days + data.longest_delay_days
