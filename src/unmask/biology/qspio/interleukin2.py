"""Interleukin 2 in the lymph node, and how often an activated T cell divides.

Equations (I interleukin 2, A activated CD8 T cells, T CD8 T cells, G regulatory T cells of the lymph node)::

    dI/dt = - il2_degradation_rate * I
            + [il2_secretion * A - il2_consumption * T * I / (il2_half + I)
               - il2_consumption * G * I / (il2_half_treg + I)] / lymph_node_volume
    divisions = basal_divisions + il2_divisions * I / (il2_half + I)

Source: Sove 2020, example 1 as exported. Both lineages divide as ``il2_half`` says; only uptake by Tregs has its own.
"""

from __future__ import annotations

from unmask.biology.qspio.exported import REFERENCES, exported
from unmask.model.module import Definition, Module, Need, Rate
from unmask.model.system import Species

INTERLEUKIN2 = Module(
    name="interleukin2",
    description="Interleukin 2 in the lymph node",
    species=(
        Species(
            "il2",
            "nM",
            "interleukin 2 in the lymph node (V_LN.IL2)",
            initial=2.65503534928018e-6,
            absolute_tolerance=1e-13,
        ),
    ),
    parameters=(
        exported("il2_degradation_rate", 288.0, "1/day", "degradation", "k_IL2_deg, 0.2/minute"),
        exported(
            "il2_consumption",
            0.144,
            "pmol/cell/day",
            "largest uptake by a T cell",
            "k_IL2_cons, 6e-6 nmol/cell/hour",
        ),
        exported(
            "il2_secretion",
            0.72,
            "pmol/cell/day",
            "secretion by an activated CD8 T cell",
            "k_IL2_sec, 3e-5 nmol/cell/hour",
        ),
        exported("il2_half", 0.32, "nM", "interleukin 2 at half its effect on a T cell", "IL2_50"),
        exported("il2_half_treg", 0.0032, "nM", "interleukin 2 at half uptake by a Treg", "IL2_50_Treg"),
        exported("basal_divisions", 15.0, "1", "divisions without interleukin 2", "N0", factor=1.3),
        exported("il2_divisions", 2.0, "1", "further divisions with much interleukin 2", "N_IL2"),
    ),
    rules=(
        Definition("il2_effect", "1", "il2 / (il2_half + il2)", "effect of interleukin 2 on a T cell"),
        Definition(
            "divisions",
            "1",
            "basal_divisions + il2_divisions * il2_effect",
            "divisions of an activated T cell (N_aT)",
        ),
        Definition(
            "il2_uptake",
            "pmol/day",
            "il2_consumption * (lymph_node_cd8 * il2_effect + lymph_node_tregs * il2 / (il2_half_treg + il2))",
            "uptake by T cells",
        ),
    ),
    rates=(
        Rate(
            "il2",
            "(il2_secretion * activated_cd8 - il2_uptake) / lymph_node_volume - il2_degradation_rate * il2",
        ),
    ),
    needs=(
        Need("activated_cd8", "cell", "activated CD8 T cells"),
        Need("lymph_node_cd8", "cell", "CD8 T cells in the lymph node"),
        Need("lymph_node_tregs", "cell", "regulatory T cells in the lymph node"),
        Need("lymph_node_volume", "mL", "lymph node"),
    ),
    provides=("divisions",),
    references=REFERENCES,
)
