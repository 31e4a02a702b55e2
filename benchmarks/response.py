"""Time of RECIST 1.1, iRECIST, best responses and endpoints for a large cohort on one core.

Run: ``python benchmarks/response.py [patients] [visits] [lesions]`` (default 100000 12 5).
The measurements are made first and not counted; every other step is.
"""

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from unmask.response import Measurements, judge, outcomes
from unmask.response.rules import Rules
from unmask.survival.endpoints import ENDPOINTS, VARIANTS, derive, possible
from unmask.survival.key_days import Followed, key_days


def cohort(patients: int, visits: int, lesions: int) -> tuple[Measurements, dict[str, Any]]:
    """Return courses that shrink, regrow, lose scans and get new lesions, with deaths and later therapies."""
    rng = np.random.default_rng(1)
    baseline = rng.integers(100, 800, (patients, lesions)).astype(np.int16)
    course = np.exp(np.cumsum(rng.normal(0, 0.2, (patients, visits, 1)), axis=1))
    target = baseline[:, None] * course * np.exp(rng.normal(0, 0.05, (patients, visits, lesions)))
    measured = np.where(rng.random(target.shape) < 0.01, -1, np.minimum(target, 5000)).astype(np.int16)
    new = np.maximum.accumulate(rng.random((patients, visits)) < 0.05, axis=1).astype(np.int16)
    day = 42.0 * np.arange(1, visits + 1)
    dropped = np.arange(visits) >= rng.integers(1, 2 * visits, (patients, 1))
    measurements = Measurements.of(
        baseline,
        measured,
        np.where(dropped, np.nan, day),
        non_target_present=rng.random(patients) < 0.5,
        new_count=new,
    )
    death = rng.exponential(500, patients)
    therapy = np.where(rng.random(patients) < 0.3, rng.exponential(400, patients), np.nan)
    return measurements, {"death": death, "censor": np.full(patients, 700.0), "new_therapy": therapy}


def main(patients: int = 100_000, visits: int = 12, lesions: int = 5) -> None:
    rules = Rules.preset("seymour2017")
    measurements, known = cohort(patients, visits, lesions)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = 0.0

    def timed(name: str, work: Callable[[], Any]) -> Any:
        nonlocal total
        begin = time.process_time()
        result = work()
        seconds = time.process_time() - begin
        total += seconds
        print(f"{name:<62}{seconds:6.2f} s")
        return result

    print(f"{patients:,} patients x {visits} visits x {lesions} lesions, processor time of one process")
    verdicts = timed("RECIST 1.1 and iRECIST of every visit", lambda: judge(measurements, rules))
    found = timed("best responses, progression, pseudoprogression, differences", lambda: outcomes(verdicts))
    people = Followed.of(verdicts, found, **known)

    def endpoints(items: Any) -> None:
        days: dict[Rules, Any] = {}
        for endpoint in items:
            own = endpoint.rules_from(rules)
            if own not in days:
                days[own] = key_days(people, own, 42.0 * np.arange(1, visits + 1))
            if possible(endpoint, days[own]):
                derive(endpoint, days[own])

    timed(f"endpoints: {', '.join(ENDPOINTS)}", lambda: endpoints(ENDPOINTS.values()))
    print(f"{'together':<62}{total:6.2f} s")
    timed(f"{len(VARIANTS)} sensitivity variants", lambda: endpoints(VARIANTS.values()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the process {peak:.0f} MB; {before:.0f} MB with the measurements alone")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
