"""Models by name.

The list is data (``catalogue.toml``: name, builder, one line of description). A builder is named as text and
imported when its model is loaded, so the model layer depends on no biology, and listing names costs nothing.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files

from unmask.errors import ModelError
from unmask.model.system import Model


@cache
def _entries() -> Mapping[str, Mapping[str, str]]:
    path = files("unmask.model").joinpath("catalogue.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def names() -> dict[str, str]:
    """Return the name and a one-line description of every model."""
    return {name: entry["description"] for name, entry in _entries().items()}


@cache
def load(name: str) -> Model:
    """Return a model by name, assembled and checked; assembled once per process.

    Raises
    ------
    ModelError
        ``model.unknown_model``, with the nearest name.
    """
    entry = _entries().get(name)
    if entry is None:
        near = difflib.get_close_matches(name, _entries(), n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ModelError("model.unknown_model", name=name, hint=hint, known=", ".join(_entries()))
    package, _, function = entry["builder"].partition(":")
    model: Model = getattr(import_module(package), function)()
    return model
