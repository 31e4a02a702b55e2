"""What lesions change, on OAK, and what they cost: `python benchmarks/lesions.py [figures|cost]`.

Two populations of 2,000 patients in each form of disease, the same seeds; the patients of both forms are the same but
for what only lesions have. Figures of the trial are those it published (Rittmeyer 2017; Gandara 2018) and, of lesions,
what Laleh 2022 shows of one lesion per patient with three or more measurements.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.engine import CompiledModel, compile_model
from unmask.model.catalogue import load
from unmask.patients.cohort import Cohort, screen
from unmask.patients.lesion_model import LesionModel
from unmask.patients.parameter_set import load_tumour_type
from unmask.patients.random_streams import RandomStreams
from unmask.response.codes import Response
from unmask.survival import endpoints, estimate
from unmask.trial.conduct import ArmRecord, conduct_arm
from unmask.trial.disease import model_of
from unmask.trial.run import plan_trial
from unmask.trial.tables import arm_tables, by_arm, join

POPULATIONS, PATIENTS = 2, 2_000
FORMS = ("lumped", "lesions")
LESION_COUNTS = (0, 1, 2, 3, 5, 8)
MONTHS = ("2", "3.5", "5", "6.5", "9.5", "12", "24")

# Figure -> (atezolizumab, docetaxel) of the trial; None = not published.
TRIAL: Mapping[str, tuple[float | None, float | None]] = {
    "confirmed response, %": (13.6, 13.4),
    "complete response, %": (1.4, 0.2),
    "best response PD, %": (44.0, 28.0),
    "median PFS, months": (2.8, 4.0),
    "PFS at 2 months, %": (57.8, 72.4),
    "PFS at 3.5 months, %": (44.5, 53.7),
    "PFS at 5 months, %": (33.0, 37.2),
    "PFS at 6.5 months, %": (30.0, 27.7),
    "PFS at 9.5 months, %": (22.5, 14.9),
    "PFS at 12 months, %": (18.2, 10.7),
    "PFS at 24 months, %": (8.5, 1.9),
    "median OS, months": (13.8, 9.6),
    "OS at 12 months, %": (54.7, 41.1),
    "OS at 24 months, %": (29.2, 20.6),
    "median duration of response, months": (16.3, 6.2),
    "pseudoprogression, %": (3.8, None),
    "- by growth of targets, %": (1.6, 0.3),
    "- by a new lesion, %": (None, None),
    "- by non-target disease, %": (None, None),
    "lesion: diameter, ln mm, mean": (3.592, 3.603),
    "lesion: diameter, ln mm, sd": (0.601, 0.583),
    "lesion: patients with 3 measurements, %": (88.5, 76.5),
    "lesion: shrinks by 30 % (of those), %": (23.1, 26.2),
    "lesion: change at first scan, lower quartile, %": (-7.8, -16.7),
    "lesion: change at first scan, median, %": (0.0, -6.5),
    "lesion: change at first scan, upper quartile, %": (11.7, 0.0),
    "lesion: best change, lower quartile, %": (-26.0, -33.1),
    "lesion: best change, median, %": (-0.7, -13.5),
    "lesion: best change, upper quartile, %": (9.1, 0.0),
    "lesion: grows by 20 % and 5 mm, then shrinks by 30 %, %": (1.6, 0.3),
    "mixed response (of 2 targets or more), %": (None, None),
    "hazard ratio PFS": (0.95, None),
    "hazard ratio OS": (0.73, None),
}


def population(form: str, seed: int, settings: tuple[str, ...] = ()) -> dict[str, list[float]]:
    """Return every figure, for the two arms, of one population."""
    plan = plan_trial("oak", patients=PATIENTS, seed=seed, settings=(f"disease.form={form}", *settings))
    protocol = plan.protocol
    model = model_of(form, plan.tumour_type.model)
    streams = RandomStreams(seed)
    candidates = np.arange(PATIENTS + PATIENTS // 4)
    threads = os.cpu_count() or 1
    cohort = screen(plan.tumour_type, model, streams, candidates, threads=threads).first(PATIENTS)
    records = [
        conduct_arm(protocol, arm, plan.tumour_type, model, cohort, streams, threads=threads)
        for arm in protocol.arms
    ]
    parts = [arm_tables(record, protocol, plan.tumour_type) for record in records]
    arms = list(protocol.arms)
    tables = {name: by_arm(join(name, [part[name] for part in parts]), arms) for name in parts[0]}
    tables["time_to_event"] = endpoints.time_to_event(
        tables["assessments"],
        tables["patients"],
        protocol.assessment.rules(),
        scan_days=protocol.scan_days(),
    )
    summary = estimate.summarise(
        {name: table for name, table in tables.items() if name != "course"},
        arms,
        protocol.published,
        trial=protocol.name,
        seed=seed,
        unmodelled_toxicity=[],
    )
    if summary["failures"]["count"]:
        raise SystemExit(f"{form}: {summary['failures']} failed")
    found: dict[str, list[float]] = {}
    for record in records:
        for name, value in (*_of_patients(summary["arms"][record.arm]), *_of_lesions(record, streams)):
            found.setdefault(name, []).append(value)
    for key in ("pfs", "os"):
        found[f"hazard ratio {key.upper()}"] = [summary["comparisons"][key]["hr"], np.nan]
    return found


def _of_patients(arm: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    yield "confirmed response, %", 100 * arm["orr"]
    yield "complete response, %", 100 * arm["best_response"]["CR"]
    yield "best response PD, %", 100 * arm["best_response"]["PD"]
    yield "median PFS, months", _number(arm["pfs_months"]["median"])
    for month in MONTHS:
        yield f"PFS at {month} months, %", 100 * _number(arm["pfs_rate"][month])
    yield "median OS, months", _number(arm["os_months"]["median"])
    for month in ("12", "24"):
        yield f"OS at {month} months, %", 100 * _number(arm["os_rate"][month])
    yield (
        "median duration of response, months",
        _number(arm["duration_of_response_months"]["median"]),
    )
    yield "pseudoprogression, %", 100 * arm["pseudoprogression"]
    kinds = arm["pseudoprogression_kinds"]
    for text, kind in (
        ("growth of targets", "target_growth"),
        ("a new lesion", "new_lesion"),
        ("non-target disease", "non_target_growth"),
    ):
        yield f"- by {text}, %", 100 * kinds.get(kind, 0.0)


def _of_lesions(record: ArmRecord, streams: RandomStreams) -> Iterator[tuple[str, float]]:
    """One target lesion per patient, drawn at random, up to the scan after the first progression.

    Nine tenths of the patients of the data have three measurements though four in ten progress at the first scan: it
    goes beyond progression.
    """
    readings, baseline = record.readings, record.baseline_lesions
    progressed = np.cumsum(readings.overall == Response.PD, axis=1)
    before = np.concatenate([np.zeros((len(baseline), 2), dtype=int), progressed[:, :-2]], axis=1) == 0
    end = np.minimum(record.death_day, record.censor_day)
    valid = readings.scanned & before & (readings.day <= end[:, None]) & record.assessed[:, None]
    chosen = np.floor(streams.uniform("lesion shown", record.cohort.patients) * record.lesion_count)
    row, one = np.arange(len(baseline)), chosen.astype(int)
    start = baseline[row, one] / 10.0
    size = np.where(valid, readings.lesions[row, :, one] / 10.0, np.nan)
    enough = valid.sum(axis=1) >= 2
    yield "lesion: diameter, ln mm, mean", float(np.log(start[enough]).mean())
    yield "lesion: diameter, ln mm, sd", float(np.log(start[enough]).std())
    yield "lesion: patients with 3 measurements, %", 100 * float(enough.mean())
    size, start = size[enough], start[enough]
    least = np.nanmin(size, axis=1)
    yield "lesion: shrinks by 30 % (of those), %", 100 * float((least <= 0.7 * start).mean())
    for name, change in (
        ("change at first scan", size[:, 0] / start - 1),
        ("best change", least / start - 1),
    ):
        for text, level in (("lower quartile", 0.25), ("median", 0.5), ("upper quartile", 0.75)):
            yield f"lesion: {name}, {text}, %", 100 * float(np.nanquantile(change, level))
    nadir = np.minimum.accumulate(np.column_stack([start, np.where(np.isnan(size), np.inf, size)]), axis=1)
    grew = (size >= 1.2 * nadir[:, :-1]) & (size - nadir[:, :-1] >= 5.0)
    after = np.cumsum(grew, axis=1) > 0
    yield (
        "lesion: grows by 20 % and 5 mm, then shrinks by 30 %, %",
        100 * float((after & (size <= 0.7 * start[:, None])).any(axis=1).mean()),
    )
    yield "mixed response (of 2 targets or more), %", 100 * _mixed(readings.lesions, baseline, valid)


def _mixed(lesions: NDArray[np.int32], baseline: NDArray[np.int32], valid: NDArray[np.bool_]) -> float:
    """Share of patients in whom, in one scan, a target is 30 % smaller and another 20 % and 5 mm larger."""
    there = valid[:, :, None] & (baseline >= 0)[:, None, :]
    start = np.where(baseline >= 0, baseline, 1)[:, None, :]
    smaller = there & (10 * lesions <= 7 * start)
    larger = there & (10 * lesions >= 12 * start) & (lesions - start >= 50)
    several = (baseline >= 0).sum(axis=1) >= 2
    return float((smaller.any(axis=2) & larger.any(axis=2)).any(axis=1)[several].mean())


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def figures() -> None:
    """Print the table of docs/lesions.md."""
    found = {form: [population(form, 201 + n) for n in range(POPULATIONS)] for form in FORMS}
    print("| figure | atezolizumab: trial | lumped | lesions | docetaxel: trial | lumped | lesions |")
    print("|---|---|---|---|---|---|---|")
    for name, real in TRIAL.items():
        cells = []
        for arm in range(2):
            cells.append("" if real[arm] is None else f"{real[arm]:g}")
            for form in FORMS:
                value = float(np.mean([one[name][arm] for one in found[form]]))
                digits = 2 if name.startswith("hazard") or "ln mm" in name else 1
                unknown = "not reached" if name.startswith("median") else ""
                cells.append(unknown if np.isnan(value) else f"{value:.{digits}f}")
        print(f"| {name} | {' | '.join(cells)} |")


def cost() -> None:
    """Print what a number of lesions costs: compiling, and 117 weeks in visits of 21 days, one thread.

    Seconds of compiling are the processor's, with nothing in the cache folder.
    """
    models, seconds = [], []
    for lesions in LESION_COUNTS:
        start = time.process_time()
        models.append(compile_model(load("core", lesions=lesions or None)))
        seconds.append(time.process_time() - start)
    tumour_type, streams = load_tumour_type("nsclc"), RandomStreams(1)
    several = LesionModel(tumour_type.model)
    cohort = screen(tumour_type, several, streams, np.arange(1000))
    print("| lesions | states | assemble and compile, s | patients/s | times the lumped form |")
    print("|---|---|---|---|---|")
    first = 0.0
    for lesions, compiled, compiling in zip(LESION_COUNTS, models, seconds, strict=True):
        states, parameters = _copies(several, cohort, compiled)
        best = np.inf
        for _ in range(5):
            now, step, begun = states, None, time.perf_counter()
            for visit in range(39):
                result = compiled.integrate(
                    now, parameters, 21.0 * visit, 21.0 * (visit + 1), rtol=1e-4, step_size=step
                )
                now, step = result.states, result.step_size
            best = min(best, time.perf_counter() - begun)
        first = first or best
        name = str(lesions) if lesions else "lumped"
        print(
            f"| {name} | {len(compiled.states)} | {compiling:.1f} | {len(states) / best:,.0f}"
            f" | {best / first:.2f} |"
        )


def _copies(
    several: LesionModel, cohort: Cohort, compiled: CompiledModel
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return states and parameters of patients whose every lesion is as their first."""

    def columns(index: Mapping[str, int], names: tuple[str, ...]) -> list[int]:
        plain = [name.split("__")[-1] for name in names]
        own = [f"lesion1__{name}" for name in plain]
        # Without lesions a plain name means the tumour's where it has one.
        return [index[full] if full in index else index[name] for full, name in zip(own, plain, strict=True)]

    return (
        np.ascontiguousarray(cohort.states[:, columns(several.state_index, compiled.states)]),
        np.ascontiguousarray(cohort.parameters[:, columns(several.parameter_index, compiled.parameters)]),
    )


if __name__ == "__main__":
    for part in sys.argv[1:] or ("figures", "cost"):
        {"figures": figures, "cost": cost}[part]()
