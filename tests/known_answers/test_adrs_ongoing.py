"""ADRS from derived responses: a PR that is one only because an earlier response goes on confirms nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from unmask.cdisc.adrs import derive
from unmask.response.rules import Rules

SUBJECTS = pd.DataFrame({"STUDYID": ["S"], "USUBJID": ["1"], "RANDDT": pd.Timestamp("2020-01-01")})
OVERALL = pd.DataFrame(
    {
        "USUBJID": ["1", "1"],
        "ADT": pd.to_datetime(["2020-02-20", "2020-04-02"]),
        "AVALC": ["PR", "PR"],
        "ongoing": [False, True],
    }
)


@pytest.mark.parametrize(
    ("overall", "rules", "best"),
    [
        (OVERALL, Rules(), "SD"),
        (OVERALL, Rules(ongoing_response_confirms=True), "PR"),
        (OVERALL.assign(ongoing=False), Rules(), "PR"),
        (OVERALL.drop(columns="ongoing"), Rules(), "PR"),
    ],
)
def test_what_goes_on_does_not_confirm(overall: pd.DataFrame, rules: Rules, best: str) -> None:
    table = derive(overall, SUBJECTS, rules)
    found = table.set_index("PARAMCD")["AVALC"]
    assert found["CBOR"] == best
    assert found["CRSP"] == ("Y" if best == "PR" else "N")
    assert found["BOR"] == "PR"
    assert "ongoing" not in table


def test_a_visit_that_showed_no_disease_is_no_progression_after_a_complete_response() -> None:
    after_cr = OVERALL.drop(columns="ongoing").assign(AVALC=["CR", "PR"])
    rules = Rules.preset("eisenhauer2009")

    def progressed(overall: pd.DataFrame) -> str:
        table = derive(overall, SUBJECTS, rules)
        assert "nothing_seen" not in table
        return str(table.set_index("PARAMCD")["AVALC"]["PD"])

    assert progressed(after_cr) == "Y"
    assert progressed(after_cr.assign(nothing_seen=[False, True])) == "N"


def test_what_goes_on_does_not_confirm_by_irecist_either() -> None:
    immune = OVERALL.assign(AVALC="iPR")
    for rules, best in ((Rules(), "iSD"), (Rules(ongoing_response_confirms=True), "iPR")):
        found = derive(immune, SUBJECTS, rules, criteria="iRECIST").set_index("PARAMCD")["AVALC"]
        assert (found["ICBOR"], found["IBOR"]) == (best, "iPR")


def test_a_record_dated_after_death_confirms_nothing() -> None:
    overall = OVERALL.drop(columns="ongoing")
    for death, best in (("2020-03-01", "SD"), ("2020-04-02", "PR")):
        table = derive(overall, SUBJECTS.assign(DTHDT=pd.Timestamp(death)), Rules())
        assert table.set_index("PARAMCD")["AVALC"]["CBOR"] == best
