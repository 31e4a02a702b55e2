"""Whatever stands in small tables of patients and visits, the answer is a readable file or a named error."""

from __future__ import annotations

import tempfile
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask.errors import ConfigurationError, DataError
from unmask.report.response_plots import save_spider, save_swimmer, save_waterfall

NUMBERS = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-2, 2),
    st.integers(-50, 2000).map(float),
)
WORDS = st.one_of(
    st.none(), st.text(max_size=12), st.sampled_from(["", "NA", "$x_1$", "_a", "<&>", "not known"])
)
VALUES = st.one_of(
    st.lists(WORDS, min_size=6, max_size=6),
    st.lists(NUMBERS, min_size=6, max_size=6),
    st.lists(st.booleans() | st.none(), min_size=6, max_size=6),
    st.lists(NUMBERS | WORDS | st.booleans(), min_size=6, max_size=6),
)
DAYS = st.one_of(st.none(), st.floats(0, 1500), st.integers(-30, 900).map(float), NUMBERS)
RESPONSES = st.sampled_from(["CR", "PR", "SD", "PD", "NE", "iUPD", "iCPD", "iSD", "NA", "", None, "odd"])


@st.composite
def tables(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    size = draw(st.integers(0, 6))
    days = [
        "first_response_day", "progression_day", "last_day", "death_day", "last_known_day", "treatment_end_day",
        "new_therapy_day",
    ]  # fmt: skip
    wild = draw(st.booleans())
    day = DAYS if wild else st.one_of(st.none(), st.floats(0, 1500))
    change = NUMBERS if wild else st.one_of(st.none(), st.floats(-1, 3))
    patients = pd.DataFrame(
        {
            "patient": [f"p{i}" for i in range(size)],
            "group": draw(st.lists(WORDS, min_size=size, max_size=size)),
            "best_response": draw(st.lists(RESPONSES, min_size=size, max_size=size)),
            "best_change": draw(st.lists(change, min_size=size, max_size=size)),
            "any": draw(VALUES)[:size],
            **{name: draw(st.lists(day, min_size=size, max_size=size)) for name in days},
        }
    )
    kept = draw(st.lists(st.booleans(), min_size=len(days), max_size=len(days)))
    patients = patients.drop(
        columns=[name for name, keep in zip(days[3:], kept[3:], strict=True) if not keep]
    )
    rows = draw(st.integers(0, 8))
    visits = pd.DataFrame(
        {
            "patient": draw(
                st.lists(st.sampled_from([f"p{i}" for i in range(7)]), min_size=rows, max_size=rows)
            ),
            "day": draw(st.lists(day, min_size=rows, max_size=rows)),
            "change_from_baseline": draw(st.lists(change, min_size=rows, max_size=rows)),
            "overall_response": draw(st.lists(RESPONSES, min_size=rows, max_size=rows)),
            "irecist_response": draw(st.lists(RESPONSES, min_size=rows, max_size=rows)),
            "new_lesion": draw(st.lists(st.booleans() | st.none(), min_size=rows, max_size=rows)),
        }
    )
    return visits, patients


@settings(max_examples=60, deadline=None)
@given(
    tables(),
    st.sampled_from(["waterfall", "spider", "swimmer"]),
    st.sampled_from([None, "any", "group", "best_change", "death_day", "nothing"]),
    st.sampled_from([None, "group", "any"]),
)
def test_any_tables_give_a_file_or_a_named_error(
    drawn: tuple[pd.DataFrame, pd.DataFrame], kind: str, colour_by: str | None, panel_by: str | None
) -> None:
    visits, patients = drawn
    look = {"colour_by": colour_by, "panel_by": panel_by}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plot.svg"
        try:
            if kind == "waterfall":
                save_waterfall(path, patients, **look)
            elif kind == "spider":
                save_spider(path, visits, patients, **look)
            else:
                save_swimmer(path, visits, patients, **look)
        except (ConfigurationError, DataError) as error:
            assert str(error).endswith((".", "?")), error
            assert list(Path(folder).iterdir()) == []
        else:
            ElementTree.fromstring(path.read_bytes())
            assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
