"""Protocols of trials with a model of one's own, as data.

A protocol file with a table ``[model]`` names an SBML file or a model of the library, what in it is the tumour, what
differs between patients, and in each arm what is given to which species. Everything else is as in other protocols.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from unmask.configuration import check, merge, nearest, read_toml
from unmask.errors import ConfigurationError, ModelError
from unmask.model.quantity import parse
from unmask.trial.protocol import Assessment, Measurement, Schedule, nested, parse_setting

_DAYS = {"day": 1.0, "hour": 1 / 24, "minute": 1 / 1440, "second": 1 / 86400, "week": 7.0}


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TrialModel(_Record):
    """Which model, and what its symbols mean to a trial.

    Exactly one of ``tumour_diameter`` and ``tumour_volume`` names an observable; ``millimetres`` (or
    ``cubic_millimetres``) is what one of its units is, needed where the model does not say. ``days_per_time_unit`` is
    needed where the model does not name its unit of time. ``events = "state"`` leaves out events that the clock alone
    sets off, such as doses that a file brings with it: they would happen in every arm.
    """

    file: str
    units: Literal["auto", "convert", "as-written"] = "auto"
    tumour_diameter: str | None = None
    tumour_volume: str | None = None
    millimetres: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    cubic_millimetres: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    events: Literal["all", "state"] = "all"
    days_per_time_unit: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    vary: str | None = None
    cohort: str | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> TrialModel:
        if (self.tumour_diameter is None) == (self.tumour_volume is None):
            raise ValueError("name the tumour with tumour_diameter or with tumour_volume, one of the two")
        if (self.vary is None) == (self.cohort is None):
            raise ValueError("say what differs between patients with vary or with cohort, one of the two")
        return self

    def size(self, unit: str) -> float:
        """Return how many millimetres, or cubic millimetres, one unit of the tumour's size is.

        Raises
        ------
        ConfigurationError
            ``trial.model_size_unit``: neither the model nor the protocol says, or they contradict each other.
        """
        power, key = (1, "millimetres") if self.tumour_diameter is not None else (3, "cubic_millimetres")
        said = self.millimetres if power == 1 else self.cubic_millimetres
        try:
            declared = parse(unit) if unit not in ("", "1") else None
        except ModelError:
            declared = None  # a name of the file's own
        wanted = parse("mm").power(Fraction(power))
        found = None
        if declared is not None:
            found = declared.factor / wanted.factor if declared.convertible(wanted) else math.nan
        value = said if found is None else found
        if (
            value is None
            or not value > 0
            or (said is not None and not math.isclose(said, value, rel_tol=1e-6))
        ):
            name = self.tumour_diameter or self.tumour_volume
            raise ConfigurationError("trial.model_size_unit", name=name, unit=unit or "no unit", key=key)
        return value

    def days(self, time_unit: str) -> float:
        """Return how many days one unit of the model's time is.

        Raises
        ------
        ConfigurationError
            ``trial.model_time_unit``: the model does not say, and neither does the protocol.
        """
        if self.days_per_time_unit is not None:
            return self.days_per_time_unit
        if time_unit not in _DAYS:
            raise ConfigurationError("trial.model_time_unit", file=self.file, unit=time_unit)
        return _DAYS[time_unit]


class SpeciesDoses(_Record):
    """Doses of one species: ``amount`` in the unit of its amount, from ``first_day`` on.

    With ``infusion_days`` each flows in evenly over that time; it must be over before the next begins.
    """

    species: str
    amount: float = Field(gt=0.0, allow_inf_nan=False)
    first_day: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    every_days: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    doses: int | None = Field(default=None, ge=1)
    infusion_days: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _one_infusion_at_a_time(self) -> SpeciesDoses:
        if self.every_days is not None and self.infusion_days > self.every_days:
            raise ValueError(
                f"infusion_days = {self.infusion_days:g} is longer than every_days = {self.every_days:g}"
            )
        return self

    def days(self, until: float) -> tuple[float, ...]:
        """Return the days of the doses before ``until``."""
        if self.every_days is None:
            return (self.first_day,) if self.first_day < until else ()
        found = []
        day, count = self.first_day, 0
        while day < until and count < (self.doses or count + 1):
            found.append(day)
            count += 1
            day = self.first_day + count * self.every_days
        return tuple(found)


class ModelArm(_Record):
    """One arm: what is given, values of parameters that hold in it, and whether progression ends the doses."""

    label: str = ""
    doses: tuple[SpeciesDoses, ...] = ()
    parameters: dict[str, float] = {}
    stop_at_progression: bool = True


class Death(_Record):
    """A hazard of death that follows the tumour: per month at baseline, times (size / baseline) to a power."""

    per_month: float = Field(gt=0.0, lt=10.0)
    size_exponent: float = Field(default=1.0, ge=0.0, le=5.0)


class ModelFollowUp(_Record):
    """How long patients are followed."""

    days: int = Field(ge=21, le=7300)


class ModelProtocol(_Record):
    """A trial with a model of one's own."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    patients: int = Field(ge=2, le=1_000_000)
    seed: int = Field(default=1, ge=0, le=2**63 - 1)
    experimental: str
    control: str
    references: tuple[str, ...] = ()
    model: TrialModel
    schedule: Schedule
    follow_up: ModelFollowUp
    measurement: Measurement = Measurement()
    assessment: Assessment = Assessment()
    death: Death | None = None
    arms: dict[str, ModelArm] = Field(min_length=2)
    published: dict[str, Any] = {}

    @model_validator(mode="after")
    def _arms_exist(self) -> ModelProtocol:
        for role in ("experimental", "control"):
            arm = getattr(self, role)
            if arm not in self.arms:
                raise ValueError(f"{role} = '{arm}' is not an arm; {nearest(arm, self.arms)}")
        if self.experimental == self.control:
            raise ValueError("experimental and control must be two arms")
        if not self.scan_days():
            raise ValueError(
                "the first scan comes after the end of follow-up, so no patient would be assessed"
            )
        return self

    @property
    def arm_order(self) -> tuple[str, ...]:
        """Names of the arms: experimental first, control last."""
        others = [name for name in self.arms if name not in (self.experimental, self.control)]
        return (self.experimental, *others, self.control)

    def scan_days(self) -> tuple[int, ...]:
        """Return every scan day of the follow-up, ascending."""
        return self.schedule.days(self.follow_up.days)


