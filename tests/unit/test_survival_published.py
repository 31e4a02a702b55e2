"""Published figures stand in summary.json exactly where the virtual ones do."""

import pytest

from unmask.survival.published import in_summary_shape

LEAF = {"value": 0.5, "ci": [0.4, 0.6], "source": "table 2", "confirmed": False}


@pytest.mark.parametrize(
    ("path", "number", "interval"),
    [
        (("orr",), ("orr",), ("orr_ci",)),
        (("os_months", "median"), ("os_months", "median"), ("os_months", "ci")),
        (("os_rate", "12"), ("os_rate", "12"), ("os_rate_ci", "12")),
        (("best_response", "CR"), ("best_response", "CR"), ("best_response_ci", "CR")),
    ],
)
def test_number_and_interval_stand_where_the_summary_has_them(path, number, interval):
    published: dict = LEAF
    for key in reversed(("arms", "a", *path)):
        published = {key: published}
    shaped = in_summary_shape(published)

    def at(*keys):
        node = shaped["arms"]["a"]
        for key in keys:
            node = node[key]
        return node

    assert at(*number) == 0.5
    assert at(*interval) == [0.4, 0.6]
    assert shaped["sources"] == {".".join(("arms", "a", *path)): {"source": "table 2", "confirmed": False}}


def test_hazard_ratio_and_a_figure_without_interval():
    shaped = in_summary_shape(
        {"comparisons": {"os": {"hr": LEAF}}, "arms": {"a": {"grade3plus_related": {"value": 0.15}}}}
    )
    assert shaped["comparisons"] == {"os": {"hr": 0.5, "ci": [0.4, 0.6]}}
    assert shaped["arms"] == {"a": {"grade3plus_related": 0.15}}
    assert shaped["sources"]["arms.a.grade3plus_related"] == {"source": "", "confirmed": True}
    assert in_summary_shape({}) == {}
