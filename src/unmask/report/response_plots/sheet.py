"""The sheet a plot stands on: keys at the top, panels in rows, notes and the notice at the foot.

Everything is placed in inches from measured widths of text, so nothing overlaps whatever the number of panels and
the length of names, and the same tables give the same bytes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from unmask.errors import ConfigurationError
from unmask.report import style
from unmask.report.response_plots.colouring import Colouring, Scale, number_map
from unmask.report.response_plots.inputs import NOT_KNOWN, check_column, known, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 12
NOTICE = "For research and teaching, never for treatment decisions."
SIMULATED_NOTICE = "Simulated patients, for research and teaching, never for treatment decisions."
DPI = 150
TITLE_SIZE, KEY_SIZE, NOTE_SIZE, TICK_SIZE = 9.5, 8.5, 8.0, 8.5
MARGIN = 0.22
ROW = 0.21
KEY_WIDTH, KEY_GAP, ENTRY_GAP = 0.26, 0.08, 0.24
SCALE_WIDTH, SCALE_HEIGHT = 2.8, 0.13
LONGEST_LABEL = 3.2
TALL = 4.0


@dataclass(frozen=True)
class Key:
    """One entry of a key: ``shape`` is ``fill``, ``line``, ``dash``, ``dots`` or a marker with its look."""

    label: str
    shape: str
    colour: str = style.INK
    edge: str = "none"
    size: float = 7.0


@dataclass(frozen=True)
class Block:
    """A titled part of the head: keys in rows, and before them a scale of colours where there is one."""

    title: str
    keys: tuple[Key, ...]
    scale: Scale | None = None


def colour_block(colouring: Colouring, *, lines: bool) -> Block:
    """Return the key of colours, with the number of patients of each."""
    keys = tuple(
        Key(f"{entry.label} ({entry.count:,})", "line", entry.line)
        if lines
        else Key(f"{entry.label} ({entry.count:,})", "fill", entry.fill, entry.edge)
        for entry in colouring.categories
    )
    title = colouring.title
    if colouring.scale is not None:
        title = f"{title}, n = {colouring.scale.count:,}"
    return Block(title, keys, colouring.scale)


def panels(patients: pd.DataFrame, panel_by: str | None) -> list[tuple[str, pd.DataFrame]]:
    """Return the rows of each panel, in order of appearance; too many panels become one."""
    if panel_by is None:
        return [("", patients)]
    check_column(panel_by, patients, "panel_by")
    names = patients[panel_by].map(plain).astype(object).where(known(patients[panel_by]), NOT_KNOWN)
    found = [(str(name), rows) for name, rows in patients.groupby(names, sort=False)]
    if len(found) > MOST_PANELS:
        return [(f"{len(found)} groups together", patients)]
    return [("", found[0][1])] if len(found) == 1 and found[0][0] == "all" else found


def columns_for(count: int) -> int:
    """Return how many panels stand side by side."""
    return 1 if count == 1 else 2 if count in (2, 4) else 3


def check_suffix(path: Path) -> None:
    """Refuse the name of a plot that ends neither in ``.png`` nor in ``.svg`` (``plots.bad_suffix``)."""
    if path.suffix.lower() not in (".png", ".svg"):
        raise ConfigurationError("plots.bad_suffix", path=path)


class Sheet:
    """A figure with empty panels, its keys and its notes.

    Parameters
    ----------
    names
        Name of each panel; may be empty where there is only one.
    heights
        Height of the plotting areas of each row of panels, inches.
    blocks, notes
        Head and foot; the notice is added to the notes.
    labels
        Names on the vertical axes (they take room on the left), at least ``room`` inches are left.
    ticks
        The horizontal axes have numbers.
    """

    def __init__(
        self,
        names: Sequence[str],
        heights: Sequence[float],
        blocks: Sequence[Block],
        notes: Sequence[str],
        *,
        simulated: bool,
        x_label: str,
        y_label: str,
        room: float = 0.42,
        labels: Sequence[str] = (),
        ticks: bool = True,
    ) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        count = len(names)
        columns = columns_for(count)
        self.width = 9.0 if columns == 1 else 4.6 * columns
        self.figure = Figure(figsize=(self.width, 1.0), dpi=DPI, facecolor=style.PAPER)
        self._canvas = FigureCanvasAgg(self.figure)
        left = max([room, *(self.text_width(label, TICK_SIZE) + 0.12 for label in labels)])
        top, bottom, first = 0.46 if any(names) else 0.3, 0.26, 0.3
        gap = 0.42 if ticks else 0.22
        foot = [*self._wrapped(notes), SIMULATED_NOTICE if simulated else NOTICE]
        head = [self._rows(block) for block in blocks]
        head_height = MARGIN + sum(_height(b, rows) for b, rows in zip(blocks, head, strict=True))
        foot_height = 0.17 * len(foot) + 0.2
        height = head_height + sum(heights) + len(heights) * (top + bottom) + gap - 0.12 + foot_height
        self.height = height
        self.figure.set_size_inches(self.width, height)
        cell = (self.width - first - MARGIN) / columns
        self.panel_width = cell - left - 0.16
        self.axes: list[Axes] = []
        y = height - head_height
        for place in range(count):
            row, column = divmod(place, columns)
            if column == 0:
                y -= top + heights[row] + (bottom if row else 0.0)
            x = first + column * cell + left
            axis = self.figure.add_axes(
                (x / self.width, y / height, self.panel_width / self.width, heights[row] / height)
            )
            self._plain(axis)
            axis.set_gid(f"panel-{place + 1}")
            if column == 0:
                # A tall column of lanes is read from its top.
                tall = heights[row] > TALL
                middle = y + heights[row] * (1.0 if tall else 0.5)
                va = "top" if tall else "center"
                self._text(MARGIN - 0.02, middle, y_label, 9.0, rotation=90, va=va)
            if place + columns >= count:
                self._text(x + self.panel_width / 2, y - gap, x_label, 9.0, ha="center", va="baseline")
            self.axes.append(axis)
        self._head(blocks, head)
        for line, words in enumerate(reversed(foot)):
            self._text(MARGIN, 0.12 + 0.17 * line, words, NOTE_SIZE, colour=style.MUTED, va="baseline")

    def text_width(self, words: str, size: float, weight: str = "normal") -> float:
        """Return the width of words, inches."""
        from matplotlib.font_manager import FontProperties

        with warnings.catch_warnings():
            # A character the font lacks is drawn as a box; that is seen, and no reason to write to stderr.
            warnings.filterwarnings("ignore", message="Glyph")
            renderer: Any = self._canvas.get_renderer()  # type: ignore[no-untyped-call]
            width, _, _ = renderer.get_text_width_height_descent(
                words, FontProperties(size=size, weight=weight), False
            )
        return float(width) / DPI

    def shortened(self, words: str, room: float, size: float, weight: str = "normal") -> str:
        """Return words cut with an ellipsis so that they fit into ``room`` inches."""
        if self.text_width(words, size, weight) <= room:
            return words
        low, high = 0, len(words)
        while low < high:
            middle = (low + high + 1) // 2
            fits = self.text_width(words[:middle].rstrip() + "…", size, weight) <= room
            low, high = (middle, high) if fits else (low, middle - 1)
        return words[:low].rstrip() + "…"

    def title(self, place: int, name: str, detail: str) -> None:
        """Write the name of a panel and, under it, how many patients it shows."""
        box = self.axes[place].get_position()
        x, y = box.x0 * self.width, box.y1 * self.height
        if name:
            words = self.shortened(name, self.panel_width, TITLE_SIZE, "bold")
            self._text(x, y + 0.24, words, TITLE_SIZE, weight="bold", va="baseline")
        words = self.shortened(detail, self.panel_width, KEY_SIZE)
        self._text(x, y + 0.08, words, KEY_SIZE, colour=style.MUTED, va="baseline")

    def empty(self, place: int, words: str) -> None:
        """Say inside a panel that it has nothing to show."""
        axis = self.axes[place]
        axis.text(
            0.5, 0.5, words, transform=axis.transAxes, ha="center", va="center", size=9, color=style.MUTED,
            bbox={"facecolor": style.PAPER, "edgecolor": "none"},
        )  # fmt: skip

    def save(self, path: Path) -> tuple[Path, Path]:
        """Save PNG and SVG under the name of ``path`` and return both paths."""
        from matplotlib import rc_context

        check_suffix(path)
        png, svg = path.with_suffix(".png"), path.with_suffix(".svg")
        with rc_context({"svg.hashsalt": "unmask", "svg.fonttype": "none"}), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")
            self.figure.savefig(png, format="png", metadata={"Software": "Unmask"})
            self.figure.savefig(svg, format="svg", metadata={"Date": None})
        return png, svg

    def _text(
        self, x: float, y: float, words: str, size: float, *, colour: str = style.INK, **look: Any
    ) -> None:
        self.figure.text(
            x / self.width, y / self.height, words, size=size, color=colour, parse_math=False, **look
        )

    def _plain(self, axis: Axes) -> None:
        axis.set_axisbelow(True)
        axis.tick_params(labelsize=TICK_SIZE, colors=style.MUTED, length=2.5)
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axis.spines[side].set_color(style.RULE)

    def _wrapped(self, notes: Sequence[str]) -> list[str]:
        """Return notes as lines of the sheet's width; short ones share a line."""
        lines: list[str] = []
        for word in " ".join(notes).split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.text_width(longer, NOTE_SIZE) <= self.width - 2 * MARGIN:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines

    def _rows(self, block: Block) -> list[list[tuple[float, Key]]]:
        """Return the keys of a block in rows, each with its distance from the left, inches."""
        start = MARGIN + (SCALE_WIDTH + 0.5 if block.scale is not None else 0.0)
        rows: list[list[tuple[float, Key]]] = [[]]
        x = start
        for key in block.keys:
            label = self.shortened(key.label, LONGEST_LABEL, KEY_SIZE)
            needed = KEY_WIDTH + KEY_GAP + self.text_width(label, KEY_SIZE)
            if rows[-1] and x + needed > self.width - MARGIN:
                rows.append([])
                x = start
            rows[-1].append((x, Key(label, key.shape, key.colour, key.edge, key.size)))
            x += needed + ENTRY_GAP
        return rows

    def _head(self, blocks: Sequence[Block], head: Sequence[list[list[tuple[float, Key]]]]) -> None:
        y = self.height - MARGIN + 0.06
        for block, rows in zip(blocks, head, strict=True):
            words = self.shortened(block.title, self.width - 2 * MARGIN, TITLE_SIZE, "bold")
            self._text(MARGIN, y - 0.13, words, TITLE_SIZE, weight="bold", va="baseline")
            if block.scale is not None:
                self._scale(block.scale, y - 0.22)
            for line, row in enumerate(rows):
                base = y - 0.34 - ROW * line
                for x, key in row:
                    self._key(x, base + 0.04, key)
                    self._text(x + KEY_WIDTH + KEY_GAP, base, key.label, KEY_SIZE, va="baseline")
            y -= _height(block, rows)

    def _key(self, x: float, y: float, key: Key) -> None:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Rectangle

        if key.shape == "fill":
            self.figure.add_artist(
                Rectangle(
                    (x / self.width, (y - 0.06) / self.height), KEY_WIDTH / self.width, 0.12 / self.height,
                    facecolor=key.colour, edgecolor=key.edge, linewidth=0.6, transform=self.figure.transFigure,
                )
            )  # fmt: skip
            return
        if key.shape in ("line", "dash", "dots"):
            dash: Any = {"line": "-", "dash": (0, (4, 2)), "dots": (0, (1, 1.5))}[key.shape]
            width = 2.2 if key.shape == "line" else 1.0
            ends = [x / self.width, (x + KEY_WIDTH) / self.width]
            self.figure.add_artist(
                Line2D(ends, [y / self.height] * 2, color=key.colour, linewidth=width, linestyle=dash)
            )
            return
        middle = Line2D(
            [(x + KEY_WIDTH / 2) / self.width], [y / self.height], linestyle="none", marker=key.shape,
            markersize=key.size, markerfacecolor=key.colour, markeredgecolor=key.edge, markeredgewidth=0.9,
        )  # fmt: skip
        self.figure.add_artist(middle)

    def _scale(self, scale: Scale, y: float) -> None:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import LogNorm, Normalize
        from matplotlib.ticker import MaxNLocator

        axis = self.figure.add_axes(
            (
                (MARGIN + 0.1) / self.width,
                (y - SCALE_HEIGHT) / self.height,
                SCALE_WIDTH / self.width,
                SCALE_HEIGHT / self.height,
            )
        )
        norm = (LogNorm if scale.logarithmic else Normalize)(scale.low, scale.high)
        extend = {(False, False): "neither", (True, False): "min", (False, True): "max"}.get(
            (scale.below, scale.above), "both"
        )
        bar = self.figure.colorbar(
            ScalarMappable(norm, number_map()), cax=axis, orientation="horizontal", extend=extend
        )
        if scale.logarithmic:
            bar.set_ticks([*round_numbers(scale.low, scale.high)])
            bar.ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        else:
            bar.ax.xaxis.set_major_locator(MaxNLocator(5))
        bar.ax.minorticks_off()
        bar.ax.tick_params(labelsize=TICK_SIZE - 0.5, colors=style.MUTED, length=2.5, pad=1.5)
        bar.outline.set_edgecolor(style.RULE)
        axis.set_gid("colour-scale")


def _height(block: Block, rows: Sequence[object]) -> float:
    lines = ROW * (len(rows) if block.keys else 0)
    return 0.28 + max(lines, 0.36 if block.scale is not None else 0.0)


def round_numbers(low: float, high: float) -> list[float]:
    """Return at most six round numbers for a logarithmic scale: 1, 2, 5 times powers of ten, or powers alone."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = [d * 10.0**p for p in range(first, last + 1) for d in digits]
        inside = [value for value in found if low <= value <= high]
        if len(inside) <= 6:
            return inside
    return inside[:: math.ceil(len(inside) / 6)]


def time_axis(days: float) -> tuple[float, str, list[float]]:
    """Return days per unit, the unit's name and ticks for an axis of ``days``: weeks for a year, then months."""
    if days <= 366:
        size, name, steps = 7.0, "Weeks", [1, 2, 4, 6, 8, 12]
    else:
        size, name, steps = 365.25 / 12, "Months", [1, 2, 3, 6, 12, 24, 60, 120]
    span = days / size
    step = next((s for s in steps if span / s <= 9), max(steps[-1], math.ceil(span / 9)))
    return size, name, [float(t) for t in np.arange(0, span + 1e-9, step)]
