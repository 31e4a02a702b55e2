"""Neutrophils: proliferation, maturation and feedback.

Equations (n0 precursors, n1..n3 maturing, n circulating; k = 4 / neutrophil_transit_time; m maturation and g
proliferation relative to normal, 1 without a growth factor)::

    R      = (baseline / (n + neutrophil_floor))^feedback
    dn0/dt = k n0 [m (g R - 1) - myelosuppression R]
    dn1/dt = k m (n0 - n1),  dn2/dt = k m (n1 - n2),  dn3/dt = k m (n2 - n3),  dn/dt = k (m n3 - n)

Without a growth factor the first is Friberg's k n0 [(1 - myelosuppression) R - 1]. A growth factor neither adds to
the loss of precursors to a drug nor changes how long a neutrophil stays in the blood. The floor keeps the feedback
finite when no neutrophil is left.

Source: Friberg 2002 (docetaxel: transit time 88.7 h, feedback 0.161, baseline 5.05e9/L).
"""

from __future__ import annotations

from itertools import pairwise

from unmask.biology.sources import CORE, FRIBERG
from unmask.model.module import Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

_STAGES = (
    "neutrophil_precursors",
    "neutrophil_transit_1",
    "neutrophil_transit_2",
    "neutrophil_transit_3",
    "neutrophils",
)


def _stage(name: str) -> Species:
    what = "circulating neutrophils" if name == "neutrophils" else name.replace("_", " ")
    return Species(name, "1e9/L", what, initial=5.0, absolute_tolerance=1e-6)


NEUTROPHILS = Module(
    name="neutrophils",
    description="Neutrophils with feedback (Friberg)",
    species=tuple(_stage(name) for name in _STAGES),
    parameters=(
        Parameter(
            "neutrophil_transit_time",
            3.5,
            "day",
            "mean transit time",
            3.0,
            6.0,
            "Friberg 2002, docetaxel 88.7 h",
            "literature",
        ),
        Parameter(
            "neutrophil_feedback", 0.161, "1", "feedback exponent", 0.1, 0.3, "Friberg 2002", "literature"
        ),
        Parameter(
            "neutrophil_baseline",
            5.0,
            "1e9/L",
            "neutrophils without drug",
            2.0,
            10.0,
            "Friberg 2002, 5.05",
            "literature",
        ),
        Parameter(
            "neutrophil_floor",
            0.01,
            "1e9/L",
            "keeps the feedback finite",
            1e-3,
            0.05,
            "numerical guard",
            "definition",
        ),
    ),
    rules=(
        Definition("neutrophil_transit_rate", "1/day", "4 / neutrophil_transit_time", "rate between stages"),
        Definition(
            "neutrophil_regulation",
            "1",
            "(neutrophil_baseline / (neutrophils + neutrophil_floor))**neutrophil_feedback",
            "feedback",
        ),
    ),
    rates=(
        Rate(
            "neutrophil_precursors",
            "neutrophil_transit_rate * neutrophil_precursors * (neutrophil_maturation"
            " * (neutrophil_proliferation * neutrophil_regulation - 1) - myelosuppression * neutrophil_regulation)",
        ),
        *(
            Rate(after, f"neutrophil_transit_rate * neutrophil_maturation * ({before} - {after})")
            for before, after in pairwise(_STAGES[:-1])
        ),
        Rate(
            "neutrophils",
            "neutrophil_transit_rate * (neutrophil_maturation * neutrophil_transit_3 - neutrophils)",
        ),
    ),
    needs=(
        Need("myelosuppression", "1", "proliferation lost to drugs", "sum"),
        Need("neutrophil_proliferation", "1", "proliferation relative to normal", "product"),
        Need("neutrophil_maturation", "1", "speed of maturation relative to normal", "product"),
    ),
    references=(FRIBERG, CORE),
)
