"""`unmask trial --cdisc DIR`: what is written, and what is refused before anything is computed."""

from __future__ import annotations

from pathlib import Path

import pytest

from unmask.cdisc import writing
from unmask.cli import run

LINE = ["trial", "oak", "--patients", "5", "--seed", "2"]


def test_the_datasets_are_written_beside_the_trial(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = [
        *LINE,
        "--out",
        str(tmp_path / "out"),
        "--cdisc",
        str(tmp_path / "cdisc"),
        "--cdisc-formats",
        "csv,xpt",
    ]
    assert run(line) == 0
    assert f"CDISC datasets: {tmp_path / 'cdisc'}" in capsys.readouterr().out
    names = sorted(file.name for file in (tmp_path / "cdisc").iterdir())
    datasets = ("adrs", "adsl", "adtr", "adtte", "dm", "rs", "tr", "tu")
    assert names == ["README.txt", *(f"{name}.{form}" for name in datasets for form in ("csv", "xpt"))]
    assert (tmp_path / "out" / "lesions.parquet").is_file()
    assert run([*LINE, "--out", str(tmp_path / "other"), "--cdisc", str(tmp_path / "cdisc")]) == 2
    error = capsys.readouterr().err
    assert "already holds dm.csv" in error
    assert "--force" in error
    assert not (tmp_path / "other").exists()
    assert run([*line, "--force"]) == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--cdisc-formats", "csv"], "needs --cdisc DIR"),
        (["--cdisc", "x", "--cdisc-formats", "sas"], "no format 'sas'"),
        (["--cdisc", "x", "--cdisc-formats", ","], "expected any of parquet"),
        (["--cdisc", "file"], "file"),
        (["--cdisc", " "], "names no folder"),
    ],
)
def test_what_is_wrong_is_said_before_the_trial_runs(
    options: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("x", encoding="utf-8")
    assert run([*LINE, "--out", "out", *options]) == 2
    assert words in capsys.readouterr().err
    assert not Path("out").exists()


def test_without_pyreadstat_the_others_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(writing, "_has_pyreadstat", lambda: False)
    assert run([*LINE, "--out", str(tmp_path / "out"), "--cdisc", str(tmp_path / "cdisc")]) == 0
    assert "XPT files were not written" in capsys.readouterr().err
    assert {file.suffix for file in (tmp_path / "cdisc").iterdir()} == {".txt", ".csv", ".json", ".parquet"}
    assert (
        run([*LINE, "--out", str(tmp_path / "b"), "--cdisc", str(tmp_path / "c"), "--cdisc-formats", "xpt"])
        == 2
    )
    assert not (tmp_path / "b").exists()
