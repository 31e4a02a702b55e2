"""SDTM tumour domains of pharmaversesdtm, read from ../shared: the derived responses against those recorded there."""

import datetime
import json
from pathlib import Path

import pandas as pd
import pytest

from unmask.cdisc.reading import read_dataset
from unmask.cdisc.responses import read_responses
from unmask.cdisc.tumour_domains import read_tumours
from unmask.response import Response, Rules
from unmask.response.assess import assess
from unmask.response.lesions import arrange

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "response"
SDTM = VECTORS / "pharmaversesdtm"
EVALUATORS = ("INVESTIGATOR", "RADIOLOGIST 1", "RADIOLOGIST 2")


def shared(name):
    path = VECTORS / name
    if not path.is_file():
        pytest.skip(f"{name} is not at hand (../shared)")
    return path


def start_dates():
    dm = read_dataset(shared("pharmaversesdtm/dm_min.csv"))
    known = zip(dm["USUBJID"], dm["RFSTDTC"], strict=True)
    return {subject: datetime.date.fromisoformat(date) for subject, date in known if date}


def derived(tu, tr, evaluator, rules):
    """(patient, VISITNUM) -> target and overall response of each day on which the visit has examinations."""
    read = read_tumours(tu, tr, evaluator=evaluator, start_dates=start_dates())
    table = arrange(Path(tr), read, rules=rules)
    verdicts = table.judged(rules)
    found = {}
    for n, patient in enumerate(table.patients):
        for v in verdicts.exists[n].nonzero()[0]:
            visit = table.visit_names[patient, verdicts.day[n, v]][0]
            codes = Response(int(verdicts.target[n, v])).label, Response(int(verdicts.overall[n, v])).label
            found.setdefault((patient, visit), []).append(codes)
    return found


def of_evaluator(table, evaluator):
    return table[(table["RSEVAL"] == evaluator) | (table["RSEVALID"] == evaluator)]


def differences(rules, expected, column):
    tu, tr = shared("pharmaversesdtm/tu_onco_recist.csv"), shared("pharmaversesdtm/tr_onco_recist.csv")
    compared, found = 0, []
    for evaluator in EVALUATORS:
        responses = derived(tu, tr, evaluator, rules)
        for row in of_evaluator(expected, evaluator).itertuples():
            compared += 1
            visit = row.USUBJID, row.VISITNUM.removesuffix(".0")
            [(_, ours)] = responses[visit]
            if ours != getattr(row, column):
                found.append((evaluator, *visit, getattr(row, column), ours))
    assert compared == 66
    return found


REAPPEARED = ("RADIOLOGIST 2", "01-701-1133", "4", "PR", "PD")
"""A target of 4.95 mm after a complete response: under the 5 mm of growth, so PD only as a reappearance."""


@pytest.mark.parametrize(
    ("rules", "different"),
    [
        (Rules(reappearance="never"), []),
        (Rules.preset("eisenhauer2009"), [REAPPEARED]),
        (Rules(), [REAPPEARED]),
    ],
    ids=["never", "eisenhauer2009", "default"],
)
def test_overall_responses_as_recorded_by_each_evaluator(rules, different):
    recorded = read_dataset(shared("pharmaversesdtm/rs_onco_recist.csv"))
    assert differences(rules, recorded, "RSSTRESC") == different


def test_overall_responses_as_an_independent_recomputation_has_them():
    own = read_dataset(shared("derived/check_rs_onco_recist_by_evaluator_nadir.csv"))
    assert differences(Rules.preset("eisenhauer2009"), own, "OVR") == []


def test_messy_data_as_an_independent_recomputation_has_them(tmp_path):
    """The recomputation sums the results called DIAMETER, so that the other axes are left out here, too."""
    tr = read_dataset(shared("pharmaversesdtm/tr_onco.csv.gz"))
    path = tmp_path / "tr.csv"
    tr[~tr["TRTESTCD"].isin(["LDIAM", "LPERP"])].to_csv(path, index=False)
    own = read_dataset(shared("derived/tr_onco_recomputed_by_rules.csv"))
    rules = Rules(reappearance="after target CR", ongoing_partial_response=False)
    compared, different = 0, []
    for evaluator in EVALUATORS:
        responses = derived(shared("pharmaversesdtm/tu_onco.csv"), path, evaluator, rules)
        for row in of_evaluator(own, evaluator).itertuples():
            compared += 1
            if (row.T, row.OVR) not in responses[row.USUBJID, row.VISITNUM.removesuffix(".0")]:
                different.append((evaluator, row.USUBJID, row.VISITNUM))
    assert compared == 1896
    # Visit 9.3 was nine days before 9.2: the recomputation goes by VISITNUM, here the nadir is what came before in
    # time.
    assert different == [("INVESTIGATOR", "01-701-1153", "9.3")]


