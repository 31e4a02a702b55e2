"""Effector T cells in the blood.

Equation (E effectors; one activated cell becomes ``clonal_burst`` effectors)::

    dE/dt = clonal_burst * expansion - (effector_contraction_rate + t_cell_depletion) * E
            - (effectors entering all tumours)

Source: model specification section 3.
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO
from unmask.model.module import Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

EFFECTOR_T_CELLS = Module(
    name="effector_t_cells",
    description="Circulating effector T cells",
    species=(
        Species(
            "effector_t_cells", "Mc", "circulating effector T cells", initial=1e-3, absolute_tolerance=1e-7
        ),
    ),
    parameters=(
        Parameter(
            "clonal_burst",
            500.0,
            "1",
            "effectors from one activated cell",
            100.0,
            3e4,
            "assumed: nine divisions; QSP-IO 15 to 26",
            "assumed",
        ),
        Parameter(
            "effector_contraction_rate",
            0.1,
            "1/day",
            "contraction of effectors",
            0.01,
            0.3,
            "assumed; QSP-IO k_CD8_death 0.01",
            "assumed",
        ),
    ),
    rules=(
        Definition(
            "effector_contraction",
            "Mc/day",
            "effector_contraction_rate * effector_t_cells",
            "effectors that die or become memory",
        ),
    ),
    rates=(
        Rate(
            "effector_t_cells",
            "clonal_burst * expansion - effector_contraction - t_cell_depletion * effector_t_cells"
            " - effectors_leaving_blood",
        ),
    ),
    needs=(
        Need("expansion", "Mc/day", "activated cells that expand"),
        Need("t_cell_depletion", "1/day", "depletion of circulating T cells by therapies", "sum"),
        Need("effectors_leaving_blood", "Mc/day", "effectors entering all tumours", "sum"),
    ),
    provides=("effector_t_cells", "effector_contraction"),
    references=(QSPIO, CORE),
)
