"""`unmask assess` from file to tables, figures and text."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from unmask.errors import ConfigurationError
from unmask.response import Rules
from unmask.response.assess import assess
from unmask.response.presentation import renderables, terminal_lines

LINES = """patient,day,lesion,diameter_mm,kind,arm
responder,-5,L1,30,target,x
responder,-5,L2,20,target,x
responder,42,L1,10,target,x
responder,42,L2,10,target,x
responder,84,L1,0,target,x
responder,84,L2,0,target,x
responder,126,L1,0,target,x
responder,126,L2,0,target,x
pseudo,-5,L1,30,target,y
pseudo,42,L1,40,target,y
pseudo,84,L1,15,target,y
pseudo,126,L1,15,target,y
grower,-5,L1,30,target,y
grower,42,L1,40,target,y
grower,84,L1,50,target,y
unseen,-5,L1,30,target,y
baseless,42,L1,30,target,y
grower,126,L1,-4,target,y
"""


@pytest.fixture
def lesions(tmp_path):
    path = tmp_path / "lesions.csv"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_verdicts_per_patient(lesions):
    table = assess(lesions).patients.set_index("patient")
    assert table["best_response"].fillna("-").to_dict() == {
        "responder": "CR",
        "pseudo": "PD",
        "grower": "PD",
        "unseen": "NE",
        "baseless": "-",
    }
    assert table["irecist_best_response"].fillna("-").to_dict() == {
        "responder": "iCR",
        "pseudo": "iPR",
        "grower": "iCPD",
        "unseen": "NE",
        "baseless": "-",
    }
    assert table.loc["baseless", "status"] == "not assessed: no usable baseline"
    assert table.loc["unseen", "status"] == "no visit after baseline"
    assert table.loc["responder", ["first_response_day", "best_change"]].tolist() == [42, -1.0]
    assert table.loc["grower", ["progression_day", "irecist_progression_day"]].tolist() == [42, 42]
    assert table.loc["pseudo", "progression_day"] == 42
    assert np.isnan(table.loc["pseudo", "irecist_progression_day"])
    assert bool(table.loc["pseudo", "pseudoprogression"])


def test_verdicts_per_visit_say_why(lesions):
    visits = assess(lesions).visits.set_index(["patient", "visit"])
    row = visits.loc[("grower", 2)]
    assert (row["sld_mm"], row["nadir_mm"], row["baseline_sld_mm"]) == (50, 30, 30)
    assert row["change_from_baseline"] == pytest.approx(2 / 3)
    assert (row["overall_response"], row["criterion"]) == ("PD", "target_growth")
    assert "20 %" in row["because"]
    assert (row["irecist_response"], row["irecist_criterion"]) == ("iCPD", "confirmed_target_growth")
    assert len(visits) == 8


def test_counts_by_group_and_side_by_side(lesions):
    summary = assess(lesions).summary
    assert summary["patients"] == 5
    assert summary["patients_assessed"] == 4
    assert summary["groups"]["y"]["n"] == 3
    assert summary["groups"]["y"]["best_response"] == {"CR": 0, "PR": 0, "SD": 0, "PD": 2, "NE": 1}
    assert summary["all"]["pseudoprogression"] == 1
    assert summary["side_by_side"]["best_response"]["PD"] == {"iPR": 1, "iCPD": 1}
    assert summary["side_by_side"]["category_changes"] == 1
    assert summary["side_by_side"]["differences"]["response after progression"] == 1
    assert summary["all"]["progression_outcome"]["pseudoprogression"] == 1
    assert summary["problems"] == {
        "negative_diameter": 1,
        "no_baseline_patient": 1,
        "patient_no_follow_up": 1,
    }


def test_one_set_of_criteria(lesions):
    result = assess(lesions, criteria=["irecist"])
    assert "overall_response" not in result.visits
    assert "best_response" not in result.patients
    assert "side_by_side" not in result.summary
    with pytest.raises(ConfigurationError, match=r"Did you mean 'recist1\.1'"):
        assess(lesions, criteria=["recist"])


def test_group_by_any_column(lesions):
    assert list(assess(lesions, group="arm").summary["groups"]) == ["x", "y"]
    with pytest.raises(ConfigurationError, match="no column 'sex'"):
        assess(lesions, group="sex")


def test_rules_reach_the_verdicts(lesions):
    strict = assess(lesions, rules=Rules(confirmation_days=60))
    assert strict.patients.set_index("patient").loc["responder", "best_response"] == "PR"
    assert strict.summary["rules"]["confirmation_days"] == 60


def test_files_are_written_whole_and_not_over_others(lesions, tmp_path):
    out = tmp_path / "results" / "run"
    result = assess(lesions, out=out)
    names = {path.name for path in out.iterdir()}
    assert names == {path.name for path in result.written}
    assert {"assessments.csv", "patients.csv", "bad_rows.csv", "warnings.csv", "summary.json"} < names
    assert {"waterfall.png", "spider.png", "waterfall.svg", "assessments.parquet", "patients.parquet"} < names
    bad = pd.read_csv(out / "bad_rows.csv")
    assert bad[["row", "patient", "problem"]].to_numpy().tolist() == [
        [18, "baseless", "no_baseline_patient"],
        [19, "grower", "negative_diameter"],
    ]
    assert json.loads((out / "summary.json").read_text(encoding="utf-8"))["patients"] == 5
    assert (
        pd.read_parquet(out / "patients.parquet")["patient"].tolist() == result.patients["patient"].tolist()
    )
    for name in ("waterfall.png", "spider.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ConfigurationError, match="--force"):
        assess(lesions, out=out)
    (out / "notes.txt").write_text("mine")
    assess(lesions, out=out, force=True)
    assert (out / "notes.txt").read_text() == "mine"
    assert [path.name for path in out.parent.iterdir()] == ["run"]


def test_a_failed_write_leaves_nothing_behind(lesions, tmp_path, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        assess(lesions, out=tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["lesions.csv"]


def test_output_must_be_a_folder(lesions):
    with pytest.raises(ConfigurationError, match="is a file"):
        assess(lesions, out=lesions)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        assess(lesions, out=lesions / "below")


def test_text_for_a_terminal(lesions):
    result = assess(lesions)
    text = "\n".join(terminal_lines(result))
    assert "5 patients, 4 assessed at 8 visits" in text
    assert "Not assessed, no usable baseline: baseless." in text
    assert "row 19, patient grower: diameter -4 is negative" in text
    assert "2 rows left out: negative diameter 1, no baseline patient 1." in text
    from rich.console import Console

    console = Console(width=120, record=True, file=io.StringIO())
    console.print(*renderables(result))
    assert "RECIST 1.1" in console.export_text()


def test_real_lesions_of_four_trials():
    path = (
        Path(__file__).resolve().parents[2].parent
        / "shared"
        / "data"
        / "lesions"
        / "fir_birch_oak_imvigor210.csv"
    )
    if not path.is_file():
        pytest.skip("the real lesion file is not at hand (../shared)")
    result = assess(path)
    summary = result.summary
    assert summary["rows"] == {
        "read": 7477,
        "used": 7469,
        "superseded_baselines": 1,
        "left_out": 7,
        "finer_than_tenths": 105,
    }
    assert summary["problems"] == {"old_baseline": 37, "duplicate": 5, "conflict": 2, "dip": 1}
    assert summary["patients_assessed"] == 1298
    assert summary["baseline_until_day"] == 1
    # Against the rules written out once more, one patient at a time, with fractions.
    assert _recount(path) == [
        summary["all"]["best_response_unconfirmed"][code] for code in ("CR", "PR", "SD", "PD", "NE")
    ]


def _recount(path):
    from fractions import Fraction

    table = pd.read_csv(path, dtype=str, usecols=["patient", "day", "diameter_mm"]).drop_duplicates()
    table = table[~table.duplicated(["patient", "day"], keep=False)]
    best = {}
    for patient, rows in table.groupby("patient"):
        size = {
            int(d): Fraction(round(Fraction(mm) * 10 + Fraction(1, 10**6)), 10)
            for d, mm in zip(rows["day"], rows["diameter_mm"], strict=True)
        }
        base = size[max(d for d in size if d <= 1)]
        nadir, complete, responding, reached = base, False, False, set()
        for day in sorted(d for d in size if d > 1):
            now = size[day]
            if (now >= nadir * Fraction(6, 5) and now - nadir >= 5) or (complete and now > 0):
                reached.add("PD")
                break
            response = "CR" if now == 0 else "PR" if now <= base * Fraction(7, 10) or responding else "SD"
            responding |= response != "SD"
            complete |= response == "CR"
            nadir = min(nadir, now)
            reached.add(response if response != "SD" or day - 1 >= 42 else "early")
            if response != "SD" and day - 1 >= 42:
                reached.add("SD")
        best[patient] = next((code for code in ("CR", "PR", "SD", "PD") if code in reached), "NE")
    counts = pd.Series(best).value_counts()
    return [int(counts.get(code, 0)) for code in ("CR", "PR", "SD", "PD", "NE")]
