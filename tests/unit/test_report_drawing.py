"""Scales, ticks, paths: small pictures with answers known by hand."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from unmask.report import drawing, response_panels, survival_figures
from unmask.report.drawing import Frame
from unmask.report.words import Words
from unmask.survival.kaplan_meier import Follow

FRAME = Frame(x=(0.0, 10.0), y=(0.0, 1.0), width=120.0, height=70.0, left=10, right=10, top=10, bottom=10)


def test_data_land_where_they_belong() -> None:
    np.testing.assert_allclose(FRAME.px([0, 5, 10]), [10, 60, 110])
    np.testing.assert_allclose(FRAME.py([0, 0.5, 1]), [60, 35, 10])


def test_a_step_stays_level_until_the_next_time() -> None:
    drawn = FRAME.steps([0, 5, 10], [1.0, 0.5, 0.5], "#000000")
    assert 'd="M10 10L60 10L60 35L110 35"' in drawn


def test_a_gap_breaks_a_line() -> None:
    assert drawing.polyline(np.array([0, 1, 2, 3.0]), np.array([0, np.nan, 1, 2.0])) == "M0 0M2 1L3 2"


def test_a_long_series_is_thinned_and_keeps_its_ends() -> None:
    x = np.linspace(0, 100, 100_001)
    px, py = drawing.thin(x, x)
    assert px.size <= 202
    assert px[0] == 0 and px[-1] == 100 and py[-1] == 100


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (0, 7, [0, 2, 4, 6]), (3, 3, [3])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert drawing.ticks(low, high) == pytest.approx(expected)


def test_months_fall_on_quarters() -> None:
    assert drawing.month_ticks(27) == [0, 3, 6, 9, 12, 15, 18, 21, 24, 27]
    assert drawing.month_ticks(60)[1] == 6


def test_text_and_attributes_are_escaped() -> None:
    assert "<" not in drawing.text(0, 0, "<i>&").replace("<text", "").replace("</text", "")
    assert '"a&quot;b"' in FRAME.svg([], 'a"b')


def test_no_visit_is_split_between_two_bars() -> None:
    edges = response_panels.week_bins(60.0)
    for week in (6, 12, 18, 24, 36):
        early, late = np.searchsorted(edges, [week - 0.6, week + 0.6])
        assert early == late


def test_the_waterfall_takes_the_best_scan_before_another_therapy() -> None:
    scans = pd.DataFrame(
        {
            "patient": [1, 1, 1, 2, 3],
            "day": [0.0, 42.0, 84.0, 42.0, 42.0],
            "change_from_baseline": [-0.9, -0.2, -0.5, 0.3, np.nan],
            "subsequent_therapy": [False, False, True, False, False],
        }
    )
    assert response_panels.best_change(scans).to_dict() == {1: -0.2, 2: 0.3}


def test_numbers_at_risk_stand_under_their_ticks() -> None:
    follow = Follow(np.array([1.0, 2.0, 4.0, 9.0]), np.array([True, False, True, False]))
    lines = [survival_figures.Line("only", "#0067a8", follow)]
    svg = survival_figures.panel(lines, title="OS", y_label="Alive", alt="x" * 30, words=Words())
    ticks = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    px = Frame(x=(0.0, 9.0), y=(0, 1), left=survival_figures.LABEL_ROOM).px(ticks)
    for x, n in zip(px, follow.at_risk(ticks), strict=True):
        pattern = rf'x="{drawing.number(float(x))}"[^>]*font-size="10.5">{n}</text>'
        assert re.search(pattern, svg), (x, n)
