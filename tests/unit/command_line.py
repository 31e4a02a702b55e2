"""The command line run inside the test's own process."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from unmask import cli


class Done(NamedTuple):
    """Exit code, stdout and stderr of one run."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


def runner(capfd: pytest.CaptureFixture[str], *first: str) -> Command:
    """Return what runs ``unmask`` with the arguments ``first`` and its own; no run may show a traceback."""

    def run(*arguments: object) -> Done:
        capfd.readouterr()
        code = cli.run([*first, *(str(argument) for argument in arguments)])
        done = Done(code, *capfd.readouterr())
        assert "Traceback" not in done.out + done.err
        assert "Unexpected error" not in done.err
        return done

    return run


def complained(done: Done, code: int, *words: str) -> None:
    """Nothing on stdout; on stderr a sentence, with an end, that holds the words; the exit code."""
    assert done.code == code, done
    assert done.out == ""
    for word in words:
        assert word in done.err
    assert done.err.rstrip()[-1] in ".?", done.err
