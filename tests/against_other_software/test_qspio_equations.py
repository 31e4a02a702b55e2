"""The right-hand side of the library model ``qspio`` is that of the exported model, evaluated on its own.

The neutral form of the export (``example1.json``: rules, reactions and stoichiometry in micrometres and molecules) is
read and evaluated here with 30 digits; nothing of Unmask is in that. The file lies outside the repository.
"""

from __future__ import annotations

import json
import re

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from qspio_export import (
    AMOUNTS_OF_OURS,
    NOT_OURS,
    ONLY_OURS,
    PARAMETERS,
    STATES,
    file,
    in_our_unit,
    unit_of_state,
)

from unmask.model.catalogue import load
from unmask.model.evaluate import Evaluator
from unmask.model.quantity import parse

DRAWS = 50


@pytest.fixture(scope="module")
def export():
    return json.loads(file("example1.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def model():
    return load("qspio")


class Exported:
    """Rates of change by the export's rules and reactions: of amounts where the volume varies, else of the state."""

    def __init__(self, export):
        self.rules = [(rule["target"], self.read(rule["expr"])) for rule in export["rules"]]
        self.reactions = [(self.read(item["rate"]), item["stoich"]) for item in export["reactions"]]
        self.states = {state["id"]: state for state in export["states"]}

    @staticmethod
    def read(text):
        return compile(text.replace("^", "**"), "export", "eval")

    def rates(self, values):
        known = {name: mpmath.mpf(float(value)) for name, value in values.items()}
        for target, expression in self.rules:
            known[target] = eval(expression, {"__builtins__": {}}, known)
        total = dict.fromkeys(self.states, mpmath.mpf(0))
        for expression, stoichiometry in self.reactions:
            rate = eval(expression, {"__builtins__": {}}, known)
            for name, coefficient in stoichiometry.items():
                total[name] += coefficient * rate
        for name, state in self.states.items():
            if state["kind"] == "concentration" and name not in AMOUNTS_OF_OURS:
                total[name] /= known[state["per_volume"]]
        return total, known["V_T"]


def consistent_unit(original: str) -> str:
    """The unit in the system day, um, molecule, cell of an exported unit."""
    text = re.sub(r"[a-z]*molarity", "(molecule/um**3)", original)
    dimension = parse(text.replace("^", "**")).dimension
    parts = {"[time]": "day", "[length]": "um", "[substance]": "molecule", "[cell_number]": "cell"}
    return " * ".join(f"{parts[name]}**({power})" for name, power in dimension) or "1"


def test_every_published_state_and_parameter_has_its_name_here(export, model):
    assert sorted(STATES) == sorted(state["id"] for state in export["states"])
    assert sorted(STATES.values()) == sorted(model.species_names)
    published = {*export["parameters"], *export["compartments"]} - {"V_T"}
    assert set(PARAMETERS) | set(NOT_OURS) == published
    assert not set(PARAMETERS) & set(NOT_OURS)
    assert len(set(PARAMETERS.values())) == len(PARAMETERS)
    assert {*PARAMETERS.values(), *ONLY_OURS} == set(model.parameter_names)
    described = {item.name: item.description for item in (*model.species, *model.parameters)}
    for symbol, name in PARAMETERS.items():
        assert f"({symbol})" in described[name]
    for state in export["states"]:
        assert f"({state['name']}" in described[STATES[state["id"]]]


def test_published_parameters_without_a_name_here_are_in_no_equation(export):
    text = " ".join(rule["expr"] for rule in export["rules"])
    text += " ".join(item["rate"] for item in export["reactions"]).replace("*syn_T1_C1 ", " ")
    used = {name for name in NOT_OURS if re.search(rf"\b{name}\b", text)}
    assert used == {"day", "syn_T1_C1"}  # 0*cell/day; reactions in the synapse, times and over its area


def test_every_value_is_the_published_one(export, model):
    values = {item.name: (item.value, item.unit) for item in model.parameters}
    prefixes = {"molarity": "molar", "micromolarity": "micromolar", "nanomolarity": "nanomolar"}
    for symbol, item in (*export["parameters"].items(), *export["compartments"].items()):
        if symbol not in PARAMETERS:
            continue
        value, unit = values[PARAMETERS[symbol]]
        original = re.sub(r"[a-z]*molarity", lambda found: prefixes[found.group()], item["unit_orig"])
        theirs = parse(original.replace("^", "**").replace("dimensionless", "1"))
        ours = parse(unit)
        assert ours.convertible(theirs), symbol
        assert value * ours.factor == pytest.approx(item["value_orig"] * theirs.factor, rel=1e-12), symbol


def test_initial_values_are_those_of_the_export(export, model):
    ours = {item.name: item for item in model.species}
    volume = parse("mL").factor / parse("um**3").factor * 14.1371669411541
    for state in export["states"]:
        species = ours[STATES[state["id"]]]
        exported = state["initial"] * (volume if state["id"] in AMOUNTS_OF_OURS else 1.0)
        expected = exported * in_our_unit(species.unit, unit_of_state(state))
        assert species.initial == pytest.approx(expected, rel=1e-12, abs=1e-300), state["id"]


def test_the_right_hand_side_is_that_of_the_export_at_random_states(export, model):
    exported, evaluator = Exported(export), Evaluator(model)
    random = np.random.default_rng(2020)
    theirs_of = {**export["parameters"], **export["compartments"]}
    units = {item.name: item.unit for item in (*model.species, *model.parameters)}
    own = {item.name: item.value for item in model.parameters if item.name in ONLY_OURS}
    seen = np.zeros(len(model.species))
    with mpmath.workdps(30):
        for _ in range(DRAWS):
            values = {name: item["value"] for name, item in theirs_of.items()}
            values |= {
                name: values[name] * random.lognormal(0.0, 0.2) for name in PARAMETERS if name != "cell"
            }
            values |= {"k_C1_therapy": random.lognormal(-2.0), "aPDL1": random.lognormal(3.0)}
            for state in export["states"]:
                usual = state["initial"] or 20.0
                values[state["id"]] = usual * random.lognormal(0.0, 1.0)
            found, volume = exported.rates(values)
            parameters = own | {
                name: values[symbol]
                * in_our_unit(units[name], consistent_unit(theirs_of[symbol]["unit_orig"]))
                for symbol, name in PARAMETERS.items()
            }
            states, expected = {}, {}
            for state in export["states"]:
                symbol, name = state["id"], STATES[state["id"]]
                amount = symbol in AMOUNTS_OF_OURS
                factor = in_our_unit(units[name], unit_of_state(state))
                states[name] = values[symbol] * factor * (float(volume) if amount else 1.0)
                expected[name] = float(found[symbol]) * factor
            ours = evaluator.rates(
                0.0,
                np.array([states[name] for name in model.species_names]),
                np.array([parameters[name] for name in model.parameter_names]),
            )
            theirs = np.array([expected[name] for name in model.species_names])
            assert_allclose(ours, theirs, rtol=1e-10)
            seen += np.abs(theirs)
    assert (seen > 0).all()
