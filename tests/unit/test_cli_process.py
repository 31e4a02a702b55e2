"""The command line as a process: what only a real process shows (signals, pipes, a full stdout, start-up)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from unmask.store import UNFINISHED
from unmask.trial.result import WRITTEN_TABLES
from unmask.trial.run import run_trial

UNMASK = [sys.executable, "-c", "from unmask.cli import main; main()"]
SMALL_BLOCKS = [
    sys.executable,
    "-c",
    "from unmask.trial import run; run.LARGEST_BLOCK = 25; from unmask.cli import main; main()",
]
"""Many batches, so that there is a middle to interrupt; blocks change no result."""
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and /dev/full are those of POSIX systems")


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*UNMASK, *arguments], capture_output=True, text=True, cwd=cwd, timeout=120)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def _listen_to_ctrl_c() -> None:
    """A shell lets its background jobs ignore SIGINT, and so would a process that a test of theirs starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_keeps_what_is_finished_and_resume_gives_the_same_trial(tmp_path: Path) -> None:
    line = ["trial", "oak", "--patients", "100", "--seed", "4", "--workers", "2"]
    process = subprocess.Popen(
        [*SMALL_BLOCKS, *line, "--out", "stopped"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_listen_to_ctrl_c,
    )
    deadline = time.monotonic() + 60
    while not list((tmp_path / "stopped").glob(f"{UNFINISHED}/*/batch-00001")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err.strip() == (
        "unmask: Interrupted. Finished batches of a trial are kept: run the same command with --resume to go on."
    )
    batches = sorted((tmp_path / "stopped" / UNFINISHED).glob("*/batch-*"))
    assert 2 <= len(batches) < 5
    command = [*SMALL_BLOCKS, *line, "--out", "stopped", "--resume"]
    resumed = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert not (tmp_path / "stopped" / UNFINISHED).exists()
    run_trial("oak", patients=100, seed=4).write(tmp_path / "whole")
    one, two = tmp_path / "stopped", tmp_path / "whole"
    assert (one / "summary.json").read_bytes() == (two / "summary.json").read_bytes()
    for name in WRITTEN_TABLES:
        tables = [pd.read_parquet(folder / f"{name}.parquet") for folder in (one, two)]
        pd.testing.assert_frame_equal(*tables, check_exact=True)


@pytest.mark.parametrize("action", ["equations", "show"])  # one prints plainly, the other through Rich
def test_a_reader_that_goes_away_is_no_error(action: str, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*UNMASK, "model", action, "core"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_stdout_is_one_sentence(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*UNMASK, "trial", "--list"], stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        )
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_errors_go_to_stderr_with_their_code(tmp_path: Path) -> None:
    done = run("trial", "oka", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("unmask: There is no trial 'oka'")
    assert run("--version", cwd=tmp_path).stdout.startswith("unmask ")
