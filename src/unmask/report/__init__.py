"""Turn the tables of one trial into a page that a person reads: :func:`render`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unmask.report.inputs import Arm, Observed, ReportInput, Tables
    from unmask.report.page import render

__all__ = ["Arm", "Observed", "ReportInput", "Tables", "render"]

_HOME = dict.fromkeys(("Arm", "Observed", "ReportInput", "Tables"), "inputs") | {
    "render": "page",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: the constants of ``style`` must stay cheap to load."""
    if name not in _HOME:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"unmask.report.{_HOME[name]}"), name)
