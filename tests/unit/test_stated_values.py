"""Every parameter of models, drugs and tumour types has unit, value, range, source and confidence, and is listed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from unmask.cli import app
from unmask.errors import ConfigurationError
from unmask.model.catalogue import names
from unmask.model.module import CONFIDENCE
from unmask.patients.parameter_set import available, load_tumour_type
from unmask.stated_values import stated
from unmask.therapy.regimen import available_drugs, load_drug

EVERYTHING = (*names(), *available_drugs(), *available())


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_value_has_unit_range_source_and_confidence(name: str) -> None:
    rows = stated(name)["parameters"]
    for row in rows:
        assert row["unit"] and len(str(row["source"])) >= 3, row
        assert row["low"] <= row["value"] <= row["high"], row
        assert row["confidence"] in CONFIDENCE, row


@pytest.mark.parametrize("name", available_drugs())
def test_all_that_a_drug_sets_is_listed_with_the_drugs_own_value(name: str) -> None:
    drug, rows = load_drug(name), stated(name)["parameters"]
    assert {row["name"]: row["value"] for row in rows} == {
        key: drug.value(key) for key in (*drug.individual, *drug.in_use)
    }


def test_all_that_a_tumour_type_states_is_listed() -> None:
    tumour = load_tumour_type("melanoma")
    listed = {row["name"]: row for row in stated("melanoma")["parameters"]}
    assert listed["parameters.net_growth_rate"]["value"] == tumour.parameters["net_growth_rate"].value
    assert listed["parameters.net_growth_rate"]["description"]
    assert len(listed) == sum(
        len(getattr(tumour, section))
        for section in ("parameters", "baseline", "hazard", "lesions", "within_patient")
    )


def test_the_command_lists_drugs_and_tumour_types_as_it_lists_models() -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["model", "show", "erlotinib"])
    assert shown.exit_code == 0
    assert "targeted_kill_rate" in shown.output and "ENSURE" in shown.output
    plain = json.loads(runner.invoke(app, ["model", "show", "prostate", "--json"]).output)
    assert "hazard.death_log_rate" in {row["name"] for row in plain["parameters"]}


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(
        ConfigurationError, match=r"no model 'nivolumap', nor a drug.*Did you mean 'nivolumab'"
    ):
        stated("nivolumap")
