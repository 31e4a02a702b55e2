"""Best overall response against the tables of the papers: Eisenhauer 2009 Table 3, Seymour 2017 Table 3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from unmask.conformance.outcome import Difference, Outcome
from unmask.conformance.vectors import read, reason
from unmask.errors import DataError
from unmask.response import ImmuneResponse, Response, Rules, best_response

CONFIRMED = "recist11_tables/table3_confirmed_bor.csv"
IMMUNE = "irecist_worked_examples/seymour2017_table3_ibor.csv"
WEEKS_6 = 42.0

_EITHER = re.compile(r"(\S+) if min duration met, else (\S+)")
_TIME_POINT = re.compile(r"TP\d+")


@dataclass(frozen=True)
class _Trial:
    """Two visits, whether the first is late enough for stable disease, and what the table says."""

    first: str
    second: str
    met: bool
    expected: str
    corrected: bool = False
    """The CR is corrected to PR (``complete_then_partial``)."""


def confirmed(folder: Path) -> Outcome | None:
    """Compare every row of Eisenhauer's Table 3, the first visit on and a day before the first day of SD.

    The rules are the preset ``eisenhauer2009``. The cell "SD, PD or PR" (CR, then PR) is tried in all three readings
    of the footnote: SD or PD by the day of the CR, and PR with the CR corrected.
    """
    rows = read(folder, CONFIRMED, ("TP1", "TP2_subsequent", "BOR"))
    if rows is None:
        return None
    rules = Rules.preset("eisenhauer2009")
    trials = [trial for row in rows for trial in _trials(row)]
    differences = list(_disagreeing(trials, rules))
    admiralonco = [
        f"{difference.record}: {difference.found} for {difference.expected}"
        for difference in _disagreeing(trials, Rules.preset("admiralonco"))
    ]
    note = f"{len(rows)} rows in {len(trials)} ways, preset eisenhauer2009"
    if admiralonco:
        note += f"; the preset admiralonco differs in {len(admiralonco)}: {'; '.join(admiralonco)}"
    return Outcome(
        "Best overall response, confirmed",
        f"Eisenhauer 2009, Table 3 ({CONFIRMED})",
        len(trials) - len(differences),
        len(trials),
        tuple(differences),
        note,
    )


def _trials(row: dict[str, str]) -> Iterator[_Trial]:
    cell = row["BOR"].strip()
    first, second = (_known(row[name]) for name in ("TP1", "TP2_subsequent"))
    either = _EITHER.fullmatch(cell)
    if sorted(re.findall(r"\w+", cell)) == ["PD", "PR", "SD", "or"]:
        yield _Trial(first, second, True, "SD")
        yield _Trial(first, second, False, "PD")
        yield _Trial(first, second, True, "PR", corrected=True)
        return
    if_met, else_ = either.groups() if either else (cell, cell)
    yield _Trial(first, second, True, _known(if_met))
    yield _Trial(first, second, False, _known(else_))


def _disagreeing(trials: list[_Trial], rules: Rules) -> Iterator[Difference]:
    for trial in trials:
        used = rules.changed(complete_then_partial="PR") if trial.corrected else rules
        day = rules.stable_min_day - (not trial.met)
        codes = [Response.from_label(trial.first), Response.from_label(trial.second)]
        best = best_response.confirmed([codes], [day, day + rules.confirmation_days], used)
        found = Response(int(best.response[0])).label
        if found != trial.expected:
            duration = "minimum duration met" if trial.met else "not met"
            record = f"{trial.first}, {trial.second} ({duration}{', corrected' if trial.corrected else ''})"
            yield Difference(record, trial.expected, found, reason("table 3", record, trial.expected, found))


def _known(label: str) -> str:
    try:
        return Response.from_label(label.strip()).label
    except KeyError:
        raise DataError("conformance.bad_cell", file=CONFIRMED, value=label) from None


def immune(folder: Path) -> Outcome | None:
    """Compare every example of Seymour's Table 3, in every combination of what its cells allow."""
    rows = read(folder, IMMUNE, ("EXAMPLE", "TP1", "IBOR"))
    if rows is None:
        return None
    names, courses, expected = [], [], []
    for row in rows:
        points = [name for name in row if _TIME_POINT.fullmatch(name)]
        for course in product(*(_immune_codes(row[name]) for name in points)):
            names.append(row["EXAMPLE"])
            courses.append(course)
            expected.append(_immune(row["IBOR"]).label)
    longest = max(map(len, courses), default=0)
    padded = [(*course, *[ImmuneResponse.MISSING] * (longest - len(course))) for course in courses]
    codes = np.array(padded, dtype=np.int8).reshape(len(courses), longest)
    best = best_response.ibor(codes, WEEKS_6 * np.arange(1, longest + 1)).response
    differences = []
    for name, course, wanted, code in zip(names, courses, expected, best, strict=True):
        found = ImmuneResponse(int(code)).label
        if found != wanted:
            labels = ", ".join(ImmuneResponse(visit).label for visit in course)
            record = f"example {name}: {labels}"
            differences.append(
                Difference(record, wanted, found, reason("immune table 3", record, wanted, found))
            )
    return Outcome(
        "Best overall response by iRECIST",
        f"Seymour 2017, Table 3 ({IMMUNE})",
        len(courses) - len(differences),
        len(courses),
        tuple(differences),
        f"{len(rows)} examples in every combination of their cells",
    )


def _immune_codes(cell: str) -> list[ImmuneResponse]:
    if cell.strip().lower() == "any":
        return [code for code in ImmuneResponse if code != ImmuneResponse.MISSING]
    if not cell.strip():
        return [ImmuneResponse.MISSING]
    return [_immune(part) for part in cell.split("|")]


def _immune(label: str) -> ImmuneResponse:
    try:
        return ImmuneResponse.from_label(label.strip())
    except KeyError:
        raise DataError("conformance.bad_cell", file=IMMUNE, value=label) from None
