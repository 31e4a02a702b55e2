"""ADTTE: one record a subject and time-to-event parameter, from the endpoints that ``unmask.survival`` derives.

Times gain the day that CDISC counts: what happened on the day of randomisation has AVAL 1, where Unmask has 0. Codes,
texts and numbers of reasons are ``adtte.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from unmask.cdisc.subjects import require, sequence, with_subjects
from unmask.errors import DataError

UNIT = "DAYS"
FIRST_DAY = 1  # CDISC has no day 0

_COLUMNS = ("USUBJID", "endpoint", "time_days", "event", "reason")
_TEXTS = ("CNSR", "EVNTDESC", "CNSDTDSC", "SRCDOM", "SRCVAR")


@cache
def mapping() -> Mapping[str, Any]:
    """Return ``adtte.toml``: ``endpoint``, ``event`` and ``censor``."""
    return tomllib.loads(files("unmask.cdisc").joinpath("adtte.toml").read_text(encoding="utf-8"))


def derive(
    times: pd.DataFrame,
    subjects: pd.DataFrame,
    adrs: pd.DataFrame | None = None,
    *,
    mapped: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Derive ADTTE.

    Parameters
    ----------
    times
        One record a subject and endpoint: ``USUBJID``, ``endpoint``, ``time_days`` (whole days since the start of the
        endpoint), ``event``, ``reason``, as ``unmask.survival.endpoints.time_to_event`` gives them.
    subjects
        One record a subject: ``STUDYID``, ``USUBJID`` and the start dates that ``adtte.toml`` names: ``RANDDT``, and
        ``RSPDT`` and ``IRSPDT`` (first visit of the response) for durations of response.
    adrs
        The dataset ADRS, to which ``SRCSEQ`` then points; optional.
    mapped
        Codes and texts in the shape of ``adtte.toml``; default that file.

    Returns
    -------
    DataFrame
        Variables of the dataset ADTTE.

    Raises
    ------
    DataError
        A missing column, an unknown subject, ``cdisc.unknown_endpoint``, ``cdisc.unknown_reason``,
        ``cdisc.no_start``, ``cdisc.bad_time``.
    """
    data = mapped or mapping()
    require(times, _COLUMNS, "Times")
    plain = times[list(_COLUMNS)].astype({"endpoint": object, "reason": object}).reset_index(drop=True)
    table = with_subjects(plain, subjects, "Times")
    for name in pd.unique(table["endpoint"]):
        if name not in data["endpoint"]:
            raise DataError("cdisc.unknown_endpoint", name=name, known=", ".join(data["endpoint"]))
    endpoint = {
        key: table["endpoint"].map({n: e[key] for n, e in data["endpoint"].items()})
        for key in ("paramcd", "param", "start")
    }
    table["PARAMCD"], table["PARAM"] = endpoint["paramcd"], endpoint["param"]
    table["STARTDT"] = _starts(table, subjects, endpoint["start"])
    days = _whole_days(table)
    table["ADT"] = table["STARTDT"] + pd.to_timedelta(days, unit="D")
    table["AVAL"] = days + FIRST_DAY
    table["AVALU"] = UNIT
    table = _reasons(table, data)
    if adrs is not None:
        table["SRCSEQ"] = _source_records(table, adrs)
    table["ASEQ"] = sequence(table, ["PARAMCD"])
    dropped = ["endpoint", "time_days", "event", "reason", "_parameter", "_criteria"]
    return table.drop(columns=dropped).sort_values(["USUBJID", "ASEQ"], ignore_index=True)


def _starts(table: pd.DataFrame, subjects: pd.DataFrame, variable: pd.Series[Any]) -> pd.Series[Any]:
    found = pd.Series(pd.NaT, index=table.index, dtype="datetime64[ns]")
    by_subject = subjects.set_index("USUBJID")
    for name in pd.unique(variable):
        require(subjects, (name,), "Subjects")
        here = variable == name
        found[here] = pd.to_datetime(table.loc[here, "USUBJID"].map(by_subject[name]))
    if found.isna().any():
        at = int(np.argmax(found.isna()))
        row = table.iloc[at]
        raise DataError(
            "cdisc.no_start", endpoint=row["endpoint"], subject=row["USUBJID"], variable=variable.iloc[at]
        )
    return found


def _whole_days(table: pd.DataFrame) -> pd.Series[Any]:
    days = table["time_days"].astype(float)
    bad = ~(np.isfinite(days) & (days >= 0) & (days == days.round()))
    if bad.any():
        row = table.iloc[int(np.argmax(bad))]
        raise DataError(
            "cdisc.bad_time", endpoint=row["endpoint"], subject=row["USUBJID"], value=row["time_days"]
        )
    return days


def _reasons(table: pd.DataFrame, data: Mapping[str, Any]) -> pd.DataFrame:
    happened = table["event"].astype(bool)
    words: dict[str, list[Any]] = {name: [] for name in (*_TEXTS, "_parameter", "_criteria")}
    for event, reason, endpoint in zip(happened, table["reason"], table["endpoint"], strict=True):
        known = data["event" if event else "censor"]
        if reason not in known:
            raise DataError(
                "cdisc.unknown_reason", reason=reason, endpoint=endpoint, known=", ".join(map(repr, known))
            )
        entry = known[reason]
        words["CNSR"].append(entry.get("number", 0))
        words["EVNTDESC"].append(entry["description"])
        words["CNSDTDSC"].append(entry.get("date"))
        words["SRCDOM"].append(entry["domain"])
        words["SRCVAR"].append(entry["variable"])
        words["_parameter"].append(entry.get("parameter"))
        words["_criteria"].append(entry.get("criteria", "RECIST 1.1"))
    return table.assign(**words)


def _source_records(table: pd.DataFrame, adrs: pd.DataFrame) -> pd.Series[Any]:
    """Return ASEQ of the record in ADRS that has the date; missing where there is none, or another source."""
    keys = ["USUBJID", "PARAMCD", "PARCAT3", "ADT"]
    require(adrs, (*keys, "ASEQ"), "ADRS")
    first = adrs[[*keys, "ASEQ"]].assign(ADT=pd.to_datetime(adrs["ADT"])).drop_duplicates(keys)
    wanted = table[["USUBJID", "_parameter", "_criteria", "ADT"]].set_axis(keys, axis=1)
    return wanted.merge(first, how="left", on=keys)["ASEQ"].set_axis(table.index)
