"""How safety asks for chance: by the name of a process and a visit, one number per patient of the arm."""

from __future__ import annotations

from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Draw(Protocol):
    """A source of random numbers, shape ``(N,)``.

    The same process and visit give the same numbers again, and the number of a patient depends on no other patient.
    """

    def __call__(self, process: str, visit: int = 0) -> NDArray[np.float64]:
        """Return one number per patient of the arm."""
        ...


def remembered(draw: Draw) -> Draw:
    """Return the same source, which draws the numbers of a process and visit once."""

    @cache
    def once(process: str, visit: int) -> NDArray[np.float64]:
        return draw(process, visit)

    def drawn(process: str, visit: int = 0) -> NDArray[np.float64]:
        return once(process, visit)

    return drawn
