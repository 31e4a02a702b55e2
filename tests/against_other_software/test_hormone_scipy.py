"""Prostate clones, hormone and marker against SciPy: the equations coded a second time, in short symbols.

Without T cells the tumour is eleven states of its own: seven clones, hormone, marker, dead cells, and removed nodes,
which stand apart. SciPy's LSODA integrates them with a tolerance of 1e-10.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from unmask.engine import compile_model
from unmask.model.catalogue import load

SWITCHES = ((0.0, 120.0, 0.05, 1.0), (120.0, 260.0, 1.0, 1.0), (260.0, 700.0, 0.05, 0.1))
"""Start, end, production, synthesis left: deprivation, a pause, deprivation with an inhibitor of synthesis."""

CLONES = ("sensitive", "chemo_resistant", "targeted_resistant", "hormone_independent")
CLONES += ("hormone_producing", "multi_resistant", "antigen_loss")
DEPENDENT = np.array([1, 1, 1, 0, 0, 0, 1], dtype=bool)


def clones_by_hand(t, y, p, production, left):
    """The seven clones S RC RT RH HP RX ES, hormone h, marker m, dead cells D, nodes N."""
    c, (h, m, dead, nodes) = y[:7], y[7:]
    total = c.sum()
    share = c[4] / (total + 1e-9)
    seen = np.zeros(7)
    seen[DEPENDENT] = h + (1 - h) * left * p["hormone_support"] * share / (
        share + p["hormone_support_half_share"]
    )
    seen[4] = h + (1 - h) * left * p["hormone_self_supply"]
    want = p["hormone_dependence"] * (1 - seen)
    want[[3, 5]] = 0.0
    room = 1 - total / p["carrying_capacity"] - p["niche_competition"] * total / p["baseline_cancer_cells"]
    fitness = np.full(7, 1 - p["resistance_cost"])
    fitness[0] = 1.0
    grown = (p["net_growth_rate"] + p["basal_death_rate"]) * room * fitness * (1 - want) * c
    lost = (p["basal_death_rate"] + p["castration_death_rate"] * want) * c
    mu, producing, hidden = p["mutation_rate"], p["hormone_producing_rate"], p["antigen_loss_rate"]
    moved = np.array(
        [
            -(3 * mu + producing + hidden) * grown[0],
            mu * (grown[0] - grown[1]),
            mu * (grown[0] - grown[2]),
            mu * (grown[0] - grown[3]),
            producing * grown[0],
            mu * (grown[1] + grown[2] + grown[3]),
            hidden * grown[0],
        ]
    )
    return np.concatenate(
        [
            grown - lost + moved,
            [
                p["hormone_decline_rate"] * (production * left - h),
                p["marker_clearance_rate"] * (p["marker_per_cells"] * total - m),
                lost.sum() - p["dead_cell_clearance_rate"] * dead,
                -p["drainage_recovery_rate"] * nodes,
            ],
        ]
    )


@pytest.mark.parametrize("seed", range(6))
def test_clones_hormone_and_marker_agree_with_scipy(seed):
    rng = np.random.default_rng(seed)
    compiled = compile_model(load("core"))
    index, states, parameters = (
        compiled.state_index,
        compiled.initial_states(1),
        compiled.default_parameters(1),
    )
    own = {
        "net_growth_rate": rng.uniform(0.005, 0.02),
        "castration_death_rate": rng.uniform(0.005, 0.04),
        "hormone_dependence": rng.uniform(0.5, 1.0),
        "hormone_support": rng.uniform(0.2, 1.0),
        "hormone_support_half_share": rng.uniform(0.05, 0.5),
        "hormone_self_supply": rng.uniform(0.5, 1.0),
        "hormone_producing_rate": 1e-5,
        "niche_competition": rng.uniform(0.1, 0.6),
        "marker_per_cells": rng.uniform(0.001, 0.05),
        # nothing of a host
        "naive_priming_rate": 0.0,
        "memory_recall_rate": 0.0,
    }
    for name, value in own.items():
        parameters[:, compiled.parameter_index[name]] = value
    cells = 10 ** rng.uniform(0, 3.5, size=7)
    parameters[:, compiled.parameter_index["baseline_cancer_cells"]] = cells.sum()
    names = (
        *(f"cancer_{clone}" for clone in CLONES),
        "hormone",
        "tumour_marker",
        "dead_cells",
        "removed_nodes",
    )
    columns = [index[name] for name in names]
    states[:, [index["effector_t_cells"], index["tumour_t_cells"]]] = 0.0
    states[0, columns] = [*cells, 1.0, 3.0, 20.0, 0.4]
    by_hand = states[0, columns].copy()
    values = {name: parameters[0, column] for name, column in compiled.parameter_index.items()}
    for start, end, production, left in SWITCHES:
        parameters[:, compiled.parameter_index["hormone_input"]] = production
        parameters[:, compiled.parameter_index["hormone_synthesis_left"]] = left
        result = compiled.integrate(states, parameters, start, end, rtol=1e-8)
        assert not result.failed.any()
        states = result.states
        solution = solve_ivp(
            clones_by_hand,
            (start, end),
            by_hand,
            args=(values, production, left),
            method="LSODA",
            rtol=1e-10,
            atol=1e-12,
        )
        assert solution.success
        by_hand = solution.y[:, -1]
        np.testing.assert_allclose(states[0, columns], by_hand, rtol=1e-5, atol=1e-6)
