"""Lymph nodes that drain the tumour: what an operation takes of them, and new drainage.

Equations (N share of the draining nodes removed, 0 but after an operation)::

    dN/dt            = -drainage_recovery_rate * N
    draining_nodes   = 1 - N                                of antigen-bearing dendritic cells find a lymph node

Other nodes take the drainage over in time. Memory needs far less antigen than naive cells, so it is primed nearly
as before while naive cells wait.

Source: no model of it is published that we know of; the rate is assumed.
"""

from __future__ import annotations

from unmask.model.module import Contribution, Definition, Module, Rate
from unmask.model.system import Parameter, Species

LYMPH_NODES = Module(
    name="lymph_nodes",
    description="Draining lymph nodes after an operation",
    species=(
        Species("removed_nodes", "1", "share of the draining lymph nodes removed", absolute_tolerance=1e-7),
    ),
    parameters=(
        Parameter(
            "drainage_recovery_rate",
            0.005,
            "1/day",
            "other nodes taking over the drainage: half-life twenty weeks",
            0.0,
            0.05,
            "assumed",
            "assumed",
        ),
    ),
    rules=(Definition("nodes_left", "1", "1 - removed_nodes", "share of the draining lymph nodes left"),),
    rates=(Rate("removed_nodes", "-drainage_recovery_rate * removed_nodes"),),
    contributes=(Contribution("draining_nodes", "nodes_left"),),
)
