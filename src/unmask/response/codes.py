"""Names of the verdicts and of the criteria behind them.

Verdicts travel as ``int8`` arrays; each code has a label as clinical tables print it (``"NON-CR/NON-PD"``,
``"iUPD"``) and each criterion a sentence a reader can check. The numbers of :class:`Response` are the ADaM
values of ``AVAL`` for CR to NE (admiralonco ``aval_resp``).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from unmask.messages import sentence

Codes = NDArray[np.int8]


class Response(IntEnum):
    """A RECIST 1.1 response: of targets, of non-targets or overall."""

    NA = 0
    """No such disease at baseline."""
    CR = 1
    PR = 2
    SD = 3
    NON_CR_NON_PD = 4
    PD = 5
    NE = 6
    MISSING = 7
    """No assessment at all (padding in rectangular tables)."""
    ND = 8
    """Recorded as not done; some data standards have it, no rule of RECIST gives it."""

    @property
    def label(self) -> str:
        """The name in tables."""
        return "NON-CR/NON-PD" if self is Response.NON_CR_NON_PD else self.name

    @classmethod
    def from_label(cls, label: str) -> Response:
        """Return the response called ``label``; ``KeyError`` when there is none."""
        return {member.label: member for member in cls}[label]


class ImmuneResponse(IntEnum):
    """An iRECIST response (Seymour 2017)."""

    ICR = 1
    IPR = 2
    ISD = 3
    NON_ICR_NON_IUPD = 4
    IUPD = 5
    ICPD = 6
    NE = 7
    MISSING = 8

    @property
    def label(self) -> str:
        """The name in tables, with the lower-case i of the paper."""
        if self is ImmuneResponse.NON_ICR_NON_IUPD:
            return "NON-iCR/NON-iUPD"
        return f"i{self.name[1:]}" if self.name.startswith("I") else self.name

    @classmethod
    def from_label(cls, label: str) -> ImmuneResponse:
        """Return the response called ``label``; ``KeyError`` when there is none."""
        return {member.label: member for member in cls}[label]


AS_IMMUNE = np.array(
    [
        ImmuneResponse.NE,
        ImmuneResponse.ICR,
        ImmuneResponse.IPR,
        ImmuneResponse.ISD,
        ImmuneResponse.NON_ICR_NON_IUPD,
        ImmuneResponse.IUPD,
        ImmuneResponse.NE,
        ImmuneResponse.MISSING,
        ImmuneResponse.NE,
    ],
    dtype=np.int8,
)
"""iRECIST response of each RECIST 1.1 response, by its code; PD is not yet confirmed."""

AS_RECIST = np.array(
    [
        Response.NE,
        Response.CR,
        Response.PR,
        Response.SD,
        Response.NON_CR_NON_PD,
        Response.PD,
        Response.PD,
        Response.NE,
        Response.MISSING,
    ],
    dtype=np.int8,
)
"""RECIST 1.1 response of each iRECIST response, by its code; iUPD and iCPD are PD."""


class Criterion(IntEnum):
    """Which rule decided an overall RECIST 1.1 response.

    When several hold, targets come before non-targets, and both before new lesions.
    """

    NOT_SCANNED = 0
    TARGET_GROWTH = 1
    TARGET_GROWTH_PARTIAL_SUM = 2
    REAPPEARANCE = 3
    NON_TARGET_GROWTH = 4
    NEW_LESION = 5
    ALL_GONE = 6
    TARGETS_GONE_NON_TARGET_LEFT = 7
    TARGETS_GONE_NON_TARGET_NOT_EVALUATED = 8
    TARGET_SHRINKAGE = 9
    RESPONSE_ONGOING = 10
    NEITHER = 11
    GROWTH_UNDER_ABSOLUTE_LIMIT = 12
    TARGET_NOT_MEASURED = 13
    NON_TARGET_ONLY = 14
    NON_TARGET_NOT_EVALUATED = 15
    NO_DISEASE_FOLLOWED = 16

    @property
    def label(self) -> str:
        """Lower-case name for tables."""
        return self.name.lower()

    @property
    def sentence(self) -> str:
        """What the rule says, for a reader."""
        return sentence(f"response.criterion_{self.label}", {})


class ImmuneCriterion(IntEnum):
    """Which rule decided an iRECIST response."""

    NOT_SCANNED = 0
    AS_RECIST = 1
    FIRST_PROGRESSION = 2
    UNCONFIRMED_STILL = 3
    TOO_EARLY_TO_CONFIRM = 4
    LATE_SCAN_STARTS_AGAIN = 5
    CONFIRMED_TARGET_GROWTH = 6
    CONFIRMED_NON_TARGET_GROWTH = 7
    CONFIRMED_NEW_LESION_GROWTH = 8
    CONFIRMED_MORE_NEW_LESIONS = 9
    CONFIRMED_OTHER_CATEGORY = 10
    NEW_LESION_UNCHANGED = 11
    PROGRESSION_NOT_BORNE_OUT = 12
    NOT_EVALUABLE_IN_BLOCK = 13
    ALREADY_CONFIRMED = 14

    @property
    def label(self) -> str:
        """Lower-case name for tables."""
        return self.name.lower()

    @property
    def sentence(self) -> str:
        """What the rule says, for a reader."""
        return sentence(f"response.immune_{self.label}", {})


def labels(
    codes: Codes, names: type[Response] | type[ImmuneResponse] | type[Criterion] | type[ImmuneCriterion]
) -> NDArray[np.object_]:
    """Turn codes of any shape into their labels (same shape, dtype object)."""
    table = np.empty(max(names) + 1, dtype=object)
    for member in names:
        table[member] = member.label
    return np.asarray(table[np.asarray(codes, dtype=np.intp)], dtype=object)
