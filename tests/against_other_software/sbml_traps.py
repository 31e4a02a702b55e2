"""What published models contain that is easily read wrongly: a small model for each trap."""

from __future__ import annotations

from collections.abc import Callable

from sbml_draft import Draft

TRAPS: dict[str, Callable[[], Draft]] = {}


def _trap(make: Callable[[], Draft]) -> Callable[[], Draft]:
    TRAPS[make.__name__.strip("_")] = make
    return make


def _cell(size: float = 2.0, constant: bool = True) -> Draft:
    return Draft().compartment("c", size, constant)


def _clock() -> Draft:
    return Draft().parameter("x", 0, False).rate("x", "1").parameter("y", 1, False)


@_trap
def species_defined_by_a_rule() -> Draft:
    draft = _cell().species("A", "c", concentration=3).species("B", "c").assign("B", "2*A + time")
    return draft.reaction("J", "A ->", "c*k*A", k=0.3).reaction("K", "A ->", "0.01*B")


@_trap
def species_by_a_rule_in_a_volume_that_changes() -> Draft:
    draft = _cell(constant=False).rate("c", "0.1*c").species("A", "c", concentration=3)
    draft.species("B", "c").assign("B", "2*A + time").species("D", "c", only_amount=True).assign("D", "A*c")
    return draft.reaction("J", "A ->", "0.1*c*B + 0.01*D")


@_trap
def amounts_are_conserved_when_a_rule_sets_the_volume() -> Draft:
    draft = _cell(constant=False).assign("c", "2 + sin(time)").species("A", "c", amount=3)
    return draft.species("B", "c", amount=1, only_amount=True).reaction("J", "A -> B", "k*A", k=0.3)


@_trap
def dilution_by_a_growing_volume() -> Draft:
    draft = _cell(constant=False).rate("c", "0.3").species("A", "c", concentration=10, boundary=True)
    return draft.species("B", "c", concentration=0).reaction("J", "A -> B", "k*A", k=0.1)


@_trap
def rate_rule_of_a_concentration_in_a_growing_volume() -> Draft:
    return _cell(constant=False).rate("c", "0.3").species("A", "c", concentration=10).rate("A", "-0.1*A")


@_trap
def volume_and_concentration_set_by_one_event() -> Draft:
    draft = _cell(constant=False).species("A", "c", concentration=3).reaction("J", "A ->", "k*A", k=0.3)
    return draft.event("time >= 3.05", {"A": "A + 1", "c": "c*2"}).event("time >= 6.05", {"c": "c/3"})


@_trap
def amounts_and_concentrations_in_one_model() -> Draft:
    draft = _cell(4).species("A", "c", amount=8).species("B", "c", amount=1, only_amount=True)
    draft.species("D", "c", concentration=2)
    draft.reaction("J", "A -> B", "k*A*c", k=0.1).reaction("K", "B -> 2 D", "0.2*B").reaction(
        "L", "D ->", "D"
    )
    return draft.event("A < 1.2", {"A": "A + 3", "B": "0.5"})


@_trap
def surfaces_lengths_and_points() -> Draft:
    draft = Draft().compartment("s", 3, True, 2).compartment("l", 1.5, True, 1)
    draft.compartment("p", 1, True, 0).compartment("f", 2.5, True, 2.5)
    draft.species("S", "s", concentration=2).species("L", "l", amount=1).species("P", "p", amount=5)
    draft.species("F", "f", concentration=1)
    return draft.reaction("J", "S -> L", "k*S*s", k=0.2).reaction("K", "P -> S + F", "0.1*P")


@_trap
def identifiers_that_differ_by_case() -> Draft:
    draft = Draft().compartment("c", 1).compartment("C", 3).species("a", "c", concentration=1)
    draft.species("A", "C", concentration=2).parameter("k", 0.1).parameter("K", 0.2)
    return draft.reaction("j", "a -> A", "k*a").reaction("J", "A -> a", "K*A")


@_trap
def identifiers_that_mean_something_elsewhere() -> Draft:
    draft = Draft().parameter("x", 0, False)
    for name in ("t", "def", "lambda_", "S", "E", "I", "N", "beta", "zoo", "infinite", "not_a_number"):
        draft.parameter(name, 1.5)
    draft.parameter("rate_of_x", 5).parameter("w", 0, False).assign("w", "rateOf(x) + rate_of_x")
    return draft.rate(
        "x", "t*time + def + lambda_ + S + E + I + N + beta + zoo + infinite + not_a_number + 1/inf"
    )


@_trap
def one_reactant_several_times() -> Draft:
    draft = _cell(1).species("A", "c", concentration=10).species("B", "c", concentration=0)
    return draft.reaction("J", "A + A + 2 A -> B + A", "k*A", k=0.1)


