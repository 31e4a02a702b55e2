"""What was asked for and had no effect, or is far from any known dose: before a trial, or seen in its tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from unmask.messages import sentence
from unmask.patients.parameter_set import TumourType
from unmask.therapy import hormone, targeted
from unmask.trial.items import Surgery, Treatment
from unmask.trial.protocol import Protocol

MOST_STANDARD_DOSES, LEAST_STANDARD_DOSES = 10.0, 0.01  # beyond these a dose is remarked on
TYPICAL_WEIGHT_KG = 75.0


def unusual_doses(protocol: Protocol) -> tuple[str, ...]:
    """Return a sentence for each dose that is ten times the standard dose or more, or a hundredth or less."""
    told = []
    for item in protocol.drugs:
        drug = item.substance
        amount = drug.dose(item.dose, item.unit).amount_in(drug.unit, TYPICAL_WEIGHT_KG)
        times = float(amount) / drug.standard_dose
        if LEAST_STANDARD_DOSES < times < MOST_STANDARD_DOSES:
            continue
        values = {
            "drug": item.drug,
            "amount": item.dose,
            "unit": item.unit,
            "times": times,
            "standard": drug.standard_dose,
            "standard_unit": drug.unit,
        }
        told.append(sentence("trial.unusual_dose", values))
    return tuple(dict.fromkeys(told))


def without_effect(protocol: Protocol, tumour_type: TumourType) -> tuple[str, ...]:
    """Return a sentence for each drug that cannot do anything in this type of tumour."""

    def value(name: str) -> float:
        stated = tumour_type.parameters.get(name)
        return 0.0 if stated is None else stated.value

    def told(item: Treatment) -> str | None:
        if item.substance.kind == "hormone":
            return hormone.no_effect(item.drug, tumour_type.title, value("hormone_dependence"))
        return targeted.no_effect(item.substance, tumour_type.title, value("driver_dependence"))

    found = [told(item) for item in protocol.drugs]
    return tuple(dict.fromkeys(text for text in found if text is not None))


def how_to_read(protocol: Protocol) -> tuple[str, ...]:
    """Return a sentence for each arm whose responses or progressions do not mean what they mean elsewhere."""
    told = []
    for arm in protocol.arms.values():
        if any(isinstance(item, Surgery) for item in arm.treatment):
            told.append(sentence("trial.after_surgery", {"arm": arm.label}))
        if any(isinstance(item, Treatment) and item.adaptive is not None for item in arm.treatment):
            told.append(sentence("trial.planned_regrowth", {"arm": arm.label}))
    return tuple(told)


def not_operated(protocol: Protocol, tables: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    """Return a sentence for each planned operation that came after the death of some patients.

    Parameters
    ----------
    tables
        ``patients`` with ``arm`` and ``death_day`` (NaN where nobody saw a death).
    """
    patients = tables["patients"]
    told = []
    for name, arm in protocol.arms.items():
        died = patients.loc[patients["arm"] == name, "death_day"]
        for item in arm.treatment:
            if not isinstance(item, Surgery):
                continue
            before = int((died <= item.first_day).sum())
            if before:
                values = {
                    "arm": arm.label,
                    "day": item.first_day,
                    "count": before,
                    "patients": len(died),
                }
                told.append(sentence("trial.not_operated", values))
    return tuple(told)
