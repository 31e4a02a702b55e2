"""The suppressive micro-environment, which a tumour has to grow into.

Equation (C cancer cells)::

    microenvironment = C / (C + microenvironment_half_size)

It scales PD-L1, PD-L2 and the recruitment of regulatory T cells: a nascent tumour has none of these masks.

Source: model specification section 2; the half size is assumed.
"""

from __future__ import annotations

from unmask.biology.sources import CORE
from unmask.model.module import Definition, Module, Need
from unmask.model.system import Parameter

MICROENVIRONMENT = Module(
    name="microenvironment",
    description="Maturity of the suppressive micro-environment",
    parameters=(
        Parameter(
            "microenvironment_half_size",
            500.0,
            "Mc",
            "tumour size at which suppression is half established",
            50.0,
            5000.0,
            "assumed",
            "assumed",
        ),
    ),
    rules=(
        Definition(
            "microenvironment",
            "1",
            "cancer_cells / (cancer_cells + microenvironment_half_size)",
            "maturity of the suppressive micro-environment",
        ),
    ),
    needs=(Need("cancer_cells", "Mc", "all clones"),),
    provides=("microenvironment",),
    references=(CORE,),
)
