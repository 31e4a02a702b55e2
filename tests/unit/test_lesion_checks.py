"""Every warning of a lesion file: the row it names, that the row is used, and what strict reading makes of it."""

import pytest

from unmask.errors import DataError
from unmask.response.lesions import read_lesions

HEADER = "patient,day,lesion,diameter_mm,kind,nodal,organ,state"
REST = ("q,0,Q,20,,,,", "q,42,Q,20,,,,")
"""A second patient, without findings, so that something can be assessed in any case."""


@pytest.fixture
def read(tmp_path):
    def read(*lines, header=HEADER, **options):
        path = tmp_path / "lesions.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        table = read_lesions(path, **options)
        assert table.rows_read == table.rows_used + table.rows_superseded + table.rows_left_out
        return table

    return read


def found(table, severity="warning"):
    return {(p.row, p.code) for p in table.problems if p.severity == severity}


def lesions(count, day, organ=lambda i: f"organ {'abcdefgh'[i]}", nodal="", mm=20):
    return [f"p,{day},L{i},{mm},,{nodal},{organ(i)}," for i in range(count)]


def test_the_sixth_target_is_one_too_many(read):
    rows = [*lesions(7, 0), *lesions(7, 42), *REST]
    table = read(*rows)
    assert found(table) == {(7, "row_many_targets"), (8, "row_many_targets")}
    assert "target number 6" in str(table.problems[0])
    assert table.measurements.baseline[0].tolist() == [200] * 7
    strict = read(*rows, strict=True)
    assert strict.strict
    assert not found(strict)
    assert found(strict, "error") == {
        (7, "row_many_targets"),
        (8, "row_many_targets"),
        (14, "row_lesion_refused"),
        (15, "row_lesion_refused"),
    }
    assert (strict.measurements.baseline[0] >= 0).sum() == 5


@pytest.mark.parametrize(
    ("organs", "nodal"),
    [
        (["lung", "lung", "lung"], ""),
        (["left lung", "right lung", "LUNG, LEFT"], ""),
        (["lung", "lungs", "Lung (R)"], ""),
        (["axillary", "mediastinal", ""], "yes"),
    ],
)
def test_the_third_target_in_an_organ_is_one_too_many(read, organs, nodal):
    def organ(i):
        return f'"{organs[i]}"'

    rows = [*lesions(3, 0, organ, nodal), *lesions(3, 42, organ, nodal), *REST]
    assert found(read(*rows)) == {(4, "row_many_targets_organ")}
    assert found(read(*rows, strict=True), "error") == {
        (4, "row_many_targets_organ"),
        (7, "row_lesion_refused"),
    }


def test_different_organs_and_unknown_ones_are_not_counted_together(read):
    organs = ["lung", "liver", "left kidney", "", ""]
    rows = [*lesions(5, 0, lambda i: organs[i]), *lesions(5, 42, lambda i: organs[i])]
    assert not found(read(*rows))


@pytest.mark.parametrize(
    ("mm", "nodal", "code"),
    [
        ("9.9", "", "row_small_target"),
        ("10", "", None),
        ("14.9", "yes", "row_small_target"),
        ("15", "yes", None),
    ],
)
def test_a_target_has_a_smallest_size(read, mm, nodal, code):
    rows = (f"p,0,A,{mm},,{nodal},,", f"p,42,A,{mm},,{nodal},,", *REST)
    assert found(read(*rows)) == ({(2, code)} if code else set())
    strict = read(*rows, strict=True)
    assert found(strict, "error") == ({(2, code), (3, "row_lesion_refused")} if code else set())
    assert strict.patients == (("q",) if code else ("p", "q"))


def test_an_old_baseline(read):
    assert found(read("p,-29,A,20,,,,", "p,42,A,20,,,,")) == {(2, "row_old_baseline")}
    assert not found(read("p,-28,A,20,,,,", "p,42,A,20,,,,"))


def test_a_day_out_of_order_is_found_per_lesion(read):
    by_lesion = ("p,0,A,20,,,,", "p,42,A,20,,,,", "p,0,B,20,,,,", "p,42,B,20,,,,")
    assert not found(read(*by_lesion))
    table = read("p,0,A,20,,,,", "p,84,A,22,,,,", "p,42,A,21,,,,", "p,126,A,20,,,,", *REST)
    assert found(table) == {(4, "row_days_disordered")}
    assert table.measurements.target[0, :, 0].tolist() == [210, 220, 200]
    strict = read("p,0,A,20,,,,", "p,84,A,22,,,,", "p,42,A,21,,,,", "p,126,A,20,,,,", *REST, strict=True)
    assert strict.measurements.target[0, :, 0].tolist() == [220, 200]


def test_a_lesion_that_moves(read):
    rows = ("p,0,A,20,,,lung,", "p,42,A,20,,,liver,", "p,84,A,20,,yes,lung,", "p,126,A,20,,,LUNG,", *REST)
    assert found(read(*rows)) == {(3, "row_location_changes")}
    assert "liver here and in lung in row 2" in str(read(*rows).problems[0])


def test_a_node_that_is_not_marked(read):
    rows = ("p,0,A,20,,,lymph node,", "p,42,A,20,,,lymph node,", *REST)
    assert found(read(*rows)) == {(2, "row_node_not_marked")}


@pytest.mark.parametrize(
    ("sizes", "row", "code"),
    [
        ((10, 100), None, None),
        ((10, 100.1), 3, "row_jump"),
        ((100, 200), None, None),
        ((100, 200.1), 3, "row_jump"),
        ((20, 20, 2, 10), None, None),
        ((20, 20, 1.9, 10), 4, "row_dip"),
        ((20, 20, 1.9, 9.9), None, None),
        ((20, 0, 20), None, None),
        ((20, 1.9, 30), 3, "row_dip"),
    ],
)
def test_diameters_that_a_slip_explains_better(read, sizes, row, code):
    rows = [f"p,{42 * visit},A,{mm},,,," for visit, mm in enumerate(sizes)]
    assert found(read(*rows)) == ({(row, code)} if code else set())


def test_too_small_to_measure_is_no_slip(read):
    rows = ("p,0,A,60,,,,", "p,42,A,,,,,too small", "p,84,A,60,,,,")
    assert not found(read(*rows))


def test_a_patient_without_follow_up_stays_also_when_strict(read):
    """Who died or left before the first scan is an outcome: leaving them out would be a bias."""
    for strict in (False, True):
        table = read("p,0,A,20,,,,", *REST, strict=strict)
        assert found(table) == {(None, "patient_no_follow_up")}
        assert table.patients == ("p", "q")


def test_strict_with_nothing_left_ends_with_exit_code_3(read):
    with pytest.raises(DataError, match="no patient can be assessed") as caught:
        read("p,0,A,9,,,,", "p,42,A,9,,,,", strict=True)
    assert caught.value.exit_code == 3


def test_strict_leaves_a_clean_file_alone(read):
    plain, strict = read(*REST), read(*REST, strict=True)
    assert strict.problems == plain.problems == ()
    assert strict.measurements.target.tolist() == plain.measurements.target.tolist()
