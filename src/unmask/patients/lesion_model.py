"""A model with several lesions that integrates for each patient only the lesions there are.

Arrays always have room for :data:`SLOTS` lesions, so that a patient keeps the columns for life. A slot is empty
while its ``baseline_sld`` is 0. Patients with the same number of lesions are integrated together, by the model
with that many: a patient with two lesions costs what two lesions cost, and what a patient's numbers are does not
depend on who else is in the cohort.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.engine import CompiledModel, Integration, Status, compile_model
from unmask.engine.columns import NamedColumns
from unmask.model.catalogue import lesion_group, load
from unmask.model.module import SEPARATOR
from unmask.model.system import Model
from unmask.patients.parameter_set import MOST_TARGETS

NON_TARGET_SLOT = MOST_TARGETS
NEW_LESIONS_AT_LEAST = 2  # slots beyond those of targets and non-target disease
SLOTS = MOST_TARGETS + 1 + NEW_LESIONS_AT_LEAST

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class _Columns:
    """Where one kind of quantity lies: columns of each lesion, ``(lesions, k)``, and those lesions share."""

    lesion: Rows
    shared: Rows

    @classmethod
    def of(cls, names: tuple[str, ...], lesions: int) -> _Columns:
        index = {name: column for column, name in enumerate(names)}
        prefixes = [lesion_group(number) + SEPARATOR for number in range(1, lesions + 1)]
        own = [name.removeprefix(prefixes[0]) for name in names if name.startswith(prefixes[0])]
        shared = [index[name] for name in names if not name.startswith(tuple(prefixes))]
        return cls(
            np.array([[index[prefix + name] for name in own] for prefix in prefixes], dtype=np.int64),
            np.array(shared, dtype=np.int64),
        )


@dataclass(frozen=True)
class _Packed:
    """The model with just so many lesions, and where its columns lie."""

    compiled: CompiledModel
    state: _Columns
    parameter: _Columns
    observable: _Columns

    @classmethod
    def of(cls, name: str, lesions: int) -> _Packed:
        compiled = compile_model(load(name, lesions=lesions))
        kinds = (compiled.states, compiled.parameters, compiled.observables)
        return cls(compiled, *(_Columns.of(names, lesions) for names in kinds))


@dataclass(frozen=True)
class _Group:
    """Patients with the same number of lesions: their rows, their slots in use, and their arrays, packed."""

    model: _Packed
    rows: Rows
    slots: Rows
    states: Array
    parameters: Array


class LesionModel(NamedColumns):
    """Model ``name`` for patients with one to :data:`SLOTS` lesions; used like a compiled model.

    Parameters
    ----------
    name
        A model of the catalogue. Models of each number of lesions are compiled when first needed.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.model: Model = load(name, lesions=SLOTS)
        self._packed: dict[int, _Packed] = {}
        self._state = _Columns.of(self.states, SLOTS)
        self._parameter = _Columns.of(self.parameters, SLOTS)
        self._observable = _Columns.of(self.observables, SLOTS)
        self._lesion_columns: dict[str, Rows] = {}
        self._sizes = self.lesion_columns("baseline_sld")

    def lesion_columns(self, name: str) -> Rows:
        """Return the column of a lesion's parameter, state or observable in each slot, shape ``(SLOTS,)``."""
        if name not in self._lesion_columns:
            full = [f"{lesion_group(number)}{SEPARATOR}{name}" for number in range(1, SLOTS + 1)]
            indices = (self.parameter_index, self.state_index, self.observable_index)
            index = next(index for index in indices if full[0] in index)
            self._lesion_columns[name] = np.array([index[item] for item in full])
        return self._lesion_columns[name]

    def present(self, parameters: Array) -> NDArray[np.bool_]:
        """Return which slots hold a lesion, shape ``(N, SLOTS)``."""
        return np.asarray(parameters[:, self._sizes] > 0.0)

    def integrate(
        self,
        states: Array,
        parameters: Array,
        t0: float | Array,
        t1: float | Array,
        *,
        rtol: float = 1e-4,
        step_size: Array | None = None,
        threads: int = 1,
    ) -> Integration:
        """Integrate every patient from ``t0`` to ``t1``: as :meth:`CompiledModel.integrate`.

        Raises
        ------
        ConfigurationError
            As :meth:`CompiledModel.integrate`.
        """
        count = len(states)
        start, end = (np.broadcast_to(np.asarray(time, dtype=float), (count,)) for time in (t0, t1))
        hint = np.zeros(count) if step_size is None else step_size
        result = Integration(
            states=states.copy(),
            step_size=hint.copy(),
            status=np.full(count, Status.OK, dtype=np.int8),
            steps=np.zeros(count, dtype=np.int64),
            rejected=np.zeros(count, dtype=np.int64),
            time=start.copy(),
        )

        for group in self._groups(states, parameters):
            rows = group.rows
            done = group.model.compiled.integrate(
                group.states,
                group.parameters,
                start[rows],
                end[rows],
                rtol=rtol,
                step_size=hint[rows],
                threads=threads,
            )
            _scatter(result.states, done.states, group, self._state, group.model.state)
            for name in ("step_size", "status", "steps", "rejected", "time"):
                getattr(result, name)[rows] = getattr(done, name)
        return result

    def observe(self, states: Array, parameters: Array) -> Array:
        """Return ``(N, observables)``; what an empty slot would show is 0."""
        found = np.zeros((len(states), len(self.observables)))

        for group in self._groups(states, parameters):
            seen = group.model.compiled.observe(group.states, group.parameters)
            _scatter(found, seen, group, self._observable, group.model.observable)
        return found

    def _groups(self, states: Array, parameters: Array) -> Iterator[_Group]:
        present = self.present(parameters)
        counts = present.sum(axis=1)
        for lesions in np.unique(counts):
            rows = np.flatnonzero(counts == lesions)
            # A size that is no number leaves a patient without a lesion; it keeps the first slot and fails there.
            kept = max(int(lesions), 1)
            slots = np.argsort(~present[rows], axis=1, kind="stable")[:, :kept]
            if kept not in self._packed:
                self._packed[kept] = _Packed.of(self._name, kept)
            model = self._packed[kept]
            own = _gather(states, rows, slots, self._state, model.state)
            fixed = _gather(parameters, rows, slots, self._parameter, model.parameter)
            yield _Group(model, rows, slots, own, fixed)


def _gather(values: Array, rows: Rows, slots: Rows, full: _Columns, packed: _Columns) -> Array:
    out = np.empty((rows.size, packed.lesion.size + packed.shared.size))
    for place in range(slots.shape[1]):
        out[:, packed.lesion[place]] = values[rows[:, None], full.lesion[slots[:, place]]]
    out[:, packed.shared] = values[rows[:, None], full.shared]
    return out


def _scatter(values: Array, found: Array, group: _Group, full: _Columns, packed: _Columns) -> None:
    rows = group.rows[:, None]
    for place in range(group.slots.shape[1]):
        values[rows, full.lesion[group.slots[:, place]]] = found[:, packed.lesion[place]]
    values[rows, full.shared] = found[:, packed.shared]
