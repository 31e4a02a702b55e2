"""Hand-made patients, one per rule, with the answer set by hand (the style of admiralonco's own tests)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from unmask.errors import ConfigurationError, DataError
from unmask.response import Rules
from unmask.survival.endpoints import ENDPOINTS, VARIANTS, time_to_event

NAN = np.nan
SCHEDULE = (42.0, 84.0, 126.0, 168.0, 210.0, 252.0, 315.0)


def tables(*people: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients numbered from 1; ``visits`` is {day: overall response} or {day: (overall, iRECIST)}."""
    patients, visits = [], []
    for number, person in enumerate(people, start=1):
        row = {"best_response": "SD", "response_day": NAN, "death_day": NAN, "censor_day": 800.0}
        row |= {"patient": number, "arm": "a"}
        patients.append(row | {key: value for key, value in person.items() if key != "visits"})
        for day, verdict in person.get("visits", {}).items():
            overall, immune = verdict if isinstance(verdict, tuple) else (verdict, verdict)
            visits.append((number, "a", float(day), overall, immune))
    names = ["patient", "arm", "day", "overall_response", "irecist_response"]
    return pd.DataFrame(visits, columns=names), pd.DataFrame(patients)


def derive(
    person: dict, endpoint: str, scan_days: tuple[float, ...] = (), **rules: object
) -> tuple[float, bool, str] | None:
    # A second patient with every scheduled scan makes the schedule known from the table, as in a trial.
    companion = {"visits": dict.fromkeys(SCHEDULE, "SD")}
    extra = {
        key: NAN for key in person if key in ("ipfs_day", "subsequent_therapy_day", "irecist_response_day")
    }
    wanted = (ENDPOINTS | VARIANTS)[endpoint]
    table = time_to_event(*tables(person, companion | extra), Rules(**rules), [wanted], scan_days=scan_days)
    rows = table[(table["patient"] == 1) & (table["endpoint"] == endpoint)]
    if rows.empty:
        return None
    assert len(rows) == 1
    row = rows.iloc[0]
    return float(row["time_days"]), bool(row["event"]), str(row["reason"])


LAST = "no progression at the last adequate assessment"
RECIST = "progression by RECIST 1.1"


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({"death_day": 200.0}, (200.0, True, "death")),
        ({}, (800.0, False, "alive at the end of follow-up")),
        # known only until the cut-off: a later death is in the future
        ({"death_day": 801.0}, (800.0, False, "alive at the end of follow-up")),
        ({"death_day": 800.0}, (800.0, True, "death")),
        # no cut-off was recorded: followed until the last visit
        ({"censor_day": NAN, "visits": {42: "SD", 84: "NE"}}, (84.0, False, "alive at the end of follow-up")),
        ({"censor_day": NAN}, (0.0, False, "alive at the end of follow-up")),
        # a date is a whole day
        ({"death_day": 41.3}, (42.0, True, "death")),
        ({"death_day": 42.0000000001}, (42.0, True, "death")),
    ],
)
def test_overall_survival(person: dict, expected: tuple) -> None:
    assert derive(person, "OS") == expected


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({"visits": {42: "SD", 84: "PD"}}, (84.0, True, RECIST)),
        # treated beyond progression: the first PD counts
        ({"visits": {42: "PD", 84: "PR", 126: "PD"}}, (42.0, True, RECIST)),
        ({"visits": {42: "SD", 84: "SD"}, "death_day": 100.0}, (100.0, True, "death")),
        ({"visits": {42: "SD", 84: "PD"}, "death_day": 84.0}, (84.0, True, RECIST)),
        ({"visits": {42: "SD", 84: "SD"}}, (84.0, False, LAST)),
        # not evaluable is no evidence of freedom from progression
        ({"visits": {42: "SD", 84: "NE"}}, (42.0, False, LAST)),
        ({"visits": {42: "SD", 84: ""}}, (42.0, False, LAST)),
        ({"visits": {42: "SD", 84: None}}, (42.0, False, LAST)),
        ({"visits": {42: "NON-CR/NON-PD"}}, (42.0, False, LAST)),
        ({}, (0.0, False, "no adequate assessment after baseline")),
        ({"visits": {42: "NE"}}, (0.0, False, "no adequate assessment after baseline")),
        # the baseline visit is no assessment after baseline
        ({"visits": {-7: "SD", 0: "SD"}}, (0.0, False, "no adequate assessment after baseline")),
        # death before the first scan was due is an event (FDA, table A)
        ({"death_day": 30.0}, (30.0, True, "death")),
        ({"death_day": 49.0}, (49.0, True, "death")),
        # alive after the first scan was due and never scanned: left before it (model-spec 6b)
        ({"death_day": 50.0}, (0.0, False, "left before the first scan")),
        ({"visits": {42: "NE"}, "death_day": 300.0}, (0.0, False, "left before the first scan")),
        # after the cut-off nothing is known
        ({"visits": {42: "SD", 84: "PD"}, "censor_day": 60.0}, (42.0, False, LAST)),
        ({"visits": {42: "SD"}, "death_day": 100.0, "censor_day": 60.0}, (42.0, False, LAST)),
    ],
)
def test_progression_free_survival(person: dict, expected: tuple) -> None:
    assert derive(person, "PFS") == expected


