"""Taking patients through time: doses, events, outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.engine import CompiledModel, Status, compile_model
from unmask.engine.breakpoints import breakpoints
from unmask.engine.course import Course
from unmask.engine.events import run_course, triggers_before
from unmask.errors import ConfigurationError
from unmask.model.evaluate import Expressions
from unmask.model.system import Model
from unmask.simulation.dosing import Dosing, schedule
from unmask.simulation.population import Population
from unmask.simulation.tolerances import watched_shares

Floats = NDArray[np.float64]
MOST_VALUES = 200_000_000
"""Outputs (patients x times x states) that are kept in memory at once."""
_BLOCK_VALUES = 4_000_000
# An amount this far below the largest that a substance reaches is as good as nothing.
_NEGLIGIBLE_SHARE, _SMALLEST = 1e-9, 1e-140
_PILOT_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Trajectories:
    """What was simulated.

    Attributes
    ----------
    patients
        Labels of the N patients.
    times
        (G,) in the model's unit of time.
    names, units
        Of the O observables.
    observed
        (N, G, O); NaN after a patient failed.
    status
        (N,) of :class:`unmask.engine.Status`.
    steps
        (N,) steps tried.
    reached
        (N,) the time each patient came to.
    """

    model: Model
    patients: tuple[str, ...]
    times: Floats
    names: tuple[str, ...]
    units: tuple[str, ...]
    observed: Floats
    status: NDArray[np.int8]
    steps: NDArray[np.int64]
    reached: Floats

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(N,) whether a patient did not come to the end."""
        return np.asarray(self.status != Status.OK)

    def failures(self) -> dict[str, int]:
        """Return sentence -> number of patients, for those who failed."""
        found: dict[str, int] = {}
        for value in self.status[self.failed]:
            reason = Status(int(value)).reason
            found[reason] = found.get(reason, 0) + 1
        return found

    def table(self) -> pd.DataFrame:
        """Return a row for each patient and time: ``patient``, ``time``, the observables."""
        count = len(self.times)
        columns: dict[str, object] = {
            "patient": np.repeat(np.array(self.patients, dtype=object), count),
            "time": np.tile(self.times, len(self.patients)),
        }
        for index, name in enumerate(self.names):
            columns[name] = self.observed[:, :, index].ravel()
        return pd.DataFrame(columns)


