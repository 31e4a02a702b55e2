"""What is wrong with a lesion file: one record per finding, so that nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from unmask.messages import sentence

Severity = Literal["error", "warning"]
MEASUREMENTS = ("", "TR")
"""Sources that hold measurements: the lesion file and the SDTM domain of tumour results."""


@dataclass(frozen=True)
class Problem:
    """One finding in a lesion file.

    An ``"error"`` takes its row (or its patient, when ``row`` is None) out of the assessment; a ``"warning"``
    is reported and the row used.
    """

    code: str
    severity: Severity
    row: int | None
    """Line of the file, the header being line 1; None when the finding concerns a whole patient."""
    patient: str
    column: str
    value: str
    original: str = ""
    """The line as it stands in the file."""
    details: dict[str, object] = field(default_factory=dict)
    source: str = ""
    """The dataset in which ``row`` counts (``TR``, ``patients``, ...); "" is the lesion file."""

    @property
    def bad_row(self) -> tuple[str, int] | None:
        """The row of measurements that this finding takes out of the assessment, None when it takes none."""
        if self.severity == "error" and self.row is not None and self.source in MEASUREMENTS:
            return self.source, self.row
        return None

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
        if self.row is None and not self.patient:
            return f"the whole file: {self.text}"
        where = "" if self.row is None else f"row {self.row}, "
        if where and self.source.isupper():  # an SDTM domain
            where = f"{self.source} record {self.row}, "
        return f"{where}patient {self.patient or '(none)'}: {self.text}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A row of a file, about which something may have to be said."""

    row: int
    patient: str
    original: str
    source: str = ""

    def __call__(self, code: str, column: str, value: object, **details: object) -> Problem:
        """Return an error: the row is left out."""
        return Problem(
            code, "error", self.row, self.patient, column, str(value), self.original, details, self.source
        )

    def warning(self, code: str, column: str, value: object, **details: object) -> Problem:
        """Return a warning: the row is used."""
        return replace(self(code, column, value, **details), severity="warning")


COLUMNS = ["row", "patient", "severity", "problem", "column", "value", "explanation", "original", "dataset"]


def as_table(problems: Iterable[Problem]) -> pd.DataFrame:
    """Return the findings as a table with the columns of ``COLUMNS``, in order of row."""
    ordered = sorted(problems, key=lambda p: (p.row is None, p.row or 0, p.patient, p.code))
    table = pd.DataFrame(
        [
            (
                p.row,
                p.patient,
                p.severity,
                p.code.removeprefix("row_"),
                p.column,
                p.value,
                p.text,
                p.original,
                p.source,
            )
            for p in ordered
        ],
        columns=COLUMNS,
    )
    return table.astype({"row": "Int64"})
