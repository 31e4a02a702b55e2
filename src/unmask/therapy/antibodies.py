"""Checkpoint antibodies: two-compartment pharmacokinetics and receptor occupancy.

Equations (c, p concentrations in plasma and periphery, mg/L; f molar factor, nM per mg/L)::

    dc/dt = -(CL + Q) / Vc * c + Q / Vc * p
    dp/dt = Q / Vp * (c - p)
    occupancy = maximal * x / (x + affinity),   x = f * tumour_partition * p (tumour; PD axis also lymph node)
    CTLA-4 in the lymph node: the same with x = f * p

An antibody of the PD axis hides PD-1 or PD-L1, whichever it binds: ``1 - binds_pd1 * occupancy`` of PD-1 and
``1 - binds_pdl1 * occupancy`` of PD-L1 stay available. A dose adds dose / Vc to c (see ``regimen``).

Source: model specification sections 2 to 4; kinetics of atezolizumab from Stroh 2017 and of ipilimumab from
Sanghavi 2020; maximal functional occupancy assumed within 70 to 97 % (Brahmer 2010).
"""

from __future__ import annotations

from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Reference, Species

_STROH = Reference(
    "stroh2017", "Stroh M et al., Clinical pharmacology of atezolizumab, Clin Pharmacol Ther 2017;102:305"
)
_SANGHAVI = Reference(
    "sanghavi2020",
    "Sanghavi K et al., Population pharmacokinetics of ipilimumab in combination with nivolumab in patients "
    "with advanced solid tumors, CPT Pharmacometrics Syst Pharmacol 2020;9:29",
)
_BRAHMER = Reference(
    "brahmer2010",
    "Brahmer JR et al., Phase I study of single-agent anti-programmed death-1 (MDX-1106) in refractory solid "
    "tumors, J Clin Oncol 2010;28:3167",
)
_POPPK = "Stroh 2017 (atezolizumab, population pharmacokinetics)"
_IPILIMUMAB = "Sanghavi 2020 (ipilimumab)"

ANTIBODY_TISSUE = Module(
    name="antibody_tissue",
    description="Antibody reaching the tumour",
    parameters=(
        Parameter(
            "tumour_partition",
            0.3,
            "1",
            "free antibody in the tumour per peripheral concentration",
            0.1,
            1.0,
            "assumed; QSP-IO gamma_T",
            "assumed",
        ),
        Parameter(
            "antibody_molar_factor",
            6.8,
            "nM*L/mg",
            "molar concentration of an antibody of 147 kDa",
            6.6,
            7.0,
            "1 mg/L divided by 147 kDa",
            "definition",
        ),
    ),
    provides=("tumour_partition", "antibody_molar_factor"),
)

_TISSUE_NEEDS = (
    Need("tumour_partition", "1", "antibody in the tumour per peripheral concentration"),
    Need("antibody_molar_factor", "nM*L/mg", "molar concentration of an antibody"),
)


def _two_compartments(prefix: str, what: str) -> tuple[tuple[Species, ...], tuple[Rate, ...]]:
    central, peripheral, between = (
        f"{prefix}_central",
        f"{prefix}_peripheral",
        f"{prefix}_distribution_clearance",
    )
    species = (
        Species(central, "mg/L", f"{what} in plasma", absolute_tolerance=1e-6),
        Species(peripheral, "mg/L", f"{what} in the periphery", absolute_tolerance=1e-6),
    )
    rates = (
        Rate(
            central,
            f"({between} * {peripheral} - ({prefix}_clearance + {between}) * {central})"
            f" / {prefix}_central_volume",
        ),
        Rate(peripheral, f"{between} * ({central} - {peripheral}) / {prefix}_peripheral_volume"),
    )
    return species, rates


_PD_SPECIES, _PD_RATES = _two_compartments("antibody", "antibody against PD-1 or PD-L1")
_CTLA4_SPECIES, _CTLA4_RATES = _two_compartments("anti_ctla4", "antibody against CTLA-4")

