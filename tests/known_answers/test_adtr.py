"""ADTR: every trap of its derivation with a hand-made course, and pharmaverseadam's own records."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from unmask.cdisc.adtr import derive
from unmask.cdisc.dataset import Dataset
from unmask.conformance import adtr as conformance
from unmask.errors import ConfigurationError, DataError

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "response"
SUBJECTS = pd.DataFrame({"STUDYID": ["S", "S"], "USUBJID": ["1", "2"], "RANDDT": pd.Timestamp("2020-01-10")})
DAYS = ("2020-01-08", "2020-02-20", "2020-04-02", "2020-05-14", "2020-06-25")


def measured(
    sizes: dict[str, list[float | None]], *, nodes: tuple[str, ...] = (), subject: str = "1"
) -> pd.DataFrame:
    """Return measurements; a size of None is one that was not taken, a list that ends early has no record."""
    rows = [
        {
            "USUBJID": subject,
            "TRLNKID": lesion,
            "TRTESTCD": "LPERP" if lesion in nodes else "LDIAM",
            "TRSTRESN": size,
            "ADT": pd.Timestamp(DAYS[visit]),
            "VISIT": "SCREENING" if visit == 0 else f"WEEK {6 * visit}",
            "VISITNUM": visit + 1,
            "TULOC": "LYMPH NODE" if lesion in nodes else "LIVER",
        }
        for lesion, course in sizes.items()
        for visit, size in enumerate(course)
    ]
    return pd.DataFrame(rows)


def sums(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["PARAMCD"] == "SDIAM"].reset_index(drop=True)


def column(table: pd.DataFrame, name: str) -> list[object]:
    return [None if pd.isna(value) else value for value in table[name]]


def test_baseline_has_no_change_and_no_nadir() -> None:
    found = sums(derive(measured({"T01": [50, 40, 60], "T02": [30, 24, 24]}), SUBJECTS))
    assert column(found, "AVAL") == [80, 64, 84]
    assert column(found, "ABLFL") == ["Y", None, None]
    assert column(found, "BASE") == [80, 80, 80]
    assert column(found, "CHG") == [0, -16, 4]
    assert column(found, "PCHG") == [0, -20, 5]
    assert column(found, "NADIR") == [None, 80, 64]
    assert column(found, "CHGNAD") == [None, -16, 20]
    assert column(found, "PCHGNAD") == [None, -20, 31.25]
    assert column(found, "ADY") == [-2, 42, 84]
    assert column(found, "AVISIT") == ["BASELINE", "WEEK 6", "WEEK 12"]
    assert column(found, "AVISITN") == [0, 2, 3]
    assert column(found, "PDFL") == [None, None, "Y"]
    assert column(found, "ANL02FL") == [None, "Y", None]
    assert column(found, "ANL03FL") == ["Y", "Y", None]
    assert column(found, "ANL04FL") == ["Y", "Y", "Y"]


def test_incomplete_sums_are_neither_nadir_nor_best() -> None:
    found = sums(derive(measured({"T01": [50, 40, 45], "T02": [30, None, 30]}), SUBJECTS))
    assert column(found, "AVAL") == [80, 40, 75]
    assert column(found, "LSEXP") == ["T01, T02"] * 3
    assert column(found, "LSASS") == ["T01, T02", "T01", "T01, T02"]
    assert column(found, "ANL01FL") == ["Y", None, "Y"]
    assert column(found, "NADIR") == [None, 80, 80]
    assert column(found, "ANL02FL") == [None, None, "Y"]
    assert column(found, "ANL03FL") == ["Y", None, "Y"]


def test_a_visit_without_a_measurement_is_not_a_complete_response() -> None:
    found = sums(derive(measured({"T01": [50, None, 50]}), SUBJECTS))
    assert column(found, "AVAL") == [50, None, 50]
    assert column(found, "CRFL") == [None, None, None]


def test_a_nadir_of_zero_has_no_percentage_and_what_is_back_is_progression() -> None:
    found = sums(derive(measured({"T01": [50, 0, 0, 4]}), SUBJECTS))
    assert column(found, "NADIR") == [None, 50, 0, 0]
    assert column(found, "PCHGNAD") == [None, -100, None, None]
    assert column(found, "CRFL") == [None, "Y", "Y", None]
    assert column(found, "CRNFL") == [None, None, "Y", "Y"]
    assert column(found, "PDFL") == [None, None, None, "Y"]


def test_nodes_under_ten_millimetres_are_a_complete_response() -> None:
    course = measured({"T01": [30, 0, 0], "T02": [20, 9.9, 10.2]}, nodes=("T02",))
    found = sums(derive(course, SUBJECTS))
    assert column(found, "AVAL") == [50, 9.9, 10.2]
    assert column(found, "CRFL") == [None, "Y", None]
    assert column(found, "CRNFL") == [None, None, "Y"]
    assert column(found, "PDFL") == [None, None, None]  # a node at 10 mm again is not a lesion that is back
    vignette = sums(derive(course, SUBJECTS, complete_response="zero sum"))
    assert column(vignette, "CRFL") == [None, None, None]
    assert column(vignette, "CRNFL") == [None, None, None]
    back = sums(derive(measured({"T01": [30, 0, 2], "T02": [20, 9.9, 9.0]}, nodes=("T02",)), SUBJECTS))
    assert column(back, "PDFL") == [None, None, "Y"]


@pytest.mark.parametrize(
    ("nadir", "later", "progressed"),
    [(27.0, 32.4, True), (27.0, 32.3, False), (3.2, 8.2, True), (20.0, 24.9, False), (40.0, 47.9, False)],
)
def test_thresholds_are_exact(nadir: float, later: float, progressed: bool) -> None:
    found = sums(derive(measured({"T01": [nadir, later]}), SUBJECTS))
    assert (column(found, "PDFL")[1] == "Y") == progressed


def test_progression_can_come_from_responses() -> None:
    responses = pd.DataFrame({"USUBJID": ["1", "2"], "ADT": [DAYS[1], DAYS[2]], "AVALC": ["PD", "PD"]})
    found = sums(derive(measured({"T01": [50, 40, 60]}), SUBJECTS, responses))
    assert column(found, "PDFL") == [None, "Y", None]
    assert column(found, "ANL03FL") == ["Y", None, None]


def test_the_long_axis_counts_and_for_nodes_the_short_one() -> None:
    both = pd.concat(
        [
            measured({"T01": [50.0], "T02": [18.0]}, nodes=("T02",)),
            measured({"T01": [40.0], "T02": [25.0]}, nodes=("T02",)).assign(TRTESTCD=["LPERP", "LDIAM"]),
        ]
    )
    found = derive(both, SUBJECTS)
    assert column(sums(found), "AVAL") == [68]
    assert found["PARAMCD"].tolist() == ["LDIAM1", "LDIAM2", "NLDIAM1", "NLDIAM2", "SDIAM"]
    assert found["ASEQ"].tolist() == [1, 2, 3, 4, 5]
    assert found["TULOCGR1"].tolist()[:4] == ["NON-NODAL", "NODAL", "NON-NODAL", "NODAL"]
    assert found.loc[0, "PARAM"] == "Target Lesion 1 Analysis Diameter"


def test_subjects_do_not_meet_and_the_dataset_is_sound() -> None:
    one, two = measured({"T01": [50, 40]}), measured({"T01": [80, 90]}, subject="2")
    both = derive(pd.concat([two, one]), SUBJECTS)
    assert column(sums(both), "BASE") == [50, 50, 80, 80]
    assert Dataset.of("ADTR", both).frame["USUBJID"].tolist() == ["1"] * 4 + ["2"] * 4


def test_bad_measurements_are_named() -> None:
    good = measured({"T01": [50, 40]})
    for table, code in (
        (good.drop(columns="VISIT"), "cdisc.missing_column"),
        (good.assign(TRLNKID="liver"), "cdisc.not_a_lesion"),
        (pd.concat([good, good]), "cdisc.repeated_measurement"),
        (good.assign(USUBJID="9"), "cdisc.unknown_subject"),
    ):
        with pytest.raises(DataError) as caught:
            derive(table, SUBJECTS)
        assert caught.value.code == code
        assert "Measurements" in str(caught.value)
    with pytest.raises(DataError, match="twice"):
        derive(good, pd.concat([SUBJECTS, SUBJECTS]))
    for option in ({"complete_response": "zero"}, {"progression": "overall response"}):
        with pytest.raises(ConfigurationError, match=r"is not possible; expected"):
            derive(good, SUBJECTS, **option)  # type: ignore[arg-type]


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the vectors are not here")
def test_adtr_is_that_of_pharmaverseadam() -> None:
    for run in (conformance.sums, conformance.lesions):
        outcome = run(VECTORS)
        assert outcome is not None
        assert outcome.differences == ()
        assert outcome.agreed == outcome.total > 0


def test_without_vectors_there_is_no_outcome(tmp_path: Path) -> None:
    assert conformance.sums(tmp_path) is None
    assert conformance.lesions(tmp_path) is None
