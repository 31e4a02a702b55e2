"""From the record of an arm to its tables, with a record written by hand."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from unmask.patients.parameter_set import load_tumour_type
from unmask.response.codes import Criterion, ImmuneCriterion, ImmuneResponse, Response
from unmask.safety.adverse_events import Events
from unmask.safety.autoimmune import Background
from unmask.trial.administration import DoseRecord
from unmask.trial.conduct import ArmRecord, Readings
from unmask.trial.protocol import load_protocol
from unmask.trial.tables import arm_tables, course_quantiles
from unmask.trial.treatment import FIRST_LINE, MANAGEMENT, SUBSEQUENT

DAYS = np.array([42.0, 84.0, 126.0, 168.0])
PATIENTS = 5
PR, SD, PD = Response.PR, Response.SD, Response.PD
IPR, ISD, IUPD = ImmuneResponse.IPR, ImmuneResponse.ISD, ImmuneResponse.IUPD
OVERALL = np.array(
    [
        [SD, PR, PR, PR],  # responds
        [SD, PR, PR, PR],  # after an operation
        [SD, PD, PD, PD],  # grows, then shrinks under another therapy
        [SD, PD, PD, PD],  # the same on the study treatment
        [SD, PR, PR, PR],  # dies after the first scan
    ]
)
IMMUNE = np.array(
    [[ISD, IPR, IPR, IPR], [ISD, IPR, IPR, IPR], *[[ISD, IUPD, IPR, IPR]] * 2, [ISD, IPR, IPR, IPR]]
)


def record() -> ArmRecord:
    shape = (PATIENTS, DAYS.size)
    after_surgery, after_subsequent = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    after_surgery[1, 1:] = True
    after_subsequent[2, 2:] = True
    readings = {item.name: np.zeros(shape, dtype=np.int64) for item in fields(Readings)} | {
        "day": np.broadcast_to(DAYS, shape),
        "scanned": np.ones(shape, dtype=bool),
        "lesions": np.zeros((*shape, 5), dtype=np.int32),
        "new_sizes": np.full((*shape, 5), -1, dtype=np.int32),
        "overall": OVERALL.astype(np.int8),
        "immune": IMMUNE.astype(np.int8),
        "criterion": np.where(OVERALL == PD, Criterion.NEW_LESION, Criterion.NEITHER).astype(np.int8),
        "immune_criterion": np.full(shape, ImmuneCriterion.AS_RECIST, dtype=np.int8),
        "sum": np.broadcast_to(np.array([1000, 600, 500, 400]), shape),
        "nadir": np.broadcast_to(np.array([1000, 1000, 600, 500]), shape),
        "target": OVERALL.astype(np.int8),
        "non_target": np.full(shape, Response.NON_CR_NON_PD, dtype=np.int8),
        "new_lesion": np.zeros(shape, dtype=bool),
        "on_treatment": np.ones(shape, dtype=bool),
        "after_surgery": after_surgery,
        "after_subsequent": after_subsequent,
    }
    tumour = load_tumour_type("nsclc")
    names = [name for name, item in tumour.parameters.items() if item.sigma > 0]
    cohort = SimpleNamespace(
        patients=10 + np.arange(PATIENTS),
        size=PATIENTS,
        parameters=np.ones((PATIENTS, len(names))),
        parameter_index={name: column for column, name in enumerate(names)},
        baseline={"sld_mm": np.full(PATIENTS, 100.0), "pdl1": np.array([1.0, 116.9, 117.0, 308.9, 309.0])},
    )
    rows = np.arange(PATIENTS)
    doses = (
        DoseRecord(rows, 0.0, "atezolizumab", np.full(PATIENTS, 1200.0), "mg", FIRST_LINE),
        DoseRecord(np.array([2]), 14.0, "docetaxel", np.array([75.0]), "mg/m2", SUBSEQUENT),
        DoseRecord(rows, 21.0, "prednisone", np.full(PATIENTS, 1.0), "mg/kg/day", MANAGEMENT),
        DoseRecord(np.array([3]), 63.0, "atezolizumab", np.array([1200.0]), "mg", FIRST_LINE),
        DoseRecord(np.array([3, 4]), 64.0, "atezolizumab", np.full(2, 1200.0), "mg", FIRST_LINE),
    )
    onset = np.array([30.0, 30.5, 14.0, 14.5, 94.0, 94.5])
    events = Events.of(
        np.array([0, 0, 2, 2, 3, 3]),
        event="rash",
        organ="skin",
        klass="immune-related",
        grade=1,
        onset_day=onset,
    )
    return ArmRecord(
        arm="a",
        cohort=cohort,  # type: ignore[arg-type]
        lesion_count=np.ones(PATIENTS, dtype=np.int64),
        has_non_target=np.ones(PATIENTS, dtype=bool),
        baseline_non_target=np.full(PATIENTS, 150, dtype=np.int32),
        baseline_lesions=np.tile(np.array([800, 200, -1, -1, -1], dtype=np.int32), (PATIENTS, 1)),
        assessed=np.ones(PATIENTS, dtype=bool),
        readings=Readings(**readings),
        death_day=np.array([np.inf, np.inf, np.inf, 500.0, 63.0]),
        censor_day=np.full(PATIENTS, 200.0),
        failure_day=np.array([np.nan, 126.0, np.nan, np.nan, np.nan]),
        failure_reason=np.array(["", "out of steps", "", "", ""], dtype=object),
        doses=doses,
        events=(events,),
        background=Background.none(PATIENTS),
        grid=(0, 63, 126),
        course={"sld_change": np.arange(15, dtype=np.float32).reshape(PATIENTS, 3)},
        steps=0,
    )


def tables() -> dict[str, pd.DataFrame]:
    return arm_tables(record(), load_protocol("oak")[0], load_tumour_type("nsclc"))


def test_responses_count_until_surgery_and_immune_ones_until_another_therapy() -> None:
    patients = tables()["patients"].set_index("patient")
    assert patients["best_response"].tolist() == ["PR", "SD", "SD", "SD", "SD"]
    assert patients["irecist_best_response"].tolist() == ["iPR", "iSD", "iSD", "iPR", "iSD"]
    assert patients["pseudoprogression"].tolist() == [False, False, False, True, False]
    assert patients["pseudoprogression_kind"].tolist() == ["", "", "", "new_lesion", ""]
    assert patients["pdl1_class"].tolist() == ["negative", "negative", "low", "low", "high"]
    assert patients["baseline_sld_mm"].tolist() == [100.0] * 5


def test_nothing_is_left_after_the_end_of_a_patient() -> None:
    made = tables()
    patients = made["patients"]
    assert patients["death_day"].fillna(-1).tolist() == [
        -1,
        -1,
        -1,
        -1,
        63.0,
    ]  # day 500 is beyond the cut-off
    assert patients["censor_day"].tolist() == [200.0, 126.0, 200.0, 200.0, 200.0]
    assert patients["status"].tolist() == ["ok", "out of steps", "ok", "ok", "ok"]
    assert made["assessments"].groupby("patient").size().tolist() == [4, 3, 4, 4, 1]
    assert made["assessments"]["change_from_baseline"].iloc[:4].tolist() == [0.0, -0.4, -0.5, -0.6]
    doses = made["doses"]
    assert doses[doses["patient"] == 14]["day"].tolist() == [0.0, 21.0]  # died on day 63
    assert doses[doses["patient"] == 13]["day"].tolist() == [0.0, 21.0, 63.0, 64.0]
    assert made["course"].groupby("patient").size().tolist() == [3, 3, 3, 3, 2]
    assert made["failures"][["patient", "day", "reason"]].to_numpy().tolist() == [[11, 126.0, "out of steps"]]


def test_events_are_related_for_thirty_days_after_study_treatment_or_until_the_next_therapy() -> None:
    """Last study dose on day 0, on day 0 with another therapy from day 14, and on day 64; prednisone is none."""
    events = tables()["adverse_events"]
    assert events["related"].tolist() == [True, False, True, False, True, False]


def test_quantiles_are_of_the_patients_still_followed() -> None:
    quantiles = course_quantiles(tables()["course"]).set_index("day")
    assert quantiles["n"].tolist() == [5, 5, 4]
    # Values on day 0 are 0, 3, 6, 9, 12; on day 126, without who died, 2, 5, 8, 11.
    assert quantiles.loc[0.0, ["q10", "q25", "q50", "q75", "q90"]].tolist() == pytest.approx(
        [1.2, 3, 6, 9, 10.8]
    )
    assert quantiles.loc[126.0, "q50"] == 6.5
