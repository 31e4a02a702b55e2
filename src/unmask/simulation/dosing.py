"""Doses as data: an amount of a substance at given times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.configuration import nearest
from unmask.errors import ConfigurationError
from unmask.model.system import Content, Model

MOST_DOSES = 100_000


@dataclass(frozen=True)
class Dosing:
    """An amount of one substance at each of the times.

    ``amount`` is in the unit of the amount of the species, ``times`` in the model's unit of time, ascending.
    """

    species: str
    amount: float
    times: tuple[float, ...]


def read_dose(text: str) -> Dosing:
    """Return what ``SPECIES=AMOUNT@TIMES`` says.

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
    times: list[float] = []
    for part in times_text.split(","):
        times.extend(_times(part.strip(), refuse))
        if len(times) > MOST_DOSES:
            raise refuse(f"there are more than {MOST_DOSES} times")
    return Dosing(species.strip(), amount, tuple(sorted(times)))


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
