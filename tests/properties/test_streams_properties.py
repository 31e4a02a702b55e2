"""A draw depends on seed, process, visit and patient, and on nothing else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask.patients.random_streams import RandomStreams

seeds = st.integers(0, 2**63 - 1)
names = st.text(max_size=20)
visits = st.integers(0, 200)
numbers = st.lists(st.integers(0, 3000), max_size=60)


@settings(max_examples=80, deadline=None)
@given(seeds, names, visits, numbers)
def test_order_subset_and_repetition_change_nothing(
    seed: int, name: str, visit: int, wanted: list[int]
) -> None:
    streams, patients = RandomStreams(seed), np.array(wanted, dtype=np.int64)
    everyone = streams.uniform(name, np.arange(3001), visit)
    assert np.array_equal(streams.uniform(name, patients, visit), everyone[patients])


@settings(max_examples=50, deadline=None)
@given(seeds, names, visits, st.lists(st.integers(1, 500), min_size=1, max_size=8))
def test_chunks_change_nothing(seed: int, name: str, visit: int, sizes: list[int]) -> None:
    streams = RandomStreams(seed)
    edges = np.cumsum([0, *sizes])
    chunks = [streams.normal(name, np.arange(a, b), visit) for a, b in itertools.pairwise(edges)]
    assert np.array_equal(np.concatenate(chunks), streams.normal(name, np.arange(edges[-1]), visit))


@settings(max_examples=50, deadline=None)
@given(seeds, names, visits, st.integers(0, 10**12))
def test_numbers_are_inside_the_open_interval(seed: int, name: str, visit: int, first: int) -> None:
    streams, patients = RandomStreams(seed), np.arange(first, first + 500)
    uniform = streams.uniform(name, patients, visit)
    assert uniform.min() > 0.0
    assert uniform.max() < 1.0
    assert np.isfinite(streams.normal(name, patients, visit)).all()
    assert (streams.exponential(name, patients, visit) > 0).all()


@pytest.mark.parametrize("word", [0, 1, 2**63, 2**64 - 2, 2**64 - 1])
def test_the_extreme_words_stay_inside(word: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class OneWord:
        def __init__(self, key: object) -> None:
            pass

        def advance(self, blocks: int) -> None:
            pass

        def random_raw(self, count: int) -> np.ndarray:
            return np.full(count, word, dtype=np.uint64)

    monkeypatch.setattr(np.random, "Philox", OneWord)
    streams, patients = RandomStreams(1), np.arange(3)
    uniform = streams.uniform("death", patients)
    assert (uniform > 0.0).all()
    assert (uniform < 1.0).all()
    assert np.isfinite(streams.normal("death", patients)).all()
    assert (streams.exponential("death", patients) > 0.0).all()


@settings(max_examples=60, deadline=None)
@given(st.tuples(seeds, names, visits), st.tuples(seeds, names, visits))
def test_different_keys_give_different_numbers(
    one: tuple[int, str, int], other: tuple[int, str, int]
) -> None:
    patients = np.arange(8)
    draws = [RandomStreams(seed).uniform(name, patients, visit) for seed, name, visit in (one, other)]
    assert np.array_equal(*draws) == (one == other)


def test_nobody_draws_nothing() -> None:
    assert RandomStreams(1).uniform("death", np.empty(0, dtype=np.int64)).shape == (0,)
