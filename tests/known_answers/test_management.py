"""Management by guideline: a timetable day by day, and every rule beside the guideline it is from."""

from __future__ import annotations

import csv
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from safety_clinic import draws, only, treated
from unmask.safety.adverse_events import ACTIONS
from unmask.safety.episodes import Episodes
from unmask.safety.event_kinds import kinds, safety_data
from unmask.safety.exposure import ImmunotherapyClass
from unmask.safety.management import SECOND_LINE, Management, rules
from unmask.safety.orders import Orders, merge
from unmask.safety.steroid_course import SteroidCourse

EVIDENCE = Path(__file__).resolve().parents[3] / "shared" / "evidence" / "guideline_management.csv"
ONE = np.ones(1, dtype=bool)


class Ward:
    """One patient with one event whose grade the test decides."""

    def __init__(
        self,
        event: str,
        grade: int,
        *,
        resistance: int = 0,
        code: ImmunotherapyClass = ImmunotherapyClass.ANTI_PD1,
    ) -> None:
        kind = only(event)
        self.episodes = Episodes(kind, 1, *draws(np.arange(1)))
        self.management = Management(kind, 1)
        self.exposure = treated(1, code)
        self.episodes.begin(np.zeros((1, 1)), np.ones((1, 1)))
        self.episodes.resistance[:] = resistance
        self.grade(grade)

    def grade(self, grade: int) -> None:
        self.episodes.grade[:] = grade
        self.episodes.worst[:] = np.maximum(self.episodes.worst, grade)

    def see(self, day: float) -> Orders:
        return self.management.act(day, ONE, self.episodes, self.exposure)

    @property
    def action(self) -> str:
        return self.management.action(0, 0, int(self.episodes.worst[0, 0]))


def row(orders: Orders) -> tuple[bool, bool, float, bool, bool]:
    return (
        bool(orders.hold_immunotherapy[0]),
        bool(orders.stop_immunotherapy[0]),
        round(float(orders.steroid_mg_per_kg[0]), 3),
        bool(orders.infliximab[0]),
        bool(orders.vedolizumab[0]),
    )


def test_grade_3_colitis_refractory_to_steroid_day_by_day() -> None:
    ward = Ward("colitis", 3, resistance=1, code=ImmunotherapyClass.COMBINATION)
    # day, grade seen, held, stopped, steroid mg/kg, infliximab, vedolizumab
    timetable = [
        (0, 3, (True, False, 1.5, False, False)),
        (2, 3, (True, False, 1.5, False, False)),
        (3, 3, (True, False, 1.5, True, False)),  # no response on day 3: one dose of infliximab
        (7, 3, (True, False, 1.5, False, False)),
        (14, 3, (True, False, 1.5, False, False)),
        (21, 1, (True, False, 1.25, False, False)),  # grade 1: a taper of five weeks begins
        (28, 1, (True, False, 1.0, False, False)),
        (35, 1, (True, False, 0.75, False, False)),
        (42, 1, (True, False, 0.5, False, False)),
        (49, 1, (True, False, 0.25, False, False)),
        (56, 1, (False, False, 0.0, False, False)),  # no steroid left: treatment goes on
        (63, 1, (False, False, 0.0, False, False)),
    ]
    for day, grade, expected in timetable:
        ward.grade(grade)
        orders = ward.see(float(day))
        assert row(orders) == expected, f"day {day}"
        assert orders.stop_anti_ctla4[0], "after grade 3 colitis the antibody against CTLA-4 is not resumed"
    assert ward.action == "hold, steroid, biologic"


def test_the_desk_asks_to_be_there_when_the_steroid_should_have_helped() -> None:
    ward = Ward("colitis", 3, resistance=1)
    assert ward.see(0.0).next_visit[0] == 3.0
    assert ward.see(3.0).next_visit[0] == 10.0
    assert not np.isfinite(Ward("rash", 1).see(0.0).next_visit[0])


def test_a_responder_gets_no_biologic_and_a_second_one_goes_to_who_needs_it() -> None:
    given = {}
    for resistance in (0, 1, 2):
        ward = Ward("colitis", 3, resistance=resistance)
        seen = {day: ward.see(float(day)) for day in range(36)}
        given[resistance] = [
            (day, name)
            for day, orders in seen.items()
            for name in ("infliximab", "vedolizumab")
            if getattr(orders, name)[0]
        ]
    assert given[0] == []
    assert given[1] == [(3, "infliximab")]
    assert given[2] == [(3, "infliximab"), (17, "vedolizumab")]


def test_control_comes_with_the_drug_that_helps() -> None:
    ward = Ward("colitis", 3, resistance=1)
    ward.see(0.0)
    assert not ward.management.controlled[0, 0]
    ward.see(3.0)
    assert ward.management.controlled[0, 0]
    responder = Ward("colitis", 3)
    responder.see(0.0)
    assert responder.management.controlled[0, 0]


