"""One virtual patient under several therapies, and patients alike: the same people, the same chance, in every option.

Each therapy is an arm of one protocol, so that doses, scans, verdicts, side effects and their management are those of
trials. The patient is the first of the candidates that fit what is known; the ones after it are the patients alike.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from unmask import __version__
from unmask.configuration import check
from unmask.engine import compile_model
from unmask.errors import ConfigurationError, NumericalError
from unmask.messages import sentence
from unmask.model.catalogue import load
from unmask.patient_options.outcomes import Spread, spread_of
from unmask.patient_options.patient_file import KnownPatient, read_patient
from unmask.patient_options.therapies import NO_TREATMENT, Therapy, available, load_therapy
from unmask.patient_options.watched import WatchedModel
from unmask.patients.cohort import Cohort
from unmask.patients.parameter_set import TumourType
from unmask.patients.pdl1 import CLASSES, pdl1_class
from unmask.patients.random_streams import RandomStreams
from unmask.patients.recruitment import recruit
from unmask.store import claim
from unmask.trial.conduct import conduct_arm
from unmask.trial.protocol import Disease, FollowUp, Population, Protocol, Schedule
from unmask.trial.run import TrialPlan, refuse_parameters_of_drugs
from unmask.trial.tables import arm_tables

ALIKE = 200
MOST_ALIKE = 5_000
LARGEST_SEED = 2**63 - 1
MOST_THERAPIES = 6
FOLLOW_UP_DAYS = 1096  # three years
SCAN_WEEKS = (6, 12, 18, 24, 30, 36)
LATER_SCAN_WEEKS = 9
OUTPUTS = ("patient.html", "patient.json")

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Option:
    """The patient on one therapy, and patients alike.

    Attributes
    ----------
    course
        The inside of the tumour over time (:meth:`WatchedModel.course`), until death or the end.
    scans, doses, events
        The patient's rows of the tables of a trial.
    patient
        The patient's row of the table ``patients``: best responses, day of death, ...
    spread
        What became of the patients alike.
    """

    name: str
    therapy: Therapy
    course: pd.DataFrame
    scans: pd.DataFrame
    doses: pd.DataFrame
    events: pd.DataFrame
    patient: Mapping[str, Any]
    spread: Spread

    @property
    def failure(self) -> str | None:
        """Why the patient's own simulation broke off, None where it did not."""
        status = str(self.patient["status"])
        return None if status == "ok" else status


@dataclass(frozen=True)
class OptionsResult:
    """Several therapies side by side.

    Attributes
    ----------
    known
        What was given about the patient.
    drawn
        The virtual patient before treatment: ``sld_mm``, ``target_lesions``, ``body_weight_kg``, ``pdl1`` (class), ...
    warnings
        What was asked for and has no effect, or an effect that means nothing, a sentence each.
    """

    known: KnownPatient
    tumour_type: TumourType
    seed: int
    alike: int
    drawn: Mapping[str, Any]
    options: tuple[Option, ...]
    warnings: tuple[str, ...]
    model_hash: str
    version: str = __version__

    @property
    def failure_reasons(self) -> tuple[str, ...]:
        """Why simulations failed, one reason for each of them: the patient's own and those of patients alike."""
        own = (option.failure for option in self.options)
        return (
            *(reason for reason in own if reason is not None),
            *chain.from_iterable(option.spread.failures for option in self.options),
        )

    @property
    def failed_share(self) -> float:
        """Failed simulations as a share of all."""
        return len(self.failure_reasons) / (len(self.options) * (self.alike + 1))

    def write(self, folder: Path | str, *, force: bool = False) -> Path:
        """Write ``patient.html`` and ``patient.json`` to ``folder`` and return the path of the page.

        Raises
        ------
        ConfigurationError
            ``store.*``: results are there and ``force`` is not given, or the folder cannot be written.
        """
        from unmask.patient_options.presentation import write

        return write(self, Path(folder), force=force)