def test_a_death_without_any_scan_can_count_as_in_the_data_set_of_oak() -> None:
    assert derive({"death_day": 266.0}, "PFS", censor_unassessed=False) == (266.0, True, "death")


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        # scans of days 84 and 126 missed, their windows closed: two missed
        (
            {"visits": {42: "SD"}, "death_day": 134.0},
            (42.0, False, "event after too many missed assessments"),
        ),
        ({"visits": {42: "SD"}, "death_day": 133.0}, (133.0, True, "death")),
        ({"visits": {42: "SD", 168: "PD"}}, (42.0, False, "event after too many missed assessments")),
        ({"visits": {42: "SD", 126: "PD"}}, (126.0, True, RECIST)),
        # a scan three days late is not missed
        ({"visits": {45: "SD", 87: "SD", 171: "PD"}}, (171.0, True, RECIST)),
        # NE visits are missed assessments
        (
            {"visits": {42: "SD", 84: "NE", 126: "NE", 168: "PD"}},
            (42.0, False, "event after too many missed assessments"),
        ),
        # without an event the ordinary rule and its words hold
        ({"visits": {42: "SD"}}, (42.0, False, LAST)),
    ],
)
def test_events_after_two_missed_assessments_are_censored_when_asked(person: dict, expected: tuple) -> None:
    assert derive(person, "PFS", missed_visits=2, scan_days=SCHEDULE) == expected


def test_by_default_missed_assessments_do_not_matter() -> None:
    assert derive({"visits": {42: "SD"}, "death_day": 700.0}, "PFS") == (700.0, True, "death")


NEW = "new anticancer therapy was started"


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({"visits": {42: "SD", 84: "SD", 126: "PD"}, "subsequent_therapy_day": 90.0}, (84.0, False, NEW)),
        ({"visits": {42: "SD", 84: "SD", 126: "SD"}, "subsequent_therapy_day": 90.0}, (84.0, False, NEW)),
        ({"visits": {42: "SD"}, "death_day": 100.0, "subsequent_therapy_day": 60.0}, (42.0, False, NEW)),
        ({"visits": {84: "SD"}, "death_day": 100.0, "subsequent_therapy_day": 20.0}, (0.0, False, NEW)),
        # the scan on the day of the new therapy was before it
        ({"visits": {42: "SD", 84: "SD", 126: "PD"}, "subsequent_therapy_day": 84.0}, (84.0, False, NEW)),
        # progression first, therapy after: the event stands
        ({"visits": {42: "PD"}, "subsequent_therapy_day": 42.0}, (42.0, True, RECIST)),
        ({"visits": {42: "PD"}, "subsequent_therapy_day": NAN}, (42.0, True, RECIST)),
    ],
)
def test_new_therapy_censors_when_asked(person: dict, expected: tuple) -> None:
    assert derive(person, "PFS", censor_at_new_therapy=True) == expected


def test_by_default_new_therapy_is_ignored() -> None:
    person = {"visits": {42: "SD", 84: "SD", 126: "PD"}, "subsequent_therapy_day": 90.0}
    assert derive(person, "PFS") == (126.0, True, RECIST)


def test_new_therapy_is_also_found_from_the_visits() -> None:
    assessments, patients = tables({"visits": {42: "SD", 84: "SD", 126: "PD"}})
    assessments["subsequent_therapy"] = [False, False, True]
    table = time_to_event(assessments, patients, Rules(censor_at_new_therapy=True))
    row = table[table["endpoint"] == "PFS"].iloc[0]
    assert (row["time_days"], row["event"], row["reason"]) == (84.0, False, NEW)


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        # RECIST 1.1 PD at 42, then a response: pseudoprogression; iRECIST progression only at 210
        (
            {"visits": {42: ("PD", "iUPD"), 84: ("PR", "iPR"), 210: ("PD", "iUPD")}, "ipfs_day": 210.0},
            (210.0, True, "progression by iRECIST"),
        ),
        ({"visits": {42: ("PD", "iUPD"), 84: ("PD", "iSD")}, "ipfs_day": NAN}, (84.0, False, LAST)),
        ({"visits": {42: ("SD", "iSD")}, "death_day": 77.0, "ipfs_day": NAN}, (77.0, True, "death")),
        ({"visits": {42: ("PD", "iUPD")}, "ipfs_day": 42.0, "censor_day": 41.0}, (0.0, False, None)),
    ],
)
def test_progression_free_survival_by_irecist(person: dict, expected: tuple) -> None:
    time, event, reason = derive(person, "iPFS")
    assert (time, event) == expected[:2]
    assert expected[2] is None or reason == expected[2]


def test_without_irecist_progression_days_there_is_no_ipfs() -> None:
    assert derive({"visits": {42: "SD"}}, "iPFS") is None


