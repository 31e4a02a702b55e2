"""The lesions that a trial writes down give, as a lesion file, the verdicts of the trial at every visit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from unmask.response.assess import AssessResult, assess
from unmask.trial.result import TrialResult
from unmask.trial.run import run_trial
from unmask.trial.written_lesions import NewLesions, NonTargetDisease

SAME = (
    "target_response",
    "non_target_response",
    "overall_response",
    "criterion",
    "irecist_response",
    "irecist_criterion",
    "new_lesion",
)


@pytest.fixture(scope="module", params=["lumped", "lesions"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[TrialResult, AssessResult]:
    settings = (f"disease.form={request.param}",)
    result = run_trial("oak", patients=150, seed=11, settings=settings)
    path = tmp_path_factory.mktemp("lesions") / "lesions.csv"
    result.tables["lesions"].to_csv(path, index=False)
    return result, assess(path, rules=result.protocol.assessment.rules())


def named(table: pd.DataFrame) -> pd.DataFrame:
    names = [f"{number}-{arm}" for number, arm in zip(table["patient"], table["arm"], strict=True)]
    return table.astype({"arm": str}).assign(patient=names)


def test_every_row_can_be_used(both: tuple[TrialResult, AssessResult]) -> None:
    result, assessed = both
    assert {problem.code for problem in assessed.problems if problem.severity == "error"} == set()
    assert set(result.tables["lesions"]["kind"]) == {"target", "non-target", "new"}
    assert sorted(assessed.patients["patient"]) == sorted(named(result.tables["patients"])["patient"])


def test_every_visit_is_judged_alike(both: tuple[TrialResult, AssessResult]) -> None:
    result, assessed = both
    mine = named(result.tables["assessments"]).sort_values(["patient", "day"], ignore_index=True)
    other = assessed.visits.sort_values(["patient", "day"], ignore_index=True)
    assert mine["patient"].tolist() == other["patient"].tolist()
    assert mine["day"].tolist() == other["day"].tolist()
    for column in SAME:
        assert mine[column].astype(str).tolist() == other[column].astype(str).tolist(), column
    for column in ("sld_mm", "baseline_sld_mm", "nadir_mm"):
        np.testing.assert_allclose(mine[column], other[column])
    # What is told apart here happens in the trial.
    assert {"iCPD", "iUPD", "iPR", "iSD"} <= set(other["irecist_response"])
    assert {"confirmed_new_lesion_growth", "confirmed_more_new_lesions"} & set(other["irecist_criterion"])


def test_best_responses_and_progression_are_the_same(both: tuple[TrialResult, AssessResult]) -> None:
    result, assessed = both
    patients = named(result.tables["patients"]).set_index("patient").sort_index()
    other = assessed.patients.set_index("patient").sort_index()
    assert (
        patients["best_response"].astype(str).tolist()
        == other["best_response"].replace("MISSING", "NE").tolist()
    )
    np.testing.assert_allclose(patients["response_day"], other["first_response_day"])
    visits = named(result.tables["assessments"])
    progressed = visits[visits["overall_response"].astype(str) == "PD"].groupby("patient")["day"].min()
    np.testing.assert_allclose(progressed.reindex(patients.index), other["progression_day"])
    # Another therapy ends the assessment by iRECIST in a trial; a lesion file does not tell.
    alone = ~patients.index.isin(visits.loc[visits["subsequent_therapy"], "patient"])
    assert alone.sum() > 50
    mine, theirs = patients[alone], other[alone]
    words = theirs["irecist_best_response"].replace("MISSING", "NE")
    assert mine["irecist_best_response"].astype(str).tolist() == words.tolist()
    np.testing.assert_allclose(mine["ipfs_day"], theirs["irecist_progression_day"])


def test_the_columns_are_those_of_a_lesion_file(
    both: tuple[TrialResult, AssessResult], tmp_path: Path
) -> None:
    result, _ = both
    table = result.tables["lesions"]
    first = table[table["visit"] == 0]
    assert (first["day"] == 0).all()
    assert set(first["kind"]) == {"target", "non-target"}
    assert not table.duplicated(["patient", "day", "lesion"]).any()
    totals = first[first["kind"] == "target"].groupby("patient", observed=True)["diameter_mm"].sum()
    patients = named(result.tables["patients"]).set_index("patient")
    np.testing.assert_allclose(totals.reindex(patients.index), patients["baseline_sld_mm"])
    result.write(tmp_path / "out")
    again = pd.read_parquet(tmp_path / "out" / "lesions.parquet")
    pd.testing.assert_frame_equal(again, table)


def read(new: NewLesions, true: list[float], measured: list[float] | None = None) -> list[int]:
    sizes = np.array([true], dtype=float)
    seen = sizes if measured is None else np.array([measured], dtype=float)
    new.read(sizes >= 2.0, sizes, seen)
    return new.size[0].tolist()


def test_new_lesions_are_measured_from_ten_millimetres_and_else_judged_by_eye() -> None:
    new = NewLesions(1, 3, visible_increase=1.1)
    assert new.target_sum.tolist() == [-1]
    assert read(new, [0.0, 9.9, 12.0]) == [-1, 99, 120]
    assert (new.target_sum.tolist(), new.increase.tolist()) == ([120], [False])
    assert read(new, [0.0, 10.7, 12.1]) == [-1, 99, 121]  # 8 % more is not seen
    assert new.increase.tolist() == [False]
    assert read(new, [0.0, 10.9, 12.1]) == [-1, 109, 121]
    assert (new.target_sum.tolist(), new.increase.tolist()) == (
        [121],
        [True],
    )  # the small one is never measured
    assert read(new, [10.0, 9.0, 0.0]) == [100, 90, 0]
    assert (new.target_sum.tolist(), new.increase.tolist()) == ([100], [False])
    assert read(new, [10.0, 1.0, 3.0]) == [100, 0, 30]


def test_five_new_lesions_are_measured_the_largest_first() -> None:
    new = NewLesions(1, 7, visible_increase=1.1)
    read(new, [11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0])
    assert new.target_sum.tolist() == [10 * (13 + 14 + 15 + 16 + 17)]


def test_non_target_disease_goes_up_only_when_growth_is_seen() -> None:
    disease = NonTargetDisease(np.array([15.0]), visible_increase=1.1)
    course = [(16.4, False, 150), (18.1, True, 181), (18.0, False, 180), (1.0, False, 0), (2.5, True, 25)]
    for size, grew, written in course:
        increased = disease.read(np.array([size]), np.array([size < 2.0]))
        assert (increased.tolist(), disease.size.tolist()) == ([grew], [written])
