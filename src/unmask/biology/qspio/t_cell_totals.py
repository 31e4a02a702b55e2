"""T cells of all lineages, counted by what they do to others.

Equations: sums over the lineages. The others need to know how many T cells attack, suppress, divide or make interleukin
2, not which lineage they are.

Source: Sove 2020, example 1 as exported. T_total_LN there counts CD8 T cells only.
"""

from __future__ import annotations

from unmask.biology.qspio.exported import REFERENCES
from unmask.model.module import Definition, Module, Need

T_CELL_TOTALS = Module(
    name="t_cell_totals",
    description="T cells of all lineages, by what they do",
    rules=(
        Definition("tumour_t_cells", "cell", "t_cells_in_tumour", "living T cells in the tumour (T_total)"),
        Definition("cd8_t_cells", "cell", "cytotoxic_in_tumour", "CD8 T cells in the tumour (V_T.T1)"),
        Definition(
            "regulatory_t_cells", "cell", "suppressors_in_tumour", "regulatory T cells in the tumour (Tregs_)"
        ),
        Definition(
            "lymph_node_cd8", "cell", "helped_in_lymph_node", "CD8 T cells in the lymph node (T_total_LN)"
        ),
        Definition(
            "lymph_node_tregs",
            "cell",
            "suppressors_in_lymph_node",
            "regulatory T cells in the lymph node (V_LN.T0)",
        ),
        Definition("activated_cd8", "cell", "interleukin2_makers", "activated CD8 T cells (V_LN.aT1)"),
    ),
    needs=(
        Need("t_cells_in_tumour", "cell", "living T cells in the tumour", "sum"),
        Need("cytotoxic_in_tumour", "cell", "CD8 T cells in the tumour", "sum"),
        Need("suppressors_in_tumour", "cell", "regulatory T cells in the tumour", "sum"),
        Need("helped_in_lymph_node", "cell", "CD8 T cells in the lymph node", "sum"),
        Need("suppressors_in_lymph_node", "cell", "regulatory T cells in the lymph node", "sum"),
        Need("interleukin2_makers", "cell", "activated CD8 T cells", "sum"),
    ),
    provides=(
        "tumour_t_cells",
        "cd8_t_cells",
        "regulatory_t_cells",
        "lymph_node_cd8",
        "lymph_node_tregs",
        "activated_cd8",
    ),
    references=REFERENCES,
)
