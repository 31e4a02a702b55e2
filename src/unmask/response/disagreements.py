"""Recorded overall responses beside those derived from the lesions, visit by visit."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from unmask.errors import ConfigurationError
from unmask.response.lesions import LesionTable

COLUMNS = ["patient", "date", "visit", "recorded", "derived", "criterion", "category"]
CATEGORIES = {
    "recist1.1": ("RECIST 1.1", "overall_response", "criterion"),
    "irecist": ("iRECIST", "irecist_response", "irecist_criterion"),
}


@dataclass(frozen=True)
class Comparison:
    """Recorded responses, compared."""

    disagreements: pd.DataFrame
    """patient, date, visit, recorded, derived, criterion (the rule behind the derived one), category."""
    compared: int
    """Recorded responses at visits at which lesions were measured."""
    agreeing: int


def compare(
    rs: Path, table: LesionTable, visits: pd.DataFrame, criteria: Sequence[str], evaluator: str
) -> Comparison:
    """Compare the OVRLRESP records of RS with the visit table, visit by visit (by VISITNUM, else by date).

    A visit that only one of the two has is a disagreement with the other left empty; recorded responses at or before
    the reference date are no visits.

    Raises
    ------
    DataError, ConfigurationError
        As :func:`unmask.cdisc.responses.read_responses`.
    """
    from unmask.cdisc.responses import read_responses

    tables: list[pd.DataFrame] = []
    compared = agreeing = 0
    refused: list[ConfigurationError] = []
    keys = _keys(table)
    for name in criteria:
        category, column, why = CATEGORIES[name]
        try:
            recorded = read_responses(rs, evaluator=evaluator, category=category)
        except ConfigurationError as error:
            if error.code != "sdtm.unknown_category":
                raise
            refused.append(error)
            continue
        immune = recorded["AVALC"].str.startswith(("i", "NON-i")).any()
        if bool(immune) != (
            name == "irecist"
        ):  # a dataset without RSCAT holds one category, and not this one
            continue
        derived = {
            keys.get((patient, day), (patient, f"day {day:g}")): (patient, day, response, criterion)
            for patient, day, response, criterion in zip(
                visits["patient"], visits["day"], visits[column], visits[why], strict=True
            )
        }
        rows, met = [], set()
        for record in _after_start(recorded, table):
            key = _recorded_key(table, record, derived)
            if key in derived:
                met.add(key)
                compared += 1
                agreeing += derived[key][2] == record.AVALC
            _, _, response, criterion = derived.get(key, ("", 0.0, "", ""))
            if response != record.AVALC:
                date = record.ADT.isoformat() if record.ADT else ""
                rows.append((record.USUBJID, date, record.VISIT, record.AVALC, response, criterion))
        for key, (patient, day, response, criterion) in derived.items():
            if key not in met:
                number, visit = table.visit_names.get((patient, day), ("", ""))
                start = table.start_date.get(patient)
                date = "" if start is None else (start + datetime.timedelta(days=int(day))).isoformat()
                rows.append((patient, date, visit or number, "", response, criterion))
        tables.append(pd.DataFrame(rows, columns=COLUMNS[:-1]).assign(category=category))
    if len(refused) == len(criteria):
        raise refused[0]
    found = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)
    return Comparison(found, compared, agreeing)


def _after_start(recorded: pd.DataFrame, table: LesionTable) -> Iterable[Any]:
    patients = set(table.patients)
    for record in recorded.itertuples(index=False):
        start = table.start_date.get(record.USUBJID)  # type: ignore[arg-type]
        before = start is not None and record.ADT is not None and start >= record.ADT  # type: ignore[operator]
        if record.USUBJID in patients and not before:
            yield record


def _keys(table: LesionTable) -> dict[tuple[str, float], tuple[str, str]]:
    """Return by what each visit is known: its number, or its day where the number stands for no or several days."""
    days = Counter((patient, number) for (patient, day), (number, _) in table.visit_names.items() if day > 0)
    return {
        (patient, day): (patient, number)
        for (patient, day), (number, _) in table.visit_names.items()
        if number and days[patient, number] == 1
    }


def _recorded_key(table: LesionTable, record: Any, derived: Container[tuple[str, str]]) -> tuple[str, str]:
    number = "" if math.isnan(record.VISITNUM) else f"{record.VISITNUM:g}"
    if (record.USUBJID, number) in derived:
        return record.USUBJID, number
    start = table.start_date.get(record.USUBJID)
    if start is None or record.ADT is None:
        return record.USUBJID, ""
    return record.USUBJID, f"day {(record.ADT - start).days:g}"
