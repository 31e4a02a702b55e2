"""What must hold for every patient, whatever their autoreactivity, treatment and visits."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from unmask.patients.random_streams import RandomStreams
from unmask.safety.adverse_events import ACTIONS, CLASSES, NO_ACTION, Events, table
from unmask.safety.autoimmune import Background
from unmask.safety.desk import SafetyDesk
from unmask.safety.exposure import ImmunotherapyClass
from unmask.safety.orders import Orders

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "known_answers"))
from safety_clinic import blocked, draws, treated

PATIENTS = 8

levels = st.lists(st.floats(0.0, 12.0), min_size=1, max_size=6)
classes = st.sampled_from(list(ImmunotherapyClass)[1:])


class Arm:
    """An arm followed for months, autoreactivity by period, each patient seen when the desk or the week says so."""

    def __init__(
        self,
        numbers: np.ndarray,
        seed: int,
        level: list[float],
        code: ImmunotherapyClass,
        *,
        management: bool = True,
        days: int = 190,
    ) -> None:
        count = numbers.size
        background = Background.none(count)
        background.disease[:] = numbers % 4
        ctla4 = 0.8 if code in (ImmunotherapyClass.ANTI_CTLA4, ImmunotherapyClass.COMBINATION) else 0.0
        desk = SafetyDesk(background, *draws(numbers, RandomStreams(seed)), count, management)
        due = np.full(count, 7.0)
        self.orders: list[tuple[float, np.ndarray, Orders]] = []
        dead = np.zeros(count, dtype=bool)
        while due.min() <= days:
            day = float(due.min())
            seen = due <= day
            now = level[min(int(day * len(level) / 120), len(level) - 1)]
            # After 120 days everything is quiet: courses must come to an end.
            now = now if day < 120 else 0.5
            observed = {
                name: np.where(seen, values, np.nan)
                for name, values in blocked(count, now, 0.8, ctla4).items()
            }
            orders = desk.visit(day, seen, observed, treated(count, code))
            self.orders.append((day, seen, orders))
            dead |= orders.death
            due = np.where(seen, np.minimum(day + 7.0, np.maximum(np.ceil(orders.next_visit), day + 1)), due)
            due[dead] = np.inf
        self.dead = dead
        self.events: list[Events] = desk.events()
        self.table = table(self.events, numbers, "a", np.full(count, np.inf), np.full(count, np.inf))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), levels, classes)
def test_orders_and_events_are_possible(seed: int, level: list[float], code: ImmunotherapyClass) -> None:
    arm = Arm(np.arange(PATIENTS), seed, level, code)
    stopped = np.zeros(PATIENTS, dtype=bool)
    stopped_ctla4 = np.zeros(PATIENTS, dtype=bool)
    for day, seen, orders in arm.orders:
        assert (orders.steroid_mg_per_kg >= 0).all()
        assert (orders.steroid_mg_per_kg <= 2.0).all()
        # Once stopped, always stopped; a stopped patient is never told to go on.
        assert (orders.stop_immunotherapy >= stopped).all()
        assert (orders.stop_anti_ctla4 >= stopped_ctla4).all()
        stopped, stopped_ctla4 = orders.stop_immunotherapy, orders.stop_anti_ctla4
        assert (orders.hold_immunotherapy >= stopped).all()
        # Doses do not go on under an immunosuppressive dose that came with a hold.
        high = seen & (orders.steroid_mg_per_kg > 1.0)
        assert orders.hold_immunotherapy[high].all()
        assert (orders.next_visit[seen] > day).all()
        assert not (orders.infliximab & ~seen).any()
        assert (orders.chemotherapy_dose_factor == 1.0).all()
    events = arm.table
    assert events["grade"].between(1, 5).all()
    ended = events["resolution_day"].notna()
    assert (events["resolution_day"][ended] >= events["onset_day"][ended]).all()
    assert set(events["action"]) <= set(ACTIONS)
    assert set(events["class"]) <= set(CLASSES)
    assert set(events["patient"][events["grade"] == 5]) == set(np.flatnonzero(arm.dead))


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), levels, classes)
@example(14, [7.0], ImmunotherapyClass.ANTI_PD1)  # a flare of grade 3 that would have lasted for four years
def test_courses_of_steroid_end(seed: int, level: list[float], code: ImmunotherapyClass) -> None:
    arm = Arm(np.arange(PATIENTS), seed, level, code, days=700)
    alive = ~arm.dead
    assert (arm.orders[-1][2].steroid_mg_per_kg[alive] == 0.0).all()
    unstopped = alive & ~arm.orders[-1][2].stop_immunotherapy
    assert not arm.orders[-1][2].hold_immunotherapy[unstopped].any()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), levels, classes, st.sets(st.integers(0, PATIENTS - 1), min_size=1))
def test_a_patient_depends_on_nobody_else(
    seed: int, level: list[float], code: ImmunotherapyClass, some: set[int]
) -> None:
    together = Arm(np.arange(PATIENTS), seed, level, code)
    numbers = np.array(sorted(some))
    alone = Arm(numbers, seed, level, code)
    expected = together.table[together.table["patient"].isin(some)].reset_index(drop=True)
    assert alone.table.equals(expected)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), levels, classes)
def test_without_management_nothing_is_ordered(
    seed: int, level: list[float], code: ImmunotherapyClass
) -> None:
    arm = Arm(np.arange(PATIENTS), seed, level, code, management=False)
    nothing = Orders.nothing(PATIENTS)
    for _, _, orders in arm.orders:
        for name in vars(nothing):
            if name not in ("death", "next_visit"):
                assert np.array_equal(getattr(orders, name), getattr(nothing, name)), name
    assert set(arm.table["action"]) <= {NO_ACTION}
