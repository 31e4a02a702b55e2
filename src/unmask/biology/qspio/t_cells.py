"""Naive, activated and effector T cells of a lineage: once as CD8 T cells, once as regulatory T cells.

Equations (N naive cells, A activated cells, T effectors; in blood B, peripheral tissue P, lymph node L, tumour)::

    dN_B/dt = thymic_output / diversity + renewal(N_B) - naive_death_rate N_B - peripheral_entry_rate N_B
              + peripheral_exit_rate N_P - naive_node_entry * central_volume * N_B + lymph_node_exit_rate N_L
    dN_P/dt = renewal(N_P) - naive_death_rate N_P + peripheral_entry_rate N_B - peripheral_exit_rate N_P
    dN_L/dt = naive_node_entry * central_volume * N_B - lymph_node_exit_rate N_L - activation
    dA/dt   = clones * activation - division_rate A
    dT_L/dt = division_rate * 2^divisions * A - death_rate T_L - lymph_node_exit_rate T_L
    dT_B/dt = lymph_node_exit_rate T_L - death_rate T_B - peripheral_entry_rate T_B + peripheral_exit_rate T_P - entry
    dT_P/dt = peripheral_entry_rate T_B - peripheral_exit_rate T_P - death_rate T_P
    dT/dt   = entry - death_rate T - exhaustion                                                    [in the tumour]
    renewal(N) = (renewal_rate / diversity) N / (renewal_half / diversity + N)
    activation = activation_rate * presenting_share * antigen_signal * N_L
    entry      = tumour_entry * tumour_volume * T_B

Naive cells are counted per clone (``diversity`` clones in the body), all others over the ``clones`` that know the
antigen. The lineages are two groups: ``cd8__cells_tumour`` and ``treg__cells_tumour``.

Source: Sove 2020, example 1 as exported; the published names of CD8 T cells end in T1, those of Tregs in T0.
"""

from __future__ import annotations

from collections.abc import Mapping

from unmask.biology.qspio.exported import REFERENCES, exported
from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Species

SPIDER = {
    "T1": {
        "clones": (3.0, 1000.0),
        "thymic_output": (2e8, 1e10),
        "lymph_node_exit_rate": (0.2, 10.0),
        "death_rate": (0.38, 10.0),
    }
}
"""Ranges of the paper's spider plot, which varies CD8 T cells only."""


