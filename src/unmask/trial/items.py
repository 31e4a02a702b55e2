"""What an arm can hold: drugs, fractions of radiotherapy and operations, and when each is given.

A treatment is given again and again: on ``first_day``, then after the gap that its schedule says, until its number of
doses, its last day, progression or toxicity ends it. A day on which it may not be given (a side effect has to settle
first) is made up for at the next visit, and what follows moves with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from unmask.configuration import nearest
from unmask.errors import ConfigurationError
from unmask.therapy.adaptive import OFF_BELOW, ON_ABOVE
from unmask.therapy.regimen import Drug, load_drug
from unmask.therapy.surgery import Margin

LAST_DAY = 7300
DAYS_PER_WEEK = 7
PROCEDURES = ("radiotherapy", "surgery")
Share = Field(ge=0.0, le=1.0)

Where = Literal["all", "targets", "largest"]
"""Which lesions a procedure is for: all there are, the target lesions, or the largest target at baseline."""


class Record(BaseModel):
    """A table of a protocol: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Adaptive(Record):
    """On and off by the tumour marker, as shares of its value at the start (Zhang 2017, Nat Commun 8:1816)."""

    off_below: float = Field(default=OFF_BELOW, gt=0.0, lt=10.0)
    on_above: float = Field(default=ON_ABOVE, gt=0.0, le=10.0)

    @model_validator(mode="after")
    def _apart(self) -> Adaptive:
        if self.off_below >= self.on_above:
            raise ValueError(
                f"off_below = {self.off_below:g} must be smaller than on_above = {self.on_above:g}"
            )
        return self


class Treatment(Record):
    """A drug given again and again: ``dose`` every ``every_days``, at most ``doses`` times if stated.

    A tablet is on from its first day until it is stopped; ``dose`` is the daily dose and ``every_days`` is how often
    it is prescribed; ``adherence`` is the share of the tablets that patients take.
    """

    drug: str
    dose: float = Field(gt=0.0, le=1e5, allow_inf_nan=False)
    unit: str
    every_days: int = Field(ge=1, le=365)
    first_day: int = Field(default=0, ge=0, le=3650)
    last_day: int = Field(default=LAST_DAY, ge=0, le=LAST_DAY)
    doses: int | None = Field(default=None, ge=1, le=1000)
    adherence: float = Field(default=1.0, gt=0.0, le=1.0)
    adaptive: Adaptive | None = None

    @model_validator(mode="before")
    @classmethod
    def _known_procedure(cls, data: Any) -> Any:
        """Say of a table with an unknown procedure that it is one, not that its drug is missing."""
        if isinstance(data, Mapping) and "procedure" in data:
            word = str(data["procedure"])
            raise ValueError(f"there is no procedure '{word}'; {nearest(word, PROCEDURES)}")
        return data

    @model_validator(mode="after")
    def _known_drug(self) -> Treatment:
        try:
            drug = load_drug(self.drug)
            drug.dose(self.dose, self.unit)
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        if self.last_day < self.first_day:
            raise ValueError(f"last_day = {self.last_day} lies before first_day = {self.first_day}")
        if self.adaptive is not None and drug.kind != "hormone":
            raise ValueError(f"only a hormone therapy can be adaptive; {self.drug} is none")
        if self.adherence < 1.0 and drug.per_day is None:
            raise ValueError(f"adherence belongs to tablets; {self.drug} is none")
        return self

    @property
    def substance(self) -> Drug:
        """The drug itself."""
        return load_drug(self.drug)

    @property
    def name(self) -> str:
        """What is given."""
        return self.drug

    @property
    def amount(self) -> float:
        """How much is given each time, in ``unit``."""
        return self.dose

    @property
    def most(self) -> int | None:
        """How often at most, if stated."""
        return self.doses

    def gap(self, given: int) -> int:
        """Return the days between the ``given``-th time (from 1) and the next."""
        return self.every_days

    @property
    def end(self) -> int:
        """First day after the last one that this treatment is planned to cover."""
        planned = LAST_DAY if self.doses is None else self.first_day + self.doses * self.every_days
        return min(planned, self.last_day + 1)


