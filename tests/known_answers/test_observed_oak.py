"""The real OAK trial: our estimators on its patients must give what its authors published.

Rittmeyer et al. 2017, Lancet 389:255, table 2 and figures (425 v 425 patients). Patients: Gandara et al.
2018, Nat Med 24:1441, supplementary table 8. Hazard ratios are stratified in the paper and unstratified here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from unmask.survival.estimate import summarise
from unmask.survival.observed import (
    ObservedTrial,
    as_table,
    compare_observed,
    compare_published,
    read_observed,
)

OAK = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "patients" / "oak.csv"
ARMS = ("atezolizumab", "docetaxel")
NAMES = {"MPDL3280A": "atezolizumab", "Docetaxel": "docetaxel"}
SOURCE = "Rittmeyer 2017 Lancet 389:255"


def leaf(value: float, ci: list[float | None] | None = None, confirmed: bool = True) -> dict:
    return {"value": value, "ci": ci, "source": SOURCE, "confirmed": confirmed}


PUBLISHED = {
    "arms": {
        "atezolizumab": {
            "n": leaf(425),
            "orr": leaf(0.14),
            "best_response": {"SD": leaf(0.35), "PD": leaf(0.44)},
            "pfs_months": {"median": leaf(2.8, [2.6, 3.0])},
            "os_months": {"median": leaf(13.8, [11.8, 15.7])},
        },
        "docetaxel": {
            "orr": leaf(0.13),
            "best_response": {"SD": leaf(0.42), "PD": leaf(0.28)},
            "pfs_months": {"median": leaf(4.0, [3.3, 4.2])},
            "os_months": {"median": leaf(9.6, [8.6, 11.2])},
        },
    },
    "comparisons": {"os": {"hr": leaf(0.73, [0.62, 0.87])}, "pfs": {"hr": leaf(0.95, [0.82, 1.10])}},
}
# Figures read off the patient file by an independent calculation (evidence/trials.csv), fractions.
RATES = {
    ("atezolizumab", "pfs", "6"): 0.304,
    ("atezolizumab", "pfs", "12"): 0.182,
    ("atezolizumab", "pfs", "24"): 0.085,
    ("docetaxel", "os", "6"): 0.687,
    ("docetaxel", "os", "12"): 0.411,
    ("docetaxel", "os", "24"): 0.206,
    ("docetaxel", "pfs", "6"): 0.290,
    ("docetaxel", "pfs", "12"): 0.107,
    ("docetaxel", "pfs", "24"): 0.019,
}


@pytest.fixture(scope="module")
def oak() -> ObservedTrial:
    if not OAK.is_file():
        pytest.skip("the OAK patient file (../shared/data/patients/oak.csv) is not here")
    return read_observed(OAK, ARMS, NAMES)


def test_all_850_patients_are_read(oak: ObservedTrial) -> None:
    assert oak.patients["arm"].value_counts().to_dict() == {"atezolizumab": 425, "docetaxel": 425}
    assert oak.missing["best_confirmed_response"] == 80 and oak.missing["baseline_sld_mm"] == 1


def test_published_oak_is_reproduced(oak: ObservedTrial) -> None:
    summary = summarise(oak.tables, ARMS)
    arms = summary["arms"]
    assert [round(arms[arm]["os_months"]["median"], 1) for arm in ARMS] == [13.8, 9.6]
    assert [round(arms[arm]["pfs_months"]["median"], 1) for arm in ARMS] == [2.8, 4.0]
    assert [arms[arm]["best_response_n"]["CR"] for arm in ARMS] == [6, 1]
    assert [round(arms[arm]["orr"] * 425) for arm in ARMS] == [58, 57]
    assert round(summary["comparisons"]["os"]["hr"], 2) == 0.73
    assert summary["comparisons"]["pfs"]["hr"] == pytest.approx(0.95, abs=0.02)
    for (arm, endpoint, month), expected in RATES.items():
        assert arms[arm][f"{endpoint}_rate"][month] == pytest.approx(expected, abs=0.00051), (arm, endpoint)
    assert arms["atezolizumab"]["os_rate"]["36"] is None, "nobody was followed for 36 months"


def test_the_patients_agree_with_the_paper(oak: ObservedTrial) -> None:
    rows = compare_published(summarise(oak.tables, ARMS), PUBLISHED)
    assert len(rows) == 13
    judged = [row for row in rows if row.inside is not None]
    assert [row.inside for row in judged] == [True] * 6
    for row in rows:
        assert row.virtual == pytest.approx(row.real, abs=0.06 if row.unit == "months" else 0.02), row
        assert row.source == SOURCE


def test_a_trial_lies_inside_its_own_intervals(oak: ObservedTrial) -> None:
    rows = compare_observed(oak, oak.tables)
    assert len(rows) == 34 and all(row.inside for row in rows)


def test_the_comparison_can_fail(oak: ObservedTrial) -> None:
    """With the arms exchanged, what the arms differ in must come out as outside."""
    other = {"atezolizumab": "docetaxel", "docetaxel": "atezolizumab"}
    swapped = {name: table.assign(arm=table["arm"].map(other)) for name, table in oak.tables.items()}
    table = as_table(compare_observed(oak, swapped))
    inside = {(row.endpoint, row.arm): row.inside for row in table.itertuples()}
    for endpoint in ("Median OS", "Median PFS", "Best response PD", "OS at 12 months"):
        for arm in ARMS:
            assert not inside[endpoint, arm], endpoint
    assert not inside["Hazard ratio OS", ""]
    assert inside["Objective response rate", "docetaxel"], "14 v 13 %: the response rates do not differ"


def test_the_comparison_notices_a_virtual_trial_that_lives_two_months_longer(oak: ObservedTrial) -> None:
    times = oak.time_to_event
    later = times.assign(time_days=times["time_days"] + 75.0 * (times["endpoint"] == "OS"))
    rows = compare_observed(oak, oak.tables | {"time_to_event": later})
    assert {row.endpoint for row in rows if row.inside is False} >= {"Median OS", "OS at 12 months"}
    assert all(row.inside for row in rows if "PFS" in row.endpoint)


def test_an_unconfirmed_published_figure_is_shown_but_never_judged(oak: ObservedTrial) -> None:
    published = {"arms": {"docetaxel": {"os_months": {"median": leaf(30.0, [29.0, 31.0], confirmed=False)}}}}
    (row,) = compare_published(summarise(oak.tables, ARMS), published)
    assert row.real == 30.0 and row.virtual == pytest.approx(9.63, abs=0.01)
    assert row.inside is None and row.confirmed is False
    published["arms"]["docetaxel"]["os_months"]["median"]["confirmed"] = True
    assert compare_published(summarise(oak.tables, ARMS), published)[0].inside is False


@pytest.mark.parametrize("open_end", [float("nan"), float("inf"), None])
def test_a_published_limit_that_was_not_reached_is_open(open_end: float | None) -> None:
    summary = {"arms": {"a": {"duration_of_response_months": {"median": 15.9, "ci": [13.1, 19.4]}}}}
    for low, expected in ((10.0, True), (16.0, False)):
        median = {"median": leaf(16.3, [low, open_end])}
        (row,) = compare_published(summary, {"arms": {"a": {"duration_of_response_months": median}}})
        assert row.inside is expected and row.real_ci == (low, None)


def test_a_file_with_one_arm_only_gives_no_hazard_ratio(oak: ObservedTrial) -> None:
    one = {name: table[table["arm"] == "docetaxel"] for name, table in oak.tables.items()}
    half = replace(oak, patients=one["patients"], time_to_event=one["time_to_event"])
    rows = compare_observed(half, oak.tables)
    assert len(rows) == 16 and {row.arm for row in rows} == {"docetaxel"}
