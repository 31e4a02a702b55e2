"""Pictures of a finding as data: curves, rows of points with intervals, stacked bars. Drawn in ``drawn.py``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Series:
    """A named line; ``low`` and ``high`` bound its band. Published curves are dashed."""

    name: str
    x: Numbers
    y: Numbers
    low: Numbers = ()
    high: Numbers = ()
    published: bool = False
    steps: bool = False


@dataclass(frozen=True)
class Curves:
    """Lines over a common axis; ``log_x``: x values are powers of ten on a logarithmic axis."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    caption: str = ""
    percent: bool = True
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True)
class Row:
    """One number with its interval, and the published one beside it."""

    name: str
    value: float
    low: float
    high: float
    published: float | None = None
    published_ci: tuple[float, float] | None = None


@dataclass(frozen=True)
class Dots:
    """Rows of points with whiskers; published figures are diamonds."""

    title: str
    x_label: str
    rows: tuple[Row, ...]
    caption: str = ""
    percent: bool = True
    log_x: bool = False


@dataclass(frozen=True)
class Stack:
    """Shares of a whole, one per part of :class:`Stacks`."""

    name: str
    shares: Numbers


@dataclass(frozen=True)
class Stacks:
    """Bars split into the same parts."""

    title: str
    x_label: str
    parts: tuple[str, ...]
    bars: tuple[Stack, ...]
    caption: str = ""


Plot = Curves | Dots | Stacks


def over_hosts(
    name: str, x: Sequence[float], values: ArrayLike, middle: Literal["median", "mean"] = "median"
) -> Series:
    """Return the median (or mean) over hosts and their middle half as a line with its band.

    ``values``: one row per host, one column per ``x``; NaN where a host has none.
    """
    given = np.asarray(values, dtype=float)
    low, centre, high = np.nanquantile(given, [0.25, 0.5, 0.75], axis=0)
    line = np.nanmean(given, axis=0) if middle == "mean" else centre
    return Series(name, tuple(x), tuple(line.tolist()), low=tuple(low.tolist()), high=tuple(high.tolist()))
