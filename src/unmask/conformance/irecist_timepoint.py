"""iRECIST against Seymour 2017, Table 2: the response at a time point without and with an iUPD before it.

Each row of the table is acted out on one patient with a target of 100 mm at baseline: a scan on day 42 that makes the
progression the row presupposes, and one on day 84 that has the row's target, non-target and new-lesion findings. Where
a cell says "iUPD unless ...", both sides of every condition it names are tried, at the exact limit of 5 mm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np

from unmask.conformance.outcome import Difference, Outcome
from unmask.conformance.vectors import read
from unmask.errors import DataError
from unmask.response import ImmuneResponse, Measurements, Response, Rules, judge

TABLE = "irecist_worked_examples/seymour2017_table2_timepoint.csv"
BASELINE = 1000
GROWN = 1300
SIZE = {"iCR": 0, "iPR": 600, "iSD": 1050, "iUPD": GROWN, "non-iUPD": 1050}
NON_TARGET = {
    "iCR": Response.CR,
    "NON-iCR/NON-iUPD": Response.NON_CR_NON_PD,
    "iUPD": Response.PD,
    "non-iUPD": Response.NON_CR_NON_PD,
}
NEW_SUM = 120
LIMIT = 50


@dataclass(frozen=True)
class _Scan:
    """One scan: target size and new-lesion sum in tenths of a millimetre."""

    target: int
    non_target: Response
    new_count: int = 0
    new_sum: int = -1
    new_grew: bool = False
    other_grew: bool = False


@dataclass(frozen=True)
class _Trial:
    """One acted row: scans, what the table says, and how the second scan was made worse."""

    scans: tuple[_Scan, ...]
    expected: str
    what: str
    rules: Rules = field(default_factory=Rules)


def timepoint(folder: Path) -> Outcome | None:
    """Compare every row of Seymour's Table 2, with every condition that a cell names."""
    columns = ("TARGET", "NONTARGET", "NEWLESION", "NO_PREVIOUS_IUPD", "PREVIOUS_IUPD")
    rows = read(folder, TABLE, columns)
    if rows is None:
        return None
    trials = [(row, trial) for row in rows for trial in _trials(row)]
    differences = []
    for row, trial in trials:
        found = _assess(trial)
        if found != trial.expected:
            record = f"{row['TARGET']}, {row['NONTARGET']}, {row['NEWLESION']}: {trial.what}"
            differences.append(Difference(record, trial.expected, found))
    return Outcome(
        "iRECIST response at a time point",
        f"Seymour 2017, Table 2 ({TABLE})",
        len(trials) - len(differences),
        len(trials),
        tuple(differences),
        note=f"{len(rows)} rows acted out in {len(trials)} ways",
    )


def _trials(row: dict[str, str]) -> list[_Trial]:
    out = []
    for target, non_target in product(_codes(row["TARGET"], SIZE), _codes(row["NONTARGET"], NON_TARGET)):
        new = row["NEWLESION"].upper() == "Y"
        scan = _Scan(SIZE[target], NON_TARGET[non_target], int(new), NEW_SUM if new else -1)
        expected = row["NO_PREVIOUS_IUPD"]
        if expected != "not applicable":
            out.append(_Trial((scan,), _known(expected), f"{target}, no iUPD before"))
        out += _after_progression(row, target, non_target, scan)
    return out


def _after_progression(row: dict[str, str], target: str, non_target: str, scan: _Scan) -> list[_Trial]:
    by_target = target == "iUPD"
    by_other = non_target == "iUPD"
    by_new = scan.new_count > 0
    if not (by_target or by_other or by_new):
        by_target = True  # the row has nothing worse now: whatever progressed before is better
    first = _Scan(
        GROWN if by_target else BASELINE,
        Response.PD if by_other else Response.NON_CR_NON_PD,
        scan.new_count,
        scan.new_sum,
    )
    cell = row["PREVIOUS_IUPD"]
    start = f"{target} after iUPD"
    if "unless" not in cell and " if " not in cell:
        return [_Trial((first, scan), _known(cell), f"{start}, unchanged")]
    out = [_Trial((first, scan), "iUPD", f"{start}, unchanged")]
    exceed = "target sum >5" in cell
    rules = Rules(immune_growth_must_exceed=exceed)
    for text, worse, confirms in _worse(cell, scan, exceed):
        expected = "iCPD" if confirms else "iUPD"
        out.append(_Trial((first, worse), expected, f"{start}, {text}", rules))
    return out


def _worse(cell: str, scan: _Scan, exceed: bool) -> list[tuple[str, _Scan, bool]]:
    """Return the second scan made worse in each way that the cell names, at the limit and just below it."""
    words = cell.lower()
    out: list[tuple[str, _Scan, bool]] = []
    if "target sum" in words or "sum of measures" in words:
        for more in (LIMIT - 1, LIMIT, LIMIT + 1):
            grown = _changed(scan, target=scan.target + more)
            confirms = more > LIMIT if exceed else more >= LIMIT
            out.append((f"target sum +{more / 10:g} mm", grown, confirms))
    if "non-target" in words:
        out.append(("non-target disease grew", _changed(scan, other_grew=True), True))
    if "new lesions grew" in words:
        for more in (LIMIT - 1, LIMIT):
            grown = _changed(scan, new_sum=scan.new_sum + more)
            out.append((f"new targets +{more / 10:g} mm", grown, more >= LIMIT))
        out.append(("new non-targets grew", _changed(scan, new_grew=True), True))
    if "number increased" in words or "more new lesions" in words:
        out.append(("one more new lesion", _changed(scan, new_count=scan.new_count + 1), True))
    if not out:
        raise DataError("conformance.bad_cell", file=TABLE, value=cell)
    return out


def _changed(scan: _Scan, **what: int | bool) -> _Scan:
    return _Scan(**{**scan.__dict__, **what})


def _assess(trial: _Trial) -> str:
    scans = trial.scans
    m = Measurements.of(
        [[BASELINE]],
        [[[scan.target] for scan in scans]],
        42.0 * np.arange(1, len(scans) + 1),
        non_target_present=[True],
        non_target=[[int(scan.non_target) for scan in scans]],
        non_target_increase=[[scan.other_grew for scan in scans]],
        new_count=[[scan.new_count for scan in scans]],
        new_target_sum=[[scan.new_sum for scan in scans]],
        new_non_target_increase=[[scan.new_grew for scan in scans]],
    )
    return ImmuneResponse(int(judge(m, trial.rules).response[0, -1])).label


def _codes(cell: str, known: dict[str, int] | dict[str, Response]) -> list[str]:
    """Return the alternatives of a cell such as ``"iSD|iPR|iCR"`` or ``"iUPD no change or decrease from last TP"``."""
    codes = [part.strip().partition(" ")[0] for part in cell.split("|")]
    if not set(codes) <= set(known):
        raise DataError("conformance.bad_cell", file=TABLE, value=cell)
    return codes


def _known(cell: str) -> str:
    try:
        return ImmuneResponse.from_label(cell.strip()).label
    except KeyError:
        raise DataError("conformance.bad_cell", file=TABLE, value=cell) from None