def test_grade_4_stops_for_good_and_hepatitis_gets_no_infliximab() -> None:
    ward = Ward("hepatitis", 4, resistance=2)
    for day in range(0, 200, 1):
        if day == 40:
            ward.grade(1)
        orders = ward.see(float(day))
        assert orders.stop_immunotherapy[0]
        assert orders.hold_immunotherapy[0]
        assert not orders.infliximab[0]
        assert not orders.vedolizumab[0]
    assert orders.steroid_mg_per_kg[0] == 0.0
    assert ward.action == "stop, steroid"


def test_a_new_episode_does_not_inherit_what_was_done_in_the_last() -> None:
    ward = Ward("colitis", 3, resistance=1)
    for day in range(5):
        ward.see(float(day))
    assert ward.action == "hold, steroid, biologic"
    ward.management.forget(np.ones((1, 1), dtype=bool))
    ward.episodes.worst[:] = 0
    ward.grade(1)
    ward.see(100.0)
    assert ward.action == "supportive"
    assert not ward.management.controlled[0, 0]
    ward.grade(3)
    orders = [ward.see(float(day)) for day in (101, 103, 104)]
    assert [bool(each.infliximab[0]) for each in orders] == [
        False,
        False,
        True,
    ]  # three days of steroid again


def test_severe_colitis_ends_ipilimumab_alone() -> None:
    ward = Ward("colitis", 3, code=ImmunotherapyClass.ANTI_CTLA4)
    assert ward.see(0.0).stop_immunotherapy[0]
    assert ward.action == "stop, steroid"
    other = Ward("colitis", 3, code=ImmunotherapyClass.ANTI_PD1).see(0.0)
    assert not other.stop_immunotherapy[0]
    assert not other.stop_anti_ctla4[0]


def test_a_steroid_in_vain_is_tapered_where_no_drug_is_left() -> None:
    # Skin has no second-line drug; the event itself goes on. A gut that awaits one keeps its dose.
    skin, gut = Ward("rash", 3, resistance=1), Ward("colitis", 3, resistance=1)
    doses = {}
    for day in range(0, 126, 7):
        doses[day] = float(skin.see(float(day)).steroid_mg_per_kg[0])
        gut.see(float(day))
        assert not skin.management.controlled.any()
    assert doses[77] == 1.0
    assert [doses[day] for day in (84, 91, 98, 105, 112)] == pytest.approx([0.8, 0.6, 0.4, 0.2, 0.0])
    assert doses[119] == 0.0
    assert skin.action == "stop, steroid"  # held for more than twelve weeks
    assert gut.management.controlled.all()


def test_a_hold_of_more_than_twelve_weeks_ends_treatment() -> None:
    ward = Ward("colitis", 2)
    stopped = [bool(ward.see(float(day)).stop_immunotherapy[0]) for day in range(0, 99, 7)]
    assert stopped == [False] * 13 + [True] * 2


def test_a_gland_is_replaced_without_steroid_or_hold() -> None:
    ward = Ward("hypothyroidism", 2)
    assert row(ward.see(0.0)) == (False, False, 0.0, False, False)
    assert ward.action == "replacement"
    assert ward.management.controlled[0, 0]


def test_nothing_is_held_when_treatment_is_over() -> None:
    ward = Ward("colitis", 4)
    ward.exposure = treated(1)
    ward.exposure.on_immunotherapy[:] = False
    assert row(ward.see(0.0)) == (False, False, 2.0, False, False)
    assert ward.action == "steroid"


def test_a_worse_event_raises_the_dose_and_a_new_one_interrupts_the_taper() -> None:
    course = SteroidCourse(1)
    doses = []
    for day, needed, weeks in [(0, 0.5, 4), (7, 1.5, 5), (14, 0, 0), (21, 0, 0), (28, 2.0, 6), (35, 0, 0)]:
        course.advance(float(day), ONE, np.array([float(needed)]), np.array([float(weeks)]))
        doses.append(float(course.dose[0]))
    np.testing.assert_allclose(doses, [0.5, 1.5, 1.25, 1.0, 2.0, 12.0 / 7.0])
    for day in (42, 49, 56, 63, 70, 77):
        course.advance(float(day), ONE, np.zeros(1), np.zeros(1))
    assert course.dose[0] == 0.0
    assert course.next_step(77.0)[0] == np.inf


def test_a_milder_event_does_not_shorten_the_taper_of_a_worse_one() -> None:
    course = SteroidCourse(1)
    doses = []
    for day, needed, weeks in [(0, 2.0, 6), (7, 1.0, 4), (14, 0, 0), (21, 0, 0)]:
        course.advance(float(day), ONE, np.array([float(needed)]), np.array([float(weeks)]))
        doses.append(float(course.dose[0]))
    np.testing.assert_allclose(doses, [2.0, 2.0, 2.0 * 6 / 7, 2.0 * 5 / 7])


