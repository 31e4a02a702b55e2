"""Hormone, marker and the clones under deprivation: closed forms, the neutral case, and prostate cancer."""

from __future__ import annotations

import numpy as np
import pytest
from procedure_patients import CLONES, Patients
from scipy.optimize import brentq

from unmask.errors import ConfigurationError
from unmask.therapy.adaptive import adaptive_switch
from unmask.therapy.hormone import no_effect
from unmask.therapy.regimen import load_drug

MONTH = 30.4375
NO_HOST = {
    "naive_priming_rate": 0.0,
    "memory_recall_rate": 0.0,
    "mutation_rate": 0.0,
    "antigen_loss_rate": 0.0,
}
EMPTY = dict.fromkeys(CLONES, 0.0) | {"effector_t_cells": 0.0, "tumour_t_cells": 0.0}


def tumour(cells: dict[str, float], **parameters: float) -> Patients:
    patients = Patients.alike(1, EMPTY | {f"cancer_{name}": value for name, value in cells.items()})
    patients.set(**NO_HOST, hormone_dependence=1.0)
    patients.set(**parameters)
    return patients


@pytest.mark.parametrize(("production", "left"), [(1.0, 1.0), (0.05, 1.0), (1.0, 0.1), (0.05, 0.1)])
def test_hormone_goes_exponentially_to_what_production_and_synthesis_leave(production, left):
    patients = tumour({}, hormone_input=production, hormone_synthesis_left=left)
    for day in (5.0, 20.0, 400.0):
        patients.until(day)
        rest = production * left
        expected = rest + (1 - rest) * np.exp(-0.1 * day)
        assert patients["hormone"][0] == pytest.approx(expected, rel=1e-3)


def test_marker_balances_shedding_and_clearance():
    patients = tumour({"sensitive": 1000.0}, tumour_dynamics_on=0.0, marker_per_cells=0.02)
    for day in (2.0, 10.0, 100.0):
        patients.until(day)
        assert patients["tumour_marker"][0] == pytest.approx(20 * (1 - np.exp(-0.25 * day)), rel=1e-3)


def test_without_any_hormone_dependent_cells_die_at_the_stated_rate_and_independent_ones_grow():
    patients = tumour(
        {"sensitive": 100.0, "hormone_independent": 1.0},
        castration_death_rate=0.02,
        hormone_input=0.0,
        net_growth_rate=0.01,
    )
    patients.body.states[:, patients.compiled.state_index["hormone"]] = 0.0
    patients.until(300)
    assert patients["cancer_sensitive"][0] == pytest.approx(100 * np.exp(-(0.02 + 0.003) * 300), rel=1e-3)
    grown = np.exp((0.013 * 0.9 - 0.003) * 300)
    assert patients["cancer_hormone_independent"][0] == pytest.approx(grown, rel=1e-3)


def test_producing_cells_live_on_their_own_hormone_and_feed_their_neighbours():
    shares = {"sensitive": 50.0, "hormone_producing": 50.0}
    patients = tumour(shares, hormone_input=0.0, castration_death_rate=0.02, net_growth_rate=0.01)
    patients.body.states[:, patients.compiled.state_index["hormone"]] = 0.0
    own, local = 0.9, 0.6 * 0.5 / (0.5 + 0.2)
    sensitive, producing = patients["cancer_sensitive"][0], patients["cancer_hormone_producing"][0]
    patients.until(0.01)
    crowding = 1 - 100 / 4.19e6
    dead = 0.003 + 0.02 * (1 - np.array([local, own]))
    grown = 0.013 * np.array([1.0, 0.9]) * crowding * np.array([local, own])
    rate = [
        np.log(patients["cancer_sensitive"][0] / sensitive) / 0.01,
        np.log(patients["cancer_hormone_producing"][0] / producing) / 0.01,
    ]
    np.testing.assert_allclose(rate, grown - dead, rtol=2e-3)


def test_an_inhibitor_of_synthesis_reaches_what_producing_cells_make():
    def producing_after_a_year(left: float) -> float:
        patients = tumour(
            {"hormone_producing": 10.0}, hormone_input=0.05, hormone_synthesis_left=left, net_growth_rate=0.01
        )
        patients.until(365)
        return float(patients["cancer_hormone_producing"][0])

    assert producing_after_a_year(1.0) > 10.0 > 1.0 > producing_after_a_year(0.1)


def test_the_room_of_the_tumour_is_a_multiple_of_its_size_at_baseline():
    """Growth ends where (k + d)(1 - c C/C0) = d."""
    patients = tumour(
        {"sensitive": 100.0}, niche_competition=0.4, baseline_cancer_cells=100.0, net_growth_rate=0.02
    )
    patients.until(3000)
    rest = brentq(lambda c: 0.023 * (1 - 0.4 * c / 100 - c / 4.19e6) - 0.003, 1, 1000)
    assert patients["cancer_sensitive"][0] == pytest.approx(rest, rel=1e-3)


def test_dependent_cells_hold_independent_ones_down_while_they_live():
    def independent(production: float) -> float:
        cells = {"sensitive": 200.0, "hormone_independent": 0.1}
        patients = tumour(
            cells,
            hormone_input=production,
            niche_competition=0.4,
            baseline_cancer_cells=100.0,
            net_growth_rate=0.01,
        )
        patients.until(365)
        return float(patients["cancer_hormone_independent"][0])

    assert independent(0.05) > 5 * independent(1.0)


