"""An antigen on its way from dying cancer cells to the surface: once the tumour antigen, once a self-antigen.

Equations (Z amount in the tumour of volume V, e antigen and p peptide in the endosome, m peptide on MHC, f free MHC)::

    dZ/dt = clones * antigen_per_cell * antigenic_death * V - degradation_rate * Z - uptake_rate * M_L * Z
    de/dt = uptake_rate * one_cell * Z / V - processing_rate * e
    dp/dt = processing_rate * e - peptide_degradation_rate * p - binding * A_endosome / V_endosome
    dm_endosome/dt = binding - externalization_rate * m_endosome
    dm_surface/dt  = externalization_rate * m_endosome * A_endosome / A_surface - off * m_surface
    binding = peptide_on_rate * p * f_endosome - off * m_endosome,      off = mhc_affinity * peptide_on_rate

M_L mature antigen-presenting cells of the lymph node. All antigens of a kind are one, as many as there are clones that
know them. The tumour antigen stands in the group of the CD8 T cells, the self-antigen in that of the regulatory ones.

Source: Sove 2020, example 1 as exported; the published names end in P1 or p1, those of the self-antigen in P0 or p0.
"""

from __future__ import annotations

from collections.abc import Mapping

from unmask.biology.qspio.exported import REFERENCES, exported
from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

INITIAL_TUMOUR_VOLUME = 14.1371669411541  # mL, of which the initial amounts follow


