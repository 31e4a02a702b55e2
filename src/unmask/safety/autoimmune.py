"""Autoimmune disease before treatment: who has which, and how much immunosuppression they take.

A disease raises the autoreactivity set point and can flare: a flare is a kind of event of its own (``event_kinds``),
driven by the same autoreactivity. Immunosuppression before treatment is a corticosteroid in the model from the start;
it lowers autoreactivity and with it flares and events, and weakens the response of the tumour.

Data with sources: ``autoimmune.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from unmask.safety.draws import Draw
from unmask.safety.event_kinds import Kinds, safety_data

Array = NDArray[np.float64]


@cache
def diseases() -> tuple[str, ...]:
    """Return the names of the autoimmune diseases; the code of the n-th (from 1) is n."""
    return tuple(str(disease["name"]) for disease in safety_data("autoimmune")["disease"])


@dataclass(frozen=True)
class Background:
    """Autoimmune background of the patients of an arm, arrays of shape ``(N,)``.

    Attributes
    ----------
    disease
        Code of the disease: its place in :func:`diseases`, from 1; 0 for none.
    on_immunosuppression
        Takes ``baseline_steroid_mg_per_kg`` from before the first dose on.
    set_point_factor
        Multiplies the model's ``autoreactivity_set_point``.
    baseline_steroid_mg_per_kg
        mg/kg/day of prednisone equivalent.
    """

    disease: NDArray[np.int64]
    on_immunosuppression: NDArray[np.bool_]
    set_point_factor: Array
    baseline_steroid_mg_per_kg: Array

    @classmethod
    def none(cls, patients: int) -> Background:
        """Return the background of patients without autoimmune disease."""
        return cls(
            disease=np.zeros(patients, dtype=np.int64),
            on_immunosuppression=np.zeros(patients, dtype=bool),
            set_point_factor=np.ones(patients),
            baseline_steroid_mg_per_kg=np.zeros(patients),
        )


def draw_background(
    shares: Mapping[str, float], immunosuppressed_share: float, uniform: Draw, patients: int
) -> Background:
    """Return who has which autoimmune disease.

    Parameters
    ----------
    shares
        Disease (of :func:`diseases`) -> share of the patients, together at most 1; a protocol is checked for that.
    immunosuppressed_share
        Of the patients with a disease, how many take a steroid for it when treatment begins.
    uniform
        One number per patient by process.
    patients
        Number of patients N.
    """
    known = diseases()
    edges = np.cumsum([shares.get(name, 0.0) for name in known])
    place = np.searchsorted(edges, uniform("autoimmune disease"), side="right")
    disease = np.where(place < len(known), place + 1, 0).astype(np.int64)
    treated = (disease > 0) & (uniform("baseline immunosuppression") < immunosuppressed_share)
    data = safety_data("autoimmune")["disease"]
    factor = np.array([1.0, *(item["set_point_factor"] for item in data)])
    steroid = np.array([0.0, *(item["steroid_mg_per_kg"] for item in data)])
    return Background(
        disease=disease,
        on_immunosuppression=treated,
        set_point_factor=factor[disease],
        baseline_steroid_mg_per_kg=np.where(treated, steroid[disease], 0.0),
    )


def can_flare(kinds: Kinds, background: Background) -> NDArray[np.bool_]:
    """Return which kinds of events each patient can have, ``(E, N)``: all but flares of diseases they do not have."""
    disease = kinds.disease[:, None]
    return np.asarray((disease == 0) | (disease == background.disease), dtype=bool)
