"""What the radiologist sees: target lesions, non-target disease and new lesions, with measurement error.

Two forms of disease, used alike. :class:`Lumped`: the model has one tumour; its sum of diameters is shared out to one
to five target lesions that all change alike, and the error of a scan is that of the sum. :class:`Lesions`: every
lesion is a tumour of the model; each target is measured with an error of its own, non-target disease is judged by
what it does itself, and a new lesion is seeded as a small tumour that grows or is attacked like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.engine import compile_model
from unmask.model.catalogue import load
from unmask.patients.cohort import Cohort
from unmask.patients.lesion_model import NON_TARGET_SLOT, SLOTS, LesionModel
from unmask.patients.lesions import ONE_CELL_MC, AnyModel, cancer_cells, seed, sum_in_order
from unmask.patients.parameter_set import MOST_TARGETS, TumourType
from unmask.patients.random_streams import RandomStreams
from unmask.response import Response, Rules
from unmask.trial.hazards import MOST_NEW_LESIONS, Hazards
from unmask.trial.protocol import Disease, Measurement, Protocol
from unmask.trial.written_lesions import NewLesions, NonTargetDisease

SMALLEST_TARGET_MM = 10.0  # RECIST 1.1: measurable by CT
NO_LESION = -1
LONGEST_MM = 1e4  # a runaway number stays a length

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Tenths = NDArray[np.int32]
Observed = Mapping[str, Array]


@dataclass(frozen=True)
class Scan:
    """One scan of every patient; lengths in tenths of a millimetre.

    ``target`` is ``(N, 5)`` with -1 where the patient has no such lesion, ``new_sizes`` ``(N, K)`` as
    :class:`unmask.trial.written_lesions.NewLesions` has them, the others are ``(N,)``; ``new_lesion_sum`` counts the
    new lesions that are measured, ``newest_lesion_scan`` is the number of the scan that first showed the newest of
    those that are there, -1 where none is.
    """

    target: Tenths
    non_target: NDArray[np.int8]
    non_target_size: Tenths
    non_target_increase: Flags
    new_lesion: Flags
    new_lesion_count: NDArray[np.int64]
    newest_lesion_scan: NDArray[np.int64]
    new_sizes: Tenths
    new_lesion_sum: Tenths
    new_lesion_increase: Flags


def model_of(form: str, name: str) -> AnyModel:
    """Return model ``name`` in the form of disease of a protocol, "lumped" or "lesions"."""
    return LesionModel(name) if form == "lesions" else compile_model(load(name))


class _Radiology:
    """What both forms share: how a diameter is written down, and how unmeasured disease is judged.

    Attributes
    ----------
    lesion_count, has_non_target
        Per patient, shape ``(N,)``.
    baseline
        Target lesions at baseline in tenths of a millimetre, ``(N, 5)``, -1 where there is none; measured without
        error (model-spec section 6b).
    """

    lesion_count: NDArray[np.int64]
    has_non_target: Flags
    baseline: Tenths

    def __init__(
        self,
        disease: Disease,
        measurement: Measurement,
        streams: RandomStreams,
        patients: NDArray[np.int64],
        rules: Rules | None,
    ) -> None:
        self._too_small_mm = (rules or Rules()).too_small_tenths / 10.0
        self._disease, self._measurement = disease, measurement
        self._streams, self._patients = streams, patients
        self._least_ratio = np.ones(patients.size)

    def _begin(self, non_target_mm: Array, places: int) -> None:
        """Begin to write down what is judged by eye: non-target disease of this size, and ``places`` new lesions."""
        increase = self._disease.non_target_visible_increase
        self._non_target = NonTargetDisease(non_target_mm, increase)
        self._new_lesions = NewLesions(self._patients.size, places, increase)

    @property
    def non_target_baseline(self) -> Tenths:
        """Non-target disease at baseline in tenths of a millimetre, shape ``(N,)``; valid before the first scan."""
        return self._non_target.size

    def _record(self, true_mm: Array, seen_mm: Array, exists: Flags) -> Tenths:
        """Return what is written down: 0 if not visible, the rules' size if too small, else the reading."""
        recorded = np.clip(seen_mm, self._too_small_mm, LONGEST_MM)
        recorded = np.where(true_mm < self._measurement.invisible_below_mm, 0.0, recorded)
        return np.where(exists, np.rint(recorded * 10.0), NO_LESION).astype(np.int32)

    def _read(
        self,
        target: Tenths,
        ratio: Array,
        non_target_mm: Array,
        visible: Flags,
        new_mm: Array,
        new_measured_mm: Array,
    ) -> Scan:
        """Return the scan: targets as written down, non-target disease at ``ratio`` of its baseline diameter."""
        non_target = self._judge_non_target(ratio, non_target_mm)
        increase = self._non_target.read(non_target_mm, non_target_mm < self._measurement.invisible_below_mm)
        self._new_lesions.read(visible, new_mm, new_measured_mm)
        return Scan(
            target=target,
            non_target=non_target,
            non_target_size=self._non_target.size,
            non_target_increase=self.has_non_target & increase,
            new_lesion=np.asarray(visible.any(axis=1), dtype=np.bool_),
            new_lesion_count=visible.sum(axis=1),
            newest_lesion_scan=self._new_lesions.newest,
            new_sizes=self._new_lesions.size,
            new_lesion_sum=self._new_lesions.target_sum,
            new_lesion_increase=self._new_lesions.increase,
        )

    def _judge_non_target(self, ratio: Array, diameter_mm: Array) -> NDArray[np.int8]:
        """Judge the non-target disease by eye, unmeasured.

        Progression must be unequivocal, so it asks for a growth well beyond the one that makes target lesions
        progress (``non_target_progression_ratio`` times the smallest size seen).
        """
        progressed = ratio >= self._disease.non_target_progression_ratio * self._least_ratio
        gone = diameter_mm < self._measurement.invisible_below_mm
        self._least_ratio = np.fmin(self._least_ratio, ratio)
        verdict = np.where(gone, Response.CR, Response.NON_CR_NON_PD)
        verdict = np.where(progressed & ~gone, Response.PD, verdict)
        return np.where(self.has_non_target, verdict, Response.NA).astype(np.int8)


