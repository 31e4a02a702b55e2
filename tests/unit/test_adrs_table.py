"""One behaviour of ADRS at a time: which records count, what a record carries, other evaluators, refusals."""

import datetime

import pandas as pd
import pytest

from unmask.cdisc import adrs
from unmask.cdisc.dataset import Dataset
from unmask.errors import ConfigurationError, DataError
from unmask.response import Rules

ADMIRALONCO = Rules.preset("admiralonco")


def subjects(**columns):
    table = {"STUDYID": ["S"], "USUBJID": ["A"], "RANDDT": [pd.Timestamp(2020, 1, 1)]} | columns
    return pd.DataFrame(table)


def overall(*rows, subject="A"):
    """Rows of (date, response) and optionally a sequence number."""
    table = pd.DataFrame([(*row, n + 1)[:3] for n, row in enumerate(rows)], columns=["ADT", "AVALC", "RSSEQ"])
    return table.assign(USUBJID=subject, VISIT=[f"V{n}" for n in range(len(table))])


def derive(overall, subjects, rules=ADMIRALONCO, criteria="RECIST 1.1", parameters=None, **options):
    table = adrs.derive(overall, subjects, rules, criteria=criteria, **options)
    chosen = table if parameters is None else table[table["PARAMCD"].isin(parameters)]
    return chosen.reset_index(drop=True)


def derived(code, *rows, rules=ADMIRALONCO, criteria="RECIST 1.1", **options):
    who = options.pop("subjects", subjects())
    table = derive(overall(*rows), who, rules, criteria, **options)
    row = table[table["PARAMCD"] == code].iloc[0]
    return row["AVALC"], None if pd.isna(row["ADT"]) else str(row["ADT"].date())


def test_the_worst_record_of_a_date_counts():
    rows = [
        ("2020-03-01", "PR", 1),
        ("2020-03-01", "SD", 2),
        ("2020-03-01", "NE", 3),
        ("2020-04-01", "PR", 4),
    ]
    table = derive(overall(*rows), subjects(), ADMIRALONCO, parameters=["OVR"])
    assert table["ANL01FL"].tolist() == ["", "Y", "", "Y"]
    assert derived("BOR", *rows) == ("PR", "2020-04-01")
    assert derived("CBOR", *rows) == ("SD", "2020-03-01")


@pytest.mark.parametrize("word", ["CR", "PR", "SD", "NON-CR/NON-PD", "PD"])
def test_a_verdict_says_more_than_not_evaluable_on_the_same_date(word):
    for sequence in ((1, 2), (2, 1)):
        rows = [("2020-03-01", word, sequence[0]), ("2020-03-01", "NE", sequence[1])]
        table = derive(overall(*rows), subjects(), ADMIRALONCO, parameters=["OVR"])
        assert table.loc[table["ANL01FL"] == "Y", "AVALC"].tolist() == [word]


@pytest.mark.parametrize(("criteria", "kept"), [("RECIST 1.1", 2), ("iRECIST", 1)])
def test_of_two_equal_records_of_a_date_admiralonco_takes_the_last_or_the_first(criteria, kept):
    rows = [("2020-03-01", "PD", 1), ("2020-03-01", "PD", 2)]
    table = derive(overall(*rows), subjects(), ADMIRALONCO, criteria, parameters=["OVR"])
    assert table.loc[table["ANL01FL"] == "Y", "RSSEQ"].tolist() == [kept]


def test_records_before_randomisation_and_after_progression():
    rows = [("2019-12-01", "PD"), ("2020-03-01", "SD"), ("2020-04-01", "PD"), ("2020-05-01", "CR")]
    table = derive(overall(*rows), subjects(), ADMIRALONCO, parameters=["OVR", "PD", "BOR", "LSTA"])
    recorded = table[table["PARAMCD"] == "OVR"]
    assert recorded["ANL01FL"].tolist() == ["", "Y", "Y", "Y"]
    assert recorded["ANL02FL"].tolist() == ["Y", "Y", "Y", ""]
    assert recorded["ADY"].tolist() == [-31, 61, 92, 122]
    assert derived("PD", *rows) == ("Y", "2020-04-01")
    assert derived("BOR", *rows) == ("SD", "2020-03-01")
    assert derived("LSTA", *rows) == ("CR", "2020-05-01")


def test_the_last_assessment_is_adequate_by_default():
    rows = [("2020-03-01", "SD"), ("2020-04-01", "NE")]
    assert derived("LSTA", *rows) == ("NE", "2020-04-01")
    assert derived("LSTA", *rows, rules=Rules()) == ("SD", "2020-03-01")


