"""Properties of whole cohorts: floats and integers agree at exact thresholds, size is only a matter of the 5 mm rule,
and nobody's outcome depends on anybody else or on what came later.
"""

import dataclasses
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_response_properties import VISITS, cohorts

from unmask.response import ImmuneResponse, Measurements, Response, Rules, judge, outcomes
from unmask.response.lesion_rows import to_tenths
from unmask.response.measurements import tenths
from unmask.survival.endpoints import ENDPOINTS, VARIANTS, derive, possible
from unmask.survival.key_days import Followed, key_days


def measurements(cohort, **changes):
    day = np.where(cohort["scanned"], cohort["day"], np.nan)
    return Measurements.of(
        **{
            "baseline": cohort["baseline"],
            "target": cohort["target"],
            "day": day,
            "nodal": cohort["nodal"],
            "non_target_present": cohort["present"],
            "non_target": cohort["non_target"],
            "new_count": cohort["new"],
            "new_target_sum": cohort["new_sum"],
            "new_non_target_increase": cohort["grew"],
        }
        | changes
    )


def everything(m, rules=None):
    verdicts = judge(m, rules or Rules())
    found = outcomes(verdicts)
    people = Followed.of(verdicts, found)
    days = key_days(people, rules or Rules(), (42.0, 84.0, 126.0, 168.0))
    table = {"overall": verdicts.overall, "response": verdicts.response, "criterion": verdicts.criterion}
    for name in ("confirmed", "unconfirmed", "irecist"):
        best = getattr(found, name)
        table |= {f"{name}.{f.name}": getattr(best, f.name) for f in dataclasses.fields(best)}
    table |= {"progression": found.progression, "difference": found.difference}
    for endpoint in [*ENDPOINTS.values(), *VARIANTS.values()]:
        if possible(endpoint, days) and not endpoint.rules:
            times = derive(endpoint, days)
            table |= {f"{endpoint.name}.days": times.days, f"{endpoint.name}.event": times.event}
    return table


@given(cohorts(), st.sampled_from(["of", "from_millimetres"]))
def test_millimetres_and_tenths_give_the_same(cohort, door):
    whole = everything(measurements(cohort))
    base, target, new = (
        np.where(cohort[name] < 0, np.nan, cohort[name] / 10.0) for name in ("baseline", "target", "new_sum")
    )
    m = Measurements.from_millimetres(
        base,
        target,
        np.where(cohort["scanned"], cohort["day"], np.nan),
        nodal=cohort["nodal"],
        non_target_present=cohort["present"],
        non_target=cohort["non_target"],
        new_count=cohort["new"],
        new_target_sum=new,
        new_non_target_increase=cohort["grew"],
    )
    for name, values in everything(m).items():
        np.testing.assert_array_equal(values, whole[name], err_msg=name)


@given(st.integers(0, 50000), st.sampled_from([1, 2, 3]))
def test_a_length_is_rounded_as_it_is_written(hundredths, digits):
    text = str(Decimal(hundredths).scaleb(-digits))
    assert tenths(float(text)) == to_tenths(text)


@given(st.integers(30, 5000), st.integers(0, 6000))
def test_thresholds_are_exact(baseline, size):
    """Growth of 20 % and 5 mm, shrinkage of 30 %, by fractions; the same from floats in millimetres."""
    state = judge(Measurements.from_millimetres([[baseline / 10]], [[[size / 10]]], 42.0))
    grown = size >= Decimal("1.2") * baseline and size - baseline >= 50
    shrunk = size <= Decimal("0.7") * baseline
    expected = "PD" if grown else "CR" if size == 0 else "PR" if shrunk else "SD"
    assert Response(int(state.target[0, 0])).label == expected


@given(cohorts(), st.integers(2, 9))
def test_size_matters_only_by_absolute_rules(cohort, factor):
    """Without nodes and with the 5 mm rules off, a cohort ten times larger gets the same verdicts."""
    rules = Rules(progression_tenths=0, immune_growth_tenths=0, immune_improvement_tenths=0)
    plain = measurements(cohort, nodal=None)
    larger = {
        name: np.where(cohort[name] < 0, -1, cohort[name] * factor)
        for name in ("baseline", "target", "new_sum")
    }
    scaled = measurements(
        cohort,
        nodal=None,
        baseline=larger["baseline"],
        target=larger["target"],
        new_target_sum=larger["new_sum"],
    )
    one, other = judge(plain, rules), judge(scaled, rules)
    for name in ("target", "overall", "criterion", "response", "immune_criterion"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    # With the 5 mm rule a larger cohort can only have more progressions: what was one stays one.
    small, large = judge(plain), judge(scaled)
    first = (small.target == Response.PD) & (np.cumsum(small.target == Response.PD, axis=1) == 1)
    earlier = np.cumsum(large.target == Response.PD, axis=1) > 0
    assert (earlier | ~first).all()


@given(cohorts(), st.randoms())
def test_a_patient_alone_or_in_a_crowd_or_in_any_order(cohort, random):
    order = list(range(len(cohort["baseline"])))
    random.shuffle(order)
    m = measurements(cohort)
    whole = everything(m)
    turned = everything(m.rows(order))
    for name, values in whole.items():
        np.testing.assert_array_equal(values[order], turned[name], err_msg=name)
    alone = everything(m.rows([order[0]]))
    for name, values in whole.items():
        np.testing.assert_array_equal(values[[order[0]]], alone[name], err_msg=name)


@given(cohorts())
def test_more_visits_change_no_progression_that_was_seen(cohort):
    m = measurements(cohort)
    shorter = dataclasses.replace(
        m,
        **{
            f.name: getattr(m, f.name)[:, : VISITS - 1]
            for f in dataclasses.fields(m)
            if np.ndim(getattr(m, f.name)) > 1 and f.name not in ("baseline", "nodal")
        },
    )
    before, after = outcomes(judge(shorter)), outcomes(judge(m))
    seen = ~np.isnan(before.progression_day)
    np.testing.assert_array_equal(before.progression_day[seen], after.progression_day[seen])
    # An iRECIST progression that was confirmed stays what it was; an open one may be withdrawn.
    proven = (judge(shorter).response == ImmuneResponse.ICPD).any(axis=1)
    np.testing.assert_array_equal(
        before.irecist_progression_day[proven], after.irecist_progression_day[proven]
    )
