"""Lesions as tumours: one equals the lumped tumour, order does not matter, new ones grow or are attacked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from unmask.engine import CompiledModel, compile_model
from unmask.model.catalogue import load
from unmask.patients.cohort import Cohort, screen
from unmask.patients.lesion_model import NON_TARGET_SLOT, SLOTS, LesionModel
from unmask.patients.lesions import cancer_cells, prefixes, seed
from unmask.patients.parameter_set import MOST_TARGETS, TumourType, load_tumour_type
from unmask.patients.random_streams import RandomStreams
from unmask.response import Response
from unmask.trial.conduct import ArmRecord, conduct_arm
from unmask.trial.disease import NO_LESION, Lesions
from unmask.trial.protocol import Disease, Measurement, Protocol, load_protocol

STREAMS = RandomStreams(12)
EXACT = Measurement(sum_error=0.0, lesion_error=0.0)
EVERYONE = np.arange(60)


def lung(lesions: dict[str, float], **sections: dict[str, float]) -> TumourType:
    change: dict[str, Any] = {"lesions": lesions, **sections}
    return load_tumour_type(
        "nsclc",
        {name: {key: {"value": value} for key, value in part.items()} for name, part in change.items()},
    )


ONE = lung(
    {"target_lesions": 1.0, "non_target_share": 0.0},
    hazard={"new_lesion_rate": 0.0},
    baseline={"lesions_in_scan_volume": 1.0},
    within_patient=dict.fromkeys(load_tumour_type("nsclc").within_patient, 0.0),
)
TWO = lung({"target_lesions": 1.8, "non_target_share": 0.5})


@pytest.fixture(scope="module")
def model() -> LesionModel:
    return LesionModel("core")


@pytest.fixture(scope="module")
def two(model: LesionModel) -> Cohort:
    """Patients with two or three lesions."""
    cohort = screen(TWO, model, STREAMS, np.arange(120))
    lesions = model.present(cohort.parameters).sum(axis=1)
    return cohort.take(np.flatnonzero((lesions >= 2) & (lesions <= 3)))


def short(form: str) -> Protocol:
    settings = (
        "follow_up.days=252",
        "follow_up.accrual_days=0",
        "measurement.sum_error=0",
        "measurement.lesion_error=0",
        "disease.target_lesion_weights=[1,0,0,0,0]",
        "disease.non_target_share=0",
        f"disease.form={form}",
    )
    return load_protocol("oak", settings)[0]


def conducted(compiled: CompiledModel | LesionModel, arm: str) -> ArmRecord:
    form = "lesions" if isinstance(compiled, LesionModel) else "lumped"
    cohort = screen(ONE, compiled, STREAMS, EVERYONE)
    return conduct_arm(short(form), arm, ONE, compiled, cohort, STREAMS)


@pytest.mark.parametrize("arm", ["atezolizumab", "docetaxel"])
def test_one_lesion_goes_through_a_trial_like_the_lumped_tumour(arm: str, model: LesionModel) -> None:
    lumped, lesion = conducted(compile_model(load("core")), arm), conducted(model, arm)
    assert np.array_equal(lumped.cohort.patients, lesion.cohort.patients)
    assert np.array_equal(lumped.baseline_lesions, lesion.baseline_lesions)
    for name in ("scanned", "lesions", "target", "overall", "criterion", "immune", "on_treatment"):
        assert np.array_equal(getattr(lumped.readings, name), getattr(lesion.readings, name)), name
    np.testing.assert_allclose(lesion.death_day, lumped.death_day, rtol=1e-9)
    assert np.isfinite(lumped.death_day).any()
    for name, values in lumped.course.items():
        np.testing.assert_allclose(lesion.course[name], values, rtol=1e-5, atol=1e-7)
    assert [(record.day, record.drug) for record in lumped.doses] == [
        (record.day, record.drug) for record in lesion.doses
    ]


def swapped(model: LesionModel, values: np.ndarray, names: tuple[str, ...], order: list[int]) -> np.ndarray:
    """Return the arrays with lesion ``order[i]`` in slot ``i``."""
    place = {name: column for column, name in enumerate(names)}
    out = values.copy()
    for slot, prefix in enumerate(prefixes(model)):
        source = prefixes(model)[order[slot]]
        for name in names:
            if name.startswith(prefix):
                out[:, place[name]] = values[:, place[source + name.removeprefix(prefix)]]
    return out


def test_the_order_of_lesions_does_not_matter(model: LesionModel, two: Cohort) -> None:
    order = [7, 0, 5, 3, 4, 2, 6, 1]
    treated = two.states.copy()
    treated[:, model.state_index["anti_pdl1_central"]] = 300.0
    plain = model.integrate(treated, two.parameters, 0.0, 84.0, rtol=1e-9)
    states = swapped(model, treated, model.states, order)
    parameters = swapped(model, two.parameters, model.parameters, order)
    other = model.integrate(states, parameters, 0.0, 84.0, rtol=1e-9)
    np.testing.assert_allclose(
        other.states, swapped(model, plain.states, model.states, order), rtol=1e-5, atol=1e-8
    )
    totals = [name for name in model.observables if "__" not in name]
    columns = [model.observable_index[name] for name in totals]
    np.testing.assert_allclose(
        model.observe(other.states, parameters)[:, columns],
        model.observe(plain.states, two.parameters)[:, columns],
        rtol=1e-5,
        atol=1e-9,
    )


def test_an_empty_slot_takes_no_part(model: LesionModel, two: Cohort) -> None:
    after = model.integrate(two.states, two.parameters, 0.0, 42.0)
    empty = ~model.present(two.parameters)
    for name in ("cancer_sensitive", "tumour_t_cells", "stroma", "pdl1_induction"):
        columns = model.lesion_columns(name)
        assert np.array_equal(after.states[:, columns][empty], two.states[:, columns][empty])
    seen = model.observe(after.states, two.parameters)
    assert (seen[:, model.lesion_columns("sld")][empty] == 0.0).all()
    assert (after.status == 0).all()


def test_a_new_lesion_is_a_small_tumour_of_the_patients_own_clones(model: LesionModel, two: Cohort) -> None:
    states, parameters = two.states.copy(), two.parameters.copy()
    rows, slots = np.arange(two.size), np.full(two.size, SLOTS - 1)
    before = cancer_cells(model, states)
    seed(TWO, model, states, parameters, rows, slots, 10.0)
    own = prefixes(model)[-1]
    clones = [name.removeprefix("lesion1__") for name in model.states if name.startswith("lesion1__cancer_")]
    new = states[:, [model.state_index[own + name] for name in clones]]
    every = sum(two.states[:, [model.state_index[p + name] for name in clones]] for p in prefixes(model))
    np.testing.assert_allclose(
        new / new.sum(axis=1, keepdims=True), every / before[:, None], rtol=1e-9, atol=1e-15
    )
    np.testing.assert_allclose(new.sum(axis=1), 0.85 * np.pi / 6 * 1.0 / 2.527e-3, rtol=1e-9)  # 10 mm, in Mc
    np.testing.assert_allclose(cancer_cells(model, states), before + new.sum(axis=1), rtol=1e-12)
    seen = dict(zip(model.observables, model.observe(states, parameters).T, strict=True))
    np.testing.assert_allclose(seen[f"{own}sld"], 10.0, rtol=1e-12)
    # It is no target: the sum of diameters stays.
    np.testing.assert_allclose(seen["sld"], two.baseline["sld_mm"], rtol=1e-12)
    # Its T cells are in balance with the blood.
    rate = model.integrate(states, parameters, 0.0, 1.0).states[:, model.state_index[f"{own}tumour_t_cells"]]
    held = states[:, model.state_index[f"{own}tumour_t_cells"]]
    assert np.median(np.abs(rate / held - 1)) < 0.02


def test_a_new_lesion_grows_where_nothing_attacks_it_and_shrinks_where_t_cells_do(
    model: LesionModel, two: Cohort
) -> None:
    def after(days: float, precursors: float, kill: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        states, parameters = two.states.copy(), two.parameters.copy()
        p = model.parameter_index
        parameters[:, p["naive_precursors"]] = precursors
        parameters[:, model.lesion_columns("max_kill_rate")] *= kill
        rows, slots = np.arange(two.size), np.full(two.size, SLOTS - 2)
        if kill == 0:
            states[:, model.state_index["effector_t_cells"]] = 0.0
        seed(TWO, model, states, parameters, rows, slots, 10.0)
        prefix = prefixes(model)[SLOTS - 2]
        growth = parameters[:, p[f"{prefix}net_growth_rate"]]
        end = model.integrate(states, parameters, 0.0, days)
        assert (end.status == 0).all()
        columns = [model.state_index[n] for n in model.states if n.startswith(f"{prefix}cancer_")]
        start = states[:, columns].sum(axis=1)
        sensitive = model.state_index[f"{prefix}cancer_sensitive"]
        return (
            end.states[:, columns].sum(axis=1) / start,
            growth,
            end.states[:, sensitive] / states[:, sensitive],
        )

    _, growth, free = after(42.0, 1e-9, 0.0)
    np.testing.assert_allclose(
        np.log(free) / 42.0, growth, rtol=0.02
    )  # crowding and mutation are next to nothing
    attacked, _, _ = after(42.0, 50.0, 5.0)
    assert np.median(attacked) < 0.8


def disease_of(
    model: LesionModel, cohort: Cohort, measurement: Measurement, tumour_type: TumourType = TWO
) -> tuple[Lesions, np.ndarray, np.ndarray]:
    states, parameters = cohort.states.copy(), cohort.parameters.copy()
    seen = Lesions(tumour_type, model, Disease(), measurement, cohort, states, parameters, STREAMS)
    return seen, states, parameters


def looked_at(model: LesionModel, states: np.ndarray, parameters: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(model.observables, model.observe(states, parameters).T, strict=True))


def appeared(counts: np.ndarray) -> Any:
    return SimpleNamespace(new_lesion_count=counts)


def test_each_target_is_measured_by_itself(model: LesionModel, two: Cohort) -> None:
    seen, states, parameters = disease_of(model, two, EXACT)
    everyone = np.ones(two.size, dtype=bool)
    scan = seen.scan(0, 42.0, looked_at(model, states, parameters), everyone)
    sizes = two.parameters[:, model.lesion_columns("baseline_sld")][:, :MOST_TARGETS]
    assert np.array_equal(scan.target, np.where(sizes > 0, np.rint(10 * sizes), NO_LESION))
    assert np.array_equal(scan.target, seen.baseline)
    assert np.array_equal(seen.has_non_target, two.parameters[:, model.lesion_columns("baseline_sld")[5]] > 0)
    noisy, states, parameters = disease_of(model, two, Measurement(sum_error=0.0, lesion_error=0.07))
    first = noisy.scan(0, 42.0, looked_at(model, states, parameters), everyone).target
    both = (sizes[:, :2] > 0).all(axis=1)
    log = np.log(first[both, :2] / scan.target[both, :2])
    # The very numbers of the patient's own streams, but for the rounding to tenths of a millimetre.
    own = [STREAMS.normal(f"lesion {slot} error", two.patients, 0)[both] for slot in range(2)]
    smallest = sizes[both, :2].min() * np.exp(0.07 * min(item.min() for item in own))
    np.testing.assert_allclose(log, 0.07 * np.stack(own, axis=1), rtol=0.0, atol=0.11 / smallest)
    assert abs(np.corrcoef(log.T)[0, 1]) < 0.5  # an error of its own for each lesion
    unscanned = noisy.scan(1, 84.0, {k: np.full(two.size, np.nan) for k in model.observables}, ~everyone)
    assert (unscanned.target >= NO_LESION).all()


def test_one_lesion_can_shrink_while_another_grows(model: LesionModel, two: Cohort) -> None:
    pair = two.take(np.flatnonzero(two.parameters[:, model.lesion_columns("baseline_sld")[1]] > 0))
    seen, states, parameters = disease_of(model, pair, EXACT)
    states[:, model.state_index["lesion1__cancer_sensitive"]] *= 0.1
    states[:, model.state_index["lesion2__cancer_sensitive"]] *= 3.0
    target = seen.scan(0, 42.0, looked_at(model, states, parameters), np.ones(pair.size, dtype=bool)).target
    assert (target[:, 0] < seen.baseline[:, 0]).all()
    assert (target[:, 1] > seen.baseline[:, 1]).all()


def test_non_target_disease_is_judged_by_what_it_does_itself(model: LesionModel, two: Cohort) -> None:
    seen, states, parameters = disease_of(model, two, EXACT)
    everyone = np.ones(two.size, dtype=bool)
    has = seen.has_non_target
    assert 0 < has.sum() < has.size
    prefix = prefixes(model)[NON_TARGET_SLOT]
    columns = [model.state_index[name] for name in model.states if name.startswith(f"{prefix}cancer_")]
    states[:, columns] *= 20.0
    scan = seen.scan(0, 42.0, looked_at(model, states, parameters), everyone)
    assert np.array_equal(scan.target, seen.baseline)
    assert (scan.non_target[has] == Response.PD).all()
    assert (scan.non_target[~has] == Response.NA).all()
    assert np.array_equal(scan.non_target_increase, has)


def test_new_lesions_are_seen_on_the_day_they_appear_and_fill_the_slots(
    model: LesionModel, two: Cohort
) -> None:
    seen, states, parameters = disease_of(model, two, EXACT)
    everyone = np.ones(two.size, dtype=bool)
    before = looked_at(model, states, parameters)
    counts = np.zeros(two.size, dtype=np.int64)
    counts[:3] = [1, 2, 99]
    seen.take_new_lesions(42.0, appeared(counts))
    seen.take_new_lesions(42.0, appeared(counts))  # nothing is seeded twice
    scan = seen.scan(0, 42.0, before, everyone)
    room = SLOTS - int(model.present(two.parameters)[2].sum())
    assert room >= 2
    assert scan.new_lesion_count[:4].tolist() == [1, 2, room, 0]
    assert scan.new_lesion_sum[:4].tolist() == [100, 200, 100 * min(room, 5), -1]  # five are measured
    assert scan.new_lesion[:4].tolist() == [True, True, True, False]
    assert np.array_equal(scan.target, seen.baseline)
    assert np.array_equal(
        model.present(parameters).sum(axis=1),
        model.present(two.parameters).sum(axis=1) + scan.new_lesion_count,
    )
    # The burden that death follows counts them; the sum of diameters does not.
    after = looked_at(model, states, parameters)
    np.testing.assert_allclose(after["sld"], before["sld"], rtol=1e-12)
    # A new lesion of 10 mm counts as a target of that size, on the scale of the patient's sum of targets.
    sizes = two.parameters[:, model.lesion_columns("baseline_sld")]
    scale = sizes[:, :MOST_TARGETS].sum(axis=1) / sizes.sum(axis=1)
    added = seen.burden(after) - seen.burden(before)
    np.testing.assert_allclose(added, 10.0 * scale * scan.new_lesion_count, rtol=1e-9, atol=1e-9)
    assert scale.min() < 0.9
    np.testing.assert_allclose(seen.burden(before), two.baseline["sld_mm"], rtol=1e-9)


def test_who_has_no_cancer_cell_left_has_no_new_lesion(model: LesionModel, two: Cohort) -> None:
    seen, states, parameters = disease_of(model, two, EXACT)
    clones = [model.state_index[name] for name in model.states if "__cancer_" in name]
    states[0, clones] = 0.0
    seen.take_new_lesions(42.0, appeared(np.ones(two.size, dtype=np.int64)))
    grown = model.present(parameters).sum(axis=1) - model.present(two.parameters).sum(axis=1)
    assert grown.tolist() == [0] + [1] * (two.size - 1)
    assert np.isfinite(states).all()
