"""Radiotherapy: linear-quadratic survival to the digit, and where the killed cells and the lymphocytes go."""

from __future__ import annotations

import math

import numpy as np
import pytest
from procedure_patients import CLONES, Patients

from unmask.errors import ConfigurationError
from unmask.therapy.radiotherapy import deliver_fraction, surviving_share

ALPHA, BETA = 0.30, 0.03


@pytest.mark.parametrize("dose", [0.5, 1.8, 2.0, 8.0, 20.0, 30.0])
def test_survival_is_linear_quadratic(dose):
    expected = math.exp(-ALPHA * dose - BETA * dose**2)
    assert surviving_share(dose, ALPHA, BETA) == pytest.approx(expected, rel=1e-15)
    partly = surviving_share(dose, ALPHA, BETA, 0.95)
    assert partly == pytest.approx(0.05 + 0.95 * expected, rel=1e-14)


def test_schedules_of_equal_biological_dose_leave_the_same():
    """30 x 2 Gy has the biologically effective dose n d (1 + d / 10 Gy) = 72 Gy, as do 15 fractions of 3.5208 Gy."""
    d = (-10 + math.sqrt(100 + 4 * 10 * 72 / 15)) / 2
    assert 15 * d * (1 + d / 10) == pytest.approx(72, rel=1e-14)
    one, other = surviving_share(2.0, ALPHA, BETA) ** 30, surviving_share(d, ALPHA, BETA) ** 15
    assert other == pytest.approx(one, rel=1e-11)
    assert one == pytest.approx(math.exp(-ALPHA * 72), rel=1e-11)


def test_each_clone_is_hit_by_its_own_sensitivity():
    patients = Patients.alike(3, dict.fromkeys(CLONES, 100.0))
    deliver_fraction(patients.body, np.array([0, 2]), 2.0, 0.9)
    for clone in CLONES:
        half = clone in ("cancer_chemo_resistant", "cancer_multi_resistant")
        log_kill = (0.5 if half else 1.0) * (ALPHA * 2 + BETA * 4)
        left = 100.0 * (0.1 + 0.9 * math.exp(-log_kill))
        np.testing.assert_allclose(patients[clone], [left, 100.0, left], rtol=1e-14, err_msg=clone)


def test_killed_cells_are_dead_cells_and_release_antigen_as_they_present_it():
    patients = Patients.alike(
        1, dict.fromkeys(CLONES, 0.0) | {"cancer_sensitive": 50.0, "cancer_antigen_loss": 20.0}
    )
    patients.set(radiation_death_immunogenicity=1.5)
    dead, antigen = patients["dead_cells"], patients["antigen"]
    killed = deliver_fraction(patients.body, patients.rows, 2.0, 1.0)
    share = 1 - math.exp(-0.72)
    assert killed.shape == (1, 1)
    assert killed[0, 0] == pytest.approx(70 * share, rel=1e-14)
    assert (patients["dead_cells"] - dead)[0] == pytest.approx(70 * share, rel=1e-14)
    assert (patients["antigen"] - antigen)[0] == pytest.approx(1.5 * share * (50 + 0.02 * 20), rel=1e-14)


def test_lymphocytes_lose_by_the_dose_in_fractions_of_two_gray():
    names = {"naive_pool": 0.97, "effector_t_cells": 0.95, "memory_t_cells": 0.99}
    tumour = {"tumour_t_cells": 0.95, "exhausted_t_cells": 0.95, "regulatory_t_cells": 0.98}
    patients = Patients.alike(1, dict.fromkeys((*names, *tumour), 1.0))
    deliver_fraction(patients.body, patients.rows, 6.0, 0.8)
    for name, left in names.items():
        assert patients[name][0] == pytest.approx(left**3, rel=1e-14)
    for name, left in tumour.items():
        assert patients[name][0] == pytest.approx(0.2 + 0.8 * left**3, rel=1e-14)


