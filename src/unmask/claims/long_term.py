"""C9, the part that needs trials: survival over years, and what becomes of those who stop at two years."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.claims.claim import Estimate
from unmask.claims.estimates import NOTHING, events_per_year, from_value
from unmask.claims.laboratory import Laboratory
from unmask.claims.plots import Curves
from unmask.claims.readout import survival
from unmask.claims.trials import PREDICTED
from unmask.survival.estimate import follow_up
from unmask.survival.kaplan_meier import DAYS_PER_MONTH, Follow
from unmask.trial.result import TrialResult

NO_LOSS = ("follow_up.accrual_days=0", "follow_up.dropout_per_year=0")
PLATEAU_YEARS, TEN_YEARS = 8, 10
COMPLETED = 94 * 7.0  # days of pembrolizumab after which KEYNOTE-006 counts a patient as a completer
LAST_INTERVAL = 21.0
FIVE_YEARS = 60.0  # months

Array = NDArray[np.float64]


def plateau(
    laboratory: Laboratory, patients: int, seed: int
) -> tuple[dict[str, Estimate], list[Estimate], Curves]:
    """Return deaths per person-year on nivolumab in melanoma: as measures, year by year, and the survival curves."""
    settings = (f"follow_up.days={round(PLATEAU_YEARS * 365.25)}", *NO_LOSS)
    result = laboratory.trial("checkmate-066", patients, seed, settings)
    kept = follow_up(result.tables["time_to_event"], "OS", "nivolumab")
    time = kept.months / 12.0
    starts = np.arange(PLATEAU_YEARS)[:, None]
    years = np.clip(time - starts, 0.0, 1.0).sum(axis=1)
    deaths = (kept.event & (time > starts) & (time <= starts + 1)).sum(axis=1)
    rates = [
        events_per_year(int(count), float(at_risk)) for count, at_risk in zip(deaths, years, strict=True)
    ]
    estimates = {
        "hazard_year_1": rates[0],
        "hazard_year_4": rates[3],
        "late_over_early": rate_ratio(
            int(deaths[3:].sum()), float(years[3:].sum()), int(deaths[0]), float(years[0])
        ),
    }
    return (
        estimates,
        rates,
        _curves(result, "Overall survival over eight years, melanoma, CheckMate 066 prolonged"),
    )


def ten_years(laboratory: Laboratory, patients: int, seed: int) -> tuple[dict[str, Estimate], Curves]:
    """Return survival at ten years in the three arms of CheckMate 067 (a quarter of the patients: it is long)."""
    settings = (f"follow_up.days={round(TEN_YEARS * 365.25) + 1}", *NO_LOSS)
    result = laboratory.trial("checkmate-067", max(patients // 4, 20), seed, settings)
    found = {
        f"ten_years_{arm}": _alive(follow_up(result.tables["time_to_event"], "OS", arm), 12.0 * TEN_YEARS)
        for arm in result.arms
    }
    return found, _curves(result, "Overall survival over ten years, melanoma, CheckMate 067")


def stopping(laboratory: Laboratory, patients: int, seed: int) -> dict[str, Estimate]:
    """Return survival at seven years in KEYNOTE-006, and of those who stopped pembrolizumab at two years as planned.

    A completer had pembrolizumab for 94 weeks or more and had not progressed by then. Time counts from week 94; the
    publication as read does not say from which day its five years count, so survival is also given from the first dose.
    """
    result = laboratory.trial(PREDICTED["ipilimumab"].trial, patients, seed)
    tables = result.tables
    found = {}
    for arm in result.arms:
        everybody = follow_up(tables["time_to_event"], "OS", arm)
        found[f"{arm}_seven_years"] = _alive(everybody, 84.0)
        if arm == "ipilimumab":
            found["ipilimumab_three_years"] = _alive(everybody, 36.0)
    doses = tables["doses"]
    own = doses[(doses["arm"] == "pembrolizumab") & (doses["phase"] == "first line")]
    last = own.groupby("patient")["day"].max()
    reached = set(last[last >= COMPLETED - LAST_INTERVAL].index)
    events = tables["time_to_event"]
    events = events[events["arm"] == "pembrolizumab"].set_index("patient")
    progression = events[events["endpoint"] == "PFS"]
    free = progression[progression["time_days"] > COMPLETED].index
    who = sorted(reached & set(free))
    for key, endpoint, start in (
        ("completers_alive", "OS", COMPLETED),
        ("completers_alive_from_start", "OS", 0.0),
        ("completers_free", "PFS", COMPLETED),
    ):
        rows = events[events["endpoint"] == endpoint].reindex(who).dropna(subset=["time_days"])
        months = (rows["time_days"].to_numpy(dtype=float) - start) / DAYS_PER_MONTH
        found[key] = _alive(Follow(months, rows["event"].to_numpy(dtype=bool)), FIVE_YEARS)
    return found


def rate_ratio(late: int, late_years: float, early: int, early_years: float) -> Estimate:
    """Return the ratio of two death rates with its interval on the logarithmic scale (delta method)."""
    if not (late and early):
        return NOTHING
    ratio = (late / late_years) / (early / early_years)
    spread = 1.96 * float(np.sqrt(1.0 / late + 1.0 / early))
    return Estimate(ratio, ratio * float(np.exp(-spread)), ratio * float(np.exp(spread)), late + early)


def _alive(kept: Follow, months: float) -> Estimate:
    return from_value(kept.curve.at(months), kept.size) if kept.size else NOTHING


def _curves(result: TrialResult, title: str) -> Curves:
    years = [survival(result, arm, "OS", arm, per=12.0) for arm in result.arms]
    return Curves(
        title,
        "years",
        "alive",
        tuple(years),
        caption="Virtual patients of the design of the trial, followed without loss.",
    )
