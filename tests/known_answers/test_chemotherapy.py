"""Cytotoxic drugs against closed forms, and what they do to clones, T cells and each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from drug_course import NO_CELLS, QUIET, Patients, core
from scipy.integrate import quad

from unmask.therapy.regimen import load_drug

AXES = {"docetaxel": "chemo", "dacarbazine": "chemo", "pemetrexed": "chemo", "cisplatin": "platinum"}
LOG_KILL = 1.5


def phases(clearance: float, central: float, between: float, peripheral: float) -> tuple[float, float, float]:
    """Rates alpha, beta per day and the share A of a two-compartment bolus (Gibaldi and Perrier, chapter 2)."""
    k10, k12, k21 = clearance / central, between / central, between / peripheral
    total = k10 + k12 + k21
    alpha = (total + math.sqrt(total**2 - 4 * k10 * k21)) / 2
    beta = k10 * k21 / alpha
    return alpha, beta, (alpha - k21) / (alpha - beta)


def docetaxel() -> tuple[float, float, float, float]:
    drug = load_drug("docetaxel")
    names = ("central_volume", "distribution_clearance", "peripheral_volume")
    central, between, peripheral = (drug.value(f"chemo_{name}") for name in names)
    return drug.individual["chemo_clearance"].value, central, between, peripheral


def test_docetaxel_has_the_published_kinetics():
    """Product information: 21 L/h/m2, 113 L at 38.5/21 m2, half-lives 36 min and 11.1 h (and 4 min, left out)."""
    clearance, central, between, peripheral = docetaxel()
    alpha, beta, _ = phases(clearance, central, between, peripheral)
    surface = 38.5 / 21
    assert clearance / 24 == pytest.approx(21.0)
    assert (central + peripheral) * surface == pytest.approx(113.0, rel=0.01)
    assert 24 * math.log(2) / beta == pytest.approx(11.1, rel=0.01)
    assert 24 * 60 * math.log(2) / alpha == pytest.approx(36.0, rel=0.02)


def test_a_dose_of_docetaxel_follows_the_two_compartment_solution():
    clearance, central, between, peripheral = docetaxel()
    alpha, beta, share = phases(clearance, central, between, peripheral)
    patient = Patients()
    patient.give("docetaxel")
    times, found = patient.course("chemo_central", 2.0, every=1 / 24)
    expected = 75 / central * (share * np.exp(-alpha * times) + (1 - share) * np.exp(-beta * times))
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("drug", "hours"), [("cisplatin", (0.33, 0.5)), ("dacarbazine", (4.99, 5.01))])
def test_a_drug_of_one_compartment_decays_with_its_half_life(drug, hours):
    """Product information: cisplatin 20 to 30 minutes, dacarbazine 5 hours."""
    values, axis = load_drug(drug), AXES[drug]
    rate = values.individual[f"{axis}_clearance"].value / values.value(f"{axis}_central_volume")
    assert hours[0] <= 24 * math.log(2) / rate <= hours[1]
    patient = Patients()
    patient.give(drug)
    times, found = patient.course(f"{axis}_central", 0.25, every=1 / 48)
    np.testing.assert_allclose(found[:, 0], found[0, 0] * np.exp(-rate * times), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("drug", AXES)
def test_the_reference_exposure_is_the_standard_dose_over_the_typical_clearance(drug):
    values, axis = load_drug(drug), AXES[drug]
    exposure = values.standard_dose / values.individual[f"{axis}_clearance"].value
    assert values.value(f"{axis}_reference_exposure") == pytest.approx(exposure, rel=1e-9)


@pytest.mark.parametrize("drug", AXES)
def test_the_effect_of_a_standard_cycle_integrates_to_one_and_to_more_where_clearance_is_low(drug):
    """The log-kill of 'a standard cycle' means what it did; half the clearance is twice the effect."""
    axis = AXES[drug]
    kill = {"chemo_log_kill": LOG_KILL, f"{axis}_potency": 1.0, f"{axis}_cycling_share": 0.0}
    lower = np.array([0.0, math.log(0.5) / load_drug(drug).individual[f"{axis}_clearance"].sigma])
    patients = Patients(
        NO_CELLS | {"cancer_sensitive": 100.0},
        QUIET,
        count=2,
        normals={f"individual {axis}_clearance": lower},
    )
    patients.give(drug, **kill)
    patients.go(60.0)
    killed = -np.log(patients.state("cancer_sensitive") / 100.0) / LOG_KILL
    np.testing.assert_allclose(killed, [1.0, 2.0], rtol=1e-5)


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_a_reduced_dose_has_its_share_of_the_effect(share):
    patient = Patients(NO_CELLS | {"cancer_sensitive": 100.0}, QUIET | {"chemo_log_kill": LOG_KILL})
    patient.give("docetaxel", 75.0 * share)
    patient.go(60.0)
    assert -math.log(patient.state("cancer_sensitive")[0] / 100.0) == pytest.approx(
        share * LOG_KILL, rel=1e-4
    )


def test_a_doublet_adds_the_log_kills_of_its_two_drugs_and_one_drug_does_not_touch_the_other():
    whole = NO_CELLS | {"cancer_sensitive": 100.0, "cancer_chemo_resistant": 100.0}
    left = {}
    for drugs in (("pemetrexed",), ("cisplatin",), ("pemetrexed", "cisplatin")):
        patient = Patients(whole, QUIET | {"chemo_log_kill": LOG_KILL})
        for drug in drugs:
            patient.give(drug)
        patient.go(60.0)
        left[drugs] = patient.state("cancer_sensitive")[0] / 100.0
        resistant = patient.state("cancer_chemo_resistant")[0] / 100.0
        assert math.log(resistant) == pytest.approx(0.1 * math.log(left[drugs]), rel=1e-3)
    assert math.log(left["pemetrexed",]) == pytest.approx(-0.5 * LOG_KILL, rel=1e-3)
    assert math.log(left["cisplatin",]) == pytest.approx(-0.75 * LOG_KILL, rel=1e-3)
    assert left["pemetrexed", "cisplatin"] == pytest.approx(
        left["pemetrexed",] * left["cisplatin",], rel=1e-4
    )


@pytest.mark.parametrize(("drug", "share"), [("docetaxel", 1.0), ("dacarbazine", 0.5), ("cisplatin", 0.5)])
def test_a_drug_that_stops_growth_protects_from_one_that_kills_cells_in_cycle(drug, share):
    """Growth of sensitive cells held to a fifth: of the kill of cells in cycle a fifth is left, of the rest all."""
    axis, held = AXES[drug], 0.2
    always = QUIET | {
        "chemo_log_kill": LOG_KILL,
        "targeted_growth_inhibition": 1.0,
        "targeted_half_effect": 0.25,
    }
    constant = {"targeted_clearance": 10.0, "targeted_volume": 10.0, "targeted_daily_dose": 10.0}
    cells = NO_CELLS | {
        "cancer_sensitive": 100.0,
        "cancer_targeted_resistant": 100.0,
        "targeted_central": 1.0,
    }
    patient = Patients(cells, always | constant | {"targeted_resistant_sensitivity": 0.0})
    patient.give(drug, **{f"{axis}_potency": 1.0})
    patient.go(60.0)
    full = math.log(patient.state("cancer_targeted_resistant")[0] / 100.0)
    assert full == pytest.approx(-LOG_KILL, rel=2e-3)
    left = 1 - share * (1 - held)
    assert math.log(patient.state("cancer_sensitive")[0] / 100.0) == pytest.approx(left * full, rel=2e-3)


def test_a_crowded_tumour_is_killed_less_and_one_of_trial_size_as_if_nothing_crowded_it():
    for cells, expected in ((1.0e4, 1.0), (2.095e6, 0.5)):  # of a capacity of 4.19e6
        patient = Patients(NO_CELLS | {"cancer_sensitive": cells}, QUIET | {"chemo_log_kill": 0.01})
        patient.give("docetaxel")
        patient.go(60.0)
        assert -math.log(patient.state("cancer_sensitive")[0] / cells) == pytest.approx(
            0.01 * expected, rel=0.01
        )


def test_cycles_select_the_resistant_clone():
    patient = Patients(
        NO_CELLS | {"cancer_sensitive": 990.0, "cancer_chemo_resistant": 10.0},
        QUIET | {"chemo_log_kill": LOG_KILL},
    )
    shares = [patient.observed("resistant_share")[0]]
    for _ in range(4):
        patient.give("docetaxel")
        patient.go(21.0)
        shares.append(patient.observed("resistant_share")[0])
    odds = np.array(shares) / (1 - np.array(shares))
    np.testing.assert_allclose(odds[1:] / odds[:-1], math.exp(0.9 * LOG_KILL), rtol=1e-3)


def test_t_cells_are_depleted_and_the_naive_pool_recovers():
    """dN/dt = r (1 - N) - l x N with x integrating to one: solved by quadrature for the effect of a bolus."""
    still = NO_CELLS | {"antigen": 0.0, "dendritic_maturation": 0.0, "effector_t_cells": 0.0}
    patient = Patients(still, QUIET)
    patient.give("docetaxel")
    _, naive = patient.course("naive_pool", 84.0, every=21.0)
    assert 1 - math.exp(-0.3) > 1 - naive[1, 0] > 0.5 * (1 - math.exp(-0.3))
    assert naive[4, 0] > 0.95

    clearance, central, between, peripheral = docetaxel()
    alpha, beta, share = phases(clearance, central, between, peripheral)

    def lost(t: float) -> float:
        """0.3 times the integral of the effect until t."""
        total = 0.0
        for rate, part in ((alpha, share), (beta, 1 - share)):
            scale = 75 / central * part / (75 / 504.0)
            total += scale * (
                (1 - math.exp(-rate * t)) / rate - (math.exp(-rate * t) - math.exp(-0.7 * t)) / (0.7 - rate)
            )
        return 0.3 * total

    recovered, _ = quad(lambda s: 0.02 * math.exp(-0.02 * (21 - s) - lost(21) + lost(s)), 0, 21, epsabs=1e-10)
    assert naive[1, 0] == pytest.approx(math.exp(-0.02 * 21 - lost(21)) + recovered, rel=1e-5)


def test_deaths_by_a_drug_release_antigen_in_proportion_to_how_immunogenic_they_are():
    released = []
    for immunogenicity in (0.0, 1.0, 2.0):
        patient = Patients(NO_CELLS | {"cancer_sensitive": 1000.0, "antigen": 0.0}, QUIET)
        patient.give("docetaxel", chemo_death_immunogenicity=immunogenicity)
        patient.go(1.0)
        released.append(patient.state("antigen")[0])
    assert released[0] == 0.0
    assert released[1] > 1.0
    assert released[2] == pytest.approx(2 * released[1], rel=1e-6)


def test_every_clone_is_hit_on_either_axis():
    """A clone that somebody adds must be thought of here: it is killed, or said to be resistant."""
    for drug in ("docetaxel", "cisplatin"):
        clones = [name for name in core().states if name.startswith("cancer_")]
        patient = Patients(dict.fromkeys(clones, 100.0), QUIET)
        patient.give(drug)
        patient.go(21.0)
        assert all(patient.state(name)[0] < 99.0 for name in clones)
