"""Coefficients of the Rosenbrock methods, in the transformed variables that need no matrix product.

Written for u = Gamma k (Hairer & Wanner, *Solving Ordinary Differential Equations II*, 2nd ed., 1996,
section IV.7, equations 7.25), one step of length h is, with E = 1/(h gamma) I - J and J = df/dy:

    E u_i = f(t + c_i h, y + sum_j a_ij u_j) + (1/h) sum_j C_ij u_j + d_i h df/dt
    y1    = y + sum_j a_sj u_j + u_s          (the methods here are stiffly accurate)
    error = u_s
    y(t + theta h) = (1-theta) y + theta (y1 + (1-theta) (k_1 + theta (k_2 + ...))),  k_r = sum_j D_rj u_j

``c`` and ``d`` follow from a, C and gamma (row sums of alpha and Gamma); they are derived here rather than
typed, so that a mistyped digit shows up in the order conditions that the tests check.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tableau:
    """A stiffly accurate Rosenbrock method whose last stage is its error estimate.

    Attributes
    ----------
    order, error_order
        Classical order of the solution, and of the embedded one that the error estimate compares it with.
    gamma
        The diagonal coefficient.
    a, c_rows
        Strictly lower triangular rows (row i has i entries) of the a_ij and C_ij above.
    dense
        Rows D_r of the continuous extension above, each with one coefficient per stage.
    source
        Where the coefficients were published.
    """

    name: str
    order: int
    error_order: int
    gamma: float
    a: tuple[tuple[float, ...], ...]
    c_rows: tuple[tuple[float, ...], ...]
    dense: tuple[tuple[float, ...], ...]
    source: str

    @property
    def stages(self) -> int:
        """Number of stages, and of right-hand sides and linear solves in a step."""
        return len(self.a)

    @cached_property
    def gamma_matrix(self) -> NDArray[np.float64]:
        """Gamma of the untransformed method, (stages, stages): inverse of diag(1/gamma) - C."""
        return np.asarray(np.linalg.inv(np.eye(self.stages) / self.gamma - _square(self.c_rows)))

    @cached_property
    def alpha(self) -> NDArray[np.float64]:
        """Coefficients alpha of the untransformed method, (stages, stages): a Gamma."""
        return _square(self.a) @ self.gamma_matrix

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """Weights b of the untransformed method, (stages,)."""
        last = _square(self.a)[-1].copy()
        last[-1] = 1.0
        return np.asarray(last @ self.gamma_matrix)

    @property
    def nodes(self) -> tuple[float, ...]:
        """c_i: where in the step the i-th right-hand side is taken."""
        return tuple(float(value) for value in np.round(self.alpha.sum(axis=1), 13))

    @property
    def time_weights(self) -> tuple[float, ...]:
        """d_i: weight of h df/dt in stage i."""
        return tuple(float(value) for value in np.round(self.gamma_matrix.sum(axis=1), 13))


def _square(rows: tuple[tuple[float, ...], ...]) -> NDArray[np.float64]:
    full = np.zeros((len(rows), len(rows)))
    for index, row in enumerate(rows):
        full[index, : len(row)] = row
    return full


RODAS4 = Tableau(
    name="rodas4",
    order=4,
    error_order=3,
    gamma=0.25,
    a=(
        (),
        (1.544,),
        (0.9466785280815826, 0.2557011698983284),
        (3.314825187068521, 2.896124015972201, 0.9986419139977817),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1.0),
    ),
    c_rows=(
        (),
        (-5.6688,),
        (-2.430093356833875, -0.2063599157091915),
        (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
        (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160),
        (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
    ),
    dense=(
        (
            10.12623508344586,
            -7.487995877610167,
            -34.80091861555747,
            -7.992771707568823,
            1.025137723295662,
            0.0,
        ),
        (
            -0.6762803392806898,
            6.087714651680015,
            16.43084320892478,
            24.76722511418386,
            -6.594389125716872,
            0.0,
        ),
    ),
    source="Hairer & Wanner, Solving ODEs II, 2nd ed. (1996), section IV.10 and code RODAS, method 1",
)

RODAS5P = Tableau(
    name="rodas5p",
    order=5,
    error_order=4,
    gamma=0.21193756319429014,
    a=(
        (),
        (3.0,),
        (2.849394379747939, 0.45842242204463923),
        (-6.954028509809101, 2.489845061869568, -10.358996098473584),
        (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641),
        (
            -7.502846399306121,
            2.561846144803919,
            -11.627539656261098,
            -0.18268767659942256,
            0.030198172008377946,
        ),
        (
            -7.502846399306121,
            2.561846144803919,
            -11.627539656261098,
            -0.18268767659942256,
            0.030198172008377946,
            1.0,
        ),
        (
            -7.502846399306121,
            2.561846144803919,
            -11.627539656261098,
            -0.18268767659942256,
            0.030198172008377946,
            1.0,
            1.0,
        ),
    ),
    c_rows=(
        (),
        (-14.155112264123755,),
        (-17.97296035885952, -2.859693295451294),
        (147.12150275711716, -1.41221402718213, 71.68940251302358),
        (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306),
        (
            24.854864614690072,
            -3.0009227002832186,
            47.4931110020768,
            5.5814197821558125,
            -0.6610691825249471,
        ),
        (
            30.91273214028599,
            -3.1208243349937974,
            77.79954646070892,
            34.28646028294783,
            -19.097331116725623,
            -28.087943162872662,
        ),
        (
            37.80277123390563,
            -3.2571969029072276,
            112.26918849496327,
            66.9347231244047,
            -40.06618937091002,
            -54.66780262877968,
            -9.48861652309627,
        ),
    ),
    dense=(
        (
            25.948786856663858,
            -2.5579724845846235,
            10.433815404888879,
            -2.3679251022685204,
            0.524948541321073,
            1.1241088310450404,
            0.4272876194431874,
            -0.17202221070155493,
        ),
        (
            -9.91568850695171,
            -0.9689944594115154,
            3.0438037242978453,
            -24.495224566215796,
            20.176138334709044,
            15.98066361424651,
            -6.789040303419874,
            -6.710236069923372,
        ),
        (
            11.419903575922262,
            2.8879645146136994,
            72.92137995996029,
            80.12511834622643,
            -52.072871366152654,
            -59.78993625266729,
            -0.15582684282751913,
            4.883087185713722,
        ),
    ),
    source="Steinebach, BIT Numerical Mathematics 63:27 (2023), Rodas5P",
)

METHODS = {tableau.name: tableau for tableau in (RODAS4, RODAS5P)}
