"""What a dataset consists of, as data: ``datasets/*.toml`` and the code lists of ``codelists.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from unmask.errors import ConfigurationError

Type = Literal["text", "integer", "float", "date", "iso date"]
"""``date`` is a number with a date format, as ADaM has it; ``iso date`` is ISO 8601 text, as SDTM has it."""


@dataclass(frozen=True)
class Codelist:
    """The values that a variable may take, in CDISC's own spelling; ``code`` is the NCI code of the list."""

    name: str
    words: tuple[str, ...]
    code: str = ""


@dataclass(frozen=True)
class Variable:
    """One variable: a row of a define-XML in words."""

    name: str
    label: str
    type: Type
    origin: str
    """Where a value comes from, or how it is derived."""
    length: int = 8
    """Of a text, in bytes; numbers are 8 bytes."""
    required: bool = False
    codelist: str = ""
    format: str = ""
    """SAS display format of a number."""


@dataclass(frozen=True)
class Metadata:
    """One dataset without its data."""

    name: str
    label: str
    structure: str
    """What one record is."""
    source: str
    keys: tuple[str, ...]
    """Variables that together identify a record, in order of sorting."""
    variables: tuple[Variable, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables in order."""
        return tuple(variable.name for variable in self.variables)


def available() -> tuple[str, ...]:
    """Return the names of the datasets that are described."""
    folder = files("unmask.cdisc").joinpath("datasets")
    return tuple(
        sorted(
            item.name.removesuffix(".toml").upper() for item in folder.iterdir() if item.name.endswith("toml")
        )
    )


@cache
def codelists() -> Mapping[str, Codelist]:
    """Return every code list by name."""
    content = _toml("codelists.toml")
    return {
        name: Codelist(name, tuple(entry["values"]), entry.get("code", "")) for name, entry in content.items()
    }


@cache
def load(name: str) -> Metadata:
    """Return the description of a dataset, ``"ADTR"`` for instance.

    Raises
    ------
    ConfigurationError
        ``cdisc.unknown_dataset``.
    """
    if name not in available():
        raise ConfigurationError("cdisc.unknown_dataset", name=name, known=", ".join(available()))
    content = _toml("datasets", f"{name.lower()}.toml")
    formats = {"date": "DATE9."}
    variables = tuple(
        Variable(**{"format": formats.get(entry["type"], ""), **entry}) for entry in content.pop("variables")
    )
    return Metadata(name=name, **{**content, "keys": tuple(content["keys"])}, variables=variables)


def _toml(*path: str) -> dict[str, Any]:
    return tomllib.loads(files("unmask.cdisc").joinpath(*path).read_text(encoding="utf-8"))