def test_fewer_cells_than_one_are_none_and_counted_as_killed():
    patients = Patients.alike(1, dict.fromkeys(CLONES, 0.0) | {"cancer_sensitive": 2e-6})
    killed = deliver_fraction(patients.body, patients.rows, 2.0, 1.0)
    assert patients["cancer_sensitive"][0] == 0.0
    assert killed[0, 0] == 2e-6


def test_a_lesion_outside_the_field_is_spared():
    patients = Patients.alike(2, {}, lesions=2)
    before = {name: patients[name] for name in ("lesion2__cancer_sensitive", "lesion2__tumour_t_cells")}
    first = patients["lesion1__cancer_sensitive"]
    killed = deliver_fraction(patients.body, patients.rows, 2.0, [1.0, 0.0])
    np.testing.assert_allclose(patients["lesion1__cancer_sensitive"], first * math.exp(-0.72), rtol=1e-14)
    for name, value in before.items():
        assert (patients[name] == value).all()
    assert killed.shape == (2, 2)
    assert (killed[:, 1] == 0).all() and (killed[:, 0] > 0).all()


@pytest.mark.parametrize("field", [1.0, 0.95, 0.5, 0.01])
def test_a_fixed_field_never_reaches_what_lies_outside(field):
    patients = Patients.alike(2, dict.fromkeys(CLONES, 1e6))
    rows = np.array([1])
    shares = np.full((1, 1, len(CLONES)), field)
    for _ in range(10):
        deliver_fraction(patients.body, rows, 2.0, field, clones_in_field=shares)
    for number, clone in enumerate(patients.body.clones):
        half = clone in ("cancer_chemo_resistant", "cancer_multi_resistant")
        inside = math.exp(-10 * (0.5 if half else 1.0) * (ALPHA * 2 + BETA * 4))
        left = 1 - field + field * inside
        np.testing.assert_allclose(patients[clone], [1e6, 1e6 * left], rtol=1e-11, err_msg=clone)
        assert shares[0, 0, number] == pytest.approx(field * inside / left, rel=1e-9, abs=1e-12)


def test_a_fixed_field_of_one_fraction_is_a_field():
    one, other = (Patients.alike(1, dict.fromkeys(CLONES, 100.0)) for _ in range(2))
    deliver_fraction(one.body, one.rows, 8.0, 0.7)
    deliver_fraction(other.body, other.rows, 8.0, 0.7, clones_in_field=np.full((1, 1, len(CLONES)), 0.7))
    assert (one.body.states == other.body.states).all()


def test_sixty_gray_in_thirty_fractions_in_lung_cancer():
    """Model specification, section 9: size times 0.33 on day 42. Lymphocytes fall, and come back."""
    patients = Patients.of("nsclc", 300)
    start = patients["sld"]
    for number in range(30):
        patients.until(number // 5 * 7 + number % 5)
        deliver_fraction(patients.body, patients.rows, 2.0, 0.95)
    naive_at_end = np.median(patients["naive_pool"])
    patients.until(42)
    assert np.median(patients["sld"] / start) == pytest.approx(0.33, abs=0.02)
    assert 0.4 < naive_at_end < 0.65
    patients.until(242)
    assert np.median(patients["naive_pool"]) > 0.98


@pytest.mark.parametrize("dose", [0.0, -2.0, 30.5, math.nan, math.inf])
def test_an_impossible_fraction_is_refused_and_changes_nothing(dose):
    patients = Patients.alike(1, {})
    before = patients.body.states.copy()
    for refused in (
        lambda: deliver_fraction(patients.body, patients.rows, dose),
        lambda: surviving_share(dose, ALPHA, BETA),
    ):
        with pytest.raises(ConfigurationError) as caught:
            refused()
        assert caught.value.code == "therapy.impossible_fraction"
    assert (patients.body.states == before).all()


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01, math.nan])
def test_an_impossible_field_is_refused(share):
    patients = Patients.alike(1, {})
    with pytest.raises(ConfigurationError) as caught:
        deliver_fraction(patients.body, patients.rows, 2.0, share)
    assert caught.value.code == "therapy.impossible_field"
    assert "field" in str(caught.value)
