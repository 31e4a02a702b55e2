"""What a model does at moments rather than all the time: its start, its events, and where its equations jump."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

from unmask.engine import events
from unmask.engine.breakpoints import breakpoints
from unmask.engine.targets.cpu import location
from unmask.engine.targets.javascript.formulas import Formulas, number
from unmask.engine.targets.javascript.layout import Layout
from unmask.engine.targets.javascript.listing import Listing
from unmask.engine.translate import Equations
from unmask.engine.watched import Watched, watched
from unmask.model.system import Content, Event, Model

_UNDEFINED = (sp.zoo, sp.nan)


@dataclass
class Actions:
    """The further expressions of a model, and the functions that compute them.

    Attributes
    ----------
    expressions
        By a name that says what they are, for :func:`unmask.engine.translate.translate`.
    functions
        Function of the module -> names of the expressions that it computes.
    """

    model: Model
    expressions: dict[str, sp.Expr] = field(default_factory=dict)
    functions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    jumps: int = 0
    watched: list[tuple[int, Watched]] = field(default_factory=list)

    @classmethod
    def of(cls, model: Model, *, watch: bool = False) -> Actions:
        """Return the actions of a model; with ``watch`` what its triggers compare is computed, too."""
        found = cls(model)
        if watch:
            found.watched = list(enumerate(watched(model)))
        for index, item in found.watched:
            sides = {f"side {k} of comparison {index}": side for k, side in enumerate(item.sides)}
            found._add(f"watched{index}", sides)
        for index, rule in enumerate(model.initial):
            found._add(f"initial{index}", {f"{rule.name} at the start": rule.expression})
        for name, volume in found._volumes().items():
            found._add(name, {f"size of {volume}": sp.Symbol(volume)})
        for index, event in enumerate(model.events):
            found._event(index, event)
        times = [time for time in breakpoints(model) if not time.has(*_UNDEFINED)]
        if times:
            found.jumps = len(times)
            found._add("jumps", {f"jump {index}": time for index, time in enumerate(times)})
        return found

    def _add(self, function: str, expressions: Mapping[str, sp.Expr]) -> None:
        self.expressions |= expressions
        self.functions[function] = tuple(expressions)

    def _event(self, index: int, event: Event) -> None:
        where = f"event {index} ({event.name})"
        values = {f"value {k} of {where}": value for k, (_, value) in enumerate(event.assignments)}
        self._add(f"values{index}", values)
        volumes = [content.volume for content in self._contents(event)]
        if any(volumes):
            sizes = [sp.Symbol(volume) if volume else sp.S.One for volume in volumes]
            self._add(f"sizes{index}", {f"size {k} of {where}": size for k, size in enumerate(sizes)})
        for name, expression in (("delay", event.delay), ("priority", event.priority)):
            if expression is not None:
                self._add(f"{name}{index}", {f"{name} of {where}": expression})

    def _contents(self, event: Event) -> list[Content]:
        return [self.model.contents.get(name, Content(name)) for name, _ in event.assignments]

    def _volumes(self) -> dict[str, str]:
        """Return function -> symbol of each compartment whose size makes a concentration an amount."""
        volumes = dict.fromkeys(item.volume for item in self.model.contents.values() if item.volume)
        return {f"volume{index}": volume for index, volume in enumerate(volumes)}

    def blocks(self) -> dict[str, int]:
        """Return the blocks of the workspace that the actions need, by name, with their sizes."""
        count = len(self.model.events)
        found = dict.fromkeys(("TRIGGER", "MARGIN", "WAS"), count) if count else {}
        if self.functions:
            found["RESULT"] = max(1, *(len(names) for names in self.functions.values()))
        return found | ({"JUMP": self.jumps} if self.jumps else {})

    def listings(self, equations: Equations, layout: Layout) -> dict[str, Listing]:
        """Return the functions; all but ``triggers`` look at the state and time at the start of a step."""
        model, start, graph = self.model, layout.start, equations.graph
        raw = layout.places(equations, "STATE", "TIME")
        prepared = layout.with_hoisted(equations, "STATE", "TIME")
        found = {}
        for name, expressions in self.functions.items():
            nodes = [equations.further[expression] for expression in expressions]
            first = start["JUMP" if name == "jumps" else "RESULT"]
            places = [(node, first + index) for index, node in enumerate(nodes)]
            if name.startswith("initial"):
                places = [
                    (nodes[0], self._target(layout, model.initial[int(name.removeprefix("initial"))].name))
                ]
            early = name.startswith(("initial", "volume"))  # before anything is computed from the parameters
            found[name] = Formulas(graph, raw if early else prepared, places, model.name).code
        if model.events:
            watched = [(node, start["TRIGGER"] + index) for index, node in enumerate(equations.triggers)]
            watched += [(node, start["MARGIN"] + index) for index, node in enumerate(equations.margins)]
            at_trial = layout.with_hoisted(equations, "TRIAL", "STAGE_TIME")
            found["triggers"] = Formulas(graph, at_trial, watched, model.name).code
        return found

    def _target(self, layout: Layout, name: str) -> int:
        names = self.model.species_names
        if name in names:
            return layout.start["STATE"] + names.index(name)
        return layout.start["PARAMETER"] + self.model.parameter_names.index(name)

    def tables(self) -> str:
        """Return the constants by which the module finds the functions."""
        model, volumes = self.model, {volume: name for name, volume in self._volumes().items()}
        names = {name: index for index, name in enumerate(model.species_names)}
        initial = [
            f"{{ name: {json.dumps(rule.name)}, compute: initial{index} }}"
            for index, rule in enumerate(model.initial)
        ]
        contents = [
            f"[{json.dumps(name)}, {{ index: {names[item.state]}, volume: {volumes.get(item.volume, 'null')} }}]"
            for name, item in model.contents.items()
            if item.state in names
        ]
        constants = {
            "INITIAL": _list(initial),
            "CONTENTS": f"new Map({_list(contents)})",
            "JUMPS": str(self.jumps),
        }
        described = [
            f"{{ compute: watched{index}, states: {json.dumps(item.states)} }}"
            for index, item in self.watched
        ]
        if described:
            constants["WATCHED"] = _list(described)
        if not self.jumps:
            constants |= {"JUMP": "0", "jumps": "() => {}"}
        if model.events:
            constants |= {
                "EVENTS": _list([self._described(index, names) for index in range(len(model.events))]),
                "MANY_EVENTS": str(events.MANY),
                "SHORTEST_SHARE": number(events.SHORTEST_SHARE),
                "AFTER_EVENT": number(events.AFTER_EVENT),
                "SLOW_SHARE": number(events.SLOW_SHARE),
                "PATIENCE": str(events.PATIENCE),
                "AFTER_JUMP": number(location.AFTER_JUMP),
            }
        return "\n".join(f"const {name} = {value};" for name, value in constants.items())

    def _described(self, index: int, names: Mapping[str, int]) -> str:
        event = self.model.events[index]
        targets = ", ".join(str(names[content.state]) for content in self._contents(event))
        flags = {
            "persistent": event.persistent,
            "initially": event.initially,
            "atTrigger": event.values_at_trigger,
        }
        entries = [f"targets: [{targets}]"]
        entries += [f"{flag}: {json.dumps(value)}" for flag, value in flags.items()]
        for key in ("values", "sizes", "delay", "priority"):
            function = f"{key}{index}"
            entries.append(f"{key}: {function if function in self.functions else 'null'}")
        return f"{{ {', '.join(entries)} }}"


def _list(items: list[str]) -> str:
    return "[\n" + "".join(f"  {item},\n" for item in items) + "]" if items else "[]"
