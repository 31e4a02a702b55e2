"""What SDTM tumour identification (TU) says of each lesion: class and place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from unmask.cdisc.domains import Domain
from unmask.response.problems import Finding, Problem

Evaluator = tuple[str, str]
"""--EVAL and --EVALID."""


class Measured(Protocol):
    """Results of a lesion, by which its identification is found."""

    @property
    def patient(self) -> str:
        """USUBJID."""

    @property
    def link(self) -> str:
        """TRLNKID."""

    @property
    def evaluator(self) -> Evaluator:
        """Who measured it."""


@dataclass(frozen=True)
class Identification:
    """A record of TU."""

    record: int
    kind: str
    organ: str
    evaluator: Evaluator


@dataclass(frozen=True)
class Identifications:
    """All lesions of TU."""

    lesions: Mapping[tuple[str, str], Sequence[Identification]]
    """Patient and link -> its records."""
    problems: Sequence[Problem]

    @classmethod
    def of(cls, tu: Domain) -> Identifications:
        """Read TU; a lesion that changes its place or class from one record to another is a finding."""
        columns = zip(
            tu["USUBJID"],
            tu["TULNKID"],
            tu["TUSTRESC"],
            tu["TUORRES"],
            tu["TULOC"],
            tu["TUEVAL"],
            tu["TUEVALID"],
            strict=True,
        )
        lesions: dict[tuple[str, str], list[Identification]] = defaultdict(list)
        problems = []
        first: dict[tuple[str, str, Evaluator], Identification] = {}
        for number, (patient, link, standard, original, organ, role, reader) in enumerate(columns, start=1):
            if not patient or not link:
                continue
            record = Identification(number, standard or original, organ, (role, reader))
            lesions[patient, link].append(record)
            known = first.setdefault((patient, link, record.evaluator), record)
            if organ and known.organ and organ.upper() != known.organ.upper():
                found = Finding(number, patient, tu.original(number), tu.name)
                details = {"lesion": link, "expected": known.organ, "other": known.record}
                problems.append(found.warning("row_location_changes", "TULOC", organ, **details))
        return cls(lesions, problems)

    def of_results(self, results: Measured) -> Identification | None:
        """Return the record for a lesion: its evaluator's own, else nobody's, else the first; None without any."""
        records = self.lesions.get((results.patient, results.link), ())
        by_evaluator = {record.evaluator: record for record in reversed(records)}
        return by_evaluator.get(results.evaluator) or by_evaluator.get(("", "")) or next(iter(records), None)
