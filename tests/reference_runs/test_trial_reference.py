"""Small trials with stored numbers, and the figures that an independent implementation of the same equations gave."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from unmask.trial.result import TrialResult
from unmask.trial.run import TrialPlan, plan_trial, run_trial

STORED = Path(__file__).with_name("oak_300_seed_2026.json")
"""Summary figures of OAK, 2 x 300 patients, seed 2026, as this version of Unmask computed them."""
PATIENTS, SEED = 300, 2026
TOLERANCES = {
    # Another processor or compiler may round a state differently, which moves a patient across a threshold now
    # and then: two patients in a share, a few days in a median.
    "orr": 2 / PATIENTS,
    "best_response": 2 / PATIENTS,
    "pseudoprogression": 2 / PATIENTS,
    "grade3plus_related": 2 / PATIENTS,
    "os_rate": 2 / PATIENTS,
    "pfs_rate": 2 / PATIENTS,
    "os_months": 0.15,
    "pfs_months": 0.15,
    "hr": 0.01,
    "screening": 0,
}


def figures(result: TrialResult) -> dict[str, float]:
    """The stored figures of a result, by a path of names."""
    summary: dict[str, Any] = dict(result.summary)
    found: dict[str, float] = {}
    for arm, values in summary["arms"].items():
        for name in ("orr", "pseudoprogression", "grade3plus_related"):
            found[f"{arm} {name}"] = values[name]
        for name in ("best_response", "os_rate", "pfs_rate"):
            for key, value in values[name].items():
                if value is not None:
                    found[f"{arm} {name} {key}"] = value
        for name in ("os_months", "pfs_months"):
            found[f"{arm} {name} median"] = values[name]["median"]
    for endpoint in ("os", "pfs"):
        found[f"{endpoint} hr"] = summary["comparisons"][endpoint]["hr"]
    found["screening screened"] = summary["screening"]["screened"]
    found["screening not_eligible"] = summary["screening"]["not_eligible"]
    return found


def differences(found: dict[str, float], stored: dict[str, float]) -> list[str]:
    """What lies outside its tolerance, in words."""
    outside = [f"{name} is missing" for name in sorted(set(stored) ^ set(found))]
    for name in sorted(set(stored) & set(found)):
        tolerance = next(value for key, value in TOLERANCES.items() if key in name.split())
        if not abs(found[name] - stored[name]) <= tolerance + 1e-12:
            outside.append(f"{name}: {found[name]:.4f}, stored {stored[name]:.4f} +- {tolerance:.4f}")
    return outside


@pytest.fixture(scope="module")
def stored() -> dict[str, float]:
    content: dict[str, float] = json.loads(STORED.read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def small() -> TrialResult:
    return run_trial("oak", patients=PATIENTS, seed=SEED)


def test_oak_gives_the_stored_numbers(small: TrialResult, stored: dict[str, float]) -> None:
    assert len(stored) > 40
    assert differences(figures(small), stored) == []


@pytest.mark.parametrize(
    "change",
    [
        "parameters.max_kill_rate=8.5",  # 4 % less
        "arms.docetaxel.stop_per_dose=0.12",
        "hazard.death_growth_gain=36",
        "measurement.sum_error=0.10",
        "arms.atezolizumab.beyond_progression.doses=12",
    ],
)
def test_the_comparison_sees_a_small_change(change: str, stored: dict[str, float]) -> None:
    changed = run_trial(plan_trial("oak", patients=PATIENTS, seed=SEED, settings=(change,)))
    assert differences(figures(changed), stored)


def test_the_comparison_sees_a_missing_figure(small: TrialResult, stored: dict[str, float]) -> None:
    found = figures(small)
    del found["os hr"]
    assert differences(found, stored) == ["os hr is missing"]


@dataclass(frozen=True)
class Figure:
    """A figure of model-spec section 8: mean of three populations of 2,000, and the spread between populations."""

    expected: float
    spread: float


# Model-spec section 8 (what the feasibility study's implementation gave for OAK) with the spreads of section 6b.
# Where the real trial is missed (atezolizumab response rate, docetaxel median PFS) these figures miss it, too.
RATE_MONTHS = ("2", "3.5", "5", "6.5", "9.5", "12", "24")
SECTION_8: dict[str, dict[str, Figure]] = {
    arm: {
        "response": Figure(response, 0.9),
        "best response PD": Figure(progressed, 0.9),
        **{f"PFS {m}": Figure(value, 1.3) for m, value in zip(RATE_MONTHS, pfs, strict=True)},
        **{f"OS {m}": Figure(value, 1.2) for m, value in zip(("6.5", "12", "18", "24"), os_rates, strict=True)},
        "median OS": Figure(median, 0.5),
        **{f"shrinkage bin {n}": Figure(value, 2.0) for n, value in enumerate(bins)},
    }
    for arm, response, progressed, pfs, os_rates, median, bins in (
        (
            "atezolizumab", 19.7, 38.4, (56.1, 40.2, 30.9, 25.3, 19.0, 16.9, 9.2),
            (70.2, 53.4, 40.7, 31.8), 13.3, (17, 34, 19, 12, 11, 7),
        ),
        (
            "docetaxel", 14.0, 25.4, (68.7, 48.0, 34.0, 24.2, 12.5, 8.3, 1.3),
            (66.0, 45.6, 30.9, 21.3), 10.7, (47, 22, 10, 7, 7, 7),
        ),
    )
}  # fmt: skip
BIN_WEEKS = (0.0, 9.5, 15.5, 21.5, 27.5, 40.5, math.inf)


def counted_as_specified(result: TrialResult, arm: str) -> dict[str, float]:
    """The figures of one arm in percent and months, counted as section 6b counts them."""
    summary = result.summary["arms"][arm]
    readings = result.tables["assessments"]
    readings = readings[readings["arm"] == arm].sort_values(["patient", "visit"])
    shrunk = readings["change_from_baseline"] <= -0.3 + 1e-12
    first: pd.Series = readings[shrunk].groupby("patient")["day"].min() / 7.0
    bins = np.histogram(first, BIN_WEEKS)[0]
    found = {
        "response": 100.0 * summary["orr"],
        "best response PD": 100.0 * summary["best_response"]["PD"],
        "median OS": summary["os_months"]["median"],
        **{f"shrinkage bin {n}": 100.0 * count / bins.sum() for n, count in enumerate(bins)},
    }
    found |= {f"PFS {month}": 100.0 * summary["pfs_rate"][month] for month in RATE_MONTHS}
    found |= {f"OS {month}": 100.0 * summary["os_rate"][month] for month in ("6.5", "12", "18", "24")}
    return found


def deviations(result: TrialResult) -> dict[str, float]:
    """Distance of each figure from section 8 in standard deviations of one population against the mean of three."""
    return {
        f"{arm} {name}": (found - SECTION_8[arm][name].expected)
        / (SECTION_8[arm][name].spread * math.sqrt(1.0 / 3.0 + 1.0))
        for arm in result.arms
        for name, found in counted_as_specified(result, arm).items()
    }


UNTIL_THE_END = ("follow_up.accrual_days=0", "follow_up.dropout_per_year=0")


def as_specified(*settings: str) -> TrialPlan:
    """OAK with the PD-L1 and PD-L2 of model-spec section 7: PD-L2 a share of PD-L1, and PD-L1 tied to nothing.

    The lung type of Unmask differs from it in these three quantities and nothing else, to give baseline PD-L1 its
    right sign (section 11, point 2; docs/model-card.md). With the specification's values our implementation has to
    give the specification's figures.
    """
    plan = plan_trial("oak", patients=2000, seed=1, settings=(*UNTIL_THE_END, *settings))
    ours = plan.tumour_type.parameters
    pdl1 = ours["pdl1_density"].model_copy(update={"correlated_with": None, "correlation": 0.0})
    pdl2 = pdl1.model_copy(
        update={"value": 0.07 * pdl1.value, "correlated_with": "pdl1_density", "correlation": 1.0}
    )
    precursors = ours["naive_precursors"].model_copy(update={"value": 0.79418563})
    changed = {**ours, "pdl1_density": pdl1, "pdl2_density": pdl2, "naive_precursors": precursors}
    return TrialPlan(plan.protocol, plan.tumour_type.model_copy(update={"parameters": changed}))


def test_oak_gives_the_figures_of_the_independent_implementation() -> None:
    """2 x 2,000 patients of the standard seed: 40 figures, 95 % of them within two standard deviations."""
    found = deviations(run_trial(as_specified()))
    assert len(found) == 40
    beyond = {name: round(value, 2) for name, value in found.items() if abs(value) > 2.0}
    assert len(beyond) <= 3, beyond
    assert max(abs(value) for value in found.values()) < 3.0, beyond
    assert abs(np.mean(list(found.values()))) < 0.75


@pytest.mark.parametrize(
    "change",
    ["parameters.chemo_log_kill=0.45", "hazard.death_log_rate=-6.2"],
)
def test_section_8_is_missed_with_a_wrong_value(change: str) -> None:
    found = deviations(run_trial(as_specified(change)))
    beyond = sum(abs(value) > 2.0 for value in found.values())
    assert beyond > 3 or max(abs(value) for value in found.values()) >= 3.0


def test_the_right_sign_of_pdl1_moves_the_time_of_response_and_nothing_else() -> None:
    """What the lung type of Unmask gives beside section 8: responses to atezolizumab come later (a known failure)."""
    found = deviations(run_trial(plan_trial("oak", patients=2000, seed=1, settings=UNTIL_THE_END)))
    early = {f"atezolizumab shrinkage bin {number}" for number in (0, 1)}
    assert all(found[name] < -2.0 for name in early)
    assert {name for name, value in found.items() if abs(value) > 2.0} == early
