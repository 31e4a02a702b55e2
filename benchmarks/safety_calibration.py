"""Calibrate the rates of immune-related events and put the model beside published figures.

    python benchmarks/safety_calibration.py                 the tables: model v published, misses marked
    python benchmarks/safety_calibration.py --fit 8         fit the rates first, print them as TOML values

The fit changes only rates and the log-odds of a severe event at onset, kind by kind, until the share of patients with
an event, and with a severe one, is the published one under the regimens that ``published.toml`` marks as calibrated.
A step takes the cumulative hazard that a share means under a gamma distributed susceptibility and scales the rate with
its quotient. Random numbers are those of the streams of seed 2026, the same at every step: the result is reproducible.
Everything else in ``immune_related.toml`` is stated there with its source, most of it assumed.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter

import safety_clinic
from safety_clinic import Part, Regimen, Seen, treat
from unmask.patients.random_streams import RandomStreams
from unmask.safety import desk
from unmask.safety.adverse_events import AUTOIMMUNE_FLARE
from unmask.safety.autoimmune import Background, diseases
from unmask.safety.event_kinds import Kinds, kinds, safety_data
from unmask.survival.proportions import proportion

NIVOLUMAB = (Part("nivolumab", 3, "mg/kg", 14),)
IPILIMUMAB = (Part("ipilimumab", 3, "mg/kg", 21, 4),)
COMBINATION = (
    Part("nivolumab", 1, "mg/kg", 21, 4),
    Part("nivolumab", 3, "mg/kg", 14, then=True),
    *IPILIMUMAB,
)
# Months: published median progression-free survival (all unconfirmed but OAK 2.8). Of many trials: those of melanoma.
REGIMENS = {
    "nivolumab, CheckMate 067": Regimen(NIVOLUMAB, "melanoma", 6.9),
    "ipilimumab, CheckMate 067": Regimen(IPILIMUMAB, "melanoma", 2.9),
    "nivolumab + ipilimumab, CheckMate 067": Regimen(COMBINATION, "melanoma", 11.5),
    "nivolumab, CheckMate 066": Regimen(NIVOLUMAB, "melanoma", 5.1),
    "nivolumab, CheckMate 026": Regimen(NIVOLUMAB, "nsclc", 4.2),
    "nivolumab, CheckMate 066 after 3 years": Regimen(NIVOLUMAB, "melanoma", 5.1),
    "nivolumab, CheckMate 017": Regimen(NIVOLUMAB, "nsclc", 3.5),
    "pembrolizumab, KEYNOTE-042": Regimen((Part("pembrolizumab", 200, "mg", 21, 35),), "nsclc", 5.4),
    "nivolumab, 21 trials": Regimen(NIVOLUMAB, "melanoma", 5.1),
    "ipilimumab, 22 trials": Regimen(IPILIMUMAB, "melanoma", 2.9),
    "atezolizumab, OAK": Regimen((Part("atezolizumab", 1200, "mg", 21),), "nsclc", 2.8),
    "nivolumab, CheckMate 76K": Regimen((Part("nivolumab", 480, "mg", 28, 13),), "melanoma", np.inf),
    "nivolumab + ipilimumab 1 mg/kg, CheckMate 914": Regimen(
        (Part("nivolumab", 240, "mg", 14, 12), Part("ipilimumab", 1, "mg/kg", 42, 4)), "renal", np.inf, 168
    ),
}
COLUMN_OF = {  # column of Kinds.rates: under PD-(L)1, both, CTLA-4
    "nivolumab, CheckMate 067": 0,
    "nivolumab + ipilimumab, CheckMate 067": 1,
    "ipilimumab, CheckMate 067": 2,
}
ONCE = {"fatigue": "nivolumab, CheckMate 026", "arthritis": "nivolumab, CheckMate 76K"}
"""Kinds with one figure only: the same factor for all three rates."""
TOTAL = "other treatment-related event"
"""What is left of the total of treatment-related events when all named ones are taken away."""
ENDOCRINE = ("thyroid", "pituitary")


def share_of(seen: Seen, events: pd.DataFrame) -> float:
    return float(events["patient"].nunique()) / seen.patients


def chosen(seen: Seen, what: str, least: int = 1) -> pd.DataFrame:
    """Related events of a kind, an organ, a pair of kinds or any, of at least a grade."""
    events = seen.events[seen.events["related"] & (seen.events["grade"] >= least)]
    if what == "any":
        return events
    if what == "immune-related in an organ":
        return events[events["organ"] != "general"]
    if what == "endocrine":
        return events[events["organ"].isin(ENDOCRINE)]
    kinds_named = what.split(" or ")
    return events[events["event"].isin(kinds_named) | (events["organ"] == what)]


def measured(seen: Seen, what: str, *, treated: bool = False) -> tuple[float, float]:
    """Shares with any grade and with grade 3 or more; ``treated``: of events that something was done about."""
    if treated:
        events = seen.events
        acted = ~events["action"].isin(["none", "supportive", "hold"])
        seen = replace(seen, events=events[acted])
    if what == "fatal":
        return share_of(seen, chosen(seen, "any", 5)), np.nan
    if what == "discontinuation":
        share = float(seen.stopped_by_toxicity.mean())
        return share, np.nan
    return share_of(seen, chosen(seen, what)), share_of(seen, chosen(seen, what, 3))


def figures(trial: Mapping[str, object]) -> dict[str, tuple[float, float, bool]]:
    """All published figures of a trial: kind -> any grade, grade 3 or more (shares), read in the source."""
    found = {}
    for key, read in (("read", True), ("unconfirmed", False)):
        for what, (any_grade, severe) in trial[key].items():  # type: ignore[attr-defined]
            found[what] = (any_grade / 100, severe / 100, read)
    return found


def _cumulative_hazard(share: float, shape: float) -> float:
    share = min(max(share, 1e-4), 0.995)
    return shape * ((1 - share) ** (-1 / shape) - 1)


def _logit(share: float) -> float:
    share = min(max(share, 2e-3), 0.995)
    return float(np.log(share / (1 - share)))


def fit(patients: int, steps: int) -> Kinds:
    """Return the kinds with rates and severity fitted."""
    present = kinds()
    published = {trial["name"]: trial for trial in safety_data("published")["trial"]}
    calibrated = {
        (name, what)
        for name, trial in published.items()
        for what in trial["calibrated"]
        if not (name.endswith("026") and what in ("rash", "diarrhoea"))  # those fit the tumour factors
    }
    wanted = list(dict.fromkeys(name for name, _ in calibrated if name != "atezolizumab, OAK"))
    for step in range(steps):
        _use(present)
        seen = {name: treat(REGIMENS[name], patients, follow_days=400) for name in wanted}
        rates, logits = present.rates.copy(), present.severe_logit.copy()
        worst = 0.0
        for place, event in enumerate(present.event):
            goal = "any" if event == TOTAL else event
            severe_goal = severe_found = any_goal = any_found = 0.0
            for name in wanted:
                if (name, goal) not in calibrated:
                    continue
                target, severe, _ = figures(published[name])[goal]
                treated = "definition" in published[name]
                found, found_severe = measured(seen[name], goal, treated=treated)
                shape = present.frailty_shape[place]
                if goal == "any":
                    # Among those without a named event, the rest has to explain what is missing.
                    others = chosen(seen[name], "any")
                    named = share_of(seen[name], others[others["event"] != TOTAL])
                    target = max((target - named) / (1 - named), 0.02)
                    found = max((found - named) / (1 - named), 0.005)
                factor = _cumulative_hazard(target, shape) / _cumulative_hazard(max(found, 2e-3), shape)
                column = COLUMN_OF.get(name)
                columns = [column] if column is not None and event not in ONCE else [0, 1, 2]
                rates[place, columns] *= np.clip(factor, 0.3, 3.0) ** 0.8
                worst = max(
                    worst,
                    abs(measured(seen[name], goal, treated=treated)[0] - figures(published[name])[goal][0]),
                )
                severe_goal, severe_found = severe_goal + severe, severe_found + found_severe
                any_goal += figures(published[name])[goal][0]
                any_found += measured(seen[name], goal, treated=treated)[0]
            if any_goal and any_found and present.highest_grade[place] >= 3:
                change = _logit(severe_goal / any_goal) - _logit(severe_found / any_found)
                logits[place] += np.clip(0.8 * change, -1.0, 1.0)
        present = replace(present, rates=rates, severe_logit=np.maximum(logits, -8.0))
        print(f"step {step + 1}: largest difference of any grade {100 * worst:.1f} points", flush=True)
    _use(present)
    return present


def _use(present: Kinds) -> None:
    desk.kinds = lambda: present  # the desk of every clinic from now on


def report(patients: int) -> None:
    """Print the tables."""
    data = safety_data("published")
    treat_all = partial(treat, patients=patients)
    seen = {name: treat_all(regimen) for name, regimen in REGIMENS.items()}
    print(
        f"\n{patients} patients per regimen. Percent of patients: model (published, 95 % interval by n); * outside"
    )
    inside = {"fitted": [0, 0], "check": [0, 0]}
    for trial in data["trial"]:
        name = trial["name"]
        print(f"\n{name} (n = {trial['n']})")
        for what, (any_grade, severe, read) in figures(trial).items():
            cells = []
            found_shares = measured(seen[name], what, treated="definition" in trial)
            for found, target in zip(found_shares, (any_grade, severe), strict=True):
                if np.isnan(found) or np.isnan(target):
                    continue
                low, high = proportion(round(target * trial["n"]), trial["n"]).ci
                good = low <= found <= high
                count = inside["fitted" if what in trial["calibrated"] else "check"]
                count[0], count[1] = count[0] + (good and read), count[1] + read
                cells.append(
                    f"{100 * found:5.1f} ({100 * target:4.1f}, {100 * low:4.1f}-{100 * high:4.1f})"
                    f"{' ' if good else '*'}"
                )
            place = "3+ " if np.isnan(any_grade) else ""  # only a figure of severe events
            note = "fitted" if what in trial["calibrated"] else "check"
            print(
                f"  {what:22s} {place}{cells[0]}  {'3+ ' + cells[1] if len(cells) > 1 else '':35s} "
                f"{note}{'' if read else ', unconfirmed'}"
            )
        organs = measured(seen[name], "immune-related in an organ")
        print(f"  immune-related in an organ: {100 * organs[0]:.0f} / {100 * organs[1]:.0f}")
        fatal = seen[name].events[seen[name].events["grade"] == 5]
        print(f"  fatal events begin on day {fatal['onset_day'].median():.0f} (median)")
        print(
            f"  died {100 * seen[name].died.mean():.2f} %, "
            f"days on steroid {seen[name].steroid_days.mean():.0f} of 540"
        )
    for note, (good, total) in inside.items():
        print(f"\n{note}: {good} of {total} read figures inside their interval")
    print("\nWeeks: model (published)")
    for block in data["timing"]:
        for row in block["figures"]:
            events = chosen(seen[block["trial"]], row["of"], int(row["grade"][0]))
            if row.get("treated"):
                events = events[events["action"].str.contains("steroid")]
            by = row.get("by", "patient")
            found = median_onset(events, by) if row["metric"] == "onset" else median_resolution(events)
            interval = f", {row['low']}-{row['high']}" if "low" in row else ""
            print(
                f"  {block['trial']:38s} {row['of']:26s} {row['grade']} {row['metric']:10s} {found:5.1f} "
                f"({row['weeks']}{interval}){'' if row['read'] else ' unconfirmed'}"
            )
    unmanaged = {name: treat_all(REGIMENS[name], management=False) for name in COLUMN_OF}
    print("\nWithout management: grade 3+, died, median weeks to resolution of grade 2+; with it")
    for name, clinic in unmanaged.items():
        row = [
            f"{100 * measured(one, 'any')[1]:.0f} / {100 * one.died.mean():.1f} / "
            f"{median_resolution(chosen(one, 'immune-related in an organ', 2)):.1f}"
            for one in (clinic, seen[name])
        ]
        print(f"  {name:38s} {row[0]:20s} {row[1]}")


def median_onset(events: pd.DataFrame, by: str = "patient") -> float:
    """Median weeks to the first event, of the patients with one, or to an event, of all events."""
    days = events["onset_day"] if by == "event" else events.groupby("patient")["onset_day"].min()
    return float((days / 7).median())


def median_resolution(events: pd.DataFrame) -> float:
    """Median weeks to resolution by Kaplan-Meier, events that go on censored at day 540; inf where not reached."""
    if events.empty:
        return np.nan
    lasting = events["resolution_day"].isna()
    weeks = (events["resolution_day"].fillna(540.0) - events["onset_day"]) / 7
    return float(KaplanMeierFitter().fit(weeks, ~lasting).median_survival_time_)


def background(code: int, patients: int, *, immunosuppressed: bool) -> Background:
    """Every patient has the disease; those on immunosuppression take its usual dose."""
    data = safety_data("autoimmune")["disease"][code - 1]
    steroid = data["steroid_mg_per_kg"] if immunosuppressed else 0.0
    return Background(
        disease=np.full(patients, code),
        on_immunosuppression=np.full(patients, immunosuppressed),
        set_point_factor=np.full(patients, data["set_point_factor"]),
        baseline_steroid_mg_per_kg=np.full(patients, steroid),
    )


def autoimmune(patients: int) -> None:
    """Print flares and other events under nivolumab, by disease, without and with immunosuppression before it."""
    regimen = REGIMENS["nivolumab, CheckMate 067"]
    clinics = {"none": treat(regimen, patients)}
    for code, name in enumerate(diseases(), start=1):
        for treated in (False, True):
            label = f"{name}{', immunosuppressed' if treated else ''}"
            affected = background(code, patients, immunosuppressed=treated)
            clinics[label] = treat(regimen, patients, background=affected)
    print(
        "\nAutoimmune disease, nivolumab: percent of patients, of grade 2 or more (as charts have what was treated)"
    )
    print(f"  {'':40s} flare  3+   gut   3+   other  3+   stopped  days to gut event")
    for label, seen in clinics.items():
        events = seen.events[seen.events["related"] & (seen.events["grade"] >= 2)]
        flare = events["class"] == AUTOIMMUNE_FLARE
        gut = events["organ"] == "gut"
        other = ~flare & (events["organ"] != "general")
        severe = events["grade"] >= 3
        cells = [
            100 * share_of(seen, events[w])
            for w in (flare, flare & severe, gut, gut & severe, other, other & severe)
        ]
        days = events[gut].groupby("patient")["onset_day"].min().median()
        print(
            f"  {label:40s}"
            + "".join(f"{cell:5.0f}" for cell in cells)
            + f"{100 * seen.stopped_by_toxicity.mean():9.0f} {days:9.0f}"
        )
    for block in safety_data("published")["autoimmune"]:
        for row in block["figures"]:
            print(f"  published: {block['disease']:22s} {row['what']:36s} {row['value']} ({row['source']})")


def rechallenge(patients: int) -> None:
    """Print what happens when patients with a severe event under ipilimumab later get nivolumab."""
    regimen = Regimen((*IPILIMUMAB, Part("nivolumab", 3, "mg/kg", 14, first_day=196)), "melanoma", np.inf)
    seen = treat(regimen, patients, follow_days=540, ignore_stops=True)
    events = seen.events[(seen.events["organ"] != "general") & (seen.events["grade"] >= 2)]
    early = events[(events["onset_day"] < 196) & (events["grade"] >= 3)]
    late = events[(events["onset_day"] >= 196) & events["patient"].isin(early["patient"])]
    had = early.groupby("patient")["event"].agg(set)
    same = [event in had[patient] for patient, event in zip(late["patient"], late["event"], strict=True)]
    same_patients = late[np.array(same, dtype=bool)]["patient"].nunique()
    other_patients = late[~np.array(same, dtype=bool)]["patient"].nunique()
    print(
        f"\nNivolumab after a severe event under ipilimumab ({had.size} patients): the same again "
        f"{100 * same_patients / had.size:.0f} % (3), another one {100 * other_patients / had.size:.0f} % (34)"
        " (Menzies 2017, n = 67)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--fit", type=int, default=0, metavar="STEPS")
    parser.add_argument(
        "--seed", type=int, default=2026, help="of patients and chance; the rates were fitted with 2026"
    )
    options = parser.parse_args()
    safety_clinic.STREAMS = RandomStreams(options.seed)
    if options.fit:
        fitted = fit(options.patients, options.fit)
        for number, event in enumerate(fitted.event):
            if not fitted.disease[number]:
                pd_rate, both, ctla4 = fitted.rates[number]
                print(
                    f"{event}: rate_pd = {pd_rate:.3g}, rate_both = {both:.3g}, rate_ctla4 = {ctla4:.3g}, "
                    f"severe_logit = {fitted.severe_logit[number]:.2f}"
                )
    report(options.patients)
    autoimmune(options.patients)
    rechallenge(options.patients)


if __name__ == "__main__":
    main()
