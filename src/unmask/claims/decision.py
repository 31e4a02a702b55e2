"""C14: one patient, several options, and what they are worth in natural frequencies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.claims.claim import Claim, Estimate, Measured
from unmask.claims.estimates import difference, share
from unmask.claims.harm import ARMS, FATAL, SEVERE, affected, related
from unmask.claims.laboratory import Laboratory
from unmask.claims.plots import Dots, Stack, Stacks
from unmask.claims.readout import of_arm, responded
from unmask.claims.trials import beside
from unmask.patients.random_streams import RandomStreams
from unmask.safety.neutropenia import COUNTED
from unmask.survival.kaplan_meier import DAYS_PER_MONTH

THREE_YEARS = 1096
SETTINGS = (f"follow_up.days={THREE_YEARS}", "follow_up.accrual_days=0", "follow_up.dropout_per_year=0")
MONTH = DAYS_PER_MONTH
MEASURES = {
    "response": "respond",
    "year": "alive at one year",
    "alive": "alive at three years",
    "severe": "severe related side effect",
    "fatal": "die of a side effect",
}


def options(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C14: three options for the same patients."""
    result = laboratory.trial("checkmate-067", patients, seed, SETTINGS)
    streams = RandomStreams(seed)
    flags: dict[tuple[str, str], NDArray[np.bool_]] = {}
    survival = {}
    for arm in ARMS:
        people = of_arm(result, arm)
        # Nobody is lost: who has no death lived to the end of the three years.
        survival[arm] = people["death_day"].fillna(float(THREE_YEARS)).to_numpy(dtype=float)
        events = related(result, arm)
        events = events[events["event"] != COUNTED]
        flags["response", arm] = responded(result, arm)
        flags["year", arm] = survival[arm] > 365.0
        flags["alive", arm] = np.asarray(people["death_day"].isna(), dtype=bool)
        flags["severe", arm] = affected(result, arm, events[events["grade"] >= SEVERE])
        flags["fatal", arm] = affected(result, arm, events[events["grade"] == FATAL])
    days = np.stack(list(survival.values()))
    on_average = int(days.mean(axis=1).argmax())
    gain = days.max(axis=0) - days[on_average]
    best = days.argmax(axis=0)
    second = np.sort(days, axis=0)[-2]
    # Whoever lives to the end under two options has no best one: a month ahead of both others is asked.
    ahead = days.max(axis=0) - second >= MONTH
    estimates: dict[str, Estimate] = {
        "better_with_another": share(gain >= MONTH),
        **{f"{measure}_{arm}": share(flags[measure, arm]) for measure in MEASURES for arm in ARMS},
        "harm_of_combination": difference(
            flags["severe", "combination"], flags["severe", "nivolumab"], streams, "C14"
        ),
        "gain_of_combination": difference(
            flags["response", "combination"], flags["response", "nivolumab"], streams, "C14"
        ),
    }
    names = list(ARMS.values())
    shares = [
        float(np.mean(~ahead)),
        *(float(np.mean((best == number) & ahead)) for number in range(len(names))),
    ]
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            *(
                Dots(
                    f"Of 100 patients: {words}",
                    "share of patients",
                    tuple(
                        beside(claim, f"{measure}_{arm}", name, estimates[f"{measure}_{arm}"])
                        for arm, name in ARMS.items()
                    ),
                )
                for measure, words in MEASURES.items()
                if measure in ("response", "alive", "severe")
            ),
            Stacks(
                "With which option each patient lives longest, by a month or more",
                "share of patients within three years",
                ("none by a month", *names),
                (Stack("all patients", tuple(shares)),),
            ),
        ),
        notes=(f"The option with the longest survival on average was {names[on_average]}.",),
    )
