"""A made-up trial with every table that a report reads: no model, fast, the same in every run.

Curves, responses and scans are drawn from simple distributions; the numbers mean nothing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from unmask.report import Arm, Observed, ReportInput, Tables
from unmask.safety.comparators import beside
from unmask.safety.summary import summarise_safety
from unmask.survival.estimate import summarise
from unmask.survival.observed import ObservedTrial, compare_observed

ARMS = (Arm("atezolizumab", "Atezolizumab"), Arm("docetaxel", "Docetaxel"))
MONTH = 30.4375
SCANS = np.array([42, 84, 126, 168, 210, 252, 315, 378, 441, 504, 567, 630, 693, 756], float)

PUBLISHED = {
    "arms": {
        "atezolizumab": {
            "orr": {"value": 0.136, "ci": [0.105, 0.173], "source": "Rittmeyer 2017", "confirmed": True},
            "os_months": {"median": {"value": 13.8, "ci": [11.8, 15.7], "source": "Rittmeyer 2017"}},
            "os_rate": {"12": {"value": 0.547, "source": "Gandara 2018"}},
            "duration_of_response_months": {
                "median": {"value": 16.3, "ci": [10.0, float("nan")], "source": "Rittmeyer 2017"}
            },
        },
        "docetaxel": {
            "orr": {"value": 0.134, "ci": [0.103, 0.170], "source": "Rittmeyer 2017", "confirmed": True},
            "pfs_months": {"median": {"value": 4.0, "ci": [3.3, 4.2], "source": "Rittmeyer 2017"}},
            "os_months": {
                "median": {"value": 9.6, "ci": [8.6, 11.2], "source": "From memory", "confirmed": False}
            },
        },
    },
    "comparisons": {"os": {"hr": {"value": 0.73, "ci": [0.62, 0.87], "source": "Rittmeyer 2017"}}},
}


def tables(size: int, seed: int = 1, arms: tuple[Arm, ...] = ARMS) -> Tables:
    """Return the tables of a trial of ``size`` patients per arm."""
    random = np.random.default_rng(seed)
    parts: dict[str, list[pd.DataFrame]] = {
        name: []
        for name in ("patients", "time_to_event", "assessments", "doses", "adverse_events", "trajectories")
    }
    for k, arm in enumerate(arms):
        n = size
        patient = np.arange(n)
        death = random.weibull(1.0, n) * (600 if k == 0 else 440)
        cut = random.uniform(580, 819, n)
        end = np.minimum(death, cut)
        rate = random.normal(0.0025 if k == 0 else 0.002, 0.004, n)
        kill = random.gamma(1.2, 0.002 if k == 0 else 0.0025, n)
        baseline = random.lognormal(4.2, 0.6, n)
        day = SCANS[None, :] + random.integers(-3, 4, (n, SCANS.size))
        decay = np.exp(-(kill * (2.4 if k == 0 else 3.0))[:, None] * day)
        growth = np.exp(np.clip(rate, -0.002, None)[:, None] * day)
        change = np.clip(0.5 * decay + 0.5 * growth - 1 + random.normal(0, 0.04, day.shape), -1, 4)
        seen = day <= end[:, None]
        nadir = np.minimum.accumulate(np.c_[np.zeros(n), change], axis=1)[:, :-1]
        worse = (change + 1 >= 1.2 * (nadir + 1)) | (random.random(change.shape) < 0.05)
        overall = np.where(
            worse, "PD", np.where(change <= -0.999, "CR", np.where(change <= -0.3, "PR", "SD"))
        )
        first_pd = np.where((worse & seen).any(1), (worse & seen).argmax(1), SCANS.size)
        responded = (change <= -0.3) & seen & (np.arange(SCANS.size) < first_pd[:, None])
        best = np.where(
            ~seen.any(1), "NE", np.where(responded.any(1), "PR", np.where(first_pd == 0, "PD", "SD"))
        )
        best[responded.any(1) & (random.random(n) < 0.08)] = "CR"
        row, visit = np.nonzero(seen & (np.arange(SCANS.size) <= first_pd[:, None] + 2))
        parts["assessments"].append(
            pd.DataFrame(
                {
                    "patient": patient[row], "arm": arm.name, "visit": visit + 1, "day": day[row, visit],
                    "sld_mm": baseline[row] * (1 + change[row, visit]), "baseline_sld_mm": baseline[row],
                    "change_from_baseline": change[row, visit], "overall_response": overall[row, visit],
                    "irecist_response": np.where(
                        visit == first_pd[row], "iUPD", np.where(visit > first_pd[row], "iCPD", "iSD")
                    ),
                    "subsequent_therapy": False,
                }
            )
        )  # fmt: skip
        parts["patients"].append(
            pd.DataFrame(
                {
                    "patient": patient, "arm": arm.name, "baseline_sld_mm": baseline, "best_response": best,
                    "irecist_best_response": "iSD", "pseudoprogression": random.random(n) < 0.02 - 0.01 * k,
                    "death_day": np.where(death <= cut, death, np.nan), "censor_day": cut,
                    "status": "ok",
                }
            )
        )  # fmt: skip
        pd_day = np.where(first_pd < SCANS.size, day[patient, np.minimum(first_pd, SCANS.size - 1)], np.inf)
        start = day[patient, responded.argmax(1)]
        progression = np.minimum(pd_day, end)
        known = (pd_day < np.inf) | (death <= cut)
        times = {"OS": (end, death <= cut), "PFS": (progression, known), "iPFS": (progression * 1.02, known)}
        for endpoint, (days, event) in times.items():
            parts["time_to_event"].append(_times(patient, arm, endpoint, days, event))
        r = responded.any(1)
        parts["time_to_event"].append(_times(patient[r], arm, "TTR", start[r], np.ones(r.sum(), bool)))
        parts["time_to_event"].append(_times(patient[r], arm, "DoR", (progression - start)[r] + 1, known[r]))
        stop = np.minimum(end, pd_day + 40)
        row, cycle = np.nonzero(np.arange(0, 800, 21)[None, :] <= stop[:, None])
        parts["doses"].append(
            pd.DataFrame(
                {"patient": patient[row], "arm": arm.name, "day": cycle * 21.0, "phase": "first line"}
            )
        )
        for event, klass, organ, p, week, lasts, action in side_effects(k):
            hit = patient[random.random(n) < p]
            onset = random.exponential(7.0 * week, hit.size)
            hit, onset = hit[onset <= end[hit]], onset[onset <= end[hit]]
            grade = random.choice([1, 2, 3, 4], hit.size, p=[0.4, 0.35, 0.2, 0.05])
            over = onset + random.exponential(7.0 * lasts, hit.size)
            parts["adverse_events"].append(
                pd.DataFrame(
                    {
                        "patient": hit, "arm": arm.name, "event": event, "organ": organ, "class": klass,
                        "grade": grade, "onset_day": onset, "related": True,
                        "resolution_day": np.where(over <= end[hit], over, np.nan),
                        "action": np.where(grade > 1, action, "none"),
                    }
                )
            )  # fmt: skip
        grid = np.arange(0.0, 799.0, 21.0)
        alive = (end[None, :] >= grid[:, None]).sum(1)
        for quantity, middle, spread in (
            ("sld_change", -0.1 + 0.05 * k + 0.15 * np.sin(grid / 150), 0.3 * (1 - np.exp(-grid / 100))),
            ("resistant_share", (0.05 + 0.6 * k) * (1 - np.exp(-grid / 200)), 0.04 + 0 * grid),
            ("tumour_t_cells", 40 + (120 - 100 * k) * (1 - np.exp(-grid / 60)), 10 + 0 * grid),
        ):
            parts["trajectories"].append(
                pd.DataFrame(
                    {
                        "arm": arm.name, "day": grid, "quantity": quantity, "n": alive, "q50": middle,
                        "q25": np.maximum(middle - spread, -1), "q10": np.maximum(middle - 2 * spread, -1),
                        "q75": middle + spread, "q90": middle + 2 * spread,
                    }
                )
            )  # fmt: skip
    return Tables(**{name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()})


def side_effects(arm: int) -> list[tuple[str, str, str, float, float, float, str]]:
    """Event, class, organ, share of patients, mean onset and mean duration (weeks), action of one arm."""
    immune, chemotherapy = "immune-related", "chemotherapy"
    if arm == 0:
        return [
            ("rash", immune, "skin", 0.20, 5.0, 10.0, "topical"),
            ("colitis", immune, "gut", 0.08, 8.0, 4.0, "hold, steroid"),
            ("hypothyroidism", immune, "thyroid", 0.07, 12.0, 300.0, "replacement"),
            ("hepatitis", immune, "liver", 0.04, 10.0, 6.0, "stop, steroid"),
            ("fatigue", immune, "general", 0.25, 6.0, 8.0, "none"),
        ]
    return [
        ("fatigue", chemotherapy, "general", 0.33, 2.0, 3.0, "supportive"),
        ("alopecia", chemotherapy, "skin", 0.33, 4.0, 20.0, "none"),
        ("nausea", chemotherapy, "gut", 0.24, 1.0, 0.6, "supportive"),
        ("febrile neutropenia", chemotherapy, "infection", 0.11, 4.0, 1.0, "antibiotics"),
        ("peripheral neuropathy", chemotherapy, "nervous system", 0.10, 12.0, 60.0, "stop"),
        ("neutropenia", chemotherapy, "blood", 0.18, 2.0, 1.5, "dose reduction"),
        ("neutrophil count decreased", chemotherapy, "blood", 0.9, 1.0, 2.0, "none"),
        ("rash", immune, "skin", 0.01, 8.0, 10.0, "topical"),
    ]


def _times(patient: np.ndarray, arm: Arm, endpoint: str, days: np.ndarray, event: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient": patient, "arm": arm.name, "endpoint": endpoint, "time_days": days, "event": event,
            "reason": "",
        }
    )  # fmt: skip


def report_input(
    size: int = 200, *, arms: tuple[Arm, ...] = ARMS, made: Tables | None = None, observed: bool = False
) -> ReportInput:
    """Return a whole report's input; ``observed`` adds a second made-up trial as the real patients."""
    made = made or tables(size, arms=arms)
    named = {
        "patients": made.patients,
        "time_to_event": made.time_to_event,
        "adverse_events": made.adverse_events,
        "failures": made.failures,
    }
    names = [arm.name for arm in arms]
    summary = summarise(named, names, PUBLISHED, trial="oak", seed=1)
    for name in names:
        safety = summarise_safety({**named, "doses": made.doses}, name)
        summary["arms"][name]["safety"] = {**safety, "published": beside(safety, [name], "oak")}
    real = None
    if observed:
        other = tables(120, seed=7, arms=arms)
        trial = ObservedTrial("real.csv", tuple(names), other.patients, other.time_to_event, {})
        comparison = tuple(
            {
                "endpoint": row.endpoint, "arm": row.arm or None, "real": row.real, "ci": row.real_ci,
                "virtual": row.virtual, "inside": row.inside,
                "unit": "share" if row.unit == "fraction" else row.unit,
            }
            for row in compare_observed(trial, named, names)
        )  # fmt: skip
        real = Observed("OAK (240 patients)", other.time_to_event, other.patients, comparison)
    return ReportInput(
        title="Atezolizumab against docetaxel in previously treated lung cancer",
        subtitle=f"A virtual randomised trial with {size} patients in each arm, in the design of OAK",
        design=(
            f"{size} virtual patients with non-small-cell lung cancer that had grown after chemotherapy "
            "were treated twice, once in each arm: atezolizumab 1200 mg every 3 weeks, and docetaxel "
            "75 mg/m² every 3 weeks.",
            "Scans every 6 weeks to week 36, then every 9 weeks; follow-up 27 months.",
        ),
        arms=arms,
        tables=made,
        summary=summary,
        published=PUBLISHED,
        observed=real,
        provenance={
            "unmask": "0.1.0",
            "command": "unmask trial oak --patients 200 --seed 1",
            "seed": 1,
            "model hash": "0f3a" * 16,
            "tolerances": {"rtol": 1e-4},
            "dependencies": {"numpy": "2.0", "pandas": "2.2"},
        },
        citation="The Unmask authors. Unmask: in-silico immuno-oncology. Version 0.1.0.",
    )
