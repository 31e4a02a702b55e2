"""C9: what stays after the treatment is over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.claims import long_term
from unmask.claims.claim import Claim, Estimate, Measured
from unmask.claims.estimates import NOTHING, difference, share
from unmask.claims.hosts import Given, Hosts, every, follow
from unmask.claims.laboratory import Laboratory
from unmask.claims.plots import Dots
from unmask.claims.readout import row
from unmask.claims.regrowth import SHRINKAGE, first, regrown
from unmask.claims.trials import beside

YEAR = 365.0
Array = NDArray[np.float64]
REST = 400.0
IMPLANT_CELLS = 10.0  # Mc
CYCLES = every(21, 84)
_YEARS = {
    "pembrolizumab_seven_years": "pembrolizumab, 7 years",
    "ipilimumab_three_years": "ipilimumab, 3 years",
    "ipilimumab_seven_years": "ipilimumab, 7 years",
    "completers_alive": "stopped at 2 years: 5 more",
    "completers_free": "the same, no progression",
    "ten_years_combination": "both, 10 years",
    "ten_years_nivolumab": "nivolumab, 10 years",
    "ten_years_ipilimumab": "ipilimumab, 10 years",
}
FORCED_LOG_KILL = 40.0  # exp(-40) of the largest tumour is less than one cell


def memory(laboratory: Laboratory, claim: Claim, patients: int, seed: int) -> Measured:
    """C9: control after stopping, re-challenge, stopping at two years, plateau."""
    hosts = laboratory.patients("nsclc", patients, seed)
    laboratory.tell("atezolizumab")
    one_year, two_years = (
        follow(hosts, (0.0, end), (Given("atezolizumab", every(21, end)),), threads=laboratory.threads)
        for end in (YEAR, 2 * YEAR)
    )
    estimates = {
        "control_after_stopping": _control(laboratory, one_year["sld"], one_year.end),
        **_rechallenge(laboratory, hosts, two_years.end.take(two_years["cancer_cells"][:, -1] == 0)),
        **_stopping_at_two_years(laboratory, patients, seed),
    }
    flattening, rates, eight_years = long_term.plateau(laboratory, patients, seed)
    decade, decade_curves = long_term.ten_years(laboratory, patients, seed)
    estimates |= {**flattening, **decade, **long_term.stopping(laboratory, patients, seed)}
    rows = (
        ("after immunotherapy", "rechallenge_immunotherapy"),
        ("after chemotherapy", "rechallenge_chemotherapy"),
        ("naive", "rechallenge_naive"),
        ("the same, memory erased", "rechallenge_erased"),
    )
    published = {1: claim.published["hazard_year_1"], 4: claim.published["hazard_year_4"]}
    return Measured(
        {name: estimates[name] for name in claim.quantities},
        (
            Dots(
                "Re-challenge with ten million cells of the same tumour",
                "implants rejected within a year",
                tuple(row(name, estimates[key]) for name, key in rows),
                caption="The same hosts in every row.",
            ),
            Dots(
                "Deaths per person-year on nivolumab, melanoma",
                "deaths per person-year",
                tuple(
                    row(f"year {year}", rate, published.get(year))
                    for year, rate in enumerate(rates, 1)
                    if np.isfinite(rate.value)
                ),
                percent=False,
            ),
            Dots(
                "Alive after years",
                "share of patients",
                tuple(beside(claim, key, words, estimates[key]) for key, words in _YEARS.items()),
                caption="Published: KEYNOTE-006, ipilimumab pooled, CheckMate 067; those of ten years are from memory.",
            ),
            eight_years,
            decade_curves,
        ),
    )


def _control(laboratory: Laboratory, sld: Array, stopped: Hosts) -> Estimate:
    """Return the share of those shrunk by 30 % at a year who do not regrow in two years without treatment."""
    responders = sld[:, -1] <= SHRINKAGE * sld[:, 0]
    laboratory.tell("two years without treatment")
    looks = (0.0, *every(63, 2 * YEAR, 63))
    after = follow(stopped.take(responders), looks, threads=laboratory.threads)["sld"]
    return share(first(regrown(after)) == len(looks))


def _rechallenge(laboratory: Laboratory, hosts: Hosts, cured: Hosts) -> dict[str, Estimate]:
    """Return the share of implants rejected by the hosts in four histories."""
    rows = np.flatnonzero(np.isin(hosts.numbers, cured.numbers))
    same = hosts.take(rows)
    # No clone survives chemotherapy here: all cells are of the sensitive kind, and a cycle kills every one.
    cells = sum(same.state(name) for name in same.clones)
    same = same.with_states(**dict.fromkeys(same.clones, 0.0)).with_states(cancer_sensitive=cells)
    same = same.with_parameters(chemo_log_kill=FORCED_LOG_KILL, mutation_rate=0.0, antigen_loss_rate=0.0)
    laboratory.tell("the same hosts cured by chemotherapy")
    cycles = follow(same, (0.0, 105.0), (Given("docetaxel", CYCLES),), threads=laboratory.threads)
    by_chemotherapy = cycles.end.with_parameters(
        chemo_log_kill=cured.parameter("chemo_log_kill"),
        mutation_rate=cured.parameter("mutation_rate"),
        antigen_loss_rate=cured.parameter("antigen_loss_rate"),
    )
    if not (cycles["cancer_cells"][:, -1] == 0.0).all():
        return dict.fromkeys(
            ("rechallenge_immunotherapy", "rechallenge_chemotherapy", "rechallenge_naive", "rechallenge_erased",
             "memory_gain"),
            NOTHING,
        )  # fmt: skip
    naive = laboratory.naive(same).with_parameters(
        mutation_rate=cured.parameter("mutation_rate"), antigen_loss_rate=cured.parameter("antigen_loss_rate")
    )
    histories = {
        "rechallenge_immunotherapy": cured,
        "rechallenge_chemotherapy": by_chemotherapy,
        "rechallenge_naive": naive,
        "rechallenge_erased": cured,
    }
    rejected = {}
    for key, group in histories.items():
        laboratory.tell(key.replace("_", " "))
        rested = follow(group, (0.0, REST), threads=laboratory.threads).end
        if key == "rechallenge_erased":
            rested = rested.with_states(memory_t_cells=0.0, effector_t_cells=0.0, activated_t_cells=0.0)
        challenged = rested.with_tumour(IMPLANT_CELLS)
        last = follow(challenged, (0.0, YEAR), threads=laboratory.threads)["cancer_cells"][:, -1]
        rejected[key] = last == 0.0
    gain = difference(
        rejected["rechallenge_immunotherapy"], rejected["rechallenge_chemotherapy"], hosts.streams, "C9 gain"
    )
    return {**{key: share(flags) for key, flags in rejected.items()}, "memory_gain": gain}


def _stopping_at_two_years(laboratory: Laboratory, patients: int, seed: int) -> dict[str, Estimate]:
    """Return who stays without regrowth from year 2 to 5 when stopping, and when going on."""
    hosts = laboratory.patients("melanoma", patients, seed)
    looks = (0.0, *every(84, 2 * YEAR + 1, 84), 2 * YEAR)
    laboratory.tell("two years of nivolumab")
    course = follow(hosts, looks, (Given("nivolumab", every(14, 2 * YEAR)),), threads=laboratory.threads)
    free = first(regrown(course["sld"])) == len(looks)
    reached, least = course.end.take(free), course["sld"][free].min(axis=1)
    found = {}
    for key, given in (
        ("two_years_stopped", ()),
        ("two_years_going_on", (Given("nivolumab", every(14, 3 * YEAR)),)),
    ):
        laboratory.tell(key.replace("_", " "))
        later = (0.0, *every(84, 3 * YEAR, 84))
        sld = follow(reached, later, given, threads=laboratory.threads)["sld"]
        # The smallest sum so far counts from the two years before.
        history = np.concatenate([least[:, None], sld], axis=1)
        found[key] = share(first(regrown(history)) == history.shape[1])
    return found
