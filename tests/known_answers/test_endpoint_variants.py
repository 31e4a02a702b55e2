"""Sensitivity variants of the endpoints on hand-made patients: the same patient, counted by other rules."""

from __future__ import annotations

import numpy as np
import pytest
from test_endpoints_rules import LAST, NAN, NEW, RECIST, SCHEDULE, derive, tables

from unmask.response import Rules
from unmask.survival.endpoints import ENDPOINTS, SHARES, VARIANTS, time_to_event
from unmask.survival.estimate import shares

MISSED = "event after too many missed assessments"
PATIENT = {"visits": {42: "SD", 84: "SD", 126: "PD"}, "subsequent_therapy_day": 90.0}
GAP = {"visits": {42: "SD", 168: "PD"}, "subsequent_therapy_day": NAN}


@pytest.mark.parametrize(
    ("variant", "person", "expected"),
    [
        ("PFS-TREATMENT-POLICY", PATIENT, (126.0, True, RECIST)),
        ("PFS-TREATMENT-POLICY", GAP, (168.0, True, RECIST)),
        ("PFS-TREATMENT-POLICY", {"death_day": 300.0}, (300.0, True, "death")),
        ("PFS-NACT", PATIENT, (84.0, False, NEW)),
        ("PFS-NACT", GAP, (168.0, True, RECIST)),
        ("PFS-MISSED", PATIENT, (126.0, True, RECIST)),
        ("PFS-MISSED", GAP, (42.0, False, MISSED)),
        ("PFS-FDA", PATIENT, (84.0, False, NEW)),
        ("PFS-FDA", GAP, (42.0, False, MISSED)),
        # the FDA counts a death before any assessment only up to two missed visits: day 126 and its window
        ("PFS-FDA", {"death_day": 91.0, "subsequent_therapy_day": NAN}, (91.0, True, "death")),
        ("PFS-FDA", {"death_day": 92.0, "subsequent_therapy_day": NAN}, (0.0, False, MISSED)),
        ("PFS-NEW-THERAPY-EVENT", PATIENT, (90.0, True, NEW)),
        ("PFS-NEW-THERAPY-EVENT", GAP, (168.0, True, RECIST)),
        # seen on day 100, between two scans: it belongs to the one that was due on day 126
        ("PFS-SCHEDULED", {"visits": {42: "SD", 84: "SD", 100: "PD"}}, (126.0, True, RECIST)),
        ("PFS-SCHEDULED", {"visits": {42: "SD", 91: "PD"}}, (84.0, True, RECIST)),
        ("PFS-SCHEDULED", {"visits": {42: "SD", 92: "PD"}}, (126.0, True, RECIST)),
        ("PFS-SCHEDULED", {"visits": {42: "SD", 92: "PD"}, "death_day": 100.0}, (100.0, True, "death")),
        ("PFS-MIDPOINT", {"visits": {42: "SD", 84: "NE", 126: "PD"}}, (84.0, True, RECIST)),
        ("PFS-MIDPOINT", {"visits": {42: "PD"}}, (21.0, True, RECIST)),
        ("TTP", {"visits": {42: "SD"}, "death_day": 60.0}, (42.0, False, LAST)),
        ("TTP", PATIENT, (126.0, True, RECIST)),
        (
            "iPFS-NACT",
            {
                "visits": {42: ("SD", "iSD"), 84: ("PD", "iUPD")},
                "ipfs_day": 84.0,
                "subsequent_therapy_day": 50.0,
            },
            (42.0, False, NEW),
        ),
        (
            "DoR-NACT",
            {
                "best_response": "PR",
                "response_day": 42.0,
                "visits": {42: "PR", 84: "PR", 126: "PD"},
                "subsequent_therapy_day": 90.0,
            },
            (42.0, False, NEW),
        ),
    ],
)
def test_variant(variant: str, person: dict, expected: tuple) -> None:
    assert derive(person, variant, SCHEDULE) == expected


def test_every_variant_was_tried() -> None:
    assert {case[0] for case in test_variant.pytestmark[0].args[1]} == set(VARIANTS)


def test_a_patient_without_baseline_is_censored_at_randomisation_by_the_fda() -> None:
    person = {"death_day": 30.0, "has_baseline": False, "subsequent_therapy_day": NAN}
    assessments, patients = tables(person, {"visits": {42: "SD"}, "has_baseline": True})
    wanted = [VARIANTS["PFS-FDA"], ENDPOINTS["PFS"]]
    table = time_to_event(assessments, patients, Rules(), wanted, scan_days=SCHEDULE)
    rows = table[table["patient"] == 1].set_index("endpoint")
    fda = rows.loc["PFS-FDA", ["time_days", "event", "reason"]].tolist()
    assert fda == [0.0, False, "no assessment at baseline"]
    assert rows.loc["PFS", ["time_days", "event"]].tolist() == [30.0, True]


def test_the_last_assessment_of_any_kind_censors_as_in_admiralonco() -> None:
    person = {"visits": {42: "SD", 84: "NE"}}
    assert derive(person, "PFS") == (42.0, False, LAST)
    assert derive(person, "PFS", adequate_assessments_only=False) == (84.0, False, LAST)


def test_duration_of_response_by_irecist_ends_at_the_progression_that_counts() -> None:
    responder = {"irecist_best_response": "iPR", "irecist_response_day": 84.0}
    visits = {42: ("PD", "iUPD"), 84: ("PR", "iPR"), 126: ("PR", "iPR")}
    ended = responder | {"visits": visits | {210: ("PD", "iUPD")}, "ipfs_day": 210.0}
    assert derive(ended, "iDoR") == (126.0, True, "progression by iRECIST")
    assert derive(responder | {"visits": visits, "ipfs_day": NAN}, "iDoR") == (42.0, False, LAST)
    stable = {"irecist_best_response": "iSD", "irecist_response_day": NAN, "visits": visits, "ipfs_day": NAN}
    assert derive(stable, "iDoR") is None


def test_shares_count_the_categories_they_name() -> None:
    _, patients = tables(
        *({"best_response": word} for word in ("CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE"))
    )
    found = shares(patients)
    assert {name: item["count"] for name, item in found.items()} == {"ORR": 2, "CRR": 1, "DCR": 4}
    assert found["DCR"]["value"] == pytest.approx(4 / 6) and found["DCR"]["n"] == 6
    assert all(share.meaning.count(":") == 1 for share in SHARES.values())


def test_a_variant_that_nothing_is_known_for_is_left_out() -> None:
    table = time_to_event(*tables({"visits": {42: "SD"}}), endpoints=list(VARIANTS.values()))
    assert set(table["endpoint"]) == {
        "PFS-TREATMENT-POLICY",
        "PFS-MISSED",
        "PFS-SCHEDULED",
        "PFS-MIDPOINT",
        "TTP",
    }
    assert not np.isnan(table["time_days"]).any()
