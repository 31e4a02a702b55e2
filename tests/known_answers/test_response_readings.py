"""Hand-made patients for points on which a second implementation once read the rules otherwise (docs/response.md)."""

import numpy as np
from response_course import course

from unmask.response import ImmuneResponse, Measurements, Response, Rules, judge, outcomes


def test_growth_of_a_tolerated_new_lesion_confirms_a_later_progression():
    """Day 42 a new lesion of 12 mm; day 84 the target is 10 mm less, so it is tolerated; day 126 the target grows."""
    sizes = [[50], [40], [48], [48]]
    grown = course([50], sizes, new=[1, 1, 1, 1], new_sum=[12, 12, 12, 17])
    assert grown.irecist == ["iUPD", "iSD", "iUPD", "iCPD"]
    assert grown.irecist_criterion[-1] == "confirmed_other_category"
    assert course([50], sizes, new=[1, 1, 1, 1], new_sum=[12, 12, 12, 16.9]).irecist[-1] == "iUPD"
    by_eye = course([50], sizes, new=[1, 1, 1, 1], new_grew=[0, 0, 0, 1])
    assert by_eye.irecist == ["iUPD", "iSD", "iUPD", "iCPD"]


def test_such_growth_seen_too_early_counts_at_the_next_scan():
    found = course(
        [50],
        [[50], [40], [48], [48], [48]],
        new=[1] * 5,
        new_grew=[0, 0, 0, 1, 0],
        days=[42, 84, 126, 140, 168],
    )
    assert found.irecist == ["iUPD", "iSD", "iUPD", "iUPD", "iCPD"]


def test_a_new_lesion_that_replaces_another_confirms_progression():
    """Day 42 lesion N1; day 84 it is gone and N2 is there: one new lesion at both, and another one all the same."""
    replaced = course([50], [[50], [50]], new=[1, 1], newest=[42, 84])
    assert replaced.irecist == ["iUPD", "iCPD"]
    assert replaced.irecist_criterion[-1] == "confirmed_more_new_lesions"
    assert course([50], [[50], [50]], new=[1, 1], newest=[42, 42]).irecist == ["iUPD", "iUPD"]
    # Seen at a scan that was too early, and still there at the next one.
    days = [42, 60, 84]
    early = course([50], [[50], [50], [50]], new=[1, 1, 1], newest=[42, 60, 60], days=days)
    assert early.irecist == ["iUPD", "iUPD", "iCPD"]


def test_a_new_lesion_that_replaces_a_tolerated_one_is_progression():
    found = course([50], [[50], [40], [40], [40]], new=[1, 1, 1, 1], newest=[42, 42, 42, 168])
    assert found.irecist == ["iUPD", "iSD", "iSD", "iUPD"]


def test_a_new_lesion_that_is_back_beside_another_is_not_one_more():
    """Day 42 N1 and N2, day 84 N1 alone, day 126 both again: nothing that was not there before."""
    found = course([50], [[50], [40], [40]], new=[2, 1, 2], newest=[42, 42, 42])
    assert found.irecist == ["iUPD", "iSD", "iSD"]


def test_without_targets_there_is_no_ipr():
    """Non-target disease goes while a new lesion stays: not iCR, and iPR is of targets (Seymour Table 3, note)."""
    found = course([], [[], []], non_target=["NON-CR/NON-PD", "CR"], new=[1, 1])
    assert found.irecist == ["iUPD", "NON-iCR/NON-iUPD"]
    with_target = course([50], [[50], [0]], non_target=["NON-CR/NON-PD", "CR"], new=[1, 1])
    assert with_target.irecist == ["iUPD", "iPR"]


def test_a_new_lesion_still_there_is_iupd_although_nothing_else_was_evaluated():
    """Seymour Table 2: any target, any non-target, new lesion yes (RECIST 1.1 calls the same visit PD)."""
    found = course([50], [[50], [None], [50]], new=[1, 1, 0])
    assert found.overall == ["PD", "PD", "SD"]
    assert found.irecist == ["iUPD", "iUPD", "iSD"]
    assert found.irecist_criterion[1] == "new_lesion_unchanged"
    # A lesion that an earlier response tolerated holds no block open.
    tolerated = course([50], [[50], [40], [48], [None]], new=[1, 1, 1, 1])
    assert tolerated.irecist == ["iUPD", "iSD", "iUPD", "NE"]


