"""Chunks of patients shared out between threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def in_threads(run: Callable[[int], None], starts: range, threads: int) -> None:
    """Call ``run`` for every start, with up to ``threads`` at a time; an error ends what has not begun."""
    if threads == 1 or len(starts) < 2:
        for first in starts:
            run(first)
        return
    pool = ThreadPoolExecutor(min(threads, len(starts)))
    try:
        for done in [pool.submit(run, first) for first in starts]:
            done.result()
    finally:
        # After an error or Ctrl-C only what is running now is waited for, as it writes into our arrays.
        pool.shutdown(wait=True, cancel_futures=True)
