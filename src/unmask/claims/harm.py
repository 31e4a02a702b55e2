"""C11, C12 and C13: side effects of chemotherapy and immunotherapy, what management does, autoimmune disease."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.claims.claim import Claim, Estimate, Measured
from unmask.claims.estimates import NOTHING, difference, from_value, median, share
from unmask.claims.laboratory import Laboratory
from unmask.claims.plots import Curves, Dots, Series, Stack, Stacks
from unmask.claims.readout import difference_of_rates, of_arm, responded
from unmask.claims.trials import beside
from unmask.patients.random_streams import RandomStreams
from unmask.safety.adverse_events import AUTOIMMUNE_FLARE, IMMUNE_RELATED
from unmask.safety.neutropenia import COUNTED
from unmask.survival.kaplan_meier import Follow

if TYPE_CHECKING:
    from unmask.trial.result import TrialResult

Flags = NDArray[np.bool_]

SEVERE, FATAL = 3, 5
DAYS_PER_WEEK = 7.0
A_YEAR = ("follow_up.days=365", "follow_up.accrual_days=0", "follow_up.dropout_per_year=0")
FIVE = {
    "nausea": "nausea",
    "vomiting": "vomiting",
    "hair_loss": "alopecia",
    "infection": "infection",
    "neuropathy": "peripheral neuropathy",
    "febrile_neutropenia": "febrile neutropenia",
}
ARMS = {"nivolumab": "nivolumab", "ipilimumab": "ipilimumab", "combination": "nivolumab with ipilimumab"}
GUT_OR_SKIN = ("gut", "skin")
DISEASES = {"rheumatoid": "rheumatoid arthritis", "crohn": "Crohn's disease", "psoriasis": "psoriasis"}


def related(result: TrialResult, arm: str) -> pd.DataFrame:
    """Return the related events of an arm."""
    events = result.tables["adverse_events"]
    chosen: pd.DataFrame = events[(events["arm"] == arm) & events["related"].astype(bool)]
    return chosen


def affected(result: TrialResult, arm: str, events: pd.DataFrame) -> Flags:
    """Return which patients of an arm have one of the events, in the order of their numbers."""
    return np.asarray(of_arm(result, arm)["patient"].isin(events["patient"].unique()), dtype=bool)


def chemotherapy(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C11: the five side effects, and what they follow."""
    oak = laboratory.trial("oak", patients, seed)
    events = related(oak, "docetaxel")
    clinical = events[events["event"] != COUNTED]
    having = {key: affected(oak, "docetaxel", events[events["event"] == name]) for key, name in FIVE.items()}
    counted = events[(events["event"] == COUNTED) & (events["grade"] >= 4)]
    low = affected(oak, "docetaxel", counted)
    doses = oak.tables["doses"]
    mine = doses[
        (doses["arm"] == "docetaxel") & (doses["drug"] == "docetaxel") & (doses["phase"] != "subsequent")
    ]
    cycles = of_arm(oak, "docetaxel")["patient"].map(mine.groupby("patient").size()).fillna(0).to_numpy()
    immunotherapy = related(oak, "atezolizumab")
    streams = RandomStreams(seed)
    estimates = {
        "severe": share(affected(oak, "docetaxel", clinical[clinical["grade"] >= SEVERE])),
        **{key: share(flags) for key, flags in having.items()},
        "neuropathy_with_dose": difference_of_rates(
            share(having["neuropathy"][cycles >= 5]), share(having["neuropathy"][cycles <= 2])
        ),
        "infection_with_neutropenia": difference_of_rates(
            share(having["infection"][low]), share(having["infection"][~low])
        ),
        "neuropathy_onset": _onset(events[events["event"] == FIVE["neuropathy"]], streams),
        "nausea_duration": _duration(events[events["event"] == FIVE["nausea"]], 1.0),
        "infection_duration": _duration(events[events["event"] == FIVE["infection"]], 1.0),
        "neutropenia_duration": _duration(counted, 1.0),
        "hair_loss_immunotherapy": share(
            affected(oak, "atezolizumab", immunotherapy[immunotherapy["event"] == FIVE["hair_loss"]])
        ),
    }
    grades = ("grade 1", "grade 2", "grade 3", "grade 4 or 5")
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Dots(
                "Side effects of docetaxel",
                "share of patients",
                tuple(beside(claim, key, name, estimates[key]) for key, name in FIVE.items()),
            ),
            Stacks(
                "Worst grade by event",
                "share of patients with the event",
                grades,
                tuple(
                    Stack(f"{name} ({int(having[key].sum())})", _worst_grades(events, [name]))
                    for key, name in FIVE.items()
                ),
                caption="Number of patients with the event in brackets.",
            ),
            Dots(
                "Neuropathy by number of cycles",
                "share of patients",
                tuple(
                    beside(
                        claim,
                        "",
                        f"{words} cycles",
                        share(having["neuropathy"][(cycles >= first) & (cycles <= last)]),
                    )
                    for words, first, last in (("1 or 2", 1, 2), ("3 or 4", 3, 4), ("5 and more", 5, 999))
                ),
            ),
        ),
    )  # fmt: skip


