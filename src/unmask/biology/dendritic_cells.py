"""Dendritic cells that carry tumour antigen, mature, into the lymph node.

Equation (P between 0 and 1, Ag antigen)::

    dP/dt = dendritic_turnover_rate * (draining_nodes * Ag / (antigen_half_saturation + Ag) - P)

``draining_nodes`` is the share of the lymph nodes that drain the tumour and are still there (1 unless some were
removed).

Source: model specification section 3; both values assumed (QSP-IO turns mature cells over at 0.02 per day).
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO
from unmask.model.module import Module, Need, Rate
from unmask.model.system import Parameter, Species

DENDRITIC_CELLS = Module(
    name="dendritic_cells",
    description="Maturation of antigen-bearing dendritic cells",
    species=(
        Species(
            "dendritic_maturation",
            "1",
            "antigen-bearing mature dendritic cells in the lymph node, 0 to 1",
            absolute_tolerance=1e-7,
        ),
    ),
    parameters=(
        Parameter(
            "antigen_half_saturation",
            20.0,
            "Mc",
            "antigen at half-maximal maturation",
            2.0,
            200.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "dendritic_turnover_rate",
            0.3,
            "1/day",
            "turnover of mature dendritic cells",
            0.02,
            1.0,
            "assumed; QSP-IO k_mAPC_death 0.02",
            "assumed",
        ),
    ),
    rates=(
        Rate(
            "dendritic_maturation",
            "dendritic_turnover_rate"
            " * (draining_nodes * antigen / (antigen_half_saturation + antigen) - dendritic_maturation)",
        ),
    ),
    needs=(
        Need("antigen", "Mc", "tumour antigen"),
        Need("draining_nodes", "1", "share of the draining lymph nodes left", "product"),
    ),
    provides=("dendritic_maturation",),
    references=(QSPIO, CORE),
)
