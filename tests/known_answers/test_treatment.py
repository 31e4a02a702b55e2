"""Who gets which dose on which day, and what it does to states and parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from unmask.engine import CompiledModel, compile_model
from unmask.model.catalogue import load
from unmask.patients.random_streams import RandomStreams
from unmask.trial.administration import Administration
from unmask.trial.arms import Arm
from unmask.trial.conduct import end_of_follow_up
from unmask.trial.protocol import load_protocol
from unmask.trial.randomise import permuted_blocks
from unmask.trial.timeline import timeline
from unmask.trial.treatment import BEYOND_PROGRESSION, FIRST_LINE, MANAGEMENT, SUBSEQUENT, TreatmentCourse

STREAMS = RandomStreams(2)
ANTIBODY = {"drug": "atezolizumab", "dose": 1200, "unit": "mg", "every_days": 21}
CHEMOTHERAPY = {"drug": "docetaxel", "dose": 75, "unit": "mg/m2", "every_days": 21}
TABLET = {"drug": "everolimus", "dose": 10, "unit": "mg/day", "every_days": 28}


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    return compile_model(load("core"))


def arm(*treatments: dict[str, Any], **rules: Any) -> Arm:
    return Arm.model_validate({"label": "A", "treatment": treatments, **rules})


class Story:
    """An arm taken through days by hand; everyone present unless ``absent_from`` says otherwise."""

    def __init__(self, compiled: CompiledModel, plan: Arm, count: int = 4) -> None:
        self.compiled, self.patients = compiled, np.arange(count)
        self.states, self.parameters = compiled.initial_states(count), compiled.default_parameters(count)
        self.administration = Administration(
            compiled, self.states, self.parameters, STREAMS, self.patients, np.full(count, 80.0)
        )
        self.records = self.administration.records
        self.course = TreatmentCourse(plan, self.administration, STREAMS)

    def go(
        self,
        days: range,
        progress: dict[int, list[int]] | None = None,
        absent_from: dict[int, int] | None = None,
    ) -> None:
        for day in days:
            if progress and day in progress:
                who = np.isin(self.patients, progress[day])
                self.course.progress(who, day)
            gone = [row for row, last in (absent_from or {}).items() if day >= last]
            self.course.give(day, ~np.isin(self.patients, gone))

    def days(self, row: int, phase: str, drug: str | None = None) -> list[float]:
        return [
            record.day
            for record in self.records
            if row in record.rows and record.phase == phase and drug in (None, record.drug)
        ]

    def parameter(self, name: str) -> list[float]:
        return [float(value) for value in self.parameters[:, self.compiled.parameter_index[name]]]

    def state(self, name: str) -> list[float]:
        return [float(value) for value in self.states[:, self.compiled.state_index[name]]]


def test_doses_come_on_their_days_from_day_nought(compiled: CompiledModel) -> None:
    story = Story(compiled, arm(ANTIBODY))
    story.go(range(0, 100, 7))
    assert story.days(0, FIRST_LINE) == [0, 21, 42, 63, 84]
    assert {record.phase for record in story.records} == {FIRST_LINE}
    assert {(r.drug, r.unit) for r in story.records} == {("atezolizumab", "mg")}
    assert {amount for r in story.records for amount in r.amount} == {1200.0}


def test_first_day_and_number_of_doses_are_kept(compiled: CompiledModel) -> None:
    late = {**CHEMOTHERAPY, "first_day": 14, "doses": 3}
    story = Story(compiled, arm(ANTIBODY, late))
    story.go(range(0, 150, 7))
    assert story.days(1, FIRST_LINE, "docetaxel") == [14, 35, 56]
    assert story.days(1, FIRST_LINE, "atezolizumab") == [0, 21, 42, 63, 84, 105, 126, 147]


@pytest.mark.parametrize(("last", "days"), [(41, [0, 21]), (42, [0, 21, 42]), (43, [0, 21, 42])])
def test_the_last_day_is_still_a_day_of_treatment(
    compiled: CompiledModel, last: int, days: list[int]
) -> None:
    story = Story(compiled, arm({**ANTIBODY, "last_day": last}))
    story.go(range(100))
    assert story.days(0, FIRST_LINE) == days


def test_what_a_dose_does(compiled: CompiledModel) -> None:
    story = Story(compiled, arm(ANTIBODY))
    story.go(range(1))
    volumes = np.array(story.parameter("anti_pdl1_central_volume"))
    assert len(set(volumes)) == 4  # every patient their own
    assert story.state("anti_pdl1_central") == pytest.approx(1200.0 / volumes, rel=1e-12)
    full, half = (Story(compiled, arm({**CHEMOTHERAPY, "dose": dose})) for dose in (75.0, 37.5))
    for one in (full, half):
        one.go(range(1))
    changed = np.flatnonzero((full.states != compiled.initial_states(4)).any(axis=0))
    assert changed.size == 1
    assert full.states[:, changed] == pytest.approx(2.0 * half.states[:, changed], rel=1e-12)


def test_a_dose_by_weight_is_that_of_each_patient(compiled: CompiledModel) -> None:
    flat, by_weight = (
        Story(compiled, arm(ANTIBODY)),
        Story(compiled, arm({**ANTIBODY, "dose": 15, "unit": "mg/kg"})),
    )
    by_weight.administration.body_weight_kg[:] = [80.0, 40.0, 80.0, 160.0]
    for story in (flat, by_weight):
        story.go(range(1))
    ratio = np.array(by_weight.state("anti_pdl1_central")) / np.array(flat.state("anti_pdl1_central"))
    volume = np.array(by_weight.parameter("anti_pdl1_central_volume")) / np.array(
        flat.parameter("anti_pdl1_central_volume")
    )
    assert ratio * volume == pytest.approx([1.0, 0.5, 1.0, 2.0], rel=1e-12)


def test_what_is_held_is_made_up_for_and_moves_the_schedule(compiled: CompiledModel) -> None:
    story = Story(compiled, arm(ANTIBODY, {**CHEMOTHERAPY, "doses": 3}))
    for day in range(0, 150, 7):
        story.course.held["antibody"] = np.array([42 <= day < 56, False, False, False])
        story.go(range(day, day + 1))
    assert story.days(0, FIRST_LINE, "atezolizumab") == [0, 21, 56, 77, 98, 119, 140]
    assert story.days(1, FIRST_LINE, "atezolizumab") == [0, 21, 42, 63, 84, 105, 126, 147]
    assert story.days(0, FIRST_LINE, "docetaxel") == [0, 21, 42]


def test_what_is_stopped_for_good_never_comes_back_and_the_rest_goes_on(compiled: CompiledModel) -> None:
    story = Story(
        compiled, arm(ANTIBODY, CHEMOTHERAPY, subsequent=[{**ANTIBODY, "label": "a", "share": 1.0}])
    )
    story.go(range(0, 43, 21))
    story.course.stop("antibody", np.array([True, True, False, False]))
    story.course.stop("chemotherapy", np.array([True, False, False, False]))
    assert story.course.on_first_line.tolist() == [False, True, True, True]
    story.go(range(63, 200, 21), progress={105: [1, 2]})
    assert story.days(0, FIRST_LINE) == [0, 0, 21, 21, 42, 42]
    assert story.days(1, FIRST_LINE, "docetaxel")[-1] == 84
    assert story.days(1, FIRST_LINE, "atezolizumab")[-1] == 42
    assert story.days(1, SUBSEQUENT) == []
    assert story.days(2, SUBSEQUENT)[0] == 105


def test_a_reduced_dose_is_written_down_as_it_was_given(compiled: CompiledModel) -> None:
    story = Story(compiled, arm(CHEMOTHERAPY))
    story.course.chemotherapy_share = np.array([1.0, 0.8, 1.0, 0.5])
    story.go(range(1))
    (record,) = story.records
    assert record.amount.tolist() == [75.0, 60.0, 75.0, 37.5]
    state = story.states / np.where(story.states[:1] == 0, 1.0, story.states[:1])
    assert sorted({round(value, 12) for value in state[1]})[-2:] == [0.8, 1.0]


def test_a_later_schedule_of_the_same_drug_replaces_the_first(compiled: CompiledModel) -> None:
    induction = {"drug": "nivolumab", "dose": 1, "unit": "mg/kg", "every_days": 21, "doses": 4}
    maintenance = {"drug": "nivolumab", "dose": 3, "unit": "mg/kg", "every_days": 14, "first_day": 84}
    ipilimumab = {"drug": "ipilimumab", "dose": 3, "unit": "mg/kg", "every_days": 21, "doses": 4}
    story = Story(compiled, arm(induction, ipilimumab, maintenance))
    for day in range(0, 127, 7):
        story.course.held["antibody"] = np.array([day >= 63 and day < 98, False, False, False])
        story.go(range(day, day + 1))
    assert story.days(1, FIRST_LINE, "nivolumab") == [0, 21, 42, 63, 84, 98, 112, 126]
    assert story.days(0, FIRST_LINE, "nivolumab") == [0, 21, 42, 98, 112, 126]
    assert story.days(0, FIRST_LINE, "ipilimumab") == [0, 21, 42, 98]
    assert story.days(1, FIRST_LINE, "ipilimumab") == [0, 21, 42, 63]


def test_fractions_are_given_on_working_days(compiled: CompiledModel) -> None:
    course = {"procedure": "radiotherapy", "gray": 2.0, "fractions": 7, "first_day": 3}
    story = Story(compiled, arm(course))
    story.go(range(30))
    assert story.days(0, FIRST_LINE) == [3, 4, 5, 6, 7, 10, 11]
    assert {(r.drug, r.unit) for r in story.records} == {("radiotherapy", "Gy")}


def test_the_next_day_is_that_of_what_is_due_next(compiled: CompiledModel) -> None:
    story = Story(compiled, arm(ANTIBODY, {**CHEMOTHERAPY, "first_day": 5, "doses": 1}))
    story.go(range(1))
    assert story.course.next_day(0).tolist() == [5.0] * 4
    story.go(range(5, 6), progress={5: [1]})
    assert story.course.next_day(5).tolist() == [21.0, np.inf, 21.0, 21.0]
    story.course.held["antibody"] = np.array([True, False, False, False])
    story.go(range(21, 22))
    assert story.course.next_day(21).tolist() == [28.0, np.inf, 42.0, 42.0]


def test_treatment_stops_on_the_day_of_progression(compiled: CompiledModel) -> None:
    story = Story(compiled, arm(ANTIBODY))
    story.go(range(0, 100, 21), progress={42: [1], 84: [2]})
    assert story.days(0, FIRST_LINE) == [0, 21, 42, 63, 84]
    assert story.days(1, FIRST_LINE) == [0, 21]
    assert story.days(2, FIRST_LINE) == [0, 21, 42, 63]
    assert story.course.on_first_line.tolist() == [True, False, False, True]


def test_nobody_is_treated_after_leaving(compiled: CompiledModel) -> None:
    later = {**CHEMOTHERAPY, "label": "c", "share": 1.0}
    story = Story(compiled, arm(ANTIBODY, beyond_progression={"share": 1.0, "doses": 9}, subsequent=[later]))
    story.go(range(0, 200, 21), progress={42: [0, 1]}, absent_from={0: 63, 2: 63})
    assert max(record.day for record in story.records if 0 in record.rows) == 42
    assert max(record.day for record in story.records if 2 in record.rows) == 42
    assert max(record.day for record in story.records if 1 in record.rows) == 189


def test_doses_beyond_progression_are_counted(compiled: CompiledModel) -> None:
    story = Story(compiled, arm(ANTIBODY, beyond_progression={"share": 1.0, "doses": 3}))
    story.go(range(0, 200, 21), progress={42: [0], 63: [0, 1]})
    assert story.days(0, FIRST_LINE) == [0, 21]
    assert story.days(0, BEYOND_PROGRESSION) == [42, 63, 84]
    assert story.days(1, BEYOND_PROGRESSION) == [63, 84, 105]
    assert story.days(2, BEYOND_PROGRESSION) == []


def test_two_drugs_beyond_progression_share_one_count(compiled: CompiledModel) -> None:
    limited = {**CHEMOTHERAPY, "every_days": 42, "doses": 2}
    story = Story(compiled, arm(ANTIBODY, limited, beyond_progression={"share": 1.0, "doses": 3}))
    story.go(range(0, 250, 21), progress={42: [0]})
    assert story.days(0, BEYOND_PROGRESSION, "atezolizumab") == [42, 63, 84]
    assert story.days(0, FIRST_LINE, "docetaxel") == [0]
    assert story.days(0, BEYOND_PROGRESSION, "docetaxel") == [42]  # its second and last dose
    assert story.days(1, FIRST_LINE, "docetaxel") == [0, 42]


def test_the_share_that_goes_beyond_progression(compiled: CompiledModel) -> None:
    count = 20_000
    story = Story(compiled, arm(ANTIBODY, beyond_progression={"share": 0.4, "doses": 1}), count)
    story.go(range(0, 43, 21), progress={42: list(range(count))})
    (record,) = [record for record in story.records if record.phase == BEYOND_PROGRESSION]
    expected = np.flatnonzero(STREAMS.uniform("treatment beyond progression", story.patients) < 0.4)
    assert np.array_equal(record.rows, expected)
    assert abs(record.rows.size / count - 0.4) < 0.02


def test_the_next_therapy_begins_at_progression_and_has_its_doses(compiled: CompiledModel) -> None:
    later = {**CHEMOTHERAPY, "label": "chemotherapy", "share": 1.0, "doses": 4, "potency": 0.7}
    story = Story(compiled, arm(ANTIBODY, subsequent=[later]))
    kill, depletion = story.parameter("chemo_log_kill"), story.parameter("lymphodepletion")
    story.go(range(0, 300, 21), progress={42: [0], 84: [1]})
    assert story.days(0, SUBSEQUENT) == [42, 63, 84, 105]
    assert story.days(1, SUBSEQUENT) == [84, 105, 126, 147]
    assert story.days(2, SUBSEQUENT) == []
    assert story.course.had_subsequent.tolist() == [True, True, False, False]
    # Once, not once per dose; and lymphocytes suffer as before.
    np.testing.assert_allclose(story.parameter("chemo_log_kill"), np.array(kill) * [0.7, 0.7, 1.0, 1.0])
    assert story.parameter("lymphodepletion") == depletion


def test_next_therapies_have_their_shares_and_exclude_each_other(compiled: CompiledModel) -> None:
    count = 20_000
    options = [
        {**ANTIBODY, "label": "anti-PD-L1", "share": 0.17},
        {**CHEMOTHERAPY, "label": "chemotherapy", "share": 0.30, "potency": 0.7},
    ]
    story = Story(compiled, arm(CHEMOTHERAPY, subsequent=options), count)
    story.go(range(0, 43, 21), progress={42: list(range(count))})
    given = {r.drug: set(r.rows.tolist()) for r in story.records if r.phase == SUBSEQUENT}
    draw = STREAMS.uniform("subsequent therapy", story.patients)
    assert given["atezolizumab"] == set(np.flatnonzero(draw < 0.17).tolist())
    assert given["docetaxel"] == set(np.flatnonzero((draw >= 0.17) & (draw < 0.47)).tolist())
    assert story.course.had_subsequent.sum() == (draw < 0.47).sum()


@pytest.mark.parametrize("risk", [0.01, 0.08, 0.5])
def test_toxicity_stops_after_a_geometric_number_of_doses(risk: float, compiled: CompiledModel) -> None:
    count = 20_000
    story = Story(compiled, arm(CHEMOTHERAPY, stop_per_dose=risk), count)
    story.go(range(0, 21 * 120, 21))
    doses = np.zeros(count)
    for record in story.records:
        doses[record.rows] += 1
    for k in (1, 2, 5, 20):
        alive = (1 - risk) ** k
        assert abs(np.mean(doses > k) - alive) < 5 * np.sqrt(alive * (1 - alive) / count) + 1e-12
    assert doses.min() == 1
    if risk > 0.01:  # the follow-up cuts the tail of the smallest risk
        assert abs(doses.mean() * risk - 1) < 5 * np.sqrt((1 - risk) / count)
    assert not story.course.on_first_line[doses < 120].any()


def test_without_a_risk_nobody_stops(compiled: CompiledModel) -> None:
    story = Story(compiled, arm(CHEMOTHERAPY))
    story.go(range(0, 21 * 300, 21))
    assert len(story.records) == 300


def test_who_stopped_for_toxicity_has_no_doses_beyond_progression(compiled: CompiledModel) -> None:
    count = 500
    plan = arm(ANTIBODY, stop_per_dose=0.5, beyond_progression={"share": 1.0, "doses": 3})
    story = Story(compiled, plan, count)
    story.go(range(0, 200, 21), progress={84: list(range(count))})
    went_on = {row for r in story.records if r.phase == BEYOND_PROGRESSION for row in r.rows.tolist()}
    to_the_end = {row for r in story.records if r.day == 63 for row in r.rows.tolist()}
    assert went_on == to_the_end
    assert 0 < len(went_on) < count / 2


def test_a_tablet_is_on_until_it_is_stopped(compiled: CompiledModel) -> None:
    story = Story(compiled, arm(TABLET, beyond_progression={"share": 1.0, "doses": 2}))
    assert story.parameter("targeted_daily_dose") == [0.0] * 4
    story.go(range(0, 57, 28), progress={56: [1]})
    assert story.parameter("targeted_daily_dose") == [10.0] * 4
    story.go(range(84, 85))  # the second prescription beyond progression
    assert story.parameter("targeted_daily_dose") == [10.0] * 4
    story.go(range(112, 113))
    assert story.parameter("targeted_daily_dose") == [10.0, 0.0, 10.0, 10.0]
    assert story.days(1, BEYOND_PROGRESSION) == [56, 84]
    story.go(range(140, 141), progress={140: [2]})  # goes on, again for two prescriptions
    assert story.parameter("targeted_daily_dose") == [10.0, 0.0, 10.0, 10.0]


def test_a_tablet_without_treatment_beyond_progression_stops_that_day(compiled: CompiledModel) -> None:
    story = Story(compiled, arm(TABLET))
    story.go(range(0, 57, 28), progress={56: [1]})
    assert story.parameter("targeted_daily_dose") == [10.0, 0.0, 10.0, 10.0]


def test_a_limited_tablet_ends_with_its_last_prescription(compiled: CompiledModel) -> None:
    story = Story(compiled, arm({**TABLET, "doses": 2}))
    story.go(range(0, 29, 28))
    assert story.parameter("targeted_daily_dose") == [10.0] * 4
    story.go(range(56, 57))
    assert story.parameter("targeted_daily_dose") == [0.0] * 4
    later = {**TABLET, "label": "tablet", "share": 1.0, "doses": 2}
    second = Story(compiled, arm(ANTIBODY, subsequent=[later]))
    second.go(range(0, 85, 21), progress={42: [0]})
    assert second.parameter("targeted_daily_dose") == [10.0, 0.0, 0.0, 0.0]
    second.go(range(105, 190, 21))
    assert second.days(0, SUBSEQUENT) == [42, 84]  # due on day 70, given at the next visit
    assert second.parameter("targeted_daily_dose") == [0.0] * 4


def test_who_is_in_chemotherapy(compiled: CompiledModel) -> None:
    later = {**CHEMOTHERAPY, "label": "c", "share": 1.0, "doses": 1}
    story = Story(compiled, arm(CHEMOTHERAPY, subsequent=[later]))
    story.go(range(0, 22, 21), progress={21: [1]})
    assert not story.course.in_first_line_chemotherapy(0).any()  # a cycle given today has not begun to tell
    assert story.course.in_first_line_chemotherapy(42).tolist() == [True, False, True, True]
    assert not story.course.in_first_line_chemotherapy(43).any()
    antibody = Story(compiled, arm(ANTIBODY))
    antibody.go(range(1))
    assert not antibody.course.in_first_line_chemotherapy(7).any()


def test_who_needs_a_growth_factor_has_it_with_each_cycle_of_chemotherapy_only(
    compiled: CompiledModel,
) -> None:
    story = Story(compiled, arm(CHEMOTHERAPY, {**ANTIBODY, "every_days": 14}))
    story.course.growth_factor[:] = [False, True, False, False]
    story.go(range(0, 43, 7))
    assert [story.days(row, MANAGEMENT, "pegfilgrastim") for row in range(4)] == [[], [0, 21, 42], [], []]
    given = [record for record in story.records if record.drug == "pegfilgrastim"]
    assert all((record.amount == 6.0).all() and record.unit == "mg" for record in given)


def test_follow_up_ends_at_the_cut_off_or_with_drop_out() -> None:
    patients = np.arange(40_000)
    oak = load_protocol("oak", ("follow_up.dropout_per_year=0",))[0]
    end = end_of_follow_up(oak, STREAMS, patients)
    assert (end.min(), end.max()) == (819 - 240, 818)
    assert abs(end.mean() - (819 - 120 - 0.5)) < 5 * 240 / np.sqrt(12 * patients.size)
    fixed = load_protocol("oak", ("follow_up.dropout_per_year=0", "follow_up.accrual_days=0"))[0]
    assert set(end_of_follow_up(fixed, STREAMS, patients)) == {819.0}
    leaving = load_protocol("oak", ("follow_up.dropout_per_year=0.5", "follow_up.accrual_days=0"))[0]
    stays = np.mean(end_of_follow_up(leaving, STREAMS, patients) >= 365)
    assert abs(stays - np.exp(-0.5 * 365 / 365.25)) < 5 * 0.5 / np.sqrt(patients.size)


def test_the_timeline_holds_scans_and_hazard_grid_and_the_days_of_the_patients() -> None:
    oak = load_protocol("oak")[0]
    plan = timeline(oak)
    assert set(plan.visits) == set(range(21, 820, 21)) | set(oak.scan_days())
    assert plan.end == 819
    assert plan.next_day(0, np.array([7.0, np.inf])) == 7
    assert plan.next_day(0, np.array([99.0])) == 21
    assert plan.next_day(21, np.array([])) == 42
    assert plan.next_day(819, np.array([np.inf])) == 820


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**40), st.integers(2, 5), st.integers(0, 200), st.integers(1, 200))
def test_permuted_blocks_balance_and_ignore_how_they_are_asked_for(
    seed: int, arms: int, first: int, count: int
) -> None:
    streams = RandomStreams(seed)
    everyone = permuted_blocks(streams, 0, first + count, arms)
    assert np.array_equal(permuted_blocks(streams, first, count, arms), everyone[first:])
    whole = everyone[: everyone.size // arms * arms].reshape(-1, arms)
    assert (np.sort(whole, axis=1) == np.arange(arms)).all()


def test_allocation_is_random_within_a_block() -> None:
    first_of_block = permuted_blocks(STREAMS, 0, 20_000, 2)[::2]
    assert abs(first_of_block.mean() - 0.5) < 0.03


def test_a_planned_operation_is_done_though_the_tumour_has_grown(compiled: CompiledModel) -> None:
    operation = {"procedure": "surgery", "first_day": 63}
    for despite, days in ((True, [63.0]), (False, [])):
        story = Story(compiled, arm(ANTIBODY, {**operation, "despite_progression": despite}))
        story.go(range(0, 90, 21), progress={42: [0]})
        assert story.days(0, FIRST_LINE, "surgery") == days
        assert story.days(1, FIRST_LINE, "surgery") == [63.0]
        assert story.administration.resected.tolist() == [despite, True, True, True]


def test_an_adaptive_treatment_goes_off_and_on_by_the_marker(compiled: CompiledModel) -> None:
    deprivation = {"drug": "degarelix", "dose": 80, "unit": "mg", "every_days": 28, "adaptive": {}}
    story = Story(compiled, arm(deprivation), 3)
    everyone = np.ones(3, dtype=bool)
    markers = {0: [10, 10, np.nan], 28: [6, 4, 4], 56: [5, 9, 3], 84: [4, 10, 2], 112: [10, 4, 1]}
    for day, marker in markers.items():
        story.course.give(day, everyone, np.array(marker, dtype=float))
    given = [[day for day in markers if day in story.days(row, FIRST_LINE)] for row in range(3)]
    assert given[0] == [0, 28, 112]  # at half of the marker it pauses, back at the first value it goes on
    assert given[1] == [0, 84]
    assert given[2] == [0, 28, 56]  # its first marker counts as the start: 4, so 2 is half
    assert story.course.adaptive.all()


def test_a_prescribed_corticosteroid_and_a_managed_one_do_not_end_each_other(compiled: CompiledModel) -> None:
    prednisone = {"drug": "prednisone", "dose": 0.5, "unit": "mg/kg/day", "every_days": 7, "last_day": 20}
    story = Story(compiled, arm(ANTIBODY, prednisone), count=3)
    first, second = np.array([0]), np.array([0, 1])
    story.go(range(1))
    assert story.parameter("steroid_dose") == [0.5, 0.5, 0.5]
    story.administration.manage_steroid(
        np.array([1.0, 0.2]), second
    )  # a course for a side effect, and a small one
    assert story.parameter("steroid_dose") == [1.0, 0.5, 0.5]
    story.administration.manage_steroid(
        np.array([0.0]), first
    )  # its taper is over: what was prescribed goes on
    assert story.parameter("steroid_dose") == [0.5, 0.5, 0.5]
    story.go(range(1, 28))
    assert story.parameter("steroid_dose") == [0.0, 0.2, 0.0]


def test_radiotherapy_and_surgery_can_follow_progression(compiled: CompiledModel) -> None:
    field = {"procedure": "radiotherapy", "gray": 8, "fractions": 3, "fractions_per_week": 2}
    later = [
        {"label": "radiotherapy", "share": 0.5, **field},
        {"label": "surgery", "share": 0.5, "procedure": "surgery", "margin": "R1"},
    ]
    story = Story(compiled, arm(ANTIBODY, subsequent=later), count=60)
    story.go(range(120), progress={42: list(range(50))})
    chosen = {"radiotherapy": 0, "surgery": 0}
    for row in range(50):
        names = [name for name in chosen if story.days(row, SUBSEQUENT, name)]
        assert len(names) == 1
        chosen[names[0]] += 1
        expected = {"radiotherapy": [42, 43, 49], "surgery": [42]}[names[0]]
        assert story.days(row, SUBSEQUENT) == expected
    assert min(chosen.values()) > 10
    assert not any(story.days(row, SUBSEQUENT) for row in range(50, 60))
    operated = [row for row in range(50) if story.days(row, SUBSEQUENT, "surgery")]
    assert story.administration.resected.nonzero()[0].tolist() == operated


@pytest.mark.parametrize("key", ["first_day", "despite_progression"])
def test_a_procedure_after_progression_has_no_day_of_its_own(key: str) -> None:
    later = [{"label": "surgery", "share": 1.0, "procedure": "surgery", key: 1}]
    with pytest.raises(ValidationError, match=f"{key} belongs to the first line"):
        arm(ANTIBODY, subsequent=later)


def test_an_operation_leaves_the_stated_share_of_the_tumour(compiled: CompiledModel) -> None:
    operation = {"procedure": "surgery", "residual": 0.25, "first_day": 2}
    story = Story(compiled, arm(operation), count=2)
    story.parameters[:, compiled.parameter_index["seeding_probability"]] = 0.0
    before = story.state("cancer_sensitive")
    story.go(range(3))
    assert story.state("cancer_sensitive") == pytest.approx([0.25 * cells for cells in before], rel=1e-14)
