"""Which experiment belongs to which claim."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files

from unmask.claims.claim import Claim, Measured
from unmask.claims.laboratory import Laboratory
from unmask.configuration import check
from unmask.errors import ConfigurationError

Experiment = Callable[[Laboratory, Claim, int, int], Measured]

EXPERIMENTS: Mapping[str, str] = {
    "C1": "unmask.claims.elimination:elimination",
    "C2": "unmask.claims.elimination:tricks",
    "C3": "unmask.claims.blockade:blockade",
    "C4": "unmask.claims.families:families",
    "C5": "unmask.claims.trials:tumour_types",
    "C6": "unmask.claims.trials:survival_gain",
    "C7": "unmask.claims.trials:timing",
    "C8": "unmask.claims.pseudoprogression:pseudoprogression",
    "C9": "unmask.claims.memory:memory",
    "C10": "unmask.claims.selection:selection",
    "C11": "unmask.claims.harm:chemotherapy",
    "C12": "unmask.claims.harm:immune",
    "C13": "unmask.claims.harm:autoimmune",
    "C14": "unmask.claims.decision:options",
}
"""Claim -> module and function that measures, in the order of the claims."""


@cache
def stated(identity: str) -> Claim:
    """Return a claim as it is stated, by id.

    Raises
    ------
    ConfigurationError
        ``claims.unknown``, with those there are.
    """
    if identity not in EXPERIMENTS:
        raise ConfigurationError("claims.unknown", name=identity, known=", ".join(EXPERIMENTS))
    name = f"c{int(identity[1:]):02d}.toml"
    text = files("unmask.claims").joinpath("stated", name).read_text(encoding="utf-8")
    return check(Claim, tomllib.loads(text), name)


def experiment(identity: str) -> Experiment:
    """Return the function that measures what a claim asks for."""
    module, _, function = EXPERIMENTS[identity].partition(":")
    found: Experiment = getattr(import_module(module), function)
    return found


def chosen(only: tuple[str, ...]) -> tuple[Claim, ...]:
    """Return the claims of these ids (any case) in the order of the claims; without ids, all.

    Raises
    ------
    ConfigurationError
        ``claims.unknown``.
    """
    known = {item: item.strip().upper() for item in only}
    wanted = [stated(name if name in EXPERIMENTS else item).id for item, name in known.items()]
    return tuple(stated(identity) for identity in EXPERIMENTS if identity in wanted or not only)
