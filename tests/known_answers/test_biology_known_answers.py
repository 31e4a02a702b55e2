"""Mechanisms whose behaviour is known in closed form or by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from unmask.model.catalogue import load
from unmask.model.evaluate import Evaluator


class Patient:
    """The core model with some values changed, integrated by SciPy."""

    def __init__(self, states: dict[str, float], parameters: dict[str, float]) -> None:
        self.model = load("core")
        self.evaluator = Evaluator(self.model)
        self.y = np.array([states.get(item.name, item.initial) for item in self.model.species])
        self.p = np.array([parameters.get(item.name, item.value) for item in self.model.parameters])
        assert set(states) <= set(self.model.species_names)
        assert set(parameters) <= set(self.model.parameter_names)

    def at(self, times: np.ndarray) -> dict[str, np.ndarray]:
        solution = solve_ivp(
            lambda t, y: self.evaluator.rates(t, y, self.p),
            (0.0, times[-1]),
            self.y,
            method="LSODA",
            t_eval=times,
            rtol=1e-10,
            atol=1e-10,
        )
        assert solution.success
        return dict(zip(self.model.species_names, solution.y, strict=True))

    def value(self, name: str) -> float:
        return float(self.evaluator.values(0.0, self.y, self.p)[name])


CLONES = (
    "cancer_sensitive",
    "cancer_chemo_resistant",
    "cancer_targeted_resistant",
    "cancer_hormone_independent",
    "cancer_hormone_producing",
    "cancer_multi_resistant",
    "cancer_antigen_loss",
)
NO_HOST = {"naive_precursors": 0.003, "naive_priming_rate": 0.0, "memory_recall_rate": 0.0}
NO_CELLS = dict.fromkeys(CLONES, 0.0) | {"effector_t_cells": 0.0, "regulatory_t_cells": 0.0}


def test_without_death_or_immunity_a_clone_grows_logistically():
    start, rate, capacity = 1e5, 0.02, 4e6
    patient = Patient(
        NO_CELLS | {"cancer_sensitive": start},
        NO_HOST
        | {"net_growth_rate": rate, "basal_death_rate": 0.0, "carrying_capacity": capacity}
        | {"mutation_rate": 0.0, "antigen_loss_rate": 0.0},
    )
    times = np.linspace(0, 600, 13)
    expected = capacity / (1 + (capacity / start - 1) * np.exp(-rate * times))
    np.testing.assert_allclose(patient.at(times)["cancer_sensitive"], expected, rtol=1e-7)


def test_a_small_clone_grows_exponentially_at_the_net_rate_whatever_its_turnover():
    patient = Patient(
        NO_CELLS | {"cancer_sensitive": 1.0},
        NO_HOST
        | {"net_growth_rate": 0.01, "basal_death_rate": 0.05, "carrying_capacity": 1e15}
        | {"mutation_rate": 0.0, "antigen_loss_rate": 0.0},
    )
    times = np.linspace(0, 400, 9)
    np.testing.assert_allclose(patient.at(times)["cancer_sensitive"], np.exp(0.01 * times), rtol=1e-7)


def test_mutation_moves_cells_between_clones_and_makes_none():
    """With equal fitness and no death, total growth equals that without mutation."""
    parameters = NO_HOST | {"basal_death_rate": 0.0, "resistance_cost": 0.0, "mutation_rate": 1e-3}
    patient = Patient(NO_CELLS | {"cancer_sensitive": 100.0}, parameters | {"antigen_loss_rate": 1e-3})
    rates = dict(
        zip(patient.model.species_names, patient.evaluator.rates(0.0, patient.y, patient.p), strict=True)
    )
    growth = patient.value("division_rate") * 100.0
    assert sum(rates[name] for name in CLONES) == pytest.approx(growth, rel=1e-13)
    for name in CLONES[1:4]:
        assert rates[name] == pytest.approx(1e-3 * growth, rel=1e-13)


def test_a_held_tumour_does_not_change_while_its_host_does():
    patient = Patient({}, {"tumour_dynamics_on": 0.0})
    after = patient.at(np.array([0.0, 50.0]))
    for name in CLONES:
        assert after[name][1] == after[name][0]
    assert after["tumour_t_cells"][1] > 0


def test_dead_cells_are_cleared_exponentially():
    patient = Patient(NO_CELLS | {"dead_cells": 50.0}, NO_HOST)
    times = np.array([0.0, 3.0, 10.0])
    np.testing.assert_allclose(patient.at(times)["dead_cells"], 50 * np.exp(-0.2058 * times), rtol=1e-7)


def test_neutrophils_rest_where_feedback_and_floor_balance():
    """Friberg steady state: n + floor = baseline in every stage."""
    rest = 5.0 - 0.01
    stages = ["neutrophil_precursors", *(f"neutrophil_transit_{k}" for k in (1, 2, 3)), "neutrophils"]
    patient = Patient(dict.fromkeys(stages, rest), {})
    rates = dict(
        zip(patient.model.species_names, patient.evaluator.rates(0.0, patient.y, patient.p), strict=True)
    )
    assert max(abs(rates[name]) for name in stages) < 1e-15
    # and returns there: the equilibrium is stable
    disturbed = Patient(dict.fromkeys(stages, 2.0), {})
    assert disturbed.at(np.array([0.0, 400.0]))["neutrophils"][1] == pytest.approx(rest, rel=1e-4)


def test_neutrophil_nadir_after_a_standard_cycle():
    """Specification section 9: lowest on day 8 at 0.71e9/L, recovered by day 21 (median patient)."""
    times = np.linspace(0, 21, 211)
    course = Patient({"chemo_effect": 0.7}, {}).at(times)["neutrophils"]
    assert times[course.argmin()] == pytest.approx(8.0, abs=1.0)
    assert course.min() == pytest.approx(0.71, abs=0.1)
    assert course[-1] > 4.0


@pytest.mark.parametrize("seed", range(20))
def test_pd1_binding_is_the_root_of_the_law_of_mass_action(seed):
    rng = np.random.default_rng(seed)
    pd1, pdl1, affinity = 10 ** rng.uniform(-1, 3, 3)
    patient = Patient(
        {"pdl1_induction": 1.0, "cancer_sensitive": 1e6},
        {"pd1_density": pd1, "pdl1_density": pdl1, "pd1_pdl1_affinity": affinity, "pdl2_density": 0.0},
    )
    ligand = patient.value("pdl1_free_to_bind")
    root = brentq(
        lambda b: (pd1 - b) * (ligand - b) - affinity * b, 0.0, min(pd1, ligand), xtol=1e-300, rtol=8.9e-16
    )
    assert patient.value("pd1_bound") == pytest.approx(root, rel=1e-11)


def test_full_blockade_of_pdl1_leaves_only_pdl2():
    patient = Patient(
        {"anti_pdl1_peripheral": 1.0}, {"anti_pdl1_max_occupancy": 1.0, "anti_pdl1_affinity": 0.0}
    )
    pd1, share = 176.0, patient.value("microenvironment")
    assert patient.value("pd1_bound") == pytest.approx(0.07 * 144.5 * share * pd1 / (4.15 + pd1), rel=1e-12)


def test_blocking_pd1_unmasks_and_no_antibody_leaves_the_mask():
    masked = Patient({}, {})
    assert masked.value("pd_occupancy") == 0.0
    assert masked.value("mask") > 0.9
    freed = Patient({"anti_pd1_peripheral": 100.0}, {"anti_pd1_affinity": 0.4})
    assert freed.value("mask") < 0.3


def test_killing_saturates_in_the_ratio_of_t_cells_to_cancer_cells():
    unmasked = {"pdl1_density": 0.0, "pdl2_density": 0.0, "treg_kill_inhibition": 0.0, "max_kill_rate": 2.0}
    crowd = Patient({"tumour_t_cells": 1e12}, unmasked)
    assert crowd.value("kill_rate") == pytest.approx(2.0, rel=1e-6)
    half = Patient(NO_CELLS | {"cancer_sensitive": 100.0, "tumour_t_cells": 120.0}, unmasked)
    assert half.value("kill_rate") == pytest.approx(1.0, rel=1e-9)


def test_antigen_loss_hides_from_killing_and_from_antigen():
    seen = Patient(NO_CELLS | {"cancer_sensitive": 100.0, "tumour_t_cells": 50.0}, {})
    hidden = Patient(NO_CELLS | {"cancer_antigen_loss": 100.0, "tumour_t_cells": 50.0}, {})
    assert hidden.value("kill_rate") == pytest.approx(seen.value("kill_rate"), rel=1e-12)
    assert hidden.value("immune_kill") == pytest.approx(0.02 * seen.value("immune_kill"), rel=1e-12)
    assert hidden.value("antigen_release") < 0.02 * seen.value("antigen_release")


def test_a_standard_cycle_kills_the_log_kill_of_sensitive_cells():
    quiet = NO_HOST | {"net_growth_rate": 0.0, "basal_death_rate": 0.0}
    patient = Patient(
        NO_CELLS | {"cancer_sensitive": 100.0, "cancer_chemo_resistant": 100.0, "chemo_effect": 0.7},
        quiet | {"chemo_log_kill": 1.5},
    )
    after = patient.at(np.array([0.0, 60.0]))
    assert after["cancer_sensitive"][1] == pytest.approx(100 * np.exp(-1.5), rel=1e-7)
    assert after["cancer_chemo_resistant"][1] == pytest.approx(100 * np.exp(-0.15), rel=1e-7)


def test_without_drugs_autoreactivity_stays_at_its_set_point():
    patient = Patient({"autoreactivity": 1.3}, {"autoreactivity_set_point": 1.3})
    after = patient.at(np.array([0.0, 300.0]))
    assert after["autoreactivity"][1] == pytest.approx(1.3, rel=1e-9)
    assert after["tolerance"][1] == pytest.approx(0.0, abs=1e-9)
