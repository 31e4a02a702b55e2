"""Trial protocols as data: arms, doses, scans, follow-up, what happens after progression, published figures.

A protocol is a TOML file checked here once; everything after trusts it. Days count from the first dose, which is
also the day of randomisation.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from unmask.configuration import check, merge, nearest, read_toml
from unmask.errors import ConfigurationError
from unmask.patients.parameter_set import SECTIONS
from unmask.response import Rules
from unmask.safety.autoimmune import diseases
from unmask.trial.arms import Arm
from unmask.trial.items import Treatment

ScanWeek = Annotated[float, Field(allow_inf_nan=False, le=1100.0)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Schedule(_Record):
    """When scans are made: at ``scan_weeks`` and then every ``then_every_weeks``.

    ``first_scan_early_share`` of the patients have their first scan dated ``first_scan_early_days`` before the
    visit it belongs to, which decides whether stable disease at that scan has lasted long enough to count.
    """

    scan_weeks: tuple[ScanWeek, ...] = Field(min_length=1)
    then_every_weeks: float = Field(ge=1.0, le=104.0)
    first_scan_early_share: float = Field(default=0.0, ge=0.0, le=1.0)
    first_scan_early_days: int = Field(default=0, ge=0, le=14)

    @field_validator("scan_weeks")
    @classmethod
    def _after_start(cls, weeks: tuple[float, ...]) -> tuple[float, ...]:
        if round(weeks[0] * 7) < 1:
            raise ValueError(f"the first scan (week {weeks[0]:g}) must come after the start of treatment")
        if any(round(later * 7) <= round(earlier * 7) for earlier, later in pairwise(weeks)):
            raise ValueError("scan weeks must increase, by a day at least")
        return weeks

    @model_validator(mode="after")
    def _dated_after_start(self) -> Schedule:
        if self.first_scan_early_share > 0 and self.first_scan_early_days >= self.first_day:
            raise ValueError(
                f"first_scan_early_days = {self.first_scan_early_days} would date the first scan "
                f"(day {self.first_day}) before the start of treatment"
            )
        return self

    @property
    def first_day(self) -> int:
        """Day of the first scan."""
        return round(self.scan_weeks[0] * 7)

    def days(self, follow_up_days: float) -> tuple[int, ...]:
        """Return every scan day of a follow-up, ascending."""
        days = [round(week * 7) for week in self.scan_weeks]
        step = round(self.then_every_weeks * 7)
        while days[-1] + step <= follow_up_days:
            days.append(days[-1] + step)
        return tuple(day for day in days if day <= follow_up_days)


class FollowUp(_Record):
    """How long patients are followed.

    Recruitment is uniform over ``accrual_days``; the data are cut off so that the first patient is followed for
    ``days`` and the last for ``days - accrual_days``. ``dropout_per_year`` leave the trial at random.
    """

    days: int = Field(ge=21, le=7300)
    accrual_days: int = Field(default=0, ge=0)
    dropout_per_year: float = Field(default=0.0, ge=0.0, le=2.0)

    @model_validator(mode="after")
    def _accrual(self) -> FollowUp:
        if self.accrual_days >= self.days:
            raise ValueError(
                f"accrual_days = {self.accrual_days} must be shorter than follow_up.days = {self.days}"
            )
        return self


class Measurement(_Record):
    """Errors of a scan, as standard deviations of the logarithm.

    ``sum_error`` is that of the sum of diameters; ``lesion_error`` is the additional scatter between the lesions
    of one scan, which cancels in the sum.
    """

    sum_error: float = Field(default=0.07, ge=0.0, le=0.5)
    lesion_error: float = Field(default=0.07, ge=0.0, le=0.5)
    invisible_below_mm: float = Field(default=2.0, ge=0.0, le=5.0)


class Disease(_Record):
    """Extent of disease at baseline and how its parts are judged."""

    target_lesion_weights: tuple[float, float, float, float, float] = (0.25, 0.25, 0.2, 0.15, 0.15)
    non_target_share: float = Field(default=0.6, ge=0.0, le=1.0)
    non_target_diameter_mm: float = Field(default=15.0, gt=0.0, le=200.0)
    non_target_progression_ratio: float = Field(default=1.5, gt=1.0, le=5.0)
    non_target_visible_increase: float = Field(default=1.1, gt=1.0, le=5.0)
    new_lesion_diameter_mm: float = Field(default=10.0, gt=0.0, le=50.0)
    form: Literal["lumped", "lesions"] = "lumped"

    @field_validator("target_lesion_weights")
    @classmethod
    def _weights(cls, weights: tuple[float, ...]) -> tuple[float, ...]:
        if min(weights) < 0 or abs(sum(weights) - 1.0) > 1e-9:
            raise ValueError("the five weights must be shares that add up to 1")
        return weights


class Population(_Record):
    """Who is in the trial besides what the tumour type says.

    ``autoimmune`` is the share of patients with each autoimmune disease, ``immunosuppressed_share`` the share of
    those who take immunosuppression for it when treatment begins.
    """

    autoimmune: dict[str, Annotated[float, Field(ge=0.0, le=1.0)]] = {}
    immunosuppressed_share: float = Field(default=0.0, ge=0.0, le=1.0)

    @field_validator("autoimmune")
    @classmethod
    def _whole(cls, shares: dict[str, float]) -> dict[str, float]:
        for disease in shares:
            if disease not in diseases():
                raise ValueError(f"'{disease}' is not modelled; {nearest(disease, diseases())}")
        if sum(shares.values()) > 1.0 + 1e-12:
            raise ValueError(f"the shares add up to {sum(shares.values()):g}; at most 1 is possible")
        return shares


class Assessment(_Record):
    """Choices of the response criteria and of censoring that a protocol makes.

    ``rules`` names a preset (``"eisenhauer2009"``, ...) and ``options`` any option of
    :class:`unmask.response.Rules` by name.
    """

    stable_disease_minimum_days: int = Field(default=42, ge=0, le=365)
    rules_preset: str = ""
    options: dict[str, bool | int | str] = {}

    @model_validator(mode="after")
    def _possible(self) -> Assessment:
        try:
            self.rules()
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return self

    def rules(self) -> Rules:
        """Return the response rules with these choices."""
        base = Rules.preset(self.rules_preset) if self.rules_preset else Rules()
        return base.changed(stable_min_day=self.stable_disease_minimum_days).changed(**self.options)


class Protocol(_Record):
    """A complete trial."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    tumour_type: str
    patients: int = Field(ge=1)
    seed: int = Field(default=1, ge=0, le=2**63 - 1)
    allocation: Literal["paired", "randomised"] = "paired"
    experimental: str
    control: str
    references: tuple[str, ...] = ()
    schedule: Schedule
    follow_up: FollowUp
    measurement: Measurement = Measurement()
    disease: Disease = Disease()
    assessment: Assessment = Assessment()
    population: Population = Population()
    management: Literal["guideline", "none", "both"] = "guideline"
    arms: dict[str, Arm] = Field(min_length=2)
    observed_arm_names: dict[str, str] = {}
    published: dict[str, Any] = {}

    @model_validator(mode="after")
    def _arms_exist(self) -> Protocol:
        for role in ("experimental", "control"):
            arm = getattr(self, role)
            if arm not in self.arms:
                raise ValueError(f"{role} = '{arm}' is not an arm; {nearest(arm, self.arms)}")
        if self.experimental == self.control:
            raise ValueError("experimental and control must be two different arms")
        for outside, arm in self.observed_arm_names.items():
            if arm not in self.arms:
                raise ValueError(
                    f"observed_arm_names.{outside} = '{arm}' is not an arm; {nearest(arm, self.arms)}"
                )
        return self

    @model_validator(mode="after")
    def _within_follow_up(self) -> Protocol:
        for name, arm in self.arms.items():
            for item in arm.treatment:
                if item.first_day >= self.follow_up.days:
                    raise ValueError(
                        f"arms.{name}: {item.name} on day {item.first_day} comes after the end of follow-up "
                        f"(follow_up.days = {self.follow_up.days}), when nobody can have it"
                    )
        return self

    @model_validator(mode="after")
    def _lesions_to_choose_from(self) -> Protocol:
        for name, arm in self.arms.items():
            for item in (*arm.treatment, *arm.subsequent):
                where = getattr(item, "lesions", "all")
                if where != "all" and self.disease.form == "lumped":
                    raise ValueError(
                        f"arms.{name}: {item.name} with lesions = '{where}' needs lesions to choose from, and the "
                        "lumped tumour is one; set disease.form = 'lesions'"
                    )
        return self

    @model_validator(mode="after")
    def _scanned_at_all(self) -> Protocol:
        if self.schedule.first_day > self.follow_up.days:
            raise ValueError(
                f"the first scan (day {self.schedule.first_day}) comes after the end of follow-up "
                f"(follow_up.days = {self.follow_up.days}), so no patient would ever be assessed"
            )
        return self

    @property
    def drugs(self) -> tuple[Treatment, ...]:
        """The treatments of every arm that are drugs, first line and later."""
        return tuple(item for arm in self.arms.values() for item in arm.drugs)

    def scan_days(self) -> tuple[int, ...]:
        """Return every scan day of the follow-up, ascending."""
        return self.schedule.days(self.follow_up.days)


