"""Small arms for the tests of safety: one kind of event, constant observables, the streams of a fixed seed."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from unmask.patients.random_streams import RandomStreams
from unmask.safety.draws import Draw
from unmask.safety.event_kinds import Kinds, kinds
from unmask.safety.exposure import Exposure, ImmunotherapyClass

STREAMS = RandomStreams(9)


def draws(patients: np.ndarray, streams: RandomStreams = STREAMS) -> tuple[Draw, Draw]:
    """Uniform and exponential numbers of these patients."""

    def uniform(process: str, visit: int = 0) -> np.ndarray:
        return streams.uniform(process, patients, visit)

    def exponential(process: str, visit: int = 0) -> np.ndarray:
        return streams.exponential(process, patients, visit)

    return uniform, exponential


def only(event: str, **changes: Any) -> Kinds:
    """The kinds reduced to one, with other values where given."""
    every = kinds()
    place = every.event.index(event)
    reduced = {}
    for item in fields(every):
        value = getattr(every, item.name)
        reduced[item.name] = (value[place],) if isinstance(value, tuple) else value[[place]]
    plain = {key: np.array([value]) for key, value in changes.items()}
    return replace(Kinds(**reduced), **plain)


def blocked(
    patients: int, autoreactivity: float, pd: float = 0.9, ctla4: float = 0.0
) -> dict[str, np.ndarray]:
    """Observables of patients with constant autoreactivity and occupancy."""
    return {
        "autoreactivity": np.full(patients, autoreactivity),
        "pd_occupancy": np.full(patients, pd),
        "ctla4_occupancy_lymph_node": np.full(patients, ctla4),
        "gut_protection": np.zeros(patients),
        "neutrophils": np.full(patients, 5.0),
    }


def treated(patients: int, code: ImmunotherapyClass = ImmunotherapyClass.ANTI_PD1) -> Exposure:
    """Patients on a checkpoint antibody of one class."""
    return replace(
        Exposure.untreated(patients),
        on_immunotherapy=np.ones(patients, dtype=bool),
        immunotherapy_class=np.full(patients, int(code)),
    )
