"""Nivolumab in blood, peripheral tissue, tumour and lymph node.

Equations (c concentrations, N amount in the tumour of volume V; g accessible shares of the volumes)::

    V_B dc_B/dt = - exchange with periphery, tumour, lymph node + node_drainage - clearance_rate * V_B * c_B
    V_P dc_P/dt = peripheral_exchange * V_B * (c_B / g_B - c_P / g_P)
    dN/dt       = tumour_exchange * V_B * (c_B / g_B - c_T / g_T) - tumour_drainage,               c_T = N / V
    V_L dc_L/dt = node_exchange * V_B * (c_B / g_B - c_L / g_L) + tumour_drainage - node_drainage
    tumour_drainage = lymph_drainage * V * c_T / g_T,      node_drainage = lymph_drainage * V_L * c_L / g_L

A dose in mg adds ``1e9 * dose / (143600 * central_volume)`` nM to ``nivolumab_central`` (143.6 kg/mol; mL, so times
1e3 over litres): 210 mg add 292.48 nM. At the synapse acts the concentration of the tumour over the accessible share
of *blood* (g_B, not g_T): so in the export, and kept.

Source: Sove 2020, example 1 as exported.
"""

from __future__ import annotations

from unmask.biology.qspio.exported import REFERENCES, exported
from unmask.model.module import Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species


def _concentration(name: str, where: str, published: str) -> Species:
    return Species(name, "nM", f"nivolumab in {where} ({published})", absolute_tolerance=1e-6)


def _share(name: str, value: float, where: str, published: str) -> Parameter:
    return exported(name, value, "1", f"share of {where} that nivolumab can reach", published, factor=1.29)


NIVOLUMAB = Module(
    name="nivolumab",
    description="Pharmacokinetics of nivolumab",
    species=(
        _concentration("nivolumab_central", "blood", "V_C.nivolumab"),
        _concentration("nivolumab_peripheral", "peripheral tissue", "V_P.nivolumab"),
        _concentration("nivolumab_lymph_node", "the lymph node", "V_LN.nivolumab"),
        Species(
            "nivolumab_tumour",
            "pmol",
            "nivolumab in the tumour, amount (V_T.nivolumab times V_T)",
            absolute_tolerance=1e-6,
        ),
    ),
    parameters=(
        exported(
            "peripheral_exchange",
            0.015003792,
            "1/day",
            "exchange of blood and peripheral tissue",
            "q_P_nivolumab, 1.73655e-7/second",
        ),
        exported(
            "tumour_exchange",
            0.736128,
            "1/day",
            "exchange of blood and tumour",
            "q_T_nivolumab, 8.52e-6/second",
        ),
        exported(
            "node_exchange",
            0.015003792,
            "1/day",
            "exchange of blood and lymph node",
            "q_LN_nivolumab, 1.73655e-7/second",
        ),
        exported(
            "lymph_drainage",
            2.16,
            "1/day",
            "drainage from tumour to lymph node and from there to blood",
            "q_LD_nivolumab, 0.0015/minute",
        ),
        exported(
            "clearance_rate_nivolumab",
            0.062046432,
            "1/day",
            "clearance from blood",
            "k_cl_nivolumab, 7.1813e-7/second",
        ),
        _share("accessible_central", 0.77378, "blood", "gamma_C_nivolumab"),
        _share("accessible_peripheral", 0.058847, "peripheral tissue", "gamma_P_nivolumab"),
        _share("accessible_tumour", 0.718, "the tumour", "gamma_T_nivolumab"),
        _share("accessible_lymph_node", 0.1, "the lymph node", "gamma_LN_nivolumab"),
    ),
    rules=(
        Definition(
            "nivolumab_tumour_concentration",
            "nM",
            "nivolumab_tumour / tumour_volume",
            "nivolumab in the tumour (V_T.nivolumab)",
        ),
        Definition(
            "anti_pd1_at_synapse",
            "nM",
            "nivolumab_tumour_concentration / accessible_central",
            "antibody that meets PD-1 (aPD1 / gamma_C_nivolumab)",
        ),
        Definition(
            "to_peripheral",
            "pmol/day",
            "peripheral_exchange * central_volume"
            " * (nivolumab_central / accessible_central - nivolumab_peripheral / accessible_peripheral)",
            "net transport from blood to peripheral tissue",
        ),
        Definition(
            "to_tumour",
            "pmol/day",
            "tumour_exchange * central_volume"
            " * (nivolumab_central / accessible_central - nivolumab_tumour_concentration / accessible_tumour)",
            "net transport from blood to the tumour",
        ),
        Definition(
            "to_lymph_node",
            "pmol/day",
            "node_exchange * central_volume"
            " * (nivolumab_central / accessible_central - nivolumab_lymph_node / accessible_lymph_node)",
            "net transport from blood to the lymph node",
        ),
        Definition(
            "tumour_drainage",
            "pmol/day",
            "lymph_drainage * nivolumab_tumour / accessible_tumour",
            "drainage from the tumour",
        ),
        Definition(
            "node_drainage",
            "pmol/day",
            "lymph_drainage * lymph_node_volume * nivolumab_lymph_node / accessible_lymph_node",
            "drainage from the lymph node",
        ),
    ),
    rates=(
        Rate(
            "nivolumab_central",
            "(node_drainage - to_peripheral - to_tumour - to_lymph_node) / central_volume"
            " - clearance_rate_nivolumab * nivolumab_central",
        ),
        Rate("nivolumab_peripheral", "to_peripheral / peripheral_volume"),
        Rate("nivolumab_lymph_node", "(to_lymph_node + tumour_drainage - node_drainage) / lymph_node_volume"),
        Rate("nivolumab_tumour", "to_tumour - tumour_drainage"),
    ),
    needs=(
        Need("tumour_volume", "mL", "volume of the tumour"),
        Need("central_volume", "mL", "blood"),
        Need("peripheral_volume", "mL", "peripheral tissue"),
        Need("lymph_node_volume", "mL", "lymph node"),
    ),
    provides=("anti_pd1_at_synapse",),
    references=REFERENCES,
)
