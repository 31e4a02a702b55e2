"""Claims: criteria decide verdicts, stated files are complete, the page and the JSON say what was found."""

from __future__ import annotations

import json
import math
import string
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from unmask.claims import experiments, page, wording
from unmask.claims.claim import Claim, Criterion, Estimate, Finding, Published, Quantity, as_data, judge, met
from unmask.claims.drawn import svg
from unmask.claims.plots import Curves, Dots, Row, Series, Stack, Stacks
from unmask.claims.run import run
from unmask.claims.wording import line, sentences
from unmask.errors import ConfigurationError

ALL = tuple(f"C{number}" for number in range(1, 15))


def claim(**changes: object) -> Claim:
    values: dict[str, object] = {
        "id": "C1",
        "title": "Title <b>",
        "statement": "It is so.",
        "method": ("Something is done.",),
        "seed": 1,
        "patients": 50,
        "headline": "rate",
        "quantities": {
            "rate": Quantity(words="patients with it", unit="share"),
            "gap": Quantity(words="one minus other", unit="difference"),
        },
        "criteria": (
            Criterion(measure="rate", relation="above", bound=0.5, words="It is frequent."),
            Criterion(measure="rate", relation="agrees", essential=False, words="As published."),
        ),
        "published": {"rate": Published(value=0.7, ci=(0.6, 0.8), source="Somebody 2020")},
        "finding": ("Found {rate}, a gap of {gap}.",),
    }
    return Claim(**(values | changes))  # type: ignore[arg-type]


def finding(stated: Claim, **numbers: Estimate) -> Finding:
    estimates = {"rate": Estimate(0.7, 0.6, 0.8, 50), "gap": Estimate(-0.1, -0.2, 0.0, 50)} | numbers
    verdict, outcomes = judge(stated, estimates)
    plots = (
        Curves("A & B", "x", "y", (Series("s", (0.0, 1.0), (0.1, 0.9), (0.0, 0.8), (0.2, 1.0)),)),
        Dots("dots", "x", (Row("r", 0.3, 0.2, 0.4, 0.5, (0.4, math.inf)), Row("q", math.nan, 0.0, 1.0))),
        Stacks("stacks", "x", ("a", "b"), (Stack("bar", (0.25, 0.75)),)),
    )
    text = sentences(stated, estimates)
    return Finding(stated, verdict, outcomes, estimates, plots, text, (), 1, 50, 0.5)


@pytest.mark.parametrize(
    ("relation", "estimate", "expected"),
    [
        ("above", Estimate(0.6, 0.51, 0.7), True),
        ("above", Estimate(0.6, 0.50, 0.7), False),
        ("below", Estimate(0.4, 0.30, 0.49), True),
        ("below", Estimate(0.4, 0.30, 0.50), False),
        ("above", Estimate(math.nan), False),
        ("below", Estimate(math.nan), False),
    ],
)
def test_a_bound_is_met_by_the_whole_interval(relation: str, estimate: Estimate, expected: bool) -> None:
    item = Criterion(measure="rate", relation=relation, bound=0.5, words="stated")  # type: ignore[arg-type]
    assert met(item, estimate, None) is expected


@pytest.mark.parametrize(("value", "expected"), [(0.59, False), (0.6, True), (0.8, True), (0.81, False)])
def test_agreement_is_the_value_inside_the_published_interval(value: float, expected: bool) -> None:
    item = Criterion(measure="rate", relation="agrees", words="stated")
    figure = Published(value=0.7, ci=(0.6, 0.8), source="Somebody 2020")
    assert met(item, Estimate(value, 0.0, 1.0), figure) is expected
    assert met(item, Estimate(math.nan), figure) is False


@pytest.mark.parametrize(
    ("estimate", "verdict"),
    [
        (Estimate(0.7, 0.6, 0.8), "holds"),
        (Estimate(0.9, 0.8, 0.95), "holds with limits"),
        (Estimate(0.7, 0.4, 0.9), "does not hold"),
    ],
)
def test_the_verdict_follows_from_the_criteria(estimate: Estimate, verdict: str) -> None:
    assert judge(claim(), {"rate": estimate})[0] == verdict


def test_a_claim_that_fails_for_want_of_patients_says_so() -> None:
    wide, refuted = Estimate(0.7, 0.4, 0.9, 9), Estimate(0.4, 0.3, 0.45, 90)
    assert finding(claim(), rate=wide).undecided
    assert line(finding(claim(), rate=wide)).endswith("more patients are needed")
    assert not finding(claim(), rate=refuted).undecided
    assert not finding(claim()).undecided
    assert [item["open"] for item in as_data(finding(claim(), rate=wide))["criteria"]] == [True, False]


def test_a_figure_from_memory_or_without_interval_cannot_decide() -> None:
    for figure in (
        Published(value=0.7, ci=(0.6, 0.8), source="Somebody 2020", confirmed=False),
        Published(value=0.7, source="Somebody 2020"),
    ):
        with pytest.raises(ValueError, match="confirmed published figure with an interval"):
            claim(published={"rate": figure})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"headline": "rat"}, r"\[quantities.rat\] is missing; did you mean 'rate'"),
        ({"criteria": (Criterion(measure="rate", relation="below", bound=1, essential=False, words="stated"),)},
         "needs an essential criterion"),
    ],
)  # fmt: skip
def test_a_claim_that_is_not_complete_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        claim(**change)


