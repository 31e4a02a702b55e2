"""The JavaScript module of the core model against the Python engine: 200 random patients under three regimens.

Both integrate at rtol 1e-9 and are compared on every observable at every visit. Two numbers agree if they differ by
less than 1e-6 of the larger, or by less than what is as good as nothing: :data:`NOTHING`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import sympy as sp
from core_spread import SPREAD
from javascript_in_node import call, needs_node, write

from unmask.engine import CompiledModel, compile_model
from unmask.model.catalogue import load
from unmask.model.evaluate import Evaluator

pytestmark = needs_node

PATIENTS, RTOL, AGREE = 200, 1e-9, 1e-6
# An observable is as good as nothing below this, in its own unit: a tenth of a thousandth of a cell in Mc (a million
# cells), 1e-10 mm, 1e-10 of a share. Tolerances of the species are 1e-7 and more (Species.absolute_tolerance).
NOTHING = 1e-10


@dataclass(frozen=True)
class Regimen:
    """(species, amount, divided by which parameter, every so many days, how often), and what is switched on."""

    doses: tuple[tuple[str, float, str, int, int], ...]
    switches: tuple[str, ...]
    days: int

    def dose_times(self, every: int, count: int) -> list[int]:
        return [number * every for number in range(count)]


ATEZOLIZUMAB = ("anti_pdl1_central", 1200.0, "anti_pdl1_central_volume", 21, 35)
DOCETAXEL = ("chemo_central", 75.0, "chemo_central_volume", 21, 6)
NIVOLUMAB = ("anti_pd1_central", 240.0, "anti_pd1_central_volume", 14, 26)
REGIMENS = {
    "atezolizumab": Regimen((ATEZOLIZUMAB,), ("anti_pdl1_started",), 730),
    "docetaxel": Regimen((DOCETAXEL,), (), 365),
    "nivolumab and docetaxel": Regimen((NIVOLUMAB, DOCETAXEL), ("anti_pd1_started",), 365),
}
VISIT = 42


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    return compile_model(load("core"))


@pytest.fixture(scope="module")
def module(compiled, tmp_path_factory):
    return write(compiled.model, tmp_path_factory.mktemp("javascript"))


@pytest.fixture(scope="module")
def patients(compiled):
    """States after a burn-in of 400 days with the tumour's size held, and parameters."""
    random = np.random.default_rng(44)
    state, parameter = compiled.state_index, compiled.parameter_index
    p = compiled.default_parameters(PATIENTS)
    for name, sigma in SPREAD.items():
        p[:, parameter[name]] *= random.lognormal(0.0, sigma, PATIENTS)
    y = compiled.initial_states(PATIENTS)
    cells = random.lognormal(0.0, 1.0, PATIENTS)
    for name in (
        "cancer_sensitive",
        "cancer_chemo_resistant",
        "cancer_antigen_loss",
        "cancer_multi_resistant",
    ):
        y[:, state[name]] *= cells * random.lognormal(0.0, 0.7, PATIENTS)
    y[:, state["regulatory_t_cells"]] *= cells
    p[:, parameter["tumour_dynamics_on"]] = 0.0
    settled = compiled.integrate(y, p, 0.0, 400.0, rtol=1e-8)
    assert not settled.failed.any()
    p[:, parameter["tumour_dynamics_on"]] = 1.0
    return settled.states, p


def by_python(compiled, patients, regimen: Regimen) -> np.ndarray:
    """Observables (visit, patient, observable)."""
    y, p = patients[0].copy(), patients[1].copy()
    for name in regimen.switches:
        p[:, compiled.parameter_index[name]] = 1.0
    given = [set(regimen.dose_times(every, count)) for *_, every, count in regimen.doses]
    stops = sorted({*range(0, regimen.days, VISIT), regimen.days}.union(*given))
    found, now, step = [], 0, None
    for stop in stops:
        if stop > regimen.days:
            break
        result = compiled.integrate(y, p, now, stop, rtol=RTOL, step_size=step)
        assert not result.failed.any()
        y, step, now = result.states, result.step_size, stop
        if stop % VISIT == 0 or stop == regimen.days:
            found.append(compiled.observe(y, p))
        for (species, amount, volume, *_), times in zip(regimen.doses, given, strict=True):
            if stop in times:
                y[:, compiled.state_index[species]] += amount / p[:, compiled.parameter_index[volume]]
                step = 0.2 * result.step_size
    return np.array(found)


def options(compiled, patients, regimen: Regimen) -> list[dict[str, Any]]:
    doses = [
        {"species": s, "amount": amount, "divideBy": v, "times": regimen.dose_times(every, count)}
        for s, amount, v, every, count in regimen.doses
    ]
    return [
        {
            "parameters": dict(zip(compiled.parameters, map(float, p), strict=True))
            | dict.fromkeys(regimen.switches, 1.0),
            "initial": dict(zip(compiled.states, map(float, y), strict=True)),
            "doses": doses,
            "until": regimen.days,
            "outputEvery": VISIT,
            "rtol": RTOL,
        }
        for y, p in zip(*patients, strict=True)
    ]


def by_javascript(compiled, module, asked: list[dict[str, Any]]) -> np.ndarray:
    answers = call(module, [("simulate", [item]) for item in asked])
    assert {answer.get("status", answer.get("error")) for answer in answers} == {"OK"}
    columns = [[answer["observables"][name] for name in compiled.observables] for answer in answers]
    return np.array(columns, dtype=float).transpose(2, 0, 1)


