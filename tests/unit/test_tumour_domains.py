"""SDTM TU, TR, RS and DM as they come: evaluators, axes, states, visits, splits, and files that are not usable."""

import datetime
import json
import sys

import pandas as pd
import pytest

from unmask.cdisc.reading import read_dataset
from unmask.cdisc.responses import read_responses
from unmask.cdisc.tumour_domains import read_tumours
from unmask.errors import ConfigurationError, DataError
from unmask.response import Response, Rules, outcomes
from unmask.response.assess import assess
from unmask.response.lesions import arrange

TU = "USUBJID,TULNKID,TUSTRESC,TULOC,TUEVAL,TUEVALID"
TR = "USUBJID,TRSEQ,TRLNKID,TRGRPID,TRTESTCD,TRSTRESC,TRSTRESN,TRSTRESU,TRSTAT,VISITNUM,VISIT,TRDTC,TREVAL,TREVALID"
LUNG, NODE = "p,T01,TARGET,LUNG,,", "p,T02,TARGET,LYMPH NODE,,"


@pytest.fixture
def folder(tmp_path):
    def folder(tu, tr, **others):
        files = {"tu": [TU, *tu], "tr": [TR, *tr], **others}
        for name, lines in files.items():
            (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return tmp_path

    return folder


@pytest.fixture
def table(folder):
    def table(tu, tr, **options):
        path = folder(tu, tr)
        read = read_tumours(path / "tu.csv", path / "tr.csv", **options)
        arranged = arrange(path, read)
        assert arranged.rows_read == arranged.rows_used + arranged.rows_superseded + arranged.rows_left_out
        return arranged

    return table


def mm(link, size, visit, date, test="LDIAM", who=",", group="TARGET", seq=1):
    number, name = visit
    return f"p,{seq},{link},{group},{test},{size},{size},mm,,{number},{name},{date},{who}"


def state(link, text, visit, date, group="NON-TARGET", status="", test="TUMSTATE"):
    number, name = visit
    return f"p,1,{link},{group},{test},{text},,,{status},{number},{name},{date},,"


BASE, W6, W12 = (1, "BASELINE"), (2, "WEEK 6"), (3, "WEEK 12")
DAY0, DAY42, DAY84 = "2014-01-03", "2014-02-14", "2014-03-28"
START = [mm("T01", 30, BASE, DAY0), mm("T01", 20, W6, DAY42)]


def findings(table):
    return {(p.source, p.row, p.code) for p in table.problems}


def test_nodes_count_by_their_short_axis_and_the_rest_by_the_longest(table):
    found = table(
        [LUNG, NODE],
        [
            *START,
            mm("T01", 12, BASE, DAY0, "LPERP"),
            mm("T02", 25, BASE, DAY0),
            mm("T02", 16, BASE, DAY0, "LPERP"),
            mm("T02", 9, W6, DAY42, "DIAMETER"),
            mm("", 46, BASE, DAY0, "SUMDIAM"),
        ],
    )
    assert not found.problems
    assert found.measurements.baseline.tolist() == [[300, 160]]
    assert found.measurements.nodal.tolist() == [[False, True]]
    assert found.measurements.target.tolist() == [[[200, 90]]]
    assert found.records == {
        "further result of the same lesion and visit": 2,
        "sums and other tests": 1,
    }
    assert found.visit_names["p", 42.0] == ("2", "WEEK 6")


def test_states_of_non_target_and_new_lesions(table):
    found = table(
        [LUNG],
        [
            *START,
            mm("T01", 20, W12, DAY84),
            state("NT01", "PRESENT", BASE, DAY0),
            state("NT01", "ABSENT", W6, DAY42),
            state("NT01", "UNEQUIVOCAL INCREASE", W12, DAY84),
            state("N01", "EQUIVOCAL", W6, DAY42, "NEW"),
            state("N01", "UNEQUIVOCAL", W12, DAY84, "NEW"),
        ],
    )
    assert not found.problems
    assert found.measurements.non_target.tolist() == [[Response.CR, Response.PD]]
    assert found.measurements.new_count.tolist() == [[0, 1]]
    assert outcomes(found.judged(Rules())).progression_day.tolist() == [42]


def test_what_was_not_done_and_what_is_too_small(table):
    rows = [
        mm("T01", 30, BASE, DAY0),
        state("T01", "", W6, DAY42, "TARGET", "NOT DONE", "LDIAM"),
        state("T01", "TOO SMALL TO MEASURE", W12, DAY84, "TARGET"),
        state("T01", "20", (4, "WEEK 18"), "2014-05-09", "TARGET", "NOT DONE", "LDIAM"),
    ]
    assert table([LUNG], rows).measurements.target.tolist() == [[[-1], [50], [-1]]]


def test_lesions_that_split_and_coalesce(table):
    found = table(
        [LUNG, "p,T03,TARGET,LIVER,,"],
        [
            *(mm("T01", 30, BASE, DAY0), mm("T03", 20, BASE, DAY0)),
            *(mm("T01.1", 10, W6, DAY42), mm("T01.2", 9, W6, DAY42), mm("T03", 20, W6, DAY42)),
            mm("T01/T03", 44, W12, DAY84),
        ],
    )
    assert not found.problems
    assert found.measurements.target.tolist() == [[[190, 200], [440, 0]]]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (mm("", 12, W12, DAY84), "row_no_link"),
        (mm("T09", 12, W12, DAY84, group=""), "row_no_class"),
        (mm("T01", 12, W12, DAY84, "LPERP"), "row_wrong_axis"),
        (mm("T01", 1.2, W12, DAY84).replace("mm", "cm"), "row_bad_unit"),
        (mm("T01", "large", W12, DAY84), "row_bad_diameter"),
        (mm("T01", 700, W12, DAY84), "row_absurd_diameter"),
        (mm("T01", 12, W12, ""), "row_bad_date"),
        (mm("T01", 12, W12, "March"), "row_bad_date"),
        (state("NT01", "WORSE", W12, DAY84), "row_bad_tumour_state"),
        (state("T01", "EQUIVOCAL", W12, DAY84, "TARGET"), "row_state_of_other_kind"),
        (mm("T01", 12, W12, DAY84).replace("p,", ",", 1), "row_no_patient"),
        (mm("T02", 12, W12, DAY84, "LPERP"), "row_no_baseline_lesion"),
        (mm("T01", 20, W6, DAY42), "row_duplicate"),
        (mm("T01", 12, W12, DAY84, group="NEW"), "row_kind_changes"),
    ],
)
def test_bad_records_are_named_by_dataset_and_number(table, line, code):
    found = table([LUNG, NODE], [*START, line])
    errors = [p for p in found.problems if p.severity == "error"]
    assert [(p.source, p.row, p.code) for p in errors] == [("TR", 3, code)]
    assert str(errors[0]).startswith("TR record 3, ")
    assert "TRSEQ=1" in errors[0].original
    assert found.measurements.target.tolist() == [[[200]]]


