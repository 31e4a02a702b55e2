"""What a trial says of its patients, derived a second time from its own scans, patient by patient in plain loops."""

import math

import pandas as pd
import pytest

from unmask.trial.run import run_trial

BENEFIT = ("iCR", "iPR", "iSD", "NON-iCR/NON-iUPD")


@pytest.fixture(scope="module")
def oak():
    return run_trial("oak", patients=400, seed=5)


@pytest.fixture(scope="module")
def courses(oak):
    """(arm, patient) -> list of scans before any other therapy, as records."""
    scans = oak.tables["assessments"].sort_values(["arm", "patient", "visit"]).astype({"arm": str})
    before = scans[~scans["subsequent_therapy"]]
    return {key: group.to_dict("records") for key, group in before.groupby(["arm", "patient"])}


def immune_progression(course):
    """Day of the progression that counts by iRECIST: the first iUPD of the block that is confirmed or still open."""
    since = math.nan
    for scan in course:
        response = str(scan["irecist_response"])
        if response in ("iUPD", "iCPD") and math.isnan(since):
            since = scan["day"]
        if response == "iCPD":
            return since
        if response in BENEFIT:
            since = math.nan
    return since


def test_later_therapy_never_undoes_an_immune_progression(oak, courses):
    patients = oak.tables["patients"]
    treated_later = 0
    for row in patients.itertuples():
        course = courses.get((str(row.arm), row.patient), [])
        expected = immune_progression(course)
        assert row.ipfs_day == pytest.approx(expected, nan_ok=True), (row.arm, row.patient)
        treated_later += bool(course) and str(course[-1]["irecist_response"]) == "iUPD"
    assert treated_later > 50  # the rule was really at stake


def test_pseudoprogression_and_its_kind(oak, courses):
    patients = oak.tables["patients"]
    found = 0
    for row in patients.itertuples():
        course = courses.get((str(row.arm), row.patient), [])
        responses = [str(scan["irecist_response"]) for scan in course]
        until = responses.index("iCPD") if "iCPD" in responses else len(responses)
        responded = [n for n, response in enumerate(responses[:until]) if response in ("iPR", "iCR")]
        progressed = [n for n, response in enumerate(responses[:until]) if response == "iUPD"]
        fresh = bool(progressed) and bool(responded) and progressed[0] < responded[0]
        assert row.pseudoprogression == fresh
        assert row.pseudoprogression_kind == (str(course[progressed[0]]["criterion"]) if fresh else "")
        later = [n for n in responded if progressed and n > progressed[0]]
        assert row.pseudoprogression_within_response == (bool(later) and not fresh)
        found += fresh
    assert found >= 5
    for arm, summary in oak.summary["arms"].items():
        share = patients.loc[patients["arm"] == arm, "pseudoprogression"].mean()
        assert summary["pseudoprogression"] == pytest.approx(share)
        assert sum(summary["pseudoprogression_kinds"].values()) == pytest.approx(share)


def test_first_shrinkage_counts_every_patient_who_ever_shrank(oak):
    scans = oak.tables["assessments"]
    for arm, summary in oak.summary["arms"].items():
        mine = scans[(scans["arm"] == arm) & (scans["sld_mm"] <= 0.7 * scans["baseline_sld_mm"] + 1e-9)]
        weeks: pd.Series = mine.groupby("patient")["day"].min() / 7.0
        assert summary["first_shrinkage_weeks"]["n"] == len(weeks)
        assert summary["first_shrinkage_weeks"]["after_week_16"] == pytest.approx((weeks > 16).mean())


@pytest.mark.parametrize(
    ("trial", "arm", "modelled"),
    [
        ("checkmate-025", "everolimus", False),
        ("checkmate-066", "dacarbazine", True),
        ("checkmate-025", "nivolumab", True),
    ],
)
def test_side_effects_that_are_not_modelled_are_unknown_not_none(trial, arm, modelled):
    result = run_trial(trial, patients=60, seed=1, settings=("follow_up.days=400",))
    assert (result.summary["arms"][arm]["grade3plus_related"] is not None) == modelled
    events = result.tables["adverse_events"]
    if not modelled:
        assert not (events["event"].astype(str) == "neutrophil count decreased").any()
