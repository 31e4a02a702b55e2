"""The functions that Python calls: all patients of a chunk through one interval, and their observables.

Eight patients are on the way at a time, each in its lane with its own time and step; a lane whose patient has
arrived (or failed) takes the next of the chunk. A patient's numbers depend on nothing but that patient: the
same vector instructions run for every lane and no lane reads another, so results are the same to the bit for
any chunk size, number of threads and lane.
"""

from __future__ import annotations

from unmask.engine.targets.cpu.layout import Layout
from unmask.engine.targets.cpu.listing import LANES, Listing


def functions(layout: Layout) -> str:
    """Return the LLVM text of ``integrate``, ``observe`` and ``workspace_size``."""
    return "\n".join((_integrate(layout), _observe(layout), _workspace_size(layout)))


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
    "double %rtol",
    "double %limit",
    "i64 %first",
    "i64 %stop",
    "ptr %ws",
)
OBSERVE_ARGUMENTS = (
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
        code.do("call void @step(ptr %ws, ptr %atol, double %rtol, double %limit)")
    return code.function(f"@integrate({', '.join(INTEGRATE_ARGUMENTS)})", internal=False)


def _put_away(code: Listing, layout: Layout, lane: str, flag: str) -> None:
    """Write a finished lane's patient back; at the end of the interval states below their floor become 0."""
    scalar = layout.scalar
    row = code.let(f"load double, ptr {code.lane(scalar['PATIENT'], lane)}")
    with code.when(code.let(f"fcmp oge double {row}, 0.0")):
        patient = code.let(f"fptosi double {row} to i64")
        status = code.let(f"fptosi double {code.let(f'fsub double {flag}, 1.0')} to i8")
        code.write(status, "%status", patient, "i8")
        arrived = code.let(f"icmp eq i8 {status}, 0")
        base = code.let(f"mul i64 {patient}, {layout.states}")
        with code.loop("0", str(layout.states)) as state:
            value = code.let(f"load double, ptr {code.lane(layout.state, lane, offset=state)}")
            below = code.let(f"fcmp olt double {value}, {code.read('%floor', state)}")
            cleared = code.let(
                f"select i1 {code.let(f'and i1 {below}, {arrived}')}, double 0.0, double {value}"
            )
            code.write(cleared, "%states", code.let(f"add i64 {base}, {state}"))
        step = code.let(f"load double, ptr {code.lane(scalar['STEP'], lane)}")
        # A failed patient's step is no hint: 0 lets the next call choose.
        code.write(code.let(f"select i1 {arrived}, double {step}, double 0.0"), "%hint", patient)
        code.write(code.let(f"load double, ptr {code.lane(scalar['TIME'], lane)}"), "%reached", patient)
        for name, array in (("STEPS", "%steps"), ("REJECTED", "%rejected")):
            count = code.let(f"load double, ptr {code.lane(scalar[name], lane)}")
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
                if width:
                    _gather(code, array, patient, first, width, lane)
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


def _gather(code: Listing, array: str, patient: str, first: int, width: int, lane: str) -> None:
    base = code.let(f"mul i64 {patient}, {width}")
    with code.loop("0", str(width)) as index:
        value = code.read(array, code.let(f"add i64 {base}, {index}"))
        code.do(f"store double {value}, ptr {code.lane(first, lane, offset=index)}")


def _observe(layout: Layout) -> str:
    """Observables of rows first to stop - 1; a last group that is not full repeats the last patient."""
    code = Listing()
    final = code.let("sub i64 %stop, 1")
    with code.loop("%first", "%stop", step=LANES) as group:
        rows = [code.let(f"add i64 {group}, {lane}") for lane in range(LANES)]
        for lane, row in enumerate(rows):
            patient = code.let(f"call i64 @llvm.smin.i64(i64 {row}, i64 {final})")
            _gather(code, "%states", patient, layout.state, layout.states, str(lane))
            if layout.parameters:
                _gather(code, "%parameters", patient, layout.parameter, layout.parameters, str(lane))
            time = code.read("%time", patient)
            code.do(f"store double {time}, ptr {code.lane(layout.scalar['TIME'], str(lane))}")
        code.do("call void @prepare(ptr %ws)")
        code.do("call void @observables(ptr %ws)")
        for lane, row in enumerate(rows):
            with code.when(code.let(f"icmp slt i64 {row}, %stop")):
                base = code.let(f"mul i64 {row}, {layout.observables}")
                with code.loop("0", str(layout.observables)) as index:
                    place = code.lane(layout.observable, str(lane), offset=index)
                    value = code.let(f"load double, ptr {place}")
                    code.write(value, "%out", code.let(f"add i64 {base}, {index}"))
    return code.function(f"@observe({', '.join(OBSERVE_ARGUMENTS)})", internal=False)


def _workspace_size(layout: Layout) -> str:
    code = Listing()
    code.do(f"store i64 {layout.size}, ptr %size")
    return code.function("@workspace_size(ptr %size)", internal=False)
