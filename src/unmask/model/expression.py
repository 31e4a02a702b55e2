"""Equations are written as text; this reads the text into SymPy without evaluating any of it as Python.

SymPy's own reader runs ``eval`` and gives names such as ``E``, ``S`` or ``beta`` a meaning of their own. Here
a name is a symbol of the module and nothing else, and only arithmetic and a few functions exist. The triggers of
events are conditions: comparisons of such expressions, joined by ``and``, ``or`` and ``not``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import sympy as sp

from unmask.errors import ModelError
from unmask.model.symbol_name import FUNCTIONS

_Refusal = Callable[[str], ModelError]
_MEANING = {name: getattr(sp, name) for name in FUNCTIONS}
_COMPARISONS: dict[type[ast.cmpop], Callable[[sp.Expr, sp.Expr], sp.Basic]] = {
    ast.Lt: sp.Lt,
    ast.LtE: sp.Le,
    ast.Gt: sp.Gt,
    ast.GtE: sp.Ge,
}


def read(text: str, *, module: str, symbol: str) -> sp.Expr:
    """Return the SymPy expression of ``text``; integers stay exact, so ``x**(1/3)`` is a true cube root.

    Raises
    ------
    ModelError
        ``model.bad_expression`` naming module, symbol and the offending piece.
    """

    def refuse(piece: str) -> ModelError:
        return ModelError("model.bad_expression", module=module, symbol=symbol, expression=text, piece=piece)

    return _expression(_parsed(text, refuse), refuse)


def read_condition(text: str, *, module: str, event: str) -> sp.Basic:
    """Return the SymPy condition of ``text``, the trigger of an event: ``cells < 1 and t > 7``, for example.

    Raises
    ------
    ModelError
        ``model.bad_condition`` naming module, event and the offending piece; ``model.constant_condition`` for
        one that is always true, or never.
    """

    def refuse(piece: str) -> ModelError:
        return ModelError("model.bad_condition", module=module, event=event, condition=text, piece=piece)

    def build(node: ast.expr) -> sp.Basic:
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return sp.And(*(build(value) for value in values))
            case ast.BoolOp(op=ast.Or(), values=values):
                return sp.Or(*(build(value) for value in values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return sp.Not(build(operand))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
                return _COMPARISONS[type(op)](_expression(left, refuse), _expression(right, refuse))
        raise refuse(ast.unparse(node))

    condition = build(_parsed(text, refuse))
    if condition in (sp.true, sp.false):
        raise ModelError(
            "model.constant_condition", module=module, event=event, condition=text, value=condition
        )
    return condition


def _parsed(text: str, refuse: _Refusal) -> ast.expr:
    try:
        return ast.parse(" ".join(text.split()), mode="eval").body
    except SyntaxError as problem:
        raise refuse(str(problem)) from problem


def _expression(tree: ast.expr, refuse: _Refusal) -> sp.Expr:
    def build(node: ast.expr) -> sp.Expr:
        match node:
            case ast.Constant(value=bool()):
                raise refuse(ast.unparse(node))
            case ast.Constant(value=int() as value):
                return sp.Integer(value)
            case ast.Constant(value=float() as value):
                return sp.Float(value)
            case ast.Name(id=name):
                return sp.Symbol(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -build(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return build(operand)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return build(left) + build(right)
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return build(left) - build(right)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return build(left) * build(right)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return build(left) / build(right)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return build(left) ** build(right)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
                return _MEANING[name](*(build(argument) for argument in arguments))
        raise refuse(ast.unparse(node))

    return build(tree)
