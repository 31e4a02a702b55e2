"""The functions of one Rosenbrock step, for the eight patients of a lane group at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unmask.engine.tableaus import Tableau
from unmask.engine.targets.cpu import linear
from unmask.engine.targets.cpu.elementary import exponential, logarithm
from unmask.engine.targets.cpu.formulas import Formulas
from unmask.engine.targets.cpu.layout import Layout
from unmask.engine.targets.cpu.listing import LANES, Listing, vector
from unmask.engine.translate import Equations

# Step-size control: h is multiplied by SAFETY * error ** (-1 / (error_order + 1)) within these limits. A step
# whose error is not a number is tried again with a tenth.
SAFETY, SHRINK, GROW, AFTER_NAN = 0.9, 0.1, 10.0, 0.1
# The smallest step: four units in the last place of the time, and never below this.
SMALLEST_STEP = 1e-30
# States whose errors are added in one go.
_BLOCK = 4


def functions(equations: Equations, layout: Layout, tableau: Tableau) -> str:
    """Return the LLVM text of every function that works on one lane group."""
    return "\n".join(
        (
            _prepare(equations, layout),
            _rates(equations, layout),
            linear.functions(equations, layout),
            _observables(equations, layout),
            _first_step_size(layout),
            _attempt(equations, layout, tableau),
            _commit(layout),
        )
    )


def _prepare(equations: Equations, layout: Layout) -> str:
    code = Listing()
    places = layout.places(equations, layout.state, "TIME")
    for node in layout.hoisted:
        del places[node]
    formulas = Formulas(code, equations.graph, places)
    for index, node in enumerate(layout.hoisted):
        code.store(formulas.value(node), layout.hoisted_start + index)
    return code.function("@prepare(ptr %ws)")


def _rates(equations: Equations, layout: Layout) -> str:
    places = layout.places(equations, layout.trial, "STAGE_TIME")
    return _evaluation("rates", equations, places, equations.rates, layout.rate)


def _observables(equations: Equations, layout: Layout) -> str:
    places = layout.places(equations, layout.state, "TIME")
    return _evaluation("observe_now", equations, places, equations.observables, layout.observable)


def _evaluation(
    name: str, equations: Equations, places: Mapping[int, int], nodes: Sequence[int], start: int
) -> str:
    """A function that stores the values of ``nodes`` one after the other from ``start`` on."""
    code = Listing()
    formulas = Formulas(code, equations.graph, places)
    for index, node in enumerate(nodes):
        code.store(formulas.value(node), start + index)
    return code.function(f"@{name}(ptr %ws)")


def _first_step_size(layout: Layout) -> str:
    """Choose a step for lanes that bring none (STEP not above 0): one in which states change by about 1 %.

    The first part of the rule of Hairer, Norsett & Wanner, *Solving ODEs I*, section II.4.
    """
    code = Listing()
    sums = [code.let(f"alloca <{LANES} x double>, align 64") for _ in range(2)]
    time, end = code.load(layout.scalar["TIME"]), code.load(layout.scalar["END"])
    code.store(time, layout.scalar["STAGE_TIME"])
    with code.loop("0", str(layout.states)) as state:
        code.store(code.load(layout.state, offset=state), layout.trial, offset=state)
    code.do("call void @rates(ptr %ws)")
    for place in sums:
        code.do(f"store <{LANES} x double> {vector(0.0)}, ptr {place}, align 64")
    with code.loop("0", str(layout.states)) as state:
        value = code.load(layout.state, offset=state)
        scale = _scale(code, state, code.call("fabs", value))
        for place, part in zip(sums, (value, code.load(layout.rate, offset=state)), strict=True):
            ratio = code.binary("fdiv", part, scale)
            before = code.let(f"load <{LANES} x double>, ptr {place}, align 64")
            after = code.binary("fadd", before, code.binary("fmul", ratio, ratio))
            code.do(f"store <{LANES} x double> {after}, ptr {place}, align 64")
    size, rate = (
        code.call("sqrt", code.let(f"load <{LANES} x double>, ptr {place}, align 64")) for place in sums
    )
    size = code.select(code.compare("ogt", size, vector(1.0)), size, vector(1.0))
    guess = code.binary("fdiv", code.binary("fmul", vector(0.01), size), rate)
    span = code.binary("fsub", end, time)
    guess = code.select(code.compare("olt", guess, span), guess, span)
    step = code.load(layout.scalar["STEP"])
    code.store(code.select(code.compare("ogt", step, vector(0.0)), step, guess), layout.scalar["STEP"])
    return code.function("@first_step_size(ptr %ws, ptr %atol, double %rtol)")


def _scale(code: Listing, state: str, magnitude: str) -> str:
    """Tolerance of a state: absolute_tolerance + rtol |y|."""
    absolute = code.spread(code.read("%atol", state))
    return code.binary("fadd", absolute, code.binary("fmul", code.spread("%rtol"), magnitude))


def _attempt(equations: Equations, layout: Layout, tableau: Tableau) -> str:
    """One step of every lane into the trial vectors, and whether it is accepted; the states stay."""
    code = Listing()
    scalar = layout.scalar
    autonomous = not equations.time_derivatives
    time, end, wanted = (code.load(scalar[name]) for name in ("TIME", "END", "STEP"))
    left = code.binary("fsub", end, time)
    last = code.compare("oge", wanted, left)
    # Two equal steps rather than one full step and a sliver.
    near = code.compare("ogt", code.binary("fmul", wanted, vector(2.0)), left)
    if layout.events:  # the search for an event's moment knows which step it wants
        searching = code.compare("ogt", code.load(scalar["LOCATING"]), vector(0.5))
        near = code.mask("and", near, code.invert(searching))
    step = code.select(near, code.binary("fmul", left, vector(0.5)), wanted)
    step = code.select(last, left, step)
    inverse = code.binary("fdiv", vector(1.0), step)
    code.store(step, scalar["TRIED"])
    code.store(inverse, scalar["INVERSE"])
    code.store(code.binary("fmul", inverse, vector(1.0 / tableau.gamma)), scalar["PIVOT"])
    code.do("call void @factor(ptr %ws)")

    n = layout.states
    for stage in range(tableau.stages):
        weight = 0.0 if autonomous else tableau.time_weights[stage]
        _stage(code, layout, tableau, stage, weight)
        if stage:
            moved = code.binary("fmul", step, vector(tableau.nodes[stage]))
            code.store(code.binary("fadd", time, moved), scalar["STAGE_TIME"])
            code.do("call void @rates(ptr %ws)")
        code.do(f"call void @solve(ptr %ws, i64 {layout.stage + stage * n})")

    _new_state_and_error(code, layout, tableau)
    _control(code, layout, tableau, wanted, step, last, near)
    return code.function("@attempt(ptr %ws, ptr %atol, double %rtol, double %limit)")


def _commit(layout: Layout) -> str:
    """Move the lanes whose step was accepted to their new time and state."""
    code = Listing()
    scalar = layout.scalar
    accept = code.compare("ogt", code.load(scalar["ACCEPT"]), vector(0.5))
    time = code.select(accept, code.load(scalar["NEW_TIME"]), code.load(scalar["TIME"]))
    code.store(time, scalar["TIME"])
    with code.loop("0", str(layout.states)) as state:
        new, old = code.load(layout.trial, offset=state), code.load(layout.state, offset=state)
        code.store(code.select(accept, new, old), layout.state, offset=state)
    return code.function("@commit(ptr %ws)")


def _combination(code: Listing, increments: list[str], weights: tuple[float, ...]) -> str:
    """Return sum_j weights[j] u_j; empty if there is nothing to sum."""
    total = ""
    for part, weight in zip(increments, weights, strict=True):
        if weight == 0.0:
            continue
        term = part if weight == 1.0 else code.binary("fmul", part, vector(weight))
        total = code.binary("fadd", total, term) if total else term
    return total


def _stage(code: Listing, layout: Layout, tableau: Tableau, stage: int, weight: float) -> None:
    """State of a stage into the trial vectors; what its right-hand side adds to the rates into the corrections.

    Both are sums over the earlier increments: one pass reads these once.
    """
    row = tableau.a[stage]
    # The last stages of a stiffly accurate method start from the previous one's state plus its increment.
    extends = stage > 0 and row[:-1] == tableau.a[stage - 1] and row[-1] == 1.0
    inverse, step = code.load(layout.scalar["INVERSE"]), code.load(layout.scalar["TRIED"])
    with code.loop("0", str(layout.states)) as state:
        increments = [
            code.load(layout.stage + earlier * layout.states, offset=state) for earlier in range(stage)
        ]
        if stage:
            base = code.load(layout.trial if extends else layout.state, offset=state)
            change = increments[-1] if extends else _combination(code, increments, row)
            code.store(code.binary("fadd", base, change), layout.trial, offset=state)
        correction = vector(0.0)
        coupling = _combination(code, increments, tableau.c_rows[stage])
        if coupling:
            correction = code.binary("fmul", coupling, inverse)
        if weight:
            slope = code.binary("fmul", code.load(layout.time_derivative, offset=state), vector(weight))
            correction = code.binary("fadd", correction, code.binary("fmul", slope, step))
        code.store(correction, layout.correction, offset=state)


def _new_state_and_error(code: Listing, layout: Layout, tableau: Tableau) -> None:
    """New state into the trial vectors; mean square of the error over its tolerance into ERROR.

    The largest value that each state has had since the interval began is kept as well (see ensemble.arrive).
    Blocks of four states keep the chain of additions short.
    """
    code.store(code.load(layout.scalar["UNSOUND"]), layout.scalar["ERROR"])
    whole = layout.states - layout.states % _BLOCK
    if whole:
        with code.loop("0", str(whole), step=_BLOCK) as first:
            block = [code.let(f"add i64 {first}, {index}") for index in range(_BLOCK)]
            _add_errors(code, layout, tableau, block)
    if whole < layout.states:
        _add_errors(code, layout, tableau, [str(state) for state in range(whole, layout.states)])


def _add_errors(code: Listing, layout: Layout, tableau: Tableau, states: Sequence[str]) -> None:
    parts = [_error_and_scale(code, layout, tableau, state) for state in states]
    total = code.load(layout.scalar["ERROR"])
    block = ""
    while parts:
        # One division for two states: a/b and c/d from 1/(b d). Divisions are the dearest part of the norm.
        (error, scale), *others = parts
        parts = others[1:]
        product = code.binary("fmul", scale, others[0][1]) if others else scale
        inverse = code.binary("fdiv", vector(1.0), product)
        ratios = [
            code.binary("fmul", error, code.binary("fmul", others[0][1], inverse) if others else inverse)
        ]
        if others:
            ratios.append(code.binary("fmul", others[0][0], code.binary("fmul", scale, inverse)))
        for ratio in ratios:
            square = code.binary("fmul", ratio, ratio)
            block = code.binary("fadd", block, square) if block else square
        # Infinity in the new state makes its scale infinite and the ratio 0; infinity - infinity is NaN.
        block = code.binary("fadd", block, code.binary("fsub", product, product))
    code.store(code.binary("fadd", total, block), layout.scalar["ERROR"])


def _error_and_scale(code: Listing, layout: Layout, tableau: Tableau, state: str) -> tuple[str, str]:
    old = code.load(layout.state, offset=state)
    error = code.load(layout.stage + (tableau.stages - 1) * layout.states, offset=state)
    new = code.binary("fadd", code.load(layout.trial, offset=state), error)
    code.store(new, layout.trial, offset=state)
    before, after = code.call("fabs", old), code.call("fabs", new)
    peak = code.load(layout.peak, offset=state)
    code.store(code.select(code.compare("ogt", before, peak), before, peak), layout.peak, offset=state)
    larger = code.select(code.compare("ogt", before, after), before, after)
    return error, _scale(code, state, larger)


def _control(
    code: Listing, layout: Layout, tableau: Tableau, wanted: str, step: str, last: str, near: str
) -> None:
    """Accept or reject, and choose the next step, lane by lane."""
    scalar = layout.scalar
    error = code.binary("fmul", code.load(scalar["ERROR"]), vector(1.0 / layout.states))
    finite = code.compare("olt", error, vector(1e300))
    accept = code.compare("ole", error, vector(1.0))

    floor = code.select(code.compare("ogt", error, vector(1e-20)), error, vector(1e-20))
    exponent = vector(-0.5 / (tableau.error_order + 1))
    factor = exponential(code, code.binary("fmul", logarithm(code, floor), exponent))
    factor = code.binary("fmul", factor, vector(SAFETY))
    rejected_before = code.compare("ogt", code.load(scalar["REJECTED_LAST"]), vector(0.5))
    most = code.select(rejected_before, vector(1.0), vector(GROW))
    factor = code.select(code.compare("ogt", factor, most), most, factor)
    factor = code.select(code.compare("olt", factor, vector(SHRINK)), vector(SHRINK), factor)
    factor = code.select(finite, factor, vector(AFTER_NAN))
    following = code.binary("fmul", step, factor)
    # A step cut short by the end of the interval says little about how long the next may be.
    longer = code.compare("ogt", wanted, following)
    cut = code.mask("and", code.mask("or", last, near), code.mask("and", longer, accept))
    hint = code.select(cut, wanted, following)

    time = code.load(scalar["TIME"])
    moved = code.select(last, code.load(scalar["END"]), code.binary("fadd", time, step))
    code.store(moved, scalar["NEW_TIME"])
    code.store(code.select(accept, vector(1.0), vector(0.0)), scalar["ACCEPT"])
    code.store(hint, scalar["STEP"])
    code.store(code.select(accept, vector(0.0), vector(1.0)), scalar["REJECTED_LAST"])

    steps = code.binary("fadd", code.load(scalar["STEPS"]), vector(1.0))
    code.store(steps, scalar["STEPS"])
    refused = code.select(accept, vector(0.0), vector(1.0))
    code.store(code.binary("fadd", code.load(scalar["REJECTED"]), refused), scalar["REJECTED"])

    # FLAG = 1 + Status, the most telling reason last.
    used_up = code.compare("oge", steps, code.spread("%limit"))
    flag = code.select(used_up, vector(2.0), vector(0.0))
    smallest = code.binary("fmul", code.call("fabs", time), vector(4.0 * 2.0**-52))
    smallest = code.select(
        code.compare("ogt", smallest, vector(SMALLEST_STEP)), smallest, vector(SMALLEST_STEP)
    )
    stuck = code.compare("ole", following, smallest)
    stuck = code.mask("and", stuck, code.invert(accept))
    singular = code.compare("ogt", code.load(scalar["SINGULAR"]), vector(0.5))
    why = code.select(finite, vector(3.0), code.select(singular, vector(5.0), vector(4.0)))
    flag = code.select(stuck, why, flag)
    done = code.mask("and", accept, last)
    code.store(code.select(done, vector(1.0), flag), scalar["FLAG"])
