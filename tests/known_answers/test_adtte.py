"""ADTTE: the day CDISC adds, numbers and texts of reasons, sources, and what has no entry."""

from __future__ import annotations

import pandas as pd
import pytest

from unmask.cdisc.adtte import derive, mapping
from unmask.cdisc.dataset import Dataset
from unmask.cdisc.metadata import load
from unmask.errors import DataError
from unmask.survival import endpoints

SUBJECTS = pd.DataFrame(
    {
        "STUDYID": "S",
        "USUBJID": ["1", "2"],
        "RANDDT": pd.to_datetime(["2020-01-10", "2020-02-29"]),
        "RSPDT": pd.to_datetime(["2020-03-01", None]),
        "IRSPDT": pd.to_datetime([None, None]),
    }
)


def times(*rows: tuple[str, str, float, bool, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["USUBJID", "endpoint", "time_days", "event", "reason"])


def test_a_day_is_added_and_durations_start_at_the_response() -> None:
    table = derive(
        times(
            ("1", "OS", 0, True, "death"),
            ("1", "DoR", 10, True, "progression by RECIST 1.1"),
            ("2", "OS", 366, False, "alive at the end of follow-up"),
            ("2", "PFS", 0, False, "no adequate assessment after baseline"),
        ),
        SUBJECTS,
    )
    rows = table[["USUBJID", "PARAMCD", "AVAL", "CNSR", "EVNTDESC", "CNSDTDSC", "SRCDOM", "SRCVAR", "ASEQ"]]
    assert [tuple(row) for row in rows.astype(object).where(rows.notna(), None).itertuples(index=False)] == [
        ("1", "OS", 1, 0, "Death", None, "ADSL", "DTHDT", 1),
        ("1", "RSD", 11, 0, "Disease Progression", None, "ADRS", "ADT", 2),
        ("2", "OS", 367, 1, "Alive", "Alive During Study", "ADSL", "LSTALVDT", 1),
        ("2", "PFS", 1, 2, "No Adequate Tumor Assessment", "Randomization", "ADSL", "RANDDT", 2),
    ]
    assert table["STARTDT"].astype(str).tolist() == ["2020-01-10", "2020-03-01", "2020-02-29", "2020-02-29"]
    assert table["ADT"].astype(str).tolist() == ["2020-01-10", "2020-03-11", "2021-03-01", "2020-02-29"]
    assert (table["AVALU"] == "DAYS").all()
    assert len(Dataset.of("ADTTE", table).frame) == 4


def test_the_source_record_is_found_in_adrs() -> None:
    adrs = pd.DataFrame(
        {
            "USUBJID": ["1", "1", "2"],
            "PARAMCD": ["OVR", "PD", "PD"],
            "PARCAT3": "RECIST 1.1",
            "ADT": pd.to_datetime(["2020-01-20", "2020-01-20", "2020-01-20"]),
            "ASEQ": [4, 7, 9],
        }
    )
    table = derive(
        times(("1", "PFS", 10, True, "progression by RECIST 1.1"), ("1", "OS", 10, True, "death")),
        SUBJECTS,
        adrs,
    )
    assert table["PARAMCD"].tolist() == ["OS", "PFS"]
    assert table["SRCSEQ"].tolist()[1] == 7
    assert pd.isna(table["SRCSEQ"].iloc[0])


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        (("1", "XXX", 1, True, "death"), "cdisc.unknown_endpoint", "[endpoint.XXX]"),
        (("1", "OS", 1, True, "old age"), "cdisc.unknown_reason", "'old age'"),
        (("1", "OS", 1, False, "death"), "cdisc.unknown_reason", "'death' of OS"),
        (("2", "DoR", 1, True, "death"), "cdisc.no_start", "RSPDT"),
        (("1", "OS", 1.5, True, "death"), "cdisc.bad_time", "1.5"),
        (("1", "OS", -1, True, "death"), "cdisc.bad_time", "-1"),
        (("3", "OS", 1, True, "death"), "cdisc.unknown_subject", "'3'"),
    ],
)
def test_what_cannot_be_written_is_named(
    row: tuple[str, str, float, bool, str], code: str, words: str
) -> None:
    with pytest.raises(DataError) as caught:
        derive(times(row), SUBJECTS)
    assert caught.value.code == code
    assert words in str(caught.value)


def test_other_endpoints_are_data() -> None:
    own = {
        **mapping(),
        "endpoint": {"EFS": {"paramcd": "EFS", "param": "Event-Free Survival", "start": "RANDDT"}},
    }
    table = derive(times(("1", "EFS", 3, True, "death")), SUBJECTS, mapped=own)
    assert table["PARAM"].tolist() == ["Event-Free Survival"]


def test_every_endpoint_and_reason_of_survival_has_an_entry() -> None:
    data = mapping()
    every = (*endpoints.ENDPOINTS.values(), *endpoints.VARIANTS.values())
    assert {item.name for item in every} == set(data["endpoint"])
    codes = [entry["paramcd"] for entry in data["endpoint"].values()]
    assert len(set(codes)) == len(codes)
    assert max(map(len, codes)) <= 8
    for item in every:
        assert {source.reason for source in item.events} <= set(data["event"])
        assert {source.reason for source in (*item.censors, *item.early)} <= set(data["censor"])
    assert all(
        entry["variable"] in load("ADSL").names or entry["domain"] == "ADRS"
        for entry in data["event"].values()
    )
    assert all(entry["number"] >= 1 for entry in data["censor"].values())
