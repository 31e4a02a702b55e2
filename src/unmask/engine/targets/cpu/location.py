"""The moment at which the trigger of an event changes, found inside a step.

After every step the triggers are evaluated at the new state. Where one differs from its value before the step,
the step is not taken but repeated from the same start with other lengths, until the shortest known length
after which something has changed and the longest after which nothing has are a few units in the last place of
the time apart; then the former is taken. Lengths come from the secant rule in its Illinois form on the
smallest margin of all triggers (their distance from changing, negative once changed), every third from
bisection, and after PATIENCE all of them, so that the search ends for whatever function (a margin that jumps
tells nothing of where). While one lane searches the others go on.
"""

from __future__ import annotations

from unmask.engine.status import Status
from unmask.engine.targets.cpu.formulas import Formulas
from unmask.engine.targets.cpu.layout import Layout
from unmask.engine.targets.cpu.listing import Listing, number, vector
from unmask.engine.targets.cpu.step import SMALLEST_STEP
from unmask.engine.translate import Equations

# The step after an event, or a dose, in parts of the step that was due without it.
AFTER_JUMP = 0.01
# Lengths tried before the search trusts bisection alone.
PATIENCE = 24
_UNIT = 2.0**-52


def functions(equations: Equations, layout: Layout) -> str:
    """Return the LLVM text of ``triggers_now``, ``triggers_after``, ``locate`` and ``locate_lane``."""
    return "\n".join(
        (
            _triggers(equations, layout, "triggers_now", layout.state, "TIME"),
            _triggers(equations, layout, "triggers_after", layout.trial, "NEW_TIME"),
            _locate_lane(layout),
            _locate(layout),
        )
    )


def _triggers(equations: Equations, layout: Layout, name: str, state: int, time: str) -> str:
    """Every trigger as 0 or 1, whether any differs from what it was (CHANGED), and the smallest MARGIN."""
    code = Listing()
    formulas = Formulas(code, equations.graph, layout.places(equations, state, time))
    changed = margin = ""
    for event, (trigger, distance) in enumerate(zip(equations.triggers, equations.margins, strict=True)):
        holds = formulas.value(trigger)
        code.store(code.select(holds, vector(1.0), vector(0.0)), layout.trigger + event)
        held = code.compare("ogt", code.load(layout.was + event), vector(0.5))
        differs = code.mask("xor", holds, held)
        changed = code.mask("or", changed, differs) if changed else differs
        value = formulas.value(distance)
        value = code.select(held, value, code.negate(value))
        margin = code.select(code.compare("olt", value, margin), value, margin) if margin else value
    if changed:
        code.store(code.select(changed, vector(1.0), vector(0.0)), layout.scalar["CHANGED"])
        code.store(margin, layout.scalar["MARGIN"])
    return code.function(f"@{name}(ptr %ws)")


def _locate(layout: Layout) -> str:
    """After a step tried: let the lanes search whose triggers changed, and remember the margin of the others."""
    code = Listing()
    scalar = layout.scalar
    code.do("call void @triggers_after(ptr %ws)")
    accept, changed, searching = (
        code.compare("ogt", code.load(scalar[name]), vector(0.5))
        for name in ("ACCEPT", "CHANGED", "LOCATING")
    )
    attention = code.mask("or", code.mask("and", accept, changed), searching)
    with code.when(code.somewhere(attention)), code.lanes(attention) as lane:
        code.do(f"call void @locate_lane(ptr %ws, i64 {lane})")
    accept = code.compare("ogt", code.load(scalar["ACCEPT"]), vector(0.5))
    margin = code.select(accept, code.load(scalar["MARGIN"]), code.load(scalar["START_MARGIN"]))
    code.store(margin, scalar["START_MARGIN"])
    return code.function("@locate(ptr %ws)")


