"""What holds for every patient, drug and dose: no negative amounts, nothing lost, more drug more effect."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from unmask.engine import CompiledModel, Status, compile_model
from unmask.model.catalogue import load
from unmask.therapy.regimen import load_drug

DRUGS = ("docetaxel", "dacarbazine", "pemetrexed", "cisplatin")
AXES = {"docetaxel": "chemo", "dacarbazine": "chemo", "pemetrexed": "chemo", "cisplatin": "platinum"}
SUPPORT = ("pegfilgrastim", "filgrastim", "infliximab", "vedolizumab")
deviation = st.floats(-3.0, 3.0)
share = st.floats(0.2, 2.0)


@cache
def core() -> CompiledModel:
    return compile_model(load("core"))


def fresh(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    states, parameters = core().initial_states(count), core().default_parameters(count)
    for name, column in core().state_index.items():
        if name.startswith("neutrophil"):
            states[:, column] = 4.99
    return states, parameters


def give(
    states: NDArray[np.float64],
    parameters: NDArray[np.float64],
    name: str,
    shares: NDArray[np.float64],
    normals: dict[str, float],
) -> None:
    drug = load_drug(name)
    dose, count = drug.dose(), len(states)
    begun = drug.begin(dose, lambda process: np.full(count, normals.get(process, 0.0)), 75.0)
    for parameter, value in begun.items():
        parameters[:, core().parameter_index[parameter]] = value
    if dose.state is not None:
        own = {item: parameters[:, core().parameter_index[item]] for item in dose.parameters}
        states[:, core().state_index[dose.state]] += dose.addition(own, 75.0) * shares


def go(states: NDArray[np.float64], parameters: NDArray[np.float64], days: float) -> NDArray[np.float64]:
    result = core().integrate(states, parameters, 0.0, days, rtol=1e-7)
    assert (result.status == Status.OK).all()
    return result.states


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.sampled_from((*DRUGS, *SUPPORT, "everolimus", "erlotinib", "prednisone")), min_size=1, max_size=4
    ),
    deviation,
    st.floats(0.5, 21.0),
)
def test_no_state_is_ever_negative_or_infinite(drugs, z, days):
    states, parameters = fresh(1)
    everything = {
        f"individual {name}": z for name in ("chemo_clearance", "platinum_clearance", "targeted_clearance")
    }
    for name in drugs:
        give(states, parameters, name, np.ones(1), everything)
        states = go(states, parameters, days)
        assert np.isfinite(states).all()
        assert (states >= 0.0).all()


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(DRUGS), deviation, share, st.floats(0.02, 3.0))
def test_what_was_given_is_in_the_body_or_eliminated(name, z, amount, days):
    """Amount in both compartments = dose - clearance * area under the concentration, by trapezoids of small steps."""
    axis = AXES[name]
    states, parameters = fresh(1)
    give(states, parameters, name, np.array([amount]), {f"individual {axis}_clearance": z})

    def parameter(what: str) -> float:
        return float(parameters[0, core().parameter_index[f"{axis}_{what}"]])

    def in_body() -> float:
        total = parameter("central_volume") * states[0, core().state_index[f"{axis}_central"]]
        if axis == "chemo":
            total += parameter("peripheral_volume") * states[0, core().state_index["chemo_peripheral"]]
        return float(total)

    dose = load_drug(name).standard_dose * amount
    np.testing.assert_allclose(in_body(), dose, rtol=1e-12)
    steps = 400
    concentration = [states[0, core().state_index[f"{axis}_central"]]]
    times = days * (np.arange(steps + 1) / steps) ** 3  # fine where the fall is steep
    for start, end in itertools.pairwise(times):
        states = go(states, parameters, end - start)
        concentration.append(states[0, core().state_index[f"{axis}_central"]])
    eliminated = parameter("clearance") * np.trapezoid(concentration, times)
    np.testing.assert_allclose(in_body() + eliminated, dose, rtol=2e-3)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(DRUGS), deviation, st.lists(share, min_size=4, max_size=4, unique=True))
def test_more_drug_kills_more_and_leaves_fewer_neutrophils(name, z, amounts):
    shares = np.sort(amounts)
    states, parameters = fresh(4)
    parameters[:, core().parameter_index["max_kill_rate"]] = 0.0
    give(states, parameters, name, shares, {f"individual {AXES[name]}_clearance": z})
    after = go(states, parameters, 7.0)
    for state in ("cancer_sensitive", "cancer_chemo_resistant", "neutrophils", "naive_pool"):
        values = after[:, core().state_index[state]]
        assert (np.diff(values) <= 1e-6 * values[0]).all(), state


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(("everolimus", "erlotinib")),
    deviation,
    st.lists(share, min_size=3, max_size=3, unique=True),
)
def test_a_higher_daily_amount_means_more_drug_and_less_tumour(name, z, amounts):
    shares = np.sort(amounts)
    states, parameters = fresh(3)
    parameters[:, core().parameter_index["max_kill_rate"]] = 0.0
    parameters[:, core().parameter_index["driver_dependence"]] = 1.0
    give(
        states,
        parameters,
        name,
        shares,
        {"individual targeted_clearance": z, "individual targeted_missed_odds": z},
    )
    parameters[:, core().parameter_index["targeted_daily_dose"]] *= shares
    after = go(states, parameters, 20.0)
    assert (np.diff(after[:, core().state_index["targeted_central"]]) > 0).all()
    assert (np.diff(after[:, core().state_index["cancer_sensitive"]]) < 0).all()


@settings(deadline=None, max_examples=15)
@given(deviation, st.integers(0, 28).map(lambda quarters: 0.25 * quarters), st.floats(0.3, 3.0))
def test_a_growth_factor_after_the_drug_never_lowers_the_nadir(z, day, slope):
    states, parameters = fresh(2)
    parameters[:, core().parameter_index["neutrophil_drug_slope"]] = 2.3 * slope
    give(states, parameters, "docetaxel", np.ones(2), {"individual chemo_clearance": z})
    states = go(states, parameters, day) if day > 0 else states
    for name, item in load_drug("pegfilgrastim").individual.items():
        parameters[:, core().parameter_index[name]] = item.value
    states[1, core().state_index["gcsf_effect"]] += 1.0
    lowest = states[:, core().state_index["neutrophils"]].copy()
    for _ in range(28):
        states = go(states, parameters, 0.5)
        lowest = np.minimum(lowest, states[:, core().state_index["neutrophils"]])
    assert lowest[1] >= lowest[0] * (1 - 1e-6)