def apart(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Relative differences, 0 where both are as good as nothing."""
    difference, larger = np.abs(ours - theirs), np.maximum(np.abs(ours), np.abs(theirs))
    return np.where(difference < NOTHING, 0.0, difference / np.maximum(larger, NOTHING))


@pytest.mark.parametrize("name", REGIMENS)
def test_javascript_and_python_agree(compiled, module, patients, name):
    regimen = REGIMENS[name]
    expected = by_python(compiled, patients, regimen)
    found = by_javascript(compiled, module, options(compiled, patients, regimen))
    assert found.shape == expected.shape
    worst = apart(found, expected).max(axis=(0, 1))
    bad = {k: f"{v:.1e}" for k, v in zip(compiled.observables, worst, strict=True) if not v < AGREE}
    assert bad == {}, f"{name}: {bad}"


def test_several_lesions(tmp_path):
    """Two tumours that share blood and drugs: a larger model, cut into more functions."""
    model = load("core", lesions=2)
    several = compile_model(model)
    random = np.random.default_rng(9)
    p = several.default_parameters(10) * random.lognormal(0.0, 0.1, (10, len(several.parameters)))
    y = several.initial_states(10) * random.lognormal(0.0, 0.5, (10, len(several.states)))
    for name in ("hormone", "naive_pool"):  # shares of the normal: at most 1
        y[:, several.state_index[name]] = random.uniform(0.5, 1.0, 10)
    asked = options(several, (y, p), REGIMENS["atezolizumab"])
    found = by_javascript(several, write(model, tmp_path), asked)
    assert apart(found, by_python(several, (y, p), REGIMENS["atezolizumab"])).max() < AGREE


@pytest.mark.parametrize("fault", ["parameter", "dose", "equation"])
def test_a_fault_makes_the_comparison_fail(compiled, module, patients, tmp_path, fault):
    few = (patients[0][:10], patients[1][:10])
    regimen = REGIMENS["atezolizumab"]
    asked = options(compiled, few, regimen)
    if fault == "parameter":
        for item in asked:
            item["parameters"]["max_kill_rate"] *= 1.00001
    elif fault == "dose":
        for item in asked:
            item["doses"][0]["times"] = item["doses"][0]["times"][:3] + item["doses"][0]["times"][4:]
    else:
        text = module.read_text(encoding="utf-8")
        prepare = text[text.index("function prepare()") : text.index("function rates()")]
        wrong, count = re.subn(r"(  w\[\d+\] = )(.*);", r"\1 1.00001 * (\2);", prepare)
        assert count > 100  # everything that depends on parameters alone
        module = tmp_path / "wrong.mjs"
        module.write_text(text.replace(prepare, wrong), encoding="utf-8")
    found = by_javascript(compiled, module, asked)
    assert apart(found, by_python(compiled, few, regimen)).max() > AGREE


@pytest.fixture(scope="module")
def points(patients):
    """20 states away from equilibrium: of patients, each number changed."""
    random = np.random.default_rng(3)
    states, parameters = patients
    y = (states[:20] + 1e-3) * random.lognormal(0.0, 1.0, (20, states.shape[1]))
    return y, parameters[:20]


def test_the_right_hand_side_is_that_of_the_evaluator(compiled, module, points):
    y, p = points
    expected = Evaluator(compiled.model).rates(0.0, y.T, p.T).T
    calls = [("rightHandSide", [list(a), list(b), 0.0]) for a, b in zip(y, p, strict=True)]
    found = np.array(call(module, calls))
    scale = np.abs(expected).max(axis=0) + 1e-9
    assert np.abs((found - expected) / np.maximum(np.abs(expected), 1e-9 * scale)).max() < 1e-7
    assert np.median(np.abs(found - expected) / (np.abs(expected) + 1e-300)) < 1e-15


def complex_rates(model):
    """Rates of states (state, ...) that may be complex, from the model's own expressions one by one."""
    names = (*model.species_names, *model.parameter_names)
    steps = [(rule.name, rule.expression) for rule in model.rules]
    steps += [(f"rate of {name}", rate) for name, rate in zip(model.species_names, model.rates, strict=True)]
    functions = []
    for name, expression in steps:
        symbols = sorted(expression.free_symbols, key=str)
        functions.append((name, [str(symbol) for symbol in symbols], sp.lambdify(symbols, expression)))

    def rates(states, parameters):
        known = dict(zip(names, (*states, *parameters), strict=True))
        for name, needed, function in functions:
            known[name] = function(*(known[each] for each in needed))
        return np.stack([known[f"rate of {name}"] + 0 * states[0] for name in model.species_names])

    return rates


def test_the_jacobian_is_the_derivative_of_the_right_hand_side(compiled, module, points):
    """By a complex step, exact to rounding: f(x + ih) has the imaginary part h f'(x)."""
    y, p = points
    rates = complex_rates(compiled.model)
    answers = call(module, [("jacobian", [list(a), list(b), 0.0]) for a, b in zip(y, p, strict=True)])
    for state, parameters, answer in zip(y, p, answers, strict=True):
        n = len(state)
        found = np.zeros((n, n))
        found[answer["rows"], answer["columns"]] = answer["values"]
        expected = rates(state[:, None] + 1e-30j * np.eye(n), parameters).imag / 1e-30
        assert np.abs(found - expected).max() > 0.0  # they are computed in different ways
        assert (np.abs(found - expected) <= 1e-10 * np.abs(expected) + 1e-12 * np.abs(expected).max()).all()
