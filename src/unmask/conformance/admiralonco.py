"""Best response, response and clinical benefit against the unit tests of admiralonco: value, number and date."""

from __future__ import annotations

import datetime
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unmask.conformance.outcome import Difference, Outcome
from unmask.conformance.vectors import read, reason
from unmask.errors import DataError
from unmask.response import Response, Rules, benefit, best_response

EXPECTED = "admiralonco_unit_tests/expected.csv"
CASES = "admiralonco_unit_tests/cases.csv"
INPUTS = "admiralonco_unit_tests/inputs.csv"
SUBJECTS = "admiralonco_unit_tests/subjects.csv"
_COLUMNS = {
    EXPECTED: ("case_id", "USUBJID", "AVALC", "AVAL", "ADT"),
    CASES: ("case_id", "function", "params"),
    INPUTS: ("case_id", "USUBJID", "PARAMCD", "ADT", "AVALC"),
    SUBJECTS: ("case_id", "USUBJID", "REFDT"),
}
_NO_RESPONSE = ("", "NA", "NED")
"""Values of AVALC that the R functions pass over."""

_Answer = tuple[str, float]
"""AVALC and the day (NaN: none)."""


@dataclass(frozen=True)
class _Course:
    """The records of one subject that a test gives: overall responses, and dates that R takes as known."""

    codes: list[list[Response]]
    days: list[list[float]]
    origin: int
    """Ordinal of day 0, the reference date."""
    has_reference: bool
    response_day: float
    params: Mapping[str, Any]

    @property
    def rules(self) -> Rules:
        """The options of the R call. Records after PD are left out already, by the date of the parameter PD."""
        return Rules.preset("admiralonco").changed(
            confirmation_days=self.params.get("ref_confirm", 28),
            max_not_evaluable_between=self.params.get("max_nr_ne", 1),
            max_stable_between=int(self.params.get("accept_sd", False)),
            no_record_as_not_evaluable=self.params.get("missing_as_ne", False),
            progression_ends_assessment=False,
        )

    @property
    def window(self) -> float:
        """First day of stable disease; no day is late enough without a reference date."""
        return float(self.params.get("ref_start_window", 0)) if self.has_reference else np.inf


def unit_tests(folder: Path) -> Outcome | None:
    """Compare every expected record: AVALC, AVAL and ADT."""
    files = {name: read(folder, name, columns) for name, columns in _COLUMNS.items()}
    if any(rows is None for rows in files.values()):
        return None
    expected, case_rows, inputs, subjects = (files[name] or [] for name in _COLUMNS)
    cases = {row["case_id"]: row for row in case_rows}
    records: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in inputs:
        records[row["case_id"], row["USUBJID"]].append(row)
    reference = {(row["case_id"], row["USUBJID"]): row["REFDT"] for row in subjects}
    differences = []
    for row in expected:
        key = row["case_id"], row["USUBJID"]
        if row["case_id"] not in cases:
            raise DataError("conformance.bad_cell", file=EXPECTED, value=row["case_id"])
        case = cases[row["case_id"]]
        if case["function"] not in _FUNCTIONS:
            raise DataError("conformance.bad_cell", file=CASES, value=case["function"])
        course = _course(records[key], reference.get(key, ""), _params(case["params"]))
        value, day = _FUNCTIONS[case["function"]](course)
        found = value, _number(value), _date(day, course.origin)
        wanted = row["AVALC"], row["AVAL"].removesuffix(".0"), row["ADT"]
        if found != wanted:
            texts = " ".join(key), " ".join(wanted).strip(), " ".join(found).strip()
            differences.append(Difference(*texts, reason("admiralonco", *texts)))
    return Outcome(
        "Unit tests of admiralonco",
        f"pharmaverse/admiralonco ({EXPECTED})",
        len(expected) - len(differences),
        len(expected),
        tuple(differences),
        f"{len(cases)} tests; preset admiralonco with the options of each test",
    )


def _course(records: list[dict[str, str]], reference: str, params: Mapping[str, Any]) -> _Course:
    flags = {
        name: [
            _ordinal(row["ADT"])
            for row in records
            if row["PARAMCD"] == name and row["AVALC"] == "Y" and row["ADT"]
        ]
        for name in ("PD", "RSP")
    }
    dated = sorted(
        (_ordinal(row["ADT"]), _response(row["AVALC"]))
        for row in records
        if row["PARAMCD"] == "OVR" and row["ADT"]
    )
    if params.get("use_pd") and flags["PD"]:
        dated = [record for record in dated if record[0] <= min(flags["PD"])]
    known = [when for when, _ in dated] + flags["RSP"]
    origin = _ordinal(reference) if reference else min(known, default=1)
    return _Course(
        [[code for _, code in dated] or [Response.MISSING]],
        [[float(when - origin) for when, _ in dated] or [np.nan]],
        origin,
        bool(reference),
        float(min(flags["RSP"]) - origin) if flags["RSP"] else np.nan,
        params,
    )


def _confirmed(course: _Course) -> _Answer:
    return _answer(best_response.confirmed(course.codes, course.days, course.rules, sd_min_day=course.window))


def _unconfirmed(course: _Course) -> _Answer:
    return _answer(
        best_response.unconfirmed(course.codes, course.days, course.rules, sd_min_day=course.window)
    )


def _answer(best: best_response.Best) -> _Answer:
    return Response(int(best.response[0])).label, float(best.day[0])


def _confirmed_response(course: _Course) -> _Answer:
    return _flag(benefit.response(best_response.confirmed(course.codes, course.days, course.rules)))


def _response_unconfirmed(course: _Course) -> _Answer:
    return _flag(benefit.response(best_response.unconfirmed(course.codes, course.days, course.rules)))


def _benefit(course: _Course) -> _Answer:
    named = course.params.get("clinben_vals", [code.label for code in benefit.CONTROLLED])
    found = benefit.clinical_benefit(
        course.codes,
        course.days,
        course.rules,
        from_day=course.window,
        controlled=[_response(label) for label in named],
        response_day=[course.response_day],
    )
    return _flag(found)


def _flag(found: benefit.Reached) -> _Answer:
    return "Y" if found.yes[0] else "N", float(found.day[0])


_FUNCTIONS: Mapping[str, Callable[[_Course], _Answer]] = {
    "confirmed_bor": _confirmed,
    "bor": _unconfirmed,
    "confirmed_resp": _confirmed_response,
    "response": _response_unconfirmed,
    "clinbenefit": _benefit,
}


def _params(text: str) -> Mapping[str, Any]:
    try:
        params = json.loads(text)
    except json.JSONDecodeError:
        params = None
    if not isinstance(params, dict):
        raise DataError("conformance.bad_cell", file=CASES, value=text)
    return params


def _response(label: str) -> Response:
    if label in _NO_RESPONSE:
        return Response.MISSING
    try:
        return Response.from_label(label)
    except KeyError:
        raise DataError("conformance.bad_cell", file=INPUTS, value=label) from None


def _ordinal(date: str) -> int:
    try:
        return datetime.date.fromisoformat(date).toordinal()
    except ValueError:
        raise DataError("conformance.bad_cell", file=INPUTS, value=date) from None


def _date(day: float, origin: int) -> str:
    return "" if np.isnan(day) else datetime.date.fromordinal(int(day) + origin).isoformat()


def _number(value: str) -> str:
    """AVAL of a value, as admiralonco numbers it; ND has none."""
    if value in ("Y", "N"):
        return str(int(value == "Y"))
    code = Response.from_label(value)
    return "" if code == Response.ND else str(int(code))
