"""`unmask patient`: therapies as arms, what is known about a patient holds, the one patient and the patients alike."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from unmask.engine import compile_model
from unmask.errors import ConfigurationError, NumericalError
from unmask.model.catalogue import load
from unmask.patient_options.compare import OptionsResult, compare_options
from unmask.patient_options.outcomes import Spread, spread_of
from unmask.patient_options.patient_file import read_patient
from unmask.patient_options.presentation import as_json, shown
from unmask.patient_options.therapies import Therapy, available, load_therapy
from unmask.patient_options.watched import WatchedModel
from unmask.patients import recruitment
from unmask.patients.parameter_set import load_tumour_type
from unmask.patients.pdl1 import pdl1_class
from unmask.patients.random_streams import RandomStreams
from unmask.patients.recruitment import recruit
from unmask.report.options_page import event_lines, render_options, scan_rows
from unmask.report.options_panels import whole_people
from unmask.report.options_terminal import bars, print_options
from unmask.report.words import Words, out_of_hundred
from unmask.trial.arms import Arm
from unmask.trial.conduct import conduct_arm

PATIENT = """
title = "A patient <script>alert(1)</script>"
tumour_type = "nsclc"
sld_mm = 85
target_lesions = 3
body_weight_kg = 62
pdl1 = "high"
autoimmune = "psoriasis"
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("patients") / "patient.toml"
    path.write_text(PATIENT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def result(file: Path) -> OptionsResult:
    return compare_options(str(file), ["pembrolizumab", "surgery", "none"], seed=3, alike=30)


@contextmanager
def refused(code: str, **expected: object) -> Iterator[None]:
    with pytest.raises(ConfigurationError) as caught:
        yield
    assert caught.value.code == code
    told = caught.value.values  # noqa: PD011  (no data frame)
    assert {key: told[key] for key in expected} == expected


def test_every_ready_made_therapy_is_an_arm() -> None:
    assert len(available()) >= 20
    for name in available():
        therapy = load_therapy(name)
        assert isinstance(therapy, Arm)
        assert therapy.sources or name == "none"


def test_therapies_of_every_kind_run() -> None:
    lung = [
        "nivolumab-ipilimumab",
        "platinum-doublet-pembrolizumab",
        "everolimus",
        "radiotherapy-durvalumab",
        "nivolumab-surgery",
        "docetaxel-nivolumab",
    ]
    prostate = ["androgen-deprivation", "androgen-deprivation-adaptive"]
    for tumour_type, names in (("nsclc", lung), ("prostate", prostate)):
        found = compare_options(tumour_type, names, alike=1)
        for option in found.options:
            wanted = {item.name for item in option.therapy.treatment}
            assert wanted >= set(option.doses.loc[option.doses["phase"] == "first line", "drug"]) != set()


@pytest.mark.parametrize(
    ("therapies", "code"),
    [
        ([], "options.no_therapy"),
        (["nivolumba"], "options.unknown_therapy"),
        (["nivolumab", "nivolumab"], "options.twice"),
        (["none"], "options.only_none"),
        (
            ["nivolumab", "none", "docetaxel", "surgery", "ipilimumab", "dacarbazine", "everolimus"],
            "options.too_many",
        ),
        (["missing.toml"], "configuration.missing_file"),
    ],
)
def test_impossible_choices_are_named(therapies: list[str], code: str) -> None:
    with refused(code):
        compare_options("nsclc", therapies)


def test_a_misspelt_therapy_and_tumour_type_get_the_nearest_name() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'nivolumab'"):
        compare_options("nsclc", ["nivolumba"])
    with pytest.raises(ConfigurationError, match="did you mean 'nsclc'"):
        compare_options("nsclcc", ["nivolumab"])
    with refused("options.alike", value=0):
        compare_options("nsclc", ["nivolumab"], alike=0)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("tumor_size = 3", "configuration.unknown_key"),
        ("sld_mm = 5000", "options.outside_range"),
        ("body_weight_kg = 5", "options.outside_range"),
        ("sld_mm = 25\ntarget_lesions = 3", "options.lesions_too_small"),
        ("target_lesions = 6", "configuration.bad_value"),
        ("pdl1 = 'much'", "configuration.bad_value"),
        ("autoimmune = 'psoriasi'", "options.unknown_disease"),
        ("immunosuppressed = true", "options.no_disease"),
        ("sld_mm = nan", "configuration.bad_value"),
    ],
)
def test_an_impossible_patient_is_named(tmp_path: Path, change: str, code: str) -> None:
    path = tmp_path / "patient.toml"
    path.write_text(f'tumour_type = "nsclc"\n{change}\n', encoding="utf-8")
    with refused(code, file=str(path)):
        read_patient(str(path))


