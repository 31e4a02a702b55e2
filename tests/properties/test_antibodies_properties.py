"""What holds for antibodies whatever the drug, the dose, the patient and the visits."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask.engine import CompiledModel, Status, compile_model
from unmask.model.assemble import assemble
from unmask.therapy import antibodies
from unmask.therapy.regimen import Drug, available_drugs, load_drug

ANTIBODIES = [name for name in available_drugs() if load_drug(name).kind == "antibody"]
OCCUPANCY = {
    "anti_pd1_central": "pd1_occupancy",
    "anti_pdl1_central": "pdl1_occupancy",
    "anti_ctla4_central": "ctla4_occupancy",
}
DRUGS = st.sampled_from(ANTIBODIES)
AMOUNTS = st.floats(1.0, 5000.0)
WEIGHTS = st.floats(35.0, 160.0)
DEVIATIONS = st.floats(-2.5, 2.5)
FEW = settings(max_examples=40, deadline=None)


@cache
def compiled() -> CompiledModel:
    modules = (
        antibodies.ANTIBODY_TISSUE,
        antibodies.ANTI_PD1,
        antibodies.ANTI_PDL1,
        antibodies.ANTI_CTLA4,
        antibodies.PD_OCCUPANCY,
    )
    observables = (*OCCUPANCY.values(), "ctla4_occupancy_lymph_node", "pd_occupancy")
    return compile_model(assemble("antibodies", modules, (*observables, "pd1_unoccupied", "pdl1_unoccupied")))


def patients(
    drug: Drug, amounts: list[float], weight: float, deviation: float
) -> tuple[np.ndarray, np.ndarray]:
    """States and parameters just after a dose of each amount (mg) to as many like patients."""
    model, count = compiled(), len(amounts)
    states, parameters = model.initial_states(count), model.default_parameters(count)
    begun = drug.begin(drug.dose(), lambda process: np.full(count, deviation), weight)
    for name, value in begun.items():
        parameters[:, model.parameter_index[name]] = value
    for row, amount in enumerate(amounts):
        dose = drug.dose(amount, "mg")
        own = {name: parameters[row, model.parameter_index[name]] for name in dose.parameters}
        states[row, model.state_index[str(dose.state)]] += dose.addition(own, weight)
    return states, parameters


def advance(states: np.ndarray, parameters: np.ndarray, begin: float, end: float) -> np.ndarray:
    found = compiled().integrate(states, parameters, begin, end, rtol=1e-8)
    assert (found.status == Status.OK).all()
    return found.states


@FEW
@given(
    DRUGS, st.lists(AMOUNTS, min_size=2, max_size=6, unique=True), WEIGHTS, DEVIATIONS, st.floats(0.5, 120.0)
)
def test_occupancy_is_a_share_that_rises_with_the_dose(name, amounts, weight, deviation, days):
    drug = load_drug(name)
    states, parameters = patients(drug, sorted(amounts), weight, deviation)
    states = advance(states, parameters, 0.0, days)
    assert (states >= 0).all()
    seen = compiled().observe(states, parameters)
    found = seen[:, compiled().observable_index[OCCUPANCY[str(drug.dose().state)]]]
    assert ((found >= 0) & (found <= 0.97)).all()
    assert (np.diff(found) >= -1e-9).all()


@FEW
@given(DRUGS, WEIGHTS, DEVIATIONS, st.lists(st.floats(0.1, 30.0), min_size=2, max_size=8))
def test_a_course_does_not_depend_on_where_it_is_interrupted(name, weight, deviation, steps):
    drug = load_drug(name)
    states, parameters = patients(drug, [400.0], weight, deviation)
    whole = advance(states, parameters, 0.0, sum(steps))
    day = 0.0
    for step in steps:
        states = advance(states, parameters, day, day + step)
        day += step
    np.testing.assert_allclose(states, whole, rtol=1e-5, atol=1e-7)


@FEW
@given(DRUGS, WEIGHTS, st.floats(0.1, 30.0))
def test_a_dose_by_weight_is_the_flat_dose_times_the_weight(name, weight, amount):
    drug = load_drug(name)
    volume = dict.fromkeys(drug.dose().parameters, 3.0)
    by_weight = drug.dose(amount, "mg/kg").addition(volume, weight)
    assert by_weight == pytest.approx(drug.dose(amount * weight, "mg").addition(volume, weight), rel=1e-14)


@FEW
@given(DRUGS, WEIGHTS, DEVIATIONS)
def test_antibody_leaves_the_body_and_none_is_made(name, weight, deviation):
    """Without elimination the amount stays what was given; with it, it only falls."""
    drug = load_drug(name)
    axis = str(drug.dose().state).removesuffix("_central")
    states, parameters = patients(drug, [300.0], weight, deviation)
    model = compiled()

    def amount(states: np.ndarray) -> float:
        places = ((f"{axis}_{place}", f"{axis}_{place}_volume") for place in ("central", "peripheral"))
        return sum(
            float(states[0, model.state_index[state]] * parameters[0, model.parameter_index[volume]])
            for state, volume in places
        )

    amounts = [amount(states)]
    for day in range(0, 60, 10):
        states = advance(states, parameters, float(day), day + 10.0)
        amounts.append(amount(states))
    assert amounts[0] == pytest.approx(300.0)
    assert (np.diff(amounts) < 0).all()
    kept, closed = patients(drug, [300.0], weight, deviation)
    for parameter in (f"{axis}_clearance", "anti_pdl1_saturable_elimination"):
        closed[:, model.parameter_index[parameter]] = 0.0
    assert amount(advance(kept, closed, 0.0, 60.0)) == pytest.approx(300.0, rel=1e-6)
