"""All verdicts of a cohort: RECIST 1.1 and iRECIST stepped through every visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from unmask.errors import ConfigurationError
from unmask.response import irecist, recist
from unmask.response.codes import Codes, ImmuneResponse, Response
from unmask.response.measurements import TENTHS, Bools, Days, Measurements, Tenths
from unmask.response.rules import PRESETS, Rules

LENGTHS = ("progression_tenths", "normal_node_tenths", "immune_growth_tenths", "immune_improvement_tenths")
"""Options of the rules that a length or a sum is compared with."""


@dataclass(frozen=True)
class Verdicts:
    """All verdicts of N patients at V visits; arrays (N, V) unless stated, lengths in the unit of the measurements."""

    rules: Rules
    per_millimetre: int
    """Lengths are whole parts of a millimetre: 10 = tenths."""
    day: Days
    exists: Bools
    target: Codes
    non_target: Codes
    new_lesion: Bools
    overall: Codes
    """:class:`Response` codes, MISSING where there was no visit."""
    criterion: Codes
    response: Codes
    """:class:`ImmuneResponse` codes, MISSING where there was no visit."""
    immune_criterion: Codes
    ongoing: Bools
    """The targets are PR only because a response goes on; the overall response may be another one."""
    sum: Tenths
    """Sum of all targets, -1 when any of them was not measured."""
    measured_sum: Tenths
    """Sum of the targets that were measured, -1 when none was."""
    nadir: Tenths
    """The nadir the visit was compared with."""
    baseline: Tenths
    """(N,) sum at baseline."""
    dated_day: Days
    """Day at which a progression seen at the visit is dated: that of the visit, or an earlier one on which its new
    lesion was an equivocal finding."""

    @property
    def adequate(self) -> Bools:
        """(N, V) an overall RECIST 1.1 response other than NE was given."""
        return np.asarray((self.overall != Response.MISSING) & (self.overall != Response.NE))

    @property
    def irecist_adequate(self) -> Bools:
        """(N, V) an iRECIST response other than NE was given."""
        return np.asarray((self.response != ImmuneResponse.MISSING) & (self.response != ImmuneResponse.NE))


def judge(measurements: Measurements, rules: Rules | None = None) -> Verdicts:
    """Assess every visit of every patient by RECIST 1.1 and iRECIST."""
    given = rules or Rules()
    if not isinstance(given, Rules):
        raise ConfigurationError("response.not_rules", value=given, preset=next(iter(PRESETS)))
    m = measurements
    parts = m.per_millimetre // TENTHS
    rules = given.changed(**{name: getattr(given, name) * parts for name in LENGTHS}) if parts > 1 else given
    patients, visits = m.day.shape
    state = recist.start(m.baseline, m.nodal, m.non_target_present, rules)
    immune = irecist.start(patients, rules)
    exists = m.exists
    steps: list[recist.Verdict] = []
    immune_steps: list[irecist.Verdict] = []
    for v in range(visits):
        state, verdict = recist.step(
            state, m.target[:, v], m.non_target[:, v], m.new_count[:, v] > 0, exists[:, v]
        )
        immune, immune_verdict = irecist.step(
            immune,
            m.day[:, v],
            verdict,
            new_lesion_count=m.new_count[:, v],
            newest_day=m.newest_day[:, v],
            new_target_sum=m.new_target_sum[:, v],
            new_non_target_increase=m.new_non_target_increase[:, v],
            non_target_increase=m.non_target_increase[:, v],
            new_symptoms=m.new_symptoms[:, v],
        )
        steps.append(verdict)
        immune_steps.append(immune_verdict)

    def joined(arrays: list[Any], dtype: type) -> Any:
        return np.stack(arrays, axis=1) if arrays else np.zeros(exists.shape, dtype=dtype)

    overall = np.where(exists, joined([v.overall for v in steps], np.int8), Response.MISSING).astype(np.int8)
    new_lesion = joined([v.new_lesion for v in steps], np.bool_)
    return Verdicts(
        rules=given,
        per_millimetre=m.per_millimetre,
        day=m.day,
        exists=exists,
        target=joined([v.target for v in steps], np.int8),
        non_target=joined([v.non_target for v in steps], np.int8),
        new_lesion=new_lesion,
        overall=overall,
        criterion=joined([v.criterion for v in steps], np.int8),
        response=np.where(
            exists, joined([v.response for v in immune_steps], np.int8), ImmuneResponse.MISSING
        ).astype(np.int8),
        immune_criterion=joined([v.criterion for v in immune_steps], np.int8),
        ongoing=joined([v.ongoing for v in steps], np.bool_),
        sum=joined([v.sum for v in steps], np.int64),
        measured_sum=joined([v.measured_sum for v in steps], np.int64),
        nadir=joined([v.nadir for v in steps], np.int64),
        baseline=state.baseline_sum,
        dated_day=_dated_day(m, new_lesion, rules),
    )


def _dated_day(m: Measurements, new_lesion: Bools, rules: Rules) -> Days:
    if not rules.equivocal_dated_back:
        return m.day
    return np.where(new_lesion, np.fmin(m.day, m.new_since), m.day)
