"""Random large models for the engine: how long they take to compile, to load, and for a step.

python benchmarks/engine_large.py [--kinds network150,coupled200,coupled400] [--peers]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import sympy as sp

from unmask.engine import compile_model
from unmask.model.system import Model, Parameter, Species


def network(species: int, reactions: int, seed: int = 1) -> Model:
    """Return a sparse reaction network: mass action of one or two reactants, a third of it Michaelis-Menten."""
    random = np.random.default_rng(seed)
    x = sp.symbols(f"x0:{species}")
    rates: list[sp.Expr] = [sp.S.Zero] * species
    parameters = []

    def parameter(name: str, value: float) -> sp.Symbol:
        parameters.append(Parameter(name, value, "1", "", 0.0, 1e9, "made up", "assumed"))
        return sp.Symbol(name)

    for index in range(reactions):
        first, second, product = (int(i) for i in random.choice(species, 3, replace=False))
        flow = parameter(f"k{index}", random.lognormal(0.0, 2.0)) * x[first]
        if index % 3 == 0:
            flow /= parameter(f"m{index}", random.lognormal(0.0, 1.0)) + x[first]
        elif index % 3 == 1:
            flow *= x[second]
            rates[second] -= flow
        rates[first] -= flow
        rates[product] += flow
    names = tuple(Species(symbol.name, "1", "", random.lognormal(0.0, 1.0)) for symbol in x)
    return Model(f"network {species}/{reactions}/{seed}", names, tuple(parameters), (), tuple(rates))


def coupled(species: int, seed: int = 1) -> Model:
    """Return states of which each is driven by three others, so that the factors fill up."""
    random = np.random.default_rng(seed)
    x = sp.symbols(f"x0:{species}")
    rates = []
    for index in range(species):
        others = [x[int(i)] for i in random.choice(species, 3, replace=False)]
        drive = sum((round(float(random.uniform(0.1, 1.0)), 3) * other for other in others), sp.S.Zero)
        rates.append(drive / (1 + others[0]) - x[index])
    names = tuple(Species(symbol.name, "1", "", 1.0) for symbol in x)
    return Model(f"coupled {species}/{seed}", names, (), (), tuple(rates))


def model(kind: str) -> Model:
    """Return the model of a name like ``network150`` or ``coupled200``."""
    size = int("".join(letter for letter in kind if letter.isdigit()))
    return network(size, round(size * 230 / 150)) if kind.startswith("network") else coupled(size)


def measure(kind: str) -> None:
    """Print how long one model takes in this process, with the cache folder as it is."""
    built = model(kind)
    start = time.perf_counter()
    compiled = compile_model(built)
    ready = time.perf_counter() - start
    states, p = compiled.initial_states(64), compiled.default_parameters(64)
    start = time.perf_counter()
    done = compiled.integrate(states, p, 0.0, 10.0)
    seconds = time.perf_counter() - start
    a_step = seconds / done.steps.sum() * 8 * 1e6
    print(
        f"{kind:<14}{ready:>10.2f} s to be ready{a_step:>10.2f} us a step of eight{done.failed.sum():>4d} failed",
        flush=True,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument(
        "--kinds", default="network50,network150,network400,coupled100,coupled200,coupled400"
    )
    options.add_argument("--one", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        measure(chosen.one)
        return
    with tempfile.TemporaryDirectory() as folder:
        for kind in chosen.kinds.split(","):
            for _ in range(2):  # compiled, then from the cache, each in a process of its own
                command = [sys.executable, __file__, "--one", kind]
                subprocess.run(command, env=os.environ | {"UNMASK_CACHE_DIR": folder}, check=True)


if __name__ == "__main__":
    main()
