"""Antibodies against closed forms and published figures; other drugs' courses against closed forms.

What is published stands here with its source. Where the model misses it, the model's own figure is held instead, and
docs/therapies.md names the miss.
"""

from __future__ import annotations

import numpy as np
import pytest
from antibody_clinic import Clinic, compiled
from scipy.integrate import solve_ivp

from unmask.engine import Status
from unmask.model.catalogue import load
from unmask.model.evaluate import Evaluator
from unmask.therapy.regimen import load_drug

AXES = {
    "nivolumab": "anti_pd1",
    "pembrolizumab": "anti_pd1",
    "atezolizumab": "anti_pdl1",
    "durvalumab": "anti_pdl1",
    "ipilimumab": "anti_ctla4",
}


def kinetics(drug: str) -> tuple[float, float, float, float]:
    """Clearance, central volume, clearance between the compartments and peripheral volume of a drug."""
    own, axis = load_drug(drug).individual, AXES[drug]
    names = ("clearance", "central_volume", "distribution_clearance", "peripheral_volume")
    clearance, central, between, peripheral = (own[f"{axis}_{name}"].value for name in names)
    return clearance, central, between, peripheral


def rates(clearance: float, central: float, between: float, peripheral: float) -> tuple[float, float]:
    """The two rates of a two-compartment model, fast and slow (Gibaldi and Perrier, chapter 2)."""
    k10, k12, k21 = clearance / central, between / central, between / peripheral
    total = k10 + k12 + k21
    fast = (total + np.sqrt(total**2 - 4 * k10 * k21)) / 2
    return fast, k10 * k21 / fast


def two_compartments(dose, clearance, central, between, peripheral, times):
    """Bolus in a two-compartment model: A exp(-alpha t) + B exp(-beta t) (Gibaldi and Perrier, chapter 2)."""
    k21 = between / peripheral
    alpha, beta = rates(clearance, central, between, peripheral)
    start = dose / central
    first = start * (alpha - k21) / (alpha - beta)
    second = start * (k21 - beta) / (alpha - beta)
    in_blood = first * np.exp(-alpha * times) + second * np.exp(-beta * times)
    outside = start * k21 / (alpha - beta) * (np.exp(-beta * times) - np.exp(-alpha * times))
    return in_blood, outside


@pytest.mark.parametrize("drug", AXES)
def test_a_dose_without_change_of_clearance_follows_the_two_compartment_solution(drug):
    axis, saturable = AXES[drug], {"anti_pdl1_saturable_elimination": 0.0}
    clinic = Clinic(load_drug(drug).reference_weight_kg or 80.0)
    clinic.give(drug, 240.0, "mg", **{f"{axis}_clearance_change": 0.0}, **saturable)
    for _ in range(12):
        clinic.wait(7.0)
        in_blood, outside = two_compartments(240.0, *kinetics(drug), clinic.day)
        assert clinic.state(f"{axis}_central") == pytest.approx(in_blood, rel=1e-6)
        assert clinic.state(f"{axis}_peripheral") == pytest.approx(outside, rel=1e-6)


@pytest.mark.parametrize("drug", AXES)
def test_clearance_changes_by_the_published_formula(drug):
    axis, own = AXES[drug], load_drug(drug).individual
    change, half, shape = (
        own[f"{axis}_clearance_change{suffix}"].value for suffix in ("", "_time", "_shape")
    )
    model = compiled().model
    days = np.array([0.0, 1.0, half / 2, half, 2 * half, 1000.0])
    states = np.zeros((len(model.species), days.size))
    states[model.species_names.index(f"{axis}_clock")] = days
    constants = {item.name: item.value for item in model.parameters}
    constants |= {name: item.value for name, item in own.items()}
    p = np.repeat([[constants[name]] for name in model.parameter_names], days.size, axis=1)
    found = Evaluator(model).values(0.0, states, p)[f"{axis}_clearance_now"]
    expected = own[f"{axis}_clearance"].value * np.exp(change * days**shape / (half**shape + days**shape))
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert found[3] == pytest.approx(own[f"{axis}_clearance"].value * np.exp(change / 2))


def test_the_clock_runs_from_the_first_dose_whatever_the_visits():
    clinic, seldom = Clinic(), Clinic()
    clinic.wait(10.0)
    seldom.wait(10.0)
    assert clinic.state("anti_pd1_clock") == 0.0
    for visit in range(6):
        if visit % 3 == 0:
            clinic.give("nivolumab")
            seldom.give("nivolumab")
            seldom.wait(21.0)
        clinic.wait(7.0)
    assert clinic.state("anti_pd1_clock") == pytest.approx(42.0)
    np.testing.assert_allclose(clinic.states, seldom.states, rtol=1e-6, atol=1e-12)
    clinic.end("nivolumab")
    clinic.wait(7.0)
    assert clinic.state("anti_pd1_clock") == pytest.approx(49.0)
    assert clinic.state("anti_pdl1_clock") == 0.0


