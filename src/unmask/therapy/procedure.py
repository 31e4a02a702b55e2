"""The body as a procedure sees it: states and parameters of patients by name, lesion by lesion.

Radiotherapy and surgery happen between integrations and change states outright. They find here what they change, in
the lumped model (one tumour, plain names) as in the one with lesions (``lesion2__dead_cells``): whatever has cancer
cells is a lesion, and whatever state begins with ``cancer_`` is a clone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unmask.model.module import SEPARATOR

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

ONE_CELL = 1e-6  # Mc: as after an integration, fewer cancer cells than one are none
_CLONE = "cancer_"


@dataclass(frozen=True)
class Body:
    """States ``(N, states)`` and parameters ``(N, parameters)`` of patients; procedures change states in place.

    ``state_index`` and ``parameter_index`` map the names of the model to columns.
    """

    states: Array
    parameters: Array
    state_index: Mapping[str, int]
    parameter_index: Mapping[str, int]

    @cached_property
    def lesions(self) -> tuple[str, ...]:
        """Names of the lesions in the order of the model; ``("",)`` for the lumped tumour."""
        names = (name.rpartition(SEPARATOR) for name in self.state_index)
        return tuple(dict.fromkeys(group for group, _, local in names if local.startswith(_CLONE)))

    @cached_property
    def clones(self) -> tuple[str, ...]:
        """Names of the clones of a lesion, ``cancer_sensitive`` first."""
        names = (name.rpartition(SEPARATOR) for name in self.state_index)
        return tuple(dict.fromkeys(local for _, _, local in names if local.startswith(_CLONE)))

    def columns(self, name: str) -> Rows:
        """Return the column of a state of the tumour in each lesion, shape ``(lesions,)``."""
        return np.array([self.state_index[qualified(group, name)] for group in self.lesions])

    def clone_columns(self) -> Rows:
        """Return the columns of all clones, shape ``(lesions, clones)``."""
        return np.stack([self.columns(name) for name in self.clones], axis=1)

    def parameter(self, name: str, rows: Rows) -> Array:
        """Return a parameter of the body, shape ``(rows,)``."""
        values: Array = self.parameters[rows, self.parameter_index[name]]
        return values

    def lesion_parameter(self, name: str, rows: Rows) -> Array:
        """Return a parameter of each lesion, shape ``(rows, lesions)``: its own, or the one that all share."""
        own = [qualified(group, name) for group in self.lesions]
        columns = [self.parameter_index.get(place, self.parameter_index.get(name, -1)) for place in own]
        if min(columns) < 0:
            raise KeyError(name)
        values: Array = self.parameters[np.ix_(rows, np.array(columns))]
        return values

    def present(self, rows: Rows) -> NDArray[np.bool_]:
        """Return which lesions a patient has or had, shape ``(rows, lesions)``; the others have no diameter."""
        return self.lesion_parameter("baseline_sld", rows) > 0.0

    def cancer_cells(self, rows: Rows) -> Array:
        """Return the cancer cells of each lesion, Mc, shape ``(rows, lesions)``."""
        total: Array = self.states[rows[:, None, None], self.clone_columns()].sum(axis=2)
        return total


def qualified(group: str, name: str) -> str:
    """Return the name that a symbol of a lesion has in the model."""
    return f"{group}{SEPARATOR}{name}" if group else name
