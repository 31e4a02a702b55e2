"""Radiotherapy: what one fraction does to tumour and lymphocytes, at once.

Equations (d dose of the fraction, Gy; f share of a lesion in the field)::

    surviving share of clone i   = 1 - f + f * exp(-s_i * (alpha * d + beta * d^2))
                                   s_i = 1, or radioresistant_sensitivity for chemotherapy- and multi-resistant cells
    dead cells                  += killed
    antigen                     += radiation_death_immunogenicity * killed, antigen-loss cells by what they present
    T cells in the tumour        = * (1 - f + f * left^(d / 2 Gy)), active and exhausted; regulatory with their own
    naive, effector, memory      = * left^(d / 2 Gy)            in blood, whatever the field

Where the field is fixed the same cells lie outside it at every fraction, so f falls as those inside die::

    f of clone i after a fraction = f * exp(-s_i * (alpha * d + beta * d^2)) / surviving share

which leaves 1 - f + f * exp(-n * s_i * (alpha * d + beta * d^2)) after n fractions; cells inside and outside are taken
to divide and die alike in between. Otherwise those outside mix with the others before the next fraction.

``left`` is what a fraction of 2 Gy leaves. Recovery is the model's own: naive cells return, antigen primes new
effectors, effectors enter the tumour. Dead cells are cleared as any.

Source: model specification section 4; linear-quadratic survival with alpha/beta of 10 Gy. Loss of lymphocytes is
assumed, and assumed not to depend on the size of the field: blood flows through all of them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from unmask.errors import ConfigurationError
from unmask.model.module import Module
from unmask.model.system import Parameter
from unmask.therapy.procedure import ONE_CELL, Array, Body, Rows

LARGEST_FRACTION_GY = 30.0
REFERENCE_FRACTION_GY = 2.0
_RESISTANT = ("cancer_chemo_resistant", "cancer_multi_resistant")
_BLOOD = {
    "naive_pool": "radiation_naive_left",
    "effector_t_cells": "radiation_effectors_left",
    "memory_t_cells": "radiation_memory_left",
}
_TUMOUR = {
    "tumour_t_cells": "radiation_tumour_t_cells_left",
    "exhausted_t_cells": "radiation_tumour_t_cells_left",
    "regulatory_t_cells": "radiation_regulatory_t_cells_left",
}


def _left(name: str, value: float, cells: str) -> Parameter:
    text = f"{cells} that a fraction of 2 Gy leaves"
    return Parameter(name, value, "1", text, 0.5, 1.0, "assumed", "assumed")


RADIOTHERAPY = Module(
    name="radiotherapy",
    description="Radiosensitivity: read by fractions of radiotherapy",
    event_parameters=(
        Parameter(
            "radiosensitivity_linear",
            0.30,
            "1/Gy",
            "alpha: linear part of the log-kill of a fraction",
            0.02,
            1.0,
            "assumed; a textbook value for epithelial tumours",
            "assumed",
        ),
        Parameter(
            "radiosensitivity_quadratic",
            0.03,
            "1/Gy**2",
            "beta: quadratic part of the log-kill of a fraction",
            0.0,
            0.1,
            "assumed: alpha/beta of 10 Gy",
            "assumed",
        ),
        Parameter(
            "radioresistant_sensitivity",
            0.5,
            "1",
            "alpha and beta of chemotherapy- and multi-resistant cells, relative to the others",
            0.0,
            1.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "radiation_death_immunogenicity",
            1.0,
            "1",
            "antigen from a death by radiation, relative to others",
            0.0,
            3.0,
            "assumed, as for chemotherapy",
            "assumed",
        ),
        _left("radiation_tumour_t_cells_left", 0.95, "T cells in the field"),
        _left("radiation_regulatory_t_cells_left", 0.98, "regulatory T cells in the field, which bear more,"),
        _left("radiation_naive_left", 0.97, "naive T cells"),
        _left("radiation_effectors_left", 0.95, "effectors in blood"),
        _left("radiation_memory_left", 0.99, "memory T cells"),
    ),
)


def check_fraction(dose_gy: float) -> None:
    """Refuse a fraction that is no number above 0 and up to 30 Gy.

    Raises
    ------
    ConfigurationError
        ``therapy.impossible_fraction``.
    """
    if not (math.isfinite(dose_gy) and 0.0 < dose_gy <= LARGEST_FRACTION_GY):
        raise ConfigurationError("therapy.impossible_fraction", dose=dose_gy, largest=LARGEST_FRACTION_GY)


def surviving_share(
    dose_gy: float, alpha: npt.ArrayLike, beta: npt.ArrayLike, in_field: npt.ArrayLike = 1.0
) -> Array:
    """Return the share of cells that survive a fraction, by the linear-quadratic model.

    Parameters
    ----------
    dose_gy
        Dose of the fraction, Gy.
    alpha, beta
        Radiosensitivity, 1/Gy and 1/Gy^2; arrays of any shape that broadcasts with ``in_field``.
    in_field
        Share of the cells in the field, 0 to 1.

    Raises
    ------
    ConfigurationError
        ``therapy.impossible_fraction``.
    """
    check_fraction(dose_gy)
    field = np.asarray(in_field, dtype=np.float64)
    log_kill = np.asarray(alpha, dtype=np.float64) * dose_gy + np.asarray(beta, dtype=np.float64) * dose_gy**2
    return np.asarray(1.0 - field + field * np.exp(-log_kill), dtype=np.float64)


def deliver_fraction(
    body: Body,
    rows: Rows,
    dose_gy: float,
    in_field: npt.ArrayLike = 0.95,
    *,
    clones_in_field: Array | None = None,
) -> Array:
    """Give one fraction to the patients ``rows``; changes their states in place.

    Parameters
    ----------
    body
        The patients.
    rows
        Whom to treat, shape ``(n,)``.
    dose_gy
        Dose of the fraction, Gy, above 0 and up to 30.
    in_field
        Share of a lesion in the field: one number above 0, or an array that broadcasts to ``(n, lesions)``, with 0
        for a lesion outside and at least one lesion in the field of each patient.
    clones_in_field
        Of a fixed field: the share of each clone that lies in it, shape ``(n, lesions, clones)``, changed in place to
        what it is after the fraction. ``in_field`` is then that of lymphocytes.

    Returns
    -------
    Array
        Cancer cells killed in each lesion, Mc, shape ``(n, lesions)``.

    Raises
    ------
    ConfigurationError
        ``therapy.impossible_fraction`` or ``therapy.impossible_field``.
    """
    check_fraction(dose_gy)
    shape = (rows.size, len(body.lesions))
    field = np.broadcast_to(np.asarray(in_field, dtype=np.float64), shape)
    if not (np.all((field >= 0.0) & (field <= 1.0)) and np.all(field.max(axis=1) > 0.0)):
        raise ConfigurationError("therapy.impossible_field", share=np.asarray(in_field).tolist())
    killed = _kill(body, rows, dose_gy, field, clones_in_field)
    _deplete(body, rows, dose_gy / REFERENCE_FRACTION_GY, field)
    return killed


def _kill(body: Body, rows: Rows, dose_gy: float, field: Array, clones_in_field: Array | None) -> Array:
    states = body.states
    alpha = body.lesion_parameter("radiosensitivity_linear", rows)
    beta = body.lesion_parameter("radiosensitivity_quadratic", rows)
    resistant = body.lesion_parameter("radioresistant_sensitivity", rows)
    presented = body.lesion_parameter("antigen_loss_presentation", rows)
    killed = np.zeros(field.shape)
    seen = np.zeros(field.shape)
    for number, clone in enumerate(body.clones):
        at = np.ix_(rows, body.columns(clone))
        relative = resistant if clone in _RESISTANT else 1.0
        before = states[at]
        hit = field if clones_in_field is None else clones_in_field[:, :, number]
        surviving = surviving_share(dose_gy, relative * alpha, relative * beta, hit)
        after = before * surviving
        if clones_in_field is not None:
            inside = surviving - (1.0 - hit)
            clones_in_field[:, :, number] = np.where(
                surviving > 0.0, inside / np.maximum(surviving, 1e-300), hit
            )
        states[at] = np.where(after < ONE_CELL, 0.0, after)
        died = before - states[at]
        killed += died
        seen += died * (presented if clone == "cancer_antigen_loss" else 1.0)
    states[np.ix_(rows, body.columns("dead_cells"))] += killed
    released = body.parameter("radiation_death_immunogenicity", rows) * seen.sum(axis=1)
    states[rows, body.state_index["antigen"]] += released
    return killed


def _deplete(body: Body, rows: Rows, references: float, field: Array) -> None:
    """Take T cells: ``references`` is the dose in fractions of 2 Gy."""
    for name, parameter in _TUMOUR.items():
        left = body.lesion_parameter(parameter, rows) ** references
        body.states[np.ix_(rows, body.columns(name))] *= 1.0 - field + field * left
    for name, parameter in _BLOOD.items():
        body.states[rows, body.state_index[name]] *= body.parameter(parameter, rows) ** references
