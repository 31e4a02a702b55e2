"""Other processors than this one: what cannot run here is at least compiled, what can must agree."""

from __future__ import annotations

import platform

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose, assert_array_equal

from unmask.engine.compiled import CompiledModel
from unmask.engine.tableaus import METHODS
from unmask.engine.targets.cpu import machine
from unmask.engine.targets.cpu.program import program
from unmask.model.system import Model, Parameter, Rule, Species

# Instruction sets of x86 that this machine may have, oldest first: two, two, four and eight doubles at once.
X86 = ("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4")
NEEDED = {"x86-64": "sse2", "x86-64-v2": "sse4.2", "x86-64-v3": "avx2", "x86-64-v4": "avx512vl"}


def everything() -> Model:
    """Every instruction the printer knows: powers, functions, conditions, time, extinction."""
    a, b, k, n, t = sp.symbols("a b k n t")
    mask = sp.Symbol("mask")
    rates = (
        sp.Piecewise((k * a, (a < 1) | ~(b > 0.2)), (k * sp.sqrt(a), True)) * mask - a**n * sp.exp(-b),
        sp.Max(sp.sin(t), 0.1) * sp.tanh(a) - sp.Min(b, 2) * sp.log(1 + b) + sp.Abs(sp.cos(t)) * 0.1,
    )
    circle = (
        sp.tan(b / 9)
        + sp.asin(sp.sin(t))
        + sp.acos(0.5 * sp.cos(t))
        + sp.atan(a)
        + sp.sinh(b)
        + sp.cosh(t / 20)
    )
    rules = (Rule("mask", "1", 1 / (1 + b**2.5)), Rule("steps", "1", sp.floor(10 * a) + t + circle))
    species = (Species("a", "1", "", 0.5, extinct_below=1e-6), Species("b", "1", "", 0.1))
    parameters = tuple(Parameter(name, 1.3, "1", "", 0, 9, "", "definition") for name in "kn")
    return Model("everything", species, parameters, rules, rates, ("mask", "steps"))


def run(monkeypatch, processor: str):
    """Integrate a cohort with code for a processor and nothing it need not have."""
    monkeypatch.setattr(machine, "_processor", lambda: (processor, ""))
    compiled = CompiledModel(everything(), "rodas4", machine.kernels(everything(), METHODS["rodas4"]))
    random = np.random.default_rng(3)
    states = random.uniform(0.1, 2.0, (37, 2))
    parameters = random.uniform(0.5, 2.0, (37, 2))
    states[5] = np.nan
    whole = compiled.integrate(states, parameters, 0.0, 20.0, rtol=1e-9)
    single = [
        compiled.integrate(states[i, None], parameters[i, None], 0.0, 20.0, rtol=1e-9) for i in range(37)
    ]
    assert_array_equal(whole.states, np.concatenate([one.states for one in single]))
    assert_array_equal(whole.failed, np.arange(37) == 5)
    return whole.states, compiled.observe(whole.states, parameters, 20.0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="code for x86 runs on x86 only")
def test_every_x86_instruction_set_gives_the_same_to_rounding(folder, monkeypatch):
    has = machine._llvm().get_host_cpu_features()
    usable = [name for name in X86 if has.get(NEEDED[name])]
    expected_states, expected_observed = run(monkeypatch, usable[0])
    for name in usable[1:]:
        states, observed = run(monkeypatch, name)
        assert_allclose(states, expected_states, rtol=1e-7)
        assert_allclose(observed, expected_observed, rtol=1e-6)
    assert len(list(folder.iterdir())) == len(usable)  # nobody found the code of another processor


def test_a_processor_llvm_cannot_describe_is_treated_as_plain(monkeypatch):
    """LLVM reports no features on some ARM systems; llvmlite raises then."""
    llvm = machine._llvm()

    def nothing():
        raise RuntimeError("failed to get host cpu features.")

    monkeypatch.setattr(llvm, "get_host_cpu_features", nothing)
    assert machine._processor() == (llvm.get_host_cpu_name(), "")


@pytest.mark.parametrize(
    "triple", ["aarch64-unknown-linux-gnu", "arm64-apple-darwin", "x86_64-pc-windows-msvc"]
)
def test_code_for_other_systems_can_be_compiled(triple):
    llvm = machine._llvm()
    try:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        target = llvm.Target.from_triple(triple)
    except RuntimeError as error:
        pytest.skip(f"this build of LLVM cannot print code for {triple}: {error}")
    module = llvm.parse_assembly(program(everything(), METHODS["rodas4"]))
    module.triple = triple
    module.verify()
    compiled = target.create_target_machine(
        opt=3, reloc="default", codemodel="jitdefault", jit=True
    ).emit_object(module)
    assert b"integrate" in compiled and b"observe" in compiled