@pytest.mark.parametrize("shape", [1.0, 1.5, 3.15, 10.0])
def test_the_change_of_clearance_begins_smoothly(shape):
    clinic = Clinic()
    clinic.give("nivolumab", anti_pd1_clearance_change_shape=shape)
    found = compiled().integrate(clinic.states, clinic.parameters, 0.0, 21.0)
    assert (found.status == Status.OK).all()
    assert found.steps[0] < 100


def half_life(drug: str, change: float = 0.0, concentration: float = 50.0) -> float:
    """Days, with clearance changed by exp(change); saturable elimination as it is at a concentration in mg/L."""
    clearance, *others = kinetics(drug)
    clearance *= np.exp(change)
    own = load_drug(drug).individual
    if (fastest := own.get("anti_pdl1_saturable_elimination")) is not None:
        clearance += fastest.value / (own["anti_pdl1_saturable_half_concentration"].value + concentration)
    return float(np.log(2) / rates(clearance, *others)[1])


@pytest.mark.parametrize(
    ("drug", "published", "at_first", "at_last"),
    [  # published: population-pharmacokinetic review PMC6584248, table 2
        ("nivolumab", 25.0, 20.9, 27.6),
        ("atezolizumab", 27.0, 26.6, 33.3),
        ("durvalumab", 21.0, 22.2, 27.5),
        ("ipilimumab", 15.0, 16.3, 17.2),
    ],
)
def test_half_lives_lie_near_the_published(drug, published, at_first, at_last):
    change = load_drug(drug).individual[f"{AXES[drug]}_clearance_change"].value
    first, last = half_life(drug), half_life(drug, change)
    assert (first, last) == (pytest.approx(at_first, abs=0.05), pytest.approx(at_last, abs=0.05))
    assert 0.9 * first < published < 1.1 * last


def accumulation(change: bool) -> tuple[float, float]:
    """Trough and area under the curve of the 30th three-week interval of atezolizumab over those of the first."""
    clinic = Clinic()
    kept = {} if change else {"anti_pdl1_clearance_change": 0.0}
    troughs, areas = [], []
    for _ in range(30):
        clinic.give("atezolizumab", **kept)
        seen = [clinic.state("anti_pdl1_central")[0]]
        for _ in range(42):
            clinic.wait(0.5)
            seen.append(clinic.state("anti_pdl1_central")[0])
        troughs.append(seen[-1])
        areas.append(np.trapezoid(seen, dx=0.5))
    return troughs[-1] / troughs[0], areas[-1] / areas[0]


def test_atezolizumab_accumulates_near_the_published_trough():
    """EU product information: trough 2.75-fold, area 1.91-fold; it says not at which clearance.

    The trough lies between the model's with constant clearance and with its fall of 22 %. The area is missed: the
    typical values of Stroh 2017 alone give 2.07.
    """
    constant, constant_area = accumulation(change=False)
    falling, falling_area = accumulation(change=True)
    assert (constant, falling) == (pytest.approx(2.37, abs=0.01), pytest.approx(3.31, abs=0.01))
    assert constant < 2.75 < falling
    assert (constant_area, falling_area) == (pytest.approx(2.07, abs=0.01), pytest.approx(2.65, abs=0.01))


def test_exposure_to_a_dose_is_dose_over_clearance():
    """By logarithmic trapezoids over 400 days, after which nothing is left."""
    clinic = Clinic()
    clinic.give("atezolizumab", anti_pdl1_clearance_change=0.0)
    area, step = 0.0, 0.25
    before = clinic.state("anti_pdl1_central")[0]
    for _ in range(1600):
        clinic.wait(step)
        after = clinic.state("anti_pdl1_central")[0]
        area += (before - after) / np.log(before / after) * step  # exact for an exponential
        before = after
    assert area == pytest.approx(1200 / 0.2, rel=1e-3)


def test_a_dose_by_weight_is_the_flat_dose_for_that_weight():
    weights = np.array([50.0, 80.0, 120.0])
    by_weight, flat = Clinic(weights), Clinic(weights)
    by_weight.give("durvalumab", 10.0, "mg/kg")
    flat.give("durvalumab", 800.0, "mg")
    ratio = by_weight.state("anti_pdl1_central") / flat.state("anti_pdl1_central")
    np.testing.assert_allclose(ratio, weights / 80.0, rtol=1e-14)


def test_heavier_patients_clear_nivolumab_faster():
    clinic = Clinic(np.array([40.0, 80.0, 160.0]))
    clinic.give("nivolumab")
    np.testing.assert_allclose(
        clinic.parameter("anti_pd1_clearance"), 0.2256 * 2 ** (0.566 * np.arange(-1, 2))
    )
    np.testing.assert_allclose(
        clinic.parameter("anti_pd1_central_volume"), 3.63 * 2 ** (0.597 * np.arange(-1, 2))
    )


