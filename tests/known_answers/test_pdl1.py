"""PD-L1 before treatment: what it depends on, how it is drawn, and that it speaks for response as it did in OAK."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata

from unmask.engine import CompiledModel, compile_model
from unmask.model.catalogue import load
from unmask.model.evaluate import Evaluator
from unmask.patients.cohort import Cohort, draw_parameters, screen
from unmask.patients.parameter_set import load_tumour_type
from unmask.patients.pdl1 import CLASSES, CUTS, pdl1_class
from unmask.patients.random_streams import RandomStreams
from unmask.trial.run import run_trial

OAK_FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "patients" / "oak.csv"
# Gandara 2018, supplementary table 8, patients with both scores: patients and confirmed responders by PD-L1 class.
OAK = {
    "atezolizumab": ((180, 168, 71), (14, 21, 21)),
    "docetaxel": ((198, 157, 65), (20, 29, 7)),
}


def auc(groups: np.ndarray, responded: np.ndarray) -> float:
    """Chance that a responder has more than somebody who does not respond, ties counted half."""
    ranks, ones = rankdata(groups), int(responded.sum())
    return float((ranks[responded].sum() - ones * (ones + 1) / 2) / (ones * (~responded).sum()))


def oak_auc(arm: str) -> tuple[float, float, float]:
    """The association in OAK with its 95 % bootstrap interval."""
    patients, responders = OAK[arm]
    groups = np.repeat(np.arange(3), patients)
    responded = np.concatenate([np.arange(n) < yes for n, yes in zip(patients, responders, strict=True)])
    rng = np.random.default_rng(1)
    draws = [
        auc(groups[rows], responded[rows])
        for rows in (rng.integers(0, groups.size, groups.size) for _ in range(500))
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return auc(groups, responded), float(low), float(high)


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    return compile_model(load("core"))


@pytest.fixture(scope="module")
def cohort(compiled: CompiledModel) -> Cohort:
    return screen(load_tumour_type("nsclc"), compiled, RandomStreams(5), np.arange(4_000))


@pytest.mark.skipif(not OAK_FILE.is_file(), reason="the data of OAK are not part of the repository")
def test_the_counts_of_oak_are_those_of_its_patients() -> None:
    with OAK_FILE.open() as file:
        rows = [
            row for row in csv.DictReader(file) if "UNKNOWN" not in row["pdl1_tc1_ic1"] + row["pdl1_tc3_ic3"]
        ]
    for arm, name in (("atezolizumab", "MPDL3280A"), ("docetaxel", "Docetaxel")):
        counts = np.zeros((3, 2), dtype=int)
        for row in rows:
            if row["arm"] == name:
                group = (
                    2 if row["pdl1_tc3_ic3"] == "TC3 or IC3" else int(row["pdl1_tc1_ic1"] != "TC0 and IC0")
                )
                counts[group] += (1, row["best_confirmed_response"] in ("CR", "PR"))
        assert tuple(map(tuple, counts.T.tolist())) == OAK[arm]


def test_what_a_biopsy_shows_is_constitutive_and_induced_pdl1(
    compiled: CompiledModel, cohort: Cohort
) -> None:
    p, s = compiled.parameter_index, compiled.state_index
    constitutive = cohort.parameters[:, p["pdl1_density"]]
    induced = cohort.states[:, s["pdl1_induction"]]
    cells = cohort.parameters[:, p["baseline_cancer_cells"]]
    mature = cells / (cells + cohort.parameters[:, p["microenvironment_half_size"]])
    np.testing.assert_allclose(cohort.baseline["pdl1"], constitutive * induced * mature, rtol=1e-9)


def test_pdl2_is_a_mask_that_blocking_pdl1_cannot_lift_and_that_pdl1_does_not_thicken() -> None:
    core = Evaluator(load("core"))
    states = np.array([item.initial for item in core.model.species])
    states[core.model.species_names.index("cancer_sensitive")] = 1e6
    states[core.model.species_names.index("anti_pdl1_peripheral")] = 1e6
    left = {}
    for density in (50.0, 500.0):
        parameters = {item.name: item.value for item in core.model.parameters}
        parameters |= {"pdl1_density": density, "anti_pdl1_max_occupancy": 1.0}
        values = core.values(0.0, states, np.array(list(parameters.values())))
        left[density] = float(np.squeeze(values["pd1_bound"]))
    pd1 = 176.0
    expected = 0.07 * 144.5 * (1e6 / (1e6 + 500.0)) * pd1 / (4.15 + pd1)
    assert left[50.0] == pytest.approx(expected, rel=1e-4)
    assert left[500.0] == pytest.approx(left[50.0], rel=1e-3)


def test_a_chain_of_correlations_leaves_what_it_follows_as_it_was_drawn(compiled: CompiledModel) -> None:
    streams, patients = RandomStreams(9), np.arange(500)
    lung = load_tumour_type("nsclc")
    drawn = draw_parameters(lung, compiled, streams, patients)
    own = {name: streams.normal(f"parameter {name}", patients) for name in lung.parameters}
    growth = own["net_growth_rate"]
    precursors = 0.5 * growth + np.sqrt(1 - 0.5**2) * own["naive_precursors"]
    kill = 0.6 * growth + np.sqrt(1 - 0.6**2) * own["chemo_log_kill"]
    pdl1 = 0.8 * precursors + np.sqrt(1 - 0.8**2) * own["pdl1_density"]
    for name, normal in (
        ("net_growth_rate", growth),
        ("naive_precursors", precursors),
        ("chemo_log_kill", kill),
        ("pdl1_density", pdl1),
    ):
        quantity = lung.parameters[name]
        expected = quantity.value * np.exp(quantity.sigma * normal)
        assert np.array_equal(drawn[:, compiled.parameter_index[name]], expected), name


def test_classes_are_as_frequent_as_in_oak(cohort: Cohort) -> None:
    assert pdl1_class(np.array([0.0, CUTS[0], CUTS[1] - 1e-9, CUTS[1], 1e4])).tolist() == [0, 1, 1, 2, 2]
    found = np.bincount(pdl1_class(cohort.baseline["pdl1"]), minlength=len(CLASSES)) / cohort.size
    real = np.sum([patients for patients, _ in OAK.values()], axis=0) / 839
    np.testing.assert_allclose(found, real, atol=0.03)


@pytest.mark.parametrize("form", ["lumped", "lesions"])
def test_responders_to_atezolizumab_have_more_pdl1_and_docetaxel_does_not_care(form: str) -> None:
    table = run_trial("oak", patients=1_500, seed=7, settings=(f"disease.form={form}",)).tables["patients"]
    found = {}
    for arm, rows in table.groupby("arm", observed=True):
        responded = rows["best_response"].isin(["CR", "PR"]).to_numpy()
        found[arm] = auc(pdl1_class(rows["baseline_pdl1"].to_numpy()), responded)
    for arm, value in found.items():
        _, low, high = oak_auc(str(arm))
        assert low < value < high, arm
    assert oak_auc("atezolizumab")[0] == pytest.approx(0.654, abs=0.001)
