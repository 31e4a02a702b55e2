"""The patients of a simulation at its start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.errors import ConfigurationError
from unmask.model.evaluate import Evaluator, Expressions
from unmask.model.system import Content, Model
from unmask.simulation.dosing import content_of

Floats = NDArray[np.float64]
# A compartment's size may depend on the amounts that are set by way of it: a few rounds settle that.
_ROUNDS = 3


@dataclass(frozen=True)
class Population:
    """Patients at the start: states (N, states) and parameters (N, parameters), in the order of the model."""

    model: Model
    labels: tuple[str, ...]
    states: Floats
    parameters: Floats

    @property
    def size(self) -> int:
        """Number of patients."""
        return len(self.states)


def population(model: Model, table: pd.DataFrame | None = None, time: float = 0.0) -> Population:
    """Return the patients of a table, or one patient with the model's own values.

    Parameters
    ----------
    table
        A row for each patient, a column for each parameter or substance that differs; of a substance the initial
        value as equations use it, a concentration where its name means one. What the model computes at the start
        (``Model.initial``) is computed for each patient, except for what the table itself sets.
    time
        Time at the start.

    Raises
    ------
    ConfigurationError
        A column that the model does not have, a negative amount, a compartment of no size.
    """
    count = 1 if table is None else len(table)
    columns: dict[str, Floats] = (
        {} if table is None else {str(name): table[name].to_numpy(float) for name in table}
    )
    labels = ("0",) if table is None else tuple(str(label) for label in table.index)
    states = np.tile([float(item.initial) for item in model.species], (count, 1))
    parameters = np.tile([float(item.value) for item in model.parameters], (count, 1))
    parameters = parameters.reshape(count, len(model.parameters))
    substances: dict[str, Content] = {}
    for name, values in columns.items():
        if name in model.parameter_names:
            parameters[:, model.parameter_names.index(name)] = values
        else:
            substances[name] = content_of(model, name)
            for other, content in substances.items():
                if other != name and content.state == substances[name].state:
                    raise ConfigurationError("simulation.given_twice", name=name, other=other)
    start = _Start(
        model, states, parameters, time, {item.state for item in substances.values()} | set(columns)
    )
    for _ in range(_ROUNDS if substances else 1):
        start.compute()
        sizes = start.values() if substances else {}
        for name, content in substances.items():
            size = sizes[content.volume] if content.volume else 1.0
            states[:, model.species_names.index(content.state)] = columns[name] * size
    start.compute()
    _refuse_impossible(model, labels, columns, parameters, substances)
    return Population(model, labels, states, parameters)


def _refuse_impossible(
    model: Model,
    labels: tuple[str, ...],
    columns: dict[str, Floats],
    parameters: Floats,
    substances: dict[str, Content],
) -> None:
    """Refuse amounts below 0, and compartments without size, that a table asks for."""

    def refuse(name: str, values: Floats, wrong: NDArray[np.bool_], expected: str) -> None:
        if wrong.any():
            first = int(np.argmax(wrong))
            raise ConfigurationError(
                "simulation.impossible_value",
                name=name,
                patient=labels[first],
                value=float(values[first]),
                expected=expected,
            )

    never_negative = {item.name for item in model.species if item.nonnegative} | set(model.contents)
    for name in never_negative & set(substances):
        refuse(name, columns[name], columns[name] < 0, "an amount or concentration not below 0")
    for volume in {content.volume for content in model.contents.values()} & {*model.parameter_names}:
        sizes = parameters[:, model.parameter_names.index(volume)]
        refuse(volume, sizes, sizes <= 0, "the size of a compartment above 0")


class _Start:
    """Computes what a model computes at its start, in the arrays of a population."""

    def __init__(
        self, model: Model, states: Floats, parameters: Floats, time: float, given: set[str]
    ) -> None:
        self.model, self.states, self.parameters, self.time = model, states, parameters, time
        # Each uses only what is given and what was computed before it, so one function does all in their order.
        steps = {rule.name: rule.expression for rule in model.initial if rule.name not in given}
        self.columns = [(states, column, name) for column, name in enumerate(model.species_names)]
        self.columns += [(parameters, column, name) for column, name in enumerate(model.parameter_names)]
        self.known = [(array, column) for array, column, name in self.columns if name not in steps]
        names = [name for _, _, name in self.columns if name not in steps]
        self.function = Expressions((model.time_symbol, *names), steps)
        self.evaluator = Evaluator(model)

    def compute(self) -> None:
        found = self.function(self.time, *(array[:, column] for array, column in self.known))
        for array, column, name in self.columns:
            if name in found:
                array[:, column] = found[name]

    def values(self) -> dict[str, Floats]:
        return dict(self.evaluator.values(self.time, self.states.T, self.parameters.T))
