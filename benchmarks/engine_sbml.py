"""Any SBML file: Unmask beside libroadrunner, patients whose parameters vary by 20 %.

    python benchmarks/engine.py --sbml FILE.xml [--until 100] [--patients 100]

The error is that of every observable at 101 times, as a share of the largest value that it has in that patient, worst
of each patient, against Unmask's rodas5p at rtol 1e-11. Both solvers have the same absolute tolerances.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd

from engine_rows import Contender, Run, compare
from unmask.engine import Status
from unmask.model.sbml.reader import read_model
from unmask.simulation.population import population
from unmask.simulation.requests import with_observables
from unmask.simulation.trajectories import simulate, typical_tolerances

SPREAD = 0.2


def table(file: Path, until: float, patients: int) -> None:
    """Print the comparison for one file."""
    model = read_model(file, units="as-written").model
    model = with_observables(model, None)
    # What decides the start and events stays: programs differ in what they compute anew when a parameter is set.
    computed = {rule.name for rule in model.initial} | {item.volume for item in model.contents.values()}
    computed |= {symbol.name for rule in model.initial for symbol in rule.expression.free_symbols}
    for event in model.events:
        parts = (event.trigger, *(value for _, value in event.assignments))
        computed |= {symbol.name for part in parts for symbol in part.free_symbols}
    for rule in reversed(model.rules):
        if rule.name in computed:
            computed |= {symbol.name for symbol in rule.expression.free_symbols}
    varied = [item.name for item in model.parameters if item.value > 0 and item.name not in computed]
    varied = [name for name in varied if name not in model.contents]
    random = np.random.default_rng(1)
    nominal = {item.name: item.value for item in model.parameters}
    people = pd.DataFrame({n: nominal[n] * random.lognormal(0, SPREAD, patients) for n in varied})
    start = population(model, people)
    times = np.linspace(0.0, until, 101)
    tolerances = typical_tolerances(model, start, times, ())

    def ours(method: str, rtol: float) -> Run:
        begin = time.perf_counter()
        found = simulate(model, start, times, rtol=rtol, method=method, tolerances=tolerances)
        seconds = time.perf_counter() - begin
        return Run(
            (found.observed,),
            tuple(Status(int(s)).name for s in found.status),
            seconds,
            int(found.steps.sum()),
        )

    tight = ours("rodas5p", 1e-11)
    scale = np.nanmax(np.abs(tight.quantities[0]), axis=1, keepdims=True)
    scale[scale == 0] = 1.0

    def scaled(run: Run) -> Run:
        # compare() takes errors relative to the value: one added to a share of the largest makes them that share.
        shares = 1.0 + (run.quantities[0] / scale[: len(run.status)]).reshape(len(run.status), -1)
        return Run((shares,), run.status, run.seconds, run.steps)

    contenders = [
        Contender(f"Unmask {name}", lambda rtol, n=name: scaled(ours(n, rtol)), (1e-3, 1e-4, 1e-6, 1e-8), 3)
        for name in ("rodas4", "rodas5p")
    ]
    peer = _roadrunner(file, people, model.observables, times, tolerances, list(model.species_names))
    theirs = [Contender("libroadrunner, CVODE", lambda rtol: scaled(peer(rtol)), (1e-4, 1e-6, 1e-8))]
    size = f"{patients} patients, until {until:g}, {len(model.species)} states, {len(model.events)} events, one core"
    compare(f"{file.name}: {size}", ["all"], contenders, theirs, scaled(tight))


def _roadrunner(
    file: Path, people: pd.DataFrame, names: tuple[str, ...], times: np.ndarray, tolerances, states
):
    import roadrunner as rr

    rr.Logger.setLevel(rr.Logger.LOG_FATAL)
    runner = rr.RoadRunner(str(file))
    integrator = runner.getIntegrator()
    integrator.setValue("stiff", True)
    integrator.setValue("maximum_num_steps", 100_000)
    known = set(runner.model.getGlobalParameterIds())
    columns = [name for name in people if name in known]
    floating = list(runner.model.getFloatingSpeciesIds())
    held = dict(zip(states, tolerances, strict=True))
    own = [held.get(f"{name}_amount", held.get(name, 1e-12)) for name in floating]
    # What rate rules change has no place in libroadrunner's list of tolerances: then one number for all.
    absolute = own if len(own) == len(states) else min(tolerances)
    concentrations = set(names) & set(floating) - set(held)
    runner.timeCourseSelections = [f"[{name}]" if name in concentrations else name for name in names]

    def run(rtol: float) -> Run:
        integrator.setValue("relative_tolerance", rtol)
        integrator.setValue("absolute_tolerance", absolute)
        found = np.full((len(people), len(times), len(names)), np.nan)
        status = []
        begin = time.perf_counter()
        for row, values in enumerate(people[columns].to_numpy()):
            runner.resetToOrigin()
            for name, value in zip(columns, values, strict=True):
                runner[name] = value
            try:
                found[row] = runner.simulate(times[0], times[-1], len(times))
                status.append("OK")
            except RuntimeError:
                status.append("CVODE")
        return Run((found,), tuple(status), time.perf_counter() - begin)

    return run
