"""Expressions as a graph in which equal subexpressions are one node.

Every node is an integer, its operands have smaller integers, and building a node that exists returns it:
common subexpressions are shared from the start, derivatives included, which keeps both the generated code
and the time to generate it small (differentiating and eliminating common subexpressions with SymPy took most
of a minute on the core model; this takes a fraction of a second). Division is kept as multiplication with a
shared reciprocal, since divisions are the dearest instructions of the kernels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Payload = float | tuple[str, int] | None

# What a node of each comparison means for two numbers.
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
}
LOGICAL = ("and", "or", "xor", "not")
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "floor": math.floor,
    "abs": abs,
}
# Where a function of a number is left to the machine code, which answers infinity or NaN instead of failing.
_UNDEFINED: dict[str, Callable[[float], bool]] = {
    "exp": lambda x: x > 700.0,
    "log": lambda x: x <= 0.0,
    "asin": lambda x: abs(x) > 1.0,
    "acos": lambda x: abs(x) > 1.0,
    "sinh": lambda x: abs(x) > 700.0,
    "cosh": lambda x: abs(x) > 700.0,
}


class Graph:
    """A growing set of nodes; the methods named after operations return the node of their result.

    Inputs are ``("state", i)``, ``("parameter", i)`` and ``("time", 0)``. Conditions are nodes too
    (comparisons, ``and``, ``or``, ``xor``, ``not``); ``select`` uses them, and so do the triggers of events.
    """

    def __init__(self) -> None:
        self.operation: list[str] = []
        self.operands: list[tuple[int, ...]] = []
        self.payload: list[Payload] = []
        self._states: list[int] = []  # bit i: depends on state i
        self._parameter_only: list[bool] = []
        self._time: list[bool] = []
        self._known: dict[tuple[str, tuple[int, ...], Payload], int] = {}
        self._derivatives: dict[tuple[int, int], int] = {}
        self.zero = self.constant(0.0)
        self.one = self.constant(1.0)

    # -- nodes ---------------------------------------------------------------------------------------------

    def _node(self, operation: str, operands: tuple[int, ...] = (), payload: Payload = None) -> int:
        key = (operation, operands, payload)
        found = self._known.get(key)
        if found is not None:
            return found
        self.operation.append(operation)
        self.operands.append(operands)
        self.payload.append(payload)
        states, time, fixed = 0, False, True
        for operand in operands:
            states |= self._states[operand]
            time |= self._time[operand]
            fixed &= self._parameter_only[operand]
        if operation == "input" and isinstance(payload, tuple):
            states = 1 << payload[1] if payload[0] == "state" else 0
            time = payload[0] == "time"
            fixed = payload[0] == "parameter"
        self._states.append(states)
        self._time.append(time)
        self._parameter_only.append(fixed)
        self._known[key] = len(self.operation) - 1
        return self._known[key]

    def constant(self, value: float) -> int:
        """Return the node of a number."""
        return self._node("constant", (), float(value) + 0.0)

    def input(self, kind: str, index: int = 0) -> int:
        """Return the node of a state, a parameter or the time."""
        return self._node("input", (), (kind, index))

    def value(self, node: int) -> float | None:
        """Return the number a constant node stands for, None for any other node."""
        payload = self.payload[node]
        return payload if self.operation[node] == "constant" and isinstance(payload, float) else None

    def parameter_only(self, node: int) -> bool:
        """Whether a node depends on parameters and numbers alone: constant through an integration."""
        return self._parameter_only[node]

    def depends_on(self, node: int, state: int) -> bool:
        """Whether a state enters a node."""
        return bool(self._states[node] >> state & 1)

    # -- arithmetic ----------------------------------------------------------------------------------------

    def add(self, a: int, b: int) -> int:
        """Return a + b."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.constant(x + y)
        if x == 0.0:
            return b
        if y == 0.0:
            return a
        if a == b:
            return self.multiply(self.constant(2.0), a)
        if self.operation[b] == "neg":
            return self.subtract(a, self.operands[b][0])
        if self.operation[a] == "neg":
            return self.subtract(b, self.operands[a][0])
        return self._node("add", (a, b) if a < b else (b, a))

    def subtract(self, a: int, b: int) -> int:
        """Return a - b."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.constant(x - y)
        if y == 0.0:
            return a
        if x == 0.0:
            return self.negate(b)
        if a == b:
            return self.zero
        if self.operation[b] == "neg":
            return self.add(a, self.operands[b][0])
        return self._node("sub", (a, b))

    def negate(self, a: int) -> int:
        """Return -a."""
        x = self.value(a)
        if x is not None:
            return self.constant(-x)
        if self.operation[a] == "neg":
            return self.operands[a][0]
        if self.operation[a] == "sub":
            return self._node("sub", (self.operands[a][1], self.operands[a][0]))
        return self._node("neg", (a,))

    def multiply(self, a: int, b: int) -> int:
        """Return a b. Zero times anything is zero: a term that is structurally absent stays absent."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.constant(x * y)
        for value, other in ((x, b), (y, a)):
            if value == 0.0:
                return self.zero
            if value == 1.0:
                return other
            if value == -1.0:
                return self.negate(other)
        if self.operation[a] == "neg":
            return self.negate(self.multiply(self.operands[a][0], b))
        if self.operation[b] == "neg":
            return self.negate(self.multiply(a, self.operands[b][0]))
        return self._node("mul", (a, b) if a < b else (b, a))

    def reciprocal(self, a: int) -> int:
        """Return 1 / a."""
        return self.power(a, self.constant(-1.0))

    def total(self, terms: Sequence[int]) -> int:
        """Return the sum of terms, those of parameters alone first: their sum leaves the step loop."""
        result = self.zero
        for term in sorted(terms, key=lambda node: not self.parameter_only(node)):
            result = self.add(result, term)
        return result

    def product(self, factors: Sequence[int]) -> int:
        """Return the product of factors: parameters first (see :meth:`total`), bare states last.

        Terms like ``rate * brake * clone_1`` and ``rate * brake * clone_2`` then share ``rate * brake``.
        """

        def rank(node: int) -> tuple[bool, bool, int]:
            return not self.parameter_only(node), self.operation[node] == "input", node

        result = self.one
        for factor in sorted(factors, key=rank):
            result = self.multiply(result, factor)
        return result

    def power(self, base: int, exponent: int) -> int:
        """Return base ** exponent, kept symbolic until :meth:`lower`."""
        x, y = self.value(base), self.value(exponent)
        if y == 0.0:
            return self.one
        if y == 1.0:
            return base
        if x is not None and y is not None and (x > 0.0 or (x < 0.0 and y.is_integer())):
            return self.constant(x**y)
        if self.operation[base] == "pow" and y is not None and y.is_integer():
            inner = self.value(self.operands[base][1])
            if inner is not None and inner.is_integer():
                return self.power(self.operands[base][0], self.constant(inner * y))
        return self._node("pow", (base, exponent))

    def function(self, name: str, a: int) -> int:
        """Return exp, log, abs, floor, or a trigonometric or hyperbolic function of a."""
        x = self.value(a)
        if x is not None and math.isfinite(x) and not (name in _UNDEFINED and _UNDEFINED[name](x)):
            return self.constant(_FUNCTIONS[name](x))
        return self._node(name, (a,))

    def extremum(self, name: str, a: int, b: int) -> int:
        """Return the smaller (``min``) or larger (``max``) of two; NaN if either is."""
        return a if a == b else self._node(name, (a, b) if a < b else (b, a))

    def compare(self, name: str, a: int, b: int) -> int:
        """Return the condition ``a < b`` (``lt``), ``le``, ``eq`` or ``ne``."""
        return self._node(name, (a, b))

    def logical(self, name: str, *conditions: int) -> int:
        """Return ``and``, ``or``, ``xor`` of two conditions, or ``not`` of one."""
        return self._node(name, conditions)

    def truth(self, value: bool) -> int:
        """Return the condition that always, or never, holds."""
        return self.compare("eq", self.zero, self.zero if value else self.one)

    def select(self, condition: int, a: int, b: int) -> int:
        """Return a where the condition holds, else b."""
        if a == b:
            return a
        if self.operation[condition] in COMPARISONS:
            x, y = (self.value(operand) for operand in self.operands[condition])
            if x is not None and y is not None:
                return a if COMPARISONS[self.operation[condition]](x, y) else b
        return self._node("select", (condition, a, b))

    # -- derivatives ---------------------------------------------------------------------------------------

    def derivative(self, node: int, variable: int) -> int:
        """Return d node / d variable, where variable is a state or the time.

        Forward mode over the graph with every intermediate derivative shared. A condition has no derivative:
        a jump inside ``Piecewise`` is invisible to the Jacobian, and the step-size control deals with it.
        """
        if node == variable:
            return self.one
        kind = self.payload[variable]
        assert isinstance(kind, tuple)
        depends = self._time[node] if kind[0] == "time" else self.depends_on(node, kind[1])
        if not depends:
            return self.zero
        key = (node, variable)
        if key not in self._derivatives:
            # Operands first, without recursion: a long sum would exceed Python's stack otherwise.
            stack = [node]
            while stack:
                current = stack[-1]
                missing = [
                    operand
                    for operand in self.operands[current]
                    if (operand, variable) not in self._derivatives and operand != variable
                ]
                if missing:
                    stack.extend(missing)
                    continue
                stack.pop()
                if (current, variable) not in self._derivatives:
                    self._derivatives[current, variable] = self._rule(current, variable)
        return self._derivatives[key]

    def _rule(self, node: int, variable: int) -> int:
        operation, operands = self.operation[node], self.operands[node]
        d = [self.one if o == variable else self._derivatives[o, variable] for o in operands]
        if operation in ("constant", "input", "floor", *COMPARISONS, *LOGICAL):
            return self.zero
        if operation == "add":
            return self.add(*d)
        if operation == "sub":
            return self.subtract(*d)
        if operation == "neg":
            return self.negate(*d)
        if operation == "mul":
            a, b = operands
            return self.add(self.multiply(d[0], b), self.multiply(a, d[1]))
        if operation == "select":
            return self.select(operands[0], d[1], d[2])
        if operation in ("min", "max"):
            first = self.compare("le", *(operands if operation == "min" else operands[::-1]))
            return self.select(first, d[0], d[1])
        if operation == "pow":
            return self._power_rule(node, d[0], d[1])
        return self.multiply(d[0], self._function_rule(node, operation, operands[0]))

    def _function_rule(self, node: int, operation: str, a: int) -> int:
        if operation == "exp":
            return node
        if operation == "log":
            return self.reciprocal(a)
        if operation == "sin":
            return self.function("cos", a)
        if operation == "cos":
            return self.negate(self.function("sin", a))
        if operation == "tan":
            return self.add(self.one, self.multiply(node, node))
        if operation == "sinh":
            return self.function("cosh", a)
        if operation == "cosh":
            return self.function("sinh", a)
        square = self.multiply(a, a)
        if operation == "atan":
            return self.reciprocal(self.add(self.one, square))
        if operation in ("asin", "acos"):
            slope = self.power(self.subtract(self.one, square), self.constant(-0.5))
            return slope if operation == "asin" else self.negate(slope)
        return self.select(self.compare("lt", a, self.zero), self.constant(-1.0), self.one)  # abs

    def _power_rule(self, node: int, d_base: int, d_exponent: int) -> int:
        base, exponent = self.operands[node]
        below = self.power(base, self.subtract(exponent, self.one))
        by_base = self.multiply(self.multiply(exponent, below), d_base)
        if d_exponent == self.zero:
            return by_base
        # 0 ** p is 0 for every p > 0, so its derivative by p is 0 and not 0 * log(0).
        logarithm = self.select(self.compare("eq", base, self.zero), self.zero, self.function("log", base))
        return self.add(by_base, self.multiply(self.multiply(node, logarithm), d_exponent))

    # -- before code is printed ----------------------------------------------------------------------------

    def lower(self, roots: Sequence[int]) -> list[int]:
        """Return the roots with powers of known exponent as products, reciprocals and square roots.

        x ** 2.0 as exp(2 log x) would be NaN for x < 0 and slow everywhere.
        """
        done: dict[int, int] = {}
        for node in self.reachable(roots):
            operands = tuple(done[operand] for operand in self.operands[node])
            if self.operation[node] == "pow":
                done[node] = self._lower_power(*operands)
            elif operands == self.operands[node]:
                done[node] = node
            else:
                done[node] = self._rebuild(self.operation[node], operands, self.payload[node])
        return [done[root] for root in roots]

    def _rebuild(self, operation: str, operands: tuple[int, ...], payload: Payload) -> int:
        arithmetic: dict[str, Callable[..., int]] = {
            "add": self.add,
            "sub": self.subtract,
            "neg": self.negate,
            "mul": self.multiply,
            "select": self.select,
        }
        build = arithmetic.get(operation)
        return build(*operands) if build else self._node(operation, operands, payload)

    def _lower_power(self, base: int, exponent: int) -> int:
        y = self.value(exponent)
        if y is not None and abs(y) <= 64.0 and (2.0 * y).is_integer():
            whole, half = divmod(abs(y), 1.0)
            result = self._node("sqrt", (base,)) if half else self.one
            if y < 0.0 and half:
                return self.multiply(
                    self._node("recip", (result,)),
                    self._integer_power(self._node("recip", (base,)), int(whole)),
                )
            source = self._node("recip", (base,)) if y < 0.0 else base
            return self.multiply(result, self._integer_power(source, int(whole)))
        magnitude = self.function("abs", base)
        return self._node("power", (base, exponent, self.function("log", magnitude)))

    def _integer_power(self, base: int, exponent: int) -> int:
        result = self.one
        while exponent:
            if exponent & 1:
                result = self.multiply(result, base)
            exponent >>= 1
            if exponent:
                base = self.multiply(base, base)
        return result

    def reachable(self, roots: Sequence[int]) -> list[int]:
        """Return what the roots need, operands before results, roots in their order."""
        order: list[int] = []
        seen: set[int] = set()
        for root in roots:
            stack = [(root, False)]
            while stack:
                node, ready = stack.pop()
                if ready:
                    order.append(node)
                elif node not in seen:
                    seen.add(node)
                    stack.append((node, True))
                    stack.extend((operand, False) for operand in reversed(self.operands[node]))
        return order
