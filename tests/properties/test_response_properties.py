"""Properties of response assessment: what must not matter does not, and no file ends in a traceback."""

import dataclasses

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from unmask.errors import DataError, UnmaskError
from unmask.response import Response, Rules, best_response, irecist, recist
from unmask.response.assess import assess

LESIONS, VISITS = 3, 6
RULES = [
    Rules(),
    Rules(reappearance="never", ongoing_partial_response=False),
    Rules(immune_late_scan="starts again"),
]


@st.composite
def cohorts(draw):
    """Random measurements near each other, so that every threshold is met often."""
    n = draw(st.integers(1, 6))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    baseline = rng.choice([-1, 30, 100, 140, 150, 270], size=(n, LESIONS))
    factor = rng.choice([0, 0.5, 0.7, 0.9, 1.0, 1.2, 1.3], size=(n, VISITS, LESIONS))
    target = np.where(baseline[:, None] < 0, -1, (baseline[:, None] * factor).astype(int))
    target = np.where(rng.random(target.shape) < 0.08, -1, target)
    return {
        "baseline": baseline,
        "nodal": rng.random((n, LESIONS)) < 0.3,
        "present": rng.random(n) < 0.5,
        "target": target,
        "non_target": rng.choice(
            [Response.CR, Response.NON_CR_NON_PD, Response.PD, Response.NE],
            size=(n, VISITS),
            p=[0.2, 0.6, 0.1, 0.1],
        ),
        "new": np.maximum.accumulate(rng.choice([0, 0, 0, 0, 1, 2], size=(n, VISITS)), axis=1),
        "new_sum": rng.choice([-1, 100, 130, 160], size=(n, VISITS)),
        "grew": rng.random((n, VISITS)) < 0.1,
        "scanned": rng.random((n, VISITS)) < 0.93,
        "day": np.cumsum(rng.integers(14, 70, size=(n, VISITS)), axis=1).astype(float),
    }


def verdicts(cohort, rules, visits=VISITS):
    n = len(cohort["baseline"])
    state = recist.start(cohort["baseline"], cohort["nodal"], cohort["present"], rules)
    immune = irecist.start(n, rules)
    fields = {}
    for v in range(visits):
        state, verdict = recist.step(
            state,
            cohort["target"][:, v],
            cohort["non_target"][:, v],
            cohort["new"][:, v] > 0,
            cohort["scanned"][:, v],
        )
        immune, iverdict = irecist.step(
            immune,
            cohort["day"][:, v],
            verdict,
            new_lesion_count=cohort["new"][:, v],
            new_target_sum=cohort["new_sum"][:, v],
            new_non_target_increase=cohort["grew"][:, v],
        )
        for kind in (verdict, iverdict):
            for field in dataclasses.fields(kind):
                name = f"{type(kind).__module__}.{field.name}"
                fields.setdefault(name, []).append(getattr(kind, field.name))
    found = {name: np.stack(values, axis=1) for name, values in fields.items()}
    codes = found["unmask.response.irecist.response"]
    found["ipfs_day"] = best_response.ipfs_day(codes, cohort["day"][:, :visits])
    if visits == VISITS:
        # Two ways to the same day: from the codes, and from what the steps remember.
        np.testing.assert_array_equal(found["ipfs_day"], immune.first_day)
    return found


def same(one, other):
    assert one.keys() == other.keys()
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


@given(cohorts(), st.sampled_from(RULES), st.randoms())
def test_patients_do_not_touch_each_other(cohort, rules, random):
    order = list(range(len(cohort["baseline"])))
    random.shuffle(order)
    whole = verdicts(cohort, rules)
    same(
        {name: values[order] for name, values in whole.items()},
        verdicts({name: values[order] for name, values in cohort.items()}, rules),
    )
    for n in order:
        alone = verdicts({name: values[n : n + 1] for name, values in cohort.items()}, rules)
        same({name: values[n : n + 1] for name, values in whole.items()}, alone)


