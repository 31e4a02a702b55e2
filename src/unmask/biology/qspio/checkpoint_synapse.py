"""PD-1 and its ligands in the synapse of a CD8 T cell and a cancer cell, with bivalent antibodies.

Equations (densities in the synapse: R PD-1, L PD-L1, M PD-L2; a antibody to PD-1, l antibody to PD-L1)::

    dRL/dt  = on_RL * R * L - off_RL * RL,                     dRM/dt the same with PD-L2
    dRa/dt  = bind_a - cross_a,                                bind_a  = 2 on_a * R * a - off_a * Ra
    dRaR/dt = cross_a,                                         cross_a = cross_linking_a * on_a * R * Ra - 2 off_a * RaR
    dR/dt   = - dRL/dt - dRM/dt - bind_a - cross_a,            PD-L1 with its antibody alike
    inhibition = b^n / (b^n + 1),                              b = (RL + RM) / pd1_half

Every cell pair is alike, so these are densities of one typical synapse; ligands bind within milliseconds.

The exponent n is a parameter, so b is kept from exactly 0, where b^n has no derivative: ``Max(RL + RM, floor)``.

Source: Sove 2020, example 1 as exported. It has no antibody to PD-L1, whose states stay 0; its equations are kept.
"""

from __future__ import annotations

from unmask.biology.qspio.exported import REFERENCES, exported, set_to_zero
from unmask.model.module import Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

DENSITY = "molecule/um**2"
ON_MEMBRANE = "um**2/(molecule*day)"


def _bound(name: str, what: str, published: str) -> Species:
    return Species(name, DENSITY, f"{what} (syn_T1_C1.{published})", absolute_tolerance=1e-7)


