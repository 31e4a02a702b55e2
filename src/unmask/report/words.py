"""The words of a page: templates of ``messages/<language>/report.toml``, and numbers written for a reader."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unmask.messages import catalogue

EN_DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
THIN = "\N{NARROW NO-BREAK SPACE}"
ABSENT = "\N{EM DASH}"


@dataclass(frozen=True)
class Words:
    """Text of one language and area of the catalogue, asked for by dotted key."""

    language: str = "en"
    area: str = "report"

    def get(self, key: str) -> Any:
        """Return an entry (text or table) of the catalogue; ``KeyError`` when there is none."""
        node: Any = catalogue(self.area, self.language) or catalogue(self.area, "en")
        for part in key.split("."):
            node = node[part]
        return node

    def __call__(self, key: str, **values: object) -> str:
        """Return a filled template."""
        # A percent sign never starts a line.
        return str(self.get(key)).format(**values).replace(" %", f"{NO_BREAK}%")

    def join(self, parts: Sequence[str]) -> str:
        """Write a list as words: 'a', 'a and b', 'a, b and c'."""
        if len(parts) < 2:
            return "".join(parts)
        return f"{', '.join(parts[:-1])} {self.get('text.and')} {parts[-1]}"


def finite(value: object) -> float | None:
    """Return a number, or None for anything that is not a finite number (missing, NaN, text, not reached)."""
    if value is None or isinstance(value, str | bool | Mapping):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def fixed(value: object, digits: int = 1) -> str:
    """Write a number with a fixed number of decimals, commas between thousands and a real minus sign."""
    number = finite(value)
    return ABSENT if number is None else f"{number:,.{digits}f}".replace("-", MINUS)


def share(value: object, digits: int = 1) -> str:
    """Write a fraction as a percentage."""
    number = finite(value)
    return ABSENT if number is None else f"{fixed(100 * number, digits)}{THIN}%"


def count(value: object) -> str:
    """Write a whole number."""
    return fixed(value, 0)


def p_value(value: object) -> str:
    """Write a p value: three decimals, or '< 0.001'."""
    number = finite(value)
    if number is None:
        return ABSENT
    return f"<{THIN}0.001" if number < 0.001 else f"{number:.3f}"


def out_of_hundred(value: object, few: str = "fewer than 1") -> str:
    """Write a fraction as a natural frequency out of 100; small non-zero ones as ``few``."""
    number = finite(value)
    if number is None:
        return ABSENT
    return few if 0 < number < 0.005 else f"{100 * number:.0f}"


def interval(ci: object) -> tuple[float | None, float | None] | None:
    """Return both limits of a confidence interval, each None where it is open, or None without one."""
    if isinstance(ci, str | Mapping) or not isinstance(ci, Sequence) or len(ci) != 2:
        return None
    low, high = finite(ci[0]), finite(ci[1])
    return None if low is None and high is None else (low, high)
