"""What callers hand over, checked and made into the arrays that the machine code reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmask.errors import ConfigurationError

Floats = NDArray[np.float64]


def matrix(name: str, values: ArrayLike, width: int, rows: int | None = None) -> Floats:
    """Return (rows, width) as contiguous doubles; ConfigurationError for any other shape."""
    array = np.require(_numbers(name, values), requirements=["C_CONTIGUOUS", "ALIGNED"])
    if array.ndim != 2 or array.shape[1] != width or (rows is not None and len(array) != rows):
        raise wrong_shape(name, array.shape, f"({'N' if rows is None else rows}, {width})")
    return array


def vector(name: str, values: ArrayLike, count: int) -> Floats:
    """Return (count,) of a scalar or of as many numbers."""
    array = _numbers(name, values)
    if array.shape not in ((), (count,)):
        raise wrong_shape(name, array.shape, f"one number or ({count},)")
    return np.require(np.broadcast_to(array, (count,)), requirements=["C_CONTIGUOUS", "ALIGNED"])


def times(name: str, values: ArrayLike, count: int) -> Floats:
    """Return (count,) finite times."""
    array = vector(name, values, count)
    if not np.isfinite(array).all():
        patient = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ConfigurationError("engine.time", name=name, patient=patient, value=array[patient])
    return array


def ascending(name: str, values: ArrayLike, dimensions: int) -> Floats:
    """Return times that do not fall along the last axis (infinity allowed), with at most so many dimensions."""
    array = _numbers(name, values)
    if not 1 <= array.ndim <= dimensions:
        raise wrong_shape(name, array.shape, "(K,)" if dimensions == 1 else "(K,) or (N, K)")
    if not (array[..., 1:] >= array[..., :-1]).all() or np.isnan(array).any():
        raise ConfigurationError("engine.ascending", name=name)
    return array


def spread(name: str, values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Return an own copy of values broadcast to ``shape``."""
    array = _numbers(name, values)
    try:
        return np.array(np.broadcast_to(array, shape), order="C")
    except ValueError as error:
        raise wrong_shape(name, array.shape, str(shape)) from error


def check_effort(rtol: float, max_steps: int, threads: int, chunk: int) -> None:
    """Refuse a tolerance or a count out of range."""
    if not 1e-13 <= rtol <= 1.0:
        raise ConfigurationError("engine.tolerance", value=rtol)
    if not max_steps >= 1:
        raise ConfigurationError("engine.steps", value=max_steps)
    for name, value in (("threads", threads), ("chunk", chunk)):
        if value < 1:
            raise ConfigurationError("engine.workers", name=name, value=value)


def wrong_shape(name: str, shape: tuple[int, ...], expected: str) -> ConfigurationError:
    """Return the error for an array of the wrong shape."""
    return ConfigurationError("engine.shape", name=name, shape=shape, expected=expected)


def _numbers(name: str, values: ArrayLike) -> Floats:
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO":
            raise TypeError(f"{array.dtype} values")
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigurationError("engine.not_numbers", name=name, detail=error) from error
