"""Tumour antigen on its way to the lymph node.

Equation (Ag antigen, as millions of cells' worth)::

    dAg/dt = (antigen released by all tumours) - antigen_clearance_rate * Ag

What a dying cell releases, and that antigen-loss cells release little, stands with the clones.

Source: model specification section 3; QSP-IO k_xP_deg 2 per day.
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO
from unmask.model.module import Module, Need, Rate
from unmask.model.system import Parameter, Species

ANTIGEN = Module(
    name="antigen",
    description="Tumour antigen reaching the lymph node",
    species=(Species("antigen", "Mc", "tumour antigen, as cells' worth", absolute_tolerance=1e-6),),
    parameters=(
        Parameter(
            "antigen_clearance_rate",
            2.0,
            "1/day",
            "clearance of antigen",
            0.5,
            10.0,
            "QSP-IO k_xP_deg 2",
            "literature",
        ),
    ),
    rates=(Rate("antigen", "antigen_drained - antigen_clearance_rate * antigen"),),
    needs=(Need("antigen_drained", "Mc/day", "antigen released by all tumours", "sum", required=True),),
    provides=("antigen",),
    references=(QSPIO, CORE),
)
