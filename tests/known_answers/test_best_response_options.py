"""Every option of best response on courses worked out by hand; each answer is another one without its option."""

import numpy as np
import pytest

from unmask.response import ImmuneResponse, Response, Rules, best_response, labels
from unmask.response.confirmation import relapses_as_progression
from unmask.response.irecist import combine

NAN = float("nan")


def codes(visits):
    return [[Response.from_label(visit) for visit in visits]]


def immune(visits):
    return [[ImmuneResponse.from_label(visit) for visit in visits]]


def best(visits, days, confirmed=True, **options):
    find = best_response.confirmed if confirmed else best_response.unconfirmed
    found = find(codes(visits), [days], Rules(**options))
    return labels(found.response, Response)[0], found.day[0]


# Eisenhauer 2009, Table 3, footnote a: after a CR any disease is progression at that visit. Best response is SD if the
# CR was late enough for SD, else PD. (visits, days, SD, PD, PR)
AFTER_COMPLETE = [
    (["CR", "PR"], [42, 84], ("SD", 42), ("SD", 42), ("SD", 42)),
    (["CR", "PR"], [41, 84], ("SD", 84), ("PD", 84), ("SD", 84)),
    (["CR", "SD"], [41, 84], ("SD", 84), ("PD", 84), ("SD", 84)),
    (["CR", "NE", "SD"], [41, 84, 126], ("SD", 126), ("PD", 126), ("SD", 126)),
    (["CR", "NON-CR/NON-PD"], [41, 84], ("NON-CR/NON-PD", 84), ("PD", 84), ("NON-CR/NON-PD", 84)),
    # The relapse ends the assessment: what comes later confirms nothing.
    (["CR", "PR", "PR", "PR"], [42, 84, 126, 168], ("PR", 84), ("SD", 42), ("PR", 42)),
    (["CR", "PR", "CR", "CR"], [42, 84, 126, 168], ("CR", 126), ("SD", 42), ("CR", 126)),
    # A CR that was confirmed before stays confirmed; so does a PR that the CR confirmed.
    (["CR", "CR", "PR"], [42, 84, 126], ("CR", 42), ("CR", 42), ("CR", 42)),
    (["PR", "CR", "PR"], [42, 84, 126], ("PR", 42), ("PR", 42), ("PR", 42)),
    (["PR", "CR", "PR"], [42, 52, 95], ("SD", 42), ("SD", 42), ("PR", 42)),
    (["PR", "PR"], [42, 84], ("PR", 42), ("PR", 42), ("PR", 42)),
]


@pytest.mark.parametrize(("visits", "days", "sd", "pd", "pr"), AFTER_COMPLETE)
def test_complete_then_partial(visits, days, sd, pd, pr):
    found = [best(visits, days, complete_then_partial=choice) for choice in ("SD", "PD", "PR")]
    expected = [sd, pd, pr]
    if visits == ["CR", "PR"]:
        expected[2] = ("PR", days[0])  # the CR is corrected to PR, which the PR confirms
    assert found == expected


def test_a_relapse_is_progression_from_the_first_disease_on():
    found = relapses_as_progression(
        np.array(codes(["PR", "CR", "NE", "CR", "SD", "CR", "PR"]), dtype=np.int8)
    )
    assert list(labels(found, Response)[0]) == ["PR", "CR", "NE", "CR", "PD", "CR", "PD"]


@pytest.mark.parametrize(
    ("visits", "days", "counts", "counts_not"),
    [
        (["PR", "PD"], [42, 84], ("SD", 42), ("PD", 84)),
        (["CR", "NE"], [42, 84], ("SD", 42), ("NE", 42)),
        (["PR", "SD"], [42, 84], ("SD", 42), ("SD", 84)),
        (["PR", "PR"], [42, 84], ("PR", 42), ("PR", 42)),
    ],
)
def test_response_counts_as_stable(visits, days, counts, counts_not):
    assert best(visits, days) == counts
    assert best(visits, days, response_counts_as_stable=False) == counts_not


@pytest.mark.parametrize(
    ("visits", "days", "progression", "not_evaluable"),
    [
        (["PD"], [41], ("PD", 41), ("NE", 41)),
        (["PD"], [42], ("PD", 42), ("PD", 42)),
        (["NE", "PD"], [20, 41], ("PD", 41), ("NE", 20)),
        (["SD", "PD"], [20, 84], ("PD", 84), ("PD", 84)),
        (["SD", "PD"], [42, 43], ("SD", 42), ("SD", 42)),
    ],
)
def test_early_progression(visits, days, progression, not_evaluable):
    for confirmed in (True, False):
        assert best(visits, days, confirmed) == progression
        assert best(visits, days, confirmed, early_progression="NE") == not_evaluable


def test_early_progression_does_not_touch_irecist():
    for choice in ("PD", "NE"):
        rules = Rules(early_progression=choice)
        for course, wanted in ((["iUPD"], "iUPD"), (["iUPD", "iCPD"], "iCPD")):
            found = best_response.ibor(immune(course), [[10, 41][: len(course)]], rules)
            assert labels(found.response, ImmuneResponse)[0] == wanted


