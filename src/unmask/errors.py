"""One tree of errors.

An error carries a *code* and the *values* that explain it (file, field, patient, value, expected, next
step). The sentence a person reads is made from the code by the catalogue in ``messages/``, so that another
language is another catalogue and a program can act on the code alone.
"""

from __future__ import annotations


class UnmaskError(Exception):
    """Base of every error that Unmask raises on purpose.

    Parameters
    ----------
    code
        Key of the message catalogue, ``area.name`` (for example ``trial.unknown_key``).
    **values
        What fills the message: everything a reader needs to find and mend the cause.
    """

    exit_code = 1

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        from unmask.messages import sentence

        return sentence(self.code, self.values)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.code, self.values))


def _rebuild(kind: type[UnmaskError], code: str, values: dict[str, object]) -> UnmaskError:
    return kind(code, **values)


class ConfigurationError(UnmaskError):
    """Wrong usage: an option, a protocol, a tumour type, an output path (exit code 2)."""

    exit_code = 2


class ModelError(ConfigurationError):
    """A model that cannot be assembled or compiled (exit code 2)."""


class DataError(UnmaskError):
    """Input data that cannot be used (exit code 3)."""

    exit_code = 3


class NumericalError(UnmaskError):
    """More failed integrations than the stated limit (exit code 4)."""

    exit_code = 4