@given(cohorts(), st.sampled_from(RULES), st.permutations(range(LESIONS)))
def test_order_of_lesions_does_not_matter(cohort, rules, order):
    turned = {
        **cohort,
        "baseline": cohort["baseline"][:, order],
        "nodal": cohort["nodal"][:, order],
        "target": cohort["target"][:, :, order],
    }
    same(verdicts(cohort, rules), verdicts(turned, rules))


@given(cohorts(), st.sampled_from(RULES), st.integers(1, VISITS - 1))
def test_a_later_visit_changes_nothing_before_it(cohort, rules, visits):
    short = verdicts(cohort, rules, visits)
    whole = verdicts(cohort, rules)
    for name, values in short.items():
        if values.ndim == 2:
            np.testing.assert_array_equal(values, whole[name][:, :visits], err_msg=name)


@given(cohorts(), st.integers(2, 9))
def test_scale_changes_only_the_absolute_rules(cohort, factor):
    """In a unit ``factor`` times finer, with every absolute limit in that unit, nothing changes."""
    rules = Rules()
    finer = rules.changed(
        progression_tenths=factor * rules.progression_tenths,
        normal_node_tenths=factor * rules.normal_node_tenths,
        immune_growth_tenths=factor * rules.immune_growth_tenths,
        immune_improvement_tenths=factor * rules.immune_improvement_tenths,
    )
    scaled = dict(cohort)
    for name in ("baseline", "target", "new_sum"):
        scaled[name] = np.where(cohort[name] < 0, -1, cohort[name] * factor)
    one, other = verdicts(cohort, rules), verdicts(scaled, finer)
    for name in one:
        if not name.endswith(("sum", "nadir")):
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@given(cohorts())
def test_irecist_differs_from_recist_only_after_a_progression(cohort):
    found = verdicts(cohort, Rules())
    overall = found["unmask.response.recist.overall"]
    immune = found["unmask.response.irecist.response"]
    before = np.cumsum(overall == Response.PD, axis=1) == 0
    as_immune = np.array([7, 1, 2, 3, 4, 5, 7, 8])
    np.testing.assert_array_equal(immune[before], as_immune[overall][before])


WORDS = """a b -5 0 1 42 84 12.5 30 -1 1e9 nan inf NE 12,5 new target non-target yes no lung ' " é 1e400 0x1f １２
2014-01-03 2014-02 2014-02-30 2014-03-01T10 equivocal absent"""
CELLS = st.sampled_from(["", "\n", "\x00", "9" * 400, *WORDS.split()])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.sampled_from(
        [
            "patient,day,diameter_mm",
            "patient,day,lesion,diameter,kind,nodal,organ,arm",
            "patient;day;diameter",
            "day,patient,diameter_mm,state,kind",
            "patient,date,diameter,lesion,start_date",
            "patient,day,diameter,lesion,part_of,merged_into,kind",
            "patient,day",
            "patient,day,diameter,diameter",
            "",
        ]
    ),
    table=st.lists(st.lists(CELLS, max_size=9), max_size=12),
)
def test_any_table_gives_a_result_or_a_named_error(tmp_path, header, table):
    path = tmp_path / "lesions.csv"
    path.write_text("\n".join([header, *(",".join(row) for row in table)]), encoding="utf-8")
    check(path)
    check(path, strict=True, partial_dates="last")


