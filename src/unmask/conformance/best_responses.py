"""Best responses against Eisenhauer's Table 3, Seymour's Table 3 and the unit tests of admiralonco."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from unmask.conformance.outcome import Difference, Outcome
from unmask.conformance.vectors import read, reason
from unmask.errors import DataError
from unmask.response import ImmuneResponse, Response, Rules, best_response
from unmask.response.best_response import Visits, first_visit

CONFIRMED = "recist11_tables/table3_confirmed_bor.csv"
IMMUNE = "irecist_worked_examples/seymour2017_table3_ibor.csv"
CASES = "admiralonco_unit_tests/cases.csv"
SCAN = 42
ANY = ("iCR", "iPR", "iSD", "iUPD", "iCPD", "NE")


def confirmed(folder: Path) -> Outcome | None:
    """Compare the best response of every pair of visits, with the minimum duration of SD met at the first and not.

    A cell such as ``"SD if min duration met, else PD"`` is tried both ways, the second visit then being too early for
    SD as well, or not; one that names several answers (``"SD, PD or PR"``: footnote a) is met by each.
    """
    rows = read(folder, CONFIRMED, ("TP1", "TP2_subsequent", "BOR"))
    if rows is None:
        return None
    rules = Rules.preset("eisenhauer2009")
    early, late = rules.stable_min_day - 35, rules.stable_min_day
    differences, total = [], 0
    for row in rows:
        codes = [_code(row[name], CONFIRMED) for name in ("TP1", "TP2_subsequent")]
        trials = [(late, late + SCAN)]
        if " else " in row["BOR"]:
            trials += [(early, early + rules.confirmation_days), (early, late + SCAN)]
        for days in trials:
            expected = _expected(row["BOR"], met=days[0] >= late)
            best = best_response.confirmed([codes], [days], rules)
            found = Response(int(best.response[0])).label
            total += 1
            if found not in expected:
                record = f"{row['TP1']} on day {days[0]}, {row['TP2_subsequent']} on day {days[1]}"
                differences.append(Difference(record, " or ".join(expected), found))
    return Outcome(
        "Confirmed best overall response",
        f"Eisenhauer 2009, Table 3 ({CONFIRMED})",
        total - len(differences),
        total,
        tuple(differences),
    )


def _expected(cell: str, met: bool) -> list[str]:
    sure, _, rest = cell.partition(" if min duration met")
    if rest and not met:
        sure = rest.partition("else ")[2]
    return [word for word in sure.replace(",", " ").replace(" or ", " ").split() if word]


def immune(folder: Path) -> Outcome | None:
    """Compare iBOR of every course that the rows of the table allow (alternatives are separated by ``|``)."""
    rows = read(folder, IMMUNE, ("EXAMPLE", "TP1", "IBOR"))
    if rows is None:
        return None
    rules = Rules.preset("seymour2017")
    differences, total = [], 0
    for row in rows:
        points = [row[name] for name in sorted(row) if name.startswith("TP") and row[name]]
        choices = [ANY if point.lower() == "any" else tuple(point.split("|")) for point in points]
        courses = list(product(*choices))
        codes = np.array([[_immune_code(word) for word in course] for course in courses], dtype=np.int8)
        days = rules.stable_min_day + SCAN * np.arange(len(points))
        best = best_response.ibor(codes, days, rules)
        total += len(courses)
        for course, code in zip(courses, best.response, strict=True):
            found = ImmuneResponse(int(code)).label
            if found != row["IBOR"]:
                record = f"example {row['EXAMPLE']}: {', '.join(course)}"
                differences.append(Difference(record, row["IBOR"], found))
    return Outcome(
        "iRECIST best overall response",
        f"Seymour 2017, Table 3 ({IMMUNE})",
        total - len(differences),
        total,
        tuple(differences),
        note=f"{len(rows)} examples, every course that they allow",
    )


def _code(label: str, file: str) -> Response:
    try:
        return Response.from_label(label)
    except KeyError:
        raise DataError("conformance.bad_cell", file=file, value=label) from None


def _immune_code(label: str) -> ImmuneResponse:
    try:
        return ImmuneResponse.from_label(label)
    except KeyError:
        raise DataError("conformance.bad_cell", file=IMMUNE, value=label) from None


def admiralonco(folder: Path) -> Outcome | None:
    """Compare value and date of every subject of admiralonco's unit tests, with the arguments each test states."""
    cases = read(folder, CASES, ("case_id", "function", "params"))
    if cases is None:
        return None
    place = Path(CASES).parent
    inputs: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    columns = ("case_id", "USUBJID", "PARAMCD", "ADT", "AVALC")
    for row in _needed(folder, place / "inputs.csv", columns):
        inputs[row["case_id"], row["USUBJID"]].append(row)
    start = {
        (row["case_id"], row["USUBJID"]): row["REFDT"]
        for row in _needed(folder, place / "subjects.csv", ("case_id", "USUBJID", "REFDT"))
    }
    known = {case["case_id"]: case for case in cases}
    wanted = _needed(folder, place / "expected.csv", ("case_id", "USUBJID", "AVALC", "ADT"))
    differences = []
    for row in wanted:
        key = row["case_id"], row["USUBJID"]
        case = known.get(row["case_id"])
        if case is None:
            raise DataError("conformance.bad_cell", file=place / "expected.csv", value=row["case_id"])
        found = _subject(case, inputs[key], start.get(key, ""))
        if found != (row["AVALC"], row["ADT"]):
            record = f"{row['case_id']}, subject {row['USUBJID']}"
            expected, mine = (" ".join(pair).strip() for pair in ((row["AVALC"], row["ADT"]), found))
            differences.append(
                Difference(record, expected, mine, reason("admiralonco", record, expected, mine))
            )
    return Outcome(
        "Unit tests of admiralonco, value and date",
        f"admiralonco {place}",
        len(wanted) - len(differences),
        len(wanted),
        tuple(differences),
        note=f"{len(cases)} tests",
    )