def has_own_model(name: str) -> bool:
    """Return whether a trial is a protocol file with a table ``[model]``; a file that cannot be read is not."""
    path = Path(name)
    if not name.endswith(".toml") or not path.is_file():
        return False
    try:
        return isinstance(tomllib.loads(path.read_text(encoding="utf-8")).get("model"), dict)
    except (OSError, ValueError):
        return False


def load_model_protocol(
    path: Path, settings: Sequence[str] = (), patients: int | None = None, seed: int | None = None
) -> ModelProtocol:
    """Return the protocol of a file, with ``key=value`` settings; files it names lie beside it.

    Raises
    ------
    ConfigurationError
        Not TOML, an unknown key (the nearest is offered), a value out of range.
    """
    data = read_toml(path)
    changes = [*settings]
    changes += [] if patients is None else [f"patients={patients}"]
    changes += [] if seed is None else [f"seed={seed}"]
    for setting in changes:
        data = merge(data, nested(*parse_setting(setting)))
    protocol = check(ModelProtocol, data, path)
    beside = {
        key: str(path.parent / named)
        for key in ("file", "vary", "cohort")
        if (named := getattr(protocol.model, key)) is not None and (path.parent / named).is_file()
    }
    return protocol.model_copy(update={"model": protocol.model.model_copy(update=beside)})
