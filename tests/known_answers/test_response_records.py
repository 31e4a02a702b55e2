"""ADRS from verdicts: records a visit and a subject, flags up to progression, dates, and numbers of both scales."""

from __future__ import annotations

import pandas as pd
import pytest

from unmask.cdisc.dataset import Dataset
from unmask.cdisc.response_records import derive
from unmask.errors import DataError

SUBJECTS = pd.DataFrame(
    {
        "STUDYID": "S",
        "USUBJID": ["1", "2"],
        "RANDDT": pd.Timestamp("2020-01-01"),
        "DTHDT": pd.to_datetime(["2020-09-01", None]),
    }
)
VISITS = pd.DataFrame(
    {
        "USUBJID": ["1"] * 5,
        "ADT": pd.to_datetime(["2020-02-12", "2020-03-25", "2020-05-06", "2020-06-17", "2020-07-29"]),
        "VISIT": [f"SCAN {n}" for n in range(1, 6)],
        "VISITNUM": [1.0, 2.0, 3.0, 4.0, 5.0],
        "overall_response": ["PR", "PR", "PD", "NE", "PD"],
        "irecist_response": ["iPR", "iPR", "iUPD", "iCPD", None],
    }
)
PATIENTS = pd.DataFrame(
    {
        "USUBJID": ["1", "2"],
        "best_response": ["PR", "NE"],
        "best_response_unconfirmed": ["PR", "NE"],
        "RSPDT": pd.to_datetime(["2020-02-12", None]),
        "irecist_best_response": ["iPR", "NE"],
    }
)


@pytest.fixture(scope="module")
def adrs() -> pd.DataFrame:
    return Dataset.of("ADRS", derive(VISITS, PATIENTS, SUBJECTS)).frame


def records(adrs: pd.DataFrame, code: str) -> list[tuple[str, str, float, str | None]]:
    rows = adrs[adrs["PARAMCD"] == code]
    dates = [None if pd.isna(date) else f"{date:%m-%d}" for date in rows["ADT"]]
    return list(zip(rows["USUBJID"], rows["AVALC"], rows["AVAL"], dates, strict=True))


def test_a_record_a_visit_flagged_up_to_progression(adrs: pd.DataFrame) -> None:
    overall = adrs[adrs["PARAMCD"] == "OVR"]
    assert overall["AVALC"].tolist() == ["PR", "PR", "PD", "NE", "PD"]
    assert overall["AVAL"].tolist() == [2, 2, 5, 6, 5]
    assert overall["ANL02FL"].tolist() == ["Y", "Y", "Y", None, None]
    assert overall["ADY"].tolist() == [43, 85, 127, 169, 211]
    immune = adrs[adrs["PARAMCD"] == "IOVR"]
    assert immune["AVALC"].tolist() == ["iPR", "iPR", "iUPD", "iCPD"]
    assert immune["AVAL"].tolist() == [5, 5, 2, 1]  # the other way round
    assert set(immune["PARCAT3"]) == {"iRECIST"}


def test_a_record_a_subject(adrs: pd.DataFrame) -> None:
    assert records(adrs, "PD") == [("1", "Y", 1, "05-06"), ("2", "N", 0, None)]
    assert records(adrs, "ICPD") == [("1", "Y", 1, "06-17"), ("2", "N", 0, None)]
    for code in ("RSP", "CRSP", "IRSP"):
        assert records(adrs, code) == [("1", "Y", 1, "02-12"), ("2", "N", 0, None)]
    for code in ("BOR", "CBOR"):
        assert records(adrs, code) == [("1", "PR", 2, "02-12"), ("2", "NE", 6, None)]
    assert records(adrs, "IBOR") == [("1", "iPR", 5, "02-12"), ("2", "NE", 8, None)]
    assert records(adrs, "LSTA") == [("1", "PD", 5, "07-29")]
    assert records(adrs, "DEATH") == [("1", "Y", 1, "09-01"), ("2", "N", 0, None)]


def test_a_response_after_progression_is_none() -> None:
    visits = VISITS.assign(overall_response=["SD", "PD", "PR", "PR", "PR"])
    patients = PATIENTS.assign(
        best_response=["PD", "NE"], best_response_unconfirmed=["PD", "NE"], RSPDT=pd.NaT
    )
    table = derive(visits, patients, SUBJECTS)
    assert records(table, "RSP")[0] == ("1", "N", 0, None)
    assert records(table, "BOR")[0] == records(table, "CBOR")[0] == ("1", "PD", 5, "03-25")


def test_tables_are_checked() -> None:
    with pytest.raises(DataError, match="RSPDT"):
        derive(VISITS, PATIENTS.drop(columns="RSPDT"), SUBJECTS)
    with pytest.raises(DataError, match="'1' is not among"):
        derive(VISITS, PATIENTS, SUBJECTS.iloc[1:])
