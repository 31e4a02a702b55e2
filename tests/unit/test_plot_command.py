"""`unmask plot` on the folders that `unmask assess` and `unmask trial` leave."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import Command, complained, runner
from plotted import Picture

from unmask import cli
from unmask.report.response_plots.folder import of_trial, read_folder
from unmask.report.response_plots.sheet import NOTICE, SIMULATED_NOTICE

LESIONS = """patient,day,lesion,diameter_mm,arm,smoker,age
a,-5,L1,30,x,yes,61
a,42,L1,10,x,yes,61
a,84,L1,10,x,yes,61
b,-5,L1,30,y,no,72.5
b,42,L1,40,y,no,72.5
b,84,L1,50,y,no,72.5
c,-5,L1,30,y,,
"""
BOTH = {f"{kind}.{suffix}" for kind in ("waterfall", "spider", "swimmer") for suffix in ("png", "svg")}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)
    return runner(capfd, "plot")


@pytest.fixture
def assessed(tmp_path: Path) -> Path:
    (tmp_path / "lesions.csv").write_text(LESIONS, encoding="utf-8")
    folder = tmp_path / "assessed"
    assert cli.run(["assess", str(tmp_path / "lesions.csv"), "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trial") / "run"
    assert cli.run(["trial", "oak", "--patients", "12", "--seed", "3", "--out", str(folder)]) == 0
    return folder


def test_all_three_of_an_assessment(command: Command, assessed: Path) -> None:
    done = command(assessed)
    assert done.code == 0 and done.err == ""
    assert {path.name for path in (assessed / "plots").iterdir()} == BOTH
    assert done.out.split() == [
        str(assessed / "plots" / f"{kind}.{suffix}")
        for kind in ("waterfall", "spider", "swimmer")
        for suffix in ("png", "svg")
    ]
    for kind in ("waterfall", "spider", "swimmer"):
        assert {NOTICE, "x", "y"} <= set(Picture(assessed / "plots" / f"{kind}.svg").words)


def test_any_column_of_the_lesion_file_gives_colours(
    command: Command, assessed: Path, tmp_path: Path
) -> None:
    assert command(assessed, "--kind", "swimmer", "--colour-by", "smoker", "--out", "new/s.svg").code == 0
    picture = Picture(tmp_path / "new" / "s.svg")
    assert {"Smoker", "no (1)", "yes (1)", "not known (1)"} <= set(picture.words)
    done = command(
        assessed, "--kind", "waterfall,spider", "--color-by", "age", "--panel-by", "smoker", "--out", "d"
    )
    assert done.code == 0
    assert {path.name for path in Path("d").iterdir()} == {name for name in BOTH if "swimmer" not in name}
    assert "colour-scale" in Picture(tmp_path / "d" / "waterfall.svg").parts
    complained(command(assessed, "--colour-by", "smokr"), 2, "'smokr'", "Did you mean 'smoker'", "age")
    complained(command(assessed, "--panel-by", "smokr"), 2, "panel_by", "'smoker'")
    assert not (assessed / "plots").exists()


def test_columns_are_listed_with_what_they_become(command: Command, assessed: Path) -> None:
    lines = {
        line.split()[0]: line.split(maxsplit=1)[1]
        for line in command(assessed, "--list-columns").out.splitlines()
    }
    assert lines["best_response"].startswith("responses")
    assert lines["smoker"] == "categories          2 values, 1 not known"
    assert lines["age"].startswith("numbers")
    assert lines["pseudoprogression"].startswith("yes/no")
    assert not (assessed / "plots").exists()


def test_nothing_is_overwritten_unasked(command: Command, assessed: Path) -> None:
    assert command(assessed, "--kind", "spider").code == 0
    mine = assessed / "plots" / "spider.svg"
    mine.write_text("mine")
    (assessed / "plots" / "spider.png").unlink()
    complained(command(assessed), 2, "spider.svg is already there", "--force")
    assert mine.read_text() == "mine"
    assert not (assessed / "plots" / "waterfall.png").exists()
    assert command(assessed, "--force").code == 0
    assert mine.read_text() != "mine"
    assert {path.name for path in (assessed / "plots").iterdir()} == BOTH


def test_a_trial(command: Command, trial: Path, tmp_path: Path) -> None:
    assert command(trial, "--out", "p", "--colour-by", "pdl1_class").code == 0
    patients = pd.read_parquet(trial / "patients.parquet")
    for kind in ("waterfall", "spider", "swimmer"):
        words = set(Picture(tmp_path / "p" / f"{kind}.svg").words)
        assert {SIMULATED_NOTICE, *patients["arm"].unique(), "PD-L1 at baseline"} <= words
        for name, count in patients["pdl1_class"].value_counts().items():
            assert not count or f"{name} ({count})" in words
    picture = Picture(tmp_path / "p" / "swimmer.svg")
    assert picture.marks("panel-1-death") == int(patients["death_day"].notna()[:12].sum()) > 0


def test_tables_of_a_trial_say_what_its_endpoints_say(trial: Path) -> None:
    """The events of the swimmer plot beside those of the survival tables, which find them on another way."""
    tables = read_folder(trial)
    patients = tables.patients.set_index([tables.patients["patient"], tables.patients["arm"].astype(str)])
    events = pd.read_parquet(trial / "time_to_event.parquet").set_index(["patient", "arm"])
    pfs = events[(events["endpoint"] == "PFS") & (events["reason"] == "progression by RECIST 1.1")]
    assert len(pfs) > 5
    # Day 0 of the tables is day 1 of the endpoints only where these count a death.
    found = patients.loc[pfs.index, "progression_day"]
    assert np.abs(found - pfs["time_days"]).max() <= 1
    assert tables.simulated
    response = events[events["endpoint"] == "TTR"]
    assert patients["first_response_day"].notna().sum() == len(response)


def made_trial() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    nan = np.nan
    patients = pd.DataFrame(
        {
            "patient": [0, 1, 2, 0, 1], "arm": ["new"] * 3 + ["old"] * 2,
            "best_response": ["PR", "PD", "SD", "NE", "NE"],
            "response_day": [42, nan, nan, nan, nan], "death_day": [nan, 200, nan, nan, nan],
            "censor_day": [100, 400, 300, 90, 90],
            "pseudoprogression_kind": ["", "", "new_lesion", "", ""],
        }
    )  # fmt: skip
    visits = pd.DataFrame(
        {
            "patient": [0, 0, 1, 1, 2, 2], "arm": "new", "day": [42.0, 84, 42, 84, 42, 126],
            "change_from_baseline": [-0.4, -0.5, 0.4, -0.9, 0.1, -0.6],
            "overall_response": ["PR", "PR", "PD", "PD", "SD", "PD"],
            "subsequent_therapy": [False, False, False, True, False, True],
        }
    )  # fmt: skip
    doses = pd.DataFrame(
        {
            "patient": [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 1, 1], "arm": ["new"] * 10 + ["old"] * 2,
            "day": [0.0, 21, 42, 84, 0, 21, 63, 0, 42, 90, 0, 21],
            "phase": ["first line"] * 4 + ["first line", "management", "subsequent"]
            + ["first line", "beyond progression", "subsequent"] + ["first line"] * 2,
        }
    )  # fmt: skip
    return patients, visits, doses


def test_what_a_trial_table_becomes() -> None:
    patients = of_trial(*made_trial()).patients
    nan = np.nan
    expected = {
        "group": ["new", "new", "new", "old", "old"],
        # After another therapy nothing counts: -90 % of patient 1 and PD on day 126 of patient 2 are left out.
        "best_change": [-0.5, 0.4, 0.1, nan, nan],
        "progression_day": [nan, 42, nan, nan, nan],
        "last_day": [84, 84, 126, nan, nan],
        "last_known_day": [100, 200, 300, 90, 90],
        # Patient 0 had a dose 16 days before the end at an interval of up to 42: ongoing. Of arm old the one never
        # had any, the other had the last on day 21 of 90.
        "treatment_end_day": [nan, 0, 42, 0, 21],
        "new_therapy_day": [nan, 63, 90, nan, nan],
        "pseudoprogression_kind": ["none", "none", "new_lesion", "none", "none"],
    }
    found = {name: patients[name].tolist() for name in expected}
    np.testing.assert_equal(found, expected)


def test_what_is_missing_is_named(command: Command, assessed: Path, trial: Path, tmp_path: Path) -> None:
    complained(command("nowhere"), 2, "nowhere is no folder", "unmask assess")
    (tmp_path / "empty").mkdir()
    complained(command("empty"), 2, "lacks patients.parquet", "no files")
    (assessed / "assessments.parquet").unlink()
    complained(command(assessed), 2, "lacks assessments.parquet", "patients.csv")
    (assessed / "assessments.parquet").write_bytes(b"no table")
    complained(command(assessed), 3, "assessments.parquet cannot be read as a Parquet table")
    copy = tmp_path / "copy"
    shutil.copytree(trial, copy)
    (copy / "doses.parquet").unlink()
    complained(command(copy), 2, "lacks doses.parquet")
    table = pd.read_parquet(trial / "patients.parquet")
    table.drop(columns="arm").to_parquet(copy / "patients.parquet")
    complained(command(copy), 2, "neither a column 'group'", "'arm'", "death_day")
    shutil.copy(trial / "doses.parquet", copy)
    table.drop(columns="death_day").to_parquet(copy / "patients.parquet")
    complained(command(copy), 3, "lacks death_day", "censor_day")


def test_wrong_usage_is_refused(command: Command, assessed: Path, tmp_path: Path) -> None:
    complained(command(assessed, "--kind", "waterfal"), 2, "no plot 'waterfal'", "Did you mean 'waterfall'")
    complained(command(assessed, "--out", "a.png"), 2, "one file for 3 plots")
    complained(command(assessed, "--kind", "spider", "--out", "a.pdf"), 2, "a.pdf", ".png or .svg")
    complained(command(assessed, "--most", 0, "--kind", "swimmer"), 2, "most = 0")
    complained(command(assessed, "--out", ""), 2, "names no folder")
    (tmp_path / "file").write_text("mine")
    complained(command(assessed, "--out", "file"), 2, "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_commands_of_the_documentation_run(
    command: Command, assessed: Path, trial: Path, tmp_path: Path
) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "plots.md").read_text(encoding="utf-8")
    commands = [
        line.split(maxsplit=2)[2] for line in text.splitlines() if line.startswith("    unmask plot ")
    ]
    assert len(commands) > 4
    shutil.copytree(trial, tmp_path / "runs" / "oak")
    shutil.copytree(assessed, tmp_path / "results")
    for arguments in commands:
        done = command(*shlex.split(arguments))
        assert done.code == 0 and done.out, (arguments, done.err)
