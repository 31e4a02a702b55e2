"""A short table for the terminal: the main figures of a summary, virtual beside published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from unmask.report import endpoints, tables
from unmask.report.inputs import Arm
from unmask.report.words import Words


def print_summary(
    summary: Mapping[str, object],
    published: Mapping[str, object] | None = None,
    stream: TextIO | None = None,
    *,
    language: str = "en",
    width: int | None = None,
) -> None:
    """Print the table to ``stream`` (default: standard output).

    One line per endpoint and arm, 80 columns wide, for the endpoints that a first look needs (``[short]`` in the
    message catalogue); the rest stands in the report. Colour only on a terminal; elsewhere (a pipe, a file)
    plain aligned text. ``summary`` is the content of ``summary.json``; ``published`` is the protocol's table
    with leaves ``{value, ci, source, confirmed}`` (default: what the summary holds).
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    text = Words(language)
    short = text.get("short")
    branch = summary.get("arms")
    arms = [Arm(str(name)) for name in branch] if isinstance(branch, Mapping) else []
    known = published or summary.get("published")
    published = known if isinstance(known, Mapping) else {}
    console = Console(file=stream, highlight=False, width=width)
    if not console.is_terminal and width is None:
        # A pipe has no width of its own: no line may be wrapped or cut there.
        console = Console(file=stream, highlight=False, width=200)
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column(text("text.endpoint"), no_wrap=True)
    table.add_column(text("text.arm"))
    table.add_column(text("text.virtual"), justify="right", no_wrap=True)
    table.add_column(text("text.published"), justify="right", no_wrap=True, style="dim")
    table.add_column("", style="yellow")
    sources = tables.Sources()
    for row in endpoints.arm_rows(summary, published, arms, text):
        if row.key not in short:
            continue
        written = tables.written_rows([row], sources, text)[0]
        for k, (arm, (virtual, real)) in enumerate(zip(arms, written.cells, strict=True)):
            label = short[row.key] if k == 0 else ""
            table.add_row(label, Text(arm.name), _cell(virtual), _cell(real), virtual.verdict)
    for row in endpoints.comparison_rows(summary, published, text):
        if row.key in short:
            virtual, real = tables.written_rows([row], sources, text)[0].cells[0]
            table.add_row(short[row.key], "", _cell(virtual), _cell(real), virtual.verdict)
    console.print(table)


def _cell(written: tables.Written) -> str:
    value = f"{written.value}†" if written.unconfirmed else written.value
    return f"{value} ({written.ci})" if written.ci else value
