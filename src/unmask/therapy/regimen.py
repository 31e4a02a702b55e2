"""Drugs as data, and what a dose of one does, in words any integrator understands.

A :class:`Drug` is read from ``drugs/<name>.toml``; it says which parameters hold while it is in use, and how they
differ between patients (:class:`Individual`). A :class:`Dose` says which state it adds to and how much, as a
function of the patient's own parameters. Carrying that out is left to whoever holds states and parameters.

Source: model specification section 4; each drug names its own.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from unmask.errors import ConfigurationError
from unmask.model.module import CONFIDENCE

Array = npt.NDArray[np.float64]

# Given by weight as often as flat: which of the two is a matter of the protocol, not of the drug.
_FLAT_OR_BY_WEIGHT = ("mg", "mg/kg")


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


class Individual(BaseModel):
    """A parameter of the model that has the drug's own value, and may differ between the patients who get it.

    With z one standard normal per patient and w the body weight, a patient's value is
    ``value * (w / reference_weight_kg)**weight_exponent * exp(sigma * z)``, or ``value + sd * z`` for a spread that
    the source gives as additive; without either, and without weight, it is the same in everybody.
    ``reference_weight_kg`` is the drug's. ``deviate_of`` names another individual parameter of the drug whose z this
    one shares, as where a source estimates one deviation for two parameters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float = Field(allow_inf_nan=False)
    unit: str
    sigma: float = Field(default=0.0, ge=0.0, le=5.0)
    sd: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    weight_exponent: float = Field(default=0.0, ge=-2.0, le=2.0)
    deviate_of: str | None = None
    source: str = Field(min_length=3)
    confidence: str

    @field_validator("confidence")
    @classmethod
    def _known_confidence(cls, confidence: str) -> str:
        if confidence not in CONFIDENCE:
            raise ValueError(f"{confidence!r} is none of {', '.join(CONFIDENCE)}")
        return confidence

    @model_validator(mode="after")
    def _one_spread(self) -> Individual:
        if self.sigma > 0 and self.sd > 0:
            raise ValueError("sigma (lognormal) and sd (additive) exclude each other")
        if self.value <= 0 and (self.sigma > 0 or self.weight_exponent != 0):
            raise ValueError("only a positive value can have a lognormal spread or scale with body weight")
        if self.deviate_of is not None and not self.varies:
            raise ValueError("deviate_of goes with sigma or sd above zero")
        return self

    @property
    def varies(self) -> bool:
        """Whether patients of one weight differ."""
        return self.sigma > 0 or self.sd > 0


