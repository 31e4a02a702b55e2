"""The commands about models from elsewhere and about running a model by itself."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli_results import FAILURE_LIMIT
from unmask.errors import ConfigurationError, NumericalError
from unmask.messages import sentence

if TYPE_CHECKING:
    from unmask.model.sbml.reader import Units
    from unmask.model.sbml.writer import Dose
    from unmask.model.system import Model
    from unmask.simulation.dosing import Dosing

NUMBER_OF_OUTPUTS = 200
_READINGS = ("auto", "convert", "as-written")

NameOrFile = Annotated[
    str, typer.Argument(metavar="NAME|FILE.xml", help="A model of the library or an SBML file.")
]
UnitsOption = Annotated[
    str,
    typer.Option(
        "--units",
        help="How an SBML file that mixes units is read. convert: put in the factors; as-written: take numbers as SBML "
        "prescribes; auto: convert where the units can be reconciled.",
    ),
]
DoseOption = Annotated[
    list[str] | None,
    typer.Option(
        "--dose",
        metavar="SPECIES=AMOUNT@TIMES[/DURATION]",
        help="Add an amount at times: drug=210@0,14,28 or drug=210@0:392:14 (first:last:every), as an infusion with a "
        "duration: drug=210@0:392:14/0.04; repeatable.",
    ),
]


def read_units(text: str) -> Units:
    """Return the reading that ``--units`` names."""
    if text not in _READINGS:
        raise ConfigurationError("simulation.unknown_reading", value=text, expected=", ".join(_READINGS))
    return text  # type: ignore[return-value]


def tell_notes(notes: tuple[str, ...]) -> None:
    """Print what was noticed while a file was read."""
    for note in notes:
        typer.echo(sentence("simulation.note", {"note": note}), err=True)


def model_import(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.xml", help="SBML, Level 2 version 4 to Level 3 version 2.")
    ],
    units: UnitsOption = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read an SBML file and say what is in it; `model simulate` and `model export` take the file itself."""
    from unmask.engine import compile_model
    from unmask.model.sbml.reader import read_model

    imported = read_model(file, units=read_units(units))
    model = imported.model
    compile_model(model)
    content: dict[str, Any] = {
        "model": model.name,
        "hash": model.hash,
        "time_unit": model.time_unit,
        "states": len(model.species),
        "parameters": len(model.parameters),
        "rules": len(model.rules),
        "events": len(model.events),
        "observables": list(model.observables),
        "dosable": sorted(
            name for name, content in model.contents.items() if content.state in model.species_names
        ),
        "notes": list(imported.notes),
    }
    if as_json:
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    tell_notes(imported.notes)
    typer.echo(
        f"Model {model.name}: {content['states']} states, {content['parameters']} parameters, {content['rules']} rules "
        f"and rates, {content['events']} events; time in {model.time_unit if model.time_unit != '1' else 'no unit'}."
    )
    typer.echo(f"Observables: {', '.join(model.observables)}")
    typer.echo(f"Simulate it: unmask model simulate {file} --until 100")


def model_conformance(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A folder for each case, as the SBML test suite.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 2,
    verbose: Annotated[bool, typer.Option("--refused", help="List what was refused, and why.")] = False,
) -> None:
    """Run the SBML semantic test suite, or any folder of the same form: passed, refused, wrong, error."""
    from unmask.simulation.semantic_suite import OUTCOMES, counts, run_folder

    cases = run_folder(folder, workers=workers)
    found = counts(cases)
    bad = [case for case in cases if case.outcome in ("wrong", "error")]
    if as_json:
        listed = [{"case": case.name, "outcome": case.outcome, "detail": case.detail} for case in cases]
        typer.echo(json.dumps({**found, "cases": listed}, indent=2, ensure_ascii=False))
    else:
        for case in cases:
            if case in bad or (verbose and case.outcome == "refused"):
                typer.echo(f"{case.name}  {case.outcome:<8} {case.detail}")
        for title, key in (("all cases", "all"), ("within what is supported", "supported")):
            total = sum(found[key].values())
            numbers = ", ".join(f"{found[key][outcome]} {outcome}" for outcome in OUTCOMES)
            share = f" ({found[key]['passed'] / total:.1%} passed)" if total else ""
            typer.echo(f"{title + ':':<26}{total} cases: {numbers}{share}")
    if bad:
        raise typer.Exit(1)


