"""The export of QSP-IO's example 1: where it lies, its units, and what the library model calls what it has.

It lies outside the repository; tests that need it are skipped where it is not at hand.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from unmask.model.quantity import parse

FILES = Path(__file__).parents[2].parent / "shared" / "reference" / "qspio"


def file(name: str) -> Path:
    """A file of the export; skips the test if it is not at hand."""
    if not (FILES / name).exists():
        pytest.skip(f"{name} is not at hand (../shared/reference/qspio)")
    return FILES / name


def in_our_unit(unit: str, exported: str) -> float:
    """Factor from a unit of the export's system to ours; refuses units that do not measure the same."""
    ours, theirs = parse(unit), parse(exported)
    assert ours.convertible(theirs), (unit, exported)
    return theirs.factor / ours.factor


def unit_of_state(state: dict[str, str]) -> str:
    """Unit, in the export's system, of what our state of a published one measures."""
    return (
        "molecule"
        if state["id"] in AMOUNTS_OF_OURS
        else state["unit"].replace("^", "**").replace("micrometer", "um")
    )


T_CELL_STATES = {
    "V_C_n{}": "naive_blood",
    "V_P_n{}": "naive_peripheral",
    "V_LN_n{}": "naive_lymph_node",
    "V_LN_a{}": "activated",
    "V_LN_{}": "cells_lymph_node",
    "V_C_{}": "cells_blood",
    "V_P_{}": "cells_peripheral",
    "V_T_{}": "cells_tumour",
}
ANTIGEN_STATES = {
    "V_T_P{}": "antigen_amount",
    "V_e_P{}": "endosome_antigen",
    "V_e_p{}": "endosome_peptide",
    "A_e_M1p{}": "mhc_endosome",
    "A_s_M1p{}": "mhc_surface",
}
T_CELL_PARAMETERS = {
    "div_{}": "diversity",
    "n_{}_clones": "clones",
    "q_LN_{}_in": "naive_node_entry",
    "q_{}_LN_out": "lymph_node_exit_rate",
    "k_{}_act": "activation_rate",
    "k_{}_pro": "division_rate",
    "k_{}_death": "death_rate",
    "q_{}_P_in": "peripheral_entry_rate",
    "q_{}_P_out": "peripheral_exit_rate",
    "q_{}_T_in": "tumour_entry",
    "Q_n{}_thym": "thymic_output",
    "k_n{}_pro": "renewal_rate",
    "K_n{}_pro": "renewal_half",
    "k_n{}_death": "naive_death_rate",
}
ANTIGEN_PARAMETERS = {
    "k_P{}_up": "uptake_rate",
    "k_xP{}_deg": "degradation_rate",
    "k_P{}_deg": "processing_rate",
    "k_p{}_deg": "peptide_degradation_rate",
    "k_P{}_on": "peptide_on_rate",
    "k_P{}_d1": "mhc_affinity",
    "p{}_50": "signal_half",
    "P{}_C1": "antigen_per_cell",
    "k_M1p{}_TCR_on": "receptor_on_rate",
    "k_M1p{}_TCR_off": "receptor_off_rate",
    "TCR_p{}_tot": "receptors",
}


def _of_both(of_t_cells: dict[str, str], of_antigens: dict[str, str]) -> dict[str, str]:
    groups = (("cd8", "T1", "1"), ("treg", "T0", "0"))
    return {
        published.format(end): f"{group}__{name}"
        for group, t_cell, antigen in groups
        for table, end in ((of_t_cells, t_cell), (of_antigens, antigen))
        for published, name in table.items()
    }


STATES = _of_both(T_CELL_STATES, ANTIGEN_STATES) | {
    "V_T_C1": "cancer_cells",
    "V_T_C_x": "dead_cells",
    "V_T_T_exh": "dead_t_cells",
    "V_T_APC": "immature_apc_tumour",
    "V_T_mAPC": "mature_apc_tumour",
    "V_LN_APC": "immature_apc_lymph_node",
    "V_LN_mAPC": "mature_apc_lymph_node",
    "V_T_c": "maturation_signal",
    "V_LN_IL2": "il2",
    "A_e_M1": "free_mhc_endosome",
    "A_s_M1": "free_mhc_surface",
    "V_C_nivolumab": "nivolumab_central",
    "V_P_nivolumab": "nivolumab_peripheral",
    "V_LN_nivolumab": "nivolumab_lymph_node",
    "V_T_nivolumab": "nivolumab_tumour",
    "syn_T1_C1_PD1": "pd1",
    "syn_T1_C1_PDL1": "pdl1",
    "syn_T1_C1_PDL2": "pdl2",
    "syn_T1_C1_PD1_PDL1": "pd1_pdl1",
    "syn_T1_C1_PD1_PDL2": "pd1_pdl2",
    "syn_T1_C1_PD1_aPD1": "pd1_antibody",
    "syn_T1_C1_PD1_aPD1_PD1": "pd1_antibody_pd1",
    "syn_T1_C1_PDL1_aPDL1": "pdl1_antibody",
    "syn_T1_C1_PDL1_aPDL1_PDL1": "pdl1_antibody_pdl1",
}
"""Published id to our name. The four concentrations in the tumour (its volume varies) are amounts in ours."""
AMOUNTS_OF_OURS = {"V_T_c", "V_T_P0", "V_T_P1", "V_T_nivolumab"}

