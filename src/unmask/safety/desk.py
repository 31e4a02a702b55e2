"""The safety desk of an arm: it sees patients, finds their adverse events and says what is done about them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from unmask.safety.adverse_events import Events
from unmask.safety.autoimmune import Background
from unmask.safety.draws import Draw
from unmask.safety.exposure import Exposure
from unmask.safety.orders import Orders

Array = NDArray[np.float64]


class SafetyDesk:
    """All adverse events of one arm and their management.

    Parameters
    ----------
    background
        Autoimmune background of the patients.
    uniform, exponential
        One number per patient of the arm by process and visit.
    patients_n
        Number of patients N.
    management
        False: events run their natural course, nothing is ordered (but death happens).
    """

    def __init__(
        self,
        background: Background,
        uniform: Draw,
        exponential: Draw,
        patients_n: int,
        management: bool = True,
    ) -> None:
        self._patients = patients_n

    def visit(
        self, day: float, seen: NDArray[np.bool_], observed: Mapping[str, Array], exposure: Exposure
    ) -> Orders:
        """See the patients ``seen`` at ``day``; return the orders for all patients.

        Parameters
        ----------
        observed
            Observable -> ``(N,)`` array, NaN where not seen: ``autoreactivity``, ``neutrophils``, ``pd_occupancy``,
            ``ctla4_occupancy_lymph_node`` are needed, ``gut_protection`` is used where present.
        """
        return Orders.nothing(self._patients)

    def events(self) -> list[Events]:
        """Return every event so far, those that go on with ``resolution_day`` NaN."""
        return []
