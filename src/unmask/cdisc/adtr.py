"""ADTR: diameters of target lesions, their sums, nadir and flags, from measurements of lesions.

Names and derivations are those of admiralonco (``inst/templates/ad_adtr.R``), with three differences that are named
where they stand: a visit without any measurement has no sum (there: 0), complete response knows lymph nodes, and
sums before baseline are no nadir.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from unmask.cdisc.subjects import require, sequence, study_day, with_subjects
from unmask.errors import ConfigurationError, DataError

CompleteResponse = Literal["nodes under 10 mm", "zero sum"]
Progression = Literal["overall response", "sum"]

BASELINE_VISITS = ("SCREENING", "BASELINE")
NODE = "LYMPH NODE"
NORMAL_NODE_MM = 10.0
# Thresholds on whole units of 0.0001 mm, because floating point misses them (27 mm to 32.4 mm is +19.99... %).
UNITS_PER_MM = 10_000
PROGRESSION_PERCENT = 20
PROGRESSION_MM = 5

_COLUMNS = ("USUBJID", "TRLNKID", "TRTESTCD", "TRSTRESN", "ADT", "VISIT", "VISITNUM")
_KEPT = ("ADTF", "VISIT", "VISITNUM", "TULOC", "TULOCGR1", "TRLNKID", "TRSEQ")
_VISIT = ["USUBJID", "AVISIT", "AVISITN"]
_LONG = {
    "LDIAM": ("LDIAM", "Analysis Diameter"),
    "LPERP": ("NLDIAM", "Analysis Perpendicular"),
}
"""SDTM test -> parameter and the end of its name. Perpendicular is the short axis, which counts for nodes."""


def derive(
    measurements: pd.DataFrame,
    subjects: pd.DataFrame,
    responses: pd.DataFrame | None = None,
    *,
    evaluator: str = "Investigator",
    criteria: str = "RECIST 1.1",
    complete_response: CompleteResponse = "nodes under 10 mm",
    progression: Progression | None = None,
) -> pd.DataFrame:
    """Derive ADTR from the measurements of target lesions by one evaluator.

    Parameters
    ----------
    measurements
        One record a measurement, as TR has it: ``USUBJID``, ``TRLNKID`` (ends in the number of the lesion),
        ``TRTESTCD`` (``LDIAM`` long axis, ``LPERP`` short axis), ``TRSTRESN`` (mm, NaN: not measured), ``ADT``,
        ``VISIT``, ``VISITNUM``; optional ``ADTF``, ``TRSEQ``, ``TULOC`` (``LYMPH NODE``: a node) or ``TULOCGR1``.
    subjects
        One record a subject: ``STUDYID``, ``USUBJID``, ``RANDDT`` and others of ADSL.
    responses
        Overall responses: ``USUBJID``, ``ADT``, ``AVALC``; PD flags the sum of that date.
    complete_response
        ``"zero sum"`` is the rule of admiralonco's vignette, which misses a complete response of nodes.
    progression
        What PDFL rests on; default the overall response where ``responses`` are given.

    Returns
    -------
    DataFrame
        Variables of the dataset ADTR; one record a lesion and visit (LDIAMn, NLDIAMn) and one a visit (SDIAM).

    Raises
    ------
    DataError
        A missing column, an unknown subject, a lesion without a number, a measurement that is there twice.
    ConfigurationError
        ``cdisc.bad_option``.
    """
    progression = progression or ("sum" if responses is None else "overall response")
    _check_options(complete_response, progression, responses)
    lesions = _lesions(measurements, subjects)
    sums = _sums(lesions)
    sums = _against_baseline_and_nadir(sums, lesions, complete_response)
    if progression == "overall response" and responses is not None:
        sums["_pd"] = _progressed_by_response(sums, responses)
    else:
        sums["_pd"] = sums["_grown"] | sums["_back"]
    sums = _flags(sums)
    sums = with_subjects(sums, subjects, "Measurements")
    sums["PARAMCD"] = "SDIAM"
    sums["PARAM"] = f"Target Lesions Sum of Diameters by {evaluator}"
    both = pd.concat([lesions, sums], ignore_index=True)
    both = both.assign(PARCAT1="Target Lesion(s)", PARCAT2=evaluator, PARCAT3=criteria)
    both["ASEQ"] = sequence(both, ["PARAMCD", "AVISITN", "TRSEQ"])
    both = both.drop(columns=[name for name in both if str(name).startswith("_")])
    return both.sort_values(["USUBJID", "ASEQ"], ignore_index=True)


def _check_options(complete_response: str, progression: str, responses: pd.DataFrame | None) -> None:
    for option, value, known in (
        ("complete_response", complete_response, get_args(CompleteResponse)),
        ("progression", progression, get_args(Progression)),
    ):
        if value not in known:
            expected = " or ".join(map(repr, known))
            raise ConfigurationError("cdisc.bad_option", option=option, value=value, expected=expected)
    if progression == "overall response" and responses is None:
        expected = "'sum', or a table of responses"
        raise ConfigurationError(
            "cdisc.bad_option", option="progression", value=progression, expected=expected
        )


def _lesions(measurements: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Return the records of single lesions, all of them with a place in the sum or not (``_in_sum``)."""
    require(measurements, _COLUMNS, "Measurements")
    require(subjects, ("RANDDT",), "Subjects")
    rows = measurements[measurements["TRTESTCD"].isin(_LONG)].reset_index(drop=True)
    kept = rows[["USUBJID", "ADT", *(name for name in _KEPT if name in rows)]]
    table = with_subjects(kept, subjects, "Measurements")
    number = table["TRLNKID"].astype(str).str.extract(r"(\d+)$", expand=False)
    if number.isna().any():
        at = int(np.argmax(number.isna()))
        raise DataError("cdisc.not_a_lesion", record=at + 1, value=table["TRLNKID"].iloc[at])
    number = number.astype(int).astype(str)
    codes = rows["TRTESTCD"].map({test: code for test, (code, _) in _LONG.items()})
    names = rows["TRTESTCD"].map({test: name for test, (_, name) in _LONG.items()})
    table["PARAMCD"] = codes.astype(str) + number
    table["PARAM"] = "Target Lesion " + number + " " + names.astype(str)
    table["ADT"] = pd.to_datetime(table["ADT"])
    table["ADY"] = study_day(table["ADT"], table["RANDDT"])
    at_baseline = table["VISIT"].isin(BASELINE_VISITS)
    table["AVISIT"] = table["VISIT"].where(~at_baseline, "BASELINE")
    table["AVISITN"] = table["VISITNUM"].astype(float).where(~at_baseline, 0.0)
    table["AVAL"] = rows["TRSTRESN"].astype(float)
    table["ANL01FL"] = _flag(table["AVAL"].notna())
    if "TULOCGR1" not in table:
        location = table["TULOC"] if "TULOC" in table else pd.Series("", index=table.index)
        table["TULOCGR1"] = np.where(location == NODE, "NODAL", "NON-NODAL")
    table["LSEXP"] = table["TRLNKID"]
    table["LSASS"] = table["TRLNKID"].where(table["AVAL"].notna(), None)
    nodal = table["TULOCGR1"] == "NODAL"
    table["_in_sum"] = np.where(nodal, rows["TRTESTCD"] == "LPERP", rows["TRTESTCD"] == "LDIAM")
    again = table.duplicated(["USUBJID", "PARAMCD", "TRLNKID", "AVISIT", "AVISITN"])
    if again.any():
        at = int(np.argmax(again))
        row = table.iloc[at]
        raise DataError(
            "cdisc.repeated_measurement",
            record=at + 1,
            subject=row["USUBJID"],
            lesion=row["TRLNKID"],
            visit=row["VISIT"],
            test=rows["TRTESTCD"].iloc[at],
        )
    return table