@_trap
def minima_maxima_everywhere() -> Draft:
    draft = Draft().parameter("x", 0.5, False).rate("x", "max(0.1*x, 0.2, 0.01*time)").parameter("w", 2.5)
    draft.parameter("v", 0).start("v", "max(w, 1) + min(w, 2)").parameter("z", 1, False)
    draft.parameter("u", 0, False).assign("u", "piecewise(x, and(x > 1.03, time > 2), min(w, time))")
    return draft.event(
        "max(x, 1) > 1.553", {"z": "max(w, min(x, 3), 1) + v"}, delay="min(x, 0.527)", priority="max(x, 1)"
    )


@_trap
def powers_logarithms_roots() -> Draft:
    draft = Draft().parameter("x", 1, False).parameter("n", 1.5).parameter("m", 0, False)
    draft.rate("x", "-0.1*x^(n*x + 0.5) + ln(1 + x) + log10(2 + x) + x^-2")
    return draft.assign("m", "root(3, x) + sqrt(x) + log(2, x) + x^n")


@_trap
def literals_that_are_no_numbers() -> Draft:
    draft = Draft().parameter("x", 0.5, False).rate("x", "0.1*x")
    formulas = ("ln(0)", "ln(-1)", "sqrt(-4)", "0^-1", "1/0", "-1/0", "0/0", "arcsin(2)", "(-8)^(1/3)", "x/0")
    for index, formula in enumerate(formulas):
        draft.parameter(f"y{index}", 0, False).assign(f"y{index}", formula)
    return draft


