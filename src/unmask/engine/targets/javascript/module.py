"""The whole ES module of a model, and its TypeScript declarations."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from unmask.engine.status import NEGLIGIBLE, Status
from unmask.engine.tableaus import METHODS, Tableau
from unmask.engine.targets.cpu.step import AFTER_NAN, GROW, SAFETY, SHRINK, SMALLEST_STEP
from unmask.engine.targets.javascript import step
from unmask.engine.targets.javascript.actions import Actions
from unmask.engine.targets.javascript.formulas import number
from unmask.engine.targets.javascript.layout import Layout, lay_out
from unmask.engine.translate import translate
from unmask.errors import ModelError
from unmask.model.system import Model

_METHOD = "rodas4"
_SMALLEST_RELATIVE_STEP = 4.0 * 2.0**-52


@dataclass(frozen=True)
class JavaScriptModule:
    """A model as JavaScript.

    Attributes
    ----------
    code, declarations
        Content of the ES module and of its ``.d.ts`` file.
    model_hash
        Hash of the model (``Model.hash``).
    equations_hash
        Hash of the generated functions, which stands in the module as ``EQUATIONS_HASH``.
    """

    code: str
    declarations: str
    model_hash: str
    equations_hash: str


def javascript_module(model: Model, *, find_tolerances: bool = False) -> JavaScriptModule:
    """Return a model as an ES module that needs nothing else, in Node or in a browser.

    Parameters
    ----------
    find_tolerances
        Whether the module finds absolute tolerances by a first run of each patient, as ``unmask simulate`` does for
        models of one's own, instead of taking those that the species declare.

    Raises
    ------
    ModelError
        ``engine.not_in_javascript`` for an operation without a JavaScript form; whatever
        :func:`unmask.engine.translate.translate` raises.
    """
    _check_tolerances(model)
    tableau = METHODS[_METHOD]
    actions = Actions.of(model, watch=find_tolerances)
    equations = translate(model, actions.expressions)
    layout = lay_out(equations, len(model.parameters), tableau, actions.blocks())
    more = actions.listings(equations, layout)
    functions, size = step.functions(equations, layout, tableau, model.name, more)
    generated = f"{_constants(model, layout, tableau, size)}\n{functions}\n"
    tables = f"{actions.tables()}\n"
    hashed = generated + (tables if actions.functions or model.contents else "")
    digest = hashlib.sha256(hashed.encode()).hexdigest()[:16]
    code = "\n".join(
        (
            _HEADER.format(model=_json(model.name), hash=model.hash),
            f'export const MODEL_NAME = {_json(model.name)};\nexport const MODEL_HASH = "{model.hash}";',
            f'export const EQUATIONS_HASH = "{digest}";\nexport const TIME_UNIT = {_json(model.time_unit)};\n',
            _described(model),
            "// ---- Equations, Jacobian, elimination and method of this model: generated " + "-" * 42 + "\n",
            generated,
            tables,
            _tolerances(actions) if find_tolerances else "const findTolerances = () => {};\n",
            _part("events.js" if model.events else "without_events.js"),
            _part("solver.js"),
            _part("input.js"),
            _part("simulate.js"),
        )
    )
    return JavaScriptModule(code, _declarations(model), model.hash, digest)


def _tolerances(actions: Actions) -> str:
    return ("" if actions.watched else "const WATCHED = [];\n") + _part("tolerances.js")


def _check_tolerances(model: Model) -> None:
    for species in model.species:
        if not 0.0 < species.absolute_tolerance < math.inf:
            raise ModelError(
                "engine.absolute_tolerance",
                model=model.name,
                species=species.name,
                value=species.absolute_tolerance,
            )


def _described(model: Model) -> str:
    """What sliders and axes need to know, as exported arrays of frozen objects; the statuses."""
    units: dict[str, tuple[str, str]] = {}
    for items in (model.parameters, model.species, model.rules):
        units |= {item.name: (item.unit, item.description) for item in items}
    tables: dict[str, Iterable[Mapping[str, object]]] = {
        "parameters": (
            {
                "name": item.name,
                "unit": item.unit,
                "value": float(item.value),
                "low": float(item.low),
                "high": float(item.high),
                "description": item.description,
            }
            for item in model.parameters
        ),
        "species": (
            {
                "name": item.name,
                "unit": item.unit,
                "initial": float(item.initial),
                "nonnegative": item.nonnegative,
                "extinctBelow": item.extinct_below,
                "description": item.description,
            }
            for item in model.species
        ),
        "observables": (
            {"name": name, "unit": units[name][0], "description": units[name][1]}
            for name in model.observables
        ),
    }
    text = []
    for name, rows in tables.items():
        body = "".join(f"  {_literal(row)},\n" for row in rows)
        text.append(f"export const {name} = Object.freeze([\n{body}].map(Object.freeze));\n")
    statuses = [{"name": status.name, "reason": status.reason} for status in Status]
    text += [f"const {status.name} = {int(status)};" for status in Status]
    return "\n".join((*text, f"const STATUSES = {_json(statuses)};\n"))


def _literal(row: Mapping[str, object]) -> str:
    entries = (
        f"{key}: {number(value) if isinstance(value, float) else _json(value)}" for key, value in row.items()
    )
    return f"{{ {', '.join(entries)} }}"


def _constants(model: Model, layout: Layout, tableau: Tableau, size: int) -> str:
    floors = [
        item.extinct_below if item.extinct_below > 0.0 else (0.0 if item.nonnegative else -math.inf)
        for item in model.species
    ]
    allowances = [
        NEGLIGIBLE * item.absolute_tolerance if item.nonnegative else math.inf for item in model.species
    ]
    tolerances = ", ".join(number(float(item.absolute_tolerance)) for item in model.species)
    values = {
        "STATES": str(len(model.species)),
        **{name: str(offset) for name, offset in layout.start.items()},
        "SAFETY": number(SAFETY),
        "SHRINK": number(SHRINK),
        "GROW": number(GROW),
        "AFTER_NAN": number(AFTER_NAN),
        "SMALLEST_STEP": number(SMALLEST_STEP),
        "SMALLEST_RELATIVE_STEP": number(_SMALLEST_RELATIVE_STEP),
        "EXPONENT": number(-0.5 / (tableau.error_order + 1)),
        "FLOORS": f"Float64Array.of({', '.join(number(float(value)) for value in floors)})",
        "NEGLIGIBLE": number(NEGLIGIBLE),
        "ALLOWANCES": f"Float64Array.of({', '.join(number(float(value)) for value in allowances)})",
        "JACOBIAN_ROWS": f"Int32Array.of({', '.join(str(row) for row, _ in layout.jacobian)})",
        "JACOBIAN_COLUMNS": f"Int32Array.of({', '.join(str(column) for _, column in layout.jacobian)})",
        "WORK": f"new Float64Array({size})",
    }
    lines = [f"const {name} = {value};" for name, value in values.items()]
    return "\n".join((*lines, f"WORK.set([{tolerances}], TOLERANCE);"))


def _declarations(model: Model) -> str:
    def union(names: Iterable[str]) -> str:
        return " | ".join(_json(name) for name in names) or "never"

    states = model.species_names
    substances = [
        name for name, item in model.contents.items() if item.state in states and name not in states
    ]
    return (
        _part("declarations.d.ts")
        .replace('"PARAMETER NAMES"', union(model.parameter_names))
        .replace('"SPECIES NAMES"', union(model.species_names))
        .replace('"SUBSTANCE NAMES"', union(substances))
        .replace('"OBSERVABLE NAMES"', union(model.observables))
        .replace('"STATUS NAMES"', union(status.name for status in Status))
    )


def _part(name: str) -> str:
    return files("unmask.engine.targets.javascript").joinpath(name).read_text(encoding="utf-8")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True)


_HEADER = """\
// Model {model} ({hash}) as an ES module: right-hand side, Jacobian, sparse LU and the Rosenbrock method
// rodas4. Generated by `unmask model compile`; change the model, not this file. It needs no other file, makes no
// code at run time, and works under the Content-Security-Policy script-src 'self'.
//
// Simulated patients, for research and teaching, never for treatment decisions.
"""
