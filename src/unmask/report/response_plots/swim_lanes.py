"""From patients and visits to the lanes of a swimmer plot: how long, what happened when, how it ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.report import style
from unmask.report.response_plots import inputs

Days = NDArray[np.float64]

RESPONSE, COMPLETE, PROGRESSION = "response", "complete-response", "progression"
NOT_BORNE_OUT, CONFIRMED = "iupd-not-borne-out", "icpd"
NEW_LESION, NEW_THERAPY = "new-lesion", "new-therapy"
DEATH, ON_TREATMENT, ALIVE = "death", "treatment-ongoing", "alive"
_IMPROVED = ("iCR", "iPR", "iSD", "NON-iCR/NON-iUPD")


@dataclass(frozen=True)
class Lanes:
    """One lane a patient, in the order of the table of patients; days, NaN where there is none."""

    end: Days
    treated_until: Days
    """End of study treatment, NaN where it is not known."""
    response_from: Days
    response_until: Days
    events: dict[str, Days]
    """Day of each event, by kind; the ends of lanes (death, arrows) among them."""
    immune: bool
    """Responses and progression are those of iRECIST, because the tables have no others."""
    deaths_known: bool


def lanes(patients: pd.DataFrame, visits: pd.DataFrame) -> Lanes:
    """Return the lanes of patients from their table and that of their visits.

    A lane goes from day 0 to death, or to the last day on which anything is known. The response goes from the first
    visit of the best response to progression, death or the last visit, whichever is first. An iUPD is *not borne
    out* when a later visit before any iCPD (and before another therapy) is iSD or better.
    """
    key_of_patient, key_of_visit = inputs.keys(patients, visits)
    visit = pd.DataFrame({"key": key_of_visit, "day": inputs.numbers(visits, "day", "visits")})
    for column in ("overall_response", "irecist_response"):
        visit[column] = visits[column].astype(object) if column in visits else None
    visit["new_lesion"] = inputs.flags(visits, "new_lesion")
    visit = visit[visit["day"].notna()].sort_values("day", kind="stable")
    immune = "best_response" not in patients
    prefix = "irecist_" if immune else ""

    def of_patient(column: str) -> Days:
        return inputs.numbers(patients, column, "patients").to_numpy(dtype=float)

    def first(rows: pd.DataFrame) -> Days:
        return key_of_patient.map(rows.groupby("key")["day"].min()).to_numpy(dtype=float)

    new_therapy = of_patient("new_therapy_day")
    death = of_patient("death_day")
    response = of_patient(f"{prefix}first_response_day")
    progression = of_patient(f"{prefix}progression_day")
    if f"{prefix}progression_day" not in patients and not immune:
        progression = first(visit[visit["overall_response"] == "PD"])
    best = patients[inputs.response_column(patients)].map(style.category).to_numpy()
    complete_word, column = ("iCR", "irecist_response") if immune else ("CR", "overall_response")
    complete = np.where(best == "CR", first(visit[visit[column] == complete_word]), np.nan)
    before_therapy = visit["day"] <= visit["key"].map(
        dict(zip(key_of_patient, new_therapy, strict=True))
    ).fillna(np.inf)
    withdrawn, confirmed = _immune_days(visit[before_therapy])
    last_visit = np.fmax(key_of_patient.map(visit.groupby("key")["day"].max()).to_numpy(dtype=float),
                         of_patient("last_day"))  # fmt: skip
    events = {
        RESPONSE: np.where(complete <= response, np.nan, response),
        COMPLETE: complete,
        PROGRESSION: progression,
        NOT_BORNE_OUT: key_of_patient.map(withdrawn).to_numpy(dtype=float),
        CONFIRMED: key_of_patient.map(confirmed).to_numpy(dtype=float),
        NEW_LESION: first(visit[visit["new_lesion"]]),
        NEW_THERAPY: new_therapy,
    }
    end = np.fmax(last_visit, np.fmax(death, of_patient("last_known_day")))
    for days in events.values():
        end = np.fmax(end, days)
    treated = of_patient("treatment_end_day")
    ongoing = np.isnan(treated) & np.isnan(death) & ("treatment_end_day" in patients) & np.isfinite(end)
    deaths_known = "death_day" in patients
    alive = np.isnan(death) & ~ongoing & np.isfinite(end) & deaths_known
    events |= {
        DEATH: death,
        ON_TREATMENT: np.where(ongoing, end, np.nan),
        ALIVE: np.where(alive, end, np.nan),
    }
    until = np.fmin(np.where(progression > response, progression, np.nan), death)
    until = np.where(np.isnan(until), last_visit, until)
    return Lanes(
        end=end,
        treated_until=np.where(ongoing, end, np.minimum(treated, end)),
        response_from=response,
        response_until=np.where(np.isnan(response), np.nan, np.fmax(until, response)),
        events=events,
        immune=immune,
        deaths_known=deaths_known,
    )


def _immune_days(visits: pd.DataFrame) -> tuple[dict[object, float], dict[object, float]]:
    """Return by patient the first iUPD that was not borne out, and the first iCPD."""
    withdrawn: dict[object, float] = {}
    confirmed: dict[object, float] = {}
    waiting: dict[object, float] = {}
    for key, day, response in zip(visits["key"], visits["day"], visits["irecist_response"], strict=True):
        if key in confirmed:
            continue  # after an iCPD responses are not used
        if response == "iCPD":
            confirmed[key] = day
        elif response == "iUPD":
            waiting.setdefault(key, day)
        elif response in _IMPROVED and key in waiting:
            withdrawn.setdefault(key, waiting.pop(key))
    return withdrawn, confirmed
