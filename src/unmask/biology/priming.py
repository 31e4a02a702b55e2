"""Priming in the lymph node: activation under its brakes, then expansion.

Equations (A activated T cells)::

    priming_permission = product of what the brakes leave (PD-1, CTLA-4, corticosteroids), 0 to 1
    dA/dt              = activation * priming_permission - expansion_rate * A
    expansion          = expansion_rate * A                                   [Mc per day leave, dividing]

Source: model specification sections 2 and 3; five days of expansion.
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO
from unmask.model.module import Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

PRIMING = Module(
    name="priming",
    description="Activation and expansion of T cells",
    species=(
        Species("activated_t_cells", "Mc", "activated T cells in the lymph node", absolute_tolerance=1e-7),
    ),
    parameters=(
        Parameter(
            "expansion_rate",
            0.2,
            "1/day",
            "how fast activated cells complete their expansion",
            0.1,
            0.5,
            "five days; QSP-IO k_CD8_pro 1 per division",
            "assumed",
        ),
    ),
    rules=(
        Definition("priming_permission", "1", "priming_brakes", "what the brakes on priming leave"),
        Definition(
            "expansion", "Mc/day", "expansion_rate * activated_t_cells", "activated cells that expand"
        ),
    ),
    rates=(Rate("activated_t_cells", "activation * priming_permission - expansion"),),
    needs=(
        Need(
            "activation",
            "Mc/day",
            "naive and memory cells activated, before the brakes",
            "sum",
            required=True,
        ),
        Need("priming_brakes", "1", "what each brake leaves", "product"),
    ),
    provides=("priming_permission", "expansion"),
    references=(QSPIO, CORE),
)
