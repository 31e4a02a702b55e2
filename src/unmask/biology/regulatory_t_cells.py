"""Regulatory T cells: recruited by the tumour, depleted by anti-CTLA-4, a brake on killing.

Equations (G regulatory T cells, C cancer cells)::

    dG/dt        = treg_turnover_rate * (treg_set_point * microenvironment * C - G)
                   - treg_depletion_rate * ctla4_occupancy * G
    what is left of killing = 1 / (1 + treg_kill_inhibition * G / (C + cell_floor))

The brake is linear in G / C: a brake T / (T + K G) would make killing quadratic in T, outcomes all or none.

Source: model specification sections 2, 3 and 12; depletion by antibody-dependent killing as in QSP-IO
(k_CTLA4_ADCC 0.1 per day).
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO
from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

REGULATORY_T_CELLS = Module(
    name="regulatory_t_cells",
    description="Regulatory T cells in the tumour",
    species=(
        Species(
            "regulatory_t_cells",
            "Mc",
            "regulatory T cells in the tumour",
            initial=33.1,
            absolute_tolerance=1e-7,
        ),
    ),
    parameters=(
        Parameter(
            "treg_kill_inhibition",
            1000.0,
            "1",
            "brake on killing per regulatory T cell and cancer cell",
            100.0,
            5000.0,
            "assumed; QSP-IO NSCLC uses T / (T + 11 Treg)",
            "assumed",
        ),
        Parameter(
            "treg_set_point",
            0.003,
            "1",
            "regulatory T cells per cancer cell",
            0.0009,
            0.0095,
            "assumed, sigma of ln 0.7",
            "assumed",
        ),
        Parameter("treg_turnover_rate", 0.05, "1/day", "turnover", 0.01, 0.2, "assumed", "assumed"),
        Parameter(
            "treg_depletion_rate",
            0.1,
            "1/day",
            "depletion at full CTLA-4 occupancy",
            0.0,
            0.5,
            "QSP-IO k_CTLA4_ADCC 0.1",
            "literature",
        ),
    ),
    rules=(
        Definition(
            "treg_mask_left",
            "1",
            "1 / (1 + treg_kill_inhibition * regulatory_t_cells / (cancer_cells + cell_floor))",
            "what regulatory T cells leave of killing",
        ),
        Definition(
            "regulatory_t_cell_volume",
            "mL",
            "immune_cell_volume * regulatory_t_cells",
            "volume of regulatory T cells",
        ),
    ),
    rates=(
        Rate(
            "regulatory_t_cells",
            "treg_turnover_rate * (treg_set_point * microenvironment * cancer_cells - regulatory_t_cells)"
            " - treg_depletion_rate * ctla4_occupancy * regulatory_t_cells",
        ),
    ),
    needs=(
        Need("microenvironment", "1", "maturity of the suppressive micro-environment"),
        Need("cancer_cells", "Mc", "all clones"),
        Need("cell_floor", "Mc", "numerical guard"),
        Need("immune_cell_volume", "mL/Mc", "volume of a million T cells"),
        Need("ctla4_occupancy", "1", "CTLA-4 occupied in the tumour"),
    ),
    contributes=(
        Contribution("killing_masks", "treg_mask_left"),
        Contribution("volume_parts", "regulatory_t_cell_volume"),
    ),
    references=(QSPIO, CORE),
)
