"""The functions that Python calls: all patients of a chunk through one interval, and their observables.

Eight patients are on the way at a time, each in its lane with its own time and step; a lane whose patient has
arrived (or failed) takes the next of the chunk. A patient's numbers depend on nothing but that patient: the
same vector instructions run for every lane and no lane reads another, so results are the same to the bit for
any chunk size, number of threads and lane.
"""

from __future__ import annotations

from unmask.engine.status import NEGLIGIBLE, Status
from unmask.engine.targets.cpu.layout import Layout
from unmask.engine.targets.cpu.listing import LANES, Listing, number

ARRIVE_ARGUMENTS = ("ptr %ws", "ptr %floor", "ptr %allowance", "double %rtol", "i64 %lane")


def functions(layout: Layout) -> str:
    """Return the LLVM text of ``integrate``, ``observe``, ``triggers`` and ``workspace_size``."""
    kinds = {"observe": (layout.observable, layout.observables), "triggers": (layout.trigger, layout.events)}
    readers = [_reader(layout, name, *place) for name, place in kinds.items()]
    return "\n".join((_arrive(layout), _integrate(layout), *readers, _workspace_size(layout)))


INTEGRATE_ARGUMENTS = (
    "ptr %states",
    "ptr %parameters",
    "ptr %start",
    "ptr %end",
    "ptr %hint",
    "ptr %status",
    "ptr %steps",
    "ptr %rejected",
    "ptr %reached",
    "ptr %atol",
    "ptr %floor",
    "ptr %allowance",
    "double %rtol",
    "double %limit",
    "i64 %first",
    "i64 %stop",
    "ptr %ws",
)
READ_ARGUMENTS = (
    "ptr %states",
    "ptr %parameters",
    "ptr %time",
    "ptr %out",
    "i64 %first",
    "i64 %stop",
    "ptr %ws",
)


def _integrate(layout: Layout) -> str:
    code = Listing()
    scalar = layout.scalar
    following = code.let("alloca i64")
    active = code.let("alloca i64")
    fresh = code.let("alloca i64")
    unsure = code.let("alloca i64")
    code.do(f"store i64 %first, ptr {following}")
    with code.loop("0", str(LANES)) as lane:
        code.do(f"store double 1.0, ptr {code.lane(scalar['FLAG'], lane)}")
        code.do(f"store double -1.0, ptr {code.lane(scalar['PATIENT'], lane)}")
    with code.forever() as finished:
        code.do(f"store i64 0, ptr {active}")
        code.do(f"store i64 0, ptr {fresh}")
        code.do(f"store i64 0, ptr {unsure}")
        with code.loop("0", str(LANES)) as lane:
            flag = code.let(f"load double, ptr {code.lane(scalar['FLAG'], lane)}")
            with code.when(code.let(f"fcmp une double {flag}, 0.0")):
                _put_away(code, layout, lane, flag)
                _take_next(code, layout, lane, following, fresh, unsure)
            patient = code.let(f"load double, ptr {code.lane(scalar['PATIENT'], lane)}")
            with code.when(code.let(f"fcmp oge double {patient}, 0.0")):
                code.do(f"store i64 1, ptr {active}")
        someone = code.let(f"load i64, ptr {active}")
        code.leave_if(code.let(f"icmp eq i64 {someone}, 0"), finished)
        new = code.let(f"load i64, ptr {fresh}")
        with code.when(code.let(f"icmp ne i64 {new}, 0")):
            code.do("call void @prepare(ptr %ws)")
        choose = code.let(f"load i64, ptr {unsure}")
        with code.when(code.let(f"icmp ne i64 {choose}, 0")):
            code.do("call void @first_step_size(ptr %ws, ptr %atol, double %rtol)")
        code.do("call void @attempt(ptr %ws, ptr %atol, double %rtol, double %limit)")
        code.do("call void @commit(ptr %ws)")
    return code.function(f"@integrate({', '.join(INTEGRATE_ARGUMENTS)})", internal=False)


def _arrive(layout: Layout) -> str:
    """The end of an interval for one lane: states below their floor become 0.

    One that is below zero by more than its allowance and NEGLIGIBLE times rtol of the largest value it had in
    the interval is no rounding of the solver's: the patient fails, with all states as they are.
    """
    code = Listing()
    with code.loop("0", str(layout.states)) as state:
        value = code.peek(layout.state, "%lane", offset=state)
        peak = code.let(f"fmul double {code.peek(layout.peak, '%lane', offset=state)}, %rtol")
        allowed = code.let(f"fmul double {peak}, {number(NEGLIGIBLE)}")
        allowed = code.let(f"fadd double {allowed}, {code.read('%allowance', state)}")
        with code.when(code.let(f"fcmp olt double {value}, {code.let(f'fneg double {allowed}')}")):
            code.poke(number(1.0 + Status.NEGATIVE), layout.scalar["FLAG"], "%lane")
    flag = code.peek(layout.scalar["FLAG"], "%lane")
    with code.when(code.let(f"fcmp oeq double {flag}, 1.0")), code.loop("0", str(layout.states)) as state:
        value = code.peek(layout.state, "%lane", offset=state)
        below = code.let(f"fcmp olt double {value}, {code.read('%floor', state)}")
        code.poke(
            code.let(f"select i1 {below}, double 0.0, double {value}"), layout.state, "%lane", offset=state
        )
    return code.function(f"@arrive({', '.join(ARRIVE_ARGUMENTS)})")


