"""Oedema and infiltrating leukocytes that follow immune killing: the swelling of pseudoprogression.

Equation (Q infiltrate, mL; v cancer_cell_volume)::

    dQ/dt = infiltrate_per_kill * v * immune_kill - infiltrate_resolution_rate * Q

Source: model specification section 3; infiltrate_per_kill is calibrated to OAK and varies widely between
patients.
"""

from __future__ import annotations

from unmask.biology.sources import CORE
from unmask.model.module import Contribution, Module, Need, Rate
from unmask.model.system import Parameter, Species

INFILTRATE = Module(
    name="infiltrate",
    description="Swelling after immune killing",
    species=(Species("infiltrate", "mL", "oedema and infiltrating leukocytes", absolute_tolerance=1e-6),),
    parameters=(
        Parameter(
            "infiltrate_per_kill",
            0.1872,
            "1",
            "infiltrate per volume of immune-killed tumour",
            0.007,
            5.0,
            "calibrated to OAK, sigma of ln 2",
            "calibrated",
        ),
        Parameter(
            "infiltrate_resolution_rate",
            0.05,
            "1/day",
            "resolution of infiltrate",
            0.01,
            0.3,
            "assumed: half-life two weeks",
            "assumed",
        ),
    ),
    rates=(
        Rate(
            "infiltrate",
            "infiltrate_per_kill * cancer_cell_volume * immune_kill"
            " - infiltrate_resolution_rate * infiltrate",
        ),
    ),
    needs=(
        Need("cancer_cell_volume", "mL/Mc", "volume of a million cancer cells"),
        Need("immune_kill", "Mc/day", "cancer cells killed by T cells"),
    ),
    contributes=(Contribution("volume_parts", "infiltrate"),),
    references=(CORE,),
)
