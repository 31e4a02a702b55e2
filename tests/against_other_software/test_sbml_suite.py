"""The semantic test suite of SBML through Unmask, and proof that the runner would tell if something were wrong."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path

import pytest
from sbml_draft import Draft

from unmask import cli
from unmask.simulation.semantic_suite import counts, run_case, run_folder

SUITE = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "sbml-semantic"
SLICES = 8
needs_suite = pytest.mark.skipif(not SUITE.is_dir(), reason="../shared/vectors/sbml-semantic is not here")


def _linked(folder: Path, names: list[str]) -> Path:
    """A folder with links to some cases of the suite, and its index."""
    for name in names:
        (folder / name).symlink_to(SUITE / name)
    (folder / "index.csv").symlink_to(SUITE / "index.csv")
    return folder


@needs_suite
@pytest.mark.parametrize("part", range(SLICES))
def test_every_supported_case_of_the_suite_passes(part, tmp_path):
    names = sorted(place.name for place in SUITE.iterdir() if place.is_dir())[part::SLICES]
    cases = run_folder(_linked(tmp_path, names))
    bad = [case for case in cases if case.outcome in ("wrong", "error")]
    assert not bad
    assert len(cases) == len(names)
    supported = counts(cases)["supported"]
    assert supported["passed"] >= 0.95 * sum(supported.values()) > 0


@needs_suite
def test_what_is_refused_is_refused_by_name():
    """A case of each kind that is not supported: the sentence names it."""
    with (SUITE / "index.csv").open(encoding="utf-8") as lines:
        tags = {row["case"]: row["component_tags"] + "," + row["test_tags"] for row in csv.DictReader(lines)}
    words = {
        "AlgebraicRule": "algebraic rules",
        "CSymbolDelay": "delay equations",
        "FastReaction": "fast reactions",
    }
    for tag, word in words.items():
        name = next(case for case, text in tags.items() if tag in text)
        case = run_case(SUITE / name)
        assert case.outcome == "refused", case
        assert word in case.detail


# -- cases of our own, anywhere ---------------------------------------------------------------------------------


def _case(folder: Path, name: str, draft: Draft, columns: dict[str, list[float]], settings: str = "") -> Path:
    """Write a case; its times are 0, 1, 2 ..."""
    place = folder / name
    place.mkdir(parents=True)
    draft.save(place, "model.xml")
    steps = len(next(iter(columns.values()))) - 1
    text = f"start: 0\nduration: {steps}\nsteps: {steps}\nvariables: {', '.join(columns)}\n"
    (place / "settings.txt").write_text(f"{text}absolute: 1e-8\nrelative: 1e-6\n{settings}", encoding="utf-8")
    with (place / "results.csv").open("w", newline="", encoding="utf-8") as lines:
        table = csv.writer(lines)
        table.writerow(["time", *columns])
        table.writerows(zip(range(steps + 1), *columns.values(), strict=True))
    return place


def _decay() -> Draft:
    draft = Draft().compartment("c", 2.0).species("A", "c", concentration=3.0)
    return draft.reaction("J", "A ->", "c*k*A", k=0.5)


@pytest.fixture
def cases(tmp_path):
    amounts = [6.0 * math.exp(-0.5 * time) for time in range(5)]
    _case(tmp_path, "amount", _decay(), {"A": amounts}, "amount: A\nconcentration:\n")
    halves = [amount / 2 for amount in amounts]
    _case(tmp_path, "concentration", _decay(), {"A": halves}, "amount:\nconcentration: A\n")
    event = Draft().parameter("x", 0, False).rate("x", "1").event("x >= 2.5", {"x": "0"})
    _case(tmp_path, "event", event, {"x": [0, 1, 2, 0.5, 1.5]})
    return tmp_path


def test_cases_of_our_own_pass(cases):
    found = run_folder(cases)
    assert [(case.name, case.outcome) for case in found] == [
        ("amount", "passed"),
        ("concentration", "passed"),
        ("event", "passed"),
    ]
    assert run_folder(cases, workers=2) == found


def test_a_falsified_result_is_wrong(cases):
    file = cases / "amount" / "results.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    time, value = lines[3].split(",")
    lines[3] = f"{time},{float(value) * (1 + 3e-6)}"
    file.write_text("\n".join(lines), encoding="utf-8")
    case = run_case(cases / "amount")
    assert case.outcome == "wrong"
    assert case.detail.startswith("A at time 2: ")


def test_amounts_are_not_taken_for_concentrations(cases):
    settings = cases / "amount" / "settings.txt"
    settings.write_text(settings.read_text().replace("amount: A", "amount:"), encoding="utf-8")
    assert run_case(cases / "amount").outcome == "wrong"


def test_missing_rows_are_wrong(cases):
    file = cases / "event" / "results.csv"
    file.write_text("\n".join(file.read_text(encoding="utf-8").splitlines()[:-1]), encoding="utf-8")
    assert run_case(cases / "event").outcome == "wrong"


@pytest.mark.parametrize(
    ("old", "new"),
    [("</model>", ""), ('id="A"', 'id="B"'), ("<times/>", "<delay/>")],
    ids=["xml", "id", "math"],
)
def test_a_broken_model_is_refused(cases, old, new):
    file = cases / "amount" / "model.xml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert run_case(cases / "amount").outcome == "refused"


def test_a_model_that_cannot_be_integrated_is_an_error(tmp_path):
    blow_up = Draft().parameter("x", 1, False).rate("x", "x^2")
    case = run_case(_case(tmp_path, "pole", blow_up, {"x": [1.0, 1.0, 1.0]}))
    assert case.outcome == "error"


def test_the_command_counts_and_ends_with_1_if_anything_is_wrong(cases, capsys):
    assert cli.run(["model", "conformance", str(cases), "--json", "--workers", "1"]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert counted["all"] == {"passed": 3, "refused": 0, "wrong": 0, "error": 0}
    shutil.copy(cases / "amount" / "results.csv", cases / "concentration" / "results.csv")
    assert cli.run(["model", "conformance", str(cases), "--workers", "1"]) == 1
    assert "concentration  wrong" in capsys.readouterr().out
