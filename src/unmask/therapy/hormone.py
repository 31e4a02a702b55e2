"""Hormone and its deprivation.

Equations (Hm hormone, 1 = normal; hormone_input 1, or 0.05 under deprivation)::

    dHm/dt = hormone_decline_rate * (hormone_input - Hm)
    growth left to a dependent clone = 1 - hormone_dependence * (1 - Hm)
    kill of a dependent clone        = castration_death_rate * hormone_dependence * (1 - Hm)      [per day]

All clones depend but the hormone-independent and the multi-resistant. ``hormone_dependence`` is 0 in tumours
that do not care.

Source: model specification section 3; rates assumed.
"""

from __future__ import annotations

from unmask.model.module import Contribution, Definition, Module, Rate
from unmask.model.system import Parameter, Species

_DEPENDENT = ("sensitive", "chemo_resistant", "targeted_resistant", "antigen_loss")

HORMONE = Module(
    name="hormone",
    description="Hormone dependence",
    species=(Species("hormone", "1", "hormone, relative to normal", initial=1.0, absolute_tolerance=1e-7),),
    parameters=(
        Parameter(
            "hormone_dependence",
            0.0,
            "1",
            "dependence of the tumour on hormone",
            0.0,
            1.0,
            "set by the tumour type",
            "definition",
        ),
        Parameter(
            "castration_death_rate",
            0.01,
            "1/day",
            "death without any hormone",
            0.0,
            0.05,
            "assumed",
            "assumed",
        ),
        Parameter(
            "hormone_decline_rate", 0.1, "1/day", "how fast hormone follows", 0.03, 0.5, "assumed", "assumed"
        ),
        Parameter(
            "hormone_input",
            1.0,
            "1",
            "production of hormone, relative to normal",
            0.0,
            1.0,
            "set by the regimen; deprivation 0.05",
            "definition",
        ),
    ),
    rules=(
        Definition(
            "hormone_want", "1", "hormone_dependence * (1 - hormone)", "hormone lacking, times dependence"
        ),
        Definition("hormone_growth_left", "1", "1 - hormone_want", "growth left to dependent clones"),
        Definition(
            "castration_kill", "1/day", "castration_death_rate * hormone_want", "kill of dependent clones"
        ),
    ),
    rates=(Rate("hormone", "hormone_decline_rate * (hormone_input - hormone)"),),
    contributes=(
        *(
            Contribution(f"{port}_of_{clone}", "castration_kill")
            for port in ("direct_kill", "immunogenic_kill")
            for clone in _DEPENDENT
        ),
        *(Contribution(f"growth_factor_of_{clone}", "hormone_growth_left") for clone in _DEPENDENT),
    ),
)
