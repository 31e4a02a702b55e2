"""Recorded iRECIST visits and lesions of SDTM against pharmaversesdtm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from unmask.conformance.outcome import Difference, Outcome
from unmask.conformance.vectors import read, reason
from unmask.errors import DataError
from unmask.response import ImmuneResponse, Rules, irecist

RECORDED = "pharmaversesdtm/rs_onco_recist.csv"
TUMOURS = "pharmaversesdtm/tu_onco_recist.csv"
MEASURED = "pharmaversesdtm/tr_onco_recist.csv"
PEOPLE = "pharmaversesdtm/dm_min.csv"
IRECIST = "pharmaversesdtm/rs_onco_irecist.csv"
REPORTED = ("TRGRESP", "NTRGRESP", "NEWLIND", "OVRLRESP")


def lesions(folder: Path) -> tuple[Outcome, ...] | None:
    """Compare the overall response derived from TR and TU with the recorded one, evaluator by evaluator.

    Two comparisons: by the paper, and without its rule on lesions that are back after a complete response, which the
    authors of the records did not use.
    """
    names = [folder / name for name in (TUMOURS, MEASURED, RECORDED, PEOPLE)]
    if not all(name.is_file() for name in names):
        return None
    rows = read(folder, RECORDED, ("USUBJID", "RSTESTCD", "RSSTRESC", "RSEVAL", "RSEVALID")) or []
    evaluators = sorted({row["RSEVALID"] or row["RSEVAL"] for row in rows})
    out = []
    for title, rules, why in (
        (
            "Overall response from lesions, as the paper has it",
            Rules.preset("eisenhauer2009"),
            "a lesion is back after a complete response, which is progression by the paper (Table 3, footnote a; "
            "EORTC answers); the record has no such rule",
        ),
        (
            "Overall response from lesions, reappearance = never",
            Rules.preset("eisenhauer2009").changed(reappearance="never"),
            "",
        ),
    ):
        total, differences = 0, []
        for evaluator in evaluators:
            compared, differing = _visits(names, evaluator, rules)
            total += compared
            differences += [
                Difference(
                    f"{evaluator}, {row.patient}, {row.date}",
                    str(row.recorded),
                    str(row.derived),
                    why if row.criterion == "reappearance" else "",
                )
                for row in differing.itertuples()
            ]
        out.append(
            Outcome(
                title,
                f"pharmaversesdtm ({MEASURED})",
                total - len(differences),
                total,
                tuple(differences),
                note=f"evaluators: {', '.join(evaluators)}",
            )
        )
    return tuple(out)


def _visits(names: list[Path], evaluator: str, rules: Rules) -> tuple[int, pd.DataFrame]:
    from unmask.response.assess import assess

    found = assess(names, rules=rules, evaluator=evaluator, partial_dates="first")
    assert found.comparison is not None
    return found.comparison.compared, found.comparison.disagreements


def recorded_irecist(folder: Path) -> Outcome | None:
    """Compare the recorded overall iRECIST response with what target, non-target and new lesions give."""
    rows = read(folder, IRECIST, ("USUBJID", "VISITNUM", "RSTESTCD", "RSSTRESC"))
    if rows is None:
        return None
    visits: dict[tuple[str, float], dict[str, str]] = {}
    for row in rows:
        if row["RSTESTCD"] in REPORTED:
            key = row["USUBJID"], _visit_number(row["VISITNUM"])
            visits.setdefault(key, {})[row["RSTESTCD"]] = row["RSSTRESC"]
    whole = {key: visit for key, visit in visits.items() if "OVRLRESP" in visit}
    target, non_target = (_codes(whole, name) for name in ("TRGRESP", "NTRGRESP"))
    new = np.array([visit.get("NEWLIND") == "Y" for visit in whole.values()], dtype=bool)
    codes = irecist.combine(target, non_target, new)
    differences = []
    for (subject, visit), given, code in zip(whole, whole.values(), codes, strict=True):
        found = ImmuneResponse(int(code)).label
        if found != given["OVRLRESP"]:
            record = f"{subject}, visit {visit:g}"
            why = reason("irecist visits", record, given["OVRLRESP"], found)
            differences.append(Difference(record, given["OVRLRESP"], found, why))
    return Outcome(
        "Recorded iRECIST responses, visit by visit",
        f"pharmaversesdtm ({IRECIST})",
        len(whole) - len(differences),
        len(whole),
        tuple(differences),
    )


def _visit_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DataError("conformance.bad_cell", file=IRECIST, value=text) from None


_SPELLINGS = {"PR": "iPR", "CR": "iCR", "SD": "iSD", "PD": "iUPD"}


def _codes(
    visits: dict[tuple[str, float], dict[str, str]], name: str
) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    known = {member.label: member for member in ImmuneResponse}
    codes = []
    for visit in visits.values():
        label = visit.get(name, "MISSING")
        label = _SPELLINGS.get(label, label)
        if label not in known:
            raise DataError("conformance.bad_cell", file=IRECIST, value=label)
        codes.append(known[label])
    return np.array(codes, dtype=np.int8)