def test_nivolumab_changes_the_clearance_of_ipilimumab_while_it_is_given():
    """Sanghavi 2020: clearance by exp(0.095), and a further -0.202 in the long run."""
    model = compiled().model
    clinic = Clinic()

    def clearance(days: float) -> float:
        states = clinic.states[0].copy()
        states[model.species_names.index("anti_ctla4_clock")] = days
        return float(Evaluator(model).values(0.0, states, clinic.parameters[0])["anti_ctla4_clearance_now"])

    clinic.give("ipilimumab")
    alone = clearance(0.0), clearance(1e5)
    clinic.give("nivolumab")
    together = clearance(0.0), clearance(1e5)
    clinic.end("nivolumab")
    assert alone == (pytest.approx(0.3384), pytest.approx(0.3384 * np.exp(-0.0644)))
    assert together == (
        pytest.approx(0.3384 * np.exp(0.095)),
        pytest.approx(0.3384 * np.exp(0.095 - 0.0644 - 0.202)),
    )
    assert (clearance(0.0), clearance(1e5)) == alone


def test_durvalumab_is_cleared_faster_when_there_is_little_of_it():
    """Vmax / (Km + c) on top of the linear clearance: 0.24 L/day at 100 mg/L, 2.6 L/day towards zero."""
    clinic = Clinic()
    clinic.give("durvalumab", anti_pdl1_clearance_change=0.0)
    clinic.set(anti_pdl1_distribution_clearance=1e-12)
    for level in (100.0, 1.0, 0.01):
        clinic.states[:, compiled().state_index["anti_pdl1_central"]] = level
        clinic.wait(1e-4)
        cleared = -np.log(clinic.state("anti_pdl1_central")[0] / level) / 1e-4 * 3.51
        assert cleared == pytest.approx(0.232 + 0.824 / (0.344 + level), rel=1e-3)


def test_occupancy_three_weeks_after_the_standard_doses():
    """Specification section 9: 0.97 of PD-L1, 0.91 of PD-1 and 0.81 of CTLA-4 in the lymph node at week 3.

    Nivolumab as given every three weeks (360 mg, label), now with its own kinetics; ipilimumab 3 mg/kg for 80 kg.
    """
    clinic = Clinic(80.0)
    clinic.give("atezolizumab")
    clinic.wait(21.0)
    assert clinic.observed("pdl1_occupancy") == pytest.approx(0.97, abs=0.01)
    assert clinic.observed("pd_occupancy") == clinic.observed("pdl1_occupancy")
    clinic = Clinic(80.0)
    clinic.give("nivolumab", 360.0)
    clinic.give("ipilimumab")
    clinic.wait(21.0)
    assert clinic.observed("pd1_occupancy") == pytest.approx(0.91, abs=0.01)
    assert clinic.observed("ctla4_occupancy_lymph_node") == pytest.approx(0.81, abs=0.01)


def test_nivolumab_occupancy_beside_brahmer_2010():
    """Brahmer 2010 (unconfirmed): peak 85 %, plateau 72 % at day 57 and later, alike from 0.3 to 10 mg/kg.

    The model's occupancy falls with dose and time; what was measured, on T cells in blood, does not. So no threshold
    is taken from it: these are the model's own figures, in the tumour.
    """
    found = {}
    for amount in (0.3, 1.0, 3.0, 10.0):
        clinic, seen = Clinic(), []
        clinic.give("nivolumab", amount, "mg/kg")
        for _ in range(57):
            clinic.wait(1.0)
            seen.append(clinic.observed("pd1_occupancy")[0])
        found[amount] = (round(100 * max(seen)), round(100 * seen[-1]))
    assert found == {0.3: (58, 23), 1.0: (81, 49), 3.0: (91, 73), 10.0: (95, 88)}


def test_both_sides_of_the_pd_axis_combine_like_independent_chances():
    clinic = Clinic()
    clinic.give("nivolumab")
    clinic.give("atezolizumab")
    clinic.wait(21.0)
    pd1, pdl1 = clinic.observed("pd1_occupancy"), clinic.observed("pdl1_occupancy")
    assert clinic.observed("pd_occupancy") == pytest.approx(1 - (1 - pd1) * (1 - pdl1), rel=1e-14)
    assert clinic.observed("pd1_unoccupied") == pytest.approx(1 - pd1, rel=1e-14)


@pytest.mark.parametrize(
    ("before", "after"),
    [("nivolumab", "pembrolizumab"), ("durvalumab", "atezolizumab"), ("atezolizumab", "durvalumab")],
)
def test_a_second_drug_of_an_axis_takes_it_over_whole(before, after):
    switched, fresh = Clinic(), Clinic()
    switched.give(before)
    switched.give(after)
    fresh.give(after)
    np.testing.assert_array_equal(switched.parameters, fresh.parameters)


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


def test_hormone_falls_exponentially_to_castration_level():
    times = np.linspace(0, 60, 7)
    found = course({}, {"hormone_input": 0.05}, times)["hormone"]
    np.testing.assert_allclose(found, 0.05 + 0.95 * np.exp(-0.1 * times), rtol=1e-7)
