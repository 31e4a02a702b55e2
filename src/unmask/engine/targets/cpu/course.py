"""The function that takes patients through whole courses: doses, outputs on a grid of times, events.

Lanes work as in :mod:`ensemble`, with an interval per stop. A lane whose patient arrives at a stop gets the doses
there and goes on; times of the grid that a step passes are computed from its continuous extension, times at
which a step ends are written from the state itself, after the doses. What belongs to a patient lies in arrays
of Python's; their addresses and sizes come in one block, so that the lanes' functions need no long lists.
"""

from __future__ import annotations

import math

from unmask.engine.status import Status
from unmask.engine.tableaus import Tableau
from unmask.engine.targets.cpu import location
from unmask.engine.targets.cpu.block import ARRAYS, COUNTS
from unmask.engine.targets.cpu.ensemble import clear_peaks, gather, scatter
from unmask.engine.targets.cpu.layout import Layout
from unmask.engine.targets.cpu.listing import EVERYWHERE, MASK, Listing, number, vector
from unmask.engine.translate import Equations

# FLAG of a lane whose patient is at the end of the course; 1 is the end of an interval.
_FINISHED = number(-1.0)


def functions(equations: Equations, layout: Layout, tableau: Tableau) -> str:
    """Return the LLVM text of ``advance`` and of what it calls."""
    parts = (
        f"@infinity = internal constant double {number(math.inf)}\n",
        location.functions(equations, layout),
        _enter(layout),
        _admit(layout),
        _leave(layout),
        _take(layout),
        _write_due(layout),
        _write_passed(layout, tableau),
        _advance(layout),
    )
    return "\n".join(parts)


class _Lane(Listing):
    """A function of one lane: ``%ws``, ``%call`` (the block), ``%lane``."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout

    def array(self, name: str) -> str:
        """Return the address of an array of the block."""
        return self.read("%call", str(ARRAYS.index(name)), "ptr")

    def count(self, name: str) -> str:
        """Return a size of the block."""
        return self.read("%call", str(len(ARRAYS) + COUNTS.index(name)), "i64")

    def get(self, name: str) -> str:
        """Return the lane's part of a scalar."""
        return self.peek(self.layout.scalar[name], "%lane")

    def put(self, value: str, name: str) -> None:
        """Write the lane's part of a scalar."""
        self.poke(value, self.layout.scalar[name], "%lane")

    def patient(self) -> str:
        """Return the row of the lane's patient."""
        return self.let(f"fptosi double {self.get('PATIENT')} to i64")

    def upcoming(self, times: str, cursor: str, count: str) -> str:
        """Return ``times[cursor]``, infinity past the end."""
        inside = self.let(f"icmp slt i64 {cursor}, {count}")
        place = self.let(f"select i1 {inside}, ptr {self.element(times, cursor)}, ptr @infinity")
        return self.let(f"load double, ptr {place}")

    def text(self, name: str) -> str:
        """Return the text of the function."""
        return self.function(f"@{name}(ptr %ws, ptr %call, i64 %lane)")


def _take(layout: Layout) -> str:
    """Load the patient whose row is in PATIENT."""
    code = _Lane(layout)
    patient = code.patient()
    gather(code, code.array("states"), patient, layout.state, layout.states, "%lane")
    gather(code, code.array("parameters"), patient, layout.parameter, layout.parameters, "%lane")
    if layout.events:
        was, base = code.array("was"), code.let(f"mul i64 {patient}, {layout.events}")
        with code.loop("0", str(layout.events)) as event:
            held = code.read(was, code.let(f"add i64 {base}, {event}"), "i8")
            code.poke(code.let(f"sitofp i8 {held} to double"), layout.was, "%lane", offset=event)
    for name, array in (("TIME", "time"), ("STEP", "step_size")):
        code.put(code.read(code.array(array), patient), name)
    code.put("0.0", "LOCATING")
    return code.text("take")


