"""Seven clones of cancer cells: mutation, selection, and escape from T cells by loss of antigen.

Equations, for clone i with C_i cells (a_i = 1, or ``antigen_loss_presentation`` for the antigen-loss clone)::

    growth_i  = division_rate * fitness_i * growth_factor_i * C_i          fitness 1, or 1 - resistance_cost
    cycling_i = crowding * growth_factor_i                     share of the cells in cycle, relative to free growth
    loss_i    = (basal_death_rate + a_i * kill_rate + direct_kill_i + cycling_i * cycling_kill_i) * C_i
    dC_i/dt   = tumour_dynamics_on * (growth_i - loss_i + mutation_i)

    mutation: sensitive           -(3 mutation_rate + hormone_producing_rate + antigen_loss_rate) * growth
              chemo-, targeted-,
              hormone-resistant   mutation_rate * (growth of sensitive - own growth)
              multi-resistant     mutation_rate * (growth of the three)
              hormone-producing   hormone_producing_rate * growth of sensitive
              antigen-loss        antigen_loss_rate * growth of sensitive

The clones know no therapy. Any therapy acts by contributing to ``direct_kill_of_<clone>`` (sum, per day),
``cycling_kill_of_<clone>`` (sum, per day; strikes cells in cycle only, so that a drug which stops growth protects from
one which kills dividing cells), ``immunogenic_kill_of_<clone>`` and ``immunogenic_cycling_kill_of_<clone>`` (the same
kills, weighted by how immunogenic the death is) and
``growth_factor_of_<clone>`` (product). ``tumour_dynamics_on`` is 0 while the immune system settles around a
tumour of given size (burn-in), else 1. Fewer than 1e-6 Mc (one cell) is none.

Source: model specification sections 1 to 3; the hormone-producing clone, absent from tumours that need no hormone
(share and mutation rate 0), after the three clones of Zhang 2017. Mutation rates, cost and the visibility of
antigen-loss cells are assumed; the resistant clone is why chemotherapy responses end, the antigen-loss clone why
immune ones can.
"""

from __future__ import annotations

from unmask.biology.sources import CORE
from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Species

RESISTANT = ("chemo_resistant", "targeted_resistant", "hormone_independent")
CLONES_IN_ORDER = ("sensitive", *RESISTANT, "hormone_producing", "multi_resistant", "antigen_loss")
ONE_CELL = 1e-6

_MEANING = {
    "sensitive": "sensitive to every therapy",
    "chemo_resistant": "resistant to chemotherapy",
    "targeted_resistant": "resistant to targeted drugs",
    "hormone_independent": "growing without hormone",
    "hormone_producing": "making hormone of their own",
    "multi_resistant": "resistant to every direct therapy",
    "antigen_loss": "with defective antigen presentation (HLA, B2M or JAK loss), sensitive to direct therapy",
}
# The median lung-cancer patient at baseline (specification section 5): an example; cohorts set their own.
_BASELINE_CELLS = 11034.0
_BASELINE_SHARE = {
    "sensitive": 0.771,
    "chemo_resistant": 0.228,
    "targeted_resistant": 1e-5,
    "hormone_independent": 0.0,
    "hormone_producing": 0.0,
    "multi_resistant": 1e-6,
    "antigen_loss": 1e-3,
}


def _clone(name: str) -> Species:
    return Species(
        f"cancer_{name}",
        "Mc",
        f"cancer cells {_MEANING[name]}",
        initial=_BASELINE_CELLS * _BASELINE_SHARE[name],
        extinct_below=ONE_CELL,
        absolute_tolerance=1e-7,
    )


def _growth(name: str) -> Definition:
    fitness = "" if name == "sensitive" else " * (1 - resistance_cost)"
    text = f"division_rate{fitness} * growth_factor_of_{name} * cancer_{name}"
    return Definition(f"growth_of_{name}", "Mc/day", text, f"new {name.replace('_', '-')} cells")


def _cycling(name: str) -> Definition:
    text = f"crowding * growth_factor_of_{name}"
    return Definition(f"cycling_of_{name}", "1", text, f"{name.replace('_', '-')} cells in cycle, relative")


def _loss(name: str) -> Definition:
    visible = "antigen_loss_presentation * kill_rate" if name == "antigen_loss" else "kill_rate"
    therapy = f"direct_kill_of_{name} + cycling_of_{name} * cycling_kill_of_{name}"
    text = f"(basal_death_rate + {visible} + {therapy}) * cancer_{name}"
    return Definition(f"loss_of_{name}", "Mc/day", text, f"dying {name.replace('_', '-')} cells")


def _released(name: str) -> str:
    therapy = f"immunogenic_kill_of_{name} + cycling_of_{name} * immunogenic_cycling_kill_of_{name}"
    dying = f"(basal_death_rate + {{}}kill_rate + {therapy}) * cancer_{name}"
    if name == "antigen_loss":
        return "antigen_loss_presentation * " + dying.format("antigen_loss_presentation * ")
    return dying.format("")