def available() -> tuple[str, ...]:
    """Return the names of the ready-made trials."""
    folder = files("unmask.trial").joinpath("library")
    return tuple(
        sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))
    )


def load_protocol(name: str, settings: tuple[str, ...] = ()) -> tuple[Protocol, dict[str, Any]]:
    """Return a protocol by name or path, with ``key=value`` settings, and the change they make to the tumour type.

    Settings whose key begins with a section of tumour types (``parameters.``, ``baseline.``, ``hazard.``, ``lesions.``,
    ``within_patient.``) change the median of that quantity of the tumour type; all others are keys of the protocol,
    values written as in TOML.

    Raises
    ------
    ConfigurationError
        Unknown trial or key (the nearest name is offered), value out of range, or a file that is not TOML.
    """
    if name.endswith(".toml") or "/" in name:
        data, file = read_toml(Path(name)), name
        beside = Path(name).parent / str(data.get("tumour_type", ""))
        if beside.suffix == ".toml" and beside.is_file():
            data["tumour_type"] = str(beside)  # a tumour type of one's own lies beside the protocol
    elif name in available():
        path = Path(str(files("unmask.trial").joinpath("library", f"{name}.toml")))
        data, file = read_toml(path), f"trial '{name}'"
    else:
        raise ConfigurationError("trial.unknown_trial", name=name, hint=nearest(name, available()))
    tumour_change: dict[str, Any] = {}
    for setting in settings:
        key, value = parse_setting(setting)
        section, _, rest = key.partition(".")
        if section in SECTIONS:
            if not rest:
                raise ConfigurationError("trial.bad_setting", setting=setting)
            tumour_change = merge(tumour_change, {section: {rest: {"value": value}}})
        else:
            _refuse_unknown_arm(key, data, file)
            data = merge(data, nested(key, value))
    return check(Protocol, data, file), tumour_change


def parse_setting(setting: str) -> tuple[str, Any]:
    """Return key and value of a ``key=value`` setting, the value as TOML has it.

    Raises
    ------
    ConfigurationError
        ``trial.bad_setting``.
    """
    key, equals, text = setting.partition("=")
    if not equals or not key.strip() or not text.strip():
        raise ConfigurationError("trial.bad_setting", setting=setting)
    try:
        return key.strip(), tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), text.strip()


def _refuse_unknown_arm(key: str, data: Mapping[str, Any], file: str) -> None:
    """Refuse a setting of an arm that is not there: it would found a new one that lacks everything else."""
    section, _, rest = key.partition(".")
    arms = data.get("arms")
    name = rest.partition(".")[0]
    if section == "arms" and isinstance(arms, Mapping) and name not in arms:
        raise ConfigurationError(
            "configuration.unknown_key", file=file, key=f"arms.{name}", hint=nearest(name, arms)
        )


def nested(key: str, value: Any) -> dict[str, Any]:
    """Return the tables in which a dotted key stands."""
    for part in reversed(key.split(".")):
        value = {part: value}
    result: dict[str, Any] = value
    return result
