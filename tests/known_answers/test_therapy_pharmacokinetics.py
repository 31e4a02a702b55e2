"""Doses and drug courses against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from unmask.model.catalogue import load
from unmask.model.evaluate import Evaluator
from unmask.therapy.regimen import load_drug


def course(
    states: dict[str, float], parameters: dict[str, float], times: np.ndarray
) -> dict[str, np.ndarray]:
    model = load("core")
    evaluator = Evaluator(model)
    y = np.array([states.get(item.name, item.initial) for item in model.species])
    p = np.array([parameters.get(item.name, item.value) for item in model.parameters])
    solution = solve_ivp(
        lambda t, x: evaluator.rates(t, x, p), (0.0, times[-1]), y, "LSODA", times, rtol=1e-10, atol=1e-10
    )
    assert solution.success
    return dict(zip(model.species_names, solution.y, strict=True))


def two_compartments(dose, clearance, central, between, peripheral, times):
    """Bolus in a two-compartment model: A exp(-alpha t) + B exp(-beta t) (Gibaldi and Perrier, chapter 2)."""
    k10, k12, k21 = clearance / central, between / central, between / peripheral
    total = k10 + k12 + k21
    alpha = (total + np.sqrt(total**2 - 4 * k10 * k21)) / 2
    beta = k10 * k21 / alpha
    start = dose / central
    first = start * (alpha - k21) / (alpha - beta)
    second = start * (k21 - beta) / (alpha - beta)
    in_blood = first * np.exp(-alpha * times) + second * np.exp(-beta * times)
    outside = start * k21 / (alpha - beta) * (np.exp(-beta * times) - np.exp(-alpha * times))
    return in_blood, outside


@pytest.mark.parametrize(
    ("drug", "prefix", "values"),
    [
        ("atezolizumab", "antibody", (0.2, 3.28, 0.546, 3.63)),
        ("ipilimumab", "anti_ctla4", (0.3384, 3.95, 0.67, 3.18)),
    ],
)
def test_a_dose_of_antibody_follows_the_two_compartment_solution(drug, prefix, values):
    dose = load_drug(drug).dose()
    constants = {item.name: item.value for item in load("core").parameters}
    times = np.linspace(0, 84, 25)
    found = course({dose.state: dose.addition(constants)}, {}, times)
    in_blood, outside = two_compartments(dose.amount, *values, times)
    np.testing.assert_allclose(found[f"{prefix}_central"], in_blood, rtol=1e-7)
    np.testing.assert_allclose(found[f"{prefix}_peripheral"], outside, rtol=1e-7, atol=1e-9)


def test_exposure_to_a_dose_is_dose_over_clearance():
    times = np.linspace(0, 1500, 15001)
    found = course({"antibody_central": 1200 / 3.28}, {}, times)["antibody_central"]
    assert np.trapezoid(found, times) == pytest.approx(1200 / 0.2, rel=1e-3)


def test_the_effect_of_a_standard_cycle_integrates_to_one():
    dose = load_drug("docetaxel").dose()
    start = dose.addition({"chemo_effect_decay_rate": 0.7})
    times = np.linspace(0, 40, 40001)
    effect = course({dose.state: start}, {}, times)["chemo_effect"]
    assert np.trapezoid(effect, times) == pytest.approx(1.0, rel=1e-6)


def test_occupancy_three_weeks_after_the_standard_doses():
    """Specification section 9: 0.97 of PD-L1, 0.91 of PD-1 and 0.81 of CTLA-4 in the lymph node at week 3.

    Nivolumab as given every three weeks (360 mg, label); ipilimumab 3 mg/kg for 80 kg.
    """
    model = load("core")
    evaluator = Evaluator(model)
    constants = {item.name: item.value for item in model.parameters}

    def occupancy(name: str, drug: str, amount: float | None = None) -> float:
        given = load_drug(drug)
        dose = given.dose(amount)
        parameters = constants | dict(given.in_use)
        after = course({dose.state: dose.addition(parameters)}, dict(given.in_use), np.array([0.0, 21.0]))
        y = np.array([after[item.name][1] for item in model.species])
        p = np.array([parameters[item.name] for item in model.parameters])
        return float(evaluator.values(0.0, y, p)[name])

    assert occupancy("pd_occupancy", "atezolizumab") == pytest.approx(0.97, abs=0.01)
    assert occupancy("pd_occupancy", "nivolumab", 360.0) == pytest.approx(0.91, abs=0.01)
    assert occupancy("ctla4_occupancy_lymph_node", "ipilimumab") == pytest.approx(0.81, abs=0.01)


def test_hormone_falls_exponentially_to_castration_level():
    times = np.linspace(0, 60, 7)
    found = course({}, {"hormone_input": 0.05}, times)["hormone"]
    np.testing.assert_allclose(found, 0.05 + 0.95 * np.exp(-0.1 * times), rtol=1e-7)
