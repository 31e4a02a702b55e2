"""Run claims: measure, judge, write ``claims.json`` and ``claims.html``."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from unmask import __version__
from unmask.claims import page
from unmask.claims.claim import Claim, Finding, as_data, judge
from unmask.claims.experiments import chosen, experiment
from unmask.claims.laboratory import Laboratory
from unmask.claims.wording import line, sentences
from unmask.errors import ConfigurationError
from unmask.store import claim as claim_folder
from unmask.store import write_json, write_text

OUTPUTS = ("claims.html", "claims.json")
FEWEST_PATIENTS = 20
MOST_PATIENTS = 20_000  # half an hour and some GB; a sampling error of 0.4 points

Progress = Callable[[int, int, str], None]


def run(
    only: tuple[str, ...] = (),
    out: Path | str | None = None,
    seed: int | None = None,
    patients: int | None = None,
    progress: Progress | None = None,
    *,
    workers: int = 1,
    force: bool = False,
    report: Callable[[str], None] | None = None,
) -> tuple[Finding, ...]:
    """Run the experiments of the claims and return their findings in the order of the claims.

    Parameters
    ----------
    only
        Ids (``C7``); default: all.
    out
        Folder for ``claims.html`` and ``claims.json``; default: nothing is written.
    seed, patients
        Default: what each claim states. The same numbers give the same findings.
    progress
        Called with (claims done, claims wanted, what is being done).
    workers
        Threads of every integration; they do not change any number.
    force
        Replace results that are in the folder.
    report
        Called with the line of each finding as soon as it is known.

    Raises
    ------
    ConfigurationError
        ``claims.unknown``, ``claims.too_few_patients``, ``claims.too_many_patients``, ``claims.negative_seed``, or the
        folder cannot be used (``store.*``).
    """
    claims = chosen(only)
    if patients is not None and patients < FEWEST_PATIENTS:
        raise ConfigurationError("claims.too_few_patients", patients=patients)
    if patients is not None and patients > MOST_PATIENTS:
        raise ConfigurationError("claims.too_many_patients", patients=patients, most=MOST_PATIENTS)
    if seed is not None and seed < 0:
        raise ConfigurationError("claims.negative_seed", seed=seed)
    folder = None if out is None else Path(out)
    if folder is not None:
        claim_folder(folder, OUTPUTS, force=force, resume=False)
    findings: list[Finding] = []
    laboratory = Laboratory(threads=workers)
    for claim in claims:
        if progress is not None:
            laboratory.tell = _teller(progress, len(findings), len(claims), claim)
        findings.append(_find(laboratory, claim, seed, patients))
        if report is not None:
            report(line(findings[-1]))
    found = tuple(findings)
    if folder is not None:
        write_json(folder / "claims.json", as_document(found))
        write_text(folder / "claims.html", page.render(found))
    return found


def as_document(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Return the content of ``claims.json``."""
    return {
        "notice": page.NOTICE,
        "unmask": __version__,
        "claims": [as_data(finding) for finding in findings],
    }


def _teller(progress: Progress, done: int, wanted: int, claim: Claim) -> Callable[[str], None]:
    return lambda text: progress(done, wanted, f"{claim.id} {text}")


def _find(laboratory: Laboratory, claim: Claim, seed: int | None, patients: int | None) -> Finding:
    begun = time.perf_counter()
    own_seed = claim.seed if seed is None else seed
    own_patients = claim.patients if patients is None else patients
    measured = experiment(claim.id)(laboratory, claim, own_patients, own_seed)
    verdict, outcomes = judge(claim, measured.estimates)
    return Finding(
        claim=claim,
        verdict=verdict,
        outcomes=outcomes,
        estimates=measured.estimates,
        plots=measured.plots,
        text=sentences(claim, dict(measured.estimates)),
        notes=measured.notes,
        seed=own_seed,
        patients=own_patients,
        seconds=time.perf_counter() - begun,
    )
