"""The report is one safe, accessible, self-contained page, whatever a trial brings."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from synthetic_trial import ARMS, report_input, tables

from unmask.errors import ConfigurationError, DataError
from unmask.messages import catalogue
from unmask.report import Arm, ReportInput, Tables, render

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Collects what the rules below speak about; fails on a tag that is not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("style", "script"):
            self.text.append(data)

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture(scope="module")
def full() -> ReportInput:
    return report_input(150, observed=True)


@pytest.fixture(scope="module")
def page(full: ReportInput) -> Page:
    return Page(render(full))


def test_nothing_is_fetched_and_nothing_runs(full: ReportInput, page: Page) -> None:
    assert not page.all("script", "link", "iframe", "object", "embed", "img", "base", "form")
    for _, attributes in page.tags:
        assert not {"src", "srcset", "style", "xlink:href"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
    html = render(full)
    assert "url(" not in html and "@import" not in html


def test_the_policy_names_the_style_that_the_page_carries(full: ReportInput) -> None:
    html = render(full)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src &#39;sha256-{digest}&#39;" in html
    assert "default-src &#39;none&#39;" in html


def test_links_lead_to_places_that_exist_once(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {(a["href"] or "")[1:] for a in page.all("a")} <= set(ids)


def test_a_screen_reader_finds_its_way(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all("scope" in attributes for attributes in page.all("th"))
    pictures = [a for a in page.all("svg") if "role" in a]
    assert len(pictures) >= 16
    assert all(a["role"] == "img" and len(a["aria-label"] or "") > 20 for a in pictures)
    assert len(page.all("figure")) == len(page.all("figcaption")) >= 12


def test_every_endpoint_and_section_is_there(full: ReportInput, page: Page) -> None:
    text = " ".join(page.text)
    words = catalogue("report")
    for name, label in words["section"].items():  # type: ignore[attr-defined]
        assert label in text, name
    for label in (
        "Response rate, confirmed", "Best response: progression (PD)", "Pseudoprogression",
        "Time to response, median, weeks", "Responses first seen after week 16",
        "Responses first seen after week 20", "Duration of response, median, months",
        "Progression-free survival, median, months", "Immune PFS (iRECIST), median, months",
        "Overall survival, median, months", "Alive at 12 months", "Alive at 24 months",
        "Related event of grade 3 or more", "Overall survival: hazard ratio",
        "Progression-free survival: hazard ratio", "Log-rank test", "Hazard ratio OS",
        "colitis", "neutropenia", "None. Every virtual patient", "Apache License",
    ):  # fmt: skip
        assert label in text, label
    assert "not for treatment decisions" in text
    assert str(full.provenance["command"]) in text


def test_misses_are_said_in_words(full: ReportInput) -> None:
    summary = dict(full.summary)
    arms = {name: dict(arm) for name, arm in summary["arms"].items()}  # type: ignore[attr-defined]
    arms["atezolizumab"]["orr"] = 0.30
    text = " ".join(Page(render(replace(full, summary=summary | {"arms": arms}))).text)
    said = "Response rate, confirmed, atezolizumab: virtual 30.0"
    assert said in text
    assert "The virtual value is too high." in text[text.index(said) :]
    arms["atezolizumab"]["orr"] = 0.14
    assert said[:40] not in " ".join(Page(render(replace(full, summary=summary | {"arms": arms}))).text)


def test_responses_are_natural_frequencies(full: ReportInput, page: Page) -> None:
    shares = [full.summary["arms"][arm.name]["orr"] for arm in ARMS]  # type: ignore[index]
    expected = f"reached by {shares[0] * 100:.0f} with atezolizumab and {shares[1] * 100:.0f} with docetaxel"
    assert expected in " ".join(page.text)


def test_hostile_names_stay_text() -> None:
    evil = "<script>alert('x')</script>\"&"
    arms = (Arm(evil, evil), Arm("control", "</style><svg onload=alert(1)>"))
    made = tables(60, arms=arms)
    failures = pd.DataFrame({"patient": [1], "arm": [evil], "day": [3.0], "reason": ["<b>out of steps</b>"]})
    bad = replace(
        report_input(60, arms=arms, made=replace(made, failures=failures), observed=True), title=evil
    )
    html = render(bad)
    page = Page(html)
    assert not page.all("script", "b")
    assert not [a for a in page.all("svg") if "onload" in a]
    assert html.count("<style>") == 1 and html.count("</style>") == 1
    assert evil in "".join(page.text)


def cases() -> dict[str, Tables]:
    made = tables(40)
    times = made.time_to_event
    still = times[~times["endpoint"].isin(["TTR", "DoR"])].assign(event=False)
    failed = made.patients[["patient", "arm"]].assign(day=0.0, reason="out of steps")
    return {
        "no responders": replace(
            made,
            time_to_event=times[~times["endpoint"].isin(["TTR", "DoR"])],
            patients=made.patients.assign(best_response="PD"),
        ),
        "no events": replace(made, time_to_event=still),
        "all died on day 0": replace(made, time_to_event=still.assign(event=True, time_days=0.0)),
        "all failed": replace(
            made, failures=failed, assessments=made.assessments.iloc[:0], patients=made.patients.assign(
                best_response="NE", status="out of steps")
        ),
        "one arm empty": Tables(
            **{
                name: getattr(made, name)[getattr(made, name)["arm"] == "docetaxel"]
                for name in ("patients", "time_to_event", "assessments", "doses", "adverse_events", "trajectories")
            }
        ),
        "nobody": Tables(patients=made.patients.iloc[:0], time_to_event=times.iloc[:0]),
        "unmeasured": replace(
            made,
            assessments=made.assessments.assign(change_from_baseline=np.nan),
            trajectories=made.trajectories.assign(q50=np.nan),
            patients=made.patients.assign(baseline_sld_mm=np.nan),
        ),
        "one patient": Tables(
            **{
                name: getattr(made, name)[getattr(made, name)["patient"] == 0]
                for name in ("patients", "time_to_event", "assessments", "doses", "adverse_events")
            }
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", list(cases()))
@pytest.mark.filterwarnings("error")
def test_a_strange_trial_still_makes_a_page(name: str) -> None:
    made = cases()[name]
    text = " ".join(Page(render(replace(report_input(40), tables=made))).text)
    assert "nan" not in text.lower().split()
    if name == "all failed":
        assert "80 of 80 simulated courses" in text and "out of steps" in text


def test_a_summary_without_figures_makes_a_page(full: ReportInput) -> None:
    text = " ".join(Page(render(replace(full, summary={}, published={}, observed=None, provenance={}))).text)
    assert "nothing can be judged" in text


def test_same_input_same_bytes() -> None:
    assert render(report_input(80, observed=True)) == render(report_input(80, observed=True))


def test_ten_thousand_patients_an_arm_stay_small() -> None:
    html = render(report_input(10_000, observed=True))
    assert len(html.encode()) < 1_000_000


def test_a_table_without_a_needed_column_is_refused_by_name() -> None:
    made = tables(10)
    with pytest.raises(DataError, match=r"'doses'.*lacks phase") as refused:
        replace(made, doses=made.doses.drop(columns="phase"))
    assert refused.value.exit_code == 3


def test_a_colour_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="six hexadecimal digits"):
        Arm("a", colour="red;}body{display:none")
