"""Trials with a model of one's own: the same virtual patients in every arm, scans, RECIST, survival.

Patients are taken from scan to scan; what the scan shows decides whether doses go on. Which lesion is measured how is
simple here, since the model knows one tumour: its diameter is the one target lesion. Deaths follow from the tumour's
size where the protocol gives a hazard; otherwise nobody dies and overall survival is that of the living.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sympy as sp
from numpy.typing import NDArray

from unmask import __version__
from unmask.engine import compile_model
from unmask.errors import ConfigurationError
from unmask.messages import sentence
from unmask.model.system import Model
from unmask.patients.random_streams import RandomStreams
from unmask.report.inputs import Arm, ReportInput, Tables
from unmask.response.assess import assess
from unmask.simulation.dosing import with_infusions
from unmask.simulation.models import find_model
from unmask.simulation.population import Population, population
from unmask.simulation.requests import people, with_observables
from unmask.simulation.results import NOTICE
from unmask.simulation.trajectories import typical_tolerances, with_tolerances
from unmask.store import claim, write_json, write_table, write_text
from unmask.survival import estimate
from unmask.trial.model_conduct import RELATIVE_TOLERANCE, ArmCourse, Conduct, planned_doses
from unmask.trial.model_protocol import ModelProtocol

OUTPUTS = (
    "summary.json",
    "patients.parquet",
    "assessments.parquet",
    "doses.parquet",
    "time_to_event.parquet",
    "lesions.parquet",
    "report.html",
    "manifest.json",
)
Floats = NDArray[np.float64]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ModelTrialResult:
    """A trial with a model of one's own."""

    protocol: ModelProtocol
    model: Model
    notes: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]
    summary: Mapping[str, Any]

    @property
    def failed_share(self) -> float:
        """Failed patient-arms as a share of all."""
        return len(self.tables["failures"]) / (self.protocol.patients * len(self.protocol.arms))

    def write(self, folder: Path, command: Sequence[str] = (), *, force: bool = False) -> None:
        """Write summary, tables, report and manifest to a folder; each file is whole or absent."""
        from unmask.report import render

        claim(folder, OUTPUTS, force=force, resume=False)
        for name in ("patients", "assessments", "doses", "time_to_event", "lesions"):
            write_table(folder / f"{name}.parquet", self.tables[name])
        write_json(folder / "summary.json", self.summary)
        write_text(folder / "report.html", render(self._report(command)))
        write_json(folder / "manifest.json", self._provenance(command))

    def _provenance(self, command: Sequence[str]) -> dict[str, Any]:
        return {
            "unmask": __version__,
            "notice": NOTICE,
            "command": list(command),
            "configuration": self.protocol.model_dump(mode="json"),
            "model": self.model.name,
            "model_hash": self.model.hash,
            "seed": self.protocol.seed,
            "solver": {"method": "batched Rosenbrock", "relative_tolerance": RELATIVE_TOLERANCE},
            "python": sys.version.split()[0],
            "warnings": list(self.notes),
            "failures": dict(self.summary["failures"]),
        }

    def _report(self, command: Sequence[str]) -> ReportInput:
        protocol = self.protocol
        shown = ("patients", "time_to_event", "assessments", "doses", "failures")
        return ReportInput(
            title=protocol.title,
            subtitle=f"Virtual trial with the model {self.model.name}, {protocol.patients:,} patients per arm, "
            f"seed {protocol.seed}",
            design=_design(protocol, self.model, self.notes),
            arms=tuple(Arm(name, protocol.arms[name].label) for name in protocol.arm_order),
            tables=Tables(**{name: self.tables[name] for name in shown}),
            summary=self.summary,
            published=protocol.published,
            provenance=self._provenance(command),
            notice=NOTICE,
        )


def run_model_trial(
    protocol: ModelProtocol, *, workers: int = 1, progress: Progress | None = None
) -> ModelTrialResult:
    """Run a trial with a model of one's own.

    Parameters
    ----------
    protocol
        From :func:`unmask.trial.model_protocol.load_model_protocol`.
    workers
        Threads; they do not change the result.
    progress
        Called with (arms done, arms, what is being done).

    Raises
    ------
    ConfigurationError
        A name that the model does not have, patients without a tumour.
    DataError
        A model or table that cannot be read.
    """
    tell = progress or (lambda done, wanted, text: None)
    tell(0, len(protocol.arms), "reading the model")
    imported = find_model(protocol.model.file, units=protocol.model.units)
    tumour = protocol.model.tumour_diameter or protocol.model.tumour_volume or ""
    model = with_observables(imported.model, tumour)
    notes = imported.notes
    clock = [
        event.name for event in model.events if event.trigger.free_symbols <= {sp.Symbol(model.time_symbol)}
    ]
    if protocol.model.events == "state":
        model = replace(model, events=tuple(event for event in model.events if event.name not in clock))
    elif clock:
        shown = ", ".join(clock[:5]) + (f" and {len(clock) - 5} more" if len(clock) > 5 else "")
        notes = (*notes, sentence("simulation.clock_events", {"names": shown}))
    days = protocol.model.days(model.time_unit)
    scans = np.array([0.0, *protocol.scan_days()])
    planned = [item for arm in protocol.arms.values() for item in planned_doses(arm, protocol, days)]
    model, everything = with_infusions(model, planned)
    start = population(model, _people(protocol, model))
    model = with_tolerances(model, typical_tolerances(model, start, scans / days, everything))
    compiled = compile_model(model)
    streams = RandomStreams(protocol.seed)
    arms = []
    for number, name in enumerate(protocol.arm_order):
        tell(number, len(protocol.arms), f"arm {name}")
        arms.append(Conduct(protocol, compiled, start, streams, scans, days, workers).run(name))
    tell(len(protocol.arms), len(protocol.arms), "assessing")
    tables = _tables(protocol, start, arms, scans)
    if protocol.death is None:
        # Nobody dies because nothing says who would: there is no overall survival to show.
        times = tables["time_to_event"]
        tables["time_to_event"] = times[times["endpoint"] != "OS"].reset_index(drop=True)
    summary = estimate.summarise(
        tables,
        protocol.arm_order,
        protocol.published,
        trial=protocol.name,
        seed=protocol.seed,
        unmodelled_toxicity=protocol.arm_order,
    )
    return ModelTrialResult(protocol, model, notes, tables, summary)


