"""What became of patients alike: natural frequencies with their intervals, and tumour size over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unmask.patient_options.therapies import Therapy
from unmask.safety.summary import MANAGEMENT, SEVERE, clinical_events
from unmask.survival.proportions import proportion
from unmask.trial.tables import course_quantiles

DAYS_PER_YEAR = 365.25
YEARS = (1, 2, 3)
FATAL_GRADE = 5


@dataclass(frozen=True)
class Outcome:
    """How many of ``size`` patients: ``count``, its ``share`` and exact 95 % interval.

    ``None`` where the figure would mean nothing: the model has no such side effects, nothing is given that could have
    any, the tumour was cut out, or its growth was planned.
    """

    key: str
    size: int
    count: int | None
    share: float | None
    interval: tuple[float | None, float | None] | None


@dataclass(frozen=True)
class Spread:
    """Patients alike on one therapy.

    Attributes
    ----------
    outcomes
        By key: ``respond``, ``no_progression_1y``, ``alive_1y`` to ``alive_3y``, ``any_event``, ``severe``,
        ``stopped``, ``fatal`` (side effects that are ascribed to treatment; low counts of a blood
        test alone are none, as in :mod:`unmask.safety.summary`).
    two_years
        Shares at two years: ``alive_well`` (no severe side effect so far), ``alive_severe``, ``dead``. Where the model
        has no side effects of this therapy, everybody alive is ``alive_well``.
    size
        Quantiles over patients of the change of the sum of diameters: ``day``, ``n``, ``q10`` ... ``q90``.
    treatment_days
        Median number of days with treatment in the first year.
    failures
        Reason of each simulation that failed; these patients are left out.
    """

    outcomes: Mapping[str, Outcome]
    two_years: Mapping[str, float]
    size: pd.DataFrame
    treatment_days: float
    failures: tuple[str, ...]


def spread_of(tables: Mapping[str, pd.DataFrame], therapy: Therapy) -> Spread:
    """Return what became of the patients of ``tables`` (those of :func:`unmask.trial.tables.arm_tables`).

    Every patient is followed to the end unless dead, so that shares of patients need no estimate of survival.
    """
    patients = tables["patients"]
    fine = patients[patients["status"].astype(str) == "ok"]
    numbers = pd.Index(fine["patient"])
    size = len(numbers)
    death = fine["death_day"].fillna(np.inf).to_numpy(float)

    def among(rows: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.asarray(numbers.isin(rows["patient"]))

    scans = tables["assessments"]
    progressed = scans[scans["overall_response"].astype(str) == "PD"]
    early = among(progressed[progressed["day"] <= DAYS_PER_YEAR]) | (death <= DAYS_PER_YEAR)
    related = clinical_events(tables["adverse_events"])
    severe = related[related["grade"] >= SEVERE]
    stopped = related[related["action"].astype(str).str.startswith("stop")]
    flags = {
        "respond": fine["best_response"].astype(str).isin(["CR", "PR"]).to_numpy(),
        "no_progression_1y": ~early,
        **{f"alive_{year}y": death > year * DAYS_PER_YEAR for year in YEARS},
        "any_event": among(related),
        "severe": among(severe),
        "stopped": among(stopped),
        "fatal": among(related[related["grade"] >= FATAL_GRADE]),
    }
    meaningless = {"respond"} if therapy.operates else set()
    if therapy.adaptive:
        meaningless |= {"respond", "no_progression_1y"}
    if len(therapy.side_effects_unknown) == len(_names(therapy)):
        meaningless |= {"any_event", "severe", "stopped", "fatal"}
    outcomes = {}
    for key, flag in flags.items():
        if key in meaningless:
            outcomes[key] = Outcome(key, size, None, None, None)
            continue
        count = int(flag.sum())
        value = proportion(count, size)
        outcomes[key] = Outcome(key, size, count, value.value, value.ci)

    two = 2 * DAYS_PER_YEAR
    alive, hurt = death > two, among(severe[severe["onset_day"] <= two])
    quantiles = course_quantiles(tables["course"])
    return Spread(
        outcomes=outcomes,
        two_years={
            "alive_well": float((alive & ~hurt).mean()) if size else np.nan,
            "alive_severe": float((alive & hurt).mean()) if size else np.nan,
            "dead": float((~alive).mean()) if size else np.nan,
        },
        size=quantiles[quantiles["quantity"] == "sld_change"].reset_index(drop=True),
        treatment_days=_treatment_days(tables["doses"], numbers),
        failures=tuple(str(reason) for reason in patients["status"] if reason != "ok"),
    )


def _names(therapy: Therapy) -> set[str]:
    return {item.name for item in (*therapy.treatment, *therapy.subsequent)}


def _treatment_days(doses: pd.DataFrame, numbers: pd.Index) -> float:
    first_year = doses[(doses["phase"].astype(str) != MANAGEMENT) & (doses["day"] <= DAYS_PER_YEAR)]
    days = first_year.groupby("patient", observed=True)["day"].nunique()
    return float(days.reindex(numbers, fill_value=0).median()) if len(numbers) else float("nan")
