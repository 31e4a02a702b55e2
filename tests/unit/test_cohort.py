"""Cohorts: who is drawn, who is eligible, and that neither blocks nor threads change a patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unmask.engine import CompiledModel, compile_model
from unmask.errors import ConfigurationError
from unmask.model.catalogue import load
from unmask.patients import cohort as cohorts
from unmask.patients.cohort import Cohort, check_against_model, draw_parameters, screen
from unmask.patients.parameter_set import TumourType, load_tumour_type
from unmask.patients.random_streams import RandomStreams

CANDIDATES = 300
STREAMS = RandomStreams(3)


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    return compile_model(load("core"))


@pytest.fixture(scope="module")
def lung() -> TumourType:
    return load_tumour_type("nsclc")


@pytest.fixture(scope="module")
def cohort(compiled: CompiledModel, lung: TumourType) -> Cohort:
    return screen(lung, compiled, STREAMS, np.arange(CANDIDATES))


def same(one: Cohort, other: Cohort) -> bool:
    return (
        np.array_equal(one.patients, other.patients)
        and np.array_equal(one.states, other.states)
        and np.array_equal(one.parameters, other.parameters)
        and one.baseline.keys() == other.baseline.keys()
        and all(np.array_equal(one.baseline[name], other.baseline[name]) for name in one.baseline)
        and np.array_equal(one.not_eligible, other.not_eligible)
        and one.failed == other.failed
    )


def together(parts: list[Cohort]) -> Cohort:
    return replace(
        parts[0],
        patients=np.concatenate([part.patients for part in parts]),
        states=np.concatenate([part.states for part in parts]),
        parameters=np.concatenate([part.parameters for part in parts]),
        baseline={name: np.concatenate([p.baseline[name] for p in parts]) for name in parts[0].baseline},
        not_eligible=np.concatenate([part.not_eligible for part in parts]),
        failed=tuple(item for part in parts for item in part.failed),
    )


def drawn_shares(cohort: Cohort) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Resistant share, antigen-loss share and the sum of all shares, by model-spec section 5 and 6b."""
    z = STREAMS.normal("baseline chemo_resistant_log10_odds", cohort.patients)
    drawn = 0.9 / (1 + np.exp(-np.log(10) * (-0.46954 + 0.85864 * z)))
    z = STREAMS.normal("baseline antigen_loss_log10_share", cohort.patients)
    loss = np.minimum(0.5, 10 ** (-3.0 + z))
    return drawn, loss, np.maximum(1 - drawn - loss, 0.01) + drawn + loss + 1e-5 + 1e-6


@pytest.mark.parametrize("block", [1, 7, 64, 299])
def test_blocks_change_no_patient(
    block: int, cohort: Cohort, compiled: CompiledModel, lung: TumourType
) -> None:
    first = 60 if block == 1 else CANDIDATES
    starts = range(0, first, block)
    parts = [screen(lung, compiled, STREAMS, np.arange(start, min(start + block, first))) for start in starts]
    everyone = cohort if first == CANDIDATES else screen(lung, compiled, STREAMS, np.arange(first))
    assert same(together(parts), everyone)


def test_threads_change_no_patient(cohort: Cohort, compiled: CompiledModel, lung: TumourType) -> None:
    assert same(screen(lung, compiled, STREAMS, np.arange(CANDIDATES), threads=2), cohort)


def test_the_first_hundred_of_two_hundred_are_the_hundred(cohort: Cohort) -> None:
    two_hundred, hundred = cohort.first(200), cohort.first(100)
    assert (two_hundred.size, hundred.size) == (200, 100)
    assert same(two_hundred.first(100), hundred)
    assert np.array_equal(two_hundred.patients[:100], hundred.patients)
    assert (hundred.not_eligible < hundred.patients[-1]).all()
    assert same(cohort.first(10**6), cohort)


def test_every_candidate_is_accounted_for(cohort: Cohort) -> None:
    seen = [*cohort.patients, *cohort.not_eligible, *(patient for patient, _ in cohort.failed)]
    assert sorted(seen) == list(range(CANDIDATES))
    assert cohort.not_eligible.size > 0