def simulate(
    model: Model,
    start: Population,
    times: Floats,
    doses: Sequence[Dosing] = (),
    *,
    rtol: float = 1e-6,
    threads: int = 1,
    method: str = "rodas4",
    max_steps: int = 100_000,
    tolerances: Floats | None = None,
) -> Trajectories:
    """Return the trajectories of a population.

    Parameters
    ----------
    model
        Its ``observables`` are what is returned.
    start
        From :func:`unmask.simulation.population.population`.
    times
        (G,) ascending times of output; the first is the start.
    doses
        Given to every patient.
    rtol
        Relative tolerance.
    tolerances
        (states,) absolute tolerances; by default a billionth of the largest amount that each state reaches in the
        first patient, found by a first run, less where an event waits for something smaller.

    Raises
    ------
    ConfigurationError
        A dose of what the model does not have, times that do not ascend, more outputs than fit.
    """
    if not len(times) or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise ConfigurationError("simulation.bad_times")
    for dose in doses:
        if dose.times and min(dose.times) < times[0]:
            raise ConfigurationError(
                "simulation.dose_before_start",
                species=dose.species,
                time=min(dose.times),
                start=float(times[0]),
            )
    if start.size * len(times) * max(len(model.observables), 1) > MOST_VALUES:
        raise ConfigurationError(
            "simulation.too_many_outputs",
            patients=start.size,
            times=len(times),
            observables=len(model.observables),
            most=MOST_VALUES,
        )
    if tolerances is None:
        tolerances = typical_tolerances(model, start, times, doses, method)
    model = with_tolerances(model, tolerances)
    compiled = compile_model(model, method)
    values = np.full((start.size, len(times), len(model.observables)), np.nan)
    status = np.zeros(start.size, dtype=np.int8)
    steps = np.zeros(start.size, dtype=np.int64)
    reached = np.zeros(start.size)
    block = max(1, _BLOCK_VALUES // max(1, len(times) * len(model.species)))
    for first in range(0, start.size, block):
        rows = slice(first, first + block)
        course = start_course(compiled, start, rows, times, doses)
        run_course(
            compiled,
            course,
            float(times[-1]),
            rtol=rtol,
            max_steps=max_steps,
            threads=threads,
            first=first,
        )
        values[rows] = _observed(compiled, course)
        status[rows], steps[rows], reached[rows] = course.status, course.steps, course.time
    return Trajectories(
        model,
        start.labels,
        np.asarray(times, dtype=float),
        model.observables,
        tuple(model.units[name] for name in model.observables),
        values,
        status,
        steps,
        reached,
    )


def with_tolerances(model: Model, tolerances: Floats) -> Model:
    """Return the model with these absolute tolerances of its states."""
    species = tuple(
        replace(item, absolute_tolerance=float(value))
        for item, value in zip(model.species, tolerances, strict=True)
    )
    return replace(model, species=species)


def typical_tolerances(
    model: Model, start: Population, times: Floats, doses: Sequence[Dosing], method: str = "rodas4"
) -> Floats:
    """Return (states,) absolute tolerances from a first run of the first patient.

    Models of one's own mix cells by the billion with molecules by the thousand, and no single number fits both. What
    a model of Unmask declares for its species stands.
    """
    declared = np.array([item.absolute_tolerance for item in model.species])
    if model.origin:
        return declared
    compiled = compile_model(model, method)
    first = Population(model, start.labels[:1], start.states[:1], start.parameters[:1])
    course = start_course(compiled, first, slice(0, 1), times, doses)
    run_course(compiled, course, float(times[-1]), rtol=_PILOT_TOLERANCE, max_steps=100_000)
    if course.failed.any():
        return declared  # on the way into a singularity a state may have been of any size
    seen = np.concatenate([course.output[0], course.states, first.states])
    sizes = np.abs(seen)
    largest = np.nanmax(np.where(np.isfinite(sizes), sizes, np.nan), axis=0, initial=0.0)
    share: float | Floats = _NEGLIGIBLE_SHARE
    if model.events:
        moments = np.concatenate([times, course.time, times[:1]])
        share = share * watched_shares(model, moments, seen, first.parameters[0])
    return np.where(largest > 0, np.maximum(share * largest, _SMALLEST), declared)


def start_course(
    compiled: CompiledModel, start: Population, rows: slice, times: Floats, doses: Sequence[Dosing]
) -> Course:
    """Return patients at the start of a course with doses, outputs at ``times``, and stops where equations jump."""
    model = compiled.model
    states, parameters = start.states[rows], start.parameters[rows]
    count = len(states)
    given = schedule(model, doses)
    stops = np.broadcast_to(given.times, (count, len(given.times)))
    amounts = np.broadcast_to(given.amounts, (count, *given.amounts.shape))
    jumps = _jumps(model, parameters)
    # Every output ends a step: between steps the method's continuous extension is less accurate for what follows fast
    # inputs, and a condition may hold for a part of a long step only.
    jumps = np.concatenate([jumps, np.broadcast_to(times, (count, len(times)))], axis=1)
    both = np.concatenate([stops, jumps], axis=1)
    order = np.argsort(both, axis=1, kind="stable")
    nothing = np.zeros((count, jumps.shape[1], amounts.shape[2]))
    amounts = np.take_along_axis(np.concatenate([amounts, nothing], axis=1), order[:, :, None], axis=1)
    return compiled.course(
        states,
        parameters,
        float(times[0]),
        stops=np.take_along_axis(both, order, axis=1),
        dosed=[int(column) for column in given.states],
        amounts=amounts,
        grid=times,
        was=triggers_before(model, count),
    )


def _jumps(model: Model, parameters: Floats) -> Floats:
    """(N, K) times at which something in the equations may jump, so that no step passes over a short pulse."""
    expressions = breakpoints(model)
    if not expressions:
        return np.zeros((len(parameters), 0))
    function = Expressions(model.parameter_names, {f"jump {i}": x for i, x in enumerate(expressions)})
    found = function(*parameters.T).values()
    times = np.stack(
        [np.broadcast_to(np.asarray(item, dtype=float), (len(parameters),)) for item in found], axis=1
    )
    times = np.sort(np.where(np.isfinite(times), times, np.inf), axis=1)
    # What holds between two jumps and at neither (t > a and t < b) is seen half-way.
    middle = 0.5 * (times[:, :-1] + times[:, 1:])
    return np.sort(np.concatenate([times, middle], axis=1), axis=1)


def _observed(compiled: CompiledModel, course: Course) -> Floats:
    """(N, G, O) observables at the times of output."""
    patients, times, states = course.output.shape
    flat = course.output.reshape(-1, states)
    parameters = np.repeat(course.parameters, times, axis=0)
    grid = np.tile(course.grid, patients)
    return compiled.observe(flat, parameters, grid).reshape(patients, times, -1)
