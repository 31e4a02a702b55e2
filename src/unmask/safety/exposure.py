"""What each patient of an arm is being treated with, as far as adverse events depend on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]


class ImmunotherapyClass(IntEnum):
    """Class of the checkpoint antibodies a patient is on, or had last."""

    NONE = 0
    ANTI_PD1 = 1
    ANTI_PDL1 = 2
    ANTI_CTLA4 = 3
    COMBINATION = 4


@dataclass(frozen=True)
class Exposure:
    """Treatment of every patient of an arm on the day of a visit, before the doses of that day.

    Attributes
    ----------
    on_immunotherapy
        Checkpoint antibodies have begun and are not stopped for good; also while doses are held. Shape ``(N,)``, as
        everything here.
    immunotherapy_class
        :class:`ImmunotherapyClass`: of the present treatment, after it of the last one (late events), 0 before any.
    anti_ctla4_planned
        More doses of an antibody against CTLA-4 are part of the treatment.
    cumulative_dose
        Chemotherapy drug -> dose so far, mg/m2, shape ``(N,)``.
    """

    on_immunotherapy: Flags
    immunotherapy_class: Codes
    anti_ctla4_planned: Flags
    cumulative_dose: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def untreated(cls, patients: int) -> Exposure:
        """Return the exposure of patients who have had no treatment."""
        return cls(
            on_immunotherapy=np.zeros(patients, dtype=bool),
            immunotherapy_class=np.zeros(patients, dtype=np.int64),
            anti_ctla4_planned=np.zeros(patients, dtype=bool),
        )