def _worst_grades(events: pd.DataFrame, names: Iterable[str]) -> tuple[float, ...]:
    return _grade_shares(events[events["event"].isin(list(names))].groupby("patient")["grade"].max())


def _grade_shares(worst: pd.Series[int]) -> tuple[float, ...]:
    """Return how patients with an event are split by their worst grade: 1, 2, 3, 4 or 5."""
    if worst.empty:
        return (0.0,) * 4
    return tuple(float(np.mean(np.minimum(worst, 4) == grade)) for grade in (1, 2, 3, 4))


def immune(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C12: events of gut, skin and the rest, and what management does."""
    managed = laboratory.trial("checkmate-067", patients, seed, A_YEAR)
    left_alone = laboratory.trial("checkmate-067", patients, seed, (*A_YEAR, 'management="none"'))
    streams = RandomStreams(seed)
    estimates: dict[str, Estimate] = {}
    worst: list[pd.Series[int]] = []
    onsets = {}
    for arm in ARMS:
        events = related(managed, arm)
        events = events[events["class"] == IMMUNE_RELATED]
        estimates[f"any_{arm}"] = share(affected(managed, arm, events))
        estimates[f"severe_{arm}"] = share(affected(managed, arm, events[events["grade"] >= SEVERE]))
        local = events[events["organ"].isin(GUT_OR_SKIN)]
        worst.append(local.groupby("patient")["grade"].max())
        onsets[arm] = (events.groupby("patient")["onset_day"].min() / 7.0).to_numpy(dtype=float)
        if arm == "combination":
            for organ in GUT_OR_SKIN:
                here = events[events["organ"] == organ]
                estimates[f"onset_{organ}"] = _onset(here, streams)
                estimates[f"duration_{organ}"] = _duration(here, DAYS_PER_WEEK)
            estimates["duration_severe"] = _duration(events[events["grade"] >= SEVERE], DAYS_PER_WEEK)
        if arm == "nivolumab":
            estimates["gut_or_skin"] = share(affected(managed, arm, local))
    grades = np.concatenate([item.to_numpy() for item in worst])
    estimates["mild_share"] = share(grades < SEVERE)
    estimates["severe_among_gut_or_skin"] = share(grades >= SEVERE)
    for arm in ("nivolumab", "combination"):
        estimates[f"onset_{arm}"] = median(onsets[arm], streams, "C12 onset")
    with_it, without = _fatal(managed), _fatal(left_alone)
    estimates["fatal_managed"], estimates["fatal_unmanaged"] = share(with_it), share(without)
    estimates["fatal_change"] = difference(with_it, without, streams, "C12 fatal")
    estimates["days_change"] = difference(
        _severe_days(managed), _severe_days(left_alone), streams, "C12 days"
    )
    grid = np.arange(0.0, 53.0)
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Dots(
                "Immune-related events of grade 3 or more",
                "share of patients",
                tuple(beside(claim, f"severe_{arm}", words, estimates[f"severe_{arm}"]) for arm, words in ARMS.items()),
            ),
            Dots(
                "Immune-related events of any grade",
                "share of patients",
                tuple(beside(claim, f"any_{arm}", words, estimates[f"any_{arm}"]) for arm, words in ARMS.items()),
            ),
            Stacks(
                "Gut and skin: worst grade",
                "share of patients with an event of gut or skin",
                ("grade 1", "grade 2", "grade 3", "grade 4 or 5"),
                tuple(
                    Stack(f"{ARMS[arm]} ({len(item)})", _grade_shares(item))
                    for arm, item in zip(ARMS, worst, strict=True)
                    if len(item)
                ),
                caption="Number of patients in brackets.",
            ),
            Curves(
                "First immune-related event",
                "weeks",
                "share of patients so far",
                tuple(
                    Series(ARMS[arm], tuple(grid.tolist()),
                           tuple(float(np.sum(seen <= week) / patients) for week in grid), steps=True)
                    for arm, seen in onsets.items()
                ),
            ),
        ),
    )  # fmt: skip


def _onset(events: pd.DataFrame, streams: RandomStreams) -> Estimate:
    """Return the median week in which the first of these events began, over the patients who had one."""
    first = events.groupby("patient")["onset_day"].min().to_numpy(dtype=float) / DAYS_PER_WEEK
    return median(first, streams, "onset")


def _duration(events: pd.DataFrame, days: float) -> Estimate:
    """Return how long events last (Kaplan-Meier median, in units of ``days`` days), the unresolved ones censored.

    What was not over when the record of its patient ended counts as longer than anything observed.
    """
    lasted = (events["resolution_day"] - events["onset_day"]).to_numpy(dtype=float)
    over = np.isfinite(lasted)
    if not over.any():
        return NOTHING
    times = np.where(over, lasted, np.nanmax(lasted)) / days
    return from_value(Follow(times, over).curve.quantile(), len(events))


def _fatal(result: TrialResult) -> Flags:
    events = related(result, "combination")
    return affected(
        result, "combination", events[(events["class"] == IMMUNE_RELATED) & (events["grade"] == FATAL)]
    )


def _severe_days(result: TrialResult) -> NDArray[np.float64]:
    """Return the days that each patient on the combination spent with an event of grade 3 or more."""
    people = of_arm(result, "combination").set_index("patient")
    end = people[["death_day", "censor_day"]].min(axis=1)
    events = related(result, "combination")
    severe = events[(events["class"] == IMMUNE_RELATED) & (events["grade"] >= SEVERE)]
    stop = severe["resolution_day"].fillna(np.inf).clip(upper=severe["patient"].map(end))
    days = (stop - severe["onset_day"]).groupby(severe["patient"]).sum()
    return days.reindex(people.index).fillna(0.0).to_numpy(dtype=float)


def autoimmune(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C13: patients with autoimmune disease on anti-PD-1."""

    def trial(disease: str | None, suppressed: float = 0.0) -> TrialResult:
        settings: tuple[str, ...] = A_YEAR
        if disease is not None:
            settings = (*A_YEAR, f'population.autoimmune={{"{disease}" = 1.0}}')
        if suppressed:
            settings = (*settings, f"population.immunosuppressed_share={suppressed}")
        return laboratory.trial("checkmate-066", patients, seed, settings)

    arm = "nivolumab"
    results = {key: trial(disease) for key, disease in DISEASES.items()}
    nobody, suppressed = trial(None), trial(DISEASES["rheumatoid"], 1.0)
    flares = {key: _flare(result, arm) for key, result in results.items()}
    gut = {
        key: affected(result, arm, _of_organ(related(result, arm), "gut"))
        for key, result in (("crohn", results["crohn"]), ("nobody", nobody))
    }
    streams = RandomStreams(seed)
    answered = {
        key: responded(result, arm)
        for key, result in (
            ("rheumatoid", results["rheumatoid"]),
            ("nobody", nobody),
            ("suppressed", suppressed),
        )
    }
    events = related(results["rheumatoid"], arm)
    for_good = events[events["action"].astype(str).str.startswith("stop")]
    estimates = {
        **{f"flare_{key}": share(flags) for key, flags in flares.items()},
        "flare_three": share(np.concatenate(list(flares.values()))),
        "gut_crohn": share(gut["crohn"]),
        "gut_nobody": share(gut["nobody"]),
        "gut_gain": difference(gut["crohn"], gut["nobody"], streams, "C13 gut"),
        "response_rheumatoid": share(answered["rheumatoid"]),
        "response_nobody": share(answered["nobody"]),
        "stopped_rheumatoid": share(affected(results["rheumatoid"], arm, for_good)),
        "immunosuppression_flare": difference(
            _flare(suppressed, arm), flares["rheumatoid"], streams, "C13 flare"
        ),
        "immunosuppression_response": difference(
            answered["suppressed"], answered["rheumatoid"], streams, "C13 response"
        ),
    }
    rows = (*((f"flare_{key}", f"flare, {name}") for key, name in DISEASES.items()),
            ("gut_crohn", "gut event, Crohn's disease"), ("gut_nobody", "gut event, no disease"))  # fmt: skip
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Dots(
                "Flares and events of the gut on nivolumab",
                "share of patients within a year",
                tuple(beside(claim, key, words, estimates[key]) for key, words in rows),
            ),
            Dots(
                "Response to nivolumab",
                "confirmed response",
                tuple(
                    beside(claim, key, words, found)
                    for key, words, found in (
                        ("response_rheumatoid", "rheumatoid arthritis", estimates["response_rheumatoid"]),
                        ("", "the same, on immunosuppression", share(answered["suppressed"])),
                        ("", "no autoimmune disease", estimates["response_nobody"]),
                    )
                ),
            ),
        ),
    )


def _of_organ(events: pd.DataFrame, organ: str) -> pd.DataFrame:
    chosen: pd.DataFrame = events[events["organ"] == organ]
    return chosen


def _flare(result: TrialResult, arm: str) -> Flags:
    events = related(result, arm)
    return affected(result, arm, events[events["class"] == AUTOIMMUNE_FLARE])
