"""RECIST 1.1 against the tables of its paper: overall response at a time point, thresholds, one synthetic patient."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby, product
from pathlib import Path

import numpy as np

from unmask.conformance.outcome import Difference, Outcome
from unmask.conformance.vectors import published, read
from unmask.errors import DataError
from unmask.response import Criterion, Measurements, Response, Rules, judge
from unmask.response.lesion_rows import to_tenths

TIMEPOINT = "recist11_tables/table1_2_timepoint.csv"
BOUNDARY = "recist11_tables/boundary_cases.csv"
PYRECIST = "third_party_tests/pyrecist_synthetic.csv"


def timepoint(folder: Path) -> Outcome | None:
    """Compare the overall response of every combination of target, non-target and new lesions (Tables 1 and 2)."""
    rows = read(folder, TIMEPOINT, ("TARGET", "NONTARGET", "NEWLESION", "OVERALL"))
    if rows is None:
        return None
    return _timepoint(rows, f"Eisenhauer 2009, Tables 1 and 2 ({TIMEPOINT})")


def published_timepoint() -> Outcome:
    """Compare the same with the tables as the paper prints them (``published.toml``)."""
    rows = [
        {"TARGET": target, "NONTARGET": non_target, "NEWLESION": new, "OVERALL": entry["overall"]}
        for entry in published("timepoint")
        for target, non_target, new in product(
            *(entry[key].split("|") for key in ("target", "non_target", "new"))
        )
    ]
    return _timepoint(rows, "Eisenhauer 2009, Tables 1 and 2, as printed")


def _timepoint(rows: Sequence[Mapping[str, str]], source: str) -> Outcome:
    differences = []
    for row in rows:
        target, non_target = (_response(row[name], source) for name in ("TARGET", "NONTARGET"))
        new = np.array([row["NEWLESION"].upper() == "Y"])
        code = Rules().overall(np.array([target], dtype=np.int8), np.array([non_target], dtype=np.int8), new)
        found = Response(int(code[0])).label
        if found != row["OVERALL"]:
            record = f"target {row['TARGET']}, non-target {row['NONTARGET']}, new {row['NEWLESION']}"
            differences.append(Difference(record, row["OVERALL"], found))
    return Outcome(
        "Overall response at a time point",
        source,
        len(rows) - len(differences),
        len(rows),
        tuple(differences),
    )


def boundary(folder: Path) -> Outcome | None:
    """Compare target responses at exact thresholds: baseline sum, smallest sum before, current sum, in mm."""
    columns = ("case", "baseline_sum", "current_sum", "nadir_before", "expected")
    rows = read(folder, BOUNDARY, columns)
    if rows is None:
        return None
    differences = []
    for row in rows:
        found = _target_response(row)
        if not _meets(row["expected"], found):
            differences.append(Difference(row["case"], row["expected"], found))
    return Outcome(
        "Exact thresholds",
        f"RECIST-tracker, pyrecist, EORTC answers ({BOUNDARY})",
        len(rows) - len(differences),
        len(rows),
        tuple(differences),
    )


def published_thresholds() -> Outcome:
    """Compare target responses at exact thresholds (``published.toml``)."""
    differences = []
    cases = published("threshold")
    for case in cases:
        base, nadir, now = (str(value) for value in case["sums"])
        row = {"baseline_sum": base, "nadir_before": nadir, "current_sum": now, "expected": case["expected"]}
        found = _target_response(row)
        if found != case["expected"]:
            differences.append(Difference(case["case"], case["expected"], found))
    return Outcome(
        "Exact thresholds",
        "Eisenhauer 2009, 4.3.1; EORTC answers",
        len(cases) - len(differences),
        len(cases),
        tuple(differences),
    )


def _target_response(row: Mapping[str, str]) -> str:
    """Assess one lesion that goes from baseline over the nadir to the current sum.

    Where the case speaks of some of several lesions, as many carry the baseline and the last is not measured.
    """
    base, nadir, current = (to_tenths(row[name]) for name in ("baseline_sum", "nadir_before", "current_sum"))
    some = re.search(r"(\d+) of (\d+) lesions", row["expected"])
    measured, lesions = (int(some[1]), int(some[2])) if some else (1, 1)
    sizes = np.full((1, 2, lesions), -1)
    sizes[0, 0], sizes[0, 1, :measured] = _split(nadir, lesions), _split(current, measured)
    verdicts = judge(Measurements.of(_split(base, lesions)[None], sizes, np.array([42, 84])))
    return Response(int(verdicts.target[0, 1])).label


def _split(total: int, parts: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    each = np.full(parts, total // parts)
    each[0] += total - each.sum()
    return each


def _meets(expected: str, found: str) -> bool:
    """Whether a verdict is what a cell such as ``"PR"`` or ``"not PD (PR from baseline)"`` says."""
    words = re.findall(r"[A-Z]{2}\b", expected)
    if not words:
        raise DataError("conformance.bad_cell", file=BOUNDARY, value=expected)
    if not expected.lower().startswith("not "):
        return bool(found == words[0])
    named = [word for word in words[1:] if word in ("CR", "PR", "SD")]
    return found != words[0] and (not named or found in named)


def pyrecist(folder: Path) -> Outcome | None:
    """Compare the target response of pyrecist's synthetic patients, visit by visit."""
    rows = read(folder, PYRECIST, ("patient", "date", "sum", "expected"))
    if rows is None:
        return None
    differences, total = [], 0
    for patient, group in groupby(rows, key=lambda row: row["patient"]):
        visits = list(group)
        sums = np.array([to_tenths(row["sum"]) for row in visits])
        days = 42.0 * np.arange(1, len(visits))
        verdicts = judge(Measurements.of(sums[None, :1], sums[None, 1:, None], days))
        for v, row in enumerate(visits[1:]):
            if not row["expected"]:
                continue
            total += 1
            found = Response(int(verdicts.target[0, v])).label
            if found != row["expected"]:
                told = Criterion(int(verdicts.criterion[0, v])).sentence
                record = f"patient {patient}, {row['date']}"
                differences.append(Difference(record, row["expected"], f"{found} ({told})"))
    return Outcome(
        "Synthetic patients of pyrecist",
        f"robertorojasp06/pyrecist ({PYRECIST})",
        total - len(differences),
        total,
        tuple(differences),
    )


def _response(label: str, file: str) -> Response:
    try:
        return Response.from_label(label)
    except KeyError:
        raise DataError("conformance.bad_cell", file=file, value=label) from None
