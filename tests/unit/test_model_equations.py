"""Equations and tables as people read them."""

from __future__ import annotations

import pickle
import re

import pytest

from unmask.model import equations
from unmask.model.catalogue import load


@pytest.fixture(scope="module")
def core():
    return load("core")


@pytest.mark.parametrize("lesions", [None, 2])
def test_text_has_every_rate_and_rule_once(lesions):
    model = load("core", lesions=lesions)
    lines = equations.as_text(model).splitlines()
    for name in model.species_names:
        assert sum(line.startswith(f"d({name})/dt = ") for line in lines) == 1
    for rule in model.rules:
        assert sum(line.startswith(f"{rule.name} = ") for line in lines) == 1


def test_latex_symbols_are_readable_and_never_clash(core):
    assert equations.latex_symbol("stroma") == r"\mathrm{stroma}"
    assert (
        equations.latex_symbol("antibody_central_volume") == r"\mathrm{antibody}_{\mathrm{central\ volume}}"
    )
    assert equations.latex_symbol("lesion1__mask") == r"\mathrm{mask}^{\mathrm{(lesion1)}}"
    names = [*core.species_names, *core.parameter_names, *(rule.name for rule in core.rules)]
    assert len({equations.latex_symbol(name) for name in names}) == len(names)


@pytest.mark.parametrize(("name", "lesions"), [("core", None), ("core", 1), ("qspio", None)])
def test_latex_is_balanced_and_every_equation_can_be_typeset(name, lesions):
    """Environments pair up, braces balance, and matplotlib's TeX reader sets each line, which fits a page."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser

    model = load(name, lesions=lesions)
    text = equations.as_latex(model)
    for kind in ("document", "align*"):
        assert text.count(f"\\begin{{{kind}}}") == text.count(f"\\end{{{kind}}}") > 0
    assert text.count("{") == text.count("}")
    parser = MathTextParser("path")
    font = FontProperties(size=9, math_fontfamily="cm")  # \small of a 10 point document
    blocks = re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", text, flags=re.DOTALL)
    rows = [row for block in blocks for row in re.split(r" \\\\\n", block)]
    assert len(rows) >= len(model.species) + len(model.rules) + 2 * len(model.events)
    for row in rows:
        assert row.count("{") == row.count("}")
        assert row.count(r"\left(") == row.count(r"\right)")
        shown = parser.parse("$" + row.replace("&", "").replace(r"\quad", r"\ ") + "$", dpi=72, prop=font)
        assert shown.width <= 757, row  # points: 267 mm between the margins of landscape A4


def test_parameter_rows_say_where_every_value_comes_from(core):
    rows = equations.parameter_rows(core)
    assert [row["name"] for row in rows] == list(core.parameter_names)
    for row in rows:
        assert row["low"] <= row["value"] <= row["high"]
        assert row["source"] and row["description"] and row["mechanism"]
        assert row["confidence"] in ("measured", "literature", "calibrated", "assumed", "definition")


def test_species_rows(core):
    rows = {row["name"]: row for row in equations.species_rows(core)}
    assert rows["naive_pool"]["initial"] == 1.0
    assert rows["effector_t_cells"]["initial"] == 1e-3
    assert rows["neutrophils"]["unit"] == "1e9/L"


def test_references_are_collected_once(core):
    keys = [reference.key for reference in core.references]
    assert len(keys) == len(set(keys))
    assert {"friberg2002", "sove2020", "stroh2017"} <= set(keys)


def test_the_model_travels_to_workers_with_its_hash(core):
    assert pickle.loads(pickle.dumps(core)).hash == core.hash
