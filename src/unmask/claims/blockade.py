"""C3: from the antibody's occupancy to restored killing, link by link."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.claims.claim import Claim, Estimate, Measured
from unmask.claims.estimates import difference, exactly, median, share
from unmask.claims.hosts import Course, Given, Hosts, every, follow
from unmask.claims.laboratory import Laboratory
from unmask.claims.plots import Curves, Dots, Series, over_hosts
from unmask.claims.readout import row

YEAR = 365.0
LOOKS = tuple(sorted({*(float(day) for day in range(0, 367, 3)), 42.0}))
THIRD_DOSE, TROUGH = 28.0, 42.0  # a nivolumab dose is due on day 42 and has not been given yet
THREE_WEEKLY = every(21, YEAR)
_IPILIMUMAB = Given("ipilimumab", every(21, 84), 3.0, "mg/kg")
_NIVOLUMAB = Given("nivolumab", every(14, YEAR))
REGIMENS: dict[str, tuple[str, tuple[Given, ...]]] = {
    "none": ("nothing", ()),
    "anti_ctla4": ("ipilimumab", (_IPILIMUMAB,)),
    "anti_pdl1": ("atezolizumab", (Given("atezolizumab", THREE_WEEKLY),)),
    "anti_pd1": ("nivolumab", (_NIVOLUMAB,)),
    "both": ("nivolumab with ipilimumab", (_NIVOLUMAB, _IPILIMUMAB)),
}


def blockade(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C3: occupancy, mask, killing and shrinkage under each antibody, and in hosts without T cells."""
    hosts = laboratory.patients("nsclc", patients, seed)
    courses: dict[str, Course] = {}
    for key, (name, given) in REGIMENS.items():
        laboratory.tell(name)
        courses[key] = follow(hosts, LOOKS, given, threads=laboratory.threads)
    looks = np.array(LOOKS)
    week_6 = int(np.searchsorted(looks, TROUGH))
    three_weekly = np.isin(looks, THREE_WEEKLY)
    shrunk = {
        key: np.nanmin(course["sld"][:, three_weekly], axis=1) <= 0.7 * course["sld"][:, 0]
        for key, course in courses.items()
    }
    nothing, anti_pd1 = courses["none"], courses["anti_pd1"]
    laboratory.tell("hosts without T cells")
    bare = hosts.without_t_cells()
    cells = {
        key: follow(bare, THREE_WEEKLY, given, threads=laboratory.threads)["cancer_cells"]
        for key, (_, given) in REGIMENS.items()
    }
    apart = max(float(np.nanmax(np.abs(seen / cells["none"] - 1.0))) for seen in cells.values())
    after_dose = (looks > THIRD_DOSE) & (looks < TROUGH)

    # A tumour that is gone has no mask and no kill rate: only patients with a tumour in both courses are compared.
    present = (anti_pd1["cancer_cells"][:, week_6] > 0) & (nothing["cancer_cells"][:, week_6] > 0)
    estimates = {
        "occupancy": median(anti_pd1["pd_occupancy"][:, week_6], hosts.streams, "C3 occupancy"),
        "peak_occupancy": median(
            anti_pd1["pd_occupancy"][:, after_dose].max(axis=1), hosts.streams, "C3 peak occupancy"
        ),
        **_at_published_occupancy(laboratory, claim, hosts, anti_pd1["pd_occupancy"][:, week_6]),
        "mask_fall": difference(
            anti_pd1["mask"][present, week_6], nothing["mask"][present, week_6], hosts.streams, "C3 mask"
        ),
        "kill_rises": share((anti_pd1["kill_rate"] > nothing["kill_rate"])[present, week_6]),
        "effectors_rise": share(
            courses["anti_ctla4"]["effector_t_cells"][:, week_6] > nothing["effector_t_cells"][:, week_6]
        ),
        **{f"{key}_shrinks": share(flags) for key, flags in shrunk.items()},
        "both_adds": difference(shrunk["both"], shrunk["anti_pd1"], hosts.streams, "C3 combination"),
        "direct_effect": exactly(apart, hosts.size),
    }
    weeks = tuple(day / 7.0 for day in LOOKS)

    def quartiles(name: str, key: str, observable: str) -> Series:
        return over_hosts(name, weeks, courses[key][observable])

    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Curves(
                "Occupancy of PD-1 by nivolumab, of PD-L1 by atezolizumab",
                "weeks",
                "target occupied in the tumour",
                (
                    quartiles("nivolumab", "anti_pd1", "pd_occupancy"),
                    quartiles("atezolizumab", "anti_pdl1", "pd_occupancy"),
                ),
                caption="Median and middle half of the patients.",
            ),
            Curves(
                "The PD-1 mask",
                "weeks",
                "mask (1: no killing at all)",
                tuple(quartiles(REGIMENS[key][0], key, "mask") for key in ("none", "anti_pd1")),
                caption="Median and middle half of the patients.",
            ),
            Dots(
                "Shrinkage of 30 % within a year",
                "share of patients",
                (
                    *(row(name, estimates[f"{key}_shrinks"]) for key, (name, _) in REGIMENS.items()),
                    row("nivolumab, occupancy 72 %", estimates["shrinks_at_published_occupancy"]),
                ),
                caption="Last row: the ceiling of occupancy lowered until the published share of PD-1 is occupied.",
            ),
        ),
    )


def _at_published_occupancy(
    laboratory: Laboratory, claim: Claim, hosts: Hosts, occupancy: NDArray[np.float64]
) -> dict[str, Estimate]:
    """Return shrinkage on nivolumab when the assumed ceiling of occupancy is lowered to what was published."""
    factor = claim.published["occupancy"].value / float(np.median(occupancy))
    lowered = hosts.with_parameters(anti_pd1_max_occupancy=factor * hosts.parameter("anti_pd1_max_occupancy"))
    laboratory.tell("nivolumab at the published occupancy")
    sld = follow(lowered, THREE_WEEKLY, REGIMENS["anti_pd1"][1], threads=laboratory.threads)["sld"]
    return {"shrinks_at_published_occupancy": share(np.nanmin(sld, axis=1) <= 0.7 * sld[:, 0])}
