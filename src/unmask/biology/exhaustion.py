"""Exhaustion of T cells that keep meeting antigen through engaged PD-1.

Equations (T active and X exhausted T cells in the tumour, C cancer cells, mask 0 to 1)::

    exhaustion = exhaustion_rate * mask * T * C / (C + T + cell_floor)                        [Mc per day]
    dX/dt      = exhaustion - exhausted_clearance_rate * X

Source: model specification section 3; QSP-IO k_Tcell 0.1 per day (0.01 to 1).
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO
from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

EXHAUSTION = Module(
    name="exhaustion",
    description="PD-1 driven exhaustion of T cells",
    species=(Species("exhausted_t_cells", "Mc", "exhausted T cells in the tumour", absolute_tolerance=1e-7),),
    parameters=(
        Parameter(
            "exhaustion_rate",
            0.2315,
            "1/day",
            "exhaustion under a full mask among cancer cells",
            0.01,
            1.0,
            "calibrated to OAK; QSP-IO k_Tcell 0.1 (0.01 to 1)",
            "calibrated",
        ),
        Parameter(
            "exhausted_clearance_rate",
            0.05,
            "1/day",
            "clearance of exhausted T cells",
            0.01,
            0.2,
            "assumed",
            "assumed",
        ),
    ),
    rules=(
        Definition(
            "exhaustion",
            "Mc/day",
            "exhaustion_rate * mask * tumour_t_cells * cancer_cells"
            " / (cancer_cells + tumour_t_cells + cell_floor)",
            "T cells becoming exhausted",
        ),
        Definition(
            "exhausted_t_cell_volume",
            "mL",
            "immune_cell_volume * exhausted_t_cells",
            "volume of exhausted T cells",
        ),
    ),
    rates=(Rate("exhausted_t_cells", "exhaustion - exhausted_clearance_rate * exhausted_t_cells"),),
    needs=(
        Need("mask", "1", "PD-1 mask"),
        Need("tumour_t_cells", "Mc", "active T cells in the tumour"),
        Need("cancer_cells", "Mc", "all clones"),
        Need("cell_floor", "Mc", "numerical guard"),
        Need("immune_cell_volume", "mL/Mc", "volume of a million T cells"),
    ),
    provides=("exhaustion", "exhausted_t_cells"),
    contributes=(Contribution("volume_parts", "exhausted_t_cell_volume"),),
    references=(QSPIO, CORE),
)
