"""Random numbers against Philox written a second time, and against the distributions they claim."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from scipy import stats

from unmask.patients.random_streams import RandomStreams

WORD = 2**64 - 1
STORED_UNIFORM = [0.3522993499644621, 0.15358206914903272, 0.11902146341272857]
STORED_NORMAL = [0.37665877227199757, 0.5321406795545359, 1.3131639614181005]


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox4x64-10 as Salmon et al. 2011 print it (section 4.3), integers all the way."""
    c, k = list(counter), list(key)
    for _ in range(10):
        high0, low0 = divmod(0xD2E7470EE14C6C93 * c[0], 2**64)
        high1, low1 = divmod(0xCA5A826395121157 * c[2], 2**64)
        c = [high1 ^ c[1] ^ k[0], low1, high0 ^ c[3] ^ k[1], low0]
        k = [(k[0] + 0x9E3779B97F4A7C15) & WORD, (k[1] + 0xBB67AE8584CAA73B) & WORD]
    return c


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [  # kat_vectors of the Random123 distribution
        (
            [0, 0, 0, 0],
            [0, 0],
            [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B],
        ),
        (
            [WORD] * 4,
            [WORD] * 2,
            [0x87B092C3013FE90B, 0x438C3C67BE8D0224, 0x9CC7D7C69CD777B6, 0xA09CAEBF594F0BA0],
        ),
    ],
)
def test_the_second_philox_is_philox(counter: list[int], key: list[int], expected: list[int]) -> None:
    assert philox(counter, key) == expected


@pytest.mark.parametrize("patient", [0, 1, 3, 4, 5, 1023, 10**6])
def test_patient_i_takes_the_ith_word_of_its_stream(patient: int) -> None:
    digest = hashlib.blake2b(b"7|scan error|3", digest_size=16).digest()
    key = [int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")]
    block, place = divmod(patient, 4)
    word = philox([block + 1, 0, 0, 0], key)[place]  # NumPy counts before it draws
    expected = ((word >> 12) + 0.5) / 2**52
    assert RandomStreams(7).uniform("scan error", np.array([patient]), visit=3)[0] == expected


def test_stored_numbers_stay_the_same() -> None:
    streams, patients = RandomStreams(1), np.arange(3)
    assert streams.uniform("death", patients).tolist() == STORED_UNIFORM
    assert streams.normal("frailty", patients).tolist() == pytest.approx(STORED_NORMAL, rel=1e-12)


def test_kinds_are_inversions_of_one_uniform_number() -> None:
    streams, patients = RandomStreams(5), np.arange(1000)
    uniform = streams.uniform("a", patients, 2)
    np.testing.assert_allclose(stats.norm.cdf(streams.normal("a", patients, 2)), uniform, rtol=1e-12)
    np.testing.assert_allclose(np.exp(-streams.exponential("a", patients, 2)), uniform, rtol=1e-12)


def test_distributions_are_what_they_claim() -> None:
    streams, patients = RandomStreams(11), np.arange(100_000)
    assert stats.kstest(streams.uniform("u", patients), "uniform").pvalue > 1e-3
    assert stats.kstest(streams.normal("n", patients), "norm").pvalue > 1e-3
    assert stats.kstest(streams.exponential("e", patients), "expon").pvalue > 1e-3
    uniform = streams.uniform("u", patients)
    assert abs(np.corrcoef(uniform[:-1], uniform[1:])[0, 1]) < 4 / math.sqrt(uniform.size)


def test_streams_are_uncorrelated() -> None:
    patients = np.arange(100_000)
    first = RandomStreams(1).uniform("death", patients, 0)
    limit = 4 / math.sqrt(patients.size)
    for other in (
        RandomStreams(2).uniform("death", patients, 0),
        RandomStreams(1).uniform("death ", patients, 0),
        RandomStreams(1).uniform("death", patients, 1),
    ):
        assert abs(np.corrcoef(first, other)[0, 1]) < limit


def test_a_seed_and_a_visit_cannot_be_mistaken_for_each_other() -> None:
    patients = np.arange(4)
    keys = [(1, "a", 11), (11, "a", 1), (1, "a|1", 1), (1, "a", 1), (1, "a|1|1", 1)]
    draws = {tuple(RandomStreams(seed).uniform(name, patients, visit)) for seed, name, visit in keys}
    assert len(draws) == len(keys)