def test_a_visit_of_several_days_is_dated_at_the_last(table):
    found = table(
        [LUNG, NODE],
        [*START, mm("T02", 20, BASE, "2014-01-01", "LPERP"), mm("T02", 16, W6, "2014-02-18", "LPERP")],
    )
    assert findings(found) == {("TR", 2, "row_visit_of_several_days")}
    assert found.measurements.day.tolist() == [[46]]
    assert sorted(found.measurements.target[0, 0].tolist()) == [160, 200]


def test_days_too_far_apart_are_two_visits(table):
    found = table([LUNG], [*START, mm("T01", 25, W6, "2014-04-14")])
    assert findings(found) == {("TR", 2, "row_visit_apart")}
    assert found.measurements.day.tolist() == [[42, 101]]


def test_a_visit_before_the_one_that_its_number_follows(table):
    found = table([LUNG], [*START, mm("T01", 20, W12, "2014-01-20")])
    assert findings(found) == {("TR", 3, "row_days_disordered")}
    assert found.measurements.day.tolist() == [[17, 42]]


def test_a_lesion_that_moves_in_tu(table):
    found = table([LUNG, "p,T01,TARGET,LIVER,,"], START)
    assert findings(found) == {("TU", 2, "row_location_changes")}


def test_partial_dates(table):
    rows = [*START, mm("T01", 15, W12, "2014-03")]
    assert table([LUNG], rows).measurements.day.tolist() == [[42, 57]]
    assert table([LUNG], rows, partial_dates="last").measurements.day.tolist() == [[42, 87]]
    refused = table([LUNG], rows, partial_dates="refuse")
    assert findings(refused) == {("TR", 3, "row_partial_date")}


