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
    on_chemotherapy
        Within a cycle of chemotherapy.
    new_cycle
        Place in ``chemotherapy_drugs`` of the drug of a cycle given since the last visit, -1 for none.
    cycles
        Cycles of chemotherapy so far.
    radiotherapy_gy
        Dose so far, Gy.
    chemotherapy_drugs
        Names of the chemotherapy drugs of the arm, in the order that ``new_cycle`` counts.
    cumulative_dose
        Chemotherapy drug -> dose so far, mg/m2, shape ``(N,)``.
    """

    on_immunotherapy: Flags
    immunotherapy_class: Codes
    on_chemotherapy: Flags
    new_cycle: Codes
    cycles: Codes
    radiotherapy_gy: Array
    chemotherapy_drugs: tuple[str, ...] = ()
    cumulative_dose: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def untreated(cls, patients: int) -> Exposure:
        """Return the exposure of patients who have had no treatment."""
        return cls(
            on_immunotherapy=np.zeros(patients, dtype=bool),
            immunotherapy_class=np.zeros(patients, dtype=np.int64),
            on_chemotherapy=np.zeros(patients, dtype=bool),
            new_cycle=np.full(patients, -1, dtype=np.int64),
            cycles=np.zeros(patients, dtype=np.int64),
            radiotherapy_gy=np.zeros(patients),
        )
