"""Static sparse LU of ``pivot I - J`` by symbolic elimination.

Which entries exist is known from the model, so the elimination is planned once. Rows and columns are eliminated
together in the order that Markowitz's rule gives (fewest possible fill-ins first; Duff, Erisman & Reid, *Direct
Methods for Sparse Matrices*, 2017, chapter 7). There is no numerical pivoting: for a step h the diagonal is
1/(h gamma) - J_ii, which dominates when h is small, and a pivot that vanishes all the same costs a rejected step,
not a wrong result.

Small plans are carried out on the graph: what comes out is straight-line arithmetic without an index in it. For
large ones that would be more code than a compiler can digest; they become loops over tables of places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from unmask.engine.graph import Graph

Place = tuple[int, int]

# Products of an elimination up to which it is written out.
WRITTEN_OUT = 20_000


@dataclass(frozen=True)
class Plan:
    """Which entries the factors have, and the order of elimination.

    Attributes
    ----------
    order
        States in order of elimination.
    lower
        (row, column) of the unit lower triangle, in the model's numbering, column by column in that order.
    upper
        (row, column) of the strict upper triangle, row by row in that order.
    """

    order: tuple[int, ...]
    lower: tuple[Place, ...]
    upper: tuple[Place, ...]

    @cached_property
    def below(self) -> Mapping[int, tuple[Place, ...]]:
        """State -> entries of the lower triangle in its column."""
        return _grouped(self.order, self.lower, 1)

    @cached_property
    def right(self) -> Mapping[int, tuple[Place, ...]]:
        """State -> entries of the upper triangle in its row."""
        return _grouped(self.order, self.upper, 0)

    @property
    def products(self) -> int:
        """Number of products that the elimination subtracts."""
        return sum(len(self.below[state]) * len(self.right[state]) for state in self.order)


def plan(entries: Iterable[Place], size: int) -> Plan:
    """Return the plan for a matrix with entries at these (row, column) and on the whole diagonal."""
    columns_of: list[set[int]] = [set() for _ in range(size)]
    rows_of: list[set[int]] = [set() for _ in range(size)]
    for row, column in entries:
        if row != column:
            columns_of[row].add(column)
            rows_of[column].add(row)
    left = set(range(size))
    order: list[int] = []
    lower: list[Place] = []
    upper: list[Place] = []
    while left:
        k = min(left, key=lambda state: (len(columns_of[state]) * len(rows_of[state]), state))
        left.discard(k)
        order.append(k)
        columns, rows = columns_of[k], rows_of[k]
        upper.extend((k, column) for column in sorted(columns))
        lower.extend((row, k) for row in sorted(rows))
        for row in rows:
            columns_of[row] |= columns
            columns_of[row] -= {k, row}
        for column in columns:
            rows_of[column] |= rows
            rows_of[column] -= {k, column}
    return Plan(tuple(order), tuple(lower), tuple(upper))


@dataclass(frozen=True)
class Factors:
    """LU factors as nodes.

    Attributes
    ----------
    lower, upper
        (row, column) -> node of the unit lower and the strict upper triangle.
    pivots, reciprocals
        Nodes of the pivots and of their reciprocals, by state.
    """

    lower: Mapping[Place, int]
    upper: Mapping[Place, int]
    pivots: tuple[int, ...]
    reciprocals: tuple[int, ...]


def negated(graph: Graph, jacobian: Mapping[Place, int], pivot: int, size: int) -> dict[Place, int]:
    """Return the entries of ``pivot I - jacobian`` as nodes, the whole diagonal included."""
    entries = {place: graph.negate(node) for place, node in jacobian.items()}
    for state in range(size):
        entries[state, state] = graph.add(pivot, entries.get((state, state), graph.zero))
    return entries


def factorise(graph: Graph, entries: Mapping[Place, int], steps: Plan) -> Factors:
    """Return the factors of a matrix of nodes, eliminated as planned."""
    now = dict(entries)
    lower: dict[Place, int] = {}
    upper: dict[Place, int] = {}
    pivots, reciprocals = [graph.zero] * len(steps.order), [graph.zero] * len(steps.order)
    for k in steps.order:
        pivots[k] = now[k, k]
        reciprocals[k] = graph.lower([graph.reciprocal(pivots[k])])[0]
        upper |= {place: now[place] for place in steps.right[k]}
        for row, _ in steps.below[k]:
            factor = graph.multiply(now[row, k], reciprocals[k])
            lower[row, k] = factor
            for _, column in steps.right[k]:
                product = graph.multiply(factor, now[k, column])
                previous = now.get((row, column), graph.zero)
                now[row, column] = graph.subtract(previous, product)
    return Factors(lower, upper, tuple(pivots), tuple(reciprocals))


def _grouped(order: Iterable[int], places: Iterable[Place], axis: int) -> Mapping[int, tuple[Place, ...]]:
    groups: dict[int, list[Place]] = {state: [] for state in order}
    for place in places:
        groups[place[axis]].append(place)
    return {state: tuple(group) for state, group in groups.items()}
