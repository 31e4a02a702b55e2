"""Unmask: in-silico immuno-oncology, from mechanisms to randomised virtual trials.

Ten lines that run a trial::

    import unmask

    result = unmask.run_trial("oak", patients=200, seed=1)
    print(result.summary["arms"]["atezolizumab"]["orr"])
    result.write("runs/my-oak")

Public names are loaded when they are first used, so that ``import unmask`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

_PUBLIC = {
    "assess": "unmask.response.assess",
    "assemble": "unmask.model.assemble",
    "compare_options": "unmask.patient_options.compare",
    "compile_model": "unmask.engine",
    "load_model": "unmask.model.catalogue:load",
    "load_protocol": "unmask.trial.protocol",
    "load_tumour_type": "unmask.patients.parameter_set",
    "plan_trial": "unmask.trial.run",
    "read_observed": "unmask.survival.observed",
    "run_claims": "unmask.claims.run:run",
    "run_trial": "unmask.trial.run",
    "ConfigurationError": "unmask.errors",
    "DataError": "unmask.errors",
    "Model": "unmask.model.system",
    "ModelError": "unmask.errors",
    "Module": "unmask.model.module",
    "NumericalError": "unmask.errors",
    "OptionsResult": "unmask.patient_options.compare",
    "Protocol": "unmask.trial.protocol",
    "RandomStreams": "unmask.patients.random_streams",
    "Rules": "unmask.response",
    "Status": "unmask.engine",
    "TrialPlan": "unmask.trial.run",
    "TrialResult": "unmask.trial.result",
    "TumourType": "unmask.patients.parameter_set",
    "UnmaskError": "unmask.errors",
}

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> object:
    place = _PUBLIC.get(name)
    if place is None:
        raise AttributeError(f"module 'unmask' has no attribute {name!r}")
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute or name)


def __dir__() -> list[str]:
    return __all__
