"""The table of endpoints: every figure of the summary, virtual beside published, with a verdict in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from unmask.report import style, words
from unmask.report.inputs import Arm
from unmask.report.words import EN_DASH, Words

Kind = Literal["share", "months", "weeks", "ratio", "difference", "mm"]
Verdict = Literal["inside", "below", "above"]


@dataclass(frozen=True)
class Value:
    """One figure with its 95 % confidence interval and, when published, where it comes from."""

    value: float | None
    ci: tuple[float | None, float | None] | None = None
    source: str = ""
    confirmed: bool = True


@dataclass(frozen=True)
class Cell:
    """A virtual figure beside a published one.

    ``verdict`` is None where nothing can be judged: no interval, or a published value that nobody has yet
    confirmed in its source.
    """

    virtual: Value | None
    published: Value | None

    @property
    def verdict(self) -> Verdict | None:
        """Where the virtual value lies with respect to the published interval."""
        if self.virtual is None or self.published is None or self.published.ci is None:
            return None
        if not self.published.confirmed or self.published.value is None:
            return None
        value, (low, high) = self.virtual.value, self.published.ci
        if value is None:
            return None
        if low is not None and value < low:
            return "below"
        return "above" if high is not None and value > high else "inside"


@dataclass(frozen=True)
class Row:
    """One endpoint across arms (``cells`` in their order), or one comparison of arms (a single cell)."""

    key: str
    label: str
    kind: Kind
    cells: tuple[Cell, ...]


def read(node: object, path: Sequence[str]) -> Value | None:
    """Find a figure in a summary or in published values.

    A leaf is a number, ``{value, ci, source, confirmed}`` or ``{median, ci}``; the interval of a plain number
    is its sibling ``ci`` or ``<name>_ci``, or stands under the same name in ``<family>_ci``. Returns None
    when the path leads nowhere, or to a figure of nobody (``n`` beside it is 0): that is not one "not reached".
    """
    trail: list[object] = [node]
    for name in path:
        here = trail[-1]
        if isinstance(here, Mapping) and "value" in here:
            break
        if not isinstance(here, Mapping) or name not in here:
            return None
        trail.append(here[name])
    leaf = trail[-1]
    if isinstance(leaf, Mapping):
        key = next((k for k in ("value", "median", "hr") if k in leaf), None)
        if key is None:
            return None
        where = {"source": leaf.get("source"), "confirmed": leaf.get("confirmed", True)}
        return _value(leaf[key], leaf.get("ci"), where)
    name, parent = path[len(trail) - 2], trail[-2]
    if leaf is None and _get(parent, "n") == 0:
        return None
    family = trail[-3] if len(trail) > 2 else None
    ci = _get(parent, f"{name}_ci")
    if ci is None and name in ("median", "hr"):
        ci = _get(parent, "ci")
    if ci is None and len(trail) > 2:
        ci = _get(_get(family, f"{path[len(trail) - 3]}_ci"), name)
    return _value(leaf, ci, parent)


def _get(node: object, name: str) -> object:
    return node.get(name) if isinstance(node, Mapping) else None


def _value(value: object, ci: object, about: object) -> Value:
    confirmed = _get(about, "confirmed")
    source = _get(about, "source")
    return Value(
        words.finite(value), words.interval(ci), str(source or ""), confirmed is None or bool(confirmed)
    )


ARM_FIGURES: tuple[tuple[tuple[str, ...], Kind], ...] = (
    (("orr",), "share"),
    (("disease_control",), "share"),
    *((("best_response", code), "share") for code in style.CATEGORIES),
    (("pseudoprogression",), "share"),
    (("pseudoprogression_kinds", "target_growth"), "share"),
    (("time_to_response_weeks", "median"), "weeks"),
    (("time_to_response_weeks", "after_week_16"), "share"),
    (("time_to_response_weeks", "after_week_20"), "share"),
    (("first_shrinkage_weeks", "median"), "weeks"),
    (("first_shrinkage_weeks", "after_week_16"), "share"),
    (("first_shrinkage_weeks", "after_week_20"), "share"),
    (("duration_of_response_months", "median"), "months"),
    (("pfs_months", "median"), "months"),
    (("ipfs_months", "median"), "months"),
    (("pfs_rate", "*"), "share"),
    (("os_months", "median"), "months"),
    (("os_rate", "*"), "share"),
    (("safety", "any", "any"), "share"),
    (("grade3plus_related",), "share"),
    (("safety", "immune_related_in_an_organ", "any"), "share"),
    (("safety", "immune_related_in_an_organ", "grade3plus"), "share"),
)
"""Where each figure of an arm lies in the summary, in reading order; ``*`` stands for every key (months)."""

COMPARISON_FIGURES: tuple[tuple[tuple[str, ...], Kind], ...] = (
    (("os", "hr"), "ratio"),
    (("os", "rmst_difference_months"), "difference"),
    (("pfs", "hr"), "ratio"),
    (("pfs", "rmst_difference_months"), "difference"),
    (("ipfs", "hr"), "ratio"),
)


def _branch(node: Mapping[str, object], *path: str) -> Mapping[str, object]:
    current: object = node
    for name in path:
        current = current.get(name) if isinstance(current, Mapping) else None
    return current if isinstance(current, Mapping) else {}


def _expand(
    path: tuple[str, ...], nodes: Sequence[Mapping[str, object]], published: Sequence[Mapping[str, object]]
) -> Iterator[tuple[str, ...]]:
    if path[-1] != "*":
        yield path
        return
    keys = {
        key for node in nodes for key in _branch(node, *path[:-1]) if words.finite(_number(key)) is not None
    }
    told = {key for node in published for key in _branch(node, *path[:-1])}
    for key in sorted(keys, key=float):
        # The summary holds many landmarks; a reader wants half-years and whatever the real trial published.
        if key in told or float(key) % 6 == 0:
            yield (*path[:-1], key)


def _number(key: str) -> float | None:
    try:
        return float(key)
    except ValueError:
        return None


def arm_rows(
    summary: Mapping[str, object], published: Mapping[str, object], arms: Sequence[Arm], text: Words
) -> list[Row]:
    """Return the rows of the arms; an endpoint that neither side knows is left out."""
    mine = [_branch(summary, "arms", arm.name) for arm in arms]
    theirs = [_branch(published, "arms", arm.name) for arm in arms]
    out = []
    for pattern, kind in ARM_FIGURES:
        for path in _expand(pattern, [*mine, *theirs], theirs):
            cells = tuple(Cell(read(a, path), read(b, path)) for a, b in zip(mine, theirs, strict=True))
            if any(
                v is not None and (v.value is not None or v.ci)
                for c in cells
                for v in (c.virtual, c.published)
            ):
                label = text(f"endpoint.{slug(pattern)}", month=path[-1])
                out.append(Row(slug(path), label, kind, cells))
    return out


def comparison_rows(summary: Mapping[str, object], published: Mapping[str, object], text: Words) -> list[Row]:
    """Return hazard ratios and differences of restricted mean survival time."""
    mine, theirs = _branch(summary, "comparisons"), _branch(published, "comparisons")
    out = []
    for path, kind in COMPARISON_FIGURES:
        cell = Cell(read(mine, path), read(theirs, path))
        if cell.virtual or cell.published:
            horizon = _branch(mine, *path).get("horizon_months")
            out.append(
                Row(
                    slug(path), text(f"endpoint.{slug(path)}", horizon=words.fixed(horizon, 0)), kind, (cell,)
                )
            )
    return out


def p_values(summary: Mapping[str, object]) -> dict[str, float | None]:
    """Return the log-rank p value of each comparison by endpoint."""
    branch = _branch(summary, "comparisons")
    return {name: words.finite(_branch(branch, name).get("logrank_p")) for name in branch}


def slug(path: Sequence[str]) -> str:
    """Return a flat name for a path of the summary: ``pfs_months_median``, ``os_rate_any``."""
    return "_".join("any" if part == "*" else part for part in path).lower()


def written(value: float | None, kind: Kind) -> str:
    """Write a figure in its own unit: percent, months, weeks or a bare ratio."""
    if kind == "share":
        return words.share(value)
    return words.fixed(value, 2 if kind in ("ratio", "difference") else 1)


def written_interval(ci: tuple[float | None, float | None] | None, kind: Kind) -> str:
    """Write an interval; an open end reads 'not reached'."""
    if ci is None:
        return ""
    low, high = ci
    if kind == "share":
        ends = [words.fixed(None if v is None else 100 * v, 1) for v in (low, high)]
    else:
        ends = [words.fixed(v, 2 if kind in ("ratio", "difference") else 1) for v in (low, high)]
    joint = f"{words.THIN}{EN_DASH}{words.THIN}" if words.MINUS in "".join(ends) else EN_DASH
    return joint.join(end if end != words.ABSENT else "n.r." for end in ends)
