"""Join modules into one checked system of equations.

Everything that could silently go wrong is refused by name: a port nobody provides or two provide, a symbol
that is used and not declared or declared and not used, rules that need each other, and any expression whose
unit is not the one declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from unmask.errors import ModelError
from unmask.model.expression import read, read_condition
from unmask.model.module import EventDefinition, Instance, Module, Need
from unmask.model.ordering import evaluation_order
from unmask.model.quantity import ONE, Unit, check_condition, infer, parse, require
from unmask.model.system import Event, Model, Parameter, Reference, Rule, Species

TIME = "t"
TIME_UNIT = "day"


@dataclass(frozen=True)
class _Checked:
    """A module whose equations were read and whose units were checked, in its own (local) names."""

    rules: dict[str, sp.Expr]
    rates: dict[str, sp.Expr]
    events: tuple[Event, ...]


def assemble(name: str, modules: Iterable[Module | Instance], observables: Sequence[str]) -> Model:
    """Return the system that the modules form together.

    Parameters
    ----------
    name
        Name of the model.
    modules
        Modules, or instances of modules in groups. Species and parameters keep this order.
    observables
        Names of the rules and species to report.

    Raises
    ------
    ModelError
        ``missing_provider``, ``duplicate_provider``, ``duplicate_symbol``, ``port_unit``, ``unit_mismatch``,
        ``unit_scale``, ``undefined_symbol``, ``event_parameter_used``, ``unused_symbol``, ``unused_port``,
        ``circular_rules``, ``unknown_observable``, ``bad_condition``, ``constant_condition``: each names the
        module and the symbol.
    """
    instances = [item if isinstance(item, Instance) else Instance(item) for item in modules]
    checked = {id(module): _check(module) for module in {id(i.module): i.module for i in instances}.values()}
    _refuse_duplicates(instances)
    species: list[Species] = []
    parameters: dict[str, Parameter] = {}
    rules: dict[str, Rule] = {}
    rates: list[sp.Expr] = []
    origin: dict[str, str] = {}
    of_events: set[str] = set()
    events: list[Event] = []
    for instance in instances:
        module = instance.module
        expressions = checked[id(module)]
        names = {sp.Symbol(local): sp.Symbol(instance.qualified(local)) for local in module.own}
        names |= {sp.Symbol(need.name): _connect(need, instance, instances) for need in module.needs}
        for parameter in (*module.parameters, *module.event_parameters):
            qualified = instance.qualified(parameter.name)
            parameters.setdefault(qualified, replace(parameter, name=qualified))
        of_events |= {instance.qualified(item.name) for item in module.event_parameters}
        for rule in module.rules:
            qualified = instance.qualified(rule.name)
            expression = expressions.rules[rule.name].xreplace(names)
            rules[qualified] = Rule(qualified, rule.unit, expression, rule.description)
        for item in module.species:
            species.append(replace(item, name=instance.qualified(item.name)))
            rates.append(expressions.rates[item.name].xreplace(names))
        events += [_placed_event(event, instance, names) for event in expressions.events]
        for local in (*module.own, *(event.name for event in module.events)):
            origin.setdefault(instance.qualified(local), instance.label)
    for observable in observables:
        if observable not in rules and observable not in {item.name for item in species}:
            raise ModelError("model.unknown_observable", model=name, symbol=observable)
    in_equations = [name for name in parameters if name not in of_events]
    _refuse_unused(species, in_equations, rules, rates, events, observables, origin)
    return Model(
        name=name,
        species=tuple(species),
        parameters=tuple(parameters.values()),
        rules=_in_order(rules, origin),
        rates=tuple(rates),
        observables=tuple(observables),
        time_unit=TIME_UNIT,
        time_symbol=TIME,
        references=_references(instances),
        origin=origin,
        events=tuple(events),
    )


def _check(module: Module) -> _Checked:
    """Read a module's equations and check symbols and units, all in the module's own names."""
    units = {name: parse(unit) for name, unit in module.units.items()}
    units |= {need.name: parse(need.unit) for need in module.needs}
    units[TIME] = parse(TIME_UNIT)
    per_day = ONE / units[TIME]
    events = {item.name for item in module.event_parameters}
    rules = {rule.name: read(rule.expression, module=module.name, symbol=rule.name) for rule in module.rules}
    rates = {
        rate.species: read(rate.expression, module=module.name, symbol=rate.species) for rate in module.rates
    }
    for symbol, expression in (*rules.items(), *rates.items()):
        for free in sorted(item.name for item in expression.free_symbols):
            if free in events:
                raise ModelError("model.event_parameter_used", module=module.name, symbol=free, user=symbol)
            if free not in units:
                raise ModelError("model.undefined_symbol", module=module.name, symbol=free, user=symbol)
    for symbol, expression in rules.items():
        _require_unit(expression, units[symbol], units, module.name, symbol)
    for symbol, expression in rates.items():
        _require_unit(expression, units[symbol] * per_day, units, module.name, f"d({symbol})/dt")
    used = {
        item.name for expression in (*rules.values(), *rates.values()) for item in expression.free_symbols
    }
    found = tuple(_read_event(event, module, units) for event in module.events)
    used |= {name for event in found for name in _symbols_of(event)}
    for need in module.needs:
        if need.name not in used:
            raise ModelError("model.unused_port", module=module.name, symbol=need.name)
    return _Checked(rules, rates, found)


def _read_event(event: EventDefinition, module: Module, units: dict[str, Unit]) -> Event:
    """Read an event and check its symbols and units, in the module's own names."""

    def expression(text: str, what: str) -> sp.Expr:
        return read(text, module=module.name, symbol=what)

    def optional(text: str | None, what: str) -> sp.Expr | None:
        return None if text is None else expression(text, what)

    delay, priority = f"delay of {event.name}", f"priority of {event.name}"
    found = Event(
        name=event.name,
        trigger=read_condition(event.trigger, module=module.name, event=event.name),
        assignments=tuple((name, expression(text, name)) for name, text in event.assignments),
        delay=optional(event.delay, delay),
        priority=optional(event.priority, priority),
        persistent=event.persistent,
        initially=event.initially,
        values_at_trigger=event.values_at_trigger,
        description=event.description,
    )
    for free in sorted(_symbols_of(found)):
        if free not in units:
            raise ModelError("model.undefined_symbol", module=module.name, symbol=free, user=event.name)
    check_condition(found.trigger, units, module=module.name, symbol=event.name)
    for name, value in found.assignments:
        _require_unit(value, units[name], units, module.name, f"{name} after {event.name}")
    if found.delay is not None:
        _require_unit(found.delay, units[TIME], units, module.name, delay)
    if found.priority is not None:
        _require_unit(found.priority, ONE, units, module.name, priority)
    return found


