"""The table of endpoints under other rules of counting: what stands in the summary as ``sensitivity``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unmask.report import endpoints, words
from unmask.report.inputs import Arm
from unmask.report.words import Words


@dataclass(frozen=True)
class SensitivityRow:
    """One variant: its name, what it means, "median (interval), events of n" per arm, hazard ratio (interval)."""

    name: str
    meaning: str
    arms: tuple[str, ...]
    ratio: str


def sensitivity_rows(summary: Mapping[str, object], arms: Sequence[Arm], text: Words) -> list[SensitivityRow]:
    """Return one row per variant of the summary, the endpoint it varies being named in its meaning."""
    branch = summary.get("sensitivity")
    if not isinstance(branch, Mapping):
        return []
    return [
        SensitivityRow(
            str(name),
            str(entry["meaning"]),
            tuple(_cell(entry["arms"].get(arm.name), text) for arm in arms),
            _with_interval(entry.get("hr"), entry.get("hr_ci"), "ratio"),
        )
        for name, entry in branch.items()
    ]


def _cell(found: Mapping[str, object] | None, text: Words) -> str:
    if not found or not found["n"]:
        return words.ABSENT
    median = _with_interval(found["median"], found["ci"], "months")
    if found["median"] is None:
        median = text("text.not_reached")
    return f"{median}, {found['events']} / {found['n']}"


def _with_interval(value: object, ci: object, kind: endpoints.Kind) -> str:
    number = words.finite(value)
    if number is None:
        return words.ABSENT
    interval = endpoints.written_interval(words.interval(ci), kind)
    return f"{endpoints.written(number, kind)} ({interval})" if interval else endpoints.written(number, kind)
