"""Configuration files: TOML in, checked pydantic model out, one clear error otherwise.

Unknown keys are refused with the nearest valid name; an error names file, key path, value and what is allowed.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from unmask.errors import ConfigurationError

Checked = TypeVar("Checked", bound=BaseModel)
_KINDS = {"model_type": "a table", "dict_type": "a table", "tuple_type": "a list", "string_type": "a text"}


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint naming the nearest known word, or listing the known words when none is near."""
    choices = {choice.lower(): choice for choice in sorted(known)}
    close = difflib.get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{choices[close[0]]}'?"
    return f"known: {', '.join(choices.values())}." if choices else "none is known."


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    ConfigurationError
        The file is missing, is a directory, cannot be read, is not UTF-8 or is not TOML (line and column given).
    """
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise ConfigurationError("configuration.missing_file", file=path) from None
    except IsADirectoryError:
        raise ConfigurationError("configuration.is_directory", file=path) from None
    except OSError as error:
        raise ConfigurationError("configuration.unreadable", file=path, reason=error.strerror) from None
    except UnicodeDecodeError:
        raise ConfigurationError("configuration.not_utf8", file=path) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError("configuration.not_toml", file=path, reason=error) from None


def merge(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``change`` laid over it, table by table; an empty table takes the place of the old one."""
    merged = dict(base)
    for key, value in change.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and value:
            merged[key] = merge(old, value)
        else:
            merged[key] = value
    return merged


def check(kind: type[Checked], data: Mapping[str, Any], file: object) -> Checked:
    """Validate ``data`` as ``kind``; the first problem becomes a :class:`ConfigurationError`.

    An unknown key comes before all others: a misspelt key is also a missing one, and its name is what helps.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as problems:
        first = min(problems.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        path = ".".join(str(part) for part in first["loc"] if not _is_tag(part)) or "the configuration"
        if first["type"] == "extra_forbidden":
            raise ConfigurationError(
                "configuration.unknown_key",
                file=file,
                key=path,
                hint=nearest(str(first["loc"][-1]), _fields_at(kind, first["loc"][:-1])),
            ) from None
        if first["type"] == "missing":
            raise ConfigurationError("configuration.missing_key", file=file, key=path) from None
        if isinstance(first.get("input"), Mapping):
            raise ConfigurationError(
                "configuration.inconsistent", file=file, key=path, reason=_expected(first)
            ) from None
        raise ConfigurationError(
            "configuration.bad_value",
            file=file,
            key=path,
            value=_shown(first.get("input")),
            expected=_expected(first),
        ) from None


def _expected(problem: Mapping[str, Any]) -> str:
    """Return pydantic's reason as the end of a sentence that needs no knowledge of pydantic."""
    if problem["type"] == "too_short":
        return f"at least {problem['ctx']['min_length']} must be given."
    if problem["type"] == "string_pattern_mismatch":
        return f"it must match {problem['ctx']['pattern']}."
    if problem["type"] in _KINDS:
        return f"{_KINDS[problem['type']]} is expected."
    text = str(problem["msg"]).removeprefix("Value error, ").replace("Input should", "the value should")
    return text if text.endswith((".", "?")) else f"{text}."


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _is_tag(part: object) -> bool:
    """Say whether a part of a location names no key but which of several kinds of table was meant."""
    return str(part).startswith("(")


def _fields_at(kind: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Return the field names of the model found at ``path`` inside ``kind``."""
    current: Any = kind
    for part in path:
        fields = getattr(current, "model_fields", {})
        annotation = fields[part].annotation if part in fields else current
        if _is_tag(part):
            current = next(model for model in _models_in(current) if model.__name__ == str(part).strip("()"))
        elif (models := _models_in(annotation)) and len(models) == 1:
            current = models[0]
        else:
            current = annotation
    return list(getattr(current, "model_fields", {}))


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the pydantic models named in an annotation such as ``dict[str, Arm]`` or ``Arm | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models_in(inner)]
