"""Tablets: steady state, wash-out, adherence, the calibrated effect, and where resistance comes from."""

from __future__ import annotations

import math

import numpy as np
import pytest
from drug_course import NO_CELLS, QUIET, Patients

from unmask.patients.parameter_set import load_tumour_type
from unmask.therapy.regimen import load_drug

TABLETS = ("everolimus", "erlotinib")


def rate(drug: str) -> float:
    values = load_drug(drug)
    return values.individual["targeted_clearance"].value / values.value("targeted_volume")


@pytest.mark.parametrize(("drug", "hours"), [("everolimus", 30.0), ("erlotinib", 36.2)])
def test_half_lives_are_the_published_ones(drug, hours):
    """Everolimus: monographs, 30 h. Erlotinib: Lu 2006 gives clearance and volume, and 36.2 h (by them 41 h)."""
    assert 24 * math.log(2) / rate(drug) == pytest.approx(hours, rel=0.15)


@pytest.mark.parametrize("drug", TABLETS)
def test_concentration_rises_to_intake_over_clearance_and_washes_out(drug):
    patient = Patients(NO_CELLS)
    patient.begin(drug)
    values = load_drug(drug)
    steady = values.standard_dose / 1.05 / values.individual["targeted_clearance"].value
    times, found = patient.course("targeted_central", 10.0, every=1.0)
    np.testing.assert_allclose(found[:, 0], steady * (1 - np.exp(-rate(drug) * times)), rtol=1e-5, atol=1e-9)
    patient.go(40.0)
    patient.stop(drug)
    times, found = patient.course("targeted_central", 10.0, every=1.0)
    np.testing.assert_allclose(found[:, 0], steady * np.exp(-rate(drug) * times), rtol=1e-4, atol=1e-6)


def test_everolimus_keeps_the_effect_that_was_calibrated():
    """exp(-6.443552) per day and exp(-0.671909) (reference/core/calib_renal.json), in the typical patient."""
    held = NO_CELLS | {"cancer_sensitive": 100.0}
    patient = Patients(held, QUIET)
    patient.begin("everolimus")
    patient.go(30.0)
    before = patient.state("cancer_sensitive")[0]
    patient.go(10.0)
    killed = math.log(before / patient.state("cancer_sensitive")[0]) / 10.0
    assert killed == pytest.approx(math.exp(-6.443552), rel=1e-4)
    growing = Patients(NO_CELLS | {"cancer_sensitive": 1.0}, QUIET | {"net_growth_rate": 0.01})
    growing.begin("everolimus", targeted_kill_rate=0.0)
    growing.go(30.0)
    before = growing.state("cancer_sensitive")[0]
    growing.go(10.0)
    left = math.log(growing.state("cancer_sensitive")[0] / before) / 10.0 / 0.01
    assert 1 - left == pytest.approx(math.exp(-0.671909), rel=1e-4)


def test_who_takes_fewer_tablets_has_less_drug_and_adherence_stays_a_share():
    drug = load_drug("everolimus")
    deviations = np.array([-3.0, 0.0, 3.0])
    patients = Patients(NO_CELLS, {}, 3, {"individual targeted_missed_odds": deviations})
    patients.begin("everolimus")
    patients.go(60.0)
    taken = 1 / (1 + 0.05 * np.exp(deviations))
    assert (taken > 0.49).all()
    assert (taken < 1.0).all()
    full = drug.standard_dose / drug.individual["targeted_clearance"].value
    np.testing.assert_allclose(patients.state("targeted_central"), full * taken, rtol=1e-6)


def test_adherence_of_the_protocol_scales_the_daily_amount():
    drug = load_drug("erlotinib")
    begun = drug.begin(drug.dose(), lambda process: np.zeros(1), 70.0, adherence=0.6)
    assert begun["targeted_daily_dose"] == pytest.approx(90.0)


def growing_tumour(share: float) -> Patients:
    cells = 10_000.0
    states = NO_CELLS | {"cancer_sensitive": cells * (1 - share), "cancer_targeted_resistant": cells * share}
    alone = {"max_kill_rate": 0.0, "net_growth_rate": 0.02, "driver_dependence": 1.0}
    return Patients(states, alone)


def test_resistant_cells_that_were_there_are_selected():
    patient = growing_tumour(1e-3)
    patient.begin("erlotinib")
    patient.go(100.0)
    assert patient.observed("cancer_cells")[0] < 0.3 * 10_000.0
    patient.go(400.0)
    assert patient.observed("resistant_share")[0] > 0.99


def test_resistance_arises_by_mutation_where_there_was_none():
    """Before treatment and during it; without mutation the tumour is gone for good."""
    patient = growing_tumour(0.0)
    patient.go(30.0)
    arisen = patient.state("cancer_targeted_resistant")[0]
    growth, own = 0.02, 0.9 * 0.023 - 0.003  # per day, of sensitive and of resistant cells
    expected = 1e-6 * 0.023 * 10_000.0 * (math.exp(30 * growth) - math.exp(30 * own)) / (growth - own)
    assert arisen == pytest.approx(expected, rel=0.01)
    patient.begin("erlotinib")
    patient.go(700.0)
    assert patient.observed("resistant_share")[0] > 0.99
    sterile = growing_tumour(0.0)
    sterile.set({"mutation_rate": 0.0, "antigen_loss_rate": 0.0})
    sterile.begin("erlotinib")
    sterile.go(1500.0)
    assert sterile.observed("cancer_cells")[0] == 0.0


def test_erlotinib_does_nothing_where_no_kinase_drives_the_tumour():
    assert load_tumour_type("egfr").parameters["driver_dependence"].value == 1.0
    untreated, treated = growing_tumour(0.0), growing_tumour(0.0)
    for patient in (untreated, treated):
        patient.set({"driver_dependence": 0.0})
    treated.begin("erlotinib")
    for patient in (untreated, treated):
        patient.go(100.0)
    assert treated.state("targeted_central")[0] > 1.0
    np.testing.assert_allclose(
        treated.state("cancer_sensitive"), untreated.state("cancer_sensitive"), rtol=1e-7
    )


def test_a_second_tablet_takes_over_from_the_first():
    patient = Patients(NO_CELLS)
    patient.begin("erlotinib")
    patient.begin("everolimus")
    assert patient.parameter("targeted_needs_driver")[0] == 0.0
    assert patient.parameter("targeted_daily_dose")[0] == 10.0
