"""Memory T cells: formed when antigen falls, lost to chronic antigen, recalled by very little of it.

Equations (M memory, P mature dendritic cells, N0 naive precursors)::

    memory_signal = P * (1 + threshold) / (P + threshold)      memory needs far less antigen than naive cells
    recall        = memory_recall_rate * M * memory_signal                                        [Mc per day]
    dM/dt         = memory_fraction * (memory_priming_gain * priming_permission)^2 * effector_contraction
                      * (1 - P) * (1 - M / (memory_niche * N0))
                    - (memory_loss_rate + memory_erosion_rate * P + t_cell_depletion) * M

Memory is better the less braked the priming was: hence the squared gain, a hand choice of the feasibility
study, made so that re-challenge is rejected after immunotherapy and not after chemotherapy.

Source: model specification sections 2 and 3; all values assumed (only re-challenge constrains them).
"""

from __future__ import annotations

from unmask.biology.sources import CORE
from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

MEMORY = Module(
    name="memory",
    description="Memory T cells",
    species=(Species("memory_t_cells", "Mc", "memory T cells", absolute_tolerance=1e-7),),
    parameters=(
        Parameter(
            "memory_recall_rate",
            0.02,
            "1/day",
            "recall of memory at full signal",
            0.002,
            0.2,
            "assumed",
            "assumed",
        ),
        Parameter(
            "memory_fraction",
            0.1,
            "1",
            "contracting effectors that become memory",
            0.05,
            0.1,
            "textbook: 5 to 10 % survive contraction",
            "literature",
        ),
        Parameter(
            "memory_priming_gain",
            5.0,
            "1",
            "gain of memory formation by unbraked priming",
            1.0,
            15.0,
            "assumed: hand choice of the feasibility study",
            "assumed",
        ),
        Parameter(
            "memory_niche",
            100.0,
            "1",
            "largest memory pool per naive precursor",
            10.0,
            1000.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "memory_loss_rate",
            0.0003,
            "1/day",
            "loss of memory: half-life 6 years",
            0.0001,
            0.001,
            "assumed; human memory 8 to 15 years",
            "assumed",
        ),
        Parameter(
            "memory_erosion_rate",
            0.3,
            "1/day",
            "erosion of memory by chronic antigen",
            0.03,
            1.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "memory_antigen_threshold",
            0.02,
            "1",
            "maturation at half-maximal memory signal",
            0.005,
            0.1,
            "assumed: 50 times more sensitive than naive cells",
            "assumed",
        ),
    ),
    rules=(
        Definition(
            "memory_signal",
            "1",
            "dendritic_maturation * (1 + memory_antigen_threshold)"
            " / (dendritic_maturation + memory_antigen_threshold)",
            "antigen signal as memory cells see it",
        ),
        Definition(
            "memory_recall",
            "Mc/day",
            "memory_recall_rate * memory_t_cells * memory_signal",
            "memory cells recalled, before the brakes on priming",
        ),
    ),
    rates=(
        Rate(
            "memory_t_cells",
            "memory_fraction * (memory_priming_gain * priming_permission)**2 * effector_contraction"
            " * (1 - dendritic_maturation) * (1 - memory_t_cells / (memory_niche * naive_precursors))"
            " - (memory_loss_rate + memory_erosion_rate * dendritic_maturation + t_cell_depletion)"
            " * memory_t_cells",
        ),
    ),
    needs=(
        Need("dendritic_maturation", "1", "mature dendritic cells"),
        Need("priming_permission", "1", "what the brakes on priming leave"),
        Need("effector_contraction", "Mc/day", "effectors that die or become memory"),
        Need("naive_precursors", "Mc", "tumour-specific naive precursors"),
        Need("t_cell_depletion", "1/day", "depletion of circulating T cells by therapies", "sum"),
    ),
    contributes=(Contribution("activation", "memory_recall"),),
    references=(CORE,),
)
