"""iRECIST on hand-made patients with hand-set answers (Seymour 2017 Tables 2 and 3; EORTC Q&A)."""

import itertools

import numpy as np
import pytest
from response_course import course

from unmask.response import ImmuneResponse, Response, Rules, best_response, labels


def test_progression_is_confirmed_by_five_more_millimetres():
    found = course([50], [[60], [65]])
    assert found.irecist == ["iUPD", "iCPD"]
    assert found.irecist_criterion[-1] == "confirmed_target_growth"
    assert found.ipfs_day == 42
    assert course([50], [[60], [64.9]]).irecist == ["iUPD", "iUPD"]


def test_small_increases_add_up_from_the_first_progression():
    assert course([50], [[60], [64], [66]]).irecist == ["iUPD", "iUPD", "iCPD"]


def test_decrease_short_of_stable_stays_unconfirmed():
    found = course([50], [[70], [62]])
    assert (found.irecist, found.irecist_criterion[-1]) == (["iUPD", "iUPD"], "unconfirmed_still")


def test_stability_or_response_against_baseline_closes_the_block():
    found = course([50], [[62], [58], [35], [44]])
    assert found.overall == ["PD", "SD", "PR", "PD"]
    assert found.irecist == ["iUPD", "iSD", "iPR", "iUPD"]
    assert found.irecist_criterion[1] == "progression_not_borne_out"
    assert found.ipfs_day == 42 * 4


def test_not_evaluable_leaves_the_block_open():
    found = course([50], [[62], [None], [67]])
    assert found.irecist == ["iUPD", "NE", "iCPD"]
    assert found.ipfs_day == 42
    found = course([50], [[62], [0], [67]], scanned=[True, False, True])
    assert found.irecist == ["iUPD", "NE", "iCPD"]


def test_a_scan_sooner_than_four_weeks_confirms_nothing():
    early = course([50], [[60], [70], [70]], days=[42, 67, 84])
    assert early.irecist == ["iUPD", "iUPD", "iCPD"]
    assert early.irecist_criterion[1] == "too_early_to_confirm"
    assert course([50], [[60], [70]], days=[42, 68]).irecist[-1] == "iCPD"  # 28 - 2 days of tolerance
    # New symptoms and one more new lesion: confirmed all the same.
    found = course([50], [[50], [50]], new=[1, 2], days=[42, 56], symptoms=[0, 1])
    assert found.irecist == ["iUPD", "iCPD"]
    assert course([50], [[50], [50]], new=[1, 2], days=[42, 56]).irecist[-1] == "iUPD"


def test_a_late_scan_confirms_unless_the_protocol_starts_again():
    late = {"days": [42, 42 + 63]}
    assert course([50], [[60], [70]], **late).irecist[-1] == "iCPD"
    again = course([50], [[60], [70]], rules=Rules(immune_late_scan="starts again"), **late)
    assert again.irecist == ["iUPD", "iUPD"]
    assert again.irecist_criterion[-1] == "late_scan_starts_again"
    assert again.ipfs_day == 42  # never followed by iSD, iPR or iCR: the first iUPD counts


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"new": [1, 1], "new_sum": [12, 16.9]}, "iUPD"),
        ({"new": [1, 1], "new_sum": [12, 17]}, "iCPD"),
        ({"new": [1, 1], "new_grew": [0, 1]}, "iCPD"),
        ({"new": [1, 2]}, "iCPD"),
        ({"new": [1, 0]}, "iSD"),
    ],
)
def test_new_lesion_then(second, expected):
    assert course([50], [[50], [50]], **second).irecist == ["iUPD", expected]


def test_progression_in_another_category_confirms():
    found = course([50], [[62], [62]], new=[0, 1])
    assert (found.irecist[-1], found.irecist_criterion[-1]) == ("iCPD", "confirmed_other_category")
    found = course([50], [[50], [62]], new=[1, 1])
    assert found.irecist[-1] == "iCPD"
    found = course([50], [[62], [62]], non_target=["NON-CR/NON-PD", "PD"])
    assert found.irecist[-1] == "iCPD"


