"""The core model over a trial's schedule, Unmask beside libroadrunner and SciPy.

One "patient" is one virtual patient in one arm for 117 weeks: 39 intervals of three weeks, each after a dose
(atezolizumab 1200 mg, or a docetaxel cycle), with the doses, extinction and non-negativity applied between
intervals in the same way for every solver. The error is that of the sum of lesion diameters on the 39 visits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import engine_peers as peers
from engine_rows import Contender, Run, compare
from unmask.engine import CompiledModel, Status, compile_model
from unmask.model.catalogue import load

VISITS, INTERVAL = 39, 21.0
TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
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
    """Patients of both arms at their first dose; even rows atezolizumab, odd ones docetaxel."""

    states: Floats
    parameters: Floats
    antibody_dose: Floats
    chemo_dose: Floats

    def head(self, count: int) -> Course:
        """Return the first ``count`` patients of each arm."""
        rows = slice(2 * count)
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
        np.repeat(settled.states, 2, axis=0),
        np.repeat(p, 2, axis=0),
        np.column_stack([1200.0 / p[:, parameter["anti_pdl1_central_volume"]], none]).ravel(),
        np.column_stack([none, 75.0 / p[:, parameter["chemo_central_volume"]]]).ravel(),
    )


def by_intervals(compiled: CompiledModel, course: Course, rtol: float, threads: int = 1) -> Run:
    """From visit to visit with ``integrate``, as a trial does it."""
    y = course.states.copy()
    status = np.zeros(len(y), dtype=int)
    states, step, steps = [], None, 0
    start = time.perf_counter()
    for visit in range(VISITS):
        y[:, compiled.state_index["anti_pdl1_central"]] += course.antibody_dose
        y[:, compiled.state_index["chemo_central"]] += course.chemo_dose
        begin = visit * INTERVAL
        done = compiled.integrate(
            y, course.parameters, begin, begin + INTERVAL, rtol=rtol, step_size=step, threads=threads
        )
        y, step = done.states, 0.2 * done.step_size  # a dose follows
        status = np.where(status == 0, done.status, status)
        steps += int(done.steps.sum())
        states.append(y.copy())
    seconds = time.perf_counter() - start
    return _run(compiled, course, states, [Status(int(each)).name for each in status], seconds, steps)


def by_peer(compiled: CompiledModel, course: Course, advance: peers.Advance, rtol: float) -> Run:
    """The same, one patient after the other."""
    floors = np.array([s.extinct_below if s.extinct_below > 0 else 0.0 for s in compiled.model.species])
    antibody, chemo = compiled.state_index["anti_pdl1_central"], compiled.state_index["chemo_central"]
    states = np.empty((VISITS, *course.states.shape))
    status = ["OK"] * len(course.states)
    start = time.perf_counter()
    for row, p in enumerate(course.parameters):
        y = course.states[row].copy()
        for visit in range(VISITS):
            y[antibody] += course.antibody_dose[row]
            y[chemo] += course.chemo_dose[row]
            after = advance(y, p, visit * INTERVAL, (visit + 1) * INTERVAL, rtol)
            if after is None:
                status[row] = "SOLVER"
                states[visit:, row] = y
                break
            y = after
            y[y < floors] = 0.0
            states[visit, row] = y
    return _run(compiled, course, list(states), status, time.perf_counter() - start, 0)


def _run(
    compiled: CompiledModel,
    course: Course,
    states: list[Floats],
    status: list[str],
    seconds: float,
    steps: int,
) -> Run:
    column = compiled.observable_index["sld"]
    sizes = np.array([compiled.observe(y, course.parameters)[:, column] for y in states])
    return Run((sizes.T,), tuple(status), seconds, steps)


def tables(count: int, large: int, quick: bool) -> None:
    """Print the comparison for ``count`` patients an arm, and Unmask alone for ``large``."""
    model = load("core")
    compiled, tight = compile_model(model), compile_model(model, "rodas5p")
    everyone = patients(compiled, max(count, large))
    course, crowd = everyone.head(count), everyone.head(large)
    reference, reference_crowd = (by_intervals(tight, each, 1e-11) for each in (course, crowd))
    ours = [
        Contender(f"Unmask {name}", lambda rtol, e=each: by_intervals(e, course, rtol), TOLERANCES, 3)
        for name, each in (("rodas4", compiled), ("rodas5p", tight))
    ]
    functions = peers.numba_functions(model)
    others = {
        "libroadrunner, CVODE": peers.roadrunner(model),
        "SciPy LSODA, Numba rates and Jacobian": peers.scipy_lsoda(model, functions),
        "SciPy BDF, Numba rates and Jacobian": peers.scipy_implicit(model, functions, "BDF"),
    }
    theirs = []
    for label, advance in others.items():
        few = course.head(max(1, count // 10)) if "BDF" in label else course
        tolerances = (1e-6,) if quick else (1e-3, 1e-4, 1e-6, 1e-8)
        theirs.append(
            Contender(label, lambda rtol, a=advance, f=few: by_peer(compiled, f, a, rtol), tolerances)
        )
    title = f"core model, {len(model.species)} states: {2 * count} patients (both arms), 39 doses, one core"
    compare(title, ["sld"], ours, theirs, reference)
    alone = [
        Contender("Unmask rodas4", lambda rtol: by_intervals(compiled, crowd, rtol), (1e-3, 1e-4, 1e-6), 3)
    ]
    compare(f"core model, {2 * large} patients", ["sld"], alone, [], reference_crowd)
    check = by_peer(compiled, course.head(5), others["SciPy LSODA, Numba rates and Jacobian"], 1e-11)
    mine = by_intervals(tight, course.head(5), 1e-11)
    apart = (np.abs(check.quantities[0] - mine.quantities[0]) / check.quantities[0]).max()
    print(f"\nreference (Unmask rodas5p, rtol 1e-11) against LSODA at 1e-11, 10 patients: {apart:.1e}")
