"""What is wrong with a lesion file: one record per finding, so that nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from unmask.messages import sentence


@dataclass(frozen=True)
class Problem:
    """One finding in a lesion file.

    An ``"error"`` takes its row (or its patient, when ``row`` is None) out of the assessment; a ``"warning"``
    is reported and the row used.
    """

    code: str
    severity: Literal["error", "warning"]
    row: int | None
    """Line of the file, the header being line 1; None when the finding concerns a whole patient."""
    patient: str
    column: str
    value: str
    original: str = ""
    """The line as it stands in the file."""
    details: dict[str, object] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The finding as a sentence: value, what was expected, the next step."""
        values = {
            "row": self.row,
            "patient": self.patient,
            "column": self.column,
            "value": self.value,
            **self.details,
        }
        return sentence(f"response.{self.code}", values)

    def __str__(self) -> str:
        where = "" if self.row is None else f"row {self.row}, "
        return f"{where}patient {self.patient or '(none)'}: {self.text}"


COLUMNS = ["row", "patient", "severity", "problem", "column", "value", "explanation", "original"]


def as_table(problems: Iterable[Problem]) -> pd.DataFrame:
    """Return the findings as a table with the columns of ``COLUMNS``, in order of row."""
    ordered = sorted(problems, key=lambda p: (p.row is None, p.row or 0, p.patient, p.code))
    table = pd.DataFrame(
        [
            (p.row, p.patient, p.severity, p.code.removeprefix("row_"), p.column, p.value, p.text, p.original)
            for p in ordered
        ],
        columns=COLUMNS,
    )
    return table.astype({"row": "Int64"})
