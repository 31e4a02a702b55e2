"""Response assessment: RECIST 1.1 and iRECIST from lesion measurements, real or virtual."""

from unmask.response.codes import Criterion, ImmuneCriterion, ImmuneResponse, Response, labels
from unmask.response.rules import Rules

__all__ = ["Criterion", "ImmuneCriterion", "ImmuneResponse", "Response", "Rules", "labels"]
