"""What the radiologist sees: target lesions, non-target disease and new lesions, with measurement error.

The core model has one lumped tumour. Its sum of diameters is shared out to one to five target lesions that all
change alike; the error of a scan is that of the sum, and lesions scatter around it without changing the sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.patients.random_streams import RandomStreams
from unmask.response import Response, Rules
from unmask.trial.protocol import Disease, Measurement

MOST_TARGETS = 5
SMALLEST_TARGET_MM = 10.0  # RECIST 1.1: measurable by CT
NO_LESION = -1

Array = NDArray[np.float64]
Tenths = NDArray[np.int32]


@dataclass(frozen=True)
class Scan:
    """One scan of every patient; lengths in tenths of a millimetre.

    ``target`` is ``(N, 5)`` with -1 where the patient has no such lesion, the others are ``(N,)``.
    """

    target: Tenths
    non_target: NDArray[np.int8]
    non_target_increase: NDArray[np.bool_]
    new_lesion: NDArray[np.bool_]
    new_lesion_count: NDArray[np.int64]
    new_lesion_sum: Tenths


class Radiology:
    """Splits the lumped tumour of each patient into lesions and measures them.

    Parameters
    ----------
    disease, measurement
        The protocol's statements.
    streams, patients
        Source of noise, the same in every arm.
    baseline_sld
        Sum of diameters at baseline in mm, shape ``(N,)``; measured without error (model-spec section 6b).
    rules
        Response rules (default :class:`Rules`), for the size written down for a lesion too small to measure.
    """

    def __init__(
        self,
        disease: Disease,
        measurement: Measurement,
        streams: RandomStreams,
        patients: NDArray[np.int64],
        baseline_sld: Array,
        rules: Rules | None = None,
    ) -> None:
        self._too_small_mm = (rules or Rules()).too_small_tenths / 10.0
        self._disease, self._measurement = disease, measurement
        self._streams, self._patients = streams, patients
        self._baseline_sld = baseline_sld
        self.lesion_count = self._draw_count()
        self.share = self._draw_shares()
        self.has_non_target = streams.uniform("non-target disease", patients) < disease.non_target_share
        self._least_ratio = np.ones(patients.size)
        self._last_ratio = np.ones(patients.size)
        # Whoever is enrolled has disease that was seen, however small.
        self.baseline = self._record(np.full_like(self.share, np.inf), self.share * baseline_sld[:, None])

    def _draw_count(self) -> NDArray[np.int64]:
        edges = np.cumsum(self._disease.target_lesion_weights)
        drawn = 1 + np.searchsorted(
            edges[:-1], self._streams.uniform("target lesions", self._patients), side="right"
        )
        possible = np.floor(self._baseline_sld / SMALLEST_TARGET_MM).astype(np.int64)
        return np.clip(drawn, 1, np.maximum(possible, 1))

    def _draw_shares(self) -> Array:
        """Return the share of each lesion in the sum; every lesion is measurable where the sum allows it."""
        exists = np.arange(MOST_TARGETS) < self.lesion_count[:, None]
        pieces = np.stack(
            [self._streams.exponential("lesion size", self._patients, visit=n) for n in range(MOST_TARGETS)],
            axis=1,
        )
        pieces = np.where(exists, pieces, 0.0)
        floor = np.minimum(SMALLEST_TARGET_MM * self.lesion_count, self._baseline_sld)[:, None]
        above = self._baseline_sld[:, None] - floor
        sizes = np.where(exists, floor / self.lesion_count[:, None], 0.0)
        sizes = sizes + above * pieces / pieces.sum(axis=1, keepdims=True)
        return np.asarray(sizes / self._baseline_sld[:, None])

    def _record(self, true_mm: Array, seen_mm: Array) -> Tenths:
        """Return what is written down: 0 if not visible, the rules' size if too small, else the reading."""
        recorded = np.maximum(seen_mm, self._too_small_mm)
        recorded = np.where(true_mm < self._measurement.invisible_below_mm, 0.0, recorded)
        exists = np.arange(MOST_TARGETS) < self.lesion_count[:, None]
        return np.where(exists, np.rint(recorded * 10.0), NO_LESION).astype(np.int32)

    def scan(self, visit: int, sld: Array, new_lesion_diameter: Array) -> Scan:
        """Measure everyone.

        Parameters
        ----------
        visit
            Number of the scan, the key of its noise.
        sld
            True sum of diameters in mm, shape ``(N,)``.
        new_lesion_diameter
            True diameters of new lesions in mm, NaN where there is none, shape ``(N, 5)``.
        """
        normal = self._streams.normal
        error = np.exp(self._measurement.sum_error * normal("scan error", self._patients, visit))
        scatter = np.stack(
            [normal(f"lesion {n} error", self._patients, visit) for n in range(MOST_TARGETS)],
            axis=1,
        )
        weight = self.share * np.exp(self._measurement.lesion_error * scatter)
        weight /= weight.sum(axis=1, keepdims=True)
        target = self._record(self.share * sld[:, None], weight * (sld * error)[:, None])

        ratio = sld / self._baseline_sld
        non_target = self._judge_non_target(ratio)
        grew = self.has_non_target & (ratio >= self._disease.non_target_visible_increase * self._last_ratio)
        self._last_ratio = ratio
        visible = new_lesion_diameter >= self._measurement.invisible_below_mm
        new_error = np.exp(self._measurement.sum_error * normal("new lesion error", self._patients, visit))
        new_sum = np.where(visible, new_lesion_diameter, 0.0).sum(axis=1) * new_error
        return Scan(
            target=target,
            non_target=non_target,
            non_target_increase=grew,
            new_lesion=np.asarray(visible.any(axis=1), dtype=np.bool_),
            new_lesion_count=visible.sum(axis=1),
            new_lesion_sum=np.rint(np.minimum(new_sum, 1e4) * 10.0).astype(np.int32),
        )

    def _judge_non_target(self, ratio: Array) -> NDArray[np.int8]:
        """Judge the non-target disease by eye: it follows the tumour (``ratio`` of baseline), unmeasured.

        Progression must be unequivocal, so it asks for a growth well beyond the one that makes target lesions
        progress (``non_target_progression_ratio`` times the smallest size seen).
        """
        progressed = ratio >= self._disease.non_target_progression_ratio * self._least_ratio
        gone = ratio * self._disease.non_target_diameter_mm < self._measurement.invisible_below_mm
        self._least_ratio = np.fmin(self._least_ratio, ratio)
        verdict = np.where(gone, Response.CR, Response.NON_CR_NON_PD)
        verdict = np.where(progressed & ~gone, Response.PD, verdict)
        return np.where(self.has_non_target, verdict, Response.NA).astype(np.int8)
