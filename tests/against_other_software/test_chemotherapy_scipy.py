"""Kinetics, effects, neutrophils, tablets and biologics against SciPy, from equations written here a second time.

Random patients, two cycles of a doublet beside a tablet, G-CSF, infliximab and vedolizumab. Nothing of Unmask's
modules is in the right-hand side below; it was written from their docstrings and the papers named there.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from unmask.engine import Status, compile_model
from unmask.model.catalogue import load
from unmask.therapy.regimen import load_drug

COUNT = 12
WEIGHT = 80.0
STATES = (
    "chemo_central",
    "chemo_peripheral",
    "chemo_effect",
    "platinum_central",
    "platinum_effect",
    "targeted_central",
    "anti_tnf_effect",
    "gut_trafficking_block",
    "gcsf_effect",
    "neutrophil_precursors",
    "neutrophil_transit_1",
    "neutrophil_transit_2",
    "neutrophil_transit_3",
    "neutrophils",
    "naive_pool",
    "cancer_sensitive",
    "cancer_chemo_resistant",
    "cancer_targeted_resistant",
    "cancer_multi_resistant",
)
PLAN = {  # day -> drugs
    0: ("docetaxel", "cisplatin", "infliximab"),
    1: ("pegfilgrastim",),
    21: ("docetaxel", "cisplatin", "vedolizumab"),
    42: (),
}
NO_IMMUNITY = {"max_kill_rate": 0.0, "mutation_rate": 0.0, "antigen_loss_rate": 0.0}


def equations(y: dict[str, float], p: dict[str, float]) -> dict[str, float]:
    d = {}
    flow = p["chemo_distribution_clearance"] * (y["chemo_central"] - y["chemo_peripheral"])
    d["chemo_central"] = (-p["chemo_clearance"] * y["chemo_central"] - flow) / p["chemo_central_volume"]
    d["chemo_peripheral"] = flow / p["chemo_peripheral_volume"]
    d["platinum_central"] = -p["platinum_clearance"] / p["platinum_central_volume"] * y["platinum_central"]
    for axis in ("chemo", "platinum"):
        wanted = y[f"{axis}_central"] / p[f"{axis}_reference_exposure"]
        d[f"{axis}_effect"] = p[f"{axis}_effect_decay_rate"] * (wanted - y[f"{axis}_effect"])
    taken = p["targeted_daily_dose"] / (1 + p["targeted_missed_odds"])
    d["targeted_central"] = (taken - p["targeted_clearance"] * y["targeted_central"]) / p["targeted_volume"]
    d["anti_tnf_effect"] = -p["anti_tnf_decay_rate"] * y["anti_tnf_effect"]
    d["gut_trafficking_block"] = -p["gut_block_decay_rate"] * y["gut_trafficking_block"]
    d["gcsf_effect"] = -p["gcsf_decay_rate"] * y["gcsf_effect"]

    def both(name: str) -> float:
        return sum(p[f"{axis}_{name}"] * y[f"{axis}_effect"] for axis in ("chemo", "platinum"))

    stimulus = y["gcsf_effect"] / (y["gcsf_effect"] + p["gcsf_half_effect"])
    more = 1 + p["gcsf_proliferation_gain"] * stimulus
    faster = 1 + p["gcsf_maturation_gain"] * stimulus
    k = 4 / p["neutrophil_transit_time"]
    feedback = (p["neutrophil_baseline"] / (y["neutrophils"] + p["neutrophil_floor"])) ** p[
        "neutrophil_feedback"
    ]
    lost = p["neutrophil_drug_slope"] * both("myelotoxicity") * feedback
    chain = [y["neutrophil_precursors"], *(y[f"neutrophil_transit_{i}"] for i in (1, 2, 3))]
    d["neutrophil_precursors"] = k * chain[0] * (faster * (more * feedback - 1) - lost)
    for i in (1, 2, 3):
        d[f"neutrophil_transit_{i}"] = k * faster * (chain[i - 1] - chain[i])
    d["neutrophils"] = k * (faster * chain[3] - y["neutrophils"])
    depletion = p["lymphodepletion"] * both("lymphotoxicity")
    d["naive_pool"] = p["naive_recovery_rate"] * (1 - y["naive_pool"]) - depletion * y["naive_pool"]

    clones = ("sensitive", "chemo_resistant", "targeted_resistant", "multi_resistant")
    everybody = sum(y[f"cancer_{clone}"] for clone in clones)
    room = 1 - everybody / p["carrying_capacity"]
    effect = y["targeted_central"] / (y["targeted_central"] + p["targeted_half_effect"])
    effect *= 1 - p["targeted_needs_driver"] * (1 - p["driver_dependence"])
    for clone in clones:
        felt = p["chemo_resistant_sensitivity"] if clone in ("chemo_resistant", "multi_resistant") else 1.0
        tablet = effect * (
            p["targeted_resistant_sensitivity"] if clone.startswith(("targeted", "multi")) else 1.0
        )
        fitness = 1.0 if clone == "sensitive" else 1 - p["resistance_cost"]
        growth_left = 1 - p["targeted_growth_inhibition"] * tablet
        kill = p["targeted_kill_rate"] * tablet
        for axis in ("chemo", "platinum"):
            full = felt * p["chemo_log_kill"] * p[f"{axis}_potency"] * y[f"{axis}_effect"]
            share = p[f"{axis}_cycling_share"]
            kill += full * (1 - share + share * room * growth_left)
        birth = (p["net_growth_rate"] + p["basal_death_rate"]) * room * fitness * growth_left
        d[f"cancer_{clone}"] = (birth - p["basal_death_rate"] - kill) * y[f"cancer_{clone}"]
    return d


@pytest.fixture(scope="module")
def both():
    """States at the end of every interval: by the engine and by SciPy, (interval, patient, state)."""
    compiled = compile_model(load("core"))
    random = np.random.default_rng(11)
    s, index = compiled.state_index, compiled.parameter_index
    y, p = compiled.initial_states(COUNT), compiled.default_parameters(COUNT)
    for name in s:
        if name.startswith("cancer_"):
            y[:, s[name]] = 0.0
    for name, size in (
        ("sensitive", 5e3),
        ("chemo_resistant", 500.0),
        ("targeted_resistant", 5.0),
        ("multi_resistant", 1.0),
    ):
        y[:, s[f"cancer_{name}"]] = size * random.lognormal(0.0, 1.0, COUNT)
    for name, value in NO_IMMUNITY.items():
        p[:, index[name]] = value
    for name in (
        "net_growth_rate",
        "chemo_log_kill",
        "neutrophil_drug_slope",
        "gcsf_half_effect",
        "neutrophil_baseline",
    ):
        p[:, index[name]] *= random.lognormal(0.0, 0.4, COUNT)
    p[:, index["driver_dependence"]] = random.uniform(0.0, 1.0, COUNT)

    def normal(process: str) -> np.ndarray:
        return random.standard_normal(COUNT)

    tablet = load_drug("erlotinib")
    for name, value in tablet.begin(tablet.dose(), normal, WEIGHT, 0.9).items():
        p[:, index[name]] = value
    begun: set[str] = set()
    days, found, expected = sorted(PLAN), [], []
    other = y.copy()
    for day, end in itertools.pairwise(days):
        for name in PLAN[day]:
            drug = load_drug(name)
            if name not in begun:
                for parameter, value in drug.begin(drug.dose(), normal, WEIGHT).items():
                    p[:, index[parameter]] = value
                begun.add(name)
            dose = drug.dose()
            added = dose.addition({item: p[:, index[item]] for item in dose.parameters}, WEIGHT)
            for states in (y, other):
                states[:, s[dose.state]] += added
        result = compiled.integrate(y, p, float(day), float(end), rtol=1e-8)
        assert (result.status == Status.OK).all()
        y = result.states
        other = by_scipy(compiled, other, p, float(end - day))
        found.append(y[:, [s[name] for name in STATES]])
        expected.append(other[:, [s[name] for name in STATES]])
    return np.array(found), np.array(expected)


def by_scipy(compiled, states, parameters, days):
    columns = [compiled.state_index[name] for name in STATES]
    after = states.copy()
    for row in range(COUNT):
        p = dict(zip(compiled.parameters, parameters[row], strict=True))

        def rates(_, values, p=p):
            d = equations(dict(zip(STATES, values, strict=True)), p)
            return [d[name] for name in STATES]

        solution = solve_ivp(rates, (0.0, days), states[row, columns], "LSODA", rtol=1e-9, atol=1e-11)
        assert solution.success
        after[row, columns] = solution.y[:, -1]
    return after


@pytest.mark.parametrize("state", STATES)
def test_engine_and_scipy_agree(both, state):
    found, expected = (values[..., STATES.index(state)] for values in both)
    floor = 1e-6 if state.startswith("cancer") else 1e-5
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=floor)
