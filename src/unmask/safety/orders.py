"""What the safety desk orders for each patient: held and stopped doses, drugs against toxicity, the next visit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Orders:
    """Orders of one visit, arrays of shape ``(N,)``; they hold until the next visit of the patient.

    Attributes
    ----------
    hold_immunotherapy
        No dose of any checkpoint antibody while this is true.
    stop_immunotherapy, stop_anti_ctla4
        For good; once true, true at every later visit.
    steroid_mg_per_kg
        Corticosteroid from now on, mg/kg/day of prednisone equivalent.
    infliximab, vedolizumab
        One dose now.
    hold_chemotherapy
        The next cycle waits a week.
    stop_chemotherapy
        For good.
    chemotherapy_dose_factor
        Share of the full dose the next cycles have, 1 = full.
    gcsf
        G-CSF with the next cycle.
    death
        A fatal event today.
    next_visit
        Day on which the patient must be seen at the latest; ``inf`` where the usual rhythm does.
    """

    hold_immunotherapy: Flags
    stop_immunotherapy: Flags
    stop_anti_ctla4: Flags
    steroid_mg_per_kg: Array
    infliximab: Flags
    vedolizumab: Flags
    hold_chemotherapy: Flags
    stop_chemotherapy: Flags
    chemotherapy_dose_factor: Array
    gcsf: Flags
    death: Flags
    next_visit: Array

    @classmethod
    def nothing(cls, patients: int) -> Orders:
        """Return orders that change nothing."""

        def no() -> Flags:
            return np.zeros(patients, dtype=bool)

        return cls(
            hold_immunotherapy=no(),
            stop_immunotherapy=no(),
            stop_anti_ctla4=no(),
            steroid_mg_per_kg=np.zeros(patients),
            infliximab=no(),
            vedolizumab=no(),
            hold_chemotherapy=no(),
            stop_chemotherapy=no(),
            chemotherapy_dose_factor=np.ones(patients),
            gcsf=no(),
            death=no(),
            next_visit=np.full(patients, np.inf),
        )


def merge(first: Orders, *others: Orders) -> Orders:
    """Return orders that obey all: any hold or stop, the highest steroid, the lowest dose, the earliest visit."""
    return reduce(_merge_two, others, first)


def _merge_two(one: Orders, other: Orders) -> Orders:
    return Orders(
        hold_immunotherapy=one.hold_immunotherapy | other.hold_immunotherapy,
        stop_immunotherapy=one.stop_immunotherapy | other.stop_immunotherapy,
        stop_anti_ctla4=one.stop_anti_ctla4 | other.stop_anti_ctla4,
        steroid_mg_per_kg=np.maximum(one.steroid_mg_per_kg, other.steroid_mg_per_kg),
        infliximab=one.infliximab | other.infliximab,
        vedolizumab=one.vedolizumab | other.vedolizumab,
        hold_chemotherapy=one.hold_chemotherapy | other.hold_chemotherapy,
        stop_chemotherapy=one.stop_chemotherapy | other.stop_chemotherapy,
        chemotherapy_dose_factor=np.minimum(one.chemotherapy_dose_factor, other.chemotherapy_dose_factor),
        gcsf=one.gcsf | other.gcsf,
        death=one.death | other.death,
        next_visit=np.minimum(one.next_visit, other.next_visit),
    )
