"""From SymPy expressions to libsbml's syntax trees."""

from __future__ import annotations

from typing import Any

import sympy as sp

from unmask.errors import ModelError
from unmask.model.sbml.mathematics import INFINITE, NOT_A_NUMBER

_FUNCTIONS = {
    sp.exp: "AST_FUNCTION_EXP",
    sp.log: "AST_FUNCTION_LN",
    sp.sin: "AST_FUNCTION_SIN",
    sp.cos: "AST_FUNCTION_COS",
    sp.tan: "AST_FUNCTION_TAN",
    sp.sinh: "AST_FUNCTION_SINH",
    sp.cosh: "AST_FUNCTION_COSH",
    sp.tanh: "AST_FUNCTION_TANH",
    sp.asin: "AST_FUNCTION_ARCSIN",
    sp.acos: "AST_FUNCTION_ARCCOS",
    sp.atan: "AST_FUNCTION_ARCTAN",
    sp.floor: "AST_FUNCTION_FLOOR",
    sp.ceiling: "AST_FUNCTION_CEILING",
    sp.Abs: "AST_FUNCTION_ABS",
    sp.factorial: "AST_FUNCTION_FACTORIAL",
    sp.Max: "AST_FUNCTION_MAX",
    sp.Min: "AST_FUNCTION_MIN",
    sp.Add: "AST_PLUS",
    sp.Mul: "AST_TIMES",
    sp.And: "AST_LOGICAL_AND",
    sp.Or: "AST_LOGICAL_OR",
    sp.Not: "AST_LOGICAL_NOT",
    sp.Eq: "AST_RELATIONAL_EQ",
    sp.Ne: "AST_RELATIONAL_NEQ",
    sp.Lt: "AST_RELATIONAL_LT",
    sp.Le: "AST_RELATIONAL_LEQ",
    sp.Gt: "AST_RELATIONAL_GT",
    sp.Ge: "AST_RELATIONAL_GEQ",
}


class Trees:
    """Makes syntax trees of one model's expressions.

    Parameters
    ----------
    model
        Name for messages.
    time
        Name of the symbol that is the time.
    dimensionless
        Whether plain numbers are declared to be without unit, as those of Unmask's modules are.
    """

    def __init__(self, model: str, time: str, dimensionless: bool) -> None:
        import libsbml

        self.library = libsbml
        self.model = model
        self.time = time
        self.dimensionless = dimensionless

    def tree(self, expression: Any) -> Any:
        """Return the ``ASTNode`` of an expression or condition.

        Raises
        ------
        ModelError
            ``sbml.not_expressible``: a function that SBML does not have.
        """
        expression = sp.sympify(expression)
        lib = self.library
        if expression.is_Symbol:
            return self._symbol(expression.name)
        if expression in (sp.true, sp.false):
            return lib.ASTNode(lib.AST_CONSTANT_TRUE if expression == sp.true else lib.AST_CONSTANT_FALSE)
        if expression == sp.pi:
            return lib.ASTNode(lib.AST_CONSTANT_PI)
        if expression.is_number:
            return self._number(expression)
        if isinstance(expression, sp.Piecewise):
            return self._piecewise(expression)
        if expression.is_Pow or isinstance(expression, sp.Pow):
            return self._power(*expression.args)
        if expression.is_Mul:
            return self._product(expression)
        if isinstance(expression, sp.Mod):
            a, b = expression.args
            return self.tree(a - b * sp.floor(a / b))
        kind = _FUNCTIONS.get(expression.func)
        if kind is None:
            raise ModelError("sbml.not_expressible", model=self.model, function=expression.func)
        return self._node(kind, *map(self.tree, expression.args))

    def _node(self, kind: str, *children: Any) -> Any:
        node = self.library.ASTNode(getattr(self.library, kind))
        for child in children:
            node.addChild(child)
        return node

    def _symbol(self, name: str) -> Any:
        lib = self.library
        if name == self.time:
            node = lib.ASTNode(lib.AST_NAME_TIME)
            node.setName("time")
            return node
        if name in (NOT_A_NUMBER, INFINITE):
            node = lib.ASTNode(lib.AST_REAL)
            node.setValue(float("nan") if name == NOT_A_NUMBER else float("inf"))
            return node
        node = lib.ASTNode(lib.AST_NAME)
        node.setName(name)
        return node

    def _number(self, value: sp.Expr) -> Any:
        lib = self.library
        number = float(value)
        if value.is_Integer and abs(number) < 2**31:
            node = lib.ASTNode(lib.AST_INTEGER)
            node.setValue(int(value))
        elif value.is_Rational and not value.is_Integer and max(abs(value.p), value.q) < 2**31:
            node = lib.ASTNode(lib.AST_RATIONAL)
            node.setValue(int(value.p), int(value.q))
        else:
            node = lib.ASTNode(lib.AST_REAL)
            node.setValue(number)
        if self.dimensionless and number:
            node.setUnits("dimensionless")
        return node

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> Any:
        if base == sp.E:
            return self._node("AST_FUNCTION_EXP", self.tree(exponent))
        if exponent.is_number and exponent.is_negative:
            return self._node("AST_DIVIDE", self._number(sp.Integer(1)), self.tree(base ** (-exponent)))
        if exponent == sp.Rational(1, 2):
            degree = self.library.ASTNode(self.library.AST_INTEGER)
            degree.setValue(2)
            return self._node("AST_FUNCTION_ROOT", degree, self.tree(base))
        return self._node("AST_POWER", self.tree(base), self.tree(exponent))

    def _product(self, expression: sp.Expr) -> Any:
        above, below = _fraction(expression)
        if not below:
            return self._node("AST_TIMES", *map(self.tree, above))
        top = self._node("AST_TIMES", *map(self.tree, above)) if len(above) > 1 else self.tree(above[0])
        bottom = self._node("AST_TIMES", *map(self.tree, below)) if len(below) > 1 else self.tree(below[0])
        return self._node("AST_DIVIDE", top, bottom)

    def _piecewise(self, expression: sp.Expr) -> Any:
        node = self.library.ASTNode(self.library.AST_FUNCTION_PIECEWISE)
        for value, condition in expression.args:
            node.addChild(self.tree(value))
            if condition == sp.true:
                break
            node.addChild(self.tree(condition))
        return node


def _fraction(product: sp.Expr) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """Factors above and below the line, as they stand (SymPy's own would expand sums)."""
    above: list[sp.Expr] = []
    below: list[sp.Expr] = []
    for factor in product.args:
        negative = factor.is_Pow and factor.args[1].is_number and factor.args[1].is_negative
        if negative and factor.args[0] != sp.E:
            below.append(factor.args[0] ** (-factor.args[1]))
        else:
            above.append(factor)
    return above or [sp.Integer(1)], below
