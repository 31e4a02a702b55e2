"""The kinds of immune-related events and flares, read from ``immune_related.toml`` and ``autoimmune.toml``.

A :class:`Kinds` holds one row per kind, so that the processes of all kinds and all patients are one array ``(E, N)``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.safety.adverse_events import AUTOIMMUNE_FLARE, IMMUNE_RELATED

Array = NDArray[np.float64]
OCCUPANCY = "occupancy"


@dataclass(frozen=True)
class Kinds:
    """Kinds of events, arrays ``(E,)``; what the columns mean and where they are from is said in the TOML files.

    ``rates`` is ``(E, 3)``: per day at unit inflammation under PD-(L)1, both, and CTLA-4 blockade. ``disease`` is
    the disease a kind is a flare of (``Background.disease``), 0 for immune-related events.
    """

    event: tuple[str, ...]
    organ: tuple[str, ...]
    toxicity: tuple[str, ...]
    klass: tuple[str, ...]
    driver: tuple[str, ...]
    rates: Array
    adaptation_share: Array
    adaptation_days: Array
    frailty_shape: Array
    delay_days: Array
    severe_logit: Array
    severe_slope: Array
    grade_2_share: Array
    grade_4_share: Array
    highest_grade: NDArray[np.int64]
    fulminant_share: Array
    resolution_weeks: Array
    permanent_share: Array
    refractory_share: Array
    recurrence: Array
    worsening: Array
    disease: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of kinds E."""
        return len(self.event)

    def organ_index(self, organ: str) -> NDArray[np.int64]:
        """Return the places of the kinds of an organ."""
        return np.flatnonzero(np.array(self.organ) == organ)


@cache
def safety_data(name: str) -> dict[str, Any]:
    """Return a TOML file of this package as plain data, the same to all who ask: not to be changed."""
    text = files("unmask.safety").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def kinds() -> Kinds:
    """Return all kinds: immune-related events, then one flare per autoimmune disease."""
    data, diseases = safety_data("immune_related"), safety_data("autoimmune")["disease"]
    rows = [{**row, "klass": IMMUNE_RELATED, "disease": 0} for row in data["event"]]
    for number, disease in enumerate(diseases, start=1):
        rows.append({**disease["flare"], "klass": AUTOIMMUNE_FLARE, "disease": number})
    organs = {organ["name"]: organ for organ in data["organ"]}
    # Stated once for all kinds; a row may state its own.
    rows = [{**data["every_event"], **organs[row["organ"]], **row} for row in rows]

    def words(key: str) -> tuple[str, ...]:
        return tuple(str(row[key]) for row in rows)

    def numbers(key: str) -> Array:
        return np.array([row[key] for row in rows], dtype=np.float64)

    return Kinds(
        event=words("event"),
        organ=words("organ"),
        toxicity=words("toxicity"),
        klass=words("klass"),
        driver=words("driver"),
        rates=np.array([[row["rate_pd"], row["rate_both"], row["rate_ctla4"]] for row in rows]),
        adaptation_share=numbers("adaptation_share"),
        adaptation_days=numbers("adaptation_days"),
        frailty_shape=numbers("frailty_shape"),
        delay_days=numbers("delay_days"),
        severe_logit=numbers("severe_logit"),
        severe_slope=numbers("severe_slope"),
        grade_2_share=numbers("grade_2_share"),
        grade_4_share=numbers("grade_4_share"),
        highest_grade=numbers("highest_grade").astype(np.int64),
        fulminant_share=numbers("fulminant_share"),
        resolution_weeks=numbers("resolution_weeks"),
        permanent_share=numbers("permanent_share"),
        refractory_share=numbers("refractory_share"),
        recurrence=numbers("recurrence"),
        worsening=numbers("worsening"),
        disease=numbers("disease").astype(np.int64),
    )