def _symbols_of(event: Event) -> set[str]:
    parts = (event.trigger, *(value for _, value in event.assignments), event.delay, event.priority)
    return {symbol.name for part in parts if part is not None for symbol in part.free_symbols}


def _placed_event(event: Event, instance: Instance, names: dict[sp.Symbol, sp.Expr]) -> Event:
    """Return an event of a module in the names of the system."""
    trigger = event.trigger.xreplace(names)
    if trigger in (sp.true, sp.false):  # a sum to which nobody contributes is 0
        raise ModelError(
            "model.constant_condition",
            module=instance.label,
            event=event.name,
            condition=event.trigger,
            value=trigger,
        )
    return replace(
        event,
        name=instance.qualified(event.name),
        trigger=trigger,
        assignments=tuple(
            (instance.qualified(name), value.xreplace(names)) for name, value in event.assignments
        ),
        delay=None if event.delay is None else event.delay.xreplace(names),
        priority=None if event.priority is None else event.priority.xreplace(names),
    )


def _require_unit(
    expression: sp.Expr, expected: Unit, units: dict[str, Unit], module: str, symbol: str
) -> None:
    found = infer(expression, units, module=module, symbol=symbol)
    require(found, expected, module=module, symbol=symbol, part=expression)


def _refuse_duplicates(instances: Sequence[Instance]) -> None:
    """Refuse a symbol, or the name of an event, that two declare."""
    owners: dict[str, Instance] = {}
    for instance in instances:
        for local in (*instance.module.own, *(event.name for event in instance.module.events)):
            qualified = instance.qualified(local)
            first = owners.setdefault(qualified, instance)
            if first is instance or (local in instance.shared and first.module is instance.module):
                continue
            both = local in instance.module.provides and local in first.module.provides
            code = "model.duplicate_provider" if both else "model.duplicate_symbol"
            raise ModelError(code, symbol=qualified, module=first.label, other=instance.label)


