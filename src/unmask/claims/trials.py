"""C5, C6 and C7: the virtual trials beside the published ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.claims.claim import Claim, Estimate, Measured
from unmask.claims.estimates import NOTHING, from_value, median, share
from unmask.claims.hosts import Given, every, follow
from unmask.claims.laboratory import Laboratory
from unmask.claims.plots import Curves, Dots, Row, Series, over_hosts
from unmask.claims.readout import (
    difference_of_rates,
    first_shrinkage_weeks,
    hazard_ratio,
    median_months,
    response_rate,
    row,
    survival,
)
from unmask.patients.random_streams import RandomStreams
from unmask.survival.kaplan_meier import DAYS_PER_MONTH, Follow

FIVE_YEARS = 1826.0
WEEKS = (13, 16, 20, 26)
EARLY_MONTHS = 3.5
MARKER_RISE, MARKER_RISE_NG_PER_ML = 1.25, 2.0


@dataclass(frozen=True)
class Beside:
    """A virtual trial of the library and what it is called."""

    trial: str
    tumour: str
    experimental: str
    control: str
    title: str


TRIALS = {
    "melanoma": Beside("checkmate-066", "melanoma", "nivolumab", "dacarbazine", "CheckMate 066"),
    "kidney": Beside("checkmate-025", "kidney cancer", "nivolumab", "everolimus", "CheckMate 025"),
    "lung": Beside("oak", "lung cancer", "atezolizumab", "docetaxel", "OAK"),
}

PREDICTED = {
    "squamous": Beside("checkmate-017", "squamous lung", "nivolumab", "docetaxel", "CheckMate 017"),
    "ipilimumab": Beside("keynote-006", "melanoma", "pembrolizumab", "ipilimumab", "KEYNOTE-006"),
}
"""Trials that nothing was calibrated to."""


def beside(claim: Claim, name: str, words: str, found: Estimate) -> Row:
    """Return an estimate as a row with the published figure of the same name."""
    return row(words, found, claim.published.get(name))


def tumour_types(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C5: four tumour types, each with its therapy."""
    estimates: dict[str, Estimate] = {}
    for key, item in TRIALS.items():
        result = laboratory.trial(item.trial, patients, seed)
        estimates[f"orr_{key}"] = response_rate(result, item.experimental)
        estimates[f"os_{key}"] = median_months(result, item.experimental, "os_months")
    estimates["melanoma_over_kidney"] = difference_of_rates(
        estimates["orr_melanoma"], estimates["orr_kidney"]
    )
    estimates["kidney_over_lung"] = difference_of_rates(estimates["orr_kidney"], estimates["orr_lung"])

    hosts = laboratory.patients("prostate", patients, seed)
    laboratory.tell("androgen deprivation")
    looks = every(28, FIVE_YEARS)
    course = follow(hosts, looks, (Given("leuprolide", every(84, FIVE_YEARS)),), threads=laboratory.threads)
    marker = course["tumour_marker"]
    lowest = np.minimum.accumulate(marker, axis=1)
    risen = (marker >= MARKER_RISE * lowest) & (marker >= lowest + MARKER_RISE_NG_PER_ML)
    rose: NDArray[np.bool_] = np.asarray(risen.any(axis=1))
    rises = np.where(rose, np.array(looks)[risen.argmax(axis=1)], looks[-1])
    time = Follow(rises / DAYS_PER_MONTH, rose).curve.quantile()
    estimates["marker_falls"] = share(np.nanmin(marker, axis=1) <= 0.5 * marker[:, 0])
    estimates["marker_rises"] = from_value(time, hosts.size)
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Dots(
                "Response to immunotherapy",
                "confirmed response",
                tuple(
                    beside(claim, f"orr_{key}", item.tumour, estimates[f"orr_{key}"])
                    for key, item in TRIALS.items()
                ),
            ),
            Dots(
                "Median overall survival with immunotherapy",
                "months",
                tuple(
                    beside(claim, f"os_{key}", item.tumour, estimates[f"os_{key}"])
                    for key, item in TRIALS.items()
                ),
                percent=False,
            ),
            Curves(
                "Prostate cancer on androgen deprivation",
                "months",
                "tumour marker over its value before treatment",
                (
                    over_hosts(
                        "tumour marker",
                        tuple(day / DAYS_PER_MONTH for day in looks),
                        np.maximum(marker / marker[:, :1], 1e-4),
                    ),
                ),
                caption="Median and middle half of the patients.",
                percent=False,
                log_y=True,
            ),
        ),
    )


