"""C8: growth that is not progression, how often and of what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.claims.claim import Claim, Estimate, Measured
from unmask.claims.estimates import NOTHING, mean, share
from unmask.claims.hosts import Course, Given, Hosts, every, follow
from unmask.claims.laboratory import Laboratory
from unmask.claims.plots import Dots, Stack, Stacks
from unmask.claims.readout import difference_of_rates, of_arm
from unmask.claims.regrowth import SHRINKAGE, first, regrown
from unmask.claims.trials import TRIALS, beside
from unmask.patients.random_streams import RandomStreams

YEAR = 365.0
LOOKS = every(21, YEAR + 21)
REGIMENS = {
    "melanoma": ("melanoma", Given("nivolumab", every(14, YEAR), 3.0, "mg/kg")),
    "kidney": ("renal", Given("nivolumab", every(14, YEAR), 3.0, "mg/kg")),
    "lung": ("nsclc", Given("atezolizumab", every(21, YEAR))),
}
PARTS = ("cancer cells", "dead cells", "oedema and infiltrate", "T cells", "stroma and scar")
# In the order of PARTS.
_ADDED = ("added_cancer", "added_dead", "added_infiltrate", "added_t_cells", "added_scar")

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Swelling:
    """Patients of one tumour type whose sum grew and then fell.

    ``happened`` is ``(N,)`` over all patients; ``volume`` and ``before`` are ``(M, parts)`` in mL at the first look
    with growth and at baseline; ``fewer_cells`` is ``(M,)``.
    """

    happened: NDArray[np.bool_]
    volume: Array
    before: Array
    fewer_cells: NDArray[np.bool_]


def pseudoprogression(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C8: frequency in three trials, and what the apparent growth is made of."""
    flags = {
        (key, arm): np.asarray(
            of_arm(laboratory.trial(item.trial, patients, seed), arm)["pseudoprogression"], dtype=bool
        )
        for key, item in TRIALS.items()
        for arm in (item.experimental, item.control)
    }
    treated = np.concatenate([flags[key, item.experimental] for key, item in TRIALS.items()])
    comparators = np.concatenate([flags[key, item.control] for key, item in TRIALS.items()])
    oak = laboratory.trial(TRIALS["lung"].trial, patients, seed)
    lung, lung_control = of_arm(oak, TRIALS["lung"].experimental), of_arm(oak, TRIALS["lung"].control)
    swellings = {}
    for key, (tumour_type, given) in REGIMENS.items():
        laboratory.tell(f"true sizes, {tumour_type}")
        hosts = laboratory.patients(tumour_type, patients, seed)
        course = follow(hosts, LOOKS, (given,), threads=laboratory.threads)
        swellings[key] = swelling(hosts, course)
    estimates = {
        "pooled": share(treated),
        **{key: share(flags[key, item.experimental]) for key, item in TRIALS.items()},
        "comparators": share(comparators),
        "above_comparators": difference_of_rates(share(treated), share(comparators)),
        "lung_target_growth": share(lung["pseudoprogression_kind"] == "target_growth"),
        "lung_comparator_target_growth": share(lung_control["pseudoprogression_kind"] == "target_growth"),
        "of_unconfirmed": _of_unconfirmed(laboratory, patients, seed),
        **{f"true_growth_{key}": share(found.happened) for key, found in swellings.items()},
        **_composition(swellings, RandomStreams(seed)),
    }
    words = {"pooled": "all three", **{key: item.tumour for key, item in TRIALS.items()}}
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Dots(
                "Pseudoprogression by iRECIST",
                "share of patients on immunotherapy",
                tuple(beside(claim, key, name, estimates[key]) for key, name in words.items()),
            ),
            Stacks(
                "What the added volume is made of, at the first apparent growth",
                "share of the added volume (parts that shrank count nothing)",
                PARTS,
                tuple(
                    Stack(f"{TRIALS[key].tumour} ({len(found.volume)})", _shares(found))
                    for key, found in swellings.items()
                    if len(found.volume)
                ),
                caption="Patients whose true sum of diameters grew by 20 % and 5 mm and later fell 30 % below "
                "baseline; their number in brackets.",
            ),
        ),
    )


def _of_unconfirmed(laboratory: Laboratory, patients: int, seed: int) -> Estimate:
    """Return the share of pseudoprogression among patients on immunotherapy with an iUPD and a scan after it."""
    flags = []
    for item in TRIALS.values():
        result = laboratory.trial(item.trial, patients, seed)
        scans = result.tables["assessments"]
        scans = scans[(scans["arm"] == item.experimental) & ~scans["subsequent_therapy"].astype(bool)]
        begun = scans[scans["irecist_response"] == "iUPD"].groupby("patient")["day"].min()
        last = scans.groupby("patient")["day"].max().reindex(begun.index)
        arm = of_arm(result, item.experimental).set_index("patient")
        flags.append(arm.loc[begun.index[last > begun], "pseudoprogression"].to_numpy(dtype=bool))
    return share(np.concatenate(flags))


def swelling(hosts: Hosts, course: Course) -> Swelling:
    """Return who grew and then fell, and the parts of the volume before and at the growth."""
    sld = course["sld"]
    grown = first(regrown(sld))
    looks = np.arange(sld.shape[1])
    fallen = (sld <= SHRINKAGE * sld[:, :1]) & (looks > grown[:, None])
    small_before = ((sld <= SHRINKAGE * sld[:, :1]) & (looks < grown[:, None])).any(axis=1)
    happened: NDArray[np.bool_] = np.asarray(fallen.any(axis=1) & ~small_before)
    at = grown[happened]
    parts = volumes(hosts, course)[:, happened]
    rows = np.arange(at.size)
    cells = course["cancer_cells"][happened]
    return Swelling(happened, parts[:, rows, at].T, parts[:, rows, 0].T, cells[rows, at] < cells[:, 0])


def volumes(hosts: Hosts, course: Course) -> Array:
    """Return the volume (mL) of each of :data:`PARTS`, ``(parts, N, T)``."""
    cancer, immune = (hosts.parameter(f"{kind}_cell_volume")[:, None] for kind in ("cancer", "immune"))
    t_cells = course["tumour_t_cells"] + course["exhausted_t_cells"] + course["regulatory_t_cells"]
    return np.stack(
        [
            cancer * course["cancer_cells"],
            cancer * course["dead_cells"],
            course["infiltrate"],
            immune * t_cells,
            course["stroma"],
        ]
    )


def _added(found: Swelling) -> Array:
    """Return how the volume added is split over the parts that grew, ``(M, parts)``."""
    added = np.maximum(found.volume - found.before, 0.0)
    return np.asarray(added / added.sum(axis=1, keepdims=True))


def _shares(found: Swelling) -> tuple[float, ...]:
    return tuple(_added(found).mean(axis=0).tolist())


def _composition(swellings: dict[str, Swelling], streams: RandomStreams) -> dict[str, Estimate]:
    happened = np.concatenate([found.happened for found in swellings.values()])
    if not happened.any():
        nothing = dict.fromkeys(("not_cancer", "fewer_cells", *_ADDED), NOTHING)
        return {"true_growth": share(happened), **nothing}
    added = np.concatenate([_added(found) for found in swellings.values()])
    return {
        "true_growth": share(happened),
        "not_cancer": mean(1.0 - added[:, 0], streams, "C8 composition"),
        **{name: mean(added[:, part], streams, "C8 composition") for part, name in enumerate(_ADDED)},
        "fewer_cells": share(np.concatenate([found.fewer_cells for found in swellings.values()])),
    }