def test_non_target_progression_needs_any_further_increase():
    steady = course([50], [[50], [50]], non_target=["PD", "PD"])
    assert steady.irecist == ["iUPD", "iUPD"]
    grown = course([50], [[50], [50]], non_target=["PD", "PD"], rest_grew=[0, 1])
    assert grown.irecist_criterion[-1] == "confirmed_non_target_growth"


def test_non_target_not_evaluated_leaves_its_block_open():
    assert course([50], [[50], [50]], non_target=["PD", "NE"]).irecist == ["iUPD", "NE"]


def test_scenario_b_improvement_after_a_new_lesion_is_a_response():
    found = course([50], [[50], [30]], new=[1, 1])
    assert found.irecist == ["iUPD", "iPR"]
    # It persists without growing: no new progression.
    assert course([50], [[50], [30], [30]], new=[1, 1, 1]).irecist == ["iUPD", "iPR", "iPR"]
    # A complete response needs the new lesion gone.
    assert course([50], [[50], [0], [0]], new=[1, 1, 0]).irecist == ["iUPD", "iPR", "iCR"]


def test_scenario_f_no_change_after_a_new_lesion_stays_unconfirmed():
    found = course([50], [[30], [30], [30]], new=[0, 1, 1])
    assert found.irecist == ["iPR", "iUPD", "iUPD"]
    assert found.irecist_criterion[-1] == "new_lesion_unchanged"


def test_a_known_new_lesion_progresses_again_by_recist_thresholds():
    settled = {"new": [1, 1, 1], "new_sum": [20, 20, 24.9]}
    assert course([50], [[50], [30], [30]], **settled).irecist[-1] == "iPR"
    settled["new_sum"] = [20, 20, 25]
    assert course([50], [[50], [30], [30]], **settled).irecist[-1] == "iUPD"


def test_new_lesions_count_from_the_scan_that_shows_them():
    found = course([50], [[50], [50], [50]], new=[0, 2, 2], scanned=[True, False, True])
    assert found.irecist == ["iSD", "NE", "iUPD"]


def test_nothing_changes_after_confirmation():
    found = course([50], [[60], [70], [20]])
    assert found.irecist == ["iUPD", "iCPD", "iCPD"]
    assert found.irecist_criterion[-1] == "already_confirmed"


SEYMOUR_TABLE_3 = [
    ("iCR", "iCR|iPR|iUPD|NE", "iCR|iPR|iUPD|NE", "iUPD", "iCPD", "iCR"),
    ("iUPD", "iPR|iSD|NE", "iCR", "iCR|iUPD|NE", "iCR|iPR|iSD|iUPD|iCPD|NE", "iCR"),
    ("iUPD", "iPR", "iPR|iSD|iUPD|NE", "iPR|iSD|iUPD|NE|iCPD", "iPR|iSD|iUPD|NE|iCPD", "iPR"),
    ("iUPD", "iSD|NE", "iPR", "iPR|iSD|iUPD|NE", "iPR|iSD|iUPD|iCPD|NE", "iPR"),
    ("iUPD", "iSD", "iSD|iUPD|NE", "iSD|iUPD|iCPD|NE", "iSD|iUPD|iCPD|NE", "iSD"),
    ("iUPD", "iCPD", "Any", "Any", "Any", "iCPD"),
    ("iUPD", "iUPD", "iCPD", "Any", "Any", "iCPD"),
    ("iUPD", "NE", "NE", "NE", "NE", "iUPD"),
]


@pytest.mark.parametrize("row", SEYMOUR_TABLE_3, ids=[f"example {i}" for i in range(1, 9)])
def test_best_response_of_seymour_table_3(row):
    *visits, expected = row
    choices = [
        ["iCR", "iPR", "iSD", "iUPD", "iCPD", "NE"] if cell == "Any" else cell.split("|") for cell in visits
    ]
    courses = list(itertools.product(*choices))
    codes = np.array([[ImmuneResponse.from_label(c) for c in found] for found in courses])
    best = best_response.ibor(codes, 42 * np.arange(1, 6))
    assert set(labels(best.response, ImmuneResponse)) == {expected}


def codes(*names):
    return np.array([[ImmuneResponse.from_label(name) for name in names]])


