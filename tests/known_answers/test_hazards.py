"""Death and new lesions: against closed forms, and against section 6b of the specification written in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from unmask.patients.parameter_set import TumourType, load_tumour_type
from unmask.patients.random_streams import RandomStreams
from unmask.trial.hazards import GRID_DAYS, MOST_NEW_LESIONS, Hazards

STREAMS = RandomStreams(4)
PATIENTS = np.arange(300)
NOBODY = np.zeros(PATIENTS.size, dtype=bool)


def with_hazards(**values: float) -> TumourType:
    return load_tumour_type("nsclc", {"hazard": {name: {"value": value} for name, value in values.items()}})


def run(
    tumour_type: TumourType,
    days: np.ndarray,
    cells: np.ndarray,
    viable: np.ndarray,
    chemotherapy: np.ndarray | None = None,
) -> tuple[Hazards, np.ndarray]:
    """Advance over a whole course (``(N, days)`` arrays); return hazards and the diameters at each day."""
    hazards = Hazards(tumour_type, STREAMS, PATIENTS, cells[:, 0], viable[:, 0], new_lesion_diameter_mm=10.0)
    diameters = []
    for k in range(1, days.size):
        cycle = NOBODY if chemotherapy is None else chemotherapy[:, k]
        hazards.advance(days[k], cells[:, k], viable[:, k], cycle)
        diameters.append(hazards.new_lesion_diameter.copy())
    hazards.finish()
    return hazards, np.array(diameters)


def constant(value: float, days: np.ndarray) -> np.ndarray:
    return np.full((PATIENTS.size, days.size), value)


@pytest.mark.parametrize("growth", [-0.02, 0.0, 0.01])
def test_with_a_constant_hazard_death_comes_at_threshold_over_hazard(growth: float) -> None:
    kind = with_hazards(death_size_exponent=0.0, frailty_sd=0.0, death_log_rate=-6.0)
    days = np.arange(0.0, 2100.0 + 1, GRID_DAYS)
    cells = np.exp(growth * days)[None, :] * np.full((PATIENTS.size, 1), 1e50)  # far above one cell
    hazards, _ = run(kind, days, cells, constant(65.0, days))
    rate = 0.00012 + np.exp(-6.0) * np.exp(38.721256250859206 * growth)
    expected = STREAMS.exponential("death", PATIENTS) / rate
    expected[expected > days[-1]] = np.inf
    np.testing.assert_allclose(hazards.death_day, expected, rtol=1e-9)
    assert np.isfinite(expected).sum() > 30


def test_growth_is_clipped_in_the_hazard_of_death() -> None:
    kind = with_hazards(death_size_exponent=0.0, frailty_sd=0.0)
    days = np.arange(0.0, 420.0 + 1, GRID_DAYS)
    deaths = []
    for growth in (0.04, 0.4, -0.03, -0.2):
        cells = np.exp(growth * days)[None, :] * np.full((PATIENTS.size, 1), 1e50)  # far above one cell
        deaths.append(run(kind, days, cells, constant(65.0, days))[0].death_day)
    assert np.isfinite(deaths[0]).sum() > np.isfinite(deaths[2]).sum() > 0
    np.testing.assert_allclose(deaths[1], deaths[0], rtol=1e-9)
    np.testing.assert_allclose(deaths[3], deaths[2], rtol=1e-9)


def test_chemotherapy_adds_its_hazard_only_in_a_cycle() -> None:
    kind = with_hazards(
        death_size_exponent=0.0, frailty_sd=0.0, death_log_rate=-10.0, chemotherapy_death=0.005
    )
    days = np.arange(0.0, 210.0 + 1, GRID_DAYS)
    in_cycle = np.zeros((PATIENTS.size, days.size), dtype=bool)
    in_cycle[:, 1:4] = True  # three cycles: intervals that end on days 21, 42, 63
    hazards, _ = run(kind, days, constant(1e4, days), constant(65.0, days), in_cycle)
    base = 0.00012 + np.exp(-10.0)
    rate = base + 0.005 * np.array([0, 1, 1, 1, *[0] * (days.size - 4)])
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * GRID_DAYS)])
    expected = np.interp(STREAMS.exponential("death", PATIENTS), cumulative, days, right=np.inf)
    np.testing.assert_allclose(hazards.death_day, expected, rtol=1e-9)
    assert np.isfinite(expected).sum() > 20


def test_a_new_lesion_at_constant_growth_is_seen_at_the_end_of_its_interval() -> None:
    kind = with_hazards(new_lesion_growth_sd=0.0)
    days = np.arange(0.0, 840.0 + 1, GRID_DAYS)
    cells = 1e4 * np.exp(0.004 * days)[None, :] * np.ones((PATIENTS.size, 1))
    _, diameters = run(kind, days, cells, constant(65.0, days))
    rate = 0.005518769736367659 * np.log1p(np.exp(0.004 / 0.005))
    thresholds = np.cumsum(
        [STREAMS.exponential("new lesion", PATIENTS, visit=n) for n in range(MOST_NEW_LESIONS)], axis=0
    ).T
    interval = np.ceil(thresholds / rate / GRID_DAYS).astype(int)  # 1 = first interval
    for k in range(1, days.size):
        age = (k - interval) * GRID_DAYS
        expected = np.where(age >= 0, 10.0 * np.exp(0.004 * age / 3), np.nan)
        np.testing.assert_allclose(diameters[k - 1], expected, rtol=1e-9)
    assert (interval < days.size).sum() > 100


def specification(
    kind: TumourType, days: np.ndarray, cells: np.ndarray, viable: np.ndarray, chemotherapy: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cumulative hazards of death and of new lesions at every grid day, as section 6b words them."""
    value = kind.hazard_value
    log_cells = np.log(np.maximum(cells, 1e-6))
    last = days.size - 1
    central = np.empty_like(log_cells)
    for k in range(days.size):
        a, b = max(k - 1, 0), min(k + 1, last)
        central[:, k] = (log_cells[:, b] - log_cells[:, a]) / (days[b] - days[a])
    z = STREAMS.normal("frailty", PATIENTS)[:, None]
    sf = value("frailty_sd")
    hazard = (
        0.00012
        + np.exp(value("death_log_rate") + sf * z - sf**2 / 2)
        * (np.maximum(viable, 0.5) / 65.0) ** value("death_size_exponent")
        * np.exp(value("death_growth_gain") * np.clip(central, -0.03, 0.04))
        + 0.0004 * chemotherapy
    )
    death = np.zeros_like(hazard)
    lesion = np.zeros_like(hazard)
    eta = value("new_lesion_growth_sd") * STREAMS.normal("growth of metastases", PATIENTS)
    for k in range(1, days.size):
        death[:, k] = death[:, k - 1] + (hazard[:, k] + hazard[:, k - 1]) / 2 * (days[k] - days[k - 1])
        a = max(k - 2, 0)
        gm = np.clip((log_cells[:, k] - log_cells[:, a]) / (days[k] - days[a]), -0.05, 0.05)
        rate = value("new_lesion_rate") * np.log(1 + np.exp((gm + eta) / 0.005))
        lesion[:, k] = lesion[:, k - 1] + rate * (days[k] - days[k - 1])
    return death, lesion


