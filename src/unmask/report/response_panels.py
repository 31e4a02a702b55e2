"""Panels of tumour response: best response in 100 people and as bars, waterfall, spider, time to response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.report import drawing, style
from unmask.report.drawing import Frame
from unmask.report.words import Words
from unmask.survival.kaplan_meier import DAYS_PER_MONTH

WATERFALL_BARS = 230
SPIDER_LINES = 48
WEEK_BIN = 3.0


def sample(patients: Sequence[int], wanted: int) -> list[int]:
    """Take patients at even steps through their sorted numbers: no draw, the same ones in every run."""
    ordered = sorted(patients)
    if len(ordered) <= wanted:
        return ordered
    return [ordered[int(k)] for k in np.floor(np.arange(wanted) * len(ordered) / wanted)]


def hundred(shares: Mapping[str, float]) -> dict[str, int]:
    """Round shares to whole people out of 100 so that they still add up to 100 (largest remainder)."""
    values = np.array([max(shares.get(code, 0.0), 0.0) for code in style.CATEGORIES])
    if values.sum() <= 0:
        return dict.fromkeys(style.CATEGORIES, 0)
    whole = drawing.largest_remainder(100 * values / values.sum(), 100)
    return dict(zip(style.CATEGORIES, whole, strict=True))


def people(title: str, colour: str, shares: Mapping[str, float], alt: str, words: Words) -> str:
    """Draw 100 people, coloured and grouped by best response, with the count of each group beside them."""
    counts = hundred(shares)
    frame = Frame(x=(0, 1), y=(0, 1), height=218.0)
    top = 32.0
    codes = [code for code in style.CATEGORIES for _ in range(counts[code])]
    looks = {
        code: {
            "fill": style.CATEGORY_COLOURS[code],
            "stroke": style.MUTED if code == "NE" else "none",
            "stroke_width": 0.8,
        }
        for code in style.CATEGORIES
    }
    parts = [
        drawing.text(2, 16, title, size=14.0, weight=650, colour=colour),
        *drawing.crowd(codes, looks, top, size=14.0, pitch=18.0),
    ]
    for row, code in enumerate(style.CATEGORIES):
        y = top + 20 + row * 32
        key = drawing.swatch(style.CATEGORY_COLOURS[code])
        parts.append(f'<g transform="translate(212 {drawing.number(y - 4)})">{key}</g>')
        parts.append(drawing.text(262, y, str(counts[code]), anchor="end", size=16.0, weight=650))
        parts.append(drawing.text(272, y, f"{words.get('category')[code]} ({code})"))
    return frame.svg(parts, alt)


def best_response_bars(rows: Sequence[tuple[str, Mapping[str, float], bool]], alt: str, words: Words) -> str:
    """Draw one stacked bar per (label, shares, real); real patients have a dashed outline."""
    pitch, thick = 49.0, 24.0
    frame = Frame(
        x=(0.0, 1.0), y=(0.0, 1.0), left=16.0, right=22.0, top=4.0, bottom=96.0,
        height=100.0 + pitch * len(rows),
    )  # fmt: skip
    x0, y0, x1, _ = frame.inner
    marks = [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    parts = [frame.axes(marks, [], x_label=words("figure.share"), y_label="", x_format=drawing.percent)]
    for k, (label, shares, real) in enumerate(rows):
        y, x = y0 + 18 + pitch * k, x0
        parts.append(drawing.text(x0 - 1.5, y - 7, label))
        for code in style.CATEGORIES:
            width = (x1 - x0) * max(shares.get(code, 0.0), 0.0)
            edge = style.MUTED if code == "NE" else style.PAPER
            parts.append(
                drawing.rect(x, y, width, thick, style.CATEGORY_COLOURS[code], stroke=edge, stroke_width=0.8)
            )
            told = f"{code} {100 * shares.get(code, 0.0):.0f}%"
            size = style.SMALL_SIZE if width > drawing.text_width(told, style.SMALL_SIZE) + 6 else 9.0
            if width > drawing.text_width(told, size) + 2:
                ink = style.PAPER if code in ("CR", "PD") else style.INK
                parts.append(
                    drawing.text(x + width / 2, y + 16, told, anchor="middle", colour=ink, size=size)
                )
            x += width
        if real:
            dash = {"stroke_dasharray": style.DASH_OBSERVED, "stroke_width": 1.2}
            parts.append(
                drawing.rect(x0 - 1.5, y - 1.5, x1 - x0 + 3, thick + 3, "none", stroke=style.INK, **dash)
            )
    keys = [
        (drawing.swatch(style.CATEGORY_COLOURS[c]), f"{c} {words.get('category')[c]}")
        for c in style.CATEGORIES
    ]
    parts.append(drawing.legend(keys, 2, frame.inner[3] + 54, frame.width)[0])
    return frame.svg(parts, alt)


def best_change(assessments: pd.DataFrame) -> pd.Series:
    """Return each patient's best (smallest) change from baseline after day 0, before another therapy."""
    rows = assessments[assessments["day"] > 0]
    if "subsequent_therapy" in rows.columns:
        rows = rows[~rows["subsequent_therapy"].astype(bool)]
    rows = rows[np.isfinite(rows["change_from_baseline"].to_numpy(float))]
    smallest: pd.Series = rows.groupby("patient", observed=True)["change_from_baseline"].min()
    return smallest


