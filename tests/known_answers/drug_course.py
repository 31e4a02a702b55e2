"""Drugs given to typical patients of the core model, from day to day, by the engine at a tight tolerance.

Nothing is drawn: deviations are zero unless ``normals`` gives one per patient and process.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from unmask.engine import CompiledModel, Status, compile_model
from unmask.model.catalogue import load
from unmask.therapy.regimen import load_drug

Array = NDArray[np.float64]
CLONES = (
    "sensitive",
    "chemo_resistant",
    "targeted_resistant",
    "hormone_independent",
    "hormone_producing",
    "multi_resistant",
    "antigen_loss",
)
NO_CELLS = {f"cancer_{clone}": 0.0 for clone in CLONES}
# No immune attack, no birth and no death but by drugs.
QUIET = {
    "max_kill_rate": 0.0,
    "net_growth_rate": 0.0,
    "basal_death_rate": 0.0,
    "mutation_rate": 0.0,
    "antigen_loss_rate": 0.0,
}


@cache
def core() -> CompiledModel:
    return compile_model(load("core"))


class Patients:
    """``count`` patients with the default values, but for the states and parameters named."""

    def __init__(
        self,
        states: Mapping[str, float | Array] | None = None,
        parameters: Mapping[str, float | Array] | None = None,
        count: int = 1,
        normals: Mapping[str, Array] | None = None,
    ) -> None:
        self.count, self.normals = count, normals or {}
        self.states, self.parameters = core().initial_states(count), core().default_parameters(count)
        for name, value in (states or {}).items():
            self.states[:, core().state_index[name]] = value
        self.set(parameters or {})
        self.day = 0.0

    def set(self, values: Mapping[str, float | Array]) -> None:
        for name, value in values.items():
            self.parameters[:, core().parameter_index[name]] = value

    def begin(self, name: str, amount: float | None = None, **instead: float) -> None:
        """Set the parameters of a drug; ``instead`` replaces some of them."""
        drug = load_drug(name)
        none = np.zeros(self.count)
        self.set(drug.begin(drug.dose(amount), lambda process: self.normals.get(process, none), 70.0))
        self.set(instead)

    def give(self, name: str, amount: float | None = None, **instead: float) -> None:
        """Begin a drug and add a dose of it."""
        self.begin(name, amount, **instead)
        dose = load_drug(name).dose(amount)
        if dose.state is not None:
            own = {item: self.parameter(item) for item in dose.parameters}
            self.states[:, core().state_index[dose.state]] += dose.addition(own, 70.0)

    def stop(self, name: str) -> None:
        self.set(load_drug(name).end())

    def parameter(self, name: str) -> Array:
        return self.parameters[:, core().parameter_index[name]]

    def state(self, name: str) -> Array:
        return self.states[:, core().state_index[name]].copy()

    def observed(self, name: str) -> Array:
        return core().observe(self.states, self.parameters)[:, core().observable_index[name]]

    def go(self, days: float) -> None:
        """Integrate that many days further."""
        result = core().integrate(self.states, self.parameters, self.day, self.day + days, rtol=1e-9)
        assert (result.status == Status.OK).all()
        self.states, self.day = result.states, self.day + days

    def course(self, name: str, days: float, every: float = 0.5) -> tuple[Array, Array]:
        """Return times from now, shape ``(T,)``, and a state at them, shape ``(T, patients)``."""
        steps = round(days / every)
        found = [self.state(name)]
        for _ in range(steps):
            self.go(every)
            found.append(self.state(name))
        return np.arange(steps + 1) * every, np.array(found)