def test_a_baseline_of_unknown_day_stays_baseline(table):
    rows = [mm("T01", 30, BASE, "2014-01"), mm("T01", 20, W6, DAY42)]
    start = {"p": datetime.date(2014, 1, 3)}
    for partial_dates in ("first", "last"):
        found = table([LUNG], rows, start_dates=start, partial_dates=partial_dates)
        assert findings(found) == {("TR", 1, "row_date_imputed")}
        assert found.measurements.day.tolist() == [[42]]


def test_without_a_baseline_visit_the_earliest_date_is_taken_and_said(table):
    rows = [mm("T01", 30, (1, "WEEK 0"), DAY0), mm("T01", 20, W6, DAY42)]
    assert findings(table([LUNG], rows)) == {("TR", None, "file_start_assumed")}


def both(size, visit, date, who):
    return mm("T01", size, visit, date, who=who)


CENTRAL = "INDEPENDENT ASSESSOR,R1"
READERS = [
    both(30, BASE, DAY0, "INVESTIGATOR,"),
    both(20, W6, DAY42, "INVESTIGATOR,"),
    both(33, BASE, DAY0, CENTRAL),
    both(11, W6, DAY42, CENTRAL),
]


def test_evaluators(table):
    tu = ["p,T01,TARGET,LUNG,INVESTIGATOR,", "p,T01,TARGET,LIVER,INDEPENDENT ASSESSOR,R1"]
    assert table(tu, READERS).measurements.baseline.tolist() == [[300]]
    assert not table(tu, READERS).problems
    other_reader_first = ["p,T01,TARGET,LYMPH NODE,INDEPENDENT ASSESSOR,R1", tu[0]]
    assert table(other_reader_first, READERS).measurements.nodal.tolist() == [[False]]
    for name in ("R1", "independent assessor"):
        assert table(tu, READERS, evaluator=name).measurements.baseline.tolist() == [[330]]
    assert table(tu, READERS).records == {"other evaluator": 2}
    with pytest.raises(ConfigurationError, match=r"Known: INDEPENDENT ASSESSOR, INVESTIGATOR, R1"):
        table(tu, READERS, evaluator="me")
    with pytest.raises(ConfigurationError, match="no records of the evaluator 'accepted'"):
        table(tu, READERS, evaluator="accepted")
    second = [line.replace("R1", "R2") for line in READERS[2:]]
    with pytest.raises(ConfigurationError, match=r"several readers \(R1, R2\)"):
        table(tu, [*READERS, *second], evaluator="INDEPENDENT ASSESSOR")


RS = [
    "USUBJID,RSSEQ,RSTESTCD,RSCAT,RSSTRESC,VISITNUM,VISIT,RSDTC",
    "p,1,OVRLRESP,RECIST 1.1,SD,2,WEEK 6,2014-02-14",
    "p,2,TRGRESP,RECIST 1.1,SD,2,WEEK 6,2014-02-14",
    "p,3,OVRLRESP,RECIST 1.1,PD,4,WEEK 18,2014-05",
    "p,4,OVRLRESP,iRECIST,iPR,2,WEEK 6,2014-02-14",
    "p,5,OVRLRESP,RECIST 1.1,NE,1,BASELINE,2014-01-03",
]
DM = ["USUBJID,RFSTDTC,ARM", "p,2014-01-03,drug"]


def test_recorded_responses_are_set_beside_the_derived_ones(folder):
    tr = [mm("T01", 30, BASE, DAY0), mm("T01", 20, W6, DAY42), mm("T01", 20, W12, DAY84)]
    result = assess(folder([LUNG], tr, rs=RS, dm=DM), out=None)
    table = result.comparison.disagreements
    assert table[table["category"] == "RECIST 1.1"].iloc[:, :-1].to_numpy().tolist() == [
        ["p", "2014-02-14", "WEEK 6", "SD", "PR", "target_shrinkage"],
        ["p", "2014-05-31", "WEEK 18", "PD", "", ""],
        ["p", "2014-03-28", "WEEK 12", "", "PR", "target_shrinkage"],
    ]
    assert result.summary["recorded_responses"] == {"compared": 2, "agreeing": 1}
    assert list(result.summary["groups"]) == ["drug"]


