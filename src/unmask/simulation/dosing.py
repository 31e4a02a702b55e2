"""Doses as data: an amount of a substance at given times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from unmask.configuration import nearest
from unmask.errors import ConfigurationError
from unmask.model.system import Content, Model, Species

MOST_DOSES = 100_000


@dataclass(frozen=True)
class Dosing:
    """An amount of one substance at each of the times.

    ``amount`` is in the unit of the amount of the species, ``times`` in the model's unit of time, ascending. With a
    ``duration`` the amount flows in evenly for so long, beginning at each of the times.
    """

    species: str
    amount: float
    times: tuple[float, ...]
    duration: float = 0.0


def read_dose(text: str) -> Dosing:
    """Return what ``SPECIES=AMOUNT@TIMES`` or, for infusions, ``SPECIES=AMOUNT@TIMES/DURATION`` says.

    TIMES are numbers separated by commas; ``0:392:14`` stands for every 14 from 0 to 392, both included.

    Raises
    ------
    ConfigurationError
        ``simulation.bad_dose`` with what is wrong with it.
    """

    def refuse(reason: str) -> ConfigurationError:
        return ConfigurationError("simulation.bad_dose", dose=text, reason=reason)

    species, equals, rest = text.partition("=")
    amount_text, at, times_text = rest.partition("@")
    if not equals or not at or not species.strip():
        raise refuse("the form is SPECIES=AMOUNT@TIMES, for example drug=210@0,14,28")
    try:
        amount = float(amount_text)
    except ValueError:
        raise refuse(f"{amount_text.strip()!r} is not a number") from None
    if not 0.0 <= amount < math.inf:
        raise refuse(f"the amount {amount:g} must be a number not below 0")
    times_text, slash, duration_text = times_text.partition("/")
    try:
        duration = float(duration_text) if slash else 0.0
    except ValueError:
        raise refuse(f"the duration {duration_text.strip()!r} is not a number") from None
    if slash and not 0.0 < duration < math.inf:
        raise refuse(f"the duration {duration:g} must be a number above 0")
    times: list[float] = []
    for part in times_text.split(","):
        times.extend(_times(part.strip(), refuse))
        if len(times) > MOST_DOSES:
            raise refuse(f"there are more than {MOST_DOSES} times")
    return Dosing(species.strip(), amount, tuple(sorted(times)), duration)


def _times(part: str, refuse: object) -> list[float]:
    assert callable(refuse)
    try:
        numbers = [float(number) for number in part.split(":")]
    except ValueError:
        raise refuse(f"{part!r} is not a time") from None
    if not all(math.isfinite(number) for number in numbers):
        raise refuse(f"{part!r} is not finite")
    if numbers[0] < 0:
        raise refuse(f"the time {numbers[0]:g} is before the start at 0")
    if len(numbers) == 1:
        return numbers
    if len(numbers) != 3 or numbers[2] <= 0 or numbers[1] < numbers[0]:
        raise refuse(f"{part!r} is not FIRST:LAST:EVERY with LAST not before FIRST and EVERY above 0")
    first, last, every = numbers
    count = math.floor((last - first) / every + 1e-9) + 1
    if count > MOST_DOSES:
        raise refuse(f"{part!r} means {count} doses")
    return [first + index * every for index in range(count)]


def content_of(model: Model, species: str) -> Content:
    """Return where the amount of a substance stands.

    Raises
    ------
    ConfigurationError
        ``simulation.unknown_species`` with the nearest name; ``simulation.fixed_species`` for one whose amount nothing
        changes, ``simulation.computed`` for what a rule computes.
    """
    content = model.contents.get(species)
    if content is None and species in model.species_names:
        content = Content(species)
    if content is not None and content.state in model.parameter_names:
        raise ConfigurationError(
            "simulation.fixed_species", model=model.name, species=species, parameter=content.state
        )
    if content is None and any(rule.name == species for rule in model.rules):
        raise ConfigurationError("simulation.computed", model=model.name, name=species)
    if content is None or content.state not in model.species_names:
        known = [name for name, item in model.contents.items() if item.state in model.species_names]
        known += [name for name in model.species_names if name not in known]
        raise ConfigurationError(
            "simulation.unknown_species", model=model.name, species=species, hint=nearest(species, known)
        )
    return content


@dataclass(frozen=True)
class Schedule:
    """Doses of several substances on one axis of time.

    Attributes
    ----------
    times
        (K,) ascending, each once.
    states
        (D,) columns of the states that are dosed.
    amounts
        (K, D) what is added at each time.
    """

    times: NDArray[np.float64]
    states: NDArray[np.int64]
    amounts: NDArray[np.float64]


def infusion_state(state: str) -> str:
    """Return the name of the state that holds the rate at which infusions flow into another."""
    return f"{state}_infusion"


def with_infusions(model: Model, doses: Sequence[Dosing]) -> tuple[Model, tuple[Dosing, ...]]:
    """Return the model with a state for the rate of each infusion, and doses that turn the rates up and down.

    Where no dose has a duration both are as they were; doses that are done are left alone.
    """
    rates = {item.name: rate for item, rate in zip(model.species, model.rates, strict=True)}
    species = {item.name: item for item in model.species}
    made: list[Dosing] = []
    for dose in doses:
        if not dose.duration:
            made.append(dose)
            continue
        state = content_of(model, dose.species).state
        rate = infusion_state(state)
        if rate not in species:
            unit = f"{species[state].unit}/{model.time_unit}"
            species[rate] = Species(
                rate,
                unit,
                f"rate of infusion into {dose.species}",
                nonnegative=False,
                absolute_tolerance=species[state].absolute_tolerance,
            )
            rates[rate] = sp.Integer(0)
            rates[state] = rates[state] + sp.Symbol(rate)
        flow = dose.amount / dose.duration
        made.append(Dosing(rate, flow, dose.times))
        made.append(Dosing(rate, -flow, tuple(time + dose.duration for time in dose.times)))
    if len(species) == len(model.species):
        return model, tuple(made)
    return replace(model, species=tuple(species.values()), rates=tuple(rates.values())), tuple(made)


def schedule(model: Model, doses: Sequence[Dosing]) -> Schedule:
    """Return the doses of a model as arrays; errors as :func:`content_of`."""
    index = {name: column for column, name in enumerate(model.species_names)}
    times = np.unique([time for dose in doses for time in dose.times]) if doses else np.zeros(0)
    columns = sorted({index[content_of(model, dose.species).state] for dose in doses})
    amounts = np.zeros((len(times), len(columns)))
    for dose in doses:
        column = columns.index(index[content_of(model, dose.species).state])
        np.add.at(amounts[:, column], np.searchsorted(times, dose.times), dose.amount)
    return Schedule(times, np.array(columns, dtype=np.int64), amounts)
