"""Drugs as data, and what a dose of one does, in words any integrator understands.

A :class:`Drug` is read from ``drugs/<name>.toml``; it says which parameters hold while it is in use. A
:class:`Dose` says which state it adds to and how much, as a function of the patient's own parameters.
Carrying that out is left to whoever holds states and parameters.

Source: model specification section 4; each drug names its own.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unmask.errors import ConfigurationError

Array = npt.NDArray[np.float64]


class DoseEffect(BaseModel):
    """What one dose adds to a state: the amount, times ``multiply_by``, divided by ``divide_by``.

    ``multiply_by`` and ``divide_by`` are names of parameters, each patient's own. With ``per_standard_dose``
    the amount counts in standard doses.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: str
    multiply_by: str | None = None
    divide_by: str | None = None
    per_standard_dose: bool = False


class Drug(BaseModel):
    """A drug: unit and size of its standard dose, and what it does.

    ``in_use`` and ``stopped`` are values of parameters to set when a patient begins and ends the drug.
    ``adverse_events`` names the kinds of side effects that the model knows for it; none means not modelled.
    ``caveat`` says what the description leaves out; the report shows it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    kind: Literal["antibody", "chemotherapy", "targeted", "hormone", "corticosteroid"]
    unit: str
    standard_dose: float = Field(gt=0)
    sources: tuple[str, ...]
    adverse_events: tuple[Literal["immune-related", "neutropenia"], ...] = ()
    caveat: str = ""
    effect: DoseEffect | None = Field(default=None, alias="dose")
    in_use: Mapping[str, float] = Field(default_factory=dict)
    stopped: Mapping[str, float] = Field(default_factory=dict)

    def dose(self, amount: float | None = None, unit: str | None = None) -> Dose:
        """Return a dose; without an amount, the standard one.

        Raises
        ------
        ConfigurationError
            ``therapy.wrong_unit``, ``therapy.impossible_dose`` (not above zero, or not finite), or
            ``therapy.dose_not_modelled`` for a drug that is only on or off.
        """
        amount = self.standard_dose if amount is None else amount
        if unit is not None and unit != self.unit:
            raise ConfigurationError("therapy.wrong_unit", drug=self.name, unit=unit, expected=self.unit)
        if not (math.isfinite(amount) and amount > 0):
            raise ConfigurationError(
                "therapy.impossible_dose",
                drug=self.name,
                amount=amount,
                unit=self.unit,
                standard=self.standard_dose,
            )
        if self.effect is None and amount != self.standard_dose:
            raise ConfigurationError(
                "therapy.dose_not_modelled",
                drug=self.name,
                amount=amount,
                unit=self.unit,
                standard=self.standard_dose,
            )
        return Dose(self, amount)


@dataclass(frozen=True)
class Dose:
    """One dose of a drug, ``amount`` in ``drug.unit``."""

    drug: Drug
    amount: float

    @property
    def state(self) -> str | None:
        """Name of the state the dose adds to; ``None`` for a drug that only sets parameters."""
        return None if self.drug.effect is None else self.drug.effect.state

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that :meth:`addition` reads."""
        effect = self.drug.effect
        named = (effect.multiply_by, effect.divide_by) if effect is not None else ()
        return tuple(name for name in named if name is not None)

    def addition(self, parameters: Mapping[str, float | Array]) -> float | Array:
        """Return what the dose adds to its state, in the unit of the state.

        ``parameters`` maps names to values, one number or one per patient; the result has the same shape. A
        drug that only sets parameters adds 0.
        """
        effect = self.drug.effect
        if effect is None:
            return 0.0
        added: float | Array = (
            self.amount / self.drug.standard_dose if effect.per_standard_dose else self.amount
        )
        if effect.multiply_by is not None:
            added = added * parameters[effect.multiply_by]
        if effect.divide_by is not None:
            added = added / parameters[effect.divide_by]
        return added


def available_drugs() -> dict[str, str]:
    """Return the name and description of every drug that :func:`load_drug` knows."""
    return {name: load_drug(name).description for name in _names()}


@cache
def load_drug(name: str) -> Drug:
    """Return a drug by name.

    Raises
    ------
    ConfigurationError
        ``therapy.unknown_drug``, with the nearest name.
    """
    if name not in _names():
        near = difflib.get_close_matches(name.lower(), _names(), n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ConfigurationError("therapy.unknown_drug", name=name, hint=hint, known=", ".join(_names()))
    text = files("unmask.therapy").joinpath("drugs", f"{name}.toml").read_text(encoding="utf-8")
    return read_drug(name, text)


def read_drug(name: str, text: str) -> Drug:
    """Return the drug that TOML text describes.

    Raises
    ------
    ConfigurationError
        ``therapy.bad_drug`` naming the drug, the key and what is wrong with it.
    """
    try:
        return Drug.model_validate({"name": name, **tomllib.loads(text)})
    except tomllib.TOMLDecodeError as problem:
        raise ConfigurationError("therapy.bad_drug", drug=name, key="(file)", reason=problem) from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError("therapy.bad_drug", drug=name, key=key, reason=first["msg"]) from problem


@cache
def _names() -> tuple[str, ...]:
    folder = files("unmask.therapy").joinpath("drugs")
    return tuple(sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".toml")))
