"""Tables of the section of side effects: what was done about them, and the virtual beside the published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from unmask.report import words
from unmask.report.inputs import Arm
from unmask.report.words import Words

Arms = Sequence[tuple[Arm, Mapping[str, Any]]]
IN_DAYS = "median days to gut event"
FEW = 10
"""Below this number of events a median says little: the number stands beside it."""


@dataclass(frozen=True)
class MeasureRow:
    """One measure against side effects: per arm, how many out of 100 patients had it."""

    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class ComparedRow:
    """One figure beside a published one; ``verdict`` is empty where it lies inside or cannot be judged."""

    group: str
    event: str
    virtual: str
    virtual_ci: str
    published: str
    published_ci: str
    unconfirmed: bool
    verdict: str


@dataclass(frozen=True)
class ComparedTable:
    """Figures of one kind beside published ones, with sentences that count hits and misses and list these."""

    title: str
    caption: str
    tally: str
    misses: str
    rows: tuple[ComparedRow, ...]

    @property
    def groups(self) -> list[tuple[str, list[ComparedRow]]]:
        """The rows by group, in the order of the arms."""
        return [(name, list(rows)) for name, rows in groupby(self.rows, key=lambda row: row.group)]


def at(node: object, path: Sequence[str]) -> float | None:
    """Return the finite number that lies at ``path`` in nested mappings, None where there is none."""
    for name in path:
        node = node.get(name) if isinstance(node, Mapping) else None
    return words.finite(node)


def label(name: str, text: Words) -> str:
    """Return what the page calls an event."""
    return str(text.get("event_label").get(name, name))


def measures(arms: Arms, text: Words) -> tuple[MeasureRow, ...]:
    """Return measures that at least one arm needed; with a run without management beside it, its rows follow."""
    rows = []
    for measure, about in text.get("measure").items():
        values = [at(found, ("management", measure)) for _, found in arms]
        if any(value for value in values):
            rows.append(MeasureRow(str(about), tuple(_out_of(value) for value in values)))
    for path, key in ((("any", "grade3plus"), "severe"), (("fatal", "value"), "fatal")):
        beside = [at(found, ("unmanaged", *path)) for _, found in arms]
        if any(value is not None for value in beside):
            with_it = tuple(_out_of(at(found, path)) for _, found in arms)
            rows.append(MeasureRow(text(f"safety.{key}_managed"), with_it))
            rows.append(MeasureRow(text(f"safety.{key}_unmanaged"), tuple(map(_out_of, beside))))
    return (*rows, *_dose_rows(arms, text))


def _dose_rows(arms: Arms, text: Words) -> list[MeasureRow]:
    """Return mean doses per patient with management and, where known, without it."""
    rows = []
    for key, node in (("doses_managed", ()), ("doses_unmanaged", ("unmanaged",))):
        cells = []
        for _, found in arms:
            here: Any = found
            for name in (*node, "doses"):
                here = here.get(name) if isinstance(here, Mapping) else None
            per = [f"{words.fixed(d['per_patient'])} {drug}" for drug, d in here.items()] if here else []
            cells.append(", ".join(per) or words.ABSENT)
        if any(cell != words.ABSENT for cell in cells):
            rows.append(MeasureRow(text(f"safety.{key}"), tuple(cells)))
    return rows


def comparisons(arms: Arms, text: Words) -> tuple[ComparedTable, ...]:
    """Return the tables of rates, of times and of autoimmune disease that have rows."""
    found = (
        _table("compared", arms, "published", _rate, text),
        _table("times", arms, "times", _time, text),
        _table("autoimmune", arms, "autoimmune", _disease, text),
    )
    return tuple(table for table in found if table.rows)


def _table(key: str, arms: Arms, entry: str, row: Any, text: Words) -> ComparedTable:
    items = [(arm, item) for arm, found in arms for item in found.get(entry) or ()]
    rows = tuple(row(arm, item, text) for arm, item in items)
    missed = [
        text("safety.miss", group=row.group, event=row.event, virtual=row.virtual, published=row.published)
        for row in rows
        if row.verdict and not row.unconfirmed
    ]
    return ComparedTable(
        title=text(f"safety.{key}_title"),
        caption=text(f"safety.{key}_caption"),
        tally=_tally([item for _, item in items], text),
        misses=text("safety.misses", parts="; ".join(missed)) if missed else "",
        rows=rows,
    )


def _tally(items: Iterable[Mapping[str, Any]], text: Words) -> str:
    """Count what lies inside and outside, confirmed figures apart: only these are a test."""
    judged = [item for item in items if item["inside"] is not None]
    if not judged:
        return ""
    read = [item for item in judged if item["confirmed"]]
    return text(
        "safety.tally" if len(read) < len(judged) else "safety.tally_read",
        total=len(judged),
        inside=sum(item["inside"] for item in judged),
        outside=sum(not item["inside"] for item in judged),
        read=len(read),
        read_inside=sum(item["inside"] for item in read),
        unconfirmed=len(judged) - len(read),
    )


def _compared(
    item: Mapping[str, Any], text: Words, *, group: str, event: str, numbers: Sequence[str]
) -> ComparedRow:
    virtual, virtual_ci, published, published_ci = numbers
    return ComparedRow(
        group=group,
        event=event,
        virtual=virtual,
        virtual_ci=virtual_ci,
        published=published,
        published_ci=published_ci,
        unconfirmed=item["confirmed"] is False,
        verdict=text(f"text.outside_{item['direction']}") if item["inside"] is False else "",
    )


def _rate(arm: Arm, item: Mapping[str, Any], text: Words) -> ComparedRow:
    return _compared(
        item,
        text,
        group=text("safety.group", arm=arm.title, trial=item["trial"]),
        event=text(f"safety.compared_{item['grade']}", event=label(item["event"], text)),
        numbers=_shares(item),
    )


def _time(arm: Arm, item: Mapping[str, Any], text: Words) -> ComparedRow:
    def weeks(key: str) -> str:
        return words.fixed(item[key]) if item[key] is not None else text("text.not_reached")

    treated = text("safety.treated") if item["treated"] else ""
    number = text("safety.few", n=item["n"]) if item["n"] < FEW else ""
    return _compared(
        item,
        text,
        group=arm.title,
        event=text(f"safety.{item['metric']}", of=label(item["of"], text), grade=item["grade"])
        + treated
        + number,
        numbers=(
            weeks("virtual") if item["n"] else words.ABSENT,
            _between(item["virtual_ci"], 1.0),
            weeks("published"),
            _between(item["published_ci"], 1.0),
        ),
    )


def _disease(arm: Arm, item: Mapping[str, Any], text: Words) -> ComparedRow:
    in_days = item["what"] == IN_DAYS
    numbers = (
        (
            words.fixed(item["virtual"], 0),
            _between(item["virtual_ci"], 1.0, 0),
            words.fixed(item["published"], 0),
            _between(item["published_ci"], 1.0, 0),
        )
        if in_days
        else _shares(item)
    )
    return _compared(
        item,
        text,
        group=text("safety.disease_group", arm=arm.title, disease=label(item["disease"], text)),
        event=item["what"],
        numbers=numbers,
    )


def _shares(item: Mapping[str, Any]) -> tuple[str, str, str, str]:
    published = words.ABSENT if item["published"] is None else words.share(item["published"])
    return (
        words.share(item["virtual"]),
        _between(item["virtual_ci"], 100.0),
        published,
        _between(item["published_ci"], 100.0),
    )


def _between(ci: Sequence[float | None], factor: float, digits: int = 1) -> str:
    """Return an interval, "n.r." for an end that was not reached, empty where neither is known."""
    if all(limit is None for limit in ci):
        return ""
    ends = ("n.r." if limit is None else words.fixed(factor * limit, digits) for limit in ci)
    return words.EN_DASH.join(ends)


def _out_of(value: float | None) -> str:
    return words.out_of_hundred(value, "<1")
