"""The JavaScript target without a JavaScript engine: what it writes, what it refuses, and the command."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from command_line import Command, complained, runner

from unmask.engine.graph import Graph
from unmask.engine.targets.javascript import javascript_module
from unmask.engine.targets.javascript.formulas import Formulas, number
from unmask.errors import ModelError
from unmask.model.catalogue import load
from unmask.model.system import Content, Event, Model, Rule, Species

STORED = Path(__file__).parents[1] / "reference_runs" / "javascript_core.json"
x = sp.Symbol("x")


def model(**more) -> Model:
    return Model("small", (Species("x", "mg", "amount"),), (), (), (-x,), ("x",), **more)


def hashes() -> dict[str, str]:
    made = javascript_module(load("core"))
    return {"model_hash": made.model_hash, "equations_hash": made.equations_hash}


def test_the_generated_core_model_is_the_stored_one() -> None:
    found = hashes()
    assert found == json.loads(STORED.read_text(encoding="utf-8")), (
        "The JavaScript of the core model has changed. If that is meant, run the parity test "
        "(tests/against_other_software/test_javascript_parity.py) and put these hashes, which `unmask model compile "
        f"core -o DIR` prints as well, into tests/reference_runs/javascript_core.json: {json.dumps(found)}"
    )


def test_the_hash_sees_a_change_of_the_equations(monkeypatch: pytest.MonkeyPatch) -> None:
    before = hashes()
    monkeypatch.setattr("unmask.engine.targets.javascript.formulas._OPERATIONS_IN_A_LINE", 11)
    after = hashes()
    assert before["model_hash"] == after["model_hash"]
    assert before["equations_hash"] != after["equations_hash"]


def test_making_it_twice_gives_the_same_bytes() -> None:
    assert javascript_module(load("core")) == javascript_module(load("core"))


def test_the_module_says_what_it_is_and_holds_what_a_page_shows() -> None:
    core = load("core")
    made = javascript_module(core)
    head = made.code[: made.code.index("export")]
    assert all(line.startswith("//") for line in head.strip().splitlines())
    assert "never for treatment decisions" in head and "never for treatment decisions" in made.declarations
    assert f'export const MODEL_HASH = "{core.hash}";' in made.code
    assert f'export const EQUATIONS_HASH = "{made.equations_hash}";' in made.code
    for parameter in core.parameters:
        assert f'{{ name: "{parameter.name}", unit: "{parameter.unit}", value: ' in made.code
        assert f'"{parameter.name}"' in made.declarations
    for name in (*core.species_names, *core.observables):
        assert f'{{ name: "{name}", unit: ' in made.code
    assert "NAMES" not in made.declarations


def test_a_name_cannot_become_code() -> None:
    name = "x\n*/ stop(); \u2028 </script>"
    made = javascript_module(Model(name, (Species(name, "1", name),), (), (), (-sp.Symbol(name),), (name,)))
    for text in (made.code, made.declarations):
        assert "stop()" in text and "\u2028" not in text
        for line in text.splitlines():
            assert "stop()" not in line or line.startswith("//") or f"{json.dumps(name)}" in line


def test_the_written_parts_come_with_the_package() -> None:
    folder = files("unmask.engine.targets.javascript")
    for name in (
        "events.js",
        "without_events.js",
        "solver.js",
        "input.js",
        "simulate.js",
        "tolerances.js",
        "declarations.d.ts",
    ):
        assert folder.joinpath(name).is_file()


def test_code_for_events_stands_only_where_there_are_events() -> None:
    resection = Event("resect", x > 3, (("x", sp.S.Zero),), delay=x)
    without, having = javascript_module(model()), javascript_module(model(events=(resection,)))
    for word in ("scramble", "const EVENTS", "function delay0()", "MARGIN"):
        assert word not in without.code and word in having.code
    assert having.equations_hash != without.equations_hash


def test_tolerances_are_found_only_where_that_is_asked() -> None:
    assert "PILOT_RTOL" not in javascript_module(model()).code
    assert "PILOT_RTOL" in javascript_module(model(), find_tolerances=True).code


def test_the_hash_sees_what_events_and_the_start_do() -> None:
    def digest(**event: Any) -> str:
        happening = Event("resect", x > 3, (("x", sp.S.Zero),), **event)
        return javascript_module(model(events=(happening,))).equations_hash

    found = {digest(), digest(persistent=False), digest(initially=False), digest(values_at_trigger=False)}
    assert len(found) == 4
    assert javascript_module(model(initial=(Rule("x", "mg", sp.S.One),))).equations_hash not in {
        javascript_module(model()).equations_hash,
        javascript_module(model(initial=(Rule("x", "mg", sp.Integer(2)),))).equations_hash,
    }


def test_substances_are_in_the_types() -> None:
    made = javascript_module(model(contents={"concentration": Content("x", "x"), "x": Content("x")}))
    assert 'SubstanceName = "concentration";' in made.declarations
    assert 'const CONTENTS = new Map([\n  ["concentration", { index: 0, volume: volume0 }],' in made.code


def test_an_event_that_uses_an_unknown_name_is_refused() -> None:
    with pytest.raises(ModelError, match=r"value 0 of event 0 \(resect\)"):
        javascript_module(model(events=(Event("resect", x > 3, (("x", sp.Symbol("nothing")),)),)))


def test_a_species_without_a_tolerance_is_refused() -> None:
    broken = Model("small", (Species("x", "mg", "", absolute_tolerance=0.0),), (), (), (-x,))
    with pytest.raises(ModelError, match="absolute tolerance of 'x'"):
        javascript_module(broken)


@pytest.mark.parametrize("name", ["tan", "asin", "acos", "atan", "sinh", "cosh", "ceil"])
def test_every_function_of_one_number_has_a_form(name: str) -> None:
    graph = Graph()
    state = graph.input("state", 0)
    node = graph._node(name, (state,))
    formulas = Formulas(graph, {state: 7}, [(node, 9)], "small")
    assert f"w[9] = Math.{name}(w[7]);" in formulas.code.functions("rates", 10)[0]


def test_conditions_have_a_form() -> None:
    graph = Graph()
    state = graph.input("state", 0)
    either = graph._node(
        "xor", (graph.compare("lt", state, graph.one), graph.compare("le", graph.zero, state))
    )
    node = graph.select(graph.logical("not", either), state, graph.constant(-2.5))
    formulas = Formulas(graph, {state: 7}, [(node, 9)], "small")
    lines = formulas.code.functions("rates", 10)[0]
    assert f"const v{state} = w[7];" in lines
    assert f"w[9] = (!((v{state} < 1) !== (0 <= v{state}))) ? v{state} : (-2.5);" in lines


def test_an_operation_without_a_form_is_refused() -> None:
    graph = Graph()
    state = graph.input("state", 0)
    with pytest.raises(ModelError, match="the operation 'gamma'"):
        Formulas(graph, {state: 7}, [(graph._node("gamma", (state,)), 9)], "small")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"), (0.1, "0.1"), (-2.0, "(-2)"), (1e-300, "1e-300"), (1e22, "1e+22"), (1 / 3, "0.3333333333333333"),
        (float("inf"), "Infinity"), (float("-inf"), "(-Infinity)"), (float("nan"), "NaN"),
    ],
)  # fmt: skip
def test_numbers_are_written_exactly(value: float, text: str) -> None:
    assert number(value) == text


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    return runner(capfd, "model", "compile")


def test_the_command_writes_module_and_types(command: Command, tmp_path: Path) -> None:
    done = command("core", "--target", "javascript", "-o", tmp_path)
    made = javascript_module(load("core"))
    assert done.code == 0 and done.err == ""
    assert (tmp_path / "core.js").read_text(encoding="utf-8") == made.code
    assert (tmp_path / "core.d.ts").read_text(encoding="utf-8") == made.declarations
    assert sorted(file.name for file in tmp_path.iterdir()) == ["core.d.ts", "core.js"]
    assert str(tmp_path / "core.js") in done.out
    assert f"Model {made.model_hash}, equations {made.equations_hash}" in done.out


def test_the_command_takes_the_other_models_too(command: Command, tmp_path: Path) -> None:
    assert command("qspio", "-o", tmp_path).code == 0
    assert "const EVENTS" in (tmp_path / "qspio.js").read_text(encoding="utf-8")
    pytest.importorskip("libsbml")
    file = Path(__file__).parents[2] / "examples" / "own_model" / "tumour.xml"
    assert command(file, "--units", "convert", "-o", tmp_path).code == 0
    assert "PILOT_RTOL" in (tmp_path / "tumour_and_drug.js").read_text(encoding="utf-8")
    complained(command(file, "--units", "metric", "-o", tmp_path), 2, "'metric'", "convert")
    complained(command(file, "--lesions", 2, "-o", tmp_path), 2, "tumour.xml")
    complained(command(tmp_path / "none.xml", "-o", tmp_path), 3, "none.xml")


def test_lesions_make_another_file(command: Command, tmp_path: Path) -> None:
    assert command("core", "--lesions", 2, "-o", tmp_path / "new").code == 0
    assert "lesion2__cancer_sensitive" in (tmp_path / "new" / "core-2.js").read_text(encoding="utf-8")


def test_what_is_there_is_replaced_with_force_only(command: Command, tmp_path: Path) -> None:
    (tmp_path / "core.js").write_text("mine", encoding="utf-8")
    complained(command("core", "-o", tmp_path), 2, "core.js", "--force")
    assert (tmp_path / "core.js").read_text(encoding="utf-8") == "mine"
    assert command("core", "-o", tmp_path, "--force").code == 0
    assert (tmp_path / "core.js").read_text(encoding="utf-8") != "mine"


def test_wrong_use_ends_with_a_sentence(command: Command, tmp_path: Path) -> None:
    complained(command("cor", "-o", tmp_path), 2, "Did you mean 'core'")
    complained(command("core", "--target", "wasm", "-o", tmp_path), 2, "'wasm'", "javascript")
    complained(command("core", "--lesions", 99, "-o", tmp_path), 2, "99 lesions")
    (tmp_path / "file").write_text("", encoding="utf-8")
    complained(command("core", "-o", tmp_path / "file"), 2, "it is a file")
    assert command("core").code == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file"]
