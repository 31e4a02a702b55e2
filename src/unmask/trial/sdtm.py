"""SDTM domains of a virtual trial: DM, TU, TR and RS, from its tables of patients, lesions and assessments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from unmask.cdisc.subjects import sequence, study_day

SCREENING = "SCREENING"
EVALUATOR = "INVESTIGATOR"
_GROUPS = {"target": "TARGET", "non-target": "NON-TARGET", "new": "NEW"}
_LINKS = {"target": "T", "non-target": "NT", "new": "N"}
_RESPONSES = (
    ("TRGRESP", "Target Response", "RECIST 1.1", "target_response"),
    ("NTRGRESP", "Non-target Response", "RECIST 1.1", "non_target_response"),
    ("NEWLIND", "New Lesion Indicator", "RECIST 1.1", "new_lesion"),
    ("OVRLRESP", "Overall Response", "RECIST 1.1", "overall_response"),
    ("OVRLRESP", "Overall Response", "iRECIST", "irecist_response"),
)
_BEST = (("RECIST 1.1", "best_response"), ("iRECIST", "irecist_best_response"))
_NONE_TO_JUDGE = ("NA", "")


def demographics(subjects: pd.DataFrame) -> pd.DataFrame:
    """Return DM."""

    def text(name: str) -> Any:
        return subjects[name].dt.strftime("%Y-%m-%d")

    kept = ["STUDYID", "USUBJID", "SUBJID", "ARM", "ARMCD", "ACTARM", "ACTARMCD", "DTHFL"]
    return subjects[kept].assign(
        DOMAIN="DM",
        SITEID="VIRTUAL",
        SEX="U",
        RFSTDTC=text("RANDDT"),
        RFENDTC=text("EOSDT"),
        RFXSTDTC=text("TRTSDT"),
        RFXENDTC=text("TRTEDT"),
        DTHDTC=text("DTHDT"),
    )


def dated_rows(table: pd.DataFrame, subjects: pd.DataFrame, patient: str = "patient") -> pd.DataFrame:
    """Return rows of a table of the trial with STUDYID, USUBJID, RANDDT and, where they have a day, ADT and VISIT."""
    keys = ["arm", "patient", "STUDYID", "USUBJID", "RANDDT", "LSTALVDT"]
    plain = table.astype({"arm": str})
    joined = plain.drop(columns=["patient"] if patient != "patient" else []).rename(
        columns={patient: "patient"}
    )
    joined = joined.merge(subjects[keys], how="left", on=["arm", "patient"], validate="many_to_one")
    joined["ADT"] = joined["RANDDT"] + pd.to_timedelta(np.ceil(joined["day"].astype(float) - 1e-6), unit="D")
    joined["VISITNUM"] = joined["visit"].astype(float)
    names = {number: SCREENING if number == 0 else f"SCAN {number}" for number in joined["visit"].unique()}
    joined["VISIT"] = joined["visit"].map(names)
    return joined


def tumours(lesions: pd.DataFrame) -> pd.DataFrame:
    """Return TU from dated lesion rows: one record a lesion, on the day it was first seen."""
    first = lesions.drop_duplicates(["USUBJID", "lesion"])
    table = _started("TU", first).assign(
        TULNKID=link_ids(first),
        TUTESTCD="TUMIDENT",
        TUTEST="Tumor Identification",
        TUORRES=first["kind"].astype(str).map(_GROUPS).to_numpy(),
        TUSTRESC=first["kind"].astype(str).map(_GROUPS).to_numpy(),
        TULOC=first["organ"].astype(str).to_numpy(),
        TUMETHOD="CT SCAN",
    )
    return table.assign(TUSEQ=sequence(table, ["VISITNUM", "TULNKID"]))


def link_ids(lesions: pd.DataFrame) -> Any:
    """Return TULNKID of lesion rows: T01 for target 1, NT01, N01."""
    digits = lesions["lesion"].astype(str).str.extract(r"(\d+)$", expand=False).str.zfill(2)
    prefix = lesions["kind"].astype(str).map(_LINKS)
    return (prefix + digits).to_numpy()


def measurements(lesions: pd.DataFrame) -> pd.DataFrame:
    """Return TR from dated lesion rows: diameters of targets and new lesions, sums, and the state of the others."""
    kind = lesions["kind"].astype(str)
    measured, judged = lesions[kind != "non-target"], lesions[kind != "target"]
    nodes = measured["nodal"].to_numpy(dtype=bool)
    sizes = _started("TR", measured).assign(
        TRGRPID=measured["kind"].astype(str).map(_GROUPS).to_numpy(),
        TRLNKID=link_ids(measured),
        TRTESTCD=np.where(nodes, "LPERP", "LDIAM"),
        TRTEST=np.where(nodes, "Longest Perpendicular", "Longest Diameter"),
        TRSTRESN=measured["diameter_mm"].to_numpy(),
    )
    targets = lesions[kind == "target"]
    grouped = targets.groupby(["USUBJID", "visit"], sort=False)
    visits = targets.drop_duplicates(["USUBJID", "visit"])
    total = grouped["diameter_mm"].sum().round(1).to_numpy()
    sums = _started("TR", visits).assign(
        TRGRPID="TARGET", TRTESTCD="SUMDIAM", TRTEST="Sum of Diameter", TRSTRESN=total
    )
    states = _started("TR", judged).assign(
        TRGRPID=judged["kind"].astype(str).map(_GROUPS).to_numpy(),
        TRLNKID=link_ids(judged),
        TRTESTCD="TUMSTATE",
        TRTEST="Tumor State",
        TRSTRESC=np.where(judged["state"].astype(str) == "absent", "ABSENT", "PRESENT"),
    )
    lengths = pd.concat([sizes, sums], ignore_index=True)
    text = lengths["TRSTRESN"].map("{:g}".format)
    lengths = lengths.assign(TRSTRESC=text, TRORRESU="mm", TRSTRESU="mm")
    table = pd.concat([lengths, states], ignore_index=True)
    table["TRORRES"] = table["TRSTRESC"]
    return table.assign(TRSEQ=sequence(table, ["VISITNUM", "TRGRPID", "TRTESTCD", "TRLNKID"]))


def responses(assessments: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
    """Return RS from dated assessments and from patients with their last visit (``ADT``, ``VISIT``, ``VISITNUM``).

    Visits after the start of another anticancer therapy have no response by iRECIST: the trial does not use them.
    """
    parts = []
    for code, name, criteria, column in _RESPONSES:
        words = assessments[column].astype(str)
        if column == "new_lesion":
            words = words.map({"True": "Y", "False": "N"})
        wanted = ~words.isin(_NONE_TO_JUDGE)
        if criteria == "iRECIST":
            wanted &= ~assessments["subsequent_therapy"].astype(bool)
        rows = assessments[wanted]
        parts.append(
            _started("RS", rows).assign(
                RSTESTCD=code, RSTEST=name, RSCAT=criteria, RSSTRESC=words[wanted].to_numpy()
            )
        )
    for criteria, column in _BEST:
        parts.append(
            _started("RS", patients).assign(
                RSTESTCD="BESTRESP",
                RSTEST="Best Response",
                RSCAT=criteria,
                RSSTRESC=patients[column].astype(str).to_numpy(),
            )
        )
    table = pd.concat(parts, ignore_index=True)
    table["RSORRES"] = table["RSSTRESC"]
    return table.assign(RSSEQ=sequence(table, ["VISITNUM", "RSCAT", "RSTESTCD"]))


def _started(domain: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the identifiers and timing of records, one for each row."""
    return pd.DataFrame(
        {
            "STUDYID": rows["STUDYID"].to_numpy(),
            "DOMAIN": domain,
            "USUBJID": rows["USUBJID"].to_numpy(),
            f"{domain}EVAL": EVALUATOR,
            "VISITNUM": rows["VISITNUM"].to_numpy(),
            "VISIT": rows["VISIT"].to_numpy(),
            f"{domain}DTC": rows["ADT"].dt.strftime("%Y-%m-%d").to_numpy(),
            f"{domain}DY": study_day(rows["ADT"], rows["RANDDT"]).to_numpy(),
        }
    )
