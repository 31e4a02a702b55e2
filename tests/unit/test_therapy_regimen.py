"""Drugs as data, doses as effects, and every refusal."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from unmask.errors import ConfigurationError
from unmask.model.catalogue import load
from unmask.therapy.regimen import available_drugs, load_drug, read_drug


def refused(code: str, call, *args) -> dict[str, object]:
    with pytest.raises(ConfigurationError) as caught:
        call(*args)
    assert caught.value.code == f"therapy.{code}"
    assert not str(caught.value).startswith("therapy.")
    return caught.value.values


def test_the_drugs_of_the_ready_made_trials_are_there():
    assert {"atezolizumab", "nivolumab", "docetaxel", "dacarbazine", "everolimus"} <= set(available_drugs())


@pytest.mark.parametrize("name", available_drugs())
def test_a_drug_names_only_states_and_parameters_of_the_core_and_values_in_range(name):
    drug, model = load_drug(name), load("core")
    parameters = {item.name: item for item in model.parameters}
    if drug.effect is not None:
        assert drug.effect.state in model.species_names
        for factor in (drug.effect.multiply_by, drug.effect.divide_by):
            assert factor is None or factor in parameters
    for changes in (drug.in_use, drug.stopped):
        for key, value in changes.items():
            assert parameters[key].low <= value <= parameters[key].high
    for key, item in drug.individual.items():
        assert (parameters[key].unit, parameters[key].low <= item.value <= parameters[key].high) == (
            item.unit,
            True,
        )
    assert drug.per_day is None or drug.per_day in parameters
    assert drug.effect is not None or drug.in_use or drug.per_day
    assert drug.sources


def test_an_antibody_adds_its_concentration_in_each_patients_own_volume():
    dose = load_drug("atezolizumab").dose(1200, "mg")
    assert dose.state == "antibody_central"
    np.testing.assert_allclose(
        dose.addition({"antibody_central_volume": np.array([3.0, 4.0])}), [400.0, 300.0]
    )


def test_chemotherapy_adds_its_concentration_in_proportion_to_the_dose():
    volume = {"chemo_central_volume": 20.9}
    assert load_drug("docetaxel").dose().addition(volume) == pytest.approx(75 / 20.9)
    assert load_drug("docetaxel").dose(60).addition(volume) == pytest.approx(60 / 20.9)
    assert load_drug("cisplatin").dose().addition({"platinum_central_volume": 11.5}) == pytest.approx(
        75 / 11.5
    )


def test_which_molecule_an_antibody_binds_comes_with_the_drug():
    assert load_drug("atezolizumab").in_use == {"binds_pd1": 0, "binds_pdl1": 1, "antibody_affinity": 0.4}
    assert load_drug("nivolumab").in_use == {"binds_pd1": 1, "binds_pdl1": 0, "antibody_affinity": 4.0}


def test_everolimus_is_taken_daily_until_it_is_stopped():
    drug = load_drug("everolimus")
    dose = drug.dose()
    assert dose.state is None
    assert dose.addition({}) == 0.0
    begun = drug.begin(dose, lambda process: np.zeros(2), 70.0)
    assert begun["targeted_daily_dose"] == 10.0
    np.testing.assert_allclose(begun["targeted_clearance"], 480.0)
    assert drug.end() == {"targeted_daily_dose": 0.0}


def test_unknown_drug_offers_the_nearest():
    with pytest.raises(ConfigurationError, match="Did you mean 'nivolumab'"):
        load_drug("Nivolumap")
    assert refused("unknown_drug", load_drug, "water")["hint"] == ""


@pytest.mark.parametrize("amount", [-1200.0, 0.0, float("nan"), float("inf")])
def test_an_impossible_dose_is_refused(amount):
    assert refused("impossible_dose", load_drug("atezolizumab").dose, amount)["drug"] == "atezolizumab"


def test_a_wrong_unit_is_refused_with_the_right_one():
    values = refused("wrong_unit", load_drug("docetaxel").dose, 75, "mg")
    assert (values["unit"], values["expected"]) == ("mg", "mg/m2")


def test_another_dose_of_an_on_off_drug_is_refused():
    assert refused("dose_not_modelled", read_drug("test", GOOD).dose, 5.0)["standard"] == 1.0


GOOD = """
description = "x"
kind = "chemotherapy"
unit = "mg"
standard_dose = 1.0
sources = ["test"]
"""


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (GOOD + "colour = 'red'", "colour"),
        (GOOD.replace("1.0", "-1.0", 1), "standard_dose"),
        (GOOD.replace("chemotherapy", "magic"), "kind"),
        (GOOD + "[dose]\nstat = 'x'", "dose.state"),
        (GOOD.replace('unit = "mg"', ""), "unit"),
        ("description =", "(file)"),
    ],
)
def test_a_malformed_drug_is_refused_with_its_key(text, key):
    assert refused("bad_drug", read_drug, "test", text)["key"] == key


def test_doses_travel_to_workers():
    dose = load_drug("nivolumab").dose()
    assert pickle.loads(pickle.dumps(dose)) == dose


@pytest.mark.parametrize("name", available_drugs())
def test_a_dose_names_every_parameter_it_reads(name):
    dose = load_drug(name).dose()
    assert dose.addition(dict.fromkeys(dose.parameters, 2.0)) >= 0.0
    for missing in dose.parameters:
        with pytest.raises(KeyError):
            dose.addition({other: 2.0 for other in dose.parameters if other != missing})