class Lumped(_Radiology):
    """One tumour a patient, split into lesions that change alike.

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
        super().__init__(disease, measurement, streams, patients, rules)
        self._baseline_sld = baseline_sld
        self.lesion_count = self._draw_count()
        self.share = self._draw_shares()
        self.has_non_target = streams.uniform("non-target disease", patients) < disease.non_target_share
        self._new = np.full((patients.size, MOST_NEW_LESIONS), np.nan)
        self._begin(np.full(patients.size, disease.non_target_diameter_mm), MOST_NEW_LESIONS)
        # Whoever is enrolled has disease that was seen, however small.
        self.baseline = self._record(
            np.full_like(self.share, np.inf), self.share * baseline_sld[:, None], self._exists
        )

    @property
    def _exists(self) -> Flags:
        return np.asarray(np.arange(MOST_TARGETS) < self.lesion_count[:, None])

    def take_new_lesions(self, day: float, hazards: Hazards) -> None:
        """Take over the new lesions that hazards have brought, which grow at a rate of their own."""
        self._new = hazards.new_lesion_diameter

    def _draw_count(self) -> NDArray[np.int64]:
        edges = np.cumsum(self._disease.target_lesion_weights)
        drawn = 1 + np.searchsorted(
            edges[:-1], self._streams.uniform("target lesions", self._patients), side="right"
        )
        possible = np.floor(self._baseline_sld / SMALLEST_TARGET_MM).astype(np.int64)
        return np.clip(drawn, 1, np.maximum(possible, 1))

    def _draw_shares(self) -> Array:
        """Return the share of each lesion in the sum; every lesion is measurable where the sum allows it."""
        pieces = np.stack(
            [self._streams.exponential("lesion size", self._patients, visit=n) for n in range(MOST_TARGETS)],
            axis=1,
        )
        pieces = np.where(self._exists, pieces, 0.0)
        floor = np.minimum(SMALLEST_TARGET_MM * self.lesion_count, self._baseline_sld)[:, None]
        above = self._baseline_sld[:, None] - floor
        sizes = np.where(self._exists, floor / self.lesion_count[:, None], 0.0)
        sizes = sizes + above * pieces / pieces.sum(axis=1, keepdims=True)
        return np.asarray(sizes / self._baseline_sld[:, None])

    def burden(self, observed: Observed) -> Array:
        """Return the viable sum of diameters in mm that the hazard of death follows, shape ``(N,)``."""
        return observed["viable_sld"]

    def scan(self, visit: int, day: float, observed: Observed, scanned: Flags) -> Scan:
        """Measure everyone.

        Parameters
        ----------
        visit
            Number of the scan, the key of its noise.
        day
            Day of the scan.
        observed
            The model's observables, ``(N,)`` each: ``sld`` in mm is used.
        scanned
            Whose ``observed`` is meant, shape ``(N,)``; others are read at their baseline size.
        """
        normal = self._streams.normal
        sld = np.where(scanned, observed["sld"], self._baseline_sld)
        error = np.exp(self._measurement.sum_error * normal("scan error", self._patients, visit))
        scatter = np.stack(
            [normal(f"lesion {n} error", self._patients, visit) for n in range(MOST_TARGETS)],
            axis=1,
        )
        weight = self.share * np.exp(self._measurement.lesion_error * scatter)
        weight /= weight.sum(axis=1, keepdims=True)
        target = self._record(self.share * sld[:, None], weight * (sld * error)[:, None], self._exists)
        ratio = sld / self._baseline_sld
        visible = self._new >= self._measurement.invisible_below_mm
        new_error = np.exp(self._measurement.sum_error * normal("new lesion error", self._patients, visit))
        non_target_mm = ratio * self._disease.non_target_diameter_mm
        return self._read(target, ratio, non_target_mm, visible, self._new, self._new * new_error[:, None])


class Lesions(_Radiology):
    """Lesions that are tumours of the model: each is measured, each can go its own way.

    Parameters
    ----------
    tumour_type, model
        For the new lesions, which begin as tumours of the model.
    disease, measurement, rules
        The protocol's statements; ``measurement.lesion_error`` is the error of each lesion.
    cohort
        The patients before treatment: their parameters say which slot holds what (``patients.lesion_model``).
    states, parameters
        Of the patients while they are treated; new lesions are written into these arrays.
    streams
        Source of noise, the same in every arm.
    """

    def __init__(
        self,
        tumour_type: TumourType,
        model: LesionModel,
        disease: Disease,
        measurement: Measurement,
        cohort: Cohort,
        states: Array,
        parameters: Array,
        streams: RandomStreams,
        rules: Rules | None = None,
    ) -> None:
        super().__init__(disease, measurement, streams, cohort.patients, rules)
        self._tumour_type, self._model = tumour_type, model
        self._states, self._parameters = states, parameters
        self._diameters = [f"lesion{number}__sld" for number in range(1, SLOTS + 1)]
        at_baseline = model.present(cohort.parameters)
        self._baseline_mm = cohort.parameters[:, model.lesion_columns("baseline_sld")]
        seen = np.where(at_baseline, self._baseline_mm, 0.0)[:, :MOST_TARGETS]
        self._exists = at_baseline[:, :MOST_TARGETS]
        self.lesion_count = self._exists.sum(axis=1)
        self.has_non_target = at_baseline[:, NON_TARGET_SLOT]
        self._share_of_targets = sum_in_order(seen) / sum_in_order(self._baseline_mm)
        self._empty = np.argsort(at_baseline, axis=1, kind="stable")  # slots, the empty ones first
        self._room = SLOTS - at_baseline.sum(axis=1)
        self._is_new = np.zeros_like(at_baseline)
        self._seeded_on = np.full(at_baseline.shape, np.nan)
        self.baseline = self._record(np.full_like(seen, np.inf), seen, self._exists)
        self._begin(np.where(self.has_non_target, self._baseline_mm[:, NON_TARGET_SLOT], 0.0), SLOTS)

    def take_new_lesions(self, day: float, hazards: Hazards) -> None:
        """Seed the lesions that hazards have brought since the last call.

        A patient without a cancer cell has nothing that could seed one, and one whose slots are all taken keeps the
        lesions there are: such a patient has progressed twice over.
        """
        have = self._is_new.sum(axis=1)
        due = np.maximum(np.minimum(hazards.new_lesion_count, self._room) - have, 0)
        due[cancer_cells(self._model, self._states) < ONE_CELL_MC] = 0
        rows = np.repeat(np.arange(due.size), due)
        if not rows.size:
            return
        number = np.concatenate([np.arange(count) for count in due[due > 0]]) + have[rows]
        slots = self._empty[rows, number]
        size = self._disease.new_lesion_diameter_mm
        seed(self._tumour_type, self._model, self._states, self._parameters, rows, slots, size)
        self._is_new[rows, slots] = True
        self._seeded_on[rows, slots] = day

    def burden(self, observed: Observed) -> Array:
        """Return the viable diameter of all disease in mm, on the scale of target lesions, shape ``(N,)``.

        The hazard was calibrated with the sum of target lesions. Non-target disease and new lesions count like
        targets, scaled so that a patient begins with the own sum of target lesions, as in the lumped form.
        """
        return np.asarray(observed["viable_sld"] * self._share_of_targets)

    def scan(self, visit: int, day: float, observed: Observed, scanned: Flags) -> Scan:
        """Measure everyone: see :meth:`Lumped.scan`; the observables used are the lesions' own ``sld``."""
        found = np.stack([observed[name] for name in self._diameters], axis=1)
        # What was seeded today was not there when the patients were observed.
        found = np.where(self._seeded_on == day, self._disease.new_lesion_diameter_mm, found)
        diameter = np.where(scanned[:, None], found, self._baseline_mm)
        error = self._measurement.lesion_error
        normals = [
            self._streams.normal(f"lesion {slot} error", self._patients, visit) for slot in range(SLOTS)
        ]
        seen = diameter * np.exp(error * np.stack(normals, axis=1))
        target = self._record(diameter[:, :MOST_TARGETS], seen[:, :MOST_TARGETS], self._exists)
        non_target_mm = diameter[:, NON_TARGET_SLOT]
        ratio = np.where(
            self.has_non_target,
            non_target_mm / np.where(self.has_non_target, self._baseline_mm[:, NON_TARGET_SLOT], 1.0),
            1.0,
        )
        visible = self._is_new & (diameter >= self._measurement.invisible_below_mm)
        return self._read(target, ratio, non_target_mm, visible, diameter, seen)


def disease_of(
    protocol: Protocol,
    tumour_type: TumourType,
    model: AnyModel,
    cohort: Cohort,
    states: Array,
    parameters: Array,
    streams: RandomStreams,
) -> Lumped | Lesions:
    """Return the disease of an arm's patients in the form that their model has."""
    disease, measurement, rules = protocol.disease, protocol.measurement, protocol.assessment.rules()
    if isinstance(model, LesionModel):
        return Lesions(tumour_type, model, disease, measurement, cohort, states, parameters, streams, rules)
    return Lumped(disease, measurement, streams, cohort.patients, cohort.baseline["sld_mm"], rules)
