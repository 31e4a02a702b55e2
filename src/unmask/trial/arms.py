"""The arms of a trial as data: which treatments, in which order, and what follows progression."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from unmask.trial.items import Item, Radiotherapy, Record, Share, Surgery, Treatment, kind_of_item


class BeyondProgression(Record):
    """Treatment beyond progression: this share of patients gets up to ``doses`` more doses."""

    share: float = Share
    doses: int = Field(ge=1, le=1000)


class AfterProgression(Record):
    """What begins on the day of progression, in ``share`` of the patients of the arm."""

    label: str
    share: float = Share

    @model_validator(mode="after")
    def _begins_at_progression(self) -> AfterProgression:
        for key in ("first_day", "last_day", "adaptive", "despite_progression"):
            if key in self.model_fields_set:
                raise ValueError(
                    f"{key} belongs to the first line; what is subsequent begins on the day of progression"
                )
        return self


class SubsequentRadiotherapy(AfterProgression, Radiotherapy):
    """A course of radiotherapy after progression."""


class SubsequentSurgery(AfterProgression, Surgery):
    """A resection after progression."""


class Subsequent(AfterProgression, Treatment):
    """A drug after progression.

    ``potency`` scales the kill of chemotherapy, which works less well the second time.
    """

    potency: float = Field(default=1.0, gt=0.0, le=1.0)

    @model_validator(mode="after")
    def _potency_of_chemotherapy(self) -> Subsequent:
        if self.potency < 1.0 and self.substance.kind != "chemotherapy":
            raise ValueError(f"potency scales the kill of chemotherapy only; {self.drug} has no such kill")
        return self


def _kind_of_later(data: Any) -> str:
    """Return which of the three a table of a later line is."""
    return kind_of_item(data).replace("(", "(Subsequent").replace("Treatment", "")


Later = Annotated[
    Annotated[Subsequent, Tag("(Subsequent)")]
    | Annotated[SubsequentRadiotherapy, Tag("(SubsequentRadiotherapy)")]
    | Annotated[SubsequentSurgery, Tag("(SubsequentSurgery)")],
    Discriminator(_kind_of_later),
]


class Arm(Record):
    """One arm of the trial; with ``observation`` patients may have no treatment at all."""

    label: str
    observation: bool = False
    treatment: tuple[Item, ...] = Field(default=(), validate_default=True)
    stop_per_dose: float = Field(default=0.0, ge=0.0, lt=1.0)
    never_assessed_share: float = Field(default=0.0, ge=0.0, lt=1.0)
    beyond_progression: BeyondProgression | None = None
    subsequent: tuple[Later, ...] = ()

    @field_validator("treatment")
    @classmethod
    def _some_treatment(cls, items: tuple[Item, ...], info: ValidationInfo) -> tuple[Item, ...]:
        if not items and not info.data.get("observation"):
            raise ValueError("at least 1 must be given, or observation = true")
        return items

    @model_validator(mode="after")
    def _shares(self) -> Arm:
        total = sum(item.share for item in self.subsequent)
        if total > 1.0 + 1e-12:
            raise ValueError(f"shares of subsequent therapies add up to {total:g}; at most 1 is possible")
        return self

    @model_validator(mode="after")
    def _doses_to_count(self) -> Arm:
        if self.stop_per_dose > 0 and self.treatment and not isinstance(self.treatment[0], Treatment):
            raise ValueError(
                f"stop_per_dose counts the doses of the first treatment listed, which is {self.treatment[0].name}; "
                "list the drug first"
            )
        return self

    @model_validator(mode="after")
    def _no_overlap(self) -> Arm:
        for first, second in combinations(sorted(self.treatment, key=lambda item: item.first_day), 2):
            if second.first_day >= first.end:
                continue
            if first.name == second.name:
                raise ValueError(
                    f"{first.name} is planned twice at the same time: from day {first.first_day} to "
                    f"{first.end - 1} and again from day {second.first_day}; {_apart(first, second)}"
                )
            if _place(first) is not None and _place(first) == _place(second):
                same = "bind the same target" if _is_antibody(first) else "have the same place in the model"
                raise ValueError(
                    f"{first.name} and {second.name} {same} and overlap from day {second.first_day}, and the model "
                    f"has one drug at a time there; {_apart(first, second)}"
                )
        return self

    @model_validator(mode="after")
    def _no_overlap_beyond_progression(self) -> Arm:
        if self.beyond_progression is None:
            return self
        for first in self.first_line_drugs:
            for later in self.subsequent:
                if _place(first) == _place(later):
                    raise ValueError(
                        f"{first.name} goes on beyond progression while {later.name} begins, and the model has "
                        "only one of them at a time; take out beyond_progression or that subsequent therapy"
                    )
        return self

    @property
    def first_line_drugs(self) -> tuple[Treatment, ...]:
        """The treatments of the first line that are drugs."""
        return tuple(item for item in self.treatment if isinstance(item, Treatment))

    @property
    def drugs(self) -> tuple[Treatment, ...]:
        """The treatments that are drugs, first line and later."""
        return (*self.first_line_drugs, *(item for item in self.subsequent if isinstance(item, Treatment)))


def target(item: Item) -> str | None:
    """Return the state that the doses of a drug go to, or None."""
    effect = item.substance.effect if isinstance(item, Treatment) else None
    return effect.state if effect is not None else None


def _place(item: Item) -> str | None:
    return item.substance.place if isinstance(item, Treatment) else None


def _is_antibody(item: Item) -> bool:
    return isinstance(item, Treatment) and item.substance.kind == "antibody"


def _apart(first: Item, second: Item) -> str:
    """Return how to part two treatments that overlap."""
    if second.first_day > first.first_day and isinstance(first, Treatment):
        return f"give the first one fewer doses or last_day = {second.first_day - 1}"
    return "give one of them, or one after the other"
