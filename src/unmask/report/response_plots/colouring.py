"""From a column of patients to a colour each and the key that explains it.

Text, yes/no and few whole numbers become categories; other numbers a continuous scale (viridis, perceptually
uniform, without its palest end, which is lost on white). Responses keep the colours they have in every figure of
Unmask. What is not known is grey.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.report import style
from unmask.report.response_plots.inputs import NOT_KNOWN, known, plain
from unmask.response.codes import ImmuneResponse, Response

if TYPE_CHECKING:
    from matplotlib.colors import ListedColormap

MOST_CATEGORIES = 10
FEW_NUMBERS = 6
"""At most so many different whole numbers are categories."""
PALETTE = (
    "#332288", "#cc6677", "#44aa99", "#ddaa33", "#88ccee", "#882255", "#117733", "#aa4499", "#999933", "#0077bb",
)  # fmt: skip
"""Colour-blind-safe categories after Paul Tol's "muted" scheme, in an order whose neighbours differ in lightness."""
UNKNOWN_COLOUR = "#cfd4d8"
OTHER_COLOUR = "#6f7a83"
NUMBER_MAP = "viridis"
MAP_RANGE = (0.0, 0.93)
SKEWED = (8.0, 2.0)
"""Positive numbers get a logarithmic scale when their 95th percentile is more than so many times the 5th, and lies
more than so many times as far above the median as the 5th lies below it."""
TITLES = {
    "best_response": "Best response (RECIST 1.1, confirmed)",
    "best_response_unconfirmed": "Best response (RECIST 1.1, unconfirmed)",
    "irecist_best_response": "Best response (iRECIST)",
    "baseline_sld_mm": "Sum of target diameters at baseline (mm)",
    "baseline_pdl1": "PD-L1 at baseline (molecules per µm²)",
    "pdl1_class": "PD-L1 at baseline",
    "best_change": "Best change of the target sum (fraction of baseline)",
}
RANKED = (
    ("none", "negative", "very low", "low", "intermediate", "moderate", "medium", "high", "very high"),
    ("grade 0", "grade 1", "grade 2", "grade 3", "grade 4", "grade 5"),
    ("i", "ii", "iii", "iv"),
)
"""Words with an order of their own, in that order."""
_RESPONSE_LABELS = {member.label for kind in (Response, ImmuneResponse) for member in kind} - {
    "NA",
    "MISSING",
}
_LINE_COLOURS = {**style.CATEGORY_COLOURS, "SD": "#9aa4ac", "NE": "#d9b13b"}
"""As the bars; the light ones are darkened, because a thin line needs more contrast than an area."""
_EDGE = {style.CATEGORY_COLOURS["NE"]: style.RULE}


@dataclass(frozen=True)
class Category:
    """One entry of the key: its name, number of patients, colour as an area and as a line."""

    label: str
    count: int
    fill: str
    line: str

    @property
    def edge(self) -> str:
        """Colour of the outline: only white areas need one."""
        return _EDGE.get(self.fill, "none")


@dataclass(frozen=True)
class Scale:
    """A continuous scale of colours from ``low`` to ``high``; beyond them the end colours hold."""

    low: float
    high: float
    logarithmic: bool
    below: bool
    above: bool
    count: int


@dataclass(frozen=True)
class Colouring:
    """Colours of patients, in the order of their table."""

    title: str
    fills: tuple[str, ...]
    lines: tuple[str, ...]
    order: tuple[int, ...]
    """Rank of drawing of each patient: the higher, the later and so the more visible."""
    categories: tuple[Category, ...]
    scale: Scale | None

    def edge(self, patient: int) -> str:
        """Colour of the outline of a patient's bar."""
        return _EDGE.get(self.fills[patient], "none")


def kind_of(values: pd.Series) -> str:
    """Return how a column is drawn: ``responses``, ``yes/no``, ``categories``, ``numbers`` or ``nothing known``."""
    there = values[known(values)]
    if not len(there):
        return "nothing known"
    if _is_yes_no(there):
        return "yes/no"
    if set(there.map(plain)) <= _RESPONSE_LABELS:
        return "responses"
    read = _as_numbers(there)
    if read is None:
        return "categories"
    different = read.unique()
    few = len(different) <= FEW_NUMBERS and bool(np.all(different == np.round(different)))
    return "categories" if few or len(different) == 1 else "numbers"


