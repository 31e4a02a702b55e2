"""Where everything lies in the workspace of one group of lanes, counted in vectors of eight doubles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from unmask.engine.tableaus import Tableau
from unmask.engine.targets.cpu.formulas import hoisted
from unmask.engine.translate import Equations

# One vector each: what belongs to a lane. FLAG is 0 while the lane's patient is on the way and 1 + Status
# after. PATIENT holds row numbers (-1: no patient); ACCEPT, REJECTED_LAST, SINGULAR, ENTERED, CHANGED and
# LOCATING are 0 or 1; UNSOUND is 0, or NaN where a pivot is not finite. Those from ENTERED on serve whole
# courses, those from CHANGED on the events (see location.py).
SCALARS = (
    "TIME",
    "END",
    "STEP",
    "TRIED",
    "INVERSE",
    "PIVOT",
    "STAGE_TIME",
    "STEPS",
    "REJECTED",
    "REJECTED_LAST",
    "SINGULAR",
    "UNSOUND",
    "ERROR",
    "FLAG",
    "PATIENT",
    "ACCEPT",
    "NEW_TIME",
    "ENTERED",
    "NEXT_GRID",
    "CHANGED",
    "LOCATING",
    "MARGIN",
    "START_MARGIN",
    "LOW",
    "LOW_MARGIN",
    "HIGH",
    "HIGH_MARGIN",
    "SIDE",
    "TRIALS",
    "PUSH",
    "WIDTH",
    "FULL_STEP",
)


@dataclass(frozen=True)
class Layout:
    """Offsets into the workspace.

    Attributes
    ----------
    places
        Node -> offset, for inputs, hoisted nodes and the pivot, as the right-hand side sees them during a
        stage.
    """

    states: int
    parameters: int
    observables: int
    events: int
    scalar: dict[str, int]
    state: int
    trial: int
    peak: int
    rate: int
    correction: int
    time_derivative: int
    stage: int
    observable: int
    trigger: int
    was: int
    parameter: int
    factor: dict[tuple[str, int, int], int]
    factor_start: int
    hoisted: tuple[int, ...]
    hoisted_start: int
    size: int

    @property
    def lower_start(self) -> int:
        """Where L begins, column by column; U follows row by row, then the reciprocals of the pivots by state."""
        return self.factor_start

    @property
    def upper_start(self) -> int:
        """Where U begins."""
        return self.lower_start + sum(kind == "lower" for kind, *_ in self.factor)

    @property
    def pivot_start(self) -> int:
        """Where the reciprocals of the pivots begin."""
        return self.factor_start + len(self.factor) - self.states

    def places(self, equations: Equations, state: int, time: str) -> dict[int, int]:
        """Return node -> offset, with the states at offset ``state`` and the time in scalar ``time``."""
        graph = equations.graph
        found = {graph.input("state", i): state + i for i in range(self.states)}
        found |= {graph.input("parameter", i): self.parameter + i for i in range(self.parameters)}
        found |= {node: self.hoisted_start + i for i, node in enumerate(self.hoisted)}
        found[graph.input("time")] = self.scalar[time]
        found[graph.input("pivot")] = self.scalar["PIVOT"]
        return found


def lay_out(equations: Equations, parameters: int, tableau: Tableau) -> Layout:
    """Return the layout for a model and a method."""
    n = len(equations.rates)
    plan = equations.plan
    entries = [("lower", *place) for place in plan.lower]
    entries += [("upper", *place) for place in plan.upper]
    entries += [("pivot", state, state) for state in range(n)]
    kept = hoisted(equations.graph, _roots(equations))

    sizes = {
        "state": n,
        "trial": n,
        "peak": n,
        "rate": n,
        "correction": n,
        "time_derivative": n if equations.time_derivatives else 0,
        "stage": n * tableau.stages,
        "factor": len(entries),
        "observable": len(equations.observables),
        "trigger": len(equations.triggers),
        "was": len(equations.triggers),
        "parameter": parameters,
        "hoisted_start": len(kept),
    }
    start, offsets = len(SCALARS), {}
    for name, size in sizes.items():
        offsets[name] = start
        start += size
    first_factor = offsets.pop("factor")
    return Layout(
        states=n,
        parameters=parameters,
        observables=len(equations.observables),
        events=len(equations.triggers),
        scalar={name: index for index, name in enumerate(SCALARS)},
        factor={entry: first_factor + index for index, entry in enumerate(entries)},
        factor_start=first_factor,
        hoisted=kept,
        size=start,
        **offsets,
    )


def _roots(equations: Equations) -> Iterable[int]:
    factors = equations.factors
    yield from equations.rates
    yield from equations.time_derivatives
    yield from equations.observables
    yield from equations.triggers
    yield from equations.margins
    if factors is None:
        yield from equations.matrix.values()
    else:
        yield from factors.lower.values()
        yield from factors.upper.values()
        yield from factors.reciprocals
