"""Response and clinical benefit on courses worked out by hand."""

import numpy as np
import pytest

from unmask.response import ImmuneResponse, Response, Rules, benefit, best_response

NAN = float("nan")


def recist(visits):
    return [[Response.from_label(visit) for visit in visits]]


def immune(visits):
    return [[ImmuneResponse.from_label(visit) for visit in visits]]


@pytest.mark.parametrize(
    ("visits", "days", "day", "confirmed_day"),
    [
        (["SD"], [41], NAN, NAN),
        (["SD"], [42], 42, 42),
        (["NON-CR/NON-PD"], [42], 42, 42),
        (["PD"], [42], NAN, NAN),
        (["NE", "NE"], [42, 84], NAN, NAN),
        # A response is a benefit on any day; unconfirmed it is none before the window ...
        (["PR", "PD"], [20, 84], 20, NAN),
        # ... and no progression from the window on, confirmed or not.
        (["PR", "PD"], [42, 84], 42, 42),
        (["PR", "SD"], [20, 44], 20, 44),
        (["PR", "PR"], [20, 48], 20, 20),
        (["SD", "PR", "PR"], [42, 84, 126], 42, 42),
        (["PD", "PR", "PR"], [20, 84, 126], NAN, NAN),
    ],
)
def test_clinical_benefit(visits, days, day, confirmed_day):
    for confirmed, wanted in ((False, day), (True, confirmed_day)):
        found = benefit.clinical_benefit(recist(visits), [days], confirmed=confirmed)
        assert np.array_equal(found.day, [wanted], equal_nan=True)
        assert found.yes[0] == (wanted == wanted)
        assert found.visit[0] == (days.index(wanted) if wanted == wanted else -1)


def test_disease_control_of_at_least_168_days():
    days = [42, 84, 126, 168]
    stays = benefit.clinical_benefit(recist(["SD", "SD", "SD", "SD"]), [days], from_day=168)
    leaves = benefit.clinical_benefit(recist(["SD", "SD", "SD", "PD"]), [days], from_day=168)
    assert (stays.day[0], bool(leaves.yes[0])) == (168, False)


def test_an_unconfirmed_response_is_no_stable_disease_by_option():
    rules = Rules(response_counts_as_stable=False)
    visits, days = recist(["PR", "PD"]), [[42, 84]]
    assert benefit.clinical_benefit(visits, days, confirmed=True).yes[0]
    assert not benefit.clinical_benefit(visits, days, rules, confirmed=True).yes[0]
    assert benefit.clinical_benefit(visits, days, rules).yes[0]


def test_after_a_complete_response_disease_is_no_benefit_by_option():
    visits, days = recist(["CR", "PR"]), [[41, 84]]
    assert benefit.clinical_benefit(visits, days, confirmed=True).day[0] == 84
    relapse = Rules(complete_then_partial="PD")
    assert not benefit.clinical_benefit(visits, days, relapse, confirmed=True).yes[0]


def test_responses_that_are_known_already_and_values_that_count():
    visits, days = recist(["SD", "NON-CR/NON-PD"]), [[41, 84]]
    assert benefit.clinical_benefit(visits, days).day[0] == 84
    strict = benefit.clinical_benefit(visits, days, controlled=[Response.SD])
    assert not strict.yes[0]
    known = benefit.clinical_benefit(visits, days, response_day=[50])
    assert (known.day[0], known.visit[0]) == (50, -1)
    later = benefit.clinical_benefit(visits, days, response_day=[90])
    assert (later.day[0], later.visit[0]) == (84, 1)


@pytest.mark.parametrize(
    ("course", "days", "day", "confirmed_day"),
    [
        (["iUPD", "iSD"], [42, 84], 84, 84),
        (["iUPD", "iPR"], [20, 30], 30, NAN),
        (["iUPD", "iCPD", "iSD"], [42, 84, 126], NAN, NAN),
        (["iPR", "iPR"], [20, 48], 20, 20),
        (["NON-iCR/NON-iUPD"], [42], 42, 42),
    ],
)
def test_immune_clinical_benefit(course, days, day, confirmed_day):
    for confirmed, wanted in ((False, day), (True, confirmed_day)):
        found = benefit.immune_clinical_benefit(immune(course), [days], confirmed=confirmed)
        assert np.array_equal(found.day, [wanted], equal_nan=True)


def test_response_is_that_of_the_best_response_given():
    visits, days = recist(["PR", "SD", "PR", "PR"]), [[42, 84, 126, 168]]
    loose = benefit.response(best_response.unconfirmed(visits, days))
    strict = benefit.response(best_response.confirmed(visits, days))
    assert (loose.day[0], loose.visit[0]) == (42, 0)
    assert (strict.day[0], strict.visit[0]) == (126, 2)
    # iRECIST: the duration of response starts at the first iCR or iPR before any iCPD, after an iUPD too.
    immune_best = best_response.ibor(immune(["iUPD", "iPR", "iCR", "iCPD"]), days)
    assert benefit.response(immune_best).day[0] == 84
