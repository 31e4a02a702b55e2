"""Sizes of cells, and the smallest amounts that keep quotients defined.

Equations: volume of ``n`` cells = ``n`` times the volume of one; a quotient by a number of cells has
``cell_floor`` added to its denominator, a quotient by a tumour volume ``volume_floor``. Eradicated tumours
are common (one patient in six on atezolizumab), and without the floors their equations would divide by zero.

Source: model specification sections 2 and 6b; volumes as in QSP-IO (Sove 2020).
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO
from unmask.model.module import Module
from unmask.model.system import Parameter

CELLS = Module(
    name="cells",
    description="Cell volumes and numerical floors",
    parameters=(
        Parameter(
            "cancer_cell_volume",
            2.527e-3,
            "mL/Mc",
            "volume of a million cancer cells",
            1.5e-3,
            4e-3,
            "QSP-IO: cell diameter 16.9 um",
            "literature",
        ),
        Parameter(
            "immune_cell_volume",
            1.76e-4,
            "mL/Mc",
            "volume of a million T cells",
            1e-4,
            3e-4,
            "QSP-IO: cell diameter 6.95 um",
            "literature",
        ),
        Parameter(
            "volume_floor",
            1e-3,
            "mL",
            "smallest scan volume and tumour compartment",
            1e-4,
            1e-2,
            "numerical guard",
            "definition",
        ),
        Parameter(
            "cell_floor",
            1e-9,
            "Mc",
            "added to numbers of cells in denominators",
            1e-12,
            1e-7,
            "numerical guard: a thousandth of a cell",
            "definition",
        ),
    ),
    provides=("cancer_cell_volume", "immune_cell_volume", "volume_floor", "cell_floor"),
    references=(QSPIO, CORE),
)
