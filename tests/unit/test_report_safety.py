"""The section of side effects: natural frequencies that add up, figures from the summary, misses marked."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_trial import report_input

from unmask.report import ReportInput, render, safety_figures, safety_panels
from unmask.report.terminal import print_summary
from unmask.report.words import Words

TEXT = Words()


@pytest.fixture(scope="module")
def full() -> ReportInput:
    return report_input(150)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_a_hundred_people_are_a_hundred(parts: list[float]) -> None:
    total = max(sum(parts), 1.0)
    shares = {grade: part / total for grade, part in zip(safety_panels.GRADES, parts, strict=True)}
    counts = safety_panels.hundred(shares)
    assert sum(counts.values()) == 100
    for grade, share in shares.items():
        assert abs(counts[grade] - 100 * share) < 1.0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 250), min_size=1, max_size=12))
def test_labels_are_apart_and_in_order(places: list[float]) -> None:
    moved = safety_panels.spread(places, 14.0, 250.0)
    order = sorted(range(len(places)), key=lambda k: (places[k], k))
    ranked = [moved[k] for k in order]
    assert all(b - a >= 14.0 - 1e-9 for a, b in pairwise(ranked))
    assert all(new <= old for new, old in zip(moved, places, strict=True))


def test_sentences_and_figures_say_what_the_summary_says(full: ReportInput) -> None:
    found = safety_figures.section(full, TEXT)
    safety = full.summary["arms"]["docetaxel"]["safety"]  # type: ignore[index]
    assert f"{100 * safety['any']['any']:.0f} with docetaxel" in found.sentences[0]
    assert f"{100 * safety['any']['grade3plus']:.0f} with docetaxel" in found.sentences[1]
    assert [figure.key for figure in (*found.people, *found.figures)] == [
        "safety_people", "safety_rates", "safety_onset", "safety_course",
    ]  # fmt: skip
    assert all(len(figure.panels) == 2 for figure in found.figures)
    rates = found.figures[0].panels[1]
    assert ">alopecia<" in rates and ">low neutrophils, counted<" in rates
    # The finding of the laboratory stands last, whatever its share.
    assert rates.index("low neutrophils") > rates.index("peripheral neuropathy")
    stopped = next(row for row in found.measures if row.label == "Treatment stopped for good")
    assert stopped.cells[1] == f"{100 * safety['management']['stopped']:.0f}"


def test_rates_outside_the_published_interval_are_marked(full: ReportInput) -> None:
    found = safety_figures.section(full, TEXT)
    published = full.summary["arms"]["docetaxel"]["safety"]["published"]  # type: ignore[index]
    (table,) = found.comparisons
    rows = [row for row in table.rows if row.group.startswith("Docetaxel")]
    assert [bool(row.verdict) for row in rows] == [not item["inside"] for item in published]
    outside = sum(bool(row.verdict) for row in table.rows)
    assert f"misses {outside}." in table.tally
    items = [item for arm in full.summary["arms"].values() for item in arm["safety"]["published"]]  # type: ignore[attr-defined]
    assert f"Only {sum(item['confirmed'] for item in items)} of them" in table.tally
    html = render(full)
    section = html[html.index('id="adverse"') : html.index('id="failures"')]
    assert section.count('class="verdict"') == outside
    assert "published by OAK" in section


def test_a_run_without_management_stands_beside(full: ReportInput) -> None:
    summary = {**full.summary, "arms": {name: dict(arm) for name, arm in full.summary["arms"].items()}}  # type: ignore[attr-defined]
    safety = dict(summary["arms"]["docetaxel"]["safety"])
    worse = {**safety["any"], "grade3plus": 0.77}
    safety["unmanaged"] = {"any": worse, "fatal": {"value": 0.2}, "management": {}, "doses": {}}
    summary["arms"]["docetaxel"]["safety"] = safety
    rows = {
        row.label: row.cells for row in safety_figures.section(replace(full, summary=summary), TEXT).measures
    }
    assert rows["Event of grade 3 or more, without management"] == ("—", "77")
    assert rows["Fatal side effect, without management"] == ("—", "20")


def test_a_summary_without_safety_leaves_the_table(full: ReportInput) -> None:
    arms = {
        name: {key: value for key, value in arm.items() if key != "safety"}
        for name, arm in full.summary["arms"].items()  # type: ignore[attr-defined]
    }
    old = replace(full, summary={**full.summary, "arms": arms})
    assert safety_figures.section(old, TEXT) == safety_figures.SafetySection()
    html = render(old)
    assert "safety_people" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    assert 'class="adverse"' in html


def test_the_terminal_names_side_effects(full: ReportInput) -> None:
    stream = io.StringIO()
    print_summary(full.summary, {}, stream)
    assert "Any side effect" in stream.getvalue()
    assert "Immune-related 3+" in stream.getvalue()
