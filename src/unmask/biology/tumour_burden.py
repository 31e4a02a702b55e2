"""What a scan sees: the volume of everything in the tumour, and its diameter.

Equations (V volume, SLD sum of longest diameters; V0, SLD0, C0 their values at baseline)::

    V          = cancer_cell_volume * C + volume_parts + volume_floor
    SLD        = SLD0 * (V / V0) ** (1/3)
    viable SLD = SLD0 * (C / C0) ** (1/3)

``volume_parts`` are what other mechanisms contribute: dead and immune cells, stroma, infiltrate.
The viable diameter, which no scan shows, is what hazards of death follow: a swollen tumour full of dying
cells endangers nobody.

Source: model specification section 2.
"""

from __future__ import annotations

from unmask.biology.sources import CORE
from unmask.model.module import Definition, Module, Need
from unmask.model.system import Parameter

TUMOUR_BURDEN = Module(
    name="tumour_burden",
    description="Scan volume and diameters",
    parameters=(
        Parameter(
            "baseline_volume",
            28.9,
            "mL",
            "scan volume at baseline",
            1e-3,
            1e4,
            "set for each patient after the burn-in; here the median lung-cancer patient",
            "definition",
        ),
        Parameter(
            "baseline_sld",
            63.05,
            "mm",
            "sum of longest diameters at baseline",
            1.0,
            1000.0,
            "set for each patient; ln median 4.144, sigma 0.650 (OAK)",
            "definition",
        ),
        Parameter(
            "baseline_cancer_cells",
            11034.0,
            "Mc",
            "cancer cells at baseline",
            1e-6,
            4e6,
            "set for each patient after the burn-in; here the median lung-cancer patient",
            "definition",
        ),
    ),
    rules=(
        Definition(
            "tumour_volume",
            "mL",
            "cancer_cell_volume * cancer_cells + volume_parts + volume_floor",
            "scan volume",
        ),
        Definition(
            "sld", "mm", "baseline_sld * (tumour_volume / baseline_volume)**(1/3)", "sum of longest diameters"
        ),
        Definition(
            "viable_sld",
            "mm",
            "baseline_sld * (cancer_cells / baseline_cancer_cells)**(1/3)",
            "diameter of viable tumour",
        ),
    ),
    needs=(
        Need("cancer_cells", "Mc", "all clones"),
        Need("cancer_cell_volume", "mL/Mc", "volume of a million cancer cells"),
        Need("volume_floor", "mL", "numerical guard"),
        Need("volume_parts", "mL", "volumes beside viable cancer cells", "sum"),
    ),
    provides=("baseline_cancer_cells", "tumour_volume", "sld", "viable_sld"),
    references=(CORE,),
)
