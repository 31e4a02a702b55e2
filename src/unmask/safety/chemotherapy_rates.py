"""How often chemotherapy harms: the data of ``chemotherapy.toml`` and the thresholds that reproduce its rates.

Every event has a latent severity, standard normal over patients (and cycles) at the standard dose. In a cycle::

    severity = sqrt(persistence) * patient + sqrt(1 - persistence) * cycle + dose_slope * ln(dose / standard dose)

and for an event of the dose so far::

    severity = patient + dose_slope * ln(dose so far / standard dose)

Grade g is reached where the severity passes the g-th threshold. Thresholds of grades 1 and 3 are those at which the
share of patients with the event, over the treatment of a trial's patients, is the published one.

References
----------
Latent-variable model of ordered toxicity grades: McCullagh P, Regression models for ordinal data, J R Stat Soc B
1980;42:109 (ordered probit); compound-symmetric correlation between the cycles of a patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal, Self

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from unmask.safety.event_kinds import safety_data

Array = NDArray[np.float64]
Confidence = Literal["measured", "literature", "calibrated", "assumed", "definition"]

GRADES = 4
"""Grades with a threshold; grade 5 is a matter of outcome, not of severity."""
_NODES = 48  # of the Gauss-Hermite rule over patients; 24 give the same thresholds to 1e-6


class Stated(BaseModel):
    """A table of a TOML file of data: unknown keys are refused, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Pattern(Stated):
    """How an event behaves, whatever the drug; see the head of ``chemotherapy.toml``."""

    organ: str
    course: Literal["cycle", "cumulative"]
    susceptibility: str
    persistence: float = Field(default=1.0, gt=0, le=1)
    dose_slope: float = Field(gt=0)
    onset_days: float = Field(ge=0)
    onset_spread_days: float = Field(ge=0)
    duration_days: float = Field(gt=0)
    duration_sigma: float = Field(ge=0)
    never_resolves: float = Field(default=0.0, ge=0, lt=1)
    worst_grade: int = Field(ge=1, le=GRADES)
    grade_2_of_any: float | None = Field(default=None, gt=0, lt=1)
    source: str
    confidence: Confidence

    @model_validator(mode="after")
    def _persistent(self) -> Self:
        if self.course == "cycle" and self.persistence == 1.0:
            raise ValueError("an event of each cycle needs a persistence below 1")
        return self


class Rate(Stated):
    """Share of patients with an event over their treatment: of any grade, and of grade 3 or more."""

    any: float = Field(gt=0, lt=0.9)
    severe: float | None = Field(default=None, gt=0, lt=1)
    source: str
    confidence: Confidence


class DrugToxicity(Stated):
    """Rates of one drug; ``cycles`` are equally likely numbers of cycles of the patients they were counted in."""

    standard_dose: float = Field(gt=0)
    cycles: tuple[int, ...] = Field(min_length=1)
    cycles_source: str
    neutropenia_reported: float = Field(ge=0, le=1)
    neutropenia_reported_source: str
    events: Mapping[str, Rate]


class FebrileNeutropenia(Stated):
    """Hazard per day ``rate * max(0, limit - count)^power`` (counts in 1e9/L) and what comes of it."""

    limit: float
    power: float
    rate: float
    rate_source: str
    duration_days: float
    duration_sigma: float
    grade_4: float
    fatal: float
    fatal_without_antibiotics: float
    outcome_source: str
    confidence: Confidence

    def hazard(self, neutrophils: Array) -> Array:
        """Return the hazard per day at a count; NaN (no count) has none."""
        missing = np.maximum(self.limit - np.nan_to_num(neutrophils, nan=np.inf), 0.0)
        return np.asarray(self.rate * missing**self.power)


class Infection(Stated):
    """Hazard per day of an infection without febrile neutropenia."""

    rate: float
    per_missing_neutrophils: float
    limit: float
    severe: float
    duration_days: float
    duration_sigma: float
    source: str
    confidence: Confidence

    def hazard(self, neutrophils: Array) -> Array:
        """Return the hazard per day of a patient in a cycle; NaN (no count) has the level alone."""
        missing = np.maximum(self.limit - np.nan_to_num(neutrophils, nan=np.inf), 0.0)
        return np.asarray(self.rate + self.per_missing_neutrophils * missing)


class Toxicity(Stated):
    """Everything in ``chemotherapy.toml``."""

    lost_in_practice: float = Field(ge=0, lt=1)
    pattern: Mapping[str, Pattern]
    drugs: Mapping[str, DrugToxicity]
    febrile_neutropenia: FebrileNeutropenia
    infection: Infection

    @model_validator(mode="after")
    def _every_event_has_a_pattern(self) -> Self:
        for drug, toxicity in self.drugs.items():
            unknown = set(toxicity.events) - set(self.pattern)
            if unknown:
                raise ValueError(f"{drug} has events without a pattern: {sorted(unknown)}")
        return self


@cache
def toxicity() -> Toxicity:
    """Return the data of ``chemotherapy.toml``; ``rates_of`` is replaced by what it points to."""
    data = safety_data("chemotherapy")
    drugs = {
        name: data["drugs"][drug["rates_of"]] | {"standard_dose": drug["standard_dose"]}
        if "rates_of" in drug
        else drug
        for name, drug in data["drugs"].items()
    }
    return Toxicity.model_validate({**data, "drugs": drugs})


def share_with_event(threshold: float, pattern: Pattern, cycles: tuple[int, ...]) -> float:
    """Return the share of patients, over ``cycles`` standard doses, whose severity ever passes a threshold."""
    number = np.array(cycles, dtype=np.float64)
    if pattern.course == "cumulative":
        return float(ndtr(pattern.dose_slope * np.log(number) - threshold).mean())
    patient, weight = hermegauss(_NODES)
    kept = np.sqrt(pattern.persistence)
    spared = ndtr((threshold - kept * patient) / np.sqrt(1.0 - pattern.persistence))
    return float(1.0 - (weight[:, None] * spared[:, None] ** number).sum(axis=0).mean() / weight.sum())


@cache
def thresholds(drug: str, event: str) -> tuple[float, ...]:
    """Return the thresholds of latent severity of grades 1 to 4, infinite where CTCAE has no such grade.

    Raises
    ------
    KeyError
        The drug does not have the event.
    """
    data = toxicity()
    of_drug, pattern = data.drugs[drug], data.pattern[event]
    rate = of_drug.events[event]

    def solve(share: float) -> float:
        aim = share / (1.0 - data.lost_in_practice)
        root = brentq(lambda t: share_with_event(t, pattern, of_drug.cycles) - aim, -20.0, 20.0)
        return float(root)  # brentq is untyped

    first = solve(rate.any)
    if rate.severe is not None:
        third = solve(min(rate.severe, 0.999 * rate.any))
        second = (first + third) / 2.0
    elif pattern.grade_2_of_any is not None:
        second = solve(rate.any * pattern.grade_2_of_any)
        third = np.inf
    else:
        second = third = np.inf
    found = (first, second, third, third + (third - second) if np.isfinite(third) else np.inf)
    return tuple(t if grade < pattern.worst_grade else np.inf for grade, t in enumerate(found))


def lognormal(median: float, sigma: float, uniform: Array) -> Array:
    """Return log-normal numbers from uniform ones."""
    return np.asarray(median * np.exp(sigma * ndtri(uniform)))
