"""One small reference run per therapy: forty patients, stored numbers, and a change that has to be seen."""

from __future__ import annotations

from typing import Any

import pytest
from therapy_course import THERAPIES, differences, figures, stored

from unmask.therapy.regimen import available_drugs

NAMES = sorted(THERAPIES)


def items() -> list[dict[str, Any]]:
    return [item for therapy in THERAPIES.values() for item in therapy["treatment"]]


def test_every_drug_and_procedure_has_a_reference_run() -> None:
    assert {item["drug"] for item in items() if "drug" in item} == set(available_drugs())
    assert {item["procedure"] for item in items() if "procedure" in item} == {"radiotherapy", "surgery"}
    assert set(stored()) == set(THERAPIES)


@pytest.mark.parametrize("name", NAMES)
def test_a_therapy_gives_the_stored_numbers(name: str) -> None:
    therapy = THERAPIES[name]
    assert differences(figures(therapy, therapy["treatment"]), stored()[name]) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_comparison_sees_a_small_change_of_the_therapy(name: str) -> None:
    therapy = THERAPIES[name]
    assert differences(figures(therapy, therapy["changed"]), stored()[name])


def test_the_comparison_sees_a_missing_figure() -> None:
    numbers = stored()["docetaxel"]
    found = {key: value for key, value in numbers.items() if key != "lowest neutrophils"}
    assert differences(found, numbers) == ["lowest neutrophils is missing"]
