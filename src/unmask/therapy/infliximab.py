"""Infliximab: an antibody against TNF for immune-related events that corticosteroids do not settle.

Equations (x effect, in standard doses of 5 mg/kg)::

    dx/dt = -anti_tnf_decay_rate * x                        a standard dose adds one
    left of autoreactivity = 1 / (1 + anti_tnf_inflammation_effect * x)
    left of priming        = 1 / (1 + anti_tnf_priming_effect * x)

The brake on priming is the price of it and is small beside that of corticosteroids; whether blocking TNF harms or
helps the attack on the tumour is not settled.

Source: half-life 8 to 10 days (review of TNF inhibitors, PMC6348387); strengths assumed.
"""

from __future__ import annotations

from unmask.model.module import Contribution, Definition, Module, Rate
from unmask.model.system import Parameter, Species

INFLIXIMAB = Module(
    name="infliximab",
    description="Infliximab (K-PD)",
    species=(
        Species("anti_tnf_effect", "1", "effect of infliximab, in standard doses", absolute_tolerance=1e-6),
    ),
    parameters=(
        Parameter(
            "anti_tnf_decay_rate",
            0.073,
            "1/day",
            "decay of the effect: half-life 9.5 days",
            0.04,
            0.1,
            "half-life 8 to 10 days (PMC6348387)",
            "literature",
        ),
        Parameter(
            "anti_tnf_inflammation_effect",
            3.0,
            "1",
            "autoreactivity divided by one plus this, per standard dose",
            0.5,
            10.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "anti_tnf_priming_effect",
            0.3,
            "1",
            "priming divided by one plus this, per standard dose",
            0.0,
            1.0,
            "assumed: a tenth of the effect on inflammation",
            "assumed",
        ),
    ),
    rules=(
        Definition(
            "anti_tnf_inflammation_left",
            "1",
            "1 / (1 + anti_tnf_inflammation_effect * anti_tnf_effect)",
            "autoreactivity left",
        ),
        Definition(
            "anti_tnf_priming_left",
            "1",
            "1 / (1 + anti_tnf_priming_effect * anti_tnf_effect)",
            "priming left",
        ),
    ),
    rates=(Rate("anti_tnf_effect", "-anti_tnf_decay_rate * anti_tnf_effect"),),
    contributes=(
        Contribution("inflammation_left", "anti_tnf_inflammation_left"),
        Contribution("priming_brakes", "anti_tnf_priming_left"),
    ),
)
