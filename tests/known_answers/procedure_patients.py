"""Patients for the tests of procedures: bodies with their names, and a cohort taken through time."""

from __future__ import annotations

from functools import cache

import numpy as np

from unmask.engine import CompiledModel, compile_model
from unmask.model.catalogue import load
from unmask.patients.cohort import Cohort, screen
from unmask.patients.parameter_set import load_tumour_type
from unmask.patients.random_streams import RandomStreams
from unmask.therapy.procedure import Body

CLONES = (
    "cancer_sensitive",
    "cancer_chemo_resistant",
    "cancer_targeted_resistant",
    "cancer_hormone_independent",
    "cancer_hormone_producing",
    "cancer_multi_resistant",
    "cancer_antigen_loss",
)


@cache
def core(lesions: int | None = None) -> CompiledModel:
    return compile_model(load("core", lesions))


@cache
def cohort(tumour_type: str, candidates: int) -> Cohort:
    return screen(load_tumour_type(tumour_type), core(), RandomStreams(2026), np.arange(candidates))


class Patients:
    """Some patients, their states and parameters by name, and time."""

    def __init__(self, states: np.ndarray, parameters: np.ndarray, compiled: CompiledModel) -> None:
        self.compiled, self.day = compiled, 0.0
        self.body = Body(states.copy(), parameters.copy(), compiled.state_index, compiled.parameter_index)
        self.rows = np.arange(len(states))

    @classmethod
    def of(cls, tumour_type: str, candidates: int) -> Patients:
        found = cohort(tumour_type, candidates)
        return cls(found.states, found.parameters, core())

    @classmethod
    def alike(cls, count: int, states: dict[str, float], lesions: int | None = None) -> Patients:
        """``count`` patients with default values but for ``states``."""
        compiled = core(lesions)
        made = cls(compiled.initial_states(count), compiled.default_parameters(count), compiled)
        for name, value in states.items():
            made.body.states[:, compiled.state_index[name]] = value
        return made

    def __getitem__(self, name: str) -> np.ndarray:
        if name in self.compiled.state_index:
            return self.body.states[:, self.compiled.state_index[name]].copy()
        if name in self.compiled.parameter_index:
            return self.body.parameters[:, self.compiled.parameter_index[name]].copy()
        observed = self.compiled.observe(self.body.states, self.body.parameters)
        return observed[:, self.compiled.observable_index[name]]

    def set(self, **parameters: float | np.ndarray) -> None:
        for name, value in parameters.items():
            self.body.parameters[:, self.compiled.parameter_index[name]] = value

    def until(self, day: float) -> None:
        if day > self.day:
            result = self.compiled.integrate(
                self.body.states, self.body.parameters, self.day, day, rtol=1e-4, threads=2
            )
            assert not result.failed.any()
            self.body.states[:] = result.states
        self.day = day