CHECKPOINT_SYNAPSE = Module(
    name="checkpoint_synapse",
    description="PD-1, PD-L1 and PD-L2 in the synapse of T cell and cancer cell",
    species=(
        Species(
            "pd1",
            DENSITY,
            "free PD-1 (syn_T1_C1.PD1); at first T_PD1_total / A_Tcell, 60000 per 151.31 um2",
            initial=60_000.0 / 151.310411930437,
            absolute_tolerance=1e-7,
        ),
        Species(
            "pdl1",
            DENSITY,
            "free PD-L1 (syn_T1_C1.PDL1); at first C_PDL1_total / A_cell, 1.6e6 per 897.27 um2",
            initial=1.6e6 / 897.270277791781,
            absolute_tolerance=1e-7,
        ),
        Species(
            "pdl2",
            DENSITY,
            "free PD-L2 (syn_T1_C1.PDL2); at first C_PDL2_total / A_cell, 40000 per 897.27 um2",
            initial=40_000.0 / 897.270277791781,
            absolute_tolerance=1e-7,
        ),
        _bound("pd1_pdl1", "PD-1 on PD-L1", "PD1_PDL1"),
        _bound("pd1_pdl2", "PD-1 on PD-L2", "PD1_PDL2"),
        _bound("pd1_antibody", "PD-1 on one arm of its antibody", "PD1_aPD1"),
        _bound("pd1_antibody_pd1", "two PD-1 on an antibody, counted as one", "PD1_aPD1_PD1"),
        _bound("pdl1_antibody", "PD-L1 on one arm of its antibody", "PDL1_aPDL1"),
        _bound("pdl1_antibody_pdl1", "two PD-L1 on an antibody, counted as one", "PDL1_aPDL1_PDL1"),
    ),
    parameters=(
        exported(
            "pd1_pdl1_on_rate",
            8369.116898556182,
            ON_MEMBRANE,
            "PD-1 binds PD-L1",
            "kon_PD1_PDL1, 0.0583333/(uM nm second)",
        ),
        exported(
            "pd1_pdl1_off_rate",
            123_984.0,
            "1/day",
            "PD-1 leaves PD-L1",
            "koff_PD1_PDL1, 1.435/second",
        ),
        exported(
            "pd1_pdl2_on_rate",
            10_999.410780959564,
            ON_MEMBRANE,
            "PD-1 binds PD-L2",
            "kon_PD1_PDL2, 0.0766667/(uM nm second)",
        ),
        exported(
            "pd1_pdl2_off_rate",
            45_705.6,
            "1/day",
            "PD-1 leaves PD-L2",
            "koff_PD1_PDL2, 0.529/second",
        ),
        exported(
            "anti_pd1_on_rate",
            112.32,
            "1/(nM*day)",
            "nivolumab binds PD-1",
            "kon_PD1_aPD1, 1.3e6/(M second)",
        ),
        exported(
            "anti_pd1_off_rate",
            292.032,
            "1/day",
            "nivolumab leaves PD-1",
            "koff_PD1_aPD1, 0.00338/second",
        ),
        exported(
            "anti_pd1_cross_linking",
            3333.33333333333,
            "1/um",
            "how much closer the second PD-1 is",
            "Chi_PD1, 3.33/nm",
            factor=10.0,
        ),
        set_to_zero("anti_pdl1", "nM", "antibody to PD-L1 in the tumour", "aPDL1", high=1000.0),
        exported(
            "anti_pdl1_on_rate",
            37.152,
            "1/(nM*day)",
            "antibody binds PD-L1",
            "kon_PDL1_aPDL1, 4.3e5/(M second)",
        ),
        exported(
            "anti_pdl1_off_rate",
            2470.608,
            "1/day",
            "antibody leaves PD-L1",
            "koff_PDL1_aPDL1, 0.028595/second",
        ),
        exported(
            "anti_pdl1_cross_linking",
            33_333.3333333333,
            "1/um",
            "how much closer the second PD-L1 is",
            "Chi_PDL1, 33.3/nm",
            factor=10.0,
        ),
        exported(
            "pd1_half",
            20.0,
            DENSITY,
            "engaged PD-1 at half inhibition",
            "PD1_50",
            spider=(1.0, 50.0),
        ),
        exported("pd1_hill", 2.0, "1", "steepness of inhibition", "n_PD1", factor=2.0),
        Parameter(
            "engaged_floor",
            1e-12,
            DENSITY,
            "engaged PD-1 that counts as none",
            1e-15,
            1e-9,
            "numerical guard; the export has none",
            "definition",
        ),
    ),
    rules=(
        Definition("pd1_engaged", DENSITY, "Max(pd1_pdl1 + pd1_pdl2, engaged_floor)", "PD-1 on its ligands"),
        Definition(
            "pd1_inhibition",
            "1",
            "(pd1_engaged / pd1_half)**pd1_hill / ((pd1_engaged / pd1_half)**pd1_hill + 1)",
            "inhibition of the T cell by PD-1 (H_PD1_C1)",
        ),
        Definition(
            "pd1_pdl1_binding",
            "molecule/um**2/day",
            "pd1_pdl1_on_rate * pd1 * pdl1 - pd1_pdl1_off_rate * pd1_pdl1",
            "net binding of PD-1 and PD-L1",
        ),
        Definition(
            "pd1_pdl2_binding",
            "molecule/um**2/day",
            "pd1_pdl2_on_rate * pd1 * pdl2 - pd1_pdl2_off_rate * pd1_pdl2",
            "net binding of PD-1 and PD-L2",
        ),
        Definition(
            "anti_pd1_binding",
            "molecule/um**2/day",
            "2 * anti_pd1_on_rate * pd1 * anti_pd1_at_synapse - anti_pd1_off_rate * pd1_antibody",
            "net binding of a first PD-1",
        ),
        Definition(
            "anti_pd1_crossing",
            "molecule/um**2/day",
            "anti_pd1_cross_linking * anti_pd1_on_rate * molarity_of_number_density * pd1 * pd1_antibody"
            " - 2 * anti_pd1_off_rate * pd1_antibody_pd1",
            "net binding of a second PD-1",
        ),
        Definition(
            "anti_pdl1_binding",
            "molecule/um**2/day",
            "2 * anti_pdl1_on_rate * pdl1 * anti_pdl1 - anti_pdl1_off_rate * pdl1_antibody",
            "net binding of a first PD-L1",
        ),
        Definition(
            "anti_pdl1_crossing",
            "molecule/um**2/day",
            "anti_pdl1_cross_linking * anti_pdl1_on_rate * molarity_of_number_density * pdl1 * pdl1_antibody"
            " - 2 * anti_pdl1_off_rate * pdl1_antibody_pdl1",
            "net binding of a second PD-L1",
        ),
    ),
    rates=(
        Rate("pd1", "-pd1_pdl1_binding - pd1_pdl2_binding - anti_pd1_binding - anti_pd1_crossing"),
        Rate("pdl1", "-pd1_pdl1_binding - anti_pdl1_binding - anti_pdl1_crossing"),
        Rate("pdl2", "-pd1_pdl2_binding"),
        Rate("pd1_pdl1", "pd1_pdl1_binding"),
        Rate("pd1_pdl2", "pd1_pdl2_binding"),
        Rate("pd1_antibody", "anti_pd1_binding - anti_pd1_crossing"),
        Rate("pd1_antibody_pd1", "anti_pd1_crossing"),
        Rate("pdl1_antibody", "anti_pdl1_binding - anti_pdl1_crossing"),
        Rate("pdl1_antibody_pdl1", "anti_pdl1_crossing"),
    ),
    needs=(
        Need("anti_pd1_at_synapse", "nM", "antibody that meets PD-1"),
        Need("molarity_of_number_density", "nM * um**3 / molecule", "nanomolar per number density"),
    ),
    provides=("pd1_inhibition",),
    references=REFERENCES,
)
