"""What the claims count, against numbers known by hand or from a closed form."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from unmask.claims.elimination import unmasked
from unmask.claims.estimates import difference, events_per_year, exactly, mean, median, share
from unmask.claims.hosts import Given, Hosts, Irradiated, every, follow, working_days
from unmask.claims.laboratory import Laboratory
from unmask.claims.long_term import rate_ratio
from unmask.claims.pseudoprogression import swelling, volumes
from unmask.claims.readout import difference_of_rates, first_shrinkage_weeks
from unmask.claims.regrowth import confirmed_shrinkage, first, regrown
from unmask.claims.run import as_document, run
from unmask.patients.random_streams import RandomStreams


@pytest.fixture(scope="module")
def hosts() -> Hosts:
    return Laboratory().healthy("nsclc", 30, seed=3)


def test_a_share_has_its_exact_interval() -> None:
    found = share(np.arange(10) < 3)  # 3 of 10: Clopper and Pearson give 0.0667 to 0.6525
    assert (found.value, found.n) == (0.3, 10)
    assert (found.low, found.high) == pytest.approx((0.0667, 0.6525), abs=5e-5)
    assert np.isnan(share([]).value)


def test_a_rate_has_its_exact_poisson_interval() -> None:
    found = events_per_year(10, 2.0)  # Garwood: 4.795 to 18.390 events
    assert (found.value, found.low, found.high) == pytest.approx((5.0, 4.795 / 2, 18.390 / 2), abs=5e-4)
    none = events_per_year(0, 1.0)
    assert (none.low, none.high) == pytest.approx((0.0, 3.689), abs=5e-4)


def test_resampling_has_the_width_of_the_normal_approximation() -> None:
    values = RandomStreams(1).normal("test", np.arange(400))
    found = mean(values, RandomStreams(1), "test")
    expected = 1.96 * values.std() / 20.0
    assert found.value == pytest.approx(values.mean())
    assert (found.high - found.low) / 2 == pytest.approx(expected, rel=0.12)
    assert mean(values, RandomStreams(1), "test") == found
    assert median(values, RandomStreams(1), "test").value == pytest.approx(np.median(values))


def test_a_difference_is_that_of_the_same_patients() -> None:
    before, after = np.array([1.0, 2.0, 3.0, np.nan]), np.array([2.0, 3.0, 4.0, 9.0])
    found = difference(after, before, RandomStreams(1), "test")
    assert (found.value, found.low, found.high, found.n) == (1.0, 1.0, 1.0, 3)


def test_independent_shares_differ_by_the_squared_and_added_limits() -> None:
    found = difference_of_rates(exactly(0.5, 10), exactly(0.2, 10))
    assert (found.value, found.low, found.high) == pytest.approx((0.3, 0.3, 0.3))
    one, other = share(np.arange(100) < 50), share(np.arange(100) < 20)
    wide = difference_of_rates(one, other)
    assert wide.low == pytest.approx(0.3 - np.hypot(0.5 - one.low, other.high - 0.2))


def test_the_ratio_of_two_death_rates() -> None:
    found = rate_ratio(20, 200.0, 40, 100.0)
    half_width = 1.96 * np.sqrt(1 / 20 + 1 / 40)
    assert (found.value, found.low) == pytest.approx((0.25, 0.25 * np.exp(-half_width)))


def test_regrowth_needs_a_fifth_and_five_millimetres_over_the_smallest() -> None:
    sld = np.array(
        [
            [100.0, 60.0, 71.0, 72.0],  # 72 is 20 % and 12 mm above 60
            [20.0, 15.0, 19.0, 20.0],  # 20 is a third, and just 5 mm above 15
            [100.0, 100.0, 100.0, 119.0],
            [10.0, 0.0, 4.0, 5.0],
        ]
    )
    assert first(regrown(sld)).tolist() == [3, 3, 4, 3]
    assert confirmed_shrinkage(np.array([[100.0, 70.0, 71.0, 60.0, 60.0]])).tolist() == [
        [False, False, False, True, False]
    ]


def test_first_shrinkage_is_counted_as_in_the_published_lesions() -> None:
    """Three measurements at least, up to the scan after the first progression."""
    scans = {
        1: [(-0.1, "SD"), (-0.4, "PR")],  # week 12
        2: [(-0.5, "PR")],  # only two measurements
        3: [(0.3, "PD"), (-0.4, "PR")],  # the scan after progression counts: week 12
        4: [(0.3, "PD"), (0.2, "PD"), (-0.4, "PR")],  # the second one does not
        5: [(-0.3, "PR"), (-0.2, "SD")],  # week 6, exactly 30 %
    }
    rows = [
        ("a", patient, 42.0 * number, change, verdict)
        for patient, seen in scans.items()
        for number, (change, verdict) in enumerate(seen, 1)
    ]
    columns = ["arm", "patient", "day", "change_from_baseline", "overall_response"]
    table = pd.DataFrame(reversed([*rows, ("b", 6, 42.0, -0.9, "PR")]), columns=columns)
    weeks = first_shrinkage_weeks(SimpleNamespace(tables={"assessments": table}), "a")  # type: ignore[arg-type]
    assert weeks.tolist() == [12.0, 12.0, 6.0]


def test_fractions_fall_on_working_days() -> None:
    assert working_days(7) == (0.0, 1.0, 2.0, 3.0, 4.0, 7.0, 8.0)
    assert every(21, 63) == (0.0, 21.0, 42.0)


def test_without_t_cells_a_small_tumour_grows_exponentially(hosts: Hosts) -> None:
    bare = unmasked(hosts).with_tumour(1.0).without_t_cells()
    seen = follow(bare, (0.0, 100.0, 200.0))
    cells, rate = seen["cancer_cells"], bare.parameter("net_growth_rate")
    slow = rate < 0.02  # far from the carrying capacity for all of the time
    assert slow.sum() > 10
    assert cells[slow, 2] == pytest.approx(np.exp(200.0 * rate[slow]), rel=2e-2)
    assert (seen["tumour_t_cells"] == 0.0).all()


def test_one_fraction_kills_by_the_linear_quadratic_model(hosts: Hosts) -> None:
    bare = hosts.with_tumour(1000.0).without_t_cells()
    seen = follow(bare, (0.0, 1e-6), irradiated=(Irradiated((0.0,), 2.0, 1.0),))["cancer_cells"]
    alpha, beta = bare.parameter("radiosensitivity_linear"), bare.parameter("radiosensitivity_quadratic")
    assert seen[:, 0] == pytest.approx(1000.0)  # day 0 is seen before what is done on it
    assert seen[:, 1] == pytest.approx(1000.0 * np.exp(-2.0 * alpha - 4.0 * beta), rel=1e-5)


def test_a_daily_drug_is_taken_until_it_ends(hosts: Hosts) -> None:
    taken = follow(hosts, (0.0, 30.0, 90.0), (Given("erlotinib", (0.0,), until=30.0),))
    assert (taken["targeted_central"][:, 1] > 0.0).all()
    assert (taken["targeted_central"][:, 2] < 1e-3 * taken["targeted_central"][:, 1]).all()
    assert (taken.end.parameter("targeted_daily_dose") == 0.0).all()
    assert (hosts.parameter("targeted_daily_dose") == 0.0).all()


def test_a_host_does_not_depend_on_those_beside_it(hosts: Hosts) -> None:
    tumour = hosts.with_tumour(500.0)
    given = (Given("nivolumab", every(14, 60), 3.0, "mg/kg"),)
    everybody = follow(tumour, (0.0, 60.0), given)["cancer_cells"]
    some = np.array([4, 17, 29])
    assert np.array_equal(follow(tumour.take(some), (0.0, 60.0), given)["cancer_cells"], everybody[some])


def test_swelling_is_growth_that_later_falls_and_its_parts_make_the_volume(hosts: Hosts) -> None:
    course = follow(hosts.with_tumour(500.0), (0.0, 1.0, 2.0, 3.0))
    sizes = np.tile([100.0, 100.0, 100.0, 100.0], (hosts.size, 1))
    sizes[0] = [100.0, 130.0, 90.0, 60.0]  # grows, then falls
    sizes[1] = [100.0, 60.0, 80.0, 60.0]  # a regrowth within a response is another thing
    sizes[2] = [100.0, 130.0, 140.0, 150.0]
    course["sld"][:] = sizes
    found = swelling(hosts, course)
    assert np.flatnonzero(found.happened).tolist() == [0]
    whole = volumes(hosts, course).sum(axis=0)
    floor = hosts.parameter("volume_floor")[:, None]
    assert whole + floor == pytest.approx(course["tumour_volume"], rel=1e-6)


def test_the_same_seed_gives_the_same_findings_whatever_the_threads() -> None:
    one, two = (as_document(run(only=("C1", "C2"), patients=40, workers=workers)) for workers in (1, 2))
    assert one == two
    other = as_document(run(only=("C1",), patients=40, seed=2))
    assert other["claims"][0]["measures"] != one["claims"][0]["measures"]
    # With few hosts the intervals are wide; what T cells do to a tumour that hides nothing is not in doubt.
    measures = one["claims"][0]["measures"]
    assert measures["immunogenic"]["value"] > 0.8
    assert measures["without_t_cells"]["value"] == 0.0
    assert set(one["claims"][1]["measures"]) >= {"all_lost", "treg_lost", "pdl1_positive"}


def test_files_are_written_and_not_overwritten(tmp_path: object) -> None:
    from pathlib import Path

    from unmask.errors import ConfigurationError

    out = Path(str(tmp_path)) / "claims"
    lines: list[str] = []
    run(only=("C1",), patients=30, out=out, report=lines.append)
    assert sorted(item.name for item in out.iterdir()) == ["claims.html", "claims.json"]
    assert lines[0].startswith("C1 ")
    with pytest.raises(ConfigurationError) as caught:
        run(only=("C1",), patients=30, out=out)
    assert caught.value.code == "store.exists"
    run(only=("C1",), patients=30, out=out, force=True)
