"""Classical stiff problems against their published reference solutions.

References: ROBER, Hairer & Wanner, *Solving ODEs II* (1996), section IV.10, values of the authors' test set
at t = 1e11; HIRES and POLLU, Mazzia & Magherini, *Test Set for Initial Value Problem Solvers*, release 2.4
(Bari, 2008), reference solutions at t = 321.8122 and t = 60.
"""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from unmask.engine import Status, compile_model
from unmask.engine.tableaus import METHODS
from unmask.model.system import Model, Parameter, Species

ROBER = (0.2083340149701255e-07, 0.8333360770334713e-13, 0.9999999791665050)
HIRES = (
    0.7371312573325668e-3,
    0.1442485726316185e-3,
    0.5888729740967575e-4,
    0.1175651343283149e-2,
    0.2386356198831331e-2,
    0.6238968252742796e-2,
    0.2849998395185769e-2,
    0.2850001604814231e-2,
)
POLLU = (
    0.5646255480022769e-1,
    0.1342484130422339,
    0.4139734331099427e-8,
    0.5523140207484359e-2,
    0.2018977262302196e-6,
    0.1464541863493966e-6,
    0.7784249118997964e-1,
    0.3245075353396018,
    0.7494013383880406e-2,
    0.1622293157301561e-7,
    0.1135863833257075e-7,
    0.2230505975721359e-2,
    0.2087162882798630e-3,
    0.1396921016840158e-4,
    0.8964884856898295e-2,
    0.4352846369330103e-17,
    0.6899219696263405e-2,
    0.1007803037365946e-3,
    0.1772146513969984e-5,
    0.5682943292316392e-4,
)
# Rate constants k1..k25 of POLLU.
POLLU_RATES = (
    0.35, 0.266e2, 0.123e5, 0.86e-3, 0.82e-3, 0.15e5, 0.13e-3, 0.24e5, 0.165e5, 0.9e4, 0.22e-1, 0.12e5,
    0.188e1, 0.163e5, 0.48e7, 0.35e-3, 0.175e-1, 0.1e9, 0.444e12, 0.124e4, 0.21e1, 0.578e1, 0.474e-1,
    0.178e4, 0.312e1,
)  # fmt: skip


def model(
    name: str, initial: dict[str, float], rates: tuple[sp.Expr, ...], constants: dict[str, float]
) -> Model:
    species = tuple(
        Species(key, "1", "", value, absolute_tolerance=1e-20, nonnegative=False)
        for key, value in initial.items()
    )
    parameters = tuple(
        Parameter(key, value, "1", "", 0.0, 1e20, "test set", "definition")
        for key, value in constants.items()
    )
    return Model(name, species, parameters, (), rates)


def rober() -> Model:
    a, b, c, k1, k2, k3 = sp.symbols("a b c k1 k2 k3")
    rates = (-k1 * a + k3 * b * c, k1 * a - k3 * b * c - k2 * b**2, k2 * b**2)
    return model("rober", {"a": 1.0, "b": 0.0, "c": 0.0}, rates, {"k1": 0.04, "k2": 3e7, "k3": 1e4})


def hires() -> Model:
    y = sp.symbols("y1:9")
    rates = (
        -1.71 * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007,
        1.71 * y[0] - 8.75 * y[1],
        -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4],
        8.32 * y[1] + 1.71 * y[2] - 1.12 * y[3],
        -1.745 * y[4] + 0.43 * y[5] + 0.43 * y[6],
        -280 * y[5] * y[7] + 0.69 * y[3] + 1.71 * y[4] - 0.43 * y[5] + 0.69 * y[6],
        280 * y[5] * y[7] - 1.81 * y[6],
        -280 * y[5] * y[7] + 1.81 * y[6],
    )
    initial = {f"y{i}": 0.0 for i in range(1, 9)} | {"y1": 1.0, "y8": 0.0057}
    return model("hires", initial, rates, {})


def pollu() -> Model:
    y = (None, *sp.symbols("y1:21"))
    k = (None, *sp.symbols("k1:26"))
    factors = (
        (1,), (2, 4), (5, 2), (7,), (7,), (7, 6), (9,), (9, 6), (11, 2), (11, 1), (13,), (10, 2), (14,),
        (1, 6), (3,), (4,), (4,), (16,), (16,), (17, 6), (19,), (19,), (1, 4), (19, 1), (20,),
    )  # fmt: skip
    r = [None] + [k[i + 1] * sp.Mul(*(y[j] for j in used)) for i, used in enumerate(factors)]
    rates = (
        -r[1] - r[10] - r[14] - r[23] - r[24] + r[2] + r[3] + r[9] + r[11] + r[12] + r[22] + r[25],
        -r[2] - r[3] - r[9] - r[12] + r[1] + r[21],
        -r[15] + r[1] + r[17] + r[19] + r[22],
        -r[2] - r[16] - r[17] - r[23] + r[15],
        -r[3] + 2 * r[4] + r[6] + r[7] + r[13] + r[20],
        -r[6] - r[8] - r[14] - r[20] + r[3] + 2 * r[18],
        -r[4] - r[5] - r[6] + r[13],
        r[4] + r[5] + r[6] + r[7],
        -r[7] - r[8],
        -r[12] + r[7] + r[9],
        -r[9] - r[10] + r[8] + r[11],
        r[9],
        -r[11] + r[10],
        -r[13] + r[12],
        r[14],
        -r[18] - r[19] + r[16],
        -r[20],
        r[20],
        -r[21] - r[22] - r[24] + r[23] + r[25],
        -r[25] + r[24],
    )
    initial = {f"y{i}": 0.0 for i in range(1, 21)}
    initial |= {"y2": 0.2, "y4": 0.04, "y7": 0.1, "y8": 0.3, "y9": 0.01, "y17": 0.007}
    return model("pollu", initial, rates, {f"k{i}": value for i, value in enumerate(POLLU_RATES, 1)})


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("build", "end", "reference"),
    [(rober, 1e11, ROBER), (hires, 321.8122, HIRES), (pollu, 60.0, POLLU)],
    ids=["rober", "hires", "pollu"],
)
def test_published_reference_values(build, end, reference, method):
    compiled = compile_model(build(), method)
    for rtol, allowed in ((1e-4, 2e-3), (1e-8, 5e-7)):
        result = compiled.integrate(
            compiled.initial_states(1), compiled.default_parameters(1), 0.0, end, rtol=rtol
        )
        assert result.status[0] == Status.OK
        assert result.time[0] == end
        assert_allclose(result.states[0], np.array(reference), rtol=allowed)
