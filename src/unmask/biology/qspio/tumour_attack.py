"""CD8 T cells kill cancer cells, and tire of it: by PD-1 and by regulatory T cells.

Equations (T CD8 T cells, G regulatory T cells, A all T cells, C cancer cells; H inhibition by PD-1)::

    everyone   = C + A + one_cell
    kill       = kill_rate * T * C / everyone * (1 - H)
    exhaustion = exhaustion_rate_by_tregs * T * G / everyone + exhaustion_rate_by_cancer * T * C / everyone * H

It stands in the group of the CD8 T cells.

Source: Sove 2020, example 1 as exported.
"""

from __future__ import annotations

from unmask.biology.qspio.exported import REFERENCES, exported
from unmask.model.module import Contribution, Definition, Module, Need

TUMOUR_ATTACK = Module(
    name="tumour_attack",
    description="CD8 T cells kill cancer cells and tire",
    parameters=(
        exported(
            "kill_rate",
            18.0,
            "1/day",
            "cancer cells that a CD8 T cell among cancer cells kills",
            "k_C_T1",
            spider=(1.8, 50.0),
        ),
        exported(
            "exhaustion_rate_by_cancer",
            0.1,
            "1/day",
            "exhaustion of CD8 T cells whose PD-1 is engaged",
            "k_T1",
            factor=10.0,
        ),
        exported(
            "exhaustion_rate_by_tregs",
            0.1,
            "1/day",
            "exhaustion of CD8 T cells by regulatory T cells",
            "k_Treg",
            factor=10.0,
        ),
    ),
    rules=(
        Definition("everyone", "cell", "cancer_cells + tumour_t_cells + one_cell", "cells that can meet"),
        Definition(
            "cytotoxicity",
            "cell/day",
            "kill_rate * cells_tumour * cancer_cells / everyone * (1 - pd1_inhibition)",
            "cancer cells killed",
        ),
        Definition(
            "exhausted_by_tregs",
            "cell/day",
            "exhaustion_rate_by_tregs * cells_tumour * regulatory_t_cells / everyone",
            "CD8 T cells that regulatory T cells exhaust",
        ),
        Definition(
            "exhausted_by_cancer",
            "cell/day",
            "exhaustion_rate_by_cancer * cells_tumour * cancer_cells / everyone * pd1_inhibition",
            "CD8 T cells that PD-1 exhausts",
        ),
    ),
    needs=(
        Need("cells_tumour", "cell", "CD8 T cells in the tumour"),
        Need("cancer_cells", "cell", "cancer cells"),
        Need("tumour_t_cells", "cell", "all living T cells in the tumour"),
        Need("regulatory_t_cells", "cell", "regulatory T cells in the tumour"),
        Need("pd1_inhibition", "1", "inhibition by PD-1"),
        Need("one_cell", "cell", "numerical guard"),
    ),
    contributes=(
        Contribution("kill", "cytotoxicity"),
        Contribution("exhaustion", "exhausted_by_tregs"),
        Contribution("exhaustion", "exhausted_by_cancer"),
    ),
    references=REFERENCES,
).instantiate("cd8")
