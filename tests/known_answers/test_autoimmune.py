"""Autoimmune background: who has what, and who can have which flare."""

from __future__ import annotations

import numpy as np
import pytest

from safety_clinic import STREAMS, blocked, draws, treated
from unmask.safety.adverse_events import AUTOIMMUNE_FLARE, Events
from unmask.safety.autoimmune import Background, can_flare, diseases, draw_background
from unmask.safety.desk import SafetyDesk
from unmask.safety.event_kinds import kinds, safety_data

NUMBERS = np.arange(20_000)


def uniform(process: str, visit: int = 0) -> np.ndarray:
    return STREAMS.uniform(process, NUMBERS, visit)


def test_diseases_have_their_shares() -> None:
    shares = {"psoriasis": 0.1, "rheumatoid arthritis": 0.3}
    found = draw_background(shares, 0.4, uniform, NUMBERS.size)
    share = [np.mean(found.disease == code) for code in range(4)]
    np.testing.assert_allclose(share, [0.6, 0.3, 0.0, 0.1], atol=4 * np.sqrt(0.25 / NUMBERS.size))
    ill = found.disease > 0
    assert np.mean(found.on_immunosuppression[ill]) == pytest.approx(0.4, abs=0.03)
    assert not found.on_immunosuppression[~ill].any()
    # 10 mg/day of prednisone for 77 kg
    assert np.array_equal(found.baseline_steroid_mg_per_kg, 0.13 * found.on_immunosuppression)
    assert (found.set_point_factor[~ill] == 1.0).all()
    assert (found.set_point_factor[ill] == 1.2).all()


def test_nobody_and_everybody() -> None:
    assert not draw_background({}, 1.0, uniform, NUMBERS.size).disease.any()
    assert (draw_background({"psoriasis": 1.0}, 0.0, uniform, NUMBERS.size).disease == 3).all()
    shares = {"rheumatoid arthritis": 0.2, "Crohn's disease": 0.3, "psoriasis": 0.5}  # 0.2 + 0.3 + 0.5 rounds
    assert (draw_background(shares, 0.0, uniform, NUMBERS.size).disease > 0).all()


def test_only_the_own_disease_can_flare() -> None:
    background = Background.none(4)
    background.disease[:] = [0, 1, 2, 3]
    every = kinds()
    assert len(diseases()) == 3
    able = can_flare(every, background)
    assert able[every.disease == 0].all()
    for code, name in enumerate(diseases(), start=1):
        (flare,) = np.flatnonzero(every.disease == code)
        assert every.event[flare] == f"{name} flare"
        assert able[flare].tolist() == [code == patient for patient in range(4)]


def flares(background: Background, autoreactivity: float) -> list[Events]:
    count = background.disease.size
    desk = SafetyDesk(background, *draws(np.arange(count)), count)
    everyone = np.ones(count, dtype=bool)
    for day in range(7, 200, 7):
        desk.visit(float(day), everyone, blocked(count, autoreactivity), treated(count))
    return [events for events in desk.events() if (events.klass == AUTOIMMUNE_FLARE).any()]


def flared(excess: float, days: float = 196.0, step: float = 0.05) -> float:
    """Share of patients with rheumatoid arthritis who flare, by the equations: 1 - (1 + H / shape)^-shape."""
    rate, delay, adapts, share, shape = 0.063, 14.0, 60.0, 0.8, 1.0
    inflammation = adapted = hazard = 0.0
    for day in np.arange(0.0, days, step):
        target = excess * min((day + step / 2) / 7.0, 1.0)  # taken to rise until the first visit
        inflammation += step * (target - inflammation) / delay
        adapted += step * (inflammation - adapted) / adapts
        hazard += step * rate * (inflammation - share * adapted)
    return float(1.0 - (1.0 + hazard / shape) ** -shape)


def test_flares_follow_autoreactivity() -> None:
    people = 4000
    found = draw_background({"rheumatoid arthritis": 1.0}, 0.0, uniform, NUMBERS.size)
    background = Background(*(values[:people] for values in vars(found).values()))

    def share(level: float) -> float:
        rows = [e.row[e.klass == AUTOIMMUNE_FLARE] for e in flares(background, level)]
        return np.unique(np.concatenate([*rows, np.empty(0, dtype=np.int64)])).size / people

    tolerated = safety_data("immune_related")["tolerated_autoreactivity"]
    assert share(tolerated) == 0.0
    for excess in (0.1, 0.3, 1.5):
        assert share(tolerated + excess) == pytest.approx(flared(excess), abs=4 * np.sqrt(0.25 / people)), (
            excess
        )
