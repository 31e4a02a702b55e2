"""Every command of docs/bring-your-model.md runs, with the files it shows."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from unmask import cli

pytest.importorskip("libsbml", reason="python-libsbml (extra sbml) is not installed")
ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "bring-your-model.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^unmask (.*)$", PAGE, flags=re.MULTILINE)
FILES = re.findall(r"(?:This|this) is `([a-z]+\.toml)`[^`]*```toml\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_commands_run_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(ROOT / "examples" / "own_model", tmp_path / "own"))
    monkeypatch.chdir(folder)
    assert [name for name, _ in FILES] == ["vary.toml", "trial.toml"] and len(COMMANDS) == 9
    for name, text in FILES:
        (folder / name).write_text(text, encoding="utf-8")
    for command in COMMANDS:
        assert cli.run(shlex.split(command)) == 0, command
    out = capsys.readouterr().out
    shown = re.search(r"says what it found:\n\n```\n(.*?)```", PAGE, flags=re.DOTALL)
    assert shown is not None and shown.group(1) in out
    assert (folder / "runs" / "trial" / "report.html").is_file()
