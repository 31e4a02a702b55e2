"""Draw panels as SVG text: scales, axes, lines, areas, bars and markers, each a function giving a fragment.

A :class:`Frame` is the frozen geometry of one panel (size, margins, data ranges); its methods turn data into
fragments, and :meth:`Frame.svg` joins fragments into one picture with its alternative text. Only presentation
attributes are written (never ``style`` or ``id``), so that a picture works inside a page with a strict
content-security policy, several stand in one page, and a picture saved alone is a complete SVG file.

Long series stay small: points closer than half a unit are merged before they are written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmask.report import style

Floats = NDArray[np.float64]
Format = Callable[[float], str]


LETTER = 0.58
"""Average width of a letter, em."""


def number(value: float) -> str:
    """Write a coordinate with one decimal and no trailing zero."""
    text = f"{value:.1f}"
    text = text[:-2] if text.endswith(".0") else text
    return "0" if text == "-0" else text


def attributes(**values: object) -> str:
    """Write SVG attributes: ``stroke_width=2`` as ``stroke-width="2"``; None leaves one out."""
    return "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(number(v) if isinstance(v, float) else str(v))}"'
        for key, v in values.items()
        if v is not None
    )


def ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """Return round tick positions (steps of 1, 2, 2.5 or 5 times a power of ten) inside ``[low, high]``."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    raw = span / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(k * step, 10) for k in range(first, last + 1)]


def month_ticks(high: float) -> list[float]:
    """Return ticks for a time axis in months: every 1, 2, 3, 6, 12 or 24, at most ten steps."""
    step = next((s for s in (1, 2, 3, 6, 12) if high / s <= 10), 24)
    return [float(m) for m in range(0, int(high + 1e-9) + 1, step)]


def plain(value: float) -> str:
    """Write a tick label without needless decimals, with a real minus sign."""
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def percent(value: float) -> str:
    """Write a fraction as a percentage tick label."""
    return f"{round(value * 100):d}%".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class Frame:
    """Geometry of one panel: outer size and margins in SVG units, and the data ranges of its axes."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: float = style.PANEL_WIDTH
    height: float = style.PANEL_HEIGHT
    left: float = 50.0
    right: float = 14.0
    top: float = 26.0
    bottom: float = 44.0

    @property
    def inner(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom edge of the plotting area."""
        return self.left, self.top, self.width - self.right, self.height - self.bottom

    def px(self, values: ArrayLike) -> Floats:
        """Horizontal position of data values; a range of zero width maps to the left edge."""
        x0, _, x1, _ = self.inner
        span = (self.x[1] - self.x[0]) or 1.0
        return np.asarray(x0 + (np.asarray(values, float) - self.x[0]) / span * (x1 - x0))

    def py(self, values: ArrayLike) -> Floats:
        """Vertical position of data values."""
        _, y0, _, y1 = self.inner
        span = (self.y[1] - self.y[0]) or 1.0
        return np.asarray(y1 - (np.asarray(values, float) - self.y[0]) / span * (y1 - y0))

    def clipped(self, fragments: Iterable[str]) -> str:
        """Cut fragments at the plotting area (a nested ``svg`` clips without needing an id)."""
        x0, y0, x1, y1 = self.inner
        w, h = number(x1 - x0), number(y1 - y0)
        box = f'x="{number(x0)}" y="{number(y0)}" width="{w}" height="{h}"'
        view = f'viewBox="{number(x0)} {number(y0)} {w} {h}"'
        return f"<svg {box} {view}>{''.join(fragments)}</svg>"

    def line(self, x: ArrayLike, y: ArrayLike, colour: str, width: float = 1.8, **extra: object) -> str:
        """Draw a polyline through finite points; a gap (NaN) breaks it."""
        d = polyline(self.px(x), self.py(y))
        return path(d, fill="none", stroke=colour, stroke_width=width, **extra)

    def steps(self, x: ArrayLike, y: ArrayLike, colour: str, width: float = 2.0, **extra: object) -> str:
        """Draw a right-continuous step line (Kaplan-Meier)."""
        px, py = stairs(self.px(x), self.py(y))
        return path(polyline(px, py), fill="none", stroke=colour, stroke_width=width, **extra)

    def band(
        self,
        x: ArrayLike,
        low: ArrayLike,
        high: ArrayLike,
        colour: str,
        *,
        stepped: bool = False,
        opacity: float = 0.18,
    ) -> str:
        """Fill between two series (a confidence band or a range of quantiles)."""
        lower, upper = np.asarray(low, float), np.asarray(high, float)
        keep = np.isfinite(lower) & np.isfinite(upper)
        if not keep.any():
            return ""
        px = self.px(np.asarray(x, float)[keep])
        bottom, top = self.py(lower[keep]), self.py(upper[keep])
        (px_low, bottom), (px_high, top) = (
            (stairs(px, bottom), stairs(px, top)) if stepped else (thin(px, bottom), thin(px, top))
        )
        d = polyline(np.r_[px_low, px_high[::-1]], np.r_[bottom, top[::-1]], merge=False) + "Z"
        return path(d, fill=colour, fill_opacity=f"{opacity:g}", stroke="none")

    def axes(
        self,
        x_ticks: Sequence[float],
        y_ticks: Sequence[float],
        *,
        x_label: str,
        y_label: str,
        x_format: Format = plain,
        y_format: Format = plain,
        grid: bool = True,
    ) -> str:
        """Draw both axes: baseline, ticks with labels, faint horizontal rules, and titles with units."""
        x0, y0, x1, y1 = self.inner
        out = []
        for value, y in zip(y_ticks, self.py(list(y_ticks)), strict=True):
            if grid:
                out.append(segment(x0, float(y), x1, float(y), style.GRID))
            out.append(text(x0 - 6, float(y) + 4, y_format(value), anchor="end", colour=style.MUTED))
        for value, x in zip(x_ticks, self.px(list(x_ticks)), strict=True):
            out.append(segment(float(x), y1, float(x), y1 + 4, style.RULE))
            out.append(text(float(x), y1 + 16, x_format(value), anchor="middle", colour=style.MUTED))
        out.append(segment(x0, y1, x1, y1, style.RULE))
        out.append(text((x0 + x1) / 2, y1 + 33, x_label, anchor="middle"))
        # The vertical title lies flat above its axis: nobody has to turn the head.
        out.append(text(2, y0 - 12, y_label))
        return "".join(out)

    def svg(self, fragments: Iterable[str], alt: str) -> str:
        """Join fragments into one picture; ``alt`` says in words what it shows."""
        size = f'viewBox="0 0 {number(self.width)} {number(self.height)}" width="{number(self.width)}"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} height="{number(self.height)}" role="img"'
            f' aria-label="{escape(alt)}" font-family="{escape(style.FONT)}"'
            f' font-size="{number(style.FONT_SIZE)}">'
        )
        return f"{head}{''.join(fragments)}</svg>"


