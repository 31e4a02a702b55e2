"""What the radiologist writes down: lesions, sums, noise, and what is too small to measure or to see."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from unmask.patients.parameter_set import MOST_TARGETS
from unmask.patients.random_streams import RandomStreams
from unmask.response import Response, Rules
from unmask.trial.disease import NO_LESION, Lumped, Scan
from unmask.trial.protocol import Disease, Measurement

STREAMS = RandomStreams(6)
PATIENTS = np.arange(4000)
NO_NEW = np.full((PATIENTS.size, MOST_TARGETS), np.nan)
EXACT = Measurement(sum_error=0.0, lesion_error=0.0)


def radiology(
    baseline: float | np.ndarray, measurement: Measurement | None = None, disease: Disease | None = None
) -> Lumped:
    size = np.broadcast_to(np.asarray(baseline, dtype=float), PATIENTS.shape).copy()
    return Lumped(disease or Disease(), measurement or Measurement(), STREAMS, PATIENTS, size)


def take(seen: Lumped, visit: int, sld: np.ndarray, new_lesions: np.ndarray = NO_NEW) -> Scan:
    """Scan everyone at these sums of diameters, with these new lesions."""
    seen.take_new_lesions(0.0, SimpleNamespace(new_lesion_diameter=new_lesions))  # type: ignore[arg-type]
    return seen.scan(visit, 0.0, {"sld": sld}, np.ones(PATIENTS.size, dtype=bool))


def total(target: np.ndarray) -> np.ndarray:
    """Sum of the lesions there are, in mm."""
    return np.asarray(np.where(target == NO_LESION, 0, target).sum(axis=1) / 10.0)


def random_baseline() -> np.ndarray:
    return np.exp(np.random.default_rng(2).normal(np.log(40.0), 0.9, PATIENTS.size))


def test_lesions_at_baseline_add_up_and_are_measurable() -> None:
    baseline = random_baseline()
    seen = radiology(baseline)
    exists = seen.baseline != NO_LESION
    assert np.array_equal(exists.sum(axis=1), seen.lesion_count)
    assert (exists == (np.arange(MOST_TARGETS) < seen.lesion_count[:, None])).all()
    assert seen.lesion_count.min() == 1
    assert seen.lesion_count.max() == MOST_TARGETS
    assert (seen.lesion_count <= np.maximum(np.floor(baseline / 10.0), 1)).all()
    np.testing.assert_allclose(seen.share.sum(axis=1), 1.0, rtol=1e-12)
    measurable = baseline >= 10.0
    assert (seen.baseline[measurable][exists[measurable]] >= 100).all()
    assert (seen.lesion_count[~measurable] == 1).all()
    rounding = 0.05 * seen.lesion_count + 1e-9
    readable = baseline >= 5.0  # below, the single lesion is too small to measure and stands as 5 mm
    assert (np.abs(total(seen.baseline) - baseline)[readable] <= rounding[readable]).all()
    assert (total(seen.baseline)[~readable] == 5.0).all()


def test_the_number_of_lesions_has_the_stated_weights() -> None:
    weights = (0.4, 0.3, 0.1, 0.15, 0.05)
    seen = radiology(200.0, disease=Disease(target_lesion_weights=weights))
    found = np.bincount(seen.lesion_count, minlength=6)[1:] / PATIENTS.size
    np.testing.assert_allclose(found, weights, atol=5 * np.sqrt(0.25 / PATIENTS.size))
    only_three = radiology(200.0, disease=Disease(target_lesion_weights=(0, 0, 1, 0, 0)))
    assert (only_three.lesion_count == 3).all()


@pytest.mark.parametrize("visit", [0, 3])
def test_the_error_of_the_sum_is_the_stated_one(visit: int) -> None:
    seen = radiology(random_baseline() + 60.0)
    scan = take(seen, visit, seen._baseline_sld)
    error = np.log(total(scan.target) / seen._baseline_sld)
    assert abs(error.std() / 0.07 - 1) < 5 / np.sqrt(2 * PATIENTS.size)
    assert abs(error.mean()) < 5 * 0.07 / np.sqrt(PATIENTS.size)
    # The very number of the patient's own stream, whatever the arm.
    expected = 0.07 * STREAMS.normal("scan error", PATIENTS, visit)
    assert np.abs(error - expected).max() < 0.05 * MOST_TARGETS / 60.0


def test_lesions_scatter_without_changing_the_sum() -> None:
    seen = radiology(200.0, Measurement(sum_error=0.0, lesion_error=0.08))
    scan = take(seen, 1, np.full(PATIENTS.size, 180.0))
    several = seen.lesion_count > 1
    assert np.abs(total(scan.target) - 180.0).max() <= 0.05 * MOST_TARGETS + 1e-9
    change = scan.target[several] / seen.baseline[several]
    assert change[scan.target[several] > 0].std() > 0.05
    still = take(radiology(200.0, EXACT), 1, np.full(PATIENTS.size, 180.0))
    expected = np.where(seen.baseline == NO_LESION, NO_LESION, np.rint(seen.share * 1800.0))
    assert np.array_equal(still.target, expected)


@pytest.mark.parametrize(
    ("true", "written"),
    [(40.0, 400), (5.04, 50), (4.9, 50), (2.0, 50), (1.99, 0), (0.0, 0)],
)
def test_too_small_to_measure_is_five_and_too_small_to_see_is_nought(true: float, written: int) -> None:
    one = radiology(40.0, EXACT, Disease(target_lesion_weights=(1, 0, 0, 0, 0)))
    scan = take(one, 0, np.full(PATIENTS.size, true))
    assert (scan.target[:, 0] == written).all()
    assert (scan.target[:, 1:] == NO_LESION).all()


def test_error_never_hides_what_can_be_seen() -> None:
    noisy = radiology(40.0, Measurement(sum_error=0.5), Disease(target_lesion_weights=(1, 0, 0, 0, 0)))
    assert (take(noisy, 0, np.full(PATIENTS.size, 2.1)).target[:, 0] >= 50).all()
    assert (take(noisy, 0, np.full(PATIENTS.size, 1.9)).target[:, 0] == 0).all()


def read(seen: Lumped, visit: int, ratio: float) -> Scan:
    return take(seen, visit, seen._baseline_sld * ratio)


def test_non_target_disease_is_judged_against_its_smallest_size() -> None:
    seen = radiology(60.0, EXACT, Disease(non_target_share=0.5, non_target_progression_ratio=1.5))
    there = seen.has_non_target
    assert abs(there.mean() - 0.5) < 5 * np.sqrt(0.25 / PATIENTS.size)
    course = [  # ratio to baseline, verdict; it is gone below 2 mm of 15 mm
        (1.49, Response.NON_CR_NON_PD),
        (1.5, Response.PD),
        (0.4, Response.NON_CR_NON_PD),
        (0.59, Response.NON_CR_NON_PD),
        (0.61, Response.PD),
        (0.13, Response.CR),
        (0.19, Response.NON_CR_NON_PD),
        (0.21, Response.PD),
    ]
    for visit, (ratio, verdict) in enumerate(course):
        found = read(seen, visit, ratio).non_target
        assert (found[there] == verdict).all(), (visit, ratio)
        assert (found[~there] == Response.NA).all()


def test_non_target_disease_is_seen_to_grow_from_one_scan_to_the_next() -> None:
    seen = radiology(60.0, EXACT, Disease(non_target_share=0.5, non_target_visible_increase=1.25))
    there = seen.has_non_target
    course = [
        (1.24, False),
        (1.5, False),
        (1.9, True),
        (2.3, False),
        (1.0, False),
        (1.25, True),
        (1.25, False),
    ]
    for visit, (ratio, grew) in enumerate(course):
        scan = read(seen, visit, ratio)
        assert np.array_equal(scan.non_target_increase, there & grew), (visit, ratio)


def test_new_lesions_are_seen_from_their_visible_size_on() -> None:
    seen = radiology(60.0, Measurement(sum_error=0.0, invisible_below_mm=2.0))
    new = NO_NEW.copy()
    new[0, 0] = 10.0
    new[1, :3] = [1.9, 12.0, 2.0]
    new[2, 0] = 1.0
    new[3, 0] = 1e9
    scan = take(seen, 0, np.full(PATIENTS.size, 60.0), new)
    assert scan.new_lesion[:4].tolist() == [True, True, False, True]
    assert scan.new_lesion_count[:4].tolist() == [1, 2, 0, 1]
    assert scan.new_lesion_sum[:3].tolist() == [100, 120, -1]  # 2 mm are seen, but not measured
    assert scan.new_sizes[1].tolist() == [-1, 120, 20, -1, -1]
    assert scan.new_lesion_sum[3] == 5_000  # a runaway number stays a length that a lesion file may hold
    assert not scan.new_lesion[4:].any()


def test_two_arms_read_the_same_patient_alike() -> None:
    baseline = random_baseline()
    one, two = radiology(baseline), radiology(baseline)
    assert np.array_equal(one.baseline, two.baseline)
    ratio = np.linspace(0.2, 2.0, PATIENTS.size)
    for visit in (0, 1):
        a, b = (take(seen, visit, baseline * ratio) for seen in (one, two))
        assert np.array_equal(a.target, b.target)
    assert not np.array_equal(take(one, 2, baseline).target, take(one, 3, baseline).target)


def test_a_lesion_too_small_to_measure_is_written_down_as_the_rules_say() -> None:
    size = np.full(PATIENTS.shape, 40.0)
    rules = Rules(too_small_tenths=30)
    seen = take(Lumped(Disease(), EXACT, STREAMS, PATIENTS, size, rules), 0, size * 0.07).target
    single = (seen != NO_LESION).sum(axis=1) == 1  # their lesion is truly 2.8 mm
    assert single.any()
    assert (seen[single].max(axis=1) == 30).all()
    assert (take(radiology(size, EXACT), 0, size * 0.07).target[single, 0] == 50).all()
