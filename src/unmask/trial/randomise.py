"""Allocation of patients to arms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.patients.random_streams import RandomStreams


def permuted_blocks(streams: RandomStreams, first: int, count: int, arms: int) -> NDArray[np.int64]:
    """Return the arm number of patients ``first`` to ``first + count - 1`` in order of enrolment.

    Each block of ``arms`` patients holds every arm once, in an order drawn anew for each block. Nobody can guess
    the next arm of a virtual trial, so blocks need not be longer, and N patients per arm are exactly N in each.
    A patient's arm depends on the seed and the place in the order alone.
    """
    start = first // arms * arms
    blocks = -(-(first + count - start) // arms)
    places = np.arange(start, start + blocks * arms)
    arm = np.argsort(streams.uniform("allocation", places).reshape(blocks, arms), axis=1, kind="stable")
    return arm.reshape(-1)[first - start : first - start + count]
