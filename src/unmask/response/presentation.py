"""An assessment as text for a terminal: what was read, what was found, and what it does not say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unmask.response.assess import AssessResult
from unmask.response.codes import ImmuneResponse, Response
from unmask.response.outcomes import Difference

if TYPE_CHECKING:
    from rich.console import RenderableType

SHARES_SHOWN = ("ORR", "DCR", "iORR", "iDCR")
TIMES_SHOWN = ("TTR", "DoR", "PFS", "iPFS", "TTP", "OS")
"""Endpoints of the terminal; all of them, and the sensitivity variants, stand in summary.json."""
EXAMPLES_SHOWN = 5
"""Bad rows quoted in the terminal; all of them stand in bad_rows.csv."""


def terminal_lines(result: AssessResult) -> list[str]:
    """Return the result as plain text lines without colour: counts, tables, problems, files written."""
    lines = [*_reading(result), ""]
    for title, header, rows in _tables(result):
        lines += [title, *_aligned([header, *rows]), ""]
    lines += _problems(result)
    if result.written:
        lines += [
            "",
            f"Written to {result.written[0].parent}: {', '.join(path.name for path in result.written)}",
        ]
    return lines


def renderables(result: AssessResult) -> list[RenderableType]:
    """Return the same as :func:`terminal_lines` for a rich console, with real tables."""
    from rich.table import Table
    from rich.text import Text

    parts: list[RenderableType] = [Text("\n".join(_reading(result)))]
    for title, header, rows in _tables(result):
        table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
        for i, name in enumerate(header):
            table.add_column(name, justify="right" if i else "left", no_wrap=i > 0)
        for row in rows:
            table.add_row(*row)
        parts.append(table)
    problems = _problems(result)
    if problems:
        parts.append(Text("\n".join(problems)))
    if result.written:
        parts.append(Text(f"Written to {result.written[0].parent}", style="bold"))
    return parts


def _reading(result: AssessResult) -> list[str]:
    summary = result.summary
    rows = summary["rows"]
    until = summary["baseline_until_day"]
    numbered = " (the file has no day 0: day 1 is the first dose)" if until == 1 else ""
    lines = [
        f"{result.path.name}: {_count(rows['read'], 'row')}, {_count(summary['patients'], 'patient')}, "
        f"{summary['patients_assessed']:,} assessed at {_count(summary['visits'], 'visit')} after baseline.",
        f"Baseline: last measurement at day {until} or before{numbered}. "
        f"CR and PR confirmed after {result.rules.confirmation_days} days; "
        f"stable disease from day {result.rules.stable_min_day}.",
    ]
    if rows["finer_than_tenths"]:
        lines.append(
            f"{rows['finer_than_tenths']:,} measurements have more than one decimal; judged as written."
        )
    if summary["strict"]:
        lines.append("Strict: warnings were taken as errors.")
    recorded = summary.get("recorded_responses")
    if recorded:
        lines.append(
            f"Recorded overall responses: {recorded['agreeing']:,} of {recorded['compared']:,} as derived here."
        )
    if summary["visits_after_new_therapy"]:
        left_out = _count(summary["visits_after_new_therapy"], "visit")
        lines.append(f"{left_out} after another anticancer therapy: no response counts there.")
    if not summary["deaths_known"]:
        lines.append("Deaths are not known: survival endpoints need a subject file (--patients).")
    elif summary["last_contact_unknown"]:
        unknown = _count(summary["last_contact_unknown"], "patient")
        lines.append(f"{unknown} without a date of death or last contact: followed to the last visit.")
    if summary["all"]["n"] and (result.patients["target_lesions"].dropna() <= 1).all():
        lines.append(
            "No patient has more than one target lesion: the verdicts are on one lesion, not on all disease."
        )
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _tables(result: AssessResult) -> Iterable[tuple[str, list[str], list[list[str]]]]:
    groups: dict[str, Any] = dict(result.summary["groups"])
    if len(groups) > 1:
        groups["all"] = result.summary["all"]
    if "recist1.1" in result.criteria:
        rows = _best_responses(groups, "best_response", [m.label for m in Response], "responders")
        yield "RECIST 1.1, confirmed", ["Best response, RECIST 1.1", *rows[0], "CR or PR"], rows[1:]
    if "irecist" in result.criteria:
        labels = [m.label for m in ImmuneResponse]
        rows = _best_responses(groups, "irecist_best_response", labels, "pseudoprogression")
        yield "iRECIST, not confirmed", ["Best response, iRECIST", *rows[0], "pseudoprogression"], rows[1:]
    yield from _endpoints(result)
    side = result.summary.get("side_by_side")
    if side:
        columns = list(dict.fromkeys(code for row in side["best_response"].values() for code in row))
        columns = [m.label for m in ImmuneResponse if m.label in columns]
        rows = [
            [code, *(f"{row.get(column, 0):,}" for column in columns)]
            for code, row in side["best_response"].items()
        ]
        yield "RECIST 1.1 (rows) against iRECIST, both not confirmed", ["patients", *columns], rows
        if side["differences"]:
            told = [
                [name, f"{count:,}"]
                for name, count in side["differences"].items()
                if name != Difference.NONE.label
            ]
            number = sum(n for name, n in side["differences"].items() if name != Difference.NONE.label)
            title = f"Why {number:,} patient{'s stand' if number != 1 else ' stands'} elsewhere by iRECIST"
            if told:
                yield title, ["reason", "patients"], told


def _endpoints(result: AssessResult) -> Iterable[tuple[str, list[str], list[list[str]]]]:
    """Yield shares with exact intervals and medians with their intervals, by group."""
    found: dict[str, Any] = result.summary["endpoints"]
    shares = [n for n in SHARES_SHOWN if any(n in item["shares"] for item in found.values())]
    yield (
        "Shares of patients (95 % interval)",
        ["Group", "n", *shares],
        [
            [
                name,
                f"{item['n']:,}",
                *(_interval(item["shares"].get(n), "value", percent=True) for n in shares),
            ]
            for name, item in found.items()
        ],
    )
    times = [n for n in TIMES_SHOWN if any(n in item["endpoints"] for item in found.values())]
    for some in (times[:3], times[3:]):
        if some:
            yield (
                "Median months (95 % interval), events of patients",
                ["Group", *some],
                [[name, *(_median(item["endpoints"].get(n)) for n in some)] for name, item in found.items()],
            )


def _median(entry: Mapping[str, Any] | None) -> str:
    if entry is None:
        return "-"
    events = f"{entry['events']:,} of {entry['n']:,}"
    if entry["months"]["median"] is None and entry["months"]["ci"] == [None, None]:
        return f"n.r., {events}"
    return f"{_interval(entry['months'], 'median')}, {events}"


def _interval(entry: Mapping[str, Any] | None, key: str, *, percent: bool = False) -> str:
    if entry is None:
        return "-"

    def told(value: float | None) -> str:
        if value is None:
            return "n.r."
        return f"{100 * value:.1f}" if percent else f"{value:.1f}"

    unit = " %" if percent else ""
    return f"{told(entry[key])}{unit} ({told(entry['ci'][0])}-{told(entry['ci'][1])})"


def _best_responses(
    groups: Mapping[str, Any], key: str, order: Sequence[str], counted: str
) -> list[list[str]]:
    """Return a row per group: patients, patients per category that occurs, share that ``counted`` names.

    The first row holds the names of the columns between the group and that share.
    """
    found = {code for counts in groups.values() for code in counts[key]}
    names = [code for code in order if code in found]
    rows = [
        [
            name,
            f"{counts['n']:,}",
            *(f"{counts[key].get(code, 0):,}" for code in names),
            _share(counts[counted], counts["n"]),
        ]
        for name, counts in groups.items()
    ]
    return [["n", *names], *rows]


def _share(count: int, n: int) -> str:
    return f"{count:,} ({100 * count / n:.1f} %)" if n else "0"


def _problems(result: AssessResult) -> list[str]:
    lines = []
    status = result.patients["status"]
    for why in dict.fromkeys(status[status.str.startswith("not assessed")]):
        left = result.patients.loc[status == why, "patient"].tolist()
        more = f" and {len(left) - EXAMPLES_SHOWN:,} more" if len(left) > EXAMPLES_SHOWN else ""
        reason = why.partition(": ")[2]
        lines.append(f"Not assessed, {reason}: {', '.join(left[:EXAMPLES_SHOWN])}{more}.")
    for severity in ("error", "warning"):
        found = [p for p in result.problems if p.severity == severity]
        if not found:
            continue
        kinds = Counter(p.code.removeprefix("row_").removeprefix("file_").replace("_", " ") for p in found)
        listed = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common())
        rows = severity == "error" and all(p.bad_row for p in found)
        noun = "row" if rows else "finding"
        told = (
            f"{_count(len(found), noun)} left out" if severity == "error" else _count(len(found), "warning")
        )
        lines.append(f"{told}: {listed}.")
        if severity == "error":
            lines += [f"  {p}" for p in found[:EXAMPLES_SHOWN]]
            if len(found) > EXAMPLES_SHOWN:
                lines.append(
                    f"  ... and {len(found) - EXAMPLES_SHOWN:,} more (bad_rows.csv lists all of them)"
                )
    return lines


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