def _visible(instance: Instance, others: Iterable[Instance]) -> list[Instance]:
    """What an instance can connect to: its own group and the ungrouped; an ungrouped one sees every group."""
    return [other for other in others if not instance.group or other.group in ("", instance.group)]


def _connect(need: Need, instance: Instance, instances: Sequence[Instance]) -> sp.Expr:
    """Return the expression, in the names of the system, that a port stands for."""
    if need.combine == "one":
        return _provider(need, instance, instances)
    terms = []
    for other in _visible(instance, instances):
        for contribution in other.module.contributes:
            if contribution.port == need.name:
                _require_port_unit(need, instance, other, contribution.symbol)
                terms.append(sp.Symbol(other.qualified(contribution.symbol)))
    if need.required and not terms:
        raise ModelError("model.missing_provider", module=instance.label, symbol=need.name, unit=need.unit)
    return sp.Add(*terms) if need.combine == "sum" else sp.Mul(*terms)


def _provider(need: Need, instance: Instance, instances: Sequence[Instance]) -> sp.Expr:
    offering = [other for other in instances if need.name in other.module.provides]
    for group in dict.fromkeys((instance.group, "")):
        for other in offering:
            if other.group == group and other is not instance:
                _require_port_unit(need, instance, other, need.name)
                return sp.Symbol(other.qualified(need.name))
    if not instance.group and offering:
        groups = ", ".join(other.group for other in offering)
        raise ModelError("model.only_in_groups", module=instance.label, symbol=need.name, groups=groups)
    raise ModelError("model.missing_provider", module=instance.label, symbol=need.name, unit=need.unit)


def _require_port_unit(need: Need, instance: Instance, provider: Instance, symbol: str) -> None:
    unit = provider.module.units[symbol]
    if not parse(unit).same(parse(need.unit)):
        raise ModelError(
            "model.port_unit",
            module=instance.label,
            symbol=need.name,
            expected=need.unit,
            provider=provider.label,
            provided=symbol,
            found=unit,
        )


def _refuse_unused(
    species: Sequence[Species],
    parameters: Sequence[str],
    rules: dict[str, Rule],
    rates: Sequence[sp.Expr],
    events: Sequence[Event],
    observables: Sequence[str],
    origin: dict[str, str],
) -> None:
    used = set(observables).union(*(_symbols_of(event) for event in events))
    for rule in rules.values():
        used |= {item.name for item in rule.expression.free_symbols} - {rule.name}
    for item, rate in zip(species, rates, strict=True):
        # A species that only its own rate mentions influences nothing.
        used |= {symbol.name for symbol in rate.free_symbols} - {item.name}
    for name in (*(item.name for item in species), *parameters, *rules):
        if name not in used:
            raise ModelError("model.unused_symbol", module=origin[name], symbol=name)


def _in_order(rules: dict[str, Rule], origin: dict[str, str]) -> tuple[Rule, ...]:
    """Return the rules so that each comes after those it uses, otherwise in the order they were declared."""
    uses = {
        name: frozenset(item.name for item in rule.expression.free_symbols) for name, rule in rules.items()
    }
    order, circle = evaluation_order(uses)
    if circle:
        raise ModelError(
            "model.circular_rules", module=origin[circle[0]], symbol=circle[0], cycle=" -> ".join(circle)
        )
    return tuple(rules[name] for name in order)


def _references(instances: Sequence[Instance]) -> tuple[Reference, ...]:
    found: dict[str, Reference] = {}
    for instance in instances:
        for reference in instance.module.references:
            found.setdefault(reference.key, reference)
    return tuple(found.values())
