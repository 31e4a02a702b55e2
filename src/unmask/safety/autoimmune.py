"""Autoimmune disease before treatment: who has which, and on how much immunosuppression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Background:
    """Autoimmune background of the patients of an arm, arrays of shape ``(N,)``.

    Attributes
    ----------
    disease
        1 rheumatoid arthritis, 2 Crohn's disease, 3 psoriasis; 0 for none.
    on_immunosuppression
        Takes ``baseline_steroid_mg_per_kg`` from before the first dose on.
    set_point_factor
        Multiplies the model's ``autoreactivity_set_point``.
    baseline_steroid_mg_per_kg
        mg/kg/day of prednisone equivalent.
    """

    disease: NDArray[np.int64]
    on_immunosuppression: NDArray[np.bool_]
    set_point_factor: NDArray[np.float64]
    baseline_steroid_mg_per_kg: NDArray[np.float64]

    @classmethod
    def none(cls, patients: int) -> Background:
        """Return the background of patients without autoimmune disease."""
        return cls(
            disease=np.zeros(patients, dtype=np.int64),
            on_immunosuppression=np.zeros(patients, dtype=bool),
            set_point_factor=np.ones(patients),
            baseline_steroid_mg_per_kg=np.zeros(patients),
        )
