"""What experiments share: the compiled model, groups of hosts, virtual trials; each made once per run.

Experiments that use the same trial with the same number of patients and seed read the same run of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import numpy as np

from unmask.claims.hosts import Hosts
from unmask.engine import CompiledModel, compile_model
from unmask.model.catalogue import load
from unmask.patients.cohort import Cohort, check_against_model, draw_parameters
from unmask.patients.parameter_set import TumourType, load_tumour_type
from unmask.patients.random_streams import RandomStreams
from unmask.patients.recruitment import recruit

if TYPE_CHECKING:
    from unmask.trial.result import TrialResult

NASCENT_CELLS = 1.0
"""Size of a small tumour, Mc: a million cells, about a cubic millimetre with its surroundings."""


@dataclass
class Laboratory:
    """A place to run experiments.

    Parameters
    ----------
    threads
        Of every integration; they do not change any number.
    tell
        Called with what is being done.
    """

    threads: int = 1
    tell: Callable[[str], None] = lambda text: None
    _models: dict[str, CompiledModel] = field(default_factory=dict)
    _cohorts: dict[tuple[str, int, int], Cohort] = field(default_factory=dict)
    _trials: dict[tuple[str, int, int, tuple[str, ...]], TrialResult] = field(default_factory=dict)

    def compiled(self, tumour_type: TumourType) -> CompiledModel:
        """Return the model of a tumour type, compiled, with the tumour type checked against it."""
        if tumour_type.model not in self._models:
            self.tell("compiling the model")
            self._models[tumour_type.model] = compile_model(load(tumour_type.model))
        compiled = self._models[tumour_type.model]
        check_against_model(tumour_type, compiled)
        return compiled

    def patients(self, tumour_type: str, count: int, seed: int) -> Hosts:
        """Return ``count`` eligible patients of a tumour type on the day before treatment.

        Raises
        ------
        ConfigurationError
            ``patients.too_few_accepted``.
        """
        known = load_tumour_type(tumour_type)
        compiled, streams = self.compiled(known), RandomStreams(seed)
        key = (tumour_type, count, seed)
        if key not in self._cohorts:
            self.tell(f"drawing {tumour_type} patients")
            self._cohorts[key] = recruit(known, compiled, streams, count, threads=self.threads)
        cohort = self._cohorts[key]
        return Hosts(
            compiled,
            streams,
            cohort.patients,
            cohort.states,
            cohort.parameters,
            cohort.baseline["body_weight_kg"],
        )

    def healthy(self, tumour_type: str, count: int, seed: int) -> Hosts:
        """Return hosts with the parameters of a tumour type who have never met the tumour, and no tumour.

        Nobody is left out: whether a tumour would grow is what such experiments ask.
        """
        known = load_tumour_type(tumour_type)
        compiled, streams = self.compiled(known), RandomStreams(seed)
        numbers = np.arange(count)
        weight = known.baseline["body_weight_kg"]
        drawn = np.exp(weight.sigma * streams.normal("baseline body_weight_kg", numbers))
        hosts = Hosts(
            compiled,
            streams,
            numbers,
            compiled.initial_states(count),
            draw_parameters(known, compiled, streams, numbers),
            weight.value * drawn,
        )
        return hosts.with_tumour(0.0)

    def naive(self, hosts: Hosts) -> Hosts:
        """Return the same hosts as if they had never met a tumour."""
        return replace(hosts, states=hosts.compiled.initial_states(hosts.size)).with_tumour(0.0)

    def own_trial(self, name: str, patients: int, seed: int) -> TrialResult:
        """Return a virtual trial whose protocol comes with the claims (``protocols/NAME.toml``)."""
        with as_file(files("unmask.claims").joinpath("protocols", f"{name}.toml")) as path:
            return self.trial(str(path), patients, seed)

    def trial(self, name: str, patients: int, seed: int, settings: tuple[str, ...] = ()) -> TrialResult:
        """Return a virtual trial, run at the first call."""
        from unmask.trial.run import run_trial

        key = (name, patients, seed, settings)
        if key not in self._trials:
            self.tell(f"virtual trial {name}")
            self._trials[key] = run_trial(
                name, patients=patients, seed=seed, settings=settings, workers=self.threads
            )
        return self._trials[key]
