"""A generated JavaScript module at work in Node, from Python."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from unmask.engine.targets.javascript import javascript_module
from unmask.model.system import Model

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node.js (the program `node`) is not installed")

# Runs calls [function, arguments] of a module; an Error becomes {error: its sentence}, NaN and infinity become text.
_CALLS = """
import { readFileSync } from "node:fs";
const { module, calls } = JSON.parse(readFileSync(0, "utf8"));
const functions = await import(module);
const revive = (key, value) => typeof value === "number" && !Number.isFinite(value) ? String(value)
  : ArrayBuffer.isView(value) ? Array.from(value, (x) => Number.isFinite(x) ? x : String(x)) : value;
const answers = calls.map(([name, values]) => {
  try { return functions[name](...values); } catch (error) { return { error: error.message }; }
});
console.log(JSON.stringify(answers, revive));
"""


def run_script(script: str, *arguments: str, stdin: str = "") -> str:
    """Run an ES module in Node that may not make code from text, and return what it prints."""
    assert NODE is not None
    command = [NODE, "--disallow-code-generation-from-strings", "--input-type=module", "-e", script]
    done = subprocess.run([*command, *arguments], input=stdin, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def call(module: Path, calls: Iterable[tuple[str, list[Any]]]) -> list[Any]:
    """Return what each call (function, arguments) of a module gives; ``{"error": sentence}`` for an Error."""
    question = json.dumps({"module": module.as_uri(), "calls": list(calls)})
    answers: list[Any] = json.loads(run_script(_CALLS, stdin=question))
    return answers


def write(model: Model, folder: Path) -> Path:
    """Write the module of a model and return its path."""
    path = folder / f"{model.name}.mjs"
    path.write_text(javascript_module(model).code, encoding="utf-8")
    return path
