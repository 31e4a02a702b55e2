"""RECIST 1.1 on hand-made patients with hand-set answers (Eisenhauer 2009; EORTC Q&A)."""

import numpy as np
import pytest
from response_course import course

from unmask.errors import ConfigurationError
from unmask.response import Response, Rules, recist


@pytest.mark.parametrize(
    ("baseline", "before", "now", "expected"),
    [
        (14.0, None, 9.8, "PR"),  # floats give -29.999999999999993 %
        (100.0, None, 70.0, "PR"),
        (100.0, None, 70.1, "SD"),
        (27.0, None, 32.4, "PD"),  # floats give +19.999999999999996 %
        (3.2, None, 8.2, "PD"),  # floats give +4.999999999999999 mm
        (100.0, 90.0, 108.0, "PD"),
        (100.0, 90.0, 107.9, "SD"),
        (100.0, 20.0, 25.0, "PD"),
        (100.0, 20.0, 24.9, "PR"),
        (30.0, 21.0, 25.2, "PR"),
        (30.0, 21.0, 26.0, "PD"),
        (24.0, None, 28.9, "SD"),  # more than 20 %, less than 5 mm
        (24.0, None, 29.0, "PD"),
    ],
)
def test_exact_thresholds(baseline, before, now, expected):
    visits = [[now]] if before is None else [[before], [now]]
    assert course([baseline], visits).target[-1] == expected


def test_growth_under_five_millimetres_says_so():
    found = course([10], [[13]])
    assert (found.overall, found.criterion) == (["SD"], ["growth_under_absolute_limit"])


def test_small_regrowth_after_response_stays_response():
    found = course([165], [[63], [65]])
    assert found.overall == ["PR", "PR"]
    found = course([100], [[70], [70], [80], [80], [80]])
    assert found.overall == ["PR"] * 5
    assert found.criterion[-1] == "response_ongoing"
    strict = Rules(ongoing_partial_response=False)
    assert course([100], [[70], [70], [80]], rules=strict).overall == ["PR", "PR", "SD"]


def test_response_is_over_after_progression():
    # 50 -> 70 is PD; 58 is neither PR against 80 (56) nor PD against 50 (60).
    assert course([80], [[50], [70], [58]]).overall == ["PR", "PD", "SD"]


def test_complete_response_with_normal_nodes():
    found = course([20, 18], [[0, 10.0], [0, 9.9]], nodal=[False, True])
    assert found.target == ["PR", "CR"]
    assert found.criterion[1] == "all_gone"


def test_lesion_back_after_complete_response():
    found = course([20], [[0], [2]])
    assert (found.overall[-1], found.criterion[-1]) == ("PD", "reappearance")
    # Overall response was never CR (non-target disease was left): 2 mm is no progression.
    found = course([20], [[0], [2]], non_target=["NON-CR/NON-PD"] * 2)
    assert found.overall == ["PR", "PR"]
    after_target = Rules(reappearance="after target CR")
    assert course([20], [[0], [2]], non_target=["NON-CR/NON-PD"] * 2, rules=after_target).overall[-1] == "PD"
    never = Rules(reappearance="never")
    assert course([20], [[0], [2]], rules=never).overall == ["CR", "PR"]
    assert course([20], [[0], [5]], rules=never).overall == ["CR", "PD"]


def test_missing_lesion_is_not_evaluable_unless_the_rest_progresses():
    found = course([20, 20, 10], [[10, None, 5], [40, 40, None]])
    assert found.overall == ["NE", "PD"]
    assert found.criterion == ["target_not_measured", "target_growth_partial_sum"]
    off = Rules(partial_sum_can_progress=False)
    assert course([20, 20, 10], [[40, 40, None]], rules=off).overall == ["NE"]


def test_incomplete_sum_does_not_become_the_nadir():
    # A nadir of 10 (one lesion missing) would make 24 a progression.
    assert course([20, 20], [[10, None], [12, 12]]).overall == ["NE", "PR"]


