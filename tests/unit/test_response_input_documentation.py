"""docs/response-input.md: every finding stands in it, and its example gives what it says."""

import re
import tomllib
from pathlib import Path

import pytest

from unmask.response import lesion_rows, subjects
from unmask.response.lesions import read_lesions

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "response-input.md").read_text(encoding="utf-8")
MESSAGES = tomllib.loads((ROOT / "src/unmask/messages/en/response.toml").read_text(encoding="utf-8"))
FINDINGS = [name for name in MESSAGES if name.startswith(("row_", "patient_", "file_"))]


def test_there_are_findings():
    assert len(FINDINGS) > 50


@pytest.mark.parametrize("code", FINDINGS)
def test_every_finding_is_documented(code):
    assert f"`{code.removeprefix('row_')}`" in TEXT


@pytest.mark.parametrize("module", [lesion_rows, subjects])
def test_every_column_is_documented(module):
    written = TEXT.lower()
    aliases = [alias for known in module._ALIASES.values() for alias in known]
    missing = [alias for alias in aliases if f"`{alias}`" not in written]
    assert missing == []


def test_the_example_of_split_and_coalesced_lesions(tmp_path):
    path = tmp_path / "lesions.csv"
    path.write_text(re.search(r"```csv\n(.*?)```", TEXT, re.DOTALL)[1], encoding="utf-8")
    table = read_lesions(path)
    assert not table.problems
    assert table.measurements.baseline.sum() == 600
    assert table.measurements.target.sum(axis=2).tolist() == [[410, 380]]