@pytest.mark.parametrize(
    ("visits", "days", "qualifying", "response"),
    [
        # The case of admiralonco's issue 244: PR on day 36, then PD.
        (["PR", "PD"], [36, 78], ("PD", 78), ("PD", 36)),
        (["SD", "PR", "PD"], [42, 84, 126], ("SD", 42), ("SD", 84)),
        (["PR", "SD"], [36, 78], ("SD", 78), ("SD", 36)),
        (["SD", "PD"], [42, 84], ("SD", 42), ("SD", 42)),
        (["SD", "PR", "PR"], [42, 84, 126], ("PR", 84), ("PR", 84)),
        (["PR", "NE"], [20, 30], ("NE", 20), ("NE", 20)),
    ],
)
def test_fallback_day(visits, days, qualifying, response):
    assert best(visits, days) == qualifying
    assert best(visits, days, fallback_day="first response") == response


@pytest.mark.parametrize(
    ("course", "days", "first", "last"),
    [
        (["iUPD", "iUPD", "NE", "iUPD"], [42, 84, 126, 168], 42, 168),
        (["iUPD", "iSD", "iUPD", "iUPD"], [42, 84, 126, 168], 126, 168),
        # Confirmed: the first of its block, whatever the option says about unconfirmed ones.
        (["iUPD", "iUPD", "iCPD", "iUPD"], [42, 84, 126, 168], 42, 42),
        (["iUPD", "iPR"], [42, 84], NAN, NAN),
        (["iUPD", "NON-iCR/NON-iUPD", "NE"], [42, 84, 126], NAN, NAN),
        (["iCPD"], [42], 42, 42),
    ],
)
def test_repeated_iupd(course, days, first, last):
    for choice, day in (("first", first), ("last", last)):
        found = best_response.ipfs_day(immune(course), [days], Rules(repeated_iupd=choice))
        assert np.array_equal(found, [day], equal_nan=True)


def test_the_visits_behind_a_best_response():
    found = best_response.confirmed(
        [
            *codes(["SD", "PR", "CR", "CR", "PD"]),
            *codes(["NE", "SD", "PR", "PD", "PD"]),
            *codes(["MISSING"] * 5),
        ],
        [41, 83, 125, 167, 209],
    )
    assert found.visit.tolist() == [2, 1, -1]
    assert found.first_response_visit.tolist() == [1, -1, -1]
    assert np.array_equal(found.day, [125, 83, NAN], equal_nan=True)
    immune_best = best_response.ibor(immune(["iUPD", "iCPD", "iPR"]), [42, 84, 126])
    assert (immune_best.visit[0], immune_best.day[0], immune_best.first_response_visit[0]) == (1, 84, -1)


@pytest.mark.parametrize(
    ("visits", "days", "options", "wanted"),
    [
        (["PR", "SD", "PR"], [42, 84, 126], {"max_stable_between": 1}, "PR"),
        # One SD is allowed for PR, never between two CR (admiralonco accept_sd).
        (["CR", "SD", "CR"], [42, 84, 126], {"max_stable_between": 1}, "SD"),
        (["CR", "NE", "NE", "CR"], [42, 84, 126, 168], {"max_not_evaluable_between": 2}, "CR"),
        (["PR", "NE", "PR"], [42, 84, 126], {"max_not_evaluable_between": 0}, "SD"),
        # The pair ends at the first visit late enough: an NE after it counts no more.
        (["PR", "PR", "NE", "NE"], [42, 70, 84, 126], {"max_not_evaluable_between": 0}, "PR"),
        (["PR", "CR", "NE", "CR"], [42, 73, 88, 102], {}, "CR"),
        (["PR", "PD", "PR", "PR"], [42, 84, 126, 168], {"progression_ends_assessment": False}, "PR"),
        (["PR", "NON-CR/NON-PD", "PR"], [42, 84, 126], {}, "SD"),
        (["PR", "ND", "PR"], [42, 84, 126], {}, "SD"),
        (["ND", "ND"], [42, 84], {}, "ND"),
        (["ND", "NE"], [42, 84], {}, "NE"),
    ],
)
def test_what_may_stand_between_a_response_and_its_confirmation(visits, days, options, wanted):
    assert best(visits, days, **options)[0] == wanted


@pytest.mark.parametrize(
    ("target", "non_target", "new", "wanted"),
    [
        ("iCR", "iCR", False, "iCR"),
        ("iCR", "NON-iCR/NON-iUPD", False, "iPR"),
        ("iPR", "NE", False, "iPR"),
        ("iSD", "NE", False, "iSD"),
        ("iSD", "iUPD", False, "iUPD"),
        ("iPR", "iPR", False, "iPR"),  # recorded so; non-target disease has no iPR
        ("NE", "NE", True, "iUPD"),
        ("NE", "NON-iCR/NON-iUPD", False, "NE"),
        ("iUPD", "iCPD", False, "iCPD"),
        ("iCPD", "iCR", True, "iCPD"),
        ("MISSING", "iCR", False, "iCR"),  # MISSING: no such disease
        ("MISSING", "NON-iCR/NON-iUPD", False, "NON-iCR/NON-iUPD"),
    ],
)
def test_irecist_overall_response_of_recorded_verdicts(target, non_target, new, wanted):
    verdicts = (np.array([ImmuneResponse.from_label(word)], dtype=np.int8) for word in (target, non_target))
    found = combine(*verdicts, np.array([new]))
    assert labels(found, ImmuneResponse)[0] == wanted
