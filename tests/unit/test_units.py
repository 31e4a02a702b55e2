"""Units are checked through every expression, and nothing is converted in silence."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unmask.errors import ModelError
from unmask.model.assemble import assemble
from unmask.model.catalogue import load, modules
from unmask.model.expression import read
from unmask.model.module import Definition, Module, Rate
from unmask.model.quantity import ONE, infer, parse
from unmask.model.system import Parameter, Species

UNITS = {
    name: parse(unit)
    for name, unit in {
        "volume": "mL", "big": "L", "mass": "mg", "cells": "Mc", "rate": "1/day", "share": "1", "t": "day",
        "dose": "mg/kg/day", "per_dose": "kg/mg", "density": "1/um**2", "count": "1e9/L", "level": "mg/L",
        "factor": "nM*L/mg",
    }.items()
}  # fmt: skip


def unit_of(text: str):
    return infer(read(text, module="m", symbol="x"), UNITS, module="m", symbol="x")


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("volume * rate", "mL/day"),
        ("sqrt(density**2 - 4 * density * density)", "1/um**2"),
        ("(volume / volume)**(1/3)", "1"),
        ("exp(-rate * t)", "1"),
        ("log(1 + share)", "1"),
        ("Max(volume, 2 * volume)", "mL"),
        ("factor * level", "nM"),
        ("dose * per_dose", "1/day"),
        ("share**share", "1"),
        ("(count / count)**share", "1"),
        ("-volume + 0", "mL"),
        ("t", "day"),
    ],
)
def test_inferred_unit(text, unit):
    assert unit_of(text).same(parse(unit))


@pytest.mark.parametrize(
    "text",
    [
        "volume + mass", "1 + volume", "rate - share", "exp(volume)", "log(cells)", "tanh(mass)",
        "share**rate", "volume**share", "Max(volume, rate)", "cells + count",
        "sqrt(density) + density", "volume + 2 * (mass - mass / 3)",
    ],
)  # fmt: skip
def test_unlike_units_are_refused_with_module_symbol_and_both_units(text):
    with pytest.raises(ModelError) as caught:
        unit_of(text)
    assert caught.value.code == "model.unit_mismatch"
    assert {"module", "symbol", "found", "expected", "part"} <= set(caught.value.values)
    assert not str(caught.value).startswith("model.")


@pytest.mark.parametrize(
    "text", ["volume + big", "exp(volume / big)", "Min(big, volume)", "1 + volume / big"]
)
def test_another_scale_of_the_same_unit_is_refused_and_not_converted(text):
    with pytest.raises(ModelError, match="silence") as caught:
        unit_of(text)
    assert caught.value.code == "model.unit_scale"


def test_a_quotient_of_unlike_scales_keeps_its_factor():
    assert unit_of("volume / big").factor == pytest.approx(1e-3)
    assert not unit_of("volume / big").same(ONE)


@pytest.mark.parametrize("text", ["furlongs per", "mL +", "parsnip"])
def test_unknown_unit_is_named(text):
    with pytest.raises(ModelError) as caught:
        parse(text)
    assert caught.value.code == "model.unknown_unit"
    assert repr(text) in str(caught.value)


def test_cells_are_a_dimension_of_their_own():
    assert parse("Mc").factor == pytest.approx(1e6)
    assert parse("Mc").convertible(parse("cell"))
    assert not parse("Mc").convertible(ONE)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a.b",
        "a[0]",
        "f(a)",
        "a if a else a",
        "True",
        "'a'",
        "a; b",
        "lambda: 1",
        "a ==",
        "",
    ],
)
def test_only_arithmetic_is_read(text):
    with pytest.raises(ModelError) as caught:
        read(text, module="m", symbol="x")
    assert caught.value.code == "model.bad_expression"
    assert not str(caught.value).startswith("model.")


@given(st.lists(st.sampled_from(sorted(UNITS)), min_size=1, max_size=6), st.data())
def test_a_product_has_the_product_of_the_units_in_any_order(names, data):
    expected = ONE
    for name in names:
        expected = expected * UNITS[name]
    shuffled = data.draw(st.permutations(names))
    assert unit_of(" * ".join(shuffled)).same(expected)


@given(st.sampled_from(sorted(UNITS)), st.integers(-4, 4).filter(bool), st.integers(1, 4))
def test_powers_undo_each_other(name, numerator, denominator):
    unit, exponent = UNITS[name], Fraction(numerator, denominator)
    assert unit.power(exponent).power(1 / exponent).same(unit)


@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)))
def test_a_sum_is_allowed_exactly_when_the_units_are_the_same(one, other):
    text = f"{one} + 2 * {other}"
    if UNITS[one].same(UNITS[other]):
        assert unit_of(text).same(UNITS[one])
    else:
        with pytest.raises(ModelError):
            unit_of(text)


def tank(rate: str, unit: str = "L/day") -> Module:
    inflow = Parameter("inflow", 1.0, unit, "", 0.0, 2.0, "test", "assumed")
    return Module("tank", "x", (Species("water", "L", ""),), (inflow,), rates=(Rate("water", rate),))


def test_a_rate_is_in_the_unit_of_the_species_per_day():
    assemble("tub", [tank("inflow")], ["water"])
    for rate, unit, code in (("inflow", "L", "unit_mismatch"), ("inflow", "L/hour", "unit_scale")):
        with pytest.raises(ModelError) as caught:
            assemble("tub", [tank(rate, unit)], ["water"])
        assert caught.value.code == f"model.{code}"
        assert caught.value.values["symbol"] == "d(water)/dt"


def test_a_rule_is_in_its_declared_unit():
    module = replace(tank("inflow"), rules=(Definition("depth", "mm", "water"),))
    with pytest.raises(ModelError) as caught:
        assemble("tub", [module], ["depth"])
    assert (caught.value.values["module"], caught.value.values["symbol"]) == ("tank", "depth")


def _with_unit(module: Module, name: str, unit: str) -> Module:
    changed = tuple(replace(p, unit=unit) if p.name == name else p for p in module.parameters)
    return replace(module, parameters=changed)


CORE = tuple(module for part in modules("core") for module in part)


@pytest.mark.parametrize("module", CORE, ids=lambda module: module.name)
def test_a_wrong_unit_of_any_parameter_of_the_core_is_noticed(module):
    """Every parameter with a unit, given another one, must be refused where it stands or at a port."""
    observables = load("core").observables
    for parameter in module.parameters:
        broken = _with_unit(module, parameter.name, "kelvin")
        others = [broken if item is module else item for item in CORE]
        with pytest.raises(ModelError) as caught:
            assemble("core", others, observables)
        assert caught.value.code in ("model.unit_mismatch", "model.port_unit"), parameter.name
