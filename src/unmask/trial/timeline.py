"""The days on which something happens in an arm.

*Visit days* are those of scans and of the hazard grid: every patient who is followed is seen. In between, patients are
seen on days of their own: when a treatment is due or a side effect has to be looked after.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.trial.hazards import GRID_DAYS
from unmask.trial.protocol import Protocol


@dataclass(frozen=True)
class Timeline:
    """Days of a protocol, ascending, day 0 excluded.

    ``scans`` and ``grid`` are the days at which scans are made and hazards are evaluated, ``visits`` both. The number
    of a scan is its place in ``scans``.
    """

    visits: tuple[int, ...]
    scans: tuple[int, ...]
    grid: tuple[int, ...]

    @property
    def end(self) -> int:
        """The last day of follow-up."""
        return self.visits[-1]

    def next_day(self, day: int, own_days: NDArray[np.float64]) -> int:
        """Return the first day after ``day`` that is a visit or one of the patients' own; past the end if none is."""
        place = int(np.searchsorted(self.visits, day, side="right"))
        planned = self.visits[place] if place < len(self.visits) else self.end + 1
        own = float(own_days.min()) if own_days.size else np.inf
        return int(min(planned, np.ceil(own))) if np.isfinite(own) else planned


def timeline(protocol: Protocol) -> Timeline:
    """Return the timeline of a protocol."""
    end = protocol.follow_up.days
    grid = tuple(sorted({*range(GRID_DAYS, end + 1, GRID_DAYS), end}))
    scans = protocol.scan_days()
    return Timeline(tuple(sorted({*grid, *scans})), scans, grid)
