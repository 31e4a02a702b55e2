"""Dates instead of days, and Parquet instead of CSV."""

import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unmask.errors import ConfigurationError, DataError
from unmask.response.assess import assess
from unmask.response.lesions import read_lesions
from unmask.response.subjects import read_subjects

HEADER = "patient,date,lesion,diameter_mm"


@pytest.fixture
def read(tmp_path):
    def read(*lines, header=HEADER, **options):
        path = tmp_path / "lesions.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return read_lesions(path, **options)

    return read


def codes(table):
    return {(p.row, p.patient, p.code, p.severity) for p in table.problems}


def test_dates_are_counted_from_the_reference_date(read):
    table = read(
        "p,2014-01-01,A,20,2014-01-03",
        "p,2014-02-14T10:30,A,10,2014-01-03",
        "p,2014-03-01 00:00:00,A,10,",
        header=f"{HEADER},randdt",
    )
    assert not table.problems
    assert table.start_date == {"p": datetime.date(2014, 1, 3)}
    assert table.baseline_day.tolist() == [-2]
    assert table.measurements.day.tolist() == [[42, 57]]
    assert table.baseline_until == 0


def test_a_scan_on_the_day_after_the_reference_is_a_visit(read):
    """Dates have a day 0, so that day 1 is not taken for the first dose."""
    rows = ("p,2014-01-01,A,20,2014-01-02", "p,2014-01-03,A,30,2014-01-02")
    assert read(*rows, header=f"{HEADER},start_date").measurements.day.tolist() == [[1]]


def test_without_a_reference_date_the_earliest_date_is_day_0_and_said_once(read):
    table = read("p,2014-03-01,A,10", "p,2014-01-01,A,20", "q,2015-01-01,A,20", "q,2015-03-01,A,20")
    found = {(p.row, p.code) for p in table.problems}
    assert found == {(None, "file_start_assumed"), (3, "row_days_disordered")}
    assert table.measurements.day.tolist() == [[59], [59]]
    with pytest.raises(DataError, match="no reference date"):
        read("p,2014-01-01,A,20", "p,2014-03-01,A,10", strict=True)


def test_a_patient_without_a_reference_date_is_named(read):
    rows = (
        "p,2014-01-01,A,20,2014-01-03",
        "p,2014-02-01,A,20,2014-01-03",
        "q,2014-01-01,A,20,",
        "q,2014-02-01,A,9,",
    )
    table = read(*rows, header=f"{HEADER},start_date")
    assert codes(table) == {(None, "q", "patient_start_assumed", "warning")}
    assert read(*rows, header=f"{HEADER},start_date", strict=True).patients == ("p",)


@pytest.mark.parametrize(
    ("date", "code"),
    [
        ("2014-02", "row_partial_date"),
        ("2014", "row_partial_date"),
        ("2014---15", "row_partial_date"),
        ("2014-02-30", "row_bad_date"),
        ("2014-13-01", "row_bad_date"),
        ("03/02/2014", "row_bad_date"),
        ("1850-01-01", "row_bad_date"),
        ("42", "row_bad_date"),
        ("", "row_bad_date"),
    ],
)
def test_bad_dates(read, date, code):
    table = read("p,2014-01-01,A,20,2014-01-03", f"p,{date},A,10,2014-01-03", header=f"{HEADER},start_date")
    assert (3, "p", code, "error") in codes(table)


@pytest.mark.parametrize(("partial", "day"), [("first", 29), ("last", 56)])
def test_partial_dates_are_completed_when_asked_and_counted(read, partial, day):
    rows = (
        "p,2014-01-01,A,20,2014-01-03",
        "p,2014-02,A,10,2014-01-03",
        "p,2014-03-05,A,10,2014-01-03",
    )
    table = read(*rows, header=f"{HEADER},start_date", partial_dates=partial)
    assert table.measurements.day.tolist() == [[day, 61]]
    assert codes(table) == {(3, "p", "row_date_imputed", "warning")}
    strict = read(*rows, header=f"{HEADER},start_date", partial_dates=partial, strict=True)
    assert codes(strict) == {(3, "p", "row_date_imputed", "error")}
    assert strict.measurements.day.tolist() == [[61]]


def test_an_unknown_way_with_partial_dates(read):
    with pytest.raises(ConfigurationError, match="first, last, refuse"):
        read("p,2014-01-01,A,20", partial_dates="middle")


def test_the_reference_date_does_not_change_within_a_patient(read):
    rows = ("p,2014-01-01,A,20,2014-01-03", "p,2014-02-14,A,10,2014-01-04", "p,2014-03-14,A,10,2014-01-03")
    assert codes(read(*rows, header=f"{HEADER},start_date")) == {(3, "p", "row_start_differs", "error")}


def test_day_goes_before_date(read):
    table = read("p,0,2014-01-01,20", "p,42,2014-05-05,10", header="patient,day,date,diameter")
    assert table.measurements.day.tolist() == [[42]]
    with pytest.raises(DataError, match="day or date"):
        read("p,20", header="patient,diameter")


# Parquet


def parquet(tmp_path, columns):
    path = tmp_path / "lesions.parquet"
    pq.write_table(pa.table(columns), path)
    return path


MIXED = {
    "patient": ["p", "p", "p", "", "q", "q", "q", "r"],
    "day": [0.0, 42.0, 84.0, 0.0, 0.0, 42.0, 42.0, 42.0],
    "lesion": ["A", "A", "A", "A", "A", "A", "A", "A"],
    "diameter_mm": [20.0, 32.45, -1.0, 20.0, 9.0, None, None, 600.0],
    "nodal": [False, False, False, False, True, True, True, False],
    "arm": ["x", "x", "x", "x", None, None, None, "y"],
}