def test_a_tumour_that_needs_no_hormone_does_not_notice_its_loss():
    taken, left = Patients.of("nsclc", 30), Patients.of("nsclc", 30)
    taken.set(hormone_input=0.05)
    taken.until(200)
    left.until(200)
    for name in CLONES:
        np.testing.assert_allclose(taken[name], left[name], rtol=1e-3, atol=1e-5)
    assert (taken["tumour_marker"] == 0).all()


def test_the_warning_of_no_effect():
    assert no_effect("leuprolide", "prostate", np.array([0.0, 1.0])) is None
    said = no_effect("leuprolide", "Renal cell carcinoma", np.zeros(3))
    assert said is not None and "leuprolide has no effect in Renal cell carcinoma" in said


def test_switching_by_the_marker():
    on = np.array([True, True, True, False, False, False, True, False, True])
    marker = np.array([51.0, 50.0, 10.0, 99.0, 100.0, 300.0, np.nan, np.nan, 0.0])
    baseline = np.array([100.0] * 8 + [0.0])
    after = adaptive_switch(on, marker, baseline)
    assert after.tolist() == [True, False, False, False, True, True, True, False, True]


@pytest.mark.parametrize(
    "thresholds", [(1.0, 1.0), (1.2, 1.0), (0.0, 1.0), (-0.5, 1.0), (0.5, np.inf), (np.nan, 1)]
)
def test_thresholds_in_the_wrong_order_are_refused(thresholds):
    one = np.ones(1)
    with pytest.raises(ConfigurationError) as caught:
        adaptive_switch(one > 0, one, one, *thresholds)
    assert caught.value.code == "therapy.adaptive_thresholds"


@pytest.mark.parametrize("name", ["degarelix", "leuprolide", "abiraterone", "letrozole"])
def test_hormone_drugs_set_and_restore_what_the_model_knows(name):
    drug = load_drug(name)
    patients = Patients.alike(1, {})
    assert drug.kind == "hormone"
    assert drug.individual.keys() == drug.stopped.keys() <= set(patients.compiled.parameters)
    for parameter, value in drug.stopped.items():
        assert patients[parameter][0] == value


class Course:
    """Prostate cancer under one strategy: marker, size and who is on therapy at each visit.

    Therapy has failed when the tumour is larger than at the start by a fifth after eight weeks on it or more.
    """

    STEP, DAYS = 28, 28 * 104

    def __init__(self, adaptive: bool) -> None:
        patients = Patients.of("prostate", 300)
        self.start = patients["tumour_marker"]
        cells = patients["cancer_cells"]
        on = np.ones(self.start.size, dtype=bool)
        self.marker, self.sld, self.on = [self.start], [patients["sld"]], [on]
        self.failure = np.full(self.start.size, np.inf)
        for day in range(self.STEP, self.DAYS + 1, self.STEP):
            patients.set(hormone_input=np.where(on, 0.05, 1.0))
            patients.until(float(day))
            self.marker.append(patients["tumour_marker"])
            self.sld.append(patients["sld"])
            under_therapy = np.array(self.on[-3:]).all(axis=0)
            grown = patients["cancer_cells"] > 1.2 * cells
            self.failure[under_therapy & grown & np.isinf(self.failure)] = day
            if adaptive:
                on = adaptive_switch(on, self.marker[-1], self.start)
            self.on.append(on)
        self.end = patients

    def rises(self, of: list[np.ndarray], factor: float, least: float) -> np.ndarray:
        """Day on which a series first exceeds its lowest value by a factor and an amount."""
        values = np.array(of)
        lowest = np.minimum.accumulate(values, axis=0)
        risen = (values >= factor * lowest) & (values >= lowest + least)
        return np.where(risen.any(axis=0), risen.argmax(axis=0) * float(self.STEP), np.inf)


@pytest.fixture(scope="module")
def continuous() -> Course:
    return Course(adaptive=False)


def test_androgen_deprivation_controls_prostate_cancer_for_18_to_36_months(continuous):
    """evidence/resistance.csv: hormone-sensitive phase, median 18 to 36 months."""
    fallen = np.array(continuous.marker).min(axis=0) / continuous.start
    assert (fallen < 0.5).mean() > 0.9
    for rise in (
        continuous.rises(continuous.marker, 1.25, 2.0),
        continuous.rises(continuous.sld, 1.2, 5.0),
    ):
        assert 18 < np.median(rise) / MONTH < 36
    end = continuous.end
    assert np.median(end["cancer_hormone_independent"] / end["cancer_cells"]) > 0.9


def test_adaptive_therapy_keeps_prostate_cancer_below_its_size_for_longer_with_less_drug(continuous):
    adaptive = Course(adaptive=True)
    assert np.median(adaptive.failure) > 1.2 * np.median(continuous.failure)
    assert (adaptive.failure >= continuous.failure).mean() > 0.9
    two_years = np.array(adaptive.on)[:27]
    assert two_years.mean() < 0.6
    assert (np.diff(two_years.astype(int), axis=0) > 0).any(axis=0).mean() > 0.5
