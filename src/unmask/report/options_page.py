"""The page of `unmask patient`: several options for one virtual patient, a form to talk over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from unmask.report import drawing, options_panels, words
from unmask.report.options_inputs import BENEFITS, HARMS, OptionsInput, ShownOption
from unmask.report.single_page import render_page
from unmask.report.words import Words
from unmask.safety.adverse_events import NO_ACTION
from unmask.safety.summary import LABORATORY
from unmask.survival.kaplan_meier import DAYS_PER_MONTH

DAYS_PER_WEEK = 7


@dataclass(frozen=True)
class Cell:
    """A number as it is written, with small print under it; ``strong`` where it is a figure."""

    value: str
    small: str = ""
    strong: bool = True


@dataclass(frozen=True)
class Row:
    """A line of a table: what it is about, and a cell per option."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Gallery:
    """A titled row of panels, one per option, with one legend for all."""

    key: str
    title: str
    caption: str
    panels: tuple[str, ...]
    legend: str = ""


def render_options(shown: OptionsInput) -> str:
    """Return the page as HTML text; the same input gives the same bytes."""
    text = Words(shown.language, "options")
    colours = shown.colours()
    # A style attribute would be dropped by the page's own policy, so what differs between pages is a style sheet.
    own_style = f":root{{--options:{len(shown.options)}}}\n" + "".join(
        f".chip-{number}{{background:{colour}}}\n" for number, colour in enumerate(colours)
    )
    return render_page(
        "options.html.j2",
        ("report.css", "options.css"),
        own_style,
        shown=shown,
        text=text,
        people=[
            options_panels.hundred(option, colour, text)
            for option, colour in zip(shown.options, colours, strict=True)
        ],
        benefits=[frequency_row(shown, key, text) for key in BENEFITS],
        harms=[frequency_row(shown, key, text) for key in HARMS],
        burden=Row(
            str(text.get("text.treatment_days")),
            tuple(Cell(words.count(option.treatment_days)) for option in shown.options),
        ),
        notes=notes(shown, text),
        galleries=_galleries(shown, colours, text),
        scan_rows=scan_rows(shown, text),
        best=best_row(shown, text),
        fates=[fate(option, text) for option in shown.options],
        events=[event_lines(option, text) for option in shown.options],
    )


def frequency_row(shown: OptionsInput, key: str, text: Words) -> Row:
    """Return one line of natural frequencies, out of 100 patients alike."""
    return Row(
        str(text.get("outcome")[key]),
        tuple(_frequency(key, option, text) for option in shown.options),
    )


def _frequency(key: str, option: ShownOption, text: Words) -> Cell:
    frequency = option.frequencies[key]
    if frequency.count is None:
        why = "meaningless" if key in BENEFITS else "unknown" if option.treated else "untreated"
        return Cell(str(text.get(f"text.{why}")), strong=False)
    low, high = frequency.interval or (None, None)
    small = "" if low is None or high is None else f"{100 * low:.0f}{words.EN_DASH}{100 * high:.0f}"
    return Cell(words.out_of_hundred(frequency.share), small)


def notes(shown: OptionsInput, text: Words) -> list[str]:
    """Return what has to be known to read the table of frequencies."""
    unknown = dict.fromkeys(chain.from_iterable(option.side_effects_unknown for option in shown.options))
    told = [text("text.interval_note", alike=words.count(shown.alike)), str(text.get("text.nothing_follows"))]
    if unknown:
        told.append(text("text.unknown_note", names=text.join(list(unknown))))
    if any(option.operates for option in shown.options):
        told.append(str(text.get("text.surgery_note")))
    if any(option.adaptive for option in shown.options):
        told.append(str(text.get("text.adaptive_note")))
    if shown.autoimmune:
        told.append(text("text.autoimmune_note", disease=shown.autoimmune))
    return told


def best_row(shown: OptionsInput, text: Words) -> Row:
    """Return the line of best responses, by RECIST 1.1 and by iRECIST."""
    return Row(
        str(text.get("text.best")),
        tuple(Cell(f"{option.best_response} · {option.immune_best_response}") for option in shown.options),
    )


def scan_rows(shown: OptionsInput, text: Words, *, brief: bool = False) -> list[Row]:
    """Return a line per scan: week, and each option's verdicts and size (``brief``: its change alone)."""
    scans = [_scans(option) for option in shown.options]
    days = {visit: scan["day"] for found in scans for visit, scan in found.items()}
    rows = []
    for visit in sorted(days):
        cells = []
        for option, found in zip(shown.options, scans, strict=True):
            if visit in found:
                before = found.get(visit - 1)
                cells.append(_scan(found[visit], before, option.operated_day, text, brief))
            elif option.death_day is not None and days[visit] > option.death_day:
                cells.append(Cell(str(text.get("text.dead")), strong=False))
            else:
                cells.append(Cell(words.ABSENT, strong=False))
        rows.append(Row(f"{days[visit] / DAYS_PER_WEEK:.0f}", tuple(cells)))
    return rows


