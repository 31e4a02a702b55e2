"""Allocation of patients to arms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.patients.random_streams import RandomStreams

PER_ARM_IN_BLOCK = 2


def permuted_blocks(streams: RandomStreams, first: int, count: int, arms: int) -> NDArray[np.int64]:
    """Return the arm number of patients ``first`` to ``first + count - 1`` in order of enrolment.

    Blocks of ``2 * arms`` patients hold each arm twice, in an order drawn anew for each block, so the arms are
    balanced after every block. A patient's arm depends on the seed and the place in the order alone.
    """
    size = PER_ARM_IN_BLOCK * arms
    start = first // size * size
    blocks = -(-(first + count - start) // size)
    places = np.arange(start, start + blocks * size)
    order = np.argsort(streams.uniform("allocation", places).reshape(blocks, size), axis=1, kind="stable")
    arm = np.empty((blocks, size), dtype=np.int64)
    np.put_along_axis(arm, order, np.tile(np.arange(size) % arms, (blocks, 1)), axis=1)
    return arm.reshape(-1)[first - start : first - start + count]
