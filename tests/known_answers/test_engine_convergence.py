"""The methods have the order they claim: by their order conditions and as observed through the engine."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from unmask.engine import Status, compile_model
from unmask.engine.tableaus import METHODS, Tableau
from unmask.model.system import Model, Species


def order_conditions(method: Tableau, weights: np.ndarray | None = None) -> dict[int, list[float]]:
    """Defects of the order conditions of Hairer & Wanner II, table IV.7.1 (trees to order 5), by order."""
    alpha = method.alpha
    beta = alpha + method.gamma_matrix
    b = method.weights if weights is None else weights
    a, g = alpha.sum(axis=1), beta.sum(axis=1)
    return {
        1: [b.sum() - 1],
        2: [b @ g - 1 / 2],
        3: [b @ a**2 - 1 / 3, b @ beta @ g - 1 / 6],
        4: [
            b @ a**3 - 1 / 4,
            b @ (a * (alpha @ g)) - 1 / 8,
            b @ beta @ a**2 - 1 / 12,
            b @ beta @ beta @ g - 1 / 24,
        ],
        5: [
            b @ a**4 - 1 / 5,
            b @ (a**2 * (alpha @ g)) - 1 / 10,
            b @ (alpha @ g) ** 2 - 1 / 20,
            b @ (a * (alpha @ a**2)) - 1 / 15,
            b @ (a * (alpha @ beta @ g)) - 1 / 30,
            b @ beta @ a**3 - 1 / 20,
            b @ beta @ (a * (alpha @ g)) - 1 / 40,
            b @ beta @ beta @ a**2 - 1 / 60,
            b @ beta @ beta @ beta @ g - 1 / 120,
        ],
    }


# c_i and d_i as printed with the coefficients: RODAS, method 1 (Hairer & Wanner's code), and Steinebach (2023).
PUBLISHED = {
    "rodas4": ((0.0, 0.386, 0.21, 0.63, 1.0, 1.0), (0.25, -0.1043, 0.1035, -0.03620000000000023, 0.0, 0.0)),
    "rodas5p": (
        (0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0),
        (
            0.21193756319429014,
            -0.42387512638858027,
            -0.3384627126235924,
            1.8046452872882734,
            2.325825639765069,
            0.0,
            0.0,
            0.0,
        ),
    ),
}


@pytest.mark.parametrize("name", METHODS)
def test_nodes_and_time_weights_are_the_published_ones(name):
    """They are derived here from a, C and gamma: a wrong digit in any of these moves them."""
    nodes, weights = PUBLISHED[name]
    assert_allclose(METHODS[name].nodes, nodes, atol=2e-13)
    assert_allclose(METHODS[name].time_weights, weights, atol=2e-13)


@pytest.mark.parametrize("name", METHODS)
def test_the_embedded_method_has_the_order_that_the_step_size_control_assumes(name):
    """The estimate is y1 - y1_embedded, where the embedded method leaves out the last stage's increment."""
    method = METHODS[name]
    embedded = method.weights - method.gamma_matrix[-1]
    worst = {order: max(map(abs, defects)) for order, defects in order_conditions(method, embedded).items()}
    assert max(worst[order] for order in range(1, method.error_order + 1)) < 1e-13
    assert worst[method.error_order + 1] > 1e-4
    assert method.error_order == method.order - 1


@pytest.mark.parametrize("name", METHODS)
def test_coefficients_satisfy_the_order_conditions(name):
    method = METHODS[name]
    for order, defects in order_conditions(method).items():
        if order <= method.order:
            assert_allclose(defects, 0.0, atol=1e-13)
    if method.order == 4:
        assert max(map(abs, order_conditions(method)[5])) > 1e-4


@pytest.mark.parametrize("name", METHODS)
def test_stability_function_vanishes_at_infinity(name):
    method = METHODS[name]
    beta = method.alpha + method.gamma_matrix
    # R(infinity) = 1 - b^T B^-1 1 (Hairer & Wanner II, equation IV.7.14)
    assert_allclose(1.0 - method.weights @ np.linalg.inv(beta) @ np.ones(method.stages), 0.0, atol=1e-11)


def forced_oscillator() -> Model:
    """Non-linear, non-autonomous, and solved by x = cos t, y = sin t."""
    x, y, t = sp.symbols("x y t")
    rates = (-y + x * (1 - x**2 - y**2), x + (sp.sin(t) - y) * sp.exp(x * y) + y * (x**2 - sp.cos(t) ** 2))
    names = (Species("x", "1", "", 1.0, nonnegative=False), Species("y", "1", "", 0.0, nonnegative=False))
    return Model("forced oscillator", names, (), (), rates)


@pytest.mark.parametrize("name", METHODS)
def test_observed_order_equals_the_order_of_the_method(name):
    compiled = compile_model(forced_oscillator(), name)
    counts = np.array([16, 32, 64])
    errors = []
    for count in counts:
        times = np.linspace(0.0, 2.0, count + 1)
        states = compiled.initial_states(1)
        for start, end in pairwise(times):
            # The whole interval in one step: the hint covers it and the tolerance accepts it.
            result = compiled.integrate(states, np.empty((1, 0)), start, end, rtol=1.0, step_size=1.0)
            assert result.status[0] == Status.OK and result.steps[0] == 1 and result.rejected[0] == 0
            states = result.states
        errors.append(np.abs(states[0] - (np.cos(2.0), np.sin(2.0))).max())
    observed = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert_allclose(observed, METHODS[name].order, atol=0.35)
