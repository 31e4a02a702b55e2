"""A model ready to run: integrate cohorts from visit to visit, and read its observables."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmask.engine.arrays import Floats, check_effort, matrix, times, vector
from unmask.engine.columns import NamedColumns
from unmask.engine.course import Course, go_on, start
from unmask.engine.status import NEGLIGIBLE, Status
from unmask.engine.tableaus import METHODS
from unmask.engine.targets.cpu.machine import Kernels, kernels
from unmask.engine.threads import in_threads
from unmask.errors import ConfigurationError, ModelError
from unmask.model.system import Model

DEFAULT_METHOD = "rodas4"
DEFAULT_CHUNK = 512

_KNOWN: dict[tuple[str, str], Kernels] = {}
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Integration:
    """Where every patient is after an interval.

    Attributes
    ----------
    states
        (N, states) at the end, species below ``extinct_below`` and negative ``nonnegative`` species set to 0.
        A failed patient keeps its last good state, as integrated.
    step_size
        (N,) in the model's time unit: hand it to the next call. 0 where a patient failed.
    status
        (N,) int8 of :class:`Status`.
    steps, rejected
        (N,) steps tried and steps rejected.
    time
        (N,) time reached: the end of the interval, or where the patient failed; t0 of a patient with t1 <= t0.
    """

    states: Floats
    step_size: Floats
    status: NDArray[np.int8]
    steps: NDArray[np.int64]
    rejected: NDArray[np.int64]
    time: Floats

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(N,) whether a patient's status is other than OK."""
        return np.asarray(self.status != Status.OK)

    def reasons(self) -> tuple[str, ...]:
        """Return one sentence per patient ("ok" for those that arrived)."""
        return tuple(Status(int(value)).reason for value in self.status)


