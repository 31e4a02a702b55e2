"""What was asked for and had no effect, a sentence each: known before a trial, or seen in its tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from unmask.messages import sentence
from unmask.patients.parameter_set import TumourType
from unmask.therapy import hormone, targeted
from unmask.trial.arms import Surgery, Treatment
from unmask.trial.protocol import Protocol


def without_effect(protocol: Protocol, tumour_type: TumourType) -> tuple[str, ...]:
    """Return a sentence for each drug that cannot do anything in this type of tumour."""

    def value(name: str) -> float:
        stated = tumour_type.parameters.get(name)
        return 0.0 if stated is None else stated.value

    def told(item: Treatment) -> str | None:
        if item.substance.kind == "hormone":
            return hormone.no_effect(item.drug, tumour_type.title, value("hormone_dependence"))
        return targeted.no_effect(item.substance, tumour_type.title, value("driver_dependence"))

    found = [told(item) for arm in protocol.arms.values() for item in arm.drugs]
    return tuple(dict.fromkeys(text for text in found if text is not None))


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
