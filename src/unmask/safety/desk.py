"""The safety desk of an arm: it sees patients, finds their adverse events and says what is done about them.

Immune-related events and flares: when they begin (``immune_related``), how they go on (``episodes``), what the
guideline does about them (``management``). Chemotherapy has its own part (``chemotherapy``). The orders of all parts
are merged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unmask.safety.adverse_events import NO_ACTION, Events
from unmask.safety.autoimmune import Background
from unmask.safety.chemotherapy import ChemotherapyToxicity
from unmask.safety.draws import Draw
from unmask.safety.episodes import Episodes
from unmask.safety.event_kinds import kinds, safety_data
from unmask.safety.exposure import Exposure
from unmask.safety.immune_related import Onsets
from unmask.safety.management import Management
from unmask.safety.orders import Orders, merge

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
REFERENCE_TUMOUR = "melanoma"


class SafetyDesk:
    """All adverse events of one arm and their management.

    Parameters
    ----------
    background
        Autoimmune background of the patients.
    uniform, exponential
        One number per patient of the arm by process and visit.
    patients
        Number of patients N.
    management
        False: events run their natural course, nothing is ordered (but death happens).
    tumour_type
        Rates of skin events differ between melanoma and other tumours.
    """

    def __init__(
        self,
        background: Background,
        uniform: Draw,
        exponential: Draw,
        patients: int,
        management: bool = True,
        tumour_type: str = REFERENCE_TUMOUR,
    ) -> None:
        self._kinds = kinds()
        factors = safety_data("immune_related")["outside_melanoma"] if tumour_type != REFERENCE_TUMOUR else {}
        self._onsets = Onsets(self._kinds, background, uniform, exponential, factors)
        self._episodes = Episodes(self._kinds, patients, uniform, exponential)
        self._management = Management(self._kinds, patients) if management else None
        self._chemotherapy = ChemotherapyToxicity(uniform, exponential, patients, management)
        self._uncontrolled = np.zeros((self._kinds.count, patients), dtype=bool)
        self._last = np.zeros(patients)
        self._dead = np.zeros(patients, dtype=bool)
        self._found: list[Events] = []

    def visit(self, day: float, seen: Flags, observed: Mapping[str, Array], exposure: Exposure) -> Orders:
        """See the patients ``seen`` at ``day``; return the orders for all patients.

        Parameters
        ----------
        observed
            Observable -> ``(N,)`` array, NaN where not seen: ``autoreactivity``, ``neutrophils``, ``pd_occupancy``,
            ``ctla4_occupancy_lymph_node`` are needed, ``gut_protection`` is used where present.
        """
        seen = seen & ~self._dead
        episodes, management = self._episodes, self._management
        controlled = management.controlled if management else self._uncontrolled
        ready = ~episodes.open
        ended, dead = episodes.advance(np.broadcast_to(seen, ready.shape), self._last, day, controlled)
        onset = self._onsets.advance(self._last, day, seen, observed, exposure, ready)
        began = episodes.begin(onset, self._onsets.severity)
        at_once, dead_at_once = episodes.advance(began, episodes.onset, day, self._uncontrolled)
        self._last[seen] = day
        orders = Orders.nothing(seen.size)
        if management:
            orders = management.act(day, seen, episodes, exposure)
        over = ended | at_once
        fatal = dead | dead_at_once
        self._report(over | fatal)
        fulminant = np.where(seen, episodes.fatal_day.min(axis=0), np.inf)
        own = replace(orders, death=_any(fatal), next_visit=np.minimum(orders.next_visit, fulminant))
        merged = merge(own, self._chemotherapy.visit(day, seen, observed, exposure))
        self._dead |= merged.death
        return merged

    def events(self) -> list[Events]:
        """Return every event so far; of those that go on, ``resolution_day`` is NaN."""
        return [*self._found, *self._described(self._episodes.open), *self._chemotherapy.events()]

    def _report(self, over: Flags) -> None:
        self._found += self._described(over)
        self._episodes.close(over)
        if self._management:
            self._management.forget(over)

    def _described(self, which: Flags) -> list[Events]:
        kind, row = np.nonzero(which)
        if not row.size:
            return []
        episodes, management = self._episodes, self._management
        at = (kind, row)
        action = [
            management.action(k, r, worst) if management else NO_ACTION
            for k, r, worst in zip(kind.tolist(), row.tolist(), episodes.worst[at].tolist(), strict=True)
        ]
        return [
            Events.of(
                row,
                event=[self._kinds.event[k] for k in kind],
                organ=[self._kinds.organ[k] for k in kind],
                klass=[self._kinds.klass[k] for k in kind],
                grade=episodes.worst[at],
                onset_day=episodes.onset[at],
                resolution_day=episodes.resolution[at],
                action=action,
            )
        ]


def _any(kinds: Flags) -> Flags:
    return np.asarray(kinds.any(axis=0), dtype=bool)
