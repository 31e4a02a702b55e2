"""The pages about response say what the software does: options, presets, and the patient that is worked out."""

import re
from pathlib import Path

import pandas as pd
import pytest

from unmask.response.assess import assess
from unmask.response.rules import OPTIONS, PRESETS, Rules

ROOT = Path(__file__).resolve().parents[2]
OPTIONS_PAGE = (ROOT / "docs" / "response-options.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "response.md").read_text(encoding="utf-8")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def written(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


OPTION_ROWS = {
    cells(line)[0].strip("`"): cells(line)
    for line in OPTIONS_PAGE.partition("## Presets")[0].splitlines()
    if line.startswith("| `")
}
PRESET_LINES = [line for line in OPTIONS_PAGE.partition("## Presets")[2].splitlines() if line.startswith("|")]


def test_every_option_stands_on_its_page() -> None:
    assert list(OPTION_ROWS) == list(OPTIONS)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_is_described_as_it_is(name: str) -> None:
    option, row = OPTIONS[name], OPTION_ROWS[name]
    assert row[1].startswith(written(option.value))
    assert row[2].startswith(option.meaning)
    assert all(choice in row[2] for choice in option.choices)
    assert row[3] == option.source


def test_presets_are_described_as_they_are() -> None:
    names = cells(PRESET_LINES[0])[2:]
    assert names == list(PRESETS)
    rows = {cells(line)[0].strip("`"): cells(line)[1:] for line in PRESET_LINES[2:]}
    assert set(rows) == {option for preset in PRESETS.values() for option in preset}
    for option, (default, *values) in rows.items():
        assert default == written(getattr(Rules(), option))
        assert values == [written(getattr(Rules.preset(name), option)) for name in names]


def test_the_worked_patient_is_what_the_program_says() -> None:
    found = assess(ROOT / "examples" / "worked_patient.csv")
    table = PAGE.partition("## One patient, visit by visit")[2].partition("## ")[0]
    rows = [cells(line) for line in table.splitlines() if re.match(r"\| \d", line)]
    assert len(rows) == len(found.visits) == 8
    for (day, _, total, nadir, _, overall, immune), (_, visit) in zip(
        rows, found.visits.iterrows(), strict=True
    ):
        assert float(day) == visit["day"]
        assert (float(total) if total else None) == (None if pd.isna(visit["sld_mm"]) else visit["sld_mm"])
        assert float(nadir) == visit["nadir_mm"]
        assert (overall, immune) == (visit["overall_response"], visit["irecist_response"])
    patient = found.patients.iloc[0]
    assert (patient["best_response"], patient["first_response_day"]) == ("PR", 84)
    assert (patient["progression_day"], patient["irecist_progression_day"]) == (168, 294)
    assert (patient["difference"], patient["progression_outcome"]) == ("progression later", "within response")
