"""Division and basal death of cancer cells, and crowding.

Equations (C the number of cancer cells)::

    crowding      = 1 - C / carrying_capacity - niche_competition * C / C0
    division_rate = (net_growth_rate + basal_death_rate) * crowding                           [per day]
    net_growth    = net_growth_rate * crowding - (kill rate averaged over all cancer cells)

The second term of crowding is competition for the room of the tumour as it was found (C0 cells at baseline): with
``niche_competition`` c, growth would stop at C0/c. It is 0 but where a tumour type says otherwise. Clones share
crowding, so that one holds the others down while it lives (Lotka-Volterra with equal competition, as in Zhang 2017).

Without death the tumour is logistic. Turnover is explicit (division and death apart) because dying cells are
the source of antigen and every division can mutate. ``net_growth`` is what the acceptance of virtual patients
looks at: growth left after the immune attack, per day.

Source: model specification sections 2, 3 and 5; logistic growth and its rate after QSP-IO (Sove 2020; NSCLC
k_C_growth 0.007/day with a spread of 1 in ln). Competition between clones: the form of Zhang 2017; strength assumed.
"""

from __future__ import annotations

from unmask.biology.sources import CORE, QSPIO, QSPIO_NSCLC
from unmask.model.module import Definition, Module, Need
from unmask.model.system import Parameter

TUMOUR_GROWTH = Module(
    name="tumour_growth",
    description="Logistic growth with explicit turnover",
    parameters=(
        Parameter(
            "net_growth_rate",
            0.006134,
            "1/day",
            "net growth of an unattacked small tumour",
            0.0012,
            0.031,
            "calibrated to OAK; QSP-IO NSCLC 0.007, sigma of ln 1",
            "calibrated",
        ),
        Parameter(
            "basal_death_rate",
            0.003,
            "1/day",
            "death of cancer cells without attack",
            1e-5,
            0.02,
            "assumed; QSP-IO 1e-5 to 1e-4",
            "assumed",
        ),
        Parameter(
            "carrying_capacity",
            4.19e6,
            "Mc",
            "largest number of cancer cells",
            1e6,
            1e7,
            "QSP-IO C_max 4.19e12 cells",
            "literature",
        ),
        Parameter(
            "niche_competition",
            0.0,
            "1",
            "crowding by a tumour of the size at baseline",
            0.0,
            0.9,
            "0: no such competition; set by the tumour type",
            "definition",
        ),
    ),
    rules=(
        Definition(
            "crowding",
            "1",
            "1 - cancer_cells / carrying_capacity - niche_competition * cancer_cells / baseline_cancer_cells",
            "growth left by crowding",
        ),
        Definition(
            "division_rate",
            "1/day",
            "(net_growth_rate + basal_death_rate) * crowding",
            "divisions per sensitive cancer cell and day",
        ),
        Definition(
            "net_growth",
            "1/day",
            "net_growth_rate * crowding"
            " - kill_rate * (1 - (1 - antigen_loss_presentation) * antigen_loss_share)",
            "growth left after the immune attack, without therapy",
        ),
    ),
    needs=(
        Need("cancer_cells", "Mc", "all clones"),
        Need("baseline_cancer_cells", "Mc", "cancer cells at baseline"),
        Need("kill_rate", "1/day", "immune kill of an antigen-positive cell"),
        Need("antigen_loss_share", "1", "share of cancer cells that hide their antigens"),
        Need("antigen_loss_presentation", "1", "how visible those cells remain"),
    ),
    provides=("division_rate", "basal_death_rate", "net_growth", "crowding"),
    references=(QSPIO, QSPIO_NSCLC, CORE),
)
