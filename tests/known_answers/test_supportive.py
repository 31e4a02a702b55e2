"""Drugs against side effects: how long they last, what they quieten, and what they cost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from drug_course import NO_CELLS, Patients

from unmask.therapy.regimen import load_drug

DRUGS = {  # half-life in days
    "infliximab": ("anti_tnf_effect", 9.5),
    "vedolizumab": ("gut_trafficking_block", 25.5),
    "pegfilgrastim": ("gcsf_effect", 2.0),
}
SETTLED = {"autoreactivity": 1.0, "tolerance": 0.0}


@pytest.mark.parametrize("drug", DRUGS)
def test_a_standard_dose_counts_one_and_halves_in_its_half_life(drug):
    state, half_life = DRUGS[drug]
    patient = Patients(NO_CELLS)
    patient.give(drug)
    assert patient.state(state)[0] == pytest.approx(1.0)
    patient.go(half_life)
    assert patient.state(state)[0] == pytest.approx(0.5, rel=0.01)


def test_a_dose_by_weight_counts_the_same_in_everybody():
    weights = np.array([50.0, 100.0])
    np.testing.assert_allclose(load_drug("infliximab").dose(10.0).addition({}, weights), 2.0)
    np.testing.assert_allclose(load_drug("infliximab").dose(500.0, "mg").addition({}, weights), [2.0, 1.0])


def inflamed(**parameters: float) -> Patients:
    """Autoreactivity at its set point, three times the usual one."""
    return Patients(
        NO_CELLS | SETTLED | {"autoreactivity": 3.0}, {"autoreactivity_set_point": 3.0, **parameters}
    )


def test_infliximab_and_steroids_quieten_autoreactivity_and_each_other_multiply():
    """Held effects: autoreactivity settles at set point * what each leaves (tolerance off)."""
    still = {"anti_tnf_decay_rate": 0.0, "tolerance_strength": 0.0, "tolerance_rate": 0.0}
    settled = {}
    for drugs in ((), ("infliximab",), ("prednisone",), ("infliximab", "prednisone")):
        patient = inflamed(**still)
        for drug in drugs:
            patient.give(drug)
        patient.go(500.0)
        settled[drugs] = patient.state("autoreactivity")[0]
    left_steroid, left_tnf = 1 / (1 + 1.0 / 0.3), 1 / 4
    assert settled[()] == pytest.approx(3.0, rel=1e-5)
    assert settled["infliximab",] == pytest.approx(3.0 * left_tnf, rel=1e-4)
    assert settled["prednisone",] == pytest.approx(3.0 * left_steroid, rel=1e-4)
    assert settled["infliximab", "prednisone"] == pytest.approx(3.0 * left_steroid * left_tnf, rel=1e-4)


def primed(*drugs: str) -> float:
    """Activated T cells after five days of antigen; the brakes of PD-1 and CTLA-4 are the same throughout."""
    patient = Patients(NO_CELLS | {"antigen": 1e6, "dendritic_maturation": 1.0, "activated_t_cells": 0.0})
    for drug in drugs:
        patient.give(drug)
    patient.go(1.0)
    return float(patient.state("activated_t_cells")[0])


def test_infliximab_brakes_priming_less_than_steroids_and_vedolizumab_not_at_all():
    free = primed()
    assert primed("vedolizumab") == pytest.approx(free, rel=1e-8)
    assert primed("pegfilgrastim") == pytest.approx(free, rel=1e-8)
    assert primed("infliximab") / free == pytest.approx(1 / 1.3, rel=0.03)
    assert primed("prednisone") / free == pytest.approx(1 / (1 + 1 / 0.3), rel=0.03)


def test_prednisone_is_a_daily_amount_that_is_taken_back():
    patient = Patients()
    patient.begin("prednisone", 2.0)
    assert patient.parameter("steroid_dose")[0] == 2.0
    patient.stop("prednisone")
    assert patient.parameter("steroid_dose")[0] == 0.0


def test_vedolizumab_protects_the_gut_while_it_lasts():
    patient = Patients(NO_CELLS | SETTLED)
    assert patient.observed("gut_protection")[0] == 0.0
    patient.give("vedolizumab")
    assert patient.observed("gut_protection")[0] == pytest.approx(1 / 1.2)
    patient.go(math.log(5) / 0.0272)  # a fifth left: half protected
    assert patient.observed("gut_protection")[0] == pytest.approx(0.5, rel=1e-3)
    assert patient.state("autoreactivity")[0] == pytest.approx(1.0, rel=1e-6)