class Radiotherapy(Record):
    """A course of external radiotherapy: ``fractions`` of ``gray`` on working days.

    ``in_field`` is the share of each lesion treated that lies inside the field, ``lesions`` which are treated. With
    ``fixed_field`` what lies outside is the same at every fraction, and is never treated.
    """

    procedure: Literal["radiotherapy"]
    gray: float = Field(gt=0.0, le=30.0, allow_inf_nan=False)
    fractions: int = Field(ge=1, le=60)
    fractions_per_week: int = Field(default=5, ge=1, le=7)
    in_field: float = Field(default=0.95, gt=0.0, le=1.0)
    fixed_field: bool = False
    lesions: Where = "all"
    first_day: int = Field(default=0, ge=0, le=3650)

    @property
    def name(self) -> str:
        """What is given."""
        return "radiotherapy"

    @property
    def unit(self) -> str:
        """Gray."""
        return "Gy"

    @property
    def amount(self) -> float:
        """Dose of a fraction, Gy."""
        return self.gray

    @property
    def most(self) -> int | None:
        """Number of fractions."""
        return self.fractions

    @property
    def last_day(self) -> int:
        """No last day: a course is completed."""
        return LAST_DAY

    def gap(self, given: int) -> int:
        """Return the days between the ``given``-th fraction (from 1) and the next: none at weekends."""
        if given % self.fractions_per_week:
            return 1
        return DAYS_PER_WEEK - self.fractions_per_week + 1

    @property
    def end(self) -> int:
        """First day after the last fraction as planned."""
        return self.first_day + sum(self.gap(given) for given in range(1, self.fractions)) + 1


class Surgery(Record):
    """Resection on ``first_day``: what stays is what ``margin`` leaves (R0: one cell in ten thousand), or ``residual``.

    ``residual`` is a share of every lesion operated, stated instead of a margin.
    ``nodes_removed`` is the share of the draining lymph nodes that is taken out. A tumour that has grown under the
    treatment before is operated all the same unless ``despite_progression`` is false.
    """

    procedure: Literal["surgery"]
    margin: Margin = "R0"
    residual: float | None = Field(default=None, ge=0.0, lt=1.0)
    lesions: Where = "all"
    nodes_removed: float = Field(default=0.0, ge=0.0, le=1.0)
    despite_progression: bool = True
    first_day: int = Field(default=0, ge=0, le=3650)

    @model_validator(mode="after")
    def _one_residual(self) -> Surgery:
        if self.residual is not None and "margin" in self.model_fields_set:
            raise ValueError("margin and residual both say what stays: state one of them")
        return self

    @property
    def name(self) -> str:
        """What is done."""
        return "surgery"

    @property
    def unit(self) -> str:
        """An operation."""
        return "operation"

    @property
    def amount(self) -> float:
        """One operation."""
        return 1.0

    @property
    def most(self) -> int | None:
        """There is no second operation."""
        return 1

    @property
    def last_day(self) -> int:
        """A postponed operation is made up for."""
        return LAST_DAY

    def gap(self, given: int) -> int:
        """Return a day: there is no second operation."""
        return 1

    @property
    def end(self) -> int:
        """The day after the operation."""
        return self.first_day + 1


def kind_of_item(data: Any) -> str:
    """Return which of the three a table is; what names no procedure is a drug."""
    procedure = data.get("procedure") if isinstance(data, Mapping) else getattr(data, "procedure", None)
    return f"({str(procedure).capitalize()})" if procedure in PROCEDURES else "(Treatment)"


Item = Annotated[
    Annotated[Treatment, Tag("(Treatment)")]
    | Annotated[Radiotherapy, Tag("(Radiotherapy)")]
    | Annotated[Surgery, Tag("(Surgery)")],
    Discriminator(kind_of_item),
]
