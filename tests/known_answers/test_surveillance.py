"""Side effects in the conduct: how long patients are watched, and what the safety desk knows of their treatment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unmask.engine import compile_model
from unmask.model.catalogue import load
from unmask.patients.random_streams import RandomStreams
from unmask.safety.autoimmune import Background
from unmask.safety.exposure import ImmunotherapyClass
from unmask.safety.orders import Orders
from unmask.trial.administration import Administration
from unmask.trial.arms import Arm
from unmask.trial.surveillance import Surveillance
from unmask.trial.treatment import FIRST_LINE, MANAGEMENT, TreatmentCourse

STREAMS = RandomStreams(4)
ANTI_PD1 = {"drug": "nivolumab", "dose": 240, "unit": "mg", "every_days": 14}
ANTI_CTLA4 = {"drug": "ipilimumab", "dose": 3, "unit": "mg/kg", "every_days": 21, "doses": 4}
CHEMOTHERAPY = {"drug": "docetaxel", "dose": 75, "unit": "mg/m2", "every_days": 21}


class Clinic:
    """Patients under surveillance; the test gives what it likes on the days it likes."""

    def __init__(self, count: int, background: Background | None = None) -> None:
        compiled = compile_model(load("core"))
        self.everyone = np.arange(count)
        self.administration = Administration(
            compiled,
            compiled.initial_states(count),
            compiled.default_parameters(count),
            STREAMS,
            self.everyone,
            np.full(count, 80.0),
        )
        arm = Arm.model_validate({"label": "A", "treatment": (ANTI_PD1, ANTI_CTLA4, CHEMOTHERAPY)})
        self.course = TreatmentCourse(arm, self.administration, STREAMS)
        self.watch = Surveillance(
            arm,
            self.administration,
            self.course,
            STREAMS,
            background or Background.none(count),
            management=False,
            tumour_type="nsclc",
        )

    def give(self, drug: str, rows: list[int], day: float, phase: str = FIRST_LINE) -> None:
        dose, unit = {
            "nivolumab": (240.0, "mg"),
            "atezolizumab": (1200.0, "mg"),
            "ipilimumab": (3.0, "mg/kg"),
            "docetaxel": (75.0, "mg/m2"),
            "infliximab": (5.0, "mg/kg"),
        }[drug]
        self.administration.give_drug(drug, dose, unit, np.array(rows), day, phase)

    def see(self, day: float) -> None:
        """A visit at which nothing is wrong."""
        calm = {
            "autoreactivity": np.ones(self.everyone.size),
            "pd_occupancy": np.zeros(self.everyone.size),
            "ctla4_occupancy_lymph_node": np.zeros(self.everyone.size),
            "neutrophils": np.full(self.everyone.size, 5.0),
        }
        self.watch.visit(day, np.ones(self.everyone.size, dtype=bool), calm)


def test_patients_are_seen_weekly_for_a_hundred_days_after_an_antibody_and_four_weeks_after_chemotherapy() -> (
    None
):
    clinic = Clinic(3)
    clinic.give("nivolumab", [0], 0.0)
    clinic.give("docetaxel", [1], 0.0)
    seen: list[list[float]] = [[], [], []]
    for day in np.arange(0.0, 140.0, 7.0):
        clinic.see(float(day))
        for patient, following in enumerate(clinic.watch.next_day()):
            if np.isfinite(following):
                seen[patient].append(float(following))
    assert seen[0] == [7.0 * week for week in range(1, 15)]  # the last on day 98
    assert seen[1] == [7.0, 14.0, 21.0, 28.0]
    assert seen[2] == []


def test_drugs_against_side_effects_do_not_prolong_the_watch() -> None:
    clinic = Clinic(1)
    clinic.give("docetaxel", [0], 0.0)
    clinic.give("docetaxel", [0], 28.0, MANAGEMENT)
    clinic.see(28.0)
    assert clinic.watch.next_day().tolist() == [np.inf]
    assert clinic.watch._exposure(28.0).cumulative_dose["docetaxel"].tolist() == [75.0]


def test_the_dose_of_chemotherapy_so_far_is_what_was_given() -> None:
    clinic = Clinic(3)
    for day, rows, share in ((0.0, [0, 1], 1.0), (21.0, [0], 0.8), (42.0, [0], 0.64)):
        clinic.administration.give_drug(
            "docetaxel", 75.0, "mg/m2", np.array(rows), day, FIRST_LINE, share=share
        )
        clinic.watch.next_day()
        clinic.watch.next_day()  # nothing is counted twice
    assert clinic.watch._exposure(43.0).cumulative_dose["docetaxel"] == pytest.approx([183.0, 75.0, 0.0])


def test_the_class_of_treatment_is_that_of_the_antibodies_of_the_last_twelve_weeks() -> None:
    clinic = Clinic(4)
    clinic.give("nivolumab", [0, 3], 0.0)
    clinic.give("ipilimumab", [0, 1], 0.0)
    clinic.give("atezolizumab", [2], 0.0)
    clinic.watch.next_day()
    pd1, pdl1, ctla4, both = (
        int(ImmunotherapyClass[name]) for name in ("ANTI_PD1", "ANTI_PDL1", "ANTI_CTLA4", "COMBINATION")
    )
    assert clinic.watch._exposure(1.0).immunotherapy_class.tolist() == [both, ctla4, pdl1, pd1]
    clinic.give("nivolumab", [0, 1], 83.0)  # ipilimumab still counts
    clinic.give("ipilimumab", [3], 83.0)
    clinic.watch.next_day()
    assert clinic.watch._exposure(83.0).immunotherapy_class.tolist() == [both, both, pdl1, both]
    clinic.give("nivolumab", [0, 1], 84.0)  # no longer
    clinic.watch.next_day()
    assert clinic.watch._exposure(84.0).immunotherapy_class.tolist() == [pd1, pd1, pdl1, both]


def test_a_break_of_nine_weeks_ends_immunotherapy() -> None:
    clinic = Clinic(3)
    clinic.give("nivolumab", [0], 0.0)
    clinic.give("ipilimumab", [1], 7.0)
    clinic.watch.next_day()
    expected = {1.0: [True, True, False], 63.0: [True, True, False], 64.0: [False, True, False]}
    for day, treated in (expected | {70.0: [False, True, False], 71.0: [False] * 3}).items():
        assert clinic.watch._exposure(day).on_immunotherapy.tolist() == treated, day
    clinic.course.stop("antibody", np.array([True, False, False]))
    assert clinic.watch._exposure(1.0).on_immunotherapy.tolist() == [False, True, False]


def test_autoimmune_disease_raises_the_set_point_and_begins_at_it() -> None:
    background = replace(Background.none(2), set_point_factor=np.array([1.0, 1.2]))
    clinic, plain = Clinic(2, background), Clinic(2)
    administration = clinic.administration
    before = plain.administration.read("autoreactivity_set_point", clinic.everyone)
    assert administration.read("autoreactivity_set_point", clinic.everyone) == pytest.approx(
        before * [1.0, 1.2]
    )
    column = administration.compiled.state_index["autoreactivity"]
    assert administration.states[:, column] == pytest.approx([1.0, 1.2])


def test_orders_of_the_desk_reach_the_course(monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = Clinic(3)
    orders = Orders.nothing(3)
    orders.hold_immunotherapy[0] = orders.hold_chemotherapy[1] = True
    orders.stop_chemotherapy[0] = orders.stop_immunotherapy[1] = orders.stop_anti_ctla4[2] = True
    orders.chemotherapy_dose_factor[:] = [1.0, 0.8, 0.64]
    orders.gcsf[2] = orders.death[1] = orders.infliximab[0] = orders.vedolizumab[2] = True
    orders.steroid_mg_per_kg[0] = 1.5
    orders.next_visit[:] = [3.0, np.inf, 5.0]
    monkeypatch.setattr(clinic.watch._desk, "visit", lambda *_: orders)
    died = clinic.watch.visit(0.0, np.ones(3, dtype=bool), {})
    course = clinic.course
    assert died.tolist() == [False, True, False]
    assert course.held["antibody"].tolist() == [True, False, False]
    assert course.held["chemotherapy"].tolist() == [False, True, False]
    assert course.stopped["antibody"].tolist() == [False, True, False]
    assert course.stopped["chemotherapy"].tolist() == [True, False, False]
    assert course.stopped["ipilimumab"].tolist() == [False, False, True]
    assert course.chemotherapy_share.tolist() == [1.0, 0.8, 0.64]
    assert course.growth_factor.tolist() == [False, False, True]
    given = [
        (record.drug, record.rows.tolist(), record.amount.tolist())
        for record in clinic.administration.records
    ]
    assert given == [("prednisone", [0], [1.5]), ("infliximab", [0], [5.0]), ("vedolizumab", [2], [300.0])]
    assert {record.phase for record in clinic.administration.records} == {MANAGEMENT}
    assert clinic.watch.next_day().tolist() == [3.0, np.inf, 5.0]
    # Who is not seen keeps what was ordered last.
    clinic.watch._desk.visit = lambda *_: Orders.nothing(3)  # type: ignore[method-assign]
    clinic.watch.visit(3.0, np.array([True, False, False]), {})
    assert course.held["chemotherapy"].tolist() == [False, True, False]
    assert course.chemotherapy_share.tolist() == [1.0, 0.8, 0.64]
    assert course.held["antibody"].tolist() == [False, False, False]
