"""The tables of the papers and other people's thresholds, by the runners of the self-test; each can say "different"."""

import csv
import shutil
from pathlib import Path

import pytest

from unmask.conformance import irecist_timepoint, recist_tables
from unmask.conformance.run import RUNNERS, self_test
from unmask.errors import DataError

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "response"
NAMES = [
    recist_tables.TIMEPOINT,
    recist_tables.BOUNDARY,
    recist_tables.PYRECIST,
    irecist_timepoint.TABLE,
]
COUNTS = {NAMES[0]: 60, NAMES[1]: 13, NAMES[2]: 4, NAMES[3]: 54}


def vector(name, tmp_path=None):
    if not (VECTORS / name).is_file():
        pytest.skip(f"{name} is not at hand (../shared)")
    if tmp_path is None:
        return VECTORS
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(VECTORS / name, tmp_path / name)
    return tmp_path


def rewrite(path, change):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(change(row) or row for row in rows)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_agrees(name):
    found = RUNNERS[name](vector(name))
    assert (found.agreed, found.total) == (COUNTS[name], COUNTS[name])


def test_the_tables_as_printed_agree():
    for run in (recist_tables.published_timepoint, recist_tables.published_thresholds):
        found = run()
        assert found.agreed == found.total > 0, found.differences


@pytest.mark.parametrize(
    ("name", "change", "record"),
    [
        (
            NAMES[0],
            lambda row: {**row, "OVERALL": "SD"} if row["TARGET"] == "PR" and row["OVERALL"] == "PR" else row,
            "target PR",
        ),
        (
            NAMES[1],
            lambda row: {**row, "current_sum": "70.1"} if row["case"] == "exact_-30" else row,
            "exact_-30",
        ),
        (NAMES[2], lambda row: {**row, "sum": "25.9"} if row["expected"] == "PD" else row, "patient 1"),
        (
            NAMES[3],
            lambda row: {**row, "PREVIOUS_IUPD": row["PREVIOUS_IUPD"].replace("iSD", "iPR")},
            "iSD after iUPD",
        ),
    ],
)
def test_a_vector_that_says_otherwise_is_told(tmp_path, name, change, record):
    folder = vector(name, tmp_path)
    rewrite(folder / name, change)
    found = RUNNERS[name](folder)
    assert found.agreed < found.total
    assert any(record in item.record for item in found.differences)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (NAMES[0], "TARGET,NONTARGET\nCR,CR\n", ("no column 'NEWLESION'",)),
        (NAMES[0], "TARGET,NONTARGET,NEWLESION,OVERALL\nXX,CR,N,CR\n", ("'XX'",)),
        (
            NAMES[3],
            "TARGET,NONTARGET,NEWLESION,NO_PREVIOUS_IUPD,PREVIOUS_IUPD\niXX,iCR,N,iCR,iCR\n",
            ("iXX",),
        ),
        (NAMES[1], "case,baseline_sum,current_sum,nadir_before,expected\na,1,1,1,nothing\n", ("'nothing'",)),
    ],
)
def test_malformed_vectors_are_named(tmp_path, name, text, words):
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        RUNNERS[name](tmp_path)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_folder_without_vectors_is_no_success(tmp_path):
    with pytest.raises(DataError, match="holds none of"):
        self_test(tmp_path)


def test_the_self_test_names_what_it_skipped(tmp_path):
    found = self_test(vector(NAMES[0], tmp_path))
    assert found.explained
    assert NAMES[1] in found.skipped
    assert any(line.startswith("skipped:") for line in found.lines())
