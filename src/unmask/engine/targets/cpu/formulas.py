"""Prints nodes of the graph as straight-line vector instructions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from unmask.engine.graph import COMPARISONS, LOGICAL, Graph
from unmask.engine.targets.cpu.elementary import exponential, logarithm, power
from unmask.engine.targets.cpu.listing import Listing, vector

_BINARY = {"add": "fadd", "sub": "fsub", "mul": "fmul"}
_TRIGONOMETRIC = ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh")
_INTRINSIC = {"sqrt": "sqrt", "abs": "fabs", "floor": "floor"} | {name: name for name in _TRIGONOMETRIC}
INTRINSICS = tuple(_INTRINSIC.values())
_PREDICATE = {"lt": "olt", "le": "ole", "eq": "oeq", "ne": "une"}


def hoisted(graph: Graph, roots: Iterable[int]) -> tuple[int, ...]:
    """Return the nodes of parameters alone that the rest of the equations uses.

    They are computed once for each patient and interval instead of at every step.
    """
    found: dict[int, None] = {}
    roots = list(roots)
    for node in graph.reachable(roots):
        users = [] if graph.parameter_only(node) else graph.operands[node]
        found.update((operand, None) for operand in users if _worth_keeping(graph, operand))
    found.update((root, None) for root in roots if _worth_keeping(graph, root))
    return tuple(found)


def _worth_keeping(graph: Graph, node: int) -> bool:
    computed = graph.operation[node] not in ("constant", "input", *LOGICAL, *COMPARISONS)
    return graph.parameter_only(node) and computed


class Formulas:
    """Computes nodes within one function; each node once.

    Parameters
    ----------
    places
        Where the workspace holds the value of a node: inputs, and nodes hoisted out of the step loop.
    """

    def __init__(self, code: Listing, graph: Graph, places: Mapping[int, int]) -> None:
        self.code = code
        self.graph = graph
        self.places = places
        self.names: dict[int, str] = {}

    def value(self, node: int) -> str:
        """Return the name of the value of a node, after printing what it needs."""
        stack = [node]
        while stack:
            current = stack[-1]
            if current in self.names:
                stack.pop()
                continue
            if current in self.places:
                self.names[current] = self.code.load(self.places[current])
                continue
            missing = [operand for operand in self.graph.operands[current] if operand not in self.names]
            if missing:
                stack.extend(reversed(missing))
            else:
                self.names[current] = self._print(current)
        return self.names[node]

    def _print(self, node: int) -> str:
        code, operation = self.code, self.graph.operation[node]
        constant = self.graph.value(node)
        if constant is not None:
            return vector(constant)
        x = [self.names[operand] for operand in self.graph.operands[node]]
        if operation in _BINARY:
            return code.binary(_BINARY[operation], x[0], x[1])
        if operation in _INTRINSIC:
            return code.call(_INTRINSIC[operation], x[0])
        if operation in _PREDICATE:
            return code.compare(_PREDICATE[operation], x[0], x[1])
        if operation in ("and", "or", "xor"):
            return code.mask(operation, x[0], x[1])
        if operation in ("min", "max"):
            first = code.compare("olt" if operation == "min" else "ogt", x[0], x[1])
            chosen = code.select(first, x[0], x[1])
            return code.select(code.compare("uno", x[0], x[1]), code.binary("fadd", x[0], x[1]), chosen)
        match operation:
            case "neg":
                return code.negate(x[0])
            case "recip":
                return code.binary("fdiv", vector(1.0), x[0])
            case "exp":
                return exponential(code, x[0])
            case "log":
                return logarithm(code, x[0])
            case "power":
                return power(code, x[0], x[1], x[2])
            case "select":
                return code.select(x[0], x[1], x[2])
            case "not":
                return code.invert(x[0])
        raise AssertionError(f"no instruction for {operation}")
