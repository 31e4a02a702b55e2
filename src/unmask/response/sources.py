"""Where the lesions of an assessment come from: a lesion file, or SDTM datasets given one by one or as a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unmask.errors import ConfigurationError, DataError
from unmask.response.dates import PartialDates, checked
from unmask.response.lesion_rows import read_rows
from unmask.response.lesions import LesionTable, arrange
from unmask.response.rules import Rules
from unmask.response.strict import as_error
from unmask.response.subjects import (
    Subjects,
    contradictions,
    read_subjects,
    without_lesions,
    without_rows_after_death,
    without_subject,
)
from unmask.response.table_file import CDISC_SUFFIXES, read_table

LESIONS, SUBJECTS = "lesions", "DM"
_MARKS = {"TRTESTCD": "TR", "TUTESTCD": "TU", "TULNKID": "TU", "RSTESTCD": "RS"}
"""A variable that only this domain has."""
_NAME = re.compile(r"(tu|tr|rs|dm)(?![a-z]).*\.(csv|csv\.gz|xpt|json)", re.IGNORECASE)
HEADER_BYTES = 65536


@dataclass(frozen=True)
class Sources:
    """The files of an assessment; either ``lesions`` or ``tu`` and ``tr`` are there."""

    named: Path
    """What the result is called after: the file or the folder."""
    lesions: Path | None = None
    tu: Path | None = None
    tr: Path | None = None
    rs: Path | None = None
    subjects: Path | None = None


def find_sources(paths: Sequence[Path]) -> Sources:
    """Tell what each file is, by its columns, or in a folder by its name (``tu*.csv``, ``TR.xpt``, ...).

    Raises
    ------
    DataError
        When several files could be one dataset, or TU or TR is missing.
    """
    if not paths:
        raise ConfigurationError("response.no_files")
    first = paths[0]
    if len(paths) == 1 and _is_folder(first):
        return _sdtm(first, _in_folder(first))
    found = [(_content(path), path) for path in paths]
    if len(paths) == 1 and found[0][0] in (LESIONS, SUBJECTS):
        return Sources(first, lesions=first)
    for content, path in found:
        if content == LESIONS:
            raise DataError("sdtm.not_a_domain", file=path)
    return _sdtm(first, found)


def _together(
    ours: Mapping[str, Mapping[str, str]], theirs: Mapping[str, Mapping[str, str]]
) -> dict[str, Mapping[str, str]]:
    """Return the columns of both files by name, whatever its case; the lesion file's own value goes first."""
    names = {name.lower(): name for name in theirs}
    both: dict[str, Mapping[str, str]] = dict(theirs)
    for name, values in ours.items():
        known = names.get(name.lower(), name)
        both[known] = {**values, **{p: text for p, text in theirs.get(known, {}).items() if text}}
    return both


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that the system refuses; the reader says why
        return False


def _in_folder(folder: Path) -> list[tuple[str, Path]]:
    try:
        files = sorted(folder.iterdir())
    except OSError as error:
        raise DataError("response.unreadable", file=folder, reason=error.strerror or error) from None
    found = [
        (match[1].upper(), path)
        for path in files
        if (match := _NAME.fullmatch(path.name)) is not None and path.is_file()
    ]
    if not found:
        names = ", ".join(path.name for path in files[:10]) or "nothing"
        raise DataError("sdtm.no_datasets", folder=folder, found=names)
    return found


def _sdtm(named: Path, found: Iterable[tuple[str, Path]]) -> Sources:
    by_domain: dict[str, Path] = {}
    found = list(found)
    for domain, path in found:
        if by_domain.setdefault(domain, path) != path:
            files = ", ".join(p.name for d, p in found if d == domain)
            raise DataError("sdtm.ambiguous", folder=named, domain=domain, files=files)
    missing = [domain for domain in ("TU", "TR") if domain not in by_domain]
    if missing:
        files = ", ".join(str(path) for path in by_domain.values())
        raise DataError("sdtm.missing_domain", files=files, missing=" and ".join(missing))
    return Sources(
        named,
        tu=by_domain["TU"],
        tr=by_domain["TR"],
        rs=by_domain.get("RS"),
        subjects=by_domain.get(SUBJECTS),
    )


def _content(path: Path) -> str:
    """Return the domain of a file, or ``"lesions"`` when it can be a lesion file; errors are left to who reads it."""
    columns = _header(path)
    for mark, domain in _MARKS.items():
        if mark in columns:
            return domain
    if "USUBJID" in columns and not columns & {"DIAMETER", "DIAMETER_MM"}:
        return SUBJECTS
    return LESIONS


def _header(path: Path) -> set[str]:
    if path.suffix.lower() in CDISC_SUFFIXES or path.suffix.lower() == ".gz":
        return {name.upper() for name in read_table(path).header}
    try:
        with path.open("rb") as file:
            start = file.read(HEADER_BYTES)
    except (OSError, ValueError):
        return set()
    lines = start.decode("utf-8-sig", errors="replace").lstrip().splitlines()
    return {name.strip(' "').upper() for name in re.split("[,;\t]", lines[0])} if lines else set()


def read_sources(
    sources: Sources,
    *,
    rules: Rules,
    baseline_until: int | None = None,
    strict: bool = False,
    patients: Path | None = None,
    evaluator: str = "INVESTIGATOR",
    partial_dates: PartialDates | None = None,
) -> tuple[LesionTable, Subjects | None]:
    """Read lesions and subject file; the table also has the subject file's columns and findings.

    Parameters as of :func:`unmask.response.assess.assess`; the subject file ``patients`` goes before the dataset DM.

    Raises
    ------
    DataError, ConfigurationError
        When a file cannot be used.
    """
    of_lesions, of_datasets = checked(partial_dates or "refuse"), checked(partial_dates or "first")
    file = patients or sources.subjects
    subjects = None
    if file is not None:
        imputation = of_lesions if sources.lesions else of_datasets
        subjects = read_subjects(file, partial_dates=imputation, strict=strict)
    start_dates = {} if subjects is None else subjects.known_start_dates
    if sources.lesions is not None:
        read = read_rows(sources.lesions, partial_dates=of_lesions, start_dates=start_dates)
    else:
        from unmask.cdisc.tumour_domains import read_tumours

        assert sources.tu is not None and sources.tr is not None  # find_sources has seen to it
        read = read_tumours(
            sources.tu,
            sources.tr,
            evaluator=evaluator,
            partial_dates=of_datasets,
            start_dates=start_dates,
        )
    if subjects is not None:
        read = without_rows_after_death(read, subjects)
    table = arrange(sources.named, read, rules=rules, baseline_until=baseline_until, strict=strict)
    if subjects is None:
        return table, None
    apart = [
        *without_lesions(subjects, read.patients),
        *without_subject(file, subjects, read.patients),
        *contradictions(subjects, table.extra),
    ]
    return (
        replace(
            table,
            extra=_together(subjects.columns, table.extra),
            problems=(*table.problems, *subjects.problems, *(map(as_error, apart) if strict else apart)),
        ),
        subjects,
    )
