"""QSP-IO example 1: 100 patients, 400 days, 29 doses, outputs every day; Unmask beside libroadrunner and SciPy.

Accuracy is that of the tumour's diameter and of its T-cell count, relative, worst day of each patient (worst and
median patient). The diameter's reference is CVODE at rtol 1e-12 (see ``qspio_example``), that of the T cells Unmask's
rodas5p at 1e-11, whose diameters agree with CVODE's to 5e-10.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import engine_peers as peers
import qspio_example as example
from engine_rows import Contender, Run, compare
from unmask.engine import CompiledModel, Status, compile_model
from unmask.model.system import Model

Floats = NDArray[np.float64]
CELLS = ("V_T_C_x", "V_T_T_exh", "V_T_C1", "V_T_T1", "V_T_T0")


def by_unmask(compiled: CompiledModel, who: example.Patients, rtol: float, threads: int = 1) -> Run:
    """Integrate all patients with Unmask, extinction carried out between two calls."""
    cancer = compiled.state_index["V_T_C1"]
    start = time.perf_counter()
    course = compiled.course(
        who.states,
        who.parameters,
        stops=example.DOSES,
        dosed=["n_V_C_nivolumab"],
        amounts=who.dose,
        grid=example.DAYS,
        saved=CELLS,
    )
    rows = compiled.advance(course, 400.0, rtol=rtol, threads=threads)
    while rows.size:
        fired = rows[course.was[rows, 0] == 0]
        course.states[fired, cancer] = 0.0
        course.was[rows] = compiled.triggers(course.states[rows], course.parameters[rows], course.time[rows])
        rows = compiled.advance(course, 400.0, rows=rows, rtol=rtol, threads=threads)
    seconds = time.perf_counter() - start
    names = tuple(Status(int(value)).name for value in course.status)
    found = observed(compiled.model, who.parameters, course.output)
    return Run(found, names, seconds, int(course.steps.sum()))


def observed(model: Model, parameters: Floats, cells: Floats) -> tuple[Floats, Floats]:
    """Return diameters in cm and T cells of (patients, days, 5) cells."""
    place = {name: index for index, name in enumerate(model.parameter_names)}
    least, cancer, t_cell = (parameters[:, place[n], None] for n in ("V_Tmin", "vol_cell", "vol_Tcell"))
    dead, exhausted, alive, effector, regulatory = np.moveaxis(cells, 2, 0)
    volume = least + cancer * (dead + alive) + t_cell * (exhausted + effector + regulatory)
    return np.cbrt(6 * volume / np.pi) / 1e4, effector + regulatory


def roadrunner(model: Model, who: example.Patients) -> Callable[[float], Run]:
    """Return a function that integrates all patients with libroadrunner, from dose to dose, outputs every day."""
    import roadrunner as rr

    rr.Logger.setLevel(rr.Logger.LOG_FATAL)
    runner = rr.RoadRunner(str(example.FOLDER / "example1_control.xml"))
    integrator = runner.getIntegrator()
    integrator.setValue("stiff", True)
    integrator.setValue("variable_step_size", False)
    integrator.setValue("maximum_num_steps", 100_000)
    names = [name.removeprefix("n_") for name in model.species_names]
    ids = list(runner.model.getFloatingSpeciesIds())
    order = [names.index(name) for name in ids]
    tolerances = [model.species[index].absolute_tolerance for index in order]
    own = {name: index for index, name in enumerate(model.parameter_names)}
    globals_ = [name for name in runner.model.getGlobalParameterIds() if name in own]
    places = [list(runner.model.getGlobalParameterIds()).index(name) for name in globals_]
    columns = [own[name] for name in globals_]
    every = list(range(len(ids)))
    drug = ids.index("V_C_nivolumab")
    runner.timeCourseSelections = list(CELLS)
    ends = [*example.DOSES[1:], 400.0]

    def run(rtol: float) -> Run:
        integrator.setValue("relative_tolerance", rtol)
        integrator.setValue("absolute_tolerance", tolerances)
        cells = np.full((len(who.states), len(example.DAYS), len(CELLS)), np.nan)
        status = []
        begin = time.perf_counter()
        for row, (states, p) in enumerate(zip(who.states, who.parameters, strict=True)):
            runner.reset()
            runner.model.setGlobalParameterValues(places, p[columns])
            runner.model.setFloatingSpeciesAmounts(every, states[order])
            try:
                for start, end in zip(example.DOSES, ends, strict=True):
                    amounts = runner.model.getFloatingSpeciesAmounts()
                    amounts[drug] += who.dose
                    runner.model.setFloatingSpeciesAmounts(every, amounts)
                    days = int(end - start)
                    cells[row, int(start) : int(end) + 1] = runner.simulate(start, end, days + 1)
                status.append("OK")
            except RuntimeError:
                status.append("CVODE")
        seconds = time.perf_counter() - begin
        return Run(observed(model, who.parameters, cells), tuple(status), seconds)

    return run


def lsoda(
    model: Model, who: example.Patients, functions: tuple[Callable, Callable]
) -> Callable[[float], Run]:
    """Return a function that integrates patients with SciPy's LSODA, Numba rates and Jacobian, no extinction."""
    from scipy.integrate import odeint

    rates, jacobian = functions
    tolerances = [species.absolute_tolerance for species in model.species]
    saved = [model.species_names.index(name) for name in CELLS]
    drug, cancer = (model.species_names.index(name) for name in ("n_V_C_nivolumab", "V_T_C1"))
    ends = [*example.DOSES[1:], 400.0]

    def run(rtol: float) -> Run:
        cells = np.full((len(who.states), len(example.DAYS), len(CELLS)), np.nan)
        status = ["OK"] * len(who.states)
        begin = time.perf_counter()
        for row, (states, p) in enumerate(zip(who.states, who.parameters, strict=True)):
            y = states.copy()
            for start, end in zip(example.DOSES, ends, strict=True):
                y[drug] += who.dose
                if y[cancer] < 0.9:
                    y[cancer] = 0.0
                path, info = odeint(
                    rates, y, np.arange(start, end + 1), (p,), jacobian, rtol=rtol, atol=tolerances,
                    tfirst=True, full_output=True, mxstep=100_000,
                )  # fmt: skip
                if info["message"] != "Integration successful.":
                    status[row] = "LSODA"
                    break
                cells[row, int(start) : int(end) + 1] = path[:, saved]
                y = path[-1]
        seconds = time.perf_counter() - begin
        return Run(observed(model, who.parameters, cells), tuple(status), seconds)

    return run


