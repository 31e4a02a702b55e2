"""Example 1 of QSP-IO (Sove et al. 2020) as a ``Model``, with its 100 benchmark patients.

Read from ``example1.json`` and the tables beside it (see the README there; data for measurements, not part of this
repository). States are amounts; a concentration is an amount over the volume of its compartment, and the tumour's
volume is a rule.
"""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from unmask.model.system import Event, Model, Parameter, Rule, Species

# The shared folder lies beside the repository unless UNMASK_SHARED says where.
FOLDER = Path(os.environ.get("UNMASK_SHARED", Path(__file__).parents[2] / "shared")) / "reference" / "qspio"
DOSES = np.arange(0.0, 400.0, 14.0)
DAYS = np.arange(401.0)
Floats = NDArray[np.float64]


def build() -> Model:
    """Return the model: 50 amounts, the rules in order, the extinction of the last cancer cell as an event."""
    document = json.loads((FOLDER / "example1.json").read_text())
    constants = {name: each["value"] for name, each in document["parameters"].items()}
    constants |= {name: each["value"] for name, each in document["compartments"].items() if each["constant"]}
    names = {*constants, *(rule["target"] for rule in document["rules"])}
    states = {state["id"]: state for state in document["states"]}
    symbols = {name: sp.Symbol(name) for name in names | set(states)}

    def parse(text: str) -> sp.Expr:
        return sp.sympify(text.replace("^", "**"), locals=symbols)

    amount = {
        name: sp.Symbol(f"n_{name}") if state["kind"] == "concentration" else symbols[name]
        for name, state in states.items()
    }
    # The tumour's volume needs cell counts only, so it goes first; then concentrations, then the other rules.
    volume = next(rule for rule in document["rules"] if rule["target"] == "V_T")
    rules = [Rule("V_T", "um^3", parse(volume["expr"]))]
    rules += [
        Rule(name, state["unit"], amount[name] / sp.Symbol(state["per_volume"]))
        for name, state in states.items()
        if state["kind"] == "concentration"
    ]
    rules += [Rule(r["target"], "1", parse(r["expr"])) for r in document["rules"] if r["target"] != "V_T"]
    rules.append(Rule("diameter", "cm", sp.cbrt(6 * symbols["V_T"] / sp.pi) / 1e4))
    rules.append(Rule("t_cells", "cell", symbols["V_T_T1"] + symbols["V_T_T0"]))
    rates = dict.fromkeys(states, sp.S.Zero)
    for reaction in document["reactions"]:
        flow = parse(reaction["rate"])
        for name, coefficient in reaction["stoich"].items():
            rates[name] += coefficient * flow
    event = document["events"][0]
    extinction = Event(
        "extinction",
        parse(event["trigger"]),
        tuple((name, parse(value)) for name, value in event["assign"].items()),
    )
    values = {**constants, "V_T": document["compartments"]["V_T"]["value"]}
    species = tuple(
        Species(
            amount[name].name,
            "molecule" if state["kind"] == "concentration" else "cell",
            "",
            state["initial"] * (values[state["per_volume"]] if state["kind"] == "concentration" else 1.0),
            absolute_tolerance=_tolerance(state, values),
        )
        for name, state in states.items()
    )
    parameters = tuple(
        Parameter(name, float(value), "", "", 0.0, np.inf, "Sove 2020", "literature")
        for name, value in constants.items()
    )
    return Model(
        "QSP-IO example 1",
        species,
        parameters,
        tuple(rules),
        tuple(rates[name] for name in states),
        ("diameter", "t_cells"),
        events=(extinction,),
    )


def _tolerance(state: dict, values: dict[str, float]) -> float:
    """A hundredth of a cell; 1e-9 molecules per um^3 or um^2 of the compartment (1.7e-18 M): nothing."""
    if state["kind"] == "amount":
        return 1e-2
    return 1e-9 * values[state["per_volume"]]


@dataclass(frozen=True)
class Patients:
    """Parameters (N, p) and states (N, n) of the benchmark's patients, in the model's order, before any dose."""

    states: Floats
    parameters: Floats
    diameters: Floats
    dose: float

    def repeated(self, times: int) -> Patients:
        """Return the same patients several times over."""
        arrays = (np.tile(array, (times, 1)) for array in (self.states, self.parameters, self.diameters))
        return Patients(*arrays, self.dose)


def patients(model: Model) -> Patients:
    """Return the 100 patients, their reference diameters in cm (N, 401), and a dose in molecules."""
    document = json.loads((FOLDER / "example1.json").read_text())
    with (FOLDER / "patients.csv").open() as file:
        rows = list(csv.DictReader(file))
    place = {name: index for index, name in enumerate(model.parameter_names)}
    parameters = np.tile([parameter.value for parameter in model.parameters], (len(rows), 1))
    for name in rows[0]:
        if name.startswith("param:"):
            parameters[:, place[name[6:]]] = [float(row[name]) for row in rows]

    def column(name: str) -> Floats:
        return np.array([float(row[f"state:{name}"]) for row in rows])

    fixed = {name: parameters[:, place[name]] for name in place}
    tumour = fixed["V_Tmin"] + fixed["vol_cell"] * (column("V_T_C_x") + column("V_T_C1"))
    tumour += fixed["vol_Tcell"] * (column("V_T_T_exh") + column("V_T_T1") + column("V_T_T0"))
    states = np.empty((len(rows), len(model.species)))
    for index, state in enumerate(document["states"]):
        volume = 1.0
        if state["kind"] == "concentration":
            volume = tumour if state["per_volume"] == "V_T" else fixed[state["per_volume"]]
        states[:, index] = column(state["id"]) * volume
    with (FOLDER / "patients_diameter_cm.csv").open() as file:
        diameters = np.array([[float(value) for value in row[1:]] for row in list(csv.reader(file))[1:]])
    return Patients(states, parameters, diameters, document["doses"][0]["amount_molecule"])
