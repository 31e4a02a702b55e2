"""Hormone, its deprivation, the clones that escape it, and the marker that follows them.

Equations (Hm hormone in blood, 1 = normal; hp share of hormone-producing cells; s synthesis left; C cancer cells)::

    dHm/dt        = hormone_decline_rate * (hormone_input * s - Hm)
    local hormone = Hm + (1 - Hm) * s * hormone_support * hp / (hp + hormone_support_half_share)
    own hormone   = Hm + (1 - Hm) * s * hormone_self_supply                     of hormone-producing cells

    want                    = hormone_dependence * (1 - hormone that the cell sees)
    growth left to a clone  = 1 - want
    kill of a clone         = castration_death_rate * want                                        [per day]

    dmarker/dt = marker_clearance_rate * (marker_per_cells * (C of all tumours) - marker)

Sensitive, chemotherapy-resistant, targeted-resistant and antigen-loss cells see the local hormone; hormone-producing
cells their own; hormone-independent and multi-resistant cells want none. All clones share the room of the tumour
(``crowding``), so dependent cells that are left alive hold the independent ones down: adaptive therapy rests on
that. ``hormone_dependence`` is 0 in tumours that do not care; without hormone-producing cells the local hormone is
that of the blood. Deprivation (LHRH, aromatase) lowers ``hormone_input``, inhibition of synthesis (CYP17)
``hormone_synthesis_left``, which reaches the tumour's own synthesis too.

Source: model specification section 3; three clones, their competition and a marker as in Zhang 2017 (its form, not
its values). Rates and supply are assumed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from unmask.messages import sentence
from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Reference, Species

_ZHANG = Reference(
    "zhang2017",
    "Zhang J et al., Integrating evolutionary dynamics into treatment of metastatic castrate-resistant prostate "
    "cancer, Nat Commun 2017;8:1816 (the form of its competition, not its values)",
)
_DEPENDENT = ("sensitive", "chemo_resistant", "targeted_resistant", "antigen_loss")
_KILL_PORTS = ("direct_kill", "immunogenic_kill")

HORMONE = Module(
    name="hormone",
    description="Hormone in blood, and the tumour marker",
    species=(
        Species("hormone", "1", "hormone, relative to normal", initial=1.0, absolute_tolerance=1e-7),
        Species("tumour_marker", "ng/mL", "tumour marker in blood (PSA)", absolute_tolerance=1e-6),
    ),
    parameters=(
        Parameter(
            "hormone_dependence",
            0.0,
            "1",
            "dependence of the tumour on hormone",
            0.0,
            1.0,
            "set by the tumour type",
            "definition",
        ),
        Parameter(
            "castration_death_rate",
            0.01,
            "1/day",
            "death without any hormone",
            0.0,
            0.05,
            "assumed",
            "assumed",
        ),
        Parameter(
            "hormone_decline_rate", 0.1, "1/day", "how fast hormone follows", 0.03, 0.5, "assumed", "assumed"
        ),
        Parameter(
            "hormone_input",
            1.0,
            "1",
            "production of hormone, relative to normal",
            0.0,
            1.0,
            "set by the regimen; deprivation 0.05",
            "definition",
        ),
        Parameter(
            "hormone_synthesis_left",
            1.0,
            "1",
            "synthesis of hormone that an inhibitor leaves, in the tumour too",
            0.0,
            1.0,
            "set by the regimen; 1 without an inhibitor",
            "definition",
        ),
        Parameter(
            "hormone_support",
            0.6,
            "1",
            "hormone that producing cells give their neighbours at most, of what is lacking",
            0.0,
            1.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "hormone_support_half_share",
            0.2,
            "1",
            "share of producing cells at half of that",
            0.02,
            1.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "hormone_self_supply",
            0.9,
            "1",
            "hormone that producing cells give themselves, of what is lacking",
            0.0,
            1.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "marker_per_cells",
            0.0,
            "ng/mL/Mc",
            "marker in blood per million cancer cells, in balance",
            0.0,
            0.1,
            "set by the tumour type; 0: it has no marker",
            "definition",
        ),
        Parameter(
            "marker_clearance_rate",
            0.25,
            "1/day",
            "clearance of the marker: half-life three days",
            0.1,
            0.6,
            "assumed: half-life of PSA 2 to 3 days after prostatectomy (recalled, unconfirmed)",
            "assumed",
        ),
    ),
    rates=(
        Rate("hormone", "hormone_decline_rate * (hormone_input * hormone_synthesis_left - hormone)"),
        Rate("tumour_marker", "marker_clearance_rate * (marker_in_balance - tumour_marker)"),
    ),
    needs=(Need("marker_in_balance", "ng/mL", "marker at which shedding and clearance balance", "sum"),),
    provides=(
        "hormone",
        "hormone_dependence",
        "castration_death_rate",
        "hormone_synthesis_left",
        "hormone_support",
        "hormone_support_half_share",
        "hormone_self_supply",
        "marker_per_cells",
    ),
    references=(_ZHANG,),
)

HORMONE_RESPONSE = Module(
    name="hormone_response",
    description="What lack of hormone does to the clones of a tumour",
    rules=(
        Definition(
            "hormone_producing_share",
            "1",
            "cancer_hormone_producing / (cancer_cells + cell_floor)",
            "share of cancer cells that make hormone",
        ),
        Definition(
            "local_hormone",
            "1",
            "hormone + (1 - hormone) * hormone_synthesis_left * hormone_support"
            " * hormone_producing_share / (hormone_producing_share + hormone_support_half_share)",
            "hormone that dependent cells see",
        ),
        Definition(
            "own_hormone",
            "1",
            "hormone + (1 - hormone) * hormone_synthesis_left * hormone_self_supply",
            "hormone that producing cells see",
        ),
        Definition("hormone_want", "1", "hormone_dependence * (1 - local_hormone)", "lack, times dependence"),
        Definition(
            "hormone_want_of_producing",
            "1",
            "hormone_dependence * (1 - own_hormone)",
            "lack, times dependence",
        ),
        Definition("hormone_growth_left", "1", "1 - hormone_want", "growth left to dependent clones"),
        Definition(
            "hormone_growth_left_to_producing",
            "1",
            "1 - hormone_want_of_producing",
            "growth left to producing cells",
        ),
        Definition(
            "castration_kill", "1/day", "castration_death_rate * hormone_want", "kill of dependent clones"
        ),
        Definition(
            "castration_kill_of_producing",
            "1/day",
            "castration_death_rate * hormone_want_of_producing",
            "kill of producing cells",
        ),
        Definition(
            "marker_shed", "ng/mL", "marker_per_cells * cancer_cells", "marker that this tumour sustains"
        ),
    ),
    needs=(
        Need("cancer_cells", "Mc", "all clones"),
        Need("cancer_hormone_producing", "Mc", "cells that make hormone"),
        Need("cell_floor", "Mc", "numerical guard"),
        Need("hormone", "1", "hormone in blood"),
        Need("hormone_dependence", "1", "dependence of the tumour on hormone"),
        Need("castration_death_rate", "1/day", "death without any hormone"),
        Need("hormone_synthesis_left", "1", "synthesis that an inhibitor leaves"),
        Need("hormone_support", "1", "hormone for the neighbours of producing cells"),
        Need("hormone_support_half_share", "1", "share of producing cells at half of that"),
        Need("hormone_self_supply", "1", "hormone of producing cells for themselves"),
        Need("marker_per_cells", "ng/mL/Mc", "marker per million cancer cells"),
    ),
    contributes=(
        *(
            Contribution(f"{port}_of_{clone}", "castration_kill")
            for port in _KILL_PORTS
            for clone in _DEPENDENT
        ),
        *(Contribution(f"growth_factor_of_{clone}", "hormone_growth_left") for clone in _DEPENDENT),
        *(
            Contribution(f"{port}_of_hormone_producing", "castration_kill_of_producing")
            for port in _KILL_PORTS
        ),
        Contribution("growth_factor_of_hormone_producing", "hormone_growth_left_to_producing"),
        Contribution("marker_in_balance", "marker_shed"),
    ),
    references=(_ZHANG,),
)


def no_effect(drug: str, tumour: str, dependence: npt.ArrayLike) -> str | None:
    """Return the warning that a hormone therapy does nothing in a tumour, or None where it does something.

    Parameters
    ----------
    drug, tumour
        What the warning calls them.
    dependence
        ``hormone_dependence`` of each patient, any shape: the warning is due when it is 0 in all of them.
    """
    if np.any(np.asarray(dependence) > 0.0):
        return None
    return sentence("therapy.hormone_without_dependence", {"drug": drug, "tumour": tumour})