def _rate(name: str) -> Rate:
    if name == "sensitive":
        mutation = "- (3 * mutation_rate + hormone_producing_rate + antigen_loss_rate) * growth_of_sensitive"
    elif name in RESISTANT:
        mutation = f"+ mutation_rate * (growth_of_sensitive - growth_of_{name})"
    elif name == "hormone_producing":
        mutation = "+ hormone_producing_rate * growth_of_sensitive"
    elif name == "multi_resistant":
        mutation = "+ mutation_rate * (" + " + ".join(f"growth_of_{clone}" for clone in RESISTANT) + ")"
    else:
        mutation = "+ antigen_loss_rate * growth_of_sensitive"
    return Rate(f"cancer_{name}", f"tumour_dynamics_on * (growth_of_{name} - loss_of_{name} {mutation})")


def _total(prefix: str, names: tuple[str, ...] = CLONES_IN_ORDER) -> str:
    return " + ".join(prefix + name for name in names)


CLONES = Module(
    name="clones",
    description="Seven clones under selection",
    species=tuple(_clone(name) for name in CLONES_IN_ORDER),
    parameters=(
        Parameter(
            "tumour_dynamics_on",
            1.0,
            "1",
            "1: cancer cells grow and die; 0: held, while the host settles",
            0.0,
            1.0,
            "switch of the burn-in",
            "definition",
        ),
        Parameter(
            "resistance_cost",
            0.1,
            "1",
            "growth lost by any resistance or escape",
            0.0,
            0.5,
            "assumed",
            "assumed",
        ),
        Parameter(
            "mutation_rate",
            1e-6,
            "1",
            "mutation to each resistance, per division",
            1e-9,
            1e-5,
            "assumed",
            "assumed",
        ),
        Parameter(
            "hormone_producing_rate",
            0.0,
            "1",
            "mutation to making hormone, per division",
            0.0,
            1e-5,
            "set by the tumour type; 0 where hormone does not matter",
            "definition",
        ),
        Parameter(
            "antigen_loss_rate",
            1e-7,
            "1",
            "loss of antigen presentation, per division",
            1e-9,
            1e-5,
            "assumed",
            "assumed",
        ),
        Parameter(
            "antigen_loss_presentation",
            0.02,
            "1",
            "antigen presented by antigen-loss cells, relative to others",
            0.0,
            0.2,
            "assumed",
            "assumed",
        ),
    ),
    rules=(
        Definition("cancer_cells", "Mc", _total("cancer_"), "all cancer cells"),
        Definition(
            "presenting_cells",
            "Mc",
            _total("cancer_", CLONES_IN_ORDER[:-1]) + " + antigen_loss_presentation * cancer_antigen_loss",
            "cancer cells weighted by the antigen they present",
        ),
        *(_growth(name) for name in CLONES_IN_ORDER),
        *(_cycling(name) for name in CLONES_IN_ORDER),
        *(_loss(name) for name in CLONES_IN_ORDER),
        Definition("cancer_cell_death", "Mc/day", _total("loss_of_"), "cancer cells dying of anything"),
        Definition("immune_kill", "Mc/day", "kill_rate * presenting_cells", "cancer cells killed by T cells"),
        Definition(
            "antigen_release",
            "Mc/day",
            " + ".join(_released(name) for name in CLONES_IN_ORDER),
            "antigen of dying cells, as cells' worth",
        ),
        Definition(
            "resistant_share",
            "1",
            f"({_total('cancer_', CLONES_IN_ORDER[1:-1])}) / (cancer_cells + cell_floor)",
            "share of cancer cells resistant to some direct therapy",
        ),
        Definition(
            "antigen_loss_share",
            "1",
            "cancer_antigen_loss / (cancer_cells + cell_floor)",
            "share of cancer cells that hide their antigens",
        ),
    ),
    rates=tuple(_rate(name) for name in CLONES_IN_ORDER),
    needs=(
        Need("division_rate", "1/day", "divisions per sensitive cell"),
        Need("crowding", "1", "growth left by crowding"),
        Need("basal_death_rate", "1/day", "death without attack"),
        Need("kill_rate", "1/day", "immune kill of an antigen-positive cell"),
        Need("cell_floor", "Mc", "numerical guard"),
        *(
            need
            for name in CLONES_IN_ORDER
            for need in (
                Need(f"direct_kill_of_{name}", "1/day", "kill by therapies", "sum"),
                Need(f"immunogenic_kill_of_{name}", "1/day", "the same, as antigen source", "sum"),
                Need(f"cycling_kill_of_{name}", "1/day", "kill of cells in cycle by therapies", "sum"),
                Need(f"immunogenic_cycling_kill_of_{name}", "1/day", "the same, as antigen source", "sum"),
                Need(f"growth_factor_of_{name}", "1", "growth left by therapies", "product"),
            )
        ),
    ),
    provides=(
        "cancer_cells",
        "cancer_hormone_producing",
        "cancer_cell_death",
        "immune_kill",
        "resistant_share",
        "antigen_loss_share",
        "antigen_loss_presentation",
    ),
    contributes=(Contribution("antigen_drained", "antigen_release"),),
    references=(CORE,),
)
