"""Prints nodes of the graph as JavaScript."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from unmask.engine.graph import COMPARISONS, Graph
from unmask.engine.targets.javascript.listing import Listing, Text
from unmask.errors import ModelError

_INFIX = {"add": "+", "sub": "-", "mul": "*", "and": "&&", "or": "||", "xor": "!=="}
_RELATIONS = {"lt": "<", "le": "<=", "eq": "===", "ne": "!=="}
_CONDITIONS = {*COMPARISONS, "and", "or", "xor", "not"}
# Functions of one number, or of two that are not a number if either is: Math has them under the same names.
_MATH = {"exp", "log", "sqrt", "abs", "floor", "ceil", "min", "max"}
_MATH |= {
    prefix + name + suffix for name in ("sin", "cos", "tan") for prefix in ("", "a") for suffix in ("", "h")
}
# A value that is used once stands where it is used, unless the line becomes longer than this.
_OPERATIONS_IN_A_LINE = 12


class Formulas:
    """Prints what some results need, each node once.

    Parameters
    ----------
    places
        Where the workspace holds the value of a node: inputs, and nodes that are known already.
    results
        (node, index in the workspace): what is to be computed, and where it goes, in this order.
    model
        Name of the model, for errors.
    """

    def __init__(
        self, graph: Graph, places: Mapping[int, int], results: Sequence[tuple[int, int]], model: str
    ) -> None:
        self.code = Listing()
        self._graph = graph
        self._places = places
        self._model = model
        self._texts: dict[int, Text] = {}
        self._uses = self._count([node for node, _ in results])
        for node, index in results:
            self.code.store(self._value(node), f"w[{index}]")

    def _count(self, roots: Sequence[int]) -> Counter[int]:
        """How often each node is used, counting no node behind one whose value is known."""
        uses = Counter(roots)
        left = list(uses)
        seen = set(left)
        while left:
            node = left.pop()
            if node in self._places:
                continue
            uses.update(self._graph.operands[node])
            fresh = set(self._graph.operands[node]) - seen
            seen |= fresh
            left.extend(fresh)
        return uses

    def _value(self, node: int) -> Text:
        stack = [node]
        while stack:
            current = stack[-1]
            if current in self._texts:
                stack.pop()
            elif current in self._places:
                self._texts[current] = self._load(current)
            else:
                missing = [o for o in self._graph.operands[current] if o not in self._texts]
                stack.extend(reversed(missing))
                if not missing:
                    self._texts[current] = self._kept(current, self._print(current))
        return self._texts[node]

    def _load(self, node: int) -> Text:
        place = f"w[{self._places[node]}]"
        return self.code.load(f"v{node}", place) if self._uses[node] > 1 else Text(place)

    def _kept(self, node: int, text: Text) -> Text:
        if not text.operations or (self._uses[node] == 1 and text.operations <= _OPERATIONS_IN_A_LINE):
            return text
        return self.code.let(f"v{node}", text)

    def _print(self, node: int) -> Text:
        operation = self._graph.operation[node]
        constant = self._graph.value(node)
        if constant is not None:
            return Text(number(constant))
        texts = [self._texts[operand] for operand in self._graph.operands[node]]
        code = self._code(operation, [text.operand for text in texts])
        if operation == "power":
            # Takes the logarithm of the base's magnitude along, which its derivatives share.
            code = f"power({', '.join(text.code for text in texts)})"
        elif operation in _MATH:
            code = f"Math.{operation}({', '.join(text.code for text in texts)})"
        names = tuple(dict.fromkeys(name for text in texts for name in text.names))
        return Text(code, names, 1 + sum(text.operations for text in texts), operation in _CONDITIONS)

    def _code(self, operation: str, x: Sequence[str]) -> str:
        if operation in _INFIX:
            return f"{x[0]} {_INFIX[operation]} {x[1]}"
        if operation in _RELATIONS:
            return f"{x[0]} {_RELATIONS[operation]} {x[1]}"
        match operation:
            case "neg":
                return f"-{x[0]}"
            case "recip":
                return f"1 / {x[0]}"
            case "not":
                return f"!{x[0]}"
            case "select":
                return f"{x[0]} ? {x[1]} : {x[2]}"
            case _ if operation == "power" or operation in _MATH:
                return ""
        raise ModelError("engine.not_in_javascript", model=self._model, what=f"the operation '{operation}'")


def number(value: float) -> str:
    """Return a number as JavaScript writes it, exact to the last bit."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "(-Infinity)"
    text = repr(value).removesuffix(".0")
    return f"({text})" if text.startswith("-") else text