def antigen(
    name: str, description: str, number: int, *, initial: Mapping[str, float], mhc_affinity: Parameter
) -> Module:
    """Return the module of an antigen.

    Parameters
    ----------
    number
        In the published names: 1 the tumour antigen, 0 the self-antigen.
    initial
        Initial values of the five states.
    mhc_affinity
        How well its peptide binds MHC, in which the two differ.
    """
    n = number
    return Module(
        name=name,
        description=description,
        species=(
            Species(
                "antigen_amount",
                "pmol",
                f"antigen in the tumour, amount (V_T.P{n} times V_T)",
                initial=initial["antigen_amount"],
                absolute_tolerance=1e-7,
            ),
            Species(
                "endosome_antigen",
                "nM",
                f"antigen in the endosome (V_e.P{n})",
                initial=initial["endosome_antigen"],
                absolute_tolerance=1e-9,
            ),
            Species(
                "endosome_peptide",
                "nM",
                f"peptide in the endosome (V_e.p{n})",
                initial=initial["endosome_peptide"],
                absolute_tolerance=1e-10,
            ),
            Species(
                "mhc_endosome",
                "molecule/um**2",
                f"peptide on MHC in the endosome (A_e.M1p{n})",
                initial=initial["mhc_endosome"],
                absolute_tolerance=1e-12,
            ),
            Species(
                "mhc_surface",
                "molecule/um**2",
                f"peptide on MHC on the surface (A_s.M1p{n})",
                initial=initial["mhc_surface"],
                absolute_tolerance=1e-11,
            ),
        ),
        parameters=(
            exported(
                "antigen_per_cell",
                10.0,
                "nM/cell",
                "antigen that a dying cancer cell gives, per clone",
                f"P{n}_C1, 1e-8 M/cell",
                factor=10.0,
            ),
            exported("degradation_rate", 2.0, "1/day", "degradation in the tumour", f"k_xP{n}_deg"),
            exported(
                "uptake_rate", 14.4, "1/(day*cell)", "uptake by an antigen-presenting cell", f"k_P{n}_up"
            ),
            exported("processing_rate", 17.28, "1/day", "antigen that becomes peptide", f"k_P{n}_deg"),
            exported("peptide_degradation_rate", 144.0, "1/day", "degradation of peptide", f"k_p{n}_deg"),
            exported(
                "peptide_on_rate",
                1.44e-4,
                "1/(nM*day)",
                "binding of peptide and MHC",
                f"k_P{n}_on, 144000/(day M)",
            ),
            mhc_affinity,
        ),
        rules=(
            Definition(
                "antigen_concentration",
                "nM",
                "antigen_amount / tumour_volume",
                f"antigen in the tumour (V_T.P{n})",
            ),
            Definition("peptide_off_rate", "1/day", "mhc_affinity * peptide_on_rate", "peptide leaves MHC"),
            Definition(
                "binding",
                "molecule/um**2/day",
                "peptide_on_rate * endosome_peptide * free_mhc_endosome - peptide_off_rate * mhc_endosome",
                "net binding of peptide in the endosome",
            ),
            Definition(
                "freed_on_surface",
                "molecule/um**2/day",
                "peptide_off_rate * mhc_surface",
                "peptide that falls off on the surface",
            ),
        ),
        rates=(
            Rate(
                "antigen_amount",
                "clones * antigen_per_cell * antigenic_death * tumour_volume"
                " - degradation_rate * antigen_amount - uptake_rate * mature_apc_lymph_node * antigen_amount",
            ),
            Rate(
                "endosome_antigen",
                "uptake_rate * one_cell * antigen_concentration - processing_rate * endosome_antigen",
            ),
            Rate(
                "endosome_peptide",
                "processing_rate * endosome_antigen - peptide_degradation_rate * endosome_peptide"
                " - molarity_of_number_density * binding * endosome_area / endosome_volume",
            ),
            Rate("mhc_endosome", "binding - externalization_rate * mhc_endosome"),
            Rate(
                "mhc_surface",
                "externalization_rate * mhc_endosome * endosome_area / surface_area - freed_on_surface",
            ),
        ),
        needs=(
            Need("clones", "1", "clones of T cells that know the antigen"),
            Need("antigenic_death", "cell/day", "deaths of cancer cells"),
            Need("tumour_volume", "mL", "volume of the tumour"),
            Need("mature_apc_lymph_node", "cell", "mature antigen-presenting cells in the lymph node"),
            Need("free_mhc_endosome", "molecule/um**2", "MHC without peptide in the endosome"),
            Need("endosome_area", "um**2", "membrane of the endosomes"),
            Need("endosome_volume", "um**3", "endosomes"),
            Need("surface_area", "um**2", "surface of an antigen-presenting cell"),
            Need("externalization_rate", "1/day", "MHC from endosome to surface"),
            Need("molarity_of_number_density", "nM * um**3 / molecule", "nanomolar per number density"),
            Need("one_cell", "cell", "the antigen-presenting cell whose endosome it is"),
        ),
        provides=("mhc_surface",),
        contributes=(
            Contribution("mhc_bound_in_endosome", "binding"),
            Contribution("mhc_freed_on_surface", "freed_on_surface"),
        ),
        references=REFERENCES,
    )


TUMOUR_ANTIGEN = antigen(
    "tumour_antigen",
    "Tumour antigen that CD8 T cells know",
    1,
    initial={
        "antigen_amount": 4.25764025187613 * INITIAL_TUMOUR_VOLUME,
        "endosome_antigen": 3.5474107932618,
        "endosome_peptide": 0.407456770679601,
        "mhc_endosome": 0.00146314275472396,
        "mhc_surface": 0.0918363102977283,
    },
    mhc_affinity=exported(
        "mhc_affinity", 40.0, "nM", "affinity of peptide and MHC", "k_P1_d1, 4e-8 M", factor=10.0
    ),
).instantiate("cd8")

SELF_ANTIGEN = antigen(
    "self_antigen",
    "Self-antigen that regulatory T cells know",
    0,
    initial={
        "antigen_amount": 42.5764025169051 * INITIAL_TUMOUR_VOLUME,
        "endosome_antigen": 35.4741079275386,
        "endosome_peptide": 4.07462000546834,
        "mhc_endosome": 0.0146272285131758,
        "mhc_surface": 0.417157219675605,
    },
    mhc_affinity=exported(
        "mhc_affinity", 100.0, "nM", "affinity of peptide and MHC", "k_P0_d1, 1e-7 M", factor=10.0
    ),
).instantiate("treg")