def test_nobody_is_left_out_and_no_has_no_date():
    dates = [pd.Timestamp(2020, 1, 1), pd.Timestamp(2020, 1, 1), pd.NaT]
    who = pd.DataFrame({"STUDYID": "S", "USUBJID": ["A", "B", "C"], "RANDDT": dates})
    table = derive(overall(("2020-03-01", "PR"), subject="A"), who, ADMIRALONCO)
    per_subject = table[table["PARAMCD"] != "OVR"].groupby("USUBJID", sort=False).size()
    assert per_subject.to_dict() == {"A": 12, "B": 12, "C": 12}
    empty = table[table["AVALC"].isin(["N", "MISSING"])]
    assert empty["ADT"].isna().all()
    assert empty["VISIT"].isna().all()
    assert set(table.loc[table["USUBJID"] == "B", "AVALC"]) == {"N", "MISSING", ""}
    assert derive(overall().iloc[:0], who, ADMIRALONCO).shape[0] == 3 * 12


def test_without_any_assessment_it_is_missing_or_not_evaluable_by_rule():
    for rules, value in ((ADMIRALONCO, "MISSING"), (Rules(), "NE")):
        table = derive(overall().iloc[:0], subjects(), rules, parameters=["BOR"])
        assert (table["AVALC"][0], table["AVAL"][0]) == (value, {"MISSING": 7, "NE": 6}[value])


def test_a_derived_record_carries_its_assessment():
    rows = overall(("2020-02-20", "SD"), ("2020-04-30", "PR"), ("2020-06-01", "PR")).assign(
        ADTF=["", "D", ""]
    )
    row = derive(rows, subjects(), ADMIRALONCO).set_index("PARAMCD").loc["CBOR"]
    found = row["AVALC"], str(row["ADT"].date()), row["ADTF"], row["VISIT"], row["RSSEQ"]
    assert found == ("PR", "2020-04-30", "D", "V1", 2)


def test_no_evidence_of_disease_counts_for_its_own_best_response_only():
    rows = [("2020-04-01", "NED"), ("2020-05-01", "NED"), ("2020-06-01", "PD")]
    table = derive(overall(*rows), subjects(), ADMIRALONCO, parameters=["OVR"])
    assert table["AVALC"].tolist() == ["NED", "NED", "PD"]
    assert table["AVAL"].isna().tolist() == [True, True, False]
    assert derived("BOR", *rows) == ("PD", "2020-06-01")
    assert derived("A1BOR", *rows) == ("NED", "2020-04-01")
    assert derived("A1BOR", ("2020-02-11", "NED"))[0] == "MISSING"  # day 41
    assert derived("A1BOR", ("2020-02-12", "NED"))[0] == "NED"
    assert derived("A1BOR", ("2020-03-01", "PD"), ("2020-04-01", "NED"))[0] == "PD"


def test_late_progression_is_an_alternative_clinical_benefit():
    assert derived("CCB", ("2020-02-13", "PD")) == ("N", None)
    assert derived("ACCB", ("2020-02-13", "PD")) == ("Y", "2020-02-13")
    assert derived("ACCB", ("2020-02-12", "PD")) == ("N", None)  # more than 42 days, not 42


def test_a_relapse_after_complete_response_is_progression_by_rule():
    rows = [("2020-03-01", "CR"), ("2020-05-01", "SD"), ("2020-07-01", "SD")]
    assert derived("PD", *rows) == ("N", None)
    assert derived("PD", *rows, rules=Rules.preset("eisenhauer2009")) == ("Y", "2020-05-01")


def test_death_and_measurable_disease_come_from_their_own_sources():
    who = subjects(DTHDT=[pd.Timestamp(2020, 9, 9)])
    assert derived("DEATH", ("2020-03-01", "SD"), subjects=who) == ("Y", "2020-09-09")
    assert derived("MDIS", ("2020-03-01", "SD"), measurable=["A"]) == ("Y", None)
    codes = set(derive(overall(("2020-03-01", "SD")), subjects(), ADMIRALONCO)["PARAMCD"])
    assert not codes & {"DEATH", "MDIS"}


def test_numbers_of_irecist_run_the_other_way():
    rows = [("2020-03-01", "iPR"), ("2020-05-01", "iPR")]
    table = derive(overall(*rows), subjects(), ADMIRALONCO, "iRECIST").set_index("PARAMCD")
    assert table.loc["IBOR", "AVAL"] == table.loc["ICBOR", "AVAL"] == 5
    assert set(table["PARCAT3"].dropna()) == {"iRECIST"}


