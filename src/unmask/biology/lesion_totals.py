"""What the lesions of a patient come to together, under the names that one lumped tumour has.

Equations (sums over lesions i; C_i cancer cells, V_i volume, d_i diameter, t_i = 1 for a target lesion, else 0)::

    cancer_cells, tumour_volume, tumour_t_cells, exhausted_t_cells   sum of the lesions' own
    sld        = sum t_i d_i            what a radiologist adds up: target lesions only
    viable_sld = sum viable d_i         of every lesion, targets, non-target disease and new lesions alike
    x          = sum x_i C_i / (sum C_i + cell_floor)
                 for resistant_share, antigen_loss_share, mask, pd1_bound, pdl1_expression, kill_rate, net_growth

``viable_sld`` is what hazards of death follow. It counts all disease, as a patient does not die of target
lesions alone; with one lesion it is the diameter of the lumped form. Averages are weighted by cancer cells,
so ``net_growth`` is the growth of all cancer cells together.

Source: definitions of this model; the sum of diameters after RECIST 1.1 (Eisenhauer 2009).
"""

from __future__ import annotations

from unmask.biology.sources import CORE
from unmask.model.module import Contribution, Definition, Module, Need
from unmask.model.system import Parameter

_SUMS = (
    ("cancer_cells", "Mc", "all cancer cells"),
    ("tumour_volume", "mL", "volume of all lesions"),
    ("viable_sld", "mm", "diameters of viable tumour, summed over all lesions"),
    ("tumour_t_cells", "Mc", "active T cells in all lesions"),
    ("exhausted_t_cells", "Mc", "exhausted T cells in all lesions"),
)
_AVERAGES = (
    ("resistant_share", "1", "share of all cancer cells resistant to some direct therapy"),
    ("antigen_loss_share", "1", "share of all cancer cells that hide their antigens"),
    ("mask", "1", "PD-1 mask, averaged over cancer cells"),
    ("pd1_bound", "1/um**2", "PD-1 engaged by PD-L1 and PD-L2, averaged over cancer cells"),
    ("pdl1_expression", "1/um**2", "PD-L1, constitutive and induced, averaged over cancer cells"),
    ("kill_rate", "1/day", "immune kill, averaged over cancer cells"),
    ("net_growth", "1/day", "growth of all cancer cells, but for direct therapies"),
)
NAMES = (*(name for name, _, _ in _SUMS), "sld", *(name for name, _, _ in _AVERAGES))


def _times_cells(unit: str) -> str:
    return "Mc" if unit == "1" else f"Mc * {unit}"


LESION_SHARE = Module(
    name="lesion_share",
    description="What one lesion adds to the patient's totals",
    parameters=(
        Parameter(
            "target_lesion",
            1.0,
            "1",
            "1: the lesion is a target and counts in the sum of diameters; 0: non-target or new",
            0.0,
            1.0,
            "RECIST 1.1: chosen at baseline, set for each lesion",
            "definition",
        ),
    ),
    rules=(
        Definition(
            "counted_sld", "mm", "target_lesion * sld", "what the lesion adds to the sum of diameters"
        ),
        *(Definition(f"{name}_added", unit, name, f"{name} of the lesion") for name, unit, _ in _SUMS),
        *(
            Definition(
                f"{name}_of_cells", _times_cells(unit), f"{name} * cancer_cells", f"{name} times cancer cells"
            )
            for name, unit, _ in _AVERAGES
        ),
    ),
    needs=(
        Need("sld", "mm", "diameter of the lesion"),
        *(Need(name, unit, "of the lesion") for name, unit, _ in (*_SUMS, *_AVERAGES)),
    ),
    contributes=(
        Contribution("all_sld", "counted_sld"),
        *(Contribution(f"all_{name}", f"{name}_added") for name, _, _ in _SUMS),
        *(Contribution(f"all_{name}", f"{name}_of_cells") for name, _, _ in _AVERAGES),
    ),
    references=(CORE,),
)

LESION_TOTALS = Module(
    name="lesion_totals",
    description="Totals over the lesions of a patient",
    rules=(
        *(Definition(name, unit, f"all_{name}", text) for name, unit, text in _SUMS),
        Definition("sld", "mm", "all_sld", "sum of diameters of the target lesions"),
        *(
            Definition(name, unit, f"all_{name} / (cancer_cells + cell_floor)", text)
            for name, unit, text in _AVERAGES
        ),
    ),
    needs=(
        Need("cell_floor", "Mc", "numerical guard"),
        Need("all_sld", "mm", "diameters of target lesions", "sum", required=True),
        *(Need(f"all_{name}", unit, "of all lesions", "sum", required=True) for name, unit, _ in _SUMS),
        *(
            Need(
                f"all_{name}", _times_cells(unit), "times cancer cells, of all lesions", "sum", required=True
            )
            for name, unit, _ in _AVERAGES
        ),
    ),
    references=(CORE,),
)
