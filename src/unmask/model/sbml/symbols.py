"""Everything in a file that has an identifier and a value, and what becomes of it.

An identifier keeps its name in the model. Of a species whose symbol means a concentration, the state is the amount,
``S_amount``, and ``S`` is a rule, amount over size of the compartment: so amounts are conserved whatever the
compartment does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from unmask.errors import DataError

Kind = Literal["compartment", "species", "parameter", "stoichiometry"]


@dataclass(frozen=True)
class Quantity:
    """A compartment, species, global parameter or stoichiometry.

    Attributes
    ----------
    value
        The number the file gives, ``None`` for none. Of a species, in the meaning that ``value_is_amount`` says.
    changing
        Whether the file says that it may change (not ``constant``).
    volume
        Compartment of a species.
    symbol_is_amount
        Whether the identifier of a species means an amount rather than a concentration.
    boundary
        Whether reactions leave the species alone.
    conversion_factor
        Parameter that scales what reactions do to the species; "" for none.
    unit
        Identifier of its unit; "" if undeclared. For a species that of its amount.
    """

    name: str
    kind: Kind
    value: float | None
    changing: bool
    label: str = ""
    unit: str = ""
    dimensions: float = 3.0
    volume: str = ""
    symbol_is_amount: bool = True
    value_is_amount: bool = True
    boundary: bool = False
    conversion_factor: str = ""


def quantities(model: Any, file: str) -> dict[str, Quantity]:
    """Return the quantities of a libsbml model by identifier, in the order of the file.

    Raises
    ------
    DataError
        ``sbml.name_clash``: an identifier is used twice.
    """
    found: dict[str, Quantity] = {}

    def add(item: Quantity) -> None:
        if item.name in found:
            raise DataError("sbml.name_clash", file=file, name=item.name)
        found[item.name] = item

    level = model.getLevel()
    for compartment in model.getListOfCompartments():
        add(_compartment(compartment))
    for species in model.getListOfSpecies():
        add(_species(species, found, model))
    for parameter in model.getListOfParameters():
        add(
            Quantity(
                parameter.getId(),
                "parameter",
                parameter.getValue() if parameter.isSetValue() else None,
                not parameter.getConstant(),
                parameter.getName(),
                parameter.getUnits(),
            )
        )
    if level >= 3:
        for reaction in model.getListOfReactions():
            for side in (reaction.getListOfReactants(), reaction.getListOfProducts()):
                for reference in side:
                    if reference.getId():
                        add(_reference(reference))
    return found


def _compartment(compartment: Any) -> Quantity:
    dimensions = (
        compartment.getSpatialDimensionsAsDouble()
        if compartment.getLevel() < 3 or compartment.isSetSpatialDimensions()
        else 3.0
    )
    return Quantity(
        compartment.getId(),
        "compartment",
        compartment.getSize() if compartment.isSetSize() else None,
        not compartment.getConstant(),
        compartment.getName(),
        compartment.getUnits(),
        dimensions,
    )


def _species(species: Any, found: dict[str, Quantity], model: Any) -> Quantity:
    volume = species.getCompartment()
    pointlike = volume in found and found[volume].dimensions == 0.0 and found[volume].value is None
    in_amount = species.getHasOnlySubstanceUnits() or pointlike
    if species.isSetInitialAmount():
        value, is_amount = species.getInitialAmount(), True
    elif species.isSetInitialConcentration():
        value, is_amount = species.getInitialConcentration(), pointlike
    else:
        value, is_amount = None, True
    factor = ""
    if species.getLevel() >= 3:
        factor = species.getConversionFactor() or model.getConversionFactor()
    return Quantity(
        species.getId(),
        "species",
        value,
        not species.getConstant(),
        species.getName(),
        species.getSubstanceUnits(),
        volume=volume,
        symbol_is_amount=in_amount,
        value_is_amount=is_amount,
        boundary=species.getBoundaryCondition(),
        conversion_factor=factor,
    )


def _reference(reference: Any) -> Quantity:
    return Quantity(
        reference.getId(),
        "stoichiometry",
        reference.getStoichiometry() if reference.isSetStoichiometry() else None,
        not reference.getConstant(),
        unit="dimensionless",
    )
