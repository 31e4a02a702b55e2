"""Several options for one patient as tables for the terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TextIO

import numpy as np

from unmask.report import words
from unmask.report.options_inputs import BENEFITS, HARMS, OptionsInput, ShownOption
from unmask.report.options_page import (
    Cell,
    Row,
    best_row,
    event_lines,
    fate,
    frequency_row,
    notes,
    scan_rows,
)
from unmask.report.options_panels import size_top
from unmask.report.words import Words
from unmask.survival.kaplan_meier import DAYS_PER_MONTH

PIPE_WIDTH = 200
WIDEST = 30  # columns of an option
MONTHS = (0, 3, 6, 12, 18, 24, 36)
"""When the sum of diameters is told."""
BARS = "▁▂▃▄▅▆▇█"
STEP_MONTHS = 2.0
"""Time that one bar stands for."""


def print_options(shown: OptionsInput, stream: TextIO | None = None, *, width: int | None = None) -> None:
    """Print natural frequencies, the course, scans and side effects side by side.

    Plain aligned text where the stream is no terminal; the notice comes first and is never left out.

    Parameters
    ----------
    stream
        Default: standard output.
    width
        In characters; default: that of the terminal, or :data:`PIPE_WIDTH`.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    text = Words(shown.language, "options")
    console = Console(file=stream, highlight=False, width=width)
    if not console.is_terminal and width is None:
        # A pipe has no width of its own: no line may be wrapped or cut there.
        console = Console(file=stream, highlight=False, width=PIPE_WIDTH)

    def say(told: str, style: str = "") -> None:
        # Prose stays one line in a pipe, where there is nothing to wrap it to.
        console.print(Text(told), style=style, soft_wrap=not console.is_terminal)

    def table(
        title: str,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        note: str = "",
        left: Collection[int] = (0,),
    ) -> None:
        console.print()
        say(title, "bold")
        if note:
            say(note, "dim")
        drawn = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for number, heading in enumerate(headings):
            drawn.add_column(
                Text(heading),
                justify="left" if number in left else "right",
                max_width=WIDEST,
                vertical="bottom",
                overflow="fold",
            )
        for row in rows:
            drawn.add_row(*(Text(cell) for cell in row))
        console.print(drawn)

    labels = [option.label for option in shown.options]
    say(str(text.get("text.notice")), "bold")
    for warning in shown.warnings:
        say(f"! {warning}", "yellow")
    features = ", ".join(f"{name} {value}" for name, value in shown.known)
    told = text("text.known_list", features=features) if features else str(text.get("text.known_nothing"))
    say(f"\n{shown.title}. {told}")
    frequencies = [
        _line(
            Row(str(text.get("outcome_short")[key]), frequency_row(shown, key, text).cells),
            "{value} ({small})",
        )
        for key in (*BENEFITS, *HARMS)
    ]
    table(str(text.get("text.frequency")), ["", *labels], frequencies)
    for note in notes(shown, text):
        say(note, "dim")

    say(f"\n{text.get('text.one')}", "bold")
    say(", ".join(f"{name} {value}" for name, value in shown.drawn))
    top = size_top(shown.options)
    table(
        str(text.get("text.course")),
        ["", *(str(month) for month in MONTHS), str(text.get("text.course_bars"))],
        [
            (option.label, *_sizes(option), bars(option, shown.follow_up_days, top))
            for option in shown.options
        ],
        text("text.course_note", step=f"{STEP_MONTHS:.0f}", top=words.count(top)),
        left=(0, len(MONTHS) + 1),
    )
    table(
        str(text.get("text.scans")),
        [str(text.get("text.scan_week")), *labels],
        [
            _line(row, "{value}, {small}")
            for row in (*scan_rows(shown, text, brief=True), best_row(shown, text))
        ],
    )
    say(f"\n{text.get('text.events')}", "bold")
    for option in shown.options:
        say(f"{option.label}. {fate(option, text)}")
        unknown = option.side_effects_unknown
        not_modelled = [text("text.unknown_note", names=text.join(unknown))] if unknown else []
        for line in [*event_lines(option, text), *not_modelled] or [str(text.get("text.events_none"))]:
            say(f"  {line}")


def bars(option: ShownOption, days: float, top: float) -> str:
    """Return the patient's sum of diameters as a line of bars, ``top`` mm being a full one, a cross at death."""
    drawn = ""
    for month in np.arange(0.0, days / DAYS_PER_MONTH, STEP_MONTHS):
        size = _size(option, month)
        if size is None:
            return drawn + ("×" if option.death_day is not None else "")
        drawn += BARS[min(int(len(BARS) * size / top), len(BARS) - 1)]
    return drawn


def _sizes(option: ShownOption) -> list[str]:
    sizes = [_size(option, month) for month in MONTHS]
    return [words.ABSENT if size is None else words.count(size) for size in sizes]


def _size(option: ShownOption, month: float) -> float | None:
    """Return the sum of diameters (mm) at a month, None after the course has ended."""
    course = option.course
    day = month * DAYS_PER_MONTH
    if day > course["day"].iloc[-1] + 1:
        return None
    return float(np.interp(day, course["day"], course["sld_mm"]))


def _line(row: Row, template: str) -> list[str]:
    return [row.label, *(_written(cell, template) for cell in row.cells)]


def _written(cell: Cell, template: str) -> str:
    # A narrow space is no reason to keep a number and its percent sign on two lines.
    small = cell.small.replace(words.THIN, "")
    return template.format(value=cell.value, small=small) if small else cell.value
