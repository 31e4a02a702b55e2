"""Events of modules: read as text, checked for symbols and units, placed in groups, shown with the equations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from unmask.errors import ModelError
from unmask.model import equations
from unmask.model.assemble import assemble
from unmask.model.catalogue import load, modules
from unmask.model.evaluate import Evaluator
from unmask.model.expression import read_condition
from unmask.model.module import Contribution, Definition, EventDefinition, Module, Need, Rate
from unmask.model.system import Parameter, Species


def parameter(name: str, unit: str = "1", value: float = 1.0) -> Parameter:
    return Parameter(name, value, unit, name, 0.0, 10.0, "test", "assumed")


FLUSH = EventDefinition(
    "flush",
    trigger="water > brim and t > start",
    assignments=(("water", "water - brim"),),
    delay="pause",
    priority="weight",
    persistent=False,
    initially=False,
    values_at_trigger=False,
    description="the cistern empties",
)
CISTERN = Module(
    name="cistern",
    description="fills and flushes",
    species=(Species("water", "L", "water"),),
    parameters=(parameter("inflow", "L/day"),),
    event_parameters=(
        parameter("brim", "L"),
        parameter("start", "day"),
        parameter("pause", "day"),
        parameter("weight"),
    ),
    rates=(Rate("water", "inflow"),),
    events=(FLUSH,),
)
PIPE = Module(
    "pipe",
    "another species",
    species=(Species("pressure", "bar", ""),),
    parameters=(parameter("fall", "bar/day"),),
    rates=(Rate("pressure", "-fall"),),
    provides=("pressure",),
)


def with_event(**change) -> Module:
    return replace(CISTERN, events=(replace(FLUSH, **change),))


def refused(code: str, module: Module, *others) -> dict[str, object]:
    with pytest.raises(ModelError) as caught:
        assemble("house", [module, *others], ["water"])
    assert caught.value.code == f"model.{code}"
    assert not str(caught.value).startswith("model.")
    assert "{" not in str(caught.value)
    return caught.value.values


def test_an_event_comes_out_as_it_was_defined():
    (event,) = assemble("house", [CISTERN], ["water"]).events
    water, brim, t, start = sp.symbols("water brim t start")
    assert event.trigger == sp.And(water > brim, t > start)
    assert event.assignments == (("water", water - brim),)
    assert (event.delay, event.priority) == (sp.Symbol("pause"), sp.Symbol("weight"))
    assert (event.persistent, event.initially, event.values_at_trigger) == (False, False, False)
    assert event.description == "the cistern empties"
    plain = assemble("house", [with_event(delay=None, priority=None)], ["water"]).events[0]
    assert plain.delay is None
    assert plain.priority is None


def test_what_only_an_event_uses_is_used():
    module = replace(
        CISTERN, parameters=(*CISTERN.parameters, *CISTERN.event_parameters), event_parameters=()
    )
    assert "brim" in assemble("house", [module], ["water"]).parameter_names
    reader = with_event(
        trigger="pressure < 2 * pressure", assignments=(("water", "0"),), delay=None, priority=None
    )
    reader = replace(reader, needs=(Need("pressure", "bar"),))
    assert "pressure" in assemble("house", [reader, PIPE], ["water"]).species_names


@pytest.mark.parametrize(
    ("change", "symbol"),
    [
        ({"trigger": "water > rim"}, "rim"),
        ({"assignments": (("water", "left * water"),)}, "left"),
        ({"delay": "a_while"}, "a_while"),
        ({"priority": "rank"}, "rank"),
        ({"trigger": "pressure > 0"}, "pressure"),
    ],
)
def test_an_undefined_symbol_is_named_with_the_event(change, symbol):
    values = refused("undefined_symbol", with_event(**change), PIPE)
    assert (values["module"], values["symbol"], values["user"]) == ("cistern", symbol, "flush")


@pytest.mark.parametrize(
    "change",
    [
        {"trigger": "water > start"},
        {"trigger": "water > 3"},
        {"trigger": "water > brim or not (t < brim)"},
        {"trigger": "water + t > brim"},
        {"assignments": (("water", "start"),)},
        {"delay": "brim"},
        {"priority": "pause"},
    ],
)
def test_a_wrong_unit_is_refused(change):
    refused("unit_mismatch", with_event(**change))


def test_another_scale_is_refused_and_zero_has_any_unit():
    small = replace(CISTERN, event_parameters=(parameter("brim", "mL"), *CISTERN.event_parameters[1:]))
    refused("unit_scale", small)
    assert assemble("house", [with_event(trigger="0 < water", delay=None, priority=None)], ["water"]).events[
        0
    ].trigger == (sp.Integer(0) < sp.Symbol("water"))


@pytest.mark.parametrize(
    ("change", "code", "symbol"),
    [
        ({"assignments": (("pressure", "0"),)}, "event_assigns_foreign", "pressure"),
        ({"assignments": (("inflow", "0"),)}, "event_assigns_foreign", "inflow"),
        ({"assignments": (("water", "0"), ("water", "brim"))}, "event_assigns_twice", "water"),
        ({"assignments": ()}, "event_without_assignment", None),
        ({"name": "water"}, "duplicate_symbol", "water"),
        ({"name": "flush it"}, "bad_name", "flush it"),
    ],
)
def test_a_malformed_event_is_refused(change, code, symbol):
    with pytest.raises(ModelError) as caught:
        with_event(**change)
    assert caught.value.code == f"model.{code}"
    assert not str(caught.value).startswith("model.")
    assert caught.value.values.get("symbol") == symbol


def test_two_events_of_one_name_are_refused_and_an_event_is_no_observable():
    other = Module("other", "x", parameters=(parameter("flush"),))
    assert refused("duplicate_symbol", CISTERN, other)["symbol"] == "flush"
    with pytest.raises(ModelError) as caught:
        assemble("house", [CISTERN], ["flush"])
    assert caught.value.code == "model.unknown_observable"


@pytest.mark.parametrize(
    "text",
    [
        "water", "water == brim", "water != brim", "0 < water < brim", "water", "True", "water > brim and start",
        "not water", "(water > brim) + 1", "open('x') > 1", "a.b > 1", "water >", "",
    ],
)  # fmt: skip
def test_only_conditions_are_read(text):
    with pytest.raises(ModelError) as caught:
        read_condition(text, module="m", event="e")
    assert caught.value.code in ("model.bad_condition", "model.bad_expression")
    assert not str(caught.value).startswith("model.")


def test_conditions_mean_what_they_say():
    a, b = sp.symbols("a b")
    assert read_condition("a <= b or not a < 2", module="m", event="e") == sp.Or(a <= b, a >= 2)
    assert read_condition("a >= 0.5 * b", module="m", event="e") == (a >= 0.5 * b)


def test_a_condition_that_never_changes_is_refused():
    refused("constant_condition", with_event(trigger="2 > 1"))
    nobody = replace(with_event(trigger="others > brim * 0"), needs=(Need("others", "L", combine="sum"),))
    assert refused("constant_condition", nobody)["module"] == "cistern"


def test_groups_have_events_of_their_own():
    share = replace(CISTERN, contributes=(Contribution("waters", "water"),))
    meter = Module(
        "meter",
        "adds up",
        rules=(Definition("all_water", "L", "waters"),),
        needs=(Need("waters", "L", combine="sum"),),
    )
    placed = [share.instantiate(group, ("start", "pause", "weight")) for group in ("left", "right")]
    model = assemble("house", [*placed, meter], ["all_water"])
    assert [event.name for event in model.events] == ["left__flush", "right__flush"]
    right = model.events[1]
    water, brim, t, start = sp.symbols("right__water right__brim t start")
    assert right.trigger == sp.And(water > brim, t > start)
    assert right.assignments == (("right__water", water - brim),)
    assert model.origin["right__flush"] == "cistern (right)"
    text = equations.as_text(model)
    assert text.count("[event left__flush]") == text.count("[event right__flush]") == 1


def test_events_are_shown_with_their_mechanism():
    model = assemble("house", [CISTERN], ["water"])
    lines = equations.as_text(model).splitlines()
    assert lines[0].endswith("rules, 1 event; time in days.")
    shown = next(line for line in lines if line.startswith("when "))
    assert "water > brim" in shown and "t > start" in shown
    assert "after pause days: water := -brim + water    [event flush]  the cistern empties" in shown
    latex = equations.as_latex(model)
    assert r"\text{when }& " in latex
    assert r"\mathrm{water} \leftarrow{}& " in latex
    assert r"\text{ after } \mathrm{pause} \text{ days}:" in latex
    assert "event" not in equations.as_text(load("core")).splitlines()[0]


def test_the_yardstick_computes_extrema():
    module = replace(
        CISTERN, events=(), event_parameters=(), rates=(Rate("water", "Max(inflow, 2 * inflow)"),)
    )
    rates = Evaluator(assemble("house", [module], ["water"])).rates(
        0.0, np.zeros((1, 2)), np.array([[3.0, -3.0]])
    )
    assert rates.tolist() == [[6.0, -3.0]]


# A model without lesions


def test_qspio_has_no_lesions_and_says_so():
    lesion, body = modules("qspio")
    assert lesion == ()
    assert len(body) == 15
    with pytest.raises(ModelError, match="qspio has no lesions") as caught:
        load("qspio", lesions=2)
    assert caught.value.code == "model.no_lesions"


def test_every_mechanism_of_qspio_has_an_equation_and_a_source_in_its_docstring():
    import sys

    load("qspio")
    found = [
        module
        for name, module in sys.modules.items()
        if name.startswith("unmask.biology.qspio.") and hasattr(module, "Module")
    ]
    assert len(found) >= 10
    for module in found:
        assert "Equations" in module.__doc__, module
        assert "Source:" in module.__doc__, module
