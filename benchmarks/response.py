"""Time of RECIST 1.1, iRECIST and best responses for a large cohort on one core.

Run: ``python benchmarks/response.py [patients] [visits] [lesions]`` (default 20000 15 5).
"""

import resource
import sys
import time

import numpy as np

from unmask.response import best_response, irecist, recist


def main(patients: int = 20_000, visits: int = 15, lesions: int = 5) -> None:
    rng = np.random.default_rng(1)
    baseline = rng.integers(100, 800, (patients, lesions))
    course = np.exp(np.cumsum(rng.normal(0, 0.2, (visits, patients, 1)), axis=0))
    target = (baseline * course * np.exp(rng.normal(0, 0.05, (visits, patients, lesions)))).astype(np.int32)
    new = np.maximum.accumulate(rng.random((visits, patients)) < 0.05, axis=0).astype(np.int64)

    begin = time.perf_counter()
    state, immune = recist.start(baseline), irecist.start(patients)
    overall, response = [], []
    for visit in range(visits):
        state, verdict = recist.step(state, target[visit], new_lesion=new[visit] > 0)
        immune, immune_verdict = irecist.step(immune, 42 * (visit + 1), verdict, new_lesion_count=new[visit])
        overall.append(verdict.overall)
        response.append(immune_verdict.response)
    stepped = time.perf_counter()
    days = 42 * np.arange(1, visits + 1)
    best_response.confirmed(np.stack(overall, axis=1), days)
    codes = np.stack(response, axis=1)
    best_response.ibor(codes, days)
    best_response.ipfs_day(codes, days)
    best_response.pseudoprogression(codes, days)
    end = time.perf_counter()

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{patients:,} patients x {visits} visits x {lesions} lesions")
    print(f"RECIST 1.1 and iRECIST, visit by visit: {stepped - begin:.3f} s")
    print(f"best responses, iPFS, pseudoprogression: {end - stepped:.3f} s")
    print(f"peak memory of the process, measurements included: {peak:.0f} MB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
