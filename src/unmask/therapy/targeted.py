"""Targeted drugs by mouth: kinetics, adherence, and an effect on clones that saturates.

Equations (c concentration, mg/L; E effect between 0 and 1; s = 1, or ``targeted_resistant_sensitivity`` for the
targeted-resistant and multi-resistant clones)::

    taken = targeted_daily_dose / (1 + targeted_missed_odds)                                [mg per day]
    dc/dt = (taken - targeted_clearance * c) / targeted_volume
    E     = driven * c / (c + targeted_half_effect)
    driven = 1 - targeted_needs_driver * (1 - driver_dependence)
    kill of a clone        = targeted_kill_rate * E * s                                     [per day]
    growth left to a clone = 1 - targeted_growth_inhibition * E * s

Tablets are taken every day and half-lives are longer than a day, so intake is spread over the day. Adherence, the
share of the prescribed tablets that is taken, is ``1 / (1 + missed odds)``: odds that vary lognormally between patients
keep it between 0 and 1. Clearance and volume are apparent ones (bioavailability is in them).

A kinase inhibitor does nothing to a tumour that does not live by its kinase: ``driver_dependence`` belongs to the
tumour type (1 in ``egfr``, else 0), ``targeted_needs_driver`` to the drug (1 for erlotinib, 0 for everolimus).

Resistance is there before treatment (``baseline.targeted_resistant_share`` of the tumour type) or arises by mutation
at division (``biology.clones``); the drug selects it either way.

Source: model specification section 3, where the effect had no concentration; values belong to the drug.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from unmask.messages import sentence
from unmask.model.module import Contribution, Definition, Module, Rate
from unmask.model.system import Parameter, Species
from unmask.therapy.regimen import Drug

_SENSITIVE = ("sensitive", "chemo_resistant", "hormone_independent", "hormone_producing", "antigen_loss")
_RESISTANT = ("targeted_resistant", "multi_resistant")

TARGETED = Module(
    name="targeted",
    description="Targeted drug by mouth: kill and growth inhibition",
    species=(Species("targeted_central", "mg/L", "targeted drug in the blood", absolute_tolerance=1e-7),),
    parameters=(
        Parameter(
            "targeted_daily_dose",
            0.0,
            "mg/day",
            "daily amount prescribed",
            0.0,
            1000.0,
            "set by the regimen",
            "definition",
        ),
        Parameter(
            "targeted_missed_odds",
            0.0,
            "1",
            "tablets missed per tablet taken",
            0.0,
            10.0,
            "assumed; set by the drug",
            "assumed",
        ),
        Parameter(
            "targeted_clearance",
            480.0,
            "L/day",
            "apparent clearance",
            10.0,
            5000.0,
            "set by the drug",
            "assumed",
        ),
        Parameter(
            "targeted_volume", 866.0, "L", "apparent volume", 10.0, 20000.0, "set by the drug", "assumed"
        ),
        Parameter(
            "targeted_half_effect",
            0.005,
            "mg/L",
            "concentration of half the effect",
            1e-5,
            100.0,
            "assumed; set by the drug",
            "assumed",
        ),
        Parameter(
            "targeted_needs_driver",
            0.0,
            "1",
            "1: acts only where a mutated kinase drives the tumour",
            0.0,
            1.0,
            "set by the drug",
            "definition",
        ),
        Parameter(
            "driver_dependence",
            0.0,
            "1",
            "dependence of the tumour on a mutated kinase (EGFR)",
            0.0,
            1.0,
            "set by the tumour type",
            "definition",
        ),
        Parameter(
            "targeted_kill_rate",
            0.0,
            "1/day",
            "largest kill of sensitive cells",
            0.0,
            0.1,
            "set by the drug",
            "definition",
        ),
        Parameter(
            "targeted_growth_inhibition",
            0.0,
            "1",
            "largest growth of sensitive cells lost",
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
    ),
    rules=(
        Definition(
            "targeted_intake",
            "mg/day",
            "targeted_daily_dose / (1 + targeted_missed_odds)",
            "daily amount taken",
        ),
        Definition(
            "targeted_driven",
            "1",
            "1 - targeted_needs_driver * (1 - driver_dependence)",
            "effect that the tumour's dependence allows",
        ),
        Definition(
            "targeted_effect",
            "1",
            "targeted_driven * targeted_central / (targeted_central + targeted_half_effect)",
            "share of the largest effect",
        ),
        Definition(
            "targeted_kill", "1/day", "targeted_kill_rate * targeted_effect", "kill of sensitive cells"
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
            "1 - targeted_growth_inhibition * targeted_effect",
            "growth left to sensitive cells",
        ),
        Definition(
            "targeted_growth_left_to_resistant",
            "1",
            "1 - targeted_growth_inhibition * targeted_effect * targeted_resistant_sensitivity",
            "growth left to resistant cells",
        ),
    ),
    rates=(
        Rate(
            "targeted_central", "(targeted_intake - targeted_clearance * targeted_central) / targeted_volume"
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


def no_effect(drug: Drug, tumour: str, driver_dependence: npt.ArrayLike) -> str | None:
    """Return the warning that a drug does nothing in a tumour that no mutated kinase drives, or None.

    Parameters
    ----------
    drug
        Any drug; only one that needs a driver (``targeted_needs_driver``) can be without effect.
    tumour
        What the warning calls the tumour.
    driver_dependence
        ``driver_dependence`` of each patient, any shape: the warning is due when it is 0 in all of them.
    """
    needs_driver = drug.in_use.get("targeted_needs_driver", 0.0) >= 1.0
    if not needs_driver or np.any(np.asarray(driver_dependence) > 0.0):
        return None
    return sentence("therapy.targeted_without_driver", {"drug": drug.name, "tumour": tumour})
