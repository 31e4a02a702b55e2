"""A listing of LLVM instructions in the making: fresh names, vectors of eight lanes, loops and branches."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

LANES = 8
VECTOR = f"<{LANES} x double>"
BITS = f"<{LANES} x i64>"
MASK = f"<{LANES} x i1>"
EVERYWHERE = "<" + ", ".join(["i1 true"] * LANES) + ">"
# Fused multiply-add where the machine has it, and nothing else of "fast math": the error control needs NaN
# and infinity to be what they are.
FLAGS = "contract"


def number(value: float) -> str:
    """Return a float as LLVM writes it exactly: the hexadecimal of its bits."""
    return "0x" + struct.pack(">d", value).hex().upper()


def vector(value: float) -> str:
    """Return the vector with the same float in every lane."""
    return "<" + ", ".join([f"double {number(value)}"] * LANES) + ">"


def integers(value: int) -> str:
    """Return the vector with the same 64-bit integer in every lane."""
    return "<" + ", ".join([f"i64 {value}"] * LANES) + ">"


class Listing:
    """The body of one LLVM function."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._count = 0
        self._block = "entry"

    def do(self, statement: str) -> None:
        """Append an instruction without a result."""
        self.lines.append("  " + statement)

    def let(self, expression: str) -> str:
        """Append an instruction and return the name of its result."""
        name = f"%v{self._fresh()}"
        self.lines.append(f"  {name} = {expression}")
        return name

    def _fresh(self) -> int:
        self._count += 1
        return self._count

    def _label(self, name: str) -> None:
        self.lines.append(f"{name}:")
        self._block = name

    # -- vectors of doubles --------------------------------------------------------------------------------

    def binary(self, operation: str, a: str, b: str) -> str:
        """Return ``fadd``, ``fsub``, ``fmul`` or ``fdiv`` of two vectors."""
        return self.let(f"{operation} {FLAGS} {VECTOR} {a}, {b}")

    def negate(self, a: str) -> str:
        """Return -a."""
        return self.let(f"fneg {VECTOR} {a}")

    def call(self, name: str, a: str) -> str:
        """Return an LLVM intrinsic of one vector, for example ``sqrt``."""
        return self.let(f"call {VECTOR} @llvm.{name}.v{LANES}f64({VECTOR} {a})")

    def compare(self, predicate: str, a: str, b: str) -> str:
        """Return the mask of an ``fcmp`` predicate (``o..``: false with NaN, ``u..``: true with NaN)."""
        return self.let(f"fcmp {predicate} {VECTOR} {a}, {b}")

    def select(self, mask: str, a: str, b: str, kind: str = VECTOR) -> str:
        """Return a in the lanes where the mask holds, b elsewhere."""
        return self.let(f"select {MASK} {mask}, {kind} {a}, {kind} {b}")

    def mask(self, operation: str, a: str, b: str) -> str:
        """Return ``and``, ``or`` or ``xor`` of two masks."""
        return self.let(f"{operation} {MASK} {a}, {b}")

    def invert(self, a: str) -> str:
        """Return the mask that holds where ``a`` does not."""
        return self.mask("xor", a, EVERYWHERE)

    def spread(self, scalar: str) -> str:
        """Return the vector with a scalar in every lane."""
        first = self.let(f"insertelement {VECTOR} poison, double {scalar}, i64 0")
        return self.let(f"shufflevector {VECTOR} {first}, {VECTOR} poison, <{LANES} x i32> zeroinitializer")

    def somewhere(self, mask: str) -> str:
        """Return whether a mask holds in any lane, as a scalar condition."""
        bits = self.let(f"bitcast {MASK} {mask} to i{LANES}")
        return self.let(f"icmp ne i{LANES} {bits}, 0")

    # -- memory --------------------------------------------------------------------------------------------

    def slot(self, index: int | str, base: str = "%ws", offset: str = "0") -> str:
        """Return the address of a vector: number ``index + offset`` of the workspace."""
        place = str(index) if offset == "0" else self.let(f"add i64 {index}, {offset}")
        return self.let(f"getelementptr inbounds {VECTOR}, ptr {base}, i64 {place}")

    def load(self, index: int | str, offset: str = "0") -> str:
        """Return a vector of the workspace."""
        return self.let(f"load {VECTOR}, ptr {self.slot(index, offset=offset)}, align 64")

    def store(self, value: str, index: int | str, offset: str = "0") -> None:
        """Write a vector of the workspace."""
        self.do(f"store {VECTOR} {value}, ptr {self.slot(index, offset=offset)}, align 64")

    def element(self, base: str, index: str, kind: str = "double") -> str:
        """Return the address of a scalar in an array."""
        return self.let(f"getelementptr inbounds {kind}, ptr {base}, i64 {index}")

    def read(self, base: str, index: str, kind: str = "double") -> str:
        """Return a scalar of an array."""
        return self.let(f"load {kind}, ptr {self.element(base, index, kind)}")

    def write(self, value: str, base: str, index: str, kind: str = "double") -> None:
        """Write a scalar of an array."""
        self.do(f"store {kind} {value}, ptr {self.element(base, index, kind)}")

    def lane(self, slot: int | str, lane: str, offset: str = "0") -> str:
        """Return the address of one lane of a vector of the workspace."""
        return self.element(self.slot(slot, offset=offset), lane)

    def peek(self, slot: int | str, lane: str, offset: str = "0") -> str:
        """Return one lane of a vector of the workspace."""
        return self.let(f"load double, ptr {self.lane(slot, lane, offset)}")

    def poke(self, value: str, slot: int | str, lane: str, offset: str = "0") -> None:
        """Write one lane of a vector of the workspace."""
        self.do(f"store double {value}, ptr {self.lane(slot, lane, offset)}")

    # -- control flow --------------------------------------------------------------------------------------

    @contextmanager
    def loop(self, start: str, stop: str, step: int = 1) -> Iterator[str]:
        """Run the body for start, start + step, ... below stop; at least once."""
        number_ = self._fresh()
        head, latch, after = f"head{number_}", f"latch{number_}", f"after{number_}"
        index, following = f"%i{number_}", f"%next{number_}"
        self.do(f"br label %{head}")
        before = self._block
        self._label(head)
        self.do(f"{index} = phi i64 [ {start}, %{before} ], [ {following}, %{latch} ]")
        yield index
        self.do(f"br label %{latch}")
        self._label(latch)
        self.do(f"{following} = add i64 {index}, {step}")
        again = self.let(f"icmp slt i64 {following}, {stop}")
        self.do(f"br i1 {again}, label %{head}, label %{after}")
        self._label(after)

    @contextmanager
    def span(self, start: str, stop: str) -> Iterator[str]:
        """Run the body for start, start + 1, ... below stop; perhaps never."""
        with self.when(self.let(f"icmp slt i64 {start}, {stop}")), self.loop(start, stop) as index:
            yield index

    @contextmanager
    def lanes(self, mask: str) -> Iterator[str]:
        """Run the body for every lane in which a mask holds."""
        with (
            self.loop("0", str(LANES)) as lane,
            self.when(self.let(f"extractelement {MASK} {mask}, i64 {lane}")),
        ):
            yield lane

    @contextmanager
    def forever(self) -> Iterator[str]:
        """Repeat the body; it leaves by branching to the yielded label."""
        number_ = self._fresh()
        head, after = f"head{number_}", f"after{number_}"
        self.do(f"br label %{head}")
        self._label(head)
        yield after
        self.do(f"br label %{head}")
        self._label(after)

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Run the body if a scalar condition holds."""
        number_ = self._fresh()
        then, after = f"then{number_}", f"after{number_}"
        self.do(f"br i1 {condition}, label %{then}, label %{after}")
        self._label(then)
        yield
        self.do(f"br label %{after}")
        self._label(after)

    def leave_if(self, condition: str, target: str) -> None:
        """Branch to a label if a scalar condition holds, go on otherwise."""
        rest = f"rest{self._fresh()}"
        self.do(f"br i1 {condition}, label %{target}, label %{rest}")
        self._label(rest)

    def function(self, signature: str, internal: bool = True) -> str:
        """Return the text of the function ``void signature`` with this body."""
        kind = "internal " if internal else ""
        body = "\n".join(self.lines)
        return f"define {kind}void {signature} #0 {{\nentry:\n{body}\n  ret void\n}}\n"
