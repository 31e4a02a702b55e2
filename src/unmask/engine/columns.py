"""What the columns of a model's arrays are called."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unmask.model.system import Model


class NamedColumns:
    """Names of the states, parameters and observables of ``model``, and the column of each."""

    model: Model

    @property
    def hash(self) -> str:
        """Content hash of the model."""
        return self.model.hash

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Names of the states, in order of the columns."""
        return self.model.species_names

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in order of the columns."""
        return self.model.parameter_names

    @property
    def observables(self) -> tuple[str, ...]:
        """Names of the observables, in order of the columns."""
        return self.model.observables

    @cached_property
    def state_index(self) -> Mapping[str, int]:
        """Name -> column of a state."""
        return {name: column for column, name in enumerate(self.states)}

    @cached_property
    def parameter_index(self) -> Mapping[str, int]:
        """Name -> column of a parameter."""
        return {name: column for column, name in enumerate(self.parameters)}

    @cached_property
    def observable_index(self) -> Mapping[str, int]:
        """Name -> column of an observable."""
        return {name: column for column, name in enumerate(self.observables)}

    def default_parameters(self, patients: int) -> NDArray[np.float64]:
        """Return (patients, parameters) of the parameters' default values."""
        values = np.array([float(parameter.value) for parameter in self.model.parameters])
        return np.tile(values, (patients, 1))
