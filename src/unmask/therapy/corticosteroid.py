"""Corticosteroids: they quieten autoreactivity, and priming and tumour T cells with it.

Equations (dose in mg of prednisone equivalent per kg and day)::

    left of priming and of autoreactivity = 1 / (1 + steroid_dose / steroid_half_effect)
    loss of T cells in the tumour         = steroid_t_cell_loss * steroid_dose                   [per day]

Source: model specification sections 2 and 3; values assumed.
"""

from __future__ import annotations

from unmask.model.module import Contribution, Definition, Module
from unmask.model.system import Parameter

CORTICOSTEROID = Module(
    name="corticosteroid",
    description="Corticosteroids, as prednisone equivalent",
    parameters=(
        Parameter(
            "steroid_dose",
            0.0,
            "mg/kg/day",
            "dose of prednisone equivalent",
            0.0,
            10.0,
            "set by the management of adverse events",
            "definition",
        ),
        Parameter(
            "steroid_half_effect",
            0.3,
            "mg/kg/day",
            "dose that halves priming and autoreactivity",
            0.1,
            1.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "steroid_t_cell_loss",
            0.05,
            "kg/mg",
            "loss of T cells in the tumour per dose",
            0.0,
            0.2,
            "assumed",
            "assumed",
        ),
    ),
    rules=(
        Definition("steroid_left", "1", "1 / (1 + steroid_dose / steroid_half_effect)", "left of priming"),
        Definition(
            "steroid_tumour_t_cell_loss", "1/day", "steroid_t_cell_loss * steroid_dose", "loss of T cells"
        ),
    ),
    contributes=(
        Contribution("priming_brakes", "steroid_left"),
        Contribution("inflammation_left", "steroid_left"),
        Contribution("tumour_t_cell_therapy_loss", "steroid_tumour_t_cell_loss"),
    ),
)