def colour_patients(patients: pd.DataFrame, column: str) -> Colouring:
    """Return the colours of patients by one of their columns."""
    values = patients[column]
    title = TITLES.get(column, plain(column.replace("_", " ")))
    title = title[:1].upper() + title[1:]
    kind = kind_of(values)
    if kind == "numbers":
        return _by_number(values, title)
    if kind == "responses":
        return _by_response(values, title)
    return _by_category(values, title, kind, arms=column in ("arm", "group"))


def _is_yes_no(there: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(there.dtype):
        return True
    return {str(value).strip().lower() for value in there} <= {"true", "false"}


def _as_numbers(there: pd.Series) -> pd.Series | None:
    """Return the known values as finite numbers, None where one of them is no number."""
    words = there.astype(object).map(lambda value: value.strip() if isinstance(value, str) else value)
    read = pd.to_numeric(words, errors="coerce")
    if pd.api.types.is_complex_dtype(read.dtype) or not pd.api.types.is_numeric_dtype(read.dtype):
        return None
    read = read.astype(float)
    return read if bool(np.isfinite(read).all()) else None


def _by_response(values: pd.Series, title: str) -> Colouring:
    there = known(values)
    codes = [
        style.category(plain(value)) if is_known else NOT_KNOWN
        for value, is_known in zip(values, there, strict=True)
    ]
    fills = {**style.CATEGORY_COLOURS, NOT_KNOWN: UNKNOWN_COLOUR}
    lines = {**_LINE_COLOURS, NOT_KNOWN: UNKNOWN_COLOUR}
    names = {**style.CATEGORY_NAMES, NOT_KNOWN: NOT_KNOWN}
    rank = {code: place for place, code in enumerate((NOT_KNOWN, "NE", "SD", "PD", "PR", "CR"))}
    return _finished(title, codes, [*style.CATEGORIES, NOT_KNOWN], names, fills, lines, rank)


def _by_category(values: pd.Series, title: str, kind: str, *, arms: bool) -> Colouring:
    there = known(values)
    if kind == "yes/no":
        named = ["yes" if str(value).strip().lower() == "true" else "no" for value in values[there]]
        order = ["yes", "no"]
        colours: Sequence[str] = (PALETTE[0], PALETTE[3])
    else:
        read = _as_numbers(values[there])
        named = [plain(value) for value in values[there]]
        if read is not None:
            named = [f"{number:.15g}" for number in read]
        order, colours = _ordered(named, read is not None, arms=arms)
    if len(order) > MOST_CATEGORIES:
        counts = Counter(named)
        frequent = set(sorted(order, key=lambda word: -counts[word])[: MOST_CATEGORIES - 1])
        kept = [word for word in order if word in frequent]
        other = f"other ({len(order) - len(kept)} values)"
        named = [word if word in frequent else other for word in named]
        order, colours = [*kept, other], (*PALETTE[: len(kept)], OTHER_COLOUR)
    of_known = iter(named)
    words = [next(of_known) if is_known else NOT_KNOWN for is_known in there]
    fills = {**dict(zip(order, colours, strict=False)), NOT_KNOWN: UNKNOWN_COLOUR}
    names = {word: word for word in fills}
    lines = {word: _darkened(colour) for word, colour in fills.items()}
    rank = {word: int(word != NOT_KNOWN) for word in fills}
    return _finished(title, words, [*order, NOT_KNOWN], names, fills, lines, rank)


def _ordered(words: list[str], numeric: bool, *, arms: bool) -> tuple[list[str], Sequence[str]]:
    """Return the different words in their order, and colours: a scale for ranks, separate ones for names."""
    different = list(dict.fromkeys(words))
    if numeric:
        different.sort(key=float)
        return different, _steps(len(different))
    for ranked in RANKED:
        if len(different) > 1 and {word.lower() for word in different} <= set(ranked):
            different.sort(key=lambda word: (ranked.index(word.lower()), word))
            return different, _steps(len(different))
    if arms and len(different) <= len(style.ARM_COLOURS):
        return different, style.ARM_COLOURS
    different.sort(key=_natural)
    return different, PALETTE


def _natural(word: str) -> tuple[list[tuple[int, int, str]], str]:
    """Sort key that puts "arm 2" before "arm 10"."""
    parts = re.findall(r"[0-9]+|[^0-9]+", word.lower())
    return [(0, int(p), "") if p.isascii() and p.isdigit() else (1, 0, p) for p in parts], word


def _finished(
    title: str,
    words: list[str],
    order: list[str],
    names: dict[str, str],
    fills: dict[str, str],
    lines: dict[str, str],
    rank: dict[str, int],
) -> Colouring:
    counts = {word: words.count(word) for word in order}
    entries = tuple(
        Category(names[word], counts[word], fills[word], lines[word]) for word in order if counts[word]
    )
    return Colouring(
        title,
        tuple(fills[word] for word in words),
        tuple(lines[word] for word in words),
        tuple(rank[word] for word in words),
        entries,
        None,
    )


def _by_number(values: pd.Series, title: str) -> Colouring:
    from matplotlib.colors import to_hex

    there = known(values).to_numpy()
    read = np.full(len(values), np.nan)
    numbers = _as_numbers(values[there])
    assert numbers is not None, "kind_of found numbers"
    read[there] = numbers.to_numpy()
    scale = _scale(read[there])
    place = scale_place(scale, read[there])
    fills = np.full(len(values), UNKNOWN_COLOUR, dtype=object)
    fills[there] = [to_hex(colour) for colour in number_map()(place)]
    unknown = int((~there).sum())
    entries = (Category(NOT_KNOWN, unknown, UNKNOWN_COLOUR, UNKNOWN_COLOUR),) if unknown else ()
    colours = tuple(str(colour) for colour in fills)
    return Colouring(title, colours, colours, tuple(int(t) for t in there), entries, scale)


def _scale(numbers: NDArray[np.float64]) -> Scale:
    """Return the range of colours: all values, or the middle 96 % where a few lie far away."""
    low, high = float(numbers.min()), float(numbers.max())
    p2, p5, p50, p95, p98 = (float(q) for q in np.quantile(numbers, (0.02, 0.05, 0.5, 0.95, 0.98)))
    logarithmic = low > 0 and p95 / p5 > SKEWED[0] and p95 - p50 > SKEWED[1] * (p50 - p5)
    if logarithmic:
        far_up, far_down = high / p98 > 3, p2 / low > 3
    else:
        usual = p98 - p2
        far_up, far_down = 0 < usual < high - p98, 0 < usual < p2 - low
    return Scale(
        p2 if far_down else low, p98 if far_up else high, logarithmic, far_down, far_up, int(numbers.size)
    )


def scale_place(scale: Scale, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where on the scale values stand, 0 to 1."""
    low, high = scale.low, scale.high
    if scale.logarithmic:
        low, high, values = np.log(low), np.log(high), np.log(values)
    # Halved, because the distance between two large numbers may exceed what a number can hold.
    return np.asarray(np.clip((values / 2 - low / 2) / (high / 2 - low / 2), 0, 1))


def number_map() -> ListedColormap:
    """Return the colour map of numbers."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps[NUMBER_MAP](np.linspace(*MAP_RANGE, 256)))


def _steps(count: int) -> tuple[str, ...]:
    from matplotlib.colors import to_hex

    return tuple(to_hex(colour) for colour in number_map()(np.linspace(0.05, 1.0, max(count, 2))))[:count]


def _darkened(colour: str) -> str:
    """Return a colour with enough contrast for a thin line on white (at least 2.2 to 1), darkened as needed."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)
    while 1.05 / (_luminance(channels) + 0.05) < 2.2:
        channels *= 0.95
    return "#" + "".join(f"{round(channel):02x}" for channel in channels)


def _luminance(channels: NDArray[np.float64]) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    linear = channels / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))
