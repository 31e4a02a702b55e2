"""docs/cdisc.md holds the descriptions of the datasets as they are, and its example runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unmask.cdisc.description import markdown
from unmask.cdisc.metadata import available
from unmask.trial.cdisc import NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "cdisc.md").read_text(encoding="utf-8")


def test_the_tables_of_variables_are_those_of_the_datasets() -> None:
    assert sorted(NAMES) == list(available())
    assert PAGE.endswith(markdown(NAMES))


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    example = re.search(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert example is not None
    scope: dict[str, object] = {}
    exec(example.group(1).replace("patients=30", "patients=4"), scope)
    assert len(list((tmp_path / "cdisc").iterdir())) == 2 * len(NAMES) + 1
