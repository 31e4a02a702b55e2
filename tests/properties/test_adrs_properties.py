"""Properties of ADRS: neither the order of rows nor who else is in the table matters; later records move nothing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask.cdisc import adrs
from unmask.response import Rules

WORDS = {
    "RECIST 1.1": ["CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "ND", "NED", None],
    "iRECIST": ["iCR", "iPR", "iSD", "NON-iCR/NON-iUPD", "iUPD", "iCPD", "NE", "PR", None],
}
RULES = [Rules(), Rules.preset("admiralonco"), Rules.preset("eisenhauer2009")]


@st.composite
def trials(draw):
    criteria = draw(st.sampled_from(list(WORDS)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 8))
    names = np.array([f"S{k}" for k in range(n)])
    rows = int(rng.integers(0, 5 * n + 1))
    overall = pd.DataFrame(
        {
            "USUBJID": rng.choice(names, rows),
            "ADT": pd.Timestamp(2020, 1, 1) + pd.to_timedelta(14 * rng.integers(-2, 20, rows), unit="D"),
            "AVALC": rng.choice(np.array(WORDS[criteria], dtype=object), rows),
            "RSSEQ": np.arange(rows),
        }
    )
    subjects = pd.DataFrame({"STUDYID": "S", "USUBJID": names, "RANDDT": pd.Timestamp(2020, 1, 1)})
    subjects.loc[rng.random(n) < 0.1, "RANDDT"] = pd.NaT
    subjects["DTHDT"] = pd.Timestamp(2021, 1, 1)
    return overall, subjects, criteria


def same(one, other):
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True), check_dtype=False)


@settings(deadline=None, max_examples=60)
@given(trials(), st.sampled_from(RULES), st.randoms())
def test_order_of_rows_and_other_subjects_do_not_matter(trial, rules, random):
    overall, subjects, criteria = trial
    whole = adrs.derive(overall, subjects, rules, criteria=criteria)
    order = list(range(len(overall)))
    random.shuffle(order)
    same(whole, adrs.derive(overall.iloc[order], subjects, rules, criteria=criteria))
    some = subjects[: 1 + len(subjects) // 2]
    kept = whole[whole["USUBJID"].isin(some["USUBJID"])]
    same(kept, adrs.derive(overall[overall["USUBJID"].isin(some["USUBJID"])], some, rules, criteria=criteria))


@settings(deadline=None, max_examples=60)
@given(trials(), st.sampled_from(RULES))
def test_every_derived_record_is_one_a_subject_with_a_date_of_its_own_assessments(trial, rules):
    overall, subjects, criteria = trial
    table = adrs.derive(overall, subjects, rules, criteria=criteria)
    derived = table[(table["PARAMCD"] != "OVR")]
    assert (derived.groupby("PARAMCD")["USUBJID"].nunique() == len(subjects)).all()
    assert not derived.duplicated(["USUBJID", "PARAMCD"]).any()
    known = set(zip(overall["USUBJID"], overall["ADT"], strict=True))
    dated = derived[derived["ADT"].notna() & (derived["PARAMCD"] != "DEATH")]
    assert set(zip(dated["USUBJID"], dated["ADT"], strict=True)) <= known
    assert (derived.loc[derived["AVALC"] == "N", "ADT"].isna()).all()
    sequence = table.groupby("USUBJID")["ASEQ"].agg(["min", "max", "size"])
    assert (sequence["min"] == 1).all()
    assert (sequence["max"] == sequence["size"]).all()


@pytest.mark.parametrize("criteria", list(WORDS))
def test_a_record_after_the_last_progression_moves_only_the_last_assessment(criteria):
    progression = {"RECIST 1.1": "PD", "iRECIST": "iCPD"}[criteria]
    subjects = pd.DataFrame({"STUDYID": "S", "USUBJID": ["A"], "RANDDT": pd.Timestamp(2020, 1, 1)})
    rows = [
        ("2020-03-01", WORDS[criteria][1]),
        ("2020-05-01", progression),
        ("2020-07-01", WORDS[criteria][0]),
    ]
    overall = pd.DataFrame(rows, columns=["ADT", "AVALC"]).assign(USUBJID="A")
    one = adrs.derive(overall[:2], subjects, Rules(), criteria=criteria).set_index("PARAMCD")
    other = adrs.derive(overall, subjects, Rules(), criteria=criteria).set_index("PARAMCD")
    changed = [
        code
        for code in one.index
        if code != "OVR" and (one.loc[code, ["AVALC", "ADT"]] != other.loc[code, ["AVALC", "ADT"]]).all()
    ]
    assert changed == [{"RECIST 1.1": "LSTA", "iRECIST": "ILSTA"}[criteria]]