def thresholds(frame: Frame, words: Words, *, left: bool = False) -> list[str]:
    """Draw the lines at -30 % and +20 % with their meaning; ``left`` puts the lower label at the left end."""
    x0, _, x1, _ = frame.inner
    out = []
    for value, key, above in ((-0.30, "figure.shrink_line", False), (0.20, "figure.grow_line", True)):
        y = float(frame.py(value))
        at_left = left and not above
        out.append(drawing.segment(x0, y, x1, y, style.MUTED, stroke_dasharray="2 3"))
        out.append(
            drawing.text(
                x0 + 2 if at_left else x1 - 2,
                y - 4 if above else y + 12,
                words(key),
                anchor=None if at_left else "end",
                size=9.5,
                colour=style.MUTED,
                halo=True,
            )
        )
    return out


def waterfall(
    title: str, colour: str, change: pd.Series, best: Mapping[int, str], alt: str, words: Words
) -> str:
    """Draw the best change of evenly chosen patients, worst first, coloured by best response."""
    frame = Frame(x=(0.0, 1.0), y=(-1.0, 1.0), left=52.0, top=54.0, bottom=46.0, height=320.0)
    ordered = change.sort_values(ascending=False, kind="stable")
    chosen = ordered
    if len(ordered) > WATERFALL_BARS:
        chosen = ordered.iloc[np.floor((np.arange(WATERFALL_BARS) + 0.5) * len(ordered) / WATERFALL_BARS)]
    codes = np.array([style.category(best.get(int(patient), "NE")) for patient in chosen.index])
    values = np.clip(chosen.to_numpy(float), -1.0, 1.0)
    x0, _, x1, y1 = frame.inner
    step = (x1 - x0) / max(len(values), 1)
    width = min(max(step * 0.86, step - 1.0), 26.0)
    left = x0 + np.arange(len(values)) * step
    top, zero = frame.py(np.maximum(values, 0.0)), float(frame.py(0.0))
    height = np.maximum(np.abs(frame.py(values) - zero), 0.6)
    parts = [
        drawing.text(2, 16, title, size=14.0, weight=650, colour=colour),
        frame.axes([], [-1, -0.5, 0, 0.5, 1.0], x_label="",
                   y_label=words("figure.waterfall_y"), y_format=drawing.percent),
    ]  # fmt: skip
    for code in style.CATEGORIES:
        hit = codes == code
        if hit.any():
            edge = {"stroke": style.MUTED, "stroke_width": 0.5} if code == "NE" else {}
            parts.append(
                drawing.bars(
                    left[hit], top[hit], width, height[hit], fill=style.CATEGORY_COLOURS[code], **edge
                )
            )
    parts.append(drawing.segment(x0, zero, x1, zero, style.INK))
    parts.extend(thresholds(frame, words, left=True))
    keys = [(drawing.swatch(style.CATEGORY_COLOURS[c]), c) for c in style.CATEGORIES]
    parts.append(drawing.legend(keys, x0, y1 + 26, frame.width)[0])
    return frame.svg(parts, alt)


