"""A virtual trial beside a real one: its patients where the data exist, else its published figures.

``inside`` says whether the virtual value lies within the real value's 95 % interval. That is a statement
about one number, not a test of the model: with thirty rows one or two lie outside by chance even when the
model is right, and a small real trial has wide intervals that are easy to hit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from unmask.survival import comparison, proportions
from unmask.survival.estimate import follow_up
from unmask.survival.kaplan_meier import NOTHING, Interval, Value, finite
from unmask.survival.observed_csv import ObservedTrial, read_observed
from unmask.survival.published import Path, leaves

__all__ = [
    "Comparison",
    "ObservedTrial",
    "as_table",
    "compare_observed",
    "compare_published",
    "read_observed",
]

LANDMARKS = {
    "OS": (6.0, 12.0, 18.0, 24.0, 36.0),
    "PFS": (2.0, 3.5, 5.0, 6.5, 9.5, 12.0, 24.0),
}


@dataclass(frozen=True)
class Comparison:
    """One figure of the real trial and of the virtual one.

    ``arm`` is empty for a comparison of arms. ``unit`` is ``fraction``, ``months``, ``weeks``, ``mm`` or
    ``ratio``. ``inside`` is None where nothing can be judged (a value or the interval is missing, or the
    published figure is not confirmed); a None limit of an interval that exists is open (not reached).
    """

    endpoint: str
    arm: str
    unit: str
    real: float | None
    real_ci: Interval
    virtual: float | None
    virtual_ci: Interval
    inside: bool | None
    source: str = ""
    confirmed: bool = True


def compare_observed(
    observed: ObservedTrial, tables: Mapping[str, pd.DataFrame], arms: Sequence[str] = ()
) -> list[Comparison]:
    """Estimate every endpoint in the same way from the real and from the virtual patients.

    Parameters
    ----------
    observed
        From :func:`read_observed`.
    tables
        The virtual trial's ``patients`` and ``time_to_event``.
    arms
        Experimental first, control last; default: the observed trial's.

    Returns
    -------
    list of Comparison
        Per arm: response rate, best response PD, median OS and PFS, landmark rates, median baseline size;
        then the hazard ratios. Figures that the real data do not give (beyond follow-up, no such arm) are
        left out.
    """
    names = tuple(arms) or observed.arms
    rows = []
    for arm in names:
        real, virtual = dict(_figures(observed.tables, arm)), dict(_figures(tables, arm))
        known = [key for key, value in real.items() if value != NOTHING]
        rows += [_row(label, arm, unit, real[label, unit], virtual[label, unit]) for label, unit in known]
    for endpoint in ("OS", "PFS") if len(names) > 1 else ():
        pair = (names[0], names[-1])
        real_hr = comparison.hazard_ratio(*(follow_up(observed.time_to_event, endpoint, arm) for arm in pair))
        virtual_hr = comparison.hazard_ratio(
            *(follow_up(tables["time_to_event"], endpoint, arm) for arm in pair)
        )
        if real_hr.hr != NOTHING:
            rows.append(_row(f"Hazard ratio {endpoint}", "", "ratio", real_hr.hr, virtual_hr.hr))
    return rows


def compare_published(summary: Mapping[str, Any], published: Mapping[str, Any] | None) -> list[Comparison]:
    """Lay the published figures beside the summary's.

    Parameters
    ----------
    summary
        From :func:`unmask.survival.estimate.summarise`.
    published
        Same shape as the summary's ``arms`` and ``comparisons``; a leaf is ``{"value", "ci", "source",
        "confirmed"}``. A figure without an interval, or with ``confirmed`` false (not read in its source), is
        shown, never judged.
    """
    rows = []
    for part in ("arms", "comparisons"):
        for path, leaf in leaves((published or {}).get(part) or {}):
            arm = path[0] if part == "arms" else ""
            inner = path[1:] if part == "arms" else path
            virtual = _virtual((summary.get(part) or {}), path)
            real = Value(_as_number(leaf.get("value")), _interval(leaf.get("ci")))
            confirmed = bool(leaf.get("confirmed", True))
            source = str(leaf.get("source", ""))
            row = _row(".".join(inner), arm, _unit(inner), real, virtual, source, confirmed)
            rows.append(row)
    return rows


def as_table(rows: Sequence[Comparison]) -> pd.DataFrame:
    """Rows as a table: one column per field, intervals split into ``_low`` and ``_high``."""
    records = []
    for row in rows:
        record = asdict(row)
        for name in ("real_ci", "virtual_ci"):
            record[f"{name}_low"], record[f"{name}_high"] = record.pop(name)
        records.append(record)
    return pd.DataFrame(records)


def _figures(tables: Mapping[str, pd.DataFrame], arm: str) -> Iterator[tuple[tuple[str, str], Value]]:
    patients = tables["patients"]
    patients = patients[patients["arm"] == arm]
    best = proportions.category_counts(patients["best_response"], proportions.BEST_RESPONSES)
    size = len(patients)
    yield ("Objective response rate", "fraction"), proportions.proportion(best["CR"] + best["PR"], size)
    yield ("Best response PD", "fraction"), proportions.proportion(best["PD"], size)
    for endpoint, landmarks in LANDMARKS.items():
        curve = follow_up(tables["time_to_event"], endpoint, arm).curve
        yield (f"Median {endpoint}", "months"), curve.quantile(0.5)
        for month in landmarks:
            yield (f"{endpoint} at {month:g} months", "fraction"), curve.at(month)
    sizes = patients["baseline_sld_mm"] if "baseline_sld_mm" in patients.columns else ()
    yield ("Median baseline sum of diameters", "mm"), proportions.median_with_interval(sizes)


def _row(
    endpoint: str,
    arm: str,
    unit: str,
    real: Value,
    virtual: Value,
    source: str = "",
    confirmed: bool = True,
) -> Comparison:
    inside = _inside(virtual, real.ci) if confirmed and real.value is not None else None
    return Comparison(
        endpoint, arm, unit, real.value, real.ci, virtual.value, virtual.ci, inside, source, confirmed
    )


def _inside(virtual: Value, interval: Interval) -> bool | None:
    (low, high), value = interval, virtual.value
    if low is None and high is None:
        return None
    if value is None:  # a median that was not reached, and certainly lies above the real interval, is outside
        certainly_above = high is not None and virtual.ci[0] is not None and virtual.ci[0] > high
        return False if certainly_above else None
    return (low is None or value >= low) and (high is None or value <= high)


def _virtual(node: Any, path: Path) -> Value:
    """The summary's figure at a path and the interval beside it (``ci``, ``orr_ci``, ``os_rate_ci``)."""
    parents = [node]
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
        parents.append(node)
    beside = parents[-2] if isinstance(parents[-2], Mapping) else {}
    if isinstance(node, Mapping):  # a leaf may stand one level above the summary's number
        found = next((node[name] for name in ("median", "hr", "value") if name in node), None)
        return Value(_as_number(found), _interval(node.get("ci")))
    interval = beside.get(f"{path[-1]}_ci", beside.get("ci"))
    if interval is None and len(path) > 1 and isinstance(parents[-3], Mapping):
        interval = (parents[-3].get(f"{path[-2]}_ci") or {}).get(path[-1])
    return Value(_as_number(node), _interval(interval))


def _as_number(value: Any) -> float | None:
    """Return a finite number; ``nan`` and ``inf`` are how a protocol writes a limit that was not reached."""
    return finite(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _interval(value: Any) -> Interval:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return (None, None)
    return (_as_number(value[0]), _as_number(value[1]))


def _unit(path: Path) -> str:
    if any("months" in part for part in path):
        return "months"
    if path[0] == "n":
        return "patients"
    if any("weeks" in part for part in path):
        return "fraction" if path[-1].startswith("after_week") else "weeks"
    if any("_mm" in part for part in path):
        return "mm"
    if path[-1] in ("hr", "os", "pfs", "ipfs"):
        return "ratio"
    return "p value" if path[-1] in ("p", "logrank_p") else "fraction"
