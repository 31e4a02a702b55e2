"""SDTM tumour identification (TU) and results (TR) as rows of lesions, the same as those of a lesion file.

Several records of TR are one row: the diameters and the state of one lesion at one visit. ``docs/response-input.md``
holds the mapping, and what is not read.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unmask.cdisc.domains import Domain
from unmask.cdisc.reading import read_dataset
from unmask.cdisc.tumour_identity import Identification, Identifications
from unmask.cdisc.tumour_visits import Timing, one_day_each
from unmask.response.dates import PartialDates, is_partial
from unmask.response.lesion_days import read_day
from unmask.response.lesion_rows import (
    MAX_DIAMETER_MM,
    Kind,
    LesionRow,
    LesionRows,
    State,
    contradiction,
    read_diameter,
)
from unmask.response.problems import Finding, Problem

DIAMETERS = ("LDIAM", "LPERP", "DIAMETER")
STATES = ("TUMSTATE", "LNSTATE")
_STATES: Mapping[str, State] = {
    "PRESENT": "present",
    "STABLE": "present",
    "DECREASED": "present",
    "PATHOLOGICAL": "present",
    "ABSENT": "absent",
    "NON-PATHOLOGICAL": "absent",
    "TOO SMALL TO MEASURE": "too small",
    "UNEQUIVOCAL": "progression",
    "UNEQUIVOCAL INCREASE": "progression",
    "UNEQUIVOCAL PROGRESSION": "progression",
    "INCREASED": "increased",
    "EQUIVOCAL INCREASE": "increased",
    "EQUIVOCAL": "equivocal",
    "NOT EVALUABLE": "not evaluated",
    "NOT EVALUATED": "not evaluated",
    "NOT ASSESSABLE": "not evaluated",
    "NOT ASSESSED": "not evaluated",
    "NE": "not evaluated",
    "": "",
}
_KINDS: tuple[tuple[str, Kind], ...] = (("NEW", "new"), ("NON", "non-target"), ("TARGET", "target"))
VARIABLES = (
    *("USUBJID", "TRLNKID", "TRGRPID", "TRTESTCD", "TRSTRESN", "TRSTRESC", "TRORRES", "TRSTRESU", "TRSTAT"),
    *("VISITNUM", "VISIT", "TRDTC", "TREVAL", "TREVALID"),
)
OTHER_EVALUATOR = "other evaluator"
OTHER_TEST = "sums and other tests"
SAME_ROW = "further result of the same lesion and visit"


@dataclass(frozen=True)
class Results:
    """Records of one lesion at one visit."""

    record: int
    """The first of them, counted from 1."""
    patient: str
    link: str
    visit: tuple[str, str]
    """Number and name of the visit."""
    day: float
    imputed: str
    group: str
    """What TRGRPID says of its class."""
    evaluator: tuple[str, str]
    tests: Mapping[str, tuple[str, str]]
    """Test -> result and unit, "" when it was not done."""


def read_tumours(
    tu: str | Path,
    tr: str | Path,
    *,
    evaluator: str = "INVESTIGATOR",
    partial_dates: PartialDates = "first",
    start_dates: Mapping[str, datetime.date] | None = None,
) -> LesionRows:
    """Read TU and TR (CSV, XPT or Dataset-JSON) as rows of lesions.

    Parameters
    ----------
    tu, tr
        The datasets.
    evaluator
        Whose records: a value of TREVAL or TREVALID, or ``"accepted"`` (TRACPTFL is Y).
    partial_dates
        What a TRDTC without day or month becomes.
    start_dates
        Patient -> reference date (day 0); without it the last date of the records of baseline (TRBLFL is Y, or a
        VISIT named screening or baseline).

    Raises
    ------
    DataError
        When a dataset cannot be read or lacks a variable.
    ConfigurationError
        When there are no records of this evaluator, or of several readers.
    """
    results = Domain.of("TR", Path(tr), read_dataset(tr), ("USUBJID", "TRLNKID", "TRTESTCD"))
    lesions = Identifications.of(Domain.of("TU", Path(tu), read_dataset(tu), ("USUBJID", "TULNKID")))
    chosen = results.made_by(evaluator)
    timing = Timing.of(results, chosen, partial_dates, start_dates or {})
    groups, bad, records = _grouped(results, chosen, timing)
    problems = [*lesions.problems, *timing.problems, *bad]
    groups, findings = _one_day_a_visit(groups, results)
    problems += findings
    links = {(group.patient, group.link) for group in groups}
    rows: list[LesionRow] = []
    finer = 0
    for group in groups:
        found = Finding(group.record, group.patient, results.original(group.record), results.name)
        if group.imputed:
            written = results["TRDTC"][group.record - 1]
            problems.append(found.warning("row_date_imputed", "TRDTC", written, date=group.imputed))
        made = _lesion_row(group, lesions.of_results(group), found)
        if isinstance(made, Problem):
            problems.append(made)
            continue
        row, exact = made
        finer += not exact
        rows += _split_and_merged(row, links)
    subjects = results["USUBJID"]
    patients = tuple(dict.fromkeys(p for p, mine in zip(subjects, chosen, strict=True) if mine and p))
    return LesionRows(
        tuple(rows),
        tuple(problems),
        patients,
        {},
        len(groups) + len(bad),
        finer,
        start_date={patient: timing.start[patient] for patient in patients if patient in timing.start},
        visit_names={(group.patient, group.day): group.visit for group in groups},
        records=records,
    )


def _grouped(
    results: Domain, chosen: Sequence[bool], timing: Timing
) -> tuple[list[Results], list[Problem], dict[str, int]]:
    """Put the records of each lesion at each visit together; those of no lesion or no date are bad."""
    columns = {name: results[name] for name in VARIABLES}
    records: Counter[str] = Counter()
    bad: list[Problem] = []
    groups: dict[tuple[object, ...], list[Results]] = defaultdict(list)
    for i, mine in enumerate(chosen):
        cell = {name: values[i] for name, values in columns.items()}
        test = cell["TRTESTCD"].upper()
        if not mine or test not in (*DIAMETERS, *STATES):
            records[OTHER_TEST if mine else OTHER_EVALUATOR] += 1
            continue
        day = timing.day[i]
        wrong: tuple[str, str] | None = None
        if not cell["USUBJID"]:
            wrong = "row_no_patient", "USUBJID"
        elif not cell["TRLNKID"]:
            wrong = "row_no_link", "TRLNKID"
        elif day is None:
            wrong = "row_partial_date" if is_partial(cell["TRDTC"]) else "row_bad_date", "TRDTC"
        if wrong is not None or day is None:
            code, variable = wrong or ("row_bad_date", "TRDTC")
            found = Finding(i + 1, cell["USUBJID"], results.original(i + 1), results.name)
            bad.append(found(code, variable, cell[variable]))
            continue
        done = cell["TRSTAT"].upper() != "NOT DONE"
        number = cell["TRSTRESN"] or cell["TRSTRESC"] or cell["TRORRES"]
        text = number if test in DIAMETERS else cell["TRSTRESC"] or cell["TRORRES"]
        result = (text if done else "", cell["TRSTRESU"])
        visit = cell["VISITNUM"].removesuffix(".0"), cell["VISIT"]
        key = cell["USUBJID"], cell["TRLNKID"], visit, day
        # The same test once more is a repeated measurement, which the checks of lesion rows find.
        of_lesion = groups[key]
        at = next((n for n, known in enumerate(of_lesion) if test not in known.tests), None)
        if at is not None:
            records[SAME_ROW] += 1
            of_lesion[at] = replace(of_lesion[at], tests={**of_lesion[at].tests, test: result})
            continue
        of_lesion.append(
            Results(
                i + 1,
                cell["USUBJID"],
                cell["TRLNKID"],
                visit,
                day,
                timing.imputed[i],
                cell["TRGRPID"],
                (cell["TREVAL"], cell["TREVALID"]),
                {test: result},
            )
        )
    return [results for of_lesion in groups.values() for results in of_lesion], bad, dict(records)


def _one_day_a_visit(groups: Sequence[Results], results: Domain) -> tuple[list[Results], list[Problem]]:
    """Date every visit at one day, and put the visits of a patient in the order of their numbers."""
    days: dict[tuple[str, str], set[float]] = defaultdict(set)
    for group in groups:
        days[group.patient, group.visit[0] or group.visit[1]].add(group.day)
    moved = one_day_each(days)
    dated: list[Results] = []
    problems: list[Problem] = []
    told: set[tuple[str, str]] = set()
    for group in groups:
        name = group.visit[0] or group.visit[1]
        at = group.patient, name
        later = {day for day in days[at] if day > 0}
        day = moved.get((*at, group.day), group.day)
        if name and len(later) > 1 and group.day in later and at not in told:
            told.add(at)
            code = "row_visit_of_several_days" if moved.get((*at, min(later))) else "row_visit_apart"
            found = Finding(group.record, group.patient, results.original(group.record), results.name)
            first, last = f"{min(later):g}", f"{max(later):g}"
            problems.append(found.warning(code, "VISITNUM", " ".join(group.visit), first=first, last=last))
        dated.append(replace(group, day=day))
    place = {patient: n for n, patient in enumerate(dict.fromkeys(group.patient for group in groups))}
    dated.sort(key=lambda group: (place[group.patient], read_day(group.visit[0]) or 0.0))
    return dated, problems


def _lesion_row(
    group: Results, lesion: Identification | None, found: Finding
) -> tuple[LesionRow, bool] | Problem:
    kind = _kind(group.group) or _kind(lesion.kind if lesion else "")
    if kind is None:
        return found("row_no_class", "TRGRPID", group.group, lesion=group.link)
    organ = lesion.organ if lesion else ""
    axes = {test for test in DIAMETERS if test in group.tests}
    nodal = "LYMPH" in organ.upper() or "LNSTATE" in group.tests
    wanted = ("LPERP" if nodal else "LDIAM", "DIAMETER")
    axis = next((test for test in wanted if test in axes), "")
    if axes and not axis:
        return found(
            "row_wrong_axis", "TRTESTCD", ", ".join(sorted(axes)), lesion=group.link, expected=wanted[0]
        )
    text, unit = group.tests.get(axis, ("", ""))
    if text and unit.lower() not in ("mm", ""):
        return found("row_bad_unit", "TRSTRESU", unit, lesion=group.link)
    size, exact, wrong = read_diameter(text)
    if wrong:
        return found(wrong, axis, text, limit=MAX_DIAMETER_MM)
    written = next((group.tests[test][0] for test in STATES if group.tests.get(test, ("", ""))[0]), "")
    state = _STATES.get(written.upper())
    if state is None:
        return found("row_bad_tumour_state", "TUMSTATE", written, known=", ".join(filter(None, _STATES)))
    if kind == "new" and state == "progression":  # TUMSTATE of a new lesion: unequivocal
        state = "present"
    if kind == "non-target" and state == "equivocal":
        state = "increased"
    row = LesionRow(
        row=found.row,
        patient=group.patient,
        day=group.day,
        lesion=group.link,
        micrometres=0 if kind == "target" and state == "absent" and size < 0 else size,
        kind=kind,
        nodal=nodal,
        organ=organ,
        state=state or ("not evaluated" if size < 0 else ""),
        original=found.original,
        source=found.source,
    )
    wrong = contradiction(row)
    if wrong:
        return found(wrong, "TUMSTATE", written, kind=kind, lesion=group.link, diameter=text)
    return row, exact


def _kind(text: str) -> Kind | None:
    return next((kind for start, kind in _KINDS if text.upper().startswith(start)), None)


def _split_and_merged(row: LesionRow, links: Container[tuple[str, str]]) -> list[LesionRow]:
    """Read the links of lesions that split (T01.1 of T01) and that coalesced (T01/T02)."""
    whole, dot, piece = row.lesion.rpartition(".")
    if dot and piece.isdigit() and (row.patient, whole) in links:
        return [replace(row, part_of=whole)]
    first, *others = row.lesion.split("/")
    if others and all((row.patient, link) in links for link in (first, *others)):
        merged = [replace(row, lesion=link, micrometres=-1, state="", merged_into=first) for link in others]
        return [replace(row, lesion=first), *merged]
    return [row]
