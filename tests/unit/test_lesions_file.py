"""Reading lesion files: what is baseline, what is a bad row, and what is said about it."""

import pytest

from unmask.errors import DataError
from unmask.response import Response, Rules
from unmask.response.lesions import read_lesions, to_tenths

HEADER = "patient,day,lesion,diameter_mm,kind,nodal,organ,state"


@pytest.fixture
def read(tmp_path):
    def read(*lines, header=HEADER, **options):
        path = tmp_path / "lesions.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return read_lesions(path, **options)

    return read


def errors(table):
    return {p.row: p.code for p in table.problems if p.severity == "error"}


def warnings(table):
    return [p.code for p in table.problems if p.severity == "warning"]


GOOD = ("p,-7,A,20,,,,", "p,42,A,10,,,,")


@pytest.mark.parametrize(
    ("length", "tenths"),
    [("9.8", 98), ("13.95", 140), ("0.05", 1), ("0.04", 0), (32.4, 324), (8.2, 82), (500, 5000)],
)
def test_lengths_become_exact_tenths(length, tenths):
    assert to_tenths(length) == tenths


def test_baseline_is_the_last_measurement_before_treatment(read):
    table = read("p,-20,A,20,,,,", "p,-3,A,22,,,,", "p,0,B,15,,,,", "p,42,A,10,,,,", "p,42,B,,,,,")
    assert table.measurements.baseline.tolist() == [[220, 150]]
    assert table.baseline_until == 0
    assert table.measurements.day.tolist() == [[42]]
    assert table.measurements.target.tolist() == [[[100, -1]]]
    assert (table.rows_read, table.rows_used, table.rows_superseded) == (5, 4, 1)


def test_a_file_without_day_0_counts_days_from_1(read):
    clinical = read("p,-7,A,20,,,,", "p,43,A,10,,,,", "q,1,A,30,,,,", "q,43,A,30,,,,")
    assert clinical.baseline_until == 1
    assert clinical.patients == ("p", "q")
    assert clinical.since_start.day.tolist() == [[42], [42]]
    counted = read("p,0,A,20,,,,", "p,1,A,20,,,,", "p,43,A,10,,,,", "q,1,A,30,,,,", "q,43,A,30,,,,")
    assert counted.baseline_until == 0
    assert counted.unusable == ("q",)
    stated = read("p,-7,A,20,,,,", "q,1,A,30,,,,", "q,43,A,30,,,,", baseline_until=0)
    assert stated.unusable == ("q",)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("p,84,A,-3,,,,", "row_negative_diameter", "-3 is negative"),
        ("p,84,A,501,,,,", "row_absurd_diameter", "501 mm is more than 500 mm"),
        ("p,84,A,big,,,,", "row_bad_diameter", "'big' is not a number"),
        ("p,84,A,inf,,,,", "row_bad_diameter", "'inf' is not a number"),
        ('p,84,A,"12,5",,,,', "row_decimal_comma", "with a point"),
        ("p,2020-01-01,A,10,,,,", "row_bad_day", "2020-01-01"),
        ("p,,A,10,,,,", "row_bad_day", "Give days relative to the first dose"),
        ("p,84,A,10,,,,progression", "row_state_of_other_kind", "the diameter decides"),
        ("p,84,A,10,,,,increased", "row_state_of_other_kind", "non-target"),
        ("p,84,N,,new,,,increased", "row_state_of_other_kind", "non-target"),
        ("p,84,A,10,,,,equivocal", "row_state_of_other_kind", "equivocal for new ones"),
        ("p,84,A,10,,,,absent", "row_state_contradicts", "'absent' and has a diameter of 10 mm"),
        ("p,84,A,10,,,,not evaluated", "row_state_contradicts", "not evaluated"),
        ("p,99999,A,10,,,,", "row_bad_day", "99999"),
        (",84,A,10,,,,", "row_no_patient", "patient is empty"),
        ("p,84,A,10,sort,,,", "row_bad_kind", "target, non-target or new"),
        ("p,84,A,10,,perhaps,,", "row_bad_nodal", "yes/no"),
        ("p,84,A,10,,,,gone", "row_bad_state", "absent"),
        ("p,84,A,10", "row_wrong_length", "4 cells, the header 8"),
        ("p,42,A,10,,,,", "row_duplicate", "row 3"),
        ("p,84,B,10,,,,", "row_no_baseline_lesion", "lesion 'B'"),
        ("p,84,A,10,new,,,", "row_kind_changes", "row 2"),
        ("p,-1,N,10,new,,,", "row_new_at_baseline", "at baseline"),
        ("q,84,A,10,,,,", "row_no_baseline_patient", "no baseline"),
    ],
)
def test_bad_row_is_kept_with_its_reason(read, line, code, said):
    table = read(*GOOD, line)
    assert errors(table) == {4: code}
    problem = next(p for p in table.problems if p.severity == "error")
    assert said in problem.text
    assert problem.original.replace('"', "") == line.replace('"', "")
    assert table.patients == ("p",)
    assert table.measurements.target.tolist() == [[[100]]]
    assert table.rows_read == table.rows_used + table.rows_superseded + 1


