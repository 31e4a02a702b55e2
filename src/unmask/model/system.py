"""The assembled system of equations: what ``assemble`` returns and what the engine compiles.

A :class:`Model` is plain data: symbols are SymPy symbols named exactly as the species, parameters and rules
are. It knows no biology; anything that is a set of ordinary differential equations with algebraic rules fits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sympy as sp


@dataclass(frozen=True)
class Reference:
    """Where an equation or a value comes from."""

    key: str
    text: str


@dataclass(frozen=True)
class Species:
    """A state variable.

    ``initial`` is the default initial value in ``unit``. A value below ``extinct_below`` at the end of an
    integration interval is set to zero (less than one cell is no cell); ``nonnegative`` species that the
    integrator leaves slightly below zero are set to zero at the same moment. ``absolute_tolerance`` is the
    integrator's, in ``unit``.
    """

    name: str
    unit: str
    description: str
    initial: float = 0.0
    extinct_below: float = 0.0
    nonnegative: bool = True
    absolute_tolerance: float = 1e-9


@dataclass(frozen=True)
class Parameter:
    """A constant of the equations; per patient and changeable between visits when integrated."""

    name: str
    value: float
    unit: str
    description: str
    low: float
    high: float
    source: str
    confidence: str  # "measured" | "literature" | "calibrated" | "assumed" | "definition"


@dataclass(frozen=True)
class Rule:
    """An algebraic quantity, a function of species, parameters, time and earlier rules."""

    name: str
    unit: str
    expression: sp.Expr
    description: str = ""


@dataclass(frozen=True)
class Content:
    """Where the amount of a substance stands whose symbol may mean a concentration.

    ``state`` is the species (or parameter) that holds the amount; ``volume`` the symbol of the compartment by whose
    size it is divided to give the substance's own symbol, "" where that symbol is the amount itself.
    """

    state: str
    volume: str = ""


@dataclass(frozen=True)
class Event:
    """Something that happens at once when a condition becomes true, as SBML defines it (L3V2 core, section 4.11).

    Attributes
    ----------
    trigger
        A SymPy condition of species, parameters, rules and time. The event fires when it goes from false to true.
    assignments
        (name, value) of everything that changes, a species or a substance of ``Model.contents``; all values are
        taken before any is assigned. A concentration becomes an amount with the size that its compartment has just
        before the assignment.
    delay
        Time between firing and assignment, ``None`` for none.
    priority
        Of the events due at the same moment the largest goes first; one without comes in any order.
    persistent
        Whether an event that has fired is carried out although its trigger turned false before its delay was over.
    initially
        Value of the trigger before the start: with ``False`` an event whose condition holds at the start fires then.
    values_at_trigger
        Whether the values are those of the moment of firing, rather than of the end of the delay.
    description
        What happens, for those who read the equations.
    """

    name: str
    trigger: sp.Basic
    assignments: tuple[tuple[str, sp.Expr], ...]
    delay: sp.Expr | None = None
    priority: sp.Expr | None = None
    persistent: bool = True
    initially: bool = True
    values_at_trigger: bool = True
    description: str = ""


@dataclass(frozen=True)
class Model:
    """A complete, checked system: dy/dt = rates(t, y, p), with rules in order of evaluation.

    Attributes
    ----------
    species, parameters, rules
        Rules are in evaluation order: each uses species, parameters, ``t`` and earlier rules only.
    rates
        One SymPy expression per species, in the unit of the species per ``time_unit``.
    observables
        Names of the rules or species that are reported.
    events
        What happens inside an interval when a condition becomes true.
    initial
        Species and parameters whose value at the start is computed, in order of evaluation: each expression uses
        species and parameters only, those computed before it included, and the time.
    contents
        Substances by the name that equations use: what a dose of one is added to, and what a concentration of it is.
    """

    name: str
    species: tuple[Species, ...]
    parameters: tuple[Parameter, ...]
    rules: tuple[Rule, ...]
    rates: tuple[sp.Expr, ...]
    observables: tuple[str, ...] = ()
    time_unit: str = "day"
    time_symbol: str = "t"
    references: tuple[Reference, ...] = ()
    origin: Mapping[str, str] = field(default_factory=dict)  # symbol -> module instance it comes from
    events: tuple[Event, ...] = ()
    initial: tuple[Rule, ...] = ()
    contents: Mapping[str, Content] = field(default_factory=dict)

    @property
    def species_names(self) -> tuple[str, ...]:
        """Names of the state variables, in order."""
        return tuple(item.name for item in self.species)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return tuple(item.name for item in self.parameters)

    @cached_property
    def units(self) -> dict[str, str]:
        """Unit of every species, rule and parameter, by name."""
        species, rules, parameters = (
            {item.name: item.unit for item in items} for items in (self.species, self.rules, self.parameters)
        )
        return {**species, **rules, **parameters}

    @cached_property
    def hash(self) -> str:
        """Content hash of what the equations compute (values, texts and sources do not enter)."""
        import sympy as sp  # heavy, and drugs and protocols are read without any equation

        lines = [self.name, self.time_symbol, *self.species_names, "|", *self.parameter_names, "|"]
        lines += [f"{rule.name}={sp.srepr(rule.expression)}" for rule in self.rules]
        lines += ["|", *(sp.srepr(rate) for rate in self.rates), "|", *self.observables]
        for event in self.events:
            parts = (event.trigger, *(value for _, value in event.assignments), event.delay, event.priority)
            targets = ",".join(name for name, _ in event.assignments)
            flags = (event.persistent, event.initially, event.values_at_trigger)
            lines.append(f"{event.name}:{targets}:{flags}:{';'.join(map(sp.srepr, map(sp.sympify, parts)))}")
        lines += [f"{rule.name}:={sp.srepr(rule.expression)}" for rule in self.initial]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
