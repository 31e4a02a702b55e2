"""Surgery: resection to a residual fraction, removed lymph nodes, and disease that was seeded before.

Equations (r residual share of the margin; n share of the draining lymph nodes removed)::

    all clones, dead cells, stroma, infiltrate, T cells of the tumour = * r             in the lesions resected
    seeded cells  = seeded_cells * min(1, C before / C at baseline), in the share seeding_probability of patients,
                    in the proportions of the clones before the operation
    removed_nodes = 1 - (1 - removed_nodes) * (1 - n)     lowers priming until other nodes drain (``lymph_nodes``)
    activated T cells = * (1 - n);   memory T cells = * (1 - n * memory_share_in_nodes)

Seeded disease was too small to be seen and stands in no number before the operation. It is taken to have answered
therapy before the operation as the tumour did. It grows beside what was left, in the patient's smallest lesion where
there are several, so that relapse comes from residual and from seeded cells.

Source: model specification section 4 for the residual share; R1, R2, seeding and nodes are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from unmask.errors import ConfigurationError
from unmask.model.module import Module
from unmask.model.system import Parameter
from unmask.therapy.procedure import ONE_CELL, Array, Body, Rows

Margin = Literal["R0", "R1", "R2"]
Flags = NDArray[np.bool_]
SURROUNDINGS = (
    "dead_cells",
    "stroma",
    "infiltrate",
    "tumour_t_cells",
    "exhausted_t_cells",
    "regulatory_t_cells",
)
"""What lies in a tumour beside its cancer cells, and goes with it."""

SURGERY = Module(
    name="surgery",
    description="What operations leave: read by resections",
    event_parameters=(
        Parameter(
            "residual_share_r0",
            1e-4,
            "1",
            "share of the tumour that stays after complete resection",
            0.0,
            1e-2,
            "assumed (feasibility study)",
            "assumed",
        ),
        Parameter(
            "residual_share_r1",
            1e-2,
            "1",
            "share of the tumour that stays when the margin holds microscopic tumour",
            1e-4,
            0.1,
            "assumed",
            "assumed",
        ),
        Parameter(
            "residual_share_r2",
            0.1,
            "1",
            "share of the tumour that stays when visible tumour was left",
            1e-2,
            0.9,
            "assumed",
            "assumed",
        ),
        Parameter(
            "seeding_probability",
            0.3,
            "1",
            "patients with distant disease too small to be seen",
            0.0,
            1.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "seeded_cells",
            10.0,
            "Mc",
            "cancer cells of such disease",
            1e-6,
            100.0,
            "assumed: ten million cells, a deposit of 3.6 mm",
            "assumed",
        ),
        Parameter(
            "memory_share_in_nodes",
            0.3,
            "1",
            "memory T cells that sit in the draining lymph nodes",
            0.0,
            1.0,
            "assumed",
            "assumed",
        ),
    ),
)


@dataclass(frozen=True)
class Resection:
    """What operations did: cancer cells removed ``(n, lesions)`` and cells seeded before ``(n,)``, both Mc."""

    removed: Array
    seeded: Array


def resect(
    body: Body,
    rows: Rows,
    margin: Margin = "R0",
    *,
    residual: float | None = None,
    lesions: Flags | None = None,
    nodes_removed: float = 0.0,
    seeding: Array | None = None,
) -> Resection:
    """Operate on the patients ``rows``; changes their states in place.

    Parameters
    ----------
    body
        The patients.
    rows
        Whom to operate, shape ``(n,)``.
    margin
        R0 complete, R1 microscopic, R2 visible residual; the shares are parameters of the model.
    residual
        Share that stays, 0 or more and below 1, instead of that of the margin.
    lesions
        Which lesions are resected, shape ``(n, lesions)``; all if not given.
    nodes_removed
        Share of the draining lymph nodes that is removed, 0 to 1.
    seeding
        A uniform number for each patient, shape ``(n,)``: those below ``seeding_probability`` have seeded disease.
        Nobody has if not given.

    Raises
    ------
    ConfigurationError
        ``therapy.unknown_margin``, ``therapy.impossible_residual`` or ``therapy.impossible_node_share``.
    """
    if margin not in get_args(Margin):
        raise ConfigurationError("therapy.unknown_margin", margin=margin, known=", ".join(get_args(Margin)))
    if residual is not None and not 0.0 <= residual < 1.0:
        raise ConfigurationError("therapy.impossible_residual", share=residual)
    if not 0.0 <= nodes_removed <= 1.0:
        raise ConfigurationError("therapy.impossible_node_share", share=nodes_removed)
    shape = (rows.size, len(body.lesions))
    resected = np.broadcast_to(np.asarray(True if lesions is None else lesions), shape)
    before = body.states[rows[:, None, None], body.clone_columns()]
    stays = body.lesion_parameter(f"residual_share_{margin.lower()}", rows) if residual is None else residual
    left = np.where(resected, stays, 1.0)
    after = before * left[:, :, None]
    after[after < ONE_CELL] = 0.0
    removed: Array = (before - after).sum(axis=2)
    for name in SURROUNDINGS:
        body.states[np.ix_(rows, body.columns(name))] *= left
    seeded = np.zeros(rows.size)
    if seeding is not None:
        deposits = _seeded(body, rows, before, seeding)
        seeded = deposits.sum(axis=1)
        smallest = np.where(body.present(rows), after.sum(axis=2), np.inf).argmin(axis=1)
        after[np.arange(rows.size), smallest] += deposits
    body.states[rows[:, None, None], body.clone_columns()] = after
    _remove_nodes(body, rows, nodes_removed)
    return Resection(removed, seeded)


def _seeded(body: Body, rows: Rows, before: Array, seeding: Array) -> Array:
    """Return the seeded cells of each clone, Mc, shape ``(n, clones)``."""
    clones = before.sum(axis=1)
    total = clones.sum(axis=1)
    at_baseline = (body.present(rows) * body.lesion_parameter("baseline_cancer_cells", rows)).sum(axis=1)
    cells = body.parameter("seeded_cells", rows) * np.minimum(total / at_baseline, 1.0)
    has = (seeding < body.parameter("seeding_probability", rows)) & (total > 0.0)
    shares = clones / np.where(total > 0.0, total, 1.0)[:, None]
    deposits: Array = np.where(has, cells, 0.0)[:, None] * shares
    deposits[deposits < ONE_CELL] = 0.0
    return deposits


def _remove_nodes(body: Body, rows: Rows, share: float) -> None:
    states, index = body.states, body.state_index
    gone = index["removed_nodes"]
    states[rows, gone] = 1.0 - (1.0 - states[rows, gone]) * (1.0 - share)
    states[rows, index["activated_t_cells"]] *= 1.0 - share
    states[rows, index["memory_t_cells"]] *= 1.0 - share * body.parameter("memory_share_in_nodes", rows)
