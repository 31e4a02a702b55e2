"""What the claims count in the courses of their hosts, with courses written by hand in place of the model's."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from unmask.claims import memory, pseudoprogression, selection
from unmask.claims.pseudoprogression import Swelling, swelling
from unmask.claims.trials import TRIALS
from unmask.patients.random_streams import RandomStreams
from unmask.survival.kaplan_meier import DAYS_PER_MONTH

STREAMS = RandomStreams(1)


class Group:
    """Hosts of whom nothing is known but who they are."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers, self.streams = np.asarray(numbers), STREAMS

    def take(self, which: np.ndarray) -> Group:
        return Group(self.numbers[which])

    def parameter(self, name: str) -> np.ndarray:
        return np.full(self.numbers.size, {"cancer_cell_volume": 2.0, "immune_cell_volume": 0.5}[name])


class Seen(dict[str, np.ndarray]):
    """What was seen of hosts; ``end`` are the hosts on the last day."""

    end: Group


def laboratory(hosts: int) -> Any:
    return SimpleNamespace(
        threads=1, tell=lambda text: None, patients=lambda tumour, count, seed: Group(range(hosts))
    )


def by_hand(
    monkeypatch: pytest.MonkeyPatch, module: Any, *courses: dict[int, list[float]]
) -> list[list[int]]:
    """Let ``follow`` return sizes by host number, one mapping a call; return the list of whom it followed."""
    left, asked = list(courses), []

    def follow(hosts: Group, looks: Sequence[float], *_: Any, **__: Any) -> Seen:
        sizes = left.pop(0)
        asked.append(hosts.numbers.tolist())
        rows = [sizes[number] for number in hosts.numbers.tolist()]
        # The last size stays until the last look.
        seen = Seen(sld=np.array([row + row[-1:] * (len(looks) - len(row)) for row in rows]))
        seen["antigen_loss_share"] = np.tile([0.1, 0.1, 0.1, 0.4, 0.4, 0.6], (len(rows), len(looks)))[
            :, : len(looks)
        ]
        seen.end = hosts
        return seen

    monkeypatch.setattr(module, "follow", follow)
    return asked


def test_resistance_is_acquired_by_who_shrinks_first_and_regrows_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    courses = {
        0: [100.0, 60.0, 60.0, 60.0, 60.0, 80.0],  # regrows at the fifth look, day 315
        1: [100.0, 60.0, 60.0, 80.0],  # at the third, day 189
        2: [100.0, 130.0, 60.0, 60.0, 60.0],  # grows before it shrinks
        3: [100.0, 60.0, 60.0],
        4: [100.0, 100.0, 130.0],
    }
    by_hand(monkeypatch, selection, courses)
    found, months = selection._acquired(laboratory(5), 5, 1)
    assert (found["acquired"].value, found["acquired"].n) == (0.4, 5)
    assert months == pytest.approx((189.0 / DAYS_PER_MONTH, 315.0 / DAYS_PER_MONTH))
    assert found["acquired_months"].value == pytest.approx(252.0 / DAYS_PER_MONTH)
    assert (found["antigen_loss"].value, found["antigen_loss"].n) == (0.5, 2)  # 0.6 and 0.4 at regrowth


def test_control_after_stopping_is_of_those_who_had_shrunk_by_30_percent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_a_year = np.array([[100.0, 70.0], [100.0, 71.0], [100.0, 50.0], [100.0, 20.0]])
    after = {0: [70.0, 83.9], 2: [50.0, 40.0, 48.0], 3: [20.0, 10.0, 14.9]}  # only the second regrows
    asked = by_hand(monkeypatch, memory, after)
    found = memory._control(laboratory(4), at_a_year, Group(range(4)))  # type: ignore[arg-type]
    assert asked == [[0, 2, 3]]
    assert (found.value, found.n) == (pytest.approx(2 / 3), 3)