def test_disagreements_are_written(folder, tmp_path):
    assess(folder([LUNG], START, rs=RS, dm=DM), out=tmp_path / "out")
    written = pd.read_csv(tmp_path / "out" / "disagreements.csv")
    assert written.columns[:6].tolist() == ["patient", "date", "visit", "recorded", "derived", "criterion"]


def test_recorded_responses_alone(folder):
    path = folder([LUNG], START, rs=RS) / "rs.csv"
    found = read_responses(path)
    assert found[["AVALC", "ADTF", "RSSEQ"]].to_numpy().tolist() == [
        ["NE", "", "5"],
        ["SD", "", "1"],
        ["PD", "D", "3"],
    ]
    assert read_responses(path, category="iRECIST")["AVALC"].tolist() == ["iPR"]
    with pytest.raises(ConfigurationError, match=r"RSCAT holds RECIST 1\.1, iRECIST"):
        read_responses(path, category="mRECIST")
    with pytest.raises(DataError, match="TU and TR is missing"):
        assess(path)


def test_folders_and_files_that_do_not_say_what_they_are(folder, tmp_path):
    path = folder([LUNG], START)
    assert assess([path / "tr.csv", path / "tu.csv"]).summary["patients_assessed"] == 1
    (path / "tr_old.csv").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match=r"several datasets that may be TR: tr\.csv, tr_old\.csv"):
        assess(path)
    (path / "tr.csv").unlink()
    (path / "tr_old.csv").unlink()
    with pytest.raises(DataError, match="TR is missing"):
        assess(path)
    lesions = tmp_path / "lesions.csv"
    lesions.write_text("patient,day,diameter\np,0,20\n", encoding="utf-8")
    with pytest.raises(DataError, match="none of the datasets"):
        assess([path / "tu.csv", lesions])
    with pytest.raises(ConfigurationError, match="No file"):
        assess([])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tr.csv", b"a,b\n1,2,3\n", "cannot be read as CSV"),
        ("tr.csv", b"USUBJID,X\n1,2\n", "TR lacks the variable TRLNKID, TRTESTCD"),
        ("tr.csv", b"USUBJID,TRLNKID,TRTESTCD\n", "nothing below"),
        ("tr.csv", b"USUBJID,USUBJID\n1,2\n", "TR lacks"),
        ("tr.csv", b"\xff\xfe", "is not UTF-8"),
        ("tr.csv.gz", b"\x1f\x8b broken", "cannot be read"),
        ("tr.xpt", b"not SAS at all", "cannot be read as SAS XPORT"),
        ("tr.json", b"[1, 2", "cannot be read as Dataset-JSON 1.1"),
        ("tr.json", b"{}", "no 'columns'"),
        ("tr.json", b"[]", "cannot be read as Dataset-JSON"),
        ("tr.json", json.dumps({"columns": [{"name": "A"}], "rows": [[1, 2]]}).encode(), "not every row"),
        (
            "tr.json",
            json.dumps({"columns": [{"name": "A", "dataType": "float"}], "rows": [["x"]]}).encode(),
            "could not convert",
        ),
        ("none.csv", None, "does not exist"),
    ],
)
def test_unusable_datasets(folder, name, content, said):
    path = folder([LUNG], START)
    if content is not None:
        (path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_tumours(path / "tu.csv", path / name)
    assert said in str(caught.value)
    assert name in str(caught.value)


def test_xpt_without_its_library_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "tr.xpt"
    path.write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(ConfigurationError, match=r'pip install "unmask\[adam\]"'):
        read_dataset(path)


def test_dates_of_datasets_are_text_in_every_format(tmp_path):
    path = tmp_path / "adsl.json"
    columns = [
        {"name": "USUBJID", "dataType": "string"},
        {"name": "RANDDT", "dataType": "date", "targetDataType": "integer"},
        {"name": "AGE", "dataType": "integer"},
    ]
    rows = [["p", "2014-01-03", 60], ["q", 19726, None]]
    path.write_text(json.dumps({"columns": columns, "rows": rows}), encoding="utf-8")
    table = read_dataset(path)
    assert table["RANDDT"].tolist() == ["2014-01-03", "2014-01-03"]
    assert table["AGE"].isna().tolist() == [False, True]
