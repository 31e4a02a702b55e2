"""A model as people read it: equations as text or LaTeX, parameters and species as rows of a table."""

from __future__ import annotations

import re

import sympy as sp

from unmask.model.module import SEPARATOR
from unmask.model.system import Event, Model

_WIDTH = 120  # characters a printed line may hold before its sum is broken
_COMMAND = re.compile(r"\\[A-Za-z]+|[\\{}_^]")
_Line = tuple[str, str, sp.Expr, str, str]  # kind, name, expression, unit, description


def as_text(model: Model) -> str:
    """Return all equations and events as plain text, grouped by the mechanism they come from."""
    lines = [_headline(model)]
    events = _events_by_origin(model)
    for origin, equations in _by_origin(model).items():
        lines += ["", origin, "-" * len(origin)]
        for kind, name, expression, unit, description in equations:
            left = f"d({name})/dt" if kind == "rate" else name
            lines.append(f"{left} = {expression}    [{unit}]  {description}".rstrip())
        for event in events.get(origin, ()):
            new = ", ".join(f"{name} := {value}" for name, value in event.assignments)
            delay = "" if event.delay is None else f" after {event.delay} {model.time_unit}s"
            lines.append(
                f"when {event.trigger}{delay}: {new}    [event {event.name}]  {event.description}".rstrip()
            )
    return "\n".join(lines) + "\n"


def as_latex(model: Model) -> str:
    """Return a complete LaTeX document with all equations and events; needs the ``amsmath`` and ``geometry`` packages.

    The first word of a name is the symbol and the others are its subscript; a lesion is a superscript.
    """
    names = {sp.Symbol(name): latex_symbol(name) for name in _all_names(model)}
    names[sp.Symbol(model.time_symbol)] = "t"
    events = _events_by_origin(model)
    body = [_escape(_headline(model)), ""]
    for origin, equations in _by_origin(model).items():
        body += [f"\\section*{{{_escape(origin.replace('_', ' ').capitalize())}}}", "\\begin{align*}"]
        rows = []
        for kind, name, expression, unit, _ in equations:
            symbol = names[sp.Symbol(name)]
            left = f"\\frac{{\\mathrm{{d}}\\,{symbol}}}{{\\mathrm{{d}}t}}" if kind == "rate" else symbol
            note = f"\\quad [\\text{{{_escape(unit)}}}]"
            rows.append(f"{left} ={{}}& {_broken(expression, names)} {note}")
        for event in events.get(origin, ()):
            rows += _event_rows(event, names, model.time_unit)
        body += [" \\\\\n".join(rows), "\\end{align*}"]
    return "\n".join([*_PREAMBLE, *body, "\\end{document}", ""])


def parameter_rows(model: Model) -> list[dict[str, str | float]]:
    """Return one row per parameter.

    Keys: name, value, unit, low, high, source, confidence, description, mechanism.
    """
    return [
        {
            "name": item.name,
            "value": item.value,
            "unit": item.unit,
            "low": item.low,
            "high": item.high,
            "source": item.source,
            "confidence": item.confidence,
            "description": item.description,
            "mechanism": model.origin.get(item.name, ""),
        }
        for item in model.parameters
    ]


def species_rows(model: Model) -> list[dict[str, str | float]]:
    """Return one row per species: name, initial value, unit, description, mechanism."""
    return [
        {
            "name": item.name,
            "initial": item.initial,
            "unit": item.unit,
            "description": item.description,
            "mechanism": model.origin.get(item.name, ""),
        }
        for item in model.species
    ]


def latex_symbol(name: str) -> str:
    r"""Return LaTeX for a name: ``antibody_central_volume`` is antibody with subscript "central volume"."""
    group, _, plain = name.rpartition(SEPARATOR)
    head, *rest = plain.split("_")
    symbol = f"\\mathrm{{{head}}}"
    if rest:
        words = "\\ ".join(rest)
        symbol += f"_{{\\mathrm{{{words}}}}}"
    if group:
        symbol += f"^{{\\mathrm{{({_escape(group)})}}}}"
    return symbol


