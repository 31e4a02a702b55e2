"""The comparison with a real trial's patients as a terminal table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unmask.report import words

_DECIMALS = {"fraction": 1, "months": 1, "weeks": 1, "mm": 0, "ratio": 2}
Row = Mapping[str, object]


def print_comparison(rows: Sequence[Row], source: str) -> None:
    """Print one line per figure: real value, its 95 % interval, virtual value, inside or outside.

    ``rows`` hold ``endpoint``, ``arm``, ``unit``, ``real``, ``real_ci``, ``virtual`` and ``inside``, as
    ``unmask.survival.observed.Comparison`` does.
    """
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    table = Table(
        box=None, padding=(0, 2, 0, 0), header_style="bold", title=f"Beside the patients of {source}"
    )
    table.title_justify = "left"
    for name in ("figure", "arm"):
        table.add_column(name)
    for name in ("real", "95 % interval", "virtual"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for row in rows:
        unit = str(row["unit"])
        low, high = words.interval(row["real_ci"]) or (None, None)
        interval = f"{_written(low, unit)} to {_written(high, unit)}" if (low, high) != (None, None) else ""
        verdict = {True: "inside", False: "OUTSIDE", None: ""}[_verdict(row["inside"])]
        table.add_row(
            str(row["endpoint"]),
            str(row["arm"]),
            _written(words.finite(row["real"]), unit),
            interval,
            _written(words.finite(row["virtual"]), unit),
            verdict,
        )
    judged = [row for row in rows if row["inside"] is not None]
    console.print()
    console.print(table)
    console.print(f"{sum(bool(row['inside']) for row in judged)} of {len(judged)} figures inside.")


def _verdict(value: object) -> bool | None:
    return None if value is None else bool(value)


def _written(value: float | None, unit: str) -> str:
    if value is None:
        return "not reached" if unit == "months" else "open"
    if unit == "fraction":
        return f"{100 * value:.1f} %"
    return f"{value:.{_DECIMALS[unit]}f}" + {"months": " mo", "weeks": " wk", "mm": " mm"}.get(unit, "")
