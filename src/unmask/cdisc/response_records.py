"""ADRS from verdicts: what ``unmask.response`` has judged, of real or virtual patients, as records of ADRS.

Nothing is judged here a second time. Deriving ADRS from overall responses that somebody else gave (the domain RS) is
another matter.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from unmask.cdisc.subjects import require, sequence, study_day, with_subjects

RESPONSES = ("CR", "PR")
IMMUNE_RESPONSES = ("iCR", "iPR")
NOT_ADEQUATE = ("NE", "MISSING", "NA")

_VISITS = ("USUBJID", "ADT", "VISIT", "VISITNUM", "overall_response")
_PATIENTS = ("USUBJID", "best_response", "best_response_unconfirmed", "RSPDT")


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads(files("unmask.cdisc").joinpath("response_records.toml").read_text(encoding="utf-8"))


def derive(
    visits: pd.DataFrame, patients: pd.DataFrame, subjects: pd.DataFrame, *, evaluator: str = "Investigator"
) -> pd.DataFrame:
    """Write verdicts as ADRS.

    Parameters
    ----------
    visits
        One record a visit after baseline: ``USUBJID``, ``ADT``, ``VISIT``, ``VISITNUM``, ``overall_response``; optional
        ``irecist_response`` (None: not assessed by iRECIST).
    patients
        One record a subject: ``USUBJID``, ``best_response`` (confirmed), ``best_response_unconfirmed``, ``RSPDT``
        (first visit of the confirmed response); optional ``irecist_best_response``, ``IRSPDT``.
    subjects
        One record a subject: ``STUDYID``, ``USUBJID``, ``RANDDT``; optional ``DTHDT``, for the parameter DEATH.

    Returns
    -------
    DataFrame
        Variables of the dataset ADRS. OVR and IOVR have a record a visit, the others one a subject; records that say N,
        and best responses other than CR, PR and PD, have no date.

    Raises
    ------
    DataError
        A missing column, an unknown or repeated subject.
    """
    require(visits, _VISITS, "Visits")
    require(patients, _PATIENTS, "Patients")
    require(subjects, ("RANDDT",), "Subjects")
    dated = visits.reset_index(drop=True).assign(ADT=pd.to_datetime(visits["ADT"]).to_numpy())
    dated = dated.sort_values(["USUBJID", "ADT"], kind="stable", ignore_index=True)
    names = patients["USUBJID"]
    overall = _by_visit(dated, "OVR", "overall_response", "PD")
    until = overall[overall["ANL02FL"] == "Y"]
    progressed = _first(overall, ("PD",))
    best = patients["best_response"].astype(str).to_numpy()
    loose = patients["best_response_unconfirmed"].astype(str).to_numpy()
    responded = pd.to_datetime(patients["RSPDT"]).to_numpy()
    confirmed = np.where(np.isin(best, RESPONSES), responded, np.datetime64("NaT"))
    adequate = overall[~overall["AVALC"].isin(NOT_ADEQUATE)].groupby("USUBJID").tail(1)
    parts = [
        overall,
        _flag("PD", names, names.map(progressed)),
        _flag("RSP", names, names.map(_first(until, RESPONSES))),
        _flag("CRSP", names, pd.Series(confirmed, index=names.index)),
        _best("BOR", names, loose, until, pd.Series(pd.NaT, index=names.index)),
        _best("CBOR", names, best, until[until["AVALC"] == "PD"], pd.Series(confirmed, index=names.index)),
        adequate.drop(columns=["ANL01FL", "ANL02FL"]).assign(PARAMCD="LSTA"),
    ]
    if "irecist_response" in dated:
        immune = _by_visit(dated[dated["irecist_response"].notna()], "IOVR", "irecist_response", "iCPD")
        parts += [immune, _flag("ICPD", names, names.map(_first(immune, ("iCPD",))))]
        if "irecist_best_response" in patients:
            before = immune[immune["ANL02FL"] == "Y"]
            parts.append(_flag("IRSP", names, names.map(_first(before, IMMUNE_RESPONSES))))
            words = patients["irecist_best_response"].astype(str).to_numpy()
            parts.append(_best("IBOR", names, words, before, pd.Series(pd.NaT, index=names.index)))
    if "DTHDT" in subjects:
        parts.append(_flag("DEATH", subjects["USUBJID"], pd.to_datetime(subjects["DTHDT"])))
    return _finished(pd.concat([part for part in parts if len(part)], ignore_index=True), subjects, evaluator)


def _by_visit(visits: pd.DataFrame, code: str, column: str, last: str) -> pd.DataFrame:
    """Return a record a visit; ``ANL02FL`` marks those up to the first ``last``, that one included."""
    table = visits[["USUBJID", "ADT", "VISIT", "VISITNUM"]].assign(
        PARAMCD=code, AVALC=visits[column].astype(str), AVISIT=visits["VISIT"], ANL01FL="Y"
    )
    ended = (table["AVALC"] == last).astype(int)
    earlier = ended.groupby(table["USUBJID"]).cumsum() - ended
    return table.assign(ANL02FL=np.array(["Y", None], dtype=object)[(earlier > 0).to_numpy(dtype=np.intp)])


def _first(records: pd.DataFrame, values: tuple[str, ...]) -> pd.Series[Any]:
    return records[records["AVALC"].isin(values)].groupby("USUBJID")["ADT"].min()


def _flag(code: str, names: pd.Series[Any], date: pd.Series[Any]) -> pd.DataFrame:
    dates = pd.to_datetime(date).to_numpy()
    words = np.where(np.isnat(dates), "N", "Y").astype(object)
    return pd.DataFrame({"USUBJID": names.to_numpy(), "PARAMCD": code, "AVALC": words, "ADT": dates})


def _best(
    code: str, names: pd.Series[Any], words: Any, records: pd.DataFrame, known: pd.Series[Any]
) -> pd.DataFrame:
    """Return best responses; their date is the one ``known``, else the first record of that response."""
    table = pd.DataFrame({"USUBJID": names.to_numpy(), "PARAMCD": code, "AVALC": words})
    dated = [*RESPONSES, *IMMUNE_RESPONSES, "PD", "iCPD"]
    chosen = records[records["AVALC"].isin(dated)]
    first = chosen.drop_duplicates(["USUBJID", "AVALC"])[["USUBJID", "AVALC", "ADT"]]
    found = table.merge(first, how="left", on=["USUBJID", "AVALC"])
    return found.assign(ADT=pd.to_datetime(known).reset_index(drop=True).fillna(found["ADT"]))


def _finished(table: pd.DataFrame, subjects: pd.DataFrame, evaluator: str) -> pd.DataFrame:
    data = _data()
    described = table["PARAMCD"].map(data["parameters"])
    table = with_subjects(table, subjects, "Verdicts")
    table["PARAM"] = [entry["param"] for entry in described]
    table["PARCAT1"] = [entry["category"] for entry in described]
    table["PARCAT2"] = evaluator
    table["PARCAT3"] = [entry["criteria"] for entry in described]
    flags, scales = data["avalues"]["flag"], data["avalues"]
    immune = table["PARCAT3"] == "iRECIST"
    as_recist = table["AVALC"].map(flags | scales["response"])
    table["AVAL"] = as_recist.where(~immune, table["AVALC"].map(flags | scales["immune"]))
    table["ADY"] = study_day(table["ADT"], table["RANDDT"])
    early = table["ADY"] < 1
    for flag in ("ANL01FL", "ANL02FL"):
        table[flag] = table[flag].where(~early, None)
    table["ASEQ"] = sequence(table, ["PARAMCD", "ADT", "VISITNUM"])
    return table.sort_values(["USUBJID", "ASEQ"], ignore_index=True)
