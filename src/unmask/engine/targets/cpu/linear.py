"""The linear algebra of a step: the matrix ``1/(h gamma) I - J``, its LU factors, and solving with them.

Small eliminations are straight-line code. Large ones are loops over tables of places (see
:mod:`unmask.engine.elimination`): the entries of a column of L lie together in the workspace, as do those of a
row of U, so that one table of where each product goes is all that the elimination reads besides them.
"""

from __future__ import annotations

from collections.abc import Sequence

from unmask.engine.targets.cpu.formulas import Formulas
from unmask.engine.targets.cpu.layout import Layout
from unmask.engine.targets.cpu.listing import Listing, vector
from unmask.engine.translate import Equations

_SIGNATURES = ("@factor(ptr %ws)", "@solve(ptr %ws, i64 %to)")


def functions(equations: Equations, layout: Layout) -> str:
    """Return the LLVM text of ``factor`` and ``solve``."""
    if equations.factors is None:
        return "\n".join(
            (_tables(equations, layout), _factor_looped(equations, layout), _solve_looped(layout))
        )
    return "\n".join((_factor(equations, layout), _solve(equations, layout)))


def _start_of_step(code: Listing, equations: Equations, layout: Layout) -> Formulas:
    """Rates at the start of the step and df/dt: they share most of their subexpressions with the Jacobian."""
    formulas = Formulas(code, equations.graph, layout.places(equations, layout.state, "TIME"))
    for index, node in enumerate(equations.rates):
        code.store(formulas.value(node), layout.rate + index)
    for index, node in enumerate(equations.time_derivatives):
        code.store(formulas.value(node), layout.time_derivative + index)
    return formulas


def _judge(code: Listing, pivot: str, singular: str, unsound: str) -> tuple[str, str]:
    """Remember that a pivot is 0 (mask ``singular``), or not finite (``unsound`` becomes NaN)."""
    zero = code.compare("oeq", pivot, vector(0.0))
    # An infinite pivot has the reciprocal 0: the state would stand still, and its error be 0.
    difference = code.binary("fsub", pivot, pivot)
    return (
        code.mask("or", singular, zero) if singular else zero,
        code.binary("fadd", unsound, difference) if unsound else difference,
    )


def _factor(equations: Equations, layout: Layout) -> str:
    code = Listing()
    factors, plan = equations.factors, equations.plan
    assert factors is not None
    formulas = _start_of_step(code, equations, layout)
    singular = unsound = ""
    for state in plan.order:
        pivot = formulas.value(factors.pivots[state])
        singular, unsound = _judge(code, pivot, singular, unsound)
        code.store(formulas.value(factors.reciprocals[state]), layout.factor["pivot", state, state])
        for place in plan.below[state]:
            code.store(formulas.value(factors.lower[place]), layout.factor["lower", *place])
        for place in plan.right[state]:
            code.store(formulas.value(factors.upper[place]), layout.factor["upper", *place])
    code.store(code.select(singular, vector(1.0), vector(0.0)), layout.scalar["SINGULAR"])
    code.store(unsound, layout.scalar["UNSOUND"])
    return code.function(_SIGNATURES[0])


def _solve(equations: Equations, layout: Layout) -> str:
    """Solve with the factors for rates plus corrections; the solution goes to vector ``to`` onwards."""
    code = Listing()
    plan = equations.plan
    x = {
        state: code.binary("fadd", code.load(layout.rate + state), code.load(layout.correction + state))
        for state in range(layout.states)
    }
    for state in plan.order:
        for row, column in plan.below[state]:
            product = code.binary("fmul", code.load(layout.factor["lower", row, column]), x[column])
            x[row] = code.binary("fsub", x[row], product)
    for state in reversed(plan.order):
        for row, column in plan.right[state]:
            product = code.binary("fmul", code.load(layout.factor["upper", row, column]), x[column])
            x[row] = code.binary("fsub", x[row], product)
        x[state] = code.binary("fmul", x[state], code.load(layout.factor["pivot", state, state]))
        code.store(x[state], "%to", offset=str(state))
    return code.function(_SIGNATURES[1])


def _tables(equations: Equations, layout: Layout) -> str:
    """``order``; where columns of L and rows of U begin in their lists, by position in the order; row of each entry
    of L, column of each entry of U; where each product of the elimination is subtracted."""
    plan = equations.plan
    position = {state: index for index, state in enumerate(plan.order)}
    below, right = [0], [0]
    targets = []
    for state in plan.order:
        below.append(below[-1] + len(plan.below[state]))
        right.append(right[-1] + len(plan.right[state]))
        for row, _ in plan.below[state]:
            for _, column in plan.right[state]:
                kind = "lower" if position[row] > position[column] else "upper"
                targets.append(layout.factor["pivot" if row == column else kind, row, column])
    tables = {
        "order": plan.order,
        "below": below,
        "right": right,
        "rows": [row for row, _ in plan.lower],
        "columns": [column for _, column in plan.upper],
        "targets": targets,
    }
    return "\n".join(_table(name, values) for name, values in tables.items())


