"""Lesions: sizes for any tumour type, and trials that do not depend on how they are computed."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unmask.errors import ConfigurationError
from unmask.patients.lesions import target_sizes
from unmask.patients.parameter_set import load_tumour_type
from unmask.patients.random_streams import RandomStreams
from unmask.trial import run as trial_run
from unmask.trial.result import TrialResult
from unmask.trial.run import plan_trial, run_trial

CANDIDATES = np.arange(200)


@given(
    targets=st.floats(1.0, 5.0),
    rho=st.floats(0.0, 0.95),
    spread=st.floats(0.0, 1.5),
    seed=st.integers(0, 50),
    scale=st.floats(0.05, 8.0),
)
def test_targets_sum_up_and_are_measurable(
    targets: float, rho: float, spread: float, seed: int, scale: float
) -> None:
    values = {"target_lesions": targets, "target_lesions_size_correlation": rho, "size_sd": spread}
    lung = load_tumour_type("nsclc", {"lesions": {name: {"value": value} for name, value in values.items()}})
    streams = RandomStreams(seed)
    sld = scale * 63.0 * np.exp(0.65 * streams.normal("baseline sld_mm", CANDIDATES))
    sizes = target_sizes(lung, streams, CANDIDATES, sld)
    np.testing.assert_allclose(sizes.sum(axis=1), sld, rtol=1e-12)
    count = (sizes > 0).sum(axis=1)
    assert count.min() >= 1
    assert count.max() <= 5
    assert ((sizes > 0) == (np.arange(5) < count[:, None])).all()
    measurable = sld >= 10.0
    assert (sizes[measurable][sizes[measurable] > 0] >= 10.0 - 1e-9).all()
    assert (count[~measurable] == 1).all()
    if targets == 1.0:
        assert (count == 1).all()


SETTINGS = (
    "disease.form=lesions",
    "lesions.target_lesions=1.2",
    "lesions.non_target_share=0.2",
    "follow_up.days=189",
    "follow_up.accrual_days=0",
)


@pytest.fixture(scope="module")
def whole() -> TrialResult:
    return run_trial(plan_trial("oak", patients=40, seed=5, settings=SETTINGS), workers=1)


def test_nobody_fails_and_new_lesions_appear(whole: TrialResult) -> None:
    assert whole.summary["failures"]["count"] == 0
    assert whole.tables["assessments"]["new_lesion"].any()
    assert set(whole.tables["patients"]["target_lesions"]) <= {1, 2, 3, 4, 5}


@pytest.mark.parametrize(("block", "workers"), [(17, 1), (2048, 2)])
def test_blocks_and_workers_change_no_bit(
    block: int, workers: int, whole: TrialResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_run, "LARGEST_BLOCK", block)
    other = run_trial(plan_trial("oak", patients=40, seed=5, settings=SETTINGS), workers=workers)
    for name, table in whole.tables.items():
        pd.testing.assert_frame_equal(table, other.tables[name], check_exact=True, obj=name)
    assert json.dumps(whole.summary) == json.dumps(other.summary)


def test_the_form_of_disease_is_one_of_two() -> None:
    with pytest.raises(ConfigurationError, match="lumped"):
        plan_trial("oak", settings=("disease.form=lesion",))
