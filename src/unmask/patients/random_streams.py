"""Counter-based random numbers: a draw depends on nothing but seed, process, visit and patient.

Every random process of a virtual trial has a name ("death", "scan error", ...). The stream of a process at a
visit is a Philox generator keyed by a hash of (seed, process, visit), and patient *i* always takes the *i*-th
number of it. Chunking, workers, resuming and the number of other patients therefore change nothing, and two
arms that ask for the same process and visit share the noise of the same patient.

References
----------
Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (Philox).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

_WORDS_PER_BLOCK = 4  # one Philox counter step yields four 64-bit words


@dataclass(frozen=True)
class RandomStreams:
    """All random numbers of one trial, by process, visit and patient.

    Parameters
    ----------
    seed
        Non-negative integer of the trial.
    """

    seed: int

    def uniform(self, process: str, patients: NDArray[np.int64], visit: int = 0) -> NDArray[np.float64]:
        """Return one number in the open interval (0, 1) per patient, shape ``(len(patients),)``.

        ``patients`` are patient numbers (0, 1, 2, ...) in any order, with repetition allowed.
        """
        if patients.size == 0:
            return np.empty(0)
        first = int(patients.min()) // _WORDS_PER_BLOCK
        count = int(patients.max()) + 1 - first * _WORDS_PER_BLOCK
        digest = hashlib.blake2b(f"{self.seed}|{process}|{visit}".encode(), digest_size=16).digest()
        bits = np.random.Philox(key=np.frombuffer(digest, dtype=np.uint64))
        bits.advance(first)
        words = bits.random_raw(count)[patients - first * _WORDS_PER_BLOCK]
        # 52 random bits, centred in their cell: neither 0 nor 1 can occur, so logarithms and quantiles are finite.
        # With 53 bits the centre of the last cell is no double and rounds to 1.
        return ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52

    def normal(self, process: str, patients: NDArray[np.int64], visit: int = 0) -> NDArray[np.float64]:
        """Return one standard normal number per patient, by inversion (one uniform number each)."""
        return np.asarray(ndtri(self.uniform(process, patients, visit)))

    def exponential(self, process: str, patients: NDArray[np.int64], visit: int = 0) -> NDArray[np.float64]:
        """Return one unit exponential number per patient, by inversion."""
        return -np.log(self.uniform(process, patients, visit))
