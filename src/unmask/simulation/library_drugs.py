"""Doses of the library's drugs for a model that has what they act on (the core model and its likes)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from unmask.errors import ConfigurationError
from unmask.model.system import Model
from unmask.simulation.dosing import Dosing, read_dose
from unmask.therapy.regimen import load_drug

TYPICAL_WEIGHT_KG = 70.0


def dose_of_drug(model: Model, text: str) -> tuple[Model, Dosing]:
    """Return the model with a drug's typical parameters as its own, and the drug's doses.

    ``text`` is ``DRUG=DOSE@TIMES``, the dose in the drug's unit, for a patient of 70 kg; the drug's switches are on
    from the start.

    Raises
    ------
    ConfigurationError
        No such drug, an impossible dose, a drug whose states or parameters the model does not have, or one that is
        taken daily.
    """
    asked = read_dose(text)
    drug = load_drug(asked.species)
    if drug.effect is None or drug.per_day is not None:
        raise ConfigurationError("simulation.drug_by_the_day", drug=drug.name)
    dose = drug.dose(asked.amount)
    values = drug.begin(dose, lambda process: np.zeros(1), TYPICAL_WEIGHT_KG)
    for name in (drug.effect.state, *values):
        if name not in model.species_names and name not in model.parameter_names:
            raise ConfigurationError(
                "simulation.drug_not_in_model", drug=drug.name, name=name, model=model.name
            )
    typical = {name: float(np.ravel(value)[0]) for name, value in values.items()}
    model = replace(
        model,
        parameters=tuple(
            replace(item, value=typical.get(item.name, item.value)) for item in model.parameters
        ),
    )
    present = {item.name: item.value for item in model.parameters}
    added = float(np.ravel(dose.addition(present, TYPICAL_WEIGHT_KG))[0])
    return model, Dosing(drug.effect.state, added, asked.times, asked.duration)
