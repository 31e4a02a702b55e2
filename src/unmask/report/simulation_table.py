"""The overview of a simulation as the terminal shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer


def show(
    rows: Sequence[Mapping[str, Any]],
    patients: int,
    time_unit: str,
    until: float,
    failures: Mapping[str, int],
) -> None:
    """Print a row (name, unit, start, end, smallest, largest) for each observable, and the failures by reason."""
    from rich.console import Console
    from rich.table import Table

    unit = "" if time_unit in ("", "1") else f" {time_unit}"
    who = "one patient" if patients == 1 else f"{patients:,} patients"
    table = Table(title=f"{who}, until {until:g}{unit}", title_justify="left", box=None, pad_edge=False)
    middle = "" if patients == 1 else "median "
    for heading in ("observable", "unit"):
        table.add_column(heading)
    for heading in (f"{middle}at start", f"{middle}at end", "smallest", "largest"):
        table.add_column(heading, justify="right")
    for row in rows:
        numbers = (row["start"], row["end"], row["smallest"], row["largest"])
        table.add_row(row["name"], row["unit"], *(f"{value:.6g}" for value in numbers))
    console = Console(highlight=False, width=None if len(rows) == 0 else 120)
    console.print(table)
    if failures:
        for reason, count in failures.items():
            typer.echo(f"Failed: {count} ({reason})")
    else:
        typer.echo("Failed: 0")
    typer.echo("Simulated patients, for research and teaching, never for treatment decisions.")
