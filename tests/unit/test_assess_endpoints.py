"""Endpoints of assessed lesions: what a subject file adds, what is not told without it, and which rules need what."""

import json
from pathlib import Path

import numpy as np
import pytest

from unmask.cli import run as command
from unmask.errors import ConfigurationError, DataError
from unmask.response import Rules
from unmask.response.assess import assess

LESIONS = """patient,day,lesion,diameter_mm
resp,-3,A,50
resp,42,A,30
resp,84,A,28
resp,126,A,45
stable,-3,A,50
stable,42,A,49
stable,84,A,48
switched,-3,A,50
switched,42,A,49
switched,84,A,20
switched,126,A,18
dead,-3,A,50
late,-3,A,50
late,42,A,49
late,210,A,80
baseless,42,A,50
"""
SUBJECTS = """patient,arm,death_day,last_known_day,new_therapy_day
resp,a,,300,
stable,a,200,200,
switched,a,,300,60
dead,a,30,30,
late,a,,300,
baseless,a,90,90,
never,a,,300,
"""


@pytest.fixture
def files(tmp_path):
    lesions, subjects = tmp_path / "lesions.csv", tmp_path / "subjects.csv"
    lesions.write_text(LESIONS, encoding="utf-8")
    subjects.write_text(SUBJECTS, encoding="utf-8")
    return lesions, subjects


def times(result, endpoint):
    rows = result.times[result.times["endpoint"] == endpoint]
    return {row.patient: (row.time_days, row.event, row.reason) for row in rows.itertuples()}


LAST = "no progression at the last adequate assessment"


def test_deaths_make_progression_free_and_overall_survival(files):
    lesions, subjects = files
    found = times(assess(lesions, patients=subjects), "PFS")
    assert found == {
        "resp": (126, True, "progression by RECIST 1.1"),
        "stable": (200, True, "death"),
        "switched": (126, False, LAST),
        "dead": (30, True, "death"),
        "late": (210, True, "progression by RECIST 1.1"),
        "baseless": (90, True, "death"),
        "never": (0, False, "no adequate assessment after baseline"),
    }
    survival = times(assess(lesions, patients=subjects), "OS")
    assert survival["stable"] == (200, True, "death")
    assert survival["never"] == (300, False, "alive at the end of follow-up")


def test_without_a_subject_file_only_what_needs_no_deaths_is_told(files):
    result = assess(files[0])
    assert set(result.times["endpoint"]) == {"TTP", "TTR"}
    assert result.summary["deaths_known"] is False
    assert times(result, "TTP")["stable"] == (84, False, LAST)


def test_a_response_under_new_therapy_is_none(files):
    lesions, subjects = files
    alone = assess(lesions).patients.set_index("patient")
    known = assess(lesions, patients=subjects).patients.set_index("patient")
    assert alone.loc["switched", "best_response"] == "PR"
    assert known.loc["switched", "best_response"] == "SD"


def test_the_denominator_is_everybody_with_a_subject_file_and_the_assessed_without(files):
    lesions, subjects = files
    shares = assess(lesions, patients=subjects).summary["endpoints"]["a"]["shares"]
    assert (shares["ORR"]["count"], shares["ORR"]["n"]) == (1, 7)
    alone = assess(lesions).summary["endpoints"]["all"]["shares"]
    assert (alone["ORR"]["count"], alone["ORR"]["n"]) == (2, 5)


def test_the_rules_of_the_fda_need_the_schedule_and_use_it(files):
    lesions, subjects = files
    with pytest.raises(ConfigurationError, match="--scan-every"):
        assess(lesions, patients=subjects, rules=Rules.preset("fda"))
    scans = tuple(42.0 * n for n in range(1, 9))
    with pytest.raises(ConfigurationError, match="new_therapy_day"):
        assess(lesions, rules=Rules.preset("fda"), scan_days=scans)
    found = times(assess(lesions, patients=subjects, rules=Rules.preset("fda"), scan_days=scans), "PFS")
    assert found["late"] == (42, False, "event after too many missed assessments")
    assert found["switched"] == (42, False, "new anticancer therapy was started")
    assert found["baseless"] == (0, False, "no assessment at baseline")
    assert found["dead"] == (30, True, "death")
    variant = times(assess(lesions, patients=subjects, scan_days=scans), "PFS-FDA")
    assert variant == found


def test_variants_that_need_a_schedule_are_left_out_without_one(files):
    lesions, subjects = files
    found = set(assess(lesions, patients=subjects).times["endpoint"])
    assert "PFS-NACT" in found
    assert not found & {"PFS-FDA", "PFS-MISSED", "PFS-SCHEDULED"}


