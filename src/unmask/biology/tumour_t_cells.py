"""T cells in the tumour: entry from the blood and loss.

Equations (E effectors in blood, T active T cells in the tumour, v cancer_cell_volume, C cancer cells)::

    extravasation = extravasation_rate * v * C * E                                            [Mc per day]
    dT/dt         = extravasation - tumour_t_cell_loss_rate * T - exhaustion - therapy_loss * T

Source: model specification section 3; entry proportional to tumour volume as in QSP-IO (q_CD8_T_in).
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO
from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

TUMOUR_T_CELLS = Module(
    name="tumour_t_cells",
    description="T cells entering and leaving the tumour",
    species=(Species("tumour_t_cells", "Mc", "active T cells in the tumour", absolute_tolerance=1e-7),),
    parameters=(
        Parameter(
            "extravasation_rate",
            5.017e-4,
            "1/day/mL",
            "entry of effectors per volume of tumour",
            5e-5,
            5e-3,
            "calibrated to OAK; QSP-IO q_CD8_T_in 1.45e-4/min/mL",
            "calibrated",
        ),
        Parameter(
            "tumour_t_cell_loss_rate",
            0.0202,
            "1/day",
            "loss of T cells in the tumour",
            0.005,
            0.1,
            "calibrated to OAK; QSP-IO 0.01",
            "calibrated",
        ),
    ),
    rules=(
        Definition(
            "extravasation",
            "Mc/day",
            "extravasation_rate * cancer_cell_volume * cancer_cells * effector_t_cells",
            "effectors entering",
        ),
        Definition(
            "tumour_t_cell_volume", "mL", "immune_cell_volume * tumour_t_cells", "volume of active T cells"
        ),
    ),
    rates=(
        Rate(
            "tumour_t_cells",
            "extravasation - (tumour_t_cell_loss_rate + tumour_t_cell_therapy_loss) * tumour_t_cells"
            " - exhaustion",
        ),
    ),
    needs=(
        Need("effector_t_cells", "Mc", "effectors in the blood"),
        Need("cancer_cells", "Mc", "all clones"),
        Need("cancer_cell_volume", "mL/Mc", "volume of a million cancer cells"),
        Need("immune_cell_volume", "mL/Mc", "volume of a million T cells"),
        Need("exhaustion", "Mc/day", "T cells becoming exhausted"),
        Need("tumour_t_cell_therapy_loss", "1/day", "T cells in the tumour lost to therapies", "sum"),
    ),
    provides=("tumour_t_cells",),
    contributes=(
        Contribution("effectors_leaving_blood", "extravasation"),
        Contribution("volume_parts", "tumour_t_cell_volume"),
    ),
    references=(QSPIO, CORE),
)
