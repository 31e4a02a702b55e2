"""A dataset is checked before it exists: names, labels, lengths, code lists, keys, types; each violation is listed."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from unmask.cdisc.dataset import Dataset, Violation
from unmask.cdisc.metadata import Metadata, Variable, available, codelists, load
from unmask.errors import ConfigurationError, DataError

SMALL = Metadata(
    "ADX",
    "A small dataset",
    "One record per subject",
    "made up",
    ("USUBJID",),
    (
        Variable("USUBJID", "Unique Subject Identifier", "text", "x", length=20, required=True),
        Variable("NOTE", "Note", "text", "x", length=200),
        Variable("ABLFL", "Baseline Record Flag", "text", "x", length=1, codelist="FLAG"),
        Variable("ASEQ", "Analysis Sequence Number", "integer", "x"),
        Variable("AVAL", "Analysis Value", "float", "x"),
        Variable("ADT", "Analysis Date", "date", "x", format="DATE9."),
        Variable("ADTC", "Analysis Date as Text", "iso date", "x", length=10),
    ),
)
GOOD = {
    "USUBJID": ["b", "a"],
    "NOTE": ["", "é"],
    "ABLFL": ["Y", None],
    "ASEQ": [1, None],
    "AVAL": [1.5, float("nan")],
    "ADT": [datetime.date(2020, 1, 31), None],
    "ADTC": ["2020-01", ""],
}


def told(caught: pytest.ExceptionInfo[DataError]) -> dict[str, Any]:
    return vars(caught.value)["values"]


def refused(changes: dict[str, object] | None = None, metadata: Metadata = SMALL) -> list[Violation]:
    table = pd.DataFrame({**GOOD, **(changes or {})})
    with pytest.raises(DataError) as caught:
        Dataset.of(metadata, table)
    assert caught.value.code == "cdisc.violations"
    assert told(caught)["count"] == len(told(caught)["violations"])
    return list(told(caught)["violations"])


def test_a_good_table_is_typed_and_sorted_by_its_keys() -> None:
    dataset = Dataset.of(SMALL, pd.DataFrame(GOOD))
    frame = dataset.frame
    assert list(frame["USUBJID"]) == ["a", "b"]
    assert [str(kind) for kind in frame.dtypes[3:6]] == ["Int64", "float64", "datetime64[ns]"]
    assert frame["NOTE"].tolist() == ["é", None]  # an empty text is a missing one
    assert dataset.label == "A small dataset"
    assert Dataset.of(SMALL, pd.DataFrame(GOOD), simulated=True).label == "Virtual: A small dataset"


@pytest.mark.parametrize(
    ("length", "fits"),
    [("x" * 200, True), ("x" * 201, False), ("x" * 198 + "é", True), ("x" * 199 + "é", False)],
)
def test_two_hundred_bytes_and_not_characters_are_the_limit(length: str, fits: bool) -> None:
    table = pd.DataFrame({**GOOD, "NOTE": [length, ""]})
    if fits:
        assert Dataset.of(SMALL, table).frame["NOTE"].iloc[1] == length
        return
    (violation,) = refused({"NOTE": [length, ""]})
    assert (violation.dataset, violation.variable, violation.record) == ("ADX", "NOTE", 1)
    assert violation.value == length
    assert violation.limit == "at most 200 bytes"


def test_every_violation_is_listed_with_its_place() -> None:
    found = refused(
        {
            "USUBJID": ["", "a"],
            "ABLFL": ["N", "yes"],
            "ASEQ": [1.5, 2],
            "AVAL": ["1,5", 2.0],
            "ADT": [pd.Timestamp("2020-01-31 12:00"), 7],
            "ADTC": ["31.01.2020", "2020-13"],
        }
    )
    assert {(v.variable, v.record, v.value) for v in found} == {
        ("USUBJID", 1, ""),
        ("ABLFL", 1, "N"),
        ("ABLFL", 2, "yes"),
        ("ASEQ", 1, "1.5"),
        ("AVAL", 1, "1,5"),
        ("ADT", 1, "2020-01-31 12:00:00"),
        ("ADT", 2, "7"),
        ("ADTC", 1, "31.01.2020"),
        ("ADTC", 2, "2020-13"),
        ("ABLFL", 2, "yes"),  # too long, and not in its list
    }
    sentence = str(
        DataError("cdisc.violations", dataset="ADX", count=1, listing=str(found[0]), violations=())
    )
    assert "ADX.USUBJID, record 1" in sentence


def test_a_long_list_is_cut_in_the_sentence_only() -> None:
    table = pd.DataFrame({"USUBJID": [f"{n}" for n in range(50)], "ABLFL": "N"})
    with pytest.raises(DataError) as caught:
        Dataset.of(SMALL, table)
    assert len(told(caught)["violations"]) == 50
    assert "and 30 more" in str(caught.value)


def test_keys_are_unique() -> None:
    (violation,) = refused({"USUBJID": ["a", "a"]})
    assert (violation.variable, violation.record, violation.value) == ("USUBJID", 2, "USUBJID a")


def test_columns_are_those_that_are_described() -> None:
    assert [v.variable for v in refused({"SITEID": ["1", "2"]})] == ["SITEID"]
    with pytest.raises(DataError) as caught:
        Dataset.of(SMALL, pd.DataFrame({"AVAL": [1.0]}))
    assert [v.variable for v in told(caught)["violations"]] == ["USUBJID"]


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        ({"name": "LONGNAME9"}, "a name of at most 8"),
        ({"name": "aval"}, "a name of at most 8"),
        ({"name": "9VAL"}, "a name of at most 8"),
        ({"label": "x" * 41}, "a label of 1 to 40 bytes"),
        ({"label": "x" * 39 + "é"}, "a label of 1 to 40 bytes"),
        ({"label": ""}, "a label of 1 to 40 bytes"),
        ({"length": 201}, "a length of 1 to 200 bytes"),
    ],
)
def test_descriptions_have_limits(change: dict[str, object], limit: str) -> None:
    variable = replace(SMALL.variables[1], **change)
    metadata = replace(SMALL, variables=(SMALL.variables[0], variable))
    with pytest.raises(DataError) as caught:
        Dataset.of(metadata, pd.DataFrame({"USUBJID": ["a"]}))
    (violation,) = told(caught)["violations"]
    assert violation.limit.startswith(limit)


def test_descriptions_of_all_datasets_are_sound() -> None:
    assert available() == ("ADRS", "ADSL", "ADTR", "ADTTE", "DM", "RS", "TR", "TU")
    for name in available():
        metadata = load(name)
        assert set(metadata.keys) <= set(metadata.names)
        assert len(set(metadata.names)) == len(metadata.names)
        for variable in metadata.variables:
            assert not variable.codelist or variable.codelist in codelists()
            assert variable.origin
        required = {v.name: pd.Series([], dtype=object) for v in metadata.variables}
        assert Dataset.of(name, pd.DataFrame(required), simulated=True).label.startswith("Virtual: ")
    with pytest.raises(ConfigurationError, match="ADTTE"):
        load("ADAE")
