"""Protocols and tumour types as files: what is refused, by which words, and what the library holds."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from unmask.configuration import nearest
from unmask.errors import ConfigurationError
from unmask.patients.parameter_set import load_tumour_type
from unmask.trial.protocol import Arm, Protocol, available, load_protocol
from unmask.trial.run import plan_trial, run_trial
from unmask.trial.timeline import timeline

OAK = Path(str(files("unmask.trial").joinpath("library", "oak.toml"))).read_text(encoding="utf-8")


def refused(*settings: str, name: str = "oak") -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        plan_trial(name, settings=settings)
    assert caught.value.exit_code == 2
    return caught.value


def treatment(text: str) -> str:
    return "arms.docetaxel.treatment=[{" + text + "}]"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["follow_up.dayz=3"], ["unknown key 'follow_up.dayz'", "did you mean 'days'"]),
        (["arms.docetaxl.label=x"], ["unknown key 'arms.docetaxl'", "did you mean 'docetaxel'"]),
        (["arms.docetaxel.lable=x"], ["unknown key 'arms.docetaxel.lable'", "did you mean 'label'"]),
        (["schedul.scan_weeks=[6]"], ["unknown key 'schedul'", "did you mean 'schedule'"]),
        (["parameters.max_kil_rate=9"], ["unknown key", "did you mean 'max_kill_rate'"]),
        (["baseline.sld=9"], ["unknown key 'baseline.sld'", "sld_mm"]),
        (["hazard.frailty=9"], ["unknown key 'hazard.frailty'", "frailty_sd"]),
        ([treatment('drug="docetaxel",dose=-75,unit="mg/m2",every_days=21')], ["dose = -75", "greater than 0"]),
        ([treatment('drug="docetaxel",dose=0,unit="mg/m2",every_days=21')], ["dose = 0", "greater than 0"]),
        ([treatment('drug="docetaxel",dose=nan,unit="mg/m2",every_days=21')], ["dose = nan", "finite"]),
        ([treatment('drug="docetaxel",dose=75,unit="mg",every_days=21')], ["mg/m2", "not in 'mg'"]),
        ([treatment('drug="docetaxl",dose=75,unit="mg/m2",every_days=21')], ["no drug 'docetaxl'", "docetaxel"]),
        ([treatment('drug="docetaxel",dose=75,unit="mg/m2",every_days=0')], ["every_days = 0"]),
        ([treatment('drug="docetaxel",dose=75,unit="mg/m2",every_days=21,doses=0')], ["doses = 0"]),
        (["arms.docetaxel.treatment=[]"], ["arms.docetaxel.treatment", "at least 1 must be given"]),
        (["arms.docetaxel=3"], ["arms.docetaxel = 3", "a table is expected"]),
        (["arms.docetaxel.subsequent=3"], ["subsequent = 3", "a list is expected"]),
        (["schedule.scan_weeks=[0, 6]"], ["schedule.scan_weeks", "must come after the start"]),
        (["schedule.scan_weeks=[-6, 6]"], ["schedule.scan_weeks", "must come after the start"]),
        (["schedule.scan_weeks=[0.01]"], ["schedule.scan_weeks", "must come after the start"]),
        (["schedule.scan_weeks=[nan]"], ["scan_weeks.0 = nan", "finite"]),
        (["schedule.scan_weeks=[12, 6]"], ["must increase"]),
        (["schedule.scan_weeks=[6, 6.01]"], ["must increase", "by a day"]),
        (["schedule.scan_weeks=[]"], ["scan_weeks", "at least 1 must be given"]),
        (["schedule.scan_weeks=[1]", "schedule.first_scan_early_days=7"], ["before the start of treatment"]),
        (["schedule.scan_weeks=[200]"], ["first scan (day 1400)", "end of follow-up"]),
        (["schedule.then_every_weeks=0.01"], ["then_every_weeks = 0.01", "greater than or equal to 1"]),
        (["schedule.then_every_weeks=0"], ["then_every_weeks = 0"]),
        (["patients=0"], ["patients = 0", "greater than or equal to 1"]),
        (["patients=-1"], ["patients = -1"]),
        (["patients=2.5"], ["patients = 2.5", "integer"]),
        (["patients=1000000000"], ["patients = 1000000000", "GB of memory", "Use at most"]),
        (["seed=-1"], ["seed = -1"]),
        (["seed=9223372036854775808"], ["seed = 9223372036854775808"]),
        (["follow_up.days=10"], ["follow_up.days = 10"]),
        (["follow_up.accrual_days=900"], ["accrual_days = 900 must be shorter than follow_up.days = 819"]),
        (["follow_up.dropout_per_year=nan"], ["dropout_per_year = nan"]),
        (["arms.docetaxel.stop_per_dose=1"], ["stop_per_dose = 1", "less than 1"]),
        (["arms.docetaxel.never_assessed_share=nan"], ["never_assessed_share = nan"]),
        (["arms.atezolizumab.beyond_progression.share=1.5"], ["share = 1.5"]),
        (["disease.target_lesion_weights=[1, 1, 1, 1, 1]"], ["add up to 1"]),
        (["disease.target_lesion_weights=[2, -1, 0, 0, 0]"], ["add up to 1"]),
        (['population.autoimmune={"rheumatoid artritis"=0.1}'], ["did you mean 'rheumatoid arthritis'"]),
        (["population.autoimmune={lupus=0.1}"], ["lupus", "psoriasis"]),
        (["population.autoimmune={psoriasis=-0.1}"], ["psoriasis", "-0.1"]),
        (["population.autoimmune={psoriasis=nan}"], ["psoriasis", "nan"]),
        (['population.autoimmune={psoriasis=0.6, "Crohn\'s disease"=0.6}'], ["add up to 1.2"]),
        (["population.immunosuppressed_share=1.1"], ["immunosuppressed_share", "1.1"]),
        (["measurement.sum_error=-0.1"], ["sum_error = -0.1"]),
        (["measurement.invisible_below_mm=6"], ["invisible_below_mm = 6"]),
        (["allocation=coin"], ["allocation = 'coin'", "'paired' or 'randomised'"]),
        (["experimental=atezolizumap"], ["not an arm", "did you mean 'atezolizumab'"]),
        (["experimental=docetaxel"], ["two different arms"]),
        (["observed_arm_names.Docetaxel=docetaxl"], ["observed_arm_names.Docetaxel", "did you mean 'docetaxel'"]),
        (["name=My Trial"], ["name = 'My Trial'", "it must match"]),
        (["tumour_type=nslc"], ["no tumour type 'nslc'", "did you mean 'nsclc'"]),
        (["patients"], ["--set patients", "expected key=value"]),
        (["=3"], ["--set =3", "expected key=value"]),
        (["patients="], ["expected key=value"]),
        (["parameters=3"], ["--set parameters=3", "expected key=value"]),
        (["parameters.max_kill_rate=900"], ["value 900 lies outside its range [0.5, 20]"]),
        (["parameters.max_kill_rate=inf"], ["finite"]),
        (["parameters.max_kill_rate=high"], ["'high'", "number"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)  # fmt: skip
def test_what_is_impossible_is_refused_in_words(settings: list[str], words: list[str]) -> None:
    error = refused(*settings)
    for word in words:
        assert word in str(error)
    assert "pydantic" not in str(error)
    assert "{" not in str(error).replace("[{", "")


def test_shares_of_subsequent_therapies_above_one_are_refused() -> None:
    text = OAK.replace("share = 0.30\n", "share = 0.90\n")
    assert text != OAK
    with pytest.raises(ConfigurationError, match=r"arms\.docetaxel .*add up to 1\.07; at most 1"):
        protocol_from(text)


ERLOTINIB = '{ drug = "erlotinib", dose = 150, unit = "mg/day", every_days = 28 }'
EVEROLIMUS = '{ drug = "everolimus", dose = 10, unit = "mg/day", every_days = 28, first_day = 56 }'
DEGARELIX = '{ drug = "degarelix", dose = 80, unit = "mg", every_days = 28 }'
LEUPROLIDE = '{ drug = "leuprolide", dose = 22.5, unit = "mg", every_days = 28 }'
ATEZOLIZUMAB = '{ drug = "atezolizumab", dose = 1200, unit = "mg", every_days = 21 }'


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            '{ drug = "durvalumab", dose = 1500, unit = "mg", every_days = 28, first_day = 42 }',
            "bind the same target",
        ),
        (ATEZOLIZUMAB, "planned twice at the same time"),
        (ATEZOLIZUMAB.replace("21 }", "21, first_day = 63 }"), "last_day = 62"),
        ('{ procedure = "radiotherapy", gray = 0, fractions = 3 }', "gray = 0"),
        ('{ procedure = "radiotherapy", gray = 2, fractions = 3, dose = 1 }', "dose"),
        ('{ procedure = "surgery", margin = "R9" }', "R9"),
        ('{ procedure = "surgery", residual = 1.0 }', "residual = 1"),
        ('{ procedure = "surgery", residual = 0.1, margin = "R1" }', "state one of them"),
        ('{ procedure = "surgery", first_day = 900 }', "after the end of follow-up"),
        ('{ procedure = "surgry" }', "no procedure 'surgry'; did you mean 'surgery'?"),
        ('{ procedure = "hyperthermia", gray = 2 }', "known: radiotherapy, surgery"),
        (f"{ERLOTINIB}, {EVEROLIMUS}", "erlotinib and everolimus have the same place in the model"),
        (f"{DEGARELIX}, {LEUPROLIDE}", "degarelix and leuprolide have the same place in the model"),
    ],
)
def test_treatments_that_cannot_be_given_together_are_refused(more: str, words: str) -> None:
    text = OAK.replace(f"[{ATEZOLIZUMAB}]", f"[{ATEZOLIZUMAB}, {more}]", 1)
    assert text != OAK
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        protocol_from(text)


@pytest.mark.parametrize("line", ["first_day = 0", "last_day = 200", "adaptive = {}"])
def test_what_belongs_to_the_first_line_is_not_silently_ignored_after_progression(line: str) -> None:
    text = OAK.replace("doses = 17\n", f"doses = 17\n{line}\n")
    assert text != OAK
    with pytest.raises(ConfigurationError, match=rf"{line.split()[0]} belongs to the first line|adaptive"):
        protocol_from(text)


def test_a_risk_per_dose_needs_doses_to_count() -> None:
    text = OAK.replace(f"[{ATEZOLIZUMAB}]", f'[{{ procedure = "surgery" }}, {ATEZOLIZUMAB}]', 1)
    with pytest.raises(ConfigurationError, match=r"stop_per_dose counts the doses of .* which is surgery"):
        protocol_from(text)


def test_one_drug_cannot_go_on_beyond_progression_beside_its_successor() -> None:
    text = OAK.replace('drug = "docetaxel"\ndose = 75', 'drug = "durvalumab"\ndose = 10', 1)
    text = text.replace(
        'unit = "mg/m2"\nevery_days = 21\ndoses = 4\npotency = 0.7', 'unit = "mg/kg"\nevery_days = 14', 1
    )
    assert text != OAK
    with pytest.raises(
        ConfigurationError, match="atezolizumab goes on beyond progression while durvalumab begins"
    ):
        protocol_from(text)


def test_a_drug_may_come_again_when_its_first_schedule_is_over() -> None:
    limited = ATEZOLIZUMAB.replace("21 }", "21, doses = 3 }")
    later = ATEZOLIZUMAB.replace("21 }", "28, first_day = 63 }")
    surgery = '{ procedure = "surgery", first_day = 60 }'
    protocol = protocol_from(OAK.replace(f"[{ATEZOLIZUMAB}]", f"[{limited}, {surgery}, {later}]", 1))
    assert [item.name for item in protocol.arms["atezolizumab"].treatment] == [
        "atezolizumab",
        "surgery",
        "atezolizumab",
    ]


def test_potency_of_what_is_no_chemotherapy_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="potency scales the kill of chemotherapy only"):
        protocol_from(OAK.replace("doses = 17\n", "doses = 17\npotency = 0.5\n"))


def test_a_misspelt_key_is_named_though_the_right_one_is_missing() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'dose'"):
        protocol_from(OAK.replace("dose = 1200", "doze = 1200", 1))


def protocol_from(text: str) -> Protocol:
    from unmask.configuration import check

    return check(Protocol, tomllib.loads(text), "made-up")


def test_unknown_trial_offers_the_nearest() -> None:
    for name in ("oka", "OAK1", "Oak "):
        assert "did you mean 'oak'" in str(refused(name=name))
    assert "known: checkmate-017, checkmate-025, checkmate-066, checkmate-067, keynote-006, oak." in str(
        refused(name="xyzxyz")
    )


def test_broken_toml_is_refused_with_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\ntitle = "x" y\n', encoding="utf-8")
    error = refused(name=str(file))
    assert error.code == "configuration.not_toml"
    assert "line 2, column 13" in str(error)
    assert str(file) in str(error)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"\xff\xfe\x00", "configuration.not_utf8"), (b"", "configuration.missing_key")],
)
def test_files_that_are_no_protocol_are_refused(content: bytes, code: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    assert refused(name=str(file)).code == code


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    assert refused(name=str(tmp_path / "no.toml")).code == "configuration.missing_file"
    (tmp_path / "folder.toml").mkdir()
    assert refused(name=str(tmp_path / "folder.toml")).code == "configuration.is_directory"
    assert refused(name=f"{'a' * 300}.toml").code == "configuration.unreadable"


def test_a_protocol_file_does_what_the_ready_made_trial_does(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(OAK, encoding="utf-8")
    assert plan_trial(str(file)).configuration() == plan_trial("oak").configuration()


def test_settings_change_what_they_name() -> None:
    plan = plan_trial(
        "oak",
        patients=7,
        seed=9,
        settings=(
            "follow_up.days=900",
            'title="Two words"',
            "allocation=randomised",
            "parameters.max_kill_rate=9",
        ),
    )
    assert (plan.protocol.patients, plan.protocol.seed, plan.protocol.follow_up.days) == (7, 9, 900)
    assert (plan.protocol.title, plan.protocol.allocation) == ("Two words", "randomised")
    lung = load_tumour_type("nsclc")
    assert plan.tumour_type.parameters["max_kill_rate"].value == 9.0
    assert plan.tumour_type.parameters["max_kill_rate"].sigma == lung.parameters["max_kill_rate"].sigma
    assert plan.tumour_type.parameters["exhaustion_rate"] == lung.parameters["exhaustion_rate"]


def test_everything_that_changes_results_changes_the_hash() -> None:
    plans = [
        plan_trial("oak"),
        plan_trial("oak", seed=2),
        plan_trial("oak", patients=999),
        plan_trial("oak", settings=("parameters.max_kill_rate=9",)),
        plan_trial("oak", settings=("measurement.sum_error=0.08",)),
    ]
    assert len({plan.hash("model") for plan in plans}) == len(plans)
    assert plans[0].hash("model") == plan_trial("oak").hash("model") != plans[0].hash("other model")


TYPE = """
name = "mine"
title = "Mine"
model = "core"
based_on = "nsclc"
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[parameters.max_kill_rate]\nvalue = 'x'", ["parameters.max_kill_rate.value", "number"]),
        ("[parameters.max_kill_rate]\nvalu = 1", ["unknown key 'parameters.max_kill_rate.valu'", "value"]),
        ("[parameters.max_kill_rate]\nvalue = 30", ["lies outside its range"]),
        ("[parameters.max_kill_rate]\nrange = [3, 1]", ["range [3, 1] is empty"]),
        ("[parameters.max_kill_rate]\nsigma = 0", ["sigma > 0 goes with distribution"]),
        ("[parameters.exhaustion_rate]\nsigma = 0.5", ["sigma > 0 goes with distribution"]),
        ("[parameters.max_kill_rate]\nsigma = -1", ["sigma = -1"]),
        ("[parameters.max_kill_rate]\nvalue = -1\nrange = [-2, 2]", ["lognormal median must be positive"]),
        ("[parameters.max_kill_rate]\ndistribution = 'beta'", ["distribution = 'beta'"]),
        ("[parameters.max_kill_rate]\nsource = ''", ["source = ''"]),
        ("[parameters.max_kill_rate]\nconfidence = 'sure'", ["confidence = 'sure'"]),
        ("[parameters.max_kill_rate]\ncorrelated_with = 'nobody'\ncorrelation = 0.5", ["correlated_with = 'nobody'"]),
        (
            "[parameters.max_kill_rate]\ncorrelated_with = 'exhaustion_rate'\ncorrelation = 0.5",
            ["'exhaustion_rate'", "that varies"],
        ),
        (
            "[parameters.net_growth_rate]\ncorrelated_with = 'pdl1_density'\ncorrelation = 0.5",
            ["in a circle: net_growth_rate -> pdl1_density -> naive_precursors -> net_growth_rate"],
        ),
        ("[parameters.naive_precursors]\ncorrelation = 1.0", ["correlation = 1.0"]),
        ("[parameters.new]\nvalue = 1", ["unknown key 'parameters.new'"]),
        ("[parameters.max_kil_rate]\nvalue = 9", ["parameters.max_kil_rate", "did you mean 'max_kill_rate'?"]),
        ("[parameters.new]\nvalue = 1\nunit = '1'", ["parameters.new.", "is missing"]),
        (
            "[baseline.size]\nvalue = 1\nunit = 'mm'\nrange = [0, 2]\nsource = 'none'\nconfidence = 'assumed'",
            ["baseline.size"],
        ),
        ("[hazzard.frailty_sd]\nvalue = 1", ["unknown key 'hazzard'", "did you mean 'hazard'"]),
        ("parameters = 3", ["parameters = 3", "a table is expected"]),
    ],
)  # fmt: skip
def test_a_wrong_tumour_type_is_refused_in_words(text: str, words: list[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(TYPE + text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_tumour_type(str(file))
    for word in (*words, str(file)):
        assert word in str(caught.value)


def test_a_tumour_type_that_leaves_something_out_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "m"\ntitle = "m"\nmodel = "core"\n[parameters]\n[baseline]\n[hazard]\n[lesions]\n[within_patient]\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError, match=r"\[baseline\.sld_mm\] is missing"):
        load_tumour_type(str(file))


def test_tumour_types_based_on_each_other_are_refused(tmp_path: Path) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text(f'based_on = "{two}"', encoding="utf-8")
    two.write_text(f'based_on = "{one}"', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="in a circle") as caught:
        load_tumour_type(str(one))
    assert caught.value.code == "patients.circular_base"


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("days", ["days"], "did you mean 'days'?"),
        ("DAYS", ["days", "weeks"], "did you mean 'days'?"),
        ("xyz", ["days", "weeks"], "known: days, weeks."),
        ("xyz", [], "none is known."),
    ],
)
def test_hints(word: str, known: list[str], hint: str) -> None:
    assert nearest(word, known) == hint


