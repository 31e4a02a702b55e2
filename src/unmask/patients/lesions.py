"""Where the cancer of a patient is: one lumped tumour, or target lesions, non-target disease and new lesions.

Sizes are those of spheres. The sum of diameters is a patient's own whatever the form; where there are lesions it
is shared out among one to five targets, each large enough to be measured (RECIST 1.1), and non-target disease
comes on top as one tumour of its own. New lesions occupy slots that were empty (:func:`seed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import poisson

from unmask.engine import CompiledModel
from unmask.patients.lesion_model import NON_TARGET_SLOT, SLOTS, LesionModel
from unmask.patients.parameter_set import MOST_TARGETS, TumourType
from unmask.patients.random_streams import RandomStreams

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
AnyModel = CompiledModel | LesionModel

NOBODY_YET = 1.0  # baseline of an empty slot in Mc and mL: nothing is compared with it, but it is divided by
ONE_CELL_MC = 1e-6


@dataclass(frozen=True)
class Tumour:
    """One tumour compartment of every candidate at baseline.

    Attributes
    ----------
    prefix
        Of its names in the model: ``""`` for the lumped tumour, ``"lesion2__"``.
    lesion
        Number of the lesion from 1, the key of its random numbers; 0 for the lumped tumour.
    diameter_mm, volume_ml
        ``(N,)``; 0 where a candidate has no such lesion. The lumped tumour's diameter is the sum of diameters.
    target
        ``(N,)`` whether it counts in the sum of diameters.
    """

    prefix: str
    lesion: int
    diameter_mm: Array
    volume_ml: Array
    target: NDArray[np.bool_]


def prefixes(model: AnyModel) -> tuple[str, ...]:
    """Return the prefix of every tumour compartment of a model: ``("",)`` where there is but one, lumped."""
    clone = "cancer_sensitive"
    return tuple(name.removesuffix(clone) for name in model.states if name.endswith(clone))


def sphere_ml(diameter_mm: Array) -> Array:
    """Return the volume of spheres in mL."""
    return np.asarray(np.pi / 6.0 * diameter_mm**3 / 1000.0)


def extent(
    tumour_type: TumourType, model: AnyModel, streams: RandomStreams, candidates: Rows, sld_mm: Array
) -> list[Tumour]:
    """Return the tumours of candidates whose target lesions sum up to ``sld_mm``."""
    if not isinstance(model, LesionModel):
        spheres = tumour_type.baseline_value("lesions_in_scan_volume")
        volume = spheres * sphere_ml(sld_mm / spheres)
        return [Tumour("", 0, sld_mm, volume, np.ones(candidates.size, dtype=bool))]
    sizes = np.zeros((candidates.size, SLOTS))
    sizes[:, :MOST_TARGETS] = target_sizes(tumour_type, streams, candidates, sld_mm)
    sizes[:, NON_TARGET_SLOT] = _non_target_size(tumour_type, streams, candidates)
    target = (np.arange(SLOTS) < MOST_TARGETS) & (sizes > 0.0)
    return [
        Tumour(prefix, slot + 1, sizes[:, slot], sphere_ml(sizes[:, slot]), target[:, slot])
        for slot, prefix in enumerate(prefixes(model))
    ]


def target_sizes(tumour_type: TumourType, streams: RandomStreams, candidates: Rows, sld_mm: Array) -> Array:
    """Return the diameters of target lesions in mm, ``(N, 5)``, 0 where there is none; rows sum up to ``sld_mm``."""
    value = {name: quantity.value for name, quantity in tumour_type.lesions.items()}
    smallest = value["smallest_target_mm"]
    rho = value["target_lesions_size_correlation"]
    sld = tumour_type.baseline["sld_mm"]
    size_rank = streams.normal("baseline sld_mm", candidates) if sld.sigma > 0 else np.zeros(candidates.size)
    own = streams.normal("target lesions", candidates)
    rank = ndtr(rho * size_rank + np.sqrt(1.0 - rho**2) * own)
    drawn = 1 + poisson.ppf(rank, value["target_lesions"] - 1.0).astype(np.int64)
    possible = np.maximum(np.floor(sld_mm / smallest), 1).astype(np.int64)
    count = np.clip(drawn, 1, np.minimum(possible, MOST_TARGETS))

    exists = np.arange(MOST_TARGETS) < count[:, None]
    normals = [streams.normal("lesion size", candidates, visit=number) for number in range(MOST_TARGETS)]
    weight = np.where(exists, np.exp(value["size_sd"] * np.stack(normals, axis=1)), 0.0)
    floor = np.minimum(smallest, sld_mm / count)[:, None]
    above = np.maximum(sld_mm - floor[:, 0] * count, 0.0)[:, None]
    sizes = np.where(exists, floor + above * weight / weight.sum(axis=1, keepdims=True), 0.0)
    return np.asarray(sizes)


def _non_target_size(tumour_type: TumourType, streams: RandomStreams, candidates: Rows) -> Array:
    size = tumour_type.lesions["non_target_diameter_mm"]
    has = streams.uniform("non-target disease", candidates) < tumour_type.lesions["non_target_share"].value
    drawn = size.value * np.exp(size.sigma * streams.normal("non-target size", candidates))
    return np.where(has, drawn, 0.0)


def seed(
    tumour_type: TumourType,
    model: LesionModel,
    states: Array,
    parameters: Array,
    rows: Rows,
    slots: Rows,
    diameter_mm: float,
) -> None:
    """Begin a new lesion in slot ``slots[i]`` of patient ``rows[i]``; changes the arrays in place.

    It is a tumour of ``diameter_mm`` of the clones that the patient's cancer consists of on that day, with the
    parameters drawn for its slot. PD-L1 is induced as in the patient's other lesions, T cells are in balance with those
    in the blood under the mask that so small a lesion wears, regulatory T cells and stroma at their set points; it has
    had no losses yet.
    """
    if not rows.size:
        return
    p = model.parameter_index

    def fixed(name: str) -> Array:
        columns = [p[name]] * SLOTS if name in p else model.lesion_columns(name)
        return np.asarray(parameters[rows, np.asarray(columns)[slots]])

    volume = sphere_ml(np.full(rows.size, diameter_mm))
    cells = tumour_type.baseline_value("non_stroma_volume_share") * volume / fixed("cancer_cell_volume")
    clone_columns = _clone_columns(model)
    by_lesion = states[rows][:, clone_columns]  # (new lesions, slots, clones)
    by_slot = sum_in_order(by_lesion, axis=2)
    every = sum_in_order(by_slot)
    shares = sum_in_order(by_lesion, axis=1) / every[:, None]
    induced = states[rows][:, model.lesion_columns("pdl1_induction")]
    maturity = cells / (cells + fixed("microenvironment_half_size"))

    def begin(**values: Array | float) -> None:
        for name, value in values.items():
            states[rows, model.lesion_columns(name)[slots]] = value

    def own(name: str) -> Array:
        seen = model.observe(states[rows], parameters[rows])
        return np.asarray(seen[np.arange(rows.size), model.lesion_columns(name)[slots]])

    states[rows[:, None], clone_columns[slots]] = shares * cells[:, None]
    begin(
        dead_cells=0.0,
        infiltrate=0.0,
        stroma=fixed("stroma_fraction") * fixed("cancer_cell_volume") * cells,
        tumour_t_cells=0.0,
        exhausted_t_cells=0.0,
        regulatory_t_cells=fixed("treg_set_point") * maturity * cells,
        pdl1_induction=sum_in_order(induced * by_slot) / every,
    )
    parameters[rows, model.lesion_columns("baseline_sld")[slots]] = diameter_mm
    parameters[rows, model.lesion_columns("baseline_cancer_cells")[slots]] = cells
    entering = fixed("extravasation_rate") * fixed("cancer_cell_volume") * cells
    exhaustion = fixed("exhaustion_rate") * own("mask")
    blood = states[rows, model.state_index["effector_t_cells"]]
    t_cells = entering * blood / (fixed("tumour_t_cell_loss_rate") + exhaustion)
    begin(tumour_t_cells=t_cells, exhausted_t_cells=exhaustion * t_cells / fixed("exhausted_clearance_rate"))
    parameters[rows, model.lesion_columns("baseline_volume")[slots]] = own("tumour_volume")


def cancer_cells(model: AnyModel, states: Array) -> Array:
    """Return all cancer cells of each patient in Mc, shape ``(N,)``."""
    return sum_in_order(sum_in_order(states[:, _clone_columns(model)], axis=2))


def sum_in_order(values: Array, axis: int = 1) -> Array:
    """Return the sum along an axis, added one after the other.

    NumPy adds eight numbers or more in an order that depends on how they lie in memory, which may differ between one
    patient and several: the last bit of the sum would depend on who else is in the block.
    """
    return np.asarray(reduce(np.add, np.moveaxis(values, axis, 0)))


def _clone_columns(model: AnyModel) -> Rows:
    """Return the columns of the clones of cancer cells, shape ``(tumours, clones)``."""
    return np.array(
        [
            [column for name, column in model.state_index.items() if name.startswith(f"{prefix}cancer_")]
            for prefix in prefixes(model)
        ]
    )
