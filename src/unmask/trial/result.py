"""The result of a trial: tables, summary, provenance, and how they are written to a folder."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

from unmask import __version__
from unmask.doctor import DEPENDENCIES
from unmask.patients.parameter_set import TumourType
from unmask.store import claim, discard_batches, write_json, write_table, write_text
from unmask.survival.estimate import without_nan
from unmask.survival.observed import Comparison, ObservedTrial, compare_observed
from unmask.trial.protocol import Protocol

WRITTEN_TABLES = ("patients", "assessments", "lesions", "doses", "adverse_events", "time_to_event")
OUTPUTS = (
    "summary.json",
    *(f"{name}.parquet" for name in WRITTEN_TABLES),
    "report.html",
    "manifest.json",
)
NOTICE = (
    "Simulated patients, for research and teaching. Not for treatment decisions: no real person was treated, and "
    "nothing here says what would happen to one."
)


@dataclass(frozen=True)
class TrialResult:
    """Everything a trial produced.

    Attributes
    ----------
    changes
        Settings by which this trial differs from the protocol of its name.
    warnings
        What was asked for and could have no effect, or is far from any known dose, a sentence each.
    arms
        Experimental first, control last.
    tables
        ``patients``, ``assessments``, ``lesions``, ``doses``, ``adverse_events``, ``time_to_event``, ``failures``.
    trajectories
        Quantiles over patients per arm, day and quantity.
    summary
        Content of ``summary.json``.
    steps
        Integration steps taken, all patients together.
    """

    protocol: Protocol
    tumour_type: TumourType
    changes: tuple[str, ...]
    warnings: tuple[str, ...]
    arms: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]
    trajectories: pd.DataFrame
    summary: Mapping[str, Any]
    configuration: Mapping[str, Any]
    configuration_hash: str
    model_hash: str
    relative_tolerance: float
    threads: int
    steps: int
    started: datetime
    finished: datetime
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def failures(self) -> pd.DataFrame:
        """Patients whose integration failed: patient, arm, day, reason."""
        return self.tables["failures"]

    @property
    def failed_share(self) -> float:
        """Failed patient-arms as a share of all."""
        patients = len(self.tables["patients"])
        return len(self.failures) / patients if patients else 0.0

    def compare(self, observed: ObservedTrial) -> list[Comparison]:
        """Lay the real patients' figures beside the virtual ones."""
        return compare_observed(observed, self.tables, [self.protocol.experimental, self.protocol.control])

    def provenance(self, command: Sequence[str] = ()) -> dict[str, Any]:
        """Return where the result comes from: content of ``manifest.json``."""
        return {
            "unmask": __version__,
            "notice": NOTICE,
            "command": list(command),
            "configuration": dict(self.configuration),
            "configuration_hash": self.configuration_hash,
            "model": self.tumour_type.model,
            "model_hash": self.model_hash,
            "seed": self.protocol.seed,
            "solver": {
                "method": "batched Rosenbrock",
                "relative_tolerance": self.relative_tolerance,
                "absolute_tolerance": "per state, from the model",
                "steps": self.steps,
                "threads": self.threads,
            },
            "platform": {
                "system": platform.platform(),
                "machine": platform.machine(),
                "python": sys.version.split()[0],
            },
            "dependencies": {name: _version(name) for name in DEPENDENCIES},
            "inputs": dict(self.inputs),
            "warnings": list(self.warnings),
            "started": self.started.isoformat(timespec="seconds"),
            "finished": self.finished.isoformat(timespec="seconds"),
            "seconds": round((self.finished - self.started).total_seconds(), 2),
            "failures": dict(self.summary["failures"]),
        }

    def report(
        self,
        observed: ObservedTrial | None = None,
        command: Sequence[str] = (),
        *,
        comparison: Sequence[Comparison] | None = None,
    ) -> str:
        """Return the report as one self-contained HTML page; ``comparison`` as in :meth:`write`."""
        from unmask.report import render
        from unmask.trial.presentation import report_input

        return render(report_input(self, observed, command, comparison))

    def summary_beside(
        self, observed: ObservedTrial | None, comparison: Sequence[Comparison] | None = None
    ) -> dict[str, Any]:
        """Return the summary, with the comparison with real patients under ``observed`` if they are given."""
        if observed is None:
            return dict(self.summary)
        rows = self.compare(observed) if comparison is None else comparison
        figures = [without_nan(asdict(row)) for row in rows]
        return {**self.summary, "observed": {"source": observed.source, "figures": figures}}

    def write(
        self,
        out: Path | str,
        observed: ObservedTrial | None = None,
        command: Sequence[str] = (),
        *,
        comparison: Sequence[Comparison] | None = None,
        force: bool = False,
    ) -> Path:
        """Write every output file to the folder ``out`` and return it; each file is whole or absent.

        Batches that the run kept there are no longer needed and are removed. ``comparison`` is what :meth:`compare`
        says of ``observed``, where it is already at hand; it takes seconds for tens of thousands of patients.

        Raises
        ------
        ConfigurationError
            Results are there and ``force`` is not given, the folder cannot be written, or the disk is full.
        """
        folder = Path(out)
        claim(folder, OUTPUTS, force=force, resume=True)
        for name in WRITTEN_TABLES:
            write_table(folder / f"{name}.parquet", self.tables[name])
        if observed is not None and comparison is None:
            comparison = self.compare(observed)
        write_json(folder / "summary.json", self.summary_beside(observed, comparison))
        write_text(folder / "report.html", self.report(observed, command, comparison=comparison))
        # The manifest comes last: where it stands, the folder is complete.
        write_json(folder / "manifest.json", self.provenance(command))
        discard_batches(folder)
        return folder


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, for the manifest."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
