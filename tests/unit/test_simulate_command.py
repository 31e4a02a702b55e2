"""``unmask model simulate`` and ``export``: populations, doses, what is written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import Command, complained, runner

pytest.importorskip("libsbml", reason="python-libsbml (extra sbml) is not installed")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "own_model"
MODEL, VARY = EXAMPLE / "tumour.xml", EXAMPLE / "vary.toml"


@pytest.fixture(name="model")
def fixture_model(capfd: pytest.CaptureFixture[str]) -> Command:
    return runner(capfd, "model")


def run(model: Command, out: Path, *more: object) -> pd.DataFrame:
    done = model(
        "simulate", MODEL, "--dose", "drug=300@0:84:21", "--until", 100, "--every", 1, "--out", out, *more
    )
    assert done.code == 0, done.err
    return pd.read_parquet(out / "trajectories.parquet")


def test_a_dosed_patient_follows_the_closed_form(model: Command, tmp_path: Path) -> None:
    """Five doses of 300 mg into 3.5 L, eliminated at 0.25/3.5 per day; the tumour by the drug's integral."""
    table = run(model, tmp_path / "one", "--rtol", 1e-9, "--set", "capacity=1e30")
    t = table["time"].to_numpy()
    k = 0.25 / 3.5
    amount = sum(300 * np.exp(-k * np.maximum(t - s, 0)) * (t >= s) for s in (0, 21, 42, 63, 84))
    eliminated = sum(300 * (1 - np.exp(-k * np.maximum(t - s, 0))) * (t >= s) for s in (0, 21, 42, 63, 84))
    np.testing.assert_allclose(table["drug"], amount / 3.5, rtol=1e-7)
    exposure = eliminated / 3.5 / k
    np.testing.assert_allclose(table["tumour"], 14 * np.exp(0.012 * t - 0.00045 * exposure), rtol=1e-6)


def test_it_writes_tables_picture_and_manifest(model: Command, tmp_path: Path) -> None:
    table = run(model, tmp_path / "run", "--patients", 30, "--vary", VARY, "--seed", 4)
    csv = pd.read_csv(tmp_path / "run" / "trajectories.csv", dtype={"patient": str})
    pd.testing.assert_frame_equal(csv, table)
    assert len(table) == 30 * 101 and table.notna().all().all()
    people = pd.read_parquet(tmp_path / "run" / "patients.parquet")
    assert list(people) == ["patient", "k_growth", "k_kill", "clearance", "tumour"] and len(people) == 30
    start = table[table["time"] == 0.0]
    np.testing.assert_allclose(start["tumour"], people["tumour"])
    assert (tmp_path / "run" / "trajectories.png").read_bytes()[:4] == b"\x89PNG"
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["failures"] == {"count": 0, "reasons": {}} and manifest["settings"]["seed"] == 4
    assert "never for treatment decisions" in manifest["notice"]
    complained(model("simulate", MODEL, "--out", tmp_path / "run"), 2, "--force")


def test_patients_are_the_same_whatever_the_number_and_the_threads(model: Command, tmp_path: Path) -> None:
    few = run(model, tmp_path / "a", "--patients", 20, "--vary", VARY, "--workers", 1)
    many = run(model, tmp_path / "b", "--patients", 50, "--vary", VARY, "--workers", 2)
    pd.testing.assert_frame_equal(few, many.iloc[: len(few)])
    other = run(model, tmp_path / "c", "--patients", 20, "--vary", VARY, "--seed", 2)
    assert not np.allclose(few["tumour"], other["tumour"])


def test_what_varies_is_as_the_file_says(model: Command, tmp_path: Path) -> None:
    run(model, tmp_path / "run", "--patients", 4000, "--vary", VARY, "--observe", "tumour")
    people = pd.read_parquet(tmp_path / "run" / "patients.parquet")
    growth, kill = np.log(people["k_growth"]), np.log(people["k_kill"])
    assert abs(growth.mean() - np.log(0.012)) < 3 * 0.5 / np.sqrt(4000)
    assert abs(growth.std() - 0.5) < 0.03 and abs(kill.std() - 0.8) < 0.05
    assert abs(np.corrcoef(growth, kill)[0, 1] + 0.3) < 0.05
    assert people["tumour"].between(2.0, 400.0).all()


def test_a_table_of_patients_is_taken_as_it_is(model: Command, tmp_path: Path) -> None:
    people = pd.DataFrame({"patient": ["a", "b"], "param:k_growth": [0.0, 0.02], "tumour": [5.0, 6.0]})
    people.to_csv(tmp_path / "people.csv", index=False)
    done = model(
        "simulate", MODEL, "--until", 10, "--cohort", tmp_path / "people.csv", "--out", tmp_path / "run"
    )
    assert done.code == 0
    table = pd.read_parquet(tmp_path / "run" / "trajectories.parquet").set_index(["patient", "time"])[
        "tumour"
    ]
    assert table["a", 10.0] == pytest.approx(5.0) and table["b", 10.0] == pytest.approx(
        6 * np.exp(0.2) / (1 + 6 / 2000 * (np.exp(0.2) - 1)), rel=1e-5
    )


