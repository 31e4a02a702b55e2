"""Tumour types as data: every value with unit, spread, range, source and confidence grade.

A tumour type is a TOML file. It changes parameters of a model (``[parameters.*]``) and states what a patient
has before treatment (``[baseline.*]``) and how death and new lesions follow from the disease (``[hazard.*]``).
Where disease is a number of lesions, ``[lesions.*]`` says how many and how large, and ``[within_patient.*]`` how much
of the spread of a quantity is one between the lesions of a patient.
``based_on`` takes over another tumour type and changes only what is listed.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from unmask.configuration import check, merge, nearest, read_toml
from unmask.errors import ConfigurationError

Distribution = Literal["fixed", "lognormal", "normal"]
Confidence = Literal["measured", "literature", "calibrated", "assumed", "definition"]


class Quantity(BaseModel):
    """A value of the virtual population.

    ``lognormal``: median ``value`` and standard deviation ``sigma`` of the natural logarithm; ``normal``: mean
    and standard deviation. ``correlation`` is that of the underlying normal numbers with ``correlated_with``, which
    may itself be correlated with a third.
    ``range`` is where the median is plausible; it is not a bound on patients.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float = Field(allow_inf_nan=False)
    unit: str
    distribution: Distribution = "fixed"
    sigma: float = Field(default=0.0, ge=0.0, le=10.0)
    correlated_with: str | None = None
    correlation: float = Field(default=0.0, gt=-1.0, lt=1.0)
    range: tuple[float, float]
    source: str = Field(min_length=3)
    confidence: Confidence

    @model_validator(mode="after")
    def _consistent(self) -> Quantity:
        low, high = self.range
        if low > high:
            raise ValueError(f"range [{low:g}, {high:g}] is empty")
        if not low <= self.value <= high:
            raise ValueError(f"value {self.value:g} lies outside its range [{low:g}, {high:g}]")
        if (self.sigma > 0) != (self.distribution != "fixed"):
            raise ValueError("sigma > 0 goes with distribution lognormal or normal, and only with them")
        if self.distribution == "lognormal" and self.value <= 0:
            raise ValueError("a lognormal median must be positive")
        return self