def test_the_date_of_irecist_progression_is_that_of_its_first_iupd():
    rows = [("2020-03-01", "iUPD"), ("2020-04-01", "NE"), ("2020-05-01", "iCPD")]
    assert derived("ICPD", *rows, criteria="iRECIST") == ("Y", "2020-03-01")
    assert derived("IBOR", *rows, criteria="iRECIST") == ("iCPD", "2020-03-01")
    assert derived("IUPD", *rows, criteria="iRECIST") == ("N", None)


def test_recist_words_before_the_first_progression_are_read_in_irecist():
    rows = [("2020-03-01", "PR"), ("2020-05-01", "PD"), ("2020-07-01", "iPR")]
    assert derived("IBOR", *rows, criteria="iRECIST") == ("iPR", "2020-03-01")
    assert derived("IUPD", *rows[:2], criteria="iRECIST") == ("Y", "2020-05-01")


def test_central_review_has_its_own_code_and_name():
    table = derive(overall(("2020-03-01", "SD")), subjects(), ADMIRALONCO, evaluator="BICR").set_index(
        "PARAMCD"
    )
    assert table.loc["OVRB", "PARAM"] == "Overall Response by BICR"
    assert table.loc["BOR", "PARCAT2"] == "Blinded Independent Central Review"
    immune = derive(overall(("2020-03-01", "iSD")), subjects(), ADMIRALONCO, "iRECIST", evaluator="BICR")
    assert "IOVRB" in set(immune["PARAMCD"])


def test_dates_may_be_dates():
    for when in (datetime.date(2020, 3, 1), pd.Timestamp(2020, 3, 1), "2020-03-01"):
        table = overall(("2020-03-01", "SD")).assign(ADT=pd.Series([when], dtype=object))
        found = derive(table, subjects(), ADMIRALONCO, parameters=["BOR"])
        assert str(found["ADT"][0].date()) == "2020-03-01"


def test_it_fits_the_description_of_the_dataset():
    rows = overall(("2020-03-01", "SD"), ("2020-04-30", "PR"), ("2020-06-01", "PD"))
    table = derive(rows, subjects())
    assert Dataset.of("ADRS", table).frame.shape[0] == len(table)


def test_unconfirmed_response_is_no_control_of_disease_by_option():
    rows = [("2020-03-01", "PR"), ("2020-05-01", "PD")]
    assert derived("CCB", *rows) == ("Y", "2020-03-01")
    assert derived("CCB", *rows, rules=Rules(response_counts_as_stable=False)) == ("N", None)


def test_early_progression_is_no_matter_of_irecist():
    rows = [("2020-01-20", "iUPD"), ("2020-02-10", "iCPD")]
    assert derived("IBOR", *rows, criteria="iRECIST", rules=Rules(early_progression="NE"))[0] == "iCPD"


def test_nothing_after_confirmed_progression_is_an_irecist_response():
    rows = [("2020-03-01", "iUPD"), ("2020-05-01", "iCPD"), ("2020-07-01", "iPR")]
    rules = Rules(progression_ends_assessment=False)  # an option of RECIST 1.1
    for code in ("IRSP", "ICB"):
        assert derived(code, *rows, criteria="iRECIST", rules=rules) == ("N", None)


@pytest.mark.parametrize(
    ("table", "who", "words"),
    [
        (overall(("2020-03-01", "SD")).drop(columns="AVALC"), subjects(), ("AVALC", "Overall responses")),
        (overall(("2020-03-01", "SD")), subjects().drop(columns="RANDDT"), ("RANDDT", "Subjects")),
        (overall(("2020-03-01", "SD"), subject="Z"), subjects(), ("'Z'", "record 1")),
        (overall(("2020-03-01", "SD")), pd.concat([subjects(), subjects()]), ("'A'", "twice")),
        (overall(("2020-03-01", "CHECK")), subjects(), ("'CHECK'", "subject A")),
    ],
)
def test_tables_that_cannot_be_used_are_named(table, who, words):
    with pytest.raises(DataError) as caught:
        derive(table, who)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(
    ("options", "word"), [({"criteria": "WHO"}, "'WHO'"), ({"evaluator": "the site"}, "'the site'")]
)
def test_wrong_options_are_named(options, word):
    with pytest.raises(ConfigurationError, match=word):
        derive(overall(("2020-03-01", "SD")), subjects(), **options)


def test_every_parameter_has_a_code_of_its_own_and_every_rule_is_used():
    both = [adrs.parameters()["parameter"], adrs.parameters()["immune_parameter"]]
    for items in both:
        codes = [item["paramcd"] for item in items]
        assert len(set(codes)) == len(codes)
        assert max(map(len, codes)) <= 8
    own = {"death", "last assessment", "measurable disease"}
    assert {item["rule"] for items in both for item in items} == set(adrs._RULES) | own
