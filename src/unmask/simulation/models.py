"""Models by name or by file."""

from __future__ import annotations

import difflib
from pathlib import Path

from unmask.errors import ConfigurationError, ModelError
from unmask.model import catalogue
from unmask.model.sbml.reader import Imported, Units, read_model

_ENDINGS = (".xml", ".sbml")


def is_file(name: str) -> bool:
    """Return whether a name means an SBML file rather than a model of the library."""
    return Path(name).suffix.lower() in _ENDINGS or "/" in name


def find_model(name: str, *, units: Units = "auto", lesions: int | None = None) -> Imported:
    """Return a model of the library, or of an SBML file (a path, or a name that ends in .xml or .sbml).

    Raises
    ------
    ModelError
        No model of that name.
    ConfigurationError
        ``lesions`` for a file.
    DataError
        The file cannot be read.
    """
    if is_file(name):
        if lesions is not None:
            raise ConfigurationError("simulation.lesions_of_a_file", file=name)
        return read_model(Path(name), units=units)
    known = catalogue.names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ModelError("simulation.unknown_model", name=name, hint=hint, known=", ".join(known))
    return Imported(catalogue.load(name, lesions=lesions))
