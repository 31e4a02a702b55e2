"""CTLA-4: the brake on priming in the lymph node.

Equation::

    what is left of priming = 1 / (1 + ctla4_priming_brake * (1 - ctla4_occupancy_lymph_node))

In the tumour, anti-CTLA-4 depletes regulatory T cells instead (see there); the two occupancies differ because
less antibody reaches the tumour.

Source: model specification section 2; the strength of the brake is assumed.
"""

from __future__ import annotations

from unmask.biology.sources import CORE
from unmask.model.module import Contribution, Definition, Module, Need
from unmask.model.system import Parameter

CTLA4_PRIMING_BRAKE = Module(
    name="ctla4_priming_brake",
    description="CTLA-4 brake on priming in the lymph node",
    parameters=(
        Parameter(
            "ctla4_priming_brake",
            4.0,
            "1",
            "brake of free CTLA-4 on priming, fold minus one",
            0.0,
            12.0,
            "assumed",
            "assumed",
        ),
    ),
    rules=(
        Definition(
            "ctla4_brake_left",
            "1",
            "1 / (1 + ctla4_priming_brake * (1 - ctla4_occupancy_lymph_node))",
            "priming left by CTLA-4",
        ),
    ),
    needs=(Need("ctla4_occupancy_lymph_node", "1", "CTLA-4 occupied in the lymph node"),),
    contributes=(Contribution("priming_brakes", "ctla4_brake_left"),),
    references=(CORE,),
)
