"""Rules in an order in which they can be evaluated."""

from __future__ import annotations

from collections.abc import Mapping


def evaluation_order(uses: Mapping[str, frozenset[str]]) -> tuple[list[str], list[str]]:
    """Return names so that each comes after those it uses, and a circle if there is one.

    Parameters
    ----------
    uses
        Name -> names it uses; names that are no key are known already.

    Returns
    -------
    The names in order, otherwise that of ``uses``; and the first circle found as ``[a, b, a]``, empty for none.
    """
    done: dict[str, None] = {}
    for start in uses:
        path: dict[str, None] = {}
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            name, ready = stack.pop()
            if ready:
                path.pop(name)
                done[name] = None
                continue
            if name in done:
                continue
            if name in path:
                names = list(path)
                return list(done), [*names[names.index(name) :], name]
            path[name] = None
            stack.append((name, True))
            needed = [item for item in sorted(uses[name], reverse=True) if item in uses and item not in done]
            circular = [item for item in needed if item in path]
            if circular:
                names = list(path)
                return list(done), [*names[names.index(circular[0]) :], circular[0]]
            stack.extend((item, False) for item in needed)
    return list(done), []
