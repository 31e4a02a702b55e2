"""Response assessment: RECIST 1.1 and iRECIST from lesion measurements, real or virtual."""

from unmask.response.codes import Criterion, ImmuneCriterion, ImmuneResponse, Response, labels
from unmask.response.measurements import Measurements
from unmask.response.outcomes import Difference, Outcomes, Progression, outcomes
from unmask.response.rules import Rules
from unmask.response.verdicts import Verdicts, judge

__all__ = [
    "Criterion",
    "Difference",
    "ImmuneCriterion",
    "ImmuneResponse",
    "Measurements",
    "Outcomes",
    "Progression",
    "Response",
    "Rules",
    "Verdicts",
    "judge",
    "labels",
    "outcomes",
]
