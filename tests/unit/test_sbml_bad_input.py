"""Whatever is wrong with a file or a request: one sentence that says what, where and what to do, and no traceback."""

from __future__ import annotations

import codecs

import pytest
from command_line import complained, runner

pytest.importorskip("libsbml", reason="needs the extra sbml")

CORE = "http://www.sbml.org/sbml/level3/version2/core"
MATH = 'xmlns="http://www.w3.org/1998/Math/MathML"'
HEAD = f'<?xml version="1.0" encoding="UTF-8"?><sbml xmlns="{CORE}" level="3" version="2">'
TIME = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'


def _math(text: str) -> str:
    return f"<math {MATH}>{text}</math>"


GOOD = f"""{HEAD}<model id="m">
<listOfCompartments><compartment id="c" size="2" spatialDimensions="3" constant="true"/></listOfCompartments>
<listOfSpecies>
<species id="A" compartment="c" initialConcentration="3" hasOnlySubstanceUnits="false" boundaryCondition="false"
 constant="false"/>
<species id="B" compartment="c" initialAmount="1" hasOnlySubstanceUnits="false" boundaryCondition="true"
 constant="false"/>
<species id="C" compartment="c" hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/>
</listOfSpecies>
<listOfParameters><parameter id="k" value="0.1" constant="true"/></listOfParameters>
<listOfRules><assignmentRule variable="C">{_math("<apply><times/><cn>2</cn><ci>A</ci></apply>")}</assignmentRule>
</listOfRules>
<listOfReactions><reaction id="J" reversible="false">
<listOfReactants><speciesReference species="A" stoichiometry="1" constant="true"/></listOfReactants>
<kineticLaw>{_math("<apply><times/><ci>k</ci><ci>A</ci></apply>")}</kineticLaw></reaction></listOfReactions>
</model></sbml>"""


def _only_x(rate: str, events: str = "") -> str:
    return (
        f'{HEAD}<model id="m"><listOfParameters><parameter id="x" value="1" constant="false"/></listOfParameters>'
        f'<listOfRules><rateRule variable="x">{_math(rate)}</rateRule></listOfRules>{events}</model></sbml>'
    )


def _event(trigger: str, value: str, delay: str = "") -> str:
    waits = f"<delay>{_math(delay)}</delay>" if delay else ""
    return (
        '<event useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true">'
        f"{_math(trigger)}</trigger>{waits}<listOfEventAssignments>"
        f'<eventAssignment variable="x">{_math(value)}</eventAssignment></listOfEventAssignments></event>'
    )


def _x(operator: str, number: str) -> str:
    return f"<apply><{operator}/><ci>x</ci><cn>{number}</cn></apply>"


ONE = "<cn>1</cn>"
ENDLESS = {
    "at one moment": _event(_x("gt", "2"), "<cn>0</cn>") + _event(_x("lt", "0.5"), "<cn>3</cn>"),
    "with hardly any time between": _event(_x("geq", "1.000000001"), ONE),
    "each the cause of the other": _event(_x("gt", "1.5"), ONE, "<cn>0</cn>")
    + _event(_x("leq", "1"), "<cn>2</cn>"),
}

