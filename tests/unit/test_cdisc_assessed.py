"""A site's lesions as ADaM datasets: they say what the assessment says, a day later as CDISC counts."""

import pandas as pd
import pytest

from unmask.cdisc import assessed
from unmask.cli import run as command
from unmask.errors import ConfigurationError, DataError
from unmask.response.assess import assess

LESIONS = """patient,date,lesion,organ,nodal,kind,state,diameter_mm,start_date
P1,2020-01-01,A,liver,no,target,,50,2020-01-03
P1,2020-01-01,N,node,yes,target,,20,2020-01-03
P1,2020-02-14,A,liver,no,target,,20,2020-01-03
P1,2020-02-14,N,node,yes,target,,9,2020-01-03
P1,2020-03-27,A,liver,no,target,,20,2020-01-03
P1,2020-03-27,N,node,yes,target,,,2020-01-03
P1,2020-05-08,A,liver,no,target,,21,2020-01-03
P1,2020-05-08,N,node,yes,target,,9,2020-01-03
P2,2020-01-01,A,lung,no,target,,30,2020-01-02
P2,2020-02-13,A,lung,no,target,,30,2020-01-02
P2,2020-02-13,Z,brain,no,new,equivocal,,2020-01-02
P2,2020-03-26,A,lung,no,target,,30,2020-01-02
P2,2020-03-26,Z,brain,no,new,,12,2020-01-02
"""
SUBJECTS = """patient,arm,death_date,last_known_date,start_date
P1,drug,,2020-12-31,2020-01-03
P2,control,2020-06-01,2020-06-01,2020-01-02
P3,control,2020-03-01,2020-03-01,2020-01-02
"""


@pytest.fixture
def result(tmp_path):
    lesions, subjects = tmp_path / "lesions.csv", tmp_path / "subjects.csv"
    lesions.write_text(LESIONS, encoding="utf-8")
    subjects.write_text(SUBJECTS, encoding="utf-8")
    return assess(lesions, patients=subjects)


@pytest.fixture
def tables(result):
    return {item.metadata.name: item.frame for item in assessed.datasets(result, "TRIAL01")}


def parameter(table, code, subject, criteria="RECIST 1.1"):
    rows = table[(table["PARAMCD"] == code) & (table["USUBJID"] == subject)]
    rows = rows[rows["PARCAT3"].fillna("").isin([criteria, ""])] if "PARCAT3" in rows else rows
    assert len(rows) == 1, (code, subject, len(rows))
    return rows.iloc[0]


def test_every_subject_has_every_parameter(tables):
    assert tables["ADSL"]["USUBJID"].tolist() == ["P1", "P2", "P3"]
    assert parameter(tables["ADRS"], "BOR", "P3")["AVALC"] == "NE"
    assert parameter(tables["ADRS"], "DEATH", "P3")["AVALC"] == "Y"
    assert parameter(tables["ADRS"], "MDIS", "P3")["AVALC"] == "N"
    assert set(tables["ADTTE"]["STUDYID"]) == {"TRIAL01"}


def test_responses_are_those_of_the_assessment(tables, result):
    patients = result.patients.set_index("patient")
    best = parameter(tables["ADRS"], "CBOR", "P1")
    assert best["AVALC"] == patients.loc["P1", "best_response"] == "PR"
    assert pd.Timestamp(best["ADT"]) == pd.Timestamp("2020-02-14")
    assert parameter(tables["ADRS"], "IBOR", "P2", "iRECIST")["AVALC"] == "iSD"


def test_a_lesion_that_was_equivocal_at_first_dates_progression_there(tables):
    assert pd.Timestamp(parameter(tables["ADRS"], "PD", "P2")["ADT"]) == pd.Timestamp("2020-02-13")
    survival = parameter(tables["ADTTE"], "PFS", "P2")
    assert (survival["AVAL"], survival["CNSR"]) == (43, 0)


def test_sums_and_their_nadir(tables):
    rows = tables["ADTR"]
    sums = rows[(rows["PARAMCD"] == "SDIAM") & (rows["USUBJID"] == "P1")].sort_values("ADT")
    assert sums["AVAL"].tolist() == [70, 29, 20, 30]
    assert sums["ANL01FL"].fillna("").tolist() == ["Y", "Y", "", "Y"]
    # the incomplete sum of the second visit is no nadir
    assert sums["NADIR"].tolist()[-1] == 29
    nodes = rows[rows["PARAMCD"] == "NLDIAM2"]
    assert set(nodes["TULOCGR1"]) == {"NODAL"} and set(nodes["USUBJID"]) == {"P1"}


def test_times_have_the_day_that_cdisc_counts(tables, result):
    times = result.times.set_index(["patient", "endpoint"])
    for subject in ("P1", "P2", "P3"):
        row = parameter(tables["ADTTE"], "OS", subject)
        assert row["AVAL"] == times.loc[(subject, "OS"), "time_days"] + 1
        assert (row["CNSR"] == 0) == times.loc[(subject, "OS"), "event"]


def test_days_without_dates_are_refused(tmp_path):
    lesions = tmp_path / "lesions.csv"
    lesions.write_text("patient,day,diameter_mm\np,-3,50\np,42,30\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="start_date"):
        assessed.datasets(assess(lesions))


def test_one_set_of_criteria_is_refused(tmp_path, result):
    with pytest.raises(ConfigurationError, match="--criteria"):
        assessed.datasets(assess(tmp_path / "lesions.csv", criteria=["irecist"]))


def test_a_study_name_that_is_too_long_is_named(result):
    with pytest.raises(DataError, match="STUDYID"):
        assessed.datasets(result, "S" * 41)


def test_the_command_writes_them_and_not_over_others(tmp_path, result, capsys):
    arguments = ["assess", str(tmp_path / "lesions.csv"), "--patients", str(tmp_path / "subjects.csv")]
    arguments += ["--cdisc", str(tmp_path / "adam"), "--cdisc-formats", "csv,json"]
    assert command(arguments) == 0
    assert "CDISC datasets" in capsys.readouterr().out
    names = {path.name for path in (tmp_path / "adam").iterdir()}
    assert {"adsl.csv", "adtr.json", "adrs.csv", "adtte.json", "README.txt"} <= names
    assert command(arguments) == 2
    assert "--force" in capsys.readouterr().err
