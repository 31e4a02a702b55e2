"""When immune-related events begin: one process per kind of event and patient, driven by autoreactivity.

Equations (Z autoreactivity of the model, y inflammation of an organ, a its adaptation, s share of CTLA-4 in the
occupancy of checkpoints)::

    dy/dt  = (max(Z - tolerated, 0) - y) / delay                     (delay 0: y follows at once)
    da/dt  = (y - a) / adaptation_days                               (tolerance of the organ)
    rate   : ln rate is linear in s between rate_pd (s = 0), rate_both (s = 1/2) and rate_ctla4 (s = 1)
    hazard = frailty * rate * max(y - adaptation_share * a, 0)      [per day]

An event begins when the cumulative hazard passes a unit exponential threshold of the patient. ``frailty`` is gamma
distributed with mean 1, one number per organ and patient: most patients' gut never reacts, some react twice. After an
episode the same kind can recur, with its hazard multiplied by ``recurrence``. General events (fatigue and the rest that
trials call treatment-related) depend on occupancy instead of autoreactivity. Without checkpoint antibodies there is no
hazard. An antibody against PD-L1 instead of PD-1 multiplies all hazards by one factor.

Parameters with sources: ``immune_related.toml``. Calibration: ``benchmarks/safety_calibration.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from unmask.safety.autoimmune import Background, can_flare
from unmask.safety.draws import Draw
from unmask.safety.event_kinds import OCCUPANCY, Kinds, safety_data
from unmask.safety.exposure import Exposure, ImmunotherapyClass

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
OCCUPANCIES = ("pd_occupancy", "ctla4_occupancy_lymph_node")
LEAST_OCCUPANCY = 0.02  # below it the share of CTLA-4 is that of the class of the last treatment
_SHARE_OF_CLASS = {ImmunotherapyClass.ANTI_CTLA4: 1.0, ImmunotherapyClass.COMBINATION: 0.5}


def ctla4_share(pd: Array, ctla4: Array, treatment_class: NDArray[np.int64]) -> Array:
    """Return the share of CTLA-4 in the occupancy of both checkpoints, 0 to 1, shape ``(N,)``.

    Parameters
    ----------
    pd, ctla4
        Occupancy of PD-(L)1 and, in the lymph node, of CTLA-4, 0 to 1.
    treatment_class
        :class:`ImmunotherapyClass`; decides where next to nothing is occupied any more.
    """
    last = np.zeros(pd.shape)
    for code, share in _SHARE_OF_CLASS.items():
        last[treatment_class == code] = share
    blocked = pd + ctla4
    return np.where(blocked > LEAST_OCCUPANCY, ctla4 / np.maximum(blocked, LEAST_OCCUPANCY), last)


def onset_rates(rates: Array, share: Array) -> Array:
    """Return the rates per day at unit inflammation, ``(E, N)``, from ``rates`` ``(E, 3)`` and ``share`` ``(N,)``."""
    pd, both, ctla4 = np.log(np.maximum(rates, 1e-30)).T[:, :, None]
    towards_both = np.minimum(2.0 * share, 1.0)
    beyond_both = np.maximum(2.0 * share - 1.0, 0.0)
    return np.asarray(np.exp(pd + (both - pd) * towards_both + (ctla4 - both) * beyond_both))


class Onsets:
    """Hazards of onset of all kinds in one arm, advanced visit by visit.

    Parameters
    ----------
    kinds
        The E kinds of events.
    background
        Autoimmune background of the N patients.
    uniform, exponential
        Source of chance.
    factors
        Kind of event -> factor of its rates in this tumour type.

    Attributes
    ----------
    severity
        What makes an event severe, ``(E, N)`` at the last visit: inflammation of the organ; for general events, which
        depend on occupancy, autoreactivity beyond what is tolerated.
    """

    def __init__(
        self,
        kinds: Kinds,
        background: Background,
        uniform: Draw,
        exponential: Draw,
        factors: Mapping[str, float],
    ) -> None:
        patients = background.disease.size
        shape = (kinds.count, patients)
        self._kinds, self._exponential = kinds, exponential
        self._tolerated = float(safety_data("immune_related")["tolerated_autoreactivity"])
        self._pdl1_factor = float(safety_data("immune_related")["pdl1_factor"])
        self._by_occupancy = np.array([driver == OCCUPANCY for driver in kinds.driver])[:, None]
        self._delay, self._adaptation = kinds.delay_days[:, None], kinds.adaptation_days[:, None]
        self._adaptation_share = kinds.adaptation_share[:, None]
        self._gut = kinds.organ_index("gut")
        organs = {organ: uniform(f"susceptibility of {organ}") for organ in dict.fromkeys(kinds.organ)}
        drawn = np.stack([organs[organ] for organ in kinds.organ])
        frailty_shape = kinds.frailty_shape[:, None]
        own = np.array([factors.get(event, 1.0) for event in kinds.event])[:, None]
        self._factor = gammaincinv(frailty_shape, drawn) / frailty_shape * own
        self._factor = self._factor * can_flare(kinds, background)
        self.severity = np.zeros(shape)
        self._target = np.zeros(shape)
        self._inflammation = np.zeros(shape)
        self._adapted = np.zeros(shape)
        self._hazard = np.zeros(shape)
        self._cumulative = np.zeros(shape)
        self._episode = np.zeros(shape, dtype=np.int64)
        self._threshold = np.stack([exponential(f"onset of {event}") for event in kinds.event])

    def advance(
        self,
        start: Array,
        end: float,
        seen: Flags,
        observed: Mapping[str, Array],
        exposure: Exposure,
        ready: Flags,
    ) -> Array:
        """Return the days of onset between each patient's ``start`` and ``end``, ``(E, N)``, NaN for none.

        Parameters
        ----------
        start
            Day of the last visit per patient, ``(N,)``.
        seen
            Patients to advance, ``(N,)``; the others stay where they are.
        observed, exposure
            At ``end``.
        ready
            Where an event of the kind can begin, ``(E, N)``: not while one lasts.
        """
        onset = np.full(self._threshold.shape, np.nan)
        rows = np.flatnonzero(seen)
        if not rows.size:
            return onset
        days = end - start[rows]
        z, pd, ctla4 = (observed[name][rows] for name in ("autoreactivity", *OCCUPANCIES))
        excess = np.maximum(z - self._tolerated, 0.0)
        target = np.where(self._by_occupancy, np.maximum(pd, ctla4), excess)
        before = self._inflammation[:, rows]
        inflammation = _follow(before, self._target[:, rows], target, days, self._delay)
        adapted = _follow(self._adapted[:, rows], before, inflammation, days, self._adaptation)

        treatment_class = exposure.immunotherapy_class[rows]
        hazard = self._factor[:, rows] * onset_rates(
            self._kinds.rates, ctla4_share(pd, ctla4, treatment_class)
        )
        hazard *= np.maximum(inflammation - self._adaptation_share * adapted, 0.0)
        hazard *= self._kinds.recurrence[:, None] ** self._episode[:, rows]
        hazard *= np.where(treatment_class == ImmunotherapyClass.ANTI_PDL1, self._pdl1_factor, 1.0)
        hazard *= treatment_class != ImmunotherapyClass.NONE
        if "gut_protection" in observed:
            hazard[self._gut] *= 1.0 - observed["gut_protection"][rows]

        added = np.where(ready[:, rows], 0.5 * (self._hazard[:, rows] + hazard) * days, 0.0)
        left = self._threshold[:, rows] - self._cumulative[:, rows]
        begins = (added > 0) & (left <= added)
        onset[:, rows] = np.where(begins, start[rows] + days * left / np.where(begins, added, 1.0), np.nan)
        self._cumulative[:, rows] += added
        self.severity[:, rows] = np.where(self._by_occupancy, excess, inflammation)
        self._inflammation[:, rows] = inflammation
        self._adapted[:, rows] = adapted
        self._target[:, rows] = target
        self._hazard[:, rows] = hazard
        self._begin_anew(~np.isnan(onset))
        return onset

    def _begin_anew(self, begins: Flags) -> None:
        """Let what has begun recur at its own rate, and draw the threshold of its next episode."""
        self._cumulative[begins] = 0.0
        self._episode[begins] += 1
        self._hazard *= np.where(begins, self._kinds.recurrence[:, None], 1.0)
        for number in np.flatnonzero(begins.any(axis=1)):
            for episode in np.unique(self._episode[number, begins[number]]):
                rows = begins[number] & (self._episode[number] == episode)
                drawn = self._exponential(f"onset of {self._kinds.event[number]}", int(episode))
                self._threshold[number, rows] = drawn[rows]


def _follow(value: Array, target: Array, new_target: Array, days: Array, delay: Array) -> Array:
    """Return a first-order follower after ``days``, exact for a target that changes linearly; delay 0: the target."""
    waits = np.maximum(delay, 1e-9)
    slope = (new_target - target) / np.where(days > 0, days, 1.0)
    settled = target - slope * waits  # particular solution: settled + slope * t
    followed = settled + slope * days + (value - settled) * np.exp(-days / waits)
    return np.maximum(np.where(delay > 0, followed, new_target), 0.0)
