"""Cells are neither made nor lost but by what the equations say, in random patients under random regimens.

Between treatments: what cancer cells gain is what divides less what dies, what dead cells gain is what dies less what
is cleared, and antigen likewise, each an integral by Gauss and Legendre of rates read from the model. On the day of a
treatment: cells killed by radiation are dead cells, an operation only takes away but for seeded disease, and a drug
changes no cell.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from regimens import TREATMENTS

from unmask.engine import CompiledModel, compile_model
from unmask.model.catalogue import load
from unmask.model.evaluate import Evaluator
from unmask.patients.cohort import Cohort, screen
from unmask.patients.parameter_set import load_tumour_type
from unmask.patients.random_streams import RandomStreams
from unmask.trial.administration import Administration
from unmask.trial.arms import Arm
from unmask.trial.treatment import TreatmentCourse

STREAMS = RandomStreams(17)
TUMOUR_TYPES = ("nsclc", "melanoma", "renal", "prostate", "egfr")
PATIENTS, END = 3, 56.0
AFTER_A_DOSE = (
    0.02,
    0.1,
    0.4,
    1.0,
    2.0,
    4.0,
    7.0,
)  # days: steps that follow drugs with a half-life of half an hour
NODES, WEIGHTS = np.polynomial.legendre.leggauss(5)


@cache
def core() -> CompiledModel:
    return compile_model(load("core"))


@cache
def rules() -> Evaluator:
    return Evaluator(core().model)


@cache
def cohort(tumour_type: str) -> Cohort:
    return screen(load_tumour_type(tumour_type), core(), STREAMS, np.arange(60))


class Ledger:
    """Patients of one arm, and what their cells must come to."""

    def __init__(self, members: Cohort, arm: Arm) -> None:
        self.states, self.parameters = members.states.copy(), members.parameters.copy()
        self.everyone = np.ones(members.size, dtype=bool)
        self.given = Administration(
            core(),
            self.states,
            self.parameters,
            STREAMS,
            members.patients,
            members.baseline["body_weight_kg"],
        )
        self.course = TreatmentCourse(arm, self.given, STREAMS)
        self.clones = [column for name, column in core().state_index.items() if name.startswith("cancer_")]

    def state(self, name: str) -> np.ndarray:
        return self.states[:, core().state_index[name]]

    def cells(self) -> np.ndarray:
        """Cancer cells, dead cells and antigen, shape ``(3, N)``, Mc."""
        living = self.states[:, self.clones].sum(axis=1)
        return np.stack([living, self.state("dead_cells"), self.state("antigen")])

    def rates(self) -> tuple[np.ndarray, np.ndarray]:
        """What :meth:`cells` gains and loses per day, ``(3, N)`` each, from the rules of the model."""
        seen = rules().values(0.0, self.states.T, self.parameters.T)
        born = sum(seen[name] for name in seen if name.startswith("growth_of_"))
        index, p = core().parameter_index, self.parameters
        cleared = p[:, index["dead_cell_clearance_rate"]] * self.state("dead_cells")
        drained = p[:, index["antigen_clearance_rate"]] * self.state("antigen")
        died = seen["cancer_cell_death"]
        return np.stack([born, died, seen["antigen_release"]]), np.stack([died, cleared, drained])

    def integrate(self, start: float, end: float) -> None:
        result = core().integrate(self.states, self.parameters, start, end, rtol=1e-6)
        assert not result.failed.any()
        self.states[:] = result.states
        assert np.isfinite(self.states).all() and (self.states >= 0.0).all()

    def pass_time(self, start: float, end: float) -> None:
        """Integrate and compare the change of cells with the integral of their rates."""
        before, balance, turnover, now = self.cells(), 0.0, 0.0, start
        steps = [start, *(start + after for after in AFTER_A_DOSE if start + after < end), end]
        for low, high in pairwise(steps):
            half = (high - low) / 2
            for node, weight in zip(NODES, WEIGHTS, strict=True):
                moment = low + half * (1 + node)
                self.integrate(now, moment)
                gain, loss = self.rates()
                balance = balance + weight * half * (gain - loss)
                turnover = turnover + weight * half * (gain + loss)
                now = moment
            self.integrate(now, high)
            now = high
        # A clone that falls below one cell is gone: seven cells at most, each time one falls.
        assert (np.abs(self.cells() - before - balance) <= 2e-3 * turnover + 1e-4).all()

    def treat(self, day: float) -> None:
        """Give what is due and compare the cells before and after."""
        before, records = self.cells(), len(self.given.records)
        self.course.give(day, self.everyone, self.state("tumour_marker").copy())
        done = {record.drug for record in self.given.records[records:]}
        living, dead, antigen = self.cells() - before
        assert (self.states >= 0.0).all()
        if "surgery" in done:
            assert (living <= self.parameters[:, core().parameter_index["seeded_cells"]]).all()
        elif "radiotherapy" in done:
            np.testing.assert_allclose(living, -dead, rtol=1e-12, atol=1e-9)
            # Both are differences of numbers that may be ten thousand times larger: the last digits are rounding.
            rounding = 4 * np.spacing(self.cells().max(axis=0))
            assert (antigen <= dead * (1 + 1e-12) + rounding).all() and (living <= 0.0).all()
        else:
            assert (living == 0.0).all() and (dead == 0.0).all() and (antigen == 0.0).all()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tumour_type=st.sampled_from(TUMOUR_TYPES), who=st.integers(0, 10**6), treatments=TREATMENTS)
def test_cells_balance_in_random_patients_under_random_regimens(
    tumour_type: str, who: int, treatments: list[dict[str, Any]]
) -> None:
    try:
        arm = Arm.model_validate({"label": "any", "treatment": treatments})
    except ValueError:  # what cannot be given together: test_conduct_properties
        return
    everybody = cohort(tumour_type)
    chosen = (who + np.arange(PATIENTS)) % everybody.size
    ledger, day = Ledger(everybody.take(np.sort(chosen)), arm), 0.0
    ledger.treat(day)
    while day < END:
        following = min(day + 7.0, float(ledger.course.next_day(day).min()))
        ledger.pass_time(day, following)
        day = following
        ledger.treat(day)


@pytest.mark.parametrize("name", ["dead_cells", "antigen", "cancer_sensitive"])
def test_the_balance_sees_cells_that_vanish(name: str) -> None:
    arm = Arm.model_validate({"label": "none", "observation": True, "treatment": []})
    ledger = Ledger(cohort("nsclc").take(np.arange(PATIENTS)), arm)
    honest = ledger.integrate

    def thief(start: float, end: float) -> None:
        honest(start, end)
        ledger.state(name)[:] *= 0.995

    ledger.integrate = thief
    with pytest.raises(AssertionError):
        ledger.pass_time(0.0, 7.0)