def test_a_bound_goes_with_above_and_below_only() -> None:
    for relation, bound in (("above", None), ("agrees", 0.5)):
        with pytest.raises(ValueError, match="need a bound"):
            Criterion(measure="rate", relation=relation, bound=bound, words="stated")  # type: ignore[arg-type]


@pytest.mark.parametrize("identity", ALL)
def test_every_claim_is_stated_and_has_its_experiment(identity: str) -> None:
    stated = experiments.stated(identity)
    assert stated.id == identity
    assert callable(experiments.experiment(identity))
    blanks = {name for text in stated.finding for _, name, _, _ in string.Formatter().parse(text) if name}
    assert blanks <= set(stated.quantities)
    assert stated.limits
    # A second number beside the headline is there for its published figure.
    assert stated.beside is None or stated.beside in stated.published


def test_the_claims_are_those_of_the_source_in_order() -> None:
    assert tuple(experiments.EXPERIMENTS) == ALL
    assert [item.id for item in experiments.chosen(("c9", " C1"))] == ["C1", "C9"]
    assert [item.id for item in experiments.chosen(())] == list(ALL)


def test_an_unknown_claim_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        run(only=("C15",), out=tmp_path)
    assert caught.value.code == "claims.unknown"
    assert "C1" in str(caught.value)
    assert "C14" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"patients": 5}, "claims.too_few_patients"),
        ({"patients": 10**9}, "claims.too_many_patients"),
        ({"seed": -1}, "claims.negative_seed"),
    ],
)
def test_impossible_numbers_are_refused(arguments: dict[str, int], code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        run(only=("C1",), **arguments)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_a_line_says_verdict_number_interval_and_published_figure() -> None:
    text = line(finding(claim()))
    assert text == (
        "C1   holds              patients with it: 70.0 % (60.0–80.0) [published 70.0 % (60.0–80.0)]"
    )
    unsure = Published(value=0.7, source="Somebody 2020", confirmed=False)
    other = claim(published={"rate": unsure}, criteria=claim().criteria[:1])
    assert line(finding(other)).endswith("[published 70.0 %, from memory]")
    assert "published" not in line(finding(claim(published={}, criteria=claim().criteria[:1])))


def test_natural_frequencies_are_patients_of_a_hundred() -> None:
    found = Estimate(0.426, 0.382, 0.471, 500)
    assert wording.estimate(found, "of 100").replace("\N{NO-BREAK SPACE}", " ") == "43 of 100 (38–47)"


def test_the_text_of_a_finding_holds_the_numbers() -> None:
    assert finding(claim()).text == (
        "Found 70.0\N{NO-BREAK SPACE}%, a gap of −10.0\N{NO-BREAK SPACE}points.",
    )


def test_json_has_null_for_what_is_not_finite_and_says_what_was_met() -> None:
    data = as_data(finding(claim(), gap=Estimate(math.nan)))
    text = json.dumps(data, allow_nan=False)
    assert json.loads(text)["measures"]["gap"] == {
        "words": "one minus other", "unit": "difference", "value": None, "ci": [None, None], "n": 0,
    }  # fmt: skip
    assert [item["met"] for item in data["criteria"]] == [True, True]
    assert json.loads(text)["plots"][1]["rows"][0]["published_ci"] == [0.4, None]


def test_every_picture_is_well_formed_and_describes_itself() -> None:
    for plot in finding(claim()).plots:
        root = ET.fromstring(svg(plot))
        assert str(root.attrib["aria-label"]).startswith(plot.title)
        assert "nan" not in svg(plot)


def test_a_picture_without_data_is_still_drawn() -> None:
    for plot in (
        Curves("empty", "x", "y", ()),
        Dots("empty", "x", (Row("r", math.nan, math.nan, math.nan),)),
        Stacks("empty", "x", ("a",), ()),
    ):
        ET.fromstring(svg(plot))


def test_the_page_escapes_and_asks_for_nothing() -> None:
    text = page.render((finding(claim()),))
    assert "Title &lt;b&gt;" in text
    assert "Title <b>" not in text
    assert page.NOTICE in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert "<script" not in text
    assert 'src="http' not in text
    for part in (
        "It is so.",
        "Something is done.",
        "It is frequent.",
        "Somebody 2020",
        "(for the full claim)",
    ):
        assert part in text
    assert text == page.render((finding(claim()),))


def test_the_page_marks_what_was_missed() -> None:
    text = page.render((finding(claim(), rate=Estimate(0.9, 0.8, 0.95, 50)),))
    assert '<span class="missed">not met</span>' in text
    assert "holds with limits" in text
    assert "found 90.0 % (80.0–95.0), published 70.0 % (60.0–80.0)" in text.replace("\N{NO-BREAK SPACE}", " ")
