"""Lesions that split, coalesce, are doubtful or grow a little, from the file to the verdict."""

import numpy as np
import pytest

from unmask.response import ImmuneResponse, Response, Rules, outcomes
from unmask.response.lesions import read_lesions

HEADER = "patient,day,lesion,diameter_mm,kind,state,part_of,merged_into"


@pytest.fixture
def read(tmp_path):
    def read(*lines, header=HEADER, **options):
        path = tmp_path / "lesions.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        table = read_lesions(path, **options)
        assert table.rows_read == table.rows_used + table.rows_superseded + table.rows_left_out
        return table

    return read


def errors(table):
    return {(p.row, p.code) for p in table.problems if p.severity == "error"}


def overall(table):
    return [Response(int(code)).label for code in table.judged(Rules()).overall[0]]


def test_the_fragments_of_a_lesion_are_added(read):
    table = read(
        "p,0,A,40,,,,",
        "p,0,B,20,,,,",
        "p,42,A1,10,,,A,",
        "p,42,A2,8.5,,,A,",
        "p,42,B,20,,,,",
        "p,84,A,5,,,,",
        "p,84,A1,10,,,A,",
        "p,84,A2,,,too small,A,",
        "p,84,B,20,,,,",
        "p,126,A1,10,,,A,",
        "p,126,B,20,,,,",
        "p,168,A1,0,,,A,",
        "p,168,A2,0,,,A,",
        "p,168,B,20,,,,",
        "p,210,A1,0,,,A,",
        "p,210,A2,3,,,A,",
        "p,210,B,20,,,,",
    )
    assert not table.problems
    assert table.measurements.target[0].tolist() == [
        [185, 200],
        [200, 200],
        [-1, 200],  # the second fragment was not looked at
        [0, 200],
        [30, 200],
    ]


def test_fragments_are_neither_new_lesions_nor_further_targets(read):
    baseline = [f"p,0,L{i},20,,,," for i in range(5)]
    later = [f"p,42,L{i},20,,,," for i in range(1, 5)]
    fragments = [f"p,42,L0.{i},5,new,,L0," for i in range(1, 4)]
    table = read(*baseline, *later, *fragments)
    assert not table.problems
    assert table.measurements.new_count.tolist() == [[0]]
    assert table.measurements.target.tolist() == [[[150, 200, 200, 200, 200]]]


def test_fragments_of_a_non_target_lesion_have_its_state(read):
    table = read(
        "p,0,A,20,,,,",
        "p,0,X,,non-target,present,,",
        "p,42,A,20,,,,",
        "p,42,X1,,non-target,absent,X,",
        "p,42,X2,,non-target,progression,X,",
        "p,84,A,20,,,,",
        "p,84,X1,,non-target,absent,X,",
        "p,84,X2,,non-target,absent,X,",
    )
    assert table.measurements.non_target.tolist() == [[Response.PD, Response.CR]]


@pytest.mark.parametrize("part", ["Z", "A1", "A1.1"])
def test_a_fragment_of_nothing(read, part):
    table = read("p,0,A,20,,,,", "p,42,A,20,,,,", f"p,42,A1,20,,,{part},")
    assert errors(table) == {(4, "row_bad_part")}


def test_fragments_of_a_lesion_without_baseline_are_all_left_out(read):
    table = read("p,0,A,20,,,,", "p,42,A,20,,,,", "p,42,B,,,,,", "p,42,B1,5,,,B,", "p,42,B2,5,,,B,")
    assert errors(table) == {(row, "row_no_baseline_lesion") for row in (4, 5, 6)}


def test_merged_lesions_count_once_from_then_on(read):
    table = read(
        "p,0,A,30,,,,",
        "p,0,B,20,,,,",
        "p,42,A,45,,,,",
        "p,42,B,,,,,A",
        "p,84,A,46,,,,",
        "p,126,C,,new,absent,,",
        "p,168,A,0,,,,",
        "p,210,A,10,,,,",
        "p,210,B,5,,,,",
    )
    assert not table.problems
    assert table.measurements.target[0].tolist() == [
        [450, 0],
        [460, 0],
        [-1, -1],  # the coalesced lesion was not measured, so neither of the two was
        [0, 0],
        [100, 50],  # apart again
    ]
    assert overall(table)[:4] == ["SD", "SD", "NE", "CR"]


def test_a_merged_lesion_is_not_gone_while_its_host_is_there(read):
    table = read("p,0,A,30,,,,", "p,0,B,20,,,,", "p,42,A,8,,,,", "p,42,B,,,,,A")
    assert overall(table) == ["PR"]


def test_merging_follows_a_chain(read):
    table = read(
        *("p,0,A,30,,,,", "p,0,B,20,,,,", "p,0,C,20,,,,"),
        *("p,42,A,30,,,,", "p,42,B,45,,,,", "p,42,C,,,,,B"),
        *("p,84,A,70,,,,", "p,84,B,,,,,A"),
    )
    assert table.measurements.target[0].tolist() == [[300, 450, 0], [700, 0, 0]]


