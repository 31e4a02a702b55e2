r"""The PD-1 mask: PD-L1 and PD-L2 engage PD-1 of the T cells that attack.

Equations (densities per square micrometre; L induction of PD-L1; Lb constitutive PD-L1; m microenvironment)::

    p1   = pd1_density * (PD-1 left free by antibodies)
    pdl1 = Lb * m * L                            what a biopsy would show
    l1   = pdl1 * (PD-L1 left free by antibodies)
    b1   = [s - sqrt(s^2 - 4 p1 l1)] / 2,   s = p1 + l1 + pd1_pdl1_affinity      (quadratic binding, exact)
         = 2 p1 l1 / [s + sqrt(s^2 - 4 p1 l1)]        (the same, without a difference of near-equal numbers)
    b2   = pdl2_density * m * p1 / (pd1_pdl2_affinity + p1)
    b    = b1 + b2
    mask = b^2 / (b^2 + mask_half_binding^2)

    I    = T * (1 - mask) / ((v C + volume_floor) * ifng_half_induction)         interferon gamma, relative
    dL/dt = pdl1_turnover_rate * (1 + (pdl1_induction_max - 1) * I / (1 + I) - L)

Attack thus raises its own mask (adaptive resistance). PD-L2 is a density of its own. The specification ties it to the
patient's PD-L1 (``pdl2_density = r2 Lb``): a mask that blocking PD-L1 cannot take away, thickest where PD-L1 is high,
so that responders had less PD-L1 than others (section 11, point 2). In the lymph node PD-1 brakes priming by
``1 / (1 + pd1_priming_brake * (1 - pd_occupancy))``.

Source: model specification section 2; densities and two-dimensional affinities from QSP-IO and its
application to lung cancer.
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO, QSPIO_NSCLC
from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

PD1_MASK = Module(
    name="pd1_mask",
    description="PD-1 mask with interferon-induced PD-L1",
    species=(
        Species(
            "pdl1_induction", "1", "PD-L1 relative to constitutive", initial=1.0, absolute_tolerance=1e-7
        ),
    ),
    parameters=(
        Parameter(
            "pd1_density",
            176.0,
            "1/um**2",
            "PD-1 on T cells",
            50.0,
            500.0,
            "QSP-IO NSCLC: 3.1e3 * 20 * 0.43 per 151 um2",
            "literature",
        ),
        Parameter(
            "pdl1_density",
            144.5,
            "1/um**2",
            "constitutive PD-L1 on tumour and antigen-presenting cells",
            39.0,
            540.0,
            "calibrated to OAK, sigma of ln 0.8; QSP-IO NSCLC 250",
            "calibrated",
        ),
        Parameter(
            "pdl1_induction_max",
            6.0,
            "1",
            "largest induction of PD-L1 by interferon gamma",
            1.0,
            12.0,
            "QSP-IO r_PDL1_IFNg 6",
            "literature",
        ),
        Parameter(
            "ifng_half_induction",
            3.0,
            "Mc/mL",
            "density of active T cells at half-maximal induction",
            0.3,
            60.0,
            "assumed; QSP-IO 2.96 pM, about 57 Mc/mL",
            "assumed",
        ),
        Parameter(
            "pdl1_turnover_rate",
            1.0,
            "1/day",
            "turnover of PD-L1",
            0.3,
            3.0,
            "QSP-IO k_in_PDL1 1",
            "literature",
        ),
        Parameter(
            "pd1_pdl1_affinity",
            14.8,
            "1/um**2",
            "two-dimensional Kd of PD-1 and PD-L1",
            5.0,
            50.0,
            "QSP-IO 123984 / 8369",
            "literature",
        ),
        Parameter(
            "pdl2_density",
            0.07 * 144.5,
            "1/um**2",
            "PD-L2 on tumour and antigen-presenting cells",
            1.0,
            45.0,
            "QSP-IO r_PDL2 0.07, of the median constitutive PD-L1",
            "literature",
        ),
        Parameter(
            "pd1_pdl2_affinity",
            4.15,
            "1/um**2",
            "two-dimensional Kd of PD-1 and PD-L2",
            1.0,
            15.0,
            "QSP-IO 45706 / 10999",
            "literature",
        ),
        Parameter(
            "mask_half_binding",
            20.0,
            "1/um**2",
            "bound PD-1 at half-maximal mask",
            5.0,
            60.0,
            "QSP-IO PD1_50 20 (NSCLC 6, sigma of ln 1)",
            "literature",
        ),
    ),
    rules=(
        Definition(
            "pd1_free_to_bind", "1/um**2", "pd1_density * pd1_availability", "PD-1 not under antibody"
        ),
        Definition(
            "pdl1_expression",
            "1/um**2",
            "pdl1_density * microenvironment * pdl1_induction",
            "PD-L1 on the membrane, constitutive and induced: what a biopsy shows",
        ),
        Definition(
            "pdl1_free_to_bind",
            "1/um**2",
            "pdl1_expression * pdl1_availability",
            "PD-L1 not under antibody",
        ),
        Definition(
            "pd1_pdl1_sum",
            "1/um**2",
            "pd1_free_to_bind + pdl1_free_to_bind + pd1_pdl1_affinity",
            "sum in the binding quadratic",
        ),
        Definition(
            "pd1_bound",
            "1/um**2",
            "2 * pd1_free_to_bind * pdl1_free_to_bind"
            " / (pd1_pdl1_sum + sqrt(pd1_pdl1_sum**2 - 4 * pd1_free_to_bind * pdl1_free_to_bind))"
            " + pdl2_density * microenvironment * pd1_free_to_bind"
            " / (pd1_pdl2_affinity + pd1_free_to_bind)",
            "PD-1 engaged by PD-L1 and PD-L2",
        ),
        Definition("mask", "1", "pd1_bound**2 / (pd1_bound**2 + mask_half_binding**2)", "PD-1 mask, 0 to 1"),
        Definition("unmasked", "1", "1 - mask", "what the PD-1 mask leaves of killing"),
        Definition(
            "interferon_gamma",
            "1",
            "tumour_t_cells * unmasked"
            " / ((cancer_cell_volume * cancer_cells + volume_floor) * ifng_half_induction)",
            "interferon gamma, relative to half induction",
        ),
    ),
    rates=(
        Rate(
            "pdl1_induction",
            "pdl1_turnover_rate * (1 + (pdl1_induction_max - 1) * interferon_gamma / (1 + interferon_gamma)"
            " - pdl1_induction)",
        ),
    ),
    needs=(
        Need("microenvironment", "1", "maturity of the suppressive micro-environment"),
        Need("tumour_t_cells", "Mc", "active T cells in the tumour"),
        Need("cancer_cells", "Mc", "all clones"),
        Need("cancer_cell_volume", "mL/Mc", "volume of a million cancer cells"),
        Need("volume_floor", "mL", "numerical guard"),
        Need("pd1_availability", "1", "PD-1 left free by antibodies", "product"),
        Need("pdl1_availability", "1", "PD-L1 left free by antibodies", "product"),
    ),
    provides=("mask", "pd1_bound", "pdl1_expression"),
    contributes=(Contribution("killing_masks", "unmasked"),),
    references=(QSPIO, QSPIO_NSCLC, CORE),
)

PD1_PRIMING_BRAKE = Module(
    name="pd1_priming_brake",
    description="PD-1 brake on priming in the lymph node",
    parameters=(
        Parameter(
            "pd1_priming_brake",
            2.0,
            "1",
            "brake of free PD-1 on priming, fold minus one",
            0.0,
            6.0,
            "assumed",
            "assumed",
        ),
    ),
    rules=(
        Definition(
            "pd1_brake_left", "1", "1 / (1 + pd1_priming_brake * (1 - pd_occupancy))", "priming left by PD-1"
        ),
    ),
    needs=(Need("pd_occupancy", "1", "PD-1 or PD-L1 occupied by antibody"),),
    contributes=(Contribution("priming_brakes", "pd1_brake_left"),),
    references=(CORE,),
)