def test_only_growing_tumours_are_eligible(cohort: Cohort, compiled: CompiledModel, lung: TumourType) -> None:
    growth = compiled.observe(cohort.states, cohort.parameters)[:, compiled.observable_index["net_growth"]]
    assert (growth > 0.001).all()
    assert np.array_equal(cohort.baseline["net_growth_per_day"], growth)
    strict = load_tumour_type("nsclc", {"baseline": {"minimum_untreated_growth": {"value": 0.01}}})
    fewer = screen(strict, compiled, STREAMS, np.arange(CANDIDATES))
    assert np.array_equal(fewer.patients, cohort.patients[growth > 0.01])
    assert 0 < fewer.size < cohort.size


def test_a_patient_without_treatment_starts_with_the_stated_size(
    cohort: Cohort, compiled: CompiledModel
) -> None:
    observed = dict(
        zip(compiled.observables, compiled.observe(cohort.states, cohort.parameters).T, strict=True)
    )
    np.testing.assert_allclose(observed["sld"], cohort.baseline["sld_mm"], rtol=1e-12)
    np.testing.assert_allclose(observed["viable_sld"], cohort.baseline["sld_mm"], rtol=1e-12)
    p = compiled.parameter_index
    assert (cohort.parameters[:, p["tumour_dynamics_on"]] == 1.0).all()
    np.testing.assert_array_equal(cohort.parameters[:, p["baseline_cancer_cells"]], observed["cancer_cells"])
    np.testing.assert_array_equal(cohort.parameters[:, p["baseline_volume"]], observed["tumour_volume"])
    # Cells fill the stated share of two equal spheres (model-spec section 5), whatever the burn-in did.
    volume = np.pi / 6 * cohort.baseline["sld_mm"] ** 3 / 4 / 1000
    cells = 0.85 * volume / 2.527e-3 * drawn_shares(cohort)[2]
    np.testing.assert_allclose(observed["cancer_cells"], cells, rtol=1e-9)


def test_clone_shares_at_baseline(cohort: Cohort, compiled: CompiledModel, lung: TumourType) -> None:
    s = compiled.state_index
    clones = [name for name in compiled.states if name.startswith("cancer_")]
    cells = cohort.states[:, [s[name] for name in clones]]
    share = dict(zip(clones, (cells / cells.sum(axis=1, keepdims=True)).T, strict=True))
    drawn, loss, whole = drawn_shares(cohort)
    np.testing.assert_allclose(share["cancer_chemo_resistant"], drawn / whole, rtol=1e-6)
    np.testing.assert_allclose(share["cancer_antigen_loss"], loss / whole, rtol=1e-6)
    np.testing.assert_allclose(share["cancer_targeted_resistant"], 1e-5 / whole, rtol=1e-6)
    np.testing.assert_allclose(share["cancer_multi_resistant"], 1e-6 / whole, rtol=1e-6)
    assert (share["cancer_hormone_independent"] == 0).all()
    assert (share["cancer_sensitive"] > 0).all()


def test_medians_spreads_and_correlations_are_those_stated(compiled: CompiledModel) -> None:
    patients = np.arange(40_000)
    lung = load_tumour_type("nsclc")
    drawn = draw_parameters(lung, compiled, STREAMS, patients)
    logs = {}
    for name, quantity in lung.parameters.items():
        values = drawn[:, compiled.parameter_index[name]]
        if quantity.sigma == 0:
            assert (values == quantity.value).all()
            continue
        logs[name] = np.log(values)
        error = quantity.sigma / np.sqrt(patients.size)
        assert abs(np.median(logs[name]) - np.log(quantity.value)) < 5 * 1.2533 * error, name
        assert abs(logs[name].std() / quantity.sigma - 1) < 5 / np.sqrt(2 * patients.size), name
    stated = {("net_growth_rate", "naive_precursors"): 0.5, ("net_growth_rate", "chemo_log_kill"): 0.6}
    stated["naive_precursors", "chemo_log_kill"] = 0.3  # through growth (model-spec section 6b)
    stated["naive_precursors", "pdl1_density"] = 0.8
    stated["net_growth_rate", "pdl1_density"] = 0.5 * 0.8  # through precursors
    stated["chemo_log_kill", "pdl1_density"] = 0.6 * 0.5 * 0.8  # through growth and precursors
    names = sorted(logs)
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            expected = stated.get((one, other), stated.get((other, one), 0.0))
            found = np.corrcoef(logs[one], logs[other])[0, 1]
            assert abs(found - expected) < 5 / np.sqrt(patients.size), (one, other)


