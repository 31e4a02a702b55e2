"""A comparison as it is shown and written: the input of page and terminal, the JSON, the files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from unmask.patient_options.compare import FOLLOW_UP_DAYS, OUTPUTS, Option, OptionsResult
from unmask.patient_options.outcomes import Outcome
from unmask.patient_options.therapies import Therapy
from unmask.report.options_inputs import Frequency, OptionsInput, ShownOption
from unmask.report.options_page import render_options
from unmask.report.words import Words
from unmask.store import claim, write_json, write_text
from unmask.survival.estimate import without_nan
from unmask.trial.presentation import regimen

SURGERY = "surgery"  # what the table of doses calls an operation
UNITS = {"sld_mm": "mm", "body_weight_kg": "kg"}


def shown(result: OptionsResult) -> OptionsInput:
    """Return what page and terminal show of a result."""
    text = Words(area="options")
    known = {name: value for name, value in result.known.features().items() if value is not False}
    drawn = {name: result.drawn[name] for name in text.get("feature") if name in result.drawn}
    if result.drawn["autoimmune"] == "none":
        drawn.pop("immunosuppressed")
    return OptionsInput(
        title=result.known.title
        or text("text.title", tumour=result.tumour_type.title, count=len(result.options)),
        tumour=result.tumour_type.title,
        known=_in_words(known, text),
        drawn=_in_words({**drawn, "seed": result.seed}, text),
        options=tuple(_option(option) for option in result.options),
        alike=result.alike,
        follow_up_days=FOLLOW_UP_DAYS,
        autoimmune=result.known.autoimmune or "",
        warnings=result.warnings,
        provenance=(
            ("Unmask", result.version),
            ("tumour type", result.known.tumour_type),
            ("model", result.model_hash),
            ("seed", str(result.seed)),
            ("patients alike", str(result.alike)),
            *(
                (f"simulations that failed, {o.name}", str(len(o.spread.failures)))
                for o in result.options
                if o.spread.failures
            ),
        ),
    )


def as_json(result: OptionsResult) -> dict[str, Any]:
    """Return a result as plain data: what was known, the patient under each therapy, patients alike."""
    return {
        "notice": Words(area="options")("text.notice"),
        "unmask": result.version,
        "model": result.model_hash,
        "tumour_type": result.known.tumour_type,
        "seed": result.seed,
        "known": result.known.features(),
        "drawn": dict(result.drawn),
        "warnings": list(result.warnings),
        "patients_alike": result.alike,
        "follow_up_days": FOLLOW_UP_DAYS,
        "options": {option.name: _option_as_json(option) for option in result.options},
    }


def write(result: OptionsResult, folder: Path, *, force: bool = False) -> Path:
    """Write page and JSON to ``folder``; see :meth:`OptionsResult.write`."""
    claim(folder, OUTPUTS, force=force, resume=False)
    page = folder / "patient.html"
    write_text(page, render_options(shown(result)))
    write_json(folder / "patient.json", as_json(result))
    return page


def _option(option: Option) -> ShownOption:
    death = option.patient["death_day"]
    spread = option.spread
    return ShownOption(
        name=option.name,
        label=option.therapy.label,
        regimen=_regimen(option.therapy),
        notes=_notes(option.therapy),
        sources=option.therapy.sources,
        treated=bool(option.therapy.treatment),
        operates=option.therapy.operates,
        adaptive=option.therapy.adaptive,
        course=option.course,
        scans=option.scans,
        events=option.events,
        death_day=None if pd.isna(death) else float(death),
        followed_days=float(option.patient["censor_day"]),
        operated_day=_operated(option.doses),
        best_response=str(option.patient["best_response"]),
        immune_best_response=str(option.patient["irecist_best_response"]),
        frequencies={key: _frequency(outcome) for key, outcome in spread.outcomes.items()},
        two_years=spread.two_years,
        size=spread.size,
        treatment_days=spread.treatment_days,
        side_effects_unknown=option.therapy.side_effects_unknown,
    )


def _operated(doses: pd.DataFrame) -> float | None:
    days = doses.loc[doses["drug"].astype(str) == SURGERY, "day"]
    return None if days.empty else float(days.min())


def _frequency(outcome: Outcome) -> Frequency:
    return Frequency(outcome.count, outcome.size, outcome.share, outcome.interval)


def _regimen(therapy: Therapy) -> str:
    first = regimen(therapy.treatment)
    later = regimen(therapy.subsequent)
    words = f"{first}; at progression {later}" if therapy.subsequent else first
    return words[0].upper() + words[1:]


def _notes(therapy: Therapy) -> tuple[str, ...]:
    caveats = {
        item.drug: f"{item.drug.capitalize()}: {item.substance.caveat}"
        for item in therapy.drugs
        if item.substance.caveat
    }
    return tuple(note for note in (therapy.note, *caveats.values()) if note)


def _in_words(features: Mapping[str, Any], text: Words) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(text.get("feature")[name]), _value(name, value, text)) for name, value in features.items()
    )


def _value(name: str, value: object, text: Words) -> str:
    if isinstance(value, bool):
        return str(text.get("feature.yes" if value else "feature.no"))
    if isinstance(value, float):
        return f"{value:.0f} {UNITS[name]}"
    return str(value)


def _option_as_json(option: Option) -> dict[str, Any]:
    patient = option.patient
    spread = option.spread
    found = {
        "label": option.therapy.label,
        "regimen": _regimen(option.therapy),
        "takes_for_granted": option.therapy.note,
        "side_effects_not_modelled": list(option.therapy.side_effects_unknown),
        "patient": {
            "best_response": str(patient["best_response"]),
            "irecist_best_response": str(patient["irecist_best_response"]),
            "pseudoprogression": bool(patient["pseudoprogression"]),
            "death_day": patient["death_day"],
            "scans": _records(
                option.scans,
                (
                    "visit",
                    "day",
                    "sld_mm",
                    "change_from_baseline",
                    "new_lesion",
                    "overall_response",
                    "irecist_response",
                ),
            ),
            "side_effects": _records(
                option.events,
                ("event", "organ", "class", "grade", "onset_day", "resolution_day", "action", "related"),
            ),
            "doses": _records(option.doses, ("day", "drug", "amount", "unit", "phase")),
            "course": option.course.to_dict("list"),
        },
        "patients_alike": {
            "outcomes": {
                key: {"count": o.count, "of": o.size, "share": o.share, "interval": o.interval}
                for key, o in spread.outcomes.items()
            },
            "two_years": dict(spread.two_years),
            "treatment_days_first_year": spread.treatment_days,
            "sum_of_diameters_change": spread.size.drop(columns=["arm", "quantity"]).to_dict("list"),
            "failed": len(spread.failures),
        },
    }
    plain: dict[str, Any] = without_nan(found)
    return plain


def _records(table: pd.DataFrame, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {str(name): value for name, value in row.items()} for row in table[list(columns)].to_dict("records")
    ]
    return rows
