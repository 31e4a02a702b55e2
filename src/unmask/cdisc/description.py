"""The descriptions of the datasets as Markdown: ``docs/cdisc.md`` holds what this gives."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.cdisc.metadata import Metadata, codelists, load


def markdown(names: tuple[str, ...]) -> str:
    """Return a section a dataset, with a row a variable."""
    return "\n".join(line for name in names for line in _section(load(name))) + "\n"


def _section(metadata: Metadata) -> Iterator[str]:
    yield f"### {metadata.name}: {metadata.label}"
    yield ""
    yield f"{metadata.structure}. Keys: {', '.join(metadata.keys)}. Source: {metadata.source}."
    yield ""
    yield "| variable | label | type | values | origin |"
    yield "|---|---|---|---|---|"
    for variable in metadata.variables:
        size = f" {variable.length}" if variable.type == "text" else ""
        mark = " *" if variable.required else ""
        values = ""
        if variable.codelist:
            known = codelists()[variable.codelist]
            values = f"{known.name} {known.code}".strip()
        kind = f"{variable.type}{size}"
        yield f"| `{variable.name}`{mark} | {variable.label} | {kind} | {values} | {variable.origin} |"
    yield ""
