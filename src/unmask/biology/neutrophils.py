"""Neutrophils: proliferation, maturation and feedback.

Equations (n0 precursors, n1..n3 maturing, n circulating; k = 4 / neutrophil_transit_time)::

    dn0/dt = k n0 [(1 - myelosuppression) (baseline / (n + neutrophil_floor))^feedback - 1]
    dn1/dt = k (n0 - n1),  dn2/dt = k (n1 - n2),  dn3/dt = k (n2 - n3),  dn/dt = k (n3 - n)

The floor keeps the feedback finite when no neutrophil is left.

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
            "neutrophil_transit_rate * neutrophil_precursors"
            " * ((1 - myelosuppression) * neutrophil_regulation - 1)",
        ),
        *(
            Rate(after, f"neutrophil_transit_rate * ({before} - {after})")
            for before, after in pairwise(_STAGES)
        ),
    ),
    needs=(Need("myelosuppression", "1", "proliferation lost to drugs", "sum"),),
    references=(FRIBERG, CORE),
)
