"""Patients on antibodies and nothing else: the four modules of ``therapy.antibodies``, compiled and dosed."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from unmask.engine import CompiledModel, Status, compile_model
from unmask.model.assemble import assemble
from unmask.therapy import antibodies
from unmask.therapy.regimen import load_drug

Array = NDArray[np.float64]
OCCUPANCIES = (
    "pd1_occupancy",
    "pdl1_occupancy",
    "pd_occupancy",
    "ctla4_occupancy",
    "ctla4_occupancy_lymph_node",
)


@cache
def compiled() -> CompiledModel:
    """Return the antibodies as a system of their own, nine states."""
    modules = (
        antibodies.ANTIBODY_TISSUE,
        antibodies.ANTI_PD1,
        antibodies.ANTI_PDL1,
        antibodies.ANTI_CTLA4,
        antibodies.PD_OCCUPANCY,
    )
    observables = (*OCCUPANCIES, "pd1_unoccupied", "pdl1_unoccupied")
    return compile_model(assemble("antibodies", modules, observables))


class Clinic:
    """Typical patients (no deviation unless ``normals`` gives one), each with a weight."""

    def __init__(self, weight_kg: float | Array = 80.0, normals: dict[str, Array] | None = None) -> None:
        self.weight = np.atleast_1d(np.asarray(weight_kg, dtype=np.float64))
        self.normals = normals or {}
        self.states = compiled().initial_states(self.weight.size)
        self.parameters = compiled().default_parameters(self.weight.size)
        self.day = 0.0

    def normal(self, process: str) -> Array:
        """Return the deviations of a process."""
        return self.normals.get(process, np.zeros(self.weight.size))

    def set(self, **values: float | Array) -> None:
        """Set parameters by hand."""
        for name, value in values.items():
            self.parameters[:, compiled().parameter_index[name]] = value

    def give(self, name: str, amount: float | None = None, unit: str | None = None, **values: float) -> None:
        """Begin a drug, with ``values`` in place of its own where given, and give a dose of it."""
        drug = load_drug(name)
        dose = drug.dose(amount, unit)
        self.set(**drug.begin(dose, self.normal, self.weight))
        self.set(**values)
        own = {parameter: self.parameter(parameter) for parameter in dose.parameters}
        self.states[:, compiled().state_index[str(dose.state)]] += dose.addition(own, self.weight)

    def end(self, name: str) -> None:
        """Stop a drug."""
        self.set(**load_drug(name).end())

    def wait(self, days: float) -> None:
        """Let ``days`` pass."""
        found = compiled().integrate(self.states, self.parameters, self.day, self.day + days, rtol=1e-9)
        assert (found.status == Status.OK).all()
        self.states, self.day = found.states, self.day + days

    def parameter(self, name: str) -> Array:
        """Return a parameter, per patient."""
        return self.parameters[:, compiled().parameter_index[name]].copy()

    def state(self, name: str) -> Array:
        """Return a state, per patient."""
        return self.states[:, compiled().state_index[name]].copy()

    def observed(self, name: str) -> Array:
        """Return an observable, per patient."""
        column = compiled().observable_index[name]
        return np.asarray(compiled().observe(self.states, self.parameters, self.day)[:, column])
