"""ADRS against pharmaverseadam's, derived from the SDTM test data (RS, TU) and the subjects (ADSL) it was made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from unmask.conformance.outcome import Difference, Outcome
from unmask.conformance.vectors import read, reason
from unmask.errors import DataError
from unmask.response import Rules

EXPECTED = "pharmaverseadam/adrs_onco.csv"
RESPONSES = "pharmaversesdtm/rs_onco_recist.csv"
TUMOURS = "pharmaversesdtm/tu_onco_recist.csv"
SUBJECTS = "pharmaverseadam/adsl_min.csv"
RECORDED = "OVR"
VALUES = ("AVALC", "ADT")
OTHERS = (
    "ASEQ",
    "PARAM",
    "PARCAT1",
    "PARCAT3",
    "AVAL",
    "ADTF",
    "AVISIT",
    "VISITNUM",
    "ANL01FL",
    "ANL02FL",
    "RSSEQ",
)
_COLUMNS = {
    EXPECTED: ("USUBJID", "PARAMCD", "PARCAT2", *VALUES, *OTHERS),
    RESPONSES: (
        "USUBJID",
        "RSTESTCD",
        "RSSTRESC",
        "RSEVAL",
        "RSACPTFL",
        "RSDTC",
        "RSSEQ",
        "VISIT",
        "VISITNUM",
    ),
    TUMOURS: ("USUBJID", "TUSTRESC", "TUEVAL", "TUACPTFL", "VISIT"),
    SUBJECTS: ("STUDYID", "USUBJID", "RANDDT", "DTHDT"),
}
_SOURCE = "pharmaverseadam adrs_onco, from pharmaversesdtm rs_onco_recist"
_EVALUATORS = {"Investigator": "Investigator", "Blinded Independent Central Review": "BICR"}
"""PARCAT2 -> evaluator of ``unmask.cdisc.adrs``."""
_RECORDED_BY = {"Investigator": "INVESTIGATOR", "BICR": "accepted"}
BASELINE_VISITS = ("SCREENING", "BASELINE")

_Rows = dict[str, dict[str, str]]
"""Records by subject and parameter (OVR: and date)."""


def values(folder: Path) -> Outcome | None:
    """Compare value and date of every derived parameter of every subject."""
    sides = _sides(folder)
    if sides is None:
        return None
    expected, found = (
        {key: row for key, row in side.items() if row["PARAMCD"] != RECORDED} for side in sides
    )
    differences = _different(expected, found, VALUES, whole=True)
    total = len({*expected, *found})
    return Outcome(
        "ADRS",
        f"{_SOURCE} ({EXPECTED})",
        total - len(differences),
        total,
        _explained("adrs", differences),
        "value and date of every derived parameter and subject; preset admiralonco (42 and 28 days)",
    )


def other_variables(folder: Path) -> Outcome | None:
    """Compare every other variable of every record, and value and date of OVR, one by one."""
    sides = _sides(folder)
    if sides is None:
        return None
    expected, found = sides
    wanted, here = ({key: row for key, row in side.items() if row["PARAMCD"] == RECORDED} for side in sides)
    differences = [
        *_different(wanted, here, VALUES, whole=False),
        *_different(expected, found, OTHERS, whole=False),
    ]
    keys = {*expected, *found}
    total = len(keys) * len(OTHERS) + len({*wanted, *here}) * len(VALUES)
    return Outcome(
        "ADRS, other variables",
        f"{_SOURCE} ({EXPECTED})",
        total - len(differences),
        total,
        _explained("adrs variables", differences),
        f"{', '.join(OTHERS)}; AVALC and ADT of OVR",
    )


def _sides(folder: Path) -> tuple[_Rows, _Rows] | None:
    files = {name: read(folder, name, columns) for name, columns in _COLUMNS.items()}
    if any(rows is None for rows in files.values()):
        return None
    expected = files[EXPECTED] or []
    found: list[dict[str, str]] = []
    for evaluator in dict.fromkeys(row["PARCAT2"] for row in expected if row["PARCAT2"]):
        codes = {row["PARAMCD"] for row in expected if row["PARCAT2"] in ("", evaluator)}
        found += _derived(folder, {name: rows or [] for name, rows in files.items()}, evaluator, codes)
    return _by_key(expected), _by_key(found)


def _derived(
    folder: Path, files: Mapping[str, list[dict[str, str]]], category: str, codes: set[str]
) -> list[dict[str, str]]:
    import pandas as pd

    from unmask.cdisc import adrs
    from unmask.cdisc.responses import read_responses
    from unmask.cdisc.subjects import sequence

    if category not in _EVALUATORS:
        raise DataError("conformance.bad_cell", file=EXPECTED, value=category)
    evaluator = _EVALUATORS[category]
    subjects = pd.DataFrame(files[SUBJECTS])
    for name in ("RANDDT", "DTHDT"):
        try:
            subjects[name] = pd.to_datetime(subjects[name].replace("", None), format="%Y-%m-%d")
        except ValueError as error:
            raise DataError("conformance.unreadable", file=folder / SUBJECTS, reason=error) from None
    measurable = {
        row["USUBJID"]
        for row in files[TUMOURS]
        if row["TUSTRESC"] == "TARGET"
        and row["VISIT"].upper() in BASELINE_VISITS
        and _made_by(row, evaluator)
    }
    table = adrs.derive(
        read_responses(folder / RESPONSES, evaluator=_RECORDED_BY[evaluator]),
        subjects,
        Rules.preset("admiralonco"),
        evaluator=evaluator,
        measurable=measurable,
    )
    # The vectors may have fewer parameters; the sequence counts those that are there.
    table = table[table["PARAMCD"].isin(list(codes))].reset_index(drop=True)
    table["ASEQ"] = sequence(table, ["PARAMCD", "ADT", "VISITNUM", "RSSEQ"])
    texts = {str(column): [_text(value) for value in table[column]] for column in table}
    return [dict(zip(texts, row, strict=True)) for row in zip(*texts.values(), strict=True)]


def _made_by(row: Mapping[str, str], evaluator: str) -> bool:
    if evaluator == "BICR":
        return row["TUACPTFL"] == "Y"
    return row["TUEVAL"] == _RECORDED_BY[evaluator]


def _explained(comparison: str, differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """Return the differences with what is known of them; values are matched by their first word."""
    return tuple(
        replace(
            item,
            why=reason(comparison, item.record, item.expected.split(" ")[0], item.found.split(" ")[0]),
        )
        for item in differences
    )


def _text(value: Any) -> str:
    import pandas as pd

    if value is None or pd.isna(value):
        return ""
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


def _by_key(rows: Sequence[Mapping[str, str]]) -> _Rows:
    keyed: _Rows = {}
    seen: Counter[str] = Counter()
    for row in rows:
        dated = (row["ADT"],) if row["PARAMCD"] == RECORDED else ()
        key = " ".join((row["USUBJID"], row["PARAMCD"], *dated))
        seen[key] += 1
        keyed[key if seen[key] == 1 else f"{key} record {seen[key]}"] = dict(row)
    return keyed


def _different(expected: _Rows, found: _Rows, columns: Sequence[str], *, whole: bool) -> list[Difference]:
    """Return the differences: one a record (``whole``), or one a value."""
    differences = []
    for key in sorted({*expected, *found}):
        wanted, here = (side.get(key) for side in (expected, found))
        bad = [name for name in columns if not (wanted and here and _same(wanted[name], here[name]))]
        if whole and bad:
            differences.append(Difference(key, _shown(wanted, columns), _shown(here, columns)))
        elif not whole:
            differences += [
                Difference(f"{key} {name}", _shown(wanted, [name]), _shown(here, [name])) for name in bad
            ]
    return differences


def _shown(row: Mapping[str, str] | None, columns: Sequence[str]) -> str:
    return "(no record)" if row is None else " ".join(filter(None, (row[name] for name in columns)))


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False
