"""What a symbol of a module may be called."""

from __future__ import annotations

import keyword
import re

from unmask.errors import ModelError

FUNCTIONS = ("exp", "log", "sqrt", "tanh", "Max", "Min")
"""The functions that equations may use; ``expression`` gives them their meaning."""
RESERVED = frozenset({"t", "time", "day", "numpy", *FUNCTIONS})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")


def check_name(name: str, *, module: str) -> None:
    """Refuse a name that equations or generated code could not carry.

    Raises
    ------
    ModelError
        ``model.reserved_name`` or ``model.bad_name`` (a double underscore is kept for instances).
    """
    if name in RESERVED or keyword.iskeyword(name):
        raise ModelError("model.reserved_name", module=module, symbol=name)
    if not _NAME.fullmatch(name):
        raise ModelError("model.bad_name", module=module, symbol=name)