def test_messy_data_go_through_with_named_findings():
    files = [shared(f"pharmaversesdtm/{name}") for name in ("tu_onco.csv", "tr_onco.csv.gz", "dm_min.csv")]
    summary = assess(files).summary
    assert summary["patients_assessed"] == 254
    rows = summary["rows"]
    assert rows["read"] == rows["used"] + rows["superseded_baselines"] + rows["left_out"] == 8908
    assert summary["problems"] == {
        "small_target": 384,
        "patient_no_follow_up": 49,
        "days_disordered": 20,
        "date_imputed": 5,
        "visit_apart": 1,
        "file_patients_without_lesions": 1,
    }
    assert sum(summary["records_not_rows"].values()) + rows["read"] == 55995
    assert assess(files, strict=True).summary["patients_assessed"] > 0


def test_the_three_formats_give_the_same(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    tables = {}
    for name in ("tu", "tr", "rs"):
        frame = read_dataset(shared(f"pharmaversesdtm/{name}_onco_recist.csv"))
        for column in frame.columns:
            if column.endswith(("SEQ", "NUM", "STRESN")):
                frame[column] = pd.to_numeric(frame[column])
        tables[name] = frame
    for kind in ("csv", "xpt", "json"):
        (tmp_path / kind).mkdir()
        for name, frame in tables.items():
            path = tmp_path / kind / f"{name}.{kind}"
            if kind == "csv":
                frame.to_csv(path, index=False)
            elif kind == "xpt":
                pyreadstat.write_xport(frame, str(path), file_format_version=5, table_name=name.upper())
            else:
                path.write_text(json.dumps(dataset_json(frame)), encoding="utf-8")
    results = {
        kind: assess(
            tmp_path / kind,
            patients=shared("pharmaversesdtm/dm_min.csv"),
            evaluator="RADIOLOGIST 2",
            rules=Rules(reappearance="never"),
        )
        for kind in ("csv", "xpt", "json")
    }
    for kind in ("xpt", "json"):
        pd.testing.assert_frame_equal(results[kind].visits, results["csv"].visits)
        found = [[str(p) for p in results[k].problems] for k in (kind, "csv")]
        assert found[0] == found[1]
    for result in results.values():
        assert result.summary["recorded_responses"] == {"compared": 22, "agreeing": 22}
        assert result.comparison.disagreements.empty


def dataset_json(frame):
    kinds = ["float" if frame[name].dtype.kind in "if" else "string" for name in frame.columns]
    cells = frame.astype(object).where(frame.notna(), None)
    return {
        "datasetJSONVersion": "1.1.0",
        "columns": [
            {"itemOID": f"IT.{name}", "name": name, "label": name, "dataType": kind}
            for name, kind in zip(frame.columns, kinds, strict=True)
        ],
        "rows": cells.to_numpy().tolist(),
    }


def test_recorded_responses_by_category_and_evaluator():
    plain = read_responses(shared("pharmaversesdtm/rs_onco.csv"), evaluator="RADIOLOGIST 1")
    assert (len(plain), plain["USUBJID"].nunique()) == (633, 205)
    accepted = read_responses(shared("pharmaversesdtm/rs_onco.csv"), evaluator="accepted")
    assert accepted["AVALC"].tolist() == plain["AVALC"].tolist()
    immune = read_responses(shared("pharmaversesdtm/rs_onco_irecist.csv"), category="iRECIST")
    assert len(immune) == 75
    assert set(immune["AVALC"]) >= {"iCR", "iPR", "iSD", "iUPD", "iCPD"}
    partial = immune[immune["ADTF"] == "D"]
    assert datetime.date(2013, 8, 31) in set(partial["ADT"])