def test_ipfs_day_ignores_blocks_that_were_not_borne_out():
    days = 42 * np.arange(1, 6)
    assert best_response.ipfs_day(codes("iUPD", "iSD", "iUPD", "iUPD", "iCPD"), days)[0] == 126
    assert best_response.ipfs_day(codes("iUPD", "NE", "NE", "NE", "NE"), days)[0] == 42
    assert np.isnan(best_response.ipfs_day(codes("iUPD", "iPR", "iPR", "NE", "NE"), days)[0])
    assert best_response.ipfs_day(codes("iUPD", "iCPD", "iPR", "iPR", "iPR"), days)[0] == 42


def test_pseudoprogression():
    days = 42 * np.arange(1, 5)

    def found(*names, valid=None):
        flags = best_response.pseudoprogression(codes(*names), days, valid=valid)
        return bool(flags.response[0]), bool(flags.response_or_stable[0]), bool(flags.first_response[0])

    assert found("iUPD", "iPR", "iPR", "NE") == (True, True, True)
    assert found("iUPD", "NE", "iSD", "iSD") == (False, True, False)
    assert found("iUPD", "iSD", "iPR", "iPR") == (True, True, True)
    assert found("iPR", "iUPD", "iPR", "iPR") == (True, True, False)  # a wobble within a response
    assert found("iUPD", "iUPD", "iCPD", "iPR") == (False, False, False)
    assert found("iPR", "iSD", "iSD", "iUPD") == (False, False, False)
    # Shrinkage under the next drug does not count.
    assert found("iUPD", "iPR", "iPR", "iPR", valid=[[True, False, False, False]]) == (False, False, False)


def test_recist_progression_then_response_is_the_same_patient_in_both():
    found = course([50], [[62], [34], [34]])
    assert found.overall == ["PD", "PR", "PR"]
    best = best_response.confirmed([[Response.from_label(c) for c in found.overall]], 42 * np.arange(1, 4))
    assert labels(best.response, Response)[0] == "PD"
    assert found.irecist == ["iUPD", "iPR", "iPR"]


def test_growth_seen_too_early_still_counts_at_the_next_scan():
    early = {"days": [42, 60, 84]}
    worse = ["PD", "PD", "PD"]
    found = course([50], [[50]] * 3, non_target=worse, rest_grew=[1, 1, 0], **early)
    assert found.irecist == ["iUPD", "iUPD", "iCPD"]
    assert found.irecist_criterion[1:] == ["too_early_to_confirm", "confirmed_non_target_growth"]
    # Without growth in between the same scans confirm nothing.
    still = course([50], [[50]] * 3, non_target=worse, rest_grew=[1, 0, 0], **early)
    assert still.irecist == ["iUPD"] * 3
    # Gone by the next scan: it was not progression.
    gone = course([50], [[50]] * 3, non_target=["PD", "PD", "CR"], rest_grew=[1, 1, 0], **early)
    assert gone.irecist[-1] == "iSD"
    new = course([50], [[50]] * 3, new=[1, 1, 1], new_grew=[0, 1, 0], **early)
    assert new.irecist == ["iUPD", "iUPD", "iCPD"]


def test_exactly_five_millimetres_in_the_row_that_prints_more_than():
    both = {"non_target": ["PD", "PD"]}
    strict = Rules(immune_growth_must_exceed=True)
    assert course([50], [[60], [65]], **both).irecist[-1] == "iCPD"
    assert course([50], [[60], [65]], rules=strict, **both).irecist[-1] == "iUPD"
    assert course([50], [[60], [65.1]], rules=strict, **both).irecist[-1] == "iCPD"
    # The rows with ">=" are left alone.
    assert course([50], [[60], [65]], rules=strict).irecist[-1] == "iCPD"


def test_what_a_response_is_judged_against_to_end_an_unconfirmed_progression():
    course_of = [[50], [65], [62]]  # 30 % above the nadir of 50, then 24 %; baseline 100
    assert course([100], course_of).irecist == ["iPR", "iUPD", "iUPD"]
    against = Rules(immune_reset="baseline")
    assert course([100], course_of, rules=against).irecist == ["iPR", "iUPD", "iPR"]
    # Further growth is progression all the same, and so is what has grown against baseline.
    assert course([100], [[50], [65], [70]], rules=against).irecist[-1] == "iCPD"
    assert course([100], [[130], [128]], rules=against).irecist[-1] == "iUPD"


