"""How long the JavaScript module of the core model takes in Node: file, first call, after warm-up.

A patient is the core model's over two years, atezolizumab every three weeks, the size of the tumour read at each dose
(36 outputs); 100 patients differ in 14 parameters. Times are medians after warm-up.

    python benchmarks/javascript.py [--rtol 1e-4] [--lesions N] [--module FILE.mjs]

With --module the module is kept, for example to look into it: node --cpu-prof script-that-imports-it.mjs.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from engine_core import SPREAD
from unmask.engine import compile_model
from unmask.engine.targets.javascript import javascript_module
from unmask.model.catalogue import load

DAYS, EVERY, COUNT = 730, 21, 100

SCRIPT = """
import { readFileSync } from "node:fs";
const { module, patients, options, rounds } = JSON.parse(readFileSync(0, "utf8"));
const times = {};
const timed = (name, work) => { const start = performance.now(); const result = work(); times[name] = performance.now() - start; return result; };
const begin = performance.now();
const { simulate } = await import(module);
times.load = performance.now() - begin;
const first = timed("first", () => simulate(options));
timed("second", () => simulate(options));
timed("cohort_first", () => patients.forEach((parameters) => simulate({ ...options, parameters })));
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const again = (count, work) => median(Array.from({ length: count }, () => { const start = performance.now(); work(); return performance.now() - start; }));
times.one = again(10 * rounds, () => simulate(options));
let steps = 0, failed = 0;
times.cohort = again(rounds, () => {
  steps = failed = 0;
  for (const parameters of patients) {
    const result = simulate({ ...options, parameters });
    steps += result.steps;
    failed += result.status === "OK" ? 0 : 1;
  }
});
console.log(JSON.stringify({ times, steps, failed, stepsOfOne: first.steps }));
"""  # noqa: E501


def course(model, rtol: float) -> tuple[dict, list[dict]]:
    """Options of the typical patient, and the parameters of the others."""
    lesions = any(name.startswith("lesion1__") for name in model.parameter_names)
    random = np.random.default_rng(1)
    defaults = {item.name: float(item.value) for item in model.parameters}
    patients = []
    for _ in range(COUNT):
        own = {"anti_pdl1_started": 1.0}
        for name, sigma in SPREAD.items():
            factor = float(random.lognormal(0.0, sigma))
            names = [key for key in defaults if key == name or (lesions and key.endswith(f"__{name}"))]
            own |= {key: defaults[key] * factor for key in names}
        patients.append(own)
    doses = {
        "species": "anti_pdl1_central",
        "amount": 1200.0,
        "divideBy": "anti_pdl1_central_volume",
        "times": list(range(0, DAYS, EVERY)),
    }
    options = {
        "parameters": {"anti_pdl1_started": 1.0},
        "doses": [doses],
        "until": DAYS,
        "outputEvery": EVERY,
        "observables": ["sld"],
        "rtol": rtol,
    }
    return options, patients


def in_python(model, options: dict, patients: list[dict]) -> float:
    """Milliseconds of the Python engine for the same patients, one thread."""
    compiled = compile_model(model)
    p = compiled.default_parameters(len(patients))
    for row, own in zip(p, patients, strict=True):
        for name, value in own.items():
            row[compiled.parameter_index[name]] = value
    stops = [*range(0, DAYS, EVERY), DAYS]
    column = compiled.state_index["anti_pdl1_central"]
    volume = p[:, compiled.parameter_index["anti_pdl1_central_volume"]]
    best = float("inf")
    for _ in range(5):
        y, step = compiled.initial_states(len(patients)), None
        start = time.perf_counter()
        for begin, end in pairwise(stops):
            y[:, column] += 1200.0 / volume
            done = compiled.integrate(y, p, begin, end, rtol=options["rtol"], step_size=step)
            y, step = done.states, 0.2 * done.step_size
            compiled.observe(y, p)
        best = min(best, time.perf_counter() - start)
    return 1e3 * best


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rtol", type=float, default=1e-4)
    options.add_argument("--lesions", type=int, default=None)
    options.add_argument("--module", type=Path, default=None, help="keep the module there")
    options.add_argument("--rounds", type=int, default=20)
    chosen = options.parse_args()

    model = load("core", lesions=chosen.lesions)
    start = time.perf_counter()
    made = javascript_module(model)
    seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.module or Path(folder) / "core.mjs"
        path.write_text(made.code, encoding="utf-8")
        what, patients = course(model, chosen.rtol)
        question = {
            "module": path.resolve().as_uri(),
            "patients": patients,
            "options": what,
            "rounds": chosen.rounds,
        }
        done = subprocess.run(
            ["node", "--input-type=module", "-e", SCRIPT],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            check=True,
        )
    found = json.loads(done.stdout)
    times = found["times"]
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    size = len(made.code.encode())
    rows = [
        (f"states, parameters of {model.name}", f"{len(model.species)}, {len(model.parameters)}"),
        ("made by Python", f"{1e3 * seconds:.0f} ms"),
        ("file, gzip", f"{size / 1e3:.0f} kB, {len(gzip.compress(made.code.encode())) / 1e3:.0f} kB"),
        (f"Node {node}: import", f"{times['load']:.1f} ms"),
        ("first patient, second", f"{times['first']:.1f} ms, {times['second']:.1f} ms"),
        (f"next {COUNT} patients, V8 still at work", f"{times['cohort_first']:.0f} ms"),
        ("one patient after warm-up", f"{times['one']:.2f} ms ({found['stepsOfOne']} steps)"),
        (f"{COUNT} patients after warm-up", f"{times['cohort']:.0f} ms ({found['steps']} steps)"),
        ("a step", f"{1e3 * times['cohort'] / found['steps']:.2f} us"),
        ("failed", str(found["failed"])),
        (f"the Python engine, {COUNT} patients, one thread", f"{in_python(model, what, patients):.0f} ms"),
    ]
    print(f"rtol {chosen.rtol:g}")
    for label, value in rows:
        print(f"{label:<48}{value}")


if __name__ == "__main__":
    main()
