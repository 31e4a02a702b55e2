"""What commands do with results alike: where they go, and how many failures they can bear."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from unmask.errors import ConfigurationError, NumericalError

FAILURE_LIMIT = 0.01  # share of patients that may fail before a command ends with exit code 4


def output_folder(out: Path | None, usual: str) -> Path:
    """Return the output folder: the one asked for, or the usual one under ``runs``."""
    if out is None:
        return Path("runs") / usual
    if not str(out).strip(" ."):
        raise ConfigurationError("cli.empty_out", value=out)
    return out.expanduser()


def refuse_failures(share: float, reasons: Iterable[str], folder: Path) -> None:
    """End with exit code 4 where more simulations failed than a result can bear; what was computed is kept."""
    if share > FAILURE_LIMIT:
        raise NumericalError(
            "cli.too_many_failures",
            share=f"{share:.1%}",
            limit=f"{FAILURE_LIMIT:.0%}",
            reasons=", ".join(sorted(set(reasons))),
            path=folder,
        )
