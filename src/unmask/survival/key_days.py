"""The days on which something happened to a patient.

One array per named day, NaN where it did not happen. The endpoint rules of ``endpoints.toml`` refer to these days by
name and never look into a table themselves. Unit: day; day 0 = randomisation (= first dose).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.errors import ConfigurationError, DataError
from unmask.response.outcomes import Outcomes
from unmask.response.rules import Rules
from unmask.response.verdicts import Verdicts

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Followed:
    """N patients with up to V visits and what became of them; days since randomisation, NaN = did not happen."""

    day: FloatArray
    """(N, V) day of each visit, ascending."""
    adequate: BoolArray
    """(N, V) an overall response other than NE was given."""
    irecist_adequate: BoolArray
    progression: FloatArray
    """(N,) RECIST 1.1 progression."""
    irecist_progression: FloatArray | None
    """(N,) the iRECIST progression that counts; None = not assessed by iRECIST."""
    response: FloatArray
    """(N,) first visit of the confirmed response, of responders."""
    irecist_response: FloatArray | None
    death: FloatArray
    censor: FloatArray
    """(N,) last day on which anything is known: data cut-off or drop-out; NaN = the last visit."""
    new_therapy: FloatArray | None
    """(N,) start of another anticancer therapy; None = not recorded."""
    has_baseline: BoolArray

    @classmethod
    def of(
        cls,
        verdicts: Verdicts,
        outcomes: Outcomes,
        *,
        death: FloatArray | None = None,
        censor: FloatArray | None = None,
        new_therapy: FloatArray | None = None,
        has_baseline: BoolArray | None = None,
    ) -> Followed:
        """Return the patients of assessed lesions; deaths, cut-off and new therapies are (N,) days."""
        size = len(verdicts.day)
        nothing = np.full(size, np.nan)
        return cls(
            day=verdicts.day,
            adequate=verdicts.adequate,
            irecist_adequate=verdicts.irecist_adequate,
            progression=outcomes.progression_day,
            irecist_progression=outcomes.irecist_progression_day,
            response=outcomes.confirmed.first_response_day,
            irecist_response=outcomes.irecist.first_response_day,
            death=nothing if death is None else death,
            censor=nothing if censor is None else censor,
            new_therapy=new_therapy,
            has_baseline=np.ones(size, dtype=bool) if has_baseline is None else has_baseline,
        )


def check_schedule(scan_days: Sequence[float]) -> FloatArray:
    """Return scheduled scan days as an array.

    Raises
    ------
    ConfigurationError
        ``survival.bad_schedule`` unless they are positive and ascending.
    """
    days = np.asarray(scan_days, dtype=float)
    if days.size and not (np.all(days > 0) and np.all(np.diff(days) > 0) and np.all(np.isfinite(days))):
        raise ConfigurationError("survival.bad_schedule", value=tuple(scan_days))
    return days


def key_days(followed: Followed, rules: Rules, scan_days: Sequence[float] = ()) -> dict[str, FloatArray]:
    """Return the named days of every patient, each (N,).

    Parameters
    ----------
    followed
        The patients. Visits up to day 0 (baseline) and after the end of follow-up do not count.
    rules
        The options under "Endpoints".
    scan_days
        Scheduled scan days (ascending). Empty: the distinct days of the visits, which in a virtual trial are the
        schedule.

    Raises
    ------
    ConfigurationError
        ``survival.bad_schedule``.
    DataError
        ``survival.new_therapy_unknown`` when a rule needs the start of another therapy and none is recorded.
    """
    size = len(followed.death)
    whole = _whole if rules.whole_days else _as_given
    day, died, censored = whole(followed.day), whole(followed.death), whole(followed.censor)
    death = np.where(died > censored, np.nan, died)  # a death after the cut-off is not known
    # Where no cut-off was recorded the patient was followed to the last visit.
    last_visit = np.where(np.isnan(day), 0.0, day).max(axis=1, initial=0.0)
    end = np.where(np.isnan(death), np.where(np.isnan(censored), last_visit, censored), death)
    counts = (day > 0) & (day <= end[:, None])

    schedule = check_schedule(scan_days)
    if not schedule.size:
        schedule = np.unique(day[counts])
    new_therapy = whole(_new_therapy(followed, rules))

    def until_end(days: FloatArray) -> FloatArray:
        rounded = whole(days)
        return np.where(rounded <= end, rounded, np.nan)

    progression = until_end(followed.progression)
    days = {
        "randomisation": np.zeros(size),
        "death": death,
        "end_of_follow_up": end,
        "response": until_end(followed.response),
        "new_therapy": new_therapy,
        "no_baseline": np.where(followed.has_baseline | (not rules.censor_without_baseline), np.nan, -1.0),
        "progression": progression,
        "progression_scheduled": _scheduled(progression, schedule, rules),
    }
    if followed.new_therapy is not None:
        days["new_therapy_given"] = until_end(followed.new_therapy)
    days |= _adequacy(day, counts, followed.adequate, progression, death, schedule, new_therapy, rules, "")
    midpoint = (np.fmax(days["last_adequate"], 0.0) + progression) / 2.0
    days["progression_midpoint"] = whole(midpoint)
    if followed.irecist_progression is not None:
        immune = until_end(followed.irecist_progression)
        days["irecist_progression"] = immune
        adequate = followed.irecist_adequate
        days |= _adequacy(day, counts, adequate, immune, death, schedule, new_therapy, rules, "_irecist")
    if followed.irecist_response is not None:
        days["irecist_response"] = until_end(followed.irecist_response)
    return days


def _adequacy(
    day: FloatArray,
    counts: BoolArray,
    verdict_given: BoolArray,
    progression: FloatArray,
    death: FloatArray,
    schedule: FloatArray,
    new_therapy: FloatArray,
    rules: Rules,
    suffix: str,
) -> dict[str, FloatArray]:
    """Last adequate assessments before the event, and the days after which an event no longer counts."""
    event = np.fmin(progression, death)[:, None]
    adequate = counts & verdict_given if rules.adequate_assessments_only else counts
    before_event = adequate & ~(day >= event)
    last = _latest(day, before_event)
    known = np.fmax(last, 0.0)
    first_due = schedule[0] + rules.missed_visit_window_days if len(schedule) else np.nan
    unassessed_limit = first_due if rules.censor_unassessed else np.nan
    seen = (counts & verdict_given).any(axis=1)
    return {
        f"last_adequate{suffix}": last,
        f"last_adequate_before_new_therapy{suffix}": np.fmax(
            _latest(day, before_event & (day <= new_therapy[:, None])), 0.0
        ),
        f"left_unassessed{suffix}": np.where(seen, np.nan, unassessed_limit),
        f"last_evidence{suffix}": known,
        f"visits_missed{suffix}": _gap_closed(known, schedule, rules),
    }


def _latest(day: FloatArray, where: BoolArray) -> FloatArray:
    found = np.where(where, day, -np.inf).max(axis=1, initial=-np.inf)
    return np.where(np.isinf(found), np.nan, found)


def _gap_closed(last: FloatArray, schedule: FloatArray, rules: Rules) -> FloatArray:
    """Day on which the window of the last tolerated missed scan closed; NaN if off or never reached."""
    if not rules.missed_visits or not len(schedule):
        return np.full(last.shape, np.nan)
    window = rules.missed_visit_window_days
    index = np.searchsorted(schedule, last + window, side="right") + rules.missed_visits - 1
    padded = np.append(schedule, np.nan)
    gap: FloatArray = padded[np.minimum(index, len(schedule))] + window
    return gap


def _scheduled(progression: FloatArray, schedule: FloatArray, rules: Rules) -> FloatArray:
    """Scheduled day of the assessment that showed progression; one between two belongs to the later."""
    if not len(schedule):
        return progression
    index = np.searchsorted(schedule + rules.missed_visit_window_days, progression, side="left")
    due = np.append(schedule, np.nan)[np.minimum(index, len(schedule))]
    return np.where(np.isnan(due), progression, due)


def _new_therapy(followed: Followed, rules: Rules) -> FloatArray:
    if not rules.censor_at_new_therapy:
        return np.full(len(followed.death), np.nan)
    if followed.new_therapy is None:
        raise DataError("survival.new_therapy_unknown")
    return followed.new_therapy


def _whole(days: FloatArray) -> FloatArray:
    # The small allowance keeps 42.000000001, the sum of many steps, on day 42.
    return np.asarray(np.ceil(days - 1e-6))


def _as_given(days: FloatArray) -> FloatArray:
    return days