def model_export(
    name: NameOrFile,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.xml", help="The file to write.")],
    dose: DoseOption = None,
    drug: Annotated[
        list[str] | None,
        typer.Option(
            "--drug",
            metavar="DRUG=DOSE@TIMES",
            help="Doses of a drug of the library, in its own unit (atezolizumab=1200@0:357:21), for a typical patient; "
            "repeatable. `unmask model show DRUG` has its values.",
        ),
    ] = None,
    lesions: Annotated[
        int | None, typer.Option("--lesions", help="N tumours instead of one lumped tumour.")
    ] = None,
    units: UnitsOption = "auto",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a model as SBML Level 3 version 2, with doses as events where they are given."""
    from unmask.model.sbml.writer import write_model
    from unmask.simulation.models import find_model
    from unmask.store import write_text

    imported = find_model(name, units=read_units(units), lesions=lesions)
    tell_notes(imported.notes)
    model, doses = _with_doses(imported.model, dose or [], drug or [])
    if out.exists() and not force:
        raise ConfigurationError("store.exists", path=out.parent, files=out.name)
    write_text(out, write_model(model, [_as_event(model, item) for item in doses]))
    typer.echo(f"Wrote: {out} ({len(model.species)} states, {sum(len(item.times) for item in doses)} doses)")


def _as_event(model: Model, dosing: Dosing) -> Dose:
    from unmask.model.sbml.writer import Dose
    from unmask.simulation.dosing import content_of

    return Dose(content_of(model, dosing.species).state, dosing.amount, dosing.times)


def _with_doses(model: Model, dose: list[str], drug: list[str]) -> tuple[Model, tuple[Dosing, ...]]:
    """Return the model with what drugs in use change in it, and every dose."""
    from unmask.simulation.dosing import read_dose, with_infusions
    from unmask.simulation.library_drugs import dose_of_drug

    doses = [read_dose(text) for text in dose]
    for text in drug:
        model, more = dose_of_drug(model, text)
        doses.append(more)
    return with_infusions(model, doses)


def model_simulate(
    name: NameOrFile,
    until: Annotated[float, typer.Option("--until", help="End, in the model's unit of time.")] = 100.0,
    every: Annotated[
        float | None, typer.Option("--every", help="Distance of outputs (default: a 200th of the whole).")
    ] = None,
    dose: DoseOption = None,
    drug: Annotated[
        list[str] | None,
        typer.Option(
            "--drug", metavar="DRUG=DOSE@TIMES", help="Doses of a drug of the library, see `model export`."
        ),
    ] = None,
    patients: Annotated[
        int | None, typer.Option("--patients", min=1, help="Virtual patients (with --vary).")
    ] = None,
    vary: Annotated[
        Path | None,
        typer.Option("--vary", metavar="FILE.toml", help="What differs between patients, and how."),
    ] = None,
    cohort: Annotated[
        Path | None,
        typer.Option("--cohort", metavar="FILE", help="CSV or Parquet with a row for each patient instead."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same patients.")] = 1,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A parameter or initial value, for all; repeatable."
        ),
    ] = None,
    observe: Annotated[
        str | None,
        typer.Option("--observe", metavar="A,B,C", help="What to report (default: the observables)."),
    ] = None,
    rtol: Annotated[float, typer.Option("--rtol", help="Relative tolerance.")] = 1e-6,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Threads.")] = 2,
    lesions: Annotated[
        int | None, typer.Option("--lesions", help="N tumours instead of one lumped tumour.")
    ] = None,
    units: UnitsOption = "auto",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for tables and picture (default: none)."),
    ] = None,
    csv: Annotated[
        bool, typer.Option("--csv/--no-csv", help="Write trajectories.csv beside the Parquet file.")
    ] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace results in the folder.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run a model for one patient or a population: trajectories as Parquet, CSV and a picture."""
    from unmask.report.simulation_table import show
    from unmask.simulation import results
    from unmask.simulation.models import find_model
    from unmask.simulation.population import population
    from unmask.simulation.requests import (
        output_times,
        people,
        with_dose_times,
        with_observables,
        without_effect,
    )
    from unmask.simulation.trajectories import simulate
    from unmask.store import claim

    imported = find_model(name, units=read_units(units), lesions=lesions)
    if not as_json:
        tell_notes(imported.notes)
    model, doses = _with_doses(imported.model, dose or [], drug or [])
    model = with_observables(model, observe)
    table = people(model, patients, vary, cohort, seed, settings or [])
    times = output_times(until, every, NUMBER_OF_OUTPUTS)
    if out is not None:
        claim(out, results.OUTPUTS, force=force, resume=False)
    late = sum(time > until for item in doses for time in item.times)
    if late:
        typer.echo(sentence("simulation.doses_after_end", {"count": late, "until": until}), err=True)
    idle = without_effect(model, [] if table is None else [str(name) for name in table])
    notes = list(imported.notes)
    if idle:
        notes.append(sentence("simulation.unused_parameter", {"names": ", ".join(idle), "model": model.name}))
        typer.echo(sentence("simulation.note", {"note": notes[-1]}), err=True)
    times = with_dose_times(times, doses)
    result = simulate(model, population(model, table), times, doses, rtol=rtol, threads=workers)
    if as_json:
        typer.echo(json.dumps(results.as_data(result, notes), indent=2, ensure_ascii=False))
    else:
        for line in results.doses_in_words(model, doses):
            typer.echo(line)
        show(
            [asdict(row) for row in results.overview(result)],
            len(result.patients),
            model.time_unit,
            until,
            result.failures(),
        )
    if out is not None:
        options = {
            "until": until,
            "outputs": len(times),
            "rtol": rtol,
            "seed": seed,
            "units": units,
        }
        results.write(
            out,
            result,
            table,
            doses=doses,
            notes=notes,
            csv=csv,
            command=["unmask", *sys.argv[1:]],
            settings=options,
            force=True,
        )
        if not as_json:
            typer.echo(f"Wrote: {out}")
    share = float(result.failed.mean())
    if share > FAILURE_LIMIT:
        raise NumericalError(
            "simulation.too_many_failures",
            share=f"{share:.1%}",
            limit=f"{FAILURE_LIMIT:.0%}",
            reasons="; ".join(f"{count}: {reason}" for reason, count in result.failures().items()),
        )
