"""Patients with lesions: sizes, spread within patients, burn-in, and what a tumour type may not say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unmask.engine import compile_model
from unmask.errors import ConfigurationError
from unmask.model.catalogue import load
from unmask.patients.cohort import Cohort, check_against_model, draw_parameters, screen
from unmask.patients.lesion_model import NON_TARGET_SLOT, SLOTS, LesionModel
from unmask.patients.lesions import extent, prefixes
from unmask.patients.parameter_set import TumourType, load_tumour_type
from unmask.patients.random_streams import RandomStreams

STREAMS = RandomStreams(3)
CANDIDATES = np.arange(150)


def few(**lesions: float) -> TumourType:
    """One to three targets, so that few sizes of the model are compiled."""
    change = {"target_lesions": 1.3, "non_target_share": 0.4, **lesions}
    return load_tumour_type("nsclc", {"lesions": {name: {"value": value} for name, value in change.items()}})


@pytest.fixture(scope="module")
def model() -> LesionModel:
    return LesionModel("core")


@pytest.fixture(scope="module")
def cohort(model: LesionModel) -> Cohort:
    return screen(few(), model, STREAMS, CANDIDATES)


def observed(model: LesionModel, cohort: Cohort) -> dict[str, np.ndarray]:
    values = model.observe(cohort.states, cohort.parameters)
    return dict(zip(model.observables, values.T, strict=True))


def test_the_patients_are_those_of_the_lumped_form_with_their_disease_shared_out(
    model: LesionModel, cohort: Cohort
) -> None:
    lumped = screen(few(), compile_model(load("core")), STREAMS, CANDIDATES)
    both, mine, theirs = np.intersect1d(cohort.patients, lumped.patients, return_indices=True)
    assert both.size > 120
    for name in ("sld_mm", "body_weight_kg"):
        np.testing.assert_array_equal(cohort.baseline[name][mine], lumped.baseline[name][theirs])
    sizes = cohort.parameters[:, model.lesion_columns("baseline_sld")]
    targets = cohort.parameters[:, model.lesion_columns("target_lesion")] == 1.0
    np.testing.assert_allclose((sizes * targets).sum(axis=1), cohort.baseline["sld_mm"], rtol=1e-12)
    assert not targets[:, NON_TARGET_SLOT:].any()
    assert 0.2 < (sizes[:, NON_TARGET_SLOT] > 0).mean() < 0.6
    assert (sizes[:, NON_TARGET_SLOT + 1 :] == 0).all()
    assert not cohort.failed


def test_sizes_and_numbers_of_lesions_are_distributed_as_stated(model: LesionModel) -> None:
    lung, people = load_tumour_type("nsclc"), np.arange(20_000)
    tumours = extent(lung, model, STREAMS, people, np.full(people.size, 1000.0))
    sure = 4 * np.sqrt(0.25 / people.size)
    non_target = tumours[NON_TARGET_SLOT].diameter_mm
    has = non_target > 0
    assert has.mean() == pytest.approx(0.6, abs=sure)
    logs = np.log(non_target[has])
    assert logs.mean() == pytest.approx(np.log(15.0), abs=4 * 0.4 / np.sqrt(has.sum()))
    assert logs.std() == pytest.approx(0.4, abs=4 * 0.4 / np.sqrt(2 * has.sum()))
    assert not any(tumour.diameter_mm.any() for tumour in tumours[NON_TARGET_SLOT + 1 :])
    assert [bool(tumour.target.any()) for tumour in tumours] == [True] * 5 + [False] * (SLOTS - 5)
    # One and Poisson of mean 1.1, five at most; a sum of a metre has room for all of them.
    targets = np.stack([tumour.diameter_mm for tumour in tumours[:5]], axis=1)
    found = np.bincount((targets > 0).sum(axis=1), minlength=6)[1:] / people.size
    poisson = np.exp(-1.1) * 1.1 ** np.arange(4) / np.array([1.0, 1.0, 2.0, 6.0])
    np.testing.assert_allclose(found, [*poisson, 1.0 - poisson.sum()], atol=sure)
    np.testing.assert_allclose(targets.sum(axis=1), 1000.0, rtol=1e-12)
    assert targets[targets > 0].min() >= 10.0
    # Beyond the smallest size, lesions of one patient differ by a lognormal factor of 0.7.
    two = (targets > 0).sum(axis=1) == 2
    ratio = np.log(targets[two, 0] - 10.0) - np.log(targets[two, 1] - 10.0)
    assert ratio.std() == pytest.approx(0.7 * np.sqrt(2.0), abs=4 * 0.7 / np.sqrt(two.sum()))
    assert tumours[0].volume_ml == pytest.approx(np.pi / 6.0 * (targets[:, 0] / 10.0) ** 3)


def test_totals_are_the_sums_of_what_lesions_have(model: LesionModel, cohort: Cohort) -> None:
    seen = observed(model, cohort)
    own = {
        name: np.stack([seen[p + name] for p in prefixes(model)])
        for name in load("core").observables
        if f"lesion1__{name}" in seen
    }
    for name in ("cancer_cells", "tumour_volume", "viable_sld", "tumour_t_cells", "exhausted_t_cells"):
        np.testing.assert_allclose(own[name].sum(axis=0), seen[name], rtol=1e-12)
    np.testing.assert_allclose(own["sld"][:5].sum(axis=0), seen["sld"], rtol=1e-12)
    np.testing.assert_allclose(seen["sld"], cohort.baseline["sld_mm"], rtol=1e-12)
    for name in ("mask", "net_growth", "resistant_share", "antigen_loss_share", "pdl1_expression"):
        mean = (own[name] * own["cancer_cells"]).sum(axis=0) / own["cancer_cells"].sum(axis=0)
        np.testing.assert_allclose(mean, seen[name], rtol=1e-9)
    clones = [name for name in model.states if "__cancer_" in name]
    cells = cohort.states[:, [model.state_index[name] for name in clones]].sum(axis=1)
    np.testing.assert_allclose(cells, seen["cancer_cells"], rtol=1e-12)


def test_every_observable_of_a_lesion_has_its_total() -> None:
    names = load("core", lesions=1).observables
    assert {name.removeprefix("lesion1__") for name in names if "__" in name} <= set(names)


def test_only_disease_that_grows_untreated_is_eligible(model: LesionModel, cohort: Cohort) -> None:
    assert (observed(model, cohort)["net_growth"] > 0.001).all()
    seen = [*cohort.patients, *cohort.not_eligible]
    assert sorted(seen) == list(CANDIDATES)
    assert cohort.not_eligible.size > 0


def test_spread_within_patients_leaves_the_whole_spread_as_stated(model: LesionModel) -> None:
    lung, patients = load_tumour_type("nsclc"), np.arange(20_000)
    drawn = draw_parameters(lung, model, STREAMS, patients)
    for name, quantity in lung.within_patient.items():
        if name not in lung.parameters:
            continue
        logs = np.log(drawn[:, model.lesion_columns(name)])
        whole = max(lung.parameters[name].sigma, quantity.value)
        assert abs(logs.std(axis=0) / whole - 1).max() < 5 / np.sqrt(2 * patients.size), name
        within = np.sqrt((logs.var(axis=1, ddof=1)).mean())
        assert abs(within / quantity.value - 1) < 0.02, name
        assert np.median(logs) == pytest.approx(np.log(lung.parameters[name].value), abs=0.05)
    same = drawn[:, model.lesion_columns("scar_fraction")]
    assert (same == same[:, :1]).all()


@pytest.mark.parametrize("block", [7, 64])
def test_blocks_and_threads_change_no_patient(block: int, model: LesionModel, cohort: Cohort) -> None:
    starts = range(0, CANDIDATES.size, block)
    parts = [screen(few(), model, STREAMS, CANDIDATES[start : start + block], threads=2) for start in starts]
    assert np.array_equal(np.concatenate([part.states for part in parts]), cohort.states)
    assert np.array_equal(np.concatenate([part.parameters for part in parts]), cohort.parameters)


def test_a_patient_without_spread_has_lesions_that_are_alike(model: LesionModel) -> None:
    lung = load_tumour_type("nsclc")
    alike = few(target_lesions=2.0, size_sd=0.0, non_target_share=0.0)
    alike = alike.model_copy(update={"within_patient": {}})
    assert lung.within_patient
    cohort = screen(alike, model, STREAMS, np.arange(40))
    two = model.present(cohort.parameters).sum(axis=1) == 2
    assert two.any()
    growth = model.observe(cohort.states, cohort.parameters)[two][:, model.lesion_columns("net_growth")]
    np.testing.assert_allclose(growth[:, 0], growth[:, 1], rtol=1e-6)


@pytest.mark.parametrize("name", ["nsclc", "melanoma", "renal"])
def test_the_tumour_types_that_come_with_unmask_fit(name: str, model: LesionModel) -> None:
    check_against_model(load_tumour_type(name), model)
    assert len(prefixes(model)) == SLOTS


BAD: list[tuple[dict[str, Any], str]] = [
    ({"lesions": {"target_lesions": {"value": 0, "range": [0, 9]}}}, "one to 5 target lesions"),
    ({"lesions": {"target_lesions": {"value": 6, "range": [0, 9]}}}, "one to 5 target lesions"),
    ({"lesions": {"target_lesions": {"value": 6}}}, "outside its range"),
    ({"lesions": {"target_lesion": {"value": 2}}}, "did you mean 'target_lesions'"),
    ({"within_patient": {"pdl1_density": {"value": -0.5, "range": [-1, 1]}}}, "not below 0"),
    ({"within_patient": {"pdl_density": {"value": 0.5}}}, "did you mean 'pdl1_density'"),
]


@pytest.mark.parametrize(("change", "text"), BAD)
def test_what_a_tumour_type_may_not_say_of_lesions(change: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        load_tumour_type("nsclc", change)


def test_spread_within_patients_of_something_that_does_not_exist(tmp_path: Any) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "mine"\ntitle = "Mine"\nmodel = "core"\nbased_on = "nsclc"\n[within_patient.pdl_density]\n'
        'value = 0.5\nunit = "ln"\nrange = [0, 1]\nsource = "test"\nconfidence = "assumed"\n'
    )
    with pytest.raises(ConfigurationError, match=r"within_patient.pdl_density.*did you mean 'pdl1_density'"):
        load_tumour_type(str(file))
