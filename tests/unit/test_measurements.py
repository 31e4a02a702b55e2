"""The door for programs that have their measurements in memory: what it refuses, and what it fills in."""

import numpy as np
import pytest

from unmask.errors import ConfigurationError
from unmask.response import Difference, Measurements, Progression, Response, Rules, judge, labels, outcomes


def one(target, **others):
    return Measurements.of(np.array([[500]]), np.array([[[size] for size in target]]), **others)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"baseline": [[50.0]]}, ("baseline", "float64", "integers")),
        ({"target": [[50]]}, ("target", "(1, visits, 1)")),
        ({"baseline": [500]}, ("baseline", "2 dimensions")),
        ({"day": [[42, 84, 126]]}, ("day", "(1, 2)")),
        ({"day": [[84, 42]]}, ("visit 1", "day 42", "in order of time")),
        ({"day": [[42, 42]]}, ("visit 1",)),
        ({"nodal": [True]}, ("nodal", "(1, 1)")),
        ({"new_count": [1, 2]}, ("new_count", "(1, 2)")),
        ({"new_count": 1.5}, ("new_count", "float64")),
        ({"newest_day": [42.0, 84.0]}, ("newest_day", "(1, 2)")),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, words):
    good = {"baseline": [[500]], "target": [[[500], [500]]], "day": [[42, 84]]}
    with pytest.raises(ConfigurationError) as caught:
        Measurements.of(**(good | change))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_lengths_that_cannot_be_are_refused():
    with pytest.raises(ConfigurationError, match="-3 mm"):
        Measurements.from_millimetres([[50]], [[[-3]]], 42)
    with pytest.raises(ConfigurationError, match="inf"):
        Measurements.from_millimetres([[50]], [[[np.inf]]], 42)


def test_gaps_between_visits_are_allowed():
    found = judge(one([500, 400, 300], day=[[42, np.nan, 126]]))
    assert labels(found.overall, Response)[0].tolist() == ["SD", "MISSING", "PR"]


def test_an_equivocal_lesion_that_is_confirmed_dates_progression_back():
    new = {"new_count": [[0, 0, 1]], "new_since": [[np.nan, np.nan, 84.0]]}
    m = one([500, 500, 500], day=[[42, 84, 126]], **new)
    verdicts = judge(m)
    assert labels(verdicts.overall, Response)[0].tolist() == ["SD", "SD", "PD"]
    assert outcomes(verdicts).progression_day == [84.0]
    assert outcomes(verdicts).irecist_progression_day == [84.0]
    plain = outcomes(judge(m, Rules(equivocal_dated_back=False)))
    assert plain.progression_day == [126.0]
    # A lesion that stayed equivocal is none.
    assert np.isnan(outcomes(judge(one([500, 500, 500], day=[[42, 84, 126]]))).progression_day)


@pytest.mark.parametrize(
    ("sizes", "progression", "difference", "changes"),
    [
        ([500, 450, 440], "none", "none", False),
        ([700, 300, 290], "pseudoprogression", "response after progression", True),
        ([700, 500, 480], "stable after", "stable after progression", True),
        ([300, 400, 300], "within response", "progression withdrawn", False),
        ([300, 400, 0], "within response", "deeper response after progression", True),
        ([700, 760, 800], "confirmed", "none", False),
        ([700, 710, 700], "unconfirmed", "progression not confirmed", False),
        ([700, -1, -1], "not scanned again", "progression not confirmed", False),
        ([500, 400, 500], "unconfirmed", "progression later", False),
    ],
)
def test_progression_has_a_named_outcome_and_a_difference_its_reason(sizes, progression, difference, changes):
    if difference == "progression later":  # withdrawn once, and again at the end
        sizes, progression = [350, 450, 350, 500], "within response"
    found = outcomes(judge(one(sizes, day=42.0 * np.arange(1, len(sizes) + 1))))
    assert Progression(int(found.progression[0])).label == progression
    assert Difference(int(found.difference[0])).label == difference
    assert bool(found.category_changes[0]) == changes


def test_millimetres_are_judged_as_written():
    def overall(baseline, *sizes):
        found = judge(Measurements.from_millimetres([baseline], [[sizes]], 42))
        return labels(found.overall, Response)[0, 0]

    assert overall([20], 24.95) == "SD"  # 4.95 mm of growth are not 5
    assert overall([20], 25.0) == "PD"
    assert overall([10.1, 10.1, 10.1], 7.07, 7.07, 7.07) == "PR"
    assert overall([25], 29.9994) == "SD"


@pytest.mark.parametrize("baseline", [[["a"]], [[1e30]], [[np.inf]]])
def test_what_is_no_length_is_named(baseline):
    with pytest.raises(ConfigurationError, match="NaN where"):
        Measurements.from_millimetres(baseline, [[[10]]], 42)


def test_rules_by_name_are_refused_with_the_way_to_them():
    with pytest.raises(ConfigurationError, match=r"Rules\.preset"):
        judge(one([500], day=[[42]]), "fda")


def test_one_day_for_two_visits_is_a_matter_of_shape():
    with pytest.raises(ConfigurationError, match="shape"):
        one([500, 400], day=[[42]])