class TumourType(BaseModel):
    """A tumour type: model parameters, baseline disease and hazards, each a :class:`Quantity`.

    ``hormone`` says which hormone a tumour with ``hormone_dependence`` lives by, so that a drug against another one is
    refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    model: str
    based_on: str | None = None
    hormone: Literal["androgen", "oestrogen"] | None = None
    references: tuple[str, ...] = ()
    parameters: dict[str, Quantity]
    baseline: dict[str, Quantity]
    hazard: dict[str, Quantity]
    lesions: dict[str, Quantity]
    within_patient: dict[str, Quantity]

    @model_validator(mode="after")
    def _complete(self) -> TumourType:
        for section, needed in (("baseline", BASELINE), ("hazard", HAZARD), ("lesions", LESIONS)):
            given = getattr(self, section)
            for name in given:
                if name not in needed:
                    raise ValueError(f"[{section}.{name}] is unknown; {nearest(name, needed)}")
            for name in needed:
                if name not in given:
                    raise ValueError(f"[{section}.{name}] is missing")
        for name in self.parameters:
            self._check_correlation(name)
        self._check_lesions()
        return self

    def _check_lesions(self) -> None:
        targets = self.lesions["target_lesions"].value
        if not 1.0 <= targets <= MOST_TARGETS:
            raise ValueError(
                f"lesions.target_lesions = {targets:g}: a patient has one to {MOST_TARGETS} target lesions (RECIST 1.1)"
            )
        for name, quantity in self.within_patient.items():
            known = {**self.parameters, **{key: self.baseline[key] for key in WITHIN_PATIENT_BASELINE}}
            if name not in known:
                raise ValueError(f"[within_patient.{name}] is unknown; {nearest(name, known)}")
            if quantity.value < 0 or quantity.sigma > 0:
                raise ValueError(f"[within_patient.{name}] is a standard deviation: one number, not below 0")

    def _check_correlation(self, name: str) -> None:
        """Refuse a correlation with what is not drawn, or with itself by way of others.

        Without circles the correlation matrix is positive definite by construction: each number drawn is a share
        of its driver's and an independent rest.
        """
        chain = [name]
        while (driver := self.parameters[chain[-1]].correlated_with) is not None:
            if driver not in self.parameters or self.parameters[driver].sigma == 0:
                raise ValueError(
                    f"parameters.{chain[-1]}.correlated_with = '{driver}' must name a listed parameter that varies"
                )
            if driver in chain:
                raise ValueError(f"correlated_with goes in a circle: {' -> '.join((*chain, driver))}")
            chain.append(driver)

    def baseline_value(self, name: str) -> float:
        """Return the median of a baseline quantity."""
        return self.baseline[name].value

    def hazard_value(self, name: str) -> float:
        """Return a hazard constant."""
        return self.hazard[name].value

    def spread_within(self, name: str) -> float:
        """Return the standard deviation of a quantity between the lesions of a patient, 0 where none is stated.

        On the scale of the quantity's own ``sigma``: of the natural logarithm where it is lognormal.
        """
        quantity = self.within_patient.get(name)
        return 0.0 if quantity is None else quantity.value


SECTIONS = ("parameters", "baseline", "hazard", "lesions", "within_patient")
BASELINE = (
    "sld_mm",
    "body_weight_kg",
    "hormone_independent_share",
    "hormone_producing_share",
    "chemo_resistant_log10_odds",
    "antigen_loss_log10_share",
    "targeted_resistant_share",
    "multi_resistant_share",
    "lesions_in_scan_volume",
    "non_stroma_volume_share",
    "minimum_untreated_growth",
)
HAZARD = (
    "death_background",
    "death_log_rate",
    "death_size_exponent",
    "death_growth_gain",
    "frailty_sd",
    "chemotherapy_death",
    "new_lesion_rate",
    "new_lesion_growth_sd",
    "new_lesion_growth_scale",
)
LESIONS = (
    "target_lesions",
    "target_lesions_size_correlation",
    "size_sd",
    "smallest_target_mm",
    "non_target_share",
    "non_target_diameter_mm",
)
MOST_TARGETS = 5  # RECIST 1.1
WITHIN_PATIENT_BASELINE = ("chemo_resistant_log10_odds", "antigen_loss_log10_share")


def available() -> tuple[str, ...]:
    """Return the names of the tumour types that come with Unmask."""
    folder = files("unmask.patients").joinpath("tumour_types")
    return tuple(
        sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))
    )


def load_tumour_type(name: str, change: dict[str, Any] | None = None) -> TumourType:
    """Return a tumour type by name or by path of a TOML file, with ``change`` laid over it.

    Raises
    ------
    ConfigurationError
        Unknown name (the nearest is offered), or a file that is not a valid tumour type.
    """
    data = _data(name, seen=())
    if change:
        _refuse_unknown(data, change, name)
        data = merge(data, change)
    return check(TumourType, data, name)


def _data(name: str, seen: tuple[str, ...]) -> dict[str, Any]:
    if name in seen:
        raise ConfigurationError("patients.circular_base", chain=" -> ".join((*seen, name)))
    if name.endswith(".toml"):
        data = read_toml(Path(name))
    elif name in available():
        data = read_toml(Path(str(files("unmask.patients").joinpath("tumour_types", f"{name}.toml"))))
    else:
        raise ConfigurationError("patients.unknown_tumour_type", name=name, hint=nearest(name, available()))
    if not data.get("based_on"):
        return data
    base = _data(str(data["based_on"]), (*seen, name))
    for section in SECTIONS:
        entries = data.get(section)
        if not isinstance(entries, dict):
            continue  # absent, or refused by the check of the whole
        # What the base does not list must be stated in full; a lone value is a misspelt name.
        lone = [key for key, entry in entries.items() if isinstance(entry, dict) and "unit" not in entry]
        _refuse_unknown(base, {section: dict.fromkeys(lone)}, name)
    return merge(base, data)


def _refuse_unknown(data: dict[str, Any], change: dict[str, Any], name: str) -> None:
    """Refuse a changed parameter that the tumour type does not list: it would have no unit or source."""
    for section, entries in change.items():
        known = data.get(section)
        if not isinstance(known, dict):
            raise ConfigurationError(
                "configuration.unknown_key", file=name, key=section, hint=nearest(section, data)
            )
        for key in entries:
            if key not in known:
                raise ConfigurationError(
                    "configuration.unknown_key", file=name, key=f"{section}.{key}", hint=nearest(key, known)
                )
