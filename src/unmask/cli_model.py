"""Commands about models that make something of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unmask.errors import ConfigurationError

TARGETS = ("javascript",)


def model_compile(
    name: str,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the files.")],
    target: Annotated[str, typer.Option("--target", help=f"What to make: {', '.join(TARGETS)}.")] = TARGETS[
        0
    ],
    lesions: Annotated[
        int | None, typer.Option("--lesions", metavar="N", help="N tumours instead of one lumped tumour.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Write a model as an ES module that a web page can integrate patients with, and its TypeScript types."""
    from unmask.engine.targets.javascript import javascript_module
    from unmask.model.catalogue import load
    from unmask.store import claim, write_text

    if target not in TARGETS:
        raise ConfigurationError("cli.unknown_target", target=target, expected=", ".join(TARGETS))
    folder = out.expanduser()
    model = load(name, lesions=lesions)
    made = javascript_module(model)
    files = {f"{model.name}.js": made.code, f"{model.name}.d.ts": made.declarations}
    claim(folder, tuple(files), force=force, resume=False)
    for file, text in files.items():
        write_text(folder / file, text)
        typer.echo(f"Wrote: {folder / file}")
    typer.echo(f"Model {made.model_hash}, equations {made.equations_hash}")
