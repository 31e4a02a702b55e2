"""From libsbml's syntax trees to SymPy expressions.

Everything MathML in SBML Level 3 version 2 allows, function definitions expanded, numbers used as truth values
and truth values as numbers (as that version permits). Delays are refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import sympy as sp

from unmask.errors import DataError

# Names that SimBiology writes as if they were functions of the file, with MATLAB's meaning.
_NAMED_OPERATORS: dict[str, Callable[..., sp.Expr]] = {
    "max": sp.Max,
    "min": sp.Min,
    "nthroot": lambda x, n: x ** (1 / n),
    "power": lambda x, n: x**n,
    "pow": lambda x, n: x**n,
    "log": lambda x: _log(x),
    "ln": lambda x: _log(x),
    "log10": lambda x: _log(x) / _log(10),
    "log2": lambda x: _log(x) / _log(2),
    "exp": sp.exp,
    "sqrt": lambda x: x ** sp.Rational(1, 2),
    "abs": sp.Abs,
    "floor": sp.floor,
    "ceil": sp.ceiling,
    "mod": lambda a, b: a - b * sp.floor(a / b),
    "rem": lambda a, b: _remainder(a, b),
    "sign": lambda x: sp.Piecewise((1, x > 0), (-1, x < 0), (0, True)),
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "tanh": sp.tanh,
}
NAMED_OPERATORS = frozenset(_NAMED_OPERATORS)
"""Functions that a file may call without defining them (SimBiology's dialect)."""

_LARGEST_FACTORIAL = 170  # the next is above the largest double
NOT_A_NUMBER, INFINITE = "not a number", "infinity, the number"
"""Symbols that stand for the literals NaN and infinity, which SymPy would simplify away; no identifier has spaces."""


def _remainder(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return a - b * _quotient(a, b)


def _factorial(a: sp.Expr) -> sp.Expr:
    """Factorial of a whole number that may change: a product of the steps that it has reached."""
    if a.is_number:
        return sp.factorial(a)
    one = sp.Integer(1)
    return sp.Mul(*(_choose([(sp.Integer(k), sp.Ge(a, k))], one) for k in range(2, _LARGEST_FACTORIAL + 1)))


def _quotient(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """Whole part of a / b, towards zero."""
    return _choose([(sp.floor(a / b), sp.Ge(a / b, 0))], -sp.floor(-a / b))


def _choose(branches: Sequence[tuple[sp.Expr, sp.Basic]], otherwise: sp.Expr | None) -> sp.Expr:
    pieces = [*branches, *([] if otherwise is None else [(otherwise, sp.true)])]
    kept: list[tuple[sp.Expr, sp.Basic]] = []
    for value, condition in pieces:
        if condition == sp.false:
            continue
        kept.append((value, condition))
        if condition == sp.true:
            break
    if kept and kept[0][1] == sp.true:
        return kept[0][0]
    if not kept:
        return sp.Symbol(NOT_A_NUMBER)
    return sp.Piecewise(*kept, evaluate=False)


def _settled(value: sp.Expr) -> sp.Expr:
    """What SymPy works out of literals and is no real number, as the arithmetic of computers has it."""
    if not value.is_number or (value.is_finite is not False and value.is_extended_real is not False):
        return value
    if value in (sp.oo, sp.zoo, -sp.oo):
        return -sp.Symbol(INFINITE) if value == -sp.oo else sp.Symbol(INFINITE)
    return sp.Symbol(NOT_A_NUMBER)


def _log(a: sp.Expr) -> sp.Expr:
    return -sp.oo if a == 0 else sp.log(a)


def is_condition(expression: sp.Basic) -> bool:
    """Whether an expression is a truth value rather than a number."""
    return isinstance(expression, sp.logic.boolalg.Boolean) and not expression.is_Symbol


def as_number(expression: sp.Basic) -> sp.Expr:
    """Return an expression as a number: truth values become 1 and 0."""
    if not is_condition(expression):
        return expression
    if expression in (sp.true, sp.false):
        return sp.Integer(1 if expression == sp.true else 0)
    return _choose([(sp.Integer(1), expression)], sp.Integer(0))


def as_condition(expression: sp.Basic) -> sp.Basic:
    """Return an expression as a truth value: numbers are true unless 0."""
    return expression if is_condition(expression) else _relation(sp.Ne, expression, sp.Integer(0))


def _relation(kind: Any, a: sp.Expr, b: sp.Expr) -> sp.Basic:
    if a.is_number and b.is_number:
        return sp.true if bool(kind(sp.Float(a, 17), sp.Float(b, 17))) else sp.false
    # Unevaluated: SymPy would spend long on assumptions, and turn x >= x into true where x may be NaN.
    return kind(a, b, evaluate=False)


def _exclusive(a: sp.Basic, b: sp.Basic) -> sp.Basic:
    return sp.Or(sp.And(a, sp.Not(b)), sp.And(sp.Not(a), b))


class Mathematics:
    """Reads the mathematics of one file.

    Parameters
    ----------
    file
        Name for messages.
    time
        Symbol of the time.
    functions
        The file's function definitions: name -> (arguments, body), bodies as syntax trees.
    rate_prefix
        What no identifier of the file begins with, for the names of rates of change.
    """

    def __init__(
        self,
        file: str,
        time: sp.Symbol,
        functions: Mapping[str, tuple[tuple[str, ...], Any]],
        rate_prefix: str,
    ) -> None:
        import libsbml

        self.file = file
        self.time = time
        self.functions = functions
        self.rate_prefix = rate_prefix
        self.rates_asked: set[str] = set()
        self._library = libsbml
        self._handlers = self._table()

    def number(self, tree: Any, where: str, names: Mapping[str, sp.Basic] | None = None) -> sp.Expr:
        """Return the value of a tree as a number.

        Parameters
        ----------
        tree
            libsbml ``ASTNode``.
        where
            Which element of the model the tree belongs to, for messages.
        names
            What names stand for other than the symbol of the same name (local parameters).

        Raises
        ------
        DataError
            ``sbml.unsupported``, ``sbml.wrong_arguments``, ``sbml.unknown_function``.
        """
        return as_number(self._read(tree, where, names or {}))

    def condition(self, tree: Any, where: str) -> sp.Basic:
        """Return the value of a tree as a truth value; errors as :meth:`number`."""
        return as_condition(self._read(tree, where, {}))

    def rate_symbol(self, name: str) -> sp.Symbol:
        """Return the symbol that stands for the rate of change of ``name``."""
        self.rates_asked.add(name)
        return sp.Symbol(f"{self.rate_prefix}{name}")

    def _read(self, tree: Any, where: str, names: Mapping[str, sp.Basic]) -> sp.Basic:
        kind = tree.getType()
        handler = self._handlers.get(kind)
        if handler is not None:
            return handler(tree, where, names)
        arguments = [self._read(tree.getChild(i), where, names) for i in range(tree.getNumChildren())]
        if kind in self._logical:
            return self._logic(self._logical[kind], [as_condition(item) for item in arguments])
        numbers = [as_number(item) for item in arguments]
        if kind in self._relations:
            relation = self._relations[kind]
            return sp.And(*(_relation(relation, a, b) for a, b in pairwise(numbers)))
        operation = self._operations.get(kind)
        if operation is None:
            raise DataError(
                "sbml.unsupported", file=self.file, feature=f"the operator {_name(tree)}", where=where
            )
        return self._apply(operation, numbers, _name(tree), where)

    def _apply(
        self, operation: Callable[..., sp.Expr], arguments: Sequence[sp.Expr], name: str, where: str
    ) -> sp.Expr:
        try:
            return _settled(operation(*arguments))
        except TypeError as error:
            raise DataError(
                "sbml.wrong_arguments", file=self.file, function=name, count=len(arguments), where=where
            ) from error

    @staticmethod
    def _logic(name: str, conditions: Sequence[sp.Basic]) -> sp.Basic:
        if name == "and":
            return sp.And(*conditions)
        if name == "or":
            return sp.Or(*conditions)
        if name == "not":
            return sp.Not(conditions[0])
        if name == "implies":
            return sp.Or(sp.Not(conditions[0]), conditions[1])
        result: sp.Basic = sp.false
        for condition in conditions:
            result = _exclusive(result, condition)
        return result

    def _table(self) -> dict[int, Callable[[Any, str, Mapping[str, sp.Basic]], sp.Basic]]:
        lib = self._library
        self._relations = {
            lib.AST_RELATIONAL_EQ: sp.Eq,
            lib.AST_RELATIONAL_NEQ: sp.Ne,
            lib.AST_RELATIONAL_LT: sp.Lt,
            lib.AST_RELATIONAL_LEQ: sp.Le,
            lib.AST_RELATIONAL_GT: sp.Gt,
            lib.AST_RELATIONAL_GEQ: sp.Ge,
        }
        self._logical = {
            lib.AST_LOGICAL_AND: "and",
            lib.AST_LOGICAL_OR: "or",
            lib.AST_LOGICAL_NOT: "not",
            lib.AST_LOGICAL_XOR: "xor",
            lib.AST_LOGICAL_IMPLIES: "implies",
        }
        one = sp.Integer(1)
        self._operations: dict[int, Callable[..., sp.Expr]] = {
            lib.AST_PLUS: sp.Add,
            lib.AST_MINUS: lambda a, b=None: -a if b is None else a - b,
            lib.AST_TIMES: sp.Mul,
            lib.AST_DIVIDE: self._divide,
            lib.AST_POWER: lambda a, b: a**b,
            lib.AST_FUNCTION_POWER: lambda a, b: a**b,
            lib.AST_FUNCTION_ABS: sp.Abs,
            lib.AST_FUNCTION_EXP: sp.exp,
            lib.AST_FUNCTION_LN: _log,
            lib.AST_FUNCTION_LOG: lambda base, a: _log(a) / _log(base),
            lib.AST_FUNCTION_ROOT: lambda degree, a=None: (
                degree ** sp.Rational(1, 2) if a is None else a ** (one / degree)
            ),
            lib.AST_FUNCTION_CEILING: lambda a: -sp.floor(-a),
            lib.AST_FUNCTION_FLOOR: sp.floor,
            lib.AST_FUNCTION_FACTORIAL: _factorial,
            lib.AST_FUNCTION_MAX: sp.Max,
            lib.AST_FUNCTION_MIN: sp.Min,
            lib.AST_FUNCTION_QUOTIENT: _quotient,
            lib.AST_FUNCTION_REM: _remainder,
            lib.AST_FUNCTION_SIN: sp.sin,
            lib.AST_FUNCTION_COS: sp.cos,
            lib.AST_FUNCTION_TAN: sp.tan,
            lib.AST_FUNCTION_SEC: lambda a: one / sp.cos(a),
            lib.AST_FUNCTION_CSC: lambda a: one / sp.sin(a),
            lib.AST_FUNCTION_COT: lambda a: one / sp.tan(a),
            lib.AST_FUNCTION_SINH: sp.sinh,
            lib.AST_FUNCTION_COSH: sp.cosh,
            lib.AST_FUNCTION_TANH: sp.tanh,
            lib.AST_FUNCTION_SECH: lambda a: one / sp.cosh(a),
            lib.AST_FUNCTION_CSCH: lambda a: one / sp.sinh(a),
            lib.AST_FUNCTION_COTH: lambda a: one / sp.tanh(a),
            lib.AST_FUNCTION_ARCSIN: sp.asin,
            lib.AST_FUNCTION_ARCCOS: sp.acos,
            lib.AST_FUNCTION_ARCTAN: sp.atan,
            lib.AST_FUNCTION_ARCSEC: lambda a: sp.acos(one / a),
            lib.AST_FUNCTION_ARCCSC: lambda a: sp.asin(one / a),
            lib.AST_FUNCTION_ARCCOT: lambda a: sp.atan(one / a),
            lib.AST_FUNCTION_ARCSINH: lambda a: _log(a + sp.sqrt(a**2 + 1)),
            lib.AST_FUNCTION_ARCCOSH: lambda a: _log(a + sp.sqrt(a - 1) * sp.sqrt(a + 1)),
            lib.AST_FUNCTION_ARCTANH: lambda a: _log((1 + a) / (1 - a)) / 2,
            lib.AST_FUNCTION_ARCSECH: lambda a: _log(one / a + sp.sqrt(one / a - 1) * sp.sqrt(one / a + 1)),
            lib.AST_FUNCTION_ARCCSCH: lambda a: _log(one / a + sp.sqrt(one / a**2 + 1)),
            lib.AST_FUNCTION_ARCCOTH: lambda a: _log((a + 1) / (a - 1)) / 2,
        }
        return {
            lib.AST_INTEGER: lambda tree, *_: sp.Integer(tree.getInteger()),
            lib.AST_REAL: lambda tree, *_: literal(tree.getReal()),
            lib.AST_REAL_E: lambda tree, *_: literal(tree.getReal()),
            lib.AST_RATIONAL: lambda tree, *_: sp.Rational(tree.getNumerator(), tree.getDenominator()),
            lib.AST_CONSTANT_E: lambda *_: sp.E,
            lib.AST_CONSTANT_PI: lambda *_: sp.pi,
            lib.AST_CONSTANT_TRUE: lambda *_: sp.true,
            lib.AST_CONSTANT_FALSE: lambda *_: sp.false,
            lib.AST_NAME: lambda tree, where, names: names.get(tree.getName(), sp.Symbol(tree.getName())),
            lib.AST_NAME_TIME: lambda *_: self.time,
            lib.AST_NAME_AVOGADRO: lambda *_: sp.Float(6.02214179e23),
            lib.AST_FUNCTION: self._call,
            lib.AST_FUNCTION_DELAY: self._refuse_delay,
            lib.AST_FUNCTION_PIECEWISE: self._piecewise,
            lib.AST_FUNCTION_RATE_OF: lambda tree, where, names: self.rate_symbol(tree.getChild(0).getName()),
        }

    @staticmethod
    def _divide(a: sp.Expr, b: sp.Expr) -> sp.Expr:
        if b == 0:
            return sp.Symbol(NOT_A_NUMBER) if a == 0 else a * sp.Symbol(INFINITE)
        return a / b

    def _call(self, tree: Any, where: str, names: Mapping[str, sp.Basic]) -> sp.Basic:
        name = tree.getName()
        arguments = [self._read(tree.getChild(i), where, names) for i in range(tree.getNumChildren())]
        if name in self.functions:
            parameters, body = self.functions[name]
            if len(parameters) != len(arguments):
                raise DataError(
                    "sbml.wrong_arguments", file=self.file, function=name, count=len(arguments), where=where
                )
            if body is None:
                raise DataError(
                    "sbml.unsupported", file=self.file, feature=f"the empty function {name}", where=where
                )
            return self._read(body, where, dict(zip(parameters, arguments, strict=True)))
        operation = _NAMED_OPERATORS.get(name)
        if operation is None:
            raise DataError("sbml.unknown_function", file=self.file, function=name, where=where)
        return self._apply(operation, [as_number(item) for item in arguments], name, where)

    def _refuse_delay(self, tree: Any, where: str, names: Mapping[str, sp.Basic]) -> sp.Basic:
        raise DataError(
            "sbml.unsupported", file=self.file, feature="delay equations (the csymbol delay)", where=where
        )

    def _piecewise(self, tree: Any, where: str, names: Mapping[str, sp.Basic]) -> sp.Basic:
        pieces = [self._read(tree.getChild(i), where, names) for i in range(tree.getNumChildren())]
        otherwise = pieces.pop() if len(pieces) % 2 else None
        branches = [
            (value, as_condition(condition))
            for value, condition in zip(pieces[::2], pieces[1::2], strict=True)
        ]
        values = [value for value, _ in branches] + ([] if otherwise is None else [otherwise])
        if values and all(is_condition(value) for value in values):
            return self._logical_piecewise(branches, sp.false if otherwise is None else otherwise)
        numbers = [(as_number(value), condition) for value, condition in branches]
        return _choose(numbers, None if otherwise is None else as_number(otherwise))

    @staticmethod
    def _logical_piecewise(branches: Sequence[tuple[sp.Basic, sp.Basic]], otherwise: sp.Basic) -> sp.Basic:
        result = otherwise
        for value, condition in reversed(branches):
            result = sp.Or(sp.And(condition, value), sp.And(sp.Not(condition), result))
        return result


def literal(value: float) -> sp.Expr:
    """Return a number of the file, NaN and infinity as symbols."""
    if value != value:
        return sp.Symbol(NOT_A_NUMBER)
    if value in (float("inf"), float("-inf")):
        return sp.Symbol(INFINITE) if value > 0 else -sp.Symbol(INFINITE)
    return sp.Float(value)


def _name(tree: Any) -> str:
    return tree.getName() or tree.getOperatorName() or str(tree.getType())
