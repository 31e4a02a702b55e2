"""Waterfall, spider and swimmer: what the pictures show, and that nothing in them overlaps."""

from __future__ import annotations

import itertools
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from plotted import Picture, every_event, many

from unmask.errors import ConfigurationError, DataError
from unmask.report import style
from unmask.report.response_plots import save_spider, save_swimmer, save_waterfall
from unmask.report.response_plots.colouring import (
    MOST_CATEGORIES,
    OTHER_COLOUR,
    UNKNOWN_COLOUR,
    colour_patients,
    kind_of,
)
from unmask.report.response_plots.sheet import NOTICE, SIMULATED_NOTICE, Sheet, round_numbers, time_axis


def waterfall(path: Path, patients: pd.DataFrame, **options: object) -> Picture:
    save_waterfall(path, patients, **options)  # type: ignore[arg-type]
    return Picture(path)


def swimmer(path: Path, visits: pd.DataFrame, patients: pd.DataFrame, **options: object) -> Picture:
    save_swimmer(path, visits, patients, **options)  # type: ignore[arg-type]
    return Picture(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plot.png"


# What a colour means


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["CR", "SD", None], "responses"),
        (["iCR", "iUPD", "NE"], "responses"),
        ([True, False], "yes/no"),
        (["True", "false", ""], "yes/no"),
        (["a", "b"], "categories"),
        ([1, 2, 3], "categories"),
        (["1", "2", ""], "categories"),
        ([1.5, 2.5, np.nan], "numbers"),
        (["61.5", "72", "NA", "."], "numbers"),
        (list(range(40)), "numbers"),
        ([7.5, 7.5], "categories"),
        ([None, "", "NA", np.nan], "nothing known"),
        ([1.0, 2.5, "high"], "categories"),
    ],
)
def test_a_column_says_how_it_is_drawn(values: list[object], kind: str) -> None:
    assert kind_of(pd.Series(values)) == kind


def test_responses_keep_their_colours() -> None:
    table = pd.DataFrame({"best_response": ["CR", "PR", "SD", "PD", "NE", None]})
    colouring = colour_patients(table, "best_response")
    assert colouring.fills == (*style.CATEGORY_COLOURS.values(), UNKNOWN_COLOUR)
    assert [entry.label for entry in colouring.categories] == [*style.CATEGORY_NAMES.values(), "not known"]
    immune = colour_patients(
        pd.DataFrame({"irecist_best_response": ["iCPD", "iUPD"]}), "irecist_best_response"
    )
    assert set(immune.fills) == {style.CATEGORY_COLOURS["PD"]}


def test_many_categories_end_in_other() -> None:
    words = [f"site {i}" for i in range(1, 15) for _ in range(20 - i)] + [""]
    colouring = colour_patients(pd.DataFrame({"site": words}), "site")
    labels = [entry.label for entry in colouring.categories]
    assert labels == [*(f"site {i}" for i in range(1, 10)), "other (5 values)", "not known"]
    assert len(labels) == MOST_CATEGORIES + 1
    assert sum(entry.count for entry in colouring.categories) == len(words)
    assert colouring.fills[-2:] == (OTHER_COLOUR, UNKNOWN_COLOUR)
    assert len({entry.fill for entry in colouring.categories}) == len(labels)


def test_words_with_an_order_and_arms_have_their_own_colours() -> None:
    ranks = colour_patients(pd.DataFrame({"pdl1_class": ["high", "negative", "low"]}), "pdl1_class")
    assert [entry.label for entry in ranks.categories] == ["negative", "low", "high"]
    lightness = [int(entry.fill[3:5], 16) for entry in ranks.categories]
    assert lightness == sorted(lightness)
    arms = colour_patients(pd.DataFrame({"group": ["new", "old", "new"]}), "group")
    assert arms.fills == (style.ARM_COLOURS[0], style.ARM_COLOURS[1], style.ARM_COLOURS[0])


def test_numbers_are_a_scale_that_outliers_do_not_flatten() -> None:
    ages = pd.DataFrame({"age": [50.5, 60.0, 70.25, np.nan]})
    colouring = colour_patients(ages, "age")
    assert colouring.scale is not None
    assert (colouring.scale.low, colouring.scale.high, colouring.scale.count) == (50.5, 70.25, 3)
    assert colouring.fills[3] == UNKNOWN_COLOUR
    assert len(set(colouring.fills)) == 4
    far = colour_patients(pd.DataFrame({"x": [*np.linspace(-1, 1, 100), 1000.0]}), "x").scale
    assert far is not None and far.above and far.high < 2 and not far.logarithmic
    low = colour_patients(pd.DataFrame({"x": [*np.linspace(-1, 1, 100), -1000.0]}), "x").scale
    assert low is not None and low.below and not low.above and low.low > -2
    skewed = colour_patients(pd.DataFrame({"x": np.geomspace(1e-4, 1e3, 100)}), "x").scale
    assert skewed is not None and skewed.logarithmic


