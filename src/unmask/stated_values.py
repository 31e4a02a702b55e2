"""Every value that has a name, with unit, range, source and confidence: of a model, a drug or a tumour type."""

from __future__ import annotations

from unmask.configuration import nearest
from unmask.errors import ConfigurationError
from unmask.model import catalogue, equations
from unmask.patients import parameter_set
from unmask.simulation.models import find_model, is_file
from unmask.therapy import regimen

Row = dict[str, str | float]
DRUG_MODEL = "core"  # the model whose parameters the drugs set


def stated(name: str) -> dict[str, list[Row]]:
    """Return the tables of a model, drug or tumour type: ``parameters``, of a model also ``species``.

    The rows of ``parameters`` have the keys name, value, unit, low, high, source, confidence, description and
    mechanism. Of a drug or a tumour type the value is the typical one and ``spread`` says how patients differ.

    Raises
    ------
    ConfigurationError
        ``configuration.nothing_of_that_name``, with the nearest name.
    """
    if name in catalogue.names() or is_file(name):
        model = find_model(name).model
        return {"species": equations.species_rows(model), "parameters": equations.parameter_rows(model)}
    if name in regimen.available_drugs():
        return {"parameters": _of_drug(regimen.load_drug(name))}
    if name in parameter_set.available():
        return {"parameters": _of_tumour_type(parameter_set.load_tumour_type(name))}
    known = (*catalogue.names(), *parameter_set.available(), *regimen.available_drugs())
    hint = nearest(name, known)
    raise ConfigurationError(
        "configuration.nothing_of_that_name", name=name, hint=hint[:1].upper() + hint[1:]
    )


def _of_drug(drug: regimen.Drug) -> list[Row]:
    rows = {str(row["name"]): row for row in equations.parameter_rows(catalogue.load(DRUG_MODEL))}
    found: list[Row] = []
    for name, item in drug.individual.items():
        spread = f"sigma of ln {item.sigma:g}" if item.sigma else f"sd {item.sd:g}" if item.sd else ""
        own: Row = {
            "value": item.value,
            "source": item.source,
            "confidence": item.confidence,
            "spread": spread,
        }
        found.append({**rows[name], **own})
    for name, value in drug.in_use.items():
        switch: Row = {"value": value, "source": "switch of the drug", "confidence": "definition"}
        found.append({**rows[name], **switch, "spread": ""})
    return found


def _of_tumour_type(tumour_type: parameter_set.TumourType) -> list[Row]:
    model = catalogue.load(tumour_type.model)
    meaning = {item.name: item.description for item in model.parameters}
    return [
        {
            "name": f"{section}.{name}",
            "value": item.value,
            "unit": item.unit,
            "low": item.range[0],
            "high": item.range[1],
            "source": item.source,
            "confidence": item.confidence,
            "description": meaning.get(name, "") if section == "parameters" else "",
            "mechanism": model.origin.get(name, "") if section == "parameters" else section,
            "spread": f"{item.distribution}, sigma {item.sigma:g}" if item.sigma else "",
        }
        for section in parameter_set.SECTIONS
        for name, item in getattr(tumour_type, section).items()
    ]
