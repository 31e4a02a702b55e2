"""Every claim can come out "does not hold": its experiment is run in a world that is broken where the claim looks.

A verdict that no world could change would say nothing. What is broken: the parameters of the hosts, settings of the
trials, or the record of a trial. Most are refuted outright; where nothing at all happens the interval of a difference
spans zero, and the line says that it is undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd
import pytest

from unmask.claims import blockade, experiments
from unmask.claims.claim import Outcome, Verdict, judge
from unmask.claims.elimination import MASKS
from unmask.claims.hosts import Given, Hosts
from unmask.claims.laboratory import Laboratory
from unmask.trial.result import TrialResult

Tables = Mapping[str, pd.DataFrame]
# The least that the ranges of the tumour types allow.
NO_KILLING = (
    "parameters.max_kill_rate=0.5",
    "parameters.extravasation_rate=1e-5",
    "parameters.naive_precursors=0.001",
)


@dataclass
class Broken(Laboratory):
    """A laboratory whose hosts have other parameters, whose trials other settings or other records."""

    of_hosts: Mapping[str, float] = field(default_factory=dict)
    of_trials: tuple[str, ...] = ()
    record: Callable[[Tables], Tables] = lambda tables: tables

    def patients(self, tumour_type: str, count: int, seed: int) -> Hosts:
        return super().patients(tumour_type, count, seed).with_parameters(**self.of_hosts)

    def healthy(self, tumour_type: str, count: int, seed: int) -> Hosts:
        return super().healthy(tumour_type, count, seed).with_parameters(**self.of_hosts)

    def trial(self, name: str, patients: int, seed: int, settings: tuple[str, ...] = ()) -> TrialResult:
        result = super().trial(name, patients, seed, (*settings, *self.of_trials))
        return replace(result, tables=self.record(result.tables))


def verdict(identity: str, laboratory: Laboratory, patients: int) -> tuple[Verdict, list[Outcome]]:
    """Return the verdict and the essential conditions that were missed and are not open."""
    claim = experiments.stated(identity)
    measured = experiments.experiment(identity)(laboratory, claim, patients, 1)
    found, outcomes = judge(claim, measured.estimates)
    return found, [item for item in outcomes if item.criterion.essential and not (item.met or item.open)]


def no_events(tables: Tables) -> Tables:
    return {**tables, "adverse_events": tables["adverse_events"].iloc[:0]}


def all_severe(tables: Tables) -> Tables:
    return {**tables, "adverse_events": tables["adverse_events"].assign(grade=4)}


def one_drug_for_all(tables: Tables) -> Tables:
    people = tables["patients"]
    days = people[people["arm"] == "nivolumab"].set_index("patient")["death_day"]
    return {**tables, "patients": people.assign(death_day=people["patient"].map(days))}


def shrink_at_once(tables: Tables) -> Tables:
    scans = tables["assessments"]
    return {**tables, "assessments": scans.assign(change_from_baseline=-0.5)}


@pytest.mark.parametrize(
    ("identity", "laboratory", "patients"),
    [
        pytest.param("C1", Broken(of_hosts={"max_kill_rate": 0.0}), 60, id="C1: T cells that do not kill"),
        pytest.param("C2", Broken(of_hosts=dict.fromkeys(MASKS, 0.0)), 60, id="C2: a tumour without tricks"),
        pytest.param(
            "C3",
            Broken(of_hosts={"anti_pd1_max_occupancy": 0.01}),
            60,
            id="C3: an antibody that hardly binds",
        ),
        pytest.param("C5", Broken(of_trials=NO_KILLING), 100, id="C5: T cells that do not kill"),
        pytest.param("C7", Broken(record=shrink_at_once), 100, id="C7: all shrink at the first scan"),
        pytest.param("C8", Broken(of_trials=NO_KILLING), 150, id="C8: T cells that do not kill"),
        pytest.param("C9", Broken(of_hosts={"memory_fraction": 0.0}), 150, id="C9: no memory"),
        pytest.param(
            "C10",
            Broken(
                of_hosts={
                    "chemo_resistant_sensitivity": 1.0,
                    "radioresistant_sensitivity": 1.0,
                    "targeted_resistant_sensitivity": 1.0,
                }
            ),
            60,
            id="C10: resistant clones that are not",
        ),
        pytest.param("C11", Broken(record=no_events), 100, id="C11: no side effects"),
        pytest.param("C12", Broken(record=all_severe), 60, id="C12: every event severe"),
        pytest.param("C13", Broken(of_trials=NO_KILLING), 60, id="C13: nobody responds"),
        pytest.param("C14", Broken(record=one_drug_for_all), 100, id="C14: options that do not differ"),
    ],
)
def test_a_claim_is_refuted_where_it_is_false(identity: str, laboratory: Laboratory, patients: int) -> None:
    found, refuted = verdict(identity, laboratory, patients)
    assert found == "does not hold"
    assert refuted


@pytest.mark.parametrize("identity", ["C4", "C6"])
def test_a_claim_about_a_difference_does_not_hold_where_there_is_none(identity: str) -> None:
    assert verdict(identity, Broken(of_trials=NO_KILLING), 60)[0] == "does not hold"


def test_a_drug_that_kills_cancer_cells_itself_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    poison = ("docetaxel in its name", (Given("docetaxel", (0.0, 21.0)),))
    monkeypatch.setitem(blockade.REGIMENS, "anti_pdl1", poison)
    _, refuted = verdict("C3", Laboratory(), 40)
    assert "direct_effect" in [item.criterion.measure for item in refuted]


def test_blockade_that_selects_resistant_cells_is_noticed() -> None:
    """Resistance to direct therapy that also hides from T cells would be selected by blockade: C10 looks at that."""
    world = Broken(of_hosts={"max_kill_rate": 0.0, "resistance_cost": -1.0})
    _, refuted = verdict("C10", world, 60)
    assert "checkpoint_change" in [item.criterion.measure for item in refuted]
