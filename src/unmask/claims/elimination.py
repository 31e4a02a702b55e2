"""C1 and C2: what T cells do to a tumour that hides nothing, and what each of its tricks changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.claims.claim import Claim, Estimate, Measured
from unmask.claims.estimates import difference, median, resampled, share
from unmask.claims.hosts import Hosts, follow
from unmask.claims.laboratory import NASCENT_CELLS, Laboratory
from unmask.claims.plots import Curves, Dots, Series, Stack, Stacks, over_hosts
from unmask.claims.readout import row
from unmask.patients.pdl1 import pdl1_class

FOUR_YEARS = 1461.0
LOOKS = tuple(float(day) for day in np.linspace(0.0, FOUR_YEARS, 49))
ESCAPED_CELLS = 1000.0  # Mc: a cubic centimetre, what a scan shows
LARGE_CELLS = 1000.0
MASKS = (
    "pdl1_density",
    "pdl2_density",
    "pdl1_induction_max",
    "exhaustion_rate",
    "pd1_priming_brake",
    "ctla4_priming_brake",
    "treg_set_point",
    "antigen_loss_rate",
)
_OFF = {**dict.fromkeys(MASKS, 0.0), "pdl1_induction_max": 1.0}
ANTIGENICITY = tuple(float(10.0**power) for power in range(-4, 4))  # Mc of naive precursors
SHOWN = {"antigenicity_low": 1e-3, "antigenicity_middle": 1e-1, "antigenicity_high": 10.0}

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Trick:
    """A trick: what a host gets back of its own masks, and how many cells present no antigen from the start."""

    name: str
    masks: tuple[str, ...] = ()
    antigen_loss_share: float = 0.0


_PD_L1 = ("pdl1_density", "pdl1_induction_max")
_PD1_AXIS = (*_PD_L1, "pdl2_density", "exhaustion_rate", "pd1_priming_brake")
TRICKS: Mapping[str, Trick] = {
    "constitutive": Trick("constitutive PD-L1", ("pdl1_density",)),
    "induced": Trick("with induction by IFN gamma", _PD_L1),
    "exhaustion": Trick("with exhaustion", (*_PD_L1, "exhaustion_rate")),
    "pd1_axis": Trick("whole PD-1 axis", _PD1_AXIS),
    "ctla4": Trick("CTLA-4 brake on priming", ("ctla4_priming_brake",)),
    "treg": Trick("regulatory T cells", ("treg_set_point",)),
    "antigen_loss": Trick("1 % antigen-loss cells", ("antigen_loss_rate",), 0.01),
    "all": Trick("all tricks", MASKS, 0.01),
}


@dataclass(frozen=True)
class Fate:
    """What became of a tumour in each host, ``(N,)``."""

    eliminated: Flags
    escaped: Flags
    grew: Flags
    cells: NDArray[np.float64]


def unmasked(hosts: Hosts) -> Hosts:
    """Return the hosts with every mask of the tumour taken off."""
    return hosts.with_parameters(**_OFF)


def with_trick(bare: Hosts, own: Hosts, trick: Trick) -> Hosts:
    """Return unmasked hosts with one trick back on, at each host's own values."""
    masked = bare.with_parameters(**{name: own.parameter(name) for name in trick.masks})
    cells = bare.state("cancer_sensitive")
    lost = trick.antigen_loss_share * cells
    return masked.with_states(cancer_sensitive=cells - lost, cancer_antigen_loss=lost)


def fate(hosts: Hosts, threads: int) -> Fate:
    """Follow a tumour for four years."""
    seen = follow(hosts, LOOKS, threads=threads)["cancer_cells"]
    return Fate(
        eliminated=seen[:, -1] == 0.0,
        escaped=np.nanmax(seen, axis=1) > ESCAPED_CELLS,
        grew=seen[:, -1] > seen[:, 0],
        cells=seen,
    )


