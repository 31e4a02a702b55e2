"""Run a trial: batches of patients through every arm, then endpoints and estimates.

Patients are screened and treated in batches, so that memory stays bounded, progress shows and an interrupted run can
be resumed. Batches do not change any result (``patients.cohort``, ``patients.random_streams``).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from unmask import __version__
from unmask.errors import ConfigurationError
from unmask.patients.cohort import Cohort, check_against_model, screen
from unmask.patients.lesions import AnyModel
from unmask.patients.parameter_set import TumourType, load_tumour_type
from unmask.patients.random_streams import RandomStreams
from unmask.patients.recruitment import MOST_CANDIDATES_PER_PATIENT
from unmask.store import Batches, claim
from unmask.survival import endpoints, estimate
from unmask.trial.conduct import conduct_arm
from unmask.trial.disease import model_of
from unmask.trial.protocol import Protocol, load_protocol
from unmask.trial.randomise import permuted_blocks
from unmask.trial.remarks import how_to_read, not_operated, unusual_doses, without_effect
from unmask.trial.result import OUTPUTS, TrialResult
from unmask.trial.side_effects import side_effects
from unmask.trial.tables import TABLES, arm_tables, as_categories, by_arm, course_quantiles, join

RELATIVE_TOLERANCE = 1e-4
LARGEST_BLOCK = 2048  # candidates screened and treated together
BYTES_PER_PATIENT_ARM = 15_000  # peak, measured with the OAK protocol

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class TrialPlan:
    """A trial that is fully specified: what determines its results, and how to compute them."""

    protocol: Protocol
    tumour_type: TumourType
    changes: tuple[str, ...] = ()  # settings that make this another trial than the protocol of that name
    relative_tolerance: float = RELATIVE_TOLERANCE

    def configuration(self) -> dict[str, Any]:
        """Return everything that determines the results, as plain data."""
        return {
            "protocol": self.protocol.model_dump(mode="json"),
            "tumour_type": self.tumour_type.model_dump(mode="json"),
            "relative_tolerance": self.relative_tolerance,
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was asked for and can have no effect, or is far from any known dose, one sentence each."""
        return (*without_effect(self.protocol, self.tumour_type), *unusual_doses(self.protocol))

    def hash(self, model_hash: str) -> str:
        """Return the hash of configuration, model and version."""
        text = json.dumps([self.configuration(), model_hash, __version__], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def plan_trial(
    name: str, *, patients: int | None = None, seed: int | None = None, settings: tuple[str, ...] = ()
) -> TrialPlan:
    """Return the plan of a trial by name or TOML file, with changes.

    Parameters
    ----------
    patients
        Per arm; default: the protocol's.
    seed
        Default: the protocol's.
    settings
        ``key=value`` changes of the protocol (``follow_up.days=1095``) or of the median of a quantity of the
        tumour type (``parameters.max_kill_rate=9``).

    Raises
    ------
    ConfigurationError
        Anything unknown, impossible or too large for this machine's memory.
    """
    changes = list(settings)
    if patients is not None:
        changes.append(f"patients={patients}")
    if seed is not None:
        changes.append(f"seed={seed}")
    protocol, tumour_change = load_protocol(name, tuple(changes))
    tumour_type = load_tumour_type(protocol.tumour_type, tumour_change)
    refuse_parameters_of_drugs(protocol, tumour_type)
    _check_memory(protocol)
    # How many patients, which seed, and a second run beside the trial leave the trial what it is.
    same = {"patients", "seed", *(("management",) if protocol.management == "both" else ())}
    changed = tuple(item for item in settings if item.partition("=")[0].strip() not in same)
    return TrialPlan(protocol, tumour_type, changed)


def refuse_parameters_of_drugs(protocol: Protocol, tumour_type: TumourType) -> None:
    """Refuse a tumour type that sets what a drug of the trial sets, or lives by another hormone than the drug lowers.

    The drug would silently win; and the model knows only one hormone.

    Raises
    ------
    ConfigurationError
        ``trial.parameter_of_drug``, ``trial.another_hormone``.
    """
    for item in protocol.drugs:
        lowered = item.substance.hormone
        if None not in (lowered, tumour_type.hormone) and lowered != tumour_type.hormone:
            raise ConfigurationError(
                "trial.another_hormone",
                drug=item.drug,
                lowered=lowered,
                tumour=tumour_type.title,
                needed=tumour_type.hormone,
            )
        own = {*item.substance.in_use, *item.substance.individual, item.substance.per_day}
        twice = [name for name in tumour_type.parameters if name in own]
        if twice:
            raise ConfigurationError(
                "trial.parameter_of_drug", tumour_type=tumour_type.name, name=twice[0], drug=item.drug
            )


def _check_memory(protocol: Protocol) -> None:
    try:
        available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return
    needed = protocol.patients * len(protocol.arms) * BYTES_PER_PATIENT_ARM
    if needed > 0.8 * available:
        raise ConfigurationError(
            "trial.too_many_patients",
            patients=protocol.patients,
            needed=f"{needed / 2**30:.0f}",
            available=f"{available / 2**30:.0f}",
            most=int(0.8 * available / BYTES_PER_PATIENT_ARM / len(protocol.arms)),
        )


def run_trial(
    plan: TrialPlan | str,
    *,
    patients: int | None = None,
    seed: int | None = None,
    settings: tuple[str, ...] = (),
    workers: int | None = None,
    out: Path | str | None = None,
    force: bool = False,
    resume: bool = False,
    inputs: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> TrialResult:
    """Run a trial and return its result; with ``out``, finished batches are kept there until it is written.

    Parameters
    ----------
    plan
        A plan, or the name or TOML file of a trial (then ``patients``, ``seed`` and ``settings`` apply).
    workers
        Threads; default: the processors of this machine. They do not change the result.
    out
        Output folder, claimed now; write the result to it with :meth:`TrialResult.write`.
    force, resume
        Replace results that are there; go on from batches that an interrupted run left.
    inputs
        Name and hash of further input files, for the manifest.
    progress
        Called with (patients done, patients wanted, what is being done).
    """
    if isinstance(plan, str):
        plan = plan_trial(plan, patients=patients, seed=seed, settings=settings)
    tell = progress or (lambda done, wanted, text: None)
    folder = Path(out) if out is not None else None
    if folder is not None:
        claim(folder, OUTPUTS, force=force, resume=resume)
    started = datetime.now(UTC)
    wanted = plan.protocol.patients * (
        len(plan.protocol.arms) if plan.protocol.allocation == "randomised" else 1
    )
    tell(0, wanted, "compiling the model")
    compiled = model_of(plan.protocol.disease.form, plan.tumour_type.model)
    check_against_model(plan.tumour_type, compiled)
    threads = workers or os.cpu_count() or 1
    kept = Batches(folder, plan.hash(compiled.hash), resume=resume) if folder is not None else None

    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    counts = {"screened": 0, "not_eligible": 0, "burn_in_failed": 0, "steps": 0}
    done, candidate, number = 0, 0, 0
    block = min(LARGEST_BLOCK, 2 * wanted + 8)
    while done < wanted:
        tell(done, wanted, "treating patients")
        batch = kept.load(number) if kept else None
        if batch is None:
            ids = np.arange(candidate, candidate + block)
            batch = _run_batch(plan, compiled, ids, done, wanted, threads)
            if kept:
                kept.save(number, *batch)
        tables, notes = batch
        for name in TABLES:
            parts[name].append(as_categories(name, tables[name]))
        for key in counts:
            counts[key] += notes[key]
        done += notes["patients"]
        candidate, number = candidate + block, number + 1
        block = min(LARGEST_BLOCK, 2 * block)  # few were eligible: look at more at once
        if done < wanted and candidate > MOST_CANDIDATES_PER_PATIENT * wanted + LARGEST_BLOCK:
            raise ConfigurationError(
                "patients.too_few_accepted",
                accepted=done,
                wanted=wanted,
                candidates=candidate,
                reasons=f"{counts['not_eligible']} would not progress untreated, "
                f"{counts['burn_in_failed']} could not be integrated",
                tumour_type=plan.tumour_type.name,
            )
    tell(wanted, wanted, "estimating endpoints")
    unmanaged = None
    if plan.protocol.management == "both":
        tell(wanted, wanted, "the same patients without management of side effects")
        without = plan.protocol.model_copy(update={"management": "none"})
        unmanaged = run_trial(replace(plan, protocol=without), workers=workers)
    return _result(plan, compiled, parts, counts, started, threads, inputs or {}, unmanaged)


def _run_batch(
    plan: TrialPlan,
    compiled: AnyModel,
    candidates: np.ndarray[Any, np.dtype[np.int64]],
    done: int,
    wanted: int,
    threads: int,
) -> tuple[dict[str, pd.DataFrame], dict[str, int]]:
    """Screen one block of candidates and take the eligible through every arm."""
    protocol = plan.protocol
    streams = RandomStreams(protocol.seed)
    cohort = screen(
        plan.tumour_type, compiled, streams, candidates, rtol=plan.relative_tolerance, threads=threads
    ).first(wanted - done)
    arms = list(protocol.arms)
    chosen: dict[str, Cohort] = dict.fromkeys(arms, cohort)
    if protocol.allocation == "randomised":
        allocated = permuted_blocks(streams, done, cohort.size, len(arms))
        chosen = {arm: cohort.take(np.flatnonzero(allocated == n)) for n, arm in enumerate(arms)}
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    steps = 0
    for arm, members in chosen.items():
        record = conduct_arm(
            protocol,
            arm,
            plan.tumour_type,
            compiled,
            members,
            streams,
            rtol=plan.relative_tolerance,
            threads=threads,
        )
        steps += record.steps
        for name, table in arm_tables(record, protocol, plan.tumour_type).items():
            tables[name].append(table)
    last = int(cohort.patients[-1]) + 1 if done + cohort.size >= wanted else int(candidates[-1]) + 1
    failed = pd.DataFrame(
        {
            "patient": [patient for patient, _ in cohort.failed],
            "arm": "(screening)",
            "day": 0.0,
            "reason": [reason for _, reason in cohort.failed],
        }
    )
    tables["failures"].append(as_categories("failures", failed))
    notes = {
        "patients": cohort.size,
        "screened": last - int(candidates[0]),
        "not_eligible": int(cohort.not_eligible.size),
        "burn_in_failed": len(cohort.failed),
        "steps": steps,
    }
    return {name: join(name, tables[name]) for name in TABLES}, notes


def _result(
    plan: TrialPlan,
    compiled: AnyModel,
    parts: dict[str, list[pd.DataFrame]],
    counts: dict[str, int],
    started: datetime,
    threads: int,
    inputs: Mapping[str, str],
    unmanaged: TrialResult | None,
) -> TrialResult:
    protocol = plan.protocol
    tables = {name: by_arm(join(name, parts[name]), list(protocol.arms)) for name in TABLES}
    course = tables.pop("course")
    tables["time_to_event"] = endpoints.time_to_event(
        tables["assessments"],
        tables["patients"],
        protocol.assessment.rules(),
        (*endpoints.ENDPOINTS.values(), *endpoints.variants()),
        scan_days=protocol.scan_days(),
    )
    arms = [
        protocol.experimental,
        *(arm for arm in protocol.arms if arm not in (protocol.experimental, protocol.control)),
        protocol.control,
    ]
    unmodelled = [
        name
        for name, arm in protocol.arms.items()
        if arm.treatment and not any(item.substance.adverse_events for item in arm.first_line_drugs)
    ]
    summary = estimate.summarise(
        tables,
        arms,
        protocol.published,
        trial=protocol.name,
        seed=protocol.seed,
        unmodelled_toxicity=unmodelled,
    )
    for arm in arms:
        summary["arms"][arm]["safety"] = (
            None if arm in unmodelled else side_effects(protocol, tables, arm, unmanaged)
        )
    summary["screening"] = {
        "screened": counts["screened"],
        "not_eligible": counts["not_eligible"],
        "failed": counts["burn_in_failed"],
    }
    return TrialResult(
        protocol=protocol,
        tumour_type=plan.tumour_type,
        changes=plan.changes,
        warnings=(*plan.warnings, *how_to_read(protocol), *not_operated(protocol, tables)),
        arms=tuple(arms),
        tables=tables,
        trajectories=course_quantiles(course),
        summary=summary,
        configuration=plan.configuration(),
        configuration_hash=plan.hash(compiled.hash),
        model_hash=compiled.hash,
        relative_tolerance=plan.relative_tolerance,
        threads=threads,
        steps=counts["steps"],
        started=started,
        finished=datetime.now(UTC),
        inputs=inputs,
    )