PARAMETERS = _of_both(T_CELL_PARAMETERS, ANTIGEN_PARAMETERS) | {
    "V_C": "central_volume",
    "V_P": "peripheral_volume",
    "V_LN": "lymph_node_volume",
    "V_e": "endosome_volume",
    "A_e": "endosome_area",
    "A_s": "surface_area",
    "cell": "one_cell",
    "k_cell_clear": "clearance_rate",
    "vol_cell": "cancer_cell_volume",
    "vol_Tcell": "t_cell_volume",
    "V_Tmin": "smallest_volume",
    "k_C1_growth": "growth_rate",
    "C_max": "carrying_capacity",
    "k_C1_death": "basal_death_rate",
    "k_C1_therapy": "therapy_death_rate",
    "k_C_T1": "cd8__kill_rate",
    "k_T1": "cd8__exhaustion_rate_by_cancer",
    "k_Treg": "cd8__exhaustion_rate_by_tregs",
    "k_IL2_deg": "il2_degradation_rate",
    "k_IL2_cons": "il2_consumption",
    "k_IL2_sec": "il2_secretion",
    "IL2_50": "il2_half",
    "IL2_50_Treg": "il2_half_treg",
    "N0": "basal_divisions",
    "N_IL2": "il2_divisions",
    "k_APC_mat": "maturation_rate",
    "k_APC_mig": "migration_rate",
    "k_APC_death": "apc_turnover_rate",
    "k_mAPC_death": "mature_death_rate",
    "APC0_T": "apc_density_tumour",
    "APC0_LN": "apc_density_lymph_node",
    "k_c": "signal_turnover_rate",
    "c0": "signal_baseline",
    "c50": "signal_half",
    "DAMPs": "signal_per_kill",
    "n_sites_APC": "apc_sites",
    "kin": "internalization_rate",
    "kout": "externalization_rate",
    "k_M1p1_TCR_p": "cd8__modification_rate",
    "phi_M1p1_TCR": "cd8__limited_signalling_rate",
    "N_M1p1_TCR": "cd8__proofreading_steps",
    "q_P_nivolumab": "peripheral_exchange",
    "q_T_nivolumab": "tumour_exchange",
    "q_LN_nivolumab": "node_exchange",
    "q_LD_nivolumab": "lymph_drainage",
    "k_cl_nivolumab": "clearance_rate_nivolumab",
    "gamma_C_nivolumab": "accessible_central",
    "gamma_P_nivolumab": "accessible_peripheral",
    "gamma_T_nivolumab": "accessible_tumour",
    "gamma_LN_nivolumab": "accessible_lymph_node",
    "kon_PD1_PDL1": "pd1_pdl1_on_rate",
    "koff_PD1_PDL1": "pd1_pdl1_off_rate",
    "kon_PD1_PDL2": "pd1_pdl2_on_rate",
    "koff_PD1_PDL2": "pd1_pdl2_off_rate",
    "kon_PD1_aPD1": "anti_pd1_on_rate",
    "koff_PD1_aPD1": "anti_pd1_off_rate",
    "Chi_PD1": "anti_pd1_cross_linking",
    "kon_PDL1_aPDL1": "anti_pdl1_on_rate",
    "koff_PDL1_aPDL1": "anti_pdl1_off_rate",
    "Chi_PDL1": "anti_pdl1_cross_linking",
    "aPDL1": "anti_pdl1",
    "PD1_50": "pd1_half",
    "n_PD1": "pd1_hill",
}
NOT_OURS = {
    "day": "a unit; multiplies 0 cells",
    "syn_T1_C1": "the area of the synapse cancels in every equation",
    "initial_tumour_diameter": "used before the export, to find the initial states",
    "T_PD1_total": "initial density of PD-1 with A_Tcell",
    "C_PDL1_total": "initial density of PD-L1 with A_cell",
    "C_PDL2_total": "initial density of PD-L2 with A_cell",
    "A_Tcell": "initial density of PD-1",
    "A_cell": "initial densities of PD-L1 and PD-L2",
    "A_syn": "in no equation of example 1",
    "A_APC": "in no equation of example 1",
    "H_PD1_APC": "in no equation of example 1",
    "H_CD28_C1": "in no equation of example 1",
    "H_CD28_APC": "in no equation of example 1",
    "APC_PDL1_total": "in no equation of example 1",
    "APC_PDL2_total": "in no equation of example 1",
}
"""Published parameters that the library model has not, and why."""
ONLY_OURS = {"molarity_of_number_density", "engaged_floor", "extinction_threshold"}
"""Ours alone: a conversion, a numerical guard, and the threshold that the export writes into its event."""