def test_new_symptoms_confirm_early_only_with_one_more_new_lesion():
    found = course([50], [[50], [50]], new=[1, 1], new_grew=[0, 1], days=[42, 56], symptoms=[0, 1])
    assert found.irecist == ["iUPD", "iUPD"]


def test_an_unmeasured_new_lesion_that_is_gone_confirms_nothing():
    days = [42, 60, 84]
    found = course([50], [[50], [50], [44]], new=[1, 1, 0], new_grew=[0, 1, 0], days=days)
    assert found.irecist == ["iUPD", "iUPD", "iSD"]


def test_a_new_lesion_measured_for_the_first_time_has_not_grown():
    sizes = {"new": [1, 1, 1], "new_sum": [-0.1, -0.1, 12.0]}
    assert course([50], [[50], [40], [40]], **sizes).irecist == ["iUPD", "iSD", "iSD"]


def test_within_the_window_a_scan_confirms_also_where_a_late_one_starts_again():
    rules = Rules(immune_late_scan="starts again")
    assert course([50], [[60], [70]], rules=rules).irecist[-1] == "iCPD"
    # 56 + 2 days are still the window
    assert course([50], [[60], [70]], rules=rules, days=[42, 100]).irecist[-1] == "iCPD"
    assert course([50], [[60], [70]], rules=rules, days=[42, 101]).irecist[-1] == "iUPD"


def test_against_baseline_twenty_per_cent_exactly_is_still_progression():
    rules = Rules(immune_reset="baseline")
    assert course([100], [[125], [120]], rules=rules).irecist[-1] == "iUPD"
    assert course([100], [[125], [119.9]], rules=rules).irecist[-1] == "iSD"


def test_with_a_new_lesion_left_five_millimetres_less_end_an_unconfirmed_progression():
    assert course([50], [[50], [45]], new=[1, 1]).irecist == ["iUPD", "iSD"]
    assert course([50], [[50], [45.1]], new=[1, 1]).irecist == ["iUPD", "iUPD"]
    # Not all targets measured: nobody knows whether it is less, and the new lesion is still there.
    assert course([50, 20], [[50, 20], [40, None]], new=[1, 1]).irecist == ["iUPD", "iUPD"]


def test_with_a_new_lesion_left_better_non_target_disease_ends_it_too():
    better = course([50], [[50], [50]], new=[1, 1], non_target=["NON-CR/NON-PD", "CR"])
    assert better.irecist == ["iUPD", "iSD"]
    same = course([50], [[50], [50]], new=[1, 1], non_target=["NON-CR/NON-PD", "NON-CR/NON-PD"])
    assert same.irecist == ["iUPD", "iUPD"]


def test_against_baseline_small_tumours_need_five_millimetres_too():
    rules = Rules(immune_reset="baseline")
    # 12 mm, gone to 6, back to 16: PD against the nadir; 16.9 is 40 % but under 5 mm above baseline
    assert course([12], [[6], [16], [16.9]], rules=rules).irecist == ["iPR", "iUPD", "iSD"]
    assert course([12], [[6], [16], [17]], rules=rules).irecist[-1] == "iUPD"


def test_a_new_lesion_after_a_scan_without_any_is_new_again():
    # The first went away, the block was closed; another one appears: a new iUPD.
    found = course([50], [[50], [50], [50]], new=[1, 0, 1])
    assert found.irecist == ["iUPD", "iSD", "iUPD"]
    # In a block of target growth it is progression in another category.
    other = course([50], [[50], [44], [60], [60], [60]], new=[1, 1, 1, 0, 1])
    assert other.irecist == ["iUPD", "iSD", "iUPD", "iUPD", "iCPD"]
    # Two, one, two: never without any, so the second is the old one.
    still = course([50], [[50], [44], [44]], new=[2, 1, 2])
    assert still.irecist == ["iUPD", "iSD", "iSD"]
