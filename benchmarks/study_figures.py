"""The figures of the feasibility study beside those of this implementation: `python benchmarks/study_figures.py`.

The study built and calibrated the core model before this project; its figures are means of three populations of
2,000 (OAK) or of one (CheckMate 066, 025). `trial` is what the real trial published. Spread is the standard
deviation between the populations run here. Follow-up is complete in these runs, as in the study.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

import unmask

POPULATIONS, PATIENTS = 3, 2_000
COMPLETE = ("follow_up.accrual_days=0", "follow_up.dropout_per_year=0")
BINS = (0, 9, 15, 21, 27, 40, 10_000)

# (figure, real trial, study): percentages and months; None = not given.
Row = tuple[str, float | None, float]
STUDY: Mapping[str, Mapping[str, tuple[Row, ...]]] = {
    "oak": {
        "atezolizumab": (
            ("ORR confirmed, %", 13.6, 19.7),
            ("best response PD, %", 44.0, 38.4),
            ("median PFS, mo", 2.8, 2.8),
            ("PFS at 2 mo, %", 57.8, 56.1),
            ("PFS at 3.5 mo, %", 44.5, 40.2),
            ("PFS at 5 mo, %", 33.0, 30.9),
            ("PFS at 6.5 mo, %", 30.0, 25.3),
            ("PFS at 9.5 mo, %", 22.5, 19.0),
            ("PFS at 12 mo, %", 18.2, 16.9),
            ("PFS at 24 mo, %", 8.5, 9.2),
            ("median OS, mo", 13.8, 13.3),
            ("OS at 6.5 mo, %", 72.4, 70.2),
            ("OS at 12 mo, %", 54.7, 53.4),
            ("OS at 18 mo, %", 40.0, 40.7),
            ("OS at 24 mo, %", 29.2, 31.8),
            ("median DoR, mo", 16.3, 18.1),
            ("shrinkage seen by week 9, %", 28, 17),
            ("weeks 9-15, %", 41, 34),
            ("weeks 15-21, %", 9, 19),
            ("weeks 21-27, %", 7, 12),
            ("weeks 27-40, %", 9, 11),
            ("after week 40, %", 5, 7),
            ("first scan, lower quartile, %", -7, -4),
            ("first scan, median, %", 0, 4),
            ("first scan, upper quartile, %", 12, 13),
        ),
        "docetaxel": (
            ("ORR confirmed, %", 13.4, 14.0),
            ("best response PD, %", 28.0, 25.4),
            ("median PFS, mo", 4.0, 2.9),
            ("PFS at 2 mo, %", 72.4, 68.7),
            ("PFS at 3.5 mo, %", 53.7, 48.0),
            ("PFS at 5 mo, %", 37.2, 34.0),
            ("PFS at 6.5 mo, %", 27.7, 24.2),
            ("PFS at 9.5 mo, %", 14.9, 12.5),
            ("PFS at 12 mo, %", 10.7, 8.3),
            ("PFS at 24 mo, %", 1.9, 1.3),
            ("median OS, mo", 9.6, 10.7),
            ("OS at 6.5 mo, %", 65.0, 66.0),
            ("OS at 12 mo, %", 41.1, 45.6),
            ("OS at 18 mo, %", 26.9, 30.9),
            ("OS at 24 mo, %", 20.6, 21.3),
            ("median DoR, mo", 6.2, 5.7),
            ("shrinkage seen by week 9, %", 53, 47),
            ("weeks 9-15, %", 24, 22),
            ("weeks 15-21, %", 11, 10),
            ("weeks 21-27, %", 6, 7),
            ("weeks 27-40, %", 2, 7),
            ("after week 40, %", 5, 7),
            ("first scan, lower quartile, %", -17, -19),
            ("first scan, median, %", -7, -7),
            ("first scan, upper quartile, %", 0, 2),
        ),
        "": (("hazard ratio OS", 0.73, 0.76), ("hazard ratio PFS", 0.95, 0.85)),
    },
    "checkmate-066": {
        "nivolumab": (
            ("ORR confirmed, %", 42, 44.7),
            ("median PFS, mo", 5.1, 4.8),
            ("median OS, mo", 37.6, 30.6),
            ("OS at 12 mo, %", 71, 69),
            ("OS at 24 mo, %", 58, 54),
        ),
        "dacarbazine": (("ORR confirmed, %", 14, 10.8), ("median OS, mo", 11.3, 12.5)),
    },
    "checkmate-025": {
        "nivolumab": (
            ("ORR confirmed, %", 23, 24.5),
            ("median OS, mo", 26.0, 25.2),
            ("median PFS, mo", 4.6, 4.1),
            ("median DoR, mo", 18.2, 15.9),
            ("OS at 12 mo, %", 76, 73),
            ("OS at 24 mo, %", 52, 52),
        ),
        "everolimus": (
            ("ORR confirmed, %", 4, 4.3),
            ("median OS, mo", 19.7, 20.4),
            ("median PFS, mo", 4.4, 4.1),
            ("OS at 12 mo, %", 67, 68),
            ("OS at 24 mo, %", 42, 44),
        ),
    },
}


def figures(result: unmask.TrialResult) -> dict[str, dict[str, float]]:
    """Return every figure of a trial by arm ("" for comparisons) and name."""
    found: dict[str, dict[str, float]] = {}
    for arm, summary in result.summary["arms"].items():
        scans = result.tables["assessments"]
        found[arm] = dict(_arm(summary, scans[scans["arm"] == arm]))
    comparisons = result.summary["comparisons"]
    found[""] = {f"hazard ratio {key.upper()}": comparisons[key]["hr"] for key in ("os", "pfs")}
    return found


def _arm(summary: Mapping[str, Any], scans: pd.DataFrame) -> Iterator[tuple[str, float]]:
    yield "ORR confirmed, %", 100 * summary["orr"]
    yield "best response PD, %", 100 * summary["best_response"]["PD"]
    for key, name in (("pfs", "PFS"), ("os", "OS")):
        yield f"median {name}, mo", _number(summary[f"{key}_months"]["median"])
        for month, rate in summary[f"{key}_rate"].items():
            yield f"{name} at {month} mo, %", 100 * _number(rate)
    yield "median DoR, mo", _number(summary["duration_of_response_months"]["median"])
    shrunk = scans[scans["sld_mm"] <= 0.7 * scans["baseline_sld_mm"]]
    weeks = shrunk.groupby("patient")["day"].min().to_numpy() / 7
    names = (
        "shrinkage seen by week 9",
        "weeks 9-15",
        "weeks 15-21",
        "weeks 21-27",
        "weeks 27-40",
        "after week 40",
    )
    for name, count in zip(names, np.histogram(weeks, BINS)[0], strict=True):
        yield f"{name}, %", 100 * count / max(weeks.size, 1)
    first = 100 * scans.loc[scans["visit"] == 1, "change_from_baseline"]
    for name, level in (("lower quartile", 0.25), ("median", 0.5), ("upper quartile", 0.75)):
        yield f"first scan, {name}, %", float(first.quantile(level))


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def main() -> None:
    trials = sys.argv[1:] or list(STUDY)
    for trial in trials:
        runs = [
            figures(unmask.run_trial(trial, patients=PATIENTS, seed=101 + n, settings=COMPLETE))
            for n in range(POPULATIONS)
        ]
        print(f"\n{trial}: {POPULATIONS} populations of {PATIENTS:,} patients")
        print(f"{'arm':<14}{'figure':<32}{'trial':>8}{'study':>8}{'here':>8}{'spread':>8}")
        for arm, rows in STUDY[trial].items():
            for name, real, study in rows:
                values = np.array([run[arm][name] for run in runs])
                digits = 2 if name.startswith("hazard") else 1
                print(
                    f"{arm:<14}{name:<32}{'' if real is None else f'{real:g}':>8}{study:>8g}"
                    f"{values.mean():>8.{digits}f}{values.std(ddof=1):>8.{digits}f}"
                )


if __name__ == "__main__":
    main()