def _sums(lesions: pd.DataFrame) -> pd.DataFrame:
    """Return one record a visit: sum, first date, lesions expected and assessed, what they show of response."""
    counted = lesions[lesions["_in_sum"]]
    measured = counted["AVAL"].notna()
    nodal = counted["TULOCGR1"] == "NODAL"
    left = measured & np.where(nodal, counted["AVAL"] >= NORMAL_NODE_MM, counted["AVAL"] > 0)
    counted = counted.assign(_left=left, _back=measured & ~nodal & (counted["AVAL"] > 0))
    grouped = counted.groupby(_VISIT, sort=True, dropna=False)
    # admiralonco's sum of nothing is 0, which would be a complete response; here it is missing.
    sums = grouped.agg(ADT=("ADT", "min"), ADY=("ADY", "min"), _left=("_left", "any"), _back=("_back", "any"))
    sums["AVAL"] = grouped["AVAL"].sum(min_count=1).round(9)
    sums["LSASS"] = counted[measured].groupby(_VISIT, dropna=False)["TRLNKID"].agg(_listed)
    sums = sums.reset_index()
    expected = counted[counted["AVISIT"] == "BASELINE"].groupby("USUBJID")["TRLNKID"].agg(_listed)
    sums["LSEXP"] = sums["USUBJID"].map(expected)
    sums["ANL01FL"] = _flag(sums["LSEXP"].notna() & (sums["LSEXP"] == sums["LSASS"]))
    return sums.sort_values(["USUBJID", "ADY", "AVISITN"], kind="stable", ignore_index=True)