def _people(protocol: ModelProtocol, model: Model) -> pd.DataFrame:
    own = protocol.model
    if own.vary is not None:
        table = people(model, protocol.patients, Path(own.vary), None, protocol.seed, ())
    else:
        table = people(model, None, None, Path(str(own.cohort)), protocol.seed, ())
    assert table is not None
    if len(table) < protocol.patients:
        raise ConfigurationError(
            "trial.cohort_too_small", file=own.cohort, found=len(table), patients=protocol.patients
        )
    return table.iloc[: protocol.patients].reset_index(drop=True)


def _tables(
    protocol: ModelProtocol, start: Population, arms: Sequence[ArmCourse], scans: Floats
) -> dict[str, pd.DataFrame]:
    """Tables of the trial: lesions are judged as a lesion file is (``unmask assess``), deaths as its subject file."""
    lesions, subjects = [], []
    for arm in arms:
        patient, scan = np.nonzero(~np.isnan(arm.measured))
        lesions.append(
            pd.DataFrame(
                {
                    "patient": [f"{arm.name}/{number}" for number in patient],
                    "arm": arm.name,
                    "day": scans[scan].astype(int),
                    "lesion": "tumour",
                    "diameter_mm": arm.measured[patient, scan],
                }
            )
        )
        everyone = np.setdiff1d(np.arange(start.size), arm.failures["patient"])
        death = arm.death_day[everyone]
        lived = death > protocol.follow_up.days
        subjects.append(
            pd.DataFrame(
                {
                    "patient": [f"{arm.name}/{number}" for number in everyone],
                    "arm": arm.name,
                    "death_day": np.where(lived, np.nan, death),
                    "last_known_day": np.where(lived, protocol.follow_up.days, death),
                }
            )
        )
    lesion_table, subject_table = pd.concat(lesions), pd.concat(subjects)
    lesion_table = lesion_table[lesion_table["patient"].isin(subject_table["patient"])]
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "lesions.csv", Path(folder) / "subjects.csv"
        lesion_table.to_csv(files[0], index=False)
        subject_table.to_csv(files[1], index=False)
        found = assess(
            files[0],
            rules=protocol.assessment.rules(),
            patients=files[1],
            group="arm",
            scan_days=list(scans[1:]),
        )
    given = [arm.doses.assign(arm=arm.name) for arm in arms if len(arm.doses)]
    doses = pd.concat(given, ignore_index=True) if given else arms[0].doses.assign(arm="")
    return {
        "patients": _by_arm(found.patients),
        "assessments": _by_arm(found.visits),
        "time_to_event": _by_arm(found.times),
        "lesions": _by_arm(lesion_table.reset_index(drop=True)),
        "doses": doses,
        "failures": pd.concat([arm.failures for arm in arms], ignore_index=True),
    }


def _by_arm(table: pd.DataFrame) -> pd.DataFrame:
    """Patients under their own numbers: the same number in two arms is the same virtual patient."""
    if "group" in table:
        table = table.drop(columns="arm", errors="ignore").rename(columns={"group": "arm"})
    numbers = table["patient"].astype(str).str.rpartition("/")[2].astype(int)
    return table.assign(patient=numbers)


def _design(protocol: ModelProtocol, model: Model, notes: Sequence[str]) -> tuple[str, ...]:
    weeks = ", ".join(f"{week:g}" for week in protocol.schedule.scan_weeks)
    arms = []
    for name in protocol.arm_order:
        arm = protocol.arms[name]
        given = "; ".join(
            f"{item.amount:g} of {item.species}"
            + (f" every {item.every_days:g} days" if item.every_days else "")
            + f" from day {item.first_day:g}"
            + (f", {item.doses} times" if item.doses else "")
            for item in arm.doses
        )
        until = " until progression" if arm.doses and arm.stop_at_progression else ""
        arms.append(f"{arm.label or name}: {given or 'nothing is given'}{until}.")
    death = protocol.death
    survival = (
        f"Death has a rate of {death.per_month:g} per month at baseline, times the relative diameter to the power "
        f"{death.size_exponent:g}; these numbers are the protocol's own."
        if death
        else "The protocol gives no hazard of death: nobody dies, and overall survival says nothing."
    )
    return (
        *notes,
        f"Model {model.name} ({len(model.species)} states). {protocol.patients:,} virtual patients per arm; the same "
        "patients are treated in every arm, so that differences are due to treatment alone.",
        " ".join(arms),
        f"The tumour is one target lesion. Scans in weeks {weeks} and every {protocol.schedule.then_every_weeks:g} "
        f"weeks after, with a measurement error of {protocol.measurement.sum_error:.0%}; follow-up "
        f"{protocol.follow_up.days} days. New lesions and non-target disease are not modelled.",
        survival,
        "Side effects are not modelled.",
    )