def test_nadir_is_the_smallest_complete_sum_before():
    state = recist.start(np.array([[300]]))
    nadirs = []
    for size in (200, 150, 250):
        state, verdict = recist.step(state, np.array([[size]]))
        nadirs.append(int(verdict.nadir[0]))
    assert nadirs == [300, 200, 150]
    assert verdict.overall[0] == Response.PD


def test_unscanned_visit_changes_nothing():
    found = course([50], [[20], [0], [20]], scanned=[True, False, True])
    assert found.overall == ["PR", "NE", "PR"]
    assert found.criterion[1] == "not_scanned"


def test_new_lesion_is_progression_whatever_the_targets_do():
    found = course([50], [[10]], new=[1])
    assert (found.target, found.overall, found.criterion) == (["PR"], ["PD"], ["new_lesion"])
    assert course([50], [[None]], new=[1]).overall == ["PD"]


def test_non_target_only_disease():
    found = course([], [[], [], []], non_target=["NON-CR/NON-PD", "CR", "PD"])
    assert found.target == ["NA"] * 3
    assert found.overall == ["NON-CR/NON-PD", "CR", "PD"]


def test_bad_arrays_are_refused_by_name():
    state = recist.start(np.array([[100]]))
    with pytest.raises(ConfigurationError, match="target has shape"):
        recist.step(state, np.array([[100, 100]]))
    with pytest.raises(ConfigurationError, match="whole tenths"):
        recist.step(state, np.array([[10.5]]))
    state = recist.start(np.array([[100]]), non_target_present=np.array([True]))
    with pytest.raises(ConfigurationError, match="non_target"):
        recist.step(state, np.array([[100]]), np.array([Response.SD]))


def test_rules_refuse_nonsense():
    with pytest.raises(ConfigurationError, match="reappearance"):
        Rules(reappearance="sometimes")
    with pytest.raises(ConfigurationError, match="confirmation_days"):
        Rules(confirmation_days=-1)
    with pytest.raises(ConfigurationError, match="eisenhauer2009"):
        Rules.preset("eisenhauer")
    assert Rules.preset("eisenhauer2009") == Rules(complete_then_partial="PD")
    assert "progression_tenths = 50" in str(Rules())


def test_non_target_disease_that_is_back_after_a_complete_response_is_progression():
    found = course([20], [[0], [0]], non_target=["CR", "NON-CR/NON-PD"])
    assert found.overall == ["CR", "PD"]
    assert found.criterion[-1] == "reappearance"
    # The target alone was gone: nothing had been complete.
    before = course([20], [[0], [0]], non_target=["NON-CR/NON-PD", "NON-CR/NON-PD"])
    assert before.overall == ["PR", "PR"]
    never = course([20], [[0], [0]], non_target=["CR", "NON-CR/NON-PD"], rules=Rules(reappearance="never"))
    assert never.overall == ["CR", "PR"]


def test_reappearance_after_a_sum_of_zero_is_an_option():
    rules = Rules(reappearance="after zero sum")
    # Three millimetres: too little for the 5 mm rule, but back.
    found = course([20], [[0], [3]], non_target=["NON-CR/NON-PD"] * 2, rules=rules)
    assert found.target == ["CR", "PD"]
    assert course([20], [[0], [3]], non_target=["NON-CR/NON-PD"] * 2).target == ["CR", "PR"]
    # A normal node keeps the sum above zero: the rule has nothing to say.
    node = course([20, 20], [[0, 8], [3, 8]], nodal=[False, True], rules=rules)
    assert node.target == ["CR", "PR"]


def test_the_criterion_says_what_was_not_evaluated():
    found = course([20], [[0], [0]], non_target=["NE", "NON-CR/NON-PD"])
    assert found.overall == ["PR", "PR"]
    assert found.criterion == ["targets_gone_non_target_not_evaluated", "targets_gone_non_target_left"]