def _put_away(code: Listing, layout: Layout, lane: str, flag: str) -> None:
    """Write a finished lane's patient back."""
    scalar = layout.scalar
    row = code.peek(scalar["PATIENT"], lane)
    with code.when(code.let(f"fcmp oge double {row}, 0.0")):
        patient = code.let(f"fptosi double {row} to i64")
        with code.when(code.let(f"fcmp oeq double {flag}, 1.0")):
            code.do(f"call void @arrive(ptr %ws, ptr %floor, ptr %allowance, double %rtol, i64 {lane})")
        flag = code.peek(scalar["FLAG"], lane)
        status = code.let(f"fptosi double {code.let(f'fsub double {flag}, 1.0')} to i8")
        code.write(status, "%status", patient, "i8")
        scatter(code, "%states", patient, layout.state, layout.states, lane)
        step = code.peek(scalar["STEP"], lane)
        # A failed patient's step is no hint: 0 lets the next call choose.
        arrived = code.let(f"icmp eq i8 {status}, 0")
        code.write(code.let(f"select i1 {arrived}, double {step}, double 0.0"), "%hint", patient)
        code.write(code.peek(scalar["TIME"], lane), "%reached", patient)
        for name, array in (("STEPS", "%steps"), ("REJECTED", "%rejected")):
            count = code.peek(scalar[name], lane)
            code.write(code.let(f"fptosi double {count} to i64"), array, patient, "i64")


def _take_next(code: Listing, layout: Layout, lane: str, following: str, fresh: str, unsure: str) -> None:
    """Give a lane the next patient of the chunk who has time to go; else mark it empty.

    ``fresh`` becomes 1 if there is one, ``unsure`` if the patient brings no step size.
    """
    scalar = layout.scalar
    code.do(f"store double -1.0, ptr {code.lane(scalar['PATIENT'], lane)}")
    with code.forever() as done:
        patient = code.let(f"load i64, ptr {following}")
        code.leave_if(code.let(f"icmp sge i64 {patient}, %stop"), done)
        code.do(f"store i64 {code.let(f'add i64 {patient}, 1')}, ptr {following}")
        start, end = code.read("%start", patient), code.read("%end", patient)
        with code.when(code.let(f"fcmp ogt double {end}, {start}")):
            for array, first, width in (
                ("%states", layout.state, layout.states),
                ("%parameters", layout.parameter, layout.parameters),
            ):
                gather(code, array, patient, first, width, lane)
            clear_peaks(code, layout, lane)
            code.do(f"store i64 1, ptr {fresh}")
            row = code.let(f"sitofp i64 {patient} to double")
            step = code.read("%hint", patient)
            with code.when(code.let(f"fcmp ule double {step}, 0.0")):
                code.do(f"store i64 1, ptr {unsure}")
            values = {"PATIENT": row, "TIME": start, "END": end, "STEP": step}
            values |= dict.fromkeys(("STEPS", "REJECTED", "REJECTED_LAST", "FLAG"), "0.0")
            for name, value in values.items():
                code.do(f"store double {value}, ptr {code.lane(scalar[name], lane)}")
        taken = code.let(f"load double, ptr {code.lane(scalar['PATIENT'], lane)}")
        code.leave_if(code.let(f"fcmp oge double {taken}, 0.0"), done)


def clear_peaks(code: Listing, layout: Layout, lane: str) -> None:
    """Forget the largest values of a lane's states: an interval begins."""
    with code.loop("0", str(layout.states)) as state:
        code.poke("0.0", layout.peak, lane, offset=state)


def gather(code: Listing, array: str, patient: str, first: int, width: int, lane: str) -> None:
    """Copy a row of an array of doubles into a lane of vectors ``first`` onwards."""
    if width:
        base = code.let(f"mul i64 {patient}, {width}")
        with code.loop("0", str(width)) as index:
            code.poke(code.read(array, code.let(f"add i64 {base}, {index}")), first, lane, offset=index)


def scatter(code: Listing, array: str, patient: str, first: int, width: int, lane: str) -> None:
    """Copy a lane of vectors ``first`` onwards into a row of an array of doubles."""
    if width:
        base = code.let(f"mul i64 {patient}, {width}")
        with code.loop("0", str(width)) as index:
            code.write(code.peek(first, lane, offset=index), array, code.let(f"add i64 {base}, {index}"))


def _reader(layout: Layout, name: str, start: int, count: int) -> str:
    """``count`` values that function ``name``_now leaves from vector ``start`` on, for rows first to stop - 1.

    A last group that is not full repeats the last patient.
    """
    code = Listing()
    final = code.let("sub i64 %stop, 1")
    with code.loop("%first", "%stop", step=LANES) as group:
        rows = [code.let(f"add i64 {group}, {lane}") for lane in range(LANES)]
        for lane, row in enumerate(rows):
            patient = code.let(f"call i64 @llvm.smin.i64(i64 {row}, i64 {final})")
            gather(code, "%states", patient, layout.state, layout.states, str(lane))
            gather(code, "%parameters", patient, layout.parameter, layout.parameters, str(lane))
            code.poke(code.read("%time", patient), layout.scalar["TIME"], str(lane))
        code.do("call void @prepare(ptr %ws)")
        code.do(f"call void @{name}_now(ptr %ws)")
        for lane, row in enumerate(rows):
            with code.when(code.let(f"icmp slt i64 {row}, %stop")):
                scatter(code, "%out", row, start, count, str(lane))
    return code.function(f"@{name}({', '.join(READ_ARGUMENTS)})", internal=False)


def _workspace_size(layout: Layout) -> str:
    code = Listing()
    code.do(f"store i64 {layout.size}, ptr %size")
    return code.function("@workspace_size(ptr %size)", internal=False)
