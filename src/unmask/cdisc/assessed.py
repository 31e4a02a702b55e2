"""Lesions that were assessed as ADaM datasets: ADSL, ADTR, ADRS and ADTTE of a site's own data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from unmask import __version__
from unmask.cdisc import adrs, adtr, adtte
from unmask.cdisc.dataset import Dataset
from unmask.cdisc.metadata import load
from unmask.cdisc.subjects import sequence
from unmask.cdisc.writing import Written, write_all
from unmask.errors import ConfigurationError
from unmask.response.assess import AssessResult
from unmask.response.codes import Criterion, ImmuneResponse, Response
from unmask.response.outcomes import as_progression

NAMES = ("ADSL", "ADTR", "ADRS", "ADTTE")
SCREENING = "SCREENING"
_NOTHING_SEEN = Criterion.TARGETS_GONE_NON_TARGET_NOT_EVALUATED.label
README = """{title}
Analysis datasets of assessed lesions, written by Unmask {version}.

For research and teaching, never for treatment decisions.

ADSL, ADTR (diameters and sums), ADRS (responses by RECIST 1.1 and iRECIST), ADTTE (times to event).
Rules of response: {rules}. Variables, derivations and what is not covered: docs/cdisc.md of Unmask.
"""


def datasets(result: AssessResult, study: str = "STUDY") -> tuple[Dataset, ...]:
    """Return the datasets of an assessment, checked, in the order of :data:`NAMES`.

    Parameters
    ----------
    result
        Of :func:`unmask.response.assess.assess`, by both sets of criteria.
    study
        STUDYID.

    Raises
    ------
    ConfigurationError
        ``cdisc.needs_both_criteria``; ``cdisc.needs_dates`` when a patient has no reference date.
    DataError
        ``cdisc.violations`` when a value does not fit its variable (a name that is too long, ...).
    """
    if len(result.criteria) < 2:
        raise ConfigurationError("cdisc.needs_both_criteria")
    start = _starts(result)
    subjects = _subjects(result, study, start)
    assessments = _assessments(result, start)
    responses = _responses(result, assessments, subjects)
    overall = (responses["PARAMCD"] == "OVR") & (responses["PARCAT3"] == adrs.CRITERIA[0])
    measured = _measurements(result, start)
    times = result.times.rename(columns={"patient": "USUBJID"})
    frames = {
        "ADSL": subjects[[name for name in load("ADSL").names if name in subjects]],
        "ADTR": adtr.derive(measured, subjects, responses.loc[overall, ["USUBJID", "ADT", "AVALC"]]),
        "ADRS": responses,
        "ADTTE": adtte.derive(times, subjects, responses),
    }
    return tuple(Dataset.of(name, frames[name]) for name in NAMES)


def write_cdisc(
    result: AssessResult,
    folder: Path | str,
    formats: Sequence[str] | None = None,
    *,
    study: str = "STUDY",
    force: bool = False,
) -> Written:
    """Write the datasets of an assessment and a README.txt; see :func:`unmask.cdisc.writing.write_all`."""
    readme = README.format(title=result.path.name, version=__version__, rules=result.rules.name)
    return write_all(datasets(result, study), folder, formats, force=force, readme=readme)


def _starts(result: AssessResult) -> dict[str, date]:
    """Return the date of day 0 of every patient."""
    known = dict(result.table.start_date)
    if result.subjects is not None:
        known |= result.subjects.known_start_dates
    missing = [name for name in result.patients["patient"] if name not in known]
    if missing:
        raise ConfigurationError("cdisc.needs_dates", count=len(missing), patient=missing[0])
    return known


def _subjects(result: AssessResult, study: str, start: Mapping[str, date]) -> pd.DataFrame:
    patients = result.patients
    groups = list(dict.fromkeys(patients["group"]))
    names = patients["patient"].astype(str)
    randomised = pd.to_datetime(names.map(start))
    arm = patients["group"].astype(str)
    code = arm.map({group: f"ARM{number}" for number, group in enumerate(groups, start=1)})
    table = pd.DataFrame(
        {
            "STUDYID": study,
            "USUBJID": names,
            "SUBJID": names,
            **dict.fromkeys(("ARM", "ACTARM", "TRT01P", "TRT01A"), arm),
            **dict.fromkeys(("ARMCD", "ACTARMCD"), code),
            "ITTFL": "Y",
            "RANDDT": randomised,
        }
    )

    def dated(days: Mapping[str, float] | pd.Series) -> pd.Series:
        values = days if isinstance(days, pd.Series) else names.map(days)
        return randomised + pd.to_timedelta(values.astype(float), unit="D")

    known = result.subjects
    if known is not None:
        table["DTHDT"] = dated(known.death_day)
        table["DTHFL"] = np.where(table["DTHDT"].notna(), "Y", "")
        table["NACTDT"] = dated(known.new_therapy_day)
        table["LSTALVDT"] = dated(known.last_known_day).fillna(table["DTHDT"])
    shift = float(result.table.baseline_until)
    table["RSPDT"] = dated(patients["first_response_day"] - shift)
    table["IRSPDT"] = dated(patients["irecist_first_response_day"] - shift)
    return table


def _assessments(result: AssessResult, start: Mapping[str, date]) -> pd.DataFrame:
    """Return the visit table with dates and names of visits."""
    names = result.table.visit_names
    visits = result.visits
    day = visits["day"] - result.table.baseline_until
    number, title = [], []
    for patient, given, count in zip(visits["patient"], visits["day"], visits["visit"], strict=True):
        known = names.get((patient, float(given)), ("", ""))
        number.append(float(known[0]) if known[0] else float(count))
        title.append(known[1] or f"VISIT {count}")
    return pd.DataFrame(
        {
            "USUBJID": visits["patient"].astype(str),
            "ADT": [
                pd.Timestamp(start[patient] + timedelta(days=float(since)))
                for patient, since in zip(visits["patient"], day, strict=True)
            ],
            "VISIT": title,
            "VISITNUM": number,
            "overall": visits["overall_response"],
            "immune": visits["irecist_response"],
            "ongoing": result.verdicts.ongoing[result.verdicts.exists],
            "nothing_seen": (visits["criterion"] == _NOTHING_SEEN).to_numpy(dtype=bool),
            "progressed": (as_progression(result.verdicts) == Response.PD)[result.verdicts.exists],
            "counts": ~visits["after_new_therapy"] if "after_new_therapy" in visits else True,
        }
    )


def _responses(result: AssessResult, assessments: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    kept = ["USUBJID", "ADT", "VISIT", "VISITNUM"]
    # Responses end with another therapy; a progression seen after it is one all the same, as in PFS.
    alone = assessments[assessments["counts"] | assessments["progressed"]]
    worse = assessments["immune"].isin([ImmuneResponse.IUPD.label, ImmuneResponse.ICPD.label])
    immune = assessments[assessments["counts"] | worse]
    measurable = result.patients.loc[result.patients["target_lesions"].fillna(0) > 0, "patient"]
    parts = [
        adrs.derive(
            alone[[*kept, "ongoing", "nothing_seen"]].assign(AVALC=alone["overall"]),
            subjects,
            result.rules,
            measurable=set(measurable),
            progression=_dated_back(result, subjects),
        ),
        adrs.derive(
            immune[[*kept, "ongoing"]].assign(AVALC=immune["immune"]),
            subjects,
            result.rules,
            criteria="iRECIST",
        ),
    ]
    both = pd.concat(parts, ignore_index=True)
    both["ASEQ"] = sequence(both, ["PARAMCD", "PARCAT3", "ADT"])
    return both


def _dated_back(result: AssessResult, subjects: pd.DataFrame) -> pd.DataFrame | None:
    """Return progressions that a lesion, equivocal at first, dates before the visit that showed them."""
    verdicts = result.verdicts
    earlier = (verdicts.overall == Response.PD) & (verdicts.dated_day < verdicts.day)
    if not earlier.any():
        return None
    day = result.patients["progression_day"] - result.table.baseline_until
    date_of = subjects["RANDDT"] + pd.to_timedelta(day.astype(float), unit="D")
    return pd.DataFrame({"USUBJID": subjects["USUBJID"], "ADT": date_of}).dropna()


def _measurements(result: AssessResult, start: Mapping[str, date]) -> pd.DataFrame:
    """Return every target at every visit, as TR has it; a lesion is numbered in the order of its patient's file."""
    table, m = result.table, result.table.since_start
    rows = []
    for n, (patient, targets) in enumerate(zip(table.patients, table.targets, strict=True)):
        for number, row in enumerate(targets.values()):
            place = {
                "USUBJID": patient,
                "TRLNKID": f"T{number + 1:02d}",
                "TRTESTCD": "LPERP" if row.nodal else "LDIAM",
                "TULOC": row.organ.upper(),
                "TULOCGR1": "NODAL" if row.nodal else "NON-NODAL",
            }
            since = row.day - table.baseline_until
            size = m.baseline[n, number]
            rows.append({**place, "day": since, "VISIT": SCREENING, "VISITNUM": 0.0, "size": size})
            for v in np.flatnonzero(~np.isnan(m.day[n])):
                size = m.target[n, v, number]
                visit = {"day": m.day[n, v], "VISIT": f"VISIT {v + 1}", "VISITNUM": float(v + 1)}
                rows.append({**place, **visit, "size": size})
    frame = pd.DataFrame(rows)
    frame["TRSTRESN"] = np.where(frame["size"] >= 0, frame["size"] / m.per_millimetre, np.nan)
    days = pd.to_timedelta(frame["day"].astype(float), unit="D")
    frame["ADT"] = pd.to_datetime(frame["USUBJID"].map(start)) + days
    return frame.drop(columns=["day", "size"])