def test_a_line_is_never_too_pale_for_white() -> None:
    colouring = colour_patients(pd.DataFrame({"site": list("abcdefghi")}), "site")
    for entry in colouring.categories:
        channels = [int(entry.line[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        assert 1.05 / (float(np.dot(linear, [0.2126, 0.7152, 0.0722])) + 0.05) > 2.1


# What the pictures show


def test_bars_of_a_waterfall_follow_the_column(path: Path) -> None:
    _, patients = every_event()
    picture = waterfall(path, patients, colour_by="sex", panel_by=None)
    # Largest growth first: pseudo (0 %, sex not known), partial (male), complete (female).
    of = {entry.label: entry.fill for entry in colour_patients(patients, "sex").categories}
    bars = [picture.colour(f"panel-1-bar-{n}") for n in (1, 2, 3)]
    assert bars == [of["not known"], of["male"], of["female"]]
    assert len(set(bars)) == 3
    assert {"female (1)", "male (1)", "not known (1)", "n = 3"} <= set(picture.words)
    responses = waterfall(path, patients, panel_by=None)
    assert responses.colour("panel-1-bar-3") == style.CATEGORY_COLOURS["CR"]
    assert {"complete response (1)", "partial response (1)", "progression (1)"} <= set(responses.words)


def test_bars_of_a_swimmer_follow_the_column_longest_first(path: Path) -> None:
    visits, patients = every_event()
    # The shortest stands first in the table.
    picture = swimmer(path, visits, patients[::-1], colour_by="smoker", panel_by=None)
    of = {entry.label: entry.fill for entry in colour_patients(patients, "smoker").categories}
    assert [picture.colour(f"panel-1-bar-{n}") for n in (1, 2, 3)] == [of["yes"], of["no"], of["not known"]]
    names = [word for word in picture.words if word in set(patients["patient"])]
    assert names == ["complete", "partial", "pseudo"]


def test_lines_of_a_spider_follow_the_column(path: Path) -> None:
    visits, patients = every_event()
    save_spider(path, visits, patients, colour_by="sex", panel_by="group")
    text = path.with_suffix(".svg").read_text(encoding="utf-8")
    lines = {entry.label: entry.line for entry in colour_patients(patients, "sex").categories}
    picture = Picture(path)
    panel = [ElementTree.tostring(picture.parts[f"panel-{n}-courses"], encoding="unicode") for n in (1, 2)]
    assert lines["female"] in panel[0] and lines["male"] in panel[0] and lines["not known"] not in panel[0]
    assert lines["not known"] in panel[1] and lines["female"] not in panel[1]
    assert ">x<" in text and ">y<" in text


def test_numbers_get_a_bar_of_colours_and_the_unknown_are_counted(path: Path) -> None:
    visits, patients = every_event()
    for picture in (
        waterfall(path, patients, colour_by="age"),
        swimmer(path, visits, patients, colour_by="age"),
    ):
        assert "colour-scale" in picture.parts
        assert {"Age, n = 2", "not known (1)"} <= set(picture.words)
    assert "colour-scale" not in waterfall(path, patients, colour_by="sex").parts


def test_every_event_has_its_marks_and_its_entry_in_the_key(path: Path) -> None:
    visits, patients = every_event()
    picture = swimmer(path, visits, patients, panel_by=None)
    expected = {
        "response": 2, "complete-response": 1, "progression": 2, "iupd-not-borne-out": 1, "icpd": 1,
        "new-lesion": 2, "new-therapy": 2, "death": 1, "treatment-ongoing": 1, "alive": 1,
    }  # fmt: skip
    assert {name: picture.marks(f"panel-1-{name}") for name in expected} == expected
    assert len(picture.named("panel-1-in-response")) == 2
    for words in (
        "death",
        "first new lesion",
        "iUPD not borne out",
        "study treatment ongoing",
        "in response",
    ):
        assert words in picture.words
    assert not {"death", "first new lesion"} & set(
        swimmer(path, visits[:3], patients[:1], panel_by=None).words
    )


def test_what_follows_another_therapy_bears_out_nothing(path: Path) -> None:
    visits, patients = every_event()
    patients["new_therapy_day"] = [np.nan, 180, 60]
    assert swimmer(path, visits, patients, panel_by=None).marks("panel-1-iupd-not-borne-out") == 0


def test_without_deaths_nobody_is_called_alive(path: Path) -> None:
    visits, patients = every_event()
    bare = patients.drop(columns=["death_day", "last_known_day", "treatment_end_day", "new_therapy_day"])
    picture = swimmer(path, visits, bare, panel_by=None)
    assert not picture.named("panel-1-alive") and not picture.named("panel-1-treatment")
    assert any("no deaths" in word for word in picture.words)
    assert not any("Broad bar" in word for word in picture.words)


def test_irecist_alone_is_enough(path: Path) -> None:
    visits, patients = every_event()
    names = {"best_response": "irecist_best_response", "first_response_day": "irecist_first_response_day"}
    names["progression_day"] = "irecist_progression_day"
    immune = patients.rename(columns=names)
    immune["irecist_best_response"] = ["iCR", "iPR", "iSD"]
    picture = swimmer(path, visits.drop(columns="overall_response"), immune, panel_by=None)
    assert picture.marks("panel-1-complete-response") == 1
    assert "progression (iRECIST)" in picture.words


def test_the_foot_says_who_the_patients_are(path: Path) -> None:
    visits, patients = every_event()
    for simulated, notice in ((True, SIMULATED_NOTICE), (False, NOTICE)):
        save_spider(path, visits, patients, simulated=simulated)
        assert notice in Picture(path).words
        assert notice in waterfall(path, patients, simulated=simulated).words
        assert notice in swimmer(path, visits, patients, simulated=simulated).words


def test_many_patients_are_thinned_evenly_and_the_panel_says_so(path: Path) -> None:
    visits, patients = many(425, 1)
    picture = swimmer(path, visits, patients)
    assert "60 of 425 shown, evenly along the order" in picture.words
    assert len(picture.named("panel-1-bar")) == 60
    assert any("count all 425 patients" in word for word in picture.words)
    few = swimmer(path, visits, patients, most=7)
    assert len(few.named("panel-1-bar")) == 7
    for most in (0, 100_000):
        with pytest.raises(ConfigurationError, match="a whole number from 1 to"):
            save_swimmer(path, visits, patients, most=most)


def test_a_panel_where_nobody_is_measured_says_so(path: Path) -> None:
    visits, patients = every_event()
    patients.loc[2, "best_change"] = np.nan
    assert "nobody measured after baseline" in waterfall(path, patients).words
    assert "n = 1, 1 not measured after baseline" in Picture(path).words
    save_spider(path, visits[visits["patient"] != "pseudo"], patients)
    assert "nobody measured after baseline" in Picture(path).words
    unseen = patients.assign(last_day=np.nan, death_day=np.nan, last_known_day=np.nan, first_response_day=np.nan,
                             progression_day=np.nan, new_therapy_day=np.nan)  # fmt: skip
    assert "nobody followed after day 0" in swimmer(path, visits[:0], unseen).words


def test_patients_with_one_number_in_two_arms_are_two(path: Path) -> None:
    visits, patients = many(2, 2)
    patients["patient"] = [1, 2, 1, 2]
    visits["group"] = np.repeat(patients["group"].to_numpy(), 3)
    visits["patient"] = np.repeat([1, 2, 1, 2], 3)
    visits = visits[(visits["patient"] != 1) | (visits["group"] != patients["group"][2])]
    save_spider(path, visits, patients)
    words = Picture(path).words
    assert "n = 2, 1 not measured after baseline" in words and "n = 2" in words
    patients["patient"] = [1, 1, 1, 2]
    with pytest.raises(DataError, match="two rows for patient 1"):
        save_spider(path, visits, patients)


def test_names_stand_as_they_are_written(path: Path) -> None:
    visits, patients = every_event()
    patients["group"] = "$x_1$ <&> \x07bell"
    patients["_$y^2$"] = ["a$b$", "_c", "d"]
    for picture in (
        waterfall(path, patients, colour_by="_$y^2$"),
        swimmer(path, visits, patients, colour_by="_$y^2$"),
    ):
        assert {"$x_1$ <&> bell", "$y^2$", "a$b$ (1)", "_c (1)"} <= {word.strip() for word in picture.words}


def test_png_and_svg_whichever_is_named_and_the_same_bytes_twice(tmp_path: Path) -> None:
    visits, patients = every_event()
    for name, save in (
        ("w", lambda p: save_waterfall(p, patients, colour_by="age")),
        ("s", lambda p: save_spider(p, visits, patients, colour_by="sex")),
        ("m", lambda p: save_swimmer(p, visits, patients)),
    ):
        first = save(tmp_path / f"{name}1.svg")
        second = save(tmp_path / f"{name}2.PNG")
        assert [file.suffix for file in first] == [".png", ".svg"]
        assert [f.read_bytes() for f in first] == [f.read_bytes() for f in second]


# Refusals


def test_an_unknown_column_is_refused_with_the_nearest(path: Path) -> None:
    visits, patients = every_event()
    for option in ("colour_by", "panel_by"):
        for save in (
            lambda **o: save_waterfall(path, patients, **o),
            lambda **o: save_spider(path, visits, patients, **o),
            lambda **o: save_swimmer(path, visits, patients, **o),
        ):
            with pytest.raises(ConfigurationError) as caught:
                save(**{option: "smokr"})
            assert f"{option}: the table of patients has no column 'smokr'. Did you mean 'smoker'?" in str(
                caught.value
            )
            assert "best_change, sex, smoker, age" in str(caught.value)
    assert not path.exists()


def test_what_cannot_be_drawn_is_refused_by_name(path: Path) -> None:
    visits, patients = every_event()
    with pytest.raises(ConfigurationError, match=r"ends in \.png or \.svg"):
        save_waterfall(path.with_suffix(".pdf"), patients)
    with pytest.raises(DataError, match="lacks best_change"):
        save_waterfall(path, patients.drop(columns="best_change"))
    with pytest.raises(DataError, match="lacks best_response or irecist_best_response"):
        save_waterfall(path, patients.drop(columns="best_response"))
    with pytest.raises(DataError, match="'visits' lacks change_from_baseline"):
        save_spider(path, visits.drop(columns="change_from_baseline"), patients)
    with pytest.raises(DataError, match="lacks first_response_day, last_day"):
        save_swimmer(path, visits, patients.drop(columns=["last_day", "first_response_day"]))
    wrong = patients.assign(death_day=["soon", "", "190"])
    with pytest.raises(DataError, match="patient complete: death_day = 'soon'"):
        save_swimmer(path, visits, wrong)
    with pytest.raises(DataError, match="no number between -1,000,000 and 1,000,000"):
        save_spider(path, visits.assign(change_from_baseline=1e300), patients)
    with pytest.raises(DataError, match="nobody to draw: none of the 3 rows"):
        save_waterfall(path, patients.assign(status="not assessed: no usable baseline"))
    assert not path.exists()


# Layout


@pytest.mark.parametrize("count", [1, 5, 60, 400])
@pytest.mark.parametrize("groups", [1, 2, 3, 5, 9])
def test_no_words_overlap_or_leave_the_sheet(
    count: int, groups: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets: list[Sheet] = []
    monkeypatch.setattr(Sheet, "save", lambda sheet, _path: sheets.append(sheet))
    visits, patients = many(count, groups)
    if count < 400:
        for colour_by in ("best_response", "site", "age"):
            save_waterfall(path, patients, colour_by=colour_by)
        save_spider(path, visits, patients, colour_by="age")
    save_swimmer(path, visits, patients, colour_by="site")
    for sheet in sheets:
        words_of_one_sheet_are_apart(sheet)


def words_of_one_sheet_are_apart(sheet: Sheet) -> None:
    from matplotlib.text import Text

    renderer = sheet.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    sheet.figure.draw(renderer)
    unseen = {
        id(tick.label1)
        for axes in sheet.figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    boxes = []
    for text in sheet.figure.findobj(Text):
        assert isinstance(text, Text)
        if text.get_text() and text.get_visible() and id(text) not in unseen:
            boxes.append((text.get_text(), text.get_window_extent(renderer)))
    width, height = sheet.figure.bbox.size
    for words, box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, words
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        # A box holds the room of letters above and below; half a point of that may be shared.
        apart = a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1
        assert apart, (one, other)


def test_axes_of_time_and_logarithmic_scales_have_few_round_numbers() -> None:
    for days in (1.0, 40.0, 200.0, 366.0, 800.0, 4000.0, 1e6):
        _, name, ticks = time_axis(days)
        assert name == ("Weeks" if days <= 366 else "Months")
        assert len(ticks) <= 11
    assert round_numbers(26, 1040) == [50, 100, 200, 500, 1000]
    assert len(round_numbers(1e-12, 1e12)) <= 6
