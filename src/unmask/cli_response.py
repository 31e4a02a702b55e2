"""The commands about response: lesions in, verdicts out; the self-test of the rules."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from unmask.messages import sentence


def assess(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="LESIONS.csv|FOLDER|TU TR [RS] [DM]",
            help="patient, day or date, lesion, diameter_mm as CSV or Parquet; or SDTM as CSV, XPT or Dataset-JSON.",
        ),
    ] = None,
    criteria: Annotated[
        str, typer.Option("--criteria", help="Comma-separated: recist1.1, irecist.")
    ] = "recist1.1,irecist",
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for tables and plots (default: none written).")
    ] = None,
    rules: Annotated[
        str,
        typer.Option("--rules", metavar="PRESET|FILE.toml", help="Set of rules (default: see --show-rules)."),
    ] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="OPTION=VALUE", help="Change one rule; repeatable."),
    ] = None,
    show_rules: Annotated[
        bool, typer.Option("--show-rules", help="Print every rule with value, meaning and source.")
    ] = False,
    self_test: Annotated[
        bool,
        typer.Option(
            "--self-test", help="Compare with published tables and other software's tests [FOLDER]."
        ),
    ] = False,
    group: Annotated[str | None, typer.Option("--group", help="Column that names the groups.")] = None,
    patients: Annotated[
        Path | None,
        typer.Option("--patients", metavar="FILE", help="Arm, start_date, death, ... of each patient."),
    ] = None,
    scan_days: Annotated[
        str, typer.Option("--scan-days", metavar="42,84,126", help="Scheduled scans, days from the start.")
    ] = "",
    scan_every: Annotated[
        int | None,
        typer.Option(
            "--scan-every",
            metavar="DAYS",
            help="Scheduled scans at equal distance, after those of --scan-days.",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings are errors: their rows are left out.")
    ] = False,
    evaluator: Annotated[
        str, typer.Option("--evaluator", help="Whose SDTM records: --EVAL, --EVALID or 'accepted'.")
    ] = "INVESTIGATOR",
    partial_dates: Annotated[
        str | None,
        typer.Option(
            "--partial-dates",
            metavar="first|last|refuse",
            help="What 2014-02 becomes (default: refuse; in SDTM first).",
        ),
    ] = None,
    colour_by: Annotated[
        str | None, typer.Option("--colour-by", help="Column of patients that colours the plots.")
    ] = None,
    cdisc: Annotated[
        Path | None, typer.Option("--cdisc", metavar="DIR", help="Folder for ADSL, ADTR, ADRS and ADTTE.")
    ] = None,
    cdisc_formats: Annotated[
        str | None,
        typer.Option("--cdisc-formats", help="Comma-separated: parquet, csv, xpt, json (default: all)."),
    ] = None,
    study: Annotated[str, typer.Option("--study", help="STUDYID of the CDISC datasets.")] = "STUDY",
    force: Annotated[bool, typer.Option("--force", help="Replace results that are there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json instead of tables.")] = False,
) -> None:
    """Assess measured lesions by RECIST 1.1 and iRECIST, visit by visit and patient by patient."""
    from unmask.response.rules import Rules

    chosen = (Rules.read(rules) if rules else Rules()).with_texts(*settings or ())
    if show_rules:
        typer.echo(str(chosen))
        return
    if self_test:
        _self_test(files, as_json)
        return
    if not files:
        raise typer.BadParameter(sentence("response.no_files", {}), param_hint="LESIONS.csv")
    from unmask.response.assess import assess as run
    from unmask.response.dates import checked
    from unmask.response.presentation import renderables, terminal_lines
    from unmask.response.schedule import schedule

    result = run(
        files,
        criteria.split(","),
        out,
        rules=chosen,
        scan_days=schedule(scan_days, scan_every),
        colour_by=colour_by,
        group=group,
        force=force,
        strict=strict,
        patients=patients,
        evaluator=evaluator,
        partial_dates=None if partial_dates is None else checked(partial_dates),
    )
    notes = []
    if cdisc is not None:
        from unmask.cdisc.assessed import write_cdisc

        formats = None if cdisc_formats is None else cdisc_formats.split(",")
        written = write_cdisc(result, cdisc, formats, study=study, force=force)
        notes = [*written.notes, f"CDISC datasets: {cdisc}"]
    if as_json:
        typer.echo(json.dumps(result.summary, indent=2, allow_nan=False, ensure_ascii=False))
        return
    if not sys.stdout.isatty():
        # A pipe has no width: plain aligned lines, which another program can read.
        typer.echo("\n".join([*terminal_lines(result), *notes]))
        return
    from rich.console import Console

    console = Console()
    for item in (*renderables(result), *notes):
        console.print(item)


def _self_test(folders: list[Path] | None, as_json: bool) -> None:
    from unmask.conformance.run import self_test

    result = self_test(folders[0] if folders else None)
    typer.echo(
        json.dumps(result.as_dict(), indent=2, ensure_ascii=False) if as_json else "\n".join(result.lines())
    )
    if not result.explained:
        raise typer.Exit(1)