def test_contradictory_copies_are_all_left_out(read):
    table = read(*GOOD, "p,84,A,10,,,,", "p,84,A,30,,,,")
    assert errors(table) == {4: "row_conflict", 5: "row_conflict"}
    assert "rows 4, 5" in table.problems[0].text


def test_zero_at_baseline_cannot_be_followed(read):
    table = read(*GOOD, "p,-7,B,0,,,,", "p,42,B,10,,,,")
    assert errors(table) == {4: "row_zero_baseline", 5: "row_zero_baseline"}


def test_row_numbers_count_lines_of_the_file(read):
    table = read(*GOOD, "", 'p,84,"A",x,,,"two\nlines",', "p,84,A,-1,,,,")
    assert errors(table) == {5: "row_bad_diameter", 7: "row_negative_diameter"}


def test_warnings_leave_the_row_in(read):
    lesions = [f"p,-40,L{i},9,,,lung," for i in range(6)]
    table = read(*lesions, "p,42,L0,9,,,lung,", "p,20,L0,9,,,lung,", "n,-1,A,14,,yes,,")
    assert not errors(table)
    found = warnings(table)
    assert found.count("row_small_target") == 7
    assert found.count("row_old_baseline") == 6
    assert {"row_many_targets", "row_many_targets_organ", "row_days_disordered"} < set(found)
    assert "patient_no_follow_up" in found


def test_non_target_and_new_lesions(read):
    table = read(
        *GOOD,
        "p,-7,X,,non-target,,,present",
        "p,-7,Y,8,non-target,,,",
        "p,42,X,,non-target,,,absent",
        "p,42,Y,0,non-target,,,",
        "p,84,A,10,,,,",
        "p,84,X,,non-target,,,present",
        "p,84,Y,0,non-target,,,",
        "p,84,N1,12,new,,,",
        "p,126,A,10,,,,",
        "p,126,X,,non-target,,,progression",
        "p,126,N1,14,new,,,",
        "p,126,N2,4,new,,,",
        "p,168,A,10,,,,",
        "p,168,Y,0,non-target,,,",
        "p,168,N1,0,new,,,",
        "p,168,N2,5,new,,,",
    )
    assert not errors(table)
    assert table.measurements.non_target[0].tolist() == [
        Response.CR,
        Response.NON_CR_NON_PD,
        Response.PD,
        Response.NE,
    ]
    assert table.measurements.new_count[0].tolist() == [0, 1, 2, 1]
    assert table.measurements.new_target_sum[0].tolist() == [-1, 120, 140, 0]
    assert table.measurements.new_non_target_increase[0].tolist() == [False, False, False, True]


