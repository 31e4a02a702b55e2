"""Best response, response and clinical benefit as in admiralonco's unit tests, by the runner of the self-test."""

import csv
import shutil
from pathlib import Path

import pytest

from unmask.conformance import admiralonco
from unmask.errors import DataError

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "response"
FOLDER = "admiralonco_unit_tests"


@pytest.fixture
def copied(tmp_path):
    if not (VECTORS / FOLDER).is_dir():
        pytest.skip(f"{FOLDER} is not at hand (../shared)")
    shutil.copytree(VECTORS / FOLDER, tmp_path / FOLDER)
    return tmp_path


def rewrite(path, change):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(change(dict(row)) for row in rows)


def test_every_expected_record_value_number_and_date(copied):
    found = admiralonco.unit_tests(copied)
    assert (found.agreed, found.total, found.differences) == (108, 108, ())


def test_not_done_is_a_best_response_where_there_is_nothing_else(copied):
    with (copied / admiralonco.EXPECTED).open(encoding="utf-8", newline="") as file:
        assert [row["ADT"] for row in csv.DictReader(file) if row["AVALC"] == "ND"] == ["2020-04-02"]


def test_other_subjects_and_other_dates_make_no_difference(copied):
    """Nothing rests on these subjects: renamed, and 3000 days later, the same records agree."""
    import datetime

    def later(row):
        for name in ("ADT", "REFDT"):
            if row.get(name):
                row[name] = str(datetime.date.fromisoformat(row[name]) + datetime.timedelta(days=3000))
        return {**row, "USUBJID": f"X-{row['USUBJID']}"}

    for name in (admiralonco.EXPECTED, admiralonco.INPUTS, admiralonco.SUBJECTS):
        rewrite(copied / name, later)
    found = admiralonco.unit_tests(copied)
    assert found.agreed == found.total == 108


@pytest.mark.parametrize(
    ("change", "record"),
    [
        ({"AVALC": "PR"}, "cbor_01_default 1"),
        ({"AVAL": "4"}, "bor_01_default 4"),
        ({"ADT": "2020-01-03"}, "rsp_01_with_pd 1"),
        ({"AVALC": "N", "AVAL": "0", "ADT": ""}, "cb_02_no_source_pd 07"),
        ({"ADT": ""}, "crsp_02_accept_sd 5"),
    ],
)
def test_a_vector_that_says_otherwise_is_told(copied, change, record):
    rewrite(
        copied / admiralonco.EXPECTED,
        lambda row: {**row, **change} if f"{row['case_id']} {row['USUBJID']}" == record else row,
    )
    found = admiralonco.unit_tests(copied)
    assert [difference.record for difference in found.differences] == [record]
    assert found.agreed == found.total - 1


@pytest.mark.parametrize(
    ("name", "column", "value", "words"),
    [
        (admiralonco.CASES, "params", "{", "{"),
        (admiralonco.CASES, "params", "[1]", "[1]"),
        (admiralonco.CASES, "function", "worst_response", "worst_response"),
        (admiralonco.INPUTS, "ADT", "2020-13-01", "2020-13-01"),
        (admiralonco.INPUTS, "AVALC", "better", "better"),
        (admiralonco.EXPECTED, "case_id", "no_such_case", "no_such_case"),
    ],
)
def test_malformed_vectors_are_named(copied, name, column, value, words):
    rewrite(copied / name, lambda row: {**row, column: value})
    with pytest.raises(DataError) as caught:
        admiralonco.unit_tests(copied)
    assert f"'{words}'" in str(caught.value)


@pytest.mark.parametrize("name", [admiralonco.EXPECTED, admiralonco.INPUTS, admiralonco.SUBJECTS])
def test_a_missing_file_is_skipped(copied, name):
    (copied / name).unlink()
    assert admiralonco.unit_tests(copied) is None
