"""A model that writes down where one patient was: the inside of a tumour over time, without touching the conduct.

The conduct of an arm integrates its patients from one day to the next and keeps what a trial keeps. For the one
patient whose trajectory is shown, :class:`WatchedModel` is given to it instead of the plain model: the same machine
code and so the same course, and each interval's both ends are noted on the way. Treatment happens between intervals,
so that the drop of an operation or the jump of a dose is seen as such.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from unmask.engine import CompiledModel
from unmask.engine.compiled import DEFAULT_CHUNK, Integration
from unmask.patients.cohort import Cohort

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Moment:
    day: float
    states: Array
    parameters: Array


@dataclass(frozen=True)
class WatchedModel(CompiledModel):
    """A compiled model for one patient; :meth:`course` is what was seen."""

    moments: list[_Moment] = field(default_factory=list)

    @classmethod
    def of(cls, compiled: CompiledModel, patient: Cohort) -> WatchedModel:
        """Return ``compiled`` with nothing noted but how the patient (a cohort of one) was before treatment."""
        before = _Moment(0.0, patient.states.copy(), patient.parameters.copy())
        return cls(compiled.model, compiled.method, compiled.kernels, [before])

    def integrate(
        self,
        states: ArrayLike,
        parameters: ArrayLike,
        t0: ArrayLike,
        t1: ArrayLike,
        *,
        rtol: float = 1e-4,
        step_size: ArrayLike | None = None,
        max_steps: int = 20_000,
        threads: int = 1,
        chunk: int = DEFAULT_CHUNK,
    ) -> Integration:
        """Integrate as :meth:`CompiledModel.integrate`, and note both ends."""
        done = super().integrate(
            states,
            parameters,
            t0,
            t1,
            rtol=rtol,
            step_size=step_size,
            max_steps=max_steps,
            threads=threads,
            chunk=chunk,
        )
        fixed = np.array(parameters, dtype=float)
        self.moments.append(_Moment(float(np.ravel(t0)[0]), np.array(states, dtype=float), fixed))
        self.moments.append(_Moment(float(np.ravel(t1)[0]), done.states.copy(), fixed))
        return done

    def seen_until(self, end_day: float) -> pd.DataFrame:
        """Return the course until ``end_day``: one row per moment.

        Columns: ``day``; ``sld_mm``; volumes in mL of ``cancer_ml``, ``dead_ml``, ``infiltrate_ml``, ``immune_ml`` (T
        cells in the tumour) and ``stroma_ml``; ``tumour_t_cells``, ``exhausted_t_cells`` and ``effector_t_cells`` (in
        the blood) in millions; ``resistant_share``; ``pd_occupancy``, ``ctla4_occupancy_lymph_node`` and
        ``neutrophils`` (1e9/L).
        """
        kept = [moment for moment in self.moments if moment.day <= end_day]
        states = np.concatenate([moment.states for moment in kept])
        parameters = np.concatenate([moment.parameters for moment in kept])
        seen = dict(zip(self.observables, self.observe(states, parameters).T, strict=True))

        def state(name: str) -> Array:
            return np.asarray(states[:, self.state_index[name]])

        def parameter(name: str) -> Array:
            return np.asarray(parameters[:, self.parameter_index[name]])

        cell, immune = parameter("cancer_cell_volume"), parameter("immune_cell_volume")
        in_tumour = state("tumour_t_cells") + state("exhausted_t_cells") + state("regulatory_t_cells")
        table = pd.DataFrame(
            {
                "day": [moment.day for moment in kept],
                "sld_mm": seen["sld"],
                "cancer_ml": cell * seen["cancer_cells"],
                "dead_ml": cell * state("dead_cells"),
                "infiltrate_ml": state("infiltrate"),
                "immune_ml": immune * in_tumour,
                "stroma_ml": state("stroma"),
                **{
                    name: seen[name]
                    for name in (
                        "tumour_t_cells",
                        "exhausted_t_cells",
                        "effector_t_cells",
                        "resistant_share",
                        "pd_occupancy",
                        "ctla4_occupancy_lymph_node",
                        "neutrophils",
                    )
                },
            }
        )
        # An interval begins where the last one ended; only where treatment came in between do the two differ.
        distinct: pd.DataFrame = table.drop_duplicates(keep="first").reset_index(drop=True)
        return distinct
