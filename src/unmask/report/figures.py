"""Choose, title and caption the figures of a report; a figure whose data are absent is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unmask.report import course_panels, response_panels, style, survival_figures, words
from unmask.report.course_panels import Swimmer
from unmask.report.inputs import Arm, ReportInput
from unmask.report.words import Words
from unmask.survival.kaplan_meier import DAYS_PER_MONTH


@dataclass(frozen=True)
class Figure:
    """A titled figure: panels side by side (SVG text) and a caption that says what to look for."""

    key: str
    title: str
    caption: str
    panels: tuple[str, ...]


def people(report: ReportInput, text: Words) -> list[Figure]:
    """Return the picture of 100 people per arm that stands beside the findings."""
    colours = report.colours()
    panels = []
    for arm in report.arms:
        shares = category_shares(of_arm(report.tables.patients, arm))
        if shares:
            counts = response_panels.hundred(shares)
            told = text.join(
                [f"{counts[c]} {text.get('category')[c]}" for c in style.CATEGORIES if counts[c]]
            )
            alt = text("figure.people.alt", arm=arm.title, parts=told)
            panels.append(response_panels.people(arm.title, colours[arm.name], shares, alt, text))
    return [_figure("people", panels, text)] if panels else []


def survival(report: ReportInput, text: Words) -> list[Figure]:
    """Return the Kaplan-Meier figures of OS, PFS and iPFS."""
    panels = []
    for endpoint, y_label in (("OS", "alive"), ("PFS", "progression_free"), ("iPFS", "progression_free")):
        key = endpoint.lower()
        curves = survival_figures.lines(report, endpoint, text)
        if any(not line.real for line in curves):
            title = str(text.get(f"figure.{key}.title"))
            alt = text(f"figure.{key}.alt", medians=survival_figures.describe(curves, text))
            drawn = survival_figures.panel(
                curves, title=title, y_label=str(text.get(f"figure.{y_label}")), alt=alt, words=text
            )
            panels.append(Figure(key, title, str(text.get(f"figure.{key}.caption")), (drawn,)))
    return panels


def response(report: ReportInput, text: Words) -> list[Figure]:
    """Return best response, waterfall, time to response, spider and swimmer."""
    return [*_best(report, text), *_waterfall(report, text), *_timing(report, text), *_spider(report, text),
            *_swimmer(report, text)]  # fmt: skip


def course(report: ReportInput, text: Words) -> list[Figure]:
    """Return tumour size over time, clones and T cells over time, and tumour size at the start."""
    return [*_size(report, text), *_quantities(report, text), *_baseline(report, text)]


def category_shares(patients: pd.DataFrame) -> dict[str, float]:
    """Return the share of each best response; empty without patients."""
    if not len(patients):
        return {}
    codes = patients["best_response"].map(style.category)
    return {code: float((codes == code).mean()) for code in style.CATEGORIES}


def of_arm(table: pd.DataFrame, arm: Arm) -> pd.DataFrame:
    """Return the rows of one arm."""
    rows: pd.DataFrame = table[table["arm"] == arm.name]
    return rows


def _figure(key: str, panels: Sequence[str], text: Words, **values: object) -> Figure:
    return Figure(
        key, str(text.get(f"figure.{key}.title")), text(f"figure.{key}.caption", **values), tuple(panels)
    )


def _best_by_patient(patients: pd.DataFrame) -> dict[int, str]:
    return {int(p): str(c) for p, c in zip(patients["patient"], patients["best_response"], strict=True)}


def _best(report: ReportInput, text: Words) -> Iterator[Figure]:
    rows: list[tuple[str, Mapping[str, float], bool]] = []
    for arm in report.arms:
        mine = category_shares(of_arm(report.tables.patients, arm))
        if mine:
            rows.append((arm.title, mine, False))
        if report.observed is not None and "best_response" in report.observed.patients.columns:
            real = of_arm(report.observed.patients, arm)
            theirs = category_shares(real[real["best_response"].notna()])
            if theirs:
                rows.append((text("figure.real_arm", arm=arm.title), theirs, True))
    if rows:
        told = [
            f"{label}: " + ", ".join(f"{c} {100 * s.get(c, 0):.0f} %" for c in style.CATEGORIES)
            for label, s, _ in rows
        ]
        panel = response_panels.best_response_bars(rows, text("figure.best.alt", parts="; ".join(told)), text)
        real_rows = any(real for *_, real in rows)
        caption = (
            text("figure.best.caption_real", label=report.observed.label)
            if real_rows and report.observed is not None
            else str(text.get("figure.best.caption"))
        )
        yield Figure("best", str(text.get("figure.best.title")), caption, (panel,))


def _waterfall(report: ReportInput, text: Words) -> Iterator[Figure]:
    panels, counts = [], []
    for arm in report.arms:
        change = response_panels.best_change(of_arm(report.tables.assessments, arm))
        if not len(change):
            continue
        shown = min(len(change), response_panels.WATERFALL_BARS)
        alt = text(
            "figure.waterfall.alt",
            arm=arm.title,
            shrunk=int((change <= -0.3 + 1e-9).sum()),
            total=len(change),
        )
        best = _best_by_patient(of_arm(report.tables.patients, arm))
        panels.append(
            response_panels.waterfall(arm.title, report.colours()[arm.name], change, best, alt, text)
        )
        counts.append(
            text("figure.waterfall.every", arm=arm.title, shown=shown, total=words.count(len(change)))
        )
    if panels:
        yield _figure("waterfall", panels, text, bars="; ".join(counts))


def _timing(report: ReportInput, text: Words) -> Iterator[Figure]:
    table = report.tables.time_to_event
    table = table[table["endpoint"] == "TTR"]
    weeks = {arm.name: of_arm(table, arm)["time_days"].to_numpy(float) / 7.0 for arm in report.arms}
    if not any(w.size for w in weeks.values()):
        return
    x_max, y_max = response_panels.time_axis(list(weeks.values()))
    panels = []
    for arm in report.arms:
        w = weeks[arm.name]
        alt = text(
            "figure.ttr.alt", arm=arm.title, n=w.size, median=words.fixed(np.median(w) if w.size else None),
            late=words.share((w > 16).mean() if w.size else None, 0),
        )  # fmt: skip
        panels.append(
            response_panels.time_to_response(
                arm.title, report.colours()[arm.name], w, x_max, y_max, alt, text
            )
        )
    yield _figure("ttr", panels, text)


def _time_end(report: ReportInput) -> float:
    """Return the end of the shared time axis of spider and size figures: months, at most 30."""
    days = report.tables.assessments["day"].to_numpy(float)
    end = float(np.nanquantile(days, 0.99)) / DAYS_PER_MONTH if np.isfinite(days).any() else 12.0
    return float(np.clip(np.ceil(end / 3.0) * 3.0, 3.0, 30.0))


def _spider(report: ReportInput, text: Words) -> Iterator[Figure]:
    panels = []
    chosen = _chosen(report, response_panels.SPIDER_LINES)
    for arm in report.arms:
        rows = of_arm(report.tables.assessments, arm)
        if not len(rows):
            continue
        best = _best_by_patient(of_arm(report.tables.patients, arm))
        alt = text("figure.spider.alt", arm=arm.title, shown=len(chosen[arm.name]))
        panels.append(
            response_panels.spider(
                arm.title,
                report.colours()[arm.name],
                rows,
                best,
                chosen[arm.name],
                alt,
                text,
                _time_end(report),
            )
        )
    if panels:
        yield _figure("spider", panels, text, shown=max(len(c) for c in chosen.values()))


def _chosen(report: ReportInput, wanted: int) -> dict[str, list[int]]:
    return {
        arm.name: response_panels.sample(
            of_arm(report.tables.patients, arm)["patient"].astype(int).tolist(), wanted
        )
        for arm in report.arms
    }


def _swimmer(report: ReportInput, text: Words) -> Iterator[Figure]:
    chosen = _chosen(report, course_panels.SWIMMERS)
    lanes = {arm.name: _lanes(report, arm, chosen[arm.name]) for arm in report.arms}
    ends = [lane.end for mine in lanes.values() for lane in mine]
    if not ends:
        return
    x_max = max(float(np.ceil(max(ends) / 3.0) * 3.0), 3.0)
    rows = max(len(mine) for mine in lanes.values())
    panels = []
    for arm in report.arms:
        mine = lanes[arm.name]
        alt = text(
            "figure.swimmer.alt", arm=arm.title, shown=len(mine), died=sum(lane.died for lane in mine),
            responded=sum(lane.response is not None for lane in mine),
        )  # fmt: skip
        panels.append(
            course_panels.swimmer(arm.title, report.colours()[arm.name], mine, x_max, rows, alt, text)
        )
    yield _figure("swimmer", panels, text, shown=rows)


def _lanes(report: ReportInput, arm: Arm, chosen: Sequence[int]) -> list[Swimmer]:
    """Collect what happened to each chosen patient from the tables, in months."""
    times = of_arm(report.tables.time_to_event, arm)
    times = times[times["patient"].isin(list(chosen))]

    def known(endpoint: str, *, events_only: bool) -> dict[int, tuple[float, bool]]:
        rows = times[times["endpoint"] == endpoint]
        rows = rows[rows["event"].astype(bool)] if events_only else rows
        return {
            int(p): (float(d) / DAYS_PER_MONTH, bool(e))
            for p, d, e in zip(rows["patient"], rows["time_days"], rows["event"], strict=True)
            if np.isfinite(d)
        }

    follow, first_response = known("OS", events_only=False), known("TTR", events_only=True)
    scans = of_arm(report.tables.assessments, arm)
    scans = scans[scans["patient"].isin(list(chosen))]
    progression = _first_day(scans, "overall_response", "PD")
    confirmed = _first_day(scans, "irecist_response", "iCPD")
    doses = of_arm(report.tables.doses, arm)
    doses = doses[doses["patient"].isin(list(chosen)) & (doses["phase"] != "subsequent")]
    treated = doses.groupby("patient", observed=True)["day"].max()
    return [
        Swimmer(
            patient=p,
            end=follow[p][0],
            died=follow[p][1],
            treated=float(treated.get(p, 0.0)) / DAYS_PER_MONTH,
            response=first_response[p][0] if p in first_response else None,
            progression=progression.get(p),
            confirmed=confirmed.get(p),
        )
        for p in chosen
        if p in follow
    ]


def _first_day(scans: pd.DataFrame, column: str, code: str) -> dict[int, float]:
    if column not in scans.columns:
        return {}
    first = scans[scans[column] == code].groupby("patient", observed=True)["day"].min()
    return {int(str(p)): float(day) / DAYS_PER_MONTH for p, day in first.items()}


def _trajectory(report: ReportInput, quantity: str, arm: Arm) -> pd.DataFrame:
    rows = of_arm(report.tables.trajectories, arm)
    kept: pd.DataFrame = rows[(rows["quantity"] == quantity) & np.isfinite(rows["q50"].to_numpy(float))]
    return kept


def _size(report: ReportInput, text: Words) -> Iterator[Figure]:
    panels = []
    for arm in report.arms:
        rows = _trajectory(report, "sld_change", arm)
        if len(rows):
            alt = text("figure.size.alt", arm=arm.title)
            panels.append(
                course_panels.size_over_time(
                    arm.title, report.colours()[arm.name], rows, _time_end(report), alt, text
                )
            )
    if panels:
        yield _figure("size", panels, text)


def _quantities(report: ReportInput, text: Words) -> Iterator[Figure]:
    for key, as_share in (("resistant_share", True), ("antigen_loss_share", True), ("tumour_t_cells", False)):
        arms = [
            (arm.title, report.colours()[arm.name], rows)
            for arm in report.arms
            if len(rows := _trajectory(report, key, arm))
        ]
        if arms:
            about = text.get(f"figure.{key}")
            panel = course_panels.quantity_over_time(
                about["title"], about["y"], arms, as_share=as_share, alt=about["alt"], words=text
            )
            yield _figure(key, [panel], text)


def _baseline(report: ReportInput, text: Words) -> Iterator[Figure]:
    if "baseline_sld_mm" not in report.tables.patients.columns:
        return
    virtual = report.tables.patients["baseline_sld_mm"].to_numpy(float)
    virtual = virtual[np.isfinite(virtual)]
    if not virtual.size:
        return
    real = None
    observed = report.observed
    if observed is not None and "baseline_sld_mm" in observed.patients.columns:
        found = observed.patients["baseline_sld_mm"].to_numpy(float)
        real = found[np.isfinite(found)]
    alt = text("figure.baseline.alt", median=words.fixed(np.median(virtual), 0))
    panel = course_panels.baseline_size(virtual, real, alt, text)
    caption = (
        text("figure.baseline.caption_real", label=observed.label)
        if observed is not None and real is not None and real.size
        else str(text.get("figure.baseline.caption"))
    )
    yield Figure("baseline", str(text.get("figure.baseline.title")), caption, (panel,))