def compare_options(
    patient: str,
    therapies: Sequence[str],
    *,
    seed: int = 1,
    alike: int = ALIKE,
    workers: int | None = None,
    out: Path | str | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> OptionsResult:
    """Take one virtual patient, and ``alike`` patients like this one, through several therapies.

    Parameters
    ----------
    patient
        A tumour type (name or TOML file) or a patient file (:mod:`unmask.patient_options.patient_file`).
    therapies
        Names of ready-made therapies or TOML files; a single one is set beside no treatment.
    seed
        Another seed is another patient who fits what is known.
    workers
        Threads; they do not change the result.
    out
        Folder that the result will be written to (:meth:`OptionsResult.write`): checked before anything is computed.
    force
        Results in ``out`` may be replaced.
    progress
        Called with (steps done, steps wanted, what is being done).

    Raises
    ------
    ConfigurationError
        Unknown or impossible patient or therapy, no therapy or too many, the same one twice, nobody who fits what is
        known, or ``out`` cannot be used (``store.*``).
    NumericalError
        ``options.all_failed``: not one of the patients alike could be simulated under a therapy.
    """
    tell = progress or (lambda done, wanted, text: None)
    chosen = _chosen(therapies)
    if not 1 <= alike <= MOST_ALIKE:
        raise ConfigurationError("options.alike", value=alike, most=MOST_ALIKE)
    if not 0 <= seed <= LARGEST_SEED:
        raise ConfigurationError("options.seed", value=seed, most=LARGEST_SEED)
    known, tumour_type = read_patient(patient)
    protocol = _protocol(known, tumour_type, chosen, seed, alike)
    refuse_parameters_of_drugs(protocol, tumour_type)
    if out is not None:
        claim(Path(out), OUTPUTS, force=force, resume=False)
    threads = workers or os.cpu_count() or 1
    steps = 1 + len(chosen)
    tell(0, steps, "drawing patients")
    compiled = compile_model(load(tumour_type.model))
    streams = RandomStreams(seed)
    try:
        cohort = recruit(tumour_type, compiled, streams, alike + 1, pdl1=known.pdl1, threads=threads)
    except ConfigurationError as error:
        if error.code != "patients.too_few_accepted":
            raise
        found = {**error.values, "tumour": tumour_type.title}
        raise ConfigurationError("options.nobody_fits", **found) from None
    one = cohort.take(np.array([0]))
    options = []
    lesions = 0
    for number, (name, therapy) in enumerate(chosen.items(), start=1):
        tell(number, steps, therapy.label)
        watched = WatchedModel.of(compiled, one)
        single = conduct_arm(protocol, name, tumour_type, watched, one, streams)
        mine = arm_tables(single, protocol, tumour_type)
        row = {str(column): value for column, value in mine["patients"].iloc[0].items()}
        end = float(np.fmin(row["death_day"], row["censor_day"]))
        others = conduct_arm(
            protocol,
            name,
            tumour_type,
            compiled,
            cohort.take(np.arange(1, alike + 1)),
            streams,
            threads=threads,
        )
        lesions = int(single.lesion_count[0])
        spread = spread_of(arm_tables(others, protocol, tumour_type), therapy)
        if len(spread.failures) == alike:
            reasons = ", ".join(sorted(set(spread.failures)))
            raise NumericalError("options.all_failed", label=therapy.label, reasons=reasons)
        options.append(
            Option(
                name=name,
                therapy=therapy,
                course=watched.seen_until(end),
                scans=mine["assessments"],
                doses=mine["doses"],
                events=mine["adverse_events"],
                patient=row,
                spread=spread,
            )
        )
    plan = TrialPlan(protocol, tumour_type)
    return OptionsResult(
        known=known,
        tumour_type=tumour_type,
        seed=seed,
        alike=alike,
        drawn=_drawn(one, known, lesions),
        options=tuple(options),
        warnings=(
            *plan.warnings,
            *_out_of_place(chosen, known, tumour_type),
            *_pdl1_out_of_place(chosen, known),
            *_told(chosen, options),
        ),
        model_hash=compiled.hash,
    )


def _chosen(names: Sequence[str]) -> dict[str, Therapy]:
    """Return the therapies by name, in the order given; one alone gets no treatment beside it."""
    if not names:
        raise ConfigurationError("options.no_therapy", known=", ".join(available()))
    chosen: dict[str, Therapy] = {}
    for name in names:
        key = Path(name).stem if name.endswith(".toml") else name
        if key in chosen:
            raise ConfigurationError("options.twice", name=key)
        chosen[key] = load_therapy(name)
    if len(chosen) == 1:
        if NO_TREATMENT in chosen:
            others = (name for name in available() if name != NO_TREATMENT)
            raise ConfigurationError("options.only_none", known=", ".join(others))
        chosen[NO_TREATMENT] = load_therapy(NO_TREATMENT)
    if len(chosen) > MOST_THERAPIES:
        raise ConfigurationError("options.too_many", count=len(chosen), most=MOST_THERAPIES)
    return chosen


def _protocol(
    known: KnownPatient, tumour_type: TumourType, chosen: Mapping[str, Therapy], seed: int, alike: int
) -> Protocol:
    """Return the protocol whose arms are the therapies: followed for three years, nobody leaves."""
    names = list(chosen)
    disease = Disease()
    if known.target_lesions is not None:
        weights = tuple(float(number == known.target_lesions) for number in range(1, 6))
        disease = Disease.model_validate({"target_lesion_weights": weights})
    population = Population()
    if known.autoimmune is not None:
        population = Population(
            autoimmune={known.autoimmune: 1.0}, immunosuppressed_share=float(known.immunosuppressed)
        )
    plan = {
        "name": "options",
        "title": "Options for one patient",
        "tumour_type": tumour_type.name,
        "patients": alike + 1,
        "seed": seed,
        "experimental": names[0],
        "control": names[1],
        "schedule": Schedule(scan_weeks=SCAN_WEEKS, then_every_weeks=LATER_SCAN_WEEKS),
        "follow_up": FollowUp(days=FOLLOW_UP_DAYS),
        "disease": disease,
        "population": population,
        "arms": dict(chosen),
    }
    return check(Protocol, plan, "the therapies chosen")  # a therapy may suit no patient of three years


def _drawn(one: Cohort, known: KnownPatient, lesions: int) -> dict[str, Any]:
    density = one.baseline["pdl1"]
    return {
        "sld_mm": float(one.baseline["sld_mm"][0]),
        "target_lesions": lesions,
        "body_weight_kg": float(one.baseline["body_weight_kg"][0]),
        "pdl1": CLASSES[int(pdl1_class(density)[0])],
        "pdl1_per_um2": float(density[0]),
        "autoimmune": known.autoimmune or "none",
        "immunosuppressed": known.immunosuppressed,
        "candidate": int(one.patients[0]),
    }


def _told(chosen: Mapping[str, Therapy], options: Sequence[Option]) -> tuple[str, ...]:
    """Return what keeps options from being compared: local treatment, death before it, a simulation that broke off."""
    local = (
        sentence("options.local", {"label": therapy.label}) for therapy in chosen.values() if therapy.local
    )
    too_late = (
        sentence(
            "options.after_death",
            {
                "label": option.therapy.label,
                "item": item.name,
                "planned": item.first_day,
                "death": f"{option.patient['death_day']:.0f}",
            },
        )
        for option in options
        for item in option.therapy.treatment
        if item.first_day > option.patient["death_day"]
    )
    broken = (
        sentence(
            "options.broken_off",
            {
                "label": option.therapy.label,
                "day": f"{option.patient['censor_day']:.0f}",
                "reason": option.failure,
            },
        )
        for option in options
        if option.failure is not None
    )
    return (*local, *too_late, *broken)


def _pdl1_out_of_place(chosen: Mapping[str, Therapy], known: KnownPatient) -> tuple[str, ...]:
    """Return a sentence where PD-L1 was given and what it says about response rests on no data (model card)."""
    states = {
        item.substance.effect.state
        for therapy in chosen.values()
        for item in therapy.drugs
        if item.substance.effect is not None
    }
    if known.pdl1 is None or (known.tumour_type == "nsclc" and "anti_pd1_central" not in states):
        return ()
    return (sentence("options.pdl1_out_of_place", {"pdl1": known.pdl1}),)


def _out_of_place(
    chosen: Mapping[str, Therapy], known: KnownPatient, tumour_type: TumourType
) -> tuple[str, ...]:
    """Return a sentence for each therapy that was not meant for this tumour type."""
    kinds = {tumour_type.name, tumour_type.based_on, known.tumour_type}
    return tuple(
        sentence(
            "options.out_of_place",
            {"label": therapy.label, "tumour": tumour_type.title, "note": therapy.note},
        )
        for therapy in chosen.values()
        if therapy.tumour_types and not kinds & set(therapy.tumour_types)
    )
