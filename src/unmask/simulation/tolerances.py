"""How small an error of a state has to be for the events that watch it.

Cells by the billion and an event at the last cell: a billionth of the largest amount that was seen is a whole cell, and
the moment of the event would be wrong by as much as that. What a trigger compares with something small is computed to
a billionth of that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from unmask.engine.watched import watched
from unmask.model.evaluate import Expressions
from unmask.model.system import Model

Floats = NDArray[np.float64]


def watched_shares(model: Model, times: Floats, states: Floats, parameters: Floats) -> Floats:
    """Return (states,) what to multiply tolerances by: 1, or less for what a trigger compares with something small.

    Parameters
    ----------
    model
        Its triggers are looked through.
    times, states
        (K,), (K, states) a trajectory of one patient, NaN where there is none.
    parameters
        (parameters,) of that patient.
    """
    shares = np.ones(len(model.species))
    for item in watched(model):
        largest = _largest(model, item.sides, times, states, parameters)
        for own, other in ((0, 1), (1, 0)):
            if 0.0 < largest[other] < largest[own]:
                for column in item.states[own]:
                    shares[column] = min(shares[column], largest[other] / largest[own])
    return shares


def _largest(
    model: Model, sides: Sequence[sp.Expr], times: Floats, states: Floats, parameters: Floats
) -> list[float]:
    """The largest size of each side along the trajectory; 0 where it has none that is a number."""
    names = (model.time_symbol, *model.species_names, *model.parameter_names)
    function = Expressions(names, {"left": sides[0], "right": sides[1]})
    found = []
    for value in function(times, *states.T, *parameters).values():
        size = np.abs(np.asarray(value, dtype=float))
        found.append(float(np.max(size, initial=0.0, where=np.isfinite(size))))
    return found