def test_days_of_both_files_count_alike_where_day_1_is_the_first_dose(tmp_path):
    lesions, subjects = tmp_path / "l.csv", tmp_path / "s.csv"
    lesions.write_text("patient,day,diameter_mm\np,-3,50\np,43,49\nq,1,50\nq,43,49\n", encoding="utf-8")
    subjects.write_text("patient,death_day\np,101\nq,\n", encoding="utf-8")
    found = times(assess(lesions, patients=subjects), "PFS")
    assert found["p"] == (100, True, "death")
    assert found["q"] == (42, False, LAST)


def test_tables_are_written_and_the_terminal_shows_them(files, tmp_path, capsys):
    lesions, subjects = files
    out = tmp_path / "out"
    assert command(["assess", str(lesions), "--patients", str(subjects), "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "ORR" in shown and "Median months" in shown and "PFS" in shown
    written = {path.name for path in out.iterdir()}
    assert {"time_to_event.csv", "differences.csv", "summary.json"} <= written
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["endpoints"]["a"]["endpoints"]["PFS"]["events"] == 5
    assert summary["rules"]["stable_min_day"] == 42


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rules", "eisenhower"], "eisenhauer2009"),
        (["--rules", "missing.toml"], "missing.toml"),
        (["--set", "stable_min_day"], "option=value"),
        (["--set", "stabel_min_day=49"], "stable_min_day"),
        (["--set", "stable_min_day=soon"], "whole number"),
        (["--set", "reappearance=always"], "after overall CR"),
        (["--scan-days", "84,42"], "ascending"),
        (["--scan-days", "six"], "ascending"),
        (["--scan-every", "0"], "one day"),
    ],
)
def test_wrong_rules_and_schedules_are_named(files, arguments, words, capsys):
    assert command(["assess", str(files[0]), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_rules_of_a_file_and_of_the_command_line_are_used_and_recorded(files, tmp_path, capsys):
    own = tmp_path / "own.toml"
    own.write_text('preset = "seymour2017"\nstable_min_day = 100\n', encoding="utf-8")
    arguments = ["assess", str(files[0]), "--rules", str(own), "--set", "confirmation_days=21", "--json"]
    assert command(arguments) == 0
    rules = json.loads(capsys.readouterr().out)["rules"]
    assert (rules["stable_min_day"], rules["confirmation_days"]) == (100, 21)
    assert rules["complete_then_partial"] == "PD"


def test_the_rules_are_printed_with_their_sources(capsys):
    assert command(["assess", "--show-rules", "--rules", "admiralonco"]) == 0
    shown = capsys.readouterr().out
    assert "Rules (admiralonco)" in shown
    assert "* reappearance = 'after zero sum'" in shown
    assert shown.count("[") == len(Rules().as_dict())


def test_the_self_test_runs_without_vectors_and_names_a_folder_without_any(tmp_path, capsys, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert command(["assess", "--self-test"]) == 0
    assert "59 of 59" in capsys.readouterr().out
    assert command(["assess", str(Path(tmp_path)), "--self-test"]) == 3
    assert "holds none of" in capsys.readouterr().err


def test_no_day_is_lost_or_invented(files):
    lesions, subjects = files
    table = assess(lesions, patients=subjects).times
    assert np.isfinite(table["time_days"]).all() and (table["time_days"] >= 0).all()
    assert not table.duplicated(["patient", "endpoint"]).any()


def test_a_progression_after_another_therapy_is_one_unless_a_rule_censors_it(tmp_path):
    lesions, subjects = tmp_path / "l.csv", tmp_path / "s.csv"
    rows = "\n".join(f"p,{day},A,{size}" for day, size in ((0, 40), (42, 36), (84, 25), (126, 40)))
    lesions.write_text(f"patient,day,lesion,diameter_mm\n{rows}\n", encoding="utf-8")
    subjects.write_text("patient,death_day,new_therapy_day\np,200,60\n", encoding="utf-8")
    result = assess(lesions, patients=subjects)
    for endpoint in ("PFS", "PFS-TREATMENT-POLICY", "TTP"):
        assert times(result, endpoint)["p"] == (126, True, "progression by RECIST 1.1")
    assert times(result, "iPFS")["p"] == (126, True, "progression by iRECIST")
    assert times(result, "PFS-NACT")["p"] == (42, False, "new anticancer therapy was started")
    patient = result.patients.iloc[0]
    assert (patient["best_response"], patient["best_change"]) == ("SD", -0.1)
    assert result.visits["after_new_therapy"].tolist() == [False, True, True]
    assert result.summary["visits_after_new_therapy"] == 2


def test_nothing_under_another_therapy_undoes_a_progression(tmp_path):
    lesions, subjects = tmp_path / "l.csv", tmp_path / "s.csv"
    rows = "\n".join(f"p,{day},A,{size}" for day, size in ((0, 40), (42, 60), (84, 20)))
    lesions.write_text(f"patient,day,lesion,diameter_mm\n{rows}\n", encoding="utf-8")
    subjects.write_text("patient,death_day,new_therapy_day\np,,60\n", encoding="utf-8")
    result = assess(lesions, patients=subjects)
    assert times(result, "iPFS")["p"] == (42, True, "progression by iRECIST")
    assert not result.patients.loc[0, "pseudoprogression"]


def test_a_progression_dated_back_leaves_no_stable_disease_after_it(tmp_path):
    lesions = tmp_path / "l.csv"
    lesions.write_text(
        "patient,day,lesion,kind,state,diameter_mm\np,0,A,,,40\np,42,A,,,40\np,84,A,,,40\np,126,A,,,40\n"
        "p,84,Z,new,equivocal,\np,126,Z,new,,12\n",
        encoding="utf-8",
    )
    result = assess(lesions, rules=Rules(stable_min_day=49))
    assert result.patients.loc[0, ["best_response", "progression_day"]].tolist() == ["PD", 84]


def test_patients_of_the_subject_file_alone_stand_in_their_arm(tmp_path):
    lesions, subjects = tmp_path / "l.csv", tmp_path / "s.csv"
    lesions.write_text(
        "patient,day,diameter_mm,Arm\np,0,40,A\np,42,20,A\nq,0,40,B\nq,42,40,B\n", encoding="utf-8"
    )
    subjects.write_text("patient,arm,death_day\np,A,\nq,C,\nr,B,9\n", encoding="utf-8")
    result = assess(lesions, patients=subjects)
    assert result.patients.set_index("patient")["group"].to_dict() == {"p": "A", "q": "B", "r": "B"}
    assert {p.code for p in result.problems} == {"patient_arm_differs", "file_patients_without_lesions"}
    groups = result.summary["groups"]
    assert {name: item["n"] for name, item in groups.items()} == {"A": 1, "B": 2}
    assert groups["B"]["best_response"]["NE"] == 1


def test_a_subject_file_of_other_patients_is_refused_and_a_missing_patient_is_told(files, tmp_path):
    lesions, _ = files
    other = tmp_path / "other.csv"
    other.write_text("patient,death_day\nx,9\ny,9\n", encoding="utf-8")
    with pytest.raises(DataError, match="same identifiers"):
        assess(lesions, patients=other)
    some = tmp_path / "some.csv"
    some.write_text("patient,death_day\nresp,\nstable,200\n", encoding="utf-8")
    found = {p.code: p.value for p in assess(lesions, patients=some).problems}
    assert found["file_patients_without_subject"] == "4"


def test_a_death_before_the_start_is_an_error_and_is_not_counted(files, tmp_path):
    early = tmp_path / "early.csv"
    early.write_text(SUBJECTS.replace("stable,a,200,200", "stable,a,-5,200"), encoding="utf-8")
    result = assess(files[0], patients=early)
    assert ("row_before_start", "error") in {(p.code, p.severity) for p in result.problems}
    assert (result.times["time_days"] >= 0).all()


def test_criteria_that_were_not_asked_for_give_no_endpoints(files):
    lesions, subjects = files
    alone = assess(lesions, criteria=["recist1.1"], patients=subjects)
    assert not [name for name in set(alone.times["endpoint"]) if name.startswith("i")]
    immune = assess(lesions, criteria=["irecist"], patients=subjects)
    assert {"iPFS", "OS"} <= set(immune.times["endpoint"]) and "PFS" not in set(immune.times["endpoint"])


def test_a_scan_dated_after_death_counts_towards_nothing(tmp_path):
    """PR on day 42; p died on day 60, so that a scan of day 84 cannot confirm it; q died on day 84."""
    lesions, subjects = tmp_path / "lesions.csv", tmp_path / "subjects.csv"
    rows = [
        "patient,day,lesion,diameter_mm",
        "p,0,A,50",
        "p,42,A,30",
        "p,84,A,28",
        "q,0,A,50",
        "q,42,A,30",
        "q,84,A,28",
    ]
    lesions.write_text("\n".join(rows) + "\n", encoding="utf-8")
    subjects.write_text("patient,death_day\np,60\nq,84\n", encoding="utf-8")
    found = assess(lesions, patients=subjects)
    best = found.patients.set_index("patient")
    assert best["best_response"].tolist() == ["SD", "PR"]  # on the day of death it counts
    assert best["visits"].tolist() == [1, 2]
    (late,) = found.problems
    assert (late.code, late.row, late.severity, late.patient) == ("row_after_death", 4, "error", "p")
    table = found.table
    assert table.rows_read == table.rows_used + table.rows_superseded + table.rows_left_out
