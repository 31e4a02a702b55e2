"""Side effects in the conduct of an arm: who is seen when, what the safety desk knows, and carrying out its orders.

Patients on a treatment whose side effects are modelled are seen weekly, and for :data:`WATCHED_DAYS` after its last
dose; the safety desk may ask to see a patient earlier. What it orders is passed to the course of treatment (doses held,
reduced or stopped) and to the patients themselves (corticosteroids and other drugs against side effects).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from unmask.patients.random_streams import RandomStreams
from unmask.safety.adverse_events import Events
from unmask.safety.autoimmune import Background
from unmask.safety.desk import SafetyDesk
from unmask.safety.exposure import Exposure, ImmunotherapyClass
from unmask.safety.summary import MANAGEMENT
from unmask.therapy.regimen import Drug, load_drug
from unmask.trial.administration import Administration, DoseRecord
from unmask.trial.arms import Arm
from unmask.trial.items import PROCEDURES
from unmask.trial.treatment import TreatmentCourse

VISIT_DAYS = 7.0
WATCHED_DAYS = {"antibody": 100.0, "chemotherapy": 28.0}
"""For how long after a dose patients are seen weekly, by kind of drug."""
# An antibody against CTLA-4 counts for the class of a patient's treatment for this long.
IN_EFFECT_DAYS = 84.0
ON_TREATMENT_DAYS = 63.0  # a break of doses longer than this ends immunotherapy
STEROID = "prednisone"

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Surveillance:
    """The safety desk of one arm and its place in the conduct.

    Parameters
    ----------
    arm
        Its treatments.
    administration, course
        What carries orders out.
    streams
        Source of chance; the same patient has the same numbers in every arm.
    background
        Autoimmune background of the patients.
    management
        Whether side effects are managed by guideline.
    tumour_type
        Name of the tumour type: rates of skin and gut events differ between melanoma and other tumours.
    """

    def __init__(
        self,
        arm: Arm,
        administration: Administration,
        course: TreatmentCourse,
        streams: RandomStreams,
        background: Background,
        *,
        management: bool,
        tumour_type: str,
    ) -> None:
        patients = administration.patients
        count = patients.size
        self._administration, self._course = administration, course
        self._desk = SafetyDesk(
            background,
            lambda process, visit=0: streams.uniform(process, patients, visit),
            lambda process, visit=0: streams.exponential(process, patients, visit),
            count,
            management=management,
            tumour_type=tumour_type,
        )
        self._read = 0  # dose records already taken into account
        self._last = {kind: np.full(count, -np.inf) for kind in WATCHED_DAYS}
        self._last_of_class = {code: np.full(count, -np.inf) for code in _SINGLE}
        self._cumulative = {
            item.drug: np.zeros(count) for item in arm.drugs if item.substance.kind == "chemotherapy"
        }
        self._baseline_steroid = background.baseline_steroid_mg_per_kg
        self._steroid = np.zeros(count)  # ordered against side effects
        self._seen_on = np.zeros(count)
        self._wanted = np.full(count, np.inf)
        everyone = np.arange(count)
        administration.manage_steroid(self._baseline_steroid, everyone)
        set_point = administration.read("autoreactivity_set_point", everyone)
        administration.set({"autoreactivity_set_point": set_point * background.set_point_factor}, everyone)
        column = administration.compiled.state_index["autoreactivity"]
        administration.states[:, column] *= background.set_point_factor

    def next_day(self) -> Array:
        """Return the day on which each patient must be seen next, ``inf`` where the usual visits do."""
        # All is counted from the patient's own last visit, and what was given then begins the watch then: days
        # counted from the last visit of anybody would depend on who else is in the block.
        self._take_records()
        # For the same reason the watch ends by the patient's own next visit, not by the day of somebody else's.
        weekly = self._seen_on + VISIT_DAYS
        watched = np.zeros(self._seen_on.shape, dtype=bool)
        for kind, last in self._last.items():
            watched |= weekly - last <= WATCHED_DAYS[kind]
        rhythm = np.where(watched, weekly, np.inf)
        wanted: Array = np.minimum(rhythm, self._wanted)
        return wanted

    def visit(self, day: float, seen: Flags, observed: Mapping[str, Array]) -> Flags:
        """See the patients ``seen``, carry out what is ordered for them and return who dies of a side effect."""
        orders = self._desk.visit(day, seen, observed, self._exposure(day))
        course, administration = self._course, self._administration
        course.hold("antibody", seen, orders.hold_immunotherapy)
        course.hold("chemotherapy", seen, orders.hold_chemotherapy)
        course.chemotherapy_share[seen] = orders.chemotherapy_dose_factor[seen]
        course.growth_factor[seen] = orders.gcsf[seen]
        course.stop("antibody", seen & orders.stop_immunotherapy)
        course.stop("chemotherapy", seen & orders.stop_chemotherapy)
        for name in course.drugs_against("anti_ctla4_central"):
            course.stop(name, seen & orders.stop_anti_ctla4)
        self._give_steroid(day, seen, orders.steroid_mg_per_kg)
        for name, wanted in (("infliximab", orders.infliximab), ("vedolizumab", orders.vedolizumab)):
            if (rows := np.flatnonzero(wanted & seen)).size:
                drug = load_drug(name)
                administration.give_drug(name, drug.standard_dose, drug.unit, rows, day, MANAGEMENT)
        self._seen_on[seen] = day
        self._wanted[seen] = orders.next_visit[seen]
        return orders.death & seen

    def events(self) -> list[Events]:
        """Return every side effect of the arm."""
        return self._desk.events()

    def _give_steroid(self, day: float, seen: Flags, ordered: Array) -> None:
        """Set the dose of corticosteroid, never below what the patient took before; a change is written down."""
        dose = np.where(seen, ordered, self._steroid)
        rows = np.flatnonzero(dose != self._steroid)
        if not rows.size:
            return
        self._administration.manage_steroid(np.maximum(dose[rows], self._baseline_steroid[rows]), rows)
        given = rows[dose[rows] > 0]
        if given.size:
            self._administration.records.append(
                DoseRecord(given, day, STEROID, dose[given], load_drug(STEROID).unit, MANAGEMENT)
            )
        self._steroid = dose

    def _take_records(self) -> None:
        """Take what was given since the last visit into account."""
        for record in self._administration.records[self._read :]:
            if record.phase != MANAGEMENT and record.drug not in PROCEDURES:
                self._take_drug(record, load_drug(record.drug))
        self._read = len(self._administration.records)

    def _take_drug(self, record: DoseRecord, drug: Drug) -> None:
        if drug.kind in self._last:
            self._last[drug.kind][record.rows] = record.day
        code = immunotherapy_class(drug)
        if code is not ImmunotherapyClass.NONE:
            self._last_of_class[code][record.rows] = record.day
        if drug.kind == "chemotherapy":
            self._cumulative[drug.name][record.rows] += record.amount

    def _exposure(self, day: float) -> Exposure:
        pd = np.maximum(
            self._last_of_class[ImmunotherapyClass.ANTI_PD1],
            self._last_of_class[ImmunotherapyClass.ANTI_PDL1],
        )
        ctla4 = self._last_of_class[ImmunotherapyClass.ANTI_CTLA4]
        latest = np.full(pd.shape, int(ImmunotherapyClass.NONE), dtype=np.int64)
        when = np.full(pd.shape, -np.inf)
        for code, last in self._last_of_class.items():
            latest = np.where(last > when, int(code), latest)
            when = np.maximum(when, last)
        both = np.minimum(pd, ctla4) > np.maximum(pd, ctla4) - IN_EFFECT_DAYS
        both &= np.isfinite(pd) & np.isfinite(ctla4)
        stopped = self._course.stopped.get("antibody", np.zeros(pd.shape, dtype=bool))
        return Exposure(
            on_immunotherapy=(day - np.maximum(pd, ctla4) <= ON_TREATMENT_DAYS) & ~stopped,
            immunotherapy_class=np.where(both, int(ImmunotherapyClass.COMBINATION), latest),
            anti_ctla4_planned=self._course.planned(self._course.drugs_against("anti_ctla4_central")),
            cumulative_dose={name: dose.copy() for name, dose in self._cumulative.items()},
        )


_SINGLE = (ImmunotherapyClass.ANTI_PD1, ImmunotherapyClass.ANTI_PDL1, ImmunotherapyClass.ANTI_CTLA4)
_CLASS_OF_STATE = {
    "anti_pd1_central": ImmunotherapyClass.ANTI_PD1,
    "anti_pdl1_central": ImmunotherapyClass.ANTI_PDL1,
    "anti_ctla4_central": ImmunotherapyClass.ANTI_CTLA4,
}


def immunotherapy_class(drug: Drug) -> ImmunotherapyClass:
    """Return the class of a drug, NONE for what is no checkpoint antibody."""
    state = drug.effect.state if drug.effect is not None else ""
    return _CLASS_OF_STATE.get(state, ImmunotherapyClass.NONE)