@pytest.mark.parametrize("end", [819, 830])  # a follow-up that ends between two grid days, too
def test_any_course_gives_the_hazards_of_the_specification(end: int) -> None:
    kind = load_tumour_type("nsclc")
    random = np.random.default_rng(8)
    days = np.array(sorted({*range(0, end + 1, GRID_DAYS), end}), dtype=float)
    steps = random.normal(0.0, 0.02, (PATIENTS.size, days.size)) * GRID_DAYS
    cells = np.exp(np.log(1e4) + np.cumsum(steps, axis=1))
    cells[:20, 12:] = 0.0  # eradicated
    viable = 65.0 * (cells / 1e4) ** (1 / 3)
    chemotherapy = random.random((PATIENTS.size, days.size)) < 0.3
    chemotherapy[:, 0] = False
    hazards, diameters = run(kind, days, cells, viable, chemotherapy)
    death, lesion = specification(kind, days, cells, viable, chemotherapy)
    threshold = STREAMS.exponential("death", PATIENTS)
    expected = np.array(
        [np.interp(limit, row, days, right=np.inf) for limit, row in zip(threshold, death, strict=True)]
    )
    np.testing.assert_allclose(hazards.death_day, expected, rtol=1e-9)
    assert 50 < np.isfinite(expected).sum() < PATIENTS.size
    first = STREAMS.exponential("new lesion", PATIENTS, visit=0)
    for k in range(1, days.size):
        assert np.array_equal(~np.isnan(diameters[k - 1][:, 0]), lesion[:, k] >= first)


def test_a_patient_who_is_no_longer_followed_neither_dies_nor_grows() -> None:
    kind = load_tumour_type("nsclc")
    days = np.arange(0.0, 819.0 + 1, GRID_DAYS)
    cells, viable = constant(1e4, days), constant(65.0, days)
    cells[:, 10:], viable[:, 10:] = np.nan, np.nan
    hazards, diameters = run(kind, days, cells, viable)
    known = hazards.death_day[np.isfinite(hazards.death_day)]
    assert (known <= days[9]).all()
    assert np.array_equal(
        np.isnan(diameters[-1]) | (diameters[-1] > 0), np.ones((PATIENTS.size, 5), dtype=bool)
    )
    assert np.isnan(diameters[-1][~np.isnan(diameters[7])]).all()


def test_both_arms_share_frailty_and_thresholds() -> None:
    kind = load_tumour_type("nsclc")
    days = np.arange(0.0, 819.0 + 1, GRID_DAYS)
    one = run(kind, days, constant(1e4, days), constant(65.0, days))[0].death_day
    same = run(kind, days, constant(1e4, days), constant(65.0, days))[0].death_day
    worse = run(kind, days, constant(1e4, days), constant(130.0, days))[0].death_day
    assert np.array_equal(one, same)
    died = np.isfinite(one)
    assert (worse[died] < one[died]).all()  # patient by patient, not only on average
