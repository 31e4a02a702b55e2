"""From a tumour type to virtual patients: draw, let the immune system meet the tumour, keep the eligible.

Patients are numbered candidates. Candidate *k* draws the *k*-th number of each named stream, so a cohort of 2,000
begins with the very patients of a cohort of 1,000, and screening in blocks of any size gives the same cohort.

Each candidate is brought to the state at which a trial would meet them: the tumour is held at its drawn size for
400 days while immune cells, stroma and mask come to terms with it (model-spec section 5). A candidate whose
untreated tumour would not grow is not eligible: it would not be progressive disease. Where disease is a number of
lesions, all are held, and it is their cancer cells together that have to grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unmask.configuration import nearest
from unmask.engine import Status
from unmask.errors import ConfigurationError
from unmask.patients.lesions import NOBODY_YET, AnyModel, Tumour, extent, prefixes
from unmask.patients.parameter_set import Quantity, TumourType
from unmask.patients.random_streams import RandomStreams

BURN_IN_DAYS = 400.0
RESISTANT_SHARE_CEILING = 0.9  # the drawn odds are those of a share between 0 and this
ANTIGEN_LOSS_SHARE_CEILING = 0.5
HORMONE_SHARE_CEILING = 0.5
TARGETED_SHARE_CEILING = 0.1
MINIMUM_SENSITIVE_SHARE = 0.01
# States that rest at a parameter of the patient, beside those of the neutrophils at `neutrophil_baseline`.
_AT_REST = {"autoreactivity": "autoreactivity_set_point"}

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Cohort:
    """Virtual patients on the day before treatment.

    Attributes
    ----------
    patients
        Candidate numbers, shape ``(N,)``, ascending.
    states, parameters
        Arrays ``(N, states)`` and ``(N, parameters)`` in the order of the compiled model.
    baseline
        Named baseline values, each ``(N,)``: ``sld_mm``, ``body_weight_kg``, ``resistant_share``, ...
    not_eligible
        Numbers of the candidates that would not progress untreated.
    failed
        ``(candidate, reason)`` of those whose burn-in could not be integrated.
    parameter_index
        Parameter name -> column of ``parameters``.
    """

    patients: NDArray[np.int64]
    states: Array
    parameters: Array
    baseline: Mapping[str, Array]
    not_eligible: NDArray[np.int64]
    failed: tuple[tuple[int, str], ...]
    parameter_index: Mapping[str, int]

    @property
    def size(self) -> int:
        """Number of eligible patients."""
        return int(self.patients.size)

    def first(self, count: int) -> Cohort:
        """Return the first ``count`` patients, as if nobody after them had been screened."""
        if count >= self.size:
            return self
        last = int(self.patients[count - 1])
        return replace(
            self.take(np.arange(count)),
            not_eligible=self.not_eligible[self.not_eligible < last],
            failed=tuple(item for item in self.failed if item[0] < last),
        )

    def take(self, rows: NDArray[np.int64]) -> Cohort:
        """Return the patients at these places."""
        return replace(
            self,
            patients=self.patients[rows],
            states=self.states[rows],
            parameters=self.parameters[rows],
            baseline={name: values[rows] for name, values in self.baseline.items()},
        )


def check_against_model(tumour_type: TumourType, compiled: AnyModel) -> None:
    """Refuse a tumour type that names a parameter the model does not have, or has in another unit.

    Raises
    ------
    ConfigurationError
        ``patients.unknown_parameter`` or ``patients.unit_differs``.
    """
    first = prefixes(compiled)[0]
    known = {parameter.name.removeprefix(first): parameter for parameter in compiled.model.parameters}
    for name, quantity in tumour_type.parameters.items():
        if name not in known:
            raise ConfigurationError(
                "patients.unknown_parameter",
                file=tumour_type.name,
                name=name,
                model=compiled.model.name,
                hint=nearest(name, known),
            )
        if quantity.unit != known[name].unit:
            raise ConfigurationError(
                "patients.unit_differs",
                file=tumour_type.name,
                name=name,
                found=quantity.unit,
                expected=known[name].unit,
                model=compiled.model.name,
            )


def _standard_normals(
    tumour_type: TumourType, streams: RandomStreams, patients: NDArray[np.int64]
) -> dict[str, Array]:
    """Return one standard normal number per varying parameter and patient, correlated as stated."""
    drawn: dict[str, Array] = {}

    def draw(name: str) -> Array:
        if name not in drawn:
            quantity = tumour_type.parameters[name]
            own, rho = streams.normal(f"parameter {name}", patients), quantity.correlation
            drawn[name] = (
                own
                if quantity.correlated_with is None
                else rho * draw(quantity.correlated_with) + np.sqrt(1.0 - rho**2) * own
            )
        return drawn[name]

    for name, quantity in tumour_type.parameters.items():
        if quantity.sigma > 0:
            draw(name)
    return drawn


def _spread(quantity: Quantity, normal: Array, within: float = 0.0, own: Array | float = 0.0) -> Array:
    """Return values from the patients' standard normals and, with spread ``within`` patients, a lesion's ``own``.

    The patients' part shrinks so that the whole spread stays that of the quantity, unless ``within`` is larger.
    """
    between = np.sqrt(max(quantity.sigma**2 - within**2, 0.0))
    deviation = between * normal + within * own
    if quantity.distribution == "normal":
        return np.asarray(quantity.value + deviation)
    return np.asarray(quantity.value * np.exp(deviation))


def draw_parameters(
    tumour_type: TumourType, compiled: AnyModel, streams: RandomStreams, patients: NDArray[np.int64]
) -> Array:
    """Return the parameters of each candidate, shape ``(N, parameters)``."""
    parameters = compiled.default_parameters(patients.size)
    normals = _standard_normals(tumour_type, streams, patients)
    none = np.zeros(patients.size)
    for name, quantity in tumour_type.parameters.items():
        normal = normals.get(name, none)
        if name in compiled.parameter_index:
            parameters[:, compiled.parameter_index[name]] = _spread(quantity, normal)
            continue
        within = tumour_type.spread_within(name)
        for lesion, prefix in enumerate(prefixes(compiled), start=1):
            own = streams.normal(f"parameter {name} of lesion {lesion}", patients) if within > 0 else 0.0
            parameters[:, compiled.parameter_index[prefix + name]] = _spread(quantity, normal, within, own)
    return parameters


def _baseline_draw(
    tumour_type: TumourType, name: str, streams: RandomStreams, patients: NDArray[np.int64], lesion: int = 0
) -> Array:
    """Return a baseline quantity of each patient, or of one lesion of each (from 1)."""
    quantity = tumour_type.baseline[name]
    within = tumour_type.spread_within(name) if lesion else 0.0
    normal = streams.normal(f"baseline {name}", patients) if quantity.sigma > 0 else np.zeros(patients.size)
    own = streams.normal(f"baseline {name} of lesion {lesion}", patients) if within > 0 else 0.0
    return _spread(quantity, normal, within, own)


def _clone_shares(
    tumour_type: TumourType, streams: RandomStreams, candidates: NDArray[np.int64], lesion: int
) -> dict[str, Array | float]:
    """Return the share of each clone in the cancer cells of a tumour of each candidate before treatment."""

    def drawn(name: str, ceiling: float) -> Array:
        return np.minimum(_baseline_draw(tumour_type, name, streams, candidates), ceiling)

    log_odds = _baseline_draw(tumour_type, "chemo_resistant_log10_odds", streams, candidates, lesion)
    resistant = RESISTANT_SHARE_CEILING / (1.0 + 10.0**-log_odds)
    log_loss = _baseline_draw(tumour_type, "antigen_loss_log10_share", streams, candidates, lesion)
    antigen_loss = np.minimum(10.0**log_loss, ANTIGEN_LOSS_SHARE_CEILING)
    independent = drawn("hormone_independent_share", HORMONE_SHARE_CEILING)
    producing = drawn("hormone_producing_share", HORMONE_SHARE_CEILING)
    return {
        "cancer_sensitive": np.maximum(
            1.0 - resistant - antigen_loss - independent - producing, MINIMUM_SENSITIVE_SHARE
        ),
        "cancer_chemo_resistant": resistant,
        "cancer_targeted_resistant": drawn("targeted_resistant_share", TARGETED_SHARE_CEILING),
        "cancer_hormone_independent": independent,
        "cancer_hormone_producing": producing,
        "cancer_multi_resistant": tumour_type.baseline_value("multi_resistant_share"),
        "cancer_antigen_loss": antigen_loss,
    }


def _held_tumours(
    tumour_type: TumourType,
    compiled: AnyModel,
    streams: RandomStreams,
    candidates: NDArray[np.int64],
    parameters: Array,
    tumours: list[Tumour],
) -> Array:
    """Return the states at the start of the burn-in: tumours of the drawn size that the host has not met yet.

    Sets the baseline values in ``parameters`` and switches the dynamics of the tumours off there.
    """
    p, s = compiled.parameter_index, compiled.state_index
    parameters[:, p["tumour_dynamics_on"]] = 0.0
    # What no size or set point of the patient decides (drugs, infiltrate, the host) starts as the model says.
    states = np.tile([item.initial for item in compiled.model.species], (candidates.size, 1))
    cell_volume = parameters[:, p["cancer_cell_volume"]]
    for tumour in tumours:
        prefix = tumour.prefix

        def own(name: str, prefix: str = prefix) -> Array:
            return np.asarray(parameters[:, p[prefix + name]])

        cells = tumour_type.baseline_value("non_stroma_volume_share") * tumour.volume_ml / cell_volume
        exists = tumour.diameter_mm > 0.0
        parameters[:, p[f"{prefix}baseline_sld"]] = tumour.diameter_mm
        parameters[:, p[f"{prefix}baseline_cancer_cells"]] = np.where(exists, cells, NOBODY_YET)
        parameters[:, p[f"{prefix}baseline_volume"]] = np.where(exists, tumour.volume_ml, NOBODY_YET)
        if f"{prefix}target_lesion" in p:
            parameters[:, p[f"{prefix}target_lesion"]] = tumour.target
        for name, share in _clone_shares(tumour_type, streams, candidates, tumour.lesion).items():
            states[:, s[prefix + name]] = share * cells
        states[:, s[f"{prefix}stroma"]] = own("stroma_fraction") * cell_volume * cells
        states[:, s[f"{prefix}regulatory_t_cells"]] = own("treg_set_point") * cells
    for name in compiled.states:
        at_rest = _AT_REST.get(name, "neutrophil_baseline" if name.startswith("neutrophil") else None)
        if at_rest is not None:
            states[:, s[name]] = parameters[:, p[at_rest]]
    return states


def screen(
    tumour_type: TumourType,
    compiled: AnyModel,
    streams: RandomStreams,
    candidates: NDArray[np.int64],
    *,
    rtol: float = 1e-4,
    threads: int = 1,
) -> Cohort:
    """Draw the candidates, run their burn-in and return the eligible ones.

    Parameters
    ----------
    compiled
        The model, lumped; or a :class:`unmask.patients.lesion_model.LesionModel`, and the candidates have lesions.
    candidates
        Candidate numbers, ascending.
    rtol
        Relative tolerance of the integration.
    threads
        Threads of the integration; they do not change the result.
    """
    parameters = draw_parameters(tumour_type, compiled, streams, candidates)
    p = compiled.parameter_index
    sld = _baseline_draw(tumour_type, "sld_mm", streams, candidates)
    tumours = extent(tumour_type, compiled, streams, candidates, sld)
    states = _held_tumours(tumour_type, compiled, streams, candidates, parameters, tumours)
    burnt_in = compiled.integrate(states, parameters, 0.0, BURN_IN_DAYS, rtol=rtol, threads=threads)
    states = burnt_in.states
    parameters[:, p["tumour_dynamics_on"]] = 1.0
    observed = compiled.observe(states, parameters)
    o = compiled.observable_index
    for tumour in tumours:
        exists = tumour.diameter_mm > 0.0
        for baseline, quantity in (
            ("baseline_volume", "tumour_volume"),
            ("baseline_cancer_cells", "cancer_cells"),
        ):
            found = observed[:, o[tumour.prefix + quantity]]
            column = p[tumour.prefix + baseline]
            parameters[:, column] = np.where(exists, found, parameters[:, column])

    integrated = burnt_in.status == Status.OK
    grows = observed[:, o["net_growth"]] > tumour_type.baseline_value("minimum_untreated_growth")
    keep = integrated & grows
    return Cohort(
        patients=candidates[keep],
        states=states[keep],
        parameters=parameters[keep],
        baseline={
            "sld_mm": sld[keep],
            "body_weight_kg": _baseline_draw(tumour_type, "body_weight_kg", streams, candidates[keep]),
            "resistant_share": observed[keep, o["resistant_share"]],
            "antigen_loss_share": observed[keep, o["antigen_loss_share"]],
            "net_growth_per_day": observed[keep, o["net_growth"]],
            "tumour_t_cells": observed[keep, o["tumour_t_cells"]],
            "pd1_mask": observed[keep, o["mask"]],
            "pdl1": observed[keep, o["pdl1_expression"]],
        },
        not_eligible=candidates[integrated & ~grows],
        failed=tuple(
            (int(candidates[row]), f"burn-in: {Status(burnt_in.status[row]).reason}")
            for row in np.flatnonzero(~integrated)
        ),
        parameter_index=compiled.parameter_index,
    )
