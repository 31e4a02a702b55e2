"""Units that a file declares, as dimension and factor; what it leaves to defaults counts as not declared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from unmask.errors import DataError, ModelError
from unmask.model.quantity import ONE, Unit, parse
from unmask.model.sbml.symbols import Quantity

_AVOGADRO = 6.02214076e23
# SBML's names that pint spells otherwise; an item is a mole divided by Avogadro's number, as SimBiology has it.
_KINDS = {"dimensionless": ONE, "avogadro": Unit(_AVOGADRO, ())}
_PREFIXES = ("MWBUILTINUNIT_", "MWDERIVEDUNIT_", "MWBUILTINPREFIX_")
_SCALED = re.compile(r"MWBUILTINPREFIX_([a-z]+)_MWBUILTINUNIT_")
_TIMES = {1.0: "second", 60.0: "minute", 3600.0: "hour", 86400.0: "day", 604800.0: "week"}
_L2_DEFAULTS = ("substance", "volume", "area", "length", "time")


def base_kind(kind: str) -> Unit:
    """Return one of SBML's own units (``"mole"``, ``"item"``, ``"second"``)."""
    if kind in _KINDS:
        return _KINDS[kind]
    if kind == "item":
        mole = parse("mole")
        return Unit(mole.factor / _AVOGADRO, mole.dimension)
    return parse({"Celsius": "kelvin", "celsius": "kelvin"}.get(kind, kind))


def time_name(unit: Unit | None) -> str:
    """Return ``"day"`` and the like for a unit of time, "" for any other."""
    if unit is None or dict(unit.dimension) != {"[time]": Fraction(1)}:
        return ""
    return _TIMES.get(round(unit.factor, 6), "")


def units_of_numbers(document: Any) -> set[str]:
    """Return the identifiers of units that numbers inside formulas carry."""
    found: set[str] = set()
    for element in document.getListOfAllElements():
        if hasattr(element, "isSetMath") and element.isSetMath():
            found |= {str(node.getUnits()) for node in _nodes(element.getMath()) if node.hasUnits()}
    return found - {""}


def _nodes(tree: Any) -> Iterator[Any]:
    yield tree
    for index in range(tree.getNumChildren()):
        yield from _nodes(tree.getChild(index))


class DeclaredUnits:
    """Units of a file by identifier.

    Raises
    ------
    DataError
        ``sbml.unknown_unit``: an identifier that is defined nowhere, or a definition that does not reduce to base
        units.
    """

    def __init__(self, model: Any, file: str) -> None:
        self.file = file
        self.model = model
        self.definitions = {item.getId(): item for item in model.getListOfUnitDefinitions()}

    def named(self, identifier: str) -> Unit | None:
        """Return the unit of an identifier, ``None`` for an empty one."""
        if not identifier:
            return None
        definition = self.definitions.get(identifier)
        if definition is not None:
            return self._reduced(identifier, definition)
        if identifier in _L2_DEFAULTS and self.model.getLevel() < 3:
            return None  # not redefined: the default of Level 2, which few authors mean
        try:
            return base_kind(identifier)
        except ModelError:
            pass
        plain = _SCALED.sub(r"\1", identifier)
        for prefix in _PREFIXES:
            plain = plain.replace(prefix, "")
        plain = plain.replace("molarity", "molar")
        try:
            # SimBiology writes "nanomole__liter" for a ratio and "meter___3" for a power.
            return parse(plain.replace("___", "**").replace("__", "/"))
        except ModelError as error:
            raise DataError(
                "sbml.unknown_unit", file=self.file, unit=identifier, reason="it is defined nowhere"
            ) from error

    def label(self, identifier: str) -> str:
        """Return what a reader should see of a unit: what it is where it is a unit of time, else its name.

        Names that say only what is measured (COPASI's "substance") give way to the unit itself.
        """
        definition = self.definitions.get(identifier)
        if definition is None:
            return identifier
        unit = self._reduced(identifier, definition)
        name = str(definition.getName() or identifier)
        if time := time_name(unit):
            return time
        return str(unit) if name in _L2_DEFAULTS else name

    def _reduced(self, identifier: str, definition: Any) -> Unit:
        import libsbml

        result = ONE
        for part in definition.getListOfUnits():
            kind = libsbml.UnitKind_toString(part.getKind())
            exponent = part.getExponentAsDouble()
            try:
                base = base_kind(kind)
            except ModelError as error:
                reason = f"it is made of {kind!r}, which is no unit of SBML"
                raise DataError(
                    "sbml.unknown_unit", file=self.file, unit=identifier, reason=reason
                ) from error
            scale = part.getMultiplier() * 10.0 ** part.getScale()
            if not (0.0 < scale < float("inf")) or exponent != exponent:
                parts = f"multiplier {part.getMultiplier():g}, scale {part.getScale()}, exponent {exponent:g}"
                reason = f"{parts} make no unit"
                raise DataError("sbml.unknown_unit", file=self.file, unit=identifier, reason=reason)
            power = Fraction(exponent).limit_denominator(1000)
            result = result * Unit(base.factor * scale, base.dimension).power(power)
        return result

    def time(self) -> Unit | None:
        """Return the unit of time, ``None`` where the file does not say."""
        if self.model.getLevel() >= 3:
            return self.named(self.model.getTimeUnits())
        return self.named("time")

    def of(self, item: Quantity) -> Unit | None:
        """Return the unit of a quantity, of a species that of its amount."""
        if item.unit:
            return self.named(item.unit)
        if item.kind == "species":
            return self.named(self.model.getSubstanceUnits() if self.model.getLevel() >= 3 else "substance")
        if item.kind == "compartment":
            return self._of_size(item.dimensions)
        return ONE if item.kind == "stoichiometry" else None

    def _of_size(self, dimensions: float) -> Unit | None:
        kinds = {3.0: "volume", 2.0: "area", 1.0: "length"}
        if dimensions not in kinds:
            return None
        if self.model.getLevel() < 3:
            return self.named(kinds[dimensions])
        getter = {3.0: "getVolumeUnits", 2.0: "getAreaUnits", 1.0: "getLengthUnits"}[dimensions]
        return self.named(getattr(self.model, getter)())
