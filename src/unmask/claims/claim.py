"""A claim as it is stated before anything is run, and what a run makes of it.

A claim is a TOML file in ``stated/``: the statement, what is done, what is measured, what would count as holding and
the published figures, each with its source. Experiments only measure; :func:`judge` turns measures into a verdict by
the stated criteria alone, so that nobody can word a result into agreement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from unmask.claims.plots import Plot
from unmask.configuration import nearest
from unmask.survival.estimate import without_nan

Verdict = Literal["holds", "holds with limits", "does not hold"]
Unit = Literal["share", "of 100", "difference", "ratio", "weeks", "months", "days", "per year"]


class _Stated(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Quantity(_Stated):
    """What a measure is: words for the page, and its unit."""

    words: str = Field(min_length=5)
    unit: Unit


class Published(_Stated):
    """A published figure with its 95 % interval where there is one.

    ``confirmed = false``: the figure is quoted from memory; it is shown and never decides.
    """

    value: float
    ci: tuple[float, float] | None = None
    source: str = Field(min_length=5)
    confirmed: bool = True


class Criterion(_Stated):
    """One condition on one measure.

    ``above`` and ``below``: the whole 95 % interval lies on that side of ``bound``. ``agrees``: the value lies
    inside the 95 % interval of the published figure of the same name. Without the ``essential`` ones the claim does
    not hold; without one of the others it holds with limits.
    """

    measure: str
    relation: Literal["above", "below", "agrees"]
    bound: float | None = None
    essential: bool = True
    words: str = Field(min_length=5)

    @model_validator(mode="after")
    def _complete(self) -> Criterion:
        if (self.bound is None) != (self.relation == "agrees"):
            raise ValueError("'above' and 'below' need a bound, 'agrees' has none")
        return self


class Claim(_Stated):
    """A claim, stated before its experiment is run.

    ``headline`` is the measure that stands for the claim; ``beside`` one with a published figure, where the headline
    has none.
    """

    id: str = Field(pattern="^C[1-9][0-9]?$")
    title: str
    statement: str
    method: tuple[str, ...] = Field(min_length=1)
    seed: int = Field(ge=0)
    patients: int = Field(gt=0)
    headline: str
    beside: str | None = None
    quantities: dict[str, Quantity]
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    published: dict[str, Published] = Field(default_factory=dict)
    finding: tuple[str, ...] = Field(min_length=1)
    limits: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Claim:
        second = () if self.beside is None else (self.beside,)
        for name in (self.headline, *second, *self.published, *(item.measure for item in self.criteria)):
            if name not in self.quantities:
                raise ValueError(f"[quantities.{name}] is missing; {nearest(name, self.quantities)}")
        for item in self.criteria:
            if item.relation != "agrees":
                continue
            figure = self.published.get(item.measure)
            if figure is None or figure.ci is None or not figure.confirmed:
                raise ValueError(
                    f"criterion '{item.words}' needs a confirmed published figure with an interval: {item.measure}"
                )
        if not any(item.essential for item in self.criteria):
            raise ValueError("a claim needs an essential criterion")
        return self


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval over ``n`` virtual patients; NaN where there was nothing to measure."""

    value: float
    low: float = math.nan
    high: float = math.nan
    n: int = 0


@dataclass(frozen=True)
class Measured:
    """What an experiment returns: estimates by name, pictures, and anything to say beyond the stated text."""

    estimates: Mapping[str, Estimate]
    plots: tuple[Plot, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """A criterion and whether it was met; ``open``: not met, but the interval reaches across the bound."""

    criterion: Criterion
    met: bool
    open: bool = False


@dataclass(frozen=True)
class Finding:
    """The result of one experiment."""

    claim: Claim
    verdict: Verdict
    outcomes: tuple[Outcome, ...]
    estimates: Mapping[str, Estimate]
    plots: tuple[Plot, ...]
    text: tuple[str, ...]
    notes: tuple[str, ...]
    seed: int
    patients: int
    seconds: float = field(compare=False)

    @property
    def undecided(self) -> bool:
        """Whether the claim fails only because intervals are too wide: more patients could decide either way."""
        failed = [item for item in self.outcomes if item.criterion.essential and not item.met]
        return bool(failed) and all(item.open for item in failed)

    @property
    def shown(self) -> tuple[str, ...]:
        """The measures that stand for the finding: the headline, and the one beside it."""
        return tuple(name for name in (self.claim.headline, self.claim.beside) if name is not None)


def met(criterion: Criterion, estimate: Estimate, published: Published | None) -> bool:
    """Return whether a measure fulfils a criterion; what could not be measured fulfils none."""
    if criterion.relation == "agrees":
        assert published is not None
        assert published.ci is not None
        return bool(published.ci[0] <= estimate.value <= published.ci[1])
    assert criterion.bound is not None
    if criterion.relation == "above":
        return bool(estimate.low > criterion.bound)
    return bool(estimate.high < criterion.bound)


def _outcome(criterion: Criterion, estimate: Estimate, claim: Claim) -> Outcome:
    fulfilled = met(criterion, estimate, claim.published.get(criterion.measure))
    bound = criterion.bound
    across = bound is not None and estimate.low <= bound <= estimate.high
    return Outcome(criterion, fulfilled, not fulfilled and across)


def judge(claim: Claim, estimates: Mapping[str, Estimate]) -> tuple[Verdict, tuple[Outcome, ...]]:
    """Return the verdict on a claim and how each criterion came out."""
    outcomes = tuple(_outcome(item, estimates[item.measure], claim) for item in claim.criteria)
    if not all(outcome.met for outcome in outcomes if outcome.criterion.essential):
        return "does not hold", outcomes
    return ("holds" if all(outcome.met for outcome in outcomes) else "holds with limits"), outcomes


def as_data(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain data for ``claims.json``; what could not be measured is None."""
    claim = finding.claim
    data = {
        "id": claim.id,
        "title": claim.title,
        "statement": claim.statement,
        "method": list(claim.method),
        "seed": finding.seed,
        "patients": finding.patients,
        "verdict": finding.verdict,
        "undecided": finding.undecided,
        "headline": claim.headline,
        "criteria": [
            {**outcome.criterion.model_dump(mode="json"), "met": outcome.met, "open": outcome.open}
            for outcome in finding.outcomes
        ],
        "measures": {
            name: {
                "words": claim.quantities[name].words,
                "unit": claim.quantities[name].unit,
                "value": estimate.value,
                "ci": [estimate.low, estimate.high],
                "n": estimate.n,
            }
            for name, estimate in finding.estimates.items()
        },
        "published": {name: item.model_dump() for name, item in claim.published.items()},
        "finding": list(finding.text),
        "notes": list(finding.notes),
        "limits": list(claim.limits),
        "plots": [asdict(plot) for plot in finding.plots],
    }
    plain: dict[str, Any] = without_nan(data)
    return plain
