"""The functions of one Rosenbrock step of one patient."""

from __future__ import annotations

from collections.abc import Mapping

from unmask.engine.tableaus import Tableau
from unmask.engine.targets.javascript.formulas import Formulas, number
from unmask.engine.targets.javascript.layout import Layout
from unmask.engine.targets.javascript.listing import Listing, Text
from unmask.engine.translate import Equations


def functions(
    equations: Equations, layout: Layout, tableau: Tableau, model: str, more: Mapping[str, Listing]
) -> tuple[str, int]:
    """Return the code of every function of the equations and of ``more``, and the size of the workspace."""
    graph, start = equations.graph, layout.start
    at_state = layout.with_hoisted(equations, "STATE", "TIME")
    at_trial = layout.with_hoisted(equations, "TRIAL", "STAGE_TIME")
    entries = [(equations.jacobian[place], start["JACOBIAN"] + i) for i, place in enumerate(layout.jacobian)]
    constant = [item for item in entries if graph.parameter_only(item[0]) or graph.value(item[0]) is not None]
    rates = [(node, start["RATE"] + i) for i, node in enumerate(equations.rates)]
    slopes = [(node, start["TIME_DERIVATIVE"] + i) for i, node in enumerate(equations.time_derivatives)]
    values = [(node, start["OBSERVABLE"] + i) for i, node in enumerate(equations.observables)]
    # From parameters alone: what the other functions share, and the entries of the Jacobian that do not move.
    fixed = [(node, start["HOISTED"] + i) for i, node in enumerate(layout.hoisted)] + constant
    moving = [*rates, *slopes, *(item for item in entries if item not in constant)]

    listings = {
        "prepare": Formulas(graph, layout.places(equations, "STATE", "TIME"), fixed, model).code,
        "rates": Formulas(graph, at_trial, rates, model).code,
        "linearise": Formulas(graph, at_state, moving, model).code,
        "eliminate": Formulas(layout.linear, layout.linear_places(), _factors(layout), model).code,
        "observe": Formulas(graph, at_state, values, model).code,
        "solve": _solve(layout),
        **more,
    }
    code, size = [], layout.size
    for name, listing in listings.items():
        text, passed_on = listing.functions(name, layout.size)
        code.append(text)
        size = max(size, layout.size + passed_on)
    return "\n".join((*code, _attempt(equations, layout, tableau))), size


def _factors(layout: Layout) -> list[tuple[int, int]]:
    factors = layout.factors
    found = []
    for state in layout.plan.order:
        found.append((factors.reciprocals[state], layout.start["RECIPROCAL"] + state))
        found += [(node, layout.lower[place]) for place, node in factors.lower.items() if place[1] == state]
        found += [(node, layout.upper[place]) for place, node in factors.upper.items() if place[0] == state]
    return found


def _solve(layout: Layout) -> Listing:
    """Solve with the factors for rates plus corrections; the solution replaces the corrections."""
    code, order, start = Listing(), layout.plan.order, layout.start
    names: dict[int, str] = {}

    def reduced(first: str, places: dict[tuple[int, int], int], row: int) -> tuple[str, tuple[str, ...], int]:
        columns = [column for r, column in places if r == row]
        terms = [f" - w[{places[row, column]}] * {names[column]}" for column in columns]
        return first + "".join(terms), tuple(names[column] for column in columns), 2 * len(terms)

    for state in order:
        first = f"w[{start['RATE'] + state}] + w[{start['CORRECTION'] + state}]"
        text, used, operations = reduced(first, layout.lower, state)
        names[state] = code.let(f"b{state}", Text(text, used, operations + 1)).code
    for state in reversed(order):
        own = names[state]
        text, used, operations = reduced(own, layout.upper, state)
        whole = Text(f"({text}) * w[{start['RECIPROCAL'] + state}]", (own, *used), operations + 1)
        solution = code.let(f"x{state}", whole)
        names[state] = solution.code
        code.store(solution, f"w[{start['CORRECTION'] + state}]")
    return code


def _attempt(equations: Equations, layout: Layout, tableau: Tableau) -> str:
    """One step of length h without its consequences: the new state in TRIAL, the error returned."""
    n, start = len(equations.rates), layout.start
    lines = [
        "function attempt(h, rtol) {",
        "  const w = WORK, time = w[TIME], inverse = 1 / h;",
        f"  w[PIVOT] = inverse * {number(1.0 / tableau.gamma)};",
        "  linearise();",
        "  eliminate();",
    ]
    for stage in range(tableau.stages):
        weight = tableau.time_weights[stage] if equations.time_derivatives else 0.0
        lines += _stage(start, tableau, stage, weight, n)
        if stage:
            lines += [f"  w[STAGE_TIME] = time + h * {number(tableau.nodes[stage])};", "  rates();"]
        lines.append("  solve();")
    return "\n".join((*lines, _ERROR.format(n=n, mean=number(1.0 / n), **start)))


def _stage(start: dict[str, int], tableau: Tableau, stage: int, weight: float, n: int) -> list[str]:
    """State of a stage into TRIAL, and what its right-hand side adds to the rates into CORRECTION.

    The solution of the stage before is still in CORRECTION and moves to its place among the increments.
    """
    row, earlier = tableau.a[stage], range(stage)
    extends = stage > 0 and row[:-1] == tableau.a[stage - 1] and row[-1] == 1.0
    body = []
    for index in earlier:
        if index == stage - 1:
            body.append(f"const u{index} = w[i + {start['CORRECTION']}];")
            body.append(f"w[i + {start['STAGE'] + index * n}] = u{index};")
        else:
            body.append(f"const u{index} = w[i + {start['STAGE'] + index * n}];")
    if stage:
        base = f"w[i + {start['TRIAL' if extends else 'STATE']}]"
        change = f"u{stage - 1}" if extends else _combination(row)
        body.append(f"w[i + {start['TRIAL']}] = {base} + ({change});")
    coupling = _combination(tableau.c_rows[stage])
    correction = f"({coupling}) * inverse" if coupling else "0"
    if weight:
        correction += f" + w[i + {start['TIME_DERIVATIVE']}] * {number(weight)} * h"
    body.append(f"w[i + {start['CORRECTION']}] = {correction};")
    return [f"  for (let i = 0; i < {n}; i++) {{", *(f"    {line}" for line in body), "  }"]


def _combination(weights: tuple[float, ...]) -> str:
    return " + ".join(
        f"u{index}" if weight == 1.0 else f"u{index} * {number(weight)}"
        for index, weight in enumerate(weights)
        if weight != 0.0
    )


# The last increment is the error estimate. An infinite pivot has the reciprocal 0: its state would stand still, and
# its error be 0. Infinity in the new state makes its scale infinite and the ratio 0; infinity - infinity is NaN.
_ERROR = """\
  let sum = 0;
  for (let i = 0; i < {n}; i++) {{
    const error = w[i + {CORRECTION}], before = w[i + {STATE}], after = w[i + {TRIAL}] + error;
    w[i + {TRIAL}] = after;
    if (Math.abs(before) > w[i + {PEAK}]) w[i + {PEAK}] = Math.abs(before);
    const larger = Math.abs(before) > Math.abs(after) ? Math.abs(before) : Math.abs(after);
    const ratio = error / (w[i + {TOLERANCE}] + rtol * larger);
    sum += ratio * ratio + (after - after);
    if (w[i + {RECIPROCAL}] === 0) sum = NaN;
  }}
  return sum * {mean};
}}"""
