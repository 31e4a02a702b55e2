"""Where everything lies in the workspace, one Float64Array, counted in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unmask.engine.elimination import Factors, Plan, factorise, negated
from unmask.engine.graph import Graph
from unmask.engine.tableaus import Tableau
from unmask.engine.targets.cpu.formulas import hoisted
from unmask.engine.translate import Equations

# TIME at the start of the step, STAGE_TIME within it, STEP to try next, PIVOT 1/(h gamma).
SCALARS = ("TIME", "STAGE_TIME", "STEP", "PIVOT")


@dataclass(frozen=True)
class Layout:
    """Offsets into the workspace, by the name that the constant has in the module.

    Attributes
    ----------
    start
        Name -> offset of a block.
    jacobian
        (row, column) of the non-zero entries, in their order in the block ``JACOBIAN``.
    hoisted
        Nodes of parameters alone that the rest uses, in their order in the block ``HOISTED``.
    linear
        The graph of the elimination, whose inputs are the entries of the Jacobian and the pivot.
    plan
        The order of elimination.
    factors
        The factors, nodes of ``linear``.
    lower, upper
        (row, column) -> offset of a factor.
    size
        Numbers in all.
    """

    start: dict[str, int]
    jacobian: tuple[tuple[int, int], ...]
    hoisted: tuple[int, ...]
    linear: Graph
    plan: Plan
    factors: Factors
    lower: dict[tuple[int, int], int]
    upper: dict[tuple[int, int], int]
    size: int

    def places(self, equations: Equations, state: str, time: str) -> dict[int, int]:
        """Return node -> offset of the inputs, states taken from block ``state`` and the time from ``time``."""
        graph = equations.graph
        found = {graph.input("state", i): self.start[state] + i for i in range(len(equations.rates))}
        parameters = range(self.start["PARAMETER"], self.start["HOISTED"])
        found |= {graph.input("parameter", i): place for i, place in enumerate(parameters)}
        found[graph.input("time")] = self.start[time]
        return found

    def with_hoisted(self, equations: Equations, state: str, time: str) -> dict[int, int]:
        """Return the same with what was computed from the parameters."""
        known = {node: self.start["HOISTED"] + i for i, node in enumerate(self.hoisted)}
        return self.places(equations, state, time) | known

    def linear_places(self) -> dict[int, int]:
        """Return node -> offset for the elimination."""
        found = {
            self.linear.input("jacobian", i): self.start["JACOBIAN"] + i for i in range(len(self.jacobian))
        }
        found[self.linear.input("pivot")] = self.start["PIVOT"]
        return found


def lay_out(equations: Equations, parameters: int, tableau: Tableau, more: Mapping[str, int]) -> Layout:
    """Return the layout for a model and a method, with the sizes of further blocks.

    The elimination is done anew with the entries of the Jacobian as inputs: two functions of moderate length are
    optimised faster than one, and the Jacobian can be read by itself.
    """
    n = len(equations.rates)
    entries = tuple(sorted(equations.jacobian))
    linear = Graph()
    inputs = {place: linear.input("jacobian", index) for index, place in enumerate(entries)}
    matrix = negated(linear, inputs, linear.input("pivot"), n)
    factors = factorise(linear, matrix, equations.plan)
    roots = [
        *equations.rates,
        *equations.time_derivatives,
        *equations.observables,
        *(equations.jacobian[place] for place in entries),
        *equations.triggers,
        *equations.margins,
    ]
    kept = hoisted(equations.graph, roots)
    sizes = {
        **dict.fromkeys(SCALARS, 1),
        "STATE": n,
        "TRIAL": n,
        "RATE": n,
        "CORRECTION": n,
        "TIME_DERIVATIVE": len(equations.time_derivatives),
        "STAGE": n * tableau.stages,
        "JACOBIAN": len(entries),
        "RECIPROCAL": n,
        "LOWER": len(factors.lower),
        "UPPER": len(factors.upper),
        "OBSERVABLE": len(equations.observables),
        "TOLERANCE": n,
        "PEAK": n,
        "PARAMETER": parameters,
        "HOISTED": len(kept),
        **more,
    }
    start, size = {}, 0
    for name, length in sizes.items():
        start[name] = size
        size += length
    return Layout(
        start=start,
        jacobian=entries,
        hoisted=kept,
        linear=linear,
        plan=equations.plan,
        factors=factors,
        lower={place: start["LOWER"] + i for i, place in enumerate(factors.lower)},
        upper={place: start["UPPER"] + i for i, place in enumerate(factors.upper)},
        size=size,
    )
