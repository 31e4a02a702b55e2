"""The SBML semantic test suite, or any folder of the same form, run through the importer and the engine.

A case is a folder with ``model.xml`` (or ``CASE-sbml-l3v2.xml`` and the like), ``settings.txt`` and ``results.csv``
(or ``CASE-settings.txt``, ``CASE-results.csv``). A value passes within the suite's own tolerances: absolute plus
relative times the expected value.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import sympy as sp
from numpy.typing import NDArray

from unmask.errors import DataError, UnmaskError
from unmask.model.sbml.document import open_model
from unmask.model.sbml.reader import read_model
from unmask.model.sbml.symbols import Quantity, quantities
from unmask.model.system import Model, Rule
from unmask.simulation.population import population
from unmask.simulation.trajectories import simulate

Outcome = Literal["passed", "refused", "wrong", "error"]
OUTCOMES: tuple[Outcome, ...] = ("passed", "refused", "wrong", "error")
_RTOL = 1e-8
_SHARE_OF_TOLERANCE = 1e-5  # absolute tolerance of states, as a share of what the suite allows
UNSUPPORTED_TAGS = (
    "AlgebraicRule",
    "CSymbolDelay",
    "FastReaction",
    "MultipleFastReactions",
    "comp:",
    "fbc:",
    "FluxBalanceSteadyState",
)
"""Tags of cases that use what Unmask does not support; every other case is counted as supported."""


@dataclass(frozen=True)
class Case:
    """One case and how it went; ``detail`` says what was refused, differed or broke."""

    name: str
    outcome: Outcome
    detail: str = ""
    tags: tuple[str, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether the case's tags name nothing that is not supported; true where no tags are known."""
        return not any(tag.startswith(UNSUPPORTED_TAGS) for tag in self.tags)


@dataclass(frozen=True)
class _Settings:
    start: float
    duration: float
    steps: int
    variables: tuple[str, ...]
    absolute: float
    relative: float
    amount: frozenset[str]
    concentration: frozenset[str]

    @property
    def times(self) -> NDArray[np.float64]:
        return self.start + np.arange(self.steps + 1) * (self.duration / self.steps)


def run_folder(
    folder: Path, *, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> list[Case]:
    """Return how every case of a folder went, in order of their names.

    Parameters
    ----------
    folder
        Holds a folder for each case and, if there is one, ``index.csv`` with the columns ``case``, ``test_type``,
        ``component_tags`` and ``test_tags``.
    workers
        Processes.

    Raises
    ------
    DataError
        No such folder, or no case in it.
    """
    if not folder.is_dir():
        raise DataError("sbml.no_folder", folder=folder)
    cases = sorted(place for place in folder.iterdir() if place.is_dir() and _file(place, "settings.txt"))
    if not cases:
        raise DataError("sbml.no_cases", folder=folder)
    tags = _tags(folder)
    found = []
    # Hundreds of small models that nobody will want again: they are not to fill the user's cache.
    with tempfile.TemporaryDirectory() as cache:
        before = os.environ.get("UNMASK_CACHE_DIR")
        os.environ["UNMASK_CACHE_DIR"] = cache
        try:
            for case in _mapped(run_case, cases, workers):
                found.append(replace(case, tags=tags.get(case.name, ())))
                if progress is not None:
                    progress(len(found), len(cases))
        finally:
            os.environ.pop("UNMASK_CACHE_DIR")
            if before is not None:
                os.environ["UNMASK_CACHE_DIR"] = before
    return found


def _mapped(function: Callable[[Path], Case], cases: list[Path], workers: int) -> object:
    if workers == 1:
        return map(function, cases)
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(function, cases, chunksize=4))


def run_case(place: Path) -> Case:
    """Return how one case went."""
    try:
        settings, expected = _read_settings(place), _read_results(place)
        model, meanings = _with_outputs(_model_file(place), settings)
        start = population(model, time=settings.start)
        scale = _SHARE_OF_TOLERANCE * settings.absolute
        declared = np.array([min(item.absolute_tolerance, scale) for item in model.species])
        result = simulate(model, start, settings.times, rtol=_RTOL, tolerances=declared)
    except UnmaskError as error:
        return Case(place.name, "refused", str(error))
    except Exception as error:
        return Case(place.name, "error", f"{type(error).__name__}: {error}")
    if result.failed.any():
        return Case(place.name, "error", next(iter(result.failures())))
    got = dict(zip(result.names, result.values[0].T, strict=True))
    for variable in settings.variables:
        found, wanted = got[meanings[variable]], expected[variable].to_numpy(dtype=float)
        detail = _difference(found, wanted, settings, variable)
        if detail:
            return Case(place.name, "wrong", detail)
    return Case(place.name, "passed")


