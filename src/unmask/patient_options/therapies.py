"""Therapies by name: each is exactly an arm of a trial, so that everything runs through the conduct of trials."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from unmask.configuration import check, nearest, read_toml
from unmask.errors import ConfigurationError
from unmask.trial.arms import Arm
from unmask.trial.items import Radiotherapy, Surgery, Treatment

NO_TREATMENT = "none"


class Therapy(Arm):
    """An arm of a trial with what a reader should know about it.

    ``tumour_types`` are those that its effect was calibrated in or is meant for, where it is not for all; ``note`` is
    what it takes for granted; ``sources`` say where its doses are from.
    """

    tumour_types: tuple[str, ...] = ()
    note: str = ""
    sources: tuple[str, ...] = ()

    @property
    def operates(self) -> bool:
        """Whether tumour is cut out, so that a smaller tumour on a scan is no response."""
        return any(isinstance(item, Surgery) for item in self.treatment)

    @property
    def adaptive(self) -> bool:
        """Whether the tumour is meant to grow back now and then, so that RECIST calls progression what is planned."""
        return any(isinstance(item, Treatment) and item.adaptive is not None for item in self.treatment)

    @property
    def local(self) -> bool:
        """Whether disease is cut out or irradiated as a whole, which not every patient could have."""
        return any(isinstance(item, (Radiotherapy, Surgery)) for item in self.treatment)

    @property
    def side_effects_unknown(self) -> tuple[str, ...]:
        """The treatments of this therapy whose side effects the model does not have."""
        without = [
            item.name
            for item in (*self.treatment, *self.subsequent)
            if isinstance(item, (Radiotherapy, Surgery)) or not item.substance.adverse_events
        ]
        return tuple(dict.fromkeys(without))


@cache
def _ready_made() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("unmask.therapy").joinpath("options.toml").read_text(encoding="utf-8"))


def available() -> tuple[str, ...]:
    """Return the names of the ready-made therapies, in the order of their file."""
    return tuple(_ready_made())


def load_therapy(name: str) -> Therapy:
    """Return a therapy by name, or from a TOML file that holds one.

    Raises
    ------
    ConfigurationError
        ``options.unknown_therapy`` with the nearest name; a file that is not TOML, or that is no valid therapy.
    """
    if name.endswith(".toml"):
        return check(Therapy, read_toml(Path(name)), name)
    known = _ready_made()
    if name not in known:
        raise ConfigurationError("options.unknown_therapy", name=name, hint=nearest(name, known))
    return check(Therapy, known[name], f"therapy '{name}'")
