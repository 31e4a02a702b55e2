"""One patient, visit by visit: the shortest way to write a hand-made course and read its verdicts."""

from dataclasses import dataclass

import numpy as np

from unmask.response import (
    Criterion,
    ImmuneCriterion,
    ImmuneResponse,
    Response,
    Rules,
    irecist,
    labels,
    recist,
)


@dataclass(frozen=True)
class Course:
    target: list[str]
    overall: list[str]
    criterion: list[str]
    irecist: list[str]
    irecist_criterion: list[str]
    ipfs_day: float


def course(
    baseline,
    visits,
    *,
    nodal=None,
    non_target=None,
    new=None,
    newest=None,
    new_sum=None,
    new_grew=None,
    rest_grew=None,
    symptoms=None,
    scanned=None,
    days=None,
    rules=None,
):
    """Assess one patient. Lengths in mm; a visit is a list of diameters (None = not measured)."""

    def tenths(sizes):
        return np.array([[-1 if s is None else round(s * 10) for s in sizes]], dtype=np.int64)

    count = len(visits)
    days = days or [42 * (v + 1) for v in range(count)]
    rules = rules or Rules()
    present = None if non_target is None else np.array([True])
    state = recist.start(tenths(baseline), None if nodal is None else np.array([nodal]), present, rules)
    immune = irecist.start(1, rules)
    out = {name: [] for name in ("target", "overall", "criterion", "irecist", "irecist_criterion")}
    for v, sizes in enumerate(visits):
        found = 0 if new is None else new[v]
        code = None if non_target is None else np.array([Response.from_label(non_target[v])])
        state, verdict = recist.step(
            state,
            tenths(sizes),
            code,
            np.array([found > 0]),
            np.array([True if scanned is None else scanned[v]]),
        )
        immune, iverdict = irecist.step(
            immune,
            days[v],
            verdict,
            new_lesion_count=np.array([found]),
            newest_day=None if newest is None else np.array([newest[v]], dtype=float),
            new_target_sum=np.array([-1 if new_sum is None else round(new_sum[v] * 10)]),
            new_non_target_increase=np.array([bool(new_grew and new_grew[v])]),
            non_target_increase=np.array([bool(rest_grew and rest_grew[v])]),
            new_symptoms=np.array([bool(symptoms and symptoms[v])]),
        )
        out["target"] += list(labels(verdict.target, Response))
        out["overall"] += list(labels(verdict.overall, Response))
        out["criterion"] += list(labels(verdict.criterion, Criterion))
        out["irecist"] += list(labels(iverdict.response, ImmuneResponse))
        out["irecist_criterion"] += list(labels(iverdict.criterion, ImmuneCriterion))
    return Course(**out, ipfs_day=float(immune.first_day[0]))
