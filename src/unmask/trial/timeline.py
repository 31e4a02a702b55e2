"""The days on which something can happen in an arm.

All patients of an arm are integrated from one day of the timeline to the next. *Visit days* are those of doses,
scans and the hazard grid; between them, *blood-count days* exist only for patients in chemotherapy, so that the
neutrophil nadir, which falls between two cycles, is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from unmask.trial.hazards import GRID_DAYS
from unmask.trial.protocol import Arm, Protocol

BLOOD_COUNT_DAYS = (7, 14)  # after each cycle, a weekly count


@dataclass(frozen=True)
class Timeline:
    """Days of one arm, ascending, day 0 excluded.

    ``days`` holds every stop; ``visits``, ``scans`` and ``grid`` are the subsets at which doses are decided, scans
    are made and hazards are evaluated. The number of a scan is its place in ``scans``.
    """

    days: tuple[int, ...]
    visits: frozenset[int]
    scans: tuple[int, ...]
    grid: tuple[int, ...]


def timeline(protocol: Protocol, arm: Arm) -> Timeline:
    """Return the timeline of one arm of a protocol."""
    end = protocol.follow_up.days
    grid = tuple(sorted({*range(GRID_DAYS, end + 1, GRID_DAYS), end}))
    scans = protocol.scan_days()
    visits = {*grid, *scans}
    counts: set[int] = set()
    for treatment in (*arm.treatment, *arm.subsequent):
        dosing = range(treatment.first_day, end + 1, treatment.every_days)
        visits.update(day for day in dosing if day > 0)
        if treatment.counts_neutrophils:
            counts.update(day + after for day in dosing for after in BLOOD_COUNT_DAYS)
    days = {*visits, *(day for day in counts if day < end)}
    return Timeline(tuple(sorted(days)), frozenset(visits), scans, grid)
