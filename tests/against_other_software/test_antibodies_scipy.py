"""Antibodies against SciPy: the published equations written out by hand, every drug, doses, a switch, a combination.

The right-hand sides below were written from the papers' own form (Bajaj 2017; Baverel 2018; Sanghavi 2020), with a
power where the module has exponential and logarithm; nothing of the module or the engine is in them.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from unmask.engine import Status, compile_model
from unmask.model.catalogue import load
from unmask.therapy.regimen import load_drug

PATIENTS, VISITS, INTERVAL = 6, 10, 14.0
COURSES = {  # drug, amount, unit, visits at which it is given
    "nivolumab": [("nivolumab", 240.0, "mg", range(10))],
    "pembrolizumab": [("pembrolizumab", 2.0, "mg/kg", range(0, 10, 2))],
    "atezolizumab": [("atezolizumab", 1200.0, "mg", range(0, 10, 2))],
    "durvalumab": [("durvalumab", 10.0, "mg/kg", range(2))],  # then washed out, through the saturable range
    "combination": [("ipilimumab", 3.0, "mg/kg", range(4)), ("nivolumab", 1.0, "mg/kg", range(10))],
    "switch": [("nivolumab", 3.0, "mg/kg", range(5)), ("pembrolizumab", 200.0, "mg", range(5, 10))],
}
WEIGHTS = np.array([45.0, 60.0, 75.0, 80.0, 95.0, 130.0])


@pytest.fixture(scope="module")
def compiled():
    return compile_model(load("core"))


def normals(process: str) -> np.ndarray:
    """One deviation per patient, another for each process."""
    return np.random.default_rng(list(process.encode())).standard_normal(PATIENTS)


def rate(t, y, p, axis, with_nivolumab):
    """Two compartments; x days since the first dose."""
    c, q, x = y
    change = p[f"{axis}_clearance_change"]
    clearance = p[f"{axis}_clearance"]
    if with_nivolumab:
        clearance = clearance * np.exp(p["anti_ctla4_clearance_with_nivolumab"])
        change = change + p["anti_ctla4_clearance_change_with_nivolumab"]
    power = x ** p[f"{axis}_clearance_change_shape"]
    half = p[f"{axis}_clearance_change_time"] ** p[f"{axis}_clearance_change_shape"]
    clearance = clearance * np.exp(change * power / (half + power))
    fastest, km = (
        p.get(f"{axis}_saturable_elimination", 0.0),
        p.get(f"{axis}_saturable_half_concentration", 1.0),
    )
    between = p[f"{axis}_distribution_clearance"]
    return (
        (-clearance * c - fastest * c / (km + c) - between * (c - q)) / p[f"{axis}_central_volume"],
        between * (c - q) / p[f"{axis}_peripheral_volume"],
        1.0,
    )


def by_hand(course, patient: int) -> dict[str, np.ndarray]:
    """Central, peripheral and clock of each axis used, after every visit."""
    found: dict[str, list[np.ndarray]] = {}
    state: dict[str, np.ndarray] = {}
    own: dict[str, float] = {}
    for visit in range(VISITS):
        for name, amount, unit, visits in course:
            if visit not in visits:
                continue
            drug = load_drug(name)
            weight = WEIGHTS[patient]
            for parameter, item in drug.individual.items():
                z = normals(f"individual {item.deviate_of or parameter}")[patient] if item.varies else 0.0
                scale = (weight / (drug.reference_weight_kg or 1.0)) ** item.weight_exponent
                own[parameter] = item.value * scale * np.exp(item.sigma * z) + item.sd * z
            axis = drug.effect.state.removesuffix("_central")
            state.setdefault(axis, np.zeros(3))
            mg = amount * weight if unit == "mg/kg" else amount
            state[axis][0] += mg / own[f"{axis}_central_volume"]
        for axis, y in state.items():
            together = axis == "anti_ctla4" and any(name == "nivolumab" for name, *_ in course)
            done = solve_ivp(
                rate, (0.0, INTERVAL), y, "LSODA", args=(own, axis, together), rtol=1e-10, atol=1e-10
            )
            assert done.success
            state[axis] = done.y[:, -1]
            found.setdefault(axis, []).append(state[axis])
    return {axis: np.array(values) for axis, values in found.items()}


@pytest.mark.parametrize("course", COURSES)
def test_antibodies_follow_the_equations_of_the_papers(compiled, course):
    state, parameter = compiled.state_index, compiled.parameter_index
    y, p = compiled.initial_states(PATIENTS), compiled.default_parameters(PATIENTS)
    p[:, parameter["tumour_dynamics_on"]] = 0.0  # the tumour is of no interest here
    seen = []
    for visit in range(VISITS):
        for name, amount, unit, visits in COURSES[course]:
            if visit not in visits:
                continue
            drug = load_drug(name)
            dose = drug.dose(amount, unit)
            for key, value in drug.begin(dose, normals, WEIGHTS).items():
                p[:, parameter[key]] = value
            own = {key: p[:, parameter[key]] for key in dose.parameters}
            y[:, state[dose.state]] += dose.addition(own, WEIGHTS)
        result = compiled.integrate(y, p, visit * INTERVAL, (visit + 1) * INTERVAL, rtol=1e-9)
        assert (result.status == Status.OK).all()
        y = result.states.copy()
        seen.append(y)
    found = np.array(seen)
    for patient in range(PATIENTS):
        for axis, expected in by_hand(COURSES[course], patient).items():
            columns = [state[f"{axis}_{name}"] for name in ("central", "peripheral", "clock")]
            got = found[VISITS - len(expected) :, patient][:, columns]
            np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6, err_msg=axis)
