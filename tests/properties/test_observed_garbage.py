"""Whatever stands in an observed file, the answer is a trial, or a named error that says what to do."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unmask.errors import DataError
from unmask.survival.observed import ObservedTrial, compare_observed, read_observed
from unmask.survival.observed_csv import COLUMNS

ARMS = ("new", "old")
NAMES = {"Drug X": "new"}
GOOD = [
    list(COLUMNS),
    ["Drug X", "13.5", "0", "2.5", "0", "PR", "67"],
    ["new", "20", "1", "8", "1", "SD", "."],
    ["OLD", "9.5", "0", "4", "0", "pd", "50.5"],
    ["old", "3", "0", ".", ".", ".", "12"],
]


def text(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def read(path: Path, content: str | bytes) -> ObservedTrial:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_observed(path, ARMS, NAMES)


def refused(path: Path, content: str | bytes) -> DataError:
    with pytest.raises(DataError) as caught:
        read(path, content)
    check_sentence(caught.value, path)
    return caught.value


def check_sentence(error: DataError, path: Path) -> None:
    sentence = str(error)
    assert error.exit_code == 3
    assert error.code.startswith("survival.observed_")
    assert str(path) in sentence, sentence
    # A missing sentence would print the code, an unfilled one would end in a list of values.
    assert "survival." not in sentence.replace(str(path), "") and " (file=" not in sentence, sentence


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "real.csv"


def test_a_good_file_is_read_as_it_stands(path: Path) -> None:
    trial = read(path, "\ufeff" + text(GOOD) + "\n\n")
    assert trial.source == "real.csv"
    assert trial.patients["arm"].tolist() == ["new", "new", "old", "old"]
    assert trial.patients["best_response"].tolist() == ["PR", "SD", "PD", "NE"]
    overall = trial.time_to_event[trial.time_to_event["endpoint"] == "OS"]
    assert overall["event"].tolist() == [True, False, True, True]
    assert overall["time_days"].tolist() == [days * 30.4375 for days in (13.5, 20, 9.5, 3)]
    assert (trial.time_to_event["endpoint"] == "PFS").sum() == 3, "no PFS time, no row"
    assert trial.missing == {
        "best_confirmed_response": 1,
        "os_months": 0,
        "pfs_months": 1,
        "baseline_sld_mm": 1,
    }


def changed(row: int, column: str, value: str) -> str:
    rows = [list(line) for line in GOOD]
    rows[row][COLUMNS.index(column)] = value
    return text(rows)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("", "empty", ("os_months",)),
        ("\n \n", "empty", ()),
        (text(GOOD[:1]), "no_patients", ()),
        (changed(0, "os_months", "os_month"), "missing_columns", ("'os_months'", "Is 'os_month' meant")),
        (changed(0, "arm", "treatment"), "missing_columns", ("'arm'",)),
        (text(GOOD).replace(",", ";"), "separator", ("comma",)),
        (text([GOOD[0] + ["arm"], GOOD[1] + ["new"]]), "duplicate_column", ("'arm'",)),
        (text(GOOD) + "new,1\n", "row_length", ("line 6", "2 values", "7")),
        (changed(2, "os_months", "twenty"), "not_a_number", ("line 3", "'os_months'", "'twenty'")),
        (changed(2, "os_months", "1,5"), "not_a_number", ("line 3", "'1,5'")),
        (changed(2, "pfs_months", "inf"), "not_a_number", ("line 3", "'inf'")),
        (changed(2, "pfs_months", "1_000"), "not_a_number", ("'1_000'",)),
        (changed(3, "pfs_months", "-1"), "negative", ("line 4", "'pfs_months'", "-1")),
        (changed(3, "os_months", "2000"), "absurd", ("line 4", "600 months", "unit")),
        (changed(3, "baseline_sld_mm", "99999"), "absurd", ("line 4", "5000 mm")),
        (changed(3, "baseline_sld_mm", "-3"), "negative", ("line 4",)),
        (changed(3, "os_censored", "2"), "flag", ("line 4", "'os_censored'", "'2'")),
        (changed(3, "os_censored", "yes"), "flag", ("'yes'",)),
        (changed(3, "os_censored", "."), "flag", ("'.'", "wherever the time is")),
        (changed(3, "arm", "olb"), "unknown_arm", ("line 4", "'olb'", "new, old, Drug X", "Is 'old' meant")),
        (changed(3, "best_confirmed_response", "QR"), "unknown_response", ("line 4", "'QR'")),
        (text(GOOD) + 'new,"1', "broken_csv", ("line 6",)),
        (b"arm,os\xff\xfe", "not_text", ("byte 6", "UTF-8")),
        (text(GOOD).encode("utf-16"), "not_text", ()),
    ],
)
def test_each_fault_has_its_sentence(path: Path, content: str | bytes, code: str, words: tuple) -> None:
    error = refused(path, content)
    assert error.code == f"survival.observed_{code}"
    assert all(word in str(error) for word in words), str(error)


def test_many_bad_rows_are_counted_and_the_first_are_named(path: Path) -> None:
    rows = [GOOD[0]] + [["new", "x", "0", "1", "0", "PD", "1"]] * 9
    error = refused(path, text(rows))
    assert "9 such row(s): line 2, 3, 4, 5, 6, ..." in str(error)


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    too_long = tmp_path / ("x" * 5000)
    for bad, code in (
        (tmp_path, "is_directory"),
        (tmp_path / "none.csv", "not_found"),
        (too_long, "unreadable"),
    ):
        with pytest.raises(DataError) as caught:
            read_observed(bad, ARMS, NAMES)
        assert caught.value.code == f"survival.observed_{code}"
        check_sentence(caught.value, bad)
    with pytest.raises(DataError) as caught:
        read_observed("x\0y.csv", ARMS)
    assert caught.value.code in ("survival.observed_unreadable", "survival.observed_not_found")


def test_a_file_that_may_not_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(DataError, match="Permission denied") as caught:
        read_observed(path, ARMS, NAMES)
    check_sentence(caught.value, path)


ANY_FILE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CELL = st.one_of(
    st.sampled_from(
        ["", ".", "NA", "0", "1", "2", "-1", "1e3", "1e999", "nan", "inf", "PR", "pd", "new", "Drug X"]
    ),
    st.text(max_size=6),
    st.floats().map(str),
)


def survives(path: Path, content: bytes) -> None:
    """The file gives a trial that can be compared, or one of our errors; nothing else."""
    path.write_bytes(content)
    try:
        trial = read_observed(path, ARMS, NAMES)
    except DataError as error:
        check_sentence(error, path)
        return
    assert len(trial.patients) >= 1
    assert (trial.time_to_event["time_days"] >= 0).all()


@ANY_FILE
@given(content=st.binary(max_size=300))
def test_any_bytes(path: Path, content: bytes) -> None:
    survives(path, content)


@ANY_FILE
@given(rows=st.lists(st.lists(CELL, min_size=7, max_size=7), max_size=6))
def test_any_cells_below_a_good_header(path: Path, rows: list[list[str]]) -> None:
    survives(path, text([GOOD[0], *rows]).encode("utf-8", "surrogatepass"))


@ANY_FILE
@given(row=st.integers(0, 4), column=st.sampled_from(COLUMNS), value=CELL)
def test_a_good_file_with_one_cell_changed(path: Path, row: int, column: str, value: str) -> None:
    survives(path, changed(row, column, value).encode("utf-8", "surrogatepass"))


def test_the_order_of_the_rows_does_not_matter(path: Path) -> None:
    first = read(path, text(GOOD))
    second = read(path, text([GOOD[0], *reversed(GOOD[1:])]))
    one, other = (compare_observed(trial, first.tables) for trial in (first, second))
    assert [(row.endpoint, row.arm, row.real) for row in one] == [
        (row.endpoint, row.arm, row.real) for row in other
    ]
