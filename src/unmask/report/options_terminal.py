"""Several options for one patient as tables for the terminal."""

from __future__ import annotations

from typing import TextIO

from unmask.report.options_inputs import BENEFITS, HARMS, OptionsInput
from unmask.report.options_page import Cell, Row, event_lines, frequency_row, notes, scan_rows
from unmask.report.words import Words

PIPE_WIDTH = 200
WIDEST = 30  # columns of an option


def print_options(shown: OptionsInput, stream: TextIO | None = None, *, width: int | None = None) -> None:
    """Print natural frequencies, scans and side effects side by side to ``stream`` (default: standard output).

    Plain aligned text where the stream is no terminal; the notice comes first and is never left out.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    text = Words(shown.language, "options")
    console = Console(file=stream, highlight=False, width=width)
    if not console.is_terminal and width is None:
        console = Console(file=stream, highlight=False, width=PIPE_WIDTH)

    def table(title: str, first: str, rows: list[Row]) -> None:
        drawn = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", title=title, title_justify="left")
        drawn.add_column(Text(first))
        for option in shown.options:
            drawn.add_column(Text(option.label), justify="right", max_width=WIDEST)
        for row in rows:
            drawn.add_row(Text(row.label), *(Text(_written(cell)) for cell in row.cells))
        console.print(drawn)

    console.print(Text(str(text.get("text.notice"))), style="bold")
    for warning in shown.warnings:
        console.print(Text(f"! {warning}"), style="yellow")
    features = ", ".join(f"{name} {value}" for name, value in shown.known)
    console.print(Text(f"\n{shown.tumour}. {features or text.get('text.known_nothing')}"))
    rows = [
        Row(str(text.get("outcome_short")[key]), frequency_row(shown, key, text).cells)
        for key in (*BENEFITS, *HARMS)
    ]
    table(str(text.get("text.people")), "", rows)
    for note in notes(shown, text):
        console.print(Text(note), style="dim")
    console.print(Text(f"\n{text.get('text.one')}"), style="bold")
    console.print(Text(", ".join(f"{name} {value}" for name, value in shown.drawn)))
    table(str(text.get("text.scans")), str(text.get("text.scan_week")), scan_rows(shown, text))
    console.print(Text(str(text.get("text.events"))), style="bold")
    for option in shown.options:
        told = "; ".join(event_lines(option, text)) or str(text.get("text.events_none"))
        console.print(Text(f"{option.label}: {told}"))


def _written(cell: Cell) -> str:
    return f"{cell.value} ({cell.small})" if cell.small else cell.value
