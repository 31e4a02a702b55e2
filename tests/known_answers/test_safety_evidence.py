"""Every published figure that was read in its source is compared with, or left out for a stated reason."""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path

import pytest

from unmask.safety.comparators import PublishedRate, published_rates
from unmask.safety.event_kinds import safety_data
from unmask.safety.timing import published_times

EVIDENCE = Path(__file__).resolve().parents[3] / "shared" / "evidence"
pytestmark = pytest.mark.skipif(not EVIDENCE.exists(), reason="the shared evidence is not there")

NO_PROCESS = "the model has no such event; it is part of 'other treatment-related event' and of the total"
COMPARED_AS = {
    "any TRAE": "any",
    "any TRAE G3-4": "any",
    "all irAE (as in that table)": "any",  # as high as totals of all treatment-related events: published.toml
    "any irAE": "immune-related in an organ",
    "TRAE leading to discontinuation": "discontinuation",
    "discontinuation for irAE": "discontinuation",
    "treatment-related death": "fatal",
    "diarrhoea/colitis": "diarrhoea or colitis",
    "arthralgia": "arthritis",
    "neutrophil count decreased": "neutropenia",  # two words for one finding, added
    "platelet count decreased": "thrombocytopenia",
}
TRIALS = {"CheckMate 066 3-y": "CheckMate 066 after 3 years", "meta-analysis 22 trials": "22 trials"}
LEFT_OUT = {  # (trial, class, event), each a pattern: why nothing stands beside it
    ("ATTRACTION-3", ".*", ".*"): "oesophageal cancer: no such tumour type; events of any cause, two taxanes pooled",
    ("CheckMate 026", ".*", "serious TRAE"): "serious is not a grade",
    ("CheckMate 026", "anti-PD-1", "nausea|decreased appetite|vomiting|constipation|anaemia|asthenia"): NO_PROCESS,
    ("CheckMate 026", "anti-PD-1", "thrombocytopenia|platelet.*|neutro.*"): NO_PROCESS,
    ("CheckMate 026", "chemotherapy", "decreased appetite|rash|constipation|asthenia"): NO_PROCESS,
    ("CheckMate 914", ".*", "adrenal insufficiency|diabetes mellitus|thyroiditis"): NO_PROCESS,
    ("CheckMate 76K", "anti-PD-1", "nausea|ALT increased|AST increased"): NO_PROCESS,
    ("CheckMate 76K", "placebo", ".*"): "nothing is modelled under placebo: every event is the drug's",
    ("meta-analysis 21 trials", ".*", ".*"): "serious is not a grade; its deaths stand as 'fatal', 21 trials",
    ("meta-analysis 11 trials", ".*", ".*"): "serious is not a grade; two antibodies, many doses",
    ("fatal irAE meta-analysis", ".*", ".*"): "a range over classes: published.toml [fatal]",
}  # fmt: skip


def lines(name: str) -> list[dict[str, str]]:
    with (EVIDENCE / name).open(encoding="utf-8") as file:
        return [line for line in csv.DictReader(file) if line["read_in_source"] == "yes"]


def left_out(line: dict[str, str]) -> bool:
    fields = (line["trial"], line["class"], line["event"])
    return any(all(map(re.fullmatch, patterns, fields)) for patterns in LEFT_OUT)


DRUGS = {
    "platinum doublet": {"cisplatin", "pemetrexed"},
    "nivolumab+ipilimumab": {"nivolumab", "ipilimumab"},
    "nivo + ipi 1 mg/kg": {"nivolumab", "ipilimumab 1 mg/kg"},
}


def beside(line: dict[str, str], severe: bool) -> list[PublishedRate]:
    """The published rates that stand for a line of the evidence."""
    drugs = DRUGS.get(line["drug"], {line["drug"].split(" ")[0]})
    trial, event = TRIALS.get(line["trial"], line["trial"]), COMPARED_AS.get(line["event"], line["event"])
    return [
        rate
        for rate in published_rates()
        if (rate.trial, rate.drugs, rate.event, rate.severe) == (trial, frozenset(drugs), event, severe)
    ]


def test_every_rate_that_was_read_is_used_or_left_out_for_a_reason() -> None:
    used = 0
    sums = {"neutropenia": (32, 19), "thrombocytopenia": (27, 11)}  # CheckMate 026, two terms of the doublet
    for line in lines("toxicity.csv"):
        if left_out(line):
            continue
        for column, severe in (("any_grade", False), ("grade3plus", True)):
            if not line[column]:
                continue
            found = beside(line, severe)
            remembered = line["trial"] == "CheckMate 017" and not severe  # "any grade recalled"
            no_grade = line["event"] in ("TRAE leading to discontinuation", "discontinuation for irAE")
            meta = line["trial"] == "meta-analysis 22 trials" and severe  # "24 % recalled"
            if remembered or meta:
                assert found == []
                continue
            assert len(found) == 1, (line["trial"], line["drug"], line["event"], severe)
            expected = float(line[column])
            if line["trial"] == "CheckMate 026" and found[0].event in sums:
                expected = sums[found[0].event][severe]
            assert 100 * found[0].share == pytest.approx(expected), line
            assert found[0].confirmed
            assert found[0].size == float(line["n"])
            used += not (no_grade and severe)
    assert used >= 90


def test_nothing_counts_as_read_that_was_not() -> None:
    read = {line["trial"] for line in lines("toxicity.csv")}
    names = {TRIALS.get(name, name) for name in read} | {"21 trials", "22 trials"}
    for rate in published_rates():
        if rate.confirmed:
            assert rate.trial.split(", ")[-1] in names, rate
        assert math.isfinite(rate.share)


def test_every_time_that_was_read_is_used_or_left_out_for_a_reason() -> None:
    published = {time.weeks for time in published_times() if time.confirmed}
    for line in lines("irae_timing.csv"):
        unnamed = line["class"].startswith("ICI regimen (unnamed")  # which drug is not known
        over_organs = line["event"] == "all organs"  # a range over organs
        not_a_median = line["metric"].startswith("share") or line["metric"] == "usual onset"
        no_interval = line["event"] == "all irAE (pooled phase II)" and line["metric"] == "median resolution"
        elsewhere = (
            line["event"] == "fatal irAE" or line["class"] == "ICI in IBD"
        )  # [fatal] and [[autoimmune]]
        if not (unnamed or over_organs or not_a_median or no_interval or elsewhere):
            assert float(line["value"]) in published, line
    fatal = safety_data("published")["fatal"]
    assert (fatal["median_days_monotherapy"], fatal["median_days_combination"]) == (40, 14.5)


def test_every_figure_of_the_three_diseases_that_was_read_is_used() -> None:
    used = {
        (block["disease"], row["what"], row["value"])
        for block in safety_data("published")["autoimmune"]
        for row in block["figures"]
    }
    values = {(name, value) for name, _, value in used}
    names = {
        "rheumatoid arthritis": "rheumatoid arthritis",
        "psoriasis": "psoriasis",
        "any autoimmune": "all three",
        "IBD (half Crohn, half ulcerative colitis)": "Crohn's disease",
    }
    outcome = {"response rate", "colonic perforation", "GI death"}  # no process of the safety desk, or nobody
    for line in lines("autoimmune.csv"):
        if line["disease"] not in names or line["metric"] in outcome:
            continue
        value = 2.4 if line["metric"] == "deaths from adverse events" else float(line["value"])  # 3 of 123
        name = "none" if "without IBD" in line["metric"] else names[line["disease"]]
        assert (name, value) in values, line
