"""Whatever is prescribed, patients stay possible: random arms of drugs, radiotherapy and surgery."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from regimens import TREATMENTS

from unmask.engine import CompiledModel, compile_model
from unmask.errors import ConfigurationError
from unmask.model.catalogue import load
from unmask.patients.cohort import Cohort, screen
from unmask.patients.lesions import AnyModel
from unmask.patients.parameter_set import TumourType, load_tumour_type
from unmask.patients.random_streams import RandomStreams
from unmask.safety.summary import MANAGEMENT
from unmask.trial.arms import Arm
from unmask.trial.conduct import ArmRecord, conduct_arm
from unmask.trial.disease import model_of
from unmask.trial.protocol import load_protocol

SEED = 11
STREAMS = RandomStreams(SEED)


@pytest.fixture(scope="module")
def clinic() -> tuple[CompiledModel, TumourType, Cohort]:
    compiled = compile_model(load("core"))
    tumour = load_tumour_type("prostate")  # all three hormone clones, and a marker
    return compiled, tumour, screen(tumour, compiled, STREAMS, np.arange(40)).first(8)


def conducted(
    clinic: tuple[AnyModel, TumourType, Cohort], treatments: list[dict[str, Any]], cohort: Cohort
) -> ArmRecord:
    compiled, tumour, _ = clinic
    arm = Arm.model_validate({"label": "any", "treatment": treatments})
    short = load_protocol("oak", ("follow_up.days=170", "follow_up.accrual_days=0"))[0]
    protocol = short.model_copy(update={"arms": {"any": arm, "other": arm}})
    return conduct_arm(protocol, "any", tumour, compiled, cohort, STREAMS)


def assert_possible(record: ArmRecord) -> None:
    """Nobody failed, and nothing that was recorded is negative or no number."""
    assert not np.isfinite(record.failure_day).any()
    for name, values in record.course.items():
        known = values[~np.isnan(values)]
        assert np.isfinite(known).all(), name
        if name != "sld_change":
            assert (known >= 0).all(), name


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(treatments=TREATMENTS)
def test_patients_stay_possible_under_any_treatment(
    clinic: tuple[CompiledModel, TumourType, Cohort], treatments: list[dict[str, Any]]
) -> None:
    cohort = clinic[2]
    before = cohort.states.copy()
    try:
        record = conducted(clinic, treatments, cohort)
    except (ConfigurationError, ValueError) as refused:  # two drugs of one place, a drug twice
        assert any(word in str(refused) for word in ("same target", "same place", "planned twice"))
        return
    assert (cohort.states == before).all()
    assert_possible(record)
    first_day = {}
    for dose in record.doses:
        assert (dose.amount > 0).all()
        assert np.unique(dose.rows).size == dose.rows.size
        first_day.setdefault(dose.drug, dose.day)
    for item in treatments:
        name = item.get("drug") or item["procedure"]
        if (
            name in first_day
            and sum(name in (other.get("drug"), other.get("procedure")) for other in treatments) == 1
        ):
            assert first_day[name] >= item["first_day"]
            given = np.zeros(cohort.size, dtype=int)
            for dose in record.doses:
                if dose.drug == name and dose.phase != MANAGEMENT:
                    given[dose.rows] += 1
            most = item.get("doses") or item.get("fractions") or (1 if name == "surgery" else 10**6)
            assert given.max() <= most


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(treatments=TREATMENTS)
def test_a_patient_does_not_depend_on_the_others(
    clinic: tuple[CompiledModel, TumourType, Cohort], treatments: list[dict[str, Any]]
) -> None:
    cohort = clinic[2]
    try:
        whole = conducted(clinic, treatments, cohort)
    except (ConfigurationError, ValueError):
        return
    part = conducted(clinic, treatments, cohort.take(np.array([2, 5, 7])))
    for name, values in part.course.items():
        assert np.array_equal(values, whole.course[name][[2, 5, 7]], equal_nan=True), name
    assert np.array_equal(part.death_day, whole.death_day[[2, 5, 7]])


@pytest.fixture(scope="module")
def clinic_of_lesions() -> tuple[AnyModel, TumourType, Cohort]:
    model, tumour = model_of("lesions", "core"), load_tumour_type("melanoma")
    return model, tumour, screen(tumour, model, STREAMS, np.arange(20)).first(6)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(treatments=TREATMENTS, where=st.sampled_from(["all", "targets", "largest"]))
def test_patients_with_lesions_stay_possible_under_any_treatment(
    clinic_of_lesions: tuple[AnyModel, TumourType, Cohort], treatments: list[dict[str, Any]], where: str
) -> None:
    aimed = [{**item, "lesions": where} if "procedure" in item else item for item in treatments]
    cohort = clinic_of_lesions[2]
    try:
        record = conducted(clinic_of_lesions, aimed, cohort)
    except (ConfigurationError, ValueError):
        return
    assert_possible(record)
    assert (record.readings.sum >= 0).all()
