"""C10: which cells each therapy leaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.claims.claim import Claim, Estimate, Measured
from unmask.claims.estimates import difference, mean, median, share
from unmask.claims.hosts import Course, Given, every, follow
from unmask.claims.laboratory import Laboratory
from unmask.claims.plots import Curves, Dots, Row, Series, over_hosts
from unmask.claims.regrowth import confirmed_shrinkage, first, regrown
from unmask.survival.kaplan_meier import DAYS_PER_MONTH

YEAR = 365.0
LOOKS = tuple(float(day) for day in range(0, 379, 21))
AFTER_CYCLES = 126.0
RESISTANT_TO = {
    "chemotherapy": ("chemo_resistant", "multi_resistant"),
    "targeted": ("targeted_resistant", "multi_resistant"),
    "hormone": ("hormone_independent", "multi_resistant"),
}
THREE_YEARS = 3 * YEAR

Array = NDArray[np.float64]


def resistant_share(course: Course, therapy: str) -> Array:
    """Return the share of the cells resistant to a kind of therapy, ``(N, T)``, NaN where no tumour is left."""
    cells = sum(course[name] for name in course.end.clones)
    resistant = sum(course[f"cancer_{name}"] for name in RESISTANT_TO[therapy])
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Array = np.asarray(resistant / cells, dtype=np.float64)
    return shares


def selection(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C10: shares of resistant clones under direct therapies and under checkpoint blockade."""
    lung = laboratory.patients("nsclc", patients, seed)
    kidney = laboratory.patients("renal", patients, seed)
    laboratory.tell("docetaxel")
    chemotherapy = follow(
        lung, LOOKS, (Given("docetaxel", every(21, AFTER_CYCLES)),), threads=laboratory.threads
    )
    laboratory.tell("everolimus")
    targeted = follow(kidney, LOOKS, (Given("everolimus", (0.0,)),), threads=laboratory.threads)
    laboratory.tell("atezolizumab")
    checkpoint = follow(lung, LOOKS, (Given("atezolizumab", every(21, YEAR)),), threads=laboratory.threads)

    last = LOOKS.index(AFTER_CYCLES)
    under_docetaxel = resistant_share(chemotherapy, "chemotherapy")
    under_antibody = resistant_share(checkpoint, "chemotherapy")
    estimates = {
        "chemotherapy_before": mean(_left(under_docetaxel, last)[0], lung.streams, "C10 docetaxel"),
        "chemotherapy_after": mean(_left(under_docetaxel, last)[1], lung.streams, "C10 docetaxel"),
        "chemotherapy_change": difference(*_left(under_docetaxel, last)[::-1], lung.streams, "C10 docetaxel"),
        "targeted_fold": _fold(targeted, laboratory, "C10 everolimus"),
        "checkpoint_change": difference(*_left(under_antibody, -1)[::-1], lung.streams, "C10 atezolizumab"),
        "checkpoint_targeted_fold": _fold(checkpoint, laboratory, "C10 atezolizumab"),
    }
    weeks = tuple(day / 7.0 for day in LOOKS)
    lines = tuple(
        over_hosts(name, weeks, shares, "mean")
        for name, shares in (("docetaxel, six cycles", under_docetaxel), ("atezolizumab", under_antibody))
    )
    escape, months = _acquired(laboratory, patients, seed)
    figure = claim.published["acquired"]
    return Measured(
        {**estimates, **escape},
        (
            Curves(
                "Cells resistant to chemotherapy among all cancer cells, lung cancer",
                "weeks",
                "resistant share",
                lines,
                caption="Mean over patients who still have a tumour, and their middle half.",
            ),
            Dots(
                "Acquired resistance to nivolumab within three years, melanoma",
                "share of all patients treated",
                (
                    Row(
                        "response, then regrowth",
                        escape["acquired"].value,
                        escape["acquired"].low,
                        escape["acquired"].high,
                        figure.value,
                        figure.ci,
                    ),
                ),
            ),
            Curves(
                "When acquired resistance shows",
                "months",
                "of those with acquired resistance",
                (Series("virtual patients", tuple(sorted(months)), tuple(np.arange(1, len(months) + 1) / len(months)),
                        steps=True),) if months else (),
            ),
        ),
    )  # fmt: skip


def _left(shares: Array, look: int) -> tuple[Array, Array]:
    """Return the share before and at a look of the patients who still have a tumour then."""
    still = np.isfinite(shares[:, look])
    return shares[still, 0], shares[still, look]


def _fold(course: Course, laboratory: Laboratory, process: str) -> Estimate:
    before, after = _left(resistant_share(course, "targeted"), -1)
    return median(after / before, course.end.streams, process)


def _acquired(
    laboratory: Laboratory, patients: int, seed: int
) -> tuple[dict[str, Estimate], tuple[float, ...]]:
    """Return how often melanoma patients respond to nivolumab and regrow, when, and by which cells."""
    hosts = laboratory.patients("melanoma", patients, seed)
    looks = (0.0, *every(63, THREE_YEARS, 63))
    laboratory.tell("three years of nivolumab")
    course = follow(hosts, looks, (Given("nivolumab", every(14, THREE_YEARS)),), threads=laboratory.threads)
    responded = first(confirmed_shrinkage(course["sld"]))
    grown = first(regrown(course["sld"]))
    acquired = (responded < grown) & (grown < len(looks))
    months = np.array(looks)[grown[acquired]] / DAYS_PER_MONTH
    escaped = course["antigen_loss_share"][acquired, grown[acquired]] > 0.5
    found = {
        "acquired": share(acquired),
        "acquired_months": median(months, hosts.streams, "C10 acquired"),
        "antigen_loss": share(escaped),
    }
    return found, tuple(float(month) for month in months)
