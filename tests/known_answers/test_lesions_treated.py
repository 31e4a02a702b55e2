"""Radiotherapy and surgery of some lesions: the others keep their cells, and blood pays all the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unmask.errors import ConfigurationError
from unmask.patients.cohort import Cohort, screen
from unmask.patients.lesion_model import LesionModel
from unmask.patients.parameter_set import load_tumour_type
from unmask.patients.random_streams import RandomStreams
from unmask.therapy.procedure import Body
from unmask.trial.administration import Administration
from unmask.trial.items import Radiotherapy, Surgery, Where
from unmask.trial.run import plan_trial, run_trial

STREAMS = RandomStreams(5)
PROTOCOL = """
name = "field"
title = "One lesion in the field"
tumour_type = "nsclc"
patients = 30
experimental = "a"
control = "b"
[disease]
form = "{form}"
[schedule]
scan_weeks = [6, 12]
then_every_weeks = 9
[follow_up]
days = 130
[arms.a]
label = "a"
treatment = [
  {{ drug = "pembrolizumab", dose = 200, unit = "mg", every_days = 21 }},
  {{ procedure = "radiotherapy", gray = 8, fractions = 3, lesions = "largest" }},
]
[arms.b]
label = "b"
treatment = [
  {{ drug = "pembrolizumab", dose = 200, unit = "mg", every_days = 21, first_day = 28 }},
  {{ procedure = "surgery", lesions = "targets" }},
]
"""


@pytest.fixture(scope="module")
def model() -> LesionModel:
    return LesionModel("core")


@pytest.fixture(scope="module")
def cohort(model: LesionModel) -> Cohort:
    return screen(load_tumour_type("nsclc"), model, STREAMS, np.arange(60))


def left(model: LesionModel, cohort: Cohort, item: Radiotherapy | Surgery) -> tuple[np.ndarray, Body]:
    """Share of the cancer cells that each lesion keeps (NaN where there is none), and the patients after."""
    states, parameters = cohort.states.copy(), cohort.parameters.copy()
    body = Body(states, parameters, model.state_index, model.parameter_index)
    rows = np.arange(cohort.size)
    before = body.cancer_cells(rows)
    done = Administration(
        model, states, parameters, STREAMS, cohort.patients, cohort.baseline["body_weight_kg"]
    )
    done.perform(item, rows, 0.0, "first line")
    with np.errstate(invalid="ignore"):
        return body.cancer_cells(rows) / before, body


@pytest.mark.parametrize("where", ["all", "targets", "largest"])
def test_only_the_lesions_in_the_field_lose_cells(model: LesionModel, cohort: Cohort, where: Where) -> None:
    item = Radiotherapy(procedure="radiotherapy", gray=2, fractions=1, lesions=where)
    kept, body = left(model, cohort, item)
    rows = np.arange(cohort.size)
    present, size = body.present(rows), body.lesion_parameter("baseline_sld", rows)
    target = present & (body.lesion_parameter("target_lesion", rows) > 0)
    assert (present & ~target).any() and (target.sum(axis=1) > 1).any()
    hit = {"all": present, "targets": target}.get(where)
    if hit is None:
        largest = np.where(target, size, 0.0).max(axis=1, keepdims=True)
        hit = target & (size == largest)
        assert (hit.sum(axis=1) == 1).all()
    # alpha 0.3 and beta 0.03 at 2 Gy: log-kill 0.72, half of it for resistant clones; 5 % lie outside the field.
    clones = body.clone_columns()
    before = cohort.states[:, clones]
    log_kill = np.array([0.36 if "_chemo_" in name or "_multi_" in name else 0.72 for name in body.clones])
    expected = (before * (0.05 + 0.95 * np.exp(-log_kill))).sum(axis=2) / np.where(
        present, before.sum(axis=2), 1.0
    )
    np.testing.assert_allclose(kept[hit], expected[hit], rtol=1e-6)  # less than a cell is none
    assert (kept[present & ~hit] == 1.0).all()
    naive = model.state_index["naive_pool"]
    np.testing.assert_allclose(body.states[:, naive], 0.97 * cohort.states[:, naive], rtol=1e-14)


def test_an_operation_on_the_largest_leaves_the_other_lesions(model: LesionModel, cohort: Cohort) -> None:
    calm = cohort.parameters.copy()
    calm[:, model.parameter_index["seeding_probability"]] = 0.0
    item = Surgery(procedure="surgery", lesions="largest")
    kept, body = left(model, Cohort(**{**vars(cohort), "parameters": calm}), item)
    present = body.present(np.arange(cohort.size))
    operated = kept < 0.01
    assert (operated.sum(axis=1) == 1).all()
    assert (kept[present & ~operated] == 1.0).all()


def test_a_trial_with_a_field_of_one_lesion_runs_and_the_report_says_so(tmp_path: Path) -> None:
    path = tmp_path / "field.toml"
    path.write_text(PROTOCOL.format(form="lesions"), encoding="utf-8")
    result = run_trial(str(path))
    assert not len(result.failures)
    assert {"pembrolizumab", "radiotherapy", "surgery"} <= set(result.tables["doses"]["drug"])
    report = result.report()
    assert "8 Gy to 95% of the largest target lesion" in report
    assert "surgery of the target lesions (R0) on day 0" in report


def test_the_lumped_tumour_has_no_lesions_to_choose_from(tmp_path: Path) -> None:
    path = tmp_path / "field.toml"
    path.write_text(PROTOCOL.format(form="lumped"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"lesions = 'largest' needs lesions to choose from"):
        plan_trial(str(path))


def test_a_fixed_field_of_half_the_disease_leaves_half_of_it(model: LesionModel, cohort: Cohort) -> None:
    states, parameters = cohort.states.copy(), cohort.parameters.copy()
    body = Body(states, parameters, model.state_index, model.parameter_index)
    given = Administration(
        model, states, parameters, STREAMS, cohort.patients, cohort.baseline["body_weight_kg"]
    )
    early, late = np.arange(0, cohort.size, 2), np.arange(1, cohort.size, 2)
    before = body.cancer_cells(np.arange(cohort.size))
    course = Radiotherapy(
        procedure="radiotherapy", gray=2, fractions=30, in_field=0.5, fixed_field=True, lesions="targets"
    )
    for day in range(30):  # patients of one course need not be at the same fraction
        given.perform(course, early, float(day), "first line")
        given.perform(course, late, float(day + 7), "first line")
    rows = np.arange(cohort.size)
    target = body.present(rows) & (body.lesion_parameter("target_lesion", rows) > 0)
    kept = body.cancer_cells(rows)[target] / before[target]
    assert (kept > 0.5 - 1e-9).all() and (kept < 0.51).all()
