"""The side effects of an arm in figures, beside published ones and beside the same patients without management."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from unmask.safety.autoimmune_rates import by_disease
from unmask.safety.comparators import beside
from unmask.safety.incidence import FollowUp
from unmask.safety.summary import summarise_safety, without_management
from unmask.safety.timing import times_beside
from unmask.survival.estimate import without_nan
from unmask.trial.protocol import Protocol

if TYPE_CHECKING:
    from unmask.trial.result import TrialResult


def side_effects(
    protocol: Protocol, tables: Mapping[str, pd.DataFrame], arm: str, unmanaged: TrialResult | None = None
) -> dict[str, Any]:
    """Return the entry ``arms.ARM.safety`` of ``summary.json``.

    Parameters
    ----------
    tables
        ``patients``, ``adverse_events`` and ``doses`` of the trial.
    unmanaged
        The same trial without management of side effects, where it was run.

    Returns
    -------
    dict
        As :func:`unmask.safety.summary.summarise_safety`, with ``published`` (rates, see
        :func:`unmask.safety.comparators.beside`), ``times`` (:func:`unmask.safety.timing.times_beside`),
        ``autoimmune`` (:func:`unmask.safety.autoimmune_rates.by_disease`) and, with ``unmanaged``, the figures
        without management besides.
    """
    safety = summarise_safety(tables, arm)
    if unmanaged is not None:
        safety = without_management(safety, summarise_safety(unmanaged.tables, arm))
    drugs = {item.drug for item in protocol.arms[arm].first_line_drugs}
    patients, events = tables["patients"], tables["adverse_events"]
    patients = patients[patients["arm"] == arm]
    events = events[(events["arm"] == arm) & events["related"].astype(bool)]
    found: dict[str, Any] = without_nan(
        {
            **safety,
            "published": beside(safety, drugs, protocol.name),
            "times": times_beside(events, FollowUp.of(patients), drugs),
            "autoimmune": by_disease(events, patients, drugs),
        }
    )
    return found
