"""Properties of best response: what must not matter does not, and options only ever move answers one way."""

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unmask.response import ImmuneResponse, Response, Rules, benefit, best_response

VISITS = 6
KINDS = [
    Response.CR,
    Response.PR,
    Response.SD,
    Response.NON_CR_NON_PD,
    Response.PD,
    Response.NE,
    Response.MISSING,
    Response.ND,
]
RULES = [
    Rules(),
    *map(Rules.preset, ("eisenhauer2009", "admiralonco")),
    Rules(complete_then_partial="PR", max_stable_between=1, fallback_day="first response"),
    Rules(early_progression="NE", response_counts_as_stable=False, immune_confirmed_response=True),
    Rules(progression_ends_assessment=False, max_not_evaluable_between=3, repeated_iupd="last"),
]
RANK = {
    Response.CR: 0,
    Response.PR: 1,
    Response.SD: 2,
    Response.NON_CR_NON_PD: 3,
    Response.PD: 4,
    Response.NE: 5,
    Response.ND: 6,
    Response.MISSING: 7,
}


@st.composite
def courses(draw):
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n = draw(st.integers(1, 40))
    overall = rng.choice(KINDS, size=(n, VISITS), p=[0.18, 0.3, 0.14, 0.05, 0.05, 0.15, 0.1, 0.03])
    immune = rng.choice(list(ImmuneResponse), size=(n, VISITS))
    day = np.cumsum(rng.choice([10, 14, 28, 42], size=(n, VISITS)), axis=1).astype(float)
    return overall.astype(np.int8), immune.astype(np.int8), day


def found(overall, immune, day, rules):
    results = {
        "confirmed": best_response.confirmed(overall, day, rules),
        "unconfirmed": best_response.unconfirmed(overall, day, rules),
        "ibor": best_response.ibor(immune, day, rules),
        "benefit": benefit.clinical_benefit(overall, day, rules, confirmed=True),
        "immune benefit": benefit.immune_clinical_benefit(immune, day, rules),
    }
    every = {
        f"{name}.{field.name}": getattr(result, field.name)
        for name, result in results.items()
        for field in dataclasses.fields(result)
    }
    return every | {"ipfs": best_response.ipfs_visit(immune, day, rules)}


def same(one, other):
    assert one.keys() == other.keys()
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


@given(courses(), st.sampled_from(RULES), st.randoms())
def test_order_and_batches_of_patients_do_not_matter(course, rules, random):
    overall, immune, day = course
    whole = found(overall, immune, day, rules)
    order = list(range(len(day)))
    random.shuffle(order)
    same(
        {name: values[order] for name, values in whole.items()},
        found(overall[order], immune[order], day[order], rules),
    )
    for n in order[:5]:
        alone = found(overall[n : n + 1], immune[n : n + 1], day[n : n + 1], rules)
        same({name: values[n : n + 1] for name, values in whole.items()}, alone)


@given(courses(), st.sampled_from([rules for rules in RULES if rules.progression_ends_assessment]))
def test_visits_after_progression_change_nothing(course, rules):
    overall, immune, day = course
    overall[:, VISITS - 2] = Response.PD
    immune[:, VISITS - 2] = ImmuneResponse.ICPD
    same(found(overall[:, :-1], immune[:, :-1], day[:, :-1], rules), found(overall, immune, day, rules))


@given(courses(), st.sampled_from(RULES))
def test_padding_changes_nothing(course, rules):
    overall, immune, day = course
    padded = [
        np.concatenate([table, np.full((len(table), 1), empty)], axis=1)
        for table, empty in (
            (overall, Response.MISSING),
            (immune, ImmuneResponse.MISSING),
            (day, np.nan),
        )
    ]
    same(found(overall, immune, day, rules), found(*padded, rules))


@given(courses(), st.sampled_from(RULES))
def test_a_day_is_that_of_its_visit(course, rules):
    overall, immune, day = course
    for best in (
        best_response.confirmed(overall, day, rules),
        best_response.unconfirmed(overall, day, rules),
        best_response.ibor(immune, day, rules),
    ):
        for days, visits in (
            (best.day, best.visit),
            (best.first_response_day, best.first_response_visit),
        ):
            named = np.where(visits >= 0, day[np.arange(len(day)), visits], np.nan)
            np.testing.assert_array_equal(days, named)


def ranks(response):
    return np.array([RANK[Response(int(code))] for code in response])


@given(courses(), st.sampled_from(RULES), st.integers(0, 3))
def test_allowing_more_between_never_loses_a_confirmation(course, rules, allowed):
    overall, _, day = course
    for option in ("max_not_evaluable_between", "max_stable_between"):
        strict = best_response.confirmed(overall, day, rules.changed(**{option: allowed}))
        loose = best_response.confirmed(overall, day, rules.changed(**{option: allowed + 1}))
        assert not (strict.confirmed & ~loose.confirmed).any()
        assert (ranks(loose.response) <= ranks(strict.response)).all()


@given(courses(), st.sampled_from(RULES))
def test_a_shorter_wait_never_loses_a_confirmation(course, rules):
    overall, _, day = course
    strict = best_response.confirmed(overall, day, rules)
    loose = best_response.confirmed(
        overall, day, rules.changed(confirmation_days=rules.confirmation_days - 14)
    )
    assert not (strict.confirmed & ~loose.confirmed).any()


@given(courses(), st.sampled_from(RULES))
def test_confirmed_is_never_better_than_unconfirmed(course, rules):
    if rules.complete_then_partial == "PR":
        return  # there a CR becomes a PR, which is another reading and not a stricter one
    overall, _, day = course
    strict = best_response.confirmed(overall, day, rules)
    loose = best_response.unconfirmed(overall, day, rules)
    assert (ranks(loose.response) <= ranks(strict.response)).all()


@given(courses(), st.sampled_from(RULES))
def test_a_response_is_a_clinical_benefit_and_not_later(course, rules):
    overall, immune, day = course
    for best, reached in (
        (
            best_response.confirmed(overall, day, rules),
            benefit.clinical_benefit(overall, day, rules, confirmed=True),
        ),
        (best_response.unconfirmed(overall, day, rules), benefit.clinical_benefit(overall, day, rules)),
        (
            best_response.ibor(immune, day, rules.changed(immune_confirmed_response=False)),
            benefit.immune_clinical_benefit(immune, day, rules),
        ),
    ):
        responded = benefit.response(best)
        assert not (responded.yes & ~reached.yes).any()
        assert (reached.day[responded.yes] <= responded.day[responded.yes]).all()
