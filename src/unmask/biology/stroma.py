"""Stroma, which follows the viable tumour slowly, and the scar that immune killing leaves.

Equation (F stroma and scar, mL; v cancer_cell_volume; C cancer cells)::

    dF/dt = stroma_remodelling_rate * (stroma_fraction * v * C - F) + scar_fraction * v * immune_kill

Source: model specification section 3. The scar is the regression bed seen in resected responders (Cottrell
2018): a scan measures it though no cancer is left in it.
"""

from __future__ import annotations

from unmask.biology.sources import CORE, COTTRELL
from unmask.model.module import Contribution, Module, Need, Rate
from unmask.model.system import Parameter, Species

STROMA = Module(
    name="stroma",
    description="Stroma and regression-bed scar",
    species=(Species("stroma", "mL", "stroma and scar", initial=1.008, absolute_tolerance=1e-6),),
    parameters=(
        Parameter(
            "stroma_remodelling_rate",
            0.004,
            "1/day",
            "remodelling of stroma and scar",
            0.001,
            0.02,
            "assumed: half-life six months",
            "assumed",
        ),
        Parameter(
            "stroma_fraction",
            0.03615,
            "1",
            "stroma per volume of viable tumour",
            0.01,
            0.13,
            "calibrated to OAK, sigma of ln 0.78",
            "calibrated",
        ),
        Parameter(
            "scar_fraction",
            0.09342,
            "1",
            "scar per volume of immune-killed tumour",
            0.01,
            0.5,
            "calibrated to OAK; regression bed of Cottrell 2018",
            "calibrated",
        ),
    ),
    rates=(
        Rate(
            "stroma",
            "stroma_remodelling_rate * (stroma_fraction * cancer_cell_volume * cancer_cells - stroma)"
            " + scar_fraction * cancer_cell_volume * immune_kill",
        ),
    ),
    needs=(
        Need("cancer_cells", "Mc", "all clones"),
        Need("cancer_cell_volume", "mL/Mc", "volume of a million cancer cells"),
        Need("immune_kill", "Mc/day", "cancer cells killed by T cells"),
    ),
    contributes=(Contribution("volume_parts", "stroma"),),
    references=(COTTRELL, CORE),
)
