"""Joining modules: each refusal by name, ports, groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from unmask.biology.lesion_totals import LESION_SHARE, LESION_TOTALS
from unmask.errors import ModelError
from unmask.model.assemble import assemble
from unmask.model.catalogue import lesion_parameters, load, modules, names
from unmask.model.evaluate import Evaluator
from unmask.model.module import Contribution, Definition, Instance, Module, Need, Rate
from unmask.model.system import Parameter, Species


def parameter(name: str, unit: str = "1", value: float = 1.0) -> Parameter:
    return Parameter(name, value, unit, name, 0.0, 10.0, "test", "assumed")


TANK = Module(
    name="tank",
    description="water that runs in and out",
    species=(Species("water", "L", "water"),),
    parameters=(parameter("leak", "1/day"),),
    rates=(Rate("water", "inflow - leak * water"),),
    needs=(Need("inflow", "L/day"),),
    provides=("water",),
)
TAP = Module(
    name="tap",
    description="gives water",
    parameters=(parameter("inflow", "L/day"),),
    provides=("inflow",),
)


def refused(code: str, *args, **kwargs) -> dict[str, object]:
    with pytest.raises(ModelError) as caught:
        assemble(*args, **kwargs)
    assert caught.value.code == f"model.{code}"
    # the sentence exists and is filled, not the bare fallback
    assert not str(caught.value).startswith("model.")
    assert "{" not in str(caught.value)
    return caught.value.values


def test_two_modules_join_through_a_port():
    model = assemble("tub", [TANK, TAP], ["water"])
    assert model.species_names == ("water",)
    assert model.rates[0] == sp.sympify("inflow - leak*water")
    assert model.origin == {"water": "tank", "leak": "tank", "inflow": "tap"}


def test_missing_provider_is_named():
    values = refused("missing_provider", "tub", [TANK], ["water"])
    assert (values["module"], values["symbol"], values["unit"]) == ("tank", "inflow", "L/day")


def test_missing_contribution_to_a_required_sum_is_named():
    tank = replace(TANK, needs=(Need("inflow", "L/day", combine="sum", required=True),))
    assert refused("missing_provider", "tub", [tank], ["water"])["symbol"] == "inflow"


def test_duplicate_provider_is_named_with_both_modules():
    values = refused("duplicate_provider", "tub", [TANK, TAP, replace(TAP, name="hose")], ["water"])
    assert {values["module"], values["other"], values["symbol"]} == {"tap", "hose", "inflow"}


def test_a_symbol_declared_twice_is_named_with_both_modules():
    other = Module("other", "x", parameters=(parameter("leak", "1/day"),))
    values = refused("duplicate_symbol", "tub", [TANK, TAP, other], ["water"])
    assert {values["module"], values["other"], values["symbol"]} == {"tank", "other", "leak"}


@pytest.mark.parametrize("unit", ["mL/day", "mg/day"])
def test_unit_mismatch_across_a_port_names_both_ends(unit):
    tap = replace(TAP, parameters=(parameter("inflow", unit),))
    values = refused("port_unit", "tub", [TANK, tap], ["water"])
    assert (values["module"], values["provider"], values["expected"], values["found"]) == (
        "tank", "tap", "L/day", unit,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "symbol"),
    [
        ({"parameters": (*TANK.parameters, parameter("idle"))}, "idle"),
        ({"rules": (Definition("half", "L", "water / 2"),)}, "half"),
        (
            {
                "species": (*TANK.species, Species("rust", "g", "")),
                "rates": (*TANK.rates, Rate("rust", "-leak * rust")),
            },
            "rust",
        ),
    ],
)
def test_unused_parameter_rule_and_species_are_named(change, symbol):
    values = refused("unused_symbol", "tub", [replace(TANK, **change), TAP], ["water"])
    assert (values["module"], values["symbol"]) == ("tank", symbol)


def test_an_observable_is_used():
    tank = replace(TANK, rules=(Definition("half", "L", "water / 2"),))
    assert assemble("tub", [tank, TAP], ["half"]).observables == ("half",)


def test_unused_port_is_named():
    tank = replace(TANK, needs=(*TANK.needs, Need("colour", "1")))
    assert refused("unused_port", "tub", [tank, TAP], ["water"])["symbol"] == "colour"


def test_event_parameters_are_in_the_model_and_not_refused_as_unused():
    tank = replace(TANK, event_parameters=(parameter("bucket", "L", 3.0),))
    model = assemble("tub", [tank, TAP], ["water"])
    assert {item.name: item.value for item in model.parameters}["bucket"] == 3.0
    assert model.origin["bucket"] == "tank"
    water = ["a__water", "b__water"]
    two = assemble(
        "tubs", [tank.instantiate("a", ("bucket",)), tank.instantiate("b", ("bucket",)), TAP], water
    )
    assert model.parameter_names.count("bucket") == two.parameter_names.count("bucket") == 1


def test_an_equation_cannot_use_an_event_parameter():
    tank = replace(TANK, parameters=(), event_parameters=TANK.parameters)
    values = refused("event_parameter_used", "tub", [tank, TAP], ["water"])
    assert (values["module"], values["symbol"], values["user"]) == ("tank", "leak", "water")


def test_an_event_parameter_is_no_port_and_lies_in_its_range():
    with pytest.raises(ModelError) as caught:
        replace(TAP, parameters=(), event_parameters=TAP.parameters)
    assert caught.value.code == "model.provides_unknown"
    with pytest.raises(ModelError) as caught:
        replace(TANK, event_parameters=(parameter("bucket", "L", 30.0),))
    assert caught.value.code == "model.value_outside_range"


def test_undefined_symbol_is_named_with_its_user():
    tank = replace(TANK, rates=(Rate("water", "inflow - leek * water"),))
    values = refused("undefined_symbol", "tub", [tank, TAP], ["water"])
    assert (values["module"], values["symbol"], values["user"]) == ("tank", "leek", "water")


def test_what_a_module_does_not_provide_stays_private():
    spy = Module("spy", "x", rules=(Definition("seen", "1/day", "leak"),), needs=(Need("leak", "1/day"),))
    # "leak" exists in the tank, but the tank does not provide it
    assert refused("missing_provider", "tub", [TANK, TAP, spy], ["seen"])["symbol"] == "leak"


def test_circular_rules_show_the_circle():
    loop = Module(
        "loop",
        "x",
        rules=(Definition("egg", "1", "2 * hen"), Definition("hen", "1", "egg + 1")),
    )
    assert refused("circular_rules", "m", [loop], ["egg"])["cycle"] == "egg -> hen -> egg"


def test_circular_rules_across_modules_are_found():
    egg = Module(
        "a", "x", rules=(Definition("egg", "1", "hen"),), needs=(Need("hen", "1"),), provides=("egg",)
    )
    hen = Module(
        "b", "x", rules=(Definition("hen", "1", "egg"),), needs=(Need("egg", "1"),), provides=("hen",)
    )
    refused("circular_rules", "m", [egg, hen], ["egg"])


def test_rules_come_out_in_order_of_evaluation():
    rules = (Definition("c", "L", "b + a"), Definition("b", "L", "2 * a"), Definition("a", "L", "water"))
    model = assemble("tub", [replace(TANK, rules=rules), TAP], ["c"])
    assert [rule.name for rule in model.rules] == ["a", "b", "c"]


def test_unknown_observable_is_named():
    assert refused("unknown_observable", "tub", [TANK, TAP], ["whater"])["symbol"] == "whater"


@pytest.mark.parametrize("name", ["t", "exp", "lambda", "Max", "time"])
def test_reserved_names_are_refused(name):
    with pytest.raises(ModelError, match="reserved") as caught:
        Module("m", "x", parameters=(parameter(name),))
    assert caught.value.values["symbol"] == name


@pytest.mark.parametrize("name", ["a__b", "1a", "a b", "_a", "a-b", ""])
def test_malformed_names_are_refused(name):
    with pytest.raises(ModelError) as caught:
        Module("m", "x", parameters=(parameter(name),))
    assert caught.value.code == "model.bad_name"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rates": ()}, "rate_count"),
        ({"rates": TANK.rates * 2}, "rate_count"),
        ({"rates": (*TANK.rates, Rate("leak", "leak"))}, "rate_without_species"),
        ({"provides": ("wine",)}, "provides_unknown"),
        ({"contributes": (Contribution("total", "wine"),)}, "provides_unknown"),
        ({"parameters": (parameter("leak", "1/day", 11.0),)}, "value_outside_range"),
        ({"parameters": (replace(parameter("leak", "1/day"), confidence="sure"),)}, "unknown_confidence"),
        ({"parameters": TANK.parameters * 2}, "duplicate_symbol"),
    ],
)
def test_a_malformed_module_is_refused(change, code):
    with pytest.raises(ModelError) as caught:
        replace(TANK, **change)
    assert caught.value.code == f"model.{code}"
    assert not str(caught.value).startswith("model.")


# Sums, products and groups

METER = Module(
    name="meter",
    description="adds up",
    rules=(Definition("all_water", "L", "waters"),),
    needs=(Need("waters", "L", combine="sum"),),
)
CELL = replace(TANK, contributes=(Contribution("waters", "water"),))


def test_a_sum_port_adds_all_groups_and_is_zero_without_any():
    model = assemble("tubs", [CELL.instantiate("left"), CELL.instantiate("right"), TAP, METER], ["all_water"])
    assert model.species_names == ("left__water", "right__water")
    assert model.rules[0].expression == sp.sympify("left__water + right__water")
    assert model.rates[1] == sp.sympify("inflow - right__leak*right__water")
    alone = assemble("none", [METER, TANK, TAP], ["all_water", "water"])
    assert alone.rules[0].expression == 0


def test_a_product_port_is_one_without_contributions():
    tank = replace(
        TANK,
        needs=(*TANK.needs, Need("lid", "1", combine="product")),
        rates=(Rate("water", "inflow * lid - leak * water"),),
    )
    share = Contribution("lid", "open_share")
    lid = Module("lid", "x", parameters=(parameter("open_share"),), contributes=(share,))
    assert assemble("tub", [tank, TAP], ["water"]).rates[0] == sp.sympify("inflow - leak*water")
    both = assemble("tub", [tank, TAP, lid], ["water"])
    assert both.rates[0] == sp.sympify("inflow*open_share - leak*water")


def test_a_group_prefers_its_own_provider_and_falls_back_on_the_shared_one():
    model = assemble(
        "tubs",
        [CELL.instantiate("left"), TAP.instantiate("left"), CELL.instantiate("right"), TAP, METER],
        ["all_water"],
    )
    assert model.rates[0] == sp.sympify("left__inflow - left__leak*left__water")
    assert model.rates[1] == sp.sympify("inflow - right__leak*right__water")


def test_a_sum_port_in_a_group_does_not_see_other_groups():
    meter = METER.instantiate("left")
    model = assemble(
        "tubs",
        [CELL.instantiate("left"), CELL.instantiate("right"), TAP, meter],
        ["left__all_water", "right__water"],
    )
    assert model.rules[0].expression == sp.Symbol("left__water")


def test_a_shared_module_cannot_need_one_of_what_exists_once_per_group():
    gauge = Module("gauge", "x", rules=(Definition("level", "L", "water"),), needs=(Need("water", "L"),))
    placed = [TANK.instantiate("left"), TANK.instantiate("right"), TAP, gauge]
    assert refused("only_in_groups", "tubs", placed, ["level"])["groups"] == "left, right"


def test_a_shared_parameter_exists_once_for_all_groups():
    placed = [CELL.instantiate(group, shared=("leak",)) for group in ("left", "right")]
    model = assemble("tubs", [*placed, TAP, METER], ["all_water"])
    assert model.parameter_names == ("leak", "inflow")
    assert model.rates[1] == sp.sympify("inflow - leak*right__water")


def test_only_parameters_can_be_shared():
    with pytest.raises(ModelError) as caught:
        Instance(TANK, "left", shared=("water",))
    assert caught.value.code == "model.shared_not_parameter"


# The core, lumped and with lesions


def random_values(model, names, seed):
    rng = np.random.default_rng(seed)
    defaults = {item.name: item.value for item in model.parameters} | {
        item.name: item.initial for item in model.species
    }
    return {name: (defaults[name] + 0.1) * rng.uniform(0.5, 2.0) for name in names}


def rates_by_name(model, values):
    evaluator = Evaluator(model)
    states = np.array([values[name] for name in model.species_names])
    parameters = np.array([values[name] for name in model.parameter_names])
    return dict(zip(model.species_names, evaluator.rates(0.0, states, parameters), strict=True))


def test_one_lesion_equals_the_lumped_core_exactly():
    lumped, one = load("core"), load("core", lesions=1)

    def plain(name: str) -> str:
        return name.removeprefix("lesion1__")

    def renamed(expression):
        return expression.xreplace({item: sp.Symbol(plain(item.name)) for item in expression.free_symbols})

    assert tuple(map(plain, one.species_names)) == lumped.species_names
    assert [name for name in map(plain, one.parameter_names) if name != "target_lesion"] == list(
        lumped.parameter_names
    )
    own = [name for name in one.observables if name.startswith("lesion1__")]
    assert [plain(name) for name in own] == list(lumped.observables[: len(own)])
    assert one.observables[len(own) :] == lumped.observables
    assert [renamed(rate) for rate in one.rates] == list(lumped.rates)
    expected = {rule.name: rule.expression for rule in lumped.rules}
    totals = {name for module in (LESION_SHARE, LESION_TOTALS) for name in module.own}
    found = {rule.name: renamed(rule.expression) for rule in one.rules if plain(rule.name) not in totals}
    found |= {plain(rule.name): renamed(rule.expression) for rule in one.rules if "__" in rule.name}
    assert {name: found[name] for name in expected} == expected


def test_two_lesions_are_two_lumped_tumours_that_share_blood_and_lymph_node():
    lumped, two = load("core"), load("core", lesions=2)
    lesion, body = modules("core")
    own = {name for module in lesion for name in module.own}
    alike = {item.name for item in lumped.parameters} - set(lesion_parameters("core"))
    shared = {name for module in body for name in module.own} | alike
    names_of_values = (*lumped.species_names, *lumped.parameter_names)
    first = random_values(lumped, names_of_values, 2)
    second = random_values(lumped, names_of_values, 3)
    second |= {name: first[name] for name in shared if name in first}
    together = {name: first[name] for name in shared if name in first}
    for group, values in (("lesion1", first), ("lesion2", second)):
        together |= {f"{group}__{name}": value for name, value in values.items() if name in own - alike}
        together[f"{group}__target_lesion"] = 1.0
    found = rates_by_name(two, together)
    alone = [rates_by_name(lumped, first), rates_by_name(lumped, second)]
    for group, rates in zip(("lesion1", "lesion2"), alone, strict=True):
        for name in lumped.species_names:
            if name in own:
                assert found[f"{group}__{name}"] == pytest.approx(rates[name], rel=1e-13, abs=0), name
    # What lesions give to or take from the body adds up; without any lesion the body's own terms remain.
    empty = first | {name: 0.0 for name in own if name in lumped.species_names}
    none = rates_by_name(lumped, empty)
    for name in lumped.species_names:
        if name not in own:
            expected = alone[0][name] + alone[1][name] - none[name]
            assert found[name] == pytest.approx(expected, rel=1e-11, abs=1e-12), name
    assert found["antigen"] != alone[0]["antigen"]


def test_the_catalogue_names_the_nearest_model():
    assert "core" in names()
    with pytest.raises(ModelError, match="Did you mean 'core'"):
        load("cor")
    with pytest.raises(ModelError, match="one to 12"):
        load("core", lesions=0)
    with pytest.raises(ModelError, match="one to 12"):
        load("core", lesions=13)


def test_every_module_of_the_core_has_an_equation_and_a_source_in_its_docstring():
    import sys

    lesion, body = modules("core")
    origins = {module.name for module in (*lesion, *body)}
    assert origins == set(load("core").origin.values())
    for name, module in sys.modules.items():
        if name.startswith(("unmask.biology.", "unmask.therapy.")) and hasattr(module, "Module"):
            assert "Equation" in module.__doc__, name
            assert "Source:" in module.__doc__, name
