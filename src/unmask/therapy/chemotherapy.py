"""Cytotoxic chemotherapy without a drug concentration: a kinetic-pharmacodynamic effect.

Equations (Ch effect, per day)::

    dCh/dt = -chemo_effect_decay_rate * Ch          a standard cycle adds the decay rate, so its integral is 1

    kill of a clone       = chemo_log_kill * Ch              (resistant clones: * chemo_resistant_sensitivity)
    the same, as antigen  = chemo_death_immunogenicity * that kill
    depletion of T cells  = lymphodepletion * Ch            (in the tumour: * tumour_t_cell_chemo_sensitivity)
    neutrophil proliferation lost = neutrophil_drug_slope * Ch

so ``chemo_log_kill`` is the log-kill of sensitive cells per standard cycle.

Source: model specification section 3; log-kill calibrated to the docetaxel arm of OAK; slope scaled from
Friberg 2002 (docetaxel).
"""

from __future__ import annotations

from unmask.model.module import Contribution, Definition, Module, Rate
from unmask.model.system import Parameter, Reference, Species

_FRIBERG = Reference(
    "friberg2002",
    "Friberg LE et al., Model of chemotherapy-induced myelosuppression with parameter consistency across "
    "drugs, J Clin Oncol 2002;20:4713",
)
_SENSITIVE = ("sensitive", "targeted_resistant", "hormone_independent", "hormone_producing", "antigen_loss")
_RESISTANT = ("chemo_resistant", "multi_resistant")

CHEMOTHERAPY = Module(
    name="chemotherapy",
    description="Cytotoxic chemotherapy (K-PD)",
    species=(Species("chemo_effect", "1/day", "effect of chemotherapy", absolute_tolerance=1e-7),),
    parameters=(
        Parameter(
            "chemo_log_kill",
            0.3526,
            "1",
            "log-kill of sensitive cells per standard cycle",
            0.035,
            3.6,
            "calibrated to OAK, sigma of ln 1.41",
            "calibrated",
        ),
        Parameter(
            "chemo_effect_decay_rate",
            0.7,
            "1/day",
            "decay of the effect: half-life one day",
            0.2,
            2.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "chemo_resistant_sensitivity",
            0.1,
            "1",
            "sensitivity left in resistant clones",
            0.0,
            0.5,
            "assumed",
            "assumed",
        ),
        Parameter(
            "chemo_death_immunogenicity",
            1.0,
            "1",
            "antigen from a death by chemotherapy, relative to others",
            0.0,
            3.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "lymphodepletion",
            0.3,
            "1",
            "log-depletion of T cells per standard cycle",
            0.0,
            1.5,
            "assumed",
            "assumed",
        ),
        Parameter(
            "tumour_t_cell_chemo_sensitivity",
            0.3,
            "1",
            "the same in the tumour, relative to the blood",
            0.0,
            1.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "neutrophil_drug_slope",
            2.3,
            "day",
            "proliferation of neutrophils lost per effect",
            1.0,
            5.0,
            "scaled from Friberg 2002 (docetaxel), sigma of ln 0.4",
            "literature",
        ),
    ),
    rules=(
        Definition("chemo_kill", "1/day", "chemo_log_kill * chemo_effect", "kill of sensitive cells"),
        Definition(
            "chemo_kill_of_resistant",
            "1/day",
            "chemo_resistant_sensitivity * chemo_kill",
            "kill of resistant cells",
        ),
        Definition(
            "immunogenic_chemo_kill",
            "1/day",
            "chemo_death_immunogenicity * chemo_kill",
            "kill of sensitive cells, as antigen source",
        ),
        Definition(
            "immunogenic_chemo_kill_of_resistant",
            "1/day",
            "chemo_death_immunogenicity * chemo_kill_of_resistant",
            "kill of resistant cells, as antigen source",
        ),
        Definition(
            "chemo_t_cell_depletion", "1/day", "lymphodepletion * chemo_effect", "depletion of T cells"
        ),
        Definition(
            "chemo_tumour_t_cell_depletion",
            "1/day",
            "tumour_t_cell_chemo_sensitivity * chemo_t_cell_depletion",
            "depletion of T cells in the tumour",
        ),
        Definition(
            "chemo_myelosuppression",
            "1",
            "neutrophil_drug_slope * chemo_effect",
            "neutrophil proliferation lost",
        ),
    ),
    rates=(Rate("chemo_effect", "-chemo_effect_decay_rate * chemo_effect"),),
    contributes=(
        *(Contribution(f"direct_kill_of_{clone}", "chemo_kill") for clone in _SENSITIVE),
        *(Contribution(f"direct_kill_of_{clone}", "chemo_kill_of_resistant") for clone in _RESISTANT),
        *(Contribution(f"immunogenic_kill_of_{clone}", "immunogenic_chemo_kill") for clone in _SENSITIVE),
        *(
            Contribution(f"immunogenic_kill_of_{clone}", "immunogenic_chemo_kill_of_resistant")
            for clone in _RESISTANT
        ),
        Contribution("t_cell_depletion", "chemo_t_cell_depletion"),
        Contribution("tumour_t_cell_therapy_loss", "chemo_tumour_t_cell_depletion"),
        Contribution("myelosuppression", "chemo_myelosuppression"),
    ),
    references=(_FRIBERG,),
)