def test_nodes_that_stay_normal_do_not_progress_by_their_sum():
    """15 mm, 4 mm, 9.9 mm: +148 % and 5.9 mm on the nadir, and still a benign node (EORTC, abnormal lymph node)."""
    found = course([15], [[4], [9.9], [10]], nodal=[True])
    assert found.target == ["CR", "CR", "PD"]
    # The same growth beside a lesion that is there counts in the sum.
    both = course([15, 20], [[4, 10], [9.9, 10]], nodal=[True, False])
    assert both.target == ["PR", "PD"]
    # One node not measured: what was measured is benign, and nothing shows progression.
    partial = course([15, 15], [[2, 2], [9.9, None]], nodal=[True, True])
    assert partial.target == ["CR", "NE"]


def test_normal_nodes_confirm_no_progression():
    """One node back at 10 mm is iUPD; then both are normal, and their larger sum is no further growth."""
    found = course([15, 15], [[0, 4], [0, 10], [9.9, 9.9]], nodal=[True, True])
    assert found.irecist == ["iCR", "iUPD", "iCR"]


def test_a_node_of_ten_millimetres_after_an_overall_complete_response_is_back():
    """9 mm and then 10 mm: +1 mm, but disease after a CR (EORTC, abnormal lymph node; Eisenhauer Table 3 a)."""
    found = course([15], [[9], [9.9], [10]], nodal=[True])
    assert found.overall == ["CR", "CR", "PD"]
    assert found.criterion[-1] == "reappearance"
    # Without an overall CR before it the sum decides.
    left = course([15], [[9], [10]], nodal=[True], non_target=["NON-CR/NON-PD", "NON-CR/NON-PD"])
    assert left.overall == ["PR", "PR"]
    after_target = course(
        [15],
        [[9], [10]],
        nodal=[True],
        non_target=["NON-CR/NON-PD"] * 2,
        rules=Rules(reappearance="after target CR"),
    )
    assert after_target.overall == ["PR", "PD"]


def test_what_was_measured_at_the_first_iupd_is_the_least_that_must_be_exceeded():
    """Day 42 two of three lesions are 80 mm, day 84 all are 70 mm: 80 mm on day 126 is no growth since the iUPD."""
    first = [40, 40, None]
    found = course([20, 20, 10], [first, [30, 30, 10], [35, 35, 10], [38, 37, 10]])
    assert found.irecist == ["iUPD", "iUPD", "iUPD", "iCPD"]
    # A larger complete sum replaces it: the third lesion may always have been 10 mm.
    larger = course([20, 20, 10], [first, [40, 40, 10], [40, 43, 10], [40, 45, 10]])
    assert larger.irecist == ["iUPD", "iUPD", "iUPD", "iCPD"]


def test_less_than_what_was_measured_at_the_first_iupd_is_improvement():
    found = course([30, 5], [[30, None], [20, 5]], new=[1, 1])
    assert found.irecist == ["iUPD", "iSD"]
    assert course([30, 5], [[30, None], [20, 5.1]], new=[1, 1]).irecist == ["iUPD", "iUPD"]


def test_a_partial_sum_that_cannot_progress_cannot_confirm_either():
    visits = [[30, 30], [40, None], [70, None]]
    assert course([25, 25], visits).irecist == ["iUPD", "NE", "iCPD"]
    strict = course([25, 25], visits, rules=Rules(partial_sum_can_progress=False))
    assert strict.irecist == ["iUPD", "NE", "NE"]


def after_complete_response(non_target, target, rules):
    """A CR on day 84, and then a visit on day 126; the patient's outcomes."""
    codes = [Response.from_label(word) for word in ("NON-CR/NON-PD", "CR", non_target)]
    measured = Measurements.of(
        [[500]], [[[300], [0], [target]]], [42, 84, 126], non_target_present=[True], non_target=[codes]
    )
    return outcomes(judge(measured, rules))