_PREAMBLE = (
    "\\documentclass[a4paper,10pt]{article}",
    "\\usepackage{amsmath}",
    "\\usepackage[landscape,margin=15mm]{geometry}",
    "\\allowdisplaybreaks",
    "\\begin{document}",
    "\\small",
)


def _headline(model: Model) -> str:
    return (
        f"Model {model.name}: {len(model.species)} species, {len(model.parameters)} parameters, "
        f"{len(model.rules)} rules{_counted_events(model)}; time in {model.time_unit}s."
    )


def _counted_events(model: Model) -> str:
    count = len(model.events)
    return f", {count} event{'s' if count > 1 else ''}" if count else ""


def _all_names(model: Model) -> tuple[str, ...]:
    return (*model.species_names, *model.parameter_names, *(rule.name for rule in model.rules))


def _by_origin(model: Model) -> dict[str, list[_Line]]:
    groups: dict[str, list[_Line]] = {}

    def place(name: str) -> list[_Line]:
        return groups.setdefault(model.origin.get(name, model.name), [])

    for rule in model.rules:
        place(rule.name).append(("rule", rule.name, rule.expression, rule.unit, rule.description))
    for item, rate in zip(model.species, model.rates, strict=True):
        unit = f"1/{model.time_unit}" if item.unit == "1" else f"{item.unit}/{model.time_unit}"
        place(item.name).append(("rate", item.name, rate, unit, item.description))
    return groups


def _events_by_origin(model: Model) -> dict[str, list[Event]]:
    groups: dict[str, list[Event]] = {}
    for event in model.events:
        groups.setdefault(model.origin.get(event.name, model.name), []).append(event)
    return groups


def _event_rows(event: Event, names: dict[sp.Symbol, str], time_unit: str) -> list[str]:
    """Return LaTeX of an event: a row with its condition and one for each assignment."""

    def show(part: sp.Basic) -> str:
        return str(sp.latex(part, symbol_names=names, mul_symbol="dot"))

    delay = "" if event.delay is None else f" \\text{{ after }} {show(event.delay)} \\text{{ {time_unit}s}}"
    rows = [f"\\text{{when }}& {show(event.trigger)}{delay}:"]
    rows += [f"{names[sp.Symbol(name)]} \\leftarrow{{}}& {show(value)}" for name, value in event.assignments]
    return rows


def _broken(expression: sp.Expr, names: dict[sp.Symbol, str]) -> str:
    """Return LaTeX of an expression, sums that are too long for a line broken before their terms."""

    def show(part: sp.Expr) -> str:
        return str(sp.latex(part, symbol_names=names, mul_symbol="dot"))

    def width(text: str) -> int:
        return len(_COMMAND.sub("", text))

    def lines_of(part: sp.Expr) -> list[str]:
        sums = [factor for factor in part.args if factor.is_Add] if part.is_Mul else []
        if width(show(part)) <= _WIDTH or not (part.is_Add or sums):
            return [show(part)]
        if not part.is_Add:
            # The longest sum of a product is broken, in plain brackets: \left and \right must share a line.
            longest = max(sums, key=lambda factor: width(show(factor)))
            first, *others = lines_of(longest)
            broken = [f"{show(part / longest)} \\cdot ({first}", *others]
            return [*broken[:-1], f"{broken[-1]})"]
        lines: list[str] = []
        for position, term in enumerate(part.as_ordered_terms()):
            first, *others = lines_of(term)
            if position and not first.startswith("-"):
                first = f"+ {first}"
            if lines and width(lines[-1] + first) <= _WIDTH:
                lines[-1] += f" {first}"
            else:
                lines.append(first)
            lines += others
        return lines

    return " \\\\\n&\\quad {} ".join(lines_of(expression))


def _escape(text: str) -> str:
    for plain, safe in (("_", "\\_"), ("%", "\\%"), ("&", "\\&"), ("#", "\\#")):
        text = text.replace(plain, safe)
    return text
