"""A model ready to run: integrate cohorts from visit to visit, and read its observables."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmask.engine.columns import NamedColumns
from unmask.engine.status import Status
from unmask.engine.tableaus import METHODS
from unmask.engine.targets.cpu.machine import Kernels, kernels
from unmask.errors import ConfigurationError, ModelError
from unmask.model.system import Model

Floats = NDArray[np.float64]

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

        A patient's result depends on nothing but that patient's row: not on chunk, threads or neighbours.

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
        own = self._matrix("states", states, len(self.states)).copy()
        count = len(own)
        fixed = self._matrix("parameters", parameters, len(self.parameters), count)
        start, end = self._times("t0", t0, count), self._times("t1", t1, count)
        if not 1e-13 <= rtol <= 1.0:
            raise ConfigurationError("engine.tolerance", value=rtol)
        if not max_steps >= 1:
            raise ConfigurationError("engine.steps", value=max_steps)
        for name, value in (("threads", threads), ("chunk", chunk)):
            if value < 1:
                raise ConfigurationError("engine.workers", name=name, value=value)
        hint = np.zeros(count) if step_size is None else self._vector("step_size", step_size, count).copy()
        status = np.zeros(count, dtype=np.int8)
        steps, rejected = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        reached = start.copy()
        tolerances = np.array([species.absolute_tolerance for species in self.model.species], dtype=float)
        floors = self._floors

        def run(first: int) -> None:
            workspace, address = self._workspace()
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
                rtol,
                float(max_steps),
                first,
                min(first + chunk, count),
                address,
            )
            del workspace  # alive until the kernel is done with its memory

        _in_threads(run, range(0, count, chunk), threads)
        return Integration(own, hint, status, steps, rejected, reached)

    def observe(self, states: ArrayLike, parameters: ArrayLike, t: ArrayLike = 0.0) -> Floats:
        """Return (N, observables): the model's observables at the given states and times.

        Raises
        ------
        ConfigurationError
            An array that is not of real numbers or of the wrong shape, or times that are not finite.
        """
        own = self._matrix("states", states, len(self.states))
        count = len(own)
        fixed = self._matrix("parameters", parameters, len(self.parameters), count)
        time = self._times("t", t, count)
        out = np.empty((count, len(self.observables)))
        if out.size:
            workspace, address = self._workspace()
            self.kernels.observe(
                own.ctypes.data, fixed.ctypes.data, time.ctypes.data, out.ctypes.data, 0, count, address
            )
            del workspace
        return out

    @cached_property
    def _floors(self) -> Floats:
        """Below what a state becomes 0 at the end of an interval; -infinity where never."""
        return np.array(
            [
                species.extinct_below
                if species.extinct_below > 0.0
                else (0.0 if species.nonnegative else -math.inf)
                for species in self.model.species
            ],
            dtype=float,
        )

    def _workspace(self) -> tuple[Floats, int]:
        """Return zeroed memory for one call, and where in it the first 64-byte boundary is."""
        memory = np.zeros(8 * self.kernels.workspace_size + 8)
        return memory, memory.ctypes.data + (-memory.ctypes.data) % 64

    def _matrix(self, name: str, values: ArrayLike, width: int, rows: int | None = None) -> Floats:
        array = np.require(_numbers(name, values), requirements=("C_CONTIGUOUS", "ALIGNED"))
        if array.ndim != 2 or array.shape[1] != width or (rows is not None and len(array) != rows):
            expected = f"({'N' if rows is None else rows}, {width})"
            raise ConfigurationError("engine.shape", name=name, shape=array.shape, expected=expected)
        return array

    def _vector(self, name: str, values: ArrayLike, count: int) -> Floats:
        array = _numbers(name, values)
        if array.shape not in ((), (count,)):
            raise ConfigurationError(
                "engine.shape", name=name, shape=array.shape, expected=f"one number or ({count},)"
            )
        return np.require(np.broadcast_to(array, (count,)), requirements=("C_CONTIGUOUS", "ALIGNED"))

    def _times(self, name: str, values: ArrayLike, count: int) -> Floats:
        array = self._vector(name, values, count)
        if not np.isfinite(array).all():
            patient = int(np.flatnonzero(~np.isfinite(array))[0])
            raise ConfigurationError("engine.time", name=name, patient=patient, value=array[patient])
        return array


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


def _numbers(name: str, values: ArrayLike) -> Floats:
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO":
            raise TypeError(f"{array.dtype} values")
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigurationError("engine.not_numbers", name=name, detail=error) from error


def _in_threads(run: Callable[[int], None], starts: range, threads: int) -> None:
    if threads == 1 or len(starts) < 2:
        for first in starts:
            run(first)
        return
    pool = ThreadPoolExecutor(min(threads, len(starts)))
    try:
        for done in [pool.submit(run, first) for first in starts]:
            done.result()
    finally:
        # After an error or Ctrl-C only what is running now is waited for, as it writes into our arrays.
        pool.shutdown(wait=True, cancel_futures=True)
