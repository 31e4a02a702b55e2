"""The tables of a page as plain rows of text: observed comparison, adverse events, failures, provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from unmask.report import endpoints, words
from unmask.report.endpoints import Cell, Row, Value
from unmask.report.figures import of_arm
from unmask.report.inputs import Arm, ReportInput
from unmask.report.words import Words

GRADES = (1, 2, 3, 4, 5)
SAID_ELSEWHERE = frozenset({"notice", "failures", "configuration"})


@dataclass(frozen=True)
class Written:
    """A figure ready for a table cell: value, interval below it, footnote number, mark, verdict in words."""

    value: str
    ci: str = ""
    note: int | None = None
    unconfirmed: bool = False
    verdict: str = ""


@dataclass(frozen=True)
class WrittenRow:
    """One row: its label and, for each arm (or for the one comparison), the virtual and published cells."""

    label: str
    cells: tuple[tuple[Written, Written], ...]


class Sources:
    """Footnotes in the order of their first use; a source that is used twice keeps its number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, source: str) -> int | None:
        """Return the footnote number of a source, or None without one."""
        if not source:
            return None
        return self._numbers.setdefault(source, len(self._numbers) + 1)

    def listed(self) -> list[str]:
        """Return the sources by number."""
        return list(self._numbers)


def written_rows(rows: Sequence[Row], sources: Sources, text: Words) -> list[WrittenRow]:
    """Turn endpoint rows into text."""
    return [
        WrittenRow(labelled(row, text), tuple(_cell(cell, row, sources, text) for cell in row.cells))
        for row in rows
    ]


def labelled(row: Row, text: Words) -> str:
    """Return the label of a row with its unit."""
    unit = text.get("unit")[row.kind]
    return f"{row.label}, {unit}" if unit else row.label


def _cell(cell: Cell, row: Row, sources: Sources, text: Words) -> tuple[Written, Written]:
    mine, theirs = cell.virtual, cell.published
    verdict = cell.verdict
    told = "" if verdict in (None, "inside") else text(f"text.outside_{verdict}")
    interval = endpoints.written_interval(mine.ci if mine else None, row.kind)
    virtual = Written(_figure(mine, row, text), interval, verdict=told)
    if theirs is None or (theirs.value is None and theirs.ci is None):
        return virtual, Written("")
    return virtual, Written(
        _figure(theirs, row, text),
        endpoints.written_interval(theirs.ci, row.kind),
        sources.number(theirs.source),
        not theirs.confirmed,
    )


def _figure(value: Value | None, row: Row, text: Words) -> str:
    if value is None:
        return words.ABSENT
    if value.value is None:
        reached = row.kind != "months" or not row.key.endswith("median")
        return words.ABSENT if reached else text("text.not_reached")
    return endpoints.written(value.value, row.kind)


@dataclass(frozen=True)
class ObservedRow:
    """One figure of the real patients beside the virtual one."""

    endpoint: str
    arm: str
    real: str
    ci: str
    virtual: str
    verdict: str
    inside: bool | None


def observed_rows(report: ReportInput, text: Words) -> list[ObservedRow]:
    """Return the comparison with real patients, row by row."""
    if report.observed is None:
        return []
    titles = {arm.name: arm.title for arm in report.arms}
    out = []
    for row in report.observed.comparison:
        kind, unit = _kind(str(row.get("unit"))), str(row.get("unit"))
        inside, arm = row.get("inside"), row.get("arm")
        told = "not_compared" if inside is None else "inside" if inside else "outside"
        endpoint = str(row.get("endpoint"))
        out.append(
            ObservedRow(
                f"{endpoint}, {unit}" if kind in ("months", "weeks", "mm") else endpoint,
                titles.get(str(arm), str(arm)) if arm else str(text.get("text.all_arms")),
                _reached(words.finite(row.get("real")), kind, text),
                endpoints.written_interval(words.interval(row.get("ci")), kind),
                _reached(words.finite(row.get("virtual")), kind, text),
                str(text.get(f"text.{told}")),
                None if inside is None else bool(inside),
            )
        )
    return out


def _kind(unit: str) -> endpoints.Kind:
    for kind in ("share", "months", "weeks", "mm"):
        if unit == kind:
            return kind
    return "ratio"


def _reached(value: float | None, kind: endpoints.Kind, text: Words) -> str:
    if value is None and kind == "months":
        return text("text.not_reached")
    return endpoints.written(value, kind)


@dataclass(frozen=True)
class AdverseRow:
    """One event: for each arm the share of patients with any grade and with each worst grade."""

    event: str
    cells: tuple[tuple[str, ...], ...]


def adverse_rows(report: ReportInput, arms: Sequence[Arm]) -> list[AdverseRow]:
    """Count each patient once per event at the worst grade; most frequent event first."""
    events = report.tables.adverse_events
    if "related" in events.columns:  # what a later line of therapy causes is not this arm's
        events = events[events["related"].astype(bool)]
    if not len(events):
        return []
    worst = events.groupby(["arm", "event", "patient"], sort=True, observed=True)["grade"].max().reset_index()
    sizes = {arm.name: len(of_arm(report.tables.patients, arm)) for arm in arms}
    counts = pd.crosstab([worst["event"], worst["arm"]], worst["grade"]).reindex(columns=GRADES, fill_value=0)
    order = worst.groupby("event", observed=True).size().sort_values(ascending=False, kind="stable").index
    out = []
    for event in order:
        cells = []
        for arm in arms:
            key = (event, arm.name)
            graded = [int(v) for v in counts.loc[key]] if key in counts.index else [0] * len(GRADES)
            size = sizes[arm.name]
            cells.append(tuple(_percent(n, size) for n in (sum(graded), *graded)))
        out.append(AdverseRow(str(event), tuple(cells)))
    return out


def _percent(n: int, size: int) -> str:
    if not size:
        return words.ABSENT
    return "0" if n == 0 else f"{100 * n / size:.1f}"


def failure_reasons(report: ReportInput) -> list[tuple[str, int]]:
    """Return reasons and counts, most frequent first."""
    reasons = report.tables.failures["reason"].astype(str).value_counts()
    return sorted(((str(r), int(n)) for r, n in reasons.items()), key=lambda item: (-item[1], item[0]))


def provenance_rows(provenance: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Flatten the provenance to (name, text) rows; nested names are joined by a dot.

    What the page says elsewhere, or what only ``manifest.json`` can hold in full, is left out.
    """
    for name, value in provenance.items():
        if name in SAID_ELSEWHERE:
            continue
        if (
            isinstance(value, Mapping)
            and value
            and all(isinstance(v, str | int | float) for v in value.values())
        ):
            yield f"{prefix}{name}", ", ".join(f"{k} {v}" for k, v in value.items())
        elif isinstance(value, Mapping):
            yield from provenance_rows(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            joint = " " if name == "command" else ", "
            yield f"{prefix}{name}", joint.join(map(str, value))
        else:
            yield f"{prefix}{name}", words.ABSENT if value is None else str(value)
