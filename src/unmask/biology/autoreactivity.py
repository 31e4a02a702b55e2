"""Autoreactivity: what blocking checkpoints does to the tolerance of one's own tissues.

Equations (Z autoreactivity, W peripheral tolerance adapting to it, R and Rc occupied PD-(L)1 and CTLA-4)::

    drive = set_point * [1 + (pd1_gain R + ctla4_gain Rc + combined_gain R Rc) / (1 + tolerance_strength W)]
    dZ/dt = autoreactivity_rate * (drive * (what corticosteroids leave) - Z)
    dW/dt = tolerance_rate * (Z - set_point - W)

Immune-related adverse events are drawn from Z elsewhere; nothing here feeds back on the tumour.

Source: model specification section 3, calibrated to published rates and times of onset of immune-related
adverse events under one and two antibodies.
"""

from __future__ import annotations

from unmask.biology.sources import CORE
from unmask.model.module import Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

_CALIBRATED = "calibrated to published immune-related adverse events"

AUTOREACTIVITY = Module(
    name="autoreactivity",
    description="Autoreactivity and peripheral tolerance",
    species=(
        Species("autoreactivity", "1", "autoreactivity, 1 = healthy", initial=1.0, absolute_tolerance=1e-7),
        # Not negative between visits: corticosteroids push autoreactivity below its set point, and the drive
        # would become infinite where 1 + tolerance_strength * W reaches zero.
        Species("tolerance", "1", "adaptation of peripheral tolerance", absolute_tolerance=1e-7),
    ),
    parameters=(
        Parameter(
            "autoreactivity_set_point",
            1.0,
            "1",
            "autoreactivity without drugs",
            0.6,
            2.0,
            "sigma of ln 0.273; 1.2 with autoimmune disease",
            "calibrated",
        ),
        Parameter(
            "autoreactivity_rate",
            0.0318,
            "1/day",
            "how fast it follows",
            0.01,
            0.1,
            _CALIBRATED,
            "calibrated",
        ),
        Parameter(
            "autoreactivity_pd1_gain", 1.72, "1", "gain of PD-1 blockade", 0.5, 4.0, _CALIBRATED, "calibrated"
        ),
        Parameter(
            "autoreactivity_ctla4_gain",
            3.67,
            "1",
            "gain of CTLA-4 blockade",
            1.0,
            8.0,
            _CALIBRATED,
            "calibrated",
        ),
        Parameter(
            "autoreactivity_combined_gain",
            2.62,
            "1",
            "gain of both at once",
            0.0,
            8.0,
            _CALIBRATED,
            "calibrated",
        ),
        Parameter(
            "tolerance_strength", 2.97, "1", "damping by tolerance", 0.5, 10.0, _CALIBRATED, "calibrated"
        ),
        Parameter(
            "tolerance_rate",
            0.0047,
            "1/day",
            "adaptation of tolerance",
            0.001,
            0.02,
            _CALIBRATED,
            "calibrated",
        ),
    ),
    rules=(
        Definition(
            "autoreactivity_drive",
            "1",
            "autoreactivity_set_point * (1 + (autoreactivity_pd1_gain * pd_occupancy"
            " + autoreactivity_ctla4_gain * ctla4_occupancy_lymph_node"
            " + autoreactivity_combined_gain * pd_occupancy * ctla4_occupancy_lymph_node)"
            " / (1 + tolerance_strength * tolerance))",
            "where autoreactivity tends without corticosteroids",
        ),
    ),
    rates=(
        Rate(
            "autoreactivity",
            "autoreactivity_rate * (autoreactivity_drive * inflammation_left - autoreactivity)",
        ),
        Rate("tolerance", "tolerance_rate * (autoreactivity - autoreactivity_set_point - tolerance)"),
    ),
    needs=(
        Need("pd_occupancy", "1", "PD-1 or PD-L1 occupied by antibody"),
        Need("ctla4_occupancy_lymph_node", "1", "CTLA-4 occupied in the lymph node"),
        Need("inflammation_left", "1", "what anti-inflammatory drugs leave", "product"),
    ),
    references=(CORE,),
)
