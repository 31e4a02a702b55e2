"""RECIST 1.1 and best response against the test data of other projects (admiralonco, pyrecist), read from ../shared."""

import csv
import datetime
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from unmask.response import Response, Rules, best_response, labels

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "response"


def rows(name):
    path = VECTORS / name
    if not path.is_file():
        pytest.skip(f"{name} is not at hand (../shared)")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ordinal(date):
    return datetime.date.fromisoformat(date).toordinal()


def _admiralonco():
    cases = {c["case_id"]: c for c in rows("admiralonco_unit_tests/cases.csv")}
    inputs = defaultdict(list)
    for row in rows("admiralonco_unit_tests/inputs.csv"):
        inputs[row["case_id"], row["USUBJID"]].append(row)
    start = {(r["case_id"], r["USUBJID"]): r["REFDT"] for r in rows("admiralonco_unit_tests/subjects.csv")}
    for wanted in rows("admiralonco_unit_tests/expected.csv"):
        case = cases[wanted["case_id"]]
        if case["function"] in ("confirmed_bor", "confirmed_resp", "bor"):
            key = wanted["case_id"], wanted["USUBJID"]
            yield case, inputs[key], start.get(key), wanted


def _assess(case, records, start):
    """Best response of one subject with the options of the R test; (value, ISO date or '')."""
    params = json.loads(case["params"])
    overall = sorted((r["ADT"], r["AVALC"]) for r in records if r["PARAMCD"] == "OVR" and r["ADT"])
    stops = [r["ADT"] for r in records if r["PARAMCD"] == "PD" and r["AVALC"] == "Y"]
    if params["use_pd"] and stops:
        overall = [record for record in overall if record[0] <= min(stops)]
    known = {member.label: member for member in Response}
    overall = [(date, known[value]) for date, value in overall if value in known]
    origin = ordinal(start) if start else ordinal(overall[0][0]) if overall else 0
    days = [ordinal(date) - origin for date, _ in overall] or [np.nan]
    codes = [code for _, code in overall] or [Response.MISSING]
    rules = Rules(
        confirmation_days=params.get("ref_confirm", 28),
        max_not_evaluable_between=params.get("max_nr_ne", 1),
        max_stable_between=int(params.get("accept_sd", False)),
        no_record_as_not_evaluable=params.get("missing_as_ne", False),
        stable_min_day=params.get("ref_start_window", 28),
        progression_ends_assessment=params["use_pd"],
    )
    derive = best_response.unconfirmed if case["function"] == "bor" else best_response.confirmed
    found = derive([codes], [days], rules)
    if case["function"] == "confirmed_resp":
        day = found.first_response_day[0]
        value = "N" if np.isnan(day) else "Y"
    else:
        day = found.day[0]
        value = labels(found.response, Response)[0]
    return value, "" if np.isnan(day) else datetime.date.fromordinal(int(day) + origin).isoformat()


def test_best_response_and_its_date_as_in_the_admiralonco_unit_tests():
    subjects = list(_admiralonco())
    assert len(subjects) == 86
    different = [
        (case["case_id"], wanted["USUBJID"], found, (wanted["AVALC"], wanted["ADT"]))
        for case, records, start, wanted in subjects
        if (found := _assess(case, records, start)) != (wanted["AVALC"], wanted["ADT"])
    ]
    assert different == []