def test_the_cure_happens_in_each_patient_at_its_own_time(model: Command, tmp_path: Path) -> None:
    """Without drug and with shrinkage the tumour falls below one cell at ln(14e9) / rate: then it is nothing."""
    people = pd.DataFrame({"k_growth": [-1.0, -1.5, -2.0, 0.01], "capacity": 1e30})
    people.to_csv(tmp_path / "people.csv", index=False)
    arguments = ("--until", 40, "--every", 0.01, "--cohort", tmp_path / "people.csv", "--observe", "tumour")
    assert model("simulate", MODEL, *arguments, "--out", tmp_path / "run").code == 0
    table = pd.read_parquet(tmp_path / "run" / "trajectories.parquet")
    for patient, rate in enumerate(-people["k_growth"]):
        own = table[table["patient"] == str(patient)]
        gone = own.loc[own["tumour"] == 0.0, "time"]
        if rate < 0:
            assert not len(gone)
        else:
            assert gone.min() == pytest.approx(np.log(14e9) / rate, abs=0.0101)


def test_the_core_model_and_its_export_run_alike(model: Command, tmp_path: Path) -> None:
    drug = ("--drug", "atezolizumab=1200@0,21,42")
    assert model("export", "core", "-o", tmp_path / "core.xml", *drug).code == 0
    common = ("--until", 63, "--every", 7, "--observe", "sld,anti_pdl1_central", "--rtol", 1e-8)
    assert model("simulate", "core", *drug, *common, "--out", tmp_path / "a").code == 0
    done = model("simulate", tmp_path / "core.xml", *common, "--out", tmp_path / "b")
    assert done.code == 0, done.err
    assert "sld" in done.out and "mm" in done.out
    one, other = (pd.read_parquet(tmp_path / name / "trajectories.parquet") for name in "ab")
    np.testing.assert_allclose(one.iloc[:, 1:], other.iloc[:, 1:], rtol=1e-6)


def test_as_json(model: Command) -> None:
    done = model("simulate", MODEL, "--until", 10, "--json")
    content = json.loads(done.out)
    assert content["patients"] == 1 and content["observables"][0]["name"] == "drug"
    done = model("import", MODEL, "--json")
    content = json.loads(done.out)
    assert content["states"] == 3 and content["dosable"] == ["drug"] and content["events"] == 1


def test_drugs_belong_to_models_that_know_them(model: Command) -> None:
    complained(model("simulate", MODEL, "--drug", "atezolizumab=1200@0"), 2, "anti_pdl1_central", "--dose")
    complained(model("simulate", "core", "--drug", "erlotinib=150@0"), 2, "erlotinib", "--set")
    complained(model("simulate", "core", "--drug", "atezolizumb=1200@0"), 2, "atezolizumab")


def test_show_and_equations_take_files(model: Command) -> None:
    assert "k_growth" in model("show", MODEL).out
    assert "k_growth*tumour" in model("equations", MODEL).out.replace(" ", "")


def test_an_infusion_follows_the_closed_form(model: Command, tmp_path: Path) -> None:
    """300 mg over two days, twice: the concentration rises to rate / clearance (1 - exp(-k t)) and falls from there."""
    arguments = ("--dose", "drug=300@0,10/2", "--until", 20, "--every", 0.5, "--rtol", 1e-9)
    assert model("simulate", MODEL, *arguments, "--out", tmp_path / "run").code == 0
    table = pd.read_parquet(tmp_path / "run" / "trajectories.parquet")
    t, k = table["time"].to_numpy(), 0.25 / 3.5

    def one(start: float) -> np.ndarray:
        during = np.clip(t - start, 0.0, 2.0)
        return 150 / 0.25 * (1 - np.exp(-k * during)) * np.exp(-k * np.clip(t - start - 2.0, 0.0, None))

    np.testing.assert_allclose(table["drug"], one(0.0) + one(10.0), rtol=1e-6, atol=1e-9)
    complained(model("simulate", MODEL, "--dose", "drug=300@0/0"), 2, "duration", "above 0")


def test_an_infusion_leaves_in_the_file(model: Command, tmp_path: Path) -> None:
    arguments = ("--dose", "drug=300@0,10/2")
    assert model("export", MODEL, *arguments, "-o", tmp_path / "back.xml").code == 0
    common = ("--until", 20, "--every", 1, "--observe", "drug", "--rtol", 1e-8)
    assert model("simulate", MODEL, *arguments, *common, "--out", tmp_path / "a").code == 0
    assert model("simulate", tmp_path / "back.xml", *common, "--out", tmp_path / "b").code == 0
    one, other = (pd.read_parquet(tmp_path / name / "trajectories.parquet")["drug"] for name in "ab")
    np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)


def test_peaks_are_among_the_outputs(model: Command) -> None:
    """A dose between two outputs is an output, too: the largest concentration is the one just after it."""
    done = model("simulate", MODEL, "--dose", "drug=350@3", "--until", 10, "--every", 2, "--json")
    rows = {row["name"]: row for row in json.loads(done.out)["observables"]}
    assert rows["drug"]["largest"] == pytest.approx(100.0)
    assert "Dose: 350 mg of drug, once from 3" in model("simulate", MODEL, "--dose", "drug=350@3").out


def test_what_changes_nothing_is_said(model: Command, tmp_path: Path) -> None:
    text = MODEL.read_text(encoding="utf-8")
    idle = text.replace(
        '<parameter id="k_growth"', '<parameter id="idle" value="1" constant="true"/><parameter id="k_growth"'
    )
    (tmp_path / "m.xml").write_text(idle, encoding="utf-8")
    done = model("simulate", tmp_path / "m.xml", "--set", "idle=2")
    assert done.code == 0 and "idle changes nothing" in done.err


def test_a_later_run_leaves_nothing_of_an_earlier_one(model: Command, tmp_path: Path) -> None:
    run(model, tmp_path / "run", "--patients", 3, "--vary", VARY)
    run(model, tmp_path / "run", "--no-csv", "--force")
    names = {file.name for file in (tmp_path / "run").iterdir()}
    assert names == {"trajectories.parquet", "trajectories.png", "manifest.json"}
