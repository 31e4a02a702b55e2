"""What must hold for any trial: invariances of the derivation and of the estimates."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask.response import Rules
from unmask.survival import endpoints
from unmask.survival.comparison import hazard_ratio, logrank_p
from unmask.survival.kaplan_meier import Follow

SCHEDULE = (42.0, 84.0, 126.0, 168.0, 210.0, 252.0)
VERDICTS = ["CR", "PR", "SD", "PD", "NE", "NON-CR/NON-PD", ""]
MANY = settings(max_examples=60, deadline=None)


def time_to_event(assessments, patients, rules, scan_days=SCHEDULE):
    return endpoints.time_to_event(assessments, patients, rules, scan_days=scan_days)


RULES = st.builds(
    Rules,
    censor_unassessed=st.booleans(),
    missed_visits=st.sampled_from([0, 1, 2]),
    whole_days=st.booleans(),
)
DAY = st.integers(0, 400).map(float)
PERSON = st.fixed_dictionaries(
    {
        "verdicts": st.lists(st.sampled_from(VERDICTS), min_size=6, max_size=6),
        "death_day": st.one_of(st.just(np.nan), DAY),
        "censor_day": DAY,
        "responds_at": st.sampled_from([None, 42.0, 84.0]),
        "ipfs_day": st.one_of(st.just(np.nan), st.sampled_from(SCHEDULE)),
    }
)
PEOPLE = st.lists(PERSON, min_size=1, max_size=8)


def tables(people: list[dict]) -> tuple[pd.DataFrame, pd.DataFrame]:
    patients = pd.DataFrame(
        {
            "patient": np.arange(len(people)),
            "arm": ["ab"[number % 2] for number in range(len(people))],
            "best_response": ["PR" if person["responds_at"] else "SD" for person in people],
            "response_day": [person["responds_at"] or np.nan for person in people],
            "ipfs_day": [person["ipfs_day"] for person in people],
            "death_day": [person["death_day"] for person in people],
            "censor_day": [person["censor_day"] for person in people],
        }
    )
    visits = [
        (number, "ab"[number % 2], day, verdict)
        for number, person in enumerate(people)
        for day, verdict in zip(SCHEDULE, person["verdicts"], strict=True)
    ]
    return pd.DataFrame(visits, columns=["patient", "arm", "day", "overall_response"]), patients


def indexed(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index(["patient", "arm", "endpoint"]).sort_index()


@MANY
@given(people=PEOPLE, rules=RULES, seed=st.integers(0, 99))
def test_the_order_of_patients_and_visits_is_irrelevant(people: list[dict], rules: Rules, seed: int) -> None:
    assessments, patients = tables(people)
    shuffled = [table.sample(frac=1, random_state=seed) for table in (assessments, patients)]
    one, other = time_to_event(assessments, patients, rules), time_to_event(*shuffled, rules)
    pd.testing.assert_frame_equal(indexed(one), indexed(other))


@MANY
@given(people=PEOPLE, rules=RULES)
def test_one_patient_does_not_depend_on_the_others(people: list[dict], rules: Rules) -> None:
    together = time_to_event(*tables(people), rules)
    alone = time_to_event(*tables(people[:1]), rules)
    pd.testing.assert_frame_equal(indexed(together[together["patient"] == 0]), indexed(alone))


@MANY
@given(people=PEOPLE, factor=st.integers(2, 9))
def test_times_scale(people: list[dict], factor: int) -> None:
    assessments, patients = tables(people)
    rules = Rules(missed_visits=2)
    stretched = rules.changed(missed_visit_window_days=rules.missed_visit_window_days * factor)
    columns = ["response_day", "ipfs_day", "death_day", "censor_day"]
    one = time_to_event(assessments, patients, rules)
    other = time_to_event(
        assessments.assign(day=assessments["day"] * factor),
        patients.assign(**{name: patients[name] * factor for name in columns}),
        stretched,
        tuple(day * factor for day in SCHEDULE),
    )
    pd.testing.assert_frame_equal(one.assign(time_days=one["time_days"] * factor), other)


@MANY
@given(people=PEOPLE, rules=RULES, sooner=st.integers(0, 400))
def test_an_earlier_cut_off_never_adds_or_moves_an_event(
    people: list[dict], rules: Rules, sooner: int
) -> None:
    assessments, patients = tables(people)
    early = patients.assign(censor_day=np.minimum(patients["censor_day"], sooner))
    late = indexed(time_to_event(assessments, patients, rules))
    cut = indexed(time_to_event(assessments, early, rules))
    assert cut.index.isin(late.index).all()
    events = cut[cut["event"]]
    assert late.loc[events.index, "event"].all()
    assert (late.loc[events.index, "time_days"] == events["time_days"]).all()


@MANY
@given(people=PEOPLE, rules=RULES)
def test_endpoints_are_ordered(people: list[dict], rules: Rules) -> None:
    """Progression-free survival ends no later than survival; responses last no longer than both."""
    assessments, patients = tables(people)
    long = time_to_event(assessments, patients, rules)
    table = long.pivot_table(values="time_days", index=["patient", "arm"], columns="endpoint")
    assert (table["PFS"] <= table["OS"]).all() and (table["iPFS"] <= table["OS"]).all()
    assert (table.min() >= 0).all()
    if "DoR" in table:
        known = table[table["DoR"].notna()]
        assert np.allclose(known["DoR"] + known["TTR"], known["PFS"])


@MANY
@given(people=PEOPLE, rules=RULES)
def test_a_stricter_rule_never_adds_an_event(people: list[dict], rules: Rules) -> None:
    assessments, patients = tables(people)
    plain = indexed(time_to_event(assessments, patients, Rules(censor_unassessed=False)))
    strict = indexed(time_to_event(assessments, patients, rules))
    assert not (strict["event"] & ~plain["event"].reindex(strict.index)).any()


TIMES = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=30)


def arm(times: list[tuple[int, bool]], factor: float = 1.0) -> Follow:
    return Follow(np.array([time * factor for time, _ in times]), np.array([event for _, event in times]))


@MANY
@given(times=TIMES, factor=st.sampled_from([0.25, 2.0, 30.0]))
def test_a_curve_falls_from_one_and_scales_with_time(times: list[tuple[int, bool]], factor: float) -> None:
    curve, scaled = arm(times).curve, arm(times, factor).curve
    assert np.all(np.diff(curve.survival) <= 1e-15) and np.all((curve.survival >= 0) & (curve.survival <= 1))
    inside = (curve.low <= curve.survival + 1e-12) & ~(curve.high < curve.survival - 1e-12)
    assert inside.all()
    median, other = curve.quantile().value, scaled.quantile().value
    assert (median is None) == (other is None) and (median is None or median * factor == other)
    mean, other_mean = curve.restricted_mean(20.0), scaled.restricted_mean(20.0 * factor)
    assert (mean is None) == (other_mean is None)
    if mean and other_mean:
        assert np.allclose(np.array(mean) * factor, other_mean, rtol=1e-12)
        assert 0 <= mean[0] <= 20 + 1e-9


@MANY
@given(first=TIMES, second=TIMES)
def test_exchanging_the_arms_inverts_the_hazard_ratio(
    first: list[tuple[int, bool]], second: list[tuple[int, bool]]
) -> None:
    one, other = arm(first), arm(second)
    forward, back = hazard_ratio(one, other), hazard_ratio(other, one)
    assert (forward.hr.value is None) == (back.hr.value is None)
    if forward.hr.value is None:
        assert forward.reason and forward.hr.ci == (None, None)
    else:
        assert np.isclose(np.log(forward.hr.value), -np.log(back.hr.value), atol=1e-6)
        assert forward.hr.ci[0] <= forward.hr.value <= forward.hr.ci[1]
    assert logrank_p(one, other) is None or np.isclose(logrank_p(one, other), logrank_p(other, one))