def test_a_file_may_be_a_tumour_type_or_name_one_beside_it(tmp_path: Path) -> None:
    own = tmp_path / "slow.toml"
    own.write_text('name = "slow"\ntitle = "Slow"\nbased_on = "nsclc"\n', encoding="utf-8")
    (tmp_path / "patient.toml").write_text('tumour_type = "slow.toml"\n', encoding="utf-8")
    assert read_patient(str(own))[1].title == "Slow"
    assert read_patient(str(tmp_path / "patient.toml"))[1].title == "Slow"
    therapy = tmp_path / "twice.toml"
    therapy.write_text(
        'label = "Half a dose"\n'
        'treatment = [{ drug = "docetaxel", dose = 37.5, unit = "mg/m2", every_days = 21 }]\n',
        encoding="utf-8",
    )
    assert load_therapy(str(therapy)).label == "Half a dose"


def test_features_that_nobody_has_together_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recruitment, "MOST_CANDIDATES_PER_PATIENT", 1)
    monkeypatch.setattr(recruitment, "LARGEST_BLOCK", 8)
    path = tmp_path / "patient.toml"
    path.write_text('tumour_type = "nsclc"\npdl1 = "high"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"of the 31 patients .* have a PD-L1 that is not high; .*"):
        compare_options(str(path), ["nivolumab"], alike=30)
    with refused("patients.too_few_accepted", wanted=100, tumour_type="nsclc"):
        compiled = compile_model(load("core"))
        recruitment.recruit(load_tumour_type("nsclc"), compiled, RandomStreams(3), 100, pdl1="high")


def test_what_is_known_holds_for_everybody_and_the_rest_differs(file: Path) -> None:
    known, tumour_type = read_patient(str(file))
    compiled = compile_model(load("core"))
    few = recruit(tumour_type, compiled, RandomStreams(3), 10, pdl1=known.pdl1)
    more = recruit(tumour_type, compiled, RandomStreams(3), 31, pdl1=known.pdl1)
    assert np.array_equal(few.patients, more.patients[:10])
    assert np.array_equal(few.states, more.states[:10])
    assert (more.baseline["sld_mm"] == 85).all()
    assert (more.baseline["body_weight_kg"] == 62).all()
    assert (pdl1_class(more.baseline["pdl1"]) == 2).all()
    assert np.unique(more.parameters[:, more.parameter_index["naive_precursors"]]).size == 31


def test_the_patient_shown_is_as_described(result: OptionsResult) -> None:
    assert result.drawn["sld_mm"] == 85
    assert result.drawn["target_lesions"] == 3
    assert result.drawn["pdl1"] == "high"
    assert {option.patient["target_lesions"] for option in result.options} == {3}
    assert [option.name for option in result.options] == ["pembrolizumab", "surgery", "none"]


def test_patients_alike_do_not_change_the_patient(file: Path, result: OptionsResult) -> None:
    again = compare_options(str(file), ["pembrolizumab", "none"], seed=3, alike=3)
    one, other = result.options[0], again.options[0]
    pd.testing.assert_frame_equal(one.scans, other.scans)
    pd.testing.assert_frame_equal(one.course, other.course)
    pd.testing.assert_frame_equal(one.events, other.events)
    different = compare_options(str(file), ["pembrolizumab", "none"], seed=4, alike=3)
    assert not one.course.equals(different.options[0].course)


def test_the_patient_shown_is_none_of_the_patients_alike(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known, tumour_type = read_patient(str(file))
    drawn = recruit(tumour_type, compile_model(load("core")), RandomStreams(3), 4, pdl1=known.pdl1).patients
    conducted: list[list[int]] = []

    def watched(
        protocol: Any, arm: str, tumour: Any, model: Any, cohort: Any, *rest: Any, **more: Any
    ) -> Any:
        conducted.append(cohort.patients.tolist())
        return conduct_arm(protocol, arm, tumour, model, cohort, *rest, **more)

    monkeypatch.setattr("unmask.patient_options.compare.conduct_arm", watched)
    compare_options(str(file), ["pembrolizumab", "none"], seed=3, alike=3)
    assert conducted == [[drawn[0]], drawn[1:].tolist()] * 2


def test_the_course_ends_with_the_patient(file: Path) -> None:
    _, tumour_type = read_patient(str(file))
    compiled = compile_model(load("core"))
    one = recruit(tumour_type, compiled, RandomStreams(3), 1)
    model = WatchedModel.of(compiled, one)
    states = one.states
    for day in (0.0, 21.0, 42.0):
        states = model.integrate(states, one.parameters, day, day + 21.0).states
    assert model.seen_until(42.0)["day"].tolist() == [0.0, 21.0, 42.0]
    assert model.seen_until(41.9)["day"].tolist() == [0.0, 21.0]
    assert model.seen_until(63.0)["sld_mm"].iloc[0] == pytest.approx(85.0, rel=1e-6)


def test_the_parts_of_the_tumour_make_its_size(result: OptionsResult) -> None:
    for option in result.options:
        course = option.course
        parts = course[["cancer_ml", "dead_ml", "infiltrate_ml", "immune_ml", "stroma_ml"]].sum(axis=1) + 1e-3
        expected = 85.0 * np.cbrt(parts / parts.iloc[0])
        np.testing.assert_allclose(course["sld_mm"], expected, rtol=1e-4)
        assert course["day"].is_monotonic_increasing
        assert course["day"].iloc[0] == 0.0


def test_antibody_is_in_the_one_and_not_in_the_others(result: OptionsResult) -> None:
    pembrolizumab, surgery, none = (option.course for option in result.options)
    assert pembrolizumab["pd_occupancy"].max() > 0.85
    assert surgery["pd_occupancy"].max() == none["pd_occupancy"].max() == 0.0
    assert surgery["cancer_ml"].iloc[1] == pytest.approx(1e-4 * surgery["cancer_ml"].iloc[0], rel=1e-6)


def test_frequencies_are_counted_as_they_are_said() -> None:
    patients = pd.DataFrame(
        {
            "patient": [1, 2, 3, 4, 5],
            "status": ["ok", "ok", "ok", "ok", "out of steps"],
            "best_response": ["PR", "SD", "PD", "CR", "NE"],
            "death_day": [np.nan, 400.0, 100.0, 800.0, np.nan],
        }
    )
    scans = pd.DataFrame({"patient": [2, 3, 4], "day": [84.0, 42.0, 366.0], "overall_response": ["PD"] * 3})
    events = pd.DataFrame(
        {
            "patient": [1, 1, 2, 3, 5, 4, 4],
            # the last but one is a laboratory finding, no event; the last comes after two years
            "event": [*["colitis"] * 5, "neutrophil count decreased", "colitis"],
            "grade": [1, 3, 2, 5, 4, 4, 3],
            "onset_day": [10.0, 50.0, 20.0, 90.0, 5.0, 7.0, 750.0],
            "action": ["none", "stop, steroid", "hold", "stop", "stop", "none", "hold"],
            "related": [True, True, False, True, True, True, True],
        }
    )
    course = pd.DataFrame({"arm": ["a"], "patient": [1], "day": [0.0], "sld_change": [0.0]})
    doses = pd.DataFrame(
        {"patient": [1, 1, 1, 2, 4], "day": [0.0, 21.0, 21.0, 0.0, 400.0], "phase": ["first line"] * 5}
    )
    tables = {
        "patients": patients,
        "assessments": scans,
        "adverse_events": events,
        "course": course,
        "doses": doses,
    }
    found = spread_of(tables, load_therapy("nivolumab"))
    counts = {key: outcome.count for key, outcome in found.outcomes.items()}
    assert counts == {
        "respond": 2,
        "no_progression_1y": 2,
        "alive_1y": 3,
        "alive_2y": 2,
        "alive_3y": 1,
        "any_event": 3,
        "severe": 3,
        "stopped": 2,
        "fatal": 1,
    }
    assert {outcome.size for outcome in found.outcomes.values()} == {4}
    assert found.two_years == {"alive_well": 0.25, "alive_severe": 0.25, "dead": 0.5}
    assert (found.treatment_days, found.failures) == (0.5, ("out of steps",))

    def meaningless(name: str) -> set[str]:
        outcomes = spread_of(tables, load_therapy(name)).outcomes
        return {key for key, outcome in outcomes.items() if outcome.count is None}

    harms = {"any_event", "severe", "stopped", "fatal"}
    assert meaningless("surgery") == {"respond", *harms}
    assert meaningless("surgery-nivolumab") == {"respond"}
    assert meaningless("androgen-deprivation-adaptive") == {"respond", "no_progression_1y", *harms}
    assert meaningless("none") == harms  # nothing is given that could have one


def test_a_therapy_out_of_place_is_said_to_be() -> None:
    found = compare_options("nsclc", ["androgen-deprivation", "kinase-inhibitor"], alike=2)
    assert any("degarelix" in warning for warning in found.warnings)
    assert any("EGFR" in warning for warning in found.warnings)
    hormone, _ = found.options
    alone = compare_options("nsclc", ["nivolumab", "none"], alike=2).options[1]
    np.testing.assert_allclose(hormone.course["sld_mm"].iloc[-1], alone.course["sld_mm"].iloc[-1], rtol=1e-3)


@pytest.mark.parametrize(
    ("tumour", "therapy", "warned"),
    [("nsclc", "atezolizumab", False), ("nsclc", "pembrolizumab", True), ("renal", "atezolizumab", True)],
)
def test_pdl1_is_warned_of_where_it_rests_on_no_data(
    tmp_path: Path, tumour: str, therapy: str, warned: bool
) -> None:
    path = tmp_path / "mine.toml"
    for stated, expected in (('pdl1 = "high"\n', warned), ("", False)):
        path.write_text(f'tumour_type = "{tumour}"\n{stated}', encoding="utf-8")
        found = compare_options(str(path), [therapy, "none"], alike=2)
        assert any("do not read these figures by PD-L1" in text for text in found.warnings) is expected


def test_people_in_the_picture_are_those_of_the_table(result: OptionsResult) -> None:
    assert whole_people(1 / 3, 1 / 6) == {"alive_well": 16, "alive_severe": 17, "dead": 67}
    assert whole_people(0.325, 0.325) == {"alive_well": 0, "alive_severe": 32, "dead": 68}
    for share in (0.005, 0.325, 0.335, 0.995):
        assert out_of_hundred(share) == f"{100 - whole_people(share, 0.0)['dead']}"


def test_the_page_is_self_contained_safe_and_says_what_it_is(result: OptionsResult) -> None:
    page = render_options(shown(result))
    assert page == render_options(shown(result))
    assert "no treatment may be decided by it" in page
    assert "form to talk over" in page
    assert "&lt;script&gt;alert(1)" in page
    lowered = page.lower()
    for forbidden in ("<script", "<link", "<img", "style=", "@import", "src="):
        assert forbidden not in lowered, forbidden
    assert "not modelled" in page
    assert page.count("<svg xmlns") == 3 + 4 * 3 + 3


def test_the_terminal_has_notice_and_numbers(result: OptionsResult) -> None:
    stream = io.StringIO()
    print_options(shown(result), stream)
    text = stream.getvalue()
    assert "no treatment may be decided by it" in " ".join(text.split())
    assert "alive, 2 years" in text
    assert "Pembrolizumab" in text
    for heading in ("Sum of diameters", "Scans and verdicts", "Side effects of this patient"):
        assert heading in text
    assert "nothing given" in text  # no treatment
    assert "not modelled" in text  # surgery


def test_the_terminal_keeps_every_label_whole_on_a_narrow_screen(result: OptionsResult) -> None:
    stream = io.StringIO()
    print_options(shown(result), stream, width=60)
    lines = stream.getvalue().splitlines()
    begin, end = (
        next(n for n, line in enumerate(lines) if line == heading)
        for heading in ("Scans and verdicts", "Side effects of this patient")
    )
    assert max(map(len, lines[begin:end])) <= 60
    assert "…" not in stream.getvalue()
    assert "Pembrolizumab" in stream.getvalue()


def test_the_course_is_drawn_as_bars_until_death(result: OptionsResult) -> None:
    option = shown(result).options[0]
    course = pd.DataFrame({"day": [0.0, 365.25], "sld_mm": [50.0, 100.0]})
    dead, alive = (replace(option, course=course, death_day=day) for day in (366.0, None))
    assert bars(dead, 730.5, 100.0) == "▅▅▆▇▇██×"  # 50 mm of 100 at first, 100 mm at the end of the year
    assert bars(alive, 730.5, 100.0) == "▅▅▆▇▇██"
    assert bars(replace(option, course=course.assign(sld_mm=9000.0)), 365.25, 100.0) == "█" * 6


def test_side_effects_are_told_once_with_all_their_courses(result: OptionsResult) -> None:
    events = pd.DataFrame(
        {
            "event": ["fatigue", "neutrophil count decreased", "fatigue", "colitis"],
            "grade": [1, 4, 1, 3],
            "onset_day": [7.0, 7.0, 70.0, 140.0],
            "resolution_day": [21.0, 8.0, 84.0, np.nan],
            "action": ["none", "dose reduction", "none", "hold, steroid"],
            "related": [True, True, True, False],
        }
    )
    option = replace(shown(result).options[0], events=events)
    assert event_lines(option, Words(area="options")) == [
        "fatigue: grade 1, week 1–3, 10–12",
        "neutrophil count decreased: grade 4 (dose reduction; blood count only), week 1",
        "colitis: grade 3 (hold, steroid; not ascribed to the treatment), week 20 to the end",
    ]


def test_after_surgery_the_verdict_is_no_figure(result: OptionsResult) -> None:
    given = shown(result)
    pembrolizumab, surgery, _ = scan_rows(given, Words(area="options"))[0].cells
    assert pembrolizumab.strong
    assert not surgery.strong
    assert "after surgery" in surgery.small


def test_what_keeps_options_from_being_compared_is_said(result: OptionsResult, tmp_path: Path) -> None:
    assert any("Surgery takes for granted" in warning for warning in result.warnings)
    late = tmp_path / "late.toml"
    late.write_text(
        'label = "Late"\ntreatment = [{ procedure = "surgery", first_day = 900 }]\n',
        encoding="utf-8",
    )
    found = compare_options("nsclc", [str(late), "none"], alike=1)
    assert found.options[0].patient["death_day"] < 900
    assert found.options[0].doses.empty
    assert any("planned for day 900" in warning and "not given" in warning for warning in found.warnings)


def test_nobody_left_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_fail(tables: dict[str, pd.DataFrame], therapy: Therapy) -> Spread:
        return spread_of({**tables, "patients": tables["patients"].assign(status="out of steps")}, therapy)

    monkeypatch.setattr("unmask.patient_options.compare.spread_of", all_fail)
    with pytest.raises(NumericalError, match=r"Nivolumab: none of the patients alike .*\(out of steps\)"):
        compare_options("nsclc", ["nivolumab"], alike=2)


def test_a_simulation_that_broke_off_is_said_and_counted(result: OptionsResult) -> None:
    option = result.options[0]
    broken = replace(option, patient={**option.patient, "status": "out of steps"})
    failed = replace(option.spread, failures=("out of steps",) * 3)
    changed = replace(result, options=(broken, replace(result.options[1], spread=failed), result.options[2]))
    assert result.failed_share == 0.0
    assert changed.failure_reasons == ("out of steps",) * 4
    assert changed.failed_share == pytest.approx(4 / (3 * 31))


def test_files_are_written_once_and_json_is_json(result: OptionsResult, tmp_path: Path) -> None:
    page = result.write(tmp_path / "out")
    written = json.loads((tmp_path / "out" / "patient.json").read_text(encoding="utf-8"))
    assert page.name == "patient.html"
    assert written == json.loads(json.dumps(as_json(result), allow_nan=False))
    assert written["options"]["pembrolizumab"]["patients_alike"]["outcomes"]["alive_2y"]["of"] == 30
    assert written["known"] == {
        "sld_mm": 85.0,
        "target_lesions": 3,
        "body_weight_kg": 62.0,
        "pdl1": "high",
        "autoimmune": "psoriasis",
    }
    with refused("store.exists"):
        result.write(tmp_path / "out")
    result.write(tmp_path / "out", force=True)
