"""Commands about models that make something of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unmask.cli_simulation import NameOrFile, UnitsOption, read_units, tell_notes
from unmask.errors import ConfigurationError

TARGETS = ("javascript",)


def model_compile(
    name: NameOrFile,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the files.")],
    target: Annotated[str, typer.Option("--target", help=f"What to make: {', '.join(TARGETS)}.")] = TARGETS[
        0
    ],
    lesions: Annotated[
        int | None, typer.Option("--lesions", metavar="N", help="N tumours instead of one lumped tumour.")
    ] = None,
    units: UnitsOption = "auto",
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Write a model as an ES module that a web page can integrate patients with, and its TypeScript types.

    The model is one of the library or an SBML file, with its events and what it computes at the start.
    """
    from unmask.engine.targets.javascript import javascript_module
    from unmask.simulation.models import find_model
    from unmask.store import claim, write_text

    if target not in TARGETS:
        raise ConfigurationError("cli.unknown_target", target=target, expected=", ".join(TARGETS))
    folder = out.expanduser()
    imported = find_model(name, units=read_units(units), lesions=lesions)
    tell_notes(imported.notes)
    model = imported.model
    made = javascript_module(model, find_tolerances=not model.origin)
    files = {f"{model.name}.js": made.code, f"{model.name}.d.ts": made.declarations}
    claim(folder, tuple(files), force=force, resume=False)
    for file, text in files.items():
        write_text(folder / file, text)
        typer.echo(f"Wrote: {folder / file}")
    typer.echo(f"Model {made.model_hash}, equations {made.equations_hash}")
