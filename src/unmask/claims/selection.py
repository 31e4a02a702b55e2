"""C10: which cells each therapy leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.claims.claim import Claim, Estimate, Measured
from unmask.claims.estimates import difference, mean, median, share
from unmask.claims.hosts import Course, Given, Irradiated, every, follow, working_days
from unmask.claims.laboratory import Laboratory
from unmask.claims.plots import Curves, Dots, Series, over_hosts
from unmask.claims.readout import row
from unmask.claims.regrowth import confirmed_shrinkage, first, regrown
from unmask.survival.kaplan_meier import DAYS_PER_MONTH

YEAR = 365.0
THREE_YEARS = 3 * YEAR
MAJORITY = 0.5

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pressure:
    """A therapy, whom it is given, for how long, and the clones that resist it."""

    words: str
    tumour_type: str
    resistant: tuple[str, ...]
    days: float
    given: tuple[Given, ...] = ()
    irradiated: tuple[Irradiated, ...] = ()


_CHEMO = ("cancer_chemo_resistant", "cancer_multi_resistant")
_TARGETED = ("cancer_targeted_resistant", "cancer_multi_resistant")
_HORMONE = ("cancer_hormone_independent", "cancer_hormone_producing", "cancer_multi_resistant")
PRESSURES = {
    "chemotherapy": Pressure(
        "docetaxel, six cycles", "nsclc", _CHEMO, 126.0, (Given("docetaxel", every(21, 126)),)
    ),
    "radiotherapy": Pressure(
        "radiotherapy, 30 times 2 Gy", "nsclc", _CHEMO, 42.0, irradiated=(Irradiated(working_days(30)),)
    ),
    "targeted": Pressure("erlotinib (EGFR mutation)", "egfr", _TARGETED, YEAR, (Given("erlotinib", (0.0,)),)),
    "hormone": Pressure(
        "leuprolide (prostate)", "prostate", _HORMONE, 2 * YEAR, (Given("leuprolide", every(84, 2 * YEAR)),)
    ),
    "checkpoint": Pressure(
        "atezolizumab",
        "nsclc",
        tuple(dict.fromkeys((*_CHEMO, *_TARGETED, *_HORMONE))),
        YEAR,
        (Given("atezolizumab", every(21, YEAR)),),
    ),
}


def resistant_share(course: Course, clones: tuple[str, ...]) -> Array:
    """Return the share of some clones among all cancer cells, ``(N, T)``, NaN where no tumour is left."""
    cells = sum(course[name] for name in course.end.clones)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Array = np.asarray(sum(course[name] for name in clones) / cells, dtype=np.float64)
    return shares


def selection(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C10: shares of resistant clones under direct therapies and under checkpoint blockade."""
    estimates: dict[str, Estimate] = {}
    lines = []
    for key, pressure in PRESSURES.items():
        laboratory.tell(pressure.words)
        hosts = laboratory.patients(pressure.tumour_type, patients, seed)
        looks = tuple(float(day) for day in np.linspace(0.0, pressure.days, 19))
        course = follow(
            hosts, looks, pressure.given, irradiated=pressure.irradiated, threads=laboratory.threads
        )
        shares = resistant_share(course, pressure.resistant)
        estimates[f"{key}_change"] = difference(shares[:, -1], shares[:, 0], hosts.streams, f"C10 {key}")
        # Before and during are read in those who have a tumour left after: all three means are of the same patients.
        left = np.isfinite(shares).all(axis=1)
        for when, look in (("before", 0), ("during", len(looks) // 2), ("after", -1)):
            estimates[f"{key}_{when}"] = mean(shares[left, look], hosts.streams, f"C10 {key}")
        if key == "checkpoint":
            escape = resistant_share(course, ("cancer_antigen_loss",))
            estimates["antigen_loss_change"] = difference(
                escape[:, -1], escape[:, 0], hosts.streams, "C10 antigen loss"
            )
        weeks = tuple(day / 7.0 for day in looks)
        lines.append(over_hosts(pressure.words, weeks, shares, "mean"))
        if key == "checkpoint":
            blocked = (
                over_hosts("resist a direct therapy", weeks, shares, "mean"),
                over_hosts("present no antigen", weeks, escape, "mean"),
            )
    acquired, months = _acquired(laboratory, patients, seed)
    estimates |= acquired
    figure = claim.published["acquired"]
    found = acquired["acquired"]
    so_far = tuple((number + 1) / len(months) for number in range(len(months)))
    onset = (Series("virtual patients", months, so_far, steps=True),) if months else ()
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Curves(
                "Cells that resist the therapy given, among all cancer cells",
                "weeks",
                "resistant share",
                tuple(lines),
                caption="Mean over patients who still have a tumour, and their middle half. Under atezolizumab: cells "
                "resistant to any direct therapy.",
            ),
            Curves(
                "What checkpoint blockade selects",
                "weeks",
                "share of all cancer cells",
                blocked,
                caption="Atezolizumab in lung cancer; mean over patients with a tumour left, and their middle half.",
            ),
            Dots(
                "Acquired resistance to nivolumab within three years, melanoma",
                "share of all patients treated",
                (row("response, then regrowth", found, figure),),
            ),
            *(
                (Curves("When acquired resistance shows", "months", "of those with it", onset),)
                if onset
                else ()
            ),
        ),
    )


def _acquired(
    laboratory: Laboratory, patients: int, seed: int
) -> tuple[dict[str, Estimate], tuple[float, ...]]:
    """Return how often melanoma patients respond to nivolumab and regrow, when (ascending), and by which cells."""
    hosts = laboratory.patients("melanoma", patients, seed)
    looks = (0.0, *every(63, THREE_YEARS, 63))
    laboratory.tell("three years of nivolumab")
    doses = Given("nivolumab", every(14, THREE_YEARS), 3.0, "mg/kg")
    course = follow(hosts, looks, (doses,), threads=laboratory.threads)
    responded = first(confirmed_shrinkage(course["sld"]))
    grown = first(regrown(course["sld"]))
    acquired = (responded < grown) & (grown < len(looks))
    months = np.array(looks)[grown[acquired]] / DAYS_PER_MONTH
    escaped = course["antigen_loss_share"][acquired, grown[acquired]] > MAJORITY
    found = {
        "acquired": share(acquired),
        "acquired_months": median(months, hosts.streams, "C10 acquired"),
        "antigen_loss": share(escaped),
    }
    return found, tuple(np.sort(months).tolist())