def lineage(
    name: str,
    description: str,
    published: str,
    *,
    initial: Mapping[str, float],
    diversity: float,
    clones: float,
    thymic_output: float,
    peripheral_exit_rate: float,
    presenting: str,
    contributes: tuple[Contribution, ...],
) -> Module:
    """Return the module of a lineage of T cells.

    Parameters
    ----------
    published
        The end of the published names: ``"T1"`` or ``"T0"``.
    initial
        Initial number of each of the eight kinds of cells.
    diversity, clones, thymic_output, peripheral_exit_rate
        The values in which the lineages differ.
    presenting
        The port with the share of T cells that find an antigen-presenting cell: mature for CD8, immature for Tregs.
    contributes
        What the lineage is to others.
    """
    x = published
    spider = SPIDER.get(x, {})

    def cells(symbol: str, description: str, published: str) -> Species:
        return Species(
            symbol,
            "cell",
            f"{description} ({published})",
            initial=initial[symbol],
            absolute_tolerance=min(1e-3, 1e-6 * initial[symbol]),
        )

    return Module(
        name=name,
        description=description,
        species=(
            cells("naive_blood", "naive cells of a clone in blood", f"V_C.n{x}"),
            cells("naive_peripheral", "naive cells of a clone in peripheral tissue", f"V_P.n{x}"),
            cells("naive_lymph_node", "naive cells of a clone in the lymph node", f"V_LN.n{x}"),
            cells("activated", "activated cells in the lymph node", f"V_LN.a{x}"),
            cells("cells_lymph_node", "effectors in the lymph node", f"V_LN.{x}"),
            cells("cells_blood", "effectors in blood", f"V_C.{x}"),
            cells("cells_peripheral", "effectors in peripheral tissue", f"V_P.{x}"),
            cells("cells_tumour", "effectors in the tumour", f"V_T.{x}"),
        ),
        parameters=(
            exported("diversity", diversity, "1", "clones of naive cells in the body", f"div_{x}"),
            exported(
                "clones",
                clones,
                "1",
                "clones that know the antigen",
                f"n_{x}_clones",
                factor=10.0,
                spider=spider.get("clones"),
            ),
            exported(
                "thymic_output",
                thymic_output,
                "cell/day",
                "naive cells that the thymus gives, all clones",
                f"Q_n{x}_thym",
                spider=spider.get("thymic_output"),
            ),
            exported(
                "renewal_rate", 3.2e8, "cell/day", "largest renewal of naive cells, all clones", f"k_n{x}_pro"
            ),
            exported("renewal_half", 1e9, "cell", "naive cells at half the largest renewal", f"K_n{x}_pro"),
            exported("naive_death_rate", 0.002, "1/day", "death of naive cells", f"k_n{x}_death"),
            exported(
                "peripheral_entry_rate",
                57.888,
                "1/day",
                "from blood to peripheral tissue",
                f"q_{x}_P_in, 0.0402/minute",
            ),
            exported(
                "peripheral_exit_rate",
                peripheral_exit_rate,
                "1/day",
                "from peripheral tissue to blood",
                f"q_{x}_P_out",
            ),
            exported(
                "naive_node_entry",
                0.07,
                "1/(mL*day)",
                "naive cells from blood to the lymph node, per volume of blood",
                f"q_LN_{x}_in",
            ),
            exported(
                "lymph_node_exit_rate",
                1.13,
                "1/day",
                "from the lymph node to blood",
                f"q_{x}_LN_out",
                spider=spider.get("lymph_node_exit_rate"),
            ),
            exported(
                "tumour_entry",
                9.648e-4,
                "1/(mL*day)",
                "effectors from blood to the tumour, per volume of tumour",
                f"q_{x}_T_in, 6.7e-7/(cm3 minute)",
            ),
            exported("activation_rate", 20.0, "1/day", "largest activation of naive cells", f"k_{x}_act"),
            exported("division_rate", 1.0, "1/day", "activated cells that become effectors", f"k_{x}_pro"),
            exported(
                "death_rate",
                2.0,
                "1/day",
                "death of effectors",
                f"k_{x}_death",
                spider=spider.get("death_rate"),
            ),
        ),
        rules=(
            Definition(
                "renewal_blood",
                "cell/day",
                "renewal_rate / diversity * naive_blood / (renewal_half / diversity + naive_blood)",
                "renewal of naive cells in blood",
            ),
            Definition(
                "renewal_peripheral",
                "cell/day",
                "renewal_rate / diversity * naive_peripheral / (renewal_half / diversity + naive_peripheral)",
                "renewal of naive cells in peripheral tissue",
            ),
            Definition(
                "naive_entry",
                "cell/day",
                "naive_node_entry * central_volume * naive_blood",
                "naive cells that enter the lymph node",
            ),
            Definition(
                "activation",
                "cell/day",
                f"activation_rate * {presenting} * antigen_signal * naive_lymph_node",
                "naive cells of a clone that are activated",
            ),
            Definition(
                "entry",
                "cell/day",
                "tumour_entry * tumour_volume * cells_blood",
                "effectors that enter the tumour",
            ),
            Definition(
                "lost_in_tumour",
                "cell/day",
                "death_rate * cells_tumour + exhaustion",
                "effectors that die or tire in the tumour",
            ),
        ),
        rates=(
            Rate(
                "naive_blood",
                "thymic_output / diversity + renewal_blood - naive_death_rate * naive_blood"
                " - peripheral_entry_rate * naive_blood + peripheral_exit_rate * naive_peripheral"
                " - naive_entry + lymph_node_exit_rate * naive_lymph_node",
            ),
            Rate(
                "naive_peripheral",
                "renewal_peripheral - naive_death_rate * naive_peripheral"
                " + peripheral_entry_rate * naive_blood - peripheral_exit_rate * naive_peripheral",
            ),
            Rate("naive_lymph_node", "naive_entry - lymph_node_exit_rate * naive_lymph_node - activation"),
            Rate("activated", "clones * activation - division_rate * activated"),
            Rate(
                "cells_lymph_node",
                "division_rate * 2**divisions * activated - death_rate * cells_lymph_node"
                " - lymph_node_exit_rate * cells_lymph_node",
            ),
            Rate(
                "cells_blood",
                "lymph_node_exit_rate * cells_lymph_node - death_rate * cells_blood"
                " - peripheral_entry_rate * cells_blood + peripheral_exit_rate * cells_peripheral - entry",
            ),
            Rate(
                "cells_peripheral",
                "peripheral_entry_rate * cells_blood - peripheral_exit_rate * cells_peripheral"
                " - death_rate * cells_peripheral",
            ),
            Rate("cells_tumour", "entry - lost_in_tumour"),
        ),
        needs=(
            Need("central_volume", "mL", "blood"),
            Need("tumour_volume", "mL", "volume of the tumour"),
            Need(presenting, "1", "share of T cells that find an antigen-presenting cell"),
            Need("antigen_signal", "1", "response of the T-cell receptor to its antigen"),
            Need("divisions", "1", "divisions of an activated cell"),
            Need("exhaustion", "cell/day", "effectors that tire in the tumour", "sum"),
        ),
        provides=("cells_tumour", "clones"),
        contributes=(
            Contribution("t_cells_lost_in_tumour", "lost_in_tumour"),
            Contribution("t_cells_in_tumour", "cells_tumour"),
            *contributes,
        ),
        references=REFERENCES,
    )


