"""Killing of cancer cells by T cells.

Equation (T active T cells, C cancer cells; the masks are what the PD-1 axis and regulatory T cells leave)::

    kill_rate = max_kill_rate * T / (kill_half_ratio * C + T + cell_floor) * (product of masks)    [per day]

for an antigen-positive cell. The ratio T : C saturates: many T cells per cancer cell kill no faster.

Source: model specification section 2; QSP-IO K_T_C 1.2 and k_C_Tcell 0.9 per day (calibrated here, because
masks multiply it).
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO_NSCLC
from unmask.model.module import Definition, Module, Need
from unmask.model.system import Parameter

KILLING = Module(
    name="killing",
    description="Killing of cancer cells by T cells",
    parameters=(
        Parameter(
            "max_kill_rate",
            8.844,
            "1/day",
            "kill rate of a cancer cell swamped by unmasked T cells",
            0.9,
            20.0,
            "calibrated to OAK, sigma of ln 0.16; QSP-IO NSCLC 0.9, sigma 1",
            "calibrated",
        ),
        Parameter(
            "kill_half_ratio",
            1.2,
            "1",
            "T cells per cancer cell at half-maximal kill",
            0.3,
            5.0,
            "QSP-IO NSCLC K_T_C 1.2",
            "literature",
        ),
    ),
    rules=(
        Definition(
            "kill_rate",
            "1/day",
            "max_kill_rate * tumour_t_cells / (kill_half_ratio * cancer_cells + tumour_t_cells + cell_floor)"
            " * killing_masks",
            "immune kill of an antigen-positive cell",
        ),
    ),
    needs=(
        Need("tumour_t_cells", "Mc", "active T cells in the tumour"),
        Need("cancer_cells", "Mc", "all clones"),
        Need("cell_floor", "Mc", "numerical guard"),
        Need("killing_masks", "1", "what each mask leaves of killing", "product"),
    ),
    provides=("kill_rate",),
    references=(QSPIO_NSCLC, CORE),
)