def test_regrowth_after_two_years_counts_from_the_smallest_size_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = {0: [100.0, 40.0, 45.0], 1: [100.0, 50.0], 2: [100.0, 50.0, 90.0]}
    stopped = {0: [45.0, 48.0], 1: [50.0, 50.0]}  # 48 is a fifth above 40, not above 45
    asked = by_hand(monkeypatch, memory, first, stopped, {0: [45.0, 45.0], 1: [50.0]})
    found = memory._stopping_at_two_years(laboratory(3), 3, 1)
    assert asked == [[0, 1, 2], [0, 1], [0, 1]]
    assert {key: (item.value, item.n) for key, item in found.items()} == {
        "two_years_stopped": (0.5, 2),
        "two_years_going_on": (1.0, 2),
    }


def test_an_unconfirmed_progression_counts_where_a_scan_on_study_treatment_followed() -> None:
    scans = [  # patient, day, iRECIST, next therapy begun
        (1, 42.0, "iUPD", False), (1, 84.0, "iPR", False),
        (2, 42.0, "iSD", False), (2, 84.0, "iUPD", False),  # nothing follows
        (3, 42.0, "iSD", False), (3, 84.0, "iSD", False),
        (4, 42.0, "iUPD", False), (4, 84.0, "iSD", True),  # what follows is under another therapy
        (5, 42.0, "iUPD", False), (5, 84.0, "iCPD", False),
    ]  # fmt: skip

    def trial(name: str, patients: int, seed: int) -> SimpleNamespace:
        arm = next(item.experimental for item in TRIALS.values() if item.trial == name)
        table = pd.DataFrame(scans, columns=["patient", "day", "irecist_response", "subsequent_therapy"])
        people = pd.DataFrame({"patient": range(1, 6), "pseudoprogression": [True, True, False, True, False]})
        return SimpleNamespace(
            tables={"assessments": table.assign(arm=arm), "patients": people.assign(arm=arm)}
        )

    found = pseudoprogression._of_unconfirmed(SimpleNamespace(trial=trial), 5, 1)  # type: ignore[arg-type]
    assert (found.value, found.n) == (0.5, 2 * len(TRIALS))  # patients 1 and 5 of each trial


def test_parts_of_a_swelling_and_what_it_added() -> None:
    nothing = np.zeros((2, 3))
    course = {
        "sld": np.array([[100.0, 130.0, 60.0], [100.0, 100.0, 60.0]]),
        "cancer_cells": np.array([[10.0, 9.0, 1.0], [10.0, 11.0, 1.0]]),
        "dead_cells": np.array([[1.0, 3.0, 1.0], [0.0, 0.0, 0.0]]),
        "infiltrate": np.array([[0.0, 8.0, 1.0], [0.0, 0.0, 0.0]]),
        "tumour_t_cells": np.array([[2.0, 6.0, 2.0], [0.0, 0.0, 0.0]]),
        "exhausted_t_cells": np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]),
        "regulatory_t_cells": np.array([[0.0, 3.0, 0.0], [0.0, 0.0, 0.0]]),
        "stroma": nothing,
    }
    found = swelling(Group(range(2)), course)  # type: ignore[arg-type]
    assert found.happened.tolist() == [True, False]
    # mL: 2 a million cancer cells, dead ones too, half of one a million T cells
    assert found.before.tolist() == [[20.0, 2.0, 0.0, 1.0, 0.0]]
    assert found.volume.tolist() == [[18.0, 6.0, 8.0, 5.0, 0.0]]
    assert found.fewer_cells.tolist() == [True]
    more = Swelling(
        np.array([True]), np.array([[3.0, 0.0, 1.0, 0.0, 0.0]]), np.zeros((1, 5)), np.array([False])
    )
    measures = pseudoprogression._composition({"a": found, "b": more}, STREAMS)
    values = {key: (item.value, item.n) for key, item in measures.items()}
    assert values == {
        "true_growth": (pytest.approx(2 / 3), 3),
        # Added: 0, 4, 8, 4 and 0 of 16 mL in one, 3 and 1 of 4 mL in the other.
        "not_cancer": (pytest.approx((1.0 + 0.25) / 2), 2),
        "added_cancer": (pytest.approx(0.375), 2),
        "added_dead": (pytest.approx(0.125), 2),
        "added_infiltrate": (pytest.approx(0.375), 2),
        "added_t_cells": (pytest.approx(0.125), 2),
        "added_scar": (0.0, 2),
        "fewer_cells": (0.5, 2),
    }
