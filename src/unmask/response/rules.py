"""The options of response assessment as one frozen object, read from ``rules.toml``.

The file holds the thresholds, the published table of overall responses, the confirmation and the censoring rules
with their sources, so that a statistician can check the rules without reading code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np

from unmask.errors import ConfigurationError
from unmask.response.codes import Codes, Response

Reappearance = Literal["after overall CR", "after target CR", "after zero sum", "never"]


@dataclass(frozen=True)
class OverallRow:
    """One row of the table of overall responses; ``"any"`` fits every response."""

    target: str
    non_target: str
    new_lesion: bool
    overall: str
    source: str


@dataclass(frozen=True)
class Option:
    """What stands in ``rules.toml`` about one option."""

    value: bool | int | str
    topic: str
    meaning: str
    source: str
    unit: str = ""
    choices: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads(files("unmask.response").joinpath("rules.toml").read_text(encoding="utf-8"))


OPTIONS: Mapping[str, Option] = {
    name: Option(**{**entry, "choices": tuple(entry.get("choices", ()))})
    for name, entry in _data()["options"].items()
}
"""Every option by name, in the order in which they are printed."""
PRESETS: Mapping[str, Mapping[str, Any]] = _data()["presets"]
_PUBLISHED_TABLE = tuple(OverallRow(**row) for row in _data()["overall"])


_DEFAULTS: dict[str, Any] = {name: option.value for name, option in OPTIONS.items()}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Every option of RECIST 1.1, iRECIST and the endpoints that rest on them.

    Lengths are whole tenths of a millimetre, percentages whole numbers, times days since the reference day.
    The meaning and source of each option stands beside it in ``rules.toml``; ``print(rules)`` shows them all and
    :meth:`preset` gives named sets.

    Raises
    ------
    ConfigurationError
        ``response.bad_rule`` when a value has the wrong type, a number is negative or a choice is unknown.
    """

    partial_response_percent: int = _DEFAULTS["partial_response_percent"]
    progression_percent: int = _DEFAULTS["progression_percent"]
    progression_tenths: int = _DEFAULTS["progression_tenths"]
    normal_node_tenths: int = _DEFAULTS["normal_node_tenths"]
    too_small_tenths: int = _DEFAULTS["too_small_tenths"]
    ongoing_partial_response: bool = _DEFAULTS["ongoing_partial_response"]
    reappearance: Reappearance = _DEFAULTS["reappearance"]
    partial_sum_can_progress: bool = _DEFAULTS["partial_sum_can_progress"]
    equivocal_dated_back: bool = _DEFAULTS["equivocal_dated_back"]
    confirmation_days: int = _DEFAULTS["confirmation_days"]
    ongoing_response_confirms: bool = _DEFAULTS["ongoing_response_confirms"]
    max_not_evaluable_between: int = _DEFAULTS["max_not_evaluable_between"]
    max_stable_between: int = _DEFAULTS["max_stable_between"]
    complete_then_partial: Literal["SD", "PD", "PR"] = _DEFAULTS["complete_then_partial"]
    progression_ends_assessment: bool = _DEFAULTS["progression_ends_assessment"]
    stable_min_day: int = _DEFAULTS["stable_min_day"]
    response_counts_as_stable: bool = _DEFAULTS["response_counts_as_stable"]
    early_progression: Literal["PD", "NE"] = _DEFAULTS["early_progression"]
    fallback_day: Literal["first qualifying", "first response"] = _DEFAULTS["fallback_day"]
    no_record_as_not_evaluable: bool = _DEFAULTS["no_record_as_not_evaluable"]
    immune_window_min_days: int = _DEFAULTS["immune_window_min_days"]
    immune_window_max_days: int = _DEFAULTS["immune_window_max_days"]
    immune_window_tolerance_days: int = _DEFAULTS["immune_window_tolerance_days"]
    immune_late_scan: Literal["confirms", "starts again"] = _DEFAULTS["immune_late_scan"]
    immune_growth_tenths: int = _DEFAULTS["immune_growth_tenths"]
    immune_growth_must_exceed: bool = _DEFAULTS["immune_growth_must_exceed"]
    immune_reset: Literal["nadir", "baseline"] = _DEFAULTS["immune_reset"]
    immune_improvement_tenths: int = _DEFAULTS["immune_improvement_tenths"]
    immune_confirmed_response: bool = _DEFAULTS["immune_confirmed_response"]
    repeated_iupd: Literal["first", "last"] = _DEFAULTS["repeated_iupd"]
    censor_unassessed: bool = _DEFAULTS["censor_unassessed"]
    censor_without_baseline: bool = _DEFAULTS["censor_without_baseline"]
    adequate_assessments_only: bool = _DEFAULTS["adequate_assessments_only"]
    missed_visits: int = _DEFAULTS["missed_visits"]
    missed_visit_window_days: int = _DEFAULTS["missed_visit_window_days"]
    censor_at_new_therapy: bool = _DEFAULTS["censor_at_new_therapy"]
    whole_days: bool = _DEFAULTS["whole_days"]
    overall_table: tuple[OverallRow, ...] = _PUBLISHED_TABLE

    def __post_init__(self) -> None:
        for name, option in OPTIONS.items():
            value = getattr(self, name)
            expected = _expected(option)
            if not _fits(value, option):
                raise ConfigurationError("response.bad_rule", option=name, value=value, expected=expected)

    @classmethod
    def preset(cls, name: str) -> Rules:
        """Return a named set of options (``eisenhauer2009``, ``seymour2017``, ``admiralonco``, ``fda``).

        Raises
        ------
        ConfigurationError
            ``response.unknown_preset`` when there is no such set; the nearest name is offered.
        """
        if name.lower() in PRESETS:
            name = name.lower()
        if name not in PRESETS:
            near = get_close_matches(name.lower(), PRESETS, n=1, cutoff=0.0)
            raise ConfigurationError(
                "response.unknown_preset", name=name, nearest=near[0], known=", ".join(sorted(PRESETS))
            )
        return cls(**PRESETS[name])

    @classmethod
    def read(cls, source: str | Path) -> Rules:
        """Return the rules of a preset, or of a TOML file with ``preset = "..."`` and options by name.

        Raises
        ------
        ConfigurationError
            Unknown preset or option (the nearest is offered), a bad value, a file that is no TOML.
        """
        path = Path(source)
        if path.suffix != ".toml":
            return cls.preset(str(source))
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(
                "response.rules_unreadable", file=path, reason=error.strerror or error
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError("response.rules_unreadable", file=path, reason=error) from None
        start = content.pop("preset", None)
        return (cls() if start is None else cls.preset(str(start))).changed(**content)

    def changed(self, **options: Any) -> Rules:
        """Return a copy with the given options changed.

        Raises
        ------
        ConfigurationError
            ``response.unknown_option`` with the nearest name, or ``response.bad_rule``.
        """
        for name in options:
            if name not in OPTIONS and name != "overall_table":
                near = get_close_matches(name, OPTIONS, n=1, cutoff=0.0)[0]
                raise ConfigurationError("response.unknown_option", option=name, nearest=near)
        return replace(self, **options)

    def with_texts(self, *settings: str) -> Rules:
        """Return a copy changed by texts such as ``"stable_min_day=49"``, as a command line has them.

        Raises
        ------
        ConfigurationError
            As :meth:`changed`, and ``response.bad_setting`` for a text without ``=``.
        """
        options: dict[str, Any] = {}
        for setting in settings:
            name, sign, text = setting.partition("=")
            if not sign:
                raise ConfigurationError("response.bad_setting", setting=setting)
            options[name.strip()] = _from_text(text.strip())
        return self.changed(**options)

    def as_dict(self) -> dict[str, bool | int | str]:
        """Return the value of every option by name."""
        return {name: getattr(self, name) for name in OPTIONS}

    @property
    def name(self) -> str:
        """The preset with these options, ``"default"``, or ``"own"``."""
        if self == Rules():
            return "default"
        return next((name for name in PRESETS if self == Rules.preset(name)), "own")

    def __str__(self) -> str:
        """Return every option with value, meaning and source, by topic; ``*`` marks those not at their default."""
        lines = [f"Rules ({self.name})"]
        topic = ""
        for name, option in OPTIONS.items():
            if option.topic != topic:
                topic = option.topic
                lines += ["", topic]
            value = getattr(self, name)
            mark = "*" if value != option.value else " "
            unit = f" ({option.unit})" if option.unit == "0.1 mm" else f" {option.unit}".rstrip()
            told = ("no", "yes")[value] if isinstance(value, bool) else repr(value)
            lines.append(f"{mark} {name} = {told}{unit}")
            lines.append(f"      {option.meaning} [{option.source}]")
        return "\n".join(lines)

    def overall(
        self, target: Codes, non_target: Codes, new_lesion: np.ndarray[Any, np.dtype[np.bool_]]
    ) -> Codes:
        """Combine target and non-target responses and new lesions into the overall response; all (N,)."""
        table = _lookup(self.overall_table)
        return np.asarray(table[target, non_target, np.asarray(new_lesion, dtype=np.intp)], dtype=np.int8)


def _expected(option: Option) -> str:
    if option.choices:
        return " or ".join(map(repr, option.choices))
    return "yes or no" if isinstance(option.value, bool) else "a whole number not below 0"


def _fits(value: object, option: Option) -> bool:
    if option.choices:
        return value in option.choices
    if isinstance(option.value, bool) or isinstance(value, bool):
        return type(value) is type(option.value)
    return isinstance(value, int) and value >= 0


_YES_NO = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _from_text(text: str) -> bool | int | str:
    if text.lower() in _YES_NO:
        return _YES_NO[text.lower()]
    try:
        return int(text)
    except ValueError:
        return text.strip("\"'")


@lru_cache(maxsize=16)
def _lookup(rows: tuple[OverallRow, ...]) -> Codes:
    size = max(Response) + 1
    table = np.full((size, size, 2), Response.NE, dtype=np.int8)
    for row in reversed(rows):
        target = slice(None) if row.target == "any" else Response.from_label(row.target)
        non_target = slice(None) if row.non_target == "any" else Response.from_label(row.non_target)
        table[target, non_target, int(row.new_lesion)] = Response.from_label(row.overall)
    table.flags.writeable = False
    return table
