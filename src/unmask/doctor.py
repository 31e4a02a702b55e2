"""Checks of an installation: what is there, and does it work."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

DEPENDENCIES = (
    "numpy",
    "scipy",
    "sympy",
    "llvmlite",
    "pandas",
    "pyarrow",
    "pydantic",
    "typer",
    "rich",
    "lifelines",
    "matplotlib",
    "jinja2",
    "pint",
    "platformdirs",
)
"""What ``pyproject.toml`` requires; a test holds the two together."""
OPTIONAL = {"python-libsbml": ("SBML files", "sbml"), "pyreadstat": ("XPT files", "adam")}
"""What an extra brings: package -> what for, name of the extra."""


@dataclass(frozen=True)
class Check:
    """One check: its name, whether it is good, and what was found."""

    name: str
    good: bool
    finding: str


def examine() -> Iterator[Check]:
    """Yield the checks one by one, the slow ones last."""
    yield Check(
        "python", sys.version_info >= (3, 11), f"{platform.python_version()} (3.11 or newer is needed)"
    )
    yield Check("processors", True, str(os.cpu_count() or 1))
    for name in DEPENDENCIES:
        try:
            yield Check(name, True, version(name))
        except PackageNotFoundError:
            yield Check(name, False, "not installed; run `make demo` or `pip install unmask` again")
    for name, (purpose, extra) in OPTIONAL.items():
        try:
            yield Check(name, True, version(name))
        except PackageNotFoundError:
            yield Check(name, True, f"not installed; for {purpose}: pip install 'unmask[{extra}]'")
    yield _cache()
    yield _compile()


def _cache() -> Check:
    from unmask.engine.targets.cpu.machine import cache_folder

    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = f"{folder}: {error.strerror}; models are compiled anew at every start"
        return Check("cache of compiled models", False, reason)
    return Check("cache of compiled models", True, str(folder))


def _compile() -> Check:
    """Compile the core model and integrate one untreated patient for a day."""
    from unmask.engine import Status, compile_model
    from unmask.model.catalogue import load

    started = time.perf_counter()
    compiled = compile_model(load("core"))
    result = compiled.integrate(compiled.initial_states(1), compiled.default_parameters(1), 0.0, 1.0)
    seconds = time.perf_counter() - started
    good = bool(result.status[0] == Status.OK)
    found = f"core model ready and integrated in {seconds:.1f} s" if good else Status(result.status[0]).reason
    return Check("engine", good, found)
