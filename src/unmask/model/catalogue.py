"""Models by name.

A model is data: ``catalogue.toml`` lists the mechanisms it is made of, by dotted name. They are imported
when the model is loaded, so the model layer depends on no biology, listing names costs nothing, and another
model is another list.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from unmask.errors import ModelError
from unmask.model.assemble import assemble
from unmask.model.module import SEPARATOR, Instance, Module
from unmask.model.system import Model


@cache
def _entries() -> Mapping[str, Mapping[str, Any]]:
    path = files("unmask.model").joinpath("catalogue.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def names() -> dict[str, str]:
    """Return the name and a one-line description of every model."""
    return {name: entry["description"] for name, entry in _entries().items()}


def modules(name: str) -> tuple[tuple[Module, ...], tuple[Module, ...]]:
    """Return the mechanisms of a model: those of a lesion, and those that lesions share.

    Raises
    ------
    ModelError
        ``model.unknown_model``, with the nearest name.
    """
    entry = _entry(name)
    return tuple(map(_module, entry["lesion"])), tuple(map(_module, entry["body"]))


@cache
def load(name: str, lesions: int | None = None) -> Model:
    """Return a model by name, assembled and checked; assembled once per process.

    Parameters
    ----------
    name
        A key of :func:`names`.
    lesions
        ``None``: one lumped tumour, symbols under their plain names. A number: that many tumours that share
        blood, lymph node and drugs; the symbols of each are called ``lesion1__cancer_cells`` and so on.

    Raises
    ------
    ModelError
        ``model.unknown_model``, with the nearest name; ``model.lesion_count``.
    """
    entry = _entry(name)
    lesion, body = modules(name)
    if lesions is None:
        return assemble(name, (*lesion, *body), (*entry["lesion_observables"], *entry["body_observables"]))
    if lesions < 1:
        raise ModelError("model.lesion_count", count=lesions)
    groups = [f"lesion{number}" for number in range(1, lesions + 1)]
    placed: list[Module | Instance] = [module.instantiate(group) for group in groups for module in lesion]
    observables = [f"{group}{SEPARATOR}{item}" for group in groups for item in entry["lesion_observables"]]
    return assemble(f"{name}-{lesions}", [*placed, *body], [*observables, *entry["body_observables"]])


def _entry(name: str) -> Mapping[str, Any]:
    entry = _entries().get(name)
    if entry is None:
        near = difflib.get_close_matches(name, _entries(), n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ModelError("model.unknown_model", name=name, hint=hint, known=", ".join(_entries()))
    return entry


def _module(place: str) -> Module:
    package, _, attribute = place.partition(":")
    module: Module = getattr(import_module(package), attribute)
    return module