RESPONDER = {"best_response": "PR", "response_day": 84.0}


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({"visits": {42: "SD", 84: "PR", 126: "PR", 210: "PD"}}, (126.0, True, RECIST)),
        ({"visits": {42: "SD", 84: "PR", 126: "PR"}, "death_day": 200.0}, (116.0, True, "death")),
        ({"visits": {42: "SD", 84: "PR", 126: "PR"}}, (42.0, False, LAST)),
    ],
)
def test_duration_of_response_runs_from_the_first_visit_of_the_confirmed_pair(
    person: dict, expected: tuple
) -> None:
    assert derive(RESPONDER | person, "DoR") == expected
    assert derive(RESPONDER | person, "TTR") == (84.0, True, "first visit of the confirmed response")


@pytest.mark.parametrize(
    "person",
    [
        {"visits": {42: "SD", 84: "PR", 126: "PD"}},  # not confirmed: best response SD, no response day
        {"best_response": "SD", "response_day": 84.0, "visits": {42: "SD", 84: "PR", 126: "PD"}},
        # the response lies after the cut-off
        {"best_response": "PR", "response_day": 84.0, "censor_day": 60.0, "visits": {42: "SD"}},
    ],
)
def test_who_is_no_confirmed_responder_has_no_duration_of_response(person: dict) -> None:
    assert derive(person, "DoR") is None
    assert derive(person, "TTR") is None


def test_a_response_under_new_therapy_has_no_duration_when_new_therapy_censors() -> None:
    person = RESPONDER | {"visits": {42: "SD", 84: "PR", 126: "PR"}, "subsequent_therapy_day": 50.0}
    assert derive(person, "DoR", censor_at_new_therapy=True) is None
    assert derive(person, "DoR") == (42.0, False, LAST)


def test_every_patient_of_every_arm_has_each_survival_endpoint_once() -> None:
    assessments, patients = tables({"visits": {42: "PD"}}, {"death_day": 20.0}, {"visits": {42: "SD"}})
    both = [table.assign(arm="b") for table in (assessments, patients)]
    assessments, patients = pd.concat([assessments, both[0]]), pd.concat([patients, both[1]])
    table = time_to_event(assessments, patients)
    counts = table.groupby(["endpoint", "arm"]).size().to_dict()
    assert counts == {("OS", "a"): 3, ("OS", "b"): 3, ("PFS", "a"): 3, ("PFS", "b"): 3}
    assert list(table.columns) == ["patient", "arm", "endpoint", "time_days", "event", "reason"]
    assert table["event"].dtype == bool and table["time_days"].dtype == float


def test_no_patients_give_an_empty_table() -> None:
    assessments, patients = tables({"visits": {42: "SD"}})
    table = time_to_event(assessments.iloc[:0], patients.iloc[:0])
    assert len(table) == 0 and "time_days" in table.columns


def test_a_trial_that_was_cut_off_before_any_scan_still_has_rows() -> None:
    assessments, patients = tables({"censor_day": 10.0}, {"death_day": 5.0, "censor_day": 10.0})
    table = time_to_event(assessments, patients)
    assert table["event"].tolist() == [False, True, False, True]


def test_endpoints_say_what_they_mean() -> None:
    for endpoint in ENDPOINTS.values():
        assert endpoint.meaning.count(":") == 1 and endpoint.events


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda a, p: (a.drop(columns="day"), p), "missing_column", ("assessments", "day")),
        (lambda a, p: (a, p.drop(columns="death_day")), "missing_column", ("patients", "death_day")),
        (lambda a, p: (a, pd.concat([p, p])), "duplicate_patient", ("patient 1", "'a'")),
        (lambda a, p: (a.assign(patient=99), p), "unknown_patient", ("99", "'a'")),
        (lambda a, p: (a.assign(arm="x"), p), "unknown_patient", ("'x'",)),
        (lambda a, p: (a, p.assign(death_day=-3.0)), "bad_day", ("death_day", "-3.0", "patient 1")),
        (lambda a, p: (a, p.assign(censor_day=np.inf)), "bad_day", ("censor_day", "inf")),
        (lambda a, p: (a, p.assign(censor_day="soon")), "not_a_day", ("censor_day", "soon")),
        (lambda a, p: (a, p.assign(best_response="CR")), "response_without_day", ("CR", "response_day")),
    ],
)
def test_unusable_tables_are_refused_by_name(change, code: str, words: tuple) -> None:
    with pytest.raises(DataError) as caught:
        time_to_event(*change(*tables({"visits": {42: "SD"}})))
    assert caught.value.code == f"survival.{code}"
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "survival." not in str(caught.value), "the message catalogue has no sentence for this code"


@pytest.mark.parametrize("scan_days", [(84.0, 42.0), (0.0, 42.0), (42.0, float("nan"))])
def test_an_impossible_schedule_is_refused(scan_days: tuple) -> None:
    with pytest.raises(ConfigurationError) as caught:
        time_to_event(*tables({"visits": {42: "SD"}}), scan_days=scan_days)
    assert "expected" in str(caught.value)


def test_a_rule_about_new_therapy_needs_to_know_of_it() -> None:
    with pytest.raises(DataError, match="subsequent_therapy_day"):
        time_to_event(*tables({"visits": {42: "SD"}}), Rules(censor_at_new_therapy=True))