def test_merged_orders_obey_all() -> None:
    strict, mild = Orders.nothing(2), Orders.nothing(2)
    strict.hold_immunotherapy[0] = strict.death[1] = mild.stop_chemotherapy[1] = True
    strict.steroid_mg_per_kg[:] = [1.0, 0.2]
    mild.steroid_mg_per_kg[:] = [0.5, 0.4]
    mild.chemotherapy_dose_factor[:] = [0.75, 1.0]
    strict.next_visit[0], mild.next_visit[0] = 12.0, 9.0
    both = merge(strict, mild)
    assert both.hold_immunotherapy.tolist() == [True, False]
    assert both.death.tolist() == [False, True]
    assert both.stop_chemotherapy.tolist() == [False, True]
    assert both.steroid_mg_per_kg.tolist() == [1.0, 0.4]
    assert both.chemotherapy_dose_factor.tolist() == [0.75, 1.0]
    assert both.next_visit.tolist() == [9.0, np.inf]


def test_every_toxicity_and_grade_has_a_rule() -> None:
    known = rules()
    for toxicity in kinds().toxicity:
        for grade in (1, 2, 3, 4):
            rule = known[toxicity, grade]
            assert rule.immunotherapy in ("continue", "hold", "stop")
            assert rule.local in ACTIONS
            assert set(rule.second_line) <= set(SECOND_LINE)
            assert 0 <= rule.steroid_mg_per_kg <= 2.0
            assert (rule.steroid_mg_per_kg > 0) == (rule.taper_weeks > 0)
            assert rule.source in safety_data("management")["sources"]
            assert rule.confidence in ("literature", "unconfirmed", "assumed")
            assert rule.guideline
    order = {"continue": 0, "hold": 1, "stop": 2}
    for toxicity in kinds().toxicity:
        severity = [order[known[toxicity, grade].immunotherapy] for grade in (1, 2, 3, 4)]
        dose = [known[toxicity, grade].steroid_mg_per_kg for grade in (1, 2, 3, 4)]
        assert severity == sorted(severity)
        assert dose == sorted(dose)


TOXICITY = {
    "general": ("arthritis", "nephritis"),  # have no row of their own
    "colitis/diarrhoea": ("gut",),
    "rash/dermatitis": ("rash",),
    "hepatitis": ("hepatitis",),
    "pneumonitis": ("pneumonitis",),
    "hypothyroidism": ("thyroid",),
    "hypophysitis": ("hypophysitis",),
}


@pytest.mark.skipif(not EVIDENCE.exists(), reason="the shared evidence is not there")
def test_rules_stay_within_the_guideline() -> None:
    compared = 0
    for line in csv.DictReader(EVIDENCE.open(encoding="utf-8")):
        # No row may stay behind: a toxicity the model does not know is a KeyError here.
        grades = {"3-4": (3, 4), "any": (1, 2, 3, 4)}.get(line["grade"], (line["grade"],))
        for toxicity, grade in itertools.product(TOXICITY[line["toxicity"]], grades):
            rule = rules()[toxicity, int(grade)]
            said = line["ici_action"]
            allowed = {word for word in ("continue", "hold") if word in said}
            allowed |= {"stop"} if "permanently discontinue" in said else set()
            # A severe endocrine event may wait until hormones are replaced (general row, grade 4: no permanent stop).
            allowed |= {"hold"} if line["grade"] == "any" and int(grade) >= 3 else set()
            assert rule.immunotherapy in allowed, (line, rule)
            numbers = re.match(r"([\d.]+)(?:-([\d.]+))? mg/kg/d", line["prednisone_equivalent"])
            if numbers:
                low = float(numbers[1])
                assert low <= rule.steroid_mg_per_kg <= float(numbers[2] or low)
            else:
                assert rule.steroid_mg_per_kg == 0.0
            weeks = re.search(r"taper (>=)?(\d)-(\d) weeks", line["prednisone_equivalent"])
            if weeks:
                assert int(weeks[2]) <= rule.taper_weeks
                assert weeks[1] or rule.taper_weeks <= int(weeks[3])
            assert ("infliximab" in rule.second_line) <= ("NO infliximab" not in line["other"])
            if "infliximab or vedolizumab" in line["other"] or "infliximab/vedolizumab" in line["other"]:
                assert rule.second_line == ("infliximab", "vedolizumab")
            if line["toxicity"] in ("hypothyroidism", "hypophysitis"):
                assert rule.local == "replacement"
            if line["prednisone_equivalent"].startswith("topical"):
                assert rule.local == "topical"
            # What was only remembered in the evidence must not count as read here.
            if line["read_in_source"] != "yes" and rule.source != "nccn":
                assert rule.confidence != "literature", (line, rule)
            compared += 1
    assert compared >= 30
