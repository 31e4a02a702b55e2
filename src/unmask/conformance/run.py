"""The self-test of response assessment: every comparison that a folder of vectors allows, and the built-in ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from unmask.conformance import (
    admiralonco,
    adrs,
    adtr,
    analysis_datasets,
    best_responses,
    irecist_timepoint,
    recist_tables,
)
from unmask.conformance.outcome import Outcome
from unmask.errors import DataError

Runner = Callable[[Path], Outcome | tuple[Outcome, ...] | None]

BUILT_IN: tuple[Callable[[], Outcome], ...] = (
    recist_tables.published_timepoint,
    recist_tables.published_thresholds,
)
RUNNERS: Mapping[str, Runner] = {
    recist_tables.TIMEPOINT: recist_tables.timepoint,
    recist_tables.BOUNDARY: recist_tables.boundary,
    recist_tables.PYRECIST: recist_tables.pyrecist,
    irecist_timepoint.TABLE: irecist_timepoint.timepoint,
    adtr.SUMS: adtr.sums,
    adtr.LESIONS: adtr.lesions,
    best_responses.CONFIRMED: best_responses.confirmed,
    best_responses.IMMUNE: best_responses.immune,
    admiralonco.EXPECTED: admiralonco.unit_tests,
    adrs.EXPECTED: adrs.values,
    adrs.SUBJECTS: adrs.other_variables,
    analysis_datasets.IRECIST: analysis_datasets.recorded_irecist,
    analysis_datasets.MEASURED: analysis_datasets.lesions,
}
"""Comparison by the first file it needs, relative to the folder of vectors."""
USUAL_PLACE = Path("..") / "shared" / "vectors" / "response"


@dataclass(frozen=True)
class SelfTest:
    """All comparisons that were made, and the files that were not there."""

    folder: Path | None
    outcomes: tuple[Outcome, ...]
    skipped: tuple[str, ...]

    @property
    def explained(self) -> bool:
        """Whether every difference has an explanation: the vector is wrong, or another rule was meant."""
        return all(difference.why for outcome in self.outcomes for difference in outcome.differences)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain data, for JSON."""
        return {
            "folder": None if self.folder is None else str(self.folder),
            "comparisons": [asdict(item) for item in self.outcomes],
            "skipped": list(self.skipped),
        }

    def lines(self) -> Iterable[str]:
        """Yield the result as lines of text: one per comparison, and every difference below it."""
        if self.folder is None:
            yield "Built-in comparisons only: no folder of vectors was given (unmask assess --self-test FOLDER)."
        else:
            yield f"Vectors: {self.folder}"
        yield ""
        width = max(len(item.name) for item in self.outcomes)
        for item in self.outcomes:
            yield f"{item.name:<{width}}  {item.agreed:>6,} of {item.total:<6,} {item.source}"
            if item.note:
                yield f"{'':<{width}}  {item.note}"
            for difference in item.differences:
                yield f"    {difference.record}: expected {difference.expected}, found {difference.found}"
                yield f"      {difference.why or 'NOT EXPLAINED'}"
        for name in self.skipped:
            yield f"skipped: no {name}"


def self_test(folder: str | Path | None = None) -> SelfTest:
    """Compare Unmask with every vector of a folder; without one, with the usual place if it is there.

    Raises
    ------
    DataError
        ``conformance.no_folder`` when the folder does not exist or holds none of the files.
    """
    place = Path(folder) if folder is not None else USUAL_PLACE if USUAL_PLACE.is_dir() else None
    built_in = tuple(run() for run in BUILT_IN)
    if place is None:
        return SelfTest(None, built_in, ())
    found = {name: run(place) for name, run in RUNNERS.items()} if place.is_dir() else {}
    made: list[Outcome] = []
    for item in found.values():
        made += item if isinstance(item, tuple) else () if item is None else (item,)
    if not made:
        raise DataError("conformance.no_folder", folder=place, files=", ".join(RUNNERS))
    return SelfTest(place, (*built_in, *made), tuple(name for name, item in found.items() if item is None))
