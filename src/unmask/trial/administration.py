"""Giving treatment: what doses, fractions and operations do to states and parameters, and the record of them.

Who is treated when is decided elsewhere (``trial.treatment``, ``safety``); here it is carried out for all patients of
an arm at once and written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.patients.lesions import AnyModel
from unmask.patients.random_streams import RandomStreams
from unmask.therapy.procedure import Body
from unmask.therapy.radiotherapy import deliver_fraction
from unmask.therapy.regimen import Drug, load_drug
from unmask.therapy.surgery import resect
from unmask.trial.items import Radiotherapy, Surgery, Where

STEROID_DOSE = "steroid_dose"

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class DoseRecord:
    """One treatment given to several patients on one day; ``rows`` point into the arm, ``amount`` is per patient."""

    rows: Rows
    day: float
    drug: str
    amount: Array
    unit: str
    phase: str


class Administration:
    """States, parameters and dose records of the patients of one arm.

    Parameters
    ----------
    compiled
        The model whose states and parameters treatment changes.
    states, parameters
        Arrays ``(N, states)`` and ``(N, parameters)``, changed in place.
    streams, patients
        Source of what differs between patients; patient numbers, shape ``(N,)``.
    body_weight_kg
        Shape ``(N,)``.

    Attributes
    ----------
    records
        Everything given so far.
    resected
        Who has been operated, shape ``(N,)``.
    """

    def __init__(
        self,
        compiled: AnyModel,
        states: Array,
        parameters: Array,
        streams: RandomStreams,
        patients: NDArray[np.int64],
        body_weight_kg: Array,
    ) -> None:
        self.compiled, self.states, self.parameters = compiled, states, parameters
        self.patients, self.body_weight_kg = patients, body_weight_kg
        self.records: list[DoseRecord] = []
        self.resected = np.zeros(patients.size, dtype=bool)
        self._steroid_prescribed = np.zeros(patients.size)
        self._steroid_managed = np.zeros(patients.size)
        self._streams = streams
        self._body = Body(states, parameters, compiled.state_index, compiled.parameter_index)
        # Of courses with a fixed field: the share of each clone that lies inside.
        self._fields: dict[Radiotherapy, Array] = {}
        # For each thing that one drug at a time can occupy (a target, a tablet): the drug whose parameters hold.
        self._holder: dict[str, NDArray[np.object_]] = {}

    def set(self, values: Mapping[str, float | Array], rows: Rows) -> None:
        """Set parameters of the patients ``rows``; of corticosteroids the dose that the arm prescribes."""
        for name, value in values.items():
            if name == STEROID_DOSE:
                self._steroid_prescribed[rows] = value
                self._take_steroid(rows)
            else:
                self.parameters[rows, self.compiled.parameter_index[name]] = value

    def manage_steroid(self, dose: Array, rows: Rows) -> None:
        """Set the corticosteroid that side effects and other illness ask for, mg/kg/day, shape ``rows``.

        A patient takes this or what the arm prescribes, whichever is more: the end of one does not end the other.
        """
        self._steroid_managed[rows] = dose
        self._take_steroid(rows)

    def _take_steroid(self, rows: Rows) -> None:
        taken = np.maximum(self._steroid_prescribed[rows], self._steroid_managed[rows])
        self.parameters[rows, self.compiled.parameter_index[STEROID_DOSE]] = taken

    def read(self, name: str, rows: Rows) -> Array:
        """Return a parameter of the patients ``rows``."""
        values: Array = self.parameters[rows, self.compiled.parameter_index[name]]
        return values

    def give_drug(
        self,
        name: str,
        amount: float,
        unit: str,
        rows: Rows,
        day: float,
        phase: str,
        *,
        share: Array | float = 1.0,
        adherence: float = 1.0,
    ) -> None:
        """Give a dose to the patients ``rows``; ``share`` of it to each, below one where it is reduced."""
        if not rows.size:
            return
        drug = load_drug(name)
        dose = drug.dose(amount, unit)
        share = np.broadcast_to(np.asarray(share, dtype=np.float64), rows.shape)
        self._begin(drug, amount, unit, rows, adherence)
        if dose.state is not None:
            own = {parameter: self.read(parameter, rows) for parameter in dose.parameters}
            added = dose.addition(own, self.body_weight_kg[rows])
            self.states[rows, self.compiled.state_index[dose.state]] += added * share
        self.records.append(DoseRecord(rows, day, name, amount * share, unit, phase))

    def _begin(self, drug: Drug, amount: float, unit: str, rows: Rows, adherence: float) -> None:
        """Set the parameters of a drug for those in whom they do not hold yet."""
        holder = self._holder.setdefault(drug.place, np.full(self.patients.size, "", dtype=object))
        new = rows[holder[rows] != drug.name]
        if not new.size:
            return
        values = drug.begin(
            drug.dose(amount, unit),
            lambda process: self._streams.normal(process, self.patients[new]),
            self.body_weight_kg[new],
            adherence,
        )
        self.set(values, new)
        holder[new] = drug.name

    def end_drug(self, name: str, rows: Rows) -> None:
        """Stop a drug that is taken all the time; nothing happens to those who do not take it."""
        if not rows.size:
            return
        drug = load_drug(name)
        holder = self._holder.get(drug.place)
        if holder is None or not drug.end():
            return
        ending = rows[holder[rows] == name]
        self.set(drug.end(), ending)
        holder[ending] = ""

    def perform(self, item: Radiotherapy | Surgery, rows: Rows, day: float, phase: str) -> None:
        """Give a fraction of radiotherapy to the patients ``rows``, or operate on them; all of them live."""
        if not rows.size:
            return
        treated = self._lesions(item.lesions, rows)
        if isinstance(item, Radiotherapy):
            field: Array = np.where(treated, item.in_field, 0.0)
            clones = self._clones_in_field(item, rows, field) if item.fixed_field else None
            deliver_fraction(self._body, rows, item.gray, field, clones_in_field=clones)
            if clones is not None:
                self._fields[item][rows] = clones
        else:
            resect(
                self._body,
                rows,
                item.margin,
                residual=item.residual,
                lesions=treated,
                nodes_removed=item.nodes_removed,
                seeding=self._streams.uniform("seeded disease", self.patients[rows]),
            )
            self.resected[rows] = True
        amount = np.full(rows.size, item.amount)
        self.records.append(DoseRecord(rows, day, item.name, amount, item.unit, phase))

    def _clones_in_field(self, item: Radiotherapy, rows: Rows, field: Array) -> Array:
        """Return the share of each clone in a fixed field, ``(n, lesions, clones)``: at first that of its lesion."""
        shape = (self.patients.size, len(self._body.lesions), len(self._body.clones))
        shares = self._fields.setdefault(item, np.full(shape, np.nan))[rows]
        return np.where(np.isnan(shares), field[:, :, None], shares)

    def _lesions(self, where: Where, rows: Rows) -> NDArray[np.bool_]:
        """Return which lesions of the patients ``rows`` a procedure is for, shape ``(n, lesions)``."""
        if where == "all":
            return np.ones((rows.size, len(self._body.lesions)), dtype=bool)
        targets = self._body.present(rows) & (self._body.lesion_parameter("target_lesion", rows) > 0.0)
        if where == "targets":
            return targets
        size = np.where(targets, self._body.lesion_parameter("baseline_sld", rows), -np.inf)
        return np.asarray(np.arange(size.shape[1]) == size.argmax(axis=1)[:, None])

    def scale_chemotherapy(self, potency: float, rows: Rows) -> None:
        """Let chemotherapy kill less from now on: a later line works less well."""
        if potency < 1.0:
            self.parameters[rows, self.compiled.parameter_index["chemo_log_kill"]] *= potency
