"""Compiled models on disk: found again, never stale, and never in the way."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from unmask.engine.tableaus import METHODS
from unmask.engine.targets.cpu import machine
from unmask.model.system import Model, Species

PROGRAM = """
import time
import numpy as np, sympy as sp
from unmask.model.system import Model, Species
x = sp.Symbol("x")
model = Model("cached", (Species("x", "1", "", 1.0),), (), (), (-x,), ("x",))
start = time.perf_counter()
from unmask.engine import compile_model
compiled = compile_model(model)
ready = time.perf_counter() - start
print(ready, compiled.integrate([[1.0]], np.empty((1, 0)), 0, 1, rtol=1e-9).states[0, 0])
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def compilations(monkeypatch):
    """Number of times LLVM compiled, one element each."""
    done: list[str] = []
    original = machine._compile

    def counted(model, tableau):
        done.append(model.name)
        return original(model, tableau)

    monkeypatch.setattr(machine, "_compile", counted)
    return done


def decay(rate: float = 1.0) -> Model:
    return Model("decay", (Species("x", "1", "", 1.0),), (), (), (-rate * sp.Symbol("x"),), ("x",))


def check(kernels: machine.Kernels, rate: float = 1.0) -> None:
    from unmask.engine.compiled import CompiledModel

    compiled = CompiledModel(decay(rate), "rodas4", kernels)
    result = compiled.integrate([[1.0]], np.empty((1, 0)), 0.0, 1.0, rtol=1e-9)
    assert_allclose(result.states, np.exp(-rate), rtol=1e-7)


def test_a_second_start_compiles_nothing(folder, compilations):
    check(machine.kernels(decay(), METHODS["rodas4"]))
    check(machine.kernels(decay(), METHODS["rodas4"]))
    assert len(compilations) == 1
    assert len(list(folder.iterdir())) == 1
    check(machine.kernels(decay(2.0), METHODS["rodas4"]), 2.0)
    machine.kernels(decay(), METHODS["rodas5p"])
    assert len(compilations) == 3


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "not an object"])
def test_a_damaged_file_is_compiled_again(folder, compilations, damage, caplog):
    check(machine.kernels(decay(), METHODS["rodas4"]))
    (path,) = folder.iterdir()
    data = path.read_bytes()
    harm = {
        "empty": b"",
        "cut": data[: len(data) // 2],
        "flipped": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "not an object": b"nothing of the kind" * 100,
    }
    path.write_bytes(harm[damage])
    with caplog.at_level(logging.WARNING):
        check(machine.kernels(decay(), METHODS["rodas4"]))
    assert len(compilations) == 2
    assert "compiling it again" in caplog.text
    assert path.read_bytes()[: len(data) // 2] == data[: len(data) // 2]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, monkeypatch, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("UNMASK_CACHE_DIR", str(blocked / "cache"))
    with caplog.at_level(logging.WARNING):
        check(machine.kernels(decay(), METHODS["rodas4"]))
    assert "could not be kept" in caplog.text


def test_two_threads_may_compile_the_same_model(folder):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: machine.kernels(decay(3.0), METHODS["rodas4"]), range(4)))
    for kernels in found:
        check(kernels, 3.0)


def test_two_processes_may_compile_at_once_and_a_third_starts_fast(folder):
    environment = os.environ | {"UNMASK_CACHE_DIR": str(folder)}
    command = [sys.executable, "-c", PROGRAM]
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for process in running:
        assert_allclose(float(process.communicate(timeout=60)[0].split()[1]), np.exp(-1.0), rtol=1e-7)
        assert process.returncode == 0
    assert [path.suffix for path in folder.iterdir()] == [".o"]
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert time.perf_counter() - start < 30.0
    ready, value = map(float, done.stdout.split())
    assert ready < 5.0  # well under a second on an idle machine; the test must hold on a busy one
    assert_allclose(value, np.exp(-1.0), rtol=1e-7)
