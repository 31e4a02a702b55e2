"""The command line from inside: exit codes, sentences, output files, and that stdout can be piped."""

from __future__ import annotations

import errno
import json
import re
import tomllib
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from command_line import Command, Done, complained, runner

import unmask
from unmask import cli, store
from unmask.doctor import DEPENDENCIES
from unmask.model.catalogue import load
from unmask.therapy.regimen import load_drug
from unmask.trial import run as trial_run
from unmask.trial.result import OUTPUTS


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run ``unmask ...`` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return runner(capfd)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small trial that the command line wrote."""
    folder = tmp_path_factory.mktemp("trial") / "run"
    assert cli.run(["trial", "oak", "--patients", "12", "--seed", "3", "--out", str(folder)]) == 0
    return folder


# ------------------------------------------------------------------------------------------- what goes well


def test_version(command: Command) -> None:
    assert command("--version") == Done(0, f"unmask {unmask.__version__}\n", "")


SPECIES = len(load("core").species)


def test_list(command: Command) -> None:
    done = command("trial", "--list")
    assert done.code == 0
    names = ["checkmate-017", "checkmate-025", "checkmate-066", "checkmate-067", "keynote-006", "oak"]
    assert [line.split()[0] for line in done.out.splitlines()] == names


@pytest.mark.parametrize(
    "arguments", [["--help"], ["trial", "-h"], ["assess", "--help"], ["model", "show", "--help"]]
)
def test_help(arguments: list[str], command: Command) -> None:
    done = command(*arguments)
    assert done.code == 0
    assert done.out.startswith("Usage: ")


def test_doctor(command: Command) -> None:
    done = command("doctor")
    assert done.code == 0
    assert all(line.startswith("ok ") for line in done.out.splitlines())
    assert "core model ready" in done.out


def test_doctor_says_what_is_bad(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unmask.doctor.DEPENDENCIES", ("numpy", "no-such-library"))
    done = command("doctor")
    assert done.code == 1
    assert re.search(r"^BAD  no-such-library +not installed", done.out, re.MULTILINE)


def test_doctor_looks_at_all_that_is_required() -> None:
    root = Path(__file__).resolve().parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]}
    assert set(DEPENDENCIES) == required


def test_model_commands(command: Command) -> None:
    assert command("model", "list").out.startswith("core ")
    shown = json.loads(command("model", "show", "core", "--json").out)
    assert len(shown["species"]) == SPECIES
    assert {"net_growth_rate", "max_kill_rate"} <= {row["name"] for row in shown["parameters"]}
    assert "net_growth_rate" in command("model", "show", "core").out
    text = command("model", "equations", "core").out
    assert text.startswith(f"Model core: {SPECIES} species")
    assert len(re.findall(r"^d\(\w+\)/dt = ", text, re.MULTILINE)) == SPECIES


def test_latex_is_balanced(command: Command) -> None:
    latex = command("model", "equations", "core", "--latex").out
    assert latex.startswith("\\documentclass")
    assert latex.rstrip().endswith("\\end{document}")
    bare = latex.replace("\\{", "").replace("\\}", "")
    assert bare.count("{") == bare.count("}")
    assert latex.count("\\left") == latex.count("\\right") + latex.count("\\leftarrow") - latex.count(
        "\\rightarrow"
    )
    begun = re.findall(r"\\begin\{(\w+\*?)\}", latex)
    assert sorted(begun) == sorted(re.findall(r"\\end\{(\w+\*?)\}", latex))


def test_the_outputs_of_a_trial(finished: Path) -> None:
    assert sorted(file.name for file in finished.iterdir()) == sorted(OUTPUTS)
    for name in OUTPUTS:
        if name.endswith(".parquet"):
            assert len(pd.read_parquet(finished / name)) > 0
    report = (finished / "report.html").read_text(encoding="utf-8")
    assert report.startswith("<!DOCTYPE html>")
    assert load_drug("docetaxel").caveat in unescape(report)  # what the drug's description leaves out


def test_summary_has_exactly_the_shape_of_the_contract(finished: Path) -> None:
    summary = json.loads((finished / "summary.json").read_text(encoding="utf-8"))
    assert {"trial", "seed", "patients", "failures", "arms", "comparisons", "published"} <= set(summary)
    assert (summary["trial"], summary["seed"], summary["patients"]) == ("oak", 3, 12)
    assert summary["failures"] == {"count": 0, "reasons": {}}
    assert list(summary["arms"]) == ["atezolizumab", "docetaxel"]
    for arm in summary["arms"].values():
        assert arm["n"] == 12
        assert set(arm["best_response"]) == {"CR", "PR", "SD", "PD", "NE"}
        assert sum(arm["best_response"].values()) == pytest.approx(1.0)
        assert sum(arm["irecist_best_response"].values()) == pytest.approx(1.0)
        assert len(arm["orr_ci"]) == 2
        assert {"orr", "pseudoprogression", "duration_of_response_months", "grade3plus_related"} <= set(arm)
        assert {"median", "after_week_16", "after_week_20"} <= set(arm["time_to_response_weeks"])
        for endpoint in ("pfs_months", "os_months"):
            assert {"median", "ci"} <= set(arm[endpoint])
        assert {"12", "24", "36"} <= set(arm["os_rate"])
        for share in ("orr", "pseudoprogression", "grade3plus_related"):
            assert 0.0 <= arm[share] <= 1.0
    for endpoint in ("os", "pfs"):
        assert {"hr", "ci", "p"} <= set(summary["comparisons"][endpoint])
    assert summary["published"]["arms"]["docetaxel"]["orr"] == 0.134
    assert summary["published"]["arms"]["docetaxel"]["os_months"] == {"median": 9.6, "ci": [8.6, 11.2]}
    assert summary["published"]["comparisons"]["os"] == {"hr": 0.73, "ci": [0.62, 0.87]}
    assert summary["published"]["sources"]["comparisons.os.hr"]["confirmed"]


def test_manifest_says_where_the_result_comes_from(finished: Path) -> None:
    manifest = json.loads((finished / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest) >= {
        "unmask", "command", "configuration", "configuration_hash", "model", "model_hash", "seed", "solver",
        "platform", "dependencies", "inputs", "started", "finished", "seconds", "failures", "notice",
    }  # fmt: skip
    assert manifest["unmask"] == unmask.__version__
    assert manifest["seed"] == manifest["configuration"]["protocol"]["seed"] == 3
    assert manifest["configuration"]["protocol"]["patients"] == 12
    assert manifest["configuration"]["tumour_type"]["name"] == "nsclc"
    assert manifest["solver"]["relative_tolerance"] == 1e-4
    assert manifest["solver"]["steps"] > 0
    assert manifest["dependencies"]["numpy"]
    assert manifest["inputs"] == {}


def test_json_alone_on_stdout_and_silence_on_stderr(command: Command, finished: Path) -> None:
    done = command("trial", "oak", "--patients", 12, "--seed", 3, "--json")
    assert done.code == 0
    assert done.err == ""
    assert json.loads(done.out) == json.loads((finished / "summary.json").read_text(encoding="utf-8"))
    assert (Path("runs") / "oak-3" / "manifest.json").is_file()  # the folder that is promised


def test_the_table_on_stdout_fits_a_terminal(command: Command) -> None:
    done = command("trial", "oak", "--patients", 5, "--out", "r")
    assert (done.code, done.err) == (0, "")
    assert "Median OS, months" in done.out
    assert "Report: r/report.html" in done.out
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_settings_and_files_on_the_command_line(command: Command) -> None:
    library = Path(unmask.__file__).parent / "trial" / "library" / "oak.toml"
    Path("mine.toml").write_text(
        library.read_text(encoding="utf-8").replace('"oak"', '"mine"', 1), encoding="utf-8"
    )
    done = command(
        "trial", "mine.toml", "--patients", 3, "--set", "follow_up.days=400", "--workers", 1, "--json"
    )
    assert done.code == 0
    assert json.loads(done.out)["trial"] == "mine"
    manifest = json.loads(Path("runs/mine-1/manifest.json").read_text(encoding="utf-8"))
    assert manifest["configuration"]["protocol"]["follow_up"]["days"] == 400


OBSERVED = "arm,os_months,os_censored,pfs_months,pfs_censored,best_confirmed_response,baseline_sld_mm\n"
ROWS = "".join(
    f"{arm},{3 + n},{n % 2},{1 + n / 2},0,{response},{40 + n}\n"
    for arm in ("MPDL3280A", "Docetaxel")
    for n, response in enumerate(["PR", "SD", "PD", "PD", ".", "CR", "SD", "PD"])
)


def test_observed_patients_are_compared_and_named_in_the_manifest(command: Command) -> None:
    Path("real.csv").write_text(OBSERVED + ROWS, encoding="utf-8")
    done = command("trial", "oak", "--patients", 20, "--observed", "real.csv", "--out", "r")
    assert (done.code, done.err) == (0, "")
    assert "inside" in done.out.lower() or "outside" in done.out.lower()
    manifest = json.loads(Path("r/manifest.json").read_text(encoding="utf-8"))
    assert list(manifest["inputs"]) == ["real.csv"]
    assert re.fullmatch(r"[0-9a-f]{64}", manifest["inputs"]["real.csv"])


# ------------------------------------------------------------------------------------------- wrong usage


@pytest.mark.parametrize(
    "arguments",
    [
        ["tral"], ["trial", "oak", "extra"], ["trial", "oak", "--bogus"], ["trial", "oak", "--patients", "many"],
        ["trial", "oak", "--patients", "1.5"], ["trial", "oak", "--workers", "0"], ["trial", "oak", "--set"],
        ["assess"], ["model", "show"], ["model", "shw", "core"],
    ],
)  # fmt: skip
def test_wrong_usage(arguments: list[str], command: Command) -> None:
    done = command(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert "Error: " in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trial"], ["Name a trial", "oak"]),
        (["trial", "oka"], ["no trial 'oka'", "did you mean 'oak'?"]),
        (["trial", "none.toml"], ["none.toml does not exist"]),
        (["trial", "./"], ["is a directory"]),
        (["trial", "oak", "--set", "follow_up.dayz=3"], ["unknown key 'follow_up.dayz'", "'days'"]),
        (["trial", "oak", "--set", "arms.docetaxel.treatment=[]"], ["arms.docetaxel.treatment"]),
        (["trial", "oak", "--set", "schedule.scan_weeks=[-1]"], ["must come after the start"]),
        (["trial", "oak", "--patients", "0"], ["patients = 0"]),
        (["trial", "oak", "--patients", "-3"], ["patients = -3"]),
        (["trial", "oak", "--patients", "999999999"], ["GB of memory", "Use at most"]),
        (["trial", "oak", "--seed", "-1"], ["seed = -1"]),
        (["model", "show", "cor"], ["no model 'cor'", "Did you mean 'core'?"]),
        (["model", "equations", "cor"], ["no model 'cor'"]),
    ],
)
def test_impossible_requests(arguments: list[str], words: list[str], command: Command) -> None:
    complained(command(*arguments), 2, *words)
    assert not Path("runs").exists()


def test_negative_dose_and_broken_toml(command: Command) -> None:
    library = Path(unmask.__file__).parent / "trial" / "library" / "oak.toml"
    text = library.read_text(encoding="utf-8")
    Path("minus.toml").write_text(text.replace("dose = 75", "dose = -75"), encoding="utf-8")
    complained(command("trial", "minus.toml"), 2, "minus.toml", "dose = -75", "greater than 0")
    Path("broken.toml").write_text("name = 'x'\n[arms\n", encoding="utf-8")
    complained(command("trial", "broken.toml"), 2, "broken.toml", "line 2, column")


# ------------------------------------------------------------------------------------------- bad data


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["does not exist"]),
        ("", ["empty"]),
        (OBSERVED, ["real.csv"]),
        ("arm,os_months\nDocetaxel,3\n", ["real.csv", "os_censored"]),
        (OBSERVED + "Docetaxel,-3,0,1,0,PR,40\n", ["real.csv", "-3"]),
        (OBSERVED + "Placebo,3,0,1,0,PR,40\n", ["real.csv", "Placebo"]),
        ("\0\0\0", ["real.csv"]),
    ],
)
def test_bad_observed_patients(content: str | None, words: list[str], command: Command) -> None:
    if content is not None:
        Path("real.csv").write_text(content, encoding="utf-8")
    complained(command("trial", "oak", "--patients", 5, "--observed", "real.csv", "--out", "r"), 3, *words)
    assert not Path("r").exists()  # said before anything is computed


def test_a_folder_instead_of_data(command: Command) -> None:
    complained(command("trial", "oak", "--observed", "."), 3, "is a directory")
    complained(command("assess", "."), 3, "is a directory")


LESIONS = "patient,day,lesion,diameter_mm\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["does not exist"]),
        ("", ["empty"]),
        (LESIONS, ["no measurement"]),
        ("patient,day,lesion\np,0,A\n", ["column diameter_mm is missing"]),
        (LESIONS + "p,soon,A,20\n", ["no patient can be assessed", "row 2", "'soon'"]),
        (LESIONS + "p,0,A,-20\n", ["no patient can be assessed", "negative"]),
        (LESIONS + "p,42,A,20\n", ["no patient can be assessed", "baseline"]),
    ],
)
def test_unusable_lesions(content: str | None, words: list[str], command: Command) -> None:
    if content is not None:
        Path("lesions.csv").write_text(content, encoding="utf-8")
    complained(command("assess", "lesions.csv", "--out", "a"), 3, "lesions.csv", *words)
    assert not Path("a").exists()


def test_bad_rows_are_named_and_the_rest_is_assessed(command: Command) -> None:
    rows = "p,0,A,30\np,42,A,12\np,42,A,12\np,84,A,-5\np,84,A,99999\np,84,A,ten\nq,42,A,20\nr,soon,A,20\np,126,A,11\n"
    Path("lesions.csv").write_text(LESIONS + rows, encoding="utf-8")
    done = command("assess", "lesions.csv", "--out", "a")
    assert (done.code, done.err) == (0, "")
    table = pd.read_csv("a/bad_rows.csv")
    assert sorted(table["row"]) == [4, 5, 6, 7, 8, 9]
    assert {"duplicate", "negative_diameter", "absurd_diameter", "bad_diameter", "bad_day"} <= set(
        table["problem"]
    )
    for row in (5, 6, 7):
        assert f"row {row}, patient p" in done.out
    assert json.loads(command("assess", "lesions.csv", "--json").out)["rows"]["left_out"] == 6
    again = command("assess", "lesions.csv", "--out", "a")
    complained(again, 2, "--force")
    assert command("assess", "lesions.csv", "--out", "a", "--force").code == 0


# ------------------------------------------------------------------------------------------- places to write


@pytest.mark.parametrize("command_line", [["trial", "oak", "--patients", "2"], ["assess", "lesions.csv"]])
@pytest.mark.parametrize("place", ["file", "file/below", "/proc/unmask", "a" * 300])
def test_places_that_cannot_be_written(command_line: list[str], place: str, command: Command) -> None:
    Path("file").write_text("precious", encoding="utf-8")
    Path("lesions.csv").write_text(LESIONS + "p,0,A,30\np,42,A,12\n", encoding="utf-8")
    complained(command(*command_line, "--out", place), 2)
    assert Path("file").read_text(encoding="utf-8") == "precious"


def test_existing_results_need_leave(command: Command) -> None:
    line = ["trial", "oak", "--patients", "3", "--out", "r"]
    assert command(*line).code == 0
    before = Path("r/summary.json").read_bytes()
    complained(command(*line, "--seed", 2), 2, "already holds results", "--force")
    assert Path("r/summary.json").read_bytes() == before
    assert command(*line, "--seed", 2, "--force").code == 0
    assert Path("r/summary.json").read_bytes() != before


def test_a_disk_that_fills_up_loses_nothing_that_is_finished(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ["trial", "oak", "--patients", "6", "--out", "r", "--json"]
    original = pd.DataFrame.to_parquet

    def full(self: pd.DataFrame, path: Path, **options: object) -> None:
        if ".doses.parquet" in path.name:  # batches still fit, and so does the first output
            raise OSError(errno.ENOSPC, "No space left on device")
        original(self, path, **options)  # type: ignore[call-overload]

    with monkeypatch.context() as small_disk:
        small_disk.setattr(pd.DataFrame, "to_parquet", full)
        complained(command(*line), 2, "no space left", "--resume")
    assert (Path("r") / store.UNFINISHED).is_dir()
    assert not Path("r/manifest.json").exists()
    complained(command(*line), 2, "interrupted run", "--resume")
    with monkeypatch.context() as nothing_to_do:
        nothing_to_do.setattr(trial_run, "_run_batch", None)  # a batch that is treated again would fail
        assert command(*line, "--resume").code == 0
    assert sorted(file.name for file in Path("r").iterdir()) == sorted(OUTPUTS)


def test_resume_with_other_settings_is_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    line = ["trial", "oak", "--patients", "6", "--out", "r"]
    with monkeypatch.context() as interrupted:
        interrupted.setattr("unmask.trial.run._result", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        done = command(*line)
    assert done.code == 130
    assert "--resume" in done.err
    complained(command(*line, "--seed", 9, "--resume"), 2, "other settings")
    assert command(*line, "--resume").code == 0


# ------------------------------------------------------------------------------------------- failures


def test_too_many_failed_patients_end_with_four_and_all_outputs(command: Command) -> None:
    Path("sick.toml").write_text(
        'name = "sick"\ntitle = "S"\nmodel = "core"\nbased_on = "nsclc"\n'
        "[parameters.chemo_log_kill]\nvalue = 1e200\nrange = [0.0, 1e200]\nsigma = 0.1\n",
        encoding="utf-8",
    )
    done = command("trial", "oak", "--patients", 8, "--set", "tumour_type=sick.toml", "--out", "r", "--json")
    assert done.code == 4
    summary = json.loads(done.out)
    assert summary["failures"]["count"] >= 8
    assert re.search(r"of the patients could not be integrated \(.*at most 1% is accepted", done.err)
    assert sorted(file.name for file in Path("r").iterdir()) == sorted(OUTPUTS)
    statuses = pd.read_parquet("r/patients.parquet")["status"].astype(str)
    assert (statuses != "ok").sum() == summary["failures"]["count"]


def test_a_tumour_type_nobody_has_is_refused(command: Command) -> None:
    Path("calm.toml").write_text(
        'name = "calm"\ntitle = "C"\nmodel = "core"\nbased_on = "nsclc"\n'
        "[parameters.net_growth_rate]\nvalue = 0.0005\nsigma = 0.01\n",
        encoding="utf-8",
    )
    done = command("trial", "oak", "--patients", 2, "--set", "tumour_type=calm.toml", "--out", "r")
    complained(done, 2, "Only 0 of the 2 patients", "would not progress untreated", "'calm'")


@pytest.mark.parametrize(
    ("trouble", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "--resume"),
        (MemoryError(), 1, "--patients"),
        (OSError(errno.EIO, "Input/output error"), 2, "Input/output error"),
    ],
)
def test_troubles_of_the_machine(
    trouble: BaseException, code: int, words: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr("unmask.trial.run.run_trial", fail)
    complained(command("trial", "oak", "--patients", 2), code, words)


def test_what_nobody_expected_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("what")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("unmask.trial.run.run_trial", fail)
    assert cli.run(["trial", "oak", "--patients", "2"]) == 1
    error = capfd.readouterr().err
    assert "Unexpected error (ZeroDivisionError: what)" in error
    assert "Traceback" not in error
    monkeypatch.setenv("UNMASK_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.run(["trial", "oak", "--patients", "2"])


def test_assess_takes_sdtm_a_subject_file_and_strictness(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lesions.csv").write_text(
        "patient,date,diameter_mm\np,2014-01-01,20\np,2014-02-14,10\np,2014-05,10\nq,2014-01-01,9\nq,2014-02-14,9\n"
    )
    Path("subjects.csv").write_text("patient,arm,start_date\np,x,2014-01-03\nq,x,2014-01-03\n")
    done = command("assess", "lesions.csv", "--patients", "subjects.csv", "--json")
    summary = json.loads(done.out)
    assert (summary["strict"], summary["patients_assessed"]) == (False, 2)
    assert summary["problems"] == {"partial_date": 1, "small_target": 1}
    options = ("--patients", "subjects.csv", "--partial-dates", "last", "--strict", "--json")
    strict = command("assess", "lesions.csv", *options)
    assert strict.code == 0
    assert json.loads(strict.out)["patients_assessed"] == 1
    complained(command("assess", "lesions.csv", "--strict"), 3, "no patient can be assessed")
    complained(command("assess", "lesions.csv", "--partial-dates", "soon"), 2, "first, last, refuse")
    complained(command("assess", "lesions.csv", "--patients", "none.csv"), 3, "none.csv does not exist")
    complained(command("assess", "lesions.csv", "subjects.csv"), 3, "none of the datasets")
