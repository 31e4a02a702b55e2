"""The command ``unmask plot``: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unmask.errors import ConfigurationError


def plot(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Output folder of `unmask assess` or `unmask trial`.")
    ],
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="waterfall, spider or swimmer; repeatable (default: all three)."),
    ] = None,
    colour_by: Annotated[
        str | None,
        typer.Option(
            "--colour-by",
            "--color-by",
            metavar="COLUMN",
            help="Column of the patients that gives the colours (default: best response).",
        ),
    ] = None,
    panel_by: Annotated[
        str, typer.Option("--panel-by", metavar="COLUMN", help="Column with a panel for each value.")
    ] = "group",
    most: Annotated[
        int, typer.Option("--most", help="At most so many patients in a panel of the swimmer plot.")
    ] = 60,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder, or for one plot a .png or .svg file (default FOLDER/plots)."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace plots that are there.")] = False,
    list_columns: Annotated[
        bool, typer.Option("--list-columns", help="List the columns that can give colours.")
    ] = False,
) -> None:
    """Draw waterfall, spider and swimmer plots of patients, real or virtual, as PNG and SVG."""
    from unmask.report.response_plots import folder as plots

    if out is not None and not str(out).strip(" ."):
        raise ConfigurationError("cli.empty_out", value=out)
    if list_columns:
        typer.echo("\n".join(plots.describe_columns(plots.read_folder(folder))))
        return
    written = plots.plot_folder(
        folder,
        tuple(kind or plots.KINDS),
        None if out is None else out.expanduser(),
        colour_by=colour_by,
        panel_by=panel_by,
        most=most,
        force=force,
    )
    for file in written:
        typer.echo(str(file))
