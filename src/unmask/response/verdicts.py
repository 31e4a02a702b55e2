"""All verdicts of a lesion table: RECIST 1.1 and iRECIST stepped through every visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from unmask.response import irecist, recist
from unmask.response.codes import Codes, ImmuneResponse, Response
from unmask.response.lesions import LesionTable
from unmask.response.recist import Bools, Tenths
from unmask.response.rules import Rules


@dataclass(frozen=True)
class Verdicts:
    """All verdicts of N patients at V visits; arrays (N, V), days without a visit are MISSING."""

    exists: Bools
    target: Codes
    non_target: Codes
    overall: Codes
    criterion: Codes
    response: Codes
    immune_criterion: Codes
    sum: Tenths
    nadir: Tenths
    baseline: Tenths
    """(N,)"""


def find_verdicts(table: LesionTable, rules: Rules) -> Verdicts:
    """Assess every visit of every patient by both sets of criteria."""
    state = recist.start(table.baseline, table.nodal, table.non_target_present, rules)
    immune = irecist.start(len(table.patients), rules)
    exists = ~np.isnan(table.day)
    steps: list[recist.Verdict] = []
    immune_steps: list[irecist.Verdict] = []
    for v in range(table.day.shape[1]):
        state, verdict = recist.step(
            state, table.target[:, v], table.non_target[:, v], table.new_count[:, v] > 0, exists[:, v]
        )
        immune, immune_verdict = irecist.step(
            immune,
            table.day[:, v],
            verdict,
            new_lesion_count=table.new_count[:, v],
            new_target_sum=table.new_target_sum[:, v],
            new_non_target_increase=table.new_non_target_increase[:, v],
            non_target_increase=table.non_target_increase[:, v],
        )
        steps.append(verdict)
        immune_steps.append(immune_verdict)

    def joined(arrays: list[Any], dtype: type) -> Any:
        return np.stack(arrays, axis=1) if arrays else np.zeros(exists.shape, dtype=dtype)

    return Verdicts(
        exists=exists,
        target=joined([v.target for v in steps], np.int8),
        non_target=joined([v.non_target for v in steps], np.int8),
        overall=np.where(exists, joined([v.overall for v in steps], np.int8), Response.MISSING).astype(
            np.int8
        ),
        criterion=joined([v.criterion for v in steps], np.int8),
        response=np.where(
            exists, joined([v.response for v in immune_steps], np.int8), ImmuneResponse.MISSING
        ).astype(np.int8),
        immune_criterion=joined([v.criterion for v in immune_steps], np.int8),
        sum=joined([v.sum for v in steps], np.int64),
        nadir=joined([v.nadir for v in steps], np.int64),
        baseline=state.baseline_sum,
    )