FILES: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "empty": (b"", ("line 1", "empty")),
    "blank": (b" \n", ("empty",)),
    "binary": (bytes(range(256)), ("not text", "utf-8")),
    "archive": (b"PK\x03\x04" + bytes(80), ("line 1", "not a readable XML file")),
    "text": ("hello", ("line 1", "not a readable XML file")),
    "truncated": (GOOD[: len(GOOD) // 2], ("not a readable XML file", "line ")),
    "page": ("<!DOCTYPE html><html><body/></html>", ("XML, but not SBML", "<html>")),
    "other": ('<?xml version="1.0"?><a><b/></a>', ("XML, but not SBML", "<a>")),
    "level_1": (
        '<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2"><model name="m">'
        '<listOfCompartments><compartment name="c"/></listOfCompartments></model></sbml>',
        ("Level 1 version 2", "convert it"),
    ),
    "level_2_1": (
        '<sbml xmlns="http://www.sbml.org/sbml/level2" level="2" version="1"><model id="m"/></sbml>',
        ("Level 2 version 1", "convert it"),
    ),
    "namespace": (GOOD.replace("level3/version2", "level9/version2"), ("XML, but not SBML", "line 1")),
    "no_namespace": (GOOD.replace(f' xmlns="{CORE}"', ""), ("XML, but not SBML", "line 1")),
    "no_model": (f"{HEAD}</sbml>", ("holds no model",)),
    "empty_model": (f'{HEAD}<model id="m"/></sbml>', ("no species", "at least one species")),
    "zero_volume": (GOOD.replace('size="2"', 'size="0"'), ("compartment c", "size 0", "above 0")),
    "negative_volume": (GOOD.replace('size="2"', 'size="-2"'), ("compartment c", "-2", "above 0")),
    "negative_amount": (GOOD.replace('tion="3"', 'tion="-3"'), ("species A", "-3", "below 0")),
    "no_size": (GOOD.replace(' size="2"', ""), ("c (", "no value", "Give it a value")),
    "clash": (GOOD.replace('id="k"', 'id="A"'), ("error 10301", "line 10", "'A'")),
    "unknown_symbol": (GOOD.replace("<ci>k</ci>", "<ci>q</ci>"), ("error 10215", "q")),
    "unknown_function": (GOOD.replace("<times/>", "<ci>foo</ci>", 1), ("foo",)),
    "circle": (GOOD.replace("<cn>2</cn><ci>A</ci>", "<cn>2</cn><ci>C</ci>"), ("error 20906",)),
    "algebraic": (
        GOOD.replace(
            "</listOfRules>", f"<algebraicRule>{_math('<ci>k</ci>')}</algebraicRule></listOfRules>"
        ).replace('value="0.1" constant="true"', 'value="0.1" constant="false"'),
        ("algebraic rules",),
    ),
    "package": (
        GOOD.replace(
            'level="3" version="2"',
            'level="3" version="2" xmlns:q="http://www.sbml.org/sbml/level3/version1/qual/version1" q:required="true"',
        ),
        ("qualitative models",),
    ),
}


@pytest.fixture
def model(capfd, tmp_path, monkeypatch):
    """Runs ``unmask model`` beside good.xml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.xml").write_text(GOOD, encoding="utf-8")
    return runner(capfd, "model")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read(name, model, tmp_path):
    content, words = FILES[name]
    file = tmp_path / f"{name}.xml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    for command in (["import", file], ["simulate", file], ["export", file, "-o", tmp_path / "out.xml"]):
        complained(model(*command), 3, f"{name}.xml", *words)
    assert not (tmp_path / "out.xml").exists()


def test_no_file_and_a_folder(model, tmp_path):
    complained(model("import", "nowhere.xml"), 3, "nowhere.xml", "No such file")
    complained(model("import", tmp_path), 3, "Is a directory")


@pytest.mark.parametrize(
    ("encoding", "mark"), [("ISO-8859-1", b""), ("UTF-16", b""), ("UTF-8", codecs.BOM_UTF8)], ids=str
)
def test_other_encodings_are_read(encoding, mark, model, tmp_path):
    text = GOOD.replace('"UTF-8"', f'"{encoding}"').replace('<model id="m"', '<model id="m" name="café"')
    (tmp_path / "other.xml").write_bytes(mark + text.encode(encoding))
    assert model("import", "other.xml").code == 0


def test_a_declaration_without_encoding_is_read(model, tmp_path):
    (tmp_path / "other.xml").write_text(GOOD.replace(' encoding="UTF-8"', ""), encoding="utf-8")
    assert model("import", "other.xml").code == 0


@pytest.mark.parametrize("name", ENDLESS)
def test_events_for_ever_end(name, model, tmp_path):
    text = _only_x(ONE, f"<listOfEvents>{ENDLESS[name]}</listOfEvents>")
    (tmp_path / "endless.xml").write_text(text, encoding="utf-8")
    done = model("simulate", "endless.xml")
    assert done.code == 4
    assert "events went on for ever" in done.err


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (_only_x(ONE, f"<listOfEvents>{_event(_x('gt', '2'), ONE, '<cn>-1</cn>')}</listOfEvents>"), "delay"),
        (_only_x(_x("power", "2")), "could not be integrated"),
        (GOOD.replace('tion="3"', 'tion="NaN"'), "not a finite number"),
    ],
    ids=["negative delay", "pole", "NaN"],
)
def test_what_cannot_be_integrated_ends_with_4(text, word, model, tmp_path):
    (tmp_path / "bad.xml").write_text(text, encoding="utf-8")
    done = model("simulate", "bad.xml", "--until", "10")
    assert done.code == 4
    assert word in done.err


DOSES = {
    "A=1": "the form is",
    "=1@0": "the form is",
    "A=x@1": "'x' is not a number",
    "A=nan@1": "not below 0",
    "A=-1@1": "not below 0",
    "A=1@": "'' is not a time",
    "A=1@nan": "not finite",
    "A=1@-1": "before the start",
    "A=1@0:10:0": "EVERY above 0",
    "A=1@0:1e9:1": "1000000001 doses",
    "a=1@1": "did you mean 'A'?",
    "Z=1@1": "no species 'Z'",
    "k=1@1": "no species 'k'",
    "B=1@1": "held constant",
    "C=1@1": "computed by a rule",
}


@pytest.mark.parametrize("dose", DOSES)
def test_a_dose_that_means_nothing(dose, model):
    complained(model("simulate", "good.xml", "--until", "5", "--dose", dose), 2, DOSES[dose])
    complained(model("export", "good.xml", "-o", "out.xml", "--dose", dose), 2, DOSES[dose])


def test_doses_after_the_end_are_mentioned(model):
    done = model("simulate", "good.xml", "--until", "5", "--dose", "A=1@1,6,7")
    assert done.code == 0
    assert "2 doses come after --until 5" in done.err


OPTIONS = {
    ("--until", "0"): "--until above 0",
    ("--until", "-1"): "--until above 0",
    ("--until", "nan"): "--until above 0",
    ("--until", "inf"): "--until above 0",
    ("--until", "soon"): "--until",
    ("--every", "0"): "--every above 0",
    ("--every", "1e-300"): "larger --every",
    ("--rtol", "0"): "1e-13",
    ("--rtol", "nan"): "1e-13",
    ("--observe", "Z"): "no 'Z' to observe",
    ("--observe", ""): "names nothing",
    ("--set", "k"): "NAME=VALUE",
    ("--set", "k=x"): "NAME=VALUE",
    ("--set", "k=nan"): "NAME=VALUE",
    ("--set", "q=1"): "neither a parameter nor a species",
    ("--set", "A=-1"): "not below 0",
    ("--set", "c=0"): "above 0",
    ("--set", "B=1"): "B_amount",
    ("--set", "C=1"): "computed by a rule",
    ("--set", "k=1", "--set", "k=2"): "Give it once",
    ("--patients", "0"): "--patients",
    ("--patients", "5"): "would all be the same",
    ("--seed", "-1"): "--seed is -1",
    ("--workers", "0"): "--workers",
    ("--units", "guess"): "auto, convert, as-written",
    ("--lesions", "2"): "--lesions",
    ("--drug", "atezolizumab=1200@0"): "does not have",
    ("--cohort", "nowhere.csv"): "No such file",
    ("--vary", "nowhere.toml"): "does not exist",
}


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_an_option_that_means_nothing(options, model):
    done = model("simulate", "good.xml", *options)
    assert done.code in (2, 3)
    assert OPTIONS[options] in done.err
    assert done.out == ""


SPREADS = {
    "": "how it varies",
    "[parameters]": "how it varies",
    "[other]": "unknown key 'other'",
    "parameters = 3": "a table is expected",
    "[parameters.k]": "distribution",
    '[parameters.k]\ndistribution = "triangle"': "lognormal",
    '[parameters.k]\ndistribution = "lognormal"': "sigma > 0",
    '[parameters.k]\ndistribution = "lognormal"\nsigma = nan': "finite",
    '[parameters.k]\ndistribution = "lognormal"\nsigma = 1e9': "infinite",
    '[parameters.k]\ndistribution = "lognormal"\nsigma = 0.1\nmean = 1': "mean",
    '[parameters.q]\ndistribution = "lognormal"\nsigma = 0.1': "q is not a parameter",
    '[parameters.k]\ndistribution = "uniform"\nrange = [2, 1]': "is empty",
    '[parameters.k]\ndistribution = "uniform"\nrange = [0, inf]': "no end",
    '[parameters.k]\ndistribution = "loguniform"\nrange = [0, 1]': "positive",
    '[initial.A]\ndistribution = "normal"\nsigma = 100.0': "not below 0",
    '[initial.B]\ndistribution = "uniform"\nrange = [1, 2]': "held constant",
    '[parameters.c]\ndistribution = "uniform"\nrange = [-1, 1]': "above 0",
    '[parameters.k]\ndistribution = "fixed"\n[initial.k]\ndistribution = "fixed"': "k is given as a parameter",
    '[parameters.k]\ndistribution = "lognormal"\nsigma = 0.1\ncorrelated_with = "q"': "must name something",
}


@pytest.mark.parametrize("text", SPREADS)
def test_a_spread_that_cannot_be(text, model, tmp_path):
    (tmp_path / "vary.toml").write_text(text, encoding="utf-8")
    complained(model("simulate", "good.xml", "--patients", "5", "--vary", "vary.toml"), 2, SPREADS[text])


def test_a_billion_patients(model, tmp_path):
    (tmp_path / "vary.toml").write_text(
        '[parameters.k]\ndistribution = "lognormal"\nsigma = 0.1', encoding="utf-8"
    )
    complained(
        model("simulate", "good.xml", "--patients", "1000000000", "--vary", "vary.toml"), 2, "1000000000"
    )


TABLES = {
    "": "cannot be read",
    "k\n": "no row",
    "k\nx\n": "row 2: k is 'x'",
    "k\n1\n\nnan\n": "k is 'nan'",
    "k,A\n1,2\n1\n": "row 3 has 1 values",
    "k\n1,2\n": "row 2 has 2 values",
    "k,k\n1,2\n": "twice",
    "k,param:k\n1,2\n": "two columns k",
    "other:k\n1\n": "other:k",
    "q\n1\n": "the column q is neither",
    "A\n-1\n": "not below 0",
    "A,A_amount\n1,2\n": "the same amount",
}


@pytest.mark.parametrize("text", TABLES)
def test_a_table_of_patients_that_cannot_be(text, model, tmp_path):
    (tmp_path / "cohort.csv").write_text(text, encoding="utf-8")
    done = model("simulate", "good.xml", "--cohort", "cohort.csv")
    assert done.code in (2, 3)
    assert TABLES[text] in done.err
    assert done.out == ""


def test_a_set_value_beside_a_table_that_varies_it(model, tmp_path):
    (tmp_path / "cohort.csv").write_text("k\n1\n", encoding="utf-8")
    complained(model("simulate", "good.xml", "--cohort", "cohort.csv", "--set", "k=2"), 2, "Give it once")


def test_folders_and_files_that_are_there(model, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "trajectories.csv").write_text("x", encoding="utf-8")
    complained(model("simulate", "good.xml", "--out", "full"), 2, "already holds results")
    complained(model("simulate", "good.xml", "--out", "good.xml"), 2, "is a file")
    complained(model("export", "good.xml", "-o", "good.xml"), 2, "good.xml", "--force")
    assert (tmp_path / "good.xml").read_text(encoding="utf-8") == GOOD


def test_a_modifier_that_is_not_listed_is_read_with_a_note(tmp_path, capfd):
    """libsbml calls it an error, but there is only one thing it can mean."""
    file = tmp_path / "m.xml"
    file.write_text(GOOD.replace("<ci>k</ci><ci>A</ci>", "<ci>k</ci><ci>A</ci><ci>B</ci>"), encoding="utf-8")
    done = runner(capfd, "model")("simulate", file, "--until", 1, "--json")
    assert done.code == 0 and "1 species in kinetic laws" in done.out
