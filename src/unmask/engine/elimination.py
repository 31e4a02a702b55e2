"""Static sparse LU of ``pivot I - J`` by symbolic elimination.

Which entries exist is known from the model, so the elimination is done once, on the graph: what comes out is
straight-line arithmetic without an index in it. Rows and columns are eliminated together in the order that
Markowitz's rule gives (fewest possible fill-ins first; Duff, Erisman & Reid, *Direct Methods for Sparse
Matrices*, 2017, chapter 7). There is no numerical pivoting: for a step h the diagonal is 1/(h gamma) - J_ii,
which dominates when h is small, and a pivot that vanishes all the same costs a rejected step, not a wrong
result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unmask.engine.graph import Graph


@dataclass(frozen=True)
class Factors:
    """LU factors as nodes.

    Attributes
    ----------
    order
        States in order of elimination.
    lower, upper
        (row, column) -> node of the unit lower and the strict upper triangle, in the model's numbering.
    pivots, reciprocals
        Nodes of the pivots and of their reciprocals, by state.
    """

    order: tuple[int, ...]
    lower: Mapping[tuple[int, int], int]
    upper: Mapping[tuple[int, int], int]
    pivots: tuple[int, ...]
    reciprocals: tuple[int, ...]


def factorise(graph: Graph, jacobian: Mapping[tuple[int, int], int], pivot: int, size: int) -> Factors:
    """Return the factors of ``pivot I - jacobian``.

    Parameters
    ----------
    jacobian
        Non-zero entries (row, column) -> node.
    pivot
        Node of 1/(h gamma).
    size
        Number of states.
    """
    entries = {place: graph.negate(node) for place, node in jacobian.items()}
    for state in range(size):
        entries[state, state] = graph.add(pivot, entries.get((state, state), graph.zero))
    columns_of = [{column for row, column in entries if row == state} for state in range(size)]
    rows_of = [{row for row, column in entries if column == state} for state in range(size)]

    left = set(range(size))
    order: list[int] = []
    lower: dict[tuple[int, int], int] = {}
    upper: dict[tuple[int, int], int] = {}
    pivots, reciprocals = [graph.zero] * size, [graph.zero] * size
    while left:
        k = min(left, key=lambda s: ((len(columns_of[s] & left) - 1) * (len(rows_of[s] & left) - 1), s))
        left.discard(k)
        order.append(k)
        pivots[k] = entries[k, k]
        reciprocals[k] = graph.lower([graph.reciprocal(pivots[k])])[0]
        columns = sorted(columns_of[k] & left)
        for column in columns:
            upper[k, column] = entries[k, column]
        for row in sorted(rows_of[k] & left):
            factor = graph.multiply(entries[row, k], reciprocals[k])
            lower[row, k] = factor
            for column in columns:
                product = graph.multiply(factor, entries[k, column])
                previous = entries.get((row, column), graph.zero)
                entries[row, column] = graph.subtract(previous, product)
                columns_of[row].add(column)
                rows_of[column].add(row)
    return Factors(tuple(order), lower, upper, tuple(pivots), tuple(reciprocals))
