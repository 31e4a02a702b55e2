"""Equations are written as text; this reads the text into SymPy without evaluating any of it as Python.

SymPy's own reader runs ``eval`` and gives names such as ``E``, ``S`` or ``beta`` a meaning of their own. Here
a name is a symbol of the module and nothing else, and only arithmetic and a few functions exist.
"""

from __future__ import annotations

import ast

import sympy as sp

from unmask.errors import ModelError
from unmask.model.symbol_name import FUNCTIONS

_MEANING = {name: getattr(sp, name) for name in FUNCTIONS}


def read(text: str, *, module: str, symbol: str) -> sp.Expr:
    """Return the SymPy expression of ``text``; integers stay exact, so ``x**(1/3)`` is a true cube root.

    Raises
    ------
    ModelError
        ``model.bad_expression`` naming module, symbol and the offending piece.
    """

    def refuse(piece: str) -> ModelError:
        return ModelError("model.bad_expression", module=module, symbol=symbol, expression=text, piece=piece)

    try:
        tree = ast.parse(" ".join(text.split()), mode="eval")
    except SyntaxError as problem:
        raise refuse(str(problem)) from problem

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

    return build(tree.body)
