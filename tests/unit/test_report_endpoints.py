"""Virtual beside published: what is read, how it is judged, how it is written."""

from __future__ import annotations

import io

import pytest
from synthetic_trial import PUBLISHED, report_input

from unmask.report import endpoints, words
from unmask.report.endpoints import Cell, Value
from unmask.report.response_panels import sample
from unmask.report.terminal import print_summary
from unmask.report.words import Words


@pytest.mark.parametrize(
    ("value", "ci", "verdict"),
    [
        (0.2, (0.1, 0.3), "inside"),
        (0.1, (0.1, 0.3), "inside"),
        (0.05, (0.1, 0.3), "below"),
        (0.31, (0.1, 0.3), "above"),
        (99.0, (10.0, None), "inside"),
        (None, (0.1, 0.3), None),
        (0.2, None, None),
    ],
)
def test_verdict(
    value: float | None, ci: tuple[float | None, float | None] | None, verdict: str | None
) -> None:
    assert Cell(Value(value), Value(0.2, ci)).verdict == verdict


def test_an_unconfirmed_figure_is_shown_but_never_judged() -> None:
    assert Cell(Value(0.9), Value(0.2, (0.1, 0.3), "memory", confirmed=False)).verdict is None


@pytest.mark.parametrize(
    ("node", "path", "expected"),
    [
        ({"orr": 0.2, "orr_ci": [0.1, 0.3]}, ("orr",), Value(0.2, (0.1, 0.3))),
        ({"os_months": {"median": 9.6, "ci": [8.6, None]}}, ("os_months", "median"), Value(9.6, (8.6, None))),
        ({"os_months": {"value": 9.6, "source": "X"}}, ("os_months", "median"), Value(9.6, None, "X")),
        (
            {"os_months": {"median": {"value": 9.6, "ci": [8.6, float("nan")], "confirmed": False}}},
            ("os_months", "median"),
            Value(9.6, (8.6, None), "", False),
        ),
        ({"os_rate": {"12": 0.5}, "os_rate_ci": {"12": [0.4, 0.6]}}, ("os_rate", "12"), Value(0.5, (0.4, 0.6))),
        ({"os": {"hr": 0.7, "ci": [0.6, 0.8]}}, ("os", "hr"), Value(0.7, (0.6, 0.8))),
        ({"time_to_response_weeks": {"median": 12.0, "after_week_16": 0.3}},
         ("time_to_response_weeks", "after_week_16"), Value(0.3)),
        ({"os_months": {"median": None, "ci": [1.0, None]}}, ("os_months", "median"), Value(None, (1.0, None))),
        ({"duration_of_response_months": {"n": 3, "median": None, "ci": [1.0, None]}},
         ("duration_of_response_months", "median"), Value(None, (1.0, None))),
        ({"duration_of_response_months": {"n": 0, "median": None, "ci": [None, None]}},
         ("duration_of_response_months", "median"), None),
        ({}, ("orr",), None),
        ({"orr": 0.2}, ("orr", "value", "x"), None),
    ],
)  # fmt: skip
def test_figures_are_found_in_every_shape(
    node: object, path: tuple[str, ...], expected: Value | None
) -> None:
    assert endpoints.read(node, path) == expected


def test_numbers_are_written_for_readers() -> None:
    assert words.fixed(-1234.5) == "\N{MINUS SIGN}1,234.5"
    assert words.fixed(float("nan")) == words.fixed(None) == "\N{EM DASH}"
    assert words.p_value(0.0001).endswith("0.001") and words.p_value(0.0123) == "0.012"
    assert words.out_of_hundred(0.004) == "fewer than 1"
    assert endpoints.written_interval((10.0, None), "months") == "10.0\N{EN DASH}n.r."


def test_a_sample_is_even_and_the_same_every_time() -> None:
    assert sample(range(1000), 4) == [0, 250, 500, 750]
    assert sample([3, 1, 2], 5) == [1, 2, 3]


def test_terminal_table_is_plain_off_a_terminal_and_fits_eighty_columns() -> None:
    stream = io.StringIO()
    report = report_input(60)
    print_summary(report.summary, report.published, stream)
    out = stream.getvalue()
    assert "\x1b" not in out
    assert max(len(line.rstrip()) for line in out.splitlines()) <= 80
    for label in Words().get("short").values():
        assert label in out
    assert "9.6†" in out


def test_terminal_table_does_not_read_markup_in_names() -> None:
    stream = io.StringIO()
    print_summary({"arms": {"[red]x[/red]": {"orr": 0.5}}, "published": {}}, stream=stream)
    assert "[red]x[/red]" in stream.getvalue()


def test_every_published_figure_has_a_row() -> None:
    report = report_input(60)
    rows = endpoints.arm_rows(report.summary, PUBLISHED, report.arms, Words())
    shown = {(row.key, k) for row in rows for k, cell in enumerate(row.cells) if cell.published}
    assert shown == {
        ("orr", 0), ("orr", 1), ("os_months_median", 0), ("os_months_median", 1), ("os_rate_12", 0),
        ("duration_of_response_months_median", 0), ("pfs_months_median", 1),
    }  # fmt: skip