def _enter(layout: Layout) -> str:
    """Doses that are due, and the end of the interval that begins."""
    code = _Lane(layout)
    patient = code.patient()
    stops, next_stop, count = code.array("stops"), code.array("next_stop"), code.count("stop_count")
    dosed, amounts, width = code.array("dosed"), code.array("amounts"), code.count("dosed_count")
    base = code.let(f"mul i64 {patient}, {count}")
    own = code.element(stops, base)
    time = code.get("TIME")
    shorter = code.let("alloca double")
    code.do(f"store double 1.0, ptr {shorter}")
    with code.forever() as done:
        cursor = code.read(next_stop, patient, "i64")
        stop = code.upcoming(own, cursor, count)
        code.leave_if(code.let(f"fcmp ogt double {stop}, {time}"), done)
        code.write(code.let(f"add i64 {cursor}, 1"), next_stop, patient, "i64")
        row = code.let(f"mul i64 {code.let(f'add i64 {base}, {cursor}')}, {width}")
        with code.span("0", width) as dose:
            amount = code.read(amounts, code.let(f"add i64 {row}, {dose}"))
            with code.when(code.let(f"fcmp une double {amount}, 0.0")):
                code.do(f"store double {number(location.AFTER_JUMP)}, ptr {shorter}")
                state = code.read(dosed, dose, "i64")
                before = code.peek(layout.state, "%lane", offset=state)
                code.poke(code.let(f"fadd double {before}, {amount}"), layout.state, "%lane", offset=state)
    factor = code.let(f"load double, ptr {shorter}")
    code.put(code.let(f"fmul double {code.get('STEP')}, {factor}"), "STEP")
    end, stop = (
        code.read(code.array("end"), patient),
        code.upcoming(own, code.read(next_stop, patient, "i64"), count),
    )
    code.put(
        code.let(f"select i1 {code.let(f'fcmp olt double {stop}, {end}')}, double {stop}, double {end}"),
        "END",
    )
    clear_peaks(code, layout, "%lane")
    for name in ("STEPS", "REJECTED", "REJECTED_LAST", "FLAG"):
        code.put("0.0", name)
    code.put("1.0", "ENTERED")
    return code.text("enter")


def _admit(layout: Layout) -> str:
    """Whether an event is due where the lane has come to; if not, outputs that are due, and the end of the course."""
    code = _Lane(layout)
    code.put("0.0", "ENTERED")
    due = "false"
    if layout.events:
        due = code.let(f"fcmp ogt double {code.get('CHANGED')}, 0.5")
        code.put(code.get("MARGIN"), "START_MARGIN")
    with code.when(due):
        code.put(number(1.0 + Status.EVENT), "FLAG")
    with code.when(code.let(f"xor i1 {due}, true")):
        code.do("call void @write_due(ptr %ws, ptr %call, i64 %lane)")
        end = code.read(code.array("end"), code.patient())
        with code.when(code.let(f"fcmp oge double {code.get('TIME')}, {end}")):
            code.put(_FINISHED, "FLAG")
    return code.text("admit")


def _leave(layout: Layout) -> str:
    """Count the steps of the interval; at its end clear small states; write a patient who goes no further back."""
    code = _Lane(layout)
    patient = code.patient()
    for name, array in (("STEPS", "steps"), ("REJECTED", "rejected")):
        place = code.element(code.array(array), patient, "i64")
        more = code.let(f"fptosi double {code.get(name)} to i64")
        total = code.let(f"add i64 {code.let(f'load i64, ptr {place}')}, {more}")
        code.do(f"store i64 {total}, ptr {place}")
        code.put("0.0", name)
    with code.when(code.let(f"fcmp oeq double {code.get('FLAG')}, 1.0")):
        arrays = f"ptr {code.array('floor')}, ptr {code.array('allowance')}"
        code.do(f"call void @arrive(ptr %ws, {arrays}, double %rtol, i64 %lane)")
    flag = code.get("FLAG")
    with code.when(code.let(f"fcmp une double {flag}, 1.0")):
        status = code.let(f"fptosi double {code.let(f'fsub double {flag}, 1.0')} to i8")
        finished = code.let(f"fcmp oeq double {flag}, {_FINISHED}")
        status = code.let(f"select i1 {finished}, i8 0, i8 {status}")
        code.write(status, code.array("status"), patient, "i8")
        scatter(code, code.array("states"), patient, layout.state, layout.states, "%lane")
        code.write(code.get("TIME"), code.array("time"), patient)
        goes_on = code.let(f"or i1 {finished}, {code.let(f'icmp eq i8 {status}, {int(Status.EVENT)}')}")
        step = code.let(f"select i1 {goes_on}, double {code.get('STEP')}, double 0.0")
        code.write(step, code.array("step_size"), patient)
        code.put("-1.0", "PATIENT")
    return code.function("@leave(ptr %ws, ptr %call, double %rtol, i64 %lane)")


