"""Published figures in the shape of ``summary.json``, so that the same path reads the virtual and the real number.

A protocol states each figure as a leaf ``{value, ci, source, confirmed}``. In ``summary.json`` the number stands at
its path, its interval where the summary puts its own (``orr_ci``, ``os_months.ci``, ``os_rate_ci``), and source and
confirmation under ``sources``, by the path written with dots.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]
FAMILIES = ("os_rate", "pfs_rate", "ipfs_rate", "best_response", "irecist_best_response")


def leaves(node: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield every stated figure with its path."""
    for key, item in node.items():
        if isinstance(item, Mapping) and "value" in item:
            yield (*path, str(key)), item
        elif isinstance(item, Mapping):
            yield from leaves(item, (*path, str(key)))


def in_summary_shape(published: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a protocol's ``published`` table as ``summary.json`` has its own."""
    result: dict[str, Any] = {part: {} for part in published}
    sources: dict[str, dict[str, Any]] = {}
    for path, leaf in leaves(published):
        _put(result, path, leaf["value"])
        if "ci" in leaf:
            _put(result, _interval_path(path), list(leaf["ci"]))
        sources[".".join(path)] = {
            "source": leaf.get("source", ""),
            "confirmed": bool(leaf.get("confirmed", True)),
        }
    return {**result, "sources": sources} if sources else result


def _interval_path(path: Path) -> Path:
    *parents, name = path
    if name in ("median", "hr"):
        return (*parents, "ci")
    if parents and parents[-1] in FAMILIES:
        return (*parents[:-1], f"{parents[-1]}_ci", name)
    return (*parents, f"{name}_ci")


def _put(tree: dict[str, Any], path: Path, value: object) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = value