def elimination(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C1: an unmasked small tumour in hosts with and without T cells."""
    hosts = laboratory.healthy("nsclc", patients, seed)
    bare = unmasked(hosts).with_tumour(NASCENT_CELLS)
    laboratory.tell("unmasked tumour")
    found = fate(bare, laboratory.threads)
    alone = fate(bare.without_t_cells(), laboratory.threads)
    antigenicity = bare.parameter("naive_precursors")
    quarter = np.quantile(antigenicity, [0.25, 0.5, 0.75])
    top, bottom = antigenicity > quarter[2], antigenicity <= quarter[0]
    curve = []
    for value in ANTIGENICITY:
        laboratory.tell(f"antigenicity {value:g} Mc")
        same = bare.with_parameters(naive_precursors=value)
        curve.append(share(fate(same, laboratory.threads).eliminated))

    def rise(rows: NDArray[np.int64]) -> float:
        most, least = rows[top[rows]], rows[bottom[rows]]
        if not (most.size and least.size):
            return math.nan
        return float(found.eliminated[most].mean() - found.eliminated[least].mean())

    estimates = {
        **{name: curve[ANTIGENICITY.index(value)] for name, value in SHOWN.items()},
        "immunogenic": share(found.eliminated[antigenicity > quarter[1]]),
        "everybody": share(found.eliminated),
        "without_t_cells": share(alone.eliminated),
        "grew_without_t_cells": share(alone.grew),
        "rise": resampled(rise, bare.size, bare.streams, "C1"),
    }
    years = tuple(day / 365.25 for day in LOOKS)
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Curves(
                "Elimination follows antigenicity",
                "tumour-specific naive precursors, cells (the same in every host)",
                "tumours eliminated within four years",
                (
                    Series(
                        "unmasked",
                        tuple(1e6 * value for value in ANTIGENICITY),
                        tuple(item.value for item in curve),
                        tuple(item.low for item in curve),
                        tuple(item.high for item in curve),
                    ),
                    Series(
                        "without T cells",
                        tuple(1e6 * value for value in ANTIGENICITY),
                        (estimates["without_t_cells"].value,) * len(ANTIGENICITY),
                    ),
                ),
                caption="Share of hosts with a 95 % interval. Everything but antigenicity differs between hosts as in "
                "the lung cancer population.",
                log_x=True,
            ),
            Curves(
                "The same tumour with and without T cells",
                "years",
                "cancer cells (one at the bottom is none)",
                tuple(
                    over_hosts(name, years, np.maximum(1e6 * item.cells, 1.0))
                    for name, item in (("with T cells", found), ("without T cells", alone))
                ),
                caption="Median and middle half of the hosts.",
                percent=False,
                log_y=True,
            ),
        ),
    )


def tricks(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C2: what each trick of the tumour changes."""
    own = laboratory.healthy("nsclc", patients, seed)
    estimates: dict[str, Estimate] = {}
    bars: dict[str, list[Stack]] = {}
    for size, cells in (("", NASCENT_CELLS), ("large_", LARGE_CELLS)):
        bare = unmasked(own).with_tumour(cells)
        laboratory.tell("no trick")
        asked = fate(bare, laboratory.threads).eliminated
        bare_asked, own_asked = bare.take(asked), own.take(asked)
        lost: dict[str, Flags] = {}
        bars[size] = []
        for key, trick in TRICKS.items():
            laboratory.tell(trick.name)
            after = fate(with_trick(bare_asked, own_asked, trick), laboratory.threads)
            lost[key] = ~after.eliminated
            estimates[f"{size}{key}_lost"] = share(lost[key])
            estimates[f"{size}{key}_escaped"] = share(after.escaped & lost[key])
            kept = after.eliminated.mean()
            escaped = (after.escaped & ~after.eliminated).mean()
            bars[size].append(Stack(trick.name, (float(kept), float(1.0 - kept - escaped), float(escaped))))
        if not size:
            parts = sum(lost[key].astype(float) for key in ("pd1_axis", "ctla4", "treg"))
            estimates["synergy"] = difference(lost["all"], parts, own.streams, "C2")
    patients_before = laboratory.patients("nsclc", patients, seed).observed()
    exhausted, active = patients_before["exhausted_t_cells"], patients_before["tumour_t_cells"]
    estimates["pdl1_positive"] = share(pdl1_class(patients_before["pdl1_expression"]) > 0)
    estimates["exhausted"] = median(exhausted / (exhausted + active + 1e-12), own.streams, "C2 exhausted")
    parts_names = ("eliminated", "neither", "escaped")
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Stacks(
                "A tumour of a million cells, trick by trick",
                "tumours that are eliminated when unmasked",
                parts_names,
                tuple(bars[""]),
            ),
            Stacks(
                "A tumour of 1e9 cells, trick by trick",
                "tumours that are eliminated when unmasked",
                parts_names,
                tuple(bars["large_"]),
            ),
            Dots(
                "Elimination lost, by trick (a million cells)",
                "share of tumours",
                tuple(row(trick.name, estimates[f"{key}_lost"]) for key, trick in TRICKS.items()),
            ),
        ),
    )