def _listed(names: pd.Series[Any]) -> str:
    return ", ".join(sorted(names))


def _against_baseline_and_nadir(sums: pd.DataFrame, lesions: pd.DataFrame, rule: str) -> pd.DataFrame:
    complete = sums["ANL01FL"] == "Y"
    gone = ~sums["_left"] if rule == "nodes under 10 mm" else sums["AVAL"] == 0
    sums["_cr"] = complete & gone
    until = sums[sums["ADY"] <= 1]
    baseline = until.groupby("USUBJID").tail(1)
    sums["ABLFL"] = _flag(sums.index.isin(baseline.index))
    sums["BASE"] = sums["USUBJID"].map(baseline.set_index("USUBJID")["AVAL"])
    since = sums["USUBJID"].map(baseline.set_index("USUBJID")["ADY"])
    day, value = sums["ADY"].to_numpy(dtype=float), sums["AVAL"].to_numpy(dtype=float)
    counts = complete.to_numpy(dtype=bool) & (day >= since.to_numpy(dtype=float))
    response = sums["_cr"].to_numpy(dtype=bool)
    nadir, at_nadir = np.full(len(sums), np.nan), np.zeros(len(sums), dtype=bool)
    for rows in sums.groupby("USUBJID").indices.values():
        for row in rows:
            # Sums of the same day are no nadir for each other.
            before = rows[counts[rows] & (day[rows] < day[row])]
            if before.size:
                lowest = before[value[before].argmin()]
                nadir[row], at_nadir[row] = value[lowest], response[lowest]
    sums["NADIR"] = nadir
    sums["CHG"] = (sums["AVAL"] - sums["BASE"]).round(9)
    sums["PCHG"] = (100 * sums["CHG"] / sums["BASE"]).where(sums["BASE"] != 0)
    sums["CHGNAD"] = (sums["AVAL"] - sums["NADIR"]).round(9)
    sums["PCHGNAD"] = (100 * sums["CHGNAD"] / sums["NADIR"]).where(sums["NADIR"] != 0)
    sums["_crn"] = at_nadir if rule == "nodes under 10 mm" else sums["NADIR"] == 0
    # A node that is 10 mm again may be no progression; a lesion elsewhere that is back is.
    reappeared = sums["_back"] if rule == "nodes under 10 mm" else sums["AVAL"] > 0
    sums["_back"] = sums["_crn"] & ~sums["_cr"] & reappeared
    size, least = _units(sums["AVAL"]), _units(sums["NADIR"])
    grown = 100 * size >= (100 + PROGRESSION_PERCENT) * least
    sums["_grown"] = grown & (size - least >= PROGRESSION_MM * UNITS_PER_MM)
    return sums


def _units(values: pd.Series[Any]) -> pd.Series[Any]:
    return (values * UNITS_PER_MM).round()


def _progressed_by_response(sums: pd.DataFrame, responses: pd.DataFrame) -> Any:
    require(responses, ("USUBJID", "ADT", "AVALC"), "Responses")
    worse = responses[responses["AVALC"] == "PD"]
    dates = pd.MultiIndex.from_arrays([worse["USUBJID"], pd.to_datetime(worse["ADT"])])
    return pd.MultiIndex.from_arrays([sums["USUBJID"], sums["ADT"]]).isin(dates)


def _flags(sums: pd.DataFrame) -> pd.DataFrame:
    complete, worse = sums["ANL01FL"] == "Y", sums["_pd"].astype(bool)
    candidates = sums[complete & (sums["ADY"] > 1) & sums["PCHG"].notna()]
    lowest = candidates.sort_values(["USUBJID", "PCHG", "ADY"], kind="stable").groupby("USUBJID").head(1)
    before = ~worse.groupby(sums["USUBJID"]).cummax()
    for name, flag in (
        ("ANL02FL", sums.index.isin(lowest.index)),
        ("ANL03FL", complete & before),
        ("ANL04FL", complete | worse),
        ("PDFL", worse),
        ("CRFL", sums["_cr"]),
        ("CRNFL", sums["_crn"]),
    ):
        sums[name] = _flag(flag)
    return sums


def _flag(which: Any) -> Any:
    return np.array([None, "Y"], dtype=object)[np.asarray(which, dtype=np.intp)]
