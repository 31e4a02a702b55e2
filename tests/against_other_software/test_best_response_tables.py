"""Tables 3 of the two papers, and the iRECIST visits of pharmaversesdtm, by the runners of the self-test."""

import csv
import shutil
from pathlib import Path

import pytest

from unmask.conformance import analysis_datasets as recorded
from unmask.conformance import best_responses as tables
from unmask.conformance.run import RUNNERS
from unmask.conformance.vectors import reason
from unmask.errors import DataError

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "response"
NAMES = [tables.CONFIRMED, tables.IMMUNE, recorded.IRECIST]


def vector(name, tmp_path):
    if not (VECTORS / name).is_file():
        pytest.skip(f"{name} is not at hand (../shared)")
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(VECTORS / name, tmp_path / name)
    return tmp_path


def rewrite(path, change):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(change(dict(row)) for row in rows)


def test_confirmed_best_response_in_every_reading_of_table_3(tmp_path):
    found = tables.confirmed(vector(tables.CONFIRMED, tmp_path))
    assert (found.agreed, found.total) == (23, 23)
    # admiralonco does not read disease after a CR as progression (its open issue 275).
    assert "admiralonco differs in 2: CR, PR (not met): SD for PD; CR, SD (not met): SD for PD" in found.note


def test_immune_best_response_in_every_combination(tmp_path):
    found = tables.immune(vector(tables.IMMUNE, tmp_path))
    assert (found.agreed, found.total) == (651, 651)


def test_recorded_immune_visits_but_six_that_are_wrong(tmp_path):
    found = recorded.recorded_irecist(vector(recorded.IRECIST, tmp_path))
    assert (found.agreed, found.total) == (69, 75)
    assert len(found.differences) == 6
    assert all(difference.why for difference in found.differences)


@pytest.mark.parametrize(
    ("name", "change", "record"),
    [
        (tables.CONFIRMED, lambda row: {**row, "BOR": "PD"} if row["TP1"] == "NE" else row, "NE, NE"),
        (tables.IMMUNE, lambda row: {**row, "IBOR": "iSD"} if row["EXAMPLE"] == "3" else row, "example 3"),
        (
            recorded.IRECIST,
            lambda row: {**row, "RSSTRESC": "Y"} if row["RSTESTCD"] == "NEWLIND" else row,
            "visit",
        ),
    ],
)
def test_a_vector_that_says_otherwise_is_told(tmp_path, name, change, record):
    folder = vector(name, tmp_path)
    before = RUNNERS[name](folder)
    rewrite(folder / name, change)
    found = RUNNERS[name](folder)
    assert found.agreed < before.agreed
    new = set(found.differences) - set(before.differences)
    assert new
    assert all(record in difference.record and not difference.why for difference in new)


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        (tables.CONFIRMED, "TP1,TP2_subsequent\nCR,CR\n", "no column 'BOR'"),
        (tables.CONFIRMED, "TP1,TP2_subsequent,BOR\nCR,XX,CR\n", "'XX'"),
        (tables.CONFIRMED, "TP1,TP2_subsequent,BOR\nCR,CR,CR or so\n", "'CR or so'"),
        (tables.IMMUNE, "EXAMPLE,TP1,IBOR\n1,iXR,iCR\n", "'iXR'"),
        (
            recorded.IRECIST,
            "USUBJID,VISITNUM,RSTESTCD,RSSTRESC\n1,7,OVRLRESP,iCR\n1,7,NTRGRESP,CHECK\n",
            "'CHECK'",
        ),
        (recorded.IRECIST, "USUBJID,VISITNUM,RSTESTCD,RSSTRESC\n1,seven,OVRLRESP,iCR\n", "'seven'"),
    ],
)
def test_malformed_vectors_are_named(tmp_path, name, text, word):
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=word):
        RUNNERS[name](tmp_path)


def test_other_tables_of_the_same_kind(tmp_path):
    """A table with other rows, fewer time points and no row at all."""
    (tmp_path / tables.IMMUNE).parent.mkdir(parents=True)
    (tmp_path / tables.IMMUNE).write_text("EXAMPLE,TP1,TP2,IBOR\na,iUPD,Any,iUPD\n", encoding="utf-8")
    found = tables.immune(tmp_path)
    # Only another iUPD or NE leaves it at iUPD.
    assert (found.agreed, found.total) == (2, 7)
    (tmp_path / tables.IMMUNE).write_text("EXAMPLE,TP1,IBOR\n", encoding="utf-8")
    assert tables.immune(tmp_path).total == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_skipped(tmp_path, name):
    assert RUNNERS[name](tmp_path) is None


def test_a_known_defect_explains_only_what_it_says():
    assert reason("adrs", "01-701-1118 CBCP", "N", "Y")
    assert not reason("adrs", "01-701-1118 CBCP", "Y", "N")
    assert not reason("adrs", "01-701-1118 CRSP", "N", "Y")
    assert not reason("table 3", "01-701-1118 CBCP", "N", "Y")
