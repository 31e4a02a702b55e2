"""Species and parameters of a model as terminal tables."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

Rows = Sequence[Mapping[str, str | float]]


def show(species: Rows, parameters: Rows) -> None:
    """Print the tables of ``unmask.stated_values.stated`` to stdout; without species, only the parameters."""
    console = Console(width=None if sys.stdout.isatty() else 200)
    states = Table(title=f"{len(species)} species", title_justify="left", show_edge=False)
    for name in ("species", "unit", "meaning", "mechanism"):
        states.add_column(name, overflow="fold")
    for row in species:
        states.add_row(*(str(row[key]) for key in ("name", "unit", "description", "mechanism")))
    values = Table(title=f"{len(parameters)} parameters", title_justify="left", show_edge=False)
    spread = any("spread" in row for row in parameters)
    names = ("parameter", "value", "unit", "range", "confidence", "meaning", "source")
    for name in (*names, "between patients") if spread else names:
        values.add_column(name, overflow="fold", justify="right" if name == "value" else "left")
    for row in parameters:
        values.add_row(
            str(row["name"]),
            f"{row['value']:.6g}",
            str(row["unit"]),
            f"{row['low']:.3g} to {row['high']:.3g}",
            str(row["confidence"]),
            str(row["description"]),
            str(row["source"]),
            *((str(row["spread"]),) if spread else ()),
        )
    if species:
        console.print(states)
        console.print()
    console.print(values)
