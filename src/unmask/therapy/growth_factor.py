"""Granulocyte colony-stimulating factor (G-CSF): pegfilgrastim once a cycle, filgrastim daily.

Equations (g in standard doses of pegfilgrastim, s = g / (g + gcsf_half_effect))::

    dg/dt = -gcsf_decay_rate * g
    proliferation of neutrophil precursors * (1 + gcsf_proliferation_gain * s)
    maturation                             * (1 + gcsf_maturation_gain * s)

More precursors divide and they mature faster; both shorten neutropenia. Pegfilgrastim is cleared by neutrophils
themselves, so in truth it stays for as long as they are few; a constant decay leaves that out.

Source: separate gains on proliferation and maturation after Quartino 2014; values assumed.
"""

from __future__ import annotations

from unmask.model.module import Contribution, Definition, Module, Rate
from unmask.model.system import Parameter, Reference, Species

GROWTH_FACTOR = Module(
    name="growth_factor",
    description="G-CSF (K-PD)",
    species=(
        Species(
            "gcsf_effect",
            "1",
            "G-CSF, in standard doses of pegfilgrastim",
            absolute_tolerance=1e-6,
        ),
    ),
    parameters=(
        Parameter(
            "gcsf_decay_rate",
            0.35,
            "1/day",
            "decay of the effect: half-life two days",
            0.1,
            3.0,
            "assumed; set by the drug",
            "assumed",
        ),
        Parameter(
            "gcsf_half_effect",
            0.1,
            "1",
            "standard doses of half the effect",
            0.02,
            0.5,
            "assumed",
            "assumed",
        ),
        Parameter(
            "gcsf_proliferation_gain",
            0.5,
            "1",
            "proliferation gained at most",
            0.0,
            2.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "gcsf_maturation_gain", 0.5, "1", "maturation gained at most", 0.0, 3.0, "assumed", "assumed"
        ),
    ),
    rules=(
        Definition(
            "gcsf_saturation", "1", "gcsf_effect / (gcsf_effect + gcsf_half_effect)", "share of the most"
        ),
        Definition(
            "gcsf_proliferation",
            "1",
            "1 + gcsf_proliferation_gain * gcsf_saturation",
            "proliferation, relative",
        ),
        Definition(
            "gcsf_maturation", "1", "1 + gcsf_maturation_gain * gcsf_saturation", "maturation, relative"
        ),
    ),
    rates=(Rate("gcsf_effect", "-gcsf_decay_rate * gcsf_effect"),),
    contributes=(
        Contribution("neutrophil_proliferation", "gcsf_proliferation"),
        Contribution("neutrophil_maturation", "gcsf_maturation"),
    ),
    references=(
        Reference(
            "quartino2014",
            "Quartino AL et al., Characterization of endogenous G-CSF and the inverse correlation to "
            "chemotherapy-induced neutropenia in patients with breast cancer using population modeling, "
            "Pharm Res 2014;31:3390",
        ),
    ),
)