def test_disease_must_be_seen_to_be_progression_after_a_complete_response():
    """Day 126: the target is still gone, non-target disease was not looked at. PR by Table 1, but no disease."""
    found = after_complete_response("NE", 0, Rules.preset("eisenhauer2009"))
    assert np.isnan(found.progression_day[0])
    assert found.confirmed.response[0] == Response.PR  # of day 42, confirmed by the CR


def test_disease_after_a_complete_response_is_progression_in_every_endpoint():
    rules = Rules(complete_then_partial="PD", reappearance="never")
    found = after_complete_response("CR", 20, rules)
    assert found.progression_day[0] == 126
    assert np.isnan(
        after_complete_response("CR", 20, rules.changed(complete_then_partial="SD")).progression_day[0]
    )


def test_an_ipr_that_only_goes_on_confirms_none():
    """Baseline 100 mm, then 70 (iPR), 75 (iPR, since it goes on: -25 %): the criteria are not met again."""
    measured = Measurements.of([[1000]], [[[700], [750]]], [42, 84])

    def best(**options):
        found = outcomes(judge(measured, Rules(immune_confirmed_response=True, **options)))
        return ImmuneResponse(int(found.irecist.response[0])).label

    assert best() == "iSD"
    assert best(ongoing_response_confirms=True) == "iPR"


def test_nor_does_one_beside_a_tolerated_new_lesion():
    """As above, with a new lesion at every visit that the shrinkage after it made tolerable."""
    measured = Measurements.of([[1000]], [[[1000], [700], [750]]], [42, 84, 126], new_count=[[1, 1, 1]])
    found = outcomes(judge(measured, Rules(immune_confirmed_response=True)))
    assert ImmuneResponse(int(found.irecist.response[0])).label == "iSD"


def test_a_scan_is_late_after_the_last_iupd_and_not_after_the_first():
    """Seymour Table 3, example 7, six weeks apart: iUPD, iUPD, iCPD, though the third is 84 days after the first."""
    rules = Rules(immune_late_scan="starts again")
    assert course([50], [[60], [64], [66]], rules=rules).irecist == ["iUPD", "iUPD", "iCPD"]
    late = course([50], [[60], [64], [66]], days=[42, 84, 143], rules=rules)
    assert late.irecist == ["iUPD", "iUPD", "iUPD"]
    assert late.irecist_criterion[-1] == "late_scan_starts_again"
    # A scan that was too early is no iUPD to count from.
    early = course([50], [[60], [60], [66]], days=[42, 60, 102], rules=rules)
    assert early.irecist_criterion[-1] == "late_scan_starts_again"


def test_a_window_that_starts_again_keeps_the_new_lesion():
    """The target grows late and shrinks again: the new lesion of day 42 is still there, and now it grows."""
    rules = Rules(immune_late_scan="starts again")
    visits = [[50], [60], [50]]
    found = course([50], visits, new=[1, 1, 1], new_sum=[12, 12, 17], days=[42, 143, 185], rules=rules)
    assert found.irecist == ["iUPD", "iUPD", "iCPD"]
    assert found.irecist_criterion[1:] == ["late_scan_starts_again", "confirmed_new_lesion_growth"]


def test_a_new_lesion_that_is_back_is_compared_with_itself_and_not_with_nothing():
    """12 mm, gone (0 mm), back at 12 mm: a new iUPD. Once tolerated it must grow by 20 % and 5 mm to progress again."""
    visits = [[50], [50], [50], [40], [40], [40]]
    found = course([50], visits, new=[1, 0, 1, 1, 1, 1], new_sum=[12, 0, 12, 12, 12, 17])
    assert found.irecist == ["iUPD", "iSD", "iUPD", "iSD", "iSD", "iUPD"]


def test_a_new_lesion_back_at_a_scan_that_was_too_early_is_new_at_the_next():
    """N1 of day 42 is gone on day 84 and back on day 140, two weeks after an iUPD by growth: iCPD on day 168."""
    visits = [[50], [40], [48], [48], [48]]
    days = [42, 84, 126, 140, 168]
    for newest in ([42, None, None, 42, 42], None):
        told = None if newest is None else [float("nan") if day is None else day for day in newest]
        found = course([50], visits, new=[1, 0, 0, 1, 1], newest=told, days=days)
        assert found.irecist == ["iUPD", "iSD", "iUPD", "iUPD", "iCPD"]