def _scans(option: ShownOption) -> dict[int, dict[str, Any]]:
    """Return the patient's scans by number."""
    rows = option.scans.to_dict("records")
    return {int(row["visit"]): {str(name): value for name, value in row.items()} for row in rows}


def _scan(
    scan: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    operated_day: float | None,
    text: Words,
    brief: bool,
) -> Cell:
    size, change = words.finite(scan["sld_mm"]), words.finite(scan["change_from_baseline"])
    changed = "" if change is None else f"{'+' if change > 0 else ''}{words.share(change, 0)}"
    seen = words.ABSENT if size is None else f"{size:.0f}{words.NO_BREAK}mm"
    if brief:
        seen = changed or seen
    elif changed:
        seen += f" ({changed})"
    # A lesion stays on every later scan: it is told when it is first seen, as is the next therapy.
    news = [
        str(text.get(f"text.{name}"))
        for name in ("new_lesion", "subsequent_therapy")
        if scan[name] and not (before and before[name])
    ]
    operated = operated_day is not None and scan["day"] >= operated_day
    if operated and not (before and before["day"] >= operated_day):
        news.append(str(text.get("text.after_surgery")))
    verdict = f"{scan['overall_response']} · {scan['irecist_response']}"
    # A response after surgery is what was cut out; a relapse after it is one.
    return Cell(verdict, ", ".join((seen, *news)), strong=not operated or scan["overall_response"] == "PD")


def event_lines(option: ShownOption, text: Words) -> list[str]:
    """Return the patient's side effects in words: a line each, its courses in the order in which they came."""
    courses: dict[str, dict[str, list[str]]] = {}
    for row in option.events.to_dict("records"):
        event, action = str(row["event"]), str(row["action"])
        remarks = [action] if action != NO_ACTION else []
        if event in LABORATORY:
            remarks.append(str(text.get("text.laboratory")))
        if not row["related"]:
            remarks.append(str(text.get("text.unrelated")))
        remark = text("text.event_remark", remarks="; ".join(remarks)) if remarks else ""
        seen = text("text.event_grade", grade=int(row["grade"]), remark=remark)
        courses.setdefault(event, {}).setdefault(seen, []).append(
            _weeks(row["onset_day"], row["resolution_day"], text)
        )
    return [
        text(
            "text.event",
            event=event,
            courses="; ".join(
                text("text.event_course", seen=seen, weeks=", ".join(weeks)) for seen, weeks in found.items()
            ),
        )
        for event, found in courses.items()
    ]


def _weeks(onset_day: object, resolution_day: object, text: Words) -> str:
    first, last = words.finite(onset_day), words.finite(resolution_day)
    begun = words.count(None if first is None else first / DAYS_PER_WEEK)
    if last is None:
        return text("text.event_lasting", week=begun)
    over = words.count(last / DAYS_PER_WEEK)
    return begun if over == begun else f"{begun}{words.EN_DASH}{over}"


def fate(option: ShownOption, text: Words) -> str:
    """Return what became of the patient, a sentence."""
    if option.death_day is None:
        return text("text.alive", months=f"{option.followed_days / DAYS_PER_MONTH:.0f}")
    return text("text.died", month=f"{option.death_day / DAYS_PER_MONTH:.0f}")


def _galleries(shown: OptionsInput, colours: tuple[str, ...], text: Words) -> list[Gallery]:
    end = float(shown.follow_up_days)

    def panels(draw: Callable[..., str], *arguments: Any) -> tuple[str, ...]:
        return tuple(
            draw(option, colour, end, *arguments, text)
            for option, colour in zip(shown.options, colours, strict=True)
        )

    def lines(series: tuple[tuple[str, str, str | None], ...]) -> str:
        return options_panels.key_line(
            [(drawing.stroke_key(stroke, dash=dash), text(f"key.{name}")) for name, stroke, dash in series]
        )

    most_t_cells = max(float(option.course["tumour_t_cells"].max()) for option in shown.options)
    inside_key = options_panels.key_line(
        [
            (drawing.swatch(colour), text(f"key.{name}"))
            for name, colour in options_panels.INSIDE_COLOURS.items()
        ]
    )
    found = (
        ("size", panels(options_panels.size, options_panels.size_top(shown.options)), ""),
        ("inside", panels(options_panels.inside, options_panels.volume_top(shown.options)), inside_key),
        ("t_cells", panels(options_panels.t_cells, most_t_cells), lines(options_panels.T_CELLS)),
        ("occupancy", panels(options_panels.occupancy), lines(options_panels.OCCUPANCY)),
    )
    return [
        Gallery(key, str(text.get(f"text.{key}")), str(text.get(f"text.{key}_caption")), drawn, legend)
        for key, drawn, legend in found
    ]
