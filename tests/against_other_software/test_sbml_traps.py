"""The traps of published models: the same trajectories as libRoadRunner's, or as those on paper where it is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from sbml_draft import Draft, by_roadrunner, by_unmask, difference
from sbml_traps import TRAPS

TIMES = np.linspace(0.0, 10.0, 101)
AGREEMENT = 1e-6


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_gives_what_libroadrunner_gives(trap, tmp_path):
    file = TRAPS[trap]().save(tmp_path)
    found = by_unmask(file, TIMES)
    expected = by_roadrunner(file, TIMES, list(found))
    for name in found:
        assert difference(found[name], expected[name]) <= AGREEMENT, name


def test_a_rate_rule_of_a_concentration_in_a_volume_by_rule(tmp_path):
    """libRoadRunner leaves out that the amount changes with the volume; on paper the concentration is exp(-t / 10)."""
    draft = Draft().compartment("c", None, False).assign("c", "2 + abs(sin(time)) + max(0.5, 0.2*time)")
    file = draft.species("A", "c", concentration=1).rate("A", "-0.1*A").save(tmp_path)
    found = by_unmask(file, TIMES, ["A"])
    assert difference(found["A"], np.exp(-0.1 * TIMES)) <= AGREEMENT


def test_rates_of_change_beside_local_parameters(tmp_path):
    """libRoadRunner cannot compile them; on paper A = 10 exp(-0.15 t)."""
    draft = Draft().compartment("c", 2.0).species("A", "c", concentration=10).parameter("y", 0, False)
    draft.parameter("z", 0, False).assign("z", "rateOf(A)").reaction("J", "A ->", "k*A", k=0.3)
    file = draft.event("rateOf(A) > -0.5", {"y": "rateOf(A)"}).save(tmp_path)
    found = by_unmask(file, TIMES, ["A", "y", "z"])
    amount = 10.0 * np.exp(-0.15 * TIMES)
    assert difference(found["A"], amount) <= AGREEMENT
    assert difference(found["z"], -0.15 * amount) <= AGREEMENT
    assert found["y"][-1] == pytest.approx(-0.5, rel=1e-9)


def test_the_named_operators_of_simbiology(tmp_path):
    """Level 2 version 4 with functions that nobody defines; x = t, and MATLAB says what they are."""
    draft = Draft(2, 4).parameter("x", 0, False).rate("x", "1").parameter("y", 0, False).assign("y", "hold")
    calls = (
        "max(x, 3) + min(x, 4) + nthroot(x, 3) + power(x, 2) + pow(x, 3) + log2(1 + x) + mod(x, 3) + rem(x, 4)"
        " + sign(x - 5)"
    )
    names = ("max", "min", "nthroot", "power", "pow", "log2", "mod", "rem", "sign")
    for name in names:
        calls = calls.replace(f"{name}(", f"my_{name}(")
    draft.model.getRule(1).setMath(draft.math(calls))
    text = draft.text.replace("my_", "")
    (tmp_path / "dialect.xml").write_text(text, encoding="utf-8")
    found = by_unmask(tmp_path / "dialect.xml", TIMES, ["x", "y"])
    x = found["x"]
    parts = [np.maximum(x, 3), np.minimum(x, 4), np.cbrt(x), x**2, x**3, np.log2(1 + x)]
    parts += [np.mod(x, 3), np.fmod(x, 4), np.sign(x - 5)]
    near_a_jump = np.isclose(x % 3, 0) | np.isclose(x % 3, 3) | np.isclose(x % 4, 0) | np.isclose(x, 5)
    assert difference(found["y"][~near_a_jump], sum(parts)[~near_a_jump]) <= AGREEMENT


def test_a_species_in_a_compartment_by_rule_and_a_stoichiometry_of_level_2(tmp_path):
    """stoichiometryMath 3/2, which libRoadRunner takes for 1: A = 2.5 exp(-3/2 0.1/2 t)."""
    draft = Draft(2, 4).compartment("c", 2.0).species("A", "c", amount=5).reaction("J", "A ->", "0.1*A")
    reference = draft.model.getReaction(0).getReactant(0)
    reference.createStoichiometryMath().setMath(draft.math("3/2"))
    found = by_unmask(draft.save(tmp_path), TIMES, ["A"])
    assert difference(found["A"], 2.5 * np.exp(-0.075 * TIMES)) <= AGREEMENT