def _table(name: str, values: Sequence[int]) -> str:
    items = ", ".join(f"i32 {value}" for value in values)
    return f"@{name} = internal constant [{len(values)} x i32] [{items}]"


def _entry(code: Listing, table: str, index: str) -> str:
    """Return an entry of a table."""
    return code.let(f"sext i32 {code.read(f'@{table}', index, 'i32')} to i64")


def _bounds(code: Listing, table: str, index: str) -> tuple[str, str]:
    """Return where a list begins and ends."""
    return _entry(code, table, index), _entry(code, table, code.let(f"add i64 {index}, 1"))


def _factor_looped(equations: Equations, layout: Layout) -> str:
    code = Listing()
    cursor = code.let("alloca i64")
    formulas = _start_of_step(code, equations, layout)
    with code.loop(str(layout.factor_start), str(layout.factor_start + len(layout.factor))) as slot:
        code.store(vector(0.0), slot)
    for (row, column), node in equations.matrix.items():
        kind = "pivot" if row == column else "lower" if ("lower", row, column) in layout.factor else "upper"
        code.store(formulas.value(node), layout.factor[kind, row, column])
    code.store(vector(0.0), layout.scalar["SINGULAR"])
    code.store(vector(0.0), layout.scalar["UNSOUND"])
    code.do(f"store i64 0, ptr {cursor}")
    with code.loop("0", str(layout.states)) as step:
        place = code.let(f"add i64 {_entry(code, 'order', step)}, {layout.pivot_start}")
        pivot = code.load(place)
        known = code.compare("ogt", code.load(layout.scalar["SINGULAR"]), vector(0.5))
        singular, unsound = _judge(code, pivot, known, code.load(layout.scalar["UNSOUND"]))
        code.store(code.select(singular, vector(1.0), vector(0.0)), layout.scalar["SINGULAR"])
        code.store(unsound, layout.scalar["UNSOUND"])
        reciprocal = code.binary("fdiv", vector(1.0), pivot)
        code.store(reciprocal, place)
        right = _bounds(code, "right", step)
        with code.span(*_bounds(code, "below", step)) as entry:
            below = code.let(f"add i64 {entry}, {layout.lower_start}")
            factor = code.binary("fmul", code.load(below), reciprocal)
            code.store(factor, below)
            first = code.let(f"load i64, ptr {cursor}")
            shift = code.let(f"sub i64 {first}, {right[0]}")
            with code.span(*right) as other:
                target = _entry(code, "targets", code.let(f"add i64 {shift}, {other}"))
                product = code.binary("fmul", factor, code.load(layout.upper_start, offset=other))
                code.store(code.binary("fsub", code.load(target), product), target)
            code.do(f"store i64 {code.let(f'add i64 {shift}, {right[1]}')}, ptr {cursor}")
    return code.function(_SIGNATURES[0])


def _solve_looped(layout: Layout) -> str:
    """As :func:`_solve`, with the unknowns in their place in the workspace."""
    code = Listing()
    with code.loop("0", str(layout.states)) as state:
        total = code.binary(
            "fadd", code.load(layout.rate, offset=state), code.load(layout.correction, offset=state)
        )
        code.store(total, "%to", offset=state)
    with code.loop("0", str(layout.states)) as step:
        known = code.load("%to", offset=_entry(code, "order", step))
        with code.span(*_bounds(code, "below", step)) as entry:
            row = _entry(code, "rows", entry)
            product = code.binary("fmul", code.load(layout.lower_start, offset=entry), known)
            code.store(code.binary("fsub", code.load("%to", offset=row), product), "%to", offset=row)
    with code.loop("0", str(layout.states)) as backward:
        step = code.let(f"sub i64 {layout.states - 1}, {backward}")
        state = _entry(code, "order", step)
        with code.span(*_bounds(code, "right", step)) as entry:
            column = code.load("%to", offset=_entry(code, "columns", entry))
            product = code.binary("fmul", code.load(layout.upper_start, offset=entry), column)
            code.store(code.binary("fsub", code.load("%to", offset=state), product), "%to", offset=state)
        reciprocal = code.load(layout.pivot_start, offset=state)
        code.store(code.binary("fmul", code.load("%to", offset=state), reciprocal), "%to", offset=state)
    return code.function(_SIGNATURES[1])