@dataclass(frozen=True)
class CompiledModel(NamedColumns):
    """Machine code of one model, for any number of patients and threads."""

    model: Model
    method: str
    kernels: Kernels

    def initial_states(self, patients: int) -> Floats:
        """Return (patients, states) of the species' default initial values."""
        return np.tile([float(species.initial) for species in self.model.species], (patients, 1))

    def integrate(
        self,
        states: ArrayLike,
        parameters: ArrayLike,
        t0: ArrayLike,
        t1: ArrayLike,
        *,
        rtol: float = 1e-4,
        step_size: ArrayLike | None = None,
        max_steps: int = 20_000,
        threads: int = 1,
        chunk: int = DEFAULT_CHUNK,
    ) -> Integration:
        """Integrate every patient from t0 to t1.

        Events of the model do not happen here (see :meth:`advance`). A patient's result depends on nothing but
        that patient's row: not on chunk, threads or neighbours.

        Parameters
        ----------
        states, parameters
            (N, states) and (N, parameters); not changed.
        t0, t1
            Scalars or (N,), in the model's time unit. A patient with t1 <= t0 stays as it is.
        rtol
            Relative tolerance; the absolute one is each species' ``absolute_tolerance``.
        step_size
            (N,) first step to try, from the previous result; a fifth of that for a patient who was dosed in
            between saves steps tried in vain. 0 or None lets the engine choose.
        max_steps
            Steps (rejected ones included) after which a patient ends with ``Status.OUT_OF_STEPS``.
        threads, chunk
            Threads at work, and patients that a thread takes at a time.

        Raises
        ------
        ConfigurationError
            An array that is not of real numbers or of the wrong shape, times that are not finite, a tolerance
            or count out of range.
        """
        own = matrix("states", states, len(self.states)).copy()
        count = len(own)
        fixed = matrix("parameters", parameters, len(self.parameters), count)
        start, end = times("t0", t0, count), times("t1", t1, count)
        check_effort(rtol, max_steps, threads, chunk)
        hint = np.zeros(count) if step_size is None else vector("step_size", step_size, count).copy()
        status = np.zeros(count, dtype=np.int8)
        steps, rejected = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        reached = start.copy()
        tolerances, floors, _ = self.limits
        allowance = np.full(len(floors), math.inf)

        def run(first: int) -> None:
            workspace, address = self.kernels.workspace()
            self.kernels.integrate(
                own.ctypes.data,
                fixed.ctypes.data,
                start.ctypes.data,
                end.ctypes.data,
                hint.ctypes.data,
                status.ctypes.data,
                steps.ctypes.data,
                rejected.ctypes.data,
                reached.ctypes.data,
                tolerances.ctypes.data,
                floors.ctypes.data,
                allowance.ctypes.data,
                rtol,
                float(max_steps),
                first,
                min(first + chunk, count),
                address,
            )
            del workspace  # alive until the kernel is done with its memory

        in_threads(run, range(0, count, chunk), threads)
        return Integration(own, hint, status, steps, rejected, reached)

    def observe(self, states: ArrayLike, parameters: ArrayLike, t: ArrayLike = 0.0) -> Floats:
        """Return (N, observables): the model's observables at the given states and times.

        Raises
        ------
        ConfigurationError
            An array that is not of real numbers or of the wrong shape, or times that are not finite.
        """
        return self._read(self.kernels.observe, len(self.observables), states, parameters, t)

    def triggers(self, states: ArrayLike, parameters: ArrayLike, t: ArrayLike = 0.0) -> NDArray[np.bool_]:
        """Return (N, events): whether the trigger of each event holds at the given states and times.

        Raises
        ------
        ConfigurationError
            An array that is not of real numbers or of the wrong shape, or times that are not finite.
        """
        events = len(self.model.events)
        return np.asarray(self._read(self.kernels.triggers, events, states, parameters, t) != 0.0)

    def _read(
        self, kernel: Callable[..., None], width: int, states: ArrayLike, parameters: ArrayLike, t: ArrayLike
    ) -> Floats:
        own = matrix("states", states, len(self.states))
        count = len(own)
        fixed = matrix("parameters", parameters, len(self.parameters), count)
        time = times("t", t, count)
        out = np.empty((count, width))
        if out.size:
            workspace, address = self.kernels.workspace()
            kernel(own.ctypes.data, fixed.ctypes.data, time.ctypes.data, out.ctypes.data, 0, count, address)
            del workspace
        return out

    def course(
        self,
        states: ArrayLike,
        parameters: ArrayLike,
        t0: ArrayLike = 0.0,
        *,
        stops: ArrayLike = (),
        dosed: Sequence[int | str] = (),
        amounts: ArrayLike | None = None,
        grid: ArrayLike = (),
        saved: Sequence[int | str] | None = None,
        was: ArrayLike | None = None,
    ) -> Course:
        """Return patients at the start of a course, for :meth:`advance`; the arrays given are copied.

        Parameters
        ----------
        states, parameters, t0
            (N, states), (N, parameters), and the time of each patient (a scalar or (N,)).
        stops
            (N, K) or (K,) ascending times at which intervals end; fill up with infinity.
        dosed, amounts
            Names or columns of D states, and (N, K, D), (K, D) or a scalar added to them at each stop.
        grid, saved
            (G,) ascending times, and names or columns of the states to be saved there (default: all).
        was
            (N, E) whether each event's trigger holds at ``t0``; by default as it is there, so that nothing fires.

        Raises
        ------
        ConfigurationError
            An array of the wrong shape or kind, times that do not ascend, or an unknown state.
        """
        return start(self, states, parameters, t0, stops, dosed, amounts, grid, saved, was)

    def advance(
        self,
        course: Course,
        end: ArrayLike,
        *,
        rows: NDArray[np.int64] | None = None,
        rtol: float = 1e-4,
        max_steps: int = 20_000,
        threads: int = 1,
        chunk: int = DEFAULT_CHUNK,
    ) -> NDArray[np.int64]:
        """Take patients of a course to ``end`` or to the next moment at which an event's trigger changes.

        Everything between happens in machine code: intervals from stop to stop as :meth:`integrate` does them,
        doses, outputs. The arrays of the course are changed in place; nothing else is kept, so that a call for
        a few patients costs no more than these. A patient's result depends on nothing but that patient.

        At a stop states below their floor become 0, then the doses are added, then the triggers are looked at,
        then an output of that very time is written.

        Parameters
        ----------
        course
            From :meth:`course`.
        end
            A scalar or (N,), one for every patient of the course.
        rows
            Numbers of the patients that are to go on, each once; by default all that have not failed.
        rtol, threads, chunk
            As in :meth:`integrate`.
        max_steps
            Steps between two stops after which a patient ends with ``Status.OUT_OF_STEPS``.

        Returns
        -------
        Numbers of the patients who wait at an event: ``course.time`` is the moment just after the trigger of at
        least one event changed, in either direction, and ``course.was`` still holds the values before. The
        caller does what the event does, sets ``course.was`` to the triggers' present values and calls again.

        Raises
        ------
        ConfigurationError
            An ``end`` that is not finite or of the wrong shape, rows that do not exist, a tolerance or count
            out of range.
        """
        check_effort(rtol, max_steps, threads, chunk)
        return go_on(self.kernels, course, self.limits, end, rows, rtol, max_steps, threads, chunk)

    @cached_property
    def limits(self) -> tuple[Floats, Floats, Floats]:
        """Absolute tolerance of each state, below what it becomes 0 at the end of an interval (-infinity where
        never), and how far below zero it may be there beyond its share of rtol (infinity: any)."""
        species = self.model.species
        floors = [
            each.extinct_below if each.extinct_below > 0.0 else (0.0 if each.nonnegative else -math.inf)
            for each in species
        ]
        allowance = [
            NEGLIGIBLE * each.absolute_tolerance if each.nonnegative else math.inf for each in species
        ]
        tolerances = [each.absolute_tolerance for each in species]
        return np.array(tolerances, dtype=float), np.array(floors), np.array(allowance)


def compile_model(model: Model, method: str = DEFAULT_METHOD) -> CompiledModel:
    """Return a model as machine code; the first time takes seconds, then it comes from the cache folder.

    Parameters
    ----------
    model
        Any complete system of ordinary differential equations.
    method
        Rosenbrock method, a name of ``unmask.engine.tableaus.METHODS``.

    Raises
    ------
    ModelError
        The model uses an undefined symbol or a function that the engine cannot compute, has no species, or
        one whose absolute tolerance is not above 0.
    ConfigurationError
        No such method.
    """
    tableau = METHODS.get(method)
    if tableau is None:
        raise ConfigurationError("engine.unknown_method", method=method, expected=", ".join(METHODS))
    for species in model.species:
        if not 0.0 < species.absolute_tolerance < math.inf:
            raise ModelError(
                "engine.absolute_tolerance",
                model=model.name,
                species=species.name,
                value=species.absolute_tolerance,
            )
    key = (model.hash, method)
    with _LOCK:
        if key not in _KNOWN:
            _KNOWN[key] = kernels(model, tableau)
        return CompiledModel(model, method, _KNOWN[key])