def test_a_body_weight_comes_with_every_patient(
    cohort: Cohort, compiled: CompiledModel, lung: TumourType
) -> None:
    weight = cohort.baseline["body_weight_kg"]
    expected = 76.8 * np.exp(0.2 * STREAMS.normal("baseline body_weight_kg", cohort.patients))
    np.testing.assert_allclose(weight, expected, rtol=1e-12)
    heavy = load_tumour_type("nsclc", {"baseline": {"body_weight_kg": {"value": 120.0}}})
    same_people = screen(heavy, compiled, STREAMS, np.arange(CANDIDATES))
    np.testing.assert_allclose(same_people.baseline["body_weight_kg"] / weight, 120.0 / 76.8, rtol=1e-12)
    assert np.array_equal(same_people.states, cohort.states)


def test_the_host_starts_the_burn_in_as_the_model_says(
    compiled: CompiledModel, lung: TumourType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state that the tumour type says nothing of (a drug in the blood, an added mechanism) has its own start."""
    began: list[np.ndarray] = []
    original = CompiledModel.integrate

    def watched(self: CompiledModel, states: np.ndarray, *arguments: object, **options: object) -> object:
        began.append(states.copy())
        return original(self, states, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(CompiledModel, "integrate", watched)
    screen(lung, compiled, STREAMS, np.arange(20))
    states = dict(zip(compiled.states, began[0].T, strict=True))
    parameters = draw_parameters(lung, compiled, STREAMS, np.arange(20))
    value = {name: parameters[:, column] for name, column in compiled.parameter_index.items()}
    assert np.array_equal(states["autoreactivity"], value["autoreactivity_set_point"])
    for species in compiled.model.species:
        if species.name.startswith("neutrophil"):
            assert np.array_equal(states[species.name], value["neutrophil_baseline"])
        elif species.name not in ("autoreactivity", "stroma", "regulatory_t_cells") and not (
            species.name.startswith("cancer_")
        ):
            assert (states[species.name] == species.initial).all(), species.name


def test_a_parameter_that_is_not_listed_keeps_the_value_of_the_model(compiled: CompiledModel) -> None:
    lung = load_tumour_type("nsclc")
    drawn = draw_parameters(lung, compiled, STREAMS, np.arange(3))
    default = compiled.default_parameters(3)
    for name, column in compiled.parameter_index.items():
        if name not in lung.parameters:
            assert np.array_equal(drawn[:, column], default[:, column])


def test_a_failed_burn_in_is_a_row_with_a_reason(
    compiled: CompiledModel, lung: TumourType, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = cohorts.draw_parameters

    def spoiled(*arguments: object) -> np.ndarray:
        parameters = original(*arguments)  # type: ignore[arg-type]
        parameters[5, compiled.parameter_index["max_kill_rate"]] = np.nan
        return parameters

    healthy = screen(lung, compiled, STREAMS, np.arange(12))
    monkeypatch.setattr(cohorts, "draw_parameters", spoiled)
    hurt = screen(lung, compiled, STREAMS, np.arange(12))
    assert [patient for patient, _ in hurt.failed] == [5]
    assert hurt.failed[0][1].startswith("burn-in: ")
    others = healthy.patients != 5
    assert np.array_equal(hurt.patients, healthy.patients[others])
    assert np.array_equal(hurt.states, healthy.states[others])


def test_a_tumour_type_that_does_not_fit_the_model_is_refused(
    compiled: CompiledModel, lung: TumourType
) -> None:
    check_against_model(lung, compiled)
    quantity = lung.parameters["max_kill_rate"]
    misspelt = lung.model_copy(update={"parameters": {"max_kil_rate": quantity}})
    with pytest.raises(ConfigurationError, match="did you mean 'max_kill_rate'") as caught:
        check_against_model(misspelt, compiled)
    assert caught.value.code == "patients.unknown_parameter"
    hours = quantity.model_copy(update={"unit": "1/hour"})
    with pytest.raises(ConfigurationError, match=r"'1/hour'.*'1/day'") as caught:
        check_against_model(lung.model_copy(update={"parameters": {"max_kill_rate": hours}}), compiled)
    assert caught.value.code == "patients.unit_differs"


@pytest.mark.parametrize("name", ["nsclc", "melanoma", "renal"])
def test_the_tumour_types_that_come_with_unmask_fit(name: str, compiled: CompiledModel) -> None:
    check_against_model(load_tumour_type(name), compiled)
