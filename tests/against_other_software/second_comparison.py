"""Compare ``second_recist`` with ``unmask.response`` and ``unmask.survival`` on random patients.

python second_comparison.py PATIENTS SEED EXAMPLES [default|options|presets|OPTION=VALUE ...]
"""

from __future__ import annotations

import collections
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import second_outcomes as after
import second_recist as second
from second_recist import Patient, Visit

from unmask.response import ImmuneResponse, Measurements, Progression, Response, Rules, judge, outcomes
from unmask.survival import endpoints as ends
from unmask.survival.key_days import Followed, key_days

NAN = math.nan
HOW = second.Readings()
SCHEDULE = tuple(float(42 * k) for k in range(1, 15))
CODE = {"CR": Response.CR, "NON_CR_NON_PD": Response.NON_CR_NON_PD, "PD": Response.PD, "NE": Response.NE}


def patient(rng: np.random.Generator, visits: int = 8) -> Patient:
    """A random patient whose sizes stand at the thresholds."""
    gentle = rng.random() < 0.6
    lesions = int(rng.choice([0, 1, 1, 2, 2, 3, 4]))
    nodal = [bool(b) for b in rng.random(lesions) < 0.3]
    base = [int(rng.choice([150, 200, 180] if n else [100, 120, 150, 200, 250, 300])) for n in nodal]
    has_nt = bool(rng.random() < (1 if lesions == 0 else 0.55))
    style = rng.choice(["any", "six weeks", "irregular"])
    out: list[Visit] = []
    day, size, low = 0.0, list(base), list(base)
    nt, count, nsum = "NON_CR_NON_PD", 0, -1
    trend = rng.choice([-1, 0, 1])
    named, names, used = bool(rng.random() < 0.5), list[int](), 0
    for _ in range(visits):
        if style == "six weeks":
            day += 42
        elif style == "any":
            day += int(rng.choice([14, 21, 25, 26, 28, 30, 42, 42, 56, 58, 59, 84, 130]))
        else:
            day += int(rng.choice([35, 40, 42, 45, 49, 50, 90]))
        if rng.random() < 0.1:
            trend = rng.choice([-1, 0, 1])
        for j in range(lesions):
            s, b = size[j], base[j]
            down = [s - 50, s - 20, s * 7 // 10, b * 7 // 10, s // 2, 0, 0, 90]
            same = [s, s, s, s + 10, s - 10]
            up = [
                s + 50,
                s + 49,
                s + 25,
                s + 20,
                low[j] + 50,
                -(-low[j] * 12 // 10),
                low[j] * 12 // 10,
                100,
                50,
                b,
            ]
            pools = {-1: down * 2 + same, 0: same * 3 + down[:3] + up[:3], 1: up + same}
            pool = pools[int(trend)] if gentle else down + same + up
            size[j] = max(0, int(rng.choice(pool)))
            low[j] = min(low[j], size[j])
        seen = [(-1 if rng.random() < (0.03 if gentle else 0.12) else s) for s in size]
        if rng.random() < 0.05:
            seen = [-1] * lesions
        if rng.random() < (0.15 if gentle else 0.4):
            nt = str(rng.choice(["CR", "CR", "NON_CR_NON_PD", "NON_CR_NON_PD", "PD"]))
        shown = "NE" if rng.random() < 0.07 else nt
        if rng.random() < (0.15 if gentle else 0.35):
            before = count
            count = max(0, count + int(rng.choice([-1, -1, 1, 1, 2, -3])))
            if not before and count:
                nsum = -1 if rng.random() < 0.4 else int(rng.choice([100, 150]))
        while len(names) > count or (names and rng.random() < 0.04):
            names.pop(int(rng.integers(len(names))))
        while len(names) < count:
            back = [old for old in range(used) if old not in names] if rng.random() < 0.3 else []
            names.append(int(rng.choice(back)) if back else used)
            used = max(used, names[-1] + 1)
        if count and nsum >= 0:
            nsum = max(0, nsum + int(rng.choice([0, 0, 0, 20, 49, 50, -20])))
        if count and rng.random() < 0.05:
            nsum = -1 if nsum >= 0 else 100
        if not count:
            nsum = 0 if nsum >= 0 and rng.random() < 0.5 else -1
        since = NAN
        if count and out and rng.random() < 0.1:
            since = out[-1 if rng.random() < 0.7 else -len(out)].day
        if rng.random() < 0.03:
            continue
        out.append(
            Visit(
                day,
                tuple(seen),
                shown,
                bool(shown in ("PD", "NON_CR_NON_PD") and rng.random() < 0.2),
                count,
                frozenset(names) if named else None,
                nsum,
                bool(count and rng.random() < 0.1),
                since,
                bool(rng.random() < 0.25),
            )
        )
    return Patient(tuple(base), tuple(nodal), has_nt, tuple(out))


def measurements(people: list[Patient]) -> Measurements:
    """The patients as Unmask takes them."""
    n, v, m = (
        len(people),
        max(1, max(len(p.visits) for p in people)),
        max(1, max(len(p.baseline) for p in people)),
    )
    base, nodal, tgt = np.full((n, m), -1), np.zeros((n, m), bool), np.full((n, v, m), -1)
    day, since, newest = (np.full((n, v), NAN) for _ in range(3))
    nt = np.full((n, v), int(Response.NE))
    ints = {k: np.zeros((n, v), int) for k in ("count", "sum")}
    flags = {k: np.zeros((n, v), bool) for k in ("nt", "new", "sym")}
    ints["sum"][:] = -1
    for i, p in enumerate(people):
        k = len(p.baseline)
        base[i, :k], nodal[i, :k] = p.baseline, p.nodal
        first: dict[int, float] = {}
        for j, w in enumerate(p.visits):
            names = w.new_names or frozenset()
            first = dict.fromkeys(names, w.day) | first
            newest[i, j] = max((first[name] for name in names), default=NAN)
            day[i, j], tgt[i, j, :k], nt[i, j], since[i, j] = (
                w.day,
                w.sizes,
                int(CODE[w.non_target]),
                w.new_since,
            )
            ints["count"][i, j], ints["sum"][i, j] = w.new_count, w.new_sum
            flags["nt"][i, j], flags["new"][i, j], flags["sym"][i, j] = (
                w.non_target_increase,
                w.new_increase,
                w.new_symptoms,
            )
    present = np.array([p.has_non_target for p in people])
    return Measurements.of(
        base,
        tgt,
        day,
        nodal=nodal,
        non_target_present=present,
        non_target=np.where(present[:, None], nt, int(Response.NA)),
        non_target_increase=flags["nt"] & present[:, None],
        new_count=ints["count"],
        newest_day=newest,
        new_target_sum=ints["sum"],
        new_non_target_increase=flags["new"],
        new_since=since,
        new_symptoms=flags["sym"],
    )


Fate = tuple[float, float, float, bool]
"""Death, cut-off, new therapy, assessed at baseline."""
NAMES = (
    "OS",
    "PFS",
    "iPFS",
    "DoR",
    "iDoR",
    "TTR",
    "PFS-FDA",
    "PFS-NACT",
    "PFS-MISSED",
    "iPFS-NACT",
    "DoR-NACT",
)


def endpoint(name: str) -> ends.Endpoint:
    """An endpoint or variant by name."""
    return ends.ENDPOINTS[name] if name in ends.ENDPOINTS else ends.VARIANTS[name]


Row = dict[tuple[str, int], Any]
"""What was found: by name and number of the visit (0 for the patient)."""


def theirs(people: list[Patient], rules: Rules, fates: list[Fate] | None) -> list[Row]:
    """What Unmask finds."""
    m = measurements(people)
    verdicts = judge(m, rules)
    out: list[Row] = [{} for _ in people]
    known = verdicts
    if fates is not None:
        stop = np.array([min(c, d if d == d else math.inf) for d, c, _, _ in fates])
        known = judge(replace(m, day=np.where(m.day <= stop[:, None], m.day, NAN)), rules)
    found = outcomes(known)
    for i, p in enumerate(people):
        row = out[i]
        for j in range(len(p.visits)):
            for k in ("target", "non_target", "overall"):
                row[f"visit.{k}", j] = Response(int(getattr(verdicts, k)[i, j])).name
            for k in ("sum", "measured_sum", "nadir"):
                row[f"visit.{k}", j] = int(getattr(verdicts, k)[i, j])
            if row["visit.overall", j] == "PD":
                row["visit.dated", j] = float(verdicts.dated_day[i, j])
            row["visit.immune", j] = ImmuneResponse(int(verdicts.response[i, j])).name
        for k in ("confirmed", "unconfirmed", "irecist"):
            b = getattr(found, k)
            kind = ImmuneResponse if k == "irecist" else Response
            row[f"{k}.response", 0] = kind(int(b.response[i])).name
            row[f"{k}.day", 0] = float(b.day[i])
            row[f"{k}.began", 0] = float(b.first_response_day[i])
        row["PD day", 0] = float(found.progression_day[i])
        row["iPFS day", 0] = float(found.irecist_progression_day[i])
        row["fate", 0] = Progression(int(found.progression[i])).name
    if fates is not None:
        arr = [np.array(x) for x in zip(*fates, strict=True)]
        people_f = Followed.of(
            known, found, death=arr[0], censor=arr[1], new_therapy=arr[2], has_baseline=arr[3]
        )
        for name in NAMES:
            e = endpoint(name)
            t = ends.derive(e, key_days(people_f, e.rules_from(rules), SCHEDULE))
            for i, row in enumerate(out):
                row[name, 0] = (float(t.days[i]), bool(t.event[i])) if t.has_row[i] else None
    return out


def mine(p: Patient, rules: Rules, fate: Fate | None) -> Row:
    """What the second implementation finds."""
    row: Row = {}
    seen = second.recist(p, rules, HOW)
    immune, blocks = second.irecist(p, seen, rules, HOW)
    for j, s in enumerate(seen):
        row["visit.target", j], row["visit.non_target", j], row["visit.overall", j] = (
            s.target,
            s.non_target,
            s.overall,
        )
        row["visit.sum", j], row["visit.measured_sum", j], row["visit.nadir", j] = (
            s.total,
            s.measured,
            s.nadir,
        )
        if s.overall == "PD":
            row["visit.dated", j] = s.dated
    for j, r in enumerate(immune):
        row["visit.immune", j] = r
    if fate is not None:
        stop = min(fate[1], fate[0] if fate[0] == fate[0] else math.inf)
        p = Patient(p.baseline, p.nodal, p.has_non_target, tuple(v for v in p.visits if v.day <= stop))
        seen = second.recist(p, rules, HOW)
        immune, blocks = second.irecist(p, seen, rules, HOW)
    both = {
        "confirmed": after.best(after.records(seen, rules, HOW), rules, HOW, confirm=True),
        "unconfirmed": after.best(after.records(seen, rules, HOW), rules, HOW, confirm=False),
        "irecist": after.best(
            after.immune_records(seen, immune, HOW),
            rules.changed(early_progression="PD"),  # an iUPD is no progression yet: none is too early
            HOW,
            confirm=rules.immune_confirmed_response,
        ),
    }
    for k, b in both.items():
        name = second.IMMUNE.get(b.response, b.response) if k == "irecist" else b.response
        row[f"{k}.response", 0] = name
        row[f"{k}.day", 0], row[f"{k}.began", 0] = b.day, b.began
    row["PD day", 0] = after.progression_day(seen, rules, HOW)
    row["iPFS day", 0] = after.immune_progression_day(seen, blocks, rules)
    row["fate", 0] = after.fate(immune, blocks)
    if fate is not None:
        f = after.Followed(*fate)
        died = f.death <= f.censor
        row["OS", 0] = (f.death if died else f.censor, died)
        ok = [(s.day, s.overall not in ("NE", "MISSING")) for s in seen]
        iok = [(s.day, (immune[j] if j < len(immune) else "ICPD") != "NE") for j, s in enumerate(seen)]
        pd, ipd = row["PD day", 0], row["iPFS day", 0]
        began, ibegan = both["confirmed"].began, both["irecist"].began
        for name in NAMES[1:]:
            if name == "TTR":
                row[name, 0] = None if math.isnan(began) else (began, True)
                continue
            visits, day = (iok, ipd) if name.startswith("i") else (ok, pd)
            start = ibegan if name.startswith("iDoR") else began if name.startswith("DoR") else 0.0
            changed = endpoint(name).rules_from(rules)
            time_event = after.progression_free(f, visits, day, changed, SCHEDULE, start)
            row[name, 0] = time_event if time_event[0] >= 0 else None  # also where no response began
    return row


def differs(a: Any, b: Any) -> bool:
    """Not the same; NaN is NaN."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return any(differs(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, (float, int)):
        return not (a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) < 1e-9)
    return bool(a != b)


def differences(m: Row, t: Row) -> list[tuple[str, int]]:
    """Names on which the two differ, visits first."""
    return [k for k in m if differs(m[k], t.get(k, "absent"))]


def shrink(p: Patient, rules: Rules, fate: Fate | None, kind: str) -> Patient:
    """The smallest patient that still differs first in the same way."""

    def still(q: Patient) -> bool:
        d = differences(mine(q, rules, fate), theirs([q], rules, None if fate is None else [fate])[0])
        return bool(d) and d[0][0] == kind

    smaller: Patient | None = p
    while smaller is not None:
        p = smaller
        smaller = next((q for q in _simpler(p) if still(q)), None)
    return p


def _simpler(p: Patient) -> Iterator[Patient]:
    for i in range(len(p.visits)):
        yield replace(p, visits=[*p.visits[:i], *p.visits[i + 1 :]])
    for j in range(len(p.baseline)):
        kept = [i for i in range(len(p.baseline)) if i != j]
        visits = [replace(v, sizes=[v.sizes[i] for i in kept]) for v in p.visits]
        yield Patient([p.baseline[i] for i in kept], [p.nodal[i] for i in kept], p.has_non_target, visits)
    if p.has_non_target:
        yield replace(p, has_non_target=False)
    plain = {"non_target": "NON_CR_NON_PD", "new_since": NAN, "new_symptoms": False, "new_sum": -1}
    plain |= {"non_target_increase": False, "new_increase": False, "new_names": None}
    no_new = {
        "new_count": 0,
        "new_names": frozenset(),
        "new_sum": -1,
        "new_increase": False,
        "new_since": NAN,
    }
    for i, v in enumerate(p.visits):
        for change in ([no_new] if v.new_count else []) + [{k: x} for k, x in plain.items()]:
            if any(differs(getattr(v, k), x) for k, x in change.items()):
                yield replace(p, visits=[*p.visits[:i], replace(v, **change), *p.visits[i + 1 :]])


def show(p: Patient, rules: Rules, fate: Fate | None) -> str:
    """Tell the patient and every difference."""
    m, t = mine(p, rules, fate), theirs([p], rules, None if fate is None else [fate])[0]
    out = [f"   base {p.baseline} nodal {[int(x) for x in p.nodal]} nt {p.has_non_target} fate {fate}"]
    for j, v in enumerate(p.visits):
        which = sorted(v.new_names) if v.new_names else v.new_count
        extra = (
            f" new {which}/{v.new_sum}{'+' if v.new_increase else ''} since {v.new_since}"
            if v.new_count
            else ""
        )
        extra += " SYM" if v.new_symptoms else ""
        ntx = f" nt {v.non_target}{'+' if v.non_target_increase else ''}" if p.has_non_target else ""
        out.append(
            f"   d{v.day:g} {v.sizes}{ntx}{extra} | mine {m['visit.overall', j]} {m.get(('visit.immune', j))}"
            f" | unmask {t['visit.overall', j]} {t['visit.immune', j]}"
        )
    for k in differences(m, t):
        out.append(f"   {k}: mine {m[k]} unmask {t.get(k)}")
    return "\n".join(out)


def fates(rng: np.random.Generator, people: list[Patient]) -> list[Fate]:
    """Random deaths, cut-offs and new therapies, often near the scans."""
    out = []
    for p in people:
        span = int(p.visits[-1].day if p.visits else 100) + 60
        death = float(rng.integers(1, span * 13 // 10)) if rng.random() < 0.5 else NAN
        censor = float(rng.integers(1, span * 3 // 2)) if rng.random() < 0.5 else float(span + 200)
        new = float(rng.integers(1, span)) if rng.random() < 0.4 else NAN
        if p.visits and rng.random() < 0.1:
            new = p.visits[int(rng.integers(len(p.visits)))].day
        if p.visits and rng.random() < 0.1:
            death = p.visits[int(rng.integers(len(p.visits)))].day + float(
                rng.choice([0, 1, 91, 92, 133, 134])
            )
        out.append((death, censor, new, bool(rng.random() < 0.95)))
    return out


def run(n: int, seed: int, rules: Rules, title: str, examples: int = 0) -> int:
    """Compare ``n`` random patients, print what differs, return how many do."""
    rng = np.random.default_rng(seed)
    people = [patient(rng) for _ in range(n)]
    known = fates(rng, people)
    clock = time.time()
    expected = theirs(people, rules, known)
    first: collections.Counter[str] = collections.Counter()
    every: collections.Counter[str] = collections.Counter()
    kept: dict[str, list[int]] = {}
    for i, p in enumerate(people):
        found = differences(mine(p, rules, known[i]), expected[i])
        if found:
            first[found[0][0]] += 1
            every.update({k for k, _ in found})
            kept.setdefault(found[0][0], []).append(i)
    print(
        f"## {title}: {n} patients, {first.total()} differ; first: {dict(first)}; any: {dict(every)}"
        f" [{time.time() - clock:.0f} s]"
    )
    for kind, which in kept.items():
        for i in which[:examples]:
            small = shrink(people[i], rules, known[i], kind)
            print(f"  -- {kind} (patient {i})\n{show(small, rules, known[i])}", flush=True)
    return first.total()


OTHER: dict[str, list[Any]] = {
    "reappearance": ["after target CR", "after zero sum", "never"],
    "complete_then_partial": ["PD", "PR"],
    "early_progression": ["NE"],
    "fallback_day": ["first response"],
    "immune_late_scan": ["starts again"],
    "immune_reset": ["baseline"],
    "repeated_iupd": ["last"],
    "partial_response_percent": [20],
    "progression_percent": [10],
    "progression_tenths": [20],
    "normal_node_tenths": [150],
    "too_small_tenths": [30],
    "confirmation_days": [42],
    "max_not_evaluable_between": [0, 2],
    "max_stable_between": [1],
    "stable_min_day": [60],
    "immune_window_min_days": [14, 42],
    "immune_window_max_days": [84],
    "immune_window_tolerance_days": [0, 7],
    "immune_growth_tenths": [20],
    "immune_improvement_tenths": [20],
    "missed_visits": [1, 2],
    "missed_visit_window_days": [0, 14],
}
"""Other values of the options that are not yes or no."""
PRESETS = ("eisenhauer2009", "seymour2017", "admiralonco", "fda")


def options() -> list[tuple[str, Rules]]:
    """Every option at another value, one at a time, and one pair."""
    default = Rules()
    single = [
        (f"{name}={other!r}", default.changed(**{name: other}))
        for name, value in default.as_dict().items()
        for other in ([not value] if isinstance(value, bool) else OTHER.get(name, []))
    ]
    # Where nothing else makes disease after a CR progression, this option does.
    relapse = default.changed(complete_then_partial="PD", reappearance="never")
    return [*single, ("complete_then_partial=PD reappearance=never", relapse)]


def main() -> None:
    """Compare by the arguments of the command line."""
    n, seed, examples, *what = sys.argv[1:]
    jobs: list[tuple[str, Rules]] = []
    for word in what:
        if word == "default":
            jobs.append((word, Rules()))
        elif word == "presets":
            jobs += [(f"preset {x}", Rules.preset(x)) for x in PRESETS]
        elif word == "options":
            jobs += options()
        else:
            jobs += [(title, rules) for title, rules in options() if title.replace("'", "") == word]
    for title, rules in jobs:
        run(int(n), int(seed), rules, title, int(examples))


if __name__ == "__main__":
    main()