def _write_due(layout: Layout) -> str:
    """Write the state where the grid has the lane's very time; times before it stay unwritten."""
    code = _Lane(layout)
    patient, time = code.patient(), code.get("TIME")
    grid, count, cursors = code.array("grid"), code.count("grid_count"), code.array("next_output")
    with code.forever() as done:
        cursor = code.read(cursors, patient, "i64")
        wanted = code.upcoming(grid, cursor, count)
        code.put(wanted, "NEXT_GRID")
        code.leave_if(code.let(f"fcmp ogt double {wanted}, {time}"), done)
        with code.when(code.let(f"fcmp oeq double {wanted}, {time}")):
            place = _output(code, patient, cursor)
            saved = code.array("saved")
            with code.span("0", code.count("saved_count")) as index:
                state = code.read(saved, index, "i64")
                code.write(code.peek(layout.state, "%lane", offset=state), place, index)
        code.write(code.let(f"add i64 {cursor}, 1"), cursors, patient, "i64")
    return code.text("write_due")


def _write_passed(layout: Layout, tableau: Tableau) -> str:
    """Write the grid's times inside the step just accepted, from its continuous extension."""
    code = _Lane(layout)
    patient, start, after = code.patient(), code.get("TIME"), code.get("NEW_TIME")
    grid, count, cursors = code.array("grid"), code.count("grid_count"), code.array("next_output")
    saved, width = code.array("saved"), code.count("saved_count")

    def let(operation: str, a: str, b: str) -> str:
        return code.let(f"{operation} contract double {a}, {b}")

    with code.forever() as done:
        cursor = code.read(cursors, patient, "i64")
        wanted = code.upcoming(grid, cursor, count)
        code.put(wanted, "NEXT_GRID")
        code.leave_if(code.let(f"fcmp oge double {wanted}, {after}"), done)
        part = let("fdiv", let("fsub", wanted, start), code.get("TRIED"))
        left = let("fsub", "1.0", part)
        place = _output(code, patient, cursor)
        with code.span("0", width) as index:
            state = code.read(saved, index, "i64")
            increments = [
                code.peek(layout.stage + stage * layout.states, "%lane", offset=state)
                for stage in range(tableau.stages)
            ]
            bend = ""
            for row in reversed(tableau.dense):
                inner = let("fmul", part, bend) if bend else ""
                for increment, weight in zip(increments, row, strict=True):
                    if weight:
                        term = let("fmul", increment, number(weight))
                        inner = let("fadd", inner, term) if inner else term
                bend = inner
            before, new = (code.peek(start, "%lane", offset=state) for start in (layout.state, layout.trial))
            inner = let("fmul", part, let("fadd", new, let("fmul", left, bend)))
            code.write(let("fadd", let("fmul", left, before), inner), place, index)
        code.write(code.let(f"add i64 {cursor}, 1"), cursors, patient, "i64")
    return code.text("write_passed")


def _output(code: _Lane, patient: str, cursor: str) -> str:
    """Return the address of a patient's outputs at one time of the grid."""
    base = code.let(f"mul i64 {patient}, {code.count('grid_count')}")
    place = code.let(f"mul i64 {code.let(f'add i64 {base}, {cursor}')}, {code.count('saved_count')}")
    return code.element(code.array("output"), place)


