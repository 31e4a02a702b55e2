"""The core model: the lumped tumour, its host and their drugs, 32 states.

``LESION`` are the mechanisms that belong to a tumour and would stand once per lesion; ``BODY`` are those all
lesions share: blood, lymph node, drugs. The core has one lumped tumour, in no group.

Source: the model specification (docs/model.md).
"""

from __future__ import annotations

from unmask.biology.antigen import ANTIGEN
from unmask.biology.autoreactivity import AUTOREACTIVITY
from unmask.biology.cells import CELLS
from unmask.biology.checkpoint_pd1 import PD1_MASK, PD1_PRIMING_BRAKE
from unmask.biology.clones import CLONES
from unmask.biology.ctla4 import CTLA4_PRIMING_BRAKE
from unmask.biology.dead_cells import DEAD_CELLS
from unmask.biology.dendritic_cells import DENDRITIC_CELLS
from unmask.biology.effector_t_cells import EFFECTOR_T_CELLS
from unmask.biology.exhaustion import EXHAUSTION
from unmask.biology.infiltrate import INFILTRATE
from unmask.biology.killing import KILLING
from unmask.biology.memory import MEMORY
from unmask.biology.microenvironment import MICROENVIRONMENT
from unmask.biology.naive_pool import NAIVE_POOL
from unmask.biology.neutrophils import NEUTROPHILS
from unmask.biology.priming import PRIMING
from unmask.biology.regulatory_t_cells import REGULATORY_T_CELLS
from unmask.biology.stroma import STROMA
from unmask.biology.tumour_burden import TUMOUR_BURDEN
from unmask.biology.tumour_growth import TUMOUR_GROWTH
from unmask.biology.tumour_t_cells import TUMOUR_T_CELLS
from unmask.model.assemble import assemble
from unmask.model.system import Model
from unmask.therapy.antibodies import ANTIBODY_TISSUE, CTLA4_ANTIBODY, PD_ANTIBODY
from unmask.therapy.chemotherapy import CHEMOTHERAPY
from unmask.therapy.corticosteroid import CORTICOSTEROID
from unmask.therapy.hormone import HORMONE
from unmask.therapy.targeted import TARGETED

LESION = (
    CLONES, TUMOUR_GROWTH, DEAD_CELLS, STROMA, INFILTRATE, TUMOUR_BURDEN, TUMOUR_T_CELLS, EXHAUSTION, KILLING,
    MICROENVIRONMENT, REGULATORY_T_CELLS, PD1_MASK,
)  # fmt: skip
BODY = (
    CELLS, ANTIGEN, DENDRITIC_CELLS, NAIVE_POOL, PRIMING, EFFECTOR_T_CELLS, MEMORY, PD1_PRIMING_BRAKE,
    CTLA4_PRIMING_BRAKE, ANTIBODY_TISSUE, PD_ANTIBODY, CTLA4_ANTIBODY, CHEMOTHERAPY, TARGETED, HORMONE,
    CORTICOSTEROID, AUTOREACTIVITY, NEUTROPHILS,
)  # fmt: skip
LESION_OBSERVABLES = (
    "cancer_cells", "tumour_volume", "sld", "viable_sld", "resistant_share", "antigen_loss_share", "mask",
    "pd1_bound", "kill_rate", "net_growth", "tumour_t_cells", "exhausted_t_cells",
)  # fmt: skip
BODY_OBSERVABLES = (
    "pd_occupancy", "ctla4_occupancy", "effector_t_cells", "memory_t_cells", "naive_pool", "neutrophils",
    "autoreactivity",
)  # fmt: skip


def build() -> Model:
    """Return the core model, assembled and checked."""
    return assemble("core", (*LESION, *BODY), (*LESION_OBSERVABLES, *BODY_OBSERVABLES))