def spider(
    title: str, colour: str, assessments: pd.DataFrame, best: Mapping[int, str], chosen: Sequence[int],
    alt: str, words: Words, x_max: float,
) -> str:  # fmt: skip
    """Draw change from baseline against time for chosen patients; a marker at the end tells the category."""
    frame = Frame(x=(0.0, x_max), y=(-1.0, 1.5), left=52.0, top=54.0, bottom=84.0, height=370.0)
    rows = assessments[assessments["patient"].isin(list(chosen))]
    if "subsequent_therapy" in rows.columns:
        rows = rows[~rows["subsequent_therapy"].astype(bool)]
    rows = rows[np.isfinite(rows["change_from_baseline"].to_numpy(float))]
    parts = [
        drawing.text(2, 16, title, size=14.0, weight=650, colour=colour),
        frame.axes(drawing.month_ticks(x_max), [-1, -0.5, 0, 0.5, 1.0, 1.5], x_label=words("figure.months"),
                   y_label=words("figure.spider_y"), y_format=drawing.percent),
    ]  # fmt: skip
    curves, ends = [], []
    zero = float(frame.py(0.0))
    curves.append(drawing.segment(frame.inner[0], zero, frame.inner[2], zero, style.RULE))
    for patient, mine in rows.groupby("patient", sort=True):
        months = np.r_[0.0, mine["day"].to_numpy(float) / DAYS_PER_MONTH]
        change = np.r_[0.0, mine["change_from_baseline"].to_numpy(float)]
        keep = np.r_[True, months[1:] > 0]
        code = style.category(best.get(int(str(patient)), "NE"))
        ink = style.RULE if code in ("SD", "NE") else style.CATEGORY_COLOURS[code]
        curves.append(frame.line(months[keep], change[keep], ink, 1.3, stroke_opacity="0.8"))
        x, y = float(frame.px(months[-1])), float(frame.py(change[-1]))
        if change[-1] <= frame.y[1] and months[-1] <= x_max:
            ends.append(drawing.mark(END_MARKS[code], x, y, ink))
    parts.append(frame.clipped(curves))
    parts.extend(ends)
    parts.extend(thresholds(frame, words))
    keys = [
        (
            drawing.mark(END_MARKS[c], 0, 0, style.RULE if c in ("SD", "NE") else style.CATEGORY_COLOURS[c]),
            words.get("category")[c],
        )
        for c in style.CATEGORIES[:4]
    ]
    parts.append(drawing.legend(keys, 2, frame.inner[3] + 56, frame.width)[0])
    return frame.svg(parts, alt)


END_MARKS: Mapping[str, str] = {
    "CR": "triangle",
    "PR": "circle",
    "SD": "square",
    "PD": "diamond",
    "NE": "cross",
}


def time_to_response(
    title: str, colour: str, weeks: NDArray[np.float64], x_max: float, y_max: float, alt: str, words: Words
) -> str:
    """Draw weeks from randomisation to first response in bins of three, with lines at 16 and 20."""
    edges = week_bins(x_max)
    frame = Frame(x=(0.0, float(edges[-1])), y=(0.0, y_max), top=54.0, height=300.0)
    shares = np.histogram(np.clip(weeks, edges[0], edges[-1]), edges)[0] / max(len(weeks), 1)
    left, top = frame.px(edges[:-1]), frame.py(shares)
    width = float(frame.px(WEEK_BIN) - frame.px(0.0)) - 3.0
    base = frame.inner[3]
    hit = shares > 0
    parts = [
        drawing.text(2, 16, title, size=14.0, weight=650, colour=colour),
        frame.axes(drawing.ticks(0, x_max, 8), drawing.ticks(0, y_max, 4), x_label=words("figure.weeks"),
                   y_label=words("figure.share_responders"), y_format=drawing.percent),
        drawing.bars(left[hit] + 1.5, top[hit], width, base - top[hit], fill=colour, fill_opacity="0.85"),
    ]  # fmt: skip
    for week, rise in ((16.0, 0.0), (20.0, 15.0)):
        x = float(frame.px(week))
        after = float((weeks > week).mean()) if len(weeks) else 0.0
        parts.append(
            drawing.segment(x, frame.inner[1] + rise, x, base, style.INK, 1.2, stroke_dasharray="4 3")
        )
        label = words("figure.after_week", share=f"{100 * after:.0f}%", week=f"{week:.0f}")
        parts.append(drawing.text(x + 5, frame.inner[1] + rise + 10, label, size=style.SMALL_SIZE, halo=True))
    return frame.svg(parts, alt)


def week_bins(end: float) -> NDArray[np.float64]:
    """Return bin edges centred on multiples of three weeks, where scans are planned: no visit is split."""
    return np.arange(WEEK_BIN / 2, end + WEEK_BIN, WEEK_BIN)


def time_axis(weeks: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    """Return a shared week axis end (at least 30, at most 78) and the tallest bar's share, rounded up."""
    pooled = np.concatenate([w for w in weeks if w.size] or [np.zeros(1)])
    end = float(np.clip(np.ceil(np.quantile(pooled, 0.98) / 6.0) * 6.0, 30.0, 78.0))
    edges = week_bins(end)
    tallest = max(
        (
            float(np.histogram(np.clip(w, edges[0], edges[-1]), edges)[0].max() / w.size)
            for w in weeks
            if w.size
        ),
        default=0.1,
    )
    return end, min(1.0, float(np.ceil(tallest * 1.15 * 20) / 20))
