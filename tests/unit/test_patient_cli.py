"""`unmask patient` from inside: what it prints and writes; every bad input is a sentence with its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Command, Done, complained, runner

from unmask.patient_options.therapies import available

SMALL = ("--patients", 4)


@pytest.fixture
def patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run ``unmask patient ...`` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return runner(capfd, "patient")


def refused(done: Done, *words: str) -> None:
    """One sentence on stderr that holds the words, exit code 2, nothing written."""
    complained(done, 2, *words)
    assert done.err.startswith("unmask: ")
    assert done.err.count("\n") == 1
    assert not Path("runs").exists()


def therapy(*items: str, label: str = "Mine") -> str:
    Path("mine.toml").write_text(f'label = "{label}"\ntreatment = [{", ".join(items)}]\n', encoding="utf-8")
    return "mine.toml"


DOCETAXEL = '{ drug = "docetaxel", dose = 75, unit = "mg/m2", every_days = 21 }'


# ------------------------------------------------------------------------------------------- what goes well


def test_the_list_has_every_therapy(patient: Command) -> None:
    done = patient("--list")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == list(available())


def test_tables_on_stdout_and_files_in_the_usual_folder(patient: Command) -> None:
    done = patient("nsclc", "--therapy", "pembrolizumab", "--therapy", "docetaxel", "--seed", 4, *SMALL)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("This patient and all patients alike are simulated")
    order = [
        "Out of 100 patients alike (95 % interval)",
        "This one patient, option by option",
        "Sum of diameters of this patient, mm, by month",
        "Scans and verdicts",
        "Side effects of this patient",
    ]
    assert [line for line in lines if line in order] == order
    assert lines[-1] == "Page: runs/patient-nsclc-4/patient.html"
    folder = Path("runs/patient-nsclc-4")
    assert sorted(file.name for file in folder.iterdir()) == ["patient.html", "patient.json"]
    written = json.loads((folder / "patient.json").read_text(encoding="utf-8"))
    assert list(written["options"]) == ["pembrolizumab", "docetaxel"]
    assert written["patients_alike"] == 4
    for label, name in (("Pembrolizumab", "pembrolizumab"), ("Docetaxel", "docetaxel")):
        one, alike = (written["options"][name][key] for key in ("patient", "patients_alike"))
        start = next(line for line in lines if line.startswith(f"{label}  "))
        assert int(start.split()[1]) == round(one["course"]["sld_mm"][0])
        scans = lines[lines.index("Scans and verdicts") :]
        assert any(scan["overall_response"] in line for scan in one["scans"] for line in scans)
        assert set(alike["sum_of_diameters_change"]) == {"day", "n", "q10", "q25", "q50", "q75", "q90"}
        assert alike["outcomes"]["alive_1y"]["of"] == 4


def test_json_alone_on_stdout_is_the_file(patient: Command) -> None:
    done = patient("melanoma", "--therapy", "dacarbazine", *SMALL, "--out", "here", "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == json.loads(Path("here/patient.json").read_text(encoding="utf-8"))
    assert list(json.loads(done.out)["options"]) == ["dacarbazine", "none"]


def test_workers_change_nothing(patient: Command) -> None:
    command = ("nsclc", "--therapy", "nivolumab", *SMALL, "--json")
    one, two = (patient(*command, "--workers", n, "--out", f"w{n}") for n in (1, 2))
    assert one == two


def test_results_are_replaced_with_leave_only(patient: Command) -> None:
    command = ("nsclc", "--therapy", "nivolumab", *SMALL)
    assert patient(*command).code == 0
    page = Path("runs/patient-nsclc-1/patient.html")
    page.write_text("mine", encoding="utf-8")
    done = patient(*command)
    assert done.code == 2
    assert "already holds results (patient.html, patient.json)" in done.err
    assert "--force" in done.err
    assert page.read_text(encoding="utf-8") == "mine"
    assert patient(*command, "--force").code == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("tumour_type", "name", "words"),
    [
        ("nsclc", "androgen-deprivation", "degarelix has no effect in Non-small-cell lung cancer"),
        ("nsclc", "kinase-inhibitor", "not meant for this tumour type"),
        ("nsclc", "surgery", "no fair comparison with a drug"),
    ],
)
def test_what_has_no_effect_or_no_meaning_is_said_and_run(
    tumour_type: str, name: str, words: str, patient: Command
) -> None:
    done = patient(tumour_type, "--therapy", name, "--patients", 1)
    assert done.code == 0
    warnings = [line for line in done.out.splitlines() if line.startswith("! ")]
    assert any(words in warning for warning in warnings)


def test_too_many_failures_end_with_4_after_writing(
    patient: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unmask.patient_options.compare.OptionsResult.failure_reasons", ("out of steps",))
    done = patient("nsclc", "--therapy", "nivolumab", *SMALL)
    assert done.code == 4
    assert "10.0% of the patients could not be integrated (out of steps)" in done.err
    assert Path("runs/patient-nsclc-1/patient.html").is_file()


# --------------------------------------------------------------------------------------------- what is refused


def test_no_patient_and_no_therapy(patient: Command) -> None:
    refused(patient(), "nsclc", "--therapy")
    refused(patient("nsclc"), "which therapies to compare", "pembrolizumab")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nsclcc", "--therapy", "nivolumab"), ("nsclcc", "did you mean 'nsclc'")),
        (("nsclc", "--therapy", "nivolumba"), ("nivolumba", "did you mean 'nivolumab'")),
        (("no.toml", "--therapy", "nivolumab"), ("no.toml does not exist",)),
        (("nsclc", "--therapy", "no.toml"), ("no.toml does not exist",)),
        (("nsclc", "--therapy", "none"), ("Add one of: nivolumab",)),
        (("nsclc", "--therapy", "nivolumab", "--therapy", "nivolumab"), ("given twice",)),
        (("nsclc", *(part for name in available()[:7] for part in ("--therapy", name))), ("7 therapies",)),
        (("nsclc", "--therapy", "nivolumab", "--patients", 0), ("0 patients alike", "1 to 5000")),
        (("nsclc", "--therapy", "nivolumab", "--patients", -3), ("-3 patients alike",)),
        (("nsclc", "--therapy", "nivolumab", "--seed", -1), ("--seed -1",)),
        (("nsclc", "--therapy", "nivolumab", "--seed", 10**30), ("is not possible",)),
        (("nsclc", "--therapy", "nivolumab", "--out", ""), ("names no folder",)),
    ],
)
def test_impossible_arguments(
    arguments: tuple[object, ...], words: tuple[str, ...], patient: Command
) -> None:
    refused(patient(*arguments), *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('tumour_type = "nsclc', ("is not valid TOML", "line 1")),
        ('tumour_type = "nsclc"\nsld = 30', ("unknown key 'sld'", "did you mean 'sld_mm'")),
        ('tumour_type = "nsclc"\nsld_mm = 5000', ("sld_mm = 5000", "10 to 400")),
        ('tumour_type = "nsclc"\nsld_mm = "big"', ("sld_mm = 'big'",)),
        ('tumour_type = "nsclcc"', ("did you mean 'nsclc'",)),
        ('tumor_type = "nsclc"', ("neither tumour_type", "nsclc")),
        ("", ("neither tumour_type",)),
        ('tumour_type = "nsclc"\nautoimmune = "Crohn"', ("'Crohn'", "Crohn's disease")),
        ('tumour_type = "nsclc"\nimmunosuppressed = true', ("needs an autoimmune disease",)),
    ],
)
def test_impossible_patients(text: str, words: tuple[str, ...], patient: Command) -> None:
    Path("one.toml").write_text(text + "\n", encoding="utf-8")
    refused(
        patient("one.toml", "--therapy", "nivolumab", *SMALL),
        "one.toml"[: 0 if "nsclcc" in text else 8],
        *words,
    )


def test_a_patient_whom_nobody_is_like(patient: Command) -> None:
    Path("one.toml").write_text('tumour_type = "nsclc"\nsld_mm = 10\npdl1 = "high"\n', encoding="utf-8")
    done = patient("one.toml", "--therapy", "nivolumab", "--out", "here", "--patients", 100)
    refused(done, "of the 101 patients", "have a PD-L1 that is not high", "leave some of it out")
    assert not (Path("here") / "patient.html").exists()


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ((DOCETAXEL, DOCETAXEL), ("docetaxel is planned twice at the same time",)),
        (
            (
                '{ drug = "nivolumab", dose = 240, unit = "mg", every_days = 14 }',
                '{ drug = "pembrolizumab", dose = 200, unit = "mg", every_days = 21 }',
            ),
            ("bind the same target and overlap",),
        ),
        (('{ procedure = "radiotherapy", gray = 0, fractions = 30 }',), ("gray = 0", "greater than 0")),
        (('{ procedure = "surgery" }', '{ procedure = "surgery" }'), ("surgery is planned twice",)),
        ((DOCETAXEL.replace("docetaxel", "docetaxal"),), ("no drug 'docetaxal'", "Did you mean 'docetaxel'")),
        ((DOCETAXEL.replace("mg/m2", "g"),), ("given in mg/m2",)),
        ((DOCETAXEL.replace("75", "-75"),), ("dose = -75",)),
        ((), ("at least 1 must be given",)),
    ],
)
def test_impossible_therapies(items: tuple[str, ...], words: tuple[str, ...], patient: Command) -> None:
    refused(patient("nsclc", "--therapy", therapy(*items), *SMALL), "mine.toml", *words)


def test_an_operation_after_death_is_said_and_not_done(patient: Command) -> None:
    late = therapy('{ procedure = "surgery", first_day = 900 }')
    done = patient("nsclc", "--therapy", late, "--patients", 1)
    assert done.code == 0
    assert "! Mine: surgery is planned for day 900, and the patient shown dies on day" in done.out
    assert (
        json.loads(Path("runs/patient-nsclc-1/patient.json").read_text(encoding="utf-8"))["options"]["mine"][
            "patient"
        ]["doses"]
        == []
    )


def test_an_output_folder_that_is_none(patient: Command) -> None:
    Path("file").write_text("", encoding="utf-8")
    command = ("nsclc", "--therapy", "nivolumab", *SMALL, "--out")
    refused(patient(*command, "file"), "it is a file")
    refused(patient(*command, "file/below"), "cannot be the output folder")
    refused(patient(*command, "/proc/none"), "cannot be written")


def test_nothing_is_computed_when_it_cannot_be_written(
    patient: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "unmask.patient_options.compare.compile_model", None
    )  # calling it would be unexpected
    Path("file").write_text("", encoding="utf-8")
    refused(patient("nsclc", "--therapy", "nivolumab", "--out", "file"), "it is a file")


def test_ctrl_c(patient: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("unmask.patient_options.compare.recruit", interrupted)
    done = patient("nsclc", "--therapy", "nivolumab", *SMALL)
    assert done.code == 130
    assert "Interrupted" in done.err