def thin(x: Floats, y: Floats, tolerance: float = 0.5) -> tuple[Floats, Floats]:
    """Keep the last point of every cell of ``tolerance`` units along x, and both ends."""
    if x.size < 3:
        return x, y
    cell = np.floor(x / tolerance)
    keep = np.r_[cell[1:] != cell[:-1], True]
    keep[0] = True
    return x[keep], y[keep]


def stairs(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Turn a right-continuous step function into the corners of its line."""
    x, y = thin(x, y)
    return np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]


def polyline(x: Floats, y: Floats, *, merge: bool = True) -> str:
    """Return the path data of a line; NaN starts a new piece, a point that rounds to the last is dropped."""
    out: list[str] = []
    last = ""
    start = True
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if not (math.isfinite(a) and math.isfinite(b)):
            start = True
            continue
        point = f"{number(a)} {number(b)}"
        if start:
            out.append(f"M{point}")
        elif point != last or not merge:
            out.append(f"L{point}")
        start, last = False, point
    return "".join(out)


def path(d: str, **values: object) -> str:
    """Return a path, or nothing when there is nothing to draw."""
    return f'<path d="{d}"{attributes(**values)}/>' if d else ""


def segment(
    x0: float, y0: float, x1: float, y1: float, colour: str, width: float = 1.0, **extra: object
) -> str:
    """Return a straight line in SVG units."""
    return path(
        f"M{number(x0)} {number(y0)}L{number(x1)} {number(y1)}", stroke=colour, stroke_width=width, **extra
    )


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str | None = None,
    colour: str = style.INK,
    size: float | None = None,
    weight: int | None = None,
    halo: bool = False,
) -> str:
    """Return text at a point in SVG units; ``halo`` keeps it readable over lines."""
    ring = {"stroke": style.PAPER, "stroke_width": 3.5, "stroke_linejoin": "round", "paint_order": "stroke"}
    shape = attributes(
        x=float(x), y=float(y), fill=colour, text_anchor=anchor, font_size=size, font_weight=weight,
        **(ring if halo else {}),
    )  # fmt: skip
    return f"<text{shape}>{escape(words, quote=False)}</text>"


def rect(x: float, y: float, width: float, height: float, colour: str, **extra: object) -> str:
    """Return a rectangle in SVG units."""
    shape = attributes(
        x=float(x), y=float(y), width=float(width), height=float(max(height, 0.0)), fill=colour, **extra
    )
    return f"<rect{shape}/>"


def bars(left: ArrayLike, top: ArrayLike, width: ArrayLike, height: ArrayLike, **extra: object) -> str:
    """Return many rectangles as one path (hundreds of bars in a few kilobytes)."""
    rows = np.broadcast_arrays(*(np.asarray(v, float) for v in (left, top, width, height)))
    return path(
        "".join(
            f"M{number(a)} {number(b)}h{number(w)}v{number(h)}h{number(-w)}Z"
            for a, b, w, h in zip(*(r.ravel().tolist() for r in rows), strict=True)
        ),
        **extra,
    )


def largest_remainder(exact: Floats, total: int) -> list[int]:
    """Round numbers that add up to ``total`` to whole ones that still do: what was cut off most is rounded up."""
    whole = np.floor(exact + 1e-9).astype(int)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return [int(count) for count in whole]


def crowd(
    people: Sequence[str], looks: Mapping[str, Mapping[str, object]], top: float, size: float, pitch: float
) -> list[str]:
    """Draw people in rows of ten; ``people`` names the group of each, ``looks`` the attributes of each group."""
    group_of = np.array(people)
    parts = []
    for group, look in looks.items():
        where = np.flatnonzero(group_of == group)
        if where.size:
            left, up = 2 + (where % 10) * pitch, top + (where // 10) * pitch
            parts.append(bars(left, up, size, size, **look))
    return parts


def text_width(words: str, size: float = style.FONT_SIZE) -> float:
    """Estimate the width of words in SVG units, wide enough for the fonts of bare machines."""
    return LETTER * size * len(words)


def shorten(words: str, room: float, size: float = style.FONT_SIZE) -> str:
    """Cut words with an ellipsis so that they fit into ``room`` units."""
    fits = max(int(room / (LETTER * size)), 2)
    return words if len(words) <= fits else words[: fits - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def legend(items: Sequence[tuple[str, str]], left: float, top: float, right: float) -> tuple[str, float]:
    """Lay out (key drawn around the origin, words) in rows; return the fragment and the height used."""
    out, x, y = [], left, top
    for key, words in items:
        needed = 24 + text_width(words, style.SMALL_SIZE) + 12
        if x > left and x + needed > right + 12:
            x, y = left, y + 16
        out.append(f'<g transform="translate({number(x + 8)} {number(y - 4)})">{key}</g>')
        out.append(text(x + 22, y, words, size=style.SMALL_SIZE))
        x += needed
    return "".join(out), y - top + 16


def swatch(colour: str, **extra: object) -> str:
    """Return the legend key of a filled colour."""
    return rect(-7.0, -5.0, 14.0, 10.0, colour, stroke=style.MUTED, stroke_width=0.6, **extra)


def stroke_key(colour: str, width: float = 2.2, dash: str | None = None) -> str:
    """Return the legend key of a line."""
    return segment(-9.0, 0.0, 9.0, 0.0, colour, width, stroke_dasharray=dash)


MARKS: dict[str, str] = {
    "triangle": "M0 -5L4.5 3.5L-4.5 3.5Z",
    "diamond": "M0 -4.8L4.8 0L0 4.8L-4.8 0Z",
    "square": "M-3.6 -3.6h7.2v7.2h-7.2Z",
    "circle": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z",
    "cross": "M-3.6 -3.6L3.6 3.6M-3.6 3.6L3.6 -3.6",
    "arrow": "M0 -3.8L6.5 0L0 3.8Z",
}
"""Marker outlines around the origin, told apart by shape before colour."""


def mark(kind: str, x: float, y: float, colour: str, **extra: object) -> str:
    """Return one marker; a cross is stroked, the others are filled."""
    paint: dict[str, object] = (
        {"fill": "none", "stroke": colour, "stroke_width": 2}
        if kind == "cross"
        else {"fill": colour, "stroke": style.PAPER, "stroke_width": 0.8}
    )
    place = f"translate({number(x)} {number(y)})"
    return f'<path d="{MARKS[kind]}"{attributes(transform=place, **paint | extra)}/>'
