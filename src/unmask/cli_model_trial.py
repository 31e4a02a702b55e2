"""The command ``unmask trial`` for a protocol with a model of one's own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from unmask.cli_results import output_folder, refuse_failures
from unmask.errors import ConfigurationError
from unmask.messages import sentence


def run_own_model(
    name: str,
    patients: int | None,
    seed: int | None,
    settings: Sequence[str],
    out: Path | None,
    workers: int | None,
    *,
    force: bool,
    as_json: bool,
    unused: Mapping[str, object],
) -> None:
    """Run the trial of a protocol file, write its results and print the summary.

    Raises
    ------
    ConfigurationError
        Options that are of no use here, anything wrong with the protocol.
    NumericalError
        More patients could not be integrated than a result can bear.
    """
    from unmask.report import terminal
    from unmask.store import claim
    from unmask.trial.model_protocol import load_model_protocol
    from unmask.trial.model_trial import OUTPUTS, run_model_trial

    for option, value in unused.items():
        if value is not None:
            raise ConfigurationError("trial.not_for_own_models", option=option)
    protocol = load_model_protocol(Path(name), settings, patients, seed)
    folder = output_folder(out, f"{protocol.name}-{protocol.seed}")
    claim(folder, OUTPUTS, force=force, resume=False)
    result = run_model_trial(protocol, workers=workers or os.cpu_count() or 1)
    result.write(folder, ["unmask", *sys.argv[1:]], force=True)
    for note in result.notes:
        typer.echo(sentence("simulation.note", {"note": note}), err=True)
    if as_json:
        typer.echo(json.dumps(result.summary, indent=2, allow_nan=False, ensure_ascii=False))
    else:
        terminal.print_summary(result.summary, protocol.published)
        failures = result.summary["failures"]
        typer.echo(
            f"Failed: {failures['count']}" + "".join(f"; {k}: {v}" for k, v in failures["reasons"].items())
        )
        typer.echo(f"Report: {folder / 'report.html'}")
    refuse_failures(result.failed_share, result.tables["failures"]["reason"].astype(str), folder)