PD_ANTIBODY = Module(
    name="pd_antibody",
    description="Antibody against PD-1 or PD-L1",
    species=_PD_SPECIES,
    parameters=(
        Parameter("antibody_clearance", 0.2, "L/day", "clearance", 0.12, 0.33, _POPPK, "literature"),
        Parameter("antibody_central_volume", 3.28, "L", "central volume", 2.4, 4.4, _POPPK, "literature"),
        Parameter(
            "antibody_distribution_clearance",
            0.546,
            "L/day",
            "clearance between compartments",
            0.2,
            1.5,
            _POPPK,
            "literature",
        ),
        Parameter(
            "antibody_peripheral_volume", 3.63, "L", "peripheral volume", 2.0, 6.4, _POPPK, "literature"
        ),
        Parameter(
            "antibody_affinity",
            0.4,
            "nM",
            "affinity of the antibody to its target",
            0.02,
            10.0,
            "QSP-IO: atezolizumab 0.4, nivolumab 4; set by the drug",
            "literature",
        ),
        Parameter(
            "binds_pd1", 0.0, "1", "1: the antibody binds PD-1", 0.0, 1.0, "set by the drug", "definition"
        ),
        Parameter(
            "binds_pdl1", 1.0, "1", "1: the antibody binds PD-L1", 0.0, 1.0, "set by the drug", "definition"
        ),
        Parameter(
            "max_occupancy",
            0.97,
            "1",
            "maximal functional occupancy",
            0.7,
            1.0,
            "assumed; Brahmer 2010: 70 to 97 %",
            "assumed",
        ),
    ),
    rules=(
        Definition(
            "antibody_at_tumour",
            "nM",
            "antibody_molar_factor * tumour_partition * antibody_peripheral",
            "free antibody at its target",
        ),
        Definition(
            "pd_occupancy",
            "1",
            "max_occupancy * antibody_at_tumour / (antibody_at_tumour + antibody_affinity)",
            "PD-1 or PD-L1 occupied",
        ),
        Definition("pd1_unoccupied", "1", "1 - binds_pd1 * pd_occupancy", "PD-1 left free"),
        Definition("pdl1_unoccupied", "1", "1 - binds_pdl1 * pd_occupancy", "PD-L1 left free"),
    ),
    rates=_PD_RATES,
    needs=_TISSUE_NEEDS,
    provides=("pd_occupancy",),
    contributes=(
        Contribution("pd1_availability", "pd1_unoccupied"),
        Contribution("pdl1_availability", "pdl1_unoccupied"),
    ),
    references=(_STROH, _BRAHMER),
)

CTLA4_ANTIBODY = Module(
    name="ctla4_antibody",
    description="Antibody against CTLA-4",
    species=_CTLA4_SPECIES,
    parameters=(
        Parameter("anti_ctla4_clearance", 0.3384, "L/day", "clearance", 0.2, 0.6, _IPILIMUMAB, "literature"),
        Parameter(
            "anti_ctla4_central_volume", 3.95, "L", "central volume", 2.8, 5.5, _IPILIMUMAB, "literature"
        ),
        Parameter(
            "anti_ctla4_distribution_clearance",
            0.67,
            "L/day",
            "clearance between compartments",
            0.2,
            2.0,
            _IPILIMUMAB,
            "literature",
        ),
        Parameter(
            "anti_ctla4_peripheral_volume",
            3.18,
            "L",
            "peripheral volume",
            1.8,
            5.6,
            _IPILIMUMAB,
            "literature",
        ),
        Parameter(
            "anti_ctla4_affinity", 18.2, "nM", "affinity to CTLA-4", 1.0, 40.0, "QSP-IO 18.2", "literature"
        ),
        Parameter(
            "anti_ctla4_max_occupancy",
            0.97,
            "1",
            "maximal functional occupancy",
            0.7,
            1.0,
            "assumed, as for PD-1",
            "assumed",
        ),
    ),
    rules=(
        Definition(
            "anti_ctla4_at_lymph_node",
            "nM",
            "antibody_molar_factor * anti_ctla4_peripheral",
            "free antibody in the lymph node",
        ),
        Definition(
            "anti_ctla4_at_tumour",
            "nM",
            "tumour_partition * anti_ctla4_at_lymph_node",
            "free antibody in the tumour",
        ),
        Definition(
            "ctla4_occupancy",
            "1",
            "anti_ctla4_max_occupancy * anti_ctla4_at_tumour / (anti_ctla4_at_tumour + anti_ctla4_affinity)",
            "CTLA-4 occupied on regulatory T cells in the tumour",
        ),
        Definition(
            "ctla4_occupancy_lymph_node",
            "1",
            "anti_ctla4_max_occupancy * anti_ctla4_at_lymph_node"
            " / (anti_ctla4_at_lymph_node + anti_ctla4_affinity)",
            "CTLA-4 occupied in the lymph node",
        ),
    ),
    rates=_CTLA4_RATES,
    needs=_TISSUE_NEEDS,
    provides=("ctla4_occupancy", "ctla4_occupancy_lymph_node"),
    references=(_SANGHAVI,),
)
