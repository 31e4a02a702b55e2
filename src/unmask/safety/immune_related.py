"""Immune-related adverse events from the autoreactivity of each patient (model-spec section 6).

Two competing processes, mild (grade 1-2) and severe (grade 3 and above), each found when its cumulative hazard
passes the patient's threshold; the total of the two is the hazard of any grade. Each patient can have one first
event of each process. Organ shares, onset lags and resolution times are data (``immune_related.toml``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.safety.adverse_events import IMMUNE_RELATED, Events

Array = NDArray[np.float64]
Draw = Callable[[str], Array]


@cache
def _rules() -> dict[str, Any]:
    return tomllib.loads(files("unmask.safety").joinpath("immune_related.toml").read_text(encoding="utf-8"))


def hazards(autoreactivity: Array) -> tuple[Array, Array]:
    """Return the hazards per day of a mild and of a severe event, shape as ``autoreactivity``."""
    rules = _rules()
    excess = np.maximum(autoreactivity - rules["tolerated_autoreactivity"], 0.0)
    any_grade = rules["any_grade"]["rate"] * excess ** rules["any_grade"]["power"]
    severe = rules["grade_3_plus"]["rate"] * excess ** rules["grade_3_plus"]["power"]
    return np.maximum(any_grade - severe, 0.0), severe


class ImmuneRelatedEvents:
    """Cumulative hazards of one arm, advanced in time.

    Parameters
    ----------
    uniform
        ``uniform(process)`` returns one number in (0, 1) per patient of the arm, always the same for one process.
    autoreactivity
        At day 0, shape ``(N,)``.
    """

    PROCESSES = ("mild", "severe")

    def __init__(self, uniform: Draw, autoreactivity: Array) -> None:
        self._uniform = uniform
        self._hazard = hazards(autoreactivity)
        self._cumulative = [np.zeros_like(autoreactivity) for _ in self.PROCESSES]
        self._threshold = [-np.log(uniform(f"immune-related {process}")) for process in self.PROCESSES]

    def advance(self, start: float, end: float, autoreactivity: Array) -> list[Events]:
        """Return the events whose hazard was reached between ``start`` and ``end`` (days).

        ``autoreactivity`` is that at ``end``; patients no longer followed carry NaN and have no events.
        """
        found = []
        now = hazards(autoreactivity)
        for number, process in enumerate(self.PROCESSES):
            added = 0.5 * (self._hazard[number] + now[number]) * (end - start)
            before = self._cumulative[number]
            row = np.flatnonzero(
                (before < self._threshold[number]) & (before + added >= self._threshold[number])
            )
            if row.size:
                share = (self._threshold[number][row] - before[row]) / added[row]
                found.append(self._describe(process, row, start + share * (end - start)))
            self._cumulative[number] = before + added
        self._hazard = now
        return found

    def _describe(self, process: str, row: NDArray[np.int64], day: Array) -> Events:
        organs = _rules()["organs"]
        edges = np.cumsum([organ["share"] for organ in organs])
        chosen = np.searchsorted(
            edges / edges[-1], self._uniform(f"immune-related organ {process}")[row], side="right"
        )
        chosen = np.minimum(chosen, len(organs) - 1)
        column = {key: np.array([organ[key] for organ in organs])[chosen] for key in organs[0]}
        grade_draw = self._uniform(f"immune-related grade {process}")[row]
        split = _rules()["grades"]
        if process == "mild":
            grade = np.where(grade_draw < split["grade_2_of_mild"], 2, 1)
        else:
            grade = np.where(grade_draw < split["grade_4_of_severe"], 4, 3)
        onset = day + 7.0 * column["lag_weeks"]
        # Exponential times to resolution with the stated median.
        lasting = -np.log(self._uniform(f"immune-related resolution {process}")[row]) / np.log(2.0)
        return Events.of(
            row,
            event=column["event"],
            organ=column["organ"],
            klass=IMMUNE_RELATED,
            grade=grade,
            onset_day=onset,
            resolution_day=onset + 7.0 * column["resolution_weeks"] * lasting,
        )
