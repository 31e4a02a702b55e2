"""C4: six families of therapy, alone, together and one after the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.claims.claim import Claim, Estimate, Measured
from unmask.claims.estimates import difference, share
from unmask.claims.laboratory import Laboratory
from unmask.claims.plots import Curves, Dots, Series
from unmask.claims.readout import of_arm, row
from unmask.patients.random_streams import RandomStreams
from unmask.trial.result import TrialResult

WEEK_12, WEEK_36 = 84, 252
TRIALS = ("lung", "kidney", "prostate")
ALONE = {
    "chemotherapy": ("lung", "docetaxel, lung"),
    "radiotherapy": ("lung", "radiotherapy, lung"),
    "surgery": ("lung", "surgery, lung"),
    "immunotherapy": ("lung", "atezolizumab, lung"),
    "targeted": ("kidney", "everolimus, kidney"),
    "hormone": ("prostate", "leuprolide, prostate"),
}
ADDED = {
    "adds_to_chemotherapy": ("lung", "chemotherapy_with_immunotherapy", "chemotherapy"),
    "adds_to_radiotherapy": ("lung", "radiotherapy_then_immunotherapy", "radiotherapy"),
    "adds_to_targeted": ("kidney", "targeted_then_immunotherapy", "targeted"),
    "adds_to_hormone": ("prostate", "hormone_with_immunotherapy", "hormone"),
    "chemotherapy_adds_to_hormone": ("prostate", "hormone_with_chemotherapy", "hormone"),
}
_NAMES = {
    "adds_to_chemotherapy": "atezolizumab with docetaxel",
    "adds_to_radiotherapy": "durvalumab after radiation",
    "adds_to_targeted": "nivolumab after everolimus",
    "adds_to_hormone": "nivolumab with leuprolide",
    "chemotherapy_adds_to_hormone": "docetaxel with leuprolide",
}


def families(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C4: change of size against no treatment, and what a second family adds."""
    results = {name: laboratory.own_trial(f"families-{name}", patients, seed) for name in TRIALS}
    streams = RandomStreams(seed)
    estimates: dict[str, Estimate] = {}
    for key, (trial, _) in ALONE.items():
        estimates[f"{key}_change"] = _against(results[trial], key, "observation", WEEK_12, streams)
    for key, (trial, both, one) in ADDED.items():
        estimates[key] = _against(results[trial], both, one, WEEK_36, streams)
    lung = results["lung"]
    estimates["adds_to_surgery"] = difference(
        _free_of_progression(lung, "immunotherapy_then_surgery"),
        _free_of_progression(lung, "surgery"),
        streams,
        "C4 surgery",
    )
    failed = np.concatenate(
        [
            of_arm(result, arm)["status"].to_numpy() != "ok"
            for result in results.values()
            for arm in result.arms
        ]
    )
    estimates["failed"] = share(failed)
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Dots(
                "Each family alone: size at week 12 against no treatment",
                "change of the sum of diameters, of baseline",
                tuple(row(words, estimates[f"{key}_change"]) for key, (_, words) in ALONE.items()),
                caption="Mean over the same patients with and without treatment.",
            ),
            Dots(
                "What the second therapy adds: size at week 36",
                "change of the sum of diameters, of baseline",
                tuple(row(words, estimates[key]) for key, words in _NAMES.items()),
                caption="Against the first therapy alone in the same patients.",
            ),
            *_one_patient(lung),
        ),
    )


def _sizes(result: TrialResult, arm: str, day: int) -> pd.Series[float]:
    """Return the change of the sum from baseline at a scan, by patient number."""
    scans = result.tables["assessments"]
    chosen = scans[(scans["arm"] == arm) & (scans["day"] == day)]
    return chosen.set_index("patient")["change_from_baseline"]


def _against(result: TrialResult, arm: str, other: str, day: int, streams: RandomStreams) -> Estimate:
    both = pd.concat([_sizes(result, arm, day), _sizes(result, other, day)], axis=1, join="inner").dropna()
    return difference(both.iloc[:, 0], both.iloc[:, 1], streams, f"C4 {arm} {other}")


def _free_of_progression(result: TrialResult, arm: str) -> NDArray[np.bool_]:
    """Return who is known to be alive without progression at week 36, in the order of the patients."""
    table = result.tables["time_to_event"]
    rows = table[(table["arm"] == arm) & (table["endpoint"] == "PFS")].sort_values("patient")
    return np.asarray(~(rows["event"].astype(bool) & (rows["time_days"] <= WEEK_36)), dtype=bool)


def _one_patient(result: TrialResult) -> tuple[Curves, Curves]:
    """Return the scans of one patient under each therapy alone, and under two.

    It is the first patient who was alive for a scan at week 36 in every arm.
    """
    scans = result.tables["assessments"]
    late = scans[scans["day"] == WEEK_36].groupby("patient")["arm"].nunique()
    everywhere = late[late == len(result.arms)].index
    number = int(everywhere.min()) if len(everywhere) else int(scans["patient"].min())
    one = scans[scans["patient"] == number]

    def course(arm: str) -> Series:
        rows = one[one["arm"] == arm].sort_values("day")
        weeks = (0.0, *(rows["day"] / 7.0).tolist())
        return Series(arm.replace("_", " "), weeks, (1.0, *(1.0 + rows["change_from_baseline"]).tolist()))

    untreated = [arm for arm in result.arms if arm == "observation"]
    alone = [arm for arm in result.arms if arm in ALONE]
    two = [arm for arm in result.arms if arm not in (*alone, *untreated)]
    first, second = (
        Curves(
            title,
            "weeks",
            "sum of diameters over baseline, as measured",
            tuple(course(arm) for arm in (*untreated, *arms)),
            caption=f"Virtual patient {number} with lung cancer, treated once in each way.",
            percent=False,
        )
        for title, arms in (("One patient, one therapy", alone), ("The same patient, two therapies", two))
    )
    return first, second
