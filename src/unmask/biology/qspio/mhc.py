"""MHC molecules without peptide, in the endosome and on the surface of an antigen-presenting cell.

Equations (m densities of free MHC; A areas; the sums are over antigens)::

    dm_endosome/dt = internalization_rate * m_surface * A_surface / A_endosome - externalization_rate * m_endosome
                     - sum of net binding in the endosome
    dm_surface/dt  = externalization_rate * m_endosome * A_endosome / A_surface - internalization_rate * m_surface
                     + sum of what is freed on the surface

Densities are those of one typical antigen-presenting cell.

Source: Sove 2020, example 1 as exported.
"""

from __future__ import annotations

from unmask.biology.qspio.exported import REFERENCES, exported
from unmask.model.module import Module, Need, Rate
from unmask.model.system import Species

MHC = Module(
    name="mhc",
    description="MHC without peptide",
    species=(
        Species(
            "free_mhc_endosome",
            "molecule/um**2",
            "MHC without peptide in the endosome (A_e.M1)",
            initial=718.402099216756,
            absolute_tolerance=1e-7,
        ),
        Species(
            "free_mhc_surface",
            "molecule/um**2",
            "MHC without peptide on the surface (A_s.M1)",
            initial=23.9472455056725,
            absolute_tolerance=1e-8,
        ),
    ),
    parameters=(
        exported("endosome_area", 15.0, "um**2", "membrane of the endosomes", "A_e"),
        exported("endosome_volume", 0.4, "um**3", "endosomes of an antigen-presenting cell", "V_e, 4e-16 L"),
        exported("surface_area", 900.0, "um**2", "surface of an antigen-presenting cell", "A_s"),
        exported("internalization_rate", 14.4, "1/day", "free MHC from surface to endosome", "kin"),
        exported("externalization_rate", 28.8, "1/day", "MHC from endosome to surface", "kout"),
    ),
    rates=(
        Rate(
            "free_mhc_endosome",
            "internalization_rate * free_mhc_surface * surface_area / endosome_area"
            " - externalization_rate * free_mhc_endosome - mhc_bound_in_endosome",
        ),
        Rate(
            "free_mhc_surface",
            "externalization_rate * free_mhc_endosome * endosome_area / surface_area"
            " - internalization_rate * free_mhc_surface + mhc_freed_on_surface",
        ),
    ),
    needs=(
        Need("mhc_bound_in_endosome", "molecule/um**2/day", "net binding of peptides", "sum"),
        Need("mhc_freed_on_surface", "molecule/um**2/day", "peptides that fall off", "sum"),
    ),
    provides=(
        "free_mhc_endosome",
        "endosome_area",
        "endosome_volume",
        "surface_area",
        "externalization_rate",
    ),
    references=REFERENCES,
)
