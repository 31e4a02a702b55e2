"""What a reader is told: a changed trial says so, later lines are not blamed on an arm, results are not overwritten."""

import json

import pytest

from unmask.errors import ConfigurationError
from unmask.survival.observed import read_observed
from unmask.trial.presentation import report_input
from unmask.trial.run import plan_trial, run_trial

OBSERVED = """arm,os_months,os_censored,pfs_months,pfs_censored,best_confirmed_response,baseline_sld_mm
atezolizumab,12,0,3,0,PR,60
atezolizumab,20,1,9,0,SD,40
docetaxel,9,0,2,0,PD,80
docetaxel,11,0,4,0,SD,55
"""


def test_a_changed_trial_says_so_and_a_smaller_one_does_not():
    changed = run_trial(
        plan_trial("oak", patients=20, settings=("follow_up.days=400", "parameters.max_kill_rate=9"))
    )
    page = report_input(changed)
    assert page.title.endswith(", changed")
    assert "follow_up.days=400; parameters.max_kill_rate=9" in page.subtitle
    assert "belong to the unchanged design" in page.design[0]
    assert "Changed from" not in changed.report()
    smaller = run_trial(plan_trial("oak", settings=("patients=20", "seed=3")))
    assert smaller.changes == ()
    assert "changed" not in report_input(smaller).title


def test_the_table_of_adverse_events_holds_related_ones_only():
    result = run_trial("oak", patients=150, seed=2)
    events = result.tables["adverse_events"]
    later = events[(events["arm"] == "atezolizumab") & (events["event"] == "neutrophil count decreased")]
    assert len(later) > 5  # docetaxel of the next line
    assert not later["related"].any()
    from unmask.report.tables import adverse_rows

    page = report_input(result)
    row = next(row for row in adverse_rows(page, page.arms) if row.event == "neutrophil count decreased")
    assert row.cells[0][0].startswith("0")


def test_results_are_not_overwritten_unasked_and_hold_the_comparison(tmp_path):
    file = tmp_path / "real.csv"
    file.write_text(OBSERVED)
    result = run_trial("oak", patients=20)
    real = read_observed(file, ["atezolizumab", "docetaxel"])
    result.write(tmp_path / "out", real)
    with pytest.raises(ConfigurationError) as refused:
        result.write(tmp_path / "out")
    assert refused.value.code == "store.exists"
    figures = json.loads((tmp_path / "out" / "summary.json").read_text())["observed"]["figures"]
    assert {"endpoint", "arm", "real", "real_ci", "virtual", "inside"} <= set(figures[0])
    result.write(tmp_path / "out", force=True)
    assert "observed" not in json.loads((tmp_path / "out" / "summary.json").read_text())


def test_a_small_run_warns_of_its_own_uncertainty():
    assert "read their intervals before a verdict" in run_trial("oak", patients=20).report()
