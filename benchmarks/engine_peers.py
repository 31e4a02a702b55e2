"""The other solvers of ``benchmarks/engine.py``: SciPy (LSODA, BDF) and libroadrunner, on the same model.

Each is given what it can use: compiled right-hand side and analytic Jacobian, absolute tolerances per state, its
own fastest way to be called from Python.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from unmask.engine.graph import Graph
from unmask.engine.translate import translate
from unmask.model.system import Model

# One patient from t0 to t1: (states, parameters, t0, t1, rtol) -> states, or None where the solver gave up.
Advance = Callable[
    [NDArray[np.float64], NDArray[np.float64], float, float, float], NDArray[np.float64] | None
]

_INFIX = {"add": "+", "sub": "-", "mul": "*", "lt": "<", "le": "<=", "eq": "==", "ne": "!=", "power": "**"}
_CALL = {"sqrt": "math.sqrt", "exp": "math.exp", "log": "math.log", "abs": "abs", "min": "min", "max": "max"}


def _python(graph: Graph, name: str, stores: dict[str, int], setup: str) -> str:
    """Straight-line Python source that computes nodes from ``t``, ``y`` and ``p``."""
    lines = [f"def {name}(t, y, p):", f"    {setup}"]
    names: dict[int, str] = {}
    for node in graph.reachable(list(stores.values())):
        x = [names[operand] for operand in graph.operands[node]]
        operation, payload = graph.operation[node], graph.payload[node]
        if operation == "constant":
            names[node] = repr(payload)
            continue
        if operation == "input":
            kind, index = payload
            names[node] = {"state": f"y[{index}]", "parameter": f"p[{index}]", "time": "t"}[kind]
            continue
        if operation in _INFIX:
            text = f"{x[0]} {_INFIX[operation]} {x[1]}"
        elif operation in _CALL:
            text = f"{_CALL[operation]}({', '.join(x)})"
        else:
            text = {"neg": "-{0}", "recip": "1.0 / {0}", "select": "{1} if {0} else {2}"}[operation].format(
                *x
            )
        names[node] = f"v{node}"
        lines.append(f"    v{node} = {text}")
    lines += [f"    {place} = {names[node]}" for place, node in stores.items()]
    return "\n".join([*lines, "    return out", ""])


def numba_functions(model: Model) -> tuple[Callable, Callable]:
    """Return right-hand side and dense Jacobian, each (t, y, p) -> array, compiled by Numba."""
    import math

    import numba

    equations = translate(model)
    n = len(model.species)
    rates = {f"out[{i}]": node for i, node in enumerate(equations.rates)}
    entries = {f"out[{i}, {j}]": node for (i, j), node in equations.jacobian.items()}
    source = _python(equations.graph, "rates", rates, f"out = np.empty({n})")
    source += _python(equations.graph, "jacobian", entries, f"out = np.zeros(({n}, {n}))")
    space: dict[str, object] = {"np": np, "math": math}
    exec(compile(source, "<generated>", "exec"), space)
    signature = "float64[::1](float64, float64[::1], float64[::1])"
    square = "float64[:, ::1](float64, float64[::1], float64[::1])"
    return (
        numba.njit(signature, error_model="numpy")(space["rates"]),
        numba.njit(square, error_model="numpy")(space["jacobian"]),
    )


def scipy_lsoda(model: Model, functions: tuple[Callable, Callable]) -> Advance:
    """ODEPACK's LSODA through ``odeint``, whose loop is compiled."""
    import warnings

    from scipy.integrate import ODEintWarning, odeint

    rates, jacobian = functions
    tolerances = [species.absolute_tolerance for species in model.species]

    def advance(y, p, t0, t1, rtol):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ODEintWarning)
            path, info = odeint(
                rates, y, (t0, t1), (p,), jacobian, rtol=rtol, atol=tolerances, tfirst=True, full_output=True,
                mxstep=100_000,
            )  # fmt: skip
        return path[-1] if info["message"] == "Integration successful." else None

    return advance


def scipy_implicit(model: Model, functions: tuple[Callable, Callable], method: str) -> Advance:
    """SciPy's own BDF or Radau through ``solve_ivp``."""
    from scipy.integrate import solve_ivp

    rates, jacobian = functions
    tolerances = [species.absolute_tolerance for species in model.species]

    def advance(y, p, t0, t1, rtol):
        done = solve_ivp(
            rates, (t0, t1), y, method, (t1,), args=(p,), jac=jacobian, rtol=rtol, atol=tolerances
        )  # fmt: skip
        return np.ascontiguousarray(done.y[:, -1]) if done.success else None

    return advance


def roadrunner(model: Model) -> Advance:
    """CVODE of libroadrunner (LLVM code), restarted at every dose, absolute tolerance per state."""
    import roadrunner as rr

    rr.Logger.setLevel(rr.Logger.LOG_FATAL)
    runner = rr.RoadRunner(sbml(model))
    integrator = runner.getIntegrator()
    integrator.setValue("stiff", True)
    integrator.setValue("variable_step_size", False)
    integrator.setValue("maximum_num_steps", 100_000)
    names = list(runner.model.getGlobalParameterIds())
    state_places = [names.index(name) for name in model.species_names]
    parameter_places = [names.index(name) for name in model.parameter_names]
    # The integrator orders its states as the model orders its rate rules.
    order = [model.species_names.index(name) for name in runner.getRateRuleIds()]
    tolerances = [model.species[index].absolute_tolerance for index in order]
    runner.timeCourseSelections = ["time"]
    now: dict[str, object] = {"rtol": None, "patient": None}

    def advance(y, p, t0, t1, rtol):
        if now["rtol"] != rtol:
            integrator.setValue("relative_tolerance", rtol)
            integrator.setValue("absolute_tolerance", tolerances)
            now["rtol"] = rtol
        if now["patient"] is not p:
            runner.model.setGlobalParameterValues(parameter_places, p)
            now["patient"] = p
        runner.model.setGlobalParameterValues(state_places, y)
        try:
            runner.simulate(t0, t1, 2)
        except RuntimeError:
            return None
        return np.array(runner.model.getGlobalParameterValues(state_places))

    return advance


def sbml(model: Model) -> str:
    """Return the model as SBML L3V2: states and parameters as SBML parameters, rate and assignment rules."""
    import libsbml

    document = libsbml.SBMLDocument(3, 2)
    target = document.createModel()
    target.setId("model")

    def declare(name: str, value: float, constant: bool) -> None:
        item = target.createParameter()
        item.setId(name)
        item.setConstant(constant)
        item.setValue(value)

    def formula(expression: sp.Expr):
        tree = libsbml.parseL3Formula(str(expression).replace("**", "^"))
        if tree is None:
            raise ValueError(libsbml.getLastParseL3Error())
        return tree

    for parameter in model.parameters:
        declare(parameter.name, parameter.value, True)
    for species in model.species:
        declare(species.name, species.initial, False)
    for rule in model.rules:
        declare(rule.name, 0.0, False)
        assignment = target.createAssignmentRule()
        assignment.setVariable(rule.name)
        assignment.setMath(formula(rule.expression))
    for species, rate in zip(model.species, model.rates, strict=True):
        change = target.createRateRule()
        change.setVariable(species.name)
        change.setMath(formula(rate))
    return str(libsbml.writeSBMLToString(document))
