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

MOST_LESIONS = 12  # more are asked for by mistake, and would compile for minutes


@cache
def _entries() -> Mapping[str, Mapping[str, Any]]:
    path = files("unmask.model").joinpath("catalogue.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def names() -> dict[str, str]:
    """Return the name and a one-line description of every model."""
    return {name: entry["description"] for name, entry in _entries().items()}


def modules(name: str) -> tuple[tuple[Module, ...], tuple[Module | Instance, ...]]:
    """Return the mechanisms of a model: those of a lesion, and those that lesions share.

    A model without lesions has all of them among the second.

    Raises
    ------
    ModelError
        ``model.unknown_model``, with the nearest name.
    """
    entry = _entry(name)
    if not _has_lesions(entry):
        return (), tuple(map(_module, entry["modules"]))
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
        blood, lymph node and drugs; the symbols of each are called ``lesion1__cancer_cells`` and so on, and
        the plain names of the tumour's observables are totals over lesions (``biology.lesion_totals``).
        Parameters that are the same in every lesion (all but :func:`lesion_parameters`) keep their plain
        name and exist once.

    Raises
    ------
    ModelError
        ``model.unknown_model``, with the nearest name; ``model.lesion_count``; ``model.no_lesions`` when a number
        of lesions is asked of a model that has none.
    """
    entry = _entry(name)
    lesion, body = modules(name)
    if not _has_lesions(entry):
        if lesions is not None:
            raise ModelError("model.no_lesions", name=name)
        return assemble(name, body, entry["observables"])
    if lesions is None:
        return assemble(name, (*lesion, *body), (*entry["lesion_observables"], *entry["body_observables"]))
    if not 1 <= lesions <= MOST_LESIONS:
        raise ModelError("model.lesion_count", count=lesions, most=MOST_LESIONS)
    groups = [lesion_group(number) for number in range(1, lesions + 1)]
    several = (*lesion, *map(_module, entry["lesion_of_several"]))
    placed: list[Module | Instance] = [_placed(module, group, name) for group in groups for module in several]
    own = [f"{group}{SEPARATOR}{item}" for group in groups for item in entry["lesion_observables"]]
    observables = [*own, *entry["lesion_observables"], *entry["body_observables"]]
    return assemble(
        f"{name}-{lesions}", [*placed, *body, *map(_module, entry["body_of_several"])], observables
    )


def lesion_group(number: int) -> str:
    """Return the name of a lesion in a model, counted from 1: the prefix of its symbols."""
    return f"lesion{number}"


def lesion_parameters(name: str) -> tuple[str, ...]:
    """Return the parameters of a model that each lesion has on its own, by their plain names."""
    return tuple(_entry(name).get("lesion_parameters", ()))


def _placed(module: Module, group: str, name: str) -> Instance:
    own = lesion_parameters(name)
    declared = (*module.parameters, *module.event_parameters)
    return module.instantiate(group, tuple(item.name for item in declared if item.name not in own))


def _entry(name: str) -> Mapping[str, Any]:
    entry = _entries().get(name)
    if entry is None:
        near = difflib.get_close_matches(name, _entries(), n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ModelError("model.unknown_model", name=name, hint=hint, known=", ".join(_entries()))
    return entry


def _has_lesions(entry: Mapping[str, Any]) -> bool:
    return "lesion" in entry


def _module(place: str) -> Any:
    """Return the mechanism at a dotted name: a module, or one placed in a group."""
    package, _, attribute = place.partition(":")
    return getattr(import_module(package), attribute)