def test_merged_lesions_that_are_not_targets(read):
    table = read(
        *("p,0,A,30,,,,", "p,0,X,,non-target,present,,", "p,0,Y,,non-target,present,,"),
        *("p,42,A,30,,,,", "p,42,X,,non-target,present,,", "p,42,Y,,non-target,,,X"),
        *("p,42,M,12,new,,,", "p,42,N,14,new,,,"),
        *("p,84,A,30,,,,", "p,84,X,,non-target,absent,,", "p,84,M,30,new,,,", "p,84,N,,new,,,M"),
    )
    assert not errors(table)
    assert table.measurements.non_target.tolist() == [[Response.NON_CR_NON_PD, Response.CR]]
    assert table.measurements.new_count.tolist() == [[2, 2]]
    assert table.measurements.new_target_sum.tolist() == [[260, 300]]


@pytest.mark.parametrize(
    "line",
    [
        "p,42,B,,,,,Z",
        "p,42,B,,,,,B",
        "p,42,B,12,,,,A",
        "p,42,B,,,,,X",
        "p,-7,B,,,,,A",
    ],
)
def test_merging_that_cannot_be(read, line):
    table = read("p,0,A,30,,,,", "p,0,B,20,,,,", "p,0,X,,non-target,present,,", "p,42,A,45,,,,", line)
    assert errors(table) == {(6, "row_bad_merge")}


def test_two_lesions_do_not_merge_into_each_other(read):
    table = read("p,0,A,30,,,,", "p,0,B,20,,,,", "p,42,A,,,,,B", "p,42,B,,,,,A")
    assert errors(table) == {(5, "row_bad_merge")}
    assert table.measurements.target[0].tolist() == [[-1, -1]]


def test_an_equivocal_new_lesion_counts_when_it_is_certain_and_dates_progression_back(read):
    rows = [
        "p,0,A,30,,,,",
        *(f"p,{day},A,30,,,," for day in (42, 84, 126, 168)),
        "p,42,N,,new,equivocal,,",
        "p,42,M,,new,equivocal,,",
        "p,84,N,8,new,equivocal,,",
        "p,84,M,,new,absent,,",
        "p,126,N,12,new,,,",
    ]
    table = read(*rows)
    assert not table.problems
    assert table.measurements.new_count.tolist() == [[0, 0, 1, 1]]
    np.testing.assert_array_equal(table.measurements.new_since, [[np.nan, np.nan, 42, 42]])
    assert overall(table) == ["SD", "SD", "PD", "PD"]
    assert outcomes(table.judged(Rules())).progression_day.tolist() == [42]
    assert outcomes(table.judged(Rules(equivocal_dated_back=False))).progression_day.tolist() == [126]


def test_a_new_lesion_that_was_not_evaluated_is_none(read):
    table = read("p,0,A,30,,,,", "p,42,A,30,,,,", "p,42,N,,new,not evaluated,,")
    assert table.measurements.new_count.tolist() == [[0]]


def test_growth_short_of_unequivocal_progression(read):
    table = read(
        "p,0,A,30,,,,",
        "p,0,X,,non-target,present,,",
        "p,42,A,30,,,,",
        "p,42,X,,non-target,increased,,",
    )
    assert table.measurements.non_target.tolist() == [[Response.NON_CR_NON_PD]]
    assert table.measurements.non_target_increase.tolist() == [[True]]


def test_a_scan_for_new_symptoms(read):
    table = read(
        "p,0,A,30,",
        "p,42,A,30,no",
        "p,70,A,30,yes",
        "p,70,B,,maybe",
        header="patient,day,lesion,diameter,new_symptoms",
    )
    assert errors(table) == {(5, "row_bad_new_symptoms")}
    assert table.measurements.new_symptoms.tolist() == [[False, True]]


def test_lengths_are_judged_as_written(read):
    """4.95 mm after 0 is no growth of 5 mm, though it would be if rounded to a tenth."""
    table = read("p,0,A,30,,,,", "p,42,A,0,,,,", "p,84,A,4.95,,,,")
    rules = Rules(reappearance="never")
    assert table.measurements.target[0, :, 0].tolist() == [0, 4950]
    assert table.measurements.per_millimetre == 1000
    verdicts = table.judged(rules)
    assert Response(int(verdicts.overall[0, 1])) == Response.PR
    assert verdicts.sum.tolist() == [[0, 4950]]
    assert verdicts.rules == rules
    assert table.rows_finer == 1


def test_a_new_lesion_that_replaces_another_is_told_from_it(read):
    table = read(
        "p,0,A,50,,,,",
        "p,42,A,50,,,,",
        "p,42,N1,8,new,,,",
        "p,84,A,50,,,,",
        "p,84,N1,0,new,,,",
        "p,84,N2,8,new,,,",
    )
    assert table.measurements.new_count.tolist() == [[1, 1]]
    assert table.since_start.newest_day.tolist() == [[42, 84]]
    assert [ImmuneResponse(int(code)).label for code in table.judged(Rules()).response[0]] == ["iUPD", "iCPD"]
