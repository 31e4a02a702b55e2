"""The sentences at the head of a report: what the run shows, in natural frequencies, and what it misses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unmask.report import endpoints, words
from unmask.report.endpoints import Row, Value
from unmask.report.inputs import ReportInput
from unmask.report.words import Words

SMALL_ARM = 300  # patients; below this the sampling error of the virtual arm rivals that of a real trial


@dataclass(frozen=True)
class Findings:
    """Plain sentences: ``facts``, ``misses`` (virtual outside the published interval), ``tally`` of both."""

    facts: tuple[str, ...]
    misses: tuple[str, ...]
    tally: str


def gather(report: ReportInput, rows: Sequence[Row], comparisons: Sequence[Row], text: Words) -> Findings:
    """Write the sentences of one report; a figure that is missing leaves its sentence out."""
    facts = [
        _frequencies(report, ("orr",), "finding.response", text),
        _medians(report, "os", text),
        _frequencies(report, ("os_rate", "24"), "finding.alive", text, month=24),
        _medians(report, "pfs", text),
        _frequencies(report, ("time_to_response_weeks", "after_week_16"), "finding.late_response", text),
        _medians(report, "dor", text),
        _frequencies(report, ("pseudoprogression",), "finding.pseudoprogression", text),
        _frequencies(report, ("grade3plus_related",), "finding.severe", text),
        _paired(report, text),
    ]
    misses = [*_misses(report, rows, text), *_comparison_misses(comparisons, text)]
    cells = [cell for row in (*rows, *comparisons) for cell in row.cells if cell.published is not None]
    judged = [cell.verdict for cell in cells if cell.verdict is not None]
    if not judged:
        tally = text("finding.nothing_published")
    else:
        inside = sum(verdict == "inside" for verdict in judged)
        tally = text(
            "finding.tally",
            total=len(judged),
            inside=inside,
            outside=len(judged) - inside,
            unjudged=len(cells) - len(judged),
        )
    sizes = [endpoints.read(report.summary, ("arms", arm.name, "n")) for arm in report.arms]
    smallest = min(
        (size.value for size in sizes if size is not None and size.value is not None), default=None
    )
    if judged and smallest is not None and smallest < SMALL_ARM:
        tally = f"{tally} {text('finding.small_run', patients=f'{smallest:.0f}')}"
    return Findings(tuple(fact for fact in facts if fact), tuple(misses), tally)


def _arm_value(report: ReportInput, arm: str, path: Sequence[str]) -> Value | None:
    return endpoints.read(report.summary, ("arms", arm, *path))


def _frequencies(
    report: ReportInput, path: Sequence[str], key: str, text: Words, **values: object
) -> str | None:
    parts = []
    for arm in report.arms:
        found = _arm_value(report, arm.name, path)
        if found is not None and found.value is not None:
            number = words.out_of_hundred(found.value)
            parts.append(text("finding.with_arm", number=number, arm=arm.prose))
    return text(key, parts=text.join(parts), **values) if parts else None


def _medians(report: ReportInput, endpoint: str, text: Words) -> str | None:
    name = "duration_of_response_months" if endpoint == "dor" else f"{endpoint}_months"
    parts = []
    for arm in report.arms:
        found = _arm_value(report, arm.name, (name, "median"))
        if found is None:
            continue
        ci = endpoints.written_interval(found.ci, "months")
        if found.value is None:
            if endpoints.read(report.summary, ("arms", arm.name, "n")) != Value(0.0):
                parts.append(text("finding.not_reached", arm=arm.prose))
            continue
        key = "finding.months_with_ci" if ci else "finding.months"
        parts.append(text(key, median=words.fixed(found.value), ci=ci, arm=arm.prose))
    if not parts:
        return None
    sentence = text(f"finding.median_{endpoint}", parts=text.join(parts))
    return " ".join(part for part in (sentence, _hazard(report, endpoint, text)) if part)


def _hazard(report: ReportInput, endpoint: str, text: Words) -> str | None:
    found = endpoints.read(report.summary, ("comparisons", endpoint, "hr"))
    if found is None or found.value is None or len(report.arms) < 2:
        return None
    excludes_one = found.ci is not None and (
        (found.ci[1] is not None and found.ci[1] < 1) or (found.ci[0] is not None and found.ci[0] > 1)
    )
    change = abs(1 - found.value)
    key = (
        "finding.hazard_same"
        if not excludes_one
        else "finding.hazard_lower"
        if found.value < 1
        else "finding.hazard_higher"
    )
    return text(
        key,
        hr=words.fixed(found.value, 2),
        ci=endpoints.written_interval(found.ci, "ratio"),
        percent=f"{100 * change:.0f}",
        what=text(f"finding.event_{endpoint}"),
        experimental=report.arms[0].prose,
        control=report.arms[-1].prose,
    )


def _paired(report: ReportInput, text: Words) -> str | None:
    comparisons = report.summary.get("comparisons")
    paired = comparisons.get("paired") if isinstance(comparisons, Mapping) else None
    if not isinstance(paired, Mapping) or len(report.arms) < 2:
        return None
    longer, shorter = (words.finite(paired.get(k)) for k in ("longer_by_one_month", "shorter_by_one_month"))
    if longer is None or shorter is None:
        return None
    return text(
        "finding.paired",
        longer=words.out_of_hundred(longer),
        shorter=words.out_of_hundred(shorter),
        experimental=report.arms[0].prose,
        control=report.arms[-1].prose,
    )


def _misses(report: ReportInput, rows: Sequence[Row], text: Words) -> list[str]:
    return [
        text("finding.miss_arm", arm=arm.prose, **_miss(row, k, text))
        for row in rows
        for k, arm in enumerate(report.arms)
        if row.cells[k].verdict in ("below", "above")
    ]


def _comparison_misses(rows: Sequence[Row], text: Words) -> list[str]:
    return [
        text("finding.miss", **_miss(row, 0, text))
        for row in rows
        if row.cells[0].verdict in ("below", "above")
    ]


def _miss(row: Row, index: int, text: Words) -> dict[str, str]:
    cell = row.cells[index]
    assert cell.virtual is not None and cell.published is not None  # what a verdict means
    return {
        "endpoint": row.label,
        "virtual": with_unit(cell.virtual.value, row, text),
        "published": with_unit(cell.published.value, row, text),
        "ci": endpoints.written_interval(cell.published.ci, row.kind),
        "direction": text(f"finding.{cell.verdict}"),
    }


def with_unit(value: float | None, row: Row, text: Words) -> str:
    """Write a figure with its unit spelled out."""
    written = endpoints.written(value, row.kind)
    unit = text.get("unit").get(row.kind, "")
    return f"{written} {unit}".strip() if value is not None else written
