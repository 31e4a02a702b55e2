"""Naive T cells that can see the tumour: how many, how depleted, and how many are primed.

Equations (Nv relative size of the pool, 1 = normal; P mature dendritic cells)::

    dNv/dt        = naive_recovery_rate * (1 - Nv) - t_cell_depletion * Nv
    naive_priming = naive_priming_rate * naive_precursors * Nv * P                       [Mc per day]

``naive_precursors`` stands for the antigenicity of the tumour: how many clones, times precursors of each. It
is the parameter that varies most between patients.

Source: model specification section 3.
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO
from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

NAIVE_POOL = Module(
    name="naive_pool",
    description="Naive tumour-specific T cells",
    species=(
        Species("naive_pool", "1", "naive T cells, relative to normal", initial=1.0, absolute_tolerance=1e-7),
    ),
    parameters=(
        Parameter(
            "naive_precursors",
            0.7942,
            "Mc",
            "tumour-specific naive precursors (antigenicity)",
            0.003,
            200.0,
            "calibrated to OAK, sigma of ln 3.27; QSP-IO n_T1_clones 100",
            "calibrated",
        ),
        Parameter(
            "naive_priming_rate",
            1.0,
            "1/day",
            "priming of naive cells at full maturation",
            0.2,
            5.0,
            "assumed; QSP-IO k_T1_act 20 times the share of mature cells",
            "assumed",
        ),
        Parameter(
            "naive_recovery_rate",
            0.02,
            "1/day",
            "recovery of the naive pool",
            0.005,
            0.05,
            "assumed: half-life 35 days",
            "assumed",
        ),
    ),
    rules=(
        Definition(
            "naive_priming",
            "Mc/day",
            "naive_priming_rate * naive_precursors * naive_pool * dendritic_maturation",
            "naive cells primed, before the brakes on priming",
        ),
    ),
    rates=(Rate("naive_pool", "naive_recovery_rate * (1 - naive_pool) - t_cell_depletion * naive_pool"),),
    needs=(
        Need("dendritic_maturation", "1", "mature dendritic cells"),
        Need("t_cell_depletion", "1/day", "depletion of circulating T cells by therapies", "sum"),
    ),
    provides=("naive_precursors",),
    contributes=(Contribution("activation", "naive_priming"),),
    references=(QSPIO, CORE),
)