def table(quick: bool, few: int = 20) -> None:
    """Print the whole comparison."""
    model = example.build()
    who = example.patients(model)
    compiled = {name: compile_model(model, name) for name in ("rodas4", "rodas5p")}
    tight = by_unmask(compiled["rodas5p"], who, 1e-11)
    apart = (np.abs(tight.quantities[0] - who.diameters) / who.diameters).max()
    reference = Run((who.diameters, tight.quantities[1]), tight.status, tight.seconds)
    ours = [
        Contender(
            f"Unmask {name}",
            lambda rtol, e=each: by_unmask(e, who, rtol),
            (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7),
            7,
        )
        for name, each in compiled.items()
    ]
    some = example.Patients(who.states[:few], who.parameters[:few], who.diameters[:few], who.dose)
    by_lsoda = lsoda(model, some, peers.numba_functions(model))
    theirs = [
        Contender(
            "libroadrunner, CVODE",
            roadrunner(model, who),
            (1e-4, 1e-6) if quick else (1e-3, 1e-4, 1e-6, 1e-8),
            2,
        ),
        Contender(f"SciPy LSODA, {few} patients", by_lsoda, (1e-4,) if quick else (1e-4, 1e-6)),
    ]
    size = f"{len(who.states)} patients, 400 days, {len(example.DOSES)} doses, daily outputs, one core"
    compare(f"QSP-IO example 1: {size}", ["diameter", "T cells"], ours, theirs, reference)
    print(f"\ndiameters of rodas5p at 1e-11 against CVODE at 1e-12: {apart:.1e}")


if __name__ == "__main__":
    table(quick=False)
