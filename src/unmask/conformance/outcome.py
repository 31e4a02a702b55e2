"""What came of comparing Unmask with expected values that somebody else set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """A record on which the two sides disagree."""

    record: str
    expected: str
    found: str
    why: str = ""
    """Which side is wrong and why, where that is known."""


@dataclass(frozen=True)
class Outcome:
    """One comparison: how many records agree, and every one that does not."""

    name: str
    source: str
    agreed: int
    total: int
    differences: tuple[Difference, ...] = ()
    note: str = ""
