"""Patients on their way through a course of doses, outputs and events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmask.engine.arrays import Floats, ascending, matrix, spread, times
from unmask.engine.status import Status
from unmask.engine.targets.cpu.block import ARRAYS, COUNTS
from unmask.engine.targets.cpu.machine import Kernels
from unmask.engine.threads import in_threads
from unmask.errors import ConfigurationError

if TYPE_CHECKING:
    from unmask.engine.compiled import CompiledModel

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Course:
    """Where the patients of a course are; the arrays change as they advance, and may be changed in between.

    Attributes
    ----------
    states, parameters
        (N, states), (N, parameters).
    time, step_size
        (N,) time reached, and the step that is due (0: the engine chooses).
    status
        (N,) int8 of :class:`Status` at the end of the last call.
    steps, rejected
        (N,) steps tried (also while an event's moment was sought), and steps rejected, since the start.
    stops, next_stop
        (N, K) ascending times, and (N,) how many of them the patient has had.
    dosed, amounts
        (D,) columns of states, and (N, K, D) what is added to them at each stop.
    grid, next_output
        (G,) ascending times, and (N,) how many of them the patient has passed.
    saved, output
        (S,) columns of states, and (N, G, S) their values at the grid's times; NaN where not reached.
    was
        (N, E) int8, the value of each event's trigger at the patient's time.
    """

    states: Floats
    parameters: Floats
    time: Floats
    step_size: Floats
    status: NDArray[np.int8]
    steps: Integers
    rejected: Integers
    stops: Floats
    next_stop: Integers
    dosed: Integers
    amounts: Floats
    grid: Floats
    next_output: Integers
    saved: Integers
    output: Floats
    was: NDArray[np.int8]

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(N,) whether a patient cannot go on."""
        return np.asarray((self.status != Status.OK) & (self.status != Status.EVENT))

    def reasons(self) -> tuple[str, ...]:
        """Return one sentence per patient ("ok" for those that arrived)."""
        return tuple(Status(int(value)).reason for value in self.status)


def start(
    compiled: CompiledModel,
    states: ArrayLike,
    parameters: ArrayLike,
    t0: ArrayLike,
    stops: ArrayLike,
    dosed: Sequence[int | str],
    amounts: ArrayLike | None,
    grid: ArrayLike,
    saved: Sequence[int | str] | None,
    was: ArrayLike | None,
) -> Course:
    """Return a course at its start; see :meth:`unmask.engine.CompiledModel.course`."""
    own = matrix("states", states, len(compiled.states)).copy()
    count = len(own)
    fixed = matrix("parameters", parameters, len(compiled.parameters), count).copy()
    time = times("t0", t0, count).copy()
    ends = ascending("stops", stops, 2)
    ends = spread("stops", ends, (count, ends.shape[-1]))
    columns = _columns(compiled, dosed)
    outputs = ascending("grid", grid, 1).copy()
    kept = _columns(compiled, range(len(compiled.states)) if saved is None else saved)
    events = len(compiled.model.events)
    held = compiled.triggers(own, fixed, time) if was is None else spread("was", was, (count, events))
    return Course(
        states=own,
        parameters=fixed,
        time=time,
        step_size=np.zeros(count),
        status=np.zeros(count, dtype=np.int8),
        steps=np.zeros(count, dtype=np.int64),
        rejected=np.zeros(count, dtype=np.int64),
        stops=ends,
        next_stop=np.zeros(count, dtype=np.int64),
        dosed=columns,
        amounts=spread("amounts", 0.0 if amounts is None else amounts, (count, ends.shape[-1], len(columns))),
        grid=outputs,
        next_output=np.zeros(count, dtype=np.int64),
        saved=kept,
        output=np.full((count, len(outputs), len(kept)), np.nan),
        was=held.astype(np.int8),
    )


def go_on(
    kernels: Kernels,
    course: Course,
    limits: tuple[Floats, Floats, Floats],
    end: ArrayLike,
    rows: Integers | None,
    rtol: float,
    max_steps: int,
    threads: int,
    chunk: int,
) -> Integers:
    """Advance patients; see :meth:`unmask.engine.CompiledModel.advance`."""
    count = len(course.states)
    ends = times("end", end, count)
    if rows is None:
        chosen = np.flatnonzero(~course.failed)
    else:
        chosen = np.ascontiguousarray(rows, dtype=np.int64)
        known = chosen.ndim == 1 and bool(((chosen >= 0) & (chosen < count)).all())
        if not known or len(np.unique(chosen)) < len(chosen):  # two lanes would write to one row
            raise ConfigurationError("engine.rows", count=count)
    arrays = {
        "rows": chosen,
        "end": ends,
        "atol": limits[0],
        "floor": limits[1],
        "allowance": limits[2],
    }
    addresses = [(arrays[n] if n in arrays else getattr(course, n)).ctypes.data for n in ARRAYS]
    sizes = {
        "stop_count": course.stops.shape[1],
        "dosed_count": len(course.dosed),
        "grid_count": len(course.grid),
        "saved_count": len(course.saved),
    }
    block = np.array([*addresses, *(sizes[name] for name in COUNTS)], dtype=np.uint64)

    def run(first: int) -> None:
        workspace, address = kernels.workspace()
        last = min(first + chunk, len(chosen))
        kernels.advance(block.ctypes.data, rtol, float(max_steps), first, last, address)
        del workspace  # alive until the kernel is done with its memory

    in_threads(run, range(0, len(chosen), chunk), threads)
    return np.asarray(chosen[course.status[chosen] == Status.EVENT])


def _columns(compiled: CompiledModel, names: Sequence[int | str]) -> Integers:
    count = len(compiled.states)
    columns = [compiled.state_index.get(name, -1) if isinstance(name, str) else int(name) for name in names]
    for name, column in zip(names, columns, strict=True):
        if not 0 <= column < count:
            raise ConfigurationError("engine.unknown_state", state=name, model=compiled.model.name)
    return np.array(columns, dtype=np.int64)