def test_parquet_is_read_as_csv_of_the_same_content(tmp_path):
    as_parquet = assess(parquet(tmp_path, MIXED))
    csv = tmp_path / "lesions.csv"
    pd.DataFrame(MIXED).to_csv(csv, index=False)
    as_csv = assess(csv)
    pd.testing.assert_frame_equal(as_parquet.visits, as_csv.visits)
    pd.testing.assert_frame_equal(as_parquet.patients, as_csv.patients)
    assert as_parquet.problems == as_csv.problems
    assert {p.row for p in as_parquet.problems if p.severity == "error"} == {4, 5, 8, 9}
    assert {k: v for k, v in as_parquet.summary.items() if k != "file"} == {
        k: v for k, v in as_csv.summary.items() if k != "file"
    }


def test_parquet_holds_dates_timestamps_and_whole_numbers(tmp_path):
    dates = [datetime.date(2014, 1, 1), datetime.date(2014, 2, 12)]
    for values in (dates, pd.to_datetime(dates)):
        path = parquet(
            tmp_path,
            {
                "patient": [7, 7],
                "date": values,
                "start_date": values[:1].repeat(2) if hasattr(values, "repeat") else dates[:1] * 2,
                "diameter": pa.array([20, 13], pa.int16()),
            },
        )
        table = read_lesions(path)
        assert table.patients == ("7",)
        assert table.measurements.day.tolist() == [[42]]
        assert table.measurements.target.tolist() == [[[130]]]


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"\0" * 50 + b"PAR1", b"PAR1 no such thing"])
def test_what_is_no_parquet(tmp_path, content):
    path = tmp_path / "lesions.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_lesions(path)


# The subject file


def subjects(tmp_path, *lines, name="subjects.csv", **options):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_subjects(path, **options)


def test_a_subject_file(tmp_path):
    found = subjects(
        tmp_path,
        "patient,arm,start_date,death_date,last_known_day,new_therapy_date,pdl1",
        "p,drug,2014-01-03,2014-02-14,40,,high",
        "q,control,2014-01-03,,100,2014-03-03,low",
    )
    assert found.problems == ()
    assert found.patients == ("p", "q")
    assert found.start_date["p"] == datetime.date(2014, 1, 3)
    assert found.arm == {"p": "drug", "q": "control"}
    assert found.death_day["p"] == 42 and found.death_day["q"] != found.death_day["q"]
    assert found.last_known_day == {"p": 40, "q": 100}
    assert found.new_therapy_day["q"] == 59
    assert found.extra == {"pdl1": {"p": "high", "q": "low"}}


def test_dm_and_adsl_are_subject_files(tmp_path):
    found = subjects(tmp_path, "STUDYID,USUBJID,RFSTDTC,DTHDTC,ARM", "S,p,2014-01-03T08:00,2014-02-14,drug")
    assert (found.death_day, found.arm) == ({"p": 42}, {"p": "drug"})
    found = subjects(
        tmp_path, "USUBJID,RANDDT,TRTSDT,DTHDT,LSTALVDT,TRT01P", "p,2014-01-03,2014-01-05,,2014-02-14,d"
    )
    assert (found.last_known_day, found.arm) == ({"p": 42}, {"p": "d"})


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (",d,2014-01-03,,", "row_no_patient"),
        ("p,d,2014-01-03,,", "row_patient_twice"),
        ("x,d,2014-01,,", "row_partial_date"),
        ("x,d,yesterday,,", "row_bad_date"),
        ("x,d,,2014-02-14,", "row_no_start"),
        ("x,d,2014-01-03,,soon", "row_bad_day"),
        ("x,d", "row_wrong_length"),
    ],
)
def test_bad_rows_of_a_subject_file(tmp_path, line, code):
    found = subjects(tmp_path, "patient,arm,start_date,death_date,last_known_day", "p,d,2014-01-03,,", line)
    assert [(p.row, p.code, p.severity, p.source) for p in found.problems] == [(3, code, "error", "patients")]
    assert found.patients == ("p",)


def test_warnings_of_a_subject_file(tmp_path):
    lines = (
        "patient,start_date,death_date,last_known_day",
        "p,2014-01-03,2014-01-01,",
        "q,2014-01-03,2014-02-14,43",
        "r,2014-01-03,,43",
    )
    found = subjects(tmp_path, *lines)
    assert [(p.row, p.code) for p in found.problems] == [
        (2, "row_before_start"),
        (3, "row_known_after_death"),
    ]
    assert subjects(tmp_path, *lines, strict=True).patients == ("r",)
    with pytest.raises(DataError, match="no patient of the subject file"):
        subjects(tmp_path, *lines[:3], strict=True)


def test_a_subject_file_gives_arms_and_reference_dates(tmp_path):
    lesions, file = tmp_path / "lesions.csv", tmp_path / "subjects.csv"
    lesions.write_text(f"{HEADER}\np,2014-01-01,A,20\np,2014-02-14,A,10\n", encoding="utf-8")
    file.write_text("patient,arm,start_date\np,drug,2014-01-03\nz,drug,2014-01-03\n", encoding="utf-8")
    result = assess(lesions, patients=file)
    assert result.visits["day"].tolist() == [42]
    assert list(result.summary["groups"]) == ["drug"]
    assert [p.code for p in result.problems] == ["file_patients_without_lesions"]
    assert result.subjects.patients == ("p", "z")
    assert (result.summary["patients"], result.summary["patients_assessed"]) == (2, 1)
    assert result.patients.set_index("patient").loc["z", "status"] == "not assessed: no lesion in the file"