def _difference(
    found: NDArray[np.float64], wanted: NDArray[np.float64], settings: _Settings, variable: str
) -> str:
    if found.shape != wanted.shape:
        return f"{variable}: {len(found)} values where {len(wanted)} are expected"
    with np.errstate(invalid="ignore"):
        within = np.abs(found - wanted) <= settings.absolute + settings.relative * np.abs(wanted)
    same = within | (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    if same.all():
        return ""
    first = int(np.flatnonzero(~same)[0])
    return f"{variable} at time {settings.times[first]:g}: {found[first]:.10g} where {wanted[first]:.10g} is expected"


def _with_outputs(file: Path, settings: _Settings) -> tuple[Model, Mapping[str, str]]:
    """Return the model with an observable for each variable of the case, and their names."""
    model = read_model(file, units="as-written", still=True).model
    items = quantities(open_model(file)[1], str(file))
    rules, names = list(model.rules), {}
    for variable in settings.variables:
        expression = _meaning(variable, items, model, settings)
        name = f"output {variable}"
        rules.append(Rule(name, "", expression))
        names[variable] = name
    return replace(model, rules=tuple(rules), observables=tuple(names.values())), names


def _meaning(variable: str, items: Mapping[str, Quantity], model: Model, settings: _Settings) -> sp.Expr:
    symbol = sp.Symbol(variable)
    item = items.get(variable)
    if item is None or item.kind != "species":
        return symbol
    volume = sp.Symbol(item.volume)
    if variable in settings.amount and not item.symbol_is_amount:
        content = model.contents.get(variable)
        return symbol * volume if content is None else sp.Symbol(content.state)
    if variable in settings.concentration and item.symbol_is_amount:
        return symbol / volume
    return symbol


def _file(place: Path, ending: str) -> Path | None:
    for name in (ending, f"{place.name}-{ending}"):
        if (place / name).is_file():
            return place / name
    return None


def _model_file(place: Path) -> Path:
    plain = _file(place, "model.xml")
    if plain is not None:
        return plain
    for level in ("l3v2", "l3v1", "l2v5", "l2v4"):
        versioned = place / f"{place.name}-sbml-{level}.xml"
        if versioned.is_file():
            return versioned
    raise DataError("sbml.unreadable", file=place / "model.xml", reason="no such file")


def _read_settings(place: Path) -> _Settings:
    file = _file(place, "settings.txt")
    assert file is not None
    values = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        key, colon, value = line.partition(":")
        if colon:
            values[key.strip()] = value.strip()
    try:
        return _Settings(
            float(values["start"] or "nan"),
            float(values["duration"] or "nan"),
            int(values["steps"] or 0),
            _names(values["variables"]),
            float(values["absolute"]),
            float(values["relative"]),
            frozenset(_names(values.get("amount", ""))),
            frozenset(_names(values.get("concentration", ""))),
        )
    except (KeyError, ValueError) as error:
        raise DataError("sbml.bad_settings", file=file, reason=error) from error


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _read_results(place: Path) -> pd.DataFrame:
    file = _file(place, "results.csv")
    if file is None:
        raise DataError("sbml.unreadable", file=place / "results.csv", reason="no such file")
    # The first column is the time, whatever it and the others are called ("time" and "Time" may both be variables).
    with file.open(encoding="utf-8-sig") as lines:
        names = [name.strip() for name in lines.readline().split(",")]
    table = pd.read_csv(file, skiprows=1, header=None, skipinitialspace=True)
    return table.set_axis(names, axis=1).iloc[:, 1:]


def _tags(folder: Path) -> dict[str, tuple[str, ...]]:
    index = folder / "index.csv"
    if not index.is_file():
        return {}
    table = pd.read_csv(index, dtype=str).fillna("")
    return {
        row.case: tuple(
            tag.strip()
            for text in (row.test_type, row.component_tags, row.test_tags)
            for tag in str(text).split(",")
            if tag.strip()
        )
        for row in table.itertuples()
    }


def counts(cases: list[Case]) -> dict[str, dict[str, int]]:
    """Return outcome -> number, of all cases and of those whose tags name nothing unsupported."""
    everything = Counter(case.outcome for case in cases)
    supported = Counter(case.outcome for case in cases if case.supported)
    return {
        "all": {outcome: everything[outcome] for outcome in OUTCOMES},
        "supported": {outcome: supported[outcome] for outcome in OUTCOMES},
    }