def _needed(folder: Path, name: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    rows = read(folder, str(name), columns)
    if rows is None:
        raise DataError("conformance.unreadable", file=folder / name, reason="there is no such file")
    return rows


def _subject(case: Mapping[str, str], records: Sequence[Mapping[str, str]], start: str) -> tuple[str, str]:
    """Return value and ISO date of one subject under the arguments of one test."""
    params: dict[str, Any] = json.loads(case["params"])
    overall = sorted((_date(r["ADT"]), r["AVALC"]) for r in records if r["PARAMCD"] == "OVR" and r["ADT"])
    stops = [_date(r["ADT"]) for r in records if r["PARAMCD"] == "PD" and r["AVALC"] == "Y"]
    if params["use_pd"] and stops:
        overall = [item for item in overall if item[0] <= min(stops)]
    names = {member.label: member for member in Response if member is not Response.NA}
    coded = [(day, names[value]) for day, value in overall if value in names]
    origin = _date(start) if start else coded[0][0] if coded else date(1970, 1, 1)
    days = np.array([[(day - origin).days for day, _ in coded]], dtype=np.float64).reshape(1, len(coded))
    codes = np.array([[code for _, code in coded]], dtype=np.int8).reshape(1, len(coded))
    rules = Rules.preset("admiralonco").changed(
        confirmation_days=params.get("ref_confirm", 28),
        max_not_evaluable_between=params.get("max_nr_ne", 1),
        max_stable_between=int(params.get("accept_sd", False)),
        no_record_as_not_evaluable=params.get("missing_as_ne", False),
        stable_min_day=params.get("ref_start_window", 28),
        progression_ends_assessment=params["use_pd"],
    )
    function = case["function"]
    if function in ("bor", "confirmed_bor"):
        derive = best_response.unconfirmed if function == "bor" else best_response.confirmed
        best = derive(codes, days, rules)
        return Response(int(best.response[0])).label, _dated(best.visit, coded)
    if function == "confirmed_resp":
        visit = best_response.confirmed(codes, days, rules).first_response_visit
    elif function == "response":
        visit = first_visit(np.isin(codes, (Response.CR, Response.PR)))
    elif function == "clinbenefit":
        wanted = [names[value] for value in params["clinben_vals"]]
        visit = first_visit(np.isin(codes, wanted) & (days >= rules.stable_min_day))
        responded = [_date(r["ADT"]) for r in records if r["PARAMCD"] == "RSP" and r["AVALC"] == "Y"]
        found = sorted([*responded, *(coded[v][0] for v in visit if v >= 0)])
        return ("Y", found[0].isoformat()) if found else ("N", "")
    else:
        raise DataError("conformance.bad_cell", file=CASES, value=function)
    return ("Y" if visit[0] >= 0 else "N"), _dated(visit, coded)


def _dated(visit: Visits, coded: Sequence[tuple[date, Response]]) -> str:
    return coded[visit[0]][0].isoformat() if visit[0] >= 0 else ""


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DataError("conformance.bad_cell", file=CASES, value=text) from None
