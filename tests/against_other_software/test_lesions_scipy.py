"""The model with three lesions against SciPy: what lesions share, and what each has of its own.

LSODA integrates the model's rules and rates as NumPy evaluates them (``unmask.model.evaluate``), with a Jacobian by
differences: nothing of the engine's code is in it. That the lesions' equations are those of the lumped tumour is held
by ``known_answers/test_lesions.py``; that sums over lesions are sums is written out here by hand.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from unmask.engine import CompiledModel, compile_model
from unmask.model.catalogue import load
from unmask.model.evaluate import Evaluator

LESIONS, PATIENTS, DAYS = 3, 3, 30.0
SPREAD = {
    "net_growth_rate": 0.5,
    "max_kill_rate": 0.3,
    "extravasation_rate": 1.0,
    "pdl1_density": 0.5,
    "treg_set_point": 0.5,
    "stroma_fraction": 0.5,
}
CLONES = ("sensitive", "chemo_resistant", "targeted_resistant", "hormone_independent")
CLONES += ("hormone_producing", "multi_resistant", "antigen_loss")


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    return compile_model(load("core", lesions=LESIONS))


@pytest.fixture(scope="module")
def evaluator(compiled: CompiledModel) -> Evaluator:
    return Evaluator(compiled.model)


@pytest.fixture(scope="module")
def patients(compiled: CompiledModel) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    y, p = compiled.initial_states(PATIENTS), compiled.default_parameters(PATIENTS)
    for number in range(1, LESIONS + 1):
        for name, sigma in SPREAD.items():
            p[:, compiled.parameter_index[f"lesion{number}__{name}"]] *= random.lognormal(
                0.0, sigma, PATIENTS
            )
        size = random.lognormal(0.0, 1.0, PATIENTS)
        for name, column in compiled.state_index.items():
            if name.startswith(f"lesion{number}__") and "pdl1" not in name:
                y[:, column] *= size
        y[:, compiled.state_index[f"lesion{number}__tumour_t_cells"]] = random.lognormal(1.0, 1.0, PATIENTS)
    y[:, compiled.state_index["anti_pd1_central"]] = 55.0
    y[:, compiled.state_index["chemo_central"]] = 3.0
    p[:, compiled.parameter_index["anti_pd1_started"]] = 1.0
    return y, p


def test_every_state_agrees_with_lsoda(
    compiled: CompiledModel, evaluator: Evaluator, patients: tuple[np.ndarray, np.ndarray]
) -> None:
    y, p = patients
    ours = compiled.integrate(y, p, 0.0, DAYS, rtol=1e-8)
    assert not ours.failed.any()
    floors = np.array([species.extinct_below for species in compiled.model.species])
    scale = np.array([1e4 * species.absolute_tolerance for species in compiled.model.species])
    for row in range(PATIENTS):
        done = solve_ivp(
            lambda t, state, row=row: evaluator.rates(t, state[:, None], p[row][:, None])[:, 0],
            (0.0, DAYS),
            y[row],
            "LSODA",
            rtol=1e-9,
            atol=1e-5 * scale / 1e4,
        )
        assert done.success
        theirs = np.where(done.y[:, -1] < floors, 0.0, done.y[:, -1])
        error = np.abs(ours.states[row] - theirs) / np.maximum(np.abs(theirs), scale)
        assert error.max() < 1e-5, compiled.states[int(error.argmax())]


def test_what_lesions_share_is_the_sum_of_what_each_gives_and_takes(
    compiled: CompiledModel, evaluator: Evaluator, patients: tuple[np.ndarray, np.ndarray]
) -> None:
    """Antigen comes from all lesions, effectors leave the blood into all of them, the marker follows all cells."""
    y, p = patients
    value = evaluator.values(0.0, y.T, p.T)
    rate = dict(zip(compiled.states, evaluator.rates(0.0, y.T, p.T), strict=True))
    lesions = [f"lesion{number}__" for number in range(1, LESIONS + 1)]
    released = sum(value[f"{lesion}antigen_release"] for lesion in lesions)
    assert_allclose(
        rate["antigen"], released - value["antigen_clearance_rate"] * value["antigen"], rtol=1e-12
    )
    cells = [sum(value[f"{lesion}cancer_{clone}"] for clone in CLONES) for lesion in lesions]
    entering = value["cancer_cell_volume"] * sum(
        value[f"{lesion}extravasation_rate"] * number for lesion, number in zip(lesions, cells, strict=True)
    )
    alone = dict(zip(compiled.states, y.T, strict=True))
    for (
        lesion
    ) in lesions:  # without any cancer cell nothing enters, and nothing else of the blood changes at once
        for clone in CLONES:
            alone[f"{lesion}cancer_{clone}"] = np.zeros(PATIENTS)
    without = np.stack([alone[name] for name in compiled.states])
    column = compiled.state_index["effector_t_cells"]
    kept = evaluator.rates(0.0, without, p.T)[column]
    assert_allclose(kept - rate["effector_t_cells"], entering * value["effector_t_cells"], rtol=1e-9)
    assert (entering > 0).all()
