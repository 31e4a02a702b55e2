"""An SBML file as a :class:`~unmask.model.system.Model`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from unmask.errors import DataError
from unmask.messages import sentence
from unmask.model.sbml.builder import Builder
from unmask.model.sbml.document import modifiers_not_listed, open_model
from unmask.model.sbml.reading import read
from unmask.model.sbml.units import units_of_numbers
from unmask.model.system import Model

Units = Literal["auto", "convert", "as-written"]


@dataclass(frozen=True)
class Imported:
    """A model from a file, and what was done to read it that its author should know."""

    model: Model
    notes: tuple[str, ...] = ()


def read_model(path: Path, *, units: Units = "auto", still: bool = False) -> Imported:
    """Return the model of an SBML file, Level 2 version 4 to Level 3 version 2 core.

    Parameters
    ----------
    path
        The file.
    units
        ``"as-written"``: numbers mean what SBML says they mean, whatever units are declared. ``"convert"``: where
        quantities of one kind are mixed on different scales, factors are put in, as SimBiology does when it
        simulates, each with a note; different kinds are refused. ``"auto"``: the same, but a file whose units
        cannot be reconciled is read as written, with a note that says where they fail.
    still
        Whether a model in which nothing can change is accepted.

    Raises
    ------
    ConfigurationError
        python-libsbml is not installed.
    DataError
        Anything that cannot be read or is not supported, by name: algebraic rules, delay equations, fast
        reactions, packages that change the mathematics, libsbml's own errors with their line; units that do not
        reduce to each other.
    """
    document, source = open_model(path)
    reading = read(str(path), source)
    if not still and not any(
        item.kind == "species" or not reading.fixed(name) for name, item in reading.quantities.items()
    ):
        raise DataError("sbml.nothing_changes", file=path)
    notes: tuple[str, ...] = ()
    if count := modifiers_not_listed(document):
        notes = (sentence("sbml.modifiers_not_listed", {"count": count}),)
    if units == "as-written":
        return Imported(Builder(reading).build(document), notes)
    builder = Builder(reading)
    try:
        model = builder.build(document, convert=True)
    except DataError as error:
        if units == "convert" or error.code != "sbml.units_do_not_reduce":
            raise
        model = Builder(read(str(path), source)).build(document)
        return Imported(model, (*notes, sentence("sbml.units_as_written", error.values)))
    notes = (*notes, *builder.notes)
    if unchecked := units_of_numbers(document) - {"dimensionless", source.getTimeUnits()}:
        notes = (*notes, sentence("sbml.units_of_numbers", {"units": ", ".join(sorted(unchecked))}))
    return Imported(model, notes)
