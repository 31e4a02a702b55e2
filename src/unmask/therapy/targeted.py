"""Targeted drugs: growth inhibitors (everolimus) and kinase inhibitors, taken daily.

Equations, while ``targeted_drug_on`` is 1 (s = 1, or ``targeted_resistant_sensitivity`` for the
targeted-resistant and multi-resistant clones)::

    kill of a clone        = targeted_kill_rate * s                                         [per day]
    growth left to a clone = 1 - targeted_growth_inhibition * s

Source: model specification section 3; values belong to the drug (everolimus: calibrated to CheckMate 025).
"""

from __future__ import annotations

from unmask.model.module import Contribution, Definition, Module
from unmask.model.system import Parameter

_SENSITIVE = ("sensitive", "chemo_resistant", "hormone_independent", "hormone_producing", "antigen_loss")
_RESISTANT = ("targeted_resistant", "multi_resistant")

TARGETED = Module(
    name="targeted",
    description="Targeted drug: kill and growth inhibition",
    parameters=(
        Parameter(
            "targeted_kill_rate",
            0.0,
            "1/day",
            "kill of sensitive cells while on the drug",
            0.0,
            0.1,
            "set by the drug",
            "definition",
        ),
        Parameter(
            "targeted_growth_inhibition",
            0.0,
            "1",
            "growth of sensitive cells lost while on the drug",
            0.0,
            1.0,
            "set by the drug",
            "definition",
        ),
        Parameter(
            "targeted_resistant_sensitivity",
            0.03,
            "1",
            "sensitivity left in resistant clones",
            0.0,
            0.3,
            "assumed",
            "assumed",
        ),
        Parameter(
            "targeted_drug_on", 0.0, "1", "1: the drug is taken", 0.0, 1.0, "set by the regimen", "definition"
        ),
    ),
    rules=(
        Definition(
            "targeted_kill", "1/day", "targeted_kill_rate * targeted_drug_on", "kill of sensitive cells"
        ),
        Definition(
            "targeted_kill_of_resistant",
            "1/day",
            "targeted_resistant_sensitivity * targeted_kill",
            "kill of resistant cells",
        ),
        Definition(
            "targeted_growth_left",
            "1",
            "1 - targeted_growth_inhibition * targeted_drug_on",
            "growth left to sensitive cells",
        ),
        Definition(
            "targeted_growth_left_to_resistant",
            "1",
            "1 - targeted_growth_inhibition * targeted_drug_on * targeted_resistant_sensitivity",
            "growth left to resistant cells",
        ),
    ),
    contributes=(
        *(
            Contribution(f"{port}_of_{clone}", "targeted_kill")
            for port in ("direct_kill", "immunogenic_kill")
            for clone in _SENSITIVE
        ),
        *(
            Contribution(f"{port}_of_{clone}", "targeted_kill_of_resistant")
            for port in ("direct_kill", "immunogenic_kill")
            for clone in _RESISTANT
        ),
        *(Contribution(f"growth_factor_of_{clone}", "targeted_growth_left") for clone in _SENSITIVE),
        *(
            Contribution(f"growth_factor_of_{clone}", "targeted_growth_left_to_resistant")
            for clone in _RESISTANT
        ),
    ),
)
