"""The example of docs/engine.md runs as it stands, and what the page names exists."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from unmask.engine import Status
from unmask.engine.tableaus import METHODS

PAGE = (Path(__file__).parents[2] / "docs" / "engine.md").read_text(encoding="utf-8")


def test_the_example_prints_what_the_page_says(capsys):
    example = re.search(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert example is not None
    exec(example.group(1), {})
    promised = re.search(r"It prints `(.*?)`", PAGE)
    assert promised is not None
    found, expected = (
        list(map(float, text.split())) for text in (capsys.readouterr().out, promised.group(1))
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_the_example_is_right():
    """Solved by hand: the tumour grows, and every dose kills in proportion to the drug's area under the curve."""
    growth = 0.01 * np.random.default_rng(1).lognormal(0.0, 0.5, 1000)
    left = np.exp(-0.1 * 21.0)
    drug, area = 0.0, 0.0
    for _ in range(4):
        drug += 20.0
        area += drug * (1.0 - left) / 0.1
        drug *= left
    promised = re.search(r"It prints `(\S+)", PAGE)
    assert promised is not None
    expected = np.median(10.0 * np.exp(84.0 * growth - 0.002 * area))
    assert float(promised.group(1)) == pytest.approx(expected, rel=1e-4)


def test_every_method_and_every_status_is_on_the_page():
    for name in METHODS:
        assert f"| `{name}`" in PAGE
    for status in Status:
        assert f"| `{status.name}` |" in PAGE