@_trap
def elementary_functions() -> Draft:
    draft = Draft().parameter("x", 0.4, False).rate("x", "0.01").parameter("y", 0, False)
    direct = ("sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "sech", "csch", "coth")
    inverse = ("arcsin", "arccos", "arctan", "arccot", "arcsinh", "arctanh", "arcsech", "arccsch")
    of_reciprocal = ("arcsec", "arccsc", "arccosh", "arccoth")
    terms = [f"{name}(x)" for name in (*direct, *inverse)] + [f"{name}(1/x)" for name in of_reciprocal]
    draft.assign("y", " + ".join(terms)).parameter("z", 0, False)
    return draft.assign("z", "arcsec(-1/x) + arccos(-x) + arccsch(-x) + quotient(-7*x, 2) + rem(-7*x, 2)")


@_trap
def initial_assignments_in_terms_of_each_other() -> Draft:
    draft = _cell().start("c", "k*2").parameter("k", 3).species("A", "c").start("A", "k + 1")
    draft.species("B", "c", only_amount=True).start("B", "A*2").species("D", "c", amount=5)
    draft.parameter("z", 1).start("z", "B + time + max(k, 1)").species("G", "c", concentration=7)
    return draft.reaction("J", "A -> B", "0.1*A*z").reaction("K", "D -> G", "0.1*D")


@_trap
def local_parameters_in_the_shadow_of_others() -> Draft:
    draft = _cell().parameter("k", 9).species("A", "c", concentration=10).species("B", "c", concentration=1)
    draft.reaction("J", "A ->", "k*A", k=0.1).reaction("K", "B ->", "k*0.01*B")
    return draft.reaction("L", "A ->", "c*A*0.1", c=0.3)


@_trap
def reactions_in_equations() -> Draft:
    draft = _cell().species("A", "c", concentration=10).species("B", "c", concentration=0)
    draft.parameter("p", 0, False).parameter("q", 0, False).parameter("r", 0, False).start("r", "J*2")
    draft.assign("q", "2*J").rate("p", "J + q").reaction("J", "A -> B", "k*A", k=0.1)
    return draft.reaction("K", "B ->", "0.5*J").event("J < 0.515", {"r": "J*100"})


@_trap
def stoichiometries_by_rule_event_and_initial_assignment() -> Draft:
    draft = _cell().species("A", "c", concentration=10).species("B", "c", concentration=0)
    draft.species("D", "c", concentration=0).parameter("q", 1.5)
    draft.reaction("J", "m:A -> n:B + o:D", "k*A*n", k=0.02).assign("n", "2*q + time")
    draft.start("o", "2*q").stoichiometry("m", 2).rate("m", "0.1")
    return draft.event("time >= 4.05", {"o": "3 + o"})


@_trap
def conversion_factors() -> Draft:
    draft = _cell().parameter("f", 3).parameter("g", 0.5).species("A", "c", concentration=10, factor="g")
    draft.species("B", "c", concentration=0).reaction("J", "2 A -> 3 B", "k*A", k=0.1)
    draft.model.setConversionFactor("f")
    return draft


@_trap
def species_that_reactions_leave_alone() -> Draft:
    draft = _cell().species("A", "c", concentration=10, boundary=True).rate("A", "-0.1*A")
    draft.species("B", "c", concentration=0).species("D", "c", boundary=True).assign("D", "3 + sin(time)")
    draft.species("F", "c", concentration=1, boundary=True, constant=True)
    draft.reaction("J", "A + D -> B", "k*A*D", k=0.1).reaction("K", "2 A + F -> B", "k*F", k=0.1)
    return draft.event("B > 2.2", {"A": "1"})


@_trap
def functions_of_functions() -> Draft:
    draft = _cell().function("f", "x, y", "x*y + 1").function("g", "x", "f(x, x) + f(2, x)")
    draft.function("h", "", "3").function("late", "a, b", "piecewise(a, b, true)").parameter("y", 4)
    draft.function("swapped", "y, x", "y - x").parameter("x", 1, False).rate("x", "swapped(x, y)*0.1")
    draft.parameter("w", 0, False).rate("w", "piecewise(1, late(x < 0.5, time < 5), 0.1)")
    return draft.species("A", "c", concentration=2).reaction("J", "A ->", "0.01*g(A)*h()")


@_trap
def pieces_and_truth_values() -> Draft:
    draft = Draft().parameter("x", 0, False).parameter("y", 0, False).parameter("z", 0, False)
    draft.rate(
        "x", "piecewise(piecewise(1, time < 1, 2), time < 3.03, piecewise(0.5, x < 8, 0.1), time < 8, 0)"
    )
    draft.rate("y", "(time > 3) + piecewise(1, xor(time > 1, time > 2, time > 4), 0.5)")
    draft.rate("z", "piecewise(1, 1 < time < 4, implies(time > 4.02, time > 5), time > 3, 0.5)")
    return draft


@_trap
def rates_of_change_in_a_growing_volume() -> Draft:
    draft = _cell(constant=False).rate("c", "0.2*c").species("A", "c", concentration=10).parameter("k", 0.1)
    draft.parameter("y", 0, False).assign("y", "rateOf(A) + rateOf(c) + rateOf(k)").parameter("w", 1, False)
    return draft.reaction("J", "A ->", "k*A").rate("w", "0.1*rateOf(A)")


@_trap
def doses_by_the_clock_with_either_initial_value() -> Draft:
    draft = Draft().parameter("x", 3, False).rate("x", "-0.2*x").parameter("y", 0, False)
    draft.event("time >= 0", {"x": "x + 5"}, initially=False).event(
        "time >= 2.05", {"x": "x + 5"}, initially=False
    )
    return draft.event("time >= 0", {"y": "y + 5"}).event("time >= 4.05", {"y": "y + 1"})


@_trap
def states_that_trigger_with_either_initial_value() -> Draft:
    draft = Draft().parameter("x", 3, False).rate("x", "-0.4").parameter("y", 3, False).rate("y", "-0.4")
    return (
        draft.event("x > 1", {"x": "x + 5"}, initially=False)
        .event("y > 1", {"y": "y + 5"})
        .event("x < 2.01", {"y": "7"})
    )


@_trap
def delays_with_values_of_either_moment() -> Draft:
    draft = _clock().rate("y", "cos(time)")
    draft.parameter("z", 1, False).event("y > 1.5", {"z": "z + y"}, delay="1.05")
    return draft.event("y < 0.7", {"z": "z + y"}, delay="0.55 + 0.1*y", at_trigger=False)


@_trap
def events_that_may_be_withdrawn() -> Draft:
    draft = _clock().rate("y", "cos(time)").parameter("z", 1, False)
    draft.event("y > 1.5", {"z": "z + 1"}, delay="1.05", persistent=False)
    return draft.event("y > 1.5", {"z": "z + 10"}, delay="3.05", persistent=False)


@_trap
def priorities_that_depend_on_the_state() -> Draft:
    draft = _clock()
    for moment in ("2.05", "6.05"):
        draft.event(f"x >= {moment}", {"y": "y*2"}, priority="5 - x")
        draft.event(f"x >= {moment}", {"y": "y + 3"}, priority="x")
    return draft


@_trap
def events_that_cause_events() -> Draft:
    draft = _clock().parameter("z", 0, False).event("x > 3.05", {"y": "3"}).event("y > 2.5", {"z": "x"})
    draft.event("z > 3", {"y": "-1", "z": "y"}, delay="1.01").event("x > 9.03", {})
    return draft.event("!(x < 5.305)", {"y": "x"})
