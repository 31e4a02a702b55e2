"""Groups of virtual hosts and what is done to them: change them, dose them, follow them.

The experiments that need no trial work here, straight on the engine: everybody is treated to one plan, nobody
progresses off it, and what happens is read at given days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmask.engine import CompiledModel, Status
from unmask.patients.random_streams import RandomStreams
from unmask.therapy.procedure import Body
from unmask.therapy.radiotherapy import deliver_fraction
from unmask.therapy.regimen import load_drug
from unmask.therapy.surgery import SURROUNDINGS

CLONE = "cancer_"  # what the names of the states of all clones begin with

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Hosts:
    """Virtual hosts at one moment; arrays have one row per host.

    Attributes
    ----------
    numbers
        Candidate numbers, shape ``(N,)``: whoever has the same number draws the same random numbers.
    states, parameters
        ``(N, states)`` and ``(N, parameters)`` in the order of the compiled model.
    body_weight_kg
        Shape ``(N,)``.
    """

    compiled: CompiledModel
    streams: RandomStreams
    numbers: Rows
    states: Array
    parameters: Array
    body_weight_kg: Array

    @property
    def clones(self) -> tuple[str, ...]:
        """States that hold cancer cells."""
        return tuple(name for name in self.compiled.states if name.startswith(CLONE))

    @property
    def size(self) -> int:
        """Number of hosts."""
        return int(self.numbers.size)

    def with_parameters(self, **values: ArrayLike) -> Hosts:
        """Return the hosts with parameters set, one number or one per host."""
        changed = self.parameters.copy()
        for name, value in values.items():
            changed[:, self.compiled.parameter_index[name]] = value
        return replace(self, parameters=changed)

    def with_states(self, **values: ArrayLike) -> Hosts:
        """Return the hosts with states set, one number or one per host."""
        changed = self.states.copy()
        for name, value in values.items():
            changed[:, self.compiled.state_index[name]] = value
        return replace(self, states=changed)

    def parameter(self, name: str) -> Array:
        """Return a parameter of each host."""
        return self.parameters[:, self.compiled.parameter_index[name]].copy()

    def state(self, name: str) -> Array:
        """Return a state of each host."""
        return self.states[:, self.compiled.state_index[name]].copy()

    def observed(self) -> dict[str, Array]:
        """Return every observable of the model, each ``(N,)``."""
        values = self.compiled.observe(self.states, self.parameters)
        return dict(zip(self.compiled.observables, values.T, strict=True))

    def take(self, which: NDArray[np.bool_] | Rows) -> Hosts:
        """Return some of the hosts."""
        return replace(
            self,
            numbers=self.numbers[which],
            states=self.states[which],
            parameters=self.parameters[which],
            body_weight_kg=self.body_weight_kg[which],
        )

    def without_t_cells(self) -> Hosts:
        """Return the same hosts with no T cell of any kind and none to be primed."""
        return self.with_parameters(naive_priming_rate=0.0).with_states(
            activated_t_cells=0.0,
            effector_t_cells=0.0,
            memory_t_cells=0.0,
            tumour_t_cells=0.0,
            exhausted_t_cells=0.0,
        )

    def with_tumour(self, cells: ArrayLike) -> Hosts:
        """Return the hosts with all cancer removed and ``cells`` million sensitive cells put in its place.

        What surrounded the old tumour (dead cells, scar, T cells inside it) goes with it; blood and memory stay.
        """
        nothing = dict.fromkeys((*SURROUNDINGS, *self.clones), 0.0)
        return self.with_states(**nothing, pdl1_induction=1.0).with_states(cancer_sensitive=cells)


@dataclass(frozen=True)
class Given:
    """A drug given on certain days; for a drug taken daily, the day it begins.

    Without ``amount`` the standard dose; ``until`` is the day from which a daily drug is no longer taken.
    """

    drug: str
    days: tuple[float, ...]
    amount: float | None = None
    unit: str | None = None
    until: float | None = None


@dataclass(frozen=True)
class Irradiated:
    """Fractions of radiotherapy: days, dose of each (Gy), share of the disease in the field."""

    days: tuple[float, ...]
    gray: float = 2.0
    in_field: float = 0.95


def working_days(fractions: int, first: float = 0.0) -> tuple[float, ...]:
    """Return the days of fractions given five times a week."""
    return tuple(first + 7.0 * (number // 5) + number % 5 for number in range(fractions))


def every(days: float, until: float, first: float = 0.0) -> tuple[float, ...]:
    """Return the days of a dose every ``days`` days, from ``first`` up to and without ``until``."""
    return tuple(float(day) for day in np.arange(first, until, days))


@dataclass(frozen=True)
class Course:
    """What was seen of hosts over time.

    Attributes
    ----------
    days
        Shape ``(T,)``.
    values
        Observable or state -> ``(N, T)``.
    end
        The hosts on the last day.
    failed
        Hosts whose integration failed, ``(N,)``; their values are NaN from then on.
    """

    days: Array
    values: Mapping[str, Array]
    end: Hosts
    failed: NDArray[np.bool_]

    def __getitem__(self, name: str) -> Array:
        return self.values[name]


def follow(
    hosts: Hosts,
    seen: Sequence[float],
    given: Sequence[Given] = (),
    *,
    irradiated: Sequence[Irradiated] = (),
    rtol: float = 1e-4,
    threads: int = 1,
) -> Course:
    """Follow hosts from day 0 and look at them on the days ``seen`` (ascending; day 0 is before any dose)."""
    compiled = hosts.compiled
    states, parameters = hosts.states.copy(), hosts.parameters.copy()
    count = hosts.size
    looked = np.asarray(seen, dtype=float)
    columns = (*compiled.observables, *(name for name in compiled.states if name not in compiled.observables))
    stored = np.full((len(columns), count, looked.size), np.nan)
    acts = {day for item in given for day in item.days} | {day for item in irradiated for day in item.days}
    acts |= {item.until for item in given if item.until is not None}
    plan = sorted({0.0, *looked.tolist(), *(day for day in acts if day <= looked[-1])})
    now, step = 0.0, np.zeros(count)
    failed = np.zeros(count, dtype=bool)
    for day in plan:
        if day > now:
            rows = np.flatnonzero(~failed)
            arrived = compiled.integrate(
                states[rows], parameters[rows], now, day, rtol=rtol, step_size=step[rows], threads=threads
            )
            states[rows], step[rows] = arrived.states, arrived.step_size
            failed[rows[arrived.status != Status.OK]] = True
            now = day
        for column in np.flatnonzero(looked == day):
            everything = compiled.observe(states, parameters).T
            own = [states[:, compiled.state_index[name]] for name in columns[len(everything) :]]
            stored[:, :, column] = np.where(failed, np.nan, [*everything, *own])
        for item in given:
            if day in item.days:
                _dose(hosts, item, states, parameters)
                step *= 0.2
            if item.until == day:
                for name, value in load_drug(item.drug).end().items():
                    parameters[:, compiled.parameter_index[name]] = value
        for fraction in irradiated:
            if day in fraction.days:
                body = Body(states, parameters, compiled.state_index, compiled.parameter_index)
                deliver_fraction(body, np.flatnonzero(~failed), fraction.gray, fraction.in_field)
    return Course(
        looked,
        dict(zip(columns, stored, strict=True)),
        replace(hosts, states=states, parameters=parameters),
        failed,
    )


def _dose(hosts: Hosts, item: Given, states: Array, parameters: Array) -> None:
    """Give everybody one dose; changes the arrays in place."""
    compiled = hosts.compiled
    dose = load_drug(item.drug).dose(item.amount, item.unit)
    settings = dose.drug.begin(
        dose, lambda process: hosts.streams.normal(process, hosts.numbers), hosts.body_weight_kg
    )
    for name, value in settings.items():
        parameters[:, compiled.parameter_index[name]] = value
    if dose.state is not None:
        own: dict[str, float | Array] = {
            name: parameters[:, compiled.parameter_index[name]] for name in dose.parameters
        }
        states[:, compiled.state_index[dose.state]] += dose.addition(own, hosts.body_weight_kg)
