"""What a user asks of a simulation, checked: who, when, what to report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.configuration import nearest
from unmask.errors import ConfigurationError
from unmask.model.system import Model
from unmask.simulation.dosing import Dosing, content_of
from unmask.simulation.variation import read_patients, read_variation

MOST_TIMES = 1_000_000
MOST_PATIENTS = 1_000_000


def output_times(until: float, every: float | None, number: int) -> NDArray[np.float64]:
    """Return the times of output from 0 to ``until``, both included.

    Raises
    ------
    ConfigurationError
        Not above 0, not finite, or too many.
    """
    step = until / number if every is None else every
    if not (0 < until < math.inf and 0 < step < math.inf):
        raise ConfigurationError("simulation.bad_times")
    if until / step > MOST_TIMES:
        raise ConfigurationError("simulation.too_many_times", count=until / step, most=MOST_TIMES)
    count = math.floor(until / step + 1e-9)
    times = np.asarray(np.arange(count + 1) * step, dtype=np.float64)
    if count == 0 or times[-1] < until * (1 - 1e-12):
        return np.append(times, until)
    times[-1] = until
    return times


def with_dose_times(times: NDArray[np.float64], doses: Sequence[Dosing]) -> NDArray[np.float64]:
    """Return times of output with those of doses among them, so that peaks are seen."""
    given = np.array([time for dose in doses for time in dose.times], dtype=np.float64)
    return np.union1d(times, given[(given >= times[0]) & (given <= times[-1])])


def without_effect(model: Model, names: Iterable[str]) -> tuple[str, ...]:
    """Return the parameters among ``names`` that nothing in the model uses."""
    used = {symbol.name for rate in model.rates for symbol in rate.free_symbols}
    for rule in (*model.rules, *model.initial):
        used |= {symbol.name for symbol in rule.expression.free_symbols}
    for event in model.events:
        parts = (event.trigger, event.delay, event.priority, *(value for _, value in event.assignments))
        used |= {symbol.name for part in parts if part is not None for symbol in part.free_symbols}
    used |= {content.volume for content in model.contents.values()}
    return tuple(name for name in names if name in model.parameter_names and name not in used)


def with_observables(model: Model, asked: str | None) -> Model:
    """Return the model with the observables that are asked for.

    Raises
    ------
    ConfigurationError
        A name that is no species, parameter or rule.
    """
    names = (
        model.observables
        if asked is None
        else tuple(part.strip() for part in asked.split(",") if part.strip())
    )
    if not names and asked is not None:
        raise ConfigurationError("simulation.nothing_observed", value=asked)
    if not names:
        names = model.species_names
    for name in names:
        if name not in model.units:
            raise ConfigurationError(
                "simulation.unknown_observable", model=model.name, name=name, hint=nearest(name, model.units)
            )
    return replace(model, observables=tuple(dict.fromkeys(names)))


def people(
    model: Model,
    patients: int | None,
    vary: Path | None,
    cohort: Path | None,
    seed: int,
    settings: Sequence[str],
) -> pd.DataFrame | None:
    """Return a table with a row for each patient, ``None`` for one patient with the model's own values.

    Raises
    ------
    ConfigurationError
        Options that exclude each other, names the model does not have.
    DataError
        A table of patients that cannot be read.
    """
    if cohort is not None and (vary is not None or patients is not None):
        raise ConfigurationError("simulation.two_populations")
    if patients is not None and patients > 1 and vary is None:
        raise ConfigurationError("simulation.nothing_varies", patients=patients)
    if patients is not None and patients > MOST_PATIENTS:
        raise ConfigurationError("simulation.too_many_patients", patients=patients, most=MOST_PATIENTS)
    if seed < 0:
        raise ConfigurationError("simulation.bad_seed", value=seed)
    table: pd.DataFrame | None = None
    if cohort is not None:
        table = read_patients(cohort, model)
    elif vary is not None:
        variation = read_variation(vary)
        if patients is None:
            raise ConfigurationError("simulation.how_many", file=vary)
        table = variation.values(model, patients, seed, str(vary))
    fixed = _settings(model, settings)
    if not fixed:
        return table
    if table is None:
        return pd.DataFrame(
            {name: [value] for name, value in fixed.items()}, index=pd.Index([0], name="patient")
        )
    for name in fixed:
        if name in table:
            raise ConfigurationError("simulation.set_twice", name=name)
    return table.assign(**fixed)


def _settings(model: Model, settings: Sequence[str]) -> dict[str, float]:
    found = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip()
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not equals or not math.isfinite(value):
            raise ConfigurationError("simulation.bad_setting", setting=setting)
        if name not in model.parameter_names:
            known_names = {*model.contents, *model.species_names, *(rule.name for rule in model.rules)}
            if name not in known_names:
                known = [*model.parameter_names, *model.contents, *model.species_names]
                raise ConfigurationError("simulation.unknown_setting", name=name, hint=nearest(name, known))
            content_of(model, name)
        if name in found:
            raise ConfigurationError("simulation.set_twice", name=name)
        found[name] = value
    return found
