"""As many patients as are wanted: candidates are screened block by block until enough of them are eligible."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from unmask.errors import ConfigurationError
from unmask.patients.cohort import Cohort, check_against_model, screen
from unmask.patients.lesions import AnyModel
from unmask.patients.parameter_set import TumourType
from unmask.patients.pdl1 import CLASSES, pdl1_class
from unmask.patients.random_streams import RandomStreams

LARGEST_BLOCK = 2048  # candidates screened together
MOST_CANDIDATES_PER_PATIENT = 50


def recruit(
    tumour_type: TumourType,
    compiled: AnyModel,
    streams: RandomStreams,
    wanted: int,
    *,
    pdl1: str | None = None,
    threads: int = 1,
) -> Cohort:
    """Return the first ``wanted`` eligible candidates, of one PD-L1 class (``patients.pdl1``) if given.

    A candidate is the same whoever else is asked for, so that the patients of a smaller number are among those of a
    larger one.

    Raises
    ------
    ConfigurationError
        ``patients.too_few_accepted`` where hardly any candidate is eligible, or what
        :func:`~unmask.patients.cohort.check_against_model` refuses.
    """
    check_against_model(tumour_type, compiled)
    found: list[Cohort] = []
    have = candidate = not_eligible = failed = 0
    block = min(LARGEST_BLOCK, 2 * wanted + 8)
    while have < wanted:
        if candidate > MOST_CANDIDATES_PER_PATIENT * wanted + LARGEST_BLOCK:
            other = candidate - not_eligible - failed - have
            reasons = {
                "would not progress untreated": not_eligible,
                "could not be integrated": failed,
                f"have a PD-L1 that is not {pdl1}": other,
            }
            raise ConfigurationError(
                "patients.too_few_accepted",
                accepted=have,
                wanted=wanted,
                candidates=candidate,
                reasons=", ".join(f"{count} {reason}" for reason, count in reasons.items() if count),
                tumour_type=tumour_type.name,
            )
        screened = screen(
            tumour_type, compiled, streams, np.arange(candidate, candidate + block), threads=threads
        )
        not_eligible += int(screened.not_eligible.size)
        failed += len(screened.failed)
        if pdl1 is not None:
            fits = pdl1_class(screened.baseline["pdl1"]) == CLASSES.index(pdl1)
            screened = screened.take(np.flatnonzero(fits))
        found.append(screened)
        have += screened.size
        candidate += block
        block = min(LARGEST_BLOCK, 2 * block)  # few were eligible: look at more at once
    return _joined(found).take(np.arange(wanted))


def _joined(parts: Iterable[Cohort]) -> Cohort:
    cohorts = list(parts)
    return Cohort(
        patients=np.concatenate([part.patients for part in cohorts]),
        states=np.concatenate([part.states for part in cohorts]),
        parameters=np.concatenate([part.parameters for part in cohorts]),
        baseline={
            name: np.concatenate([part.baseline[name] for part in cohorts]) for name in cohorts[0].baseline
        },
        not_eligible=np.concatenate([part.not_eligible for part in cohorts]),
        failed=tuple(item for part in cohorts for item in part.failed),
        parameter_index=cohorts[0].parameter_index,
    )
