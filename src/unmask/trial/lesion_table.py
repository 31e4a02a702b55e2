"""What was measured in an arm, lesion by lesion, in the format of the lesion files that ``unmask assess`` reads.

Assessing the table gives the responses of the trial again. The same virtual patient is treated in every arm of a paired
trial, but a patient of a lesion file has one course; therefore ``patient`` is made of number and arm, and ``subject``
is the number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.response.codes import Response
from unmask.trial.conduct import ArmRecord
from unmask.trial.written_lesions import NOT_SEEN

KINDS = ("target", "non-target", "new")
STATES = ("", "present", "absent", "progression")

Indices = NDArray[np.intp]


def patient_name(number: object, arm: str) -> str:
    """Return the identifier of a patient of one arm, ``"3-atezolizumab"``."""
    return f"{number}-{arm}"


def lesion_table(record: ArmRecord, valid: NDArray[np.bool_]) -> pd.DataFrame:
    """Return one row a lesion and visit, baseline (visit 0, day 0) first.

    Parameters
    ----------
    valid
        ``(N, scans)``: scans that are part of the trial's data.
    """
    readings = record.readings
    size = len(valid)
    shown = np.concatenate([np.ones((size, 1), dtype=np.bool_), valid], axis=1)

    def with_baseline(first: NDArray[Any], later: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([first[:, None], later], axis=1)

    day = with_baseline(np.zeros(size), readings.day).astype(np.int16)
    targets = with_baseline(record.baseline_lesions, readings.lesions)
    rest = with_baseline(record.baseline_non_target, readings.non_target_size)
    verdict = with_baseline(np.full(size, Response.NON_CR_NON_PD, dtype=np.int8), readings.non_target)
    never = np.full((size, readings.new_sizes.shape[2]), NOT_SEEN, dtype=np.int32)
    new = with_baseline(never, readings.new_sizes)
    state_of = np.ones(max(Response) + 1, dtype=np.int8)
    state_of[[Response.CR, Response.PD]] = STATES.index("absent"), STATES.index("progression")

    # One part a kind: patient, scan and place of the lesion, its size and its state.
    row, scan, place = np.nonzero(shown[:, :, None] & (targets >= 0))
    parts = [(row, scan, place, targets[row, scan, place], np.zeros(row.size, dtype=np.int8))]
    row, scan = np.nonzero(shown & record.has_non_target[:, None])
    parts.append((row, scan, np.zeros_like(row), rest[row, scan], state_of[verdict[row, scan]]))
    row, scan, place = np.nonzero(shown[:, :, None] & (new != NOT_SEEN))
    sizes = new[row, scan, place]
    parts.append((row, scan, place, sizes, np.where(sizes == 0, STATES.index("absent"), 1).astype(np.int8)))

    rows, visits, places, found, states = (np.concatenate(column) for column in zip(*parts, strict=True))
    kinds = np.repeat(np.arange(len(KINDS), dtype=np.int8), [part[0].size for part in parts])
    order = np.lexsort((places, kinds, visits, rows))
    rows, visits, places, kinds = rows[order], visits[order], places[order], kinds[order]
    widths = (targets.shape[2], 1, new.shape[2])
    names = [f"{letter}{n}" for letter, width in zip("TXN", widths, strict=True) for n in range(1, width + 1)]
    names[widths[0]] = "NT1"
    first_name = np.concatenate([[0], np.cumsum(widths)[:-1]])
    arm = record.arm
    words = [patient_name(number, arm) for number in record.cohort.patients.tolist()]
    one = np.zeros(rows.size, dtype=np.int8)
    return pd.DataFrame(
        {
            "patient": _words(rows, words),
            "subject": record.cohort.patients[rows],
            "arm": _words(one, [arm]),
            "visit": visits.astype(np.int16),
            "day": day[rows, visits],
            "lesion": _words(first_name[kinds] + places, names),
            "organ": _words(one, [""]),
            "nodal": np.zeros(rows.size, dtype=np.bool_),
            "kind": _words(kinds, list(KINDS)),
            "state": _words(states[order], list(STATES)),
            "diameter_mm": found[order] / 10.0,
        }
    )


def _words(codes: NDArray[Any], words: list[str]) -> Any:
    return pd.Categorical.from_codes(codes, categories=pd.Index(words))
