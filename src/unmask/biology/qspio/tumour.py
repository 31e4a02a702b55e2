"""Cancer cells, dead cells and the volume of the tumour; less than a cell is no tumour.

Equations (C cancer cells, X dead cancer cells, E dead and exhausted T cells, T all living T cells of the tumour)::

    dC/dt = growth_rate * C * (1 - C / carrying_capacity) - basal_death_rate * C - kill
    dX/dt = basal_death_rate * C + kill - clearance_rate * X
    dE/dt = T cells lost in the tumour - clearance_rate * E
    antigenic_death = basal_death_rate * C + therapy_death_rate * C + kill        [what dying cells release antigen]
    volume   = smallest_volume + cancer_cell_volume * (C + X) + t_cell_volume * (E + T)
    diameter = (6 volume / pi)^(1/3)                                          [mL^(1/3) is cm]
    C falls below extinction_threshold: C becomes 0

Amounts in the tumour are conserved while its volume varies, so what is a concentration there (cytokines, antigens,
antibody) is a state as an amount, and a rule divides by the volume.

Source: Sove 2020, example 1 as exported. The carrying capacity is so large that growth is all but exponential.
"""

from __future__ import annotations

from unmask.biology.qspio.exported import REFERENCES, exported, set_to_zero
from unmask.model.module import Definition, EventDefinition, Module, Need, Rate
from unmask.model.system import Parameter, Species

TUMOUR = Module(
    name="tumour",
    description="Cancer cells, dead cells and the volume of the tumour",
    species=(
        Species(
            "cancer_cells",
            "cell",
            "cancer cells (V_T.C1)",
            initial=5586480665.74453,
            absolute_tolerance=1e-3,
        ),
        Species(
            "dead_cells",
            "cell",
            "dead cancer cells (V_T.C_x)",
            initial=2366275.41763324,
            absolute_tolerance=1e-1,
        ),
        Species(
            "dead_t_cells",
            "cell",
            "dead and exhausted T cells in the tumour (V_T.T_exh)",
            initial=68995257.8643238,
            absolute_tolerance=1e-1,
        ),
    ),
    parameters=(
        exported(
            "growth_rate",
            0.012,
            "1/day",
            "growth of a small tumour",
            "k_C1_growth",
            spider=(0.004, 0.05),
        ),
        exported(
            "carrying_capacity",
            4188790204786.39,
            "cell",
            "largest number of cancer cells",
            "C_max",
            spider=(1.5e11, 1e13),
        ),
        exported(
            "basal_death_rate",
            1e-5,
            "1/day",
            "death of cancer cells without attack",
            "k_C1_death",
            factor=10.0,
        ),
        set_to_zero(
            "therapy_death_rate",
            "1/day",
            "death by a therapy, which the export counts as a source of antigen and not as a loss of cells",
            "k_C1_therapy",
            high=1.0,
        ),
        exported(
            "clearance_rate",
            0.03,
            "1/day",
            "clearance of dead cells",
            "k_cell_clear",
            spider=(0.0015, 0.04),
        ),
        exported(
            "cancer_cell_volume",
            2.52731128244685e-9,
            "mL/cell",
            "volume of a cancer cell",
            "vol_cell, 2527 um3",
        ),
        exported(
            "t_cell_volume", 1.76e-10, "mL/cell", "volume of a T cell", "vol_Tcell, 176 um3", factor=1.5
        ),
        Parameter(
            "smallest_volume",
            1e-6,
            "mL",
            "volume of a tumour without cells (V_Tmin)",
            1e-8,
            1e-4,
            "Sove 2020, example 1 as exported (V_Tmin, 0.001 uL): numerical guard; range assumed",
            "definition",
        ),
    ),
    event_parameters=(
        Parameter(
            "extinction_threshold",
            0.9,
            "cell",
            "cancer cells below which there are none (event of the export)",
            0.1,
            1.0,
            "Sove 2020, example 1 as exported: 0.9 cell",
            "definition",
        ),
    ),
    rules=(
        Definition(
            "tumour_volume",
            "mL",
            "smallest_volume + cancer_cell_volume * (cancer_cells + dead_cells)"
            " + t_cell_volume * (dead_t_cells + tumour_t_cells)",
            "volume of the tumour (V_T)",
        ),
        Definition(
            "tumour_diameter",
            "cm",
            "(6 * tumour_volume / 3.141592653589793)**(1/3)",
            "diameter of a sphere of that volume",
        ),
        Definition("basal_death", "cell/day", "basal_death_rate * cancer_cells", "death without attack"),
        Definition("killed", "cell/day", "kill", "cancer cells that T cells kill (R_Tcell)"),
        Definition(
            "antigenic_death",
            "cell/day",
            "basal_death + therapy_death_rate * cancer_cells + killed",
            "deaths that release antigen",
        ),
    ),
    rates=(
        Rate(
            "cancer_cells",
            "growth_rate * cancer_cells * (1 - cancer_cells / carrying_capacity) - basal_death - killed",
        ),
        Rate("dead_cells", "basal_death + killed - clearance_rate * dead_cells"),
        Rate("dead_t_cells", "t_cells_lost_in_tumour - clearance_rate * dead_t_cells"),
    ),
    events=(
        EventDefinition(
            "cancer_extinction",
            trigger="cancer_cells < extinction_threshold",
            assignments=(("cancer_cells", "0"),),
            description="less than a cancer cell is none",
        ),
    ),
    needs=(
        Need("tumour_t_cells", "cell", "all living T cells in the tumour"),
        Need("kill", "cell/day", "cancer cells killed by T cells", "sum"),
        Need("t_cells_lost_in_tumour", "cell/day", "T cells that die or tire in the tumour", "sum"),
    ),
    provides=("cancer_cells", "tumour_volume", "killed", "antigenic_death"),
    references=REFERENCES,
)
