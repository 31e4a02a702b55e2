"""The command line: parse, call, print. Numbers go to stdout, progress to stderr.

Exit codes: 0 done, 1 unexpected, 2 usage or configuration, 3 bad input data, 4 numerical failure above the limit,
130 interrupted.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask import __version__
from unmask.cli_model import model_compile
from unmask.cli_model_trial import run_own_model
from unmask.cli_response import assess
from unmask.cli_results import output_folder, refuse_failures
from unmask.cli_simulation import model_conformance, model_export, model_import, model_simulate
from unmask.errors import ConfigurationError, UnmaskError
from unmask.messages import sentence
from unmask.plot_command import plot

if TYPE_CHECKING:
    from unmask.trial.run import Progress

INTERRUPTED = 130
# From some version on Typer carries its own copy of Click; its BadParameter leads to whichever is in use.
_ClickException: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="unmask",
    help="In-silico immuno-oncology: virtual patients, virtual randomised trials, response assessment. "
    "Simulated patients, for research and teaching, never for treatment decisions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
model_app = typer.Typer(
    help="Models: list them, show parameters and equations, make JavaScript of them.", no_args_is_help=True
)
app.add_typer(model_app, name="model")
app.command()(plot)
model_app.command("compile")(model_compile)
model_app.command("import")(model_import)
model_app.command("export")(model_export)
model_app.command("simulate")(model_simulate)
model_app.command("conformance")(model_conformance)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"unmask {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def trial(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME|FILE.toml", help="A ready-made trial or a protocol file.")
    ] = None,
    patients: Annotated[int | None, typer.Option("--patients", help="Virtual patients per arm.")] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed; the same seed gives the same result.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Output folder (default runs/NAME-SEED).")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a key of the protocol (follow_up.days=1095) or the median of a quantity of the tumour type "
            "(parameters.max_kill_rate=9); repeatable.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Threads (default: all processors).")
    ] = None,
    observed: Annotated[
        Path | None,
        typer.Option(
            "--observed",
            metavar="FILE.csv",
            help="Patients of the real trial (columns arm, os_months, os_censored, pfs_months, pfs_censored, "
            "best_confirmed_response, baseline_sld_mm) to lay beside the virtual ones.",
        ),
    ] = None,
    cdisc: Annotated[
        Path | None,
        typer.Option(
            "--cdisc",
            metavar="DIR",
            help="Also write CDISC datasets there: SDTM DM, TU, TR, RS and ADaM ADSL, ADTR, ADRS, ADTTE.",
        ),
    ] = None,
    cdisc_formats: Annotated[
        str | None,
        typer.Option(
            "--cdisc-formats",
            metavar="LIST",
            help="Comma-separated: parquet, csv, xpt, json (default: all that can be written).",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace results that are in the output folder.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json instead of a table.")] = False,
    list_trials: Annotated[bool, typer.Option("--list", help="List the ready-made trials.")] = False,
) -> None:
    """Run a virtual randomised trial and write its tables, summary and report."""
    from unmask.trial import protocol

    if list_trials:
        for known in protocol.available():
            typer.echo(f"{known:<16} {protocol.load_protocol(known)[0].title}")
        return
    if name is None:
        raise ConfigurationError("cli.no_trial", known=", ".join(protocol.available()))
    from unmask.trial.model_protocol import has_own_model

    if has_own_model(name):
        unused: dict[str, object] = {
            "--observed": observed,
            "--cdisc": cdisc,
            "--cdisc-formats": cdisc_formats,
        }
        unused["--resume"] = resume or None
        run_own_model(
            name, patients, seed, settings or [], out, workers, force=force, as_json=as_json, unused=unused
        )
        return
    from unmask.report import observed_table, terminal
    from unmask.survival.observed import read_observed
    from unmask.trial.cdisc import refuse_cdisc, write_cdisc
    from unmask.trial.result import file_hash
    from unmask.trial.run import plan_trial, run_trial

    plan = plan_trial(name, patients=patients, seed=seed, settings=tuple(settings or ()))
    real = None
    inputs = {}
    if observed is not None:
        arms = [plan.protocol.experimental, plan.protocol.control]
        real = read_observed(observed, arms, plan.protocol.observed_arm_names)
        inputs[str(observed)] = file_hash(observed)
    folder = output_folder(out, f"{plan.protocol.name}-{plan.protocol.seed}")
    datasets = _cdisc_folder(cdisc, cdisc_formats)
    formats = None if cdisc_formats is None else cdisc_formats.split(",")
    if datasets is not None:
        refuse_cdisc(datasets, formats, force=force)
    with _progress(f"Trial {plan.protocol.name}") as progress:
        result = run_trial(
            plan,
            workers=workers,
            out=folder,
            force=force,
            resume=resume,
            inputs=inputs,
            progress=progress,
        )
        progress(1, 1, "writing the report")
        comparison = result.compare(real) if real is not None else []
        command = ["unmask", *sys.argv[1:]]
        result.write(folder, real, command, comparison=comparison, force=True)
        if datasets is not None:
            progress(1, 1, "writing CDISC datasets")
            for note in write_cdisc(result, datasets, formats, force=True).notes:
                typer.echo(f"unmask: {note}", err=True)
    if as_json:
        summary = result.summary_beside(real, comparison)
        typer.echo(json.dumps(summary, indent=2, allow_nan=False, ensure_ascii=False))
    else:
        if result.changes:
            typer.echo(f"Changed from {plan.protocol.name}: {'; '.join(result.changes)}")
        for warning in result.warnings:
            typer.echo(f"Note: {warning}")
        terminal.print_summary(result.summary, result.protocol.published)
        if real is not None:
            observed_table.print_comparison([asdict(row) for row in comparison], real.source)
        typer.echo(f"Report: {folder / 'report.html'}")
        if datasets is not None:
            typer.echo(f"CDISC datasets: {datasets}")
    refuse_failures(result.failed_share, result.failures["reason"].astype(str), folder)


@app.command()
def patient(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="TUMOUR_TYPE|FILE.toml", help="A tumour type, or a file that says what is known."
        ),
    ] = None,
    therapies: Annotated[
        list[str] | None,
        typer.Option(
            "--therapy",
            metavar="NAME|FILE.toml",
            help="A ready-made therapy or a file that holds one; repeatable. One alone is set beside no treatment.",
        ),
    ] = None,
    alike: Annotated[
        int | None, typer.Option("--patients", help="Patients alike that show the spread (default 200).")
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", help="Seed; another one is another patient who fits what is known.")
    ] = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder for patient.html and patient.json (default runs/patient-NAME-SEED)."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Threads (default: all processors).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace results that are in the folder.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print patient.json instead of tables.")] = False,
    list_therapies: Annotated[bool, typer.Option("--list", help="List the ready-made therapies.")] = False,
) -> None:
    """Take one virtual patient, and 200 like this one, through several therapies side by side."""
    from unmask.patient_options import therapies as ready_made

    if list_therapies:
        for known in ready_made.available():
            typer.echo(f"{known:<32} {ready_made.load_therapy(known).label}")
        return

    from unmask.patients.parameter_set import available

    if name is None:
        raise ConfigurationError("cli.no_patient", known=", ".join(available()))

    from unmask.patient_options import compare, presentation

    folder = output_folder(out, f"patient-{Path(name).stem}-{seed}")
    with _progress("Patient") as progress:
        result = compare.compare_options(
            name,
            therapies or (),
            seed=seed,
            alike=compare.ALIKE if alike is None else alike,
            workers=workers,
            out=folder,
            force=force,
            progress=progress,
        )
        result.write(folder, force=True)
    if as_json:
        content = presentation.as_json(result)
        typer.echo(json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False))
    else:
        from unmask.report.options_terminal import print_options

        print_options(presentation.shown(result))
        typer.echo(f"Page: {folder / 'patient.html'}")
    refuse_failures(result.failed_share, result.failure_reasons, folder)


app.command()(assess)


@app.command()
def claims(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="C7", help="Only this claim; repeatable.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for claims.html and claims.json (default: none written)."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed (default: what each claim states).")
    ] = None,
    patients: Annotated[
        int | None, typer.Option("--patients", help="Virtual patients (default: what each claim states).")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Threads (default: all processors).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace results that are in the folder.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print claims.json instead of lines.")] = False,
) -> None:
    """Run the experiments behind the claims C1 to C14: what holds, what does not, beside the published figures."""
    from unmask.claims import run as experiments

    with _progress("Claims") as progress:
        findings = experiments.run(
            tuple(only or ()),
            out,
            seed,
            patients,
            progress,
            workers=workers or os.cpu_count() or 1,
            force=force,
            report=None if as_json else typer.echo,
        )
    if as_json:
        typer.echo(json.dumps(experiments.as_document(findings), indent=2, ensure_ascii=False))
    elif out is not None:
        typer.echo(f"Report: {out / 'claims.html'}")


@model_app.command("list")
def model_list() -> None:
    """List the models."""
    from unmask.model.catalogue import names

    for name, description in names().items():
        typer.echo(f"{name:<10} {description}")


@model_app.command("show")
def model_show(
    name: str, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Show the parameters of a model or SBML file, a drug or a tumour type: value, unit, range, source, confidence."""
    from unmask.stated_values import stated

    content = stated(name)
    if as_json:
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    from unmask.report import model_tables

    model_tables.show(content.get("species", ()), content["parameters"])