CD8_T_CELLS = lineage(
    "cd8_t_cells",
    "CD8 T cells that know the tumour antigen",
    "T1",
    initial={
        "naive_blood": 10917.8462489435,
        "naive_peripheral": 631601.565123608,
        "naive_lymph_node": 3379220.95151892,
        "activated": 575268.368343126,
        "cells_lymph_node": 6010186141.54383,
        "cells_blood": 167058759.748195,
        "cells_peripheral": 3216660467.68575,
        "cells_tumour": 1076400.93051691,
    },
    diversity=1.11e6,
    clones=100.0,
    thymic_output=3.2e9,
    peripheral_exit_rate=1.0,
    presenting="mature_presenting_share",
    contributes=(
        Contribution("cytotoxic_in_tumour", "cells_tumour"),
        Contribution("helped_in_lymph_node", "cells_lymph_node"),
        Contribution("interleukin2_makers", "activated"),
    ),
).instantiate("cd8")

REGULATORY_T_CELLS = lineage(
    "regulatory_t_cells",
    "Regulatory T cells that know the self-antigen",
    "T0",
    initial={
        "naive_blood": 21.3582731635232,
        "naive_peripheral": 76379.7171865414,
        "naive_lymph_node": 6308.40363525054,
        "activated": 325443.86318484,
        "cells_lymph_node": 3410087972.79383,
        "cells_blood": 64798527.7982662,
        "cells_peripheral": 1864091701.56689,
        "cells_tumour": 439766.695919215,
    },
    diversity=1.16e6,
    clones=1000.0,
    thymic_output=5e8,
    peripheral_exit_rate=0.015,
    presenting="immature_presenting_share",
    contributes=(
        Contribution("suppressors_in_tumour", "cells_tumour"),
        Contribution("suppressors_in_lymph_node", "cells_lymph_node"),
    ),
).instantiate("treg")
