"""A virtual trial as CDISC datasets: SDTM DM, TU, TR, RS and ADaM ADSL, ADTR, ADRS, ADTTE."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from unmask import __version__
from unmask.cdisc import adrs, adtr, adtte
from unmask.cdisc.dataset import Dataset
from unmask.cdisc.metadata import load
from unmask.cdisc.subjects import sequence
from unmask.cdisc.writing import Written, chosen_formats, refuse_existing, write_all
from unmask.response.codes import Criterion
from unmask.response.rules import Rules
from unmask.trial import sdtm
from unmask.trial.result import NOTICE, TrialResult
from unmask.trial.virtual_calendar import STUDY_START, subject_table

NAMES = ("DM", "TU", "TR", "RS", "ADSL", "ADTR", "ADRS", "ADTTE")
README = """{title}
Virtual trial, written by Unmask {version}, seed {seed}, configuration {configuration}.

{notice}

SDTM: DM, TU (lesions), TR (diameters, sums, states), RS (responses by RECIST 1.1 and iRECIST).
ADaM: ADSL, ADTR (diameters and sums), ADRS (responses), ADTTE (times to event).
The calendar is made up: the first patient is randomised on {start}, the data are cut off on {end}.
Every dataset has "Virtual" in its label. Variables, derivations and what is not covered: docs/cdisc.md of Unmask.
"""


def refuse_cdisc(folder: Path, formats: Sequence[str] | None, *, force: bool) -> None:
    """Make sure, before a trial runs, that its datasets can be written.

    Raises
    ------
    ConfigurationError
        As :func:`unmask.cdisc.writing.write_all`.
    """
    wanted, _ = chosen_formats(formats)
    refuse_existing(folder, NAMES, wanted, force=force)


def datasets(result: TrialResult) -> tuple[Dataset, ...]:
    """Return the datasets of a trial, checked, in the order of :data:`NAMES`."""
    protocol, tables = result.protocol, result.tables
    subjects = subject_table(protocol, tables["patients"], tables["doses"])
    lesions = sdtm.dated_rows(tables["lesions"], subjects, patient="subject")
    assessments = sdtm.dated_rows(tables["assessments"], subjects)
    patients = tables["patients"].astype({"arm": str}).reset_index(drop=True)
    named = patients[["best_response", "irecist_best_response"]].join(
        subjects[["STUDYID", "USUBJID", "RANDDT"]]
    )
    responses = _responses(assessments, subjects, protocol.assessment.rules())
    measured = sdtm.measurements(lesions)
    times = tables["time_to_event"].astype({"arm": str})
    times = times.merge(
        subjects[["arm", "patient", "USUBJID"]], on=["arm", "patient"], validate="many_to_one"
    )
    frames = {
        "DM": sdtm.demographics(subjects),
        "TU": sdtm.tumours(lesions),
        "TR": measured,
        "RS": sdtm.responses(assessments, _at_last_visit(named, assessments)),
        "ADSL": subjects[[name for name in load("ADSL").names if name in subjects]],
        "ADTR": adtr.derive(_of_targets(measured), subjects, _overall(responses)),
        "ADRS": responses,
        "ADTTE": adtte.derive(times, subjects, responses),
    }
    return tuple(Dataset.of(name, frames[name], simulated=True) for name in NAMES)


def write_cdisc(
    result: TrialResult,
    folder: Path | str,
    formats: Sequence[str] | None = None,
    *,
    force: bool = False,
    created: datetime | None = None,
) -> Written:
    """Write the datasets of a trial and a README.txt; see :func:`unmask.cdisc.writing.write`."""
    end = pd.Timestamp(STUDY_START) + pd.Timedelta(days=result.protocol.follow_up.days)
    readme = README.format(
        title=result.protocol.title,
        version=__version__,
        seed=result.protocol.seed,
        configuration=result.configuration_hash,
        notice=NOTICE,
        start=STUDY_START.isoformat(),
        end=f"{end:%Y-%m-%d}",
    )
    return write_all(datasets(result), folder, formats, force=force, created=created, readme=readme)


def _at_last_visit(patients: pd.DataFrame, assessments: pd.DataFrame) -> pd.DataFrame:
    """Return patients with date and name of their last assessment; randomisation for those without one."""
    last = assessments.groupby("USUBJID")[["ADT", "VISIT", "VISITNUM"]].last()
    joined = patients.join(last, on="USUBJID")
    return joined.assign(
        ADT=joined["ADT"].fillna(joined["RANDDT"]),
        VISIT=joined["VISIT"].fillna(sdtm.SCREENING),
        VISITNUM=joined["VISITNUM"].fillna(0.0),
    )


def _of_targets(measured: pd.DataFrame) -> pd.DataFrame:
    kept = measured[(measured["TRGRPID"] == "TARGET") & measured["TRTESTCD"].isin(["LDIAM", "LPERP"])]
    columns = ["USUBJID", "TRLNKID", "TRTESTCD", "TRSTRESN", "VISIT", "VISITNUM", "TRSEQ"]
    nodal = kept["TRTESTCD"] == "LPERP"
    return kept[columns].assign(
        ADT=pd.to_datetime(kept["TRDTC"]), TULOCGR1=nodal.map({True: "NODAL", False: "NON-NODAL"})
    )


def _responses(assessments: pd.DataFrame, subjects: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return ADRS by both criteria; as in the trial, iRECIST ends with the start of another anticancer therapy."""
    kept = ["USUBJID", "ADT", "VISIT", "VISITNUM"]
    criterion = assessments["criterion"].astype(str)
    overall = assessments[kept].assign(
        AVALC=assessments["overall_response"].astype(str),
        ongoing=assessments["response_ongoing"],
        nothing_seen=criterion == Criterion.TARGETS_GONE_NON_TARGET_NOT_EVALUATED.label,
    )
    alone = assessments[~assessments["subsequent_therapy"].astype(bool)]
    immune = alone[[*kept, "response_ongoing"]].rename(columns={"response_ongoing": "ongoing"})
    immune = immune.assign(AVALC=alone["irecist_response"].astype(str))
    parts = [adrs.derive(overall, subjects, rules), adrs.derive(immune, subjects, rules, criteria="iRECIST")]
    both = pd.concat(parts, ignore_index=True)
    both["ASEQ"] = sequence(both, ["PARAMCD", "PARCAT3", "ADT"])
    return both


def _overall(responses: pd.DataFrame) -> pd.DataFrame:
    wanted = (responses["PARAMCD"] == "OVR") & (responses["PARCAT3"] == "RECIST 1.1")
    return responses.loc[wanted, ["USUBJID", "ADT", "AVALC"]]
