"""The engine beside libroadrunner and SciPy: patients per second and accuracy on one core, threads, compile times.

Three parts in one run: QSP-IO example 1 (where its data are at hand), the core model over a trial's schedule, and
what starting costs. ``engine_large.py`` compiles large models.

    python benchmarks/engine.py [--patients 100] [--large 2000] [--quick] [--only qspio,core,threads,start]
    python benchmarks/engine.py --sbml FILE.xml [--until 100]     # any model, beside libroadrunner
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import engine_core
import engine_qspio
import engine_sbml
import qspio_example
from unmask.engine import compile_model
from unmask.engine.tableaus import METHODS
from unmask.engine.targets.cpu.machine import kernels
from unmask.model.catalogue import load
from unmask.model.system import Model


def seconds_to_machine_code(model: Model) -> tuple[float, float]:
    """Return the seconds from a model to ready machine code: with an empty cache folder, and from the cache."""
    before = os.environ.get("UNMASK_CACHE_DIR")
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["UNMASK_CACHE_DIR"] = folder
        for _ in range(2):
            start = time.perf_counter()
            kernels(model, METHODS["rodas4"])
            seconds.append(time.perf_counter() - start)
    os.environ.pop("UNMASK_CACHE_DIR")
    if before is not None:
        os.environ["UNMASK_CACHE_DIR"] = before
    return seconds[0], seconds[1]


def start() -> None:
    """Print what compiling, loading and a new process cost."""
    models = [load("core")]
    if qspio_example.FOLDER.is_dir():
        models.append(qspio_example.build())
    print()
    for model in models:
        first, again = seconds_to_machine_code(model)
        size = f"{model.name}, {len(model.species)} states"
        print(f"{size}: to machine code {first:.2f} s, from the cache {again * 1e3:.1f} ms")
    script = "from unmask.engine import compile_model; from unmask.model.catalogue import load; "
    script += "compile_model(load('core'))"
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", script], check=True)
    print(f"a new process with the core model ready, from the cache: {time.perf_counter() - begin:.2f} s")


def threads(repeats: int = 5) -> None:
    """Print two threads against one, taking turns, on larger cohorts."""
    compiled = compile_model(load("core"))
    crowd = engine_core.patients(compiled, 2000)
    runs = {"core, 4,000 patients": lambda n: engine_core.by_intervals(compiled, crowd, 1e-4, n)}
    if qspio_example.FOLDER.is_dir():
        model = qspio_example.build()
        published = compile_model(model)
        many = qspio_example.patients(model).repeated(20)
        runs["QSP-IO, 2,000 patients"] = lambda n: engine_qspio.by_unmask(published, many, 1e-4, n)
    print()
    for label, run in runs.items():
        taken = np.array([[run(count).seconds for count in (1, 2)] for _ in range(repeats)]).min(axis=0)
        print(f"{label}: one thread {taken[0]:.3f} s, two {taken[1]:.3f} s, {taken[0] / taken[1]:.2f} times")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--patients", type=int, default=100, help="core patients per arm for every solver")
    options.add_argument(
        "--large", type=int, default=2000, help="core patients per arm for Unmask's throughput"
    )
    options.add_argument("--quick", action="store_true", help="one tolerance for each of the others")
    options.add_argument("--only", default="qspio,core,threads,start", help="parts to run")
    options.add_argument("--sbml", type=Path, help="an SBML file instead of the parts")
    options.add_argument("--until", type=float, default=100.0, help="end of the simulation of that file")
    chosen = options.parse_args()
    if chosen.sbml is not None:
        engine_sbml.table(chosen.sbml, chosen.until, chosen.patients)
        return
    parts = chosen.only.split(",")
    if "qspio" in parts:
        if qspio_example.FOLDER.is_dir():
            engine_qspio.table(chosen.quick)
        else:
            print(f"QSP-IO example 1 left out: no {qspio_example.FOLDER}")
    if "core" in parts:
        engine_core.tables(chosen.patients, chosen.large, chosen.quick)
    if "threads" in parts:
        threads()
    if "start" in parts:
        start()


if __name__ == "__main__":
    main()
