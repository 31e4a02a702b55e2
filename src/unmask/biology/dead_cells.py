"""Dead cancer cells, cleared slowly: why a shrinking tumour looks large for a while.

Equation (D dead cells)::

    dD/dt = cancer_cell_death - dead_cell_clearance_rate * D

Source: model specification section 3; QSP-IO k_cell_clear 0.1 per day (0.01 to 1).
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO_NSCLC
from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

DEAD_CELLS = Module(
    name="dead_cells",
    description="Clearance of dead cancer cells",
    species=(Species("dead_cells", "Mc", "dead cancer cells not yet cleared", absolute_tolerance=1e-6),),
    parameters=(
        Parameter(
            "dead_cell_clearance_rate",
            0.2058,
            "1/day",
            "clearance of dead cells",
            0.01,
            1.0,
            "calibrated to OAK; QSP-IO NSCLC 0.1 (0.01 to 1)",
            "calibrated",
        ),
    ),
    rules=(Definition("dead_cell_volume", "mL", "cancer_cell_volume * dead_cells", "volume of dead cells"),),
    rates=(Rate("dead_cells", "cancer_cell_death - dead_cell_clearance_rate * dead_cells"),),
    needs=(
        Need("cancer_cell_death", "Mc/day", "cancer cells dying of anything"),
        Need("cancer_cell_volume", "mL/Mc", "volume of a million cancer cells"),
    ),
    contributes=(Contribution("volume_parts", "dead_cell_volume"),),
    references=(QSPIO_NSCLC, CORE),
)