def test_extra_columns_are_kept_when_they_describe_the_patient(read):
    table = read("p,-7,20,x,1", "p,42,10,x,2", header="patient,day,diameter,arm,week")
    assert dict(table.extra) == {"arm": {"p": "x"}}


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"", "empty_file", "is empty"),
        (b" \n\n", "empty_file", "is empty"),
        (b"patient,day,diameter_mm\n", "no_rows", "no measurement"),
        (b"patient,day,diameter_mm\n\n\n", "no_rows", "no measurement"),
        (b"patient,day,size\np,1,2\n", "missing_column", "diameter_mm is missing"),
        (b"pateint,day,diameter_mm\np,1,2\n", "missing_column", "Rename column 'pateint' to 'patient'"),
        (b"patient,day,day,diameter\np,1,1,2\n", "repeated_column", "'day' occurs twice"),
        (b"patient,day,diameter_mm\n\xe9,1,2\n", "not_utf8", "line 2: byte 0xe9"),
        ("patient,day,diameter_mm\np,1,2\n".encode("utf-16"), "not_utf8", "CSV UTF-8"),
        (b"patient,day,diameter_mm\np,\x00,2\n", "not_text", "line 2"),
        (b"patient,day,diameter_mm\np,42,20\n", "nothing_usable", "row 2, patient p"),
        (b'patient,day,diameter_mm\np,"' + b"9" * 200_000 + b'",2\n', "not_a_table", "quotation marks"),
    ],
)
def test_unusable_files(tmp_path, content, code, said):
    path = tmp_path / "lesions.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"lesions\.csv") as caught:
        read_lesions(path)
    assert caught.value.code == f"response.{code}"
    assert said in str(caught.value)
    assert caught.value.exit_code == 3


def test_paths_that_are_no_file(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        read_lesions(tmp_path / "none.csv")
    with pytest.raises(DataError, match="is a directory"):
        read_lesions(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="does not exist"):
        read_lesions(tmp_path / "file" / "lesions.csv")


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("patient,day,diameter_mm " * 20, "path_too_long", "has 480 characters"),
        ("loop", "unreadable", "Check the path"),
        ("zero\0.csv", "unreadable", "null"),
    ],
)
def test_paths_that_the_system_refuses(tmp_path, monkeypatch, name, code, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(DataError) as caught:
        read_lesions(name)
    assert caught.value.code == f"response.{code}"
    assert said in str(caught.value) and len(str(caught.value)) < 400
    assert caught.value.exit_code == 3


def test_a_lesion_too_small_to_measure_has_the_size_the_rules_give_it(read):
    rows = ("p,-7,A,20,,,,", "p,42,A,,,,,too small", "p,84,A,6,,,,Too small", "p,126,A,,,,,present")
    assert read(*rows).measurements.target[0, :, 0].tolist() == [50, 60, -1]
    assert read(*rows, rules=Rules(too_small_tenths=30)).measurements.target[0, :, 0].tolist() == [30, 60, -1]


def test_byte_order_mark_semicolons_and_capitals(tmp_path):
    path = tmp_path / "lesions.csv"
    path.write_bytes("Patient;DAY;Diameter_mm\r\nA;-1;20.5\r\nA;42;10\r\n".encode("utf-8-sig"))
    table = read_lesions(path)
    assert (table.measurements.baseline.tolist(), table.measurements.target.tolist()) == ([[205]], [[[100]]])


def test_a_comma_between_semicolons_is_a_decimal_one(tmp_path):
    file = tmp_path / "excel.csv"
    file.write_text("patient;day;lesion;diameter_mm\n1;0;A;50,5\n1;42;A;30,0\n", encoding="utf-8")
    table = read_lesions(file)
    assert table.problems == ()
    assert table.measurements.baseline.tolist() == [[505]]


def test_centimetres_are_not_to_be_renamed(tmp_path):
    file = tmp_path / "cm.csv"
    file.write_text("patient,day,diameter_cm\n1,0,5\n", encoding="utf-8")
    with pytest.raises(DataError, match="multiply it by 10"):
        read_lesions(file)