def test_the_library_holds_its_trials() -> None:
    assert available() == (
        "checkmate-017",
        "checkmate-025",
        "checkmate-066",
        "checkmate-067",
        "keynote-006",
        "oak",
    )


def test_oak_is_the_design_of_oak() -> None:
    oak = load_protocol("oak")[0]
    immuno, chemo = oak.arms["atezolizumab"], oak.arms["docetaxel"]
    assert [(t.drug, t.dose, t.unit, t.every_days) for t in immuno.treatment] == [
        ("atezolizumab", 1200, "mg", 21)
    ]
    assert [(t.drug, t.dose, t.unit, t.every_days) for t in chemo.treatment] == [
        ("docetaxel", 75, "mg/m2", 21)
    ]
    assert immuno.beyond_progression is not None
    assert chemo.beyond_progression is None
    weeks = [6, 12, 18, 24, 30, 36, 45, 54, 63, 72, 81, 90, 99, 108, 117]
    assert list(oak.scan_days()) == [7 * week for week in weeks]
    assert timeline(oak).grid == tuple(range(21, 820, 21))


def leaves(published: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in published.items():
        if isinstance(value, Mapping) and "value" not in value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


@pytest.mark.parametrize("name", available())
def test_every_published_figure_has_its_place_in_a_summary_and_a_source(name: str) -> None:
    result = run_trial(name, patients=40)
    found = list(leaves(result.protocol.published))
    assert len(found) >= 3
    for path, figure in found:
        node: Any = result.summary
        for part in path:
            assert part in node, path
            node = node[part]
        assert set(figure) <= {"value", "ci", "source", "confirmed"}, path
        assert len(figure["source"]) > 5, path
        assert isinstance(figure["confirmed"], bool), path
        if math.isnan(figure["value"]):
            assert path[-1] == "median" and "not reached" in figure["source"], path
            continue
        low, high = figure.get("ci", (figure["value"], figure["value"]))
        assert low <= figure["value"], path
        assert not high < figure["value"], path  # an open limit is nan
        if path[-1] == "hr" or path[-1] == "median":
            assert figure["value"] > 0
        else:
            assert 0 <= figure["value"] <= 1, path


@pytest.mark.parametrize("name", available())
def test_the_library_states_sources_and_arms(name: str) -> None:
    protocol = load_protocol(name)[0]
    assert len(protocol.references) >= 2
    assert protocol.name == name
    assert set(protocol.arms) >= {protocol.experimental, protocol.control}
    for arm in protocol.arms.values():
        assert isinstance(arm, Arm)
        assert all(item.substance.name == item.drug for item in (*arm.treatment, *arm.subsequent))


def test_a_tumour_type_cannot_set_what_a_drug_of_the_trial_sets(tmp_path: Path) -> None:
    quantity = "value = 0.3\nunit = 'L/day'\nrange = [0.1, 1]\nsource = 'none'\nconfidence = 'assumed'\n"
    (tmp_path / "mine.toml").write_text(
        f'name = "m"\ntitle = "m"\nbased_on = "nsclc"\n[parameters.anti_pdl1_clearance]\n{quantity}',
        encoding="utf-8",
    )
    with pytest.raises(
        ConfigurationError, match=r"parameters\.anti_pdl1_clearance, which the drug atezolizumab"
    ):
        plan_trial("oak", settings=(f"tumour_type={tmp_path / 'mine.toml'}",))


def test_an_arm_under_observation_needs_no_treatment() -> None:
    arm = Arm.model_validate({"label": "Observation", "observation": True})
    assert arm.treatment == ()
    with pytest.raises(ValidationError, match="at least 1 must be given, or observation = true"):
        Arm.model_validate({"label": "Forgotten"})


def test_a_protocol_can_set_any_rule_of_response_and_censoring() -> None:
    settings = ("assessment.rules_preset=fda", "assessment.options.confirmation_days=56")
    protocol, _ = load_protocol("oak", settings)
    rules = protocol.assessment.rules()
    assert (rules.missed_visits, rules.confirmation_days, rules.stable_min_day) == (2, 56, 42)
    with pytest.raises(ConfigurationError, match="missed_visits"):
        load_protocol("oak", ("assessment.options.missed_visit=2",))
    with pytest.raises(ConfigurationError, match="eisenhauer2009"):
        load_protocol("oak", ("assessment.rules_preset=eisenhower",))
