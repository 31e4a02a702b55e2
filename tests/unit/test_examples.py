"""The examples run as they stand, and print what they promise."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))
PROMISES = {
    "assess_lesions.py": [r"anna +42\.0 +PD +iUPD", r"carlo +126\.0 +PD", r"anna +PD +iPR +True"],
    "virtual_trial.py": [
        r"atezolizumab: response rate \d+%, median survival \d+\.\d months",
        r"hazard ratio of death: [01]\.\d+",
        r"report: .*report\.html",
        r"alive at 12 months: \d+\.\d% as in OAK, \d+\.\d% if all",
    ],
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.name)
def test_example(example: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(example)], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    for promise in PROMISES[example.name]:
        assert re.search(promise, done.stdout), done.stdout
    assert list(tmp_path.iterdir()) == []  # an example leaves nothing behind where it was started


def test_there_are_examples_of_both_commands() -> None:
    assert [file.name for file in EXAMPLES] == sorted(PROMISES)


def test_the_trial_takes_about_ten_lines() -> None:
    text = next(file for file in EXAMPLES if file.name == "virtual_trial.py").read_text(encoding="utf-8")
    before_the_second_trial = text.partition("# What if")[0]
    code = [line for line in before_the_second_trial.splitlines()[1:] if line.strip()]
    assert len(code) <= 12
