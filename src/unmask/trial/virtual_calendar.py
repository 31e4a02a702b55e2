"""Identifiers and dates of a virtual trial: who is called what, and on which day of a made-up calendar.

The first patient is randomised on :data:`STUDY_START`. Every other one follows by the own day of recruitment that the
trial drew, so that all patients who are followed to the data cut-off reach it on one date.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

import numpy as np
import pandas as pd

from unmask.patients.random_streams import RandomStreams
from unmask.trial.conduct import recruited_on
from unmask.trial.protocol import Protocol
from unmask.trial.treatment import FIRST_LINE

STUDY_START = date(2020, 1, 1)
LONGEST_STUDY = 40
LONGEST_ARM_CODE = 20
LAST_DIGIT = 1e-6  # as in survival.key_days: 42.000000001, the sum of many steps, is day 42


def study_name(protocol: Protocol) -> str:
    """Return STUDYID, ``UNMASK-OAK``."""
    return f"UNMASK-{protocol.name.upper()}"[:LONGEST_STUDY]


def arm_codes(protocol: Protocol) -> dict[str, str]:
    """Return ARMCD of every arm: its name in capitals, cut to 20 characters and numbered where that is not unique."""
    codes: dict[str, str] = {}
    for number, arm in enumerate(protocol.arms, start=1):
        code = re.sub(r"[^A-Z0-9]+", "_", plain(arm).upper()).strip("_")[:LONGEST_ARM_CODE]
        if not code or code in codes.values():
            code = f"{code[: LONGEST_ARM_CODE - 3]}_{number}"
        codes[arm] = code
    return codes


def plain(text: str) -> str:
    """Return a text in ASCII, which is what XPORT files hold."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def subject_table(protocol: Protocol, patients: pd.DataFrame, doses: pd.DataFrame) -> pd.DataFrame:
    """Return one record a patient and arm: identifiers, arm and every date that CDISC's subject tables ask for.

    Parameters
    ----------
    patients, doses
        Tables of the trial.

    Returns
    -------
    DataFrame
        ``patient``, ``arm`` (of the trial) and variables named as in ADSL; ``RSPDT`` and ``IRSPDT`` are first visits of
        the confirmed response and of the response by iRECIST.
    """
    study, codes = study_name(protocol), arm_codes(protocol)
    arms = patients["arm"].astype(str).reset_index(drop=True)
    number = patients["patient"].to_numpy(dtype=np.int64)
    code = arms.map(codes)
    labels = arms.map({name: plain(arm.label) or codes[name] for name, arm in protocol.arms.items()})
    subject = [f"{arm}-{one:06d}" for arm, one in zip(code, number, strict=True)]
    offset = np.ceil(recruited_on(protocol, RandomStreams(protocol.seed), number))
    randomised = pd.Series(pd.Timestamp(STUDY_START) + pd.to_timedelta(offset, unit="D"))

    def dated(days: pd.Series[float]) -> pd.Series[pd.Timestamp]:
        whole = np.ceil(days.to_numpy(dtype=float) - LAST_DIGIT)
        return randomised + pd.to_timedelta(pd.Series(whole), unit="D")

    table = pd.DataFrame(
        {
            "patient": number,
            "arm": arms,
            "STUDYID": study,
            "USUBJID": [f"{study}-{one}" for one in subject],
            "SUBJID": subject,
            "ARM": labels,
            "ARMCD": code,
            "ACTARM": labels,
            "ACTARMCD": code,
            "TRT01P": labels,
            "TRT01A": labels,
            "ITTFL": "Y",
            "RANDDT": randomised,
            "NACTDT": dated(patients["subsequent_therapy_day"]),
            "DTHDT": dated(patients["death_day"]),
        }
    )
    first_line = doses[doses["phase"].astype(str) == FIRST_LINE]
    days = first_line.astype({"arm": str}).groupby(["arm", "patient"])["day"].agg(["min", "max"])
    given = days.reindex(pd.MultiIndex.from_arrays([arms, number])).reset_index(drop=True)
    table["TRTSDT"], table["TRTEDT"] = dated(given["min"]), dated(given["max"])
    table["SAFFL"] = np.where(table["TRTSDT"].notna(), "Y", "N")
    table["DTHFL"] = np.array([None, "Y"], dtype=object)[table["DTHDT"].notna().to_numpy(dtype=np.intp)]
    followed = dated(patients["censor_day"])
    table["LSTALVDT"] = table["DTHDT"].fillna(followed)
    table["EOSDT"] = table["LSTALVDT"]
    cut_off = pd.Timestamp(STUDY_START) + pd.Timedelta(days=protocol.follow_up.days)
    ongoing = table["DTHDT"].isna() & (followed >= cut_off)
    table["EOSSTT"] = np.where(ongoing, "ONGOING", "DISCONTINUED")
    responded = patients["best_response"].isin(["CR", "PR"]).to_numpy(dtype=bool)
    immune = patients["irecist_best_response"].isin(["iCR", "iPR"]).to_numpy(dtype=bool)
    table["RSPDT"] = dated(patients["response_day"]).where(responded)
    table["IRSPDT"] = dated(patients["irecist_response_day"]).where(immune)
    return table
