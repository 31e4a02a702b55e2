"""Rounding to 100 people loses nobody and moves no group by a whole person."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from unmask.report import style
from unmask.report.response_panels import hundred


@given(st.lists(st.integers(0, 10_000), min_size=5, max_size=5).filter(any))
def test_a_hundred_people_are_a_hundred(counts: list[int]) -> None:
    total = sum(counts)
    shares = {code: n / total for code, n in zip(style.CATEGORIES, counts, strict=True)}
    whole = hundred(shares)
    assert sum(whole.values()) == 100
    assert all(abs(whole[code] - 100 * share) < 1 for code, share in shares.items())
