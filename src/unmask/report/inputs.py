"""What a report is made from: tables, a summary and a few paragraphs; nothing knows how they came about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from unmask.errors import ConfigurationError, DataError
from unmask.report import style

REQUIRED_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "patients": ("patient", "arm", "best_response"),
    "time_to_event": ("patient", "arm", "endpoint", "time_days", "event"),
    "assessments": ("patient", "arm", "day", "change_from_baseline"),
    "doses": ("patient", "arm", "day", "phase"),
    "adverse_events": ("patient", "arm", "event", "grade"),
    "trajectories": ("arm", "day", "quantity", "q10", "q25", "q50", "q75", "q90"),
    "failures": ("patient", "arm", "reason"),
}


@dataclass(frozen=True)
class Arm:
    """One arm: its name in the tables, the words a reader sees, and a colour if the protocol sets one.

    Raises
    ------
    ConfigurationError
        ``report.bad_colour``: the colour is not written as ``#rrggbb``.
    """

    name: str
    label: str = ""
    colour: str | None = None

    def __post_init__(self) -> None:
        if self.colour is not None and not re.fullmatch(r"#[0-9a-fA-F]{6}", self.colour):
            raise ConfigurationError("report.bad_colour", arm=self.name, value=self.colour)

    @property
    def title(self) -> str:
        """The label, or the name where there is none."""
        return self.label or self.name

    @property
    def prose(self) -> str:
        """The words inside a sentence: a label that only capitalises the name is written as the name."""
        return self.name if self.title.lower() == self.name.lower() else self.title


def _empty(table: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(REQUIRED_COLUMNS[table]))


@dataclass(frozen=True)
class Tables:
    """The tables of one trial, with the columns of the output files (days from randomisation).

    Raises
    ------
    DataError
        ``report.missing_column``: a table with rows lacks a column that the report needs.
    """

    patients: pd.DataFrame
    time_to_event: pd.DataFrame
    assessments: pd.DataFrame = field(default_factory=lambda: _empty("assessments"))
    doses: pd.DataFrame = field(default_factory=lambda: _empty("doses"))
    adverse_events: pd.DataFrame = field(default_factory=lambda: _empty("adverse_events"))
    trajectories: pd.DataFrame = field(default_factory=lambda: _empty("trajectories"))
    failures: pd.DataFrame = field(default_factory=lambda: _empty("failures"))

    def __post_init__(self) -> None:
        for name, columns in REQUIRED_COLUMNS.items():
            table: pd.DataFrame = getattr(self, name)
            missing = [column for column in columns if column not in table.columns]
            if missing and len(table):
                raise DataError(
                    "report.missing_column",
                    table=name,
                    columns=", ".join(missing),
                    found=", ".join(map(str, table.columns)),
                )
            if missing:
                object.__setattr__(self, name, table.reindex(columns=[*table.columns, *missing]))


@dataclass(frozen=True)
class Observed:
    """Real patients beside the virtual ones.

    ``label`` names the trial; ``time_to_event`` and ``patients`` have the columns of the trial's own tables
    as far as the file gives them; ``comparison`` has one row per compared figure: endpoint, arm (None between
    arms), unit (share, months, weeks, mm, ratio), real, ci (low, high), virtual, inside (True, False, None).
    """

    label: str
    time_to_event: pd.DataFrame
    patients: pd.DataFrame
    comparison: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True)
class ReportInput:
    """Everything one report shows.

    ``arms`` in the protocol's order (experimental first); ``summary`` as in ``summary.json``; ``published``
    in the same shape with leaves ``{value, ci, source, confirmed}``; ``design`` and
    ``methods`` are paragraphs.
    """

    title: str
    subtitle: str
    design: tuple[str, ...]
    arms: tuple[Arm, ...]
    tables: Tables
    summary: Mapping[str, object]
    published: Mapping[str, object] = field(default_factory=dict)
    observed: Observed | None = None
    methods: tuple[str, ...] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)
    citation: str = ""
    notice: str = ""
    language: str = "en"

    def colours(self) -> dict[str, str]:
        """Return the colour of each arm by name."""
        return {arm.name: style.arm_colour(i, arm.colour) for i, arm in enumerate(self.arms)}
