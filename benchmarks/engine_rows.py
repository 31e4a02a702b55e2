"""Tables of accuracy against cost: solvers, tolerances, patients per second, errors, failures by status.

``compare`` is all that a new problem needs: two lists of :class:`Contender`, ours and theirs, and a reference run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """What one solver made of all patients.

    ``quantities`` are (patients, times) arrays, ``status`` holds a word for each patient ("OK" if it arrived),
    ``steps`` the steps tried by all of them (0: unknown).
    """

    quantities: tuple[Floats, ...]
    status: tuple[str, ...]
    seconds: float
    steps: int = 0


@dataclass(frozen=True)
class Contender:
    """A solver: ``run(rtol)`` for each of its tolerances, the fastest of ``repeats``."""

    label: str
    run: Callable[[float], Run]
    tolerances: Sequence[float]
    repeats: int = 1


@dataclass(frozen=True)
class Row:
    """One line of a table; ``errors`` holds worst and median patient of each quantity in turn."""

    label: str
    rtol: float
    speed: float
    errors: tuple[float, ...]
    failed: str

    def __str__(self) -> str:
        errors = "".join(f"{error:>10.1e}" for error in self.errors)
        return f"{self.label:<40}{self.rtol:>8.0e}{self.speed:>12.1f}{errors}   {self.failed}"

    def as_good_as(self, other: Row) -> bool:
        """Whether neither the worst nor the median patient is further off in any quantity."""
        return all(own <= their for own, their in zip(self.errors, other.errors, strict=True))


def compare(
    title: str, names: Sequence[str], ours: Sequence[Contender], theirs: Sequence[Contender], reference: Run
) -> None:
    """Print a table of all contenders, and how many times as fast ours are at equal or better accuracy.

    The error of a quantity is relative to the reference, the worst time of each patient; a contender may run
    fewer patients than the reference, the first ones.
    """
    print(f"\n{title}\n")
    head = "".join(f"{name:>10}{'median':>10}" for name in names)
    print(f"{'solver':<40}{'rtol':>8}{'patients/s':>12}{head}   failed")
    rows = [
        [_row(each, rtol, reference) for each in group for rtol in each.tolerances]
        for group in (ours, theirs)
    ]
    if theirs:
        print("\ntimes as fast at equal or better accuracy (worst and median patient)")
    for other in rows[1]:
        equal = [own for own in rows[0] if own.as_good_as(other)]
        if equal:
            best = max(equal, key=lambda own: own.speed)
            factor = best.speed / other.speed
            print(f"  {factor:6.0f}  {other.label} {other.rtol:.0e} <- {best.label} {best.rtol:.0e}")
        else:
            print(f"       -  {other.label} {other.rtol:.0e}: none of ours is as accurate")


def _row(contender: Contender, rtol: float, reference: Run) -> Row:
    runs = [contender.run(rtol) for _ in range(contender.repeats)]  # other work only slows a run down
    run = min(runs, key=lambda each: each.seconds)
    good = np.array([status == "OK" for status in run.status])
    errors: list[float] = []
    for found, true in zip(run.quantities, reference.quantities, strict=True):
        expected = true[: len(found)]
        worst = (np.abs(found - expected) / np.abs(expected)).max(axis=1)[good]
        errors += [float(worst.max()), float(np.median(worst))] if good.any() else [np.nan, np.nan]
    counts = {name: run.status.count(name) for name in sorted(set(run.status) - {"OK"})}
    failed = ", ".join(f"{count} {name}" for name, count in counts.items()) or "0"
    row = Row(contender.label, rtol, len(run.status) / run.seconds, tuple(errors), failed)
    print(row, flush=True)
    return row
