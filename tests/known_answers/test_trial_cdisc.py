"""The datasets of a virtual trial say what its summary says, and every format and schema holds them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times

from unmask.cdisc.dataset import Dataset
from unmask.cdisc.dataset_json import validate
from unmask.trial.cdisc import NAMES, datasets, write_cdisc
from unmask.trial.protocol import load_protocol
from unmask.trial.result import TrialResult
from unmask.trial.run import run_trial
from unmask.trial.virtual_calendar import arm_codes, study_name

DAYS_PER_MONTH = 30.4375


@pytest.fixture(scope="module")
def oak() -> TrialResult:
    return run_trial("oak", patients=30, seed=3)


@pytest.fixture(scope="module")
def made(oak: TrialResult) -> dict[str, Dataset]:
    return {dataset.name: dataset for dataset in datasets(oak)}


@pytest.fixture(scope="module")
def folder(oak: TrialResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trial") / "cdisc"
    written = write_cdisc(oak, out)
    assert len(written.files) == 4 * len(NAMES) + 1
    return out


def of(made: dict[str, Dataset], name: str, code: str, arm: str) -> pd.DataFrame:
    frame = made[name].frame
    if name == "ADRS":
        frame = frame[frame["PARCAT3"] != "iRECIST"]
    return frame[(frame["PARAMCD"] == code) & (frame["TRT01P"].str.lower() == arm)]


@pytest.mark.parametrize("arm", ["atezolizumab", "docetaxel"])
def test_responses_are_those_of_the_summary(oak: TrialResult, made: dict[str, Dataset], arm: str) -> None:
    summary = oak.summary["arms"][arm]
    confirmed = of(made, "ADRS", "CRSP", arm)
    assert len(confirmed) == summary["n"]
    assert (confirmed["AVALC"] == "Y").mean() == pytest.approx(summary["orr"])
    best = of(made, "ADRS", "CBOR", arm)["AVALC"].replace("MISSING", "NE").value_counts(normalize=True)
    assert best.to_dict() == pytest.approx(
        {word: share for word, share in summary["best_response"].items() if share}
    )
    visits = oak.tables["assessments"]
    mine = visits[visits["arm"] == arm]
    progressed = mine.loc[mine["overall_response"] == "PD", "patient"].nunique()
    assert (of(made, "ADRS", "PD", arm)["AVALC"] == "Y").sum() == progressed > 0
    assert len(of(made, "ADRS", "OVR", arm)) == len(mine)
    assert (of(made, "ADRS", "DEATH", arm)["AVALC"] == "Y").sum() == (
        of(made, "ADTTE", "OS", arm)["CNSR"] == 0
    ).sum()


@pytest.mark.parametrize("arm", ["atezolizumab", "docetaxel"])
@pytest.mark.parametrize(
    ("code", "key"), [("OS", "os_months"), ("PFS", "pfs_months"), ("IPFS", "ipfs_months")]
)
def test_times_are_those_of_the_summary(
    oak: TrialResult, made: dict[str, Dataset], arm: str, code: str, key: str
) -> None:
    summary = oak.summary["arms"][arm]
    rows = of(made, "ADTTE", code, arm)
    times = oak.tables["time_to_event"]
    endpoint = {"OS": "OS", "PFS": "PFS", "IPFS": "iPFS"}[code]
    mine = times[(times["arm"] == arm) & (times["endpoint"] == endpoint)]
    assert (rows["CNSR"] == 0).sum() == mine["event"].sum() > 0
    assert ((rows["ADT"] - rows["STARTDT"]).dt.days + 1 == rows["AVAL"]).all()
    months = (rows["AVAL"].to_numpy() - 1.0) / DAYS_PER_MONTH  # CDISC counts the first day as 1
    curve = KaplanMeierFitter().fit(months, rows["CNSR"].to_numpy() == 0)
    median = float(median_survival_times(curve.survival_function_))
    assert summary[key]["median"] == (pytest.approx(median) if np.isfinite(median) else None)


def test_events_point_to_records_of_the_same_date(made: dict[str, Dataset]) -> None:
    events, responses = made["ADTTE"].frame, made["ADRS"].frame
    wanted = events[(events["SRCDOM"] == "ADRS") & events["PARAMCD"].isin(["PFS", "IPFS", "TTR", "RSD"])]
    assert wanted["SRCSEQ"].notna().all()
    joined = wanted.merge(
        responses, left_on=["USUBJID", "SRCSEQ"], right_on=["USUBJID", "ASEQ"], validate="many_to_one"
    )
    assert len(joined) == len(wanted) > 50
    assert (joined["ADT_x"] == joined["ADT_y"]).all()


def test_sums_are_those_of_the_assessments(oak: TrialResult, made: dict[str, Dataset]) -> None:
    sums = made["ADTR"].frame.query("PARAMCD == 'SDIAM' and AVISIT != 'BASELINE'")
    visits = oak.tables["assessments"].sort_values(
        ["arm", "patient", "visit"], key=lambda c: c.astype(str) if c.name == "arm" else c
    )
    assert sums["AVAL"].tolist() == pytest.approx(visits["sld_mm"].tolist())
    assert sums["NADIR"].tolist() == pytest.approx(visits["nadir_mm"].tolist())
    assert (100 * visits["change_from_baseline"]).tolist() == pytest.approx(sums["PCHG"].tolist())
    progressed = (visits["overall_response"] == "PD").to_numpy()
    assert ((sums["PDFL"] == "Y").to_numpy() == progressed).all()


def test_the_calendar(oak: TrialResult, made: dict[str, Dataset]) -> None:
    subjects = made["ADSL"].frame
    start = pd.Timestamp("2020-01-01")
    assert (
        subjects["RANDDT"]
        .between(start, start + pd.Timedelta(days=oak.protocol.follow_up.accrual_days))
        .all()
    )
    assert subjects.groupby("SUBJID")["RANDDT"].nunique().max() == 1
    cut_off = start + pd.Timedelta(days=oak.protocol.follow_up.days)
    ongoing = subjects["EOSSTT"] == "ONGOING"
    assert ongoing.any()
    assert (subjects.loc[ongoing, "EOSDT"] == cut_off).all()
    assert (subjects["LSTALVDT"] <= cut_off).all()
    # The same virtual patient is randomised on one date in both arms of a paired trial.
    number = subjects["USUBJID"].str[-6:]
    assert subjects.groupby(number)["RANDDT"].nunique().max() == 1
    assert subjects["USUBJID"].iloc[0] == "UNMASK-OAK-ATEZOLIZUMAB-000000"


def test_sdtm_and_adam_agree(made: dict[str, Dataset]) -> None:
    tu, tr, rs = (made[name].frame for name in ("TU", "TR", "RS"))
    assert set(tu["TUSTRESC"]) == {"TARGET", "NON-TARGET", "NEW"}
    links = set(zip(tr["USUBJID"], tr["TRLNKID"], strict=True)) - {(name, None) for name in tr["USUBJID"]}
    assert links == set(zip(tu["USUBJID"], tu["TULNKID"], strict=True))
    assert set(rs["RSTESTCD"]) == {"TRGRESP", "NTRGRESP", "NEWLIND", "OVRLRESP", "BESTRESP"}
    assert set(rs["RSCAT"]) == {"RECIST 1.1", "iRECIST"}
    overall = rs[(rs["RSTESTCD"] == "OVRLRESP") & (rs["RSCAT"] == "RECIST 1.1")]
    adrs = made["ADRS"].frame.query("PARAMCD == 'OVR' and PARCAT3 == 'RECIST 1.1'")
    assert overall["RSSTRESC"].tolist() == adrs["AVALC"].tolist()
    assert set(made["DM"].frame["USUBJID"]) == set(made["ADSL"].frame["USUBJID"])


def test_every_file_is_valid_and_says_virtual(made: dict[str, Dataset], folder: Path) -> None:
    for name, dataset in made.items():
        file = folder / name.lower()
        content = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        validate(content)
        assert content["records"] == len(dataset.frame) == len(pd.read_parquet(file.with_suffix(".parquet")))
        frame, about = pyreadstat.read_xport(str(file.with_suffix(".xpt")))
        assert (about.table_name, about.file_label, len(frame)) == (name, dataset.label, len(dataset.frame))
        assert list(frame.columns) == list(dataset.frame.columns)
        assert "Virtual" in content["label"]
        assert "Simulated" in content["originator"]
    assert "Not for treatment decisions" in (folder / "README.txt").read_text(encoding="utf-8")


def test_arm_codes_are_short_plain_and_different() -> None:
    protocol = load_protocol("oak")[0]
    names = ["a" * 30, "a" * 31, "ß-1", "b 2"]
    arms = dict.fromkeys(names, protocol.arms["docetaxel"])
    codes = arm_codes(protocol.model_copy(update={"arms": arms}))
    assert list(codes.values()) == ["A" * 20, "A" * 17 + "_2", "1", "B_2"]
    assert len(study_name(protocol.model_copy(update={"name": "x" * 60}))) == 40
