"""A mechanism: a piece of the system with its own symbols, and ports to the rest of it.

A :class:`Module` sees only its own species, parameters and rules, the time ``t``, and the ports it ``needs``.
Others see only what it ``provides`` (a symbol of its own, under its own name) and what it ``contributes`` (a
term of a port that is a sum or a product of what any number of modules give). A therapy, for instance,
contributes a kill rate; the tumour adds up whatever is given and knows no therapy.

The same module can stand in a system several times, once in each *group* (one group a lesion): see
:meth:`Module.instantiate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from unmask.errors import ModelError
from unmask.model.symbol_name import check_name
from unmask.model.system import Parameter, Reference, Species

SEPARATOR = "__"
CONFIDENCE = ("measured", "literature", "calibrated", "assumed", "definition")


@dataclass(frozen=True)
class Need:
    """A port: a quantity the module uses and does not own.

    ``combine`` says what is connected: ``"one"`` the single module that provides the name; ``"sum"`` or
    ``"product"`` every contribution to it. A sum or product to which nobody contributes is 0 or 1, unless
    ``required``.
    """

    name: str
    unit: str
    description: str = ""
    combine: Literal["one", "sum", "product"] = "one"
    required: bool = False


@dataclass(frozen=True)
class Definition:
    """An algebraic rule of a module: ``name`` equals ``expression``, in ``unit``."""

    name: str
    unit: str
    expression: str
    description: str = ""


@dataclass(frozen=True)
class Rate:
    """Time derivative of one of the module's species, in the unit of the species per day."""

    species: str
    expression: str


@dataclass(frozen=True)
class Contribution:
    """The module's own ``symbol`` is a term (or factor) of the ``port``."""

    port: str
    symbol: str


@dataclass(frozen=True)
class EventDefinition:
    """What happens at once, to the module's own species, when a condition becomes true.

    ``trigger`` is a condition (comparisons joined by ``and``, ``or``, ``not``) and ``assignments`` are pairs of a
    species and the expression of its new value, all as text in the module's own names; ``delay`` is in days. The
    meaning of every field is that of :class:`unmask.model.system.Event`. An event may use ``event_parameters``.
    """

    name: str
    trigger: str
    assignments: tuple[tuple[str, str], ...]
    delay: str | None = None
    priority: str | None = None
    persistent: bool = True
    initially: bool = True
    values_at_trigger: bool = True
    description: str = ""


@dataclass(frozen=True)
class Module:
    """One mechanism.

    ``event_parameters`` are read by instantaneous events alone (a fraction of radiotherapy, an operation), by no
    equation: they are parameters of the model like the others, so a patient has their own, but no rule or rate may
    use them and nobody can be given them through a port.

    Raises
    ------
    ModelError
        A name declared twice, reserved or malformed; a species without a rate; something provided,
        contributed or given a rate that the module does not own; an event that assigns no species or one of
        another module; a value outside its range.
    """

    name: str
    description: str
    species: tuple[Species, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    event_parameters: tuple[Parameter, ...] = ()
    rules: tuple[Definition, ...] = ()
    rates: tuple[Rate, ...] = ()
    needs: tuple[Need, ...] = ()
    provides: tuple[str, ...] = ()
    contributes: tuple[Contribution, ...] = ()
    references: tuple[Reference, ...] = ()
    events: tuple[EventDefinition, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        events = (event.name for event in self.events)
        for name in (*self.own, *(need.name for need in self.needs), *events):
            check_name(name, module=self.name)
            if name in seen:
                raise ModelError("model.duplicate_symbol", symbol=name, module=self.name, other=self.name)
            seen.add(name)
        for parameter in (*self.parameters, *self.event_parameters):
            self._check_range(parameter)
        with_rate = [rate.species for rate in self.rates]
        for species in self.species:
            if with_rate.count(species.name) != 1:
                count = with_rate.count(species.name)
                raise ModelError("model.rate_count", module=self.name, symbol=species.name, count=count)
        own = set(self.own) - {item.name for item in self.event_parameters}
        species_names = {item.name for item in self.species}
        for name in (*self.provides, *(item.symbol for item in self.contributes)):
            if name not in own:
                raise ModelError("model.provides_unknown", module=self.name, symbol=name)
        for name in with_rate:
            if name not in species_names:
                raise ModelError("model.rate_without_species", module=self.name, symbol=name)
        for event in self.events:
            self._check_assignments(event, species_names)

    def _check_assignments(self, event: EventDefinition, species: set[str]) -> None:
        assigned = [name for name, _ in event.assignments]
        if not assigned:
            raise ModelError("model.event_without_assignment", module=self.name, event=event.name)
        for name in assigned:
            if name not in species:
                raise ModelError(
                    "model.event_assigns_foreign", module=self.name, event=event.name, symbol=name
                )
            if assigned.count(name) > 1:
                raise ModelError("model.event_assigns_twice", module=self.name, event=event.name, symbol=name)

    def _check_range(self, parameter: Parameter) -> None:
        if not parameter.low <= parameter.value <= parameter.high:
            raise ModelError(
                "model.value_outside_range",
                module=self.name,
                symbol=parameter.name,
                value=parameter.value,
                low=parameter.low,
                high=parameter.high,
            )
        if parameter.confidence not in CONFIDENCE:
            raise ModelError(
                "model.unknown_confidence",
                module=self.name,
                symbol=parameter.name,
                value=parameter.confidence,
                expected=", ".join(CONFIDENCE),
            )

    @property
    def own(self) -> tuple[str, ...]:
        """Names of the module's own species, parameters and rules."""
        return tuple(item.name for item in self._declared)

    @property
    def units(self) -> dict[str, str]:
        """Unit of each of the module's own species, parameters and rules."""
        return {item.name: item.unit for item in self._declared}

    @property
    def _declared(self) -> tuple[Species | Parameter | Definition, ...]:
        return (*self.species, *self.parameters, *self.event_parameters, *self.rules)

    def instantiate(self, group: str, shared: tuple[str, ...] = ()) -> Instance:
        """Return this module as a member of ``group``.

        In the system its symbols carry the group's name, ``lesion1__cancer_sensitive``. Its ports look first
        in the group, then among the modules that are in none. Parameters named in ``shared`` keep their plain
        name and exist once for all groups.
        """
        return Instance(self, group, shared)


@dataclass(frozen=True)
class Instance:
    """A module placed in a system, in a group (``""``: none, shared by all groups).

    Raises
    ------
    ModelError
        A malformed group name, or a ``shared`` name that is no parameter of the module.
    """

    module: Module
    group: str = ""
    shared: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.group:
            check_name(self.group, module=self.module.name)
        module = self.module
        names = {parameter.name for parameter in (*module.parameters, *module.event_parameters)}
        for name in self.shared:
            if name not in names:
                raise ModelError("model.shared_not_parameter", module=self.module.name, symbol=name)

    @property
    def label(self) -> str:
        """Name for messages and for ``Model.origin``: the module, and the group if it has one."""
        return f"{self.module.name} ({self.group})" if self.group else self.module.name

    def qualified(self, name: str) -> str:
        """Return the name of one of the module's own symbols in the system."""
        return name if not self.group or name in self.shared else f"{self.group}{SEPARATOR}{name}"
