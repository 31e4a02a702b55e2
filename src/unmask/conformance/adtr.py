"""ADTR against pharmaverseadam's: sums of diameters and the records of single lesions, derived from TR, TU and RS."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unmask.conformance.outcome import Difference, Outcome
from unmask.conformance.vectors import read

SUMS = "pharmaverseadam/adtr_onco.csv"
LESIONS = "pharmaversesdtm/tu_onco_recist.csv"
COLUMNS = ("AVAL", "BASE", "CHG", "PCHG", "NADIR", "CHGNAD", "PCHGNAD", "ABLFL", "ANL01FL", "ANL02FL", "PDFL")
OTHER_COLUMNS = ("ADT", "ADY", "AVISIT", "ANL03FL", "ANL04FL", "LSEXP", "LSASS")
LESION_COLUMNS = (
    "AVAL",
    "ADT",
    "ADTF",
    "ADY",
    "AVISIT",
    "ANL01FL",
    "LSEXP",
    "LSASS",
    "TULOC",
    "TULOCGR1",
    "ASEQ",
)

_SOURCE = "pharmaverseadam ADTR (admiralonco), Investigator"
_EVALUATOR = "INVESTIGATOR"
_SUM = "SDIAM"
_RELATIVE_TOLERANCE = 1e-9
"""Their percentages are floating-point numbers of another machine, printed with 15 to 17 digits."""
_NEEDED: Mapping[str, Sequence[str]] = {
    SUMS: ("USUBJID", "PARAMCD", "AVISITN", *COLUMNS),
    "pharmaversesdtm/tr_onco_recist.csv": (
        "USUBJID", "TRGRPID", "TRLNKID", "TRTESTCD", "TRSTRESN", "TREVAL", "TRDTC", "VISIT", "VISITNUM", "TRSEQ",
    ),
    LESIONS: ("USUBJID", "TULNKID", "TULOC", "TUEVAL"),
    "pharmaversesdtm/rs_onco_recist.csv": ("USUBJID", "RSTESTCD", "RSSTRESC", "RSEVAL", "RSDTC"),
    "pharmaverseadam/adsl_min.csv": ("STUDYID", "USUBJID", "RANDDT"),
}  # fmt: skip


def sums(folder: Path) -> Outcome | None:
    """Compare the records of SDIAM, value by value."""
    sides = _sides(folder)
    if sides is None:
        return None
    expected, found = ({key: row for key, row in side.items() if key[1] == _SUM} for side in sides)
    others = _compared("", expected, found, OTHER_COLUMNS)
    note = f"and {others.agreed} of {others.total} values of {', '.join(OTHER_COLUMNS)}"
    main = _compared("ADTR SDIAM", expected, found, COLUMNS)
    return Outcome(
        main.name, main.source, main.agreed, main.total, (*main.differences, *others.differences), note
    )


def lesions(folder: Path) -> Outcome | None:
    """Compare the records of LDIAMn and NLDIAMn, value by value."""
    sides = _sides(folder)
    if sides is None:
        return None
    expected, found = ({key: row for key, row in side.items() if key[1] != _SUM} for side in sides)
    return _compared("ADTR LDIAMn, NLDIAMn", expected, found, LESION_COLUMNS)


_Rows = dict[tuple[str, str, str], dict[str, str]]


def _sides(folder: Path) -> tuple[_Rows, _Rows] | None:
    files = {name: read(folder, name, columns) for name, columns in _NEEDED.items()}
    if any(rows is None for rows in files.values()):
        return None
    derived = _derived({name: rows or [] for name, rows in files.items()})
    return _by_key(files[SUMS] or []), _by_key(derived)


def _derived(files: Mapping[str, list[dict[str, str]]]) -> list[dict[str, str]]:
    import pandas as pd

    from unmask.cdisc.adtr import derive

    tables = {name: pd.DataFrame(rows) for name, rows in files.items()}
    tr = tables["pharmaversesdtm/tr_onco_recist.csv"]
    tr = tr[(tr["TREVAL"] == _EVALUATOR) & (tr["TRGRPID"] == "TARGET")].reset_index(drop=True)
    tu = tables[LESIONS]
    tu = tu[tu["TUEVAL"] == _EVALUATOR]
    places = dict(zip(zip(tu["USUBJID"], tu["TULNKID"], strict=True), tu["TULOC"], strict=True))
    rs = tables["pharmaversesdtm/rs_onco_recist.csv"]
    rs = rs[(rs["RSTESTCD"] == "OVRLRESP") & (rs["RSEVAL"] == _EVALUATOR)]
    # An incomplete date of a response dates no sum; one of a measurement is the first day that it can be.
    rs = rs[rs["RSDTC"].str.len() == len("2014-01-31")]
    measurements = pd.DataFrame(
        {
            "USUBJID": tr["USUBJID"],
            "TRLNKID": tr["TRLNKID"],
            "TRTESTCD": tr["TRTESTCD"],
            "TRSTRESN": pd.to_numeric(tr["TRSTRESN"], errors="coerce"),
            "ADT": pd.to_datetime(tr["TRDTC"].map(_first_day)),
            "ADTF": tr["TRDTC"].str.len().map({7: "D", 4: "M"}),
            "VISIT": tr["VISIT"],
            "VISITNUM": pd.to_numeric(tr["VISITNUM"]),
            "TRSEQ": pd.to_numeric(tr["TRSEQ"]),
            "TULOC": [places.get(key, "") for key in zip(tr["USUBJID"], tr["TRLNKID"], strict=True)],
        }
    )
    subjects = tables["pharmaverseadam/adsl_min.csv"][["STUDYID", "USUBJID", "RANDDT"]]
    subjects = subjects.assign(RANDDT=pd.to_datetime(subjects["RANDDT"]))
    responses = pd.DataFrame({"USUBJID": rs["USUBJID"], "ADT": rs["RSDTC"], "AVALC": rs["RSSTRESC"]})
    table = derive(measurements, subjects, responses)
    texts = {str(column): [_text(value) for value in table[column]] for column in table}
    return [dict(zip(texts, row, strict=True)) for row in zip(*texts.values(), strict=True)]


def _first_day(text: str) -> str:
    return text[:10] + {7: "-01", 4: "-01-01"}.get(len(text), "")


def _text(value: Any) -> str:
    import pandas as pd

    if value is None or pd.isna(value):
        return ""
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


def _by_key(rows: Sequence[Mapping[str, str]]) -> _Rows:
    return {(row["USUBJID"], row["PARAMCD"], f"{float(row['AVISITN']):g}"): dict(row) for row in rows}


def _compared(name: str, expected: _Rows, found: _Rows, columns: Sequence[str]) -> Outcome:
    differences = []
    agreed = 0
    for key in sorted({*expected, *found}):
        record = " ".join((*key[:2], f"visit {key[2]}"))
        for column in columns:
            wanted = expected.get(key, {}).get(column, "(no record)")
            here = found.get(key, {}).get(column, "(no record)")
            if _same(wanted, here):
                agreed += 1
            else:
                differences.append(Difference(f"{record} {column}", wanted, here))
    total = len({*expected, *found}) * len(columns)
    return Outcome(name, _SOURCE, agreed, total, tuple(differences))


def _same(wanted: str, here: str) -> bool:
    if wanted == here:
        return True
    try:
        return math.isclose(float(wanted), float(here), rel_tol=_RELATIVE_TOLERANCE, abs_tol=1e-12)
    except ValueError:
        return False