def _advance(layout: Layout) -> str:
    code = _Lane(layout)
    scalar = layout.scalar
    following, busy, fresh = (code.let("alloca i64") for _ in range(3))
    atol = code.array("atol")
    code.do(f"store i64 %first, ptr {following}")
    code.store(vector(1.0), scalar["FLAG"])
    code.store(vector(-1.0), scalar["PATIENT"])
    with code.forever() as finished:
        for flag in (busy, fresh):
            code.do(f"store i64 0, ptr {flag}")
        flags = code.compare("une", code.load(scalar["FLAG"]), vector(0.0))
        someone = code.compare("oge", code.load(scalar["PATIENT"]), vector(0.0))
        waiting = code.let(f"icmp slt i64 {code.let(f'load i64, ptr {following}')}, %stop")
        useful = code.let(f"select i1 {waiting}, {MASK} {EVERYWHERE}, {MASK} {someone}")
        flags = code.mask("and", flags, useful)
        with code.when(code.somewhere(flags)):
            with code.lanes(flags) as lane:
                _refill(code, layout, lane, following, fresh)
            new = code.let(f"load i64, ptr {fresh}")
            with code.when(code.let(f"icmp ne i64 {new}, 0")):
                code.do("call void @prepare(ptr %ws)")
            if layout.events:
                code.do("call void @triggers_now(ptr %ws)")
            _admit_all(code, layout, busy)
            someone = code.compare("oge", code.load(scalar["PATIENT"]), vector(0.0))
            code.leave_if(code.let(f"xor i1 {code.somewhere(someone)}, true"), finished)
        # A patient may be through, or stand before an event, without a step: fill that lane first.
        again = code.let(f"load i64, ptr {busy}")
        with code.when(code.let(f"icmp eq i64 {again}, 0")):
            someone = code.compare("oge", code.load(scalar["PATIENT"]), vector(0.0))
            unsure = code.compare("ule", code.load(scalar["STEP"]), vector(0.0))
            with code.when(code.somewhere(code.mask("and", someone, unsure))):
                code.do(f"call void @first_step_size(ptr %ws, ptr {atol}, double %rtol)")
            code.do(f"call void @attempt(ptr %ws, ptr {atol}, double %rtol, double %limit)")
            if layout.events:
                code.do("call void @locate(ptr %ws)")
            accept = code.compare("ogt", code.load(scalar["ACCEPT"]), vector(0.5))
            wanted, after = code.load(scalar["NEXT_GRID"]), code.load(scalar["NEW_TIME"])
            passed = code.mask("and", accept, code.compare("olt", wanted, after))
            _where(code, layout, passed, "write_passed")
            code.do("call void @commit(ptr %ws)")
            wanted, time = code.load(scalar["NEXT_GRID"]), code.load(scalar["TIME"])
            under_way = code.compare("oeq", code.load(scalar["FLAG"]), vector(0.0))
            _where(code, layout, code.mask("and", under_way, code.compare("ole", wanted, time)), "write_due")
    return code.function(
        "@advance(ptr %call, double %rtol, double %limit, i64 %first, i64 %stop, ptr %ws)", internal=False
    )


def _where(code: Listing, layout: Layout, mask: str, name: str) -> None:
    """Call a lane's function for every lane that has a patient and where a mask holds."""
    someone = code.compare("oge", code.load(layout.scalar["PATIENT"]), vector(0.0))
    mask = code.mask("and", mask, someone)
    with code.when(code.somewhere(mask)), code.lanes(mask) as lane:
        code.do(f"call void @{name}(ptr %ws, ptr %call, i64 {lane})")


def _refill(code: _Lane, layout: Layout, lane: str, following: str, fresh: str) -> None:
    """Put a lane's patient away, or into the next interval; give a lane without one the next of the chunk."""
    patient = layout.scalar["PATIENT"]
    with code.when(code.let(f"fcmp oge double {code.peek(patient, lane)}, 0.0")):
        code.do(f"call void @leave(ptr %ws, ptr %call, double %rtol, i64 {lane})")
    with code.when(code.let(f"fcmp olt double {code.peek(patient, lane)}, 0.0")):
        place = code.let(f"load i64, ptr {following}")
        with code.when(code.let(f"icmp slt i64 {place}, %stop")):
            code.do(f"store i64 {code.let(f'add i64 {place}, 1')}, ptr {following}")
            row = code.read(code.array("rows"), place, "i64")
            code.poke(code.let(f"sitofp i64 {row} to double"), patient, lane)
            code.do(f"call void @take(ptr %ws, ptr %call, i64 {lane})")
            code.do(f"store i64 1, ptr {fresh}")
    with code.when(code.let(f"fcmp oge double {code.peek(patient, lane)}, 0.0")):
        code.do(f"call void @enter(ptr %ws, ptr %call, i64 {lane})")


def _admit_all(code: _Lane, layout: Layout, busy: str) -> None:
    """Admit the lanes that entered: ``busy`` becomes 1 if one goes no further."""
    scalar = layout.scalar
    entered = code.compare("ogt", code.load(scalar["ENTERED"]), vector(0.5))
    with code.lanes(entered) as lane:
        code.do(f"call void @admit(ptr %ws, ptr %call, i64 {lane})")
        with code.when(code.let(f"fcmp une double {code.peek(scalar['FLAG'], lane)}, 0.0")):
            code.do(f"store i64 1, ptr {busy}")