class Drug(BaseModel):
    """A drug: unit and size of its standard dose, and what it does.

    ``individual`` are the values that parameters of the model have while a patient takes the drug, each with its
    source; ``in_use`` are switches to set when a patient begins it, and ``stopped`` what to set at its end.
    ``per_day`` is the parameter that holds the daily amount of a drug taken by mouth.
    ``adverse_events`` names the kinds of side effects that the model knows for it; none means not modelled.
    ``hormone`` names the one hormone that a hormone therapy lowers, where it does not lower both.
    ``caveat`` says what the description leaves out; the report shows it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    kind: Literal[
        "antibody", "chemotherapy", "targeted", "hormone", "corticosteroid", "biologic", "growth factor"
    ]
    unit: str
    standard_dose: float = Field(gt=0)
    sources: tuple[str, ...]
    adverse_events: tuple[Literal["immune-related", "neutropenia"], ...] = ()
    caveat: str = ""
    effect: DoseEffect | None = Field(default=None, alias="dose")
    in_use: Mapping[str, float] = Field(default_factory=dict)
    stopped: Mapping[str, float] = Field(default_factory=dict)
    individual: Mapping[str, Individual] = Field(default_factory=dict)
    reference_weight_kg: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    per_day: str | None = None
    hormone: Literal["androgen", "oestrogen"] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Drug:
        for name, item in self.individual.items():
            if item.weight_exponent and self.reference_weight_kg is None:
                raise ValueError(f"individual.{name} scales with body weight: state reference_weight_kg")
            if item.deviate_of is not None:
                shared = self.individual.get(item.deviate_of)
                if shared is None or not shared.varies or shared.deviate_of is not None:
                    raise ValueError(
                        f"individual.{name}.deviate_of must name an individual parameter that varies by itself"
                    )
            if name in self.in_use or name == self.per_day:
                raise ValueError(f"{name} has a value in [in_use] or per_day and one in [individual]")
        return self

    def value(self, name: str) -> float:
        """Return the typical value that the drug gives to a parameter.

        Raises
        ------
        KeyError
            The drug does not set that parameter.
        """
        return self.individual[name].value if name in self.individual else self.in_use[name]

    @property
    def place(self) -> str:
        """What one drug at a time occupies: the state its doses go to, or the parameters that it holds."""
        if self.effect is not None:
            return self.effect.state
        return self.per_day or " ".join(sorted(self.stopped)) or self.name

    @property
    def units(self) -> tuple[str, ...]:
        """The units a dose may be stated in; the drug's own is the first."""
        by_weight = self.kind in ("antibody", "biologic") and self.unit in _FLAT_OR_BY_WEIGHT
        others = _FLAT_OR_BY_WEIGHT if by_weight else ()
        return (self.unit, *(unit for unit in others if unit != self.unit))

    def begin(
        self,
        dose: Dose,
        normal: Callable[[str], Array],
        body_weight_kg: float | Array,
        adherence: float | Array = 1.0,
    ) -> dict[str, float | Array]:
        """Return every parameter to set when patients begin the drug.

        Called again for the same patients it returns the same numbers, so that it does not matter whether a drug
        is resumed or begun.

        Parameters
        ----------
        dose
            The dose they begin with; of a drug taken by mouth, the daily amount.
        normal
            Gives one standard normal number per patient of the call, shape ``(N,)``, for a process name. The
            process is ``"individual <parameter>"``: a patient keeps their deviation of a parameter, whichever drug
            sets its typical value.
        body_weight_kg
            One number or one per patient.
        adherence
            Share of the tablets that is taken, one number or one per patient.
        """
        values: dict[str, float | Array] = dict(self.in_use)
        for name, item in self.individual.items():
            value: float | Array = item.value
            if item.weight_exponent and self.reference_weight_kg is not None:
                value = value * (body_weight_kg / self.reference_weight_kg) ** item.weight_exponent
            if item.varies:
                deviation = normal(f"individual {item.deviate_of or name}")
                value = value * np.exp(item.sigma * deviation) + item.sd * deviation
            values[name] = value
        if self.per_day is not None:
            values[self.per_day] = dose.amount_in(self.unit, body_weight_kg) * adherence
        return values

    def end(self) -> Mapping[str, float]:
        """Return every parameter to set when patients stop the drug."""
        return self.stopped if self.per_day is None else {**self.stopped, self.per_day: 0.0}

    def dose(self, amount: float | None = None, unit: str | None = None) -> Dose:
        """Return a dose; without an amount, the standard one; without a unit, in the drug's own.

        Raises
        ------
        ConfigurationError
            ``therapy.wrong_unit`` (none of :attr:`units`, or another than the drug's own and no amount),
            ``therapy.impossible_dose`` (not above zero, or not finite), or ``therapy.dose_not_modelled`` for a
            drug that is only on or off.
        """
        unit = self.unit if unit is None else unit
        allowed = self.units if amount is not None else self.units[:1]
        if unit not in allowed:
            raise ConfigurationError(
                "therapy.wrong_unit", drug=self.name, unit=unit, expected=" or ".join(allowed)
            )
        amount = self.standard_dose if amount is None else amount
        if not (math.isfinite(amount) and amount > 0):
            raise ConfigurationError(
                "therapy.impossible_dose",
                drug=self.name,
                amount=amount,
                unit=unit,
                standard=self.standard_dose,
                standard_unit=self.unit,
            )
        if self.effect is None and self.per_day is None and amount != self.standard_dose:
            raise ConfigurationError(
                "therapy.dose_not_modelled",
                drug=self.name,
                amount=amount,
                unit=self.unit,
                standard=self.standard_dose,
            )
        return Dose(self, amount, unit)


@dataclass(frozen=True)
class Dose:
    """One dose of a drug, ``amount`` in ``unit``, which is one of ``drug.units``."""

    drug: Drug
    amount: float
    unit: str

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

    def amount_in(self, unit: str, body_weight_kg: float | Array | None = None) -> float | Array:
        """Return the amount in another of the drug's units, per patient where the weight matters.

        Raises
        ------
        ConfigurationError
            ``therapy.body_weight_missing`` when one unit counts per kilogram, the other does not, and no weight is
            given; ``therapy.wrong_unit`` for a unit that is not the drug's.
        """
        if unit not in self.drug.units:
            raise ConfigurationError(
                "therapy.wrong_unit", drug=self.drug.name, unit=unit, expected=" or ".join(self.drug.units)
            )
        if unit == self.unit:
            return self.amount
        if body_weight_kg is None:
            raise ConfigurationError(
                "therapy.body_weight_missing", drug=self.drug.name, amount=self.amount, unit=self.unit
            )
        return self.amount * body_weight_kg if self.unit == "mg/kg" else self.amount / body_weight_kg

    def addition(
        self, parameters: Mapping[str, float | Array], body_weight_kg: float | Array | None = None
    ) -> float | Array:
        """Return what the dose adds to its state, in the unit of the state.

        ``parameters`` maps names to values, one number or one per patient; ``body_weight_kg`` likewise, needed for
        a dose by weight only. The result has the same shape. A drug that only sets parameters adds 0.

        Raises
        ------
        ConfigurationError
            ``therapy.body_weight_missing``.
        """
        effect = self.drug.effect
        if effect is None:
            return 0.0
        if effect.per_standard_dose:
            added = self.amount_in(self.drug.unit, body_weight_kg) / self.drug.standard_dose
        else:
            flat = "mg" if self.unit == "mg/kg" else self.unit
            added = self.amount_in(flat, body_weight_kg)
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
        key = ".".join(str(part) for part in first["loc"]) or "(drug)"
        raise ConfigurationError("therapy.bad_drug", drug=name, key=key, reason=first["msg"]) from problem


@cache
def _names() -> tuple[str, ...]:
    folder = files("unmask.therapy").joinpath("drugs")
    return tuple(sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".toml")))
