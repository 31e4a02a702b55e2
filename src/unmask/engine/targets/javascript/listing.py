"""Straight-line JavaScript: statements in order, cut into functions that V8 is willing to optimise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Operations in one function. V8 leaves functions of more than 60 kB of bytecode (about 5,000 operations) to its
# interpreter for good: five lesions in one function took 40 ms instead of 2.3 ms (docs/javascript.md).
LONGEST = 1000


@dataclass(frozen=True)
class Text:
    """A JavaScript expression.

    Attributes
    ----------
    code
        What is printed.
    names
        The local names in it.
    operations
        How many operations it holds; none for names, numbers and bare loads.
    condition
        Whether it is true or false rather than a number.
    """

    code: str
    names: tuple[str, ...] = ()
    operations: int = 0
    condition: bool = False

    @property
    def operand(self) -> str:
        """The expression as it may stand beside an operator."""
        return f"({self.code})" if self.operations else self.code


@dataclass
class Listing:
    """The statements of one function, in single assignment: every name is given a value once."""

    statements: list[tuple[str, Text]] = field(default_factory=list)  # (name or place, value)
    loads: dict[str, str] = field(
        default_factory=dict
    )  # name -> place, never written while the function runs
    conditions: set[str] = field(default_factory=set)

    def let(self, name: str, value: Text) -> Text:
        """Give a name to a value and return the name."""
        self.statements.append((name, value))
        if value.condition:
            self.conditions.add(name)
        return Text(name, (name,), 0, value.condition)

    def load(self, name: str, place: str) -> Text:
        """Give a name to what stands at a place throughout the function, and return the name."""
        self.loads[name] = place
        return Text(name, (name,))

    def store(self, value: Text, place: str) -> None:
        """Write a value to a place of the workspace."""
        self.statements.append((place, value))

    def functions(self, name: str, first_free: int) -> tuple[str, int]:
        """Return the code of a function ``name()``, and the places of the workspace it needs beyond its own.

        Statements beyond :data:`LONGEST` operations go to further functions; what they need of earlier ones is
        passed on in the workspace from ``first_free`` on.
        """
        parts = self._parts()
        if len(parts) == 1:
            return self._function(name, parts[0], {}), 0
        spilled = self._spilled(parts, first_free)
        names = [f"{name}{number}" for number in range(1, len(parts) + 1)]
        code = [self._function(own, part, spilled) for own, part in zip(names, parts, strict=True)]
        calls = "\n".join(f"  {own}();" for own in names)
        return "\n".join((*code, f"function {name}() {{\n{calls}\n}}")), len(spilled)

    def _parts(self) -> list[list[tuple[str, Text]]]:
        parts: list[list[tuple[str, Text]]] = [[]]
        length = 0
        for statement in self.statements:
            length += 1 + statement[1].operations
            if length > LONGEST:
                parts.append([])
                length = 1 + statement[1].operations
            parts[-1].append(statement)
        return parts

    def _spilled(self, parts: list[list[tuple[str, Text]]], first_free: int) -> dict[str, str]:
        """Return name -> place of every value that a later part needs."""
        home = {target: number for number, part in enumerate(parts) for target, _ in part}
        found: dict[str, str] = {}
        for number, part in enumerate(parts):
            for _, value in part:
                for name in value.names:
                    if home.get(name, number) != number and name not in found:
                        found[name] = f"w[{first_free + len(found)}]"
        return found

    def _function(self, name: str, part: list[tuple[str, Text]], spilled: Mapping[str, str]) -> str:
        lines = [f"function {name}() {{", "  const w = WORK;"]
        known: set[str] = set()
        for target, value in part:
            for needed in value.names:
                if needed not in known:
                    known.add(needed)
                    lines.append(f"  const {needed} = {self._passed_on(needed, spilled)};")
            if target.startswith("w["):
                lines.append(f"  {target} = {value.code};")
                continue
            known.add(target)
            lines.append(f"  const {target} = {value.code};")
            if target in spilled:
                number = f"{target} ? 1 : 0" if value.condition else target
                lines.append(f"  {spilled[target]} = {number};")
        return "\n".join((*lines, "}"))

    def _passed_on(self, name: str, spilled: Mapping[str, str]) -> str:
        if name in self.loads:
            return self.loads[name]
        return f"{spilled[name]} !== 0" if name in self.conditions else spilled[name]
