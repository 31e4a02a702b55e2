"""Catalogue of sentences: one TOML file per area and language, ``<language>/<area>.toml``, code -> template."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def catalogue(area: str, language: str = "en") -> Mapping[str, str]:
    """Return the templates of one area; an unknown area has none."""
    path = files("unmask.messages").joinpath(language, f"{area}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def sentence(code: str, values: Mapping[str, object], language: str = "en") -> str:
    """Return the sentence for an error or warning code; fall back to the bare facts, never fail."""
    area, _, name = code.partition(".")
    template = catalogue(area, language).get(name)
    if template is None:
        return f"{code}: " + ", ".join(f"{key}={value}" for key, value in values.items())
    try:
        return template.format(**values)
    except (KeyError, IndexError, ValueError):
        return f"{template} ({', '.join(f'{key}={value}' for key, value in values.items())})"
