"""The core model against SciPy: 50 random patients, doses of antibody and chemotherapy between intervals.

SciPy integrates the model's own SymPy expressions, turned into NumPy by ``lambdify`` and differentiated
numerically: nothing of the engine's graph, Jacobian, elimination or machine code is in it.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import sympy as sp
from core_spread import SPREAD
from numpy.testing import assert_allclose
from scipy.integrate import ODEintWarning, odeint, solve_ivp

from unmask.engine import Status, compile_model
from unmask.model.catalogue import load

PATIENTS, VISITS, INTERVAL = 50, 4, 21.0


@pytest.fixture(scope="module")
def compiled():
    return compile_model(load("core"))


@pytest.fixture(scope="module")
def functions(compiled):
    """Rates and observables as plain NumPy functions of (y, p)."""
    model = compiled.model
    symbols = [sp.Symbol(name) for name in (*model.species_names, *model.parameter_names)]
    rules = [(sp.Symbol(rule.name), rule.expression) for rule in model.rules]

    def build(results, definitions):
        lines = [
            f"    {symbol} = {sp.pycode(value, fully_qualified_modules=False)}"
            for symbol, value in definitions
        ]
        body = ", ".join(sp.pycode(result, fully_qualified_modules=False) for result in results)
        head = "def compute(values):\n    " + ", ".join(s.name for s in symbols) + " = values\n"
        space = {"sqrt": np.sqrt, "exp": np.exp, "log": np.log}
        exec(head + "\n".join(lines) + f"\n    return ({body},)", space)
        return space["compute"]

    rates = build(model.rates, rules)
    observables = build([sp.Symbol(name) for name in model.observables], rules)
    return rates, observables


@pytest.fixture(scope="module")
def patients(compiled):
    random = np.random.default_rng(20)
    state, parameter = compiled.state_index, compiled.parameter_index
    p = compiled.default_parameters(PATIENTS)
    for name, sigma in SPREAD.items():
        p[:, parameter[name]] *= random.lognormal(0.0, sigma, PATIENTS)
    p[:, parameter["targeted_daily_dose"]] = random.choice([0.0, 10.0], PATIENTS)
    p[:, parameter["targeted_missed_odds"]] = random.lognormal(-3.0, 1.0, PATIENTS)
    p[:, parameter["targeted_kill_rate"]] = random.uniform(0.0, 0.05, PATIENTS)
    p[:, parameter["hormone_dependence"]] = random.uniform(0.0, 1.0, PATIENTS)
    p[:, parameter["steroid_dose"]] = random.choice([0.0, 1.0], PATIENTS)
    y = compiled.initial_states(PATIENTS) * random.lognormal(0.0, 0.5, (PATIENTS, len(state)))
    for name in ("hormone", "naive_pool"):  # relative to normal: above 1 the equations have no meaning
        y[:, state[name]] = random.uniform(0.1, 1.0, PATIENTS)
    y[:, state["tumour_t_cells"]] = 10.0 * random.lognormal(0.0, 1.0, PATIENTS)
    y[:, state["memory_t_cells"]] = random.lognormal(0.0, 1.0, PATIENTS)
    return y, p


def give(compiled, y, p, visit):
    """Antibodies every visit, chemotherapy at every other."""
    y = y.copy()
    state, parameter = compiled.state_index, compiled.parameter_index
    y[..., state["anti_pdl1_central"]] += 1200.0 / p[..., parameter["anti_pdl1_central_volume"]]
    y[..., state["anti_ctla4_central"]] += 70.0
    if visit % 2:
        y[..., state["chemo_central"]] += 75.0 / p[..., parameter["chemo_central_volume"]]
        y[..., state["platinum_central"]] += 75.0 / p[..., parameter["platinum_central_volume"]]
        y[..., state["gcsf_effect"]] += 1.0
    return y


@pytest.fixture(scope="module")
def by_unmask(compiled, patients):
    def run(rtol):
        y, p = patients
        found, step = [], None
        for visit in range(VISITS):
            y = give(compiled, y, p, visit)
            begin = visit * INTERVAL
            result = compiled.integrate(y, p, begin, begin + INTERVAL, rtol=rtol, step_size=step)
            assert (result.status == Status.OK).all()
            y, step = result.states, result.step_size
            found.append(y)
        return np.array(found)

    return run


@pytest.fixture(scope="module")
def by_scipy(compiled, patients, functions):
    """LSODA at 1e-10, states (visit, patient, state)."""
    rates, _ = functions
    states, parameters = patients
    tolerances = np.array([1e-5 * species.absolute_tolerance for species in compiled.model.species])
    floors = np.array([s.extinct_below if s.extinct_below > 0 else 0.0 for s in compiled.model.species])
    found = np.empty((VISITS, PATIENTS, len(compiled.states)))
    for patient, p in enumerate(parameters):
        y = states[patient]
        for visit in range(VISITS):
            y = give(compiled, y, p, visit)
            with warnings.catch_warnings():
                warnings.simplefilter("error", ODEintWarning)
                y = odeint(
                    lambda t, y, p=tuple(p): rates((*y, *p)),
                    y,
                    (0.0, INTERVAL),
                    rtol=1e-10,
                    atol=tolerances,
                    tfirst=True,
                    mxstep=100_000,
                )[-1]
            y[y < floors] = 0.0
            found[visit, patient] = y
    return found


def test_every_state_of_fifty_patients_agrees_with_lsoda(compiled, by_unmask, by_scipy):
    scale = np.maximum(np.abs(by_scipy), [1e4 * s.absolute_tolerance for s in compiled.model.species])
    for rtol, allowed in ((1e-9, 2e-6), (1e-4, 2e-3)):
        assert (np.abs(by_unmask(rtol) - by_scipy) / scale).max() < allowed


def test_tumour_size_agrees_with_lsoda(compiled, by_unmask, by_scipy, patients):
    sld = compiled.observable_index["sld"]
    for rtol, allowed in ((1e-9, 1e-8), (1e-4, 1e-4), (1e-3, 1e-3)):
        for ours, theirs in zip(by_unmask(rtol), by_scipy, strict=True):
            size = compiled.observe(ours, patients[1])[:, sld]
            assert_allclose(size, compiled.observe(theirs, patients[1])[:, sld], rtol=allowed)


def test_one_patient_agrees_with_radau(compiled, by_unmask, functions, patients):
    rates, _ = functions
    y, p = give(compiled, patients[0][7], patients[1][7], 0), tuple(patients[1][7])
    done = solve_ivp(lambda t, y: rates((*y, *p)), (0.0, INTERVAL), y, "Radau", rtol=1e-8, atol=1e-12)
    assert done.success
    sld = compiled.observable_index["sld"]
    sizes = [compiled.observe(states[None], [p])[0, sld] for states in (done.y[:, -1], by_unmask(1e-9)[0, 7])]
    assert_allclose(sizes[1], sizes[0], rtol=1e-7)


def test_observables_agree_with_numpy(compiled, functions, by_scipy, patients):
    _, observables = functions
    for visit in (0, VISITS - 1):
        ours = compiled.observe(by_scipy[visit], patients[1], visit * INTERVAL)
        theirs = [observables((*y, *p)) for y, p in zip(by_scipy[visit], patients[1], strict=True)]
        assert_allclose(ours, np.array(theirs, dtype=float), rtol=1e-11)
