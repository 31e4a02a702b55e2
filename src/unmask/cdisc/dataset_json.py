"""Dataset-JSON 1.1 (CDISC, final version of 2024-12-05): the document of a dataset, and its schema.

``dataset-json.schema.json`` states the rules of the specification in our own words; it is stricter than CDISC's own
schema in that identifiers must not be empty and values must be plain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from unmask import __version__
from unmask.cdisc.dataset import Dataset
from unmask.cdisc.metadata import Variable
from unmask.errors import ConfigurationError, DataError

VERSION = "1.1.0"
NOTICE = "Simulated patients, for research and teaching, never for treatment decisions"
_PHYSICAL = {"text": "string", "integer": "integer", "float": "double", "date": "date", "iso date": "date"}
_WHOLE_DATE = len("2020-01-31")


def document(dataset: Dataset, *, created: datetime | None = None) -> dict[str, Any]:
    """Return a dataset as the content of a Dataset-JSON file.

    Parameters
    ----------
    created
        Time of creation that stands in the document; default now.
    """
    when = (created or datetime.now(UTC)).isoformat(timespec="seconds")
    columns = [_column(dataset, variable) for variable in dataset.metadata.variables]
    rows = zip(*(_cells(dataset, variable) for variable in dataset.metadata.variables), strict=True)
    originator = f"Unmask {__version__}" + (f". {NOTICE}" if dataset.simulated else "")
    return {
        "datasetJSONCreationDateTime": when,
        "datasetJSONVersion": VERSION,
        "fileOID": f"{dataset.study or 'STUDY'}.{dataset.name}",
        "originator": originator,
        "sourceSystem": {"name": "Unmask", "version": __version__},
        "studyOID": dataset.study or "STUDY",
        "itemGroupOID": f"IG.{dataset.name}",
        "records": len(dataset.frame),
        "name": dataset.name,
        "label": dataset.label,
        "columns": columns,
        "rows": [list(row) for row in rows],
    }


def _column(dataset: Dataset, variable: Variable) -> dict[str, Any]:
    physical = _PHYSICAL[variable.type]
    if variable.type == "iso date" and not _whole(dataset, variable):
        physical = "string"  # 2014-02 is no date to a JSON reader
    column: dict[str, Any] = {
        "itemOID": f"IT.{dataset.name}.{variable.name}",
        "name": variable.name,
        "label": variable.label,
        "dataType": physical,
    }
    if variable.type == "date":  # ADaM holds dates as numbers
        column["targetDataType"] = "integer"
    if variable.type in ("text", "iso date"):
        column["length"] = variable.length
    if variable.format:
        column["displayFormat"] = variable.format
    if variable.name in dataset.metadata.keys:
        column["keySequence"] = dataset.metadata.keys.index(variable.name) + 1
    return column


def _whole(dataset: Dataset, variable: Variable) -> bool:
    return all(len(text) == _WHOLE_DATE for text in dataset.frame[variable.name].dropna())


def _cells(dataset: Dataset, variable: Variable) -> list[Any]:
    values = dataset.frame[variable.name]
    if variable.type == "date":
        values = values.dt.strftime("%Y-%m-%d")
    plain = values.astype(object)
    return list(plain.where(plain.notna(), None))


def validate(content: Mapping[str, Any]) -> None:
    """Check a Dataset-JSON document against the schema and against what a schema cannot say.

    Raises
    ------
    DataError
        ``cdisc.not_dataset_json``, naming the place and the rule.
    ConfigurationError
        ``cdisc.needs_jsonschema``: the library is not installed.
    """
    try:
        import jsonschema
    except ImportError:
        raise ConfigurationError("cdisc.needs_jsonschema") from None
    name = str(content.get("name", "")) if isinstance(content, Mapping) else ""
    checker = jsonschema.validators.validator_for(schema())(schema())
    error = jsonschema.exceptions.best_match(checker.iter_errors(content))
    if error is not None:
        raise DataError(
            "cdisc.not_dataset_json", dataset=name, place=error.json_path, reason=error.message[:300]
        )
    rows = content.get("rows", [])
    if "rows" in content and len(rows) != content["records"]:
        reason = f"{len(rows)} rows, but records = {content['records']}"
        raise DataError("cdisc.not_dataset_json", dataset=name, place="$.records", reason=reason)
    width = len(content["columns"])
    for number, row in enumerate(rows):
        if len(row) != width:
            reason = f"{len(row)} values, but {width} columns"
            raise DataError("cdisc.not_dataset_json", dataset=name, place=f"$.rows[{number}]", reason=reason)


def schema() -> dict[str, Any]:
    """Return the JSON schema of Dataset-JSON 1.1."""
    text = files("unmask.cdisc").joinpath("dataset-json.schema.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content