def survival_gain(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C6: hazard ratios and responses of five trials."""
    estimates: dict[str, Estimate] = {}
    curves = []
    compared = {**TRIALS, **PREDICTED}
    for key, item in compared.items():
        result = laboratory.trial(item.trial, patients, seed)
        estimates[f"hr_os_{key}"] = hazard_ratio(result, "os")
        estimates[f"hr_pfs_{key}"] = hazard_ratio(result, "pfs")
        estimates[f"orr_difference_{key}"] = difference_of_rates(
            response_rate(result, item.experimental), response_rate(result, item.control)
        )
        curves.append(
            Curves(
                f"Overall survival, {item.title} ({item.tumour})",
                "months",
                "alive",
                tuple(survival(result, arm, "OS", arm) for arm in (item.experimental, item.control)),
            )
        )
    oak = laboratory.trial("oak", patients, seed)
    early = [
        _rate(oak.summary["arms"][arm], "pfs_rate", EARLY_MONTHS) for arm in ("atezolizumab", "docetaxel")
    ]
    estimates["pfs_early_lung"] = difference_of_rates(*early)
    for arm in ("atezolizumab", "docetaxel"):
        estimates[f"dor_{arm}"] = median_months(oak, arm, "duration_of_response_months")
    ratios = tuple(
        beside(claim, f"hr_{endpoint}_{key}", f"{words}, {item.title}", estimates[f"hr_{endpoint}_{key}"])
        for endpoint, words in (("os", "death"), ("pfs", "progression"))
        for key, item in compared.items()
    )
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Dots(
                "Hazard ratios", "immunotherapy against comparator (below 1: better)", ratios, percent=False
            ),
            *curves,
            Curves(
                "Progression-free survival, OAK: the curves cross",
                "months",
                "alive without progression",
                tuple(survival(oak, arm, "PFS", arm) for arm in ("atezolizumab", "docetaxel")),
            ),
        ),
    )


def _rate(summary: dict[str, object], name: str, months: float) -> Estimate:
    rates, intervals = summary[name], summary[f"{name}_ci"]
    assert isinstance(rates, dict)
    assert isinstance(intervals, dict)
    low, high = intervals[f"{months:g}"]
    n = summary["n"]
    assert isinstance(n, int)
    return Estimate(float(rates[f"{months:g}"]), float(low), float(high), n)


def timing(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C7: when tumours shrink."""
    oak = laboratory.trial("oak", patients, seed)
    weeks = {
        "immunotherapy": first_shrinkage_weeks(oak, "atezolizumab"),
        "chemotherapy": first_shrinkage_weeks(oak, "docetaxel"),
    }
    estimates = {f"{key}_after_{week}": share(seen > week) for key, seen in weeks.items() for week in WEEKS}
    for key, seen in weeks.items():
        estimates[f"{key}_median"] = median(seen, RandomStreams(seed), f"C7 {key}")
    estimates["later"] = _difference_of_means(weeks["immunotherapy"], weeks["chemotherapy"])
    names = {"immunotherapy": "atezolizumab", "chemotherapy": "docetaxel"}
    rows = tuple(
        beside(
            claim, f"{key}_after_{week}", f"{names[key]}, after week {week}", estimates[f"{key}_after_{week}"]
        )
        for key in weeks
        for week in WEEKS
    )
    grid = np.arange(0.0, 105.0)
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Dots("First shrinkages that come late", "share of first shrinkages by 30 %", rows),
            Curves(
                "When tumours first shrink by 30 %",
                "weeks",
                "of all patients who shrink, so far",
                tuple(
                    Series(
                        names[key],
                        tuple(grid.tolist()),
                        tuple(float(np.mean(seen <= week)) for week in grid),
                        steps=True,
                    )
                    for key, seen in weeks.items()
                    if seen.size
                ),
            ),
        ),
    )


def _difference_of_means(one: NDArray[np.float64], other: NDArray[np.float64]) -> Estimate:
    """Return the difference of the means of two groups with Welch's interval at 1.96 standard errors."""
    if min(one.size, other.size) < 2:
        return NOTHING
    gap = float(one.mean() - other.mean())
    error = float(np.sqrt(one.var(ddof=1) / one.size + other.var(ddof=1) / other.size))
    return Estimate(gap, gap - 1.96 * error, gap + 1.96 * error, one.size + other.size)
