"""Time and memory of whole trials, as a user runs them: `python benchmarks/trial.py`.

Each row is one `unmask trial oak` in a process of its own, with statistics, report and all files; the first row
compiles the model, because it starts from an empty cache.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = (("first start, compiles the model", 100), ("", 1_000), ("", 10_000))


def timed(patients: int, cache: Path, out: Path) -> tuple[float, float]:
    """Run one trial; return wall-clock seconds and the largest memory of any child so far in MB."""
    command = [
        sys.executable,
        "-m",
        "unmask.cli",
        "trial",
        "oak",
        "--patients",
        str(patients),
        "--out",
        str(out),
    ]
    started = time.perf_counter()
    subprocess.run(
        [*command, "--force", "--json"],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "UNMASK_CACHE_DIR": str(cache)},
    )
    return time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    print(f"{'OAK, patients per arm':<24}{'seconds':>9}{'MB':>8}  note")
    with tempfile.TemporaryDirectory() as folder:
        for note, patients in RUNS:
            seconds, memory = timed(patients, Path(folder) / "cache", Path(folder) / "out")
            print(f"2 x {patients:<20,}{seconds:>9.1f}{memory:>8.0f}  {note}", flush=True)


if __name__ == "__main__":
    main()
