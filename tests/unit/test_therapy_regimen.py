"""Drugs as data, doses as effects, and every refusal."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

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
    assert {"pembrolizumab", "durvalumab", "ipilimumab"} <= set(available_drugs())


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
        assert parameters[key].low <= item.value <= parameters[key].high, key
        assert item.unit == parameters[key].unit, key
    assert drug.per_day is None or drug.per_day in parameters
    assert drug.effect is not None or drug.individual or drug.per_day
    assert drug.sources
    # A number with a meaning needs a source of its own; what is left are switches.
    assert set(drug.in_use.values()) <= {0.0, 1.0}
    assert all(parameters[key].confidence == "definition" for key in drug.in_use)


def test_antibodies_against_one_target_set_the_same_parameters():
    """Else something of the first would stay when a second takes its place."""
    axes: dict[str, list[set[str]]] = {}
    for drug in map(load_drug, available_drugs()):
        if drug.kind == "antibody" and drug.effect is not None:
            axes.setdefault(drug.effect.state, []).append({*drug.in_use, *drug.individual})
    assert len(axes) == 3
    for names in axes.values():
        assert all(other == names[0] for other in names)


THERAPIES = (Path(__file__).parents[2] / "docs" / "therapies.md").read_text(encoding="utf-8")
COLUMNS = (
    "clearance",
    "central_volume",
    "distribution_clearance",
    "peripheral_volume",
    "clearance_change",
    "clearance_change_time",
    "clearance_change_shape",
    "affinity",
)


def test_the_table_of_antibodies_is_that_of_the_drugs():
    antibodies = [name for name in available_drugs() if load_drug(name).kind == "antibody"]
    assert len(antibodies) == 5
    for name in antibodies:
        row = re.search(rf"^\| {name} \|(.*)\|$", THERAPIES, flags=re.MULTILINE)
        assert row is not None
        drug = load_drug(name)
        axis = str(drug.dose().state).removesuffix("_central")
        for cell, column in zip(row[1].split("|"), COLUMNS, strict=False):
            item = drug.individual[f"{axis}_{column}"]
            value, *rest = cell.split()
            assert float(value) == item.value, (name, column)
            assert ("*" in rest or "?" in rest) == (item.confidence == "assumed"), (name, column)
            if published := re.search(r"\((\d+) %\)", cell):
                sigma = np.sqrt(np.log(1 + (int(published[1]) / 100) ** 2))
                assert item.sigma == pytest.approx(sigma, abs=1e-4), (name, column)
            elif published := re.search(r"\(SD ([\d.]+)\)", cell):
                assert item.sd == float(published[1])
            else:
                assert not item.varies or item.deviate_of is not None


def test_an_antibody_adds_its_concentration_in_each_patients_own_volume():
    dose = load_drug("atezolizumab").dose(1200, "mg")
    assert dose.state == "anti_pdl1_central"
    np.testing.assert_allclose(
        dose.addition({"anti_pdl1_central_volume": np.array([3.0, 4.0])}), [400.0, 300.0]
    )


def test_an_antibody_is_dosed_flat_or_by_weight():
    weights, volume = np.array([50.0, 100.0]), {"anti_ctla4_central_volume": 4.0}
    ipilimumab = load_drug("ipilimumab")
    assert ipilimumab.units == ("mg/kg", "mg")
    np.testing.assert_allclose(ipilimumab.dose().addition(volume, weights), [37.5, 75.0])
    assert ipilimumab.dose(3.0, "mg").addition(volume) == 0.75
    assert load_drug("atezolizumab").dose(20.0, "mg/kg").amount_in("mg", 60.0) == 1200.0
    assert load_drug("ipilimumab").dose(240.0, "mg").amount_in("mg/kg", 80.0) == 3.0
    assert load_drug("docetaxel").units == ("mg/m2",)
    refused("body_weight_missing", ipilimumab.dose().addition, volume)
    assert refused("wrong_unit", ipilimumab.dose, 3.0, "mg/m2")["expected"] == "mg/kg or mg"
    refused("wrong_unit", load_drug("atezolizumab").dose, None, "mg/kg")
    refused("wrong_unit", ipilimumab.dose().amount_in, "g", 80.0)


BIOLOGIC = """
description = "x"
kind = "biologic"
unit = "mg/kg"
standard_dose = 5.0
sources = ["test"]
[dose]
state = "effect"
per_standard_dose = true
"""


def test_a_standard_dose_of_a_biologic_counts_as_one_in_either_unit():
    drug = read_drug("test", BIOLOGIC)
    assert drug.dose().addition({}) == 1.0
    np.testing.assert_allclose(drug.dose(400.0, "mg").addition({}, np.array([80.0, 160.0])), [1.0, 0.5])


def test_chemotherapy_adds_its_concentration_in_proportion_to_the_dose():
    volume = {"chemo_central_volume": 20.9}
    assert load_drug("docetaxel").dose().addition(volume) == pytest.approx(75 / 20.9)
    assert load_drug("docetaxel").dose(60).addition(volume) == pytest.approx(60 / 20.9)
    assert load_drug("cisplatin").dose().addition({"platinum_central_volume": 11.5}) == pytest.approx(
        75 / 11.5
    )


ONES = np.ones(3)


def test_patients_begin_with_parameters_of_their_own():
    drawn: list[str] = []

    def normal(process: str) -> np.ndarray:
        drawn.append(process)
        return np.array([-1.0, 0.0, 1.0])

    drug = load_drug("nivolumab")
    values = drug.begin(drug.dose(), normal, 80.0)
    sigma = np.sqrt(np.log(1 + 0.35**2))
    np.testing.assert_allclose(
        values["anti_pd1_clearance"], 0.2256 * np.exp(sigma * np.arange(-1, 2)), rtol=1e-4
    )
    np.testing.assert_allclose(values["anti_pd1_clearance_change"], [-0.563, -0.295, -0.027])
    assert values["anti_pd1_affinity"] == 4.0
    assert values["anti_pd1_started"] == 1.0
    assert drawn == [
        "individual anti_pd1_clearance",
        "individual anti_pd1_central_volume",
        "individual anti_pd1_peripheral_volume",
        "individual anti_pd1_clearance_change",
    ]
    assert drug.end() == {"anti_ctla4_with_nivolumab": 0.0}


def test_a_coefficient_of_variation_is_that_of_the_patients():
    deviates = np.random.default_rng(1).standard_normal(200_000)
    drug = load_drug("atezolizumab")
    values = drug.begin(drug.dose(), lambda process: deviates, 80.0)
    for name, published in (("clearance", 0.29), ("central_volume", 0.18), ("peripheral_volume", 0.34)):
        found = np.asarray(values[f"anti_pdl1_{name}"])
        assert found.std() / found.mean() == pytest.approx(published, abs=0.005)


def test_one_deviation_moves_the_parameters_that_share_it():
    """Ahamadi 2017 estimates one deviation for both clearances of pembrolizumab and one for both volumes."""
    rng = np.random.default_rng(2)
    own = {}

    def normal(process: str) -> np.ndarray:
        return own.setdefault(process, rng.standard_normal(3))

    drug = load_drug("pembrolizumab")
    values = drug.begin(drug.dose(), normal, 76.8 * ONES)
    both = np.asarray(values["anti_pd1_distribution_clearance"]) / np.asarray(values["anti_pd1_clearance"])
    np.testing.assert_allclose(both, 0.795 / 0.22)
    assert sorted(own) == ["individual anti_pd1_central_volume", "individual anti_pd1_clearance"]


TABLET = """
description = "x"
kind = "targeted"
unit = "mg/day"
standard_dose = 10.0
per_day = "daily_dose"
sources = ["test"]
"""


def test_a_tablet_sets_what_is_taken_a_day_and_takes_it_back():
    drug = read_drug("test", TABLET)
    values = drug.begin(drug.dose(5.0), lambda process: ONES, 70.0, adherence=np.array([1.0, 0.8]))
    np.testing.assert_allclose(values["daily_dose"], [5.0, 4.0])
    assert drug.end() == {"daily_dose": 0.0}


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
INDIVIDUAL = """
[individual.x]
value = 1.0
unit = "L"
sigma = 0.2
source = "test"
confidence = "literature"
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
        (GOOD + INDIVIDUAL.replace("sigma = 0.2", "sigma = 0.2\nsd = 0.1"), "individual.x"),
        (GOOD + INDIVIDUAL.replace("1.0", "-1.0"), "individual.x"),
        (GOOD + INDIVIDUAL.replace("literature", "certain"), "individual.x.confidence"),
        (GOOD + INDIVIDUAL.replace("sigma = 0.2", 'deviate_of = "y"'), "individual.x"),
        (GOOD + INDIVIDUAL.replace("sigma = 0.2", 'sigma = 0.2\ndeviate_of = "y"'), "(drug)"),
        (GOOD + INDIVIDUAL.replace("sigma = 0.2", "weight_exponent = 0.5"), "(drug)"),
        (GOOD + "in_use = { x = 1.0 }\n" + INDIVIDUAL, "(drug)"),
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
    assert dose.addition(dict.fromkeys(dose.parameters, 2.0), 80.0) >= 0.0
    for missing in dose.parameters:
        with pytest.raises(KeyError):
            dose.addition({other: 2.0 for other in dose.parameters if other != missing}, 80.0)
