"""The options of response assessment as one frozen object, read from ``rules.toml``.

The file holds the thresholds, the published table of overall responses and the confirmation rules with their
sources, so that a statistician can check the rules without reading code.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np

from unmask.errors import ConfigurationError
from unmask.response.codes import Codes, Response

Reappearance = Literal["after overall CR", "after target CR", "never"]
_CHOICES = {
    "reappearance": ("after overall CR", "after target CR", "never"),
    "complete_then_partial": ("SD", "PR"),
    "immune_late_scan": ("confirms", "starts again"),
}


@dataclass(frozen=True)
class OverallRow:
    """One row of the table of overall responses; ``"any"`` fits every response."""

    target: str
    non_target: str
    new_lesion: bool
    overall: str
    source: str


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads(files("unmask.response").joinpath("rules.toml").read_text(encoding="utf-8"))


_OPTIONS: dict[str, Any] = _data()["options"]
_PUBLISHED_TABLE = tuple(OverallRow(**row) for row in _data()["overall"])


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Every option of RECIST 1.1 and iRECIST assessment.

    Lengths are whole tenths of a millimetre, percentages whole numbers, times days since the reference day.
    The meaning and source of each option stands beside it in ``rules.toml``; :meth:`preset` gives named sets.

    Raises
    ------
    ConfigurationError
        ``response.bad_rule`` when a number is negative or a choice is unknown.
    """

    partial_response_percent: int = _OPTIONS["partial_response_percent"]
    progression_percent: int = _OPTIONS["progression_percent"]
    progression_tenths: int = _OPTIONS["progression_tenths"]
    normal_node_tenths: int = _OPTIONS["normal_node_tenths"]
    too_small_tenths: int = _OPTIONS["too_small_tenths"]
    ongoing_partial_response: bool = _OPTIONS["ongoing_partial_response"]
    reappearance: Reappearance = _OPTIONS["reappearance"]
    partial_sum_can_progress: bool = _OPTIONS["partial_sum_can_progress"]
    confirmation_days: int = _OPTIONS["confirmation_days"]
    ongoing_response_confirms: bool = _OPTIONS["ongoing_response_confirms"]
    max_not_evaluable_between: int = _OPTIONS["max_not_evaluable_between"]
    max_stable_between: int = _OPTIONS["max_stable_between"]
    complete_then_partial: Literal["SD", "PR"] = _OPTIONS["complete_then_partial"]
    progression_ends_assessment: bool = _OPTIONS["progression_ends_assessment"]
    stable_min_day: int = _OPTIONS["stable_min_day"]
    no_record_as_not_evaluable: bool = _OPTIONS["no_record_as_not_evaluable"]
    immune_window_min_days: int = _OPTIONS["immune_window_min_days"]
    immune_window_max_days: int = _OPTIONS["immune_window_max_days"]
    immune_window_tolerance_days: int = _OPTIONS["immune_window_tolerance_days"]
    immune_late_scan: Literal["confirms", "starts again"] = _OPTIONS["immune_late_scan"]
    immune_growth_tenths: int = _OPTIONS["immune_growth_tenths"]
    immune_improvement_tenths: int = _OPTIONS["immune_improvement_tenths"]
    immune_confirmed_response: bool = _OPTIONS["immune_confirmed_response"]
    overall_table: tuple[OverallRow, ...] = _PUBLISHED_TABLE

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            choices = _CHOICES.get(field.name)
            if choices is not None and value not in choices:
                raise ConfigurationError(
                    "response.bad_rule",
                    option=field.name,
                    value=value,
                    expected=" or ".join(map(repr, choices)),
                )
            if isinstance(value, int) and value < 0:
                raise ConfigurationError(
                    "response.bad_rule", option=field.name, value=value, expected="a number not below 0"
                )

    @classmethod
    def preset(cls, name: str) -> Rules:
        """Return a named set of options (``eisenhauer2009``, ``seymour2017``, ``admiralonco``).

        Raises
        ------
        ConfigurationError
            ``response.unknown_preset`` when there is no such set; the nearest name is offered.
        """
        presets = _data()["presets"]
        if name not in presets:
            near = get_close_matches(name, presets, n=1)
            raise ConfigurationError(
                "response.unknown_preset",
                name=name,
                nearest=near[0] if near else sorted(presets)[0],
                known=", ".join(sorted(presets)),
            )
        return cls(**presets[name])

    def changed(self, **options: Any) -> Rules:
        """Return a copy with the given options changed."""
        return replace(self, **options)

    def __str__(self) -> str:
        lines = [f"{f.name} = {getattr(self, f.name)!r}" for f in fields(self) if f.name != "overall_table"]
        return "\n".join(lines)

    def overall(
        self, target: Codes, non_target: Codes, new_lesion: np.ndarray[Any, np.dtype[np.bool_]]
    ) -> Codes:
        """Combine target and non-target responses and new lesions into the overall response; all (N,)."""
        table = _lookup(self.overall_table)
        return np.asarray(table[target, non_target, np.asarray(new_lesion, dtype=np.intp)], dtype=np.int8)


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
