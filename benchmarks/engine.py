"""Patients per second and accuracy of the engine beside SciPy and libroadrunner, on one core.

One "patient" is one virtual patient in one arm for 117 weeks: 39 intervals of three weeks, each after a dose
(atezolizumab 1200 mg, or a docetaxel cycle), with the doses, extinction and non-negativity applied between
intervals in the same way for every solver. The error is that of the sum of lesion diameters on the 39 visits,
relative to a tight reference; the worst and the median patient (worst visit of each) are printed.

    python benchmarks/engine.py [--patients 100] [--large 2000] [--quick]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import engine_peers as peers
from unmask.engine import CompiledModel, compile_model
from unmask.engine.tableaus import METHODS
from unmask.engine.targets.cpu.machine import kernels
from unmask.model.catalogue import load
from unmask.model.system import Model

VISITS, INTERVAL = 39, 21.0
Floats = NDArray[np.float64]
# Spread of the parameters between patients: sigma of the logarithm (tumour type NSCLC).
SPREAD = {
    "net_growth_rate": 0.99,
    "stroma_fraction": 0.78,
    "max_kill_rate": 0.16,
    "dead_cell_clearance_rate": 0.20,
    "infiltrate_per_kill": 2.00,
    "naive_precursors": 3.27,
    "treg_set_point": 0.70,
    "pdl1_density": 0.80,
    "anti_pdl1_clearance": 0.29,
    "anti_pdl1_central_volume": 0.18,
    "anti_pdl1_peripheral_volume": 0.34,
    "chemo_log_kill": 1.41,
    "autoreactivity_set_point": 0.273,
    "neutrophil_drug_slope": 0.40,
}


@dataclass(frozen=True)
class Course:
    """Patients of both arms at their first dose; rows 0..N-1 atezolizumab, N..2N-1 docetaxel."""

    states: Floats
    parameters: Floats
    antibody_dose: Floats
    chemo_dose: Floats

    def head(self, count: int) -> Course:
        """Return the first ``count`` patients of each arm."""
        half = len(self.states) // 2
        rows = np.r_[:count, half : half + count]
        return Course(
            self.states[rows], self.parameters[rows], self.antibody_dose[rows], self.chemo_dose[rows]
        )


def patients(compiled: CompiledModel, count: int, seed: int = 1) -> Course:
    """Draw patients and let each tumour settle for 400 days with its size held (the core model's burn-in)."""
    random = np.random.default_rng(seed)
    state, parameter = compiled.state_index, compiled.parameter_index
    p = compiled.default_parameters(count)
    for name, sigma in SPREAD.items():
        p[:, parameter[name]] *= random.lognormal(0.0, sigma, count)
    sld = random.lognormal(4.144, 0.650, count)
    cells = 0.85 * np.pi / 6 * sld**3 / 4 / 1000 / p[:, parameter["cancer_cell_volume"]]
    resistant = 0.9 / (1 + np.exp(3 - 1.5 * random.standard_normal(count)))
    lost = np.minimum(0.5, 10.0 ** (-3 + random.standard_normal(count)))
    y = np.zeros((count, len(compiled.states)))
    shares = {
        "cancer_chemo_resistant": resistant,
        "cancer_antigen_loss": lost,
        "cancer_targeted_resistant": 1e-5,
        "cancer_multi_resistant": 1e-6,
        "cancer_sensitive": np.maximum(1 - resistant - lost, 0.01),
        "regulatory_t_cells": p[:, parameter["treg_set_point"]],
        "stroma": p[:, parameter["stroma_fraction"]] * p[:, parameter["cancer_cell_volume"]],
    }
    for name, share in shares.items():
        y[:, state[name]] = share * cells
    values = {"naive_pool": 1.0, "pdl1_induction": 1.0, "hormone": 1.0, "effector_t_cells": 1e-3}
    values["autoreactivity"] = p[:, parameter["autoreactivity_set_point"]]
    values |= {
        name: p[:, parameter["neutrophil_baseline"]] for name in state if name.startswith("neutrophil")
    }
    for name, value in values.items():
        y[:, state[name]] = value

    p[:, parameter["tumour_dynamics_on"]] = 0.0
    settled = compiled.integrate(y, p, 0.0, 400.0, rtol=1e-8)
    assert not settled.failed.any()
    p[:, parameter["tumour_dynamics_on"]] = 1.0
    observed = compiled.observe(settled.states, p)
    p[:, parameter["baseline_sld"]] = sld
    p[:, parameter["baseline_volume"]] = observed[:, compiled.observable_index["tumour_volume"]]
    p[:, parameter["baseline_cancer_cells"]] = observed[:, compiled.observable_index["cancer_cells"]]

    none = np.zeros(count)
    return Course(
        np.tile(settled.states, (2, 1)),
        np.tile(p, (2, 1)),
        np.r_[1200.0 / p[:, parameter["anti_pdl1_central_volume"]], none],
        np.r_[none, 75.0 / p[:, parameter["chemo_central_volume"]]],
    )


def run_unmask(
    compiled: CompiledModel, course: Course, rtol: float
) -> tuple[Floats, NDArray[np.bool_], float]:
    """Return sld (visit, patient), failed (patient,) and the seconds taken."""
    y = course.states.copy()
    failed = np.zeros(len(y), dtype=bool)
    states, step = [], None
    start = time.perf_counter()
    for visit in range(VISITS):
        y[:, compiled.state_index["anti_pdl1_central"]] += course.antibody_dose
        y[:, compiled.state_index["chemo_central"]] += course.chemo_dose
        begin = visit * INTERVAL
        done = compiled.integrate(y, course.parameters, begin, begin + INTERVAL, rtol=rtol, step_size=step)
        y, step = done.states, 0.2 * done.step_size  # a dose follows
        failed |= done.failed
        states.append(y.copy())
    seconds = time.perf_counter() - start
    return sizes(compiled, course, states), failed, seconds


def run_peer(
    compiled: CompiledModel, course: Course, advance: peers.Advance, rtol: float
) -> tuple[Floats, NDArray[np.bool_], float]:
    """The same, one patient after the other."""
    floors = np.array([s.extinct_below if s.extinct_below > 0 else 0.0 for s in compiled.model.species])
    antibody, chemo = compiled.state_index["anti_pdl1_central"], compiled.state_index["chemo_central"]
    states = np.empty((VISITS, *course.states.shape))
    failed = np.zeros(len(course.states), dtype=bool)
    start = time.perf_counter()
    for row, p in enumerate(course.parameters):
        y = course.states[row].copy()
        for visit in range(VISITS):
            y[antibody] += course.antibody_dose[row]
            y[chemo] += course.chemo_dose[row]
            after = advance(y, p, visit * INTERVAL, (visit + 1) * INTERVAL, rtol)
            if after is None:
                failed[row] = True
                states[visit:, row] = y
                break
            y = after
            y[y < floors] = 0.0
            states[visit, row] = y
    seconds = time.perf_counter() - start
    return sizes(compiled, course, list(states)), failed, seconds


def sizes(compiled: CompiledModel, course: Course, states: list[Floats]) -> Floats:
    """Return sld (visit, patient)."""
    column = compiled.observable_index["sld"]
    return np.array([compiled.observe(y, course.parameters)[:, column] for y in states])


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    label: str
    rtol: float
    speed: float
    worst: float
    median: float
    failed: int

    def __str__(self) -> str:
        return (
            f"{self.label:<44}{self.rtol:>8.0e}{self.speed:>12.1f}{self.worst:>12.1e}{self.median:>12.1e}"
            f"{self.failed:>8d}"
        )


def line(label: str, rtol: float, result: tuple[Floats, NDArray[np.bool_], float], reference: Floats) -> Row:
    """Print and return one row of the table."""
    found, failed, seconds = result
    error = (np.abs(found - reference) / reference).max(axis=0)[~failed]
    row = Row(label, rtol, len(failed) / seconds, error.max(), float(np.median(error)), int(failed.sum()))
    print(row, flush=True)
    return row


def ratios(ours: list[Row], theirs: list[Row]) -> None:
    """Print, for every row of the others, the fastest of ours whose worst and median are no larger."""
    print("\ntimes as fast at equal or better accuracy (worst and median)")
    for row in theirs:
        equal = [own for own in ours if own.worst <= row.worst and own.median <= row.median]
        if equal:
            own = max(equal, key=lambda each: each.speed)
            print(f"  {own.speed / row.speed:6.0f}  {row.label} {row.rtol:.0e} <- {own.label} {own.rtol:.0e}")
        else:
            print(f"       -  {row.label} {row.rtol:.0e}: none of ours is as accurate")


def best(run: Callable[[], tuple[Floats, NDArray[np.bool_], float]], times: int = 3):
    """Repeat a short run and keep the fastest, as other work on the machine only slows it down."""
    return min((run() for _ in range(times)), key=lambda result: result[2])


def startup(model: Model) -> tuple[float, float]:
    """Return the seconds from the model to ready machine code: with an empty cache folder, and from the cache."""
    before = os.environ.get("UNMASK_CACHE_DIR")
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["UNMASK_CACHE_DIR"] = folder
        for _ in range(2):
            start = time.perf_counter()
            kernels(model, METHODS["rodas4"])
            seconds.append(time.perf_counter() - start)
    os.environ.pop("UNMASK_CACHE_DIR")
    if before is not None:
        os.environ["UNMASK_CACHE_DIR"] = before
    return seconds[0], seconds[1]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--patients", type=int, default=100, help="patients per arm for every solver")
    options.add_argument("--large", type=int, default=2000, help="patients per arm for Unmask's throughput")
    options.add_argument("--quick", action="store_true", help="one tolerance for each of the others")
    chosen = options.parse_args()

    model = load("core")
    print(f"core model: {len(model.species)} states, {len(model.parameters)} parameters")
    first, again = startup(model)
    print(f"model to machine code: {first:.2f} s, from the cache {again:.3f} s")
    compiled, tight = compile_model(model), compile_model(model, "rodas5p")
    everyone = patients(compiled, max(chosen.patients, chosen.large))
    course, crowd = everyone.head(chosen.patients), everyone.head(chosen.large)
    reference, failed, _ = run_unmask(tight, course, 1e-11)
    reference_crowd, failed_crowd, _ = run_unmask(tight, crowd, 1e-11)
    assert not failed.any() and not failed_crowd.any()
    print(f"{2 * chosen.patients} patients (both arms) for every solver, one core\n")
    print(f"{'solver':<44}{'rtol':>8}{'patients/s':>12}{'worst':>12}{'median':>12}{'failed':>8}")

    ours: list[Row] = []
    theirs: list[Row] = []
    for method, each in (("rodas4", compiled), ("rodas5p", tight)):
        for rtol in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
            run = best(lambda e=each, r=rtol: run_unmask(e, course, r))
            ours.append(line(f"Unmask {method}", rtol, run, reference))
    for rtol in (1e-3, 1e-4, 1e-6):
        result = best(lambda r=rtol: run_unmask(compiled, crowd, r))
        line(f"Unmask rodas4, {2 * chosen.large} patients", rtol, result, reference_crowd)

    functions = peers.numba_functions(model)
    others = {
        "libroadrunner, CVODE": peers.roadrunner(model),
        "SciPy LSODA, Numba rates and Jacobian": peers.scipy_lsoda(model, functions),
        "SciPy BDF, Numba rates and Jacobian": peers.scipy_implicit(model, functions, "BDF"),
    }
    for label, advance in others.items():
        few = course.head(max(1, chosen.patients // 10)) if "BDF" in label else course
        columns = np.r_[: len(few.states) // 2, chosen.patients : chosen.patients + len(few.states) // 2]
        for rtol in (1e-6,) if chosen.quick else (1e-3, 1e-4, 1e-6, 1e-8):
            run = run_peer(compiled, few, advance, rtol)
            theirs.append(line(label, rtol, run, reference[:, columns]))
    ratios(ours, theirs)
    check, failed, _ = run_peer(
        compiled, course.head(5), others["SciPy LSODA, Numba rates and Jacobian"], 1e-11
    )
    columns = np.r_[:5, chosen.patients : chosen.patients + 5]
    apart = (np.abs(check - reference[:, columns]) / check)[:, ~failed].max()
    print(f"\nreference (Unmask rodas5p, rtol 1e-11) against LSODA at 1e-11, 10 patients: {apart:.1e}")


if __name__ == "__main__":
    main()
