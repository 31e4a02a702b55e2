"""Who may import whom, file names and file sizes: the rules of the design, held by reading the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "unmask"
FILES = sorted(SOURCE.rglob("*.py"))
HEAVY = {
    "sympy",
    "numba",
    "llvmlite",
    "matplotlib",
    "lifelines",
    "pandas",
    "scipy",
    "pyarrow",
    "pint",
    "pyreadstat",
}

OWN_AND_BELOW = {"unmask.errors", "unmask.messages"}
ONLY = {
    "biology": {"unmask.biology", "unmask.model", *OWN_AND_BELOW},
    "therapy": {"unmask.therapy", "unmask.model", *OWN_AND_BELOW},
    "model": {"unmask.model", *OWN_AND_BELOW},
    "engine": {"unmask.engine", "unmask.model", *OWN_AND_BELOW},
    "messages": {"unmask.messages"},
}
"""Packages that may import nothing of Unmask but these."""
NEVER = {
    "response": {"unmask.engine", "unmask.biology", "unmask.trial", "unmask.patients", "unmask.therapy"},
    "safety": {"unmask.engine", "unmask.biology", "unmask.trial", "unmask.patients", "unmask.therapy"},
    "cdisc": {"unmask.engine", "unmask.biology", "unmask.trial", "unmask.patients", "unmask.therapy"},
    "conformance": {"unmask.engine", "unmask.biology", "unmask.trial", "unmask.patients", "unmask.therapy"},
    "survival": {"unmask.engine", "unmask.biology", "unmask.trial", "unmask.patients", "unmask.therapy"},
    "report": {"unmask.engine", "unmask.biology", "unmask.trial", "unmask.patients", "unmask.therapy"},
    "simulation": {"unmask.trial", "unmask.biology", "unmask.response", "unmask.safety", "unmask.survival"},
    "patients": {"unmask.trial", "unmask.report", "unmask.biology"},
    "": {"unmask.cli"},
}
"""Packages that may import anything of Unmask but these; "" holds for all."""


def imports(file: Path, text: str | None = None) -> set[str]:
    """Every module of Unmask that a file imports, at any depth, relative imports resolved."""
    package = ["unmask", *file.relative_to(SOURCE).parts[:-1]]
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8") if text is None else text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            # ``from unmask import engine`` imports unmask.engine, so the names count as well.
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name == "unmask" or name.startswith("unmask.")}


def inside(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def broken_rules(file: Path, text: str | None = None) -> list[str]:
    parts = file.relative_to(SOURCE).parts
    package = parts[0] if len(parts) > 1 else ""
    problems = []
    for module in sorted(imports(file, text)):
        if package in ONLY and module != "unmask" and not inside(module, ONLY[package]):
            problems.append(f"{file.relative_to(ROOT)} imports {module}: not among {sorted(ONLY[package])}")
        if inside(module, NEVER.get(package, set()) | NEVER[""]):
            problems.append(f"{file.relative_to(ROOT)} imports {module}: forbidden")
    return problems


def test_there_is_source_to_read() -> None:
    assert len(FILES) > 80


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_imports_follow_the_design(file: Path) -> None:
    assert broken_rules(file) == []


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("engine/graph.py", "from unmask.biology import clones"),
        ("model/system.py", "from unmask import biology"),
        ("biology/clones.py", "import unmask.engine"),
        ("therapy/regimen.py", "from ..patients import cohort"),
        ("response/recist.py", "def late():\n    from unmask.trial.run import run_trial"),
        ("cdisc/adtr.py", "from unmask.trial import tables"),
        ("trial/run.py", "from unmask import cli"),
    ],
)
def test_a_broken_rule_is_seen(place: str, text: str) -> None:
    assert broken_rules(SOURCE / place, text)


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks", "examples", "docs"])
def test_no_file_is_named_after_nothing(folder: str) -> None:
    empty_names = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
    assert [file for file in (ROOT / folder).rglob("*.py") if file.stem in empty_names] == []


def test_no_file_is_too_long() -> None:
    files = [*FILES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {str(file): length for file, length in lengths.items() if length > 500} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "import unmask",
        "import unmask.cli",
        "from unmask.cli import run; assert run(['--version']) == 0",
        "from unmask.cli import run; assert run(['trial', '--help']) == 0",
        "from unmask.cli import run; assert run(['trial', '--list']) == 0",
        "from unmask.cli import run; assert run(['patient', '--list']) == 0",
    ],
)
def test_starting_imports_no_heavy_library(statement: str) -> None:
    code = f"{statement}\nimport sys; print('MODULES', *sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rpartition("MODULES")[2].split())
    assert "unmask" in loaded
    assert loaded & HEAVY == set()


def test_every_public_name_can_be_loaded() -> None:
    import unmask

    for name in unmask.__all__:
        assert getattr(unmask, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'run_trials'"):
        _ = unmask.run_trials
