"""Volumes of blood, peripheral tissue and lymph node, and the constants that carry units.

Equations: none; constants that the other mechanisms share. Cells are single cells, volumes mL, amounts pmol and
concentrations nM (pmol/mL); on membranes and in the endosome, molecules, um and um**2.

Source: Sove 2020, example 1 as exported. The published equations add ``cell`` where a quotient would be 0/0 without
cells; that is ``one_cell`` here.
"""

from __future__ import annotations

from unmask.biology.qspio.exported import REFERENCES, exported
from unmask.model.module import Module
from unmask.model.system import Parameter

AVOGADRO = 6.02214076e23

COMPARTMENTS = Module(
    name="compartments",
    description="Volumes of blood, peripheral tissue and lymph node",
    parameters=(
        exported("central_volume", 5000.0, "mL", "blood", "V_C, 5 L", factor=1.5),
        exported("peripheral_volume", 60_000.0, "mL", "peripheral tissue", "V_P, 60 L", factor=1.5),
        exported(
            "lymph_node_volume",
            1.37444678594553,
            "mL",
            "tumour-draining lymph nodes",
            "V_LN, 1374.4 mm3",
        ),
        Parameter(
            "one_cell",
            1.0,
            "cell",
            "keeps quotients defined where there are no cells (cell)",
            1.0,
            1.0,
            "numerical guard of Sove 2020, example 1 as exported",
            "definition",
        ),
        Parameter(
            "molarity_of_number_density",
            1e24 / AVOGADRO,
            "nM * um**3 / molecule",
            "nanomolar per molecule in a cubic micrometre",
            1e24 / AVOGADRO,
            1e24 / AVOGADRO,
            "Avogadro's number, 6.02214076e23 per mole (SI 2019)",
            "definition",
        ),
    ),
    provides=(
        "central_volume",
        "peripheral_volume",
        "lymph_node_volume",
        "one_cell",
        "molarity_of_number_density",
    ),
    references=REFERENCES,
)