def _locate_lane(layout: Layout) -> str:
    code = Listing()
    scalar = layout.scalar

    def get(name: str) -> str:
        return code.peek(scalar[name], "%lane")

    def put(value: str, name: str) -> None:
        code.poke(value, scalar[name], "%lane")

    def arithmetic(operation: str, a: str, b: str) -> str:
        return code.let(f"{operation} double {a}, {b}")

    def test(predicate: str, a: str, b: str) -> str:
        return code.let(f"fcmp {predicate} double {a}, {b}")

    def choose(condition: str, a: str, b: str) -> str:
        return code.let(f"select i1 {condition}, double {a}, double {b}")

    accepted = test("ogt", get("ACCEPT"), "0.5")
    with code.when(code.let(f"xor i1 {accepted}, true")):
        # The error control refused a length inside the bracket: go on as after any rejected step.
        put("0.0", "LOCATING")
    with code.when(accepted):
        length, margin, changed = get("TRIED"), get("MARGIN"), test("ogt", get("CHANGED"), "0.5")
        with code.when(test("olt", get("LOCATING"), "0.5")):
            put(get("START_MARGIN"), "LOW_MARGIN")
            put(get("STEP"), "FULL_STEP")
            for name in ("LOW", "SIDE", "TRIALS", "PUSH"):
                put("0.0", name)
            put("1.0", "LOCATING")
        for own, other, sign, holds in (
            ("HIGH", "LOW", "1.0", changed),
            ("LOW", "HIGH", "-1.0", code.let(f"xor i1 {changed}, true")),
        ):
            with code.when(holds):
                put(length, own)
                put(margin, f"{own}_MARGIN")
                # Illinois: the end that stays twice counts half. And whoever creeps up on the root goes further
                # past the secant's guess every time.
                again = test("oeq", get("SIDE"), sign)
                less = arithmetic("fmul", get(f"{other}_MARGIN"), choose(again, "0.5", "1.0"))
                put(less, f"{other}_MARGIN")
                put(choose(again, arithmetic("fmul", get("PUSH"), "4.0"), "0.5"), "PUSH")
                put(sign, "SIDE")
        with code.when(changed):
            first, last = (
                code.let(f"call double @llvm.fabs.f64(double {get(name)})") for name in ("TIME", "NEW_TIME")
            )
            width = arithmetic("fmul", choose(test("ogt", first, last), first, last), number(4 * _UNIT))
            put(choose(test("ogt", width, number(SMALLEST_STEP)), width, number(SMALLEST_STEP)), "WIDTH")
        low, high, width = get("LOW"), get("HIGH"), get("WIDTH")
        gap = arithmetic("fsub", high, low)
        narrow = test("ole", gap, width)
        found = code.let(f"and i1 {narrow}, {changed}")
        with code.when(found):
            put(number(1.0 + Status.EVENT), "FLAG")
            put("0.0", "LOCATING")
            put(arithmetic("fmul", get("FULL_STEP"), number(AFTER_JUMP)), "STEP")
        with code.when(code.let(f"xor i1 {found}, true")):
            trials = arithmetic("fadd", get("TRIALS"), "1.0")
            put(trials, "TRIALS")
            count = code.let(f"fptosi double {trials} to i64")
            third = code.let(f"icmp eq i64 {code.let(f'srem i64 {count}, 3')}, 0")
            late = code.let(f"icmp sgt i64 {count}, {PATIENCE}")
            ahead, behind = get("LOW_MARGIN"), get("HIGH_MARGIN")
            part = arithmetic("fdiv", ahead, arithmetic("fsub", ahead, behind))
            guess = arithmetic("fadd", low, arithmetic("fmul", gap, part))
            push = arithmetic("fmul", width, get("PUSH"))
            least, most = arithmetic("fadd", low, push), arithmetic("fsub", high, push)
            guess = choose(test("olt", guess, least), least, guess)
            guess = choose(test("ogt", guess, most), most, guess)
            middle = arithmetic("fadd", low, arithmetic("fmul", gap, "0.5"))
            unknown = test("uno", guess, guess)
            middling = test("oge", least, most)
            doubtful = code.let(f"or i1 {third}, {code.let(f'or i1 {late}, {unknown}')}")
            doubtful = code.let(f"or i1 {doubtful}, {middling}")
            guess = choose(doubtful, middle, guess)
            put(choose(narrow, high, guess), "STEP")
            put("0.0", "ACCEPT")
            used_up = test("oeq", get("FLAG"), number(1.0 + Status.OUT_OF_STEPS))
            put(choose(used_up, get("FLAG"), "0.0"), "FLAG")
    return code.function("@locate_lane(ptr %ws, i64 %lane)")