@model_app.command("equations")
def model_equations(
    name: str,
    latex: Annotated[bool, typer.Option("--latex", help="Print a LaTeX document.")] = False,
) -> None:
    """Print the assembled equations of a model or of an SBML file."""
    from unmask.model import equations
    from unmask.simulation.models import find_model

    model = find_model(name).model
    typer.echo(equations.as_latex(model) if latex else equations.as_text(model), nl=False)


@app.command()
def doctor() -> None:
    """Check this installation: versions, cache, compiler, a small integration."""
    from unmask.doctor import examine

    healthy = True
    for check in examine():
        healthy &= check.good
        typer.echo(f"{'ok ' if check.good else 'BAD'}  {check.name:<24} {check.finding}")
    if not healthy:
        raise typer.Exit(1)


def _cdisc_folder(folder: Path | None, formats: str | None) -> Path | None:
    """Return the folder for CDISC datasets, if one is asked for."""
    if folder is None:
        if formats is not None:
            raise ConfigurationError("cdisc.formats_without_folder", formats=formats)
        return None
    return output_folder(folder, "")


@contextmanager
def _progress(title: str) -> Iterator[Progress]:
    """Yield a progress callback that draws on stderr, or does nothing when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda done, wanted, text: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, wanted, text: bar.update(
            task, completed=done, total=wanted, description=f"{title}: {text}"
        )


def main() -> None:
    """Run the command line and end the process with the stated exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot write a dash gets a question mark
            stream.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; every failure is one sentence on stderr, never a traceback."""
    try:
        code = app(args=arguments, standalone_mode=False)
        if code == INTERRUPTED:  # newer versions of Typer turn Ctrl-C into this code without a word
            return _interrupted()
        return code if isinstance(code, int) else 0
    except UnmaskError as error:
        _complain(str(error))
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted()
    except (BrokenPipeError, SystemExit) as error:
        # The reader went away (| head), which Typer and Rich turn into an exit; there is nobody to tell. Python would
        # complain again at the end.
        if isinstance(error, SystemExit) and not isinstance(error.__context__, BrokenPipeError):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except OSError as error:
        # Files that Unmask opens have their own sentences; this is for stdout and for what nobody thought of.
        _complain(sentence("cli.system", {"reason": error}))
        return ConfigurationError.exit_code
    except MemoryError:
        _complain(sentence("cli.out_of_memory", {}))
        return 1
    except Exception as error:
        if isinstance(error, _ClickException):
            error.show()
            return int(error.exit_code)
        if os.environ.get("UNMASK_DEBUG"):
            raise
        _complain(sentence("cli.unexpected", {"kind": type(error).__name__, "error": error}))
        return 1


def _complain(text: str) -> None:
    typer.echo(f"unmask: {text}", err=True)


def _interrupted() -> int:
    _complain(sentence("cli.interrupted", {}))
    return INTERRUPTED


if __name__ == "__main__":
    main()