LESION_IDS = st.sampled_from(["A", "B", "C", "A1", ""])
PLAUSIBLE = st.fixed_dictionaries(
    {
        "patient": st.sampled_from(["p", "q"]),
        "day": st.sampled_from([-40, -5, 0, 42, 84, 126]),
        "lesion": LESION_IDS,
        "diameter": st.sampled_from([None, 0.0, 4.95, 9.9, 20.0, 21.0, 90.0, 501.0]),
        "kind": st.sampled_from(["target", "target", "target", "non-target", "new"]),
        "nodal": st.sampled_from([False, False, True]),
        "organ": st.sampled_from(["left lung", "right lung", None]),
        "state": st.sampled_from(["", "", "", "present", "absent", "too small", "equivocal", "increased"]),
        "part_of": st.sampled_from(["", "", "", "A"]),
        "merged_into": st.sampled_from(["", "", "", "A", "B"]),
    }
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PLAUSIBLE, min_size=1, max_size=25))
def test_no_row_is_lost_as_parquet_as_csv_and_strictly(tmp_path, rows):
    csv, parquet = tmp_path / "lesions.csv", tmp_path / "lesions.parquet"
    table = pd.DataFrame(rows)
    table.to_csv(csv, index=False)
    table.to_parquet(parquet, index=False)
    found = [check(path) for path in (csv, parquet)]
    assert (found[0] is None) == (found[1] is None)
    if found[0] is not None:
        assert found[0].problems == found[1].problems
        pd.testing.assert_frame_equal(found[0].visits, found[1].visits)
    strict = check(csv, strict=True)
    if strict is not None:
        left = [problem.code for problem in strict.problems if problem.severity != "error"]
        assert set(left) <= {"patient_no_follow_up"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200), st.integers(0, 2000), st.sampled_from(["lesions.parquet", "tr.xpt", "tr.json"])
)
def test_any_bytes_under_any_name_give_a_named_error(tmp_path, content, at, name):
    good = tmp_path / "good.parquet"
    if not good.is_file():
        pd.DataFrame({"patient": ["p", "p"], "day": [0, 42], "diameter": [20.0, 10.0]}).to_parquet(good)
    raw = good.read_bytes()
    path = tmp_path / name
    path.write_bytes(raw[:at] + content + raw[at + len(content) :] if name.endswith("parquet") else content)
    check(path)


DATASET_CELLS = {
    "USUBJID": ["p", "p", "q", ""],
    "TRLNKID": ["T01", "T02", "T01.1", "T01/T02", ""],
    "TRGRPID": ["TARGET", "TARGET", "NON-TARGET", "NEW", ""],
    "TRTESTCD": ["LDIAM", "LPERP", "DIAMETER", "TUMSTATE", "SUMDIAM"],
    "TRSTRESC": ["20", "12.5", "0", "PRESENT", "ABSENT", "x", ""],
    "TRSTRESU": ["mm", "mm", "cm", ""],
    "TRSTAT": ["", "", "NOT DONE"],
    "VISITNUM": ["1", "2", "3", "x", ""],
    "VISIT": ["BASELINE", "WEEK 6", ""],
    "TRDTC": ["2014-01-03", "2014-02-14", "2014-03", "2014-06-01", "", "x"],
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in DATASET_CELLS.items()}),
        min_size=1,
        max_size=20,
    ),
    st.booleans(),
)
def test_any_tumour_results_give_a_result_or_a_named_error(tmp_path, records, strict):
    pd.DataFrame(records).to_csv(tmp_path / "tr.csv", index=False)
    (tmp_path / "tu.csv").write_text(
        "USUBJID,TULNKID,TUSTRESC,TULOC\np,T01,TARGET,LUNG\np,T02,TARGET,LYMPH NODE\n"
    )
    check(tmp_path, strict=strict)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.booleans())
@example(b"\x1c", False)  # blank as text, not as bytes
def test_any_bytes_give_a_named_error_or_a_result(tmp_path, content, headed):
    path = tmp_path / "lesions.csv"
    path.write_bytes((b"patient,day,diameter_mm\np,-1,20\n" if headed else b"") + content)
    check(path)


def check(path, **options):
    try:
        result = assess(path, **options)
    except DataError as error:
        assert error.exit_code == 3
        assert str(path) in str(error)
    except UnmaskError as error:
        raise AssertionError(f"a bad file is bad data, not {type(error).__name__}: {error}") from error
    else:
        counts = result.summary["rows"]
        bad_rows = {p.bad_row for p in result.problems} - {None}
        assert counts["left_out"] == len(bad_rows)
        assert counts["read"] == counts["used"] + counts["superseded_baselines"] + counts["left_out"]
        assert all(problem.text and "{" not in problem.text for problem in result.problems)
        assert len(result.patients) == result.summary["patients"]
        return result
    return None
