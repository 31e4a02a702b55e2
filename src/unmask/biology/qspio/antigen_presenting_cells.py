"""Antigen-presenting cells mature where T cells kill, and go to the lymph node.

Equations (P immature and M mature cells in the tumour, P_L and M_L in the lymph node; Y maturation signal, an amount)::

    dP/dt   = apc_turnover_rate (tumour_density * V - P) - maturation_rate * y / (y + half) * P
    dM/dt   = maturation_rate * y / (y + half) * P - migration_rate * M - mature_death_rate * M
    dP_L/dt = apc_turnover_rate (node_density * V_L - P_L)
    dM_L/dt = migration_rate * M - mature_death_rate * M_L
    dY/dt   = signal_turnover_rate (baseline * V - Y) + signal_per_kill * kill,         y = Y / V
    presenting share = sites * M_L / (sites * M_L + T + one_cell)           [the same with P_L for immature cells]

V is the volume of the tumour, T the CD8 T cells of the lymph node (those only, for both shares).

Source: Sove 2020, example 1 as exported; the signal stands for cytokines and damage-associated molecules.
"""

from __future__ import annotations

from unmask.biology.qspio.exported import REFERENCES, exported
from unmask.model.module import Definition, Module, Need, Rate
from unmask.model.system import Species

ANTIGEN_PRESENTING_CELLS = Module(
    name="antigen_presenting_cells",
    description="Antigen-presenting cells in tumour and lymph node",
    species=(
        Species(
            "immature_apc_tumour",
            "cell",
            "immature antigen-presenting cells in the tumour (V_T.APC)",
            initial=38653.3906539875,
            absolute_tolerance=1e-3,
        ),
        Species(
            "mature_apc_tumour",
            "cell",
            "mature antigen-presenting cells in the tumour (V_T.mAPC)",
            initial=13816.7441825088,
            absolute_tolerance=1e-3,
        ),
        Species(
            "immature_apc_lymph_node",
            "cell",
            "immature antigen-presenting cells in the lymph node (V_LN.APC)",
            initial=1649336.13090789,
            absolute_tolerance=1e-2,
        ),
        Species(
            "mature_apc_lymph_node",
            "cell",
            "mature antigen-presenting cells in the lymph node (V_LN.mAPC)",
            initial=1728292.87477684,
            absolute_tolerance=1e-2,
        ),
        Species(
            "maturation_signal",
            "pmol",
            "signal that matures antigen-presenting cells, amount in the tumour (V_T.c times V_T)",
            initial=24.5197775639616 * 14.1371669411541,
            absolute_tolerance=1e-6,
        ),
    ),
    parameters=(
        exported("maturation_rate", 1.5, "1/day", "largest maturation", "k_APC_mat"),
        exported("migration_rate", 4.0, "1/day", "from tumour to lymph node", "k_APC_mig"),
        exported("apc_turnover_rate", 0.01, "1/day", "turnover of immature cells", "k_APC_death"),
        exported("mature_death_rate", 0.02, "1/day", "death of mature cells", "k_mAPC_death"),
        exported("apc_density_tumour", 4e5, "cell/mL", "immature cells of an unattacked tumour", "APC0_T"),
        exported("apc_density_lymph_node", 1.2e6, "cell/mL", "immature cells in the lymph node", "APC0_LN"),
        exported("signal_turnover_rate", 2.0, "1/day", "turnover of the maturation signal", "k_c"),
        exported("signal_baseline", 1.0, "nM", "maturation signal without killing", "c0, 1e-9 M"),
        exported("signal_half", 1.0, "nM", "signal at half the largest maturation", "c50, 1e-9 M"),
        exported(
            "signal_per_kill",
            0.0134,
            "pmol/cell",
            "maturation signal that a killed cancer cell gives",
            "DAMPs, 1.34e-14 mol/cell",
            factor=10.0,
        ),
        exported("apc_sites", 10.0, "1", "T cells that fit on an antigen-presenting cell", "n_sites_APC"),
    ),
    rules=(
        Definition(
            "signal_concentration",
            "nM",
            "maturation_signal / tumour_volume",
            "maturation signal in the tumour (V_T.c)",
        ),
        Definition(
            "maturation",
            "cell/day",
            "maturation_rate * signal_concentration / (signal_concentration + signal_half) * immature_apc_tumour",
            "cells that mature",
        ),
        Definition(
            "mature_presenting_share",
            "1",
            "apc_sites * mature_apc_lymph_node"
            " / (apc_sites * mature_apc_lymph_node + lymph_node_cd8 + one_cell)",
            "share of T cells that find a mature antigen-presenting cell (H_mAPC)",
        ),
        Definition(
            "immature_presenting_share",
            "1",
            "apc_sites * immature_apc_lymph_node"
            " / (apc_sites * immature_apc_lymph_node + lymph_node_cd8 + one_cell)",
            "share of T cells that find an immature antigen-presenting cell (H_APC)",
        ),
    ),
    rates=(
        Rate(
            "immature_apc_tumour",
            "apc_turnover_rate * (apc_density_tumour * tumour_volume - immature_apc_tumour) - maturation",
        ),
        Rate(
            "mature_apc_tumour",
            "maturation - migration_rate * mature_apc_tumour - mature_death_rate * mature_apc_tumour",
        ),
        Rate(
            "immature_apc_lymph_node",
            "apc_turnover_rate * (apc_density_lymph_node * lymph_node_volume - immature_apc_lymph_node)",
        ),
        Rate(
            "mature_apc_lymph_node",
            "migration_rate * mature_apc_tumour - mature_death_rate * mature_apc_lymph_node",
        ),
        Rate(
            "maturation_signal",
            "signal_turnover_rate * (signal_baseline * tumour_volume - maturation_signal)"
            " + signal_per_kill * killed",
        ),
    ),
    needs=(
        Need("tumour_volume", "mL", "volume of the tumour"),
        Need("lymph_node_volume", "mL", "lymph node"),
        Need("lymph_node_cd8", "cell", "CD8 T cells in the lymph node"),
        Need("killed", "cell/day", "cancer cells that T cells kill"),
        Need("one_cell", "cell", "numerical guard"),
    ),
    provides=("mature_presenting_share", "immature_presenting_share", "mature_apc_lymph_node"),
    references=REFERENCES,
)
